// SPDX-License-Identifier: Apache-2.0
// The messages of the corpus as they would come on a stream: each is told in one way, whether it
// comes whole or byte by byte, and it lies directly before a page that must not be read.
#include "torture/corpus.h"
#include "torture/exercise.h"

#include <sys/mman.h>
#include <unistd.h>

enum { ROOM_SIZE = 2 * (SIP_MESSAGE_MAX + 1), ENDS_MAX = 64 };

static char *room; // ROOM_SIZE bytes before a forbidden page

static int make_room(void **state)
{
    (void)state;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = (ROOM_SIZE + page - 1) / page * page;
    char *pages = mmap(NULL, size + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages, size, PROT_READ | PROT_WRITE) != 0) return -1;
    room = pages + size - ROOM_SIZE;
    return 0;
}

// What a stream told: where each message ended, and how the stream did.
struct told {
    size_t ends[ENDS_MAX];
    size_t message_count;
    enum sip_err fault; // SIP_OK: it waits for more
    size_t answerable_len;
};

// Feeds `bytes` in pieces of `piece_len`, each time at the very end of the room.
static struct told feed(struct span bytes, size_t piece_len)
{
    static struct parsed parsed;
    struct told told = {.message_count = 0};
    struct sip_stream stream = {0};
    struct sip_stream_part part;
    size_t from = 0;
    for (size_t to = 0; to < bytes.len;) {
        to = to + piece_len < bytes.len ? to + piece_len : bytes.len;
        for (;;) {
            struct span held = span_slice(bytes, from, to);
            if (held.len == 0) break;
            memcpy(room + ROOM_SIZE - held.len, held.at, held.len);
            held.at = room + ROOM_SIZE - held.len;
            enum sip_stream_event event = sip_stream_next(&stream, held, &part);
            if (event == SIP_STREAM_WAIT) break;
            if (event == SIP_STREAM_BROKEN) {
                told.fault = part.fault.err;
                told.answerable_len = part.len;
                return told;
            }
            from += part.len;
            if (event != SIP_STREAM_MESSAGE || told.message_count == ENDS_MAX) continue;
            told.ends[told.message_count++] = from;
            (void)parse(&parsed, span_slice(held, 0, part.len));
            exercise(&parsed.message);
        }
    }
    return told;
}

static void feed_both_ways(const char *path, struct span bytes)
{
    struct told whole = feed(bytes, bytes.len + 1), bytewise = feed(bytes, 1);
    if (memcmp(&whole, &bytewise, sizeof whole) != 0) fail_msg("%s: told differently", path);
    // What was taken as a message ends where the parser sees its end, too.
    struct parsed parsed;
    if (whole.message_count == 0) return;
    struct span first = span_slice(bytes, 0, whole.ends[0]);
    (void)parse(&parsed, first);
    bool is_fault = parsed.fault.err == SIP_ERR_CONTENT_LENGTH;
    if (is_fault) fail_msg("%s: the parser disagrees about the length", path);
}

static void test_corpus(void **state)
{
    (void)state;
    assert_true(for_each_message(feed_both_ways) >= 49 + 2 * 12);
}

// ---- RFC 4475 over TCP

static struct told feed_torture(const char *name, size_t *len)
{
    char file[64];
    snprintf(file, sizeof file, "%s.dat", name);
    struct span bytes = load_file(join("rfc4475", file).text);
    struct told told = feed(bytes, 7);
    *len = bytes.len;
    free_file(bytes);
    return told;
}

static void test_rfc4475(void **state)
{
    (void)state;
    // The others are one message each, whatever is thought of it.
    static const struct {
        const char *name;
        size_t message_count;
        enum sip_err fault;
    } cases[] = {
        {"dblreq", 2, SIP_ERR_MISSING},     // 3.1.1.8: two messages, and 5 bytes beyond the second
        {"clerr", 0, SIP_OK},               // 3.1.2.2: waits for what does not come
        {"ncl", 0, SIP_ERR_CONTENT_LENGTH}, // 3.1.2.3
        {"mcl01", 0, SIP_ERR_CONTENT_LENGTH}, // 3.3.9
        {"inv2543", 0, SIP_ERR_MISSING},      // 3.4.1: no Content-Length
        {"baddn", 0, SIP_OK},                 // the file has no empty line
        {"baddn_crlf", 1, SIP_OK},
        {"wsinv", 1, SIP_OK},
        {"intmeth", 1, SIP_OK},
        {"longreq", 1, SIP_OK},
        {"mpart01", 1, SIP_OK},
        {"badinv01", 1, SIP_OK},
        {"insuf", 1, SIP_OK},
        {"badvers", 1, SIP_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len;
        struct told told = feed_torture(cases[i].name, &len);
        bool is_expected = told.message_count == cases[i].message_count &&
                           told.fault == cases[i].fault &&
                           (told.fault != SIP_OK) == (told.answerable_len > 0);
        if (!is_expected) {
            fail_msg("%s: %zu messages, then %s", cases[i].name, told.message_count,
                     sip_err_text(told.fault));
        }
        if (told.message_count == 1) assert_int_equal(told.ends[told.message_count - 1], len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),
        cmocka_unit_test(test_rfc4475),
    };
    if (!is_corpus_there()) return report_no_corpus();
    return cmocka_run_group_tests(tests, make_room, NULL);
}
