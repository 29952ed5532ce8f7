// SPDX-License-Identifier: Apache-2.0
// Plays one transcript (argv[1]) and stops at the first line that does not hold, showing what was
// expected and what came.
//
//   add|set|remove KIND field=value ...    a setting
//   refused TEXT                           on the next line: it is refused
//   pbx at ADDRESS:PORT | pbx unknown      where group 1's PBX is
//   pbx behind ADDRESS ADDRESS             it has several, the best first; failures make it change
//   pbx sees ADDRESS:PORT                  where its answers say that we are
//   pbx answers STATUS                     to the last request that was expected
//   pbx invites EXTENSION id=NAME          an INVITE; from=NUMBER, source=ADDRESS:PORT; NAME names
//                                          the call; as=NAME: that call by another path
//   pbx notifies NAME CSEQ STATE           a NOTIFY in the dialog of the SUBSCRIBE noted as NAME;
//                                          from=ADDRESS:PORT tag=TAG; indented: its body
//   pbx acks NAME | pbx cancels NAME | pbx repeats NAME
//       indented lines below `answers`, `invites` and `cancels` are further header lines
//   after N[ms|s]                          time passes
//   wait N[ms|s]                           the same, but only until the engine sends something
//   late N[ms|s]                           the same, and the engine is not woken before the end
//   clock +Ns | clock -Ns                  the wall clock is set
//   clients EXTENSION none|ring|busy|rejected|unreachable   what its clients do when rung, calls=N
//                                          that they have; deflect=TARGET: they send a 302; or
//                                          forget
//   decline                                the call that was told last to wait is declined by hand
//   hang up                                the call that was told last is ended by hand
//   deflect TARGET                         the call told last to wait is deflected by hand;
//                                          a finding behind it: it is not, and why
//   device USER [tcp] ADDRESS:PORT         a device of the user can be called there
//   lose                                   the connection that the last message went by has ended
//   answers STATUS tag=TAG                 to the last request that was expected, by whom it went
//                                          to; indented: headers, and a line "body TEXT"
//   note NAME                              the last message that was expected has a name
//   recall NAME ADDRESS:PORT               the noted message becomes the last one, which that one
//                                          got
//   send [tcp] ADDRESS:PORT                from there; indented: a request line, headers, "body
//                                          TEXT"; {NAME.Header} is the value of a noted message's
//                                          header, {NAME.contact} the URI of its Contact,
//                                          {NAME.to-tag} and {NAME.from-tag} are its tags, and
//                                          {NAME.proof USER METHOD URI} the answer to its challenge
//   settings away|back                     they do not answer feature codes, or do again
//   expect media N                         so many packets of tones were sent since the last time
//   restart                                the program, with its settings and registrations kept
//   expect METHOD|STATUS                   the next message sent; behind it: to ADDRESS:PORT;
//                                          indented lines below: texts that it contains, or, with
//                                          a leading '!', does not contain
//   expect nothing                         nothing was sent
//   expect line ID STATE                   a line's registration; indented: text in its reason
//   expect desk ID STATE CALLS             what is told of a line's desk phones
//   expect journal OUTCOME                 the next entry; indented: "caller 102", "talk 3 s", legs
//                                          as "device tel: rang, 487 by caller", its trace, ...
//   expect no journal | expect calls N | expect waiting N | expect used N
//   expect call STATE in|out DEVICE        the call that was told last, "none" where there is none
//   expect rate N                          what a group raised its REGISTERs per second to
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 2000, MESSAGE_MAX = 8192, CALLS_MAX = 16, NOTES_MAX = 64 };

struct invite {
    struct span name;
    struct address source;
    char text[MESSAGE_MAX]; // as sent
    char to_tag[128];       // of our final answer
    char uri[128], branch[64], from[256], to[128];
};

struct transcript {
    const char *file;
    struct span lines[LINES_MAX];
    size_t line_count, at;
    struct world *world;
    struct invite calls[CALLS_MAX];
    size_t call_count;
    char last[MESSAGE_MAX]; // the last message that was expected
    struct note {
        struct span name;
        char text[MESSAGE_MAX];
        struct flow flow;
    } notes[NOTES_MAX];
    size_t note_count;
    char arena_bytes[65536];
    uint32_t media_count;  // packets of tones that were expected
    struct address seen;   // where the PBX sees us
    struct flow last_flow; // of the last message that was expected
};

_Noreturn static void fail(const struct transcript *script, const char *expected, struct span found)
{
    fprintf(stderr, "%s:%zu: %.*s\n  expected: %s\n  found:    %.*s\n", script->file, script->at,
            SPAN_ARG(script->lines[script->at - 1]), expected, SPAN_ARG(found));
    exit(1);
}

static void require(const struct transcript *script, bool holds, const char *expected,
                    struct span found)
{
    if (!holds) fail(script, expected, found);
}

// ---- Lines of the transcript

static bool is_indented(struct span line)
{
    return line.len > 1 && line.at[0] == ' ' && span_trim(line).len > 0;
}

// The next line if it is an indented one, trimmed.
static bool next_detail(struct transcript *script, struct span *detail)
{
    if (script->at >= script->line_count || !is_indented(script->lines[script->at])) return false;
    *detail = span_trim(script->lines[script->at++]);
    return true;
}

static struct span word(struct span *rest)
{
    *rest = span_trim(*rest);
    return span_split(rest, ' ');
}

// The value of "name=value" in `words`, or `otherwise`.
static struct span option(struct span words, struct span name, struct span otherwise)
{
    while (words.len > 0) {
        struct span value = word(&words), key = span_split(&value, '=');
        if (span_eq(key, name)) return value;
    }
    return otherwise;
}

static bool contains(struct span text, struct span part)
{
    for (size_t i = 0; i + part.len <= text.len; i++) {
        if (span_eq(span_slice(text, i, i + part.len), part)) return true;
    }
    return false;
}

// ---- What the PBX says

static void put_details(struct transcript *script, struct buffer *out)
{
    struct span detail;
    while (next_detail(script, &detail)) {
        buffer_put(out, detail);
        buffer_put(out, SPAN("\r\n"));
    }
}

static void pbx_answers(struct transcript *script, struct span words)
{
    char bytes[MESSAGE_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct arena arena = arena_over(script->arena_bytes, sizeof script->arena_bytes);
    struct sip_message request;
    struct sip_fault fault;
    uint64_t status;
    require(script, span_to_u64(word(&words), 699, &status), "a status", words);
    enum sip_err err = sip_parse(span_of(script->last), &arena, &request, &fault);
    require(script, err == SIP_OK && request.is_request, "a request was expected before",
            span_of(script->last));
    sip_put_status_line(&out, (unsigned)status, SPAN_NONE);
    sip_put_reply_headers(&out, &request, &script->seen, SPAN("pbxtag"));
    put_details(script, &out);
    sip_put_end(&out, SPAN_NONE);
    world_receive(script->world, &world_sent_flow(script->world)->peer, buffer_span(&out));
}

static struct invite *find_call(struct transcript *script, struct span name)
{
    for (size_t i = 0; i < script->call_count; i++) {
        if (span_eq(script->calls[i].name, name)) return &script->calls[i];
    }
    fail(script, "a call of that name", name);
}

static void pbx_invites(struct transcript *script, struct span words)
{
    struct invite *call = &script->calls[script->call_count++ % CALLS_MAX];
    struct span extension = word(&words);
    struct span from = option(words, SPAN("from"), SPAN("102"));
    call->name = option(words, SPAN("id"), SPAN("call"));
    struct span source = option(words, SPAN("source"), SPAN("192.0.2.1:5060"));
    require(script, address_parse_port(source, 5060, &call->source), "a source address", words);
    struct buffer out = buffer_over(call->text, sizeof call->text - 1);
    buffer_printf(&out, "INVITE sip:%.*s@192.0.2.9:5070 SIP/2.0\r\n", SPAN_ARG(extension));
    buffer_printf(&out, "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-%.*s\r\n",
                  SPAN_ARG(call->name));
    buffer_printf(&out, "From: <sip:%.*s@pbx.test>;tag=caller\r\nTo: <sip:%.*s@pbx.test>\r\n",
                  SPAN_ARG(from), SPAN_ARG(extension));
    buffer_printf(&out, "Call-ID: %.*s@pbx.test\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n",
                  SPAN_ARG(option(words, SPAN("as"), call->name)));
    buffer_put_text(&out, "Contact: <sip:pbx@192.0.2.1>\r\n");
    put_details(script, &out);
    sip_put_end(&out, SPAN_NONE);
    call->text[out.len] = '\0';
    world_receive(script->world, &call->source, buffer_span(&out));
}

// ACK and CANCEL repeat the INVITE's Request-URI, Via, From, Call-ID and CSeq number (RFC 3261
// sections 9.1, 17.1.1.3); an ACK has the To of the answer.
static void pbx_follows_up(struct transcript *script, struct span words, const char *method)
{
    char bytes[MESSAGE_MAX], last_arena[16384];
    struct invite *call = find_call(script, word(&words));
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct arena arena = arena_over(script->arena_bytes, sizeof script->arena_bytes);
    struct sip_message invite, answer;
    struct sip_fault fault;
    enum sip_err err = sip_parse(span_of(call->text), &arena, &invite, &fault);
    require(script, err == SIP_OK, "a sound INVITE", span_of(call->text));
    const struct sip_header *to = sip_next_header(&invite, SIP_TO, NULL);
    struct span to_value = to->value;
    if (strcmp(method, "ACK") == 0) {
        struct arena other = arena_over(last_arena, sizeof last_arena);
        err = sip_parse(span_of(script->last), &other, &answer, &fault);
        require(script, err == SIP_OK && !answer.is_request, "an answer was expected before",
                span_of(script->last));
        to_value = sip_header_value(&answer, SIP_TO);
    }
    buffer_printf(&out, "%s %.*s SIP/2.0\r\n", method, SPAN_ARG(invite.uri_text));
    sip_put_header(&out, "Via", sip_header_value(&invite, SIP_VIA));
    sip_put_header(&out, "From", sip_header_value(&invite, SIP_FROM));
    sip_put_header(&out, "To", to_value);
    sip_put_header(&out, "Call-ID", invite.call_id);
    buffer_printf(&out, "CSeq: %u %s\r\nMax-Forwards: 70\r\n", invite.cseq, method);
    put_details(script, &out);
    sip_put_end(&out, SPAN_NONE);
    world_receive(script->world, &call->source, buffer_span(&out));
}

// ---- Devices, and what anybody says

// Prints the header that answers a 401: of the user whose password is "secret".
static void put_proof(struct transcript *script, struct buffer *out,
                      const struct sip_message *challenge, struct span words)
{
    char bytes[1024];
    struct buffer header = buffer_over(bytes, sizeof bytes);
    struct sip_credentials credentials = {.user = word(&words), .password = SPAN("secret")};
    struct sip_challenge found;
    char method[16];
    bool is_found = sip_find_challenge(challenge, SPAN_NONE, &found) &&
                    text_copy(method, sizeof method, word(&words));
    require(script, is_found, "a challenge", span_of(script->last));
    sip_put_authorization(&header, &found, &credentials, method, word(&words), SPAN("c"), 1);
    require(script, !header.is_full, "a short proof", words);
    buffer_put(out, span_trim(buffer_span(&header)));
}

// Prints what stands for {NAME.Header}, {NAME.contact}, {NAME.to-tag}, {NAME.from-tag} or
// {NAME.proof USER METHOD URI}.
static void put_noted(struct transcript *script, struct buffer *out, struct span reference)
{
    static char arena_bytes[65536];
    struct span name = span_split(&reference, '.');
    struct arena arena = arena_over(arena_bytes, sizeof arena_bytes);
    struct sip_message message;
    struct sip_fault fault;
    for (size_t i = script->note_count; i-- > 0;) {
        struct note *note = &script->notes[i];
        if (!span_eq(note->name, name)) continue;
        enum sip_err err = sip_parse(span_of(note->text), &arena, &message, &fault);
        require(script, err == SIP_OK, "a sound message", span_of(note->text));
        if (span_starts_with(reference, SPAN("proof "))) {
            put_proof(script, out, &message, span_from(reference, 6));
            return;
        }
        bool is_to = span_eq(reference, SPAN("to-tag"));
        if (is_to || span_eq(reference, SPAN("from-tag"))) {
            buffer_put(out, is_to ? message.to.tag : message.from.tag);
            return;
        }
        bool is_contact = span_eq(reference, SPAN("contact"));
        struct span value = sip_named_header_value(&message,
                                                   is_contact ? SPAN("Contact") : reference);
        struct sip_address address;
        require(script, value.len > 0, "such a header", span_of(note->text));
        bool is_read = sip_parse_address(value, &address) == SIP_OK;
        buffer_put(out, is_contact && is_read ? address.uri_text : value);
        return;
    }
    fail(script, "a noted message", name);
}

// Prints a line with what stands for the references in it.
static void put_filled(struct transcript *script, struct buffer *out, struct span line)
{
    while (line.len > 0) {
        size_t at = span_find(line, '{'), end = span_find(line, '}');
        buffer_put(out, span_slice(line, 0, at));
        if (end < line.len) put_noted(script, out, span_slice(line, at + 1, end));
        line = at < line.len ? span_from(line, end + 1) : SPAN_NONE;
    }
}

// Prints the indented lines, and those of the body among them at the end.
static void put_message(struct transcript *script, struct buffer *out)
{
    char bytes[1024];
    struct buffer body = buffer_over(bytes, sizeof bytes);
    struct span detail;
    while (next_detail(script, &detail)) {
        if (span_starts_with(detail, SPAN("body "))) {
            if (body.len > 0) buffer_put(&body, SPAN("\r\n"));
            buffer_put(&body, span_from(detail, 5));
            continue;
        }
        put_filled(script, out, detail);
        buffer_put(out, SPAN("\r\n"));
    }
    sip_put_end(out, buffer_span(&body));
}

static void answers(struct transcript *script, struct span words)
{
    char bytes[MESSAGE_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct arena arena = arena_over(script->arena_bytes, sizeof script->arena_bytes);
    struct sip_message request;
    struct sip_fault fault;
    struct span status = word(&words);
    uint64_t number;
    require(script, span_to_u64(status, 699, &number), "a status", status);
    struct address peer;
    enum sip_err err = sip_parse(span_of(script->last), &arena, &request, &fault);
    require(script, err == SIP_OK && request.is_request, "a request was expected before",
            span_of(script->last));
    bool is_read = address_parse_port(option(words, SPAN("from"), SPAN_NONE), 5060, &peer);
    if (!is_read) peer = script->last_flow.peer;
    sip_put_status_line(&out, (unsigned)number, SPAN_NONE);
    sip_put_reply_headers(&out, &request, &script->seen, option(words, SPAN("tag"), SPAN_NONE));
    put_message(script, &out);
    world_receive(script->world, &peer, buffer_span(&out));
}

static void send_raw(struct transcript *script, struct span words)
{
    char bytes[MESSAGE_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct address peer;
    bool is_stream = span_starts_with(words, SPAN("tcp "));
    if (is_stream) (void)word(&words);
    require(script, address_parse_port(word(&words), 5060, &peer), "an address", words);
    put_message(script, &out);
    if (is_stream) (void)world_receive_stream(script->world, &peer, buffer_span(&out));
    if (!is_stream) world_receive(script->world, &peer, buffer_span(&out));
}

static void note(struct transcript *script, struct span words)
{
    require(script, script->note_count < NOTES_MAX, "few notes", words);
    struct note *note = &script->notes[script->note_count++];
    note->name = word(&words);
    memcpy(note->text, script->last, sizeof note->text);
    note->flow = script->last_flow;
}

// Answers and requests are kept by name, so that an earlier one can be answered.
static void recall(struct transcript *script, struct span words)
{
    struct span name = word(&words);
    for (size_t i = script->note_count; i-- > 0;) {
        if (!span_eq(script->notes[i].name, name)) continue;
        memcpy(script->last, script->notes[i].text, sizeof script->last);
        script->last_flow = script->notes[i].flow;
        require(script, address_parse_port(word(&words), 5060, &script->last_flow.peer),
                "the address of who has it", words);
        return;
    }
    fail(script, "a noted message", name);
}

static void device(struct transcript *script, struct span words)
{
    char key[64];
    struct buffer out = buffer_over(key, sizeof key);
    struct span user = word(&words);
    buffer_printf(&out, "name=%.*s", SPAN_ARG(user));
    uint32_t user_id = world_id(script->world, SPAN("user"), buffer_span(&out));
    require(script, user_id != 0, "a user", user);
    world_bind(script->world, user_id, span_trim(words));
}

// ---- The PBX

// A document of dialogs, in the dialog that our SUBSCRIBE has made.
static void pbx_notifies(struct transcript *script, struct span words)
{
    char bytes[MESSAGE_MAX], body_bytes[1024];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct buffer body = buffer_over(body_bytes, sizeof body_bytes);
    struct arena arena = arena_over(script->arena_bytes, sizeof script->arena_bytes);
    struct span name = word(&words), cseq = word(&words), state = word(&words), detail;
    struct sip_message asked;
    struct sip_fault fault;
    struct address source;
    size_t i = script->note_count;
    while (i > 0 && !span_eq(script->notes[i - 1].name, name)) i--;
    require(script, i > 0, "a noted SUBSCRIBE", name);
    enum sip_err err = sip_parse(span_of(script->notes[i - 1].text), &arena, &asked, &fault);
    require(script, err == SIP_OK && asked.is_request, "a request", name);
    struct span from = option(words, SPAN("from"), SPAN("192.0.2.1:5060"));
    require(script, address_parse_port(from, 5060, &source), "an address", words);
    while (next_detail(script, &detail)) {
        put_filled(script, &body, detail);
        buffer_put(&body, SPAN("\r\n"));
    }
    buffer_put_text(&out, "NOTIFY sip:102@192.0.2.9:5070 SIP/2.0\r\n");
    buffer_printf(&out, "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-n%.*s%.*s\r\n",
                  SPAN_ARG(name), SPAN_ARG(cseq));
    buffer_printf(&out, "From: <sip:102@pbx.test>;tag=%.*s\r\nTo: <sip:102@pbx.test>;tag=%.*s\r\n",
                  SPAN_ARG(option(words, SPAN("tag"), SPAN("pbxtag"))), SPAN_ARG(asked.from.tag));
    buffer_printf(&out, "Call-ID: %.*s\r\nCSeq: %.*s NOTIFY\r\nMax-Forwards: 70\r\n",
                  SPAN_ARG(asked.call_id), SPAN_ARG(cseq));
    buffer_printf(&out,
                  "Contact: <sip:pbx@192.0.2.1>\r\nEvent: %.*s\r\nSubscription-State: %.*s\r\n",
                  SPAN_ARG(option(words, SPAN("event"), SPAN("dialog"))), SPAN_ARG(state));
    if (body.len > 0) buffer_put_text(&out, "Content-Type: application/dialog-info+xml\r\n");
    sip_put_end(&out, buffer_span(&body));
    world_receive(script->world, &source, buffer_span(&out));
}

static void pbx(struct transcript *script, struct span words)
{
    struct span verb = word(&words);
    if (span_eq(verb, SPAN("at"))) {
        world_set_peer(script->world, 1, span_trim(words));
    } else if (span_eq(verb, SPAN("behind"))) {
        world_set_targets(script->world, span_trim(words));
    } else if (span_eq(verb, SPAN("unknown"))) {
        world_set_peer(script->world, 1, SPAN_NONE);
    } else if (span_eq(verb, SPAN("sees"))) {
        require(script, address_parse_port(word(&words), 0, &script->seen), "an address", words);
    } else if (span_eq(verb, SPAN("answers"))) {
        pbx_answers(script, words);
    } else if (span_eq(verb, SPAN("invites"))) {
        pbx_invites(script, words);
    } else if (span_eq(verb, SPAN("notifies"))) {
        pbx_notifies(script, words);
    } else if (span_eq(verb, SPAN("acks"))) {
        pbx_follows_up(script, words, "ACK");
    } else if (span_eq(verb, SPAN("cancels"))) {
        pbx_follows_up(script, words, "CANCEL");
    } else if (span_eq(verb, SPAN("repeats"))) {
        const struct invite *call = find_call(script, word(&words));
        world_receive(script->world, &call->source, span_of(call->text));
    } else {
        fail(script, "at, unknown, sees, answers, invites, acks, cancels or repeats", verb);
    }
}

// ---- What is expected

// The indented lines below: each stands in `text`, or, with '!', does not.
static void expect_details(struct transcript *script, struct span text)
{
    struct span detail;
    while (next_detail(script, &detail)) {
        bool is_forbidden = detail.at[0] == '!';
        char bytes[1024];
        struct buffer filled = buffer_over(bytes, sizeof bytes);
        put_filled(script, &filled, is_forbidden ? span_trim(span_from(detail, 1)) : detail);
        require(script, contains(text, buffer_span(&filled)) != is_forbidden,
                is_forbidden ? "not to contain this" : "to contain this", text);
    }
}

// `words`: "to ADDRESS:PORT", or nothing.
static void expect_message(struct transcript *script, struct span kind, struct span words)
{
    struct address to;
    struct span sent = world_take_sent(script->world);
    require(script, sent.len > 0, "a message", SPAN("nothing was sent"));
    require(script, text_copy(script->last, sizeof script->last, sent), "a short message", sent);
    script->last_flow = *world_sent_flow(script->world);
    bool is_status = kind.len == 3 && ascii_is_digit(kind.at[0]);
    struct span start = is_status ? span_slice(sent, 8, 8 + kind.len)
                                  : span_slice(sent, 0, kind.len);
    require(script, span_eq(start, kind), "that kind of message", sent);
    if (span_eq(word(&words), SPAN("to"))) {
        bool is_read = address_parse_port(span_trim(words), 0, &to);
        require(script, is_read && address_eq(&to, &script->last_flow.peer), "this address", words);
    }
    expect_details(script, sent);
}

static void expect_desk(struct transcript *script, struct span words)
{
    char bytes[64];
    struct buffer found = buffer_over(bytes, sizeof bytes - 1);
    uint64_t line_id;
    require(script, span_to_u64(word(&words), UINT32_MAX, &line_id), "a line's number", words);
    struct model_desk_phone desk = world_desk(script->world, (uint32_t)line_id);
    buffer_printf(&found, "%s %u", model_name(&model_desk_states, desk.state), desk.call_count);
    require(script, span_eq(buffer_span(&found), span_trim(words)), "this state",
            buffer_span(&found));
    expect_details(script, span_of(desk.reason));
}

static void expect_line(struct transcript *script, struct span words)
{
    uint64_t line_id;
    require(script, span_to_u64(word(&words), UINT32_MAX, &line_id), "a line's number", words);
    const struct model_registration *state = world_state(script->world, (uint32_t)line_id);
    struct span wanted = word(&words);
    if (span_eq(wanted, SPAN("gone"))) {
        require(script, !state, "gone", SPAN("still there"));
        return;
    }
    require(script, state, "a known line", SPAN("nothing was told of it"));
    struct span name = span_of(model_name(&model_registration_states, state->state));
    require(script, span_eq(name, wanted), "that state", name);
    expect_details(script, span_of(state->reason));
}

static void put_trace(struct buffer *out, struct span trace)
{
    struct fwd_trace_entry entry;
    for (; trace.len >= sizeof entry; trace = span_from(trace, sizeof entry)) {
        memcpy(&entry, trace.at, sizeof entry);
        buffer_put_text(out, "\n    ");
        fwd_put_trace_entry(out, &entry, FWD_ENGLISH);
    }
}

// "executed bridge. device tel: rang, answered, 200 by caller."
static void put_legs(struct buffer *out, const struct model_journal_entry *entry)
{
    struct span rest = entry->legs;
    struct model_leg leg;
    uint64_t since_us = entry->answered_us > 0 ? entry->answered_us : entry->ended_us;
    buffer_printf(out, " talk %u s. executed %s.",
                  (unsigned)((entry->ended_us - since_us) / 1000000),
                  model_name(&model_executeds, model_journal_executed(entry)));
    while (model_leg_next(&rest, &leg)) {
        buffer_printf(out, " %s %.*s: %s%s%u by %s.", model_name(&model_leg_kinds, leg.kind),
                      SPAN_ARG(leg.name), leg.rang_ms == LEG_NEVER ? "" : "rang, ",
                      leg.answered_ms == LEG_NEVER ? "" : "answered, ", leg.status,
                      model_name(&model_leg_ends, leg.ended_by));
    }
}

static void expect_journal(struct transcript *script, struct span outcome)
{
    char bytes[8192];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    const struct model_journal_entry *entry = world_take_entry(script->world);
    require(script, entry, "a journal entry", SPAN("none"));
    buffer_printf(&out, "%s, caller %.*s, %s, dialled %.*s, line %.*s, diverted by %.*s, ",
                  model_name(&model_outcomes, entry->outcome), SPAN_ARG(entry->caller),
                  entry->is_internal ? "internal" : "external", SPAN_ARG(entry->dialled),
                  SPAN_ARG(entry->extension), SPAN_ARG(entry->diverted_by));
    buffer_printf(&out, "%s, target %.*s, status %u.",
                  model_name(&model_verdict_kinds, entry->verdict), SPAN_ARG(entry->target),
                  entry->status);
    put_legs(&out, entry);
    put_trace(&out, entry->trace);
    struct span text = buffer_span(&out);
    require(script, span_eq(span_slice(text, 0, span_find(text, ',')), outcome), "that outcome",
            text);
    expect_details(script, text);
}

static void expect_number(struct transcript *script, struct span words, uint32_t actual)
{
    char found[32];
    uint64_t wanted;
    snprintf(found, sizeof found, "%u", actual);
    require(script, span_to_u64(word(&words), 100000, &wanted) && actual == wanted, "that many",
            span_of(found));
}

static void expect_call(struct transcript *script, struct span words)
{
    const struct world_call *call = world_last_call(script->world);
    char text[256] = "none";
    if (call) {
        snprintf(text, sizeof text, "%s %s %s", model_name(&model_call_states, call->state),
                 call->is_outgoing ? "out" : "in", call->device);
    }
    require(script, span_eq(span_trim(span_of(text)), words), "the call as it was told last",
            span_of(text));
}

static void expect(struct transcript *script, struct span words)
{
    struct span what = word(&words);
    if (span_eq(what, SPAN("nothing"))) {
        struct span sent = world_take_sent(script->world);
        require(script, sent.len == 0, "nothing", sent);
    } else if (span_eq(what, SPAN("no"))) {
        require(script, !world_take_entry(script->world), "no journal entry", SPAN("one"));
    } else if (span_eq(what, SPAN("line"))) {
        expect_line(script, words);
    } else if (span_eq(what, SPAN("desk"))) {
        expect_desk(script, words);
    } else if (span_eq(what, SPAN("journal"))) {
        expect_journal(script, word(&words));
    } else if (span_eq(what, SPAN("calls"))) {
        expect_number(script, words, world_counts(script->world).open_calls);
    } else if (span_eq(what, SPAN("rate"))) {
        expect_number(script, words, world_rate(script->world));
    } else if (span_eq(what, SPAN("call"))) {
        expect_call(script, words);
    } else if (span_eq(what, SPAN("waiting"))) {
        expect_number(script, words, world_waiting_count(script->world));
    } else if (span_eq(what, SPAN("media"))) {
        uint32_t count = world_media_count(script->world);
        expect_number(script, words, count - script->media_count);
        script->media_count = count;
    } else if (span_eq(what, SPAN("used"))) {
        expect_number(script, words, world_used_count(script->world));
    } else {
        expect_message(script, what, words);
    }
}

// ---- Playing

static void change(struct transcript *script, struct span verb, struct span words)
{
    struct span kind = word(&words);
    const char *refused = span_eq(verb, SPAN("remove"))
                              ? world_remove(script->world, kind, words)
                              : world_set(script->world, kind, words, span_eq(verb, SPAN("add")));
    bool is_refusal_expected = script->at < script->line_count &&
                               span_starts_with(script->lines[script->at], SPAN("refused "));
    if (!is_refusal_expected) {
        require(script, !refused, "to be accepted", span_of(refused));
        return;
    }
    struct span reason = span_trim(span_from(script->lines[script->at++], sizeof "refused"));
    require(script, refused && contains(span_of(refused), reason), "this refusal",
            span_of(refused));
}

static uint64_t read_duration_us(struct transcript *script, struct span words)
{
    uint64_t amount, unit_us = 1000000;
    struct span text = word(&words);
    size_t digits = 0;
    while (digits < text.len && ascii_is_digit(text.at[digits])) digits++;
    if (span_eq(span_from(text, digits), SPAN("ms"))) unit_us = 1000;
    require(script, span_to_u64(span_slice(text, 0, digits), 10000000, &amount), "a duration",
            text);
    return amount * unit_us;
}

static void pass_time(struct transcript *script, struct span words, bool is_until_sent)
{
    uint64_t by_us = read_duration_us(script, words);
    if (!is_until_sent) {
        world_advance(script->world, by_us);
        return;
    }
    for (uint64_t passed_us = 0; passed_us < by_us; passed_us += 1000) {
        if (world_sent_count(script->world) > 0) return;
        world_advance(script->world, 1000);
    }
}

// The wall clock is set: "+3600s" or "-3600s".
static void step_clock(struct transcript *script, struct span words)
{
    struct span text = word(&words), digits = span_slice(text, 1, text.len - 1);
    uint64_t seconds;
    bool is_back = text.len > 0 && text.at[0] == '-';
    require(script, span_to_u64(digits, 1000000000, &seconds), "a step such as +60s", text);
    int64_t by_us = (int64_t)seconds * 1000000;
    world_step_wall(script->world, is_back ? -by_us : by_us);
}

static void assume(struct transcript *script, struct span words)
{
    char key[64];
    struct client_assumption assumption = {.clients = CLIENTS_RING};
    struct span extension = word(&words), target = word(&words), kind = span_split(&target, '=');
    uint64_t call_count = 0;
    unsigned clients = 0;
    struct buffer out = buffer_over(key, sizeof key);
    buffer_printf(&out, "group=trial extension=%.*s", SPAN_ARG(extension));
    uint32_t line_id = world_id(script->world, SPAN("line"), buffer_span(&out));
    require(script, line_id != 0, "a line of the group trial", extension);
    if (span_eq(kind, SPAN("forget"))) {
        world_assume(script->world, line_id, NULL);
        return;
    }
    require(script, model_find_name(&model_clients, kind, &clients), "what clients do", kind);
    span_to_u64(option(words, SPAN("calls"), SPAN("0")), 9, &call_count);
    assumption.clients = (enum model_clients)clients;
    assumption.call_count = (uint32_t)call_count;
    text_copy(assumption.target, sizeof assumption.target, target);
    world_assume(script->world, line_id, &assumption);
}

static void deflect(struct transcript *script, struct span words)
{
    enum fwd_finding finding;
    struct span target = word(&words), why = word(&words);
    enum call_deflection result = world_deflect(script->world, target, &finding);
    if (result == CALL_NOT_WAITING) fail(script, "a call that waits", SPAN("none"));
    struct span found = SPAN_NONE;
    if (result == CALL_KEPT) found = span_of(fwd_finding_name((uint8_t)finding));
    require(script, span_eq(found, why), "this result", found);
}

static bool speak(struct transcript *script, struct span verb, struct span rest)
{
    if (span_eq(verb, SPAN("device"))) {
        device(script, rest);
    } else if (span_eq(verb, SPAN("lose"))) {
        world_lose(script->world, &script->last_flow);
    } else if (span_eq(verb, SPAN("settings"))) {
        world_set_store_away(script->world, span_eq(word(&rest), SPAN("away")));
    } else if (span_eq(verb, SPAN("answers"))) {
        answers(script, rest);
    } else if (span_eq(verb, SPAN("send"))) {
        send_raw(script, rest);
    } else if (span_eq(verb, SPAN("note"))) {
        note(script, rest);
    } else if (span_eq(verb, SPAN("recall"))) {
        recall(script, rest);
    } else {
        return false;
    }
    return true;
}

static void play(struct transcript *script)
{
    while (script->at < script->line_count) {
        struct span rest = script->lines[script->at++];
        if (rest.len == 0 || rest.at[0] == '#') continue;
        struct span verb = word(&rest);
        if (span_eq(verb, SPAN("add")) || span_eq(verb, SPAN("set")) ||
            span_eq(verb, SPAN("remove"))) {
            change(script, verb, rest);
        } else if (span_eq(verb, SPAN("pbx"))) {
            pbx(script, rest);
        } else if (span_eq(verb, SPAN("after")) || span_eq(verb, SPAN("wait"))) {
            pass_time(script, rest, span_eq(verb, SPAN("wait")));
        } else if (span_eq(verb, SPAN("restart"))) {
            world_restart(script->world, 2);
        } else if (span_eq(verb, SPAN("clients"))) {
            assume(script, rest);
        } else if (span_eq(verb, SPAN("decline"))) {
            require(script, world_decline(script->world), "a call that waits", SPAN("none"));
        } else if (span_eq(verb, SPAN("hang"))) {
            require(script, world_hang_up(script->world), "a call that is not over", SPAN("none"));
        } else if (span_eq(verb, SPAN("deflect"))) {
            deflect(script, rest);
        } else if (span_eq(verb, SPAN("late"))) {
            world_jump(script->world, read_duration_us(script, rest));
        } else if (span_eq(verb, SPAN("clock"))) {
            step_clock(script, rest);
        } else if (span_eq(verb, SPAN("expect"))) {
            expect(script, rest);
        } else if (!speak(script, verb, rest)) {
            fail(script, "a command", verb);
        }
    }
}

// When all is said, nothing may be left: no message that the transcript did not mention, and, once
// every timer has run out, no call and no transaction.
static void check_end(struct transcript *script)
{
    struct span sent = world_take_sent(script->world);
    require(script, sent.len == 0, "no further message", sent);
    require(script, world_counts(script->world).effects_lost == 0, "no lost effect", SPAN("some"));
}

int main(int argc, char **argv)
{
    static struct transcript script;
    static char text[200000];
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!file) {
        fprintf(stderr, "usage: engine_transcript FILE\n");
        return 2;
    }
    struct span rest = {text, fread(text, 1, sizeof text, file)};
    fclose(file);
    script.file = argv[1];
    while (rest.len > 0 && script.line_count < LINES_MAX) {
        script.lines[script.line_count++] = span_split(&rest, '\n');
    }
    script.world = world_new(1);
    bool is_read = address_parse_port(SPAN("192.0.2.9:5070"), 0, &script.seen);
    ASSERT(is_read);
    play(&script);
    check_end(&script);
    world_free(script.world);
    printf("%s: %zu lines hold\n", argv[1], script.line_count);
    return 0;
}
