// SPDX-License-Identifier: Apache-2.0
// The groups' tables, each by rising times, and the file "group_samples": text, written beside the
// old one and put in its place.
//
//   lineward group samples 1 STATE...     the states' names, in the order of the counts
//   group ID                              as the store numbers them; no number is used twice
//   AT_S COUNT...                         as in the file "samples"; at least one
//   ...
//   end COUNT                             of groups; without it the file is void
#include "app/group_samples.h"

#include "app/log.h"
#include "app/samples.h"
#include "app/state_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SLOT_S = 300, DAY_S = 24 * 3600, COURSE_MAX = DAY_S / SLOT_S };

static const char title[] = "lineward group samples 1";

// Of one group.
struct course {
    uint32_t group_id;
    uint32_t count; // never 0
    struct api_sample at[COURSE_MAX];
};

struct group_samples {
    struct state_file file;
    size_t count;
    bool is_changed;
    bool is_failing; // the last write: logged already
    struct course *courses[GROUP_SAMPLES_GROUPS];
};

// ---- Places

static uint32_t last_s(const struct course *course)
{
    return course->at[course->count - 1].at_s;
}

static struct course *find(const struct group_samples *samples, uint32_t group_id)
{
    for (size_t i = 0; i < samples->count; i++) {
        if (samples->courses[i]->group_id == group_id) return samples->courses[i];
    }
    return NULL;
}

static void drop(struct group_samples *samples, size_t place)
{
    free(samples->courses[place]);
    samples->courses[place] = samples->courses[--samples->count];
    samples->is_changed = true;
}

// How long ago it was noted last; very long where that is still to come: the clock was set back.
static uint32_t age_s(const struct course *course, uint32_t now_s)
{
    return now_s - last_s(course);
}

// Makes a place where there is none, of the group that was noted last the longest ago: not in the
// last two slots, so that it is not there any more, or has no lines.
static bool make_place(struct group_samples *samples, uint32_t now_s)
{
    size_t oldest = 0;
    if (samples->count < GROUP_SAMPLES_GROUPS) return true;
    for (size_t i = 1; i < samples->count; i++) {
        if (age_s(samples->courses[i], now_s) > age_s(samples->courses[oldest], now_s)) oldest = i;
    }
    if (age_s(samples->courses[oldest], now_s) < 2 * SLOT_S) return false;
    drop(samples, oldest);
    return true;
}

// A new group's; NULL when there is no place or memory.
static struct course *take(struct group_samples *samples, uint32_t group_id, uint32_t now_s)
{
    if (!make_place(samples, now_s)) return NULL;
    struct course *course = calloc(1, sizeof *course);
    if (!course) return NULL;
    course->group_id = group_id;
    samples->courses[samples->count++] = course;
    return course;
}

// ---- The file

static bool read_group(struct group_samples *samples, struct span id)
{
    uint64_t number = 0;
    if (!span_to_u64(id, UINT32_MAX, &number) || number == 0) return false;
    if (samples->count == GROUP_SAMPLES_GROUPS || find(samples, (uint32_t)number)) return false;
    return take(samples, (uint32_t)number, 0) != NULL;
}

static bool read_sample(struct group_samples *samples, struct span line)
{
    if (samples->count == 0) return false;
    struct course *course = samples->courses[samples->count - 1];
    uint32_t before_s = course->count > 0 ? last_s(course) : 0;
    if (course->count == COURSE_MAX) return false;
    struct api_sample *sample = &course->at[course->count++];
    return samples_read_line(line, sample) && sample->at_s > before_s;
}

static bool is_begun(const struct group_samples *samples)
{
    return samples->count > 0 && samples->courses[samples->count - 1]->count == 0;
}

// Takes all in; what it has taken when it fails is to be forgotten.
static bool read_all(struct group_samples *samples, struct span text)
{
    char bytes[SAMPLES_HEADING_SIZE];
    uint64_t announced = 0;
    if (!span_eq(span_split(&text, '\n'), samples_heading(title, bytes))) return false;
    while (text.len > 0) {
        struct span line = span_split(&text, '\n');
        if (span_starts_with(line, SPAN("end "))) {
            return span_to_u64(span_from(line, 4), GROUP_SAMPLES_GROUPS, &announced) &&
                   announced == samples->count && !is_begun(samples) && text.len == 0;
        }
        bool is_read = span_starts_with(line, SPAN("group "))
                           ? !is_begun(samples) && read_group(samples, span_from(line, 6))
                           : read_sample(samples, line);
        if (!is_read) return false;
    }
    return false;
}

static void put_all(FILE *out, void *context)
{
    const struct group_samples *samples = context;
    char bytes[SAMPLES_HEADING_SIZE];
    fprintf(out, "%.*s\n", SPAN_ARG(samples_heading(title, bytes)));
    for (size_t i = 0; i < samples->count; i++) {
        const struct course *course = samples->courses[i];
        fprintf(out, "group %u\n", course->group_id);
        for (uint32_t k = 0; k < course->count; k++) samples_print_line(out, &course->at[k]);
    }
    fprintf(out, "end %zu\n", samples->count);
}

void group_samples_save(struct group_samples *samples, uint32_t now_s)
{
    for (size_t i = samples->count; i-- > 0;) {
        if (age_s(samples->courses[i], now_s) >= DAY_S) drop(samples, i);
    }
    if (!samples->is_changed) return;
    bool is_written = state_file_write(&samples->file, put_all, samples);
    if (!is_written && !samples->is_failing) {
        log_event(LOG_WARN, "how the groups' lines stood is not kept for a restart", "cause",
                  span_of(strerror(errno)));
    }
    samples->is_failing = !is_written;
    samples->is_changed = !is_written;
}

static void forget_all(struct group_samples *samples)
{
    while (samples->count > 0) drop(samples, samples->count - 1);
    samples->is_changed = false;
}

struct group_samples *group_samples_load(const char *data_dir)
{
    struct group_samples *samples = calloc(1, sizeof *samples);
    char *bytes;
    if (!samples) return NULL;
    state_file_init(&samples->file, data_dir, "group_samples");
    struct span text = state_file_read(&samples->file, &bytes);
    bool is_read = text.len == 0 || read_all(samples, text);
    free(bytes);
    if (is_read) return samples;
    log_event(LOG_WARN, "samples not readable: how the groups' lines stood is noted anew", "file",
              span_of(samples->file.path));
    forget_all(samples);
    return samples;
}

void group_samples_free(struct group_samples *samples)
{
    if (!samples) return;
    forget_all(samples);
    free(samples);
}

// ---- The tables

static uint32_t troubled_count(const struct api_sample *sample)
{
    return sample->lines[REGISTRATION_REFUSED] + sample->lines[REGISTRATION_UNREACHABLE];
}

// Whether what was noted in the same five minutes tells more, or the same.
static bool is_enough(const struct api_sample *noted, const struct api_sample *sample)
{
    return troubled_count(noted) > troubled_count(sample) ||
           memcmp(noted->lines, sample->lines, sizeof noted->lines) == 0;
}

static void append(struct course *course, const struct api_sample *sample)
{
    if (course->count == COURSE_MAX) {
        course->count--;
        memmove(course->at, course->at + 1, course->count * sizeof course->at[0]);
    }
    course->at[course->count++] = *sample;
}

void group_samples_add(struct group_samples *samples, uint32_t group_id,
                       const struct api_sample *sample)
{
    struct course *course = find(samples, group_id);
    uint32_t slot = sample->at_s / SLOT_S;
    if (!course) course = take(samples, group_id, sample->at_s);
    if (!course) return;
    while (course->count > 0 && last_s(course) / SLOT_S > slot) course->count--;
    bool is_same_slot = course->count > 0 && last_s(course) / SLOT_S == slot;
    if (is_same_slot && is_enough(&course->at[course->count - 1], sample)) return;
    if (is_same_slot) course->count--;
    append(course, sample);
    samples->is_changed = true;
}

bool group_samples_next(const struct group_samples *samples, uint32_t group_id, uint32_t after_s,
                        struct api_sample *out)
{
    const struct course *course = find(samples, group_id);
    for (uint32_t i = 0; course && i < course->count; i++) {
        if (course->at[i].at_s <= after_s) continue;
        *out = course->at[i];
        return true;
    }
    return false;
}
