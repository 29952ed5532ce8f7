// SPDX-License-Identifier: Apache-2.0
// What is told of diversions: read from Diversion (RFC 5806) and History-Info (RFC 7044), printed
// into a 302.
#include "call/call_int.h"

enum { COUNTER_MAX = 99 }; // one or two digits (RFC 5806 section 9)

bool call_has_visited(const struct call_history *history, struct span stored)
{
    for (size_t i = 0; i < history->visited_count; i++) {
        if (span_eq(history->visited[i], stored)) return true;
    }
    return false;
}

static void add_visited(struct call_history *history, struct span stored)
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
        add_visited(history, call_read_number(offer->group, &diverter, turn));
    }
    return sum;
}

// The cause of a History-Info entry: a parameter of its URI (RFC 4458), 0 where there is none.
static uint64_t cause_of(const struct sip_address *entry)
{
    struct span text;
    uint64_t cause = 0;
    if (sip_find_param(entry->uri.params, SPAN("cause"), &text)) span_to_u64(text, 699, &cause);
    return cause;
}

static void reverse(struct span *spans, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct span swapped = spans[i];
        spans[i] = spans[count - 1 - i];
        spans[count - 1 - i] = swapped;
    }
}

// History-Info has the oldest entry first, unlike Diversion.
static uint32_t read_history_info(const struct call_offer *offer, struct turn *turn,
                                  struct call_history *history)
{
    struct sip_values place = SIP_VALUES_START;
    struct span value, own = snapshot_text(offer->line, offer->line->extension);
    size_t known_count = history->visited_count;
    uint32_t count = 0;
    while (sip_next_value(offer->invite, SIP_HISTORY_INFO, &place, &value)) {
        struct sip_address entry;
        if (sip_parse_address(value, &entry) != SIP_OK) continue;
        uint64_t cause = cause_of(&entry);
        if (cause != 0 && cause != 380) count++;
        struct span number = call_read_number(offer->group, &entry, turn);
        if (!span_eq(number, own)) add_visited(history, number);
    }
    reverse(history->visited + known_count, history->visited_count - known_count);
    return count;
}

void call_read_history(const struct call_offer *offer, struct turn *turn,
                       struct call_history *history)
{
    history->visited_count = 0;
    uint32_t by_diversion = read_diversions(offer, turn, history);
    uint32_t by_history_info = read_history_info(offer, turn, history);
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

// One received value on one line, whatever way it was folded.
static void put_unfolded(struct buffer *out, struct span value)
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

void call_put_diversion(struct buffer *out, const struct call_offer *offer,
                        const struct fwd_verdict *verdict, uint32_t count_before)
{
    const struct line_group *group = offer->group;
    struct span extension = snapshot_text(offer->line, offer->line->extension);
    char bytes[NUMBER_SIZE];
    struct buffer public_number = buffer_over(bytes, sizeof bytes);
    phone_put_public(&public_number, &group->numbering, extension);
    bool is_internal = is_internal_target(offer, verdict->target);
    // Diversions that the PBX did not tell us of are counted with ours, so that they are not
    // forgotten.
    uint32_t told = received_count(offer->invite);
    uint32_t counter = count_before > told ? count_before - told + 1 : 1;
    buffer_put(out, SPAN("Diversion: <sip:"));
    sip_put_escaped_user(out, is_internal ? extension : buffer_span(&public_number));
    buffer_printf(out, "@%s>;reason=%s;counter=%u;privacy=%s\r\n", group->snapshot.settings.domain,
                  model_reason_text(verdict->reason), counter < COUNTER_MAX ? counter : COUNTER_MAX,
                  offer->line->is_number_withheld ? "full" : "off");
    struct sip_values place = SIP_VALUES_START;
    struct span value;
    while (sip_next_value(offer->invite, SIP_DIVERSION, &place, &value)) {
        buffer_put(out, SPAN("Diversion: "));
        put_unfolded(out, value);
        buffer_put(out, SPAN("\r\n"));
    }
}
