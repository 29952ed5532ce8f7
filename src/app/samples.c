// SPDX-License-Identifier: Apache-2.0
// The table, by rising times, and the file "samples": text, written beside the old one and put in
// its place.
//
//   lineward samples 1 STATE...     the states' names, in the order of the counts
//   AT_S COUNT...                   seconds since 1970, and how many lines were in each state
//   ...
//   end COUNT                       without it the file is void
#include "app/samples.h"

#include "app/log.h"
#include "app/state_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES_MAX = 24 * 60, SAMPLE_S = 60 };

static const char title[] = "lineward samples 1";

struct samples {
    struct state_file file;
    size_t count;
    bool is_failing; // the last write: logged already
    struct api_sample at[SAMPLES_MAX];
};

// ---- The file

struct span samples_heading(const char *of, char bytes[SAMPLES_HEADING_SIZE])
{
    struct buffer out = buffer_over(bytes, SAMPLES_HEADING_SIZE);
    buffer_put(&out, span_of(of));
    for (unsigned state = 0; state < REGISTRATION_STATE_COUNT; state++) {
        buffer_printf(&out, " %s", model_name(&model_registration_states, state));
    }
    return buffer_span(&out);
}

bool samples_read_line(struct span line, struct api_sample *sample)
{
    uint64_t number = 0;
    *sample = (struct api_sample){.at_s = 0};
    if (!span_to_u64(span_split(&line, ' '), UINT32_MAX, &number)) return false;
    sample->at_s = (uint32_t)number;
    for (unsigned state = 0; state < REGISTRATION_STATE_COUNT; state++) {
        if (!span_to_u64(span_split(&line, ' '), UINT32_MAX, &number)) return false;
        sample->lines[state] = (uint32_t)number;
    }
    return line.len == 0;
}

void samples_print_line(FILE *out, const struct api_sample *sample)
{
    fprintf(out, "%u", sample->at_s);
    for (unsigned state = 0; state < REGISTRATION_STATE_COUNT; state++) {
        fprintf(out, " %u", sample->lines[state]);
    }
    fputc('\n', out);
}

// Takes all in; what it has taken when it fails is to be forgotten.
static bool read_all(struct samples *samples, struct span text)
{
    char bytes[SAMPLES_HEADING_SIZE];
    uint64_t announced = 0;
    uint32_t last_s = 0;
    if (!span_eq(span_split(&text, '\n'), samples_heading(title, bytes))) return false;
    while (text.len > 0) {
        struct span line = span_split(&text, '\n');
        if (span_starts_with(line, SPAN("end "))) {
            return span_to_u64(span_from(line, 4), SAMPLES_MAX, &announced) &&
                   announced == samples->count && text.len == 0;
        }
        if (samples->count == SAMPLES_MAX) return false;
        struct api_sample *sample = &samples->at[samples->count++];
        if (!samples_read_line(line, sample) || sample->at_s <= last_s) return false;
        last_s = sample->at_s;
    }
    return false;
}

static void put_all(FILE *out, void *context)
{
    const struct samples *samples = context;
    char bytes[SAMPLES_HEADING_SIZE];
    fprintf(out, "%.*s\n", SPAN_ARG(samples_heading(title, bytes)));
    for (size_t i = 0; i < samples->count; i++) samples_print_line(out, &samples->at[i]);
    fprintf(out, "end %zu\n", samples->count);
}

static void save(struct samples *samples)
{
    bool is_written = state_file_write(&samples->file, put_all, samples);
    if (!is_written && !samples->is_failing) {
        log_event(LOG_WARN, "how lines stood is not kept for a restart", "cause",
                  span_of(strerror(errno)));
    }
    samples->is_failing = !is_written;
}

struct samples *samples_load(const char *data_dir)
{
    struct samples *samples = calloc(1, sizeof *samples);
    char *bytes;
    if (!samples) return NULL;
    state_file_init(&samples->file, data_dir, "samples");
    struct span text = state_file_read(&samples->file, &bytes);
    bool is_read = text.len == 0 || read_all(samples, text);
    free(bytes);
    if (is_read) return samples;
    log_event(LOG_WARN, "samples not readable: how lines stood is noted anew", "file",
              span_of(samples->file.path));
    samples->count = 0;
    return samples;
}

void samples_free(struct samples *samples)
{
    free(samples);
}

// ---- The table

bool samples_is_due(const struct samples *samples, uint32_t now_s)
{
    if (samples->count == 0) return true;
    uint32_t last_s = samples->at[samples->count - 1].at_s;
    return now_s < last_s || now_s - last_s >= SAMPLE_S;
}

void samples_add(struct samples *samples, const struct api_sample *sample)
{
    while (samples->count > 0 && samples->at[samples->count - 1].at_s >= sample->at_s) {
        samples->count--;
    }
    if (samples->count == SAMPLES_MAX) {
        samples->count--;
        memmove(samples->at, samples->at + 1, samples->count * sizeof samples->at[0]);
    }
    samples->at[samples->count++] = *sample;
    save(samples);
}

bool samples_next(const struct samples *samples, uint32_t after_s, struct api_sample *out)
{
    size_t from = 0, to = samples->count;
    while (from < to) {
        size_t middle = (from + to) / 2;
        if (samples->at[middle].at_s > after_s) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    if (from < samples->count) *out = samples->at[from];
    return from < samples->count;
}
