// SPDX-License-Identifier: Apache-2.0
// A call that a device makes: through its line, with the line's credentials, to what the group's
// dialling rule makes of the number. We are the line's terminal for it: the PBX decides where it
// goes, to a colleague as well, so that its rules and counters hold.
//
//   RESERVED --INVITE to the PBX--> WAITING --2xx--> UP
//      |                            |  ^ |
//      | no PBX: 503                |  `-' 401, 407: once more, with the line's proof
//      | no Max-Forwards left: 483  |
//      v                            v  failure: passed back; CANCEL of the device: 487
//   ANSWERED <----------------------+
//
// What is identified to the PBX is the line, never the device; a withheld number is asked for with
// Privacy (RFC 3323, 3325), for PBXs know who calls by the From.
#include "call/bridge_int.h"

#include <string.h>

enum {
    PROOFS_MAX = 2,              // that one call gives
    WAIT_US = 300 * 1000 * 1000, // for a PBX that says neither yes nor no
};

// ---- Emergency calls

// As dialled, with or without what gets an outside line.
bool call_is_emergency(const struct line_group *group, struct span uri_text)
{
    struct phone_number number = phone_read(&group->numbering, uri_text, true);
    struct span text = span_of(number.text), prefix = span_of(group->numbering.outside_prefix);
    struct span rest = span_of(group->snapshot->emergency);
    struct span inner = SPAN_NONE;
    if (prefix.len > 0 && span_starts_with(text, prefix)) inner = span_from(text, prefix.len);
    while (text.len > 0 && rest.len > 0) {
        struct span known = span_split(&rest, ',');
        if (span_eq(known, text) || span_eq(known, inner)) return true;
    }
    return false;
}

static void add_emergency(struct call_emergency *list, struct span prefix, struct span number)
{
    if (list->count == CALL_EMERGENCY_MAX || number.len == 0) return;
    char *text = list->texts[list->count];
    struct buffer out = buffer_over(text, CALL_EMERGENCY_SIZE - 1);
    buffer_printf(&out, "INVITE sip:%.*s%.*s@", SPAN_ARG(prefix), SPAN_ARG(number));
    if (out.is_full) return;
    text[out.len] = '\0';
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->texts[i], text) == 0) return;
    }
    list->count++;
}

void call_list_emergency(const struct line_group *group, struct call_emergency *list)
{
    struct span rest = span_of(group->snapshot->emergency);
    while (rest.len > 0) {
        struct span number = span_split(&rest, ',');
        add_emergency(list, SPAN_NONE, number);
        add_emergency(list, span_of(group->numbering.outside_prefix), number);
    }
}

// ---- The INVITE

struct span call_line_address(struct turn *turn, const struct line_group *group,
                              const struct snapshot_line *line)
{
    struct span display = snapshot_text(line, line->display_name);
    struct buffer out;
    if (!call_open_message(turn, NULL, &out)) return SPAN_NONE;
    if (display.len > 0 && !line->is_number_withheld) {
        sip_put_quoted(&out, display);
        buffer_put_byte(&out, ' ');
    }
    buffer_put_text(&out, "<sip:");
    sip_put_escaped_user(&out, snapshot_text(line, line->extension));
    buffer_printf(&out, "@%s>", group->snapshot->settings.domain);
    return out.is_full ? SPAN_NONE : buffer_span(&out);
}

// What the device dialled, as a URI of the PBX.
static struct span put_target(struct turn *turn, const struct call_outgoing *outgoing)
{
    struct buffer out;
    if (!call_open_message(turn, outgoing->invite, &out)) return SPAN_NONE;
    buffer_put_text(&out, "sip:");
    call_put_pbx_user(&out, outgoing->group, outgoing->invite->uri_text);
    buffer_printf(&out, "@%s", outgoing->group->snapshot->settings.domain);
    return out.is_full ? SPAN_NONE : buffer_span(&out);
}

static void put_identity(struct buffer *out, const struct dialog *dialog, bool is_withheld)
{
    sip_put_header(out, "P-Asserted-Identity", call_dialog_text(dialog, dialog->local));
    if (is_withheld) buffer_put(out, SPAN("Privacy: id\r\n"));
}

struct sending {
    const struct call_outgoing *outgoing;
    const struct sip_message *challenge; // that it answers; NULL: none yet
};

static void send_invite(struct call_table *table, struct turn *turn, struct pool_id id,
                        const struct sending *sending)
{
    const struct call_outgoing *outgoing = sending->outgoing;
    const struct sip_message *invite = outgoing->invite;
    struct leg *leg = pool_find(&table->legs, id);
    struct dialog *dialog = &leg->dialog;
    struct span branch = txn_new_branch(turn), uri = call_dialog_text(dialog, dialog->target);
    struct buffer out;
    if (!call_open_message(turn, invite, &out)) return;
    leg->invite_cseq = ++dialog->local_cseq;
    call_dialog_put_request(
        &out, dialog,
        &(struct dialog_request){.method = SIP_INVITE,
                                 .branch = branch,
                                 .cseq = leg->invite_cseq,
                                 .max_forwards = call_bridge_max_forwards(invite)});
    call_dialog_put_contact(&out, dialog);
    put_identity(&out, dialog, outgoing->line->is_number_withheld);
    if (sending->challenge) {
        (void)line_put_answers(&out, turn, table->neighbours.lines,
                               &(struct line_challenge){.line_id = outgoing->line->line_id,
                                                        .response = sending->challenge,
                                                        .method = SIP_INVITE,
                                                        .uri = uri});
    }
    call_put_passed(
        &out,
        &(struct passing){.table = table, .message = invite, .to = leg, .group = outgoing->group});
    sip_put_end(&out, invite->body);
    call_leg_emit_request(
        turn, &(struct call_request){.owner = CALL_OWNS_LEG,
                                     .id = id,
                                     .flow = dialog->flow,
                                     .method = SIP_INVITE,
                                     .bytes = out.is_full ? SPAN_NONE : buffer_span(&out),
                                     .branch = branch});
}

// ---- Beginning

static bool open_legs(struct call_table *table, struct turn *turn, struct pool_id id,
                      const struct call_outgoing *outgoing)
{
    const struct call_neighbours *beside = &table->neighbours;
    struct span extension = snapshot_text(outgoing->line, outgoing->line->extension);
    struct dialog_peer device = {.flow = outgoing->flow, .contact_user = extension};
    struct call *call = pool_find(&table->calls, id);
    struct pool_id leg_id;
    struct buffer remote;
    if (!beside->own_towards ||
        !beside->own_towards(beside->context, &outgoing->flow, &device.own) ||
        !call_open_message(turn, outgoing->invite, &remote) ||
        !call_bridge_begin(table, id, outgoing->invite, &device)) {
        return false;
    }
    struct leg *leg = call_leg_add(table, turn, id, &leg_id);
    struct span target = put_target(turn, outgoing);
    buffer_put_byte(&remote, '<');
    buffer_put(&remote, target);
    buffer_put_byte(&remote, '>');
    bool is_started = leg && !remote.is_full && target.len > 0 &&
                      call_dialog_start(
                          &leg->dialog, turn,
                          &(struct dialog_start){
                              .peer = {outgoing->group->flow, outgoing->group->own, extension},
                              .local = call_line_address(turn, outgoing->group, outgoing->line),
                              .remote = buffer_span(&remote),
                              .target = target,
                              .route = line_service_route(beside->lines, outgoing->line->line_id)});
    if (!is_started) {
        call_bridge_drop(table, turn, id, SPAN_NONE);
        return false;
    }
    struct bridge *bridge = call_bridge_of(table, call);
    call_bridge_caller(table, bridge)->device_id = outgoing->device_id;
    call_leg_index(table, leg_id);
    call_keep_invite(table, call, outgoing->invite); // the PBX may want a proof
    send_invite(table, turn, leg_id, &(struct sending){.outgoing = outgoing});
    return true;
}

static void keep_facts(const struct call_table *table, struct call *call, struct turn *turn,
                       const struct call_outgoing *outgoing)
{
    const struct snapshot_device *device = client_find_device(table->neighbours.clients,
                                                              outgoing->device_id);
    struct call_offer offer = {
        .txn = outgoing->txn,
        .invite = outgoing->invite,
        .group = outgoing->group,
        .line = outgoing->line,
    };
    struct situation situation = {.offer = &offer};
    struct phone_number dialled = phone_read(&outgoing->group->numbering,
                                             outgoing->invite->uri_text, true);
    situation.caller.number = snapshot_text(outgoing->line, outgoing->line->extension);
    situation.caller.display = snapshot_text(outgoing->line, outgoing->line->display_name);
    call_keep_facts(call, turn, &situation);
    if (dialled.kind != PHONE_INVALID) {
        struct span stored;
        if (arena_copy(turn->arena, span_of(dialled.text), &stored)) {
            call_keep_dialled(call, stored);
        }
    } else {
        call_keep_dialled(call, outgoing->invite->uri.user);
    }
    if (device) call_keep_device(call, span_of(device->name));
    call->is_outgoing = true;
    call->is_internal = phone_is_in_ranges(&outgoing->group->numbering, span_of(dialled.text));
    call->device_id = outgoing->device_id;
    call->outcome = OUTCOME_UNANSWERED;
    call->verdict = VERDICT_RING;
}

void call_begin_outgoing(struct call_table *table, struct turn *turn, struct pool_id id,
                         const struct call_outgoing *outgoing)
{
    struct call *call = pool_find(&table->calls, id);
    ASSERT(call && call->phase == PHASE_RESERVED);
    keep_facts(table, call, turn, outgoing);
    bool is_reachable = outgoing->group->flow.peer.family != ADDRESS_NONE;
    if (outgoing->invite->max_forwards == 0) {
        call_end_with(table, turn, id, 483, SPAN_NONE);
    } else if (!is_reachable || !open_legs(table, turn, id, outgoing)) {
        call_end_with(table, turn, id, 503, SPAN_NONE);
    } else {
        call->phase = PHASE_WAITING;
        call->status = 408;
        call->due = FWD_ARRIVED;
        call->ends_us = turn->now_us + WAIT_US;
        call->repeat_us = DEADLINE_NEVER;
        call->is_up = call_count_up(table->traffic, turn, call->line_id);
        call_show(turn, call, id, SPAN_NONE);
        call_set_deadline(table, id);
    }
}

// ---- The PBX's answer

// A nonce that is too old says nothing against the password.
static bool is_stale(const struct sip_message *response)
{
    struct sip_challenge challenge;
    return sip_find_challenge(response, SPAN_NONE, &challenge) && challenge.is_stale;
}

bool call_is_wanted_again(struct call_table *table, struct turn *turn, struct pool_id id,
                          const struct sip_message *response)
{
    struct leg *leg = pool_find(&table->legs, id);
    const struct call *call = pool_find(&table->calls, leg->call);
    struct bridge *bridge = call_bridge_of(table, call);
    bool is_challenge = response && (response->status == 401 || response->status == 407);
    struct buffer probe;
    if (response && call_session_raise(&leg->session, response)) {
        bridge->proof_count = 0; // it will be asked for anew
        return true;
    }
    if (!is_challenge || bridge->proof_count == PROOFS_MAX) return false;
    if (bridge->proof_count > 0 && !is_stale(response)) return false;
    if (!call_open_message(turn, NULL, &probe)) return false;
    bool is_answerable = line_put_answers(
        &probe, turn, table->neighbours.lines,
        &(struct line_challenge){.line_id = call->line_id,
                                 .response = response,
                                 .method = SIP_INVITE,
                                 .uri = call_dialog_text(&leg->dialog, leg->dialog.target)});
    if (is_answerable) bridge->proof_count++;
    return is_answerable;
}

bool call_outgoing_tries_again(struct call_table *table, struct turn *turn, struct pool_id id,
                               const struct sip_message *response)
{
    const struct leg *leg = pool_find(&table->legs, id);
    const struct call *call = pool_find(&table->calls, leg->call);
    struct span kept = call_kept_invite(table, call);
    struct call_outgoing outgoing = {.device_id = call->device_id};
    struct sip_message invite;
    struct sip_fault fault;
    outgoing.line = line_find_numbered(table->neighbours.lines, call->line_id, &outgoing.group);
    if (!outgoing.line || kept.len == 0) return false;
    if (!call_is_wanted_again(table, turn, id, response)) return false;
    if (sip_parse(kept, turn->arena, &invite, &fault) != SIP_OK) return false;
    outgoing.invite = &invite;
    send_invite(table, turn, id, &(struct sending){.outgoing = &outgoing, .challenge = response});
    return true;
}

// What a device gets of the PBX's answer: not to be asked for the line's proof, nor sent elsewhere
// past the line.
static unsigned status_for_device(const struct sip_message *response)
{
    if (!response) return 408;
    if (response->status == 401 || response->status == 407) return 403;
    return response->status < 400 ? 480 : response->status;
}

void call_outgoing_failed(struct call_table *table, struct turn *turn, struct pool_id id,
                          const struct sip_message *response)
{
    const struct call *call = pool_find(&table->calls, id);
    const struct leg *caller = call_bridge_caller(table, call_bridge_of(table, call));
    struct buffer out;
    struct span headers = SPAN_NONE;
    if (response && call_open_message(turn, response, &out)) {
        call_put_passed(&out, &(struct passing){.table = table, .message = response, .to = caller});
        if (!out.is_full && response->body.len == 0) headers = buffer_span(&out);
    }
    call_end_with(table, turn, id, status_for_device(response), headers);
}
