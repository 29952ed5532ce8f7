// SPDX-License-Identifier: Apache-2.0
// Every message of the corpus cut at every byte, and with bytes changed at random, lies directly
// before a page that must not be read, and directly behind one: a single byte too far ends the
// test.
#include "torture/corpus.h"
#include "torture/exercise.h"

#include <sys/mman.h>
#include <unistd.h>

enum {
    ROOM_SIZE = 2 * (SIP_MESSAGE_MAX + 1),
    VARIANTS_PER_MESSAGE = 100,
    CHANGES_MAX = 6, // bytes of a variant
};

static char *room; // ROOM_SIZE bytes between two forbidden pages

static int make_room(void **state)
{
    (void)state;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = ROOM_SIZE + 2 * page;
    char *pages = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + page, ROOM_SIZE, PROT_READ | PROT_WRITE) != 0)
        return -1;
    room = pages + page;
    return 0;
}

static void read_all(struct span bytes)
{
    static struct parsed parsed;
    enum sip_err err = parse(&parsed, bytes);
    assert_int_equal(err, parsed.fault.err);
    assert_true(parsed.fault.offset <= bytes.len);
    assert_true(parsed.message.bytes.len <= bytes.len);
    exercise(&parsed.message);
}

// Reads `bytes` at both ends of the room.
static void read_at_both_ends(struct span bytes)
{
    char *at_end = room + ROOM_SIZE - bytes.len;
    if (bytes.len > 0) memcpy(at_end, bytes.at, bytes.len);
    read_all((struct span){at_end, bytes.len});
    if (bytes.len > 0) memcpy(room, bytes.at, bytes.len);
    read_all((struct span){room, bytes.len});
}

static void cut_everywhere(const char *path, struct span bytes)
{
    (void)path;
    for (size_t len = 0; len <= bytes.len; len++) read_at_both_ends(span_slice(bytes, 0, len));
}

static struct random changes;

static void change_at_random(const char *path, struct span bytes)
{
    static const char telling[] = "\r\n\t \0\"\\<>;,:=@%[]?/.-+*0159azAZ\x7f\x80\xff";
    static char variant[SIP_MESSAGE_MAX];
    (void)path;
    if (bytes.len == 0) return;
    for (int i = 0; i < VARIANTS_PER_MESSAGE; i++) {
        memcpy(variant, bytes.at, bytes.len);
        for (uint64_t count = 1 + random_below(&changes, CHANGES_MAX); count > 0; count--) {
            uint64_t at = random_below(&changes, bytes.len);
            bool is_any = random_below(&changes, 4) == 0;
            variant[at] = is_any ? (char)random_below(&changes, 256)
                                 : telling[random_below(&changes, sizeof telling - 1)];
        }
        read_at_both_ends((struct span){variant, bytes.len});
    }
}

static void test_cut_everywhere(void **state)
{
    (void)state;
    size_t count = for_each_message(cut_everywhere);
    print_message("%zu messages\n", count);
    assert_true(count >= 49 + 2 * 12);
}

static void test_changed_at_random(void **state)
{
    (void)state;
    random_init(&changes, (const uint8_t[32]){'s', 'i', 'p'});
    size_t count = for_each_message(change_at_random);
    print_message("%zu variants\n", count * VARIANTS_PER_MESSAGE);
    assert_true(count >= 49 + 2 * 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_everywhere),
        cmocka_unit_test(test_changed_at_random),
    };
    if (!is_corpus_there()) return report_no_corpus();
    return cmocka_run_group_tests(tests, make_room, NULL);
}
