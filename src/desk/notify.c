// SPDX-License-Identifier: Apache-2.0
// NOTIFY: what the PBX tells of an extension's calls. RFC 6665 section 4.1.3; RFC 4235 section 4.
#include "desk/desk_int.h"

// ---- Is it one of ours?

static struct desk *find(const struct desk_table *table, const struct sip_message *notify,
                         struct pool_id *id)
{
    if (notify->method != SIP_NOTIFY || notify->to.tag.len != TXN_TAG_BYTES) return NULL;
    struct desk *desk = desk_find_tag(table, notify->to.tag, id);
    if (!desk) return NULL;
    struct span call_id = call_dialog_text(&desk->dialog, desk->dialog.call_id);
    return span_eq(notify->call_id, call_id) ? desk : NULL;
}

// The PBX's, and no other notifier's: which one it is, is known from the 2xx on.
static bool is_notifier(const struct desk_table *table, const struct desk *desk,
                        const struct sip_message *notify, const struct address *source)
{
    struct span tag = call_dialog_text(&desk->dialog, desk->dialog.remote_tag);
    if (desk->is_established && !span_eq(tag, notify->from.tag)) return false;
    return line_is_source(table->neighbours.lines, desk->group_id, source);
}

static bool is_dialog_event(const struct sip_message *notify)
{
    struct span event = sip_header_value(notify, SIP_EVENT);
    return span_eq_nocase(span_trim(span_split(&event, ';')), SPAN("dialog"));
}

static bool is_dialog_info(const struct sip_message *notify)
{
    struct span type = sip_header_value(notify, SIP_CONTENT_TYPE);
    return span_eq_nocase(span_trim(span_split(&type, ';')), SPAN("application/dialog-info+xml"));
}

// ---- How it goes on

struct state {
    struct span word, reason; // "active", "pending", "terminated"
    uint32_t expires_s, retry_after_s;
    bool has_expires;
};

static struct state read_state(const struct sip_message *notify)
{
    struct state state = {.retry_after_s = 0};
    struct span params = sip_named_header_value(notify, SPAN("Subscription-State")), value;
    state.word = span_trim(span_split(&params, ';'));
    (void)sip_find_param(params, SPAN("reason"), &state.reason);
    state.has_expires = sip_find_param(params, SPAN("expires"), &value) &&
                        sip_read_seconds(value, &state.expires_s);
    if (sip_find_param(params, SPAN("retry-after"), &value)) {
        (void)sip_read_seconds(value, &state.retry_after_s);
    }
    return state;
}

// The PBX has ended it: begun anew at once, or later, as the reason says.
static void end(struct desk_table *table, struct turn *turn, struct pool_id id,
                const struct state *state)
{
    struct desk_news why = {.state = DESK_NOT_OFFERED, .reason = SPAN("the PBX has ended it")};
    bool is_later = span_eq_nocase(state->reason, SPAN("rejected")) ||
                    span_eq_nocase(state->reason, SPAN("probation")) ||
                    span_eq_nocase(state->reason, SPAN("giveup")) ||
                    span_eq_nocase(state->reason, SPAN("noresource"));
    if (!is_later) {
        desk_anew(table, turn, id, &why);
        return;
    }
    uint64_t after_s = state->retry_after_s > DESK_RETRY_S ? state->retry_after_s : DESK_RETRY_S;
    desk_refused(table, turn, id, &why, after_s);
}

static void go_on(struct desk_table *table, struct turn *turn, struct pool_id id,
                  const struct sip_message *notify, const struct state *state)
{
    struct desk *desk = pool_find(&table->desks, id);
    bool is_first = !desk->is_told;
    uint64_t left_us = desk->expires_us > turn->now_us ? desk->expires_us - turn->now_us : 0;
    bool is_shorter = state->has_expires && state->expires_s * UINT64_C(1000000) < left_us;
    if (span_eq_nocase(state->word, SPAN("pending"))) return;
    desk->is_told = true;
    if (desk->is_established) call_dialog_refresh(&desk->dialog, notify);
    desk_tell(turn, desk, &(struct desk_news){.state = DESK_WATCHED});
    if (desk->phase != PHASE_SUBSCRIBED) return;
    if (is_shorter) {
        desk_granted(table, turn, id, turn->now_us, state->expires_s);
    } else if (is_first) {
        desk_granted(table, turn, id, turn->now_us, left_us / 1000000);
    }
}

unsigned desk_notified(struct desk_table *table, struct turn *turn,
                       const struct sip_message *notify, const struct address *source)
{
    struct pool_id id;
    bool is_gap = false;
    struct desk *desk = find(table, notify, &id);
    if (!desk) return 0;
    if (!is_notifier(table, desk, notify, source)) return 481;
    if (!is_dialog_event(notify)) return 489;
    if (notify->cseq <= desk->dialog.remote_cseq) return 500; // overtaken (RFC 3261 section 12.2.2)
    desk->dialog.remote_cseq = notify->cseq;
    if (notify->body.len > 0 && !is_dialog_info(notify)) return 415;
    if (notify->body.len > 0 && desk->is_wanted &&
        !desk_take_document(table, desk, notify->body, &is_gap)) {
        return 400;
    }
    struct state state = read_state(notify);
    if (span_eq_nocase(state.word, SPAN("terminated"))) {
        bool is_asking = desk->phase == PHASE_ASKING; // its answer will tell
        if (!is_asking) end(table, turn, id, &state);
        return 200;
    }
    if (!desk->is_wanted) return 200;
    go_on(table, turn, id, notify, &state);
    if (is_gap && desk->phase == PHASE_SUBSCRIBED) desk_make_due(table, turn, id);
    return 200;
}
