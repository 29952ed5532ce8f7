// SPDX-License-Identifier: Apache-2.0
// What is kept of a call that waits, so that a later decision finds what the first one found: the
// INVITE's headers that tell who calls and what happened before, the history with what was
// inherited, and the forwarding that was chosen.
#include "call/call_int.h"

#include <string.h>

// The headers that are looked at after the first decision, and those without which a message cannot
// be read.
static bool is_kept(const struct call_offer *offer, const struct sip_header *header)
{
    switch (header->id) {
    case SIP_VIA:
    case SIP_FROM:
    case SIP_TO:
    case SIP_CALL_ID:
    case SIP_CSEQ:
    case SIP_MAX_FORWARDS:
    case SIP_DIVERSION:
    case SIP_HISTORY_INFO:
    case SIP_P_ASSERTED_IDENTITY:
    case SIP_REMOTE_PARTY_ID:
    case SIP_PRIVACY:
    case SIP_PRIORITY: return true;
    default: return call_marks_group_call(offer, header);
    }
}

// Prints what is kept; false where there is too much.
static bool keep_invite(struct call_waiting *waiting, const struct call_offer *offer)
{
    const struct sip_message *invite = offer->invite;
    char bytes[CALL_INVITE_KEPT_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    buffer_put(&out, SPAN("INVITE "));
    buffer_put(&out, invite->uri_text);
    buffer_put(&out, SPAN(" SIP/2.0\r\n"));
    for (size_t i = 0; i < invite->header_count; i++) {
        const struct sip_header *header = &invite->headers[i];
        if (header->id == SIP_CONTENT_LENGTH) continue;
        if (!is_kept(offer, header)) continue;
        buffer_put(&out, header->name);
        buffer_put(&out, SPAN(": "));
        call_put_unfolded(&out, header->value);
        buffer_put(&out, SPAN("\r\n"));
    }
    buffer_put(&out, SPAN("Content-Length: 0\r\n\r\n"));
    return !out.is_full && texts_keep(&waiting->texts, buffer_span(&out), &waiting->invite);
}

bool call_keep_waiting(struct call_waiting *waiting, const struct call_offer *offer,
                       const struct call_history *history)
{
    waiting->flow = offer->flow;
    waiting->diversion_count = history->diversion_count;
    if (!keep_invite(waiting, offer)) return false;
    for (size_t i = 0; i < history->visited_count && i < CALL_VISITED_KEPT_MAX; i++) {
        struct text *kept = &waiting->visited[waiting->visited_count++];
        if (!texts_keep(&waiting->texts, history->visited[i], kept)) return false;
    }
    texts_fit(&waiting->texts);
    return true;
}

void call_drop_waiting(struct call_table *table, struct call *call)
{
    struct call_waiting *waiting = pool_find(&table->waiting, call->waiting);
    if (!waiting) return;
    texts_drop(&waiting->texts);
    pool_free(&table->waiting, call->waiting);
}

void call_keep_choice(struct call_waiting *waiting, const struct fwd_choice *choice)
{
    waiting->next = *choice;
    text_copy(waiting->target, sizeof waiting->target, choice->target.stored);
    waiting->next.target.stored = span_of(waiting->target);
}

bool call_revive(const struct call_waiting *waiting, struct turn *turn, struct sip_message *invite,
                 struct call_history *history)
{
    struct sip_fault fault;
    struct span bytes = texts_get(&waiting->texts, waiting->invite);
    history->diversion_count = waiting->diversion_count;
    history->visited_count = waiting->visited_count;
    for (size_t i = 0; i < waiting->visited_count; i++) {
        history->visited[i] = texts_get(&waiting->texts, waiting->visited[i]);
    }
    return bytes.len > 0 && sip_parse(bytes, turn->arena, invite, &fault) == SIP_OK;
}

// ---- The INVITE as it came

static void keep_long_invite(struct call_table *table, struct call *call,
                             const struct sip_message *invite)
{
    struct long_invite *kept = NULL;
    if (invite->bytes.len <= LONG_INVITE_MAX) {
        kept = pool_take_unset(&table->long_invites, &call->long_invite);
    }
    if (!kept) return;
    kept->len = (uint16_t)invite->bytes.len;
    memcpy(kept->bytes, invite->bytes.at, invite->bytes.len);
}

void call_keep_invite(struct call_table *table, struct call *call, const struct sip_message *invite)
{
    if (invite->bytes.len > WHOLE_INVITE_MAX) {
        keep_long_invite(table, call, invite);
        return;
    }
    struct kept_invite *kept = pool_take_unset(&table->invites, &call->invite);
    if (!kept) return;
    kept->len = (uint16_t)invite->bytes.len;
    memcpy(kept->bytes, invite->bytes.at, invite->bytes.len);
}

struct span call_kept_invite(const struct call_table *table, const struct call *call)
{
    const struct kept_invite *kept = pool_find(&table->invites, call->invite);
    const struct long_invite *whole = pool_find(&table->long_invites, call->long_invite);
    if (whole) return (struct span){whole->bytes, whole->len};
    return kept ? (struct span){kept->bytes, kept->len} : SPAN_NONE;
}
