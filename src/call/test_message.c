// SPDX-License-Identifier: Apache-2.0
// What test calls send: an INVITE with a session description of silence, its answer, and 302s as
// forwardings have them (RFC 3261 section 13, RFC 3264).
#include "call/test_call_int.h"

#include <string.h>

enum { LATE_US = 32 * 1000 * 1000 }; // an INVITE is given up by its sender (timer B)

// ---- Session descriptions: nothing is sent, and nothing listened to

static void put_description(struct buffer *out, const struct address *own, struct span media)
{
    char host[ADDRESS_SIZE];
    struct buffer text = buffer_over(host, sizeof host);
    struct address bare = *own;
    bare.port = 0;
    address_print(&text, &bare);
    struct span name = buffer_span(&text);
    bool is_v6 = name.len > 0 && name.at[0] == '[';
    if (is_v6) name = span_slice(name, 1, span_find(name, ']'));
    buffer_put_text(out, "v=0\r\n");
    buffer_printf(out, "o=lineward 1 1 IN %s %.*s\r\n", is_v6 ? "IP6" : "IP4", SPAN_ARG(name));
    buffer_put_text(out, "s=-\r\n");
    buffer_printf(out, "c=IN %s %.*s\r\n", is_v6 ? "IP6" : "IP4", SPAN_ARG(name));
    buffer_put_text(out, "t=0 0\r\n");
    buffer_put(out, media);
}

#define OFFER "m=audio 9 RTP/AVP 8 0\r\na=inactive\r\n"

// One line for each of the offer's (RFC 3264 section 6): the first sound is taken, the rest is not.
static void keep_media(struct test_call *test, struct span offer)
{
    struct buffer out = buffer_over(test->media, sizeof test->media);
    bool has_audio = false;
    while (offer.len > 0) {
        struct span line = span_trim(span_split(&offer, '\n'));
        if (!span_starts_with(line, SPAN("m="))) continue;
        bool is_taken = !has_audio && span_starts_with(line, SPAN("m=audio "));
        struct span kind = span_split(&line, ' ');
        (void)span_split(&line, ' '); // the port
        struct span protocol = span_split(&line, ' '), format = span_split(&line, ' ');
        buffer_printf(&out, "%.*s %s %.*s %.*s\r\n", SPAN_ARG(kind), is_taken ? "9" : "0",
                      SPAN_ARG(protocol), SPAN_ARG(format));
        if (is_taken) buffer_put_text(&out, "a=inactive\r\n");
        has_audio = has_audio || is_taken;
    }
    if (out.len == 0) buffer_put_text(&out, OFFER); // the INVITE had none: ours is the offer
    test->media_len = out.is_full ? 0 : (uint16_t)out.len;
}

void call_test_describe(struct turn *turn, const struct test_call *test, struct txn_answer *answer)
{
    struct buffer headers, body;
    if (!call_open_message(turn, NULL, &headers) || !call_open_message(turn, NULL, &body)) return;
    call_dialog_put_contact(&headers, &test->dialog);
    buffer_put_text(&headers, "Content-Type: application/sdp\r\n");
    put_description(&body, &test->dialog.own, (struct span){test->media, test->media_len});
    answer->headers = buffer_span(&headers);
    answer->body = buffer_span(&body);
}

// ---- Dialogs

static struct span put_uri(struct turn *turn, const struct line_group *group, struct span extension,
                           bool is_in_brackets)
{
    struct buffer out;
    if (!call_open_message(turn, NULL, &out)) return SPAN_NONE;
    buffer_put_text(&out, is_in_brackets ? "<sip:" : "sip:");
    phone_put_target_dialled(&out, &group->numbering, extension);
    buffer_printf(&out, "@%s%s", group->snapshot->settings.domain, is_in_brackets ? ">" : "");
    return out.is_full ? SPAN_NONE : buffer_span(&out);
}

static struct span put_caller(struct turn *turn, const struct line_group *group,
                              const struct snapshot_line *line)
{
    struct buffer out;
    if (!call_open_message(turn, NULL, &out)) return SPAN_NONE;
    buffer_put_text(&out, "\"Lineward test call\" <sip:");
    sip_put_escaped_user(&out, snapshot_text(line, line->extension));
    buffer_printf(&out, "@%s>", group->snapshot->settings.domain);
    return out.is_full ? SPAN_NONE : buffer_span(&out);
}

bool call_test_start_dialog(struct call_table *table, struct turn *turn, struct test_call *test,
                            struct span dialled)
{
    const struct line_table *lines = table->neighbours.lines;
    const struct line_group *group;
    const struct snapshot_line *line = line_find_numbered(lines, test->line_id, &group);
    struct dialog_start start = {
        .peer = {group->flow, group->own, snapshot_text(line, line->extension)},
        .local = put_caller(turn, group, line),
        .remote = put_uri(turn, group, dialled, true),
        .target = put_uri(turn, group, dialled, false),
        .route = line_service_route(lines, test->line_id),
    };
    test->dialog.texts = texts_over(test->dialog_texts, sizeof test->dialog_texts);
    return start.local.len > 0 && start.remote.len > 0 && start.target.len > 0 &&
           call_dialog_start(&test->dialog, turn, &start);
}

bool call_test_take_dialog(struct turn *turn, struct test_call *test,
                           const struct call_offer *offer)
{
    struct dialog_peer peer = {.flow = call_flow_to_caller(offer),
                               .own = offer->group->own,
                               .contact_user = snapshot_text(offer->line, offer->line->extension)};
    test->dialog.texts = texts_over(test->dialog_texts, sizeof test->dialog_texts);
    if (!call_dialog_of_invite(&test->dialog, offer->invite, &peer)) return false;
    call_dialog_new_tag(test->dialog.local_tag, turn);
    keep_media(test, offer->invite->body);
    return true;
}

// ---- Messages

void call_test_send_invite(struct call_table *table, struct turn *turn, struct pool_id id,
                           const struct sip_message *challenge)
{
    struct test_call *test = pool_find(&table->tests, id);
    struct dialog *dialog = &test->dialog;
    struct span branch = txn_new_branch(turn), uri = call_dialog_text(dialog, dialog->target);
    struct buffer out, body;
    if (!call_open_message(turn, challenge, &out) || !call_open_message(turn, NULL, &body)) return;
    test->invite_cseq = ++dialog->local_cseq;
    call_dialog_put_request(&out, dialog,
                            &(struct dialog_request){.method = SIP_INVITE,
                                                     .branch = branch,
                                                     .cseq = test->invite_cseq,
                                                     .max_forwards = TEST_MAX_FORWARDS});
    call_dialog_put_contact(&out, dialog);
    sip_put_header(&out, "P-Asserted-Identity", call_dialog_text(dialog, dialog->local));
    sip_put_header(&out, CALL_TEST_HEADER, call_dialog_tag(dialog));
    buffer_put_text(&out, "User-Agent: Lineward/" LINEWARD_VERSION "\r\n"
                          "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE\r\n"
                          "Content-Type: application/sdp\r\n");
    if (challenge) {
        (void)line_put_answers(
            &out, turn, table->neighbours.lines,
            &(struct line_challenge){
                .line_id = test->line_id, .response = challenge, .method = SIP_INVITE, .uri = uri});
    }
    put_description(&body, &dialog->own, SPAN(OFFER));
    sip_put_end(&out, buffer_span(&body));
    call_leg_emit_request(
        turn, &(struct call_request){.owner = CALL_OWNS_TEST,
                                     .id = id,
                                     .flow = dialog->flow,
                                     .method = SIP_INVITE,
                                     .bytes = out.is_full ? SPAN_NONE : buffer_span(&out),
                                     .branch = branch});
}

// A Contact that leads back to us past the PBX, and that is known by its parameter then.
static struct span foreign_contact(struct turn *turn, const struct line_group *group,
                                   const struct call_test_answer *wanted)
{
    struct buffer out;
    if (!call_open_message(turn, NULL, &out)) return SPAN_NONE;
    buffer_put_text(&out, "Contact: <sip:");
    phone_put_target_dialled(&out, &group->numbering, wanted->target);
    buffer_put_byte(&out, '@');
    address_print(&out, &group->own);
    buffer_put_text(&out, ";" CALL_TEST_PARAMETER "=1>\r\n");
    return out.is_full ? SPAN_NONE : buffer_span(&out);
}

struct span call_test_redirect(struct call_table *table, struct turn *turn,
                               const struct test_call *test, const struct call_test_answer *wanted)
{
    struct sip_message invite;
    struct call_history history;
    struct call_offer offer = {.invite = &invite, .lines = table->neighbours.lines};
    offer.line = line_find_numbered(offer.lines, test->line_id, &offer.group);
    if (!offer.line) return SPAN_NONE;
    if (wanted->is_foreign) return foreign_contact(turn, offer.group, wanted);
    if (!call_revive(&test->waiting, turn, &invite, &history)) return SPAN_NONE;
    struct fwd_verdict verdict = {
        .kind = VERDICT_REDIRECT, .target = wanted->target, .reason = REASON_UNCONDITIONAL};
    return call_redirect_headers(
        turn, &(struct call_forwarding){
                  .offer = &offer, .verdict = &verdict, .count_before = history.diversion_count});
}

// ---- Recognising

static bool is_caller(const struct call_table *table, const struct test_call *test,
                      const struct call_offer *offer, struct span number)
{
    char bytes[NUMBER_SIZE];
    struct buffer public = buffer_over(bytes, sizeof bytes);
    const struct line_group *group;
    const struct snapshot_line *line = line_find_numbered(table->neighbours.lines, test->line_id,
                                                          &group);
    if (!line || group != offer->group || number.len == 0) return false;
    struct span extension = snapshot_text(line, line->extension);
    phone_put_public(&public, &group->numbering, extension);
    return span_eq(number, extension) || (!public.is_full && span_eq(number, buffer_span(&public)));
}

bool call_test_is_marked(const struct test_call *test, const struct sip_message *invite)
{
    const struct dialog *dialog = &test->dialog;
    struct span token = sip_named_header_value(invite, SPAN(CALL_TEST_HEADER));
    return span_eq(token, call_dialog_tag(dialog)) ||
           span_eq(invite->call_id, call_dialog_text(dialog, dialog->call_id));
}

// Whether only its caller tells a test call: of a PBX that keeps marks, calls without one are real.
static bool is_told_by_caller(const struct call_table *table, const struct test_call *test)
{
    struct pool_id marked = table->marked_checks[test->check.index % CALL_MARKED_CHECKS];
    return test->state == TEST_CALLING && !test->is_ending && !pool_id_eq(marked, test->check);
}

bool call_test_find(const struct call_table *table, struct turn *turn,
                    const struct call_offer *offer, struct pool_id *of)
{
    const struct sip_message *invite = offer->invite;
    if (table->tests.used_count == 0) return false;
    struct span token = sip_named_header_value(invite, SPAN(CALL_TEST_HEADER));
    struct call_caller caller = call_read_caller(offer, turn);
    for (uint32_t i = 0; i < table->tests.slot_count; i++) {
        const struct test_call *test = pool_at(&table->tests, i, of);
        if (!test || test->is_incoming || test->state == TEST_RESERVED) continue;
        if (call_test_is_marked(test, invite)) return true;
        bool is_open = token.len == 0 && is_told_by_caller(table, test);
        if (is_open && is_caller(table, test, offer, caller.number)) return true;
    }
    return false;
}

// ---- INVITEs that were still on their way when their call ended

static struct test_marks marks_of(const struct call_table *table, struct span token,
                                  struct span call_id)
{
    return (struct test_marks){.token = hash_keyed(table->hash_key, token),
                               .call_id = hash_keyed(table->hash_key, call_id)};
}

void call_test_note_end(struct call_table *table, const struct turn *turn,
                        const struct test_call *test)
{
    const struct dialog *dialog = &test->dialog;
    struct ended_tests *ended = &table->ended_tests;
    ended->until_us = turn->now_us + LATE_US;
    ended->at[ended->next++ % CALL_ENDED_TESTS] = marks_of(
        table, call_dialog_tag(dialog), call_dialog_text(dialog, dialog->call_id));
}

bool call_test_is_late(const struct call_table *table, const struct turn *turn,
                       const struct sip_message *invite)
{
    const struct ended_tests *ended = &table->ended_tests;
    if (turn->now_us >= ended->until_us) return false;
    struct span token = sip_named_header_value(invite, SPAN(CALL_TEST_HEADER));
    struct test_marks marks = marks_of(table, token, invite->call_id);
    for (uint32_t i = 0; i < CALL_ENDED_TESTS; i++) {
        if (ended->at[i].token == marks.token || ended->at[i].call_id == marks.call_id) return true;
    }
    return false;
}
