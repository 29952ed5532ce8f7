// SPDX-License-Identifier: Apache-2.0
// A call's legs as the journal keeps them: one line of text each, so that a call without legs costs
// nothing, and one that has some costs one column.
//
//   d 0 120 5300 9800 200 c Desk phone     kind, start, ringing, answer, end, status, who ended it
//   f 9800 - - 12000 486 d +491701234567
#include "model/journal.h"

#include <string.h>

static const char kind_letters[] = "dfmhot"; // by enum model_leg_kind; h: by hand
static const char end_letters[] = "cdsal";   // by enum model_leg_end; d: the called one

enum { LINE_MAX = 96 + JOURNAL_TEXT_MAX, WORDS_BEFORE_STATUS = 5 };

static void put_time(struct buffer *out, uint32_t time_ms)
{
    if (time_ms == LEG_NEVER) {
        buffer_put(out, SPAN(" -"));
    } else {
        buffer_printf(out, " %u", time_ms);
    }
}

static void put_name(struct buffer *out, struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        bool is_end = name.at[i] == '\n' || name.at[i] == '\0';
        buffer_put_byte(out, is_end ? '?' : name.at[i]);
    }
}

void model_leg_put(struct buffer *out, const struct model_leg *leg)
{
    char bytes[LINE_MAX];
    struct buffer line = buffer_over(bytes, sizeof bytes);
    buffer_put_byte(&line, kind_letters[leg->kind]);
    put_time(&line, leg->started_ms);
    put_time(&line, leg->rang_ms);
    put_time(&line, leg->answered_ms);
    put_time(&line, leg->ended_ms);
    buffer_printf(&line, " %03u %c ", leg->status, end_letters[leg->ended_by]);
    put_name(&line, span_slice(leg->name, 0, JOURNAL_TEXT_MAX));
    buffer_put_byte(&line, '\n');
    if (out->size - out->len >= line.len) buffer_put(out, buffer_span(&line));
}

void model_leg_set_status(char *line, size_t len, unsigned status)
{
    struct span rest = {line, len};
    for (int i = 0; i < WORDS_BEFORE_STATUS; i++) span_split(&rest, ' ');
    if (rest.len < 3) return;
    char *digits = line + (rest.at - line);
    for (int i = 2; i >= 0; i--, status /= 10) digits[i] = (char)('0' + status % 10);
}

static bool read_letter(struct span word, const char *letters, uint8_t *value)
{
    const char *found = word.len == 1 && word.at[0] ? strchr(letters, word.at[0]) : NULL;
    if (found) *value = (uint8_t)(found - letters);
    return found != NULL;
}

static bool read_time(struct span word, uint32_t *time_ms)
{
    uint64_t number = LEG_NEVER;
    bool is_read = span_eq(word, SPAN("-")) || span_to_u64(word, LEG_NEVER - 1, &number);
    *time_ms = (uint32_t)number;
    return is_read;
}

static bool read_leg(struct span line, struct model_leg *leg)
{
    uint64_t status = 0;
    bool is_read = read_letter(span_split(&line, ' '), kind_letters, &leg->kind) &&
                   read_time(span_split(&line, ' '), &leg->started_ms) &&
                   read_time(span_split(&line, ' '), &leg->rang_ms) &&
                   read_time(span_split(&line, ' '), &leg->answered_ms) &&
                   read_time(span_split(&line, ' '), &leg->ended_ms) &&
                   span_to_u64(span_split(&line, ' '), 999, &status) &&
                   read_letter(span_split(&line, ' '), end_letters, &leg->ended_by);
    leg->status = (uint16_t)status;
    leg->name = line;
    return is_read && leg->started_ms != LEG_NEVER && leg->ended_ms != LEG_NEVER;
}

bool model_leg_next(struct span *rest, struct model_leg *leg)
{
    while (rest->len > 0) {
        if (read_leg(span_split(rest, '\n'), leg)) return true;
    }
    return false;
}

static bool has_forwarding(struct span legs)
{
    struct model_leg leg;
    while (model_leg_next(&legs, &leg)) {
        if (leg.kind == LEG_FORWARDING || leg.kind == LEG_MAILBOX || leg.kind == LEG_DEFLECTION) {
            return true;
        }
    }
    return false;
}

enum model_executed model_journal_executed(const struct model_journal_entry *entry)
{
    bool is_forwarded = entry->verdict == VERDICT_REDIRECT && !entry->is_outgoing;
    if (is_forwarded && entry->status == 302) return EXECUTED_REDIRECT;
    return is_forwarded || has_forwarding(entry->legs) ? EXECUTED_BRIDGE : EXECUTED_NOT;
}
