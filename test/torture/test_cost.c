// SPDX-License-Identifier: Apache-2.0
// What a message costs grows with its size and no faster, whatever it repeats: every place is
// filled half with one telling piece and half with another. Four times the bytes take about four
// times as long; a loop in a loop would take sixteen times. (Ratios, so that the machine does not
// matter.)
#include "torture/exercise.h"
#include "unit/sip/check.h"

#include <time.h>

enum {
    SMALL_SIZE = 8000,
    LARGE_SIZE = 32000,
    RATIO_MAX = 10,
    TRIES_MAX = 5,    // a disturbed measurement is repeated
    TIMER_NS = 10000, // what is shorter is not compared
};

#define LINE "INVITE sip:b@h SIP/2.0\r\n"

static const struct {
    const char *before, *after;
} places[] = {
    {"INVITE sip:", "@h SIP/2.0\r\n\r\n"},
    {"INVITE sip:h;", " SIP/2.0\r\n\r\n"},
    {"INVITE sip:[", "] SIP/2.0\r\n\r\n"},
    {LINE "X: ", "\r\n\r\n"},
    {LINE "Via: SIP/2.0/UDP h;", "\r\n\r\n"},
    {LINE "From: ", "<sip:a@h>\r\n\r\n"},
    {LINE "Contact: <sip:a@h>;", "\r\n\r\n"},
    {LINE "Content-Length: ", "\r\n\r\n"},
    {LINE "WWW-Authenticate: Digest ", "nonce=b\r\n\r\n"},
};

static const char *const pieces[] = {
    "a", "1:", " ", ";a", "a;", ",", "\"", "\\\"", "<", "<sip:a@h>,", "a=\"\",", "\r\n ", "\r\nX: ",
};

enum {
    PLACE_COUNT = sizeof places / sizeof places[0],
    PIECE_COUNT = sizeof pieces / sizeof pieces[0],
};

static void fill(struct buffer *out, const char *piece, size_t end)
{
    while (out->len < end) buffer_put_text(out, piece);
}

static struct span build(size_t place, size_t first, size_t second, size_t size)
{
    static char text[LARGE_SIZE + 256];
    struct buffer out = buffer_over(text, sizeof text);
    buffer_put_text(&out, places[place].before);
    fill(&out, pieces[first], size / 2);
    fill(&out, pieces[second], size);
    buffer_put_text(&out, places[place].after);
    assert_false(out.is_full);
    return buffer_span(&out);
}

// The CPU time of reading a message and doing all with it.
static int64_t measure_ns(struct span bytes)
{
    static struct parsed parsed;
    struct timespec from, to;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    parse(&parsed, bytes);
    exercise(&parsed.message);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    return (int64_t)(to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec;
}

static bool is_linear(size_t place, size_t first, size_t second)
{
    for (int i = 0; i < TRIES_MAX; i++) {
        int64_t small_ns = measure_ns(build(place, first, second, SMALL_SIZE));
        int64_t large_ns = measure_ns(build(place, first, second, LARGE_SIZE));
        if (large_ns < RATIO_MAX * (small_ns + TIMER_NS)) return true;
    }
    return false;
}

static void test_cost_is_linear(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLACE_COUNT * PIECE_COUNT * PIECE_COUNT; i++) {
        size_t place = i / PIECE_COUNT / PIECE_COUNT;
        size_t first = i / PIECE_COUNT % PIECE_COUNT, second = i % PIECE_COUNT;
        if (is_linear(place, first, second)) continue;
        fail_msg("not linear: %s%s...%s...", places[place].before, pieces[first], pieces[second]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cost_is_linear)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
