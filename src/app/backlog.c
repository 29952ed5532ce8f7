// SPDX-License-Identifier: Apache-2.0
// Entries of earlier versions say neither of what class their target is nor whether they were a
// loop: both are found out here, from what the group's settings are now and from the trace.
#include "app/backlog.h"

#include "app/log.h"
#include "country/country.h"
#include "fwd/fwd.h"
#include "net/net.h"

#include <string.h>
#include <uv.h>

enum { STEP_ENTRIES = 2000 }; // some 50 ms where each target is another one
#define STEP_PAUSE_NS  (20ULL * 1000 * 1000)
#define RETRY_PAUSE_NS (60ULL * 1000 * 1000 * 1000)

struct step {
    struct backlog *backlog;
    struct store *store;
};

static bool read_numbering(struct step *step, struct span name)
{
    struct backlog *backlog = step->backlog;
    struct model_group group = {.name = ""};
    char reason[REASON_SIZE];
    const char *field;
    if (span_eq(span_of(backlog->group), name)) return backlog->has_numbering;
    backlog->has_numbering = false;
    if (!text_copy(backlog->group, sizeof backlog->group, name)) return false;
    memcpy(group.name, backlog->group, sizeof group.name);
    if (store_get(step->store, KIND_GROUP, &group, NULL) != ERR_NONE) return false; // it is gone
    backlog->has_numbering = !phone_read_numbering(&group, &backlog->numbering, &field, reason);
    return backlog->has_numbering;
}

static void complete(void *context, struct model_journal_entry *entry)
{
    struct step *step = context;
    step->backlog->seen_count++;
    entry->is_loop = entry->verdict == VERDICT_DECLINE && fwd_is_loop(entry->trace);
    if (entry->outcome == OUTCOME_FORWARDED && read_numbering(step, entry->group)) {
        entry->target_class = (uint8_t)country_classify(&step->backlog->numbering, entry->target);
    }
}

void backlog_step(struct backlog *backlog, struct store *store)
{
    if (backlog->is_done || uv_hrtime() < backlog->due_ns) return;
    struct step step = {backlog, store};
    struct store_figures_counting counting = {
        .context = &step,
        .complete = complete,
        .since_hour = store_hour_of(net_wall_us()) - FIGURES_HOURS_MAX,
        .limit = STEP_ENTRIES,
    };
    enum err err = store_figures_count(store, &counting);
    backlog->is_done = counting.is_done;
    backlog->due_ns = uv_hrtime() + (err == ERR_NONE ? STEP_PAUSE_NS : RETRY_PAUSE_NS);
    if (err != ERR_NONE) {
        log_event(LOG_WARN, "older calls not counted yet", "cause", span_of(store_error(store)));
    } else if (backlog->is_done && backlog->seen_count > 0) {
        struct log_line line;
        log_begin(&line, LOG_INFO, "older calls counted");
        log_number(&line, "count", backlog->seen_count);
        log_end(&line);
    }
}
