// SPDX-License-Identifier: Apache-2.0
// Few changes are told one by one, many added up.
#include "app/line_log.h"
#include "unit/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SECOND_US = 1000000 };

static int ends[2], kept;

static void begin_listening(void)
{
    kept = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    dup2(ends[1], STDERR_FILENO);
}

static void end_listening(void)
{
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(ends[0]);
    close(ends[1]);
}

// What was logged since the last time, without the times; lives until the next call.
static const char *logged(void)
{
    static char told[8192];
    char text[8192];
    size_t used = 0;
    ssize_t len = read(ends[0], text, sizeof text - 1);
    text[len > 0 ? len : 0] = '\0';
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        const char *from = strstr(line, "level");
        assert_non_null(from);
        used += (size_t)snprintf(told + used, sizeof told - used, "%s\n", from);
    }
    told[used] = '\0';
    return told;
}

static void note(struct line_log *log, enum model_registration_state state, uint32_t line_id,
                 uint64_t now_us)
{
    struct model_registration now = {.line_id = line_id, .state = (uint8_t)state};
    if (state == REGISTRATION_REFUSED) {
        now.status = 403;
        snprintf(now.reason, sizeof now.reason, "Closed");
    }
    line_log_note(log, &(struct line_change){7, "head", &now}, now_us);
}

static void test_few(void **state)
{
    (void)state;
    struct line_log *log = line_log_new(2);
    begin_listening();
    note(log, REGISTRATION_REGISTERED, 1, 1);
    note(log, REGISTRATION_REFUSED, 2, 2);
    char text[400];
    snprintf(text, sizeof text, "%s", logged());
    line_log_tick(log, 100 * SECOND_US);
    const char *later = logged();
    end_listening();
    assert_string_equal(
        text, "level=info msg=\"line registration changed\" group=head line_id=1 state=registered\n"
              "level=warn msg=\"line registration changed\" group=head line_id=2 state=refused "
              "status=403 reason=Closed\n");
    assert_string_equal(later, "");
    assert_true(line_log_deadline_us(log) == UINT64_MAX);
    line_log_free(log);
}

static size_t lines_of(const char *text)
{
    size_t count = 0;
    for (; *text; text++) count += *text == '\n';
    return count;
}

// A thousand lines register within 25 s, at an even pace.
static void test_many(void **state)
{
    (void)state;
    struct line_log *log = line_log_new(2);
    size_t count = 0;
    char last[8192] = "";
    begin_listening();
    for (uint32_t i = 0; i < 1000; i++) {
        note(log, i == 900 ? REGISTRATION_REFUSED : REGISTRATION_REGISTERED, i + 1,
             (uint64_t)i * 25000);
    }
    count = lines_of(logged());
    line_log_tick(log, line_log_deadline_us(log));
    snprintf(last, sizeof last, "%s", logged());
    end_listening();
    // Five by themselves, two windows; the refusal is trouble after good news, told at once.
    assert_int_equal(count, LINE_LOG_SINGLE_MAX + 3);
    assert_string_equal(last, "level=info msg=\"registrations of many lines changed\" group=head "
                              "registered=199\n");
    line_log_free(log);
}

// When the crowd is over, the next change is told by itself again.
static void test_quiet_again(void **state)
{
    (void)state;
    struct line_log *log = line_log_new(1);
    begin_listening();
    for (uint32_t i = 0; i < 10; i++) note(log, REGISTRATION_REGISTERED, i + 1, i);
    line_log_tick(log, 10 * SECOND_US);
    line_log_tick(log, 20 * SECOND_US);
    (void)logged();
    note(log, REGISTRATION_REGISTERED, 3, 21 * SECOND_US);
    char text[200];
    snprintf(text, sizeof text, "%s", logged());
    end_listening();
    assert_string_equal(text, "level=info msg=\"line registration changed\" group=head line_id=3 "
                              "state=registered\n");
    line_log_free(log);
}

// Without room for a group its changes are told one by one.
static void test_no_room(void **state)
{
    (void)state;
    struct model_registration now = {.line_id = 1, .state = REGISTRATION_REGISTERED};
    struct line_log *log = line_log_new(1);
    begin_listening();
    note(log, REGISTRATION_REGISTERED, 1, 0);
    for (int i = 0; i < 8; i++) line_log_note(log, &(struct line_change){8, "other", &now}, 0);
    size_t count = lines_of(logged());
    end_listening();
    assert_int_equal(count, 9);
    line_log_free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_quiet_again),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
