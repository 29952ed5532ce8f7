// SPDX-License-Identifier: Apache-2.0
// The session description that a side was told last: kept only where we have to refresh its session
// by re-INVITEs, which say again what holds (RFC 4028 section 7.4, RFC 3264 section 8). Everything
// else passes without being kept.
#include "call/bridge_int.h"

#include <string.h>

enum { DESCRIPTION_MAX = 2000 }; // more would not fit into a request of ours

// Whether the message has one that is to be kept for that side.
static bool is_wanted(const struct leg *leg, const struct sip_message *message)
{
    const struct session *session = &leg->session;
    struct span type = span_trim(sip_header_value(message, SIP_CONTENT_TYPE));
    return session->expires_s > 0 && session->is_refresher && !session->has_update &&
           message->body.len > 0 && message->body.len <= DESCRIPTION_MAX &&
           span_eq_nocase(type, SPAN("application/sdp"));
}

static void put(struct call_table *table, struct pool_id *id, struct span body)
{
    struct kept_invite *kept = pool_find(&table->invites, *id);
    if (!kept) kept = pool_take_unset(&table->invites, id);
    if (!kept) return;
    kept->len = (uint16_t)body.len;
    memcpy(kept->bytes, body.at, body.len);
}

void call_description_keep(struct call_table *table, struct leg *leg,
                           const struct sip_message *message)
{
    if (is_wanted(leg, message)) put(table, &leg->description, message->body);
}

void call_description_offer(struct call_table *table, struct relay *relay, const struct leg *leg,
                            const struct sip_message *message)
{
    if (is_wanted(leg, message)) put(table, &relay->offer, message->body);
}

void call_description_accept(struct call_table *table, struct relay *relay, struct leg *leg)
{
    if (!pool_find(&table->invites, relay->offer)) return;
    pool_free(&table->invites, leg->description);
    leg->description = relay->offer;
    relay->offer = POOL_ID_NONE;
}

struct span call_description_of(const struct call_table *table, const struct leg *leg)
{
    const struct kept_invite *kept = pool_find(&table->invites, leg->description);
    return kept ? (struct span){kept->bytes, kept->len} : SPAN_NONE;
}
