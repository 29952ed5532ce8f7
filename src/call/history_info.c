// SPDX-License-Identifier: Apache-2.0
// History-Info (RFC 7044): read from an INVITE, and printed into a 302 with the group setting
// `diversion` history-info or both. Each entry is a place that the call was sent to, the oldest
// first; the last two that we print are this line and the target. What came as Diversion headers
// alone is told as entries (RFC 7544 section 5).
#include "call/call_int.h"

#include <string.h>

enum { HISTORY_ENTRIES_MAX = FWD_VISITED_MAX, CAUSE_MAX = 699, CAUSE_SERVICE = 380 };

// The cause of an entry: a parameter of its URI (RFC 4458), 0 where there is none.
static unsigned cause_of(const struct sip_address *entry)
{
    struct span text;
    uint64_t cause = 0;
    if (sip_find_param(entry->uri.params, SPAN("cause"), &text)) {
        span_to_u64(text, CAUSE_MAX, &cause);
    }
    return (unsigned)cause;
}

// Whether an entry stands for a diversion: service numbers are none.
static bool is_diversion(const struct sip_address *entry)
{
    unsigned cause = cause_of(entry);
    return cause != 0 && cause != CAUSE_SERVICE;
}

static bool is_placeholder(const struct sip_address *entry)
{
    return span_eq_nocase(entry->uri.host, SPAN("unknown.invalid"));
}

uint32_t call_read_history_info(const struct call_offer *offer, struct turn *turn,
                                struct call_history *history)
{
    struct sip_values place = SIP_VALUES_START;
    struct span value, own = snapshot_text(offer->line, offer->line->extension);
    struct span numbers[HISTORY_ENTRIES_MAX];
    size_t number_count = 0;
    uint32_t count = 0;
    while (sip_next_value(offer->invite, SIP_HISTORY_INFO, &place, &value)) {
        struct sip_address entry;
        if (sip_parse_address(value, &entry) != SIP_OK) continue;
        if (is_diversion(&entry)) count++;
        if (is_placeholder(&entry) || number_count == HISTORY_ENTRIES_MAX) continue;
        struct span number = call_read_number(offer->group, &entry, turn);
        if (!span_eq(number, own)) numbers[number_count++] = number;
    }
    while (number_count > 0) call_add_visited(history, numbers[--number_count]);
    return count;
}

// ---- Printing

enum { INDEX_SIZE = 128 };

// Entries under way.
struct trail {
    struct buffer *out;
    struct span domain;
    char index[INDEX_SIZE]; // of the last entry; empty before the first
    unsigned next_cause;    // why the call left it; 0: it was just routed on
    uint32_t told;          // diversions among the entries
};

// Goes one place on: "1", "1.1", "1.1.1"; a chain that is too long makes the header too long.
static void go_on(struct trail *trail)
{
    struct span before = span_of(trail->index);
    struct buffer next = buffer_over(trail->index, INDEX_SIZE - 1);
    next.len = before.len;
    buffer_put_text(&next, before.len > 0 ? ".1" : "1");
    if (next.is_full) trail->out->is_full = true;
    trail->index[next.is_full ? before.len : next.len] = '\0';
}

// Begins an entry that follows the last one: "History-Info: <sip:USER@HOST;cause=302".
static void begin_entry(struct trail *trail, struct span user, struct span host)
{
    buffer_put_text(trail->out, "History-Info: <sip:");
    buffer_put(trail->out, user);
    buffer_put_byte(trail->out, '@');
    buffer_put(trail->out, host);
    if (trail->next_cause == 0) return;
    buffer_put_text(trail->out, ";cause=");
    buffer_put_u64(trail->out, trail->next_cause);
}

// Ends it: ">;index=1.1;mp=1". `from` is the index of the entry that it was diverted from.
static void end_entry(struct trail *trail, const char *from)
{
    go_on(trail);
    buffer_put_text(trail->out, ">;index=");
    buffer_put_text(trail->out, trail->index);
    if (trail->next_cause != 0) {
        buffer_put_text(trail->out, ";mp=");
        buffer_put_text(trail->out, from);
        trail->told++;
    }
    buffer_put_text(trail->out, "\r\n");
}

static void put_entry(struct trail *trail, struct span user, struct span host)
{
    char from[INDEX_SIZE];
    memcpy(from, trail->index, sizeof from);
    begin_entry(trail, user, host);
    end_entry(trail, from);
}

static bool is_index(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_digit(text.at[i]) && text.at[i] != '.') return false;
    }
    return text.len > 0;
}

// Copies the received entries. Returns whether the last one is this line.
static bool put_received(struct trail *trail, const struct call_offer *offer, struct turn *turn)
{
    struct sip_values place = SIP_VALUES_START;
    struct span value, index, own = snapshot_text(offer->line, offer->line->extension);
    bool is_own = false;
    while (sip_next_value(offer->invite, SIP_HISTORY_INFO, &place, &value)) {
        struct sip_address entry;
        if (sip_parse_address(value, &entry) != SIP_OK) continue;
        buffer_put_text(trail->out, "History-Info: ");
        call_put_unfolded(trail->out, value);
        buffer_put_text(trail->out, "\r\n");
        if (is_diversion(&entry)) trail->told++;
        bool is_given = sip_find_param(entry.params, SPAN("index"), &index) && is_index(index) &&
                        text_copy(trail->index, sizeof trail->index, index);
        if (!is_given) go_on(trail);
        is_own = span_eq(call_read_number(offer->group, &entry, turn), own);
    }
    return is_own;
}

// RFC 7544 section 5.2.
static unsigned cause_of_diversion(const struct sip_address *diverter)
{
    static const struct {
        const char *reason;
        unsigned cause;
    } causes[] = {
        {"unconditional", 302}, {"user-busy", 486},   {"no-answer", 408},
        {"deflection", 480},    {"unavailable", 503},
    };
    struct span reason;
    if (!sip_find_param(diverter->params, SPAN("reason"), &reason)) return 404;
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        if (span_eq_nocase(reason, span_of(causes[i].reason))) return causes[i].cause;
    }
    return 404;
}

// Tells the received Diversions, of which the oldest is the last, as entries.
static void put_diversions(struct trail *trail, const struct call_offer *offer)
{
    struct sip_values place = SIP_VALUES_START;
    struct span value;
    struct sip_address diverters[HISTORY_ENTRIES_MAX];
    size_t count = 0;
    while (count < HISTORY_ENTRIES_MAX &&
           sip_next_value(offer->invite, SIP_DIVERSION, &place, &value)) {
        if (sip_parse_address(value, &diverters[count]) == SIP_OK) count++;
    }
    while (count > 0) {
        const struct sip_address *diverter = &diverters[--count];
        put_entry(trail, diverter->uri.user, diverter->uri.host);
        trail->next_cause = cause_of_diversion(diverter);
    }
}

// Stands for diversions that we know of, but not by whom. RFC 7544 section 5.2.
static void put_unknown(struct trail *trail, uint32_t count_before)
{
    if (trail->told + (trail->next_cause != 0) >= count_before) return;
    if (!*trail->index) put_entry(trail, SPAN("unknown"), SPAN("unknown.invalid"));
    if (trail->next_cause == 0) trail->next_cause = 404;
    // This line's own entry will tell one more.
    while (trail->told + 1 < count_before && !trail->out->is_full) {
        put_entry(trail, SPAN("unknown"), SPAN("unknown.invalid"));
        trail->next_cause = 404;
    }
}

static void put_own(struct trail *trail, const struct call_offer *offer, struct span number)
{
    char from[INDEX_SIZE], bytes[NUMBER_SIZE * 3];
    struct buffer user = buffer_over(bytes, sizeof bytes);
    memcpy(from, trail->index, sizeof from);
    sip_put_escaped_user(&user, number);
    begin_entry(trail, buffer_span(&user), trail->domain);
    if (offer->line->is_number_withheld) buffer_put_text(trail->out, "?Privacy=history");
    end_entry(trail, from);
}

void call_put_history_info(struct buffer *out, const struct call_forwarding *forwarding,
                           struct turn *turn, char mark[CALL_MARK_SIZE])
{
    const struct call_offer *offer = forwarding->offer;
    char bytes[TEXT_SIZE], number_bytes[NUMBER_SIZE];
    struct buffer target = buffer_over(bytes, sizeof bytes);
    struct buffer number = buffer_over(number_bytes, sizeof number_bytes);
    struct trail trail = {.out = out, .domain = span_of(offer->group->snapshot->settings.domain)};
    bool is_last_own = put_received(&trail, offer, turn);
    if (!*trail.index) put_diversions(&trail, offer);
    call_put_diverting_number(&number, forwarding);
    if (!is_last_own) {
        put_unknown(&trail, forwarding->count_before);
        put_own(&trail, offer, buffer_span(&number));
    }
    text_copy(mark, CALL_MARK_SIZE, span_of(trail.index));
    trail.next_cause = model_reason_cause(forwarding->verdict->reason);
    phone_put_target_dialled(&target, &offer->group->numbering, forwarding->verdict->target);
    put_entry(&trail, buffer_span(&target), trail.domain);
}
