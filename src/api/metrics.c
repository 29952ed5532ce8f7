// SPDX-License-Identifier: Apache-2.0
// Figures for Prometheus, in its text format, version 0.0.4. Their number is bounded: by the
// states, the outcomes, the status codes and the line groups that there are.
#include "api/api_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { GROWTH = 16 * 1024, STATE_COUNT = REGISTRATION_UNREACHABLE + 1 };

// ---- Text that grows

struct page {
    char *bytes;
    size_t len, size;
    bool is_failed;
};

static void put(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct page *page, const char *format, ...)
{
    enum { LINE_MAX_SIZE = 1024 };
    va_list arguments;
    if (page->size - page->len < LINE_MAX_SIZE) {
        char *longer = realloc(page->bytes, page->size + GROWTH);
        page->is_failed = page->is_failed || !longer;
        if (!longer) return;
        page->bytes = longer;
        page->size += GROWTH;
    }
    va_start(arguments, format);
    int len = vsnprintf(page->bytes + page->len, LINE_MAX_SIZE, format, arguments);
    va_end(arguments);
    ASSERT(len >= 0 && len < LINE_MAX_SIZE);
    page->len += (size_t)len;
}

static void put_head(struct page *page, const char *name, const char *type, const char *help)
{
    put(page, "# HELP lineward_%s %s\n# TYPE lineward_%s %s\n", name, help, name, type);
}

static void put_counter(struct page *page, const char *name, const char *help, uint64_t value)
{
    put_head(page, name, "counter", help);
    put(page, "lineward_%s %llu\n", name, (unsigned long long)value);
}

static void put_gauge(struct page *page, const char *name, const char *help, uint64_t value)
{
    put_head(page, name, "gauge", help);
    put(page, "lineward_%s %llu\n", name, (unsigned long long)value);
}

// A label's value: what would end it is escaped.
static const char *escape(const char *text, char out[2 * NAME_SIZE])
{
    struct buffer escaped = buffer_over(out, 2 * NAME_SIZE - 1);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') buffer_put_byte(&escaped, '\\');
        buffer_put_byte(&escaped, *text);
    }
    out[escaped.len] = '\0';
    return out;
}

// ---- Calls and SIP

static void put_calls(struct page *page, const struct api_statistics *statistics)
{
    const struct {
        const char *outcome;
        uint64_t count;
    } outcomes[] = {
        {"forwarded", statistics->forwarded_count},
        {"declined", statistics->declined_count},
        {"missed", statistics->missed_count},
        {"answered_elsewhere", statistics->answered_elsewhere_count},
        {"failed", statistics->failed_count},
        {"answered", statistics->answered_count},
        {"unanswered", statistics->unanswered_count},
    };
    put_counter(page, "calls_total", "Calls of lines.", statistics->calls_count);
    put_head(page, "calls_ended_total", "counter", "Calls that have ended, by outcome.");
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        put(page, "lineward_calls_ended_total{outcome=\"%s\"} %llu\n", outcomes[i].outcome,
            (unsigned long long)outcomes[i].count);
    }
    put_gauge(page, "calls_open", "Calls under way.", statistics->open_calls);
    put_gauge(page, "transactions_open", "SIP transactions, finished ones that still answer too.",
              statistics->open_transactions);
    put_counter(page, "calls_overloaded_total", "Calls that got 503: too much to do, or no room.",
                statistics->overloaded_count);
    put_counter(page, "strangers_total", "SIP requests from elsewhere than a PBX of ours.",
                statistics->strangers_count);
    put_counter(page, "unknown_numbers_total", "Calls of a PBX for a number that is no line.",
                statistics->unknown_numbers_count);
    put_counter(page, "malformed_total", "SIP messages that could not be read.",
                statistics->malformed_count);
    put_counter(page, "effects_lost_total", "Effects lost because a turn's memory was full.",
                statistics->effects_lost_count);
    put_gauge(page, "device_bindings", "Places where devices are registered.",
              statistics->device_bindings);
    put_gauge(page, "desk_phones", "Lines whose other telephones the PBX is asked about.",
              statistics->desk_phones);
    put_gauge(page, "device_subscriptions", "What devices watch: lamps, presence, messages.",
              statistics->device_subscriptions);
    put_counter(page, "feature_codes_total", "Feature codes that devices have dialled.",
                statistics->feature_codes_count);
    put_counter(page, "device_registrations_total", "REGISTERs of devices that were obeyed.",
                statistics->device_registrations_count);
    put_counter(page, "device_challenges_total", "SIP requests that were asked for credentials.",
                statistics->device_challenges_count);
    put_counter(page, "device_failures_total", "Wrong credentials of whoever said to be a device.",
                statistics->device_failures_count);
    put_counter(page, "device_blocked_total",
                "Credentials not looked at: too many wrong ones of their source.",
                statistics->device_blocked_count);
    put_counter(page, "journal_dropped_total", "Journal entries that the store was too slow for.",
                statistics->journal_dropped_count);
}

static void put_verdicts(struct page *page, const struct api_statistics *statistics)
{
    put_head(page, "verdicts_total", "counter",
             "What was decided about calls that have ended; with redirects, why.");
    for (unsigned reason = 0; reason < REASON_COUNT; reason++) {
        put(page, "lineward_verdicts_total{verdict=\"redirect\",reason=\"%s\",cause=\"%u\"} %llu\n",
            model_reason_text((enum model_reason)reason),
            model_reason_cause((enum model_reason)reason),
            (unsigned long long)statistics->redirects_count[reason]);
    }
    for (unsigned kind = VERDICT_REDIRECT + 1; kind <= VERDICT_DECLINE; kind++) {
        put(page, "lineward_verdicts_total{verdict=\"%s\",reason=\"\",cause=\"\"} %llu\n",
            model_name(&model_verdict_kinds, kind),
            (unsigned long long)statistics->verdicts_count[kind]);
    }
    put_head(page, "alarms_total", "counter", "Alarms that administrators were told, by state.");
    put(page, "lineward_alarms_total{state=\"overload\"} %llu\n",
        (unsigned long long)statistics->overload_alarms_count);
    for (unsigned kind = 0; kind < ALARM_KIND_COUNT; kind++) {
        put(page, "lineward_alarms_total{state=\"%s\"} %llu\n",
            model_name(&model_alarm_kinds, kind),
            (unsigned long long)statistics->alarms_count[kind]);
    }
}

static void put_of_workers(struct page *page, const struct api_statistics *statistics)
{
    static const struct {
        const char *name, *help;
        size_t offset;
    } counters[] = {
        {"worker_calls_total", "Calls of lines, by worker.",
         offsetof(struct api_worker_statistics, calls_count)},
        {"worker_calls_overloaded_total", "Calls that got 503, by worker.",
         offsetof(struct api_worker_statistics, overloaded_count)},
        {"worker_handed_over_total", "SIP messages that came to another worker's port.",
         offsetof(struct api_worker_statistics, handed_over_count)},
    };
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        put_head(page, counters[i].name, "counter", counters[i].help);
        for (uint32_t worker = 0; worker < statistics->worker_count; worker++) {
            uint64_t value;
            const char *of = (const char *)&statistics->workers[worker];
            memcpy(&value, of + counters[i].offset, sizeof value);
            put(page, "lineward_%s{worker=\"%u\"} %llu\n", counters[i].name, worker,
                (unsigned long long)value);
        }
    }
    put_counter(page, "parcels_dropped_total",
                "What a worker had for another one that was too busy.",
                statistics->parcels_dropped_count);
}

// ---- Registrations

struct group_walk {
    struct page *page;
    const struct api_engine *engine;
};

static bool put_group(void *context, uint32_t id, const void *record)
{
    struct group_walk *walk = context;
    const struct model_group *group = record;
    uint32_t counts[STATE_COUNT] = {0};
    char name[2 * NAME_SIZE];
    walk->engine->count_lines(walk->engine->context, id, counts);
    for (unsigned state = 0; state < STATE_COUNT; state++) {
        put(walk->page, "lineward_lines{group=\"%s\",state=\"%s\"} %u\n", escape(group->name, name),
            model_name(&model_registration_states, state), counts[state]);
    }
    return true;
}

// ---- The API and the process

static const char *const store_causes[] = {
    [STORE_BUSY] = "busy",       [STORE_ACCESS] = "access",    [STORE_IO] = "io",
    [STORE_DAMAGED] = "damaged", [STORE_MEMORY] = "no_memory", [STORE_OTHER] = "other"};
_Static_assert(sizeof store_causes / sizeof store_causes[0] == STORE_CAUSES, "each has a name");

static void put_api(struct page *page, const struct api *api)
{
    put_head(page, "api_requests_total", "counter", "Requests to the API, by status.");
    for (unsigned status = 0; status < STATUS_COUNT; status++) {
        if (api->replies[status] == 0) continue;
        put(page, "lineward_api_requests_total{status=\"%u\"} %llu\n", status,
            (unsigned long long)api->replies[status]);
    }
    put_head(page, "store_errors_total", "counter",
             "Requests to the API that the store could not serve, by cause.");
    for (unsigned cause = 0; cause < STORE_CAUSES; cause++) {
        put(page, "lineward_store_errors_total{cause=\"%s\"} %llu\n", store_causes[cause],
            (unsigned long long)api->store_errors[cause]);
    }
    put_gauge(page, "api_connections", "Connections to the API.", api->connection_count);
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

// Names as all programs have them, without our prefix.
static void put_process(struct page *page, uint64_t started_us)
{
    struct rusage usage;
    unsigned long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file && fscanf(file, "%lu %lu", &pages, &resident) != 2) resident = 0;
    if (file) fclose(file);
    getrusage(RUSAGE_SELF, &usage);
    put(page, "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %.2f\n",
        seconds(usage.ru_utime) + seconds(usage.ru_stime));
    put(page, "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %lu\n",
        resident * (unsigned long)sysconf(_SC_PAGESIZE));
    put(page, "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %.3f\n",
        (double)started_us / 1e6);
}

void api_metrics_get(struct api *api, struct request *request, struct reply *reply)
{
    (void)request;
    const struct api_engine *engine = &api->options.engine;
    struct page page = {.size = 0};
    struct group_walk walk = {&page, engine};
    struct store_query query = {.kind = KIND_GROUP, .limit = PAGE_MAX};
    struct api_statistics statistics = {0};
    struct settings_problem problem;
    engine->statistics(engine->context, &statistics);
    put_calls(&page, &statistics);
    put_verdicts(&page, &statistics);
    put_of_workers(&page, &statistics);
    put_head(&page, "lines", "gauge", "Lines by group and state of their registration.");
    if (settings_list(api->options.settings, &query, put_group, &walk, &problem)) {
        free(page.bytes);
        api_reply_settings_problem(reply, &problem);
        return;
    }
    put_api(&page, api);
    put_process(&page, statistics.started_us);
    if (page.is_failed) {
        free(page.bytes);
        api_reply_problem(reply, 503, "out of memory");
        return;
    }
    reply->status = 200;
    reply->text = page.bytes;
    reply->content_type = "text/plain; version=0.0.4";
}
