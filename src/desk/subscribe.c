// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE for the dialog event of a line's own extension, as the line, and its answers. RFC 6665
// section 4.1.2.
//
//                  its turn              2xx                     refresh
//   PHASE_DUE ----------------> ASKING --------> SUBSCRIBED ---------------> DUE
//       ^                        |  |                 |
//       |        481: anew       |  |  refused        | NOTIFY terminated
//       +------------------------+  `----> REFUSED <--+--> DUE
//       `------------- after hours ----------'
#include "desk/desk_int.h"

enum {
    REQUEST_MAX = 4096,
    MAX_FORWARDS = 70,
    PROOFS_MAX = 2,                // the second one for a nonce that was stale
    ANEW_MAX = 3,                  // dialogs in a row that the PBX ends before their first refresh
    GIVE_UP_US = 40 * 1000 * 1000, // the transaction should have told before, after 32 s
    SILENT_US = 32 * 1000 * 1000,  // for the first NOTIFY: timer N of RFC 6665 section 4.1.2
    EXPIRES_LEAST_S = 300,
    EXPIRES_MOST_S = 86400,
};

// ---- The request

// For how long the PBX is asked to tell: as long as a registration lasts, for that is also how long
// a restart of the PBX may go unnoticed.
static uint32_t asked_s(const struct desk *desk, const struct line_group *group)
{
    uint32_t wanted_s = group ? group->snapshot->settings.register_interval_s : 0;
    if (wanted_s < EXPIRES_LEAST_S) wanted_s = EXPIRES_LEAST_S;
    return wanted_s > desk->min_expires_s ? wanted_s : desk->min_expires_s;
}

// The line's address of record: who asks, and what is asked about.
static void put_line(struct buffer *out, const struct line_group *group,
                     const struct snapshot_line *line)
{
    buffer_put_text(out, "sip:");
    sip_put_escaped_user(out, snapshot_text(line, line->extension));
    buffer_printf(out, "@%s", group->snapshot->settings.domain);
}

static bool start(struct desk_table *table, struct turn *turn, struct pool_id id,
                  const struct line_group *group, const struct snapshot_line *line)
{
    char uri_bytes[2 * TEXT_SIZE], address_bytes[2 * TEXT_SIZE + 2];
    struct buffer uri = buffer_over(uri_bytes, sizeof uri_bytes);
    struct buffer address = buffer_over(address_bytes, sizeof address_bytes);
    put_line(&uri, group, line);
    buffer_printf(&address, "<%.*s>", SPAN_ARG(buffer_span(&uri)));
    return !uri.is_full && !address.is_full &&
           desk_start_dialog(
               table, turn, id,
               &(struct dialog_start){
                   .peer = {group->flow, group->own, snapshot_text(line, line->extension)},
                   .local = buffer_span(&address),
                   .remote = buffer_span(&address),
                   .target = buffer_span(&uri),
                   .route = line_service_route(table->neighbours.lines, line->line_id)});
}

struct ask {
    const struct line_group *group;      // NULL: it is gone
    const struct sip_message *challenge; // to be answered; NULL: none
};

static void put_headers(struct buffer *out, struct turn *turn, const struct desk_table *table,
                        const struct desk *desk, const struct ask *ask)
{
    call_dialog_put_contact(out, &desk->dialog);
    buffer_printf(out, "Event: dialog\r\nAccept: application/dialog-info+xml\r\nExpires: %u\r\n",
                  desk->is_leaving ? 0 : asked_s(desk, ask->group));
    buffer_put_text(out, "User-Agent: Lineward/" LINEWARD_VERSION "\r\n");
    if (!ask->challenge) return;
    struct line_challenge challenge = {.line_id = desk->line_id,
                                       .response = ask->challenge,
                                       .method = SIP_SUBSCRIBE,
                                       .uri = call_dialog_text(&desk->dialog, desk->dialog.target)};
    (void)line_put_answers(out, turn, table->neighbours.lines, &challenge);
}

static void send(struct desk_table *table, struct turn *turn, struct pool_id id,
                 const struct ask *ask)
{
    struct desk *desk = pool_find(&table->desks, id);
    struct desk_request *effect = turn_emit(turn, DESK_REQUEST, sizeof *effect);
    char *bytes = arena_take(turn->arena, REQUEST_MAX);
    desk->phase = PHASE_ASKING;
    desk->is_leaving = !desk->is_wanted;
    desk->sent_us = turn->now_us;
    desk_wait_until(table, id, turn->now_us + GIVE_UP_US);
    if (!effect || !bytes) return; // its deadline ends it
    struct buffer out = buffer_over(bytes, REQUEST_MAX);
    if (ask->group) {
        desk->dialog.flow = ask->group->flow; // it may have changed since
        desk->dialog.own = ask->group->own;
    }
    effect->desk = id;
    effect->flow = desk->dialog.flow;
    effect->branch = txn_new_branch(turn);
    effect->superseded = desk->txn;
    call_dialog_put_request(&out, &desk->dialog,
                            &(struct dialog_request){.method = SIP_SUBSCRIBE,
                                                     .branch = effect->branch,
                                                     .cseq = ++desk->dialog.local_cseq,
                                                     .max_forwards = MAX_FORWARDS});
    put_headers(&out, turn, table, desk, ask);
    sip_put_end(&out, SPAN_NONE);
    effect->bytes = out.is_full ? SPAN_NONE : buffer_span(&out);
}

void desk_ask(struct desk_table *table, struct turn *turn, struct pool_id id)
{
    const struct desk *desk = pool_find(&table->desks, id);
    const struct desk_group *known = desk_group_of(table, desk);
    struct ask ask = {.group = NULL};
    const struct snapshot_line *line = line_find_numbered(table->neighbours.lines, desk->line_id,
                                                          &ask.group);
    if (desk->is_established) {
        send(table, turn, id, &ask);
    } else if (!desk->is_wanted || !line) {
        desk_free(table, turn, id);
    } else if (known->refused_until_us > turn->now_us) {
        uint64_t left_s = (known->refused_until_us - turn->now_us) / 1000000;
        desk_refused(table, turn, id,
                     &(struct desk_news){.state = DESK_NOT_OFFERED,
                                         .status = known->refused_status,
                                         .reason = SPAN("to another line of the group")},
                     left_s + 1);
    } else if (start(table, turn, id, ask.group, line)) {
        send(table, turn, id, &ask);
    } else {
        desk_refused(table, turn, id,
                     &(struct desk_news){.state = DESK_NOT_OFFERED,
                                         .reason = SPAN("its address is too long")},
                     DESK_RETRY_S);
    }
}

void desk_sent(struct desk_table *table, struct pool_id id, struct pool_id txn)
{
    struct desk *desk = pool_find(&table->desks, id);
    if (desk) desk->txn = txn;
}

// ---- The answer

void desk_refused(struct desk_table *table, struct turn *turn, struct pool_id id,
                  const struct desk_news *why, uint64_t after_s)
{
    struct desk *desk = pool_find(&table->desks, id);
    if (!desk->is_wanted) {
        desk_free(table, turn, id);
        return;
    }
    desk_forget_calls(desk);
    desk_drop_dialog(table, id);
    desk->phase = PHASE_REFUSED;
    desk->failure_count = 0;
    desk->min_expires_s = 0;
    desk_wait_until(table, id,
                    turn->now_us + after_s * 1000000 +
                        random_below(turn->random, after_s * 1000000 + 1));
    desk_tell(turn, desk, why);
}

void desk_anew(struct desk_table *table, struct turn *turn, struct pool_id id,
               const struct desk_news *why)
{
    struct desk *desk = pool_find(&table->desks, id);
    if (!desk->is_wanted || ++desk->failure_count > ANEW_MAX) {
        desk_refused(table, turn, id, why, DESK_RETRY_S);
        return;
    }
    desk_drop_dialog(table, id);
    desk_make_due(table, turn, id); // what was told last holds until then
}

void desk_granted(struct desk_table *table, struct turn *turn, struct pool_id id, uint64_t from_us,
                  uint64_t seconds)
{
    struct desk *desk = pool_find(&table->desks, id);
    if (seconds > EXPIRES_MOST_S) seconds = EXPIRES_MOST_S;
    desk->phase = PHASE_SUBSCRIBED;
    desk->expires_us = from_us + seconds * 1000000;
    uint64_t left_us = desk->expires_us > turn->now_us ? desk->expires_us - turn->now_us : 0;
    uint64_t spread_us = left_us * 35 / 100;
    desk_wait_until(table, id,
                    desk->is_told
                        ? turn->now_us + left_us / 2 + random_below(turn->random, spread_us + 1)
                        : turn->now_us + SILENT_US);
}

static void accepted(struct desk_table *table, struct turn *turn, struct pool_id id,
                     const struct sip_message *message)
{
    struct desk *desk = pool_find(&table->desks, id);
    uint32_t granted_s = EXPIRES_LEAST_S;
    bool is_kept = true;
    (void)sip_read_seconds(sip_header_value(message, SIP_EXPIRES), &granted_s);
    if (desk->is_established) {
        desk->failure_count = 0;
        call_dialog_refresh(&desk->dialog, message);
    } else {
        is_kept = call_dialog_take_response(&desk->dialog, message);
    }
    if (!is_kept || granted_s == 0) {
        desk_refused(table, turn, id,
                     &(struct desk_news){.state = DESK_NOT_OFFERED,
                                         .status = message->status,
                                         .reason = SPAN("the PBX keeps no subscription")},
                     DESK_RETRY_S);
        return;
    }
    desk->is_established = true;
    desk_group_of(table, desk)->granted_s = granted_s;
    desk_granted(table, turn, id, desk->sent_us, granted_s);
    if (!desk->is_wanted) desk_make_due(table, turn, id);
}

// Whether the PBX asks for something that we can give: a proof, a longer time. The request was
// sent again then.
static bool tries_again(struct desk_table *table, struct turn *turn, struct pool_id id,
                        const struct sip_message *message)
{
    struct desk *desk = pool_find(&table->desks, id);
    struct ask ask = {.group = NULL};
    struct sip_challenge challenge;
    uint32_t least_s;
    (void)line_find_numbered(table->neighbours.lines, desk->line_id, &ask.group);
    if (message->status == 423 && desk->min_expires_s == 0 &&
        sip_read_seconds(sip_header_value(message, SIP_MIN_EXPIRES), &least_s) &&
        least_s <= EXPIRES_MOST_S) {
        desk->min_expires_s = least_s;
    } else if ((message->status == 401 || message->status == 407) &&
               desk->proof_count < PROOFS_MAX &&
               sip_find_challenge(message, SPAN_NONE, &challenge)) {
        desk->proof_count++;
        ask.challenge = message;
    } else {
        return false;
    }
    send(table, turn, id, &ask);
    return true;
}

// What the PBX does not know at all, it will not know for other lines of the group either.
static void note_unknown(struct desk_table *table, const struct turn *turn, const struct desk *desk,
                         unsigned status)
{
    struct desk_group *group = desk_group_of(table, desk);
    if (status != 405 && status != 489 && status != 501) return;
    group->refused_status = (uint16_t)status;
    group->refused_until_us = turn->now_us + DESK_RETRY_GROUP_S * UINT64_C(1000000);
}

static void failed(struct desk_table *table, struct turn *turn, struct pool_id id,
                   const struct sip_message *message)
{
    const struct desk *desk = pool_find(&table->desks, id);
    uint32_t after_s = 0;
    struct desk_news why = {.state = DESK_NOT_OFFERED, .reason = SPAN("no answer from the PBX")};
    if (message) {
        why.status = message->status;
        why.reason = message->reason.len > 0 ? message->reason
                                             : span_of(sip_status_text(message->status));
        note_unknown(table, turn, desk, message->status);
        (void)sip_read_seconds(sip_header_value(message, SIP_RETRY_AFTER), &after_s);
    }
    if (message && desk->is_established && message->status == 481) {
        desk_anew(table, turn, id, &why);
    } else if (why.status == 405 || why.status == 489 || why.status == 501) {
        desk_refused(table, turn, id, &why, DESK_RETRY_GROUP_S);
    } else {
        desk_refused(table, turn, id, &why, after_s > DESK_RETRY_S ? after_s : DESK_RETRY_S);
    }
}

void desk_responded(struct desk_table *table, struct turn *turn,
                    const struct desk_response *response)
{
    const struct sip_message *message = response->message;
    struct desk *desk = pool_find(&table->desks, response->desk);
    if (!desk || desk->phase != PHASE_ASKING) return;
    if (!pool_id_eq(desk->txn, response->txn) || (message && message->status < 200)) return;
    if (message && tries_again(table, turn, response->desk, message)) return;
    if (desk->is_leaving) {
        if (desk->is_wanted) {
            desk_anew(table, turn, response->desk, &(struct desk_news){.state = DESK_WAITING});
        } else {
            desk_free(table, turn, response->desk);
        }
    } else if (message && message->status < 300) {
        accepted(table, turn, response->desk, message);
    } else {
        failed(table, turn, response->desk, message);
    }
}
