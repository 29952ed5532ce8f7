// SPDX-License-Identifier: Apache-2.0
// Test calls: calls over our lines with nobody behind them, for the check of a line group. A line
// calls, lines are called, and whoever checks says what is answered (RFC 3261 sections 8, 12, 13,
// 15).
//
//   a line calls:     CALLING --2xx--> UP --BYE--> LEAVING --> gone
//                        |  `-- 300 to 699, no answer, after CANCEL: 487 --> gone
//                        `-- 401, 407: once more, with the line's proof
//   a line is called: RINGING --200--> ACCEPTED --ACK--> UP --BYE--> LEAVING --> gone
//                        `-- 300 to 699 --> gone
//
// A call that is to end gets its CANCEL, BYE or answer at once, or as soon as the protocol lets it
// have one, and no other way out exists: so none is left behind, whatever becomes of the check. Who
// does not answer is given up by the transactions, after 32 s.
//
// A test call is recognised when it comes back by the header X-Lineward-Check or by its Call-ID,
// where the PBX keeps one of them, else by its caller, who has no other call then. Once one has
// come with its mark, all of its check have to.
#include "call/test_call_int.h"

#include <string.h>

enum { PROOFS_MAX = 2 };

// ---- What is told

static struct call_test_told *tell(struct turn *turn, const struct test_call *test,
                                   struct pool_id id, enum call_test_news news)
{
    struct call_test_told *told = turn_emit(turn, CALL_TEST_TOLD, sizeof *told);
    if (!told) return NULL;
    told->news = news;
    told->check = test->check;
    told->call = id;
    return told;
}

static void forget(struct call_table *table, struct turn *turn, struct pool_id id)
{
    const struct test_call *test = pool_find(&table->tests, id);
    (void)tell(turn, test, id, CALL_TEST_GONE);
    if (!test->is_incoming) call_test_note_end(table, turn, test);
    pool_free(&table->tests, id);
}

static struct span server_of(const struct sip_message *message)
{
    struct span server = sip_header_value(message, SIP_SERVER);
    return server.len > 0 ? server : sip_header_value(message, SIP_USER_AGENT);
}

static void tell_response(struct turn *turn, const struct test_call *test, struct pool_id id,
                          const struct sip_message *message)
{
    struct call_test_told *told = tell(turn, test, id, CALL_TEST_RESPONDED);
    if (!told || !message) return;
    told->status = message->status;
    (void)arena_copy(turn->arena, server_of(message), &told->server);
}

uint32_t call_test_count(const struct call_table *table)
{
    return table->tests.used_count;
}

// ---- A line calls

void call_test_place(struct call_table *table, struct turn *turn,
                     const struct call_test_order *order)
{
    struct pool_id id = POOL_ID_NONE;
    struct test_call none = {.check = order->check};
    const struct line_group *group;
    const struct snapshot_line *line = line_find_numbered(table->neighbours.lines, order->line_id,
                                                          &group);
    bool is_reachable = line && group->flow.peer.family != ADDRESS_NONE;
    struct test_call *test = is_reachable ? pool_take(&table->tests, &id) : NULL;
    if (test) {
        test->check = order->check;
        test->line_id = order->line_id;
        test->state = TEST_CALLING;
        if (!call_test_start_dialog(table, turn, test, order->dialled)) {
            pool_free(&table->tests, id);
            test = NULL;
        }
    }
    (void)tell(turn, test ? test : &none, test ? id : POOL_ID_NONE, CALL_TEST_PLACED);
    if (test) call_test_send_invite(table, turn, id, NULL);
}

static void say_bye(struct call_table *table, struct turn *turn, struct pool_id id,
                    const struct sip_message *challenge)
{
    struct test_call *test = pool_find(&table->tests, id);
    struct span uri = call_dialog_text(&test->dialog, test->dialog.target);
    struct leg leg = {.dialog = test->dialog};
    struct buffer out;
    struct leg_request bye = {.method = SIP_BYE, .owner = CALL_OWNS_TEST, .id = id};
    test->state = TEST_LEAVING;
    if (challenge && call_open_message(turn, challenge, &out)) {
        (void)line_put_answers(
            &out, turn, table->neighbours.lines,
            &(struct line_challenge){
                .line_id = test->line_id, .response = challenge, .method = SIP_BYE, .uri = uri});
        if (!out.is_full) bye.headers = buffer_span(&out);
    }
    call_leg_send(turn, &leg, &bye);
    test->dialog.local_cseq = leg.dialog.local_cseq;
}

// A 2xx: acknowledged, and ended where nobody wants it any more.
static void accept(struct call_table *table, struct turn *turn, struct pool_id id,
                   const struct call_response *response)
{
    struct test_call *test = pool_find(&table->tests, id);
    struct leg leg = {.device_id = 0};
    if (!call_dialog_take_response(&test->dialog, response->message)) {
        call_leg_refuse(turn, response);
        forget(table, turn, id);
        return;
    }
    leg.dialog = test->dialog;
    call_leg_send_ack(turn, &leg, &(struct leg_ack){test->txn, test->invite_cseq, NULL, SPAN_NONE});
    test->state = TEST_UP;
    if (test->is_ending) say_bye(table, turn, id, NULL);
}

// The answer to a challenge that has not been tried yet. False: there is none.
static bool prove(struct call_table *table, struct turn *turn, struct pool_id id,
                  const struct sip_message *message)
{
    struct test_call *test = pool_find(&table->tests, id);
    const struct line_group *group;
    bool is_challenge = message && (message->status == 401 || message->status == 407);
    if (!is_challenge || test->proof_count == PROOFS_MAX) return false;
    if (!line_find_numbered(table->neighbours.lines, test->line_id, &group)) return false;
    test->proof_count++;
    if (test->state == TEST_LEAVING) {
        say_bye(table, turn, id, message);
    } else if (test->is_ending) {
        return false;
    } else {
        call_test_send_invite(table, turn, id, message);
    }
    return true;
}

static void invite_responded(struct call_table *table, struct turn *turn,
                             const struct call_response *response)
{
    const struct sip_message *message = response->message;
    const struct test_call *test = pool_find(&table->tests, response->id);
    bool is_2xx = message && message->status >= 200 && message->status < 300;
    if (test->state != TEST_CALLING) {
        if (is_2xx) call_leg_refuse(turn, response); // of another branch
        return;
    }
    if (prove(table, turn, response->id, message)) return;
    tell_response(turn, test, response->id, message);
    if (is_2xx) {
        accept(table, turn, response->id, response);
    } else if (!message || message->status >= 300) {
        forget(table, turn, response->id);
    }
}

bool call_test_sent(struct call_table *table, const struct call_request *request,
                    struct pool_id txn)
{
    struct test_call *test = pool_find(&table->tests, request->id);
    if (test && request->method == SIP_INVITE) test->txn = txn;
    return test != NULL;
}

void call_test_responded(struct call_table *table, struct turn *turn,
                         const struct call_response *response)
{
    const struct sip_message *message = response->message;
    const struct test_call *test = pool_find(&table->tests, response->id);
    bool is_invite = message && message->method == SIP_INVITE;
    if (!test) {
        bool is_2xx = message && message->status >= 200 && message->status < 300;
        if (is_invite && is_2xx) call_leg_refuse(turn, response);
    } else if (is_invite || test->state == TEST_CALLING) {
        invite_responded(table, turn, response);
    } else if (test->state == TEST_LEAVING) { // the answer to the BYE
        if (message && message->status < 200) return;
        if (!prove(table, turn, response->id, message)) forget(table, turn, response->id);
    }
}

// ---- A line is called

bool call_test_reserve(struct call_table *table, struct pool_id *id)
{
    return pool_take(&table->tests, id) != NULL;
}

void call_test_abandon(struct call_table *table, struct pool_id id)
{
    pool_free(&table->tests, id);
}

static struct span copy(struct turn *turn, struct span text)
{
    struct span kept;
    return arena_copy(turn->arena, text, &kept) ? kept : SPAN_NONE;
}

// What the INVITE tells of who has diverted it.
static void tell_diversion(struct turn *turn, const struct call_offer *offer,
                           struct call_test_told *told)
{
    struct sip_values place = SIP_VALUES_START;
    struct sip_address diverter;
    struct span value, reason;
    struct call_history history = {.visited_count = 0};
    if (sip_next_value(offer->invite, SIP_DIVERSION, &place, &value) &&
        sip_parse_address(value, &diverter) == SIP_OK) {
        told->diverted_by = call_read_number(offer->group, &diverter, turn);
        if (sip_find_param(diverter.params, SPAN("reason"), &reason)) {
            told->diverted_why = copy(turn, reason);
        }
    }
    (void)call_read_history_info(offer, turn, &history);
    if (history.visited_count > 0) told->history = copy(turn, history.visited[0]);
}

void call_test_begin(struct call_table *table, struct turn *turn, struct pool_id id,
                     const struct call_test_offer *arrival)
{
    const struct call_offer *offer = arrival->offer;
    const struct test_call *of = pool_find(&table->tests, arrival->of);
    struct test_call *test = pool_find(&table->tests, id);
    struct call_history history = {.visited_count = 0};
    struct span value;
    test->check = of->check;
    test->of = arrival->of;
    if (call_test_is_marked(of, offer->invite)) {
        table->marked_checks[of->check.index % CALL_MARKED_CHECKS] = of->check;
    }
    test->txn = offer->txn;
    test->line_id = offer->line->line_id;
    test->state = TEST_RINGING;
    test->is_incoming = true;
    call_read_history(offer, turn, &history);
    test->waiting.texts = texts_over(test->waiting_texts, sizeof test->waiting_texts);
    (void)call_keep_waiting(&test->waiting, offer, &history);
    if (!call_test_take_dialog(turn, test, offer)) {
        call_reply(turn, test->txn, &(struct txn_answer){.status = 500});
        pool_free(&table->tests, id);
        return;
    }
    struct call_test_told *told = tell(turn, test, id, CALL_TEST_ARRIVED);
    if (!told) return;
    told->of = arrival->of;
    told->extension = copy(turn, snapshot_text(offer->line, offer->line->extension));
    told->is_direct = sip_find_param(offer->invite->uri.params, SPAN(CALL_TEST_PARAMETER), &value);
    told->server = copy(turn, server_of(offer->invite));
    tell_diversion(turn, offer, told);
}

static void refuse(struct call_table *table, struct turn *turn, struct pool_id id,
                   const struct txn_answer *answer)
{
    const struct test_call *test = pool_find(&table->tests, id);
    call_reply(turn, test->txn, answer);
    forget(table, turn, id);
}

void call_test_answer(struct call_table *table, struct turn *turn,
                      const struct call_test_answer *wanted)
{
    struct test_call *test = pool_find(&table->tests, wanted->call);
    if (!test || test->state != TEST_RINGING) return;
    struct txn_answer answer = {.status = wanted->status, .to_tag = call_dialog_tag(&test->dialog)};
    if (wanted->status == 302) {
        answer.headers = call_test_redirect(table, turn, test, wanted);
        if (answer.headers.len == 0) answer.status = 480;
    }
    if (wanted->status >= 300) {
        refuse(table, turn, wanted->call, &answer);
        return;
    }
    if (wanted->status >= 200) {
        call_test_describe(turn, test, &answer);
        answer.is_insistent = true;
        test->state = TEST_ACCEPTED;
    }
    call_reply(turn, test->txn, &answer);
}

// The PBX has cancelled the call.
void call_test_cancelled(struct call_table *table, struct turn *turn, struct pool_id id)
{
    const struct test_call *test = pool_find(&table->tests, id);
    if (!test || test->state != TEST_RINGING) return;
    (void)tell(turn, test, id, CALL_TEST_TAKEN_BACK);
    refuse(table, turn, id,
           &(struct txn_answer){.status = 487, .to_tag = call_dialog_tag(&test->dialog)});
}

// Nobody has acknowledged the 200 (13.3.1.4).
void call_test_settled(struct call_table *table, struct turn *turn, struct pool_id id)
{
    const struct test_call *test = pool_find(&table->tests, id);
    if (test && test->state == TEST_ACCEPTED) say_bye(table, turn, id, NULL);
}

// ---- Requests within a call

static struct test_call *find_dialog(const struct call_table *table,
                                     const struct sip_message *request, struct pool_id *id)
{
    if (table->tests.used_count == 0) return NULL;
    for (uint32_t i = 0; i < table->tests.slot_count; i++) {
        struct test_call *test = pool_at(&table->tests, i, id);
        bool has_dialog = test && test->state != TEST_RESERVED;
        if (has_dialog && span_eq(request->to.tag, call_dialog_tag(&test->dialog)) &&
            span_eq(request->call_id, call_dialog_text(&test->dialog, test->dialog.call_id))) {
            return test;
        }
    }
    return NULL;
}

unsigned call_test_request(struct call_table *table, struct turn *turn,
                           const struct sip_message *request)
{
    struct pool_id id;
    const struct test_call *test = find_dialog(table, request, &id);
    if (!test) return 0;
    if (request->method == SIP_BYE) {
        if (test->state == TEST_ACCEPTED) call_leg_confirm(turn, test->txn);
        (void)tell(turn, test, id, CALL_TEST_TAKEN_BACK);
        if (test->state != TEST_CALLING) forget(table, turn, id);
        return 200;
    }
    bool is_session = request->method == SIP_INVITE || request->body.len > 0;
    return is_session ? 488 : 200; // it stays as it is (14.2)
}

bool call_test_acknowledged(struct call_table *table, struct turn *turn,
                            const struct sip_message *ack)
{
    struct pool_id id;
    struct test_call *test = find_dialog(table, ack, &id);
    if (!test) return false;
    if (test->state != TEST_ACCEPTED || ack->cseq != test->dialog.remote_cseq) return true;
    call_leg_confirm(turn, test->txn);
    test->state = TEST_UP;
    if (test->is_ending) say_bye(table, turn, id, NULL);
    return true;
}

// ---- Ending

void call_test_hang_up(struct call_table *table, struct turn *turn, struct pool_id id)
{
    struct test_call *test = pool_find(&table->tests, id);
    if (!test || test->is_ending) return;
    test->is_ending = true;
    switch ((enum test_state)test->state) {
    case TEST_CALLING: call_leg_cancel(turn, test->txn, SPAN_NONE); break;
    case TEST_RINGING:
        refuse(table, turn, id,
               &(struct txn_answer){.status = 480, .to_tag = call_dialog_tag(&test->dialog)});
        break;
    case TEST_UP: say_bye(table, turn, id, NULL); break;
    case TEST_ACCEPTED: // with its ACK (15)
    case TEST_LEAVING:
    case TEST_RESERVED: break;
    }
}
