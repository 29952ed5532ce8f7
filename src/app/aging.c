// SPDX-License-Identifier: Apache-2.0
// The wall clock, followed slowly. The file is one line: "lineward aging 1 BELIEVED_US".
#include "app/aging.h"

#include "app/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PACE = 2 }; // more than 1: it arrives
#define HEADING SPAN("lineward aging 1 ")

uint64_t aging_follow(struct aging *aging, uint64_t now_us, uint64_t wall_us)
{
    uint64_t step_us = (now_us - aging->at_us) * PACE;
    aging->at_us = now_us;
    if (aging->believed_us == 0) {
        aging->believed_us = wall_us;
    } else if (wall_us >= aging->believed_us) {
        uint64_t ahead_us = wall_us - aging->believed_us;
        aging->believed_us += step_us < ahead_us ? step_us : ahead_us;
    } else {
        uint64_t behind_us = aging->believed_us - wall_us;
        aging->believed_us -= step_us < behind_us ? step_us : behind_us;
    }
    return aging->believed_us < wall_us ? aging->believed_us : wall_us;
}

void aging_load(struct aging *aging, const char *data_dir, uint64_t now_us)
{
    char *bytes;
    *aging = (struct aging){.at_us = now_us};
    state_file_init(&aging->file, data_dir, "aging");
    struct span text = state_file_read(&aging->file, &bytes);
    struct span line = span_split(&text, '\n');
    bool is_read = span_starts_with(line, HEADING) &&
                   span_to_u64(span_from(line, HEADING.len), UINT64_MAX, &aging->believed_us);
    if (!is_read) aging->believed_us = 0;
    free(bytes);
}

static void put(FILE *out, void *context)
{
    const struct aging *aging = context;
    fprintf(out, "%.*s%llu\n", SPAN_ARG(HEADING), (unsigned long long)aging->believed_us);
}

void aging_save(struct aging *aging)
{
    bool is_written = state_file_write(&aging->file, put, aging);
    if (!is_written && !aging->is_failing) {
        log_event(LOG_WARN, "how far the clock is believed is not kept for a restart", "cause",
                  span_of(strerror(errno)));
    }
    aging->is_failing = !is_written;
}
