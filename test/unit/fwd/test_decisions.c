// SPDX-License-Identifier: Apache-2.0
// The decision by the table test/tables/decisions.txt.
#include "fwd/fwd.h"
#include "tables/table.h"

enum { RULES_MAX = 9 };

struct situation {
    struct fwd_facts facts;
    struct fwd_rule rules[RULES_MAX];
};

// Reads "103", "102!self".
static struct fwd_target read_target(const struct table *table, struct span text)
{
    struct span state = text;
    struct fwd_target target = {.stored = span_split(&state, '!'), .state = FWD_TARGET_USABLE};
    if (span_eq(state, SPAN("self"))) {
        target.state = FWD_TARGET_SELF;
    } else if (span_eq(state, SPAN("visited"))) {
        target.state = FWD_TARGET_VISITED;
    } else if (span_eq(state, SPAN("missing"))) {
        target.state = FWD_TARGET_MISSING;
    } else if (span_eq(state, SPAN("emergency"))) {
        target.state = FWD_TARGET_EMERGENCY;
    } else if (span_eq(state, SPAN("barred"))) {
        target.state = FWD_TARGET_BARRED;
    } else if (state.len > 0) {
        table_unreadable(table, text);
    }
    return target;
}

static void read_diverted(const struct table *table, struct span text, struct fwd_facts *facts)
{
    uint64_t count, most = facts->max_diversions;
    struct span limit = text;
    bool is_read = span_to_u64(span_split(&limit, '/'), 100, &count) &&
                   (limit.len == 0 || span_to_u64(limit, 100, &most));
    if (!is_read) table_unreadable(table, text);
    facts->diversion_count = (uint32_t)count;
    facts->max_diversions = (uint32_t)most;
}

static void read_fact(const struct table *table, struct span word, struct fwd_facts *facts)
{
    unsigned decline;
    struct span value = word, name = span_split(&value, '=');
    if (span_eq(word, SPAN("logged_in"))) {
        facts->is_logged_in = true;
    } else if (span_eq(word, SPAN("clients"))) {
        facts->has_clients = true;
    } else if (span_eq(word, SPAN("dnd"))) {
        facts->is_dnd = true;
    } else if (span_eq(word, SPAN("no_user"))) {
        facts->has_user = false;
    } else if (span_eq(word, SPAN("disabled"))) {
        facts->is_line_enabled = false;
    } else if (span_eq(word, SPAN("psap"))) {
        facts->is_psap_callback = true;
    } else if (span_eq(name, SPAN("mailbox"))) {
        facts->mailbox = read_target(table, value);
    } else if (span_eq(name, SPAN("diverted"))) {
        read_diverted(table, value, facts);
    } else if (span_eq(name, SPAN("decline")) &&
               model_find_name(&model_declines, value, &decline)) {
        facts->decline_unavailable = (enum model_decline)decline;
    } else {
        table_unreadable(table, word);
    }
}

// Reads "immediate/all=103".
static struct fwd_rule read_rule(const struct table *table, struct span word)
{
    unsigned condition, origin;
    struct span target = word, slot = span_split(&target, '=');
    struct span origin_name = slot, condition_name = span_split(&origin_name, '/');
    bool is_read = model_find_name(&model_conditions, condition_name, &condition) &&
                   model_find_name(&model_origins, origin_name, &origin) && target.len > 0;
    if (!is_read) table_unreadable(table, word);
    return (struct fwd_rule){(enum model_condition)condition, (enum model_origin)origin,
                             read_target(table, target)};
}

static struct span next_word(struct span *words)
{
    *words = span_trim(*words);
    return span_split(words, ' ');
}

static void read_situation(const struct table *table, struct situation *situation)
{
    struct fwd_facts *facts = &situation->facts;
    struct span words = table->cells[1], rules = table->cells[2];
    *facts = (struct fwd_facts){
        .is_line_enabled = true,
        .is_internal = span_eq(table->cells[0], SPAN("internal")),
        .has_user = true,
        .rules = situation->rules,
        .mailbox = {.state = FWD_TARGET_MISSING},
        .decline_unavailable = DECLINE_486,
        .max_diversions = 5,
    };
    if (!facts->is_internal && !span_eq(table->cells[0], SPAN("external"))) {
        table_unreadable(table, table->cells[0]);
    }
    while (words.len > 0) read_fact(table, next_word(&words), facts);
    while (rules.len > 0) {
        if (facts->rule_count == RULES_MAX) table_unreadable(table, rules);
        situation->rules[facts->rule_count++] = read_rule(table, next_word(&rules));
    }
}

// "redirect 103 unconditional", "hold 180 480"
static void put_verdict(struct buffer *out, const struct fwd_verdict *verdict)
{
    buffer_put_text(out, model_name(&model_verdict_kinds, verdict->kind));
    if (verdict->kind == VERDICT_REDIRECT) {
        buffer_printf(out, " %.*s %s", SPAN_ARG(verdict->target),
                      model_reason_text(verdict->reason));
        return;
    }
    if (verdict->kind != VERDICT_DECLINE) buffer_printf(out, " %u", verdict->seconds);
    buffer_printf(out, " %u", verdict->status);
}

// "immediate slot/all applies"
static void put_entry(struct buffer *out, const struct fwd_trace_entry *entry)
{
    buffer_printf(out, "%s %s", fwd_step_name(entry->step), fwd_subject_name(entry->subject));
    if (entry->subject == FWD_SUBJECT_SLOT) {
        buffer_printf(out, "/%s", model_name(&model_origins, entry->origin));
    }
    buffer_printf(out, " %s", fwd_finding_name(entry->finding));
}

static void put_trace(struct buffer *out, const struct fwd_trace *trace)
{
    for (uint32_t i = 0; i < trace->count; i++) {
        if (i > 0) buffer_put_text(out, ", ");
        put_entry(out, &trace->entries[i]);
    }
}

// Whether the entries wanted are in the trace, in this order, the last one as its last.
static bool holds(const struct fwd_trace *trace, struct span wanted)
{
    struct span entry = span_trim(span_split(&wanted, ','));
    for (uint32_t i = 0; i < trace->count; i++) {
        char bytes[128];
        struct buffer printed = buffer_over(bytes, sizeof bytes);
        put_entry(&printed, &trace->entries[i]);
        if (!span_eq(buffer_span(&printed), entry)) continue;
        if (wanted.len == 0) return i == trace->count - 1;
        entry = span_trim(span_split(&wanted, ','));
    }
    return false;
}

static void test_table(void **state)
{
    (void)state;
    struct table table = table_open("test/tables/decisions.txt");
    while (table_next(&table)) {
        char verdict_bytes[256], trace_bytes[2048];
        struct buffer printed = buffer_over(verdict_bytes, sizeof verdict_bytes);
        struct buffer trace = buffer_over(trace_bytes, sizeof trace_bytes);
        struct situation situation;
        struct fwd_verdict verdict;
        table_expect_cells(&table, 5);
        read_situation(&table, &situation);
        fwd_decide(&situation.facts, &verdict);
        put_verdict(&printed, &verdict);
        put_trace(&trace, &verdict.trace);
        table_expect(&table, "verdict", table.cells[3], buffer_span(&printed));
        if (!holds(&verdict.trace, table.cells[4])) {
            table_fail(&table, "trace", table.cells[4], buffer_span(&trace));
        }
    }
    table_close(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
