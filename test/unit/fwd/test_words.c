// SPDX-License-Identifier: Apache-2.0
// Names and sentences, by the table test/tables/sentences.txt.
#include "fwd/fwd.h"
#include "tables/table.h"

enum { UNKNOWN = 200 }; // what "?" in the table stands for

static struct span next_word(struct span *words)
{
    *words = span_trim(*words);
    return span_split(words, ' ');
}

// The value that has this name.
static uint8_t value_of(const char *(*name)(uint8_t), struct span wanted)
{
    for (uint8_t value = 0; value < UNKNOWN; value++) {
        bool is_it = span_eq(span_of(name(value)), wanted) && !span_eq(wanted, SPAN("?"));
        if (is_it) return value;
    }
    return UNKNOWN;
}

static uint8_t model_value_of(const struct model_names *names, struct span wanted)
{
    unsigned value = UNKNOWN;
    if (!model_find_name(names, wanted, &value)) value = UNKNOWN;
    return (uint8_t)value;
}

static struct fwd_trace_entry read_entry(struct span words)
{
    struct span step = next_word(&words), subject = next_word(&words), slot = subject;
    struct span finding = next_word(&words);
    subject = span_split(&slot, '/');
    struct span condition = span_split(&slot, '/'), number = slot;
    struct span origin = span_split(&number, '/');
    uint64_t value = 0;
    span_to_u64(number, UINT16_MAX, &value);
    return (struct fwd_trace_entry){
        .step = value_of(fwd_step_name, step),
        .subject = value_of(fwd_subject_name, subject),
        .finding = value_of(fwd_finding_name, finding),
        .condition = condition.len > 0 ? model_value_of(&model_conditions, condition) : 0,
        .origin = origin.len > 0 ? model_value_of(&model_origins, origin) : 0,
        .number = (uint16_t)value,
    };
}

static unsigned next_number(const struct table *table, struct span *words)
{
    uint64_t value = 0;
    struct span word = next_word(words);
    if (!span_to_u64(word, 1000, &value)) table_unreadable(table, word);
    return (unsigned)value;
}

static void read_verdict(const struct table *table, struct span words, struct fwd_verdict *verdict)
{
    unsigned kind, condition = 0;
    struct span word = next_word(&words);
    if (!model_find_name(&model_verdict_kinds, word, &kind)) table_unreadable(table, word);
    *verdict = (struct fwd_verdict){.kind = (enum model_verdict_kind)kind};
    if (verdict->kind == VERDICT_REDIRECT) {
        verdict->target = next_word(&words);
        word = next_word(&words);
        if (!model_find_name(&model_conditions, word, &condition)) table_unreadable(table, word);
        verdict->reason = (enum model_reason)condition; // in the same order
        return;
    }
    if (verdict->kind != VERDICT_DECLINE) verdict->seconds = next_number(table, &words);
    verdict->status = next_number(table, &words);
    if (span_trim(words).len == 0) return;
    verdict->has_next = true;
    verdict->next.target.stored = next_word(&words);
    word = next_word(&words);
    if (!model_find_name(&model_conditions, word, &condition)) table_unreadable(table, word);
    verdict->next.reason = (uint8_t)condition;
}

static void check_sentence(struct table *table, enum fwd_language language, struct span expected)
{
    char bytes[512];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    if (span_starts_with(table->cells[0], SPAN("verdict "))) {
        struct fwd_verdict verdict;
        read_verdict(table, span_from(table->cells[0], SPAN("verdict ").len), &verdict);
        fwd_put_verdict(&out, &verdict, language);
    } else {
        struct fwd_trace_entry entry = read_entry(table->cells[0]);
        fwd_put_trace_entry(&out, &entry, language);
    }
    table_expect(table, language == FWD_GERMAN ? "German" : "English", expected, buffer_span(&out));
}

static void test_sentences(void **state)
{
    (void)state;
    struct table table = table_open("test/tables/sentences.txt");
    while (table_next(&table)) {
        table_expect_cells(&table, 3);
        check_sentence(&table, FWD_ENGLISH, table.cells[1]);
        check_sentence(&table, FWD_GERMAN, table.cells[2]);
    }
    table_close(&table);
}

// The first values that do not exist are as unknown as any later ones.
static void test_first_unknown_values(void **state)
{
    (void)state;
    static const struct fwd_trace_entry entries[] = {
        {FWD_STEP_DND, FWD_SUBJECT_SLOT, FWD_APPLIES, CONDITION_COUNT, ORIGIN_ALL, 0, 0},
        {FWD_STEP_DND, FWD_SUBJECT_SLOT, FWD_APPLIES, CONDITION_DND, ORIGIN_COUNT, 0, 0},
        {FWD_STEP_DND, FWD_SUBJECT_SLOT, FWD_FINDING_COUNT, CONDITION_DND, ORIGIN_ALL, 0, 0},
        {FWD_STEP_ENTRY, FWD_SUBJECT_LINE, FWD_FINDING_COUNT, 0, 0, 0, 0},
        {FWD_STEP_ENTRY, FWD_SUBJECT_MORE + 1, FWD_APPLIES, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        char bytes[256];
        struct buffer out = buffer_over(bytes, sizeof bytes);
        fwd_put_trace_entry(&out, &entries[i], FWD_ENGLISH);
        assert_span(buffer_span(&out), "something that this version does not know");
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(fwd_step_name(FWD_STEP_ENTRY), "entry");
    assert_string_equal(fwd_step_name(FWD_STEP_BUSY), "busy");
    assert_string_equal(fwd_step_name(FWD_STEP_RING), "ring");
    assert_string_equal(fwd_step_name(0), "?");
    assert_string_equal(fwd_step_name(255), "?");
    assert_string_equal(fwd_subject_name(FWD_SUBJECT_CLIENTS), "clients");
    assert_string_equal(fwd_subject_name(255), "?");
    assert_string_equal(fwd_finding_name(FWD_IS_BARRED), "is_barred");
    assert_string_equal(fwd_finding_name(255), "?");
}

// A trace goes into the journal as it is.
static void test_size_in_the_journal(void **state)
{
    (void)state;
    struct fwd_trace trace;
    assert_int_equal(sizeof trace.entries[0], 8);
    assert_int_equal(sizeof trace.entries, TRACE_BYTES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_first_unknown_values),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_size_in_the_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
