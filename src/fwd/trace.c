// SPDX-License-Identifier: Apache-2.0
// The trace, being written. It is bounded: rules that do not decide and for which there is no room
// are counted in one entry; what decides always has room.
#include "fwd/fwd_int.h"

#include <string.h>

// Entries that only fwd_note and fwd_note_choice use: no decision makes more than these.
enum { RESERVED_ENTRIES = 24 };

static struct fwd_trace_entry *add(struct decision *decision, enum fwd_subject subject,
                                   enum fwd_finding finding)
{
    struct fwd_trace *trace = &decision->verdict->trace;
    ASSERT(trace->count < FWD_TRACE_MAX);
    struct fwd_trace_entry *entry = &trace->entries[trace->count++];
    *entry = (struct fwd_trace_entry){
        .step = (uint8_t)decision->step,
        .subject = (uint8_t)subject,
        .finding = (uint8_t)finding,
    };
    return entry;
}

void fwd_note(struct decision *decision, enum fwd_subject subject, enum fwd_finding finding)
{
    add(decision, subject, finding);
}

bool fwd_note_state(struct decision *decision, enum fwd_subject subject, bool is_held)
{
    add(decision, subject, is_held ? FWD_APPLIES : FWD_NOT_HELD);
    return is_held;
}

enum fwd_subject fwd_subject_of(enum model_level level)
{
    switch (level) {
    case LEVEL_MANDATORY: return FWD_SUBJECT_MANDATORY;
    case LEVEL_EXCEPTION: return FWD_SUBJECT_EXCEPTION;
    case LEVEL_SLOT: return FWD_SUBJECT_SLOT;
    case LEVEL_MAILBOX: return FWD_SUBJECT_MAILBOX;
    case LEVEL_DEFAULT: return FWD_SUBJECT_DEFAULT;
    case LEVEL_COUNT: break;
    }
    ASSERT(false);
}

// One more rule without an entry of its own.
static void count_more(struct decision *decision)
{
    struct fwd_trace *trace = &decision->verdict->trace;
    struct fwd_trace_entry *last = &trace->entries[trace->count - 1];
    if (last->subject != FWD_SUBJECT_MORE || last->step != decision->step) {
        last = add(decision, FWD_SUBJECT_MORE, FWD_APPLIES);
    }
    last->number++;
}

void fwd_note_rule(struct decision *decision, const struct fwd_rule *rule, enum fwd_finding finding)
{
    if (decision->verdict->trace.count >= FWD_TRACE_MAX - RESERVED_ENTRIES) {
        count_more(decision);
        return;
    }
    struct fwd_trace_entry *entry = add(decision, fwd_subject_of((enum model_level)rule->level),
                                        finding);
    entry->condition = rule->condition;
    entry->origin = rule->origin;
    entry->number = rule->number;
}

void fwd_note_choice(struct decision *decision, const struct fwd_choice *choice,
                     enum fwd_finding finding)
{
    struct fwd_trace_entry *entry = add(decision, (enum fwd_subject)choice->subject, finding);
    if (choice->subject == FWD_SUBJECT_MAILBOX) return;
    entry->condition = choice->condition;
    entry->origin = choice->origin;
    entry->number = choice->number;
}

bool fwd_is_loop(struct span trace)
{
    struct fwd_trace_entry last;
    if (trace.len < sizeof last) return false;
    memcpy(&last, trace.at + trace.len - sizeof last, sizeof last);
    return last.finding == FWD_IS_VISITED || last.finding == FWD_IS_OVER_LIMIT;
}
