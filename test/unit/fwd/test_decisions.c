// SPDX-License-Identifier: Apache-2.0
// The decision by the table test/tables/decisions.txt.
#include "fwd/fwd.h"
#include "tables/table.h"

enum { RULES_MAX = 12 };

struct situation {
    struct fwd_facts facts;
    struct fwd_rule rules[RULES_MAX];
};

// A word that is one of `names`: its position.
static bool find_word(const char *const *names, size_t count, struct span word, unsigned *value)
{
    for (unsigned i = 0; i < count; i++) {
        if (!names[i] || !span_eq(span_of(names[i]), word)) continue;
        *value = i;
        return true;
    }
    return false;
}

#define FIND_WORD(names, word, value)                                                              \
    find_word((names), sizeof(names) / sizeof(names)[0], (word), (value))

static uint32_t read_number(const struct table *table, struct span text)
{
    uint64_t value = 0;
    if (!span_to_u64(text, 100000, &value)) table_unreadable(table, text);
    return (uint32_t)value;
}

// ---- Rules

// Reads "103", "102!self".
static struct fwd_target read_target(const struct table *table, struct span text)
{
    static const char *const states[] = {
        [FWD_TARGET_MISSING] = "missing", [FWD_TARGET_SELF] = "self",
        [FWD_TARGET_VISITED] = "visited", [FWD_TARGET_EMERGENCY] = "emergency",
        [FWD_TARGET_BARRED] = "barred",   [FWD_TARGET_TRIED] = "tried",
    };
    unsigned value = FWD_TARGET_USABLE;
    struct span state = text, stored = span_split(&state, '!');
    if (state.len > 0 && !FIND_WORD(states, state, &value)) table_unreadable(table, text);
    return (struct fwd_target){.stored = stored, .state = (enum fwd_target_state)value};
}

// Reads "exact", "prefix4", "schedule", "delay30" ..., or the name of a finding.
static void read_filter(const struct table *table, struct span word, struct fwd_rule *rule)
{
    unsigned finding = 0;
    while (finding < FWD_FINDING_COUNT &&
           !span_eq(span_of(fwd_finding_name((uint8_t)finding)), word)) {
        finding++;
    }
    if (finding < FWD_FINDING_COUNT) {
        rule->finding = (uint8_t)finding;
    } else if (span_eq(word, SPAN("exact"))) {
        rule->caller_kind = CALLER_NUMBER;
    } else if (span_eq(word, SPAN("anonymous"))) {
        rule->caller_kind = CALLER_ANONYMOUS;
    } else if (span_starts_with(word, SPAN("prefix"))) {
        rule->caller_kind = CALLER_PREFIX;
        rule->prefix_len = (uint8_t)read_number(table, span_from(word, SPAN("prefix").len));
    } else if (span_eq(word, SPAN("schedule"))) {
        rule->has_schedule = true;
    } else if (span_eq(word, SPAN("presence"))) {
        rule->has_presence = true;
    } else if (span_starts_with(word, SPAN("delay"))) {
        rule->delay_s = (uint8_t)read_number(table, span_from(word, SPAN("delay").len));
    } else {
        table_unreadable(table, word);
    }
}

// Reads "mandatory3", "exception1", "default2".
static void read_level(const struct table *table, struct span word, struct fwd_rule *rule)
{
    static const char *const levels[] = {
        [LEVEL_MANDATORY] = "mandatory",
        [LEVEL_EXCEPTION] = "exception",
        [LEVEL_DEFAULT] = "default",
    };
    unsigned level = LEVEL_SLOT;
    struct span name = span_slice(word, 0, word.len - 1);
    if (word.len < 2 || !FIND_WORD(levels, name, &level)) table_unreadable(table, word);
    rule->level = (uint8_t)level;
    rule->number = (uint16_t)read_number(table, span_from(word, word.len - 1));
    rule->place = rule->number;
    rule->rule_id = rule->number;
}

// Reads "immediate/all=103", "exception1:busy/all[exact,schedule]=ring".
static struct fwd_rule read_rule(const struct table *table, struct span word)
{
    unsigned condition, origin;
    struct fwd_rule rule = {.level = LEVEL_SLOT, .delay_s = 15};
    struct span target = word, head = span_split(&target, '=');
    if (span_find(head, ':') < head.len) read_level(table, span_split(&head, ':'), &rule);
    struct span filters = head, slot = span_split(&filters, '[');
    struct span origin_name = slot, condition_name = span_split(&origin_name, '/');
    bool is_read = model_find_name(&model_conditions, condition_name, &condition) &&
                   model_find_name(&model_origins, origin_name, &origin) && target.len > 0;
    if (!is_read) table_unreadable(table, word);
    filters = span_slice(filters, 0, span_find(filters, ']'));
    while (filters.len > 0) read_filter(table, span_split(&filters, ','), &rule);
    rule.condition = (uint8_t)condition;
    rule.origin = (uint8_t)origin;
    rule.is_ring = span_eq(target, SPAN("ring"));
    if (!rule.is_ring) rule.target = read_target(table, target);
    return rule;
}

// What was chosen before, and is to be carried out now: a rule, or "mailbox=700".
static struct fwd_choice read_chosen(const struct table *table, struct span word)
{
    static const uint8_t subjects[] = {
        [LEVEL_MANDATORY] = FWD_SUBJECT_MANDATORY,
        [LEVEL_EXCEPTION] = FWD_SUBJECT_EXCEPTION,
        [LEVEL_SLOT] = FWD_SUBJECT_SLOT,
        [LEVEL_DEFAULT] = FWD_SUBJECT_DEFAULT,
    };
    if (span_starts_with(word, SPAN("mailbox="))) {
        return (struct fwd_choice){
            .step = FWD_STEP_LOGGED_OFF,
            .subject = FWD_SUBJECT_MAILBOX,
            .condition = CONDITION_LOGGED_OFF,
            .reason = REASON_UNAVAILABLE_LOGGED_OFF,
            .target = read_target(table, span_from(word, SPAN("mailbox=").len))};
    }
    struct fwd_rule rule = read_rule(table, word);
    bool is_logged_off = rule.condition == CONDITION_LOGGED_OFF;
    return (struct fwd_choice){
        .step = is_logged_off ? FWD_STEP_LOGGED_OFF : FWD_STEP_RING,
        .subject = subjects[rule.level],
        .condition = rule.condition,
        .origin = rule.origin,
        .reason = rule.condition, // in the same order
        .number = rule.number,
        .rule_id = rule.rule_id,
        .target = rule.target,
    };
}

// ---- Facts

static void read_diverted(const struct table *table, struct span text, struct fwd_facts *facts)
{
    struct span limit = text;
    facts->diversion_count = read_number(table, span_split(&limit, '/'));
    if (limit.len > 0) facts->max_diversions = read_number(table, limit);
}

// Facts that hold or do not.
static bool read_flag(struct span word, struct fwd_facts *facts)
{
    const struct {
        const char *name;
        bool *flag;
        bool value;
    } flags[] = {
        {"logged_in", &facts->is_logged_in, true},
        {"clients", &facts->has_clients, true},
        {"dnd", &facts->is_dnd, true},
        {"no_user", &facts->has_user, false},
        {"disabled", &facts->is_line_enabled, false},
        {"psap", &facts->is_psap_callback, true},
        {"group_call", &facts->is_group_call, true},
        {"other_contacts", &facts->has_other_contacts, true},
        {"alerted", &facts->has_alerted, true},
        {"client_busy", &facts->is_client_busy, true},
        {"too_many", &facts->has_too_many_forwarded, true},
        {"too_often", &facts->has_too_often_forwarded, true},
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (!span_eq(word, span_of(flags[i].name))) continue;
        *flags[i].flag = flags[i].value;
        return true;
    }
    return false;
}

static bool read_count(const struct table *table, struct span name, struct span value,
                       struct fwd_facts *facts)
{
    const struct {
        const char *name;
        uint32_t *count;
    } counts[] = {
        {"up", &facts->up_count},          {"ringing", &facts->ringing_count},
        {"max_calls", &facts->max_calls},  {"grace", &facts->grace_s},
        {"client", &facts->client_status}, {"elsewhere", &facts->elsewhere_count},
        {"desk", &facts->desk_count},
    };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        if (!span_eq(name, span_of(counts[i].name))) continue;
        *counts[i].count = read_number(table, value);
        return true;
    }
    return false;
}

// Facts that are one of several words.
static bool read_choice(struct span name, struct span value, struct fwd_facts *facts)
{
    static const char *const events[] = {
        [FWD_CLIENTS_BUSY] = "busy",
        [FWD_CLIENT_REJECTED] = "rejected",
        [FWD_CLIENTS_UNREACHED] = "unreached",
        [FWD_TARGET_BUSY] = "target_busy",
        [FWD_TARGET_FAILED] = "target_failed",
        [FWD_TARGET_UNANSWERED] = "target_unanswered",
        [FWD_NO_HOPS] = "no_hops",
    };
    static const char *const second_calls[] = {
        [SECOND_CALL_AUTO] = "auto", [SECOND_CALL_RING] = "ring", [SECOND_CALL_BUSY] = "busy"};
    static const char *const rejected[] = {[REJECTED_486] = "486",
                                           [REJECTED_480] = "480",
                                           [REJECTED_603] = "603",
                                           [REJECTED_AS_CLIENT] = "as_client",
                                           [REJECTED_RINGING] = "ringing"};
    unsigned found;
    if (span_eq(name, SPAN("since")) && FIND_WORD(events, value, &found)) {
        facts->event = (enum fwd_event)found;
    } else if (span_eq(name, SPAN("second")) && FIND_WORD(second_calls, value, &found)) {
        facts->second_call = (enum model_second_call)found;
    } else if (span_eq(name, SPAN("rejected")) && FIND_WORD(rejected, value, &found)) {
        facts->decline_rejected = (enum model_rejected)found;
    } else if (span_eq(name, SPAN("decline")) && model_find_name(&model_declines, value, &found)) {
        facts->decline_unavailable = (enum model_decline)found;
    } else {
        return false;
    }
    return true;
}

static void read_fact(const struct table *table, struct span word, struct fwd_facts *facts)
{
    struct span value = word, name = span_split(&value, '=');
    if (read_flag(word, facts) || read_choice(name, value, facts)) return;
    if (span_eq(name, SPAN("mailbox"))) {
        facts->mailbox = read_target(table, value);
    } else if (span_eq(name, SPAN("deflected"))) {
        facts->event = FWD_DEFLECTED;
        facts->deflection = read_target(table, value);
    } else if (span_eq(name, SPAN("waited"))) {
        facts->event = FWD_WAITED;
        facts->chosen = read_chosen(table, value);
    } else if (span_eq(name, SPAN("diverted"))) {
        read_diverted(table, value, facts);
    } else if (!read_count(table, name, value, facts)) {
        table_unreadable(table, word);
    }
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
        .max_calls = 2,
        .max_diversions = 5,
        .grace_s = 15,
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

static void put_reason(struct buffer *out, unsigned reason)
{
    buffer_printf(out, " %s/%u", model_reason_text((enum model_reason)reason),
                  model_reason_cause((enum model_reason)reason));
}

// "redirect 103 unconditional/302", "hold 180 480", "ring 15 480, 103 no-answer/408"
static void put_verdict(struct buffer *out, const struct fwd_verdict *verdict)
{
    buffer_put_text(out, model_name(&model_verdict_kinds, verdict->kind));
    if (verdict->kind == VERDICT_REDIRECT) {
        buffer_printf(out, " %.*s", SPAN_ARG(verdict->target));
        put_reason(out, verdict->reason);
        return;
    }
    if (verdict->kind != VERDICT_DECLINE) buffer_printf(out, " %u", verdict->seconds);
    buffer_printf(out, " %u", verdict->status);
    if (!verdict->has_next) return;
    buffer_printf(out, ", %.*s", SPAN_ARG(verdict->next.target.stored));
    put_reason(out, verdict->next.reason);
}

// "immediate slot/all applies", "busy exception/1 applies", "immediate more/3 applies"
static void put_entry(struct buffer *out, const struct fwd_trace_entry *entry)
{
    buffer_printf(out, "%s %s", fwd_step_name(entry->step), fwd_subject_name(entry->subject));
    if (entry->subject == FWD_SUBJECT_SLOT) {
        buffer_printf(out, "/%s", model_name(&model_origins, entry->origin));
    } else if (entry->number > 0) {
        buffer_printf(out, "/%u", entry->number);
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
