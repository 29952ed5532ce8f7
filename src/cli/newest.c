// SPDX-License-Identifier: Apache-2.0
// The newest entries of the journal or the audit: as many as are wanted, page by page.
#include "cli/cli_int.h"

#include <time.h>

enum { LIMIT_DEFAULT = 20, PAGE_MAX = 1000 };
#define LIMIT_DEFAULT_TEXT "20"
#define PAGE_MAX_TEXT      "1000"

// How many entries are wanted; what is no number goes to the server, which says so best.
static uint64_t limit_of(const struct invocation *invocation)
{
    uint64_t limit = LIMIT_DEFAULT;
    const char *typed = cli_args_get(invocation, "limit");
    if (typed) span_to_u64(span_of(typed), UINT32_MAX, &limit);
    return limit;
}

// The seconds that "30min", "12h" or "7d" stand for; false when it is none of these.
static bool read_duration(struct span text, uint64_t *seconds)
{
    size_t digits = 0;
    while (digits < text.len && ascii_is_digit(text.at[digits])) digits++;
    struct span unit = span_from(text, digits);
    uint64_t number, factor = 0;
    if (span_eq(unit, SPAN("min"))) factor = 60;
    if (span_eq(unit, SPAN("h"))) factor = 3600;
    if (span_eq(unit, SPAN("d"))) factor = 86400;
    if (factor == 0 || !span_to_u64(span_slice(text, 0, digits), 100000, &number)) return false;
    *seconds = number * factor;
    return true;
}

// Adds the option `name`, a time or how long ago it was.
static void put_time(const struct invocation *invocation, struct path *path, const char *name)
{
    const char *typed = cli_args_get(invocation, name);
    char text[TIME_TEXT_SIZE] = "";
    uint64_t ago_s, now_s = (uint64_t)time(NULL);
    if (typed && read_duration(span_of(typed), &ago_s)) {
        struct buffer out = buffer_over(text, sizeof text - 1);
        civil_put_time(&out, ago_s < now_s ? now_s - ago_s : 0);
        typed = text;
    }
    if (typed) cli_path_parameter(path, name, typed);
}

static void put_limit(const struct invocation *invocation, struct path *path)
{
    const char *limit = cli_args_get(invocation, "limit");
    if (!limit) limit = LIMIT_DEFAULT_TEXT;
    if (limit_of(invocation) > PAGE_MAX) limit = PAGE_MAX_TEXT;
    cli_path_parameter(path, "limit", limit);
}

int cli_newest(const struct invocation *invocation, struct path *path, json_t **answer)
{
    uint64_t limit = limit_of(invocation);
    json_t *items = json_array(), *page = NULL;
    int result = STATUS_DONE;
    put_time(invocation, path, "since");
    put_time(invocation, path, "until");
    put_limit(invocation, path);
    // A search may stop half-way, with a page that is not full.
    while (result == STATUS_DONE && path->out.len > 0) {
        result = cli_client_call(invocation, "GET", path, NULL, &page);
        if (result != STATUS_DONE) break;
        json_array_extend(items, json_object_get(page, "items"));
        bool is_enough = json_array_size(items) >= limit;
        cli_path_begin(path, is_enough ? "" : cli_text_of(page, "next"));
        json_decref(page);
    }
    while (json_array_size(items) > limit) json_array_remove(items, json_array_size(items) - 1);
    if (result == STATUS_DONE) {
        *answer = json_pack("{so}", "items", items);
    } else {
        json_decref(items);
    }
    return result;
}
