// SPDX-License-Identifier: Apache-2.0
// Which codes there are, and what was dialled. The marks are those of telephone networks:
//
//   *21*103#   set      *21#   on      #21#   off      ##21#   erase      *#21#   query
//   *61*103*20#   with seconds; **21*103# and *61*103**20# are the same as with one *
//
// A # at the end may be missing: on some telephones it is the key that dials.
#include "code/code.h"

#include <stdio.h>
#include <string.h>

// ---- The table

static const char *read_item(struct span item, struct code_table *table, char reason[REASON_SIZE])
{
    struct span digits = item, name = span_trim(span_split(&digits, '='));
    unsigned condition;
    digits = span_trim(digits);
    if (!model_find_name(&model_conditions, name, &condition)) {
        return "must be conditions with their codes, as in immediate=21, busy=67";
    }
    bool is_number = digits.len > 0 && digits.len <= CODE_DIGITS_MAX;
    for (size_t i = 0; i < digits.len; i++) is_number = is_number && ascii_is_digit(digits.at[i]);
    if (!is_number) {
        snprintf(reason, REASON_SIZE, "must have a code of 1 to %d digits for %s", CODE_DIGITS_MAX,
                 model_name(&model_conditions, condition));
        return reason;
    }
    for (unsigned other = 0; other < CONDITION_COUNT; other++) {
        bool is_taken = span_eq(span_of(table->digits[other]), digits);
        if (!is_taken && (other != condition || !table->digits[other][0])) continue;
        snprintf(reason, REASON_SIZE, "has %.*s twice",
                 SPAN_ARG(is_taken ? digits : span_of(model_name(&model_conditions, condition))));
        return reason;
    }
    text_copy(table->digits[condition], sizeof table->digits[condition], digits);
    return NULL;
}

const char *code_read_table(struct span text, struct code_table *table, char reason[REASON_SIZE])
{
    memset(table, 0, sizeof *table);
    text = span_trim(text);
    while (text.len > 0) {
        const char *refused = read_item(span_split(&text, ','), table, reason);
        if (refused) return refused;
        text = span_trim(text);
    }
    return NULL;
}

void code_put_table(struct buffer *out, const struct code_table *table)
{
    bool is_first = true;
    for (unsigned condition = 0; condition < CONDITION_COUNT; condition++) {
        if (!table->digits[condition][0]) continue;
        buffer_printf(out, "%s%s=%s", is_first ? "" : ", ",
                      model_name(&model_conditions, condition), table->digits[condition]);
        is_first = false;
    }
}

// ---- What was dialled

static bool take(struct span *rest, struct span mark)
{
    if (!span_starts_with(*rest, mark)) return false;
    *rest = span_from(*rest, mark.len);
    return true;
}

static enum code_action read_mark(struct span *rest)
{
    if (take(rest, SPAN("*#"))) return CODE_QUERY;
    if (take(rest, SPAN("##"))) return CODE_ERASE;
    if (take(rest, SPAN("#"))) return CODE_OFF;
    if (!take(rest, SPAN("**"))) (void)take(rest, SPAN("*"));
    return CODE_ON;
}

// The condition whose code the text begins with, up to the next mark or the end.
static bool read_condition(const struct code_table *table, struct span *rest,
                           enum model_condition *condition)
{
    size_t len = 0;
    while (len < rest->len && ascii_is_digit(rest->at[len])) len++;
    bool is_ended = len == rest->len || rest->at[len] == '*' || rest->at[len] == '#';
    for (unsigned i = 0; is_ended && len > 0 && i < CONDITION_COUNT; i++) {
        if (!span_eq(span_of(table->digits[i]), span_slice(*rest, 0, len))) continue;
        *condition = (enum model_condition)i;
        *rest = span_from(*rest, len);
        return true;
    }
    return false;
}

static bool is_number(struct span text)
{
    if (text.len > 1 && text.at[0] == '+') text = span_from(text, 1);
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_digit(text.at[i])) return false;
    }
    return text.len > 0;
}

static const char *read_delay(struct span text, struct code_order *order)
{
    uint64_t seconds;
    (void)take(&text, SPAN("*"));
    if (order->condition != CONDITION_NO_ANSWER) return "has seconds, which only no_answer has";
    if (!span_to_u64(text, DELAY_MAX_S, &seconds) || seconds < DELAY_MIN_S) {
        return "has seconds that are not 5 to 120";
    }
    order->delay_s = (uint32_t)seconds;
    return NULL;
}

// What stands behind the code: nothing, or a number, or a number and seconds.
static const char *read_rest(struct span rest, struct code_order *order)
{
    if (rest.len > 0 && rest.at[rest.len - 1] == '#') rest = span_slice(rest, 0, rest.len - 1);
    if (rest.len == 0) return NULL;
    if (order->action != CODE_ON || !take(&rest, SPAN("*"))) return "has more than it may have";
    struct span number = span_split(&rest, '*');
    if (!is_number(number) || !text_copy(order->number, sizeof order->number, number)) {
        return "has a number that is none";
    }
    order->action = CODE_SET;
    return rest.len > 0 ? read_delay(rest, order) : NULL;
}

bool code_read_dialled(const struct code_table *table, struct span dialled,
                       struct code_order *order)
{
    if (dialled.len == 0 || (dialled.at[0] != '*' && dialled.at[0] != '#')) return false;
    *order = (struct code_order){.action = read_mark(&dialled)};
    if (!read_condition(table, &dialled, &order->condition)) return false;
    order->fault = read_rest(dialled, order);
    return true;
}
