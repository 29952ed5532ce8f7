// SPDX-License-Identifier: Apache-2.0
// Counting, and failing.
#include "unit/exhaust.h"

#include "unit/check.h"

#include <stdlib.h>

static struct {
    unsigned long count, at; // at 0: none fails
    bool is_lasting;         // so do all that follow
} failing;

void exhaust_set(unsigned long at, bool is_lasting)
{
    failing.count = 0;
    failing.at = at;
    failing.is_lasting = is_lasting;
}

unsigned long exhaust_count(void)
{
    return failing.count;
}

bool exhaust_is_failing(void)
{
    if (failing.at == 0) return false;
    failing.count++;
    return failing.is_lasting ? failing.count >= failing.at : failing.count == failing.at;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
    return exhaust_is_failing() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return exhaust_is_failing() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return exhaust_is_failing() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text)
{
    return exhaust_is_failing() ? NULL : __real_strdup(text);
}

void exhaust(bool (*story)(void), unsigned step)
{
    for (int is_lasting = 0; is_lasting < 2; is_lasting++) {
        for (unsigned long n = 1;; n += step) {
            exhaust_set(n, is_lasting);
            bool is_good = story();
            bool is_over = failing.count < n;
            exhaust_set(0, false);
            assert_true(is_good || !is_over);
            if (is_over && n == 1) fail_msg("the story allocates nothing");
            if (is_over) break;
        }
    }
}
