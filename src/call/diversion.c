// SPDX-License-Identifier: Apache-2.0
// What is told of diversions: Diversion headers (RFC 5806), read from an INVITE and printed into a
// 302. History-Info is history_info.c.
#include "call/call_int.h"

enum { COUNTER_MAX = 99 }; // one or two digits (RFC 5806 section 9)

bool call_has_visited(const struct call_history *history, struct span stored)
{
    for (size_t i = 0; i < history->visited_count; i++) {
        if (span_eq(history->visited[i], stored)) return true;
    }
    return false;
}

void call_add_visited(struct call_history *history, struct span stored)
{
    if (stored.len == 0 || history->visited_count == FWD_VISITED_MAX) return;
    if (!call_has_visited(history, stored)) history->visited[history->visited_count++] = stored;
}

static uint32_t counter_of(const struct sip_address *diverter)
{
    struct span text;
    uint64_t counter;
    bool is_given = sip_find_param(diverter->params, SPAN("counter"), &text) &&
                    span_to_u64(text, COUNTER_MAX, &counter);
    return is_given ? (uint32_t)counter : 1;
}

static uint32_t read_diversions(const struct call_offer *offer, struct turn *turn,
                                struct call_history *history)
{
    struct sip_values place = SIP_VALUES_START;
    struct span value;
    uint32_t sum = 0;
    while (sip_next_value(offer->invite, SIP_DIVERSION, &place, &value)) {
        struct sip_address diverter;
        if (sip_parse_address(value, &diverter) != SIP_OK) continue;
        sum += counter_of(&diverter);
        call_add_visited(history, call_read_number(offer->group, &diverter, turn));
    }
    return sum;
}

void call_read_history(const struct call_offer *offer, struct turn *turn,
                       struct call_history *history)
{
    history->visited_count = 0;
    uint32_t by_diversion = read_diversions(offer, turn, history);
    uint32_t by_history_info = call_read_history_info(offer, turn, history);
    history->diversion_count = by_diversion > by_history_info ? by_diversion : by_history_info;
}

// ---- Printing

static uint32_t received_count(const struct sip_message *invite)
{
    struct sip_values place = SIP_VALUES_START;
    struct span value;
    uint32_t sum = 0;
    while (sip_next_value(invite, SIP_DIVERSION, &place, &value)) {
        struct sip_address diverter;
        if (sip_parse_address(value, &diverter) == SIP_OK) sum += counter_of(&diverter);
    }
    return sum;
}

void call_put_unfolded(struct buffer *out, struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        bool is_break = value.at[i] == '\r' || value.at[i] == '\n';
        buffer_put_byte(out, is_break ? ' ' : value.at[i]);
    }
}

static bool is_internal_target(const struct call_offer *offer, struct span target)
{
    char bytes[TEXT_SIZE];
    struct buffer dialled = buffer_over(bytes, sizeof bytes);
    call_put_dialled(&dialled, offer->group, target);
    return call_is_internal(offer, buffer_span(&dialled));
}

void call_put_diverting_number(struct buffer *out, const struct call_forwarding *forwarding)
{
    const struct call_offer *offer = forwarding->offer;
    struct span extension = snapshot_text(offer->line, offer->line->extension);
    if (is_internal_target(offer, forwarding->verdict->target)) {
        buffer_put(out, extension);
    } else {
        phone_put_public(out, &offer->group->numbering, extension);
    }
}

void call_put_diversion(struct buffer *out, const struct call_forwarding *forwarding)
{
    const struct call_offer *offer = forwarding->offer;
    uint32_t count_before = forwarding->count_before;
    char bytes[NUMBER_SIZE];
    struct buffer number = buffer_over(bytes, sizeof bytes);
    call_put_diverting_number(&number, forwarding);
    // Diversions that the PBX did not tell us of are counted with ours, so that they are not
    // forgotten.
    uint32_t told = received_count(offer->invite);
    uint32_t counter = count_before > told ? count_before - told + 1 : 1;
    buffer_put(out, SPAN("Diversion: <sip:"));
    sip_put_escaped_user(out, buffer_span(&number));
    buffer_put_byte(out, '@');
    buffer_put_text(out, offer->group->snapshot->settings.domain);
    buffer_put(out, SPAN(">;reason="));
    buffer_put_text(out, model_reason_text(forwarding->verdict->reason));
    buffer_put(out, SPAN(";counter="));
    buffer_put_u64(out, counter < COUNTER_MAX ? counter : COUNTER_MAX);
    buffer_put_text(out,
                    offer->line->is_number_withheld ? ";privacy=full\r\n" : ";privacy=off\r\n");
    struct sip_values place = SIP_VALUES_START;
    struct span value;
    while (sip_next_value(offer->invite, SIP_DIVERSION, &place, &value)) {
        buffer_put(out, SPAN("Diversion: "));
        call_put_unfolded(out, value);
        buffer_put(out, SPAN("\r\n"));
    }
}
