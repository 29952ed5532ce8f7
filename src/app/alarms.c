// SPDX-License-Identifier: Apache-2.0
// The table, by rising numbers, and the file "alarms": text, written beside the old one and put in
// its place.
//
//   lineward alarms 1
//   NUMBER KIND LINE_ID COUNT SINCE_US LAST_US EXTENSION TARGET GROUP     "-": no target
#include "app/alarms.h"

#include "app/log.h"
#include "app/state_file.h"
#include "net/net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { ALARMS_MAX = 1024 };
static const struct span heading = {"lineward alarms 1", 17};

struct alarms {
    uv_mutex_t mutex;
    struct state_file file;
    size_t count;
    uint64_t last_number;
    uint64_t raised[ALARM_KIND_COUNT];
    bool is_changed; // since the file was written
    struct api_alarm at[ALARMS_MAX];
    struct api_alarm copy[ALARMS_MAX]; // what is being written
    size_t copy_count;
};

// ---- The file

static bool read_alarm(struct span line, struct api_alarm *alarm)
{
    uint64_t line_id = 0;
    unsigned kind = 0;
    *alarm = (struct api_alarm){.number = 0};
    bool is_read = span_to_u64(span_split(&line, ' '), UINT64_MAX, &alarm->number) &&
                   model_find_name(&model_alarm_kinds, span_split(&line, ' '), &kind) &&
                   span_to_u64(span_split(&line, ' '), UINT32_MAX, &line_id) &&
                   span_to_u64(span_split(&line, ' '), UINT64_MAX, &alarm->count) &&
                   span_to_u64(span_split(&line, ' '), UINT64_MAX, &alarm->since_us) &&
                   span_to_u64(span_split(&line, ' '), UINT64_MAX, &alarm->last_us) &&
                   text_copy(alarm->extension, sizeof alarm->extension, span_split(&line, ' '));
    struct span target = span_split(&line, ' ');
    alarm->kind = (enum model_alarm_kind)kind;
    alarm->line_id = (uint32_t)line_id;
    if (span_eq(target, SPAN("-"))) target = SPAN_NONE;
    return is_read && text_copy(alarm->target, sizeof alarm->target, target) && line.len > 0 &&
           text_copy(alarm->group, sizeof alarm->group, line);
}

static void read_all(struct alarms *alarms, struct span text)
{
    if (!span_eq(span_split(&text, '\n'), heading)) return;
    while (text.len > 0 && alarms->count < ALARMS_MAX) {
        struct api_alarm *alarm = &alarms->at[alarms->count];
        bool is_next = read_alarm(span_split(&text, '\n'), alarm) &&
                       alarm->number > alarms->last_number;
        if (!is_next) continue;
        alarms->last_number = alarm->number;
        alarms->count++;
    }
}

static void put_all(FILE *out, void *context)
{
    const struct alarms *alarms = context;
    fprintf(out, "%.*s\n", SPAN_ARG(heading));
    for (size_t i = 0; i < alarms->copy_count; i++) {
        const struct api_alarm *alarm = &alarms->copy[i];
        fprintf(out, "%llu %s %u %llu %llu %llu %s %s %s\n", (unsigned long long)alarm->number,
                model_name(&model_alarm_kinds, alarm->kind), alarm->line_id,
                (unsigned long long)alarm->count, (unsigned long long)alarm->since_us,
                (unsigned long long)alarm->last_us, alarm->extension,
                alarm->target[0] ? alarm->target : "-", alarm->group);
    }
}

void alarms_save(struct alarms *alarms)
{
    uv_mutex_lock(&alarms->mutex);
    bool is_changed = alarms->is_changed;
    alarms->is_changed = false;
    alarms->copy_count = alarms->count;
    memcpy(alarms->copy, alarms->at, alarms->count * sizeof alarms->at[0]);
    uv_mutex_unlock(&alarms->mutex);
    if (!is_changed || state_file_write(&alarms->file, put_all, alarms)) return;
    log_event(LOG_WARN, "alarms not kept for a restart", "cause", span_of(strerror(errno)));
}

struct alarms *alarms_load(const char *data_dir)
{
    struct alarms *alarms = calloc(1, sizeof *alarms);
    char *bytes;
    if (!alarms) return NULL;
    if (uv_mutex_init(&alarms->mutex) != 0) {
        free(alarms);
        return NULL;
    }
    state_file_init(&alarms->file, data_dir, "alarms");
    struct span text = state_file_read(&alarms->file, &bytes);
    read_all(alarms, text);
    free(bytes);
    return alarms;
}

void alarms_free(struct alarms *alarms)
{
    if (!alarms) return;
    uv_mutex_destroy(&alarms->mutex);
    free(alarms);
}

// ---- The table

static void take_out(struct alarms *alarms, size_t at)
{
    alarms->count--;
    memmove(&alarms->at[at], &alarms->at[at + 1], (alarms->count - at) * sizeof alarms->at[0]);
    alarms->is_changed = true;
}

static struct api_alarm *find_same(struct alarms *alarms, const struct api_alarm *wanted)
{
    for (size_t i = 0; i < alarms->count; i++) {
        struct api_alarm *alarm = &alarms->at[i];
        bool is_it = alarm->kind == wanted->kind &&
                     strcmp(alarm->extension, wanted->extension) == 0 &&
                     strcmp(alarm->group, wanted->group) == 0;
        if (is_it) return alarm;
    }
    return NULL;
}

bool alarms_raise(struct alarms *alarms, struct api_alarm *alarm)
{
    uint64_t now_us = net_wall_us();
    uv_mutex_lock(&alarms->mutex);
    struct api_alarm *known = find_same(alarms, alarm);
    bool is_new = !known;
    if (is_new) {
        if (alarms->count == ALARMS_MAX) take_out(alarms, 0);
        known = &alarms->at[alarms->count++];
        *known = *alarm;
        known->number = ++alarms->last_number;
        known->since_us = now_us;
        known->count = 0;
        alarms->raised[alarm->kind]++;
    }
    known->count++;
    known->last_us = now_us;
    memcpy(known->target, alarm->target, sizeof known->target);
    alarms->is_changed = true;
    *alarm = *known;
    uv_mutex_unlock(&alarms->mutex);
    return is_new;
}

bool alarms_next(struct alarms *alarms, uint64_t after, struct api_alarm *out)
{
    size_t at = 0;
    uv_mutex_lock(&alarms->mutex);
    while (at < alarms->count && alarms->at[at].number <= after) at++;
    bool is_found = at < alarms->count;
    if (is_found) *out = alarms->at[at];
    uv_mutex_unlock(&alarms->mutex);
    return is_found;
}

bool alarms_lift(struct alarms *alarms, uint64_t number)
{
    size_t at = 0;
    uv_mutex_lock(&alarms->mutex);
    while (at < alarms->count && alarms->at[at].number != number) at++;
    bool is_found = at < alarms->count;
    if (is_found) take_out(alarms, at);
    uv_mutex_unlock(&alarms->mutex);
    return is_found;
}

void alarms_count(struct alarms *alarms, uint64_t raised[ALARM_KIND_COUNT])
{
    uv_mutex_lock(&alarms->mutex);
    memcpy(raised, alarms->raised, sizeof alarms->raised);
    uv_mutex_unlock(&alarms->mutex);
}
