// SPDX-License-Identifier: Apache-2.0
// Memory is out while the API answers: for each request allocation n fails, alone or with all that
// follow, for n = 1, 2, ... An answer is whole or says that it is none; a change was made as it was
// asked for or not at all, and was made where the answer says so. Those of the store are not ours
// to fail here (test/unit/app/test_exhaustion.c).
#include "fuzz/api.h"
#include "unit/check.h"
#include "unit/exhaust.h"

#include <stdio.h>

enum { LASTING_STEP = 7 };

struct asked {
    enum method method;
    const char *path; // below /api/v1
    const char *body;
};

// What there is before each of them.
static const struct asked before[] = {
    {METHOD_PUT, "groups/g/lines/2", "{\"user\": \"u\", \"password\": \"p\"}"},
    {METHOD_PUT, "groups/g/lines/1/forwardings/busy/external",
     "{\"target\": \"2\", \"until\": \"2099-01-01T00:00:00Z\"}"},
    {METHOD_PUT, "users/u/profiles/out", "{\"forwardings\": \"dnd/all=7\", \"minutes\": 5}"},
    {METHOD_PUT, "calendars/holidays", "{\"days\": \"12-24\"}"},
    {METHOD_PUT, "groups/g/admin_forwardings/night",
     "{\"target\": \"2\", \"calendar\": \"holidays\"}"},
};

static const struct asked stories[] = {
    {METHOD_GET, "groups", NULL},
    {METHOD_GET, "groups/g", NULL},
    {METHOD_GET, "groups/g/lines", NULL},
    {METHOD_GET, "groups/g/lines/1/forwardings", NULL},
    {METHOD_GET, "users/u", NULL},
    {METHOD_GET, "audit", NULL},
    {METHOD_GET, "journal", NULL},
    {METHOD_GET, "presets", NULL},
    {METHOD_GET, "status", NULL},
    {METHOD_GET, "metrics", NULL},
    {METHOD_GET, "export", NULL},
    {METHOD_GET, "nothing", NULL},
    {METHOD_POST, "groups", "{\"name\": \"other\", \"server\": \"s\", \"domain\": \"d\"}"},
    {METHOD_PATCH, "groups/g", "{\"enabled\": false, \"max_calls\": 3}"},
    {METHOD_PATCH, "groups/g", "{\"enabled\": 5, \"unknown\": [1, 2]}"},
    {METHOD_PUT, "groups/g/lines/1", "{\"password\": \"q\", \"title\": \"Erika\"}"},
    {METHOD_DELETE, "groups/g/lines/2", NULL},
    {METHOD_PUT, "groups/g/lines/1/forwardings",
     "{\"items\": [{\"condition\": \"dnd\", \"origin\": \"all\", \"target\": \"2\"},"
     " {\"condition\": \"no_answer\", \"origin\": \"internal\", \"target\": \"2\"}]}"},
    {METHOD_POST, "groups/g/lines/1/exceptions",
     "{\"position\": 1, \"condition\": \"immediate\", \"callers\": \"+4930\", \"target\": \"2\"}"},
    {METHOD_POST, "groups/g/lines/1/explain", "{\"from\": \"5\"}"},
    {METHOD_POST, "groups/g/number", "{\"number\": \"5\"}"},
    {METHOD_POST, "users/u/profiles/out/apply", "{\"until\": \"2099-01-01T00:00:00Z\"}"},
    {METHOD_POST, "users/u/devices", "{\"name\": \"desk\"}"},
    {METHOD_POST, "tokens", "{\"name\": \"x\"}"},
    {METHOD_POST, "import",
     "{\"users\": [{\"name\": \"a\"}, {\"name\": \"b\"}],"
     " \"lines\": [{\"group\": \"g\", \"extension\": \"3\", \"user\": \"a\"}]}"},
};

// Splits the path, which is changed.
static void put_path(struct request *request, char *path)
{
    char *rest = NULL;
    request->path[request->path_count++] = SPAN("api");
    request->path[request->path_count++] = SPAN("v1");
    for (char *part = strtok_r(path, "/", &rest); part; part = strtok_r(NULL, "/", &rest)) {
        request->path[request->path_count++] = span_of(part);
    }
}

// The reply's head and body, until the next one; NULL where there was no memory for one.
static char *answer_to(struct api *api, const struct asked *asked, unsigned *status)
{
    static char text[128 * 1024];
    char path[128];
    struct api_work work = {.state = WORK_DONE, .hash = "$argon2id$"};
    struct request request = {.method = asked->method,
                              .authorization = SPAN("Bearer t"),
                              .content_type = SPAN("application/json"),
                              .work = &work};
    struct reply reply;
    size_t len = 0;
    if (asked->body) {
        request.framing = FRAMING_COMPLETE;
        request.body = span_of(asked->body);
    }
    snprintf(path, sizeof path, "%s", asked->path);
    put_path(&request, path);
    api_handle(api, &request, &reply);
    char *bytes = api_http_print_reply(&request, &reply, &len);
    *status = reply.status;
    if (!bytes) return NULL;
    assert_true(len < sizeof text);
    memcpy(text, bytes, len);
    text[len] = '\0';
    free(bytes);
    return text;
}

static struct api *begin(void)
{
    struct api *api = new_api();
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        unsigned status = 0;
        const char *text = answer_to(api, &before[i], &status);
        if (status >= 300) fail_msg("%s: %s", before[i].path, text);
    }
    return api;
}

// All settings, as a text without points in time; to be freed.
static char *settings_of(struct api *api)
{
    unsigned status = 0;
    const char *text = answer_to(api, &(struct asked){METHOD_GET, "export", NULL}, &status);
    assert_int_equal(status, 200);
    return strdup(strstr(text, "\r\n\r\n"));
}

struct told {
    unsigned status;
    size_t body_len; // points in time differ from one telling to the next, not their length
    char *settings;
};

// `n` 0: nothing fails.
static struct told tell(const struct asked *asked, unsigned long n, bool is_lasting)
{
    struct told told = {.status = 0};
    struct api *api = begin();
    exhaust_set(n, is_lasting);
    const char *text = answer_to(api, asked, &told.status);
    unsigned long count = exhaust_count();
    exhaust_set(0, false);
    const char *body = text ? strstr(text, "\r\n\r\n") : NULL;
    told.body_len = body ? strlen(body) : 0;
    if (!text) told.status = 0; // the connection ends without an answer
    told.settings = settings_of(api);
    free_api(api);
    if (n > 0 && count < n) told.status = UINT32_MAX; // it was over before
    return told;
}

static void check_told(const struct asked *asked, const struct told *told, const struct told *whole,
                       const char *untouched, unsigned long n)
{
    bool is_whole = told->status == whole->status && told->body_len == whole->body_len;
    bool is_made = strcmp(told->settings, whole->settings) == 0;
    if (!is_whole && told->status != 0 && told->status != 503) {
        fail_msg("%s, allocation %lu: answered %u with %zu bytes, not %u with %zu", asked->path, n,
                 told->status, told->body_len, whole->status, whole->body_len);
    }
    if (is_whole && !is_made)
        fail_msg("%s, allocation %lu: acknowledged, not made", asked->path, n);
    if (!is_made && strcmp(told->settings, untouched) != 0) {
        fail_msg("%s, allocation %lu: something else was made:\n%s", asked->path, n,
                 told->settings);
    }
}

static void test_each(void **state)
{
    (void)state;
    struct api *api = begin();
    char *untouched = settings_of(api);
    free_api(api);
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        struct told whole = tell(&stories[i], 0, false), told;
        assert_true(whole.status >= 200 && whole.status < 500);
        for (int is_lasting = 0; is_lasting < 2; is_lasting++) {
            for (unsigned long n = 1;; n += is_lasting ? LASTING_STEP : 1) {
                told = tell(&stories[i], n, is_lasting);
                bool is_over = told.status == UINT32_MAX;
                if (!is_over) check_told(&stories[i], &told, &whole, untouched, n);
                free(told.settings);
                if (is_over && n == 1) fail_msg("%s allocates nothing", stories[i].path);
                if (is_over) break;
            }
        }
        free(whole.settings);
    }
    free(untouched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each)};
    api_memory_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
