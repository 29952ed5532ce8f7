// SPDX-License-Identifier: Apache-2.0
// The log's lines, in both formats, with what strangers may have written.
#include "app/log.h"
#include "unit/check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

// What comes out on stderr when one value is logged; lives until the next call. The time, which
// stands in front, is left out.
static const char *logged(enum log_format format, struct span value)
{
    static char text[2048];
    int ends[2], kept = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    log_set_format(format);
    log_event(LOG_WARN, "tried", "name", value);
    dup2(kept, STDERR_FILENO);
    close(ends[1]);
    ssize_t len = read(ends[0], text, sizeof text - 1);
    assert_true(len > 0);
    text[len] = '\0';
    close(ends[0]);
    close(kept);
    const char *from = strstr(text, "level");
    assert_non_null(from);
    return from;
}

static void check(struct span value, const char *logfmt, const char *json)
{
    char wanted[2048];
    snprintf(wanted, sizeof wanted, "level=warn msg=tried name=%s\n", logfmt);
    assert_string_equal(logged(LOG_LOGFMT, value), wanted);
    snprintf(wanted, sizeof wanted, "level\":\"warn\",\"msg\":\"tried\",\"name\":%s}\n", json);
    assert_string_equal(logged(LOG_JSON, value), wanted);
}

static void test_values(void **state)
{
    (void)state;
    check(SPAN("plain"), "plain", "\"plain\"");
    check(SPAN(""), "\"\"", "\"\"");
    check(SPAN("two words"), "\"two words\"", "\"two words\"");
    check(SPAN("a=\"b\\"), "\"a=\\\"b\\\\\"", "\"a=\\\"b\\\\\"");
    check(SPAN("M\xc3\xbcller"), "\"M\xc3\xbcller\"", "\"M\xc3\xbcller\"");
}

// No line of a stranger's own, no colours, no bytes that a reader of JSON would refuse.
static void test_what_strangers_try(void **state)
{
    (void)state;
    check(SPAN("a\nlevel=error"), "\"a\\x0alevel=error\"", "\"a\\u000alevel=error\"");
    check(SPAN("\x1b[31m"), "\"\\x1b[31m\"", "\"\\u001b[31m\"");
    check(SPAN("\xc2\x9b"
               "31m"),
          "\"\\xc2\\x9b31m\"", "\"\\u00c2\\u009b31m\"");
    check(SPAN("\xff\xc3"), "\"\\xff\\xc3\"", "\"\\u00ff\\u00c3\"");
    check(SPAN("\0"), "\"\\x00\"", "\"\\u0000\"");
}

// A line that is full leaves values out as a whole, and still ends as it should.
static void test_full_line(void **state)
{
    (void)state;
    char long_text[400];
    memset(long_text, 0x01, sizeof long_text);
    struct span value = {long_text, sizeof long_text};
    const char *json = logged(LOG_JSON, value);
    assert_string_equal(json, "level\":\"warn\",\"msg\":\"tried\"}\n");
    memset(long_text, 'x', sizeof long_text);
    json = logged(LOG_JSON, value);
    assert_int_equal(strlen(json),
                     strlen("level\":\"warn\",\"msg\":\"tried\",\"name\":\"\"}\n") + 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_what_strangers_try),
        cmocka_unit_test(test_full_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
