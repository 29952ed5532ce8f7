// SPDX-License-Identifier: Apache-2.0
// The authority on settings: what may be saved, and what follows from it. Every change comes
// through here: it is checked field by field, stored durably, and then published to the engine as
// snapshots. A refused change names the field and the reason and changes nothing. Belongs to one
// thread.
#pragma once

#include "code/code.h"
#include "fwd/fwd.h"
#include "store/store.h"

struct settings;

// Calls that an exception with a number of `calls` has forwarded.
struct settings_use {
    const char *group, *extension; // its line
    uint32_t rule_id;              // its number in the store
    uint32_t count;
};

// Who is told of changes, after they are durable. The blocks are borrowed for the call; the
// listener must not call the settings. What it is not interested in may be NULL.
struct settings_listener {
    void *context;
    // Seconds since 1970 (UTC), where that is not the computer's clock. It tells nothing.
    uint64_t (*now_s)(void *context);
    // What clocks show in a time zone: told before what names it, and by settings_refresh_zones.
    void (*zone_changed)(void *context, const struct snapshot_zone *zone);
    void (*group_changed)(void *context, const struct snapshot_group *group);
    void (*group_removed)(void *context, uint32_t group_id);
    void (*line_changed)(void *context, const struct snapshot_line *line);
    void (*line_removed)(void *context, uint32_t line_id);
    void (*device_changed)(void *context, const struct snapshot_device *device);
    void (*device_removed)(void *context, uint32_t device_id);
    // Uses were counted. `line` is the block that counts them; NULL where nothing has changed: the
    // exception is no more, or not for a number of calls.
    void (*rule_counted)(void *context, const struct settings_use *use,
                         const struct snapshot_line *line);
};

// Why a change was refused; or, after one that was not, what the person should know.
struct settings_problem {
    enum err err;     // ERR_INVALID, ERR_EXISTS, ERR_NOT_FOUND, ERR_CONFLICT, or the store's
    char field[64];   // "target"; empty when it concerns the whole record
    char reason[256]; // "is the line itself": reads on from the field's name
    // A sentence without full stop; set by add, replace and put where they succeed, mostly to "".
    char warning[512];
};

// `store` must outlive the settings. NULL when memory is out.
struct settings *settings_new(struct store *store, struct settings_listener listener) WARN_UNUSED;
void settings_free(struct settings *settings);

// Who makes the changes from now on, for the audit: each is written down with its change, in the
// same transaction. Copied. Before the first call it is SETTINGS_SERVER, the server itself.
#define SETTINGS_SERVER "lineward"
struct settings_actor {
    char name[NAME_SIZE];     // of the user or the token
    char for_user[NAME_SIZE]; // whom an administrator acts for; empty: nobody
};
void settings_set_actor(struct settings *settings, const struct settings_actor *actor);

// Tells the listener of every group, line and device: at start.
enum err settings_publish_all(struct settings *settings,
                              struct settings_problem *problem) WARN_UNUSED;

// Tells the listener of all time zones again: to be called once a day, as a zone is told for a
// year.
void settings_refresh_zones(struct settings *settings);

// Adds, replaces, removes a record (of `kind`, its key fields set). Texts are brought into their
// stored form in place: a forwarding's target, a group's main number, blanks at the ends. On an
// error nothing has changed, and `*problem` says why. Where the group or line that a record belongs
// to is missing, that is ERR_NOT_FOUND with the field "group" or "extension".
enum err settings_add(struct settings *settings, enum model_kind kind, void *record,
                      struct settings_problem *problem) WARN_UNUSED;
enum err settings_replace(struct settings *settings, enum model_kind kind, void *record,
                          struct settings_problem *problem) WARN_UNUSED;
// Adds the record, or replaces the one with its key; `*is_new` says which.
enum err settings_put(struct settings *settings, enum model_kind kind, void *record, bool *is_new,
                      struct settings_problem *problem) WARN_UNUSED;
// A group or user with lines is kept: ERR_CONFLICT, with their count in the reason. A line takes
// its forwardings along, a user their devices.
enum err settings_remove(struct settings *settings, enum model_kind kind, const void *record,
                         struct settings_problem *problem) WARN_UNUSED;

// Moves the exception of that key to another position of its line (1 to POSITION_MAX). Whoever is
// in its way moves by one towards the place that becomes free; all others stay, and the order of
// all but this one is as it was. ERR_NOT_FOUND where there is no such exception.
enum err settings_move(struct settings *settings, const struct model_exception *exception,
                       uint32_t position, struct settings_problem *problem) WARN_UNUSED;

// Counts the `calls` that an exception has left down, durably; with the last one it is switched
// off. In the audit it is the server that does so. Not within a batch. Tells rule_counted; after an
// error (of the store) it did not happen, and may be tried again.
enum err settings_count_use(struct settings *settings, const struct settings_use *use,
                            struct settings_problem *problem) WARN_UNUSED;

// Applies the user's profile whose keys are in `profile`, in place of one that is applied already;
// `profile` becomes what it is then. Not within a batch.
struct settings_application {
    bool has_until;   // else its own minutes or end_at tell when it ends
    uint64_t until_s; // since 1970; 0: it does not end by itself
};
enum err settings_apply_profile(struct settings *settings,
                                const struct settings_application *wanted,
                                struct model_profile *profile,
                                struct settings_problem *problem) WARN_UNUSED;
// Ends it; nothing happens where it is not applied.
enum err settings_end_profile(struct settings *settings, struct model_profile *profile,
                              struct settings_problem *problem) WARN_UNUSED;
// Ends one profile whose time is over, in `ended`; false when there is none (more). To be called
// once a second: mostly it only looks at the clock.
bool settings_end_due(struct settings *settings, struct model_profile *ended);

// What a device has dialled that is a feature code (code.h).
struct settings_order {
    char group[NAME_SIZE], extension[EXTENSION_SIZE]; // the line that it dials through
    char user[NAME_SIZE], device[NAME_SIZE];          // its owner, its own name
    struct code_order code;                           // without a fault
};
// A change that was made because of it.
struct settings_change {
    enum model_kind kind;
    const char *change; // "added", "changed" or "removed"
    union model_record record;
};
enum { SETTINGS_ORDER_CHANGES_MAX = 4 };
struct settings_obeyed {
    struct code_outcome outcome;
    struct settings_change changes[SETTINGS_ORDER_CHANGES_MAX];
    size_t change_count;
};
// Carries it out, as one change, with the device as the actor; `*out` tells what has become of it.
// What it says has changed is durable. Not within a batch.
void settings_obey(struct settings *settings, const struct settings_order *order,
                   struct settings_obeyed *out);

// Where a forwarding of the line that is set leads abroad, as far as its group lets it: the target
// of the first, stored form (a barred prefix is not looked at); NULL: none does. Lives until the
// next change. What is told by settings_publish_all and later is known.
const char *settings_abroad_target(const struct settings *settings, uint32_t line_id);
// How many lines of the group that are so.
uint32_t settings_count_abroad(const struct settings *settings, uint32_t group_id);

// Several changes as one. Between begin and end every change above is checked as always, and sees
// those before it, but nothing is durable or published until the end. Once one was refused, the
// batch can only be undone; further changes may still be tried, to learn what is wrong with them.
enum err settings_begin_batch(struct settings *settings,
                              struct settings_problem *problem) WARN_UNUSED;
// Makes the whole batch durable and publishes it if `is_wanted`; else, or when a change of it was
// refused (ERR_CONFLICT), undoes it.
enum err settings_end_batch(struct settings *settings, bool is_wanted,
                            struct settings_problem *problem) WARN_UNUSED;

// ---- Checks of groups. They are kept beside the settings; only what follows from one is a change
// of them, which the audit tells of as one by SETTINGS_CHECK.
#define SETTINGS_CHECK "lineward check"
// The number of the next check.
enum err settings_next_check(struct settings *settings, uint32_t *number,
                             struct settings_problem *problem) WARN_UNUSED;
// Keeps a check that has begun; the oldest of too many of its group goes.
enum err settings_add_check(struct settings *settings, const struct model_check *check,
                            struct settings_problem *problem) WARN_UNUSED;
// Keeps what it has found out. The group's pbx_ring_timeout is set to what was measured, and the
// engine learns whether forwardings are to be bridged where forward_by is auto.
enum err settings_end_check(struct settings *settings, const struct model_check *check,
                            struct settings_problem *problem) WARN_UNUSED;
// Those that run according to the store, though the program has just begun, were interrupted.
enum err settings_end_stale_checks(struct settings *settings,
                                   struct settings_problem *problem) WARN_UNUSED;

// Reading: straight from the store (see there).
enum err settings_get(struct settings *settings, enum model_kind kind, void *record, uint32_t *id,
                      struct settings_problem *problem) WARN_UNUSED;
enum err settings_list(struct settings *settings, const struct store_query *query,
                       store_visit *visit, void *context,
                       struct settings_problem *problem) WARN_UNUSED;
// Writes down in the audit that somebody lifts an alarm of a line; nothing of it is a setting.
struct settings_alarm {
    const char *group, *extension, *kind;
    uint64_t count; // of calls
};
enum err settings_note_lifted(struct settings *settings, const struct settings_alarm *alarm,
                              struct settings_problem *problem) WARN_UNUSED;
enum err settings_list_audit(struct settings *settings, const struct store_audit_query *query,
                             store_audit_visit *visit, void *context,
                             struct settings_problem *problem) WARN_UNUSED;

// The store behind, for what is no setting: who has signed in. Lives as long as the settings.
struct store *settings_store(struct settings *settings);

// What would happen to a call now: the facts as a live call would have them, with the states that
// are given instead of the real ones.
struct settings_question {
    const char *group, *extension;
    struct span from; // the caller's number as the PBX presents it; empty: anonymous, external
    // Somebody of whom only this is known, instead of `from`: ORIGIN_INTERNAL or ORIGIN_EXTERNAL;
    // ORIGIN_ALL: `from` says who.
    enum model_origin origin;
    bool has_dnd, is_dnd; // assume do-not-disturb on or off; else as set
    bool has_login, is_logged_in;
    bool is_logged_in_now;    // what holds without an assumption (the engine knows)
    uint64_t at_s;            // when, in seconds since 1970 (UTC); 0: now
    const char *presence;     // assumed of the user; NULL: as set
    uint32_t calls;           // that the line is assumed to have
    uint32_t calls_elsewhere; // that the user's other lines are assumed to have
    bool is_busy;             // it is assumed to have as many as it may
    bool is_unanswered;       // nobody answers while it rings
    bool is_unreached;        // the user's clients cannot be reached
};
struct settings_answer {
    struct fwd_verdict verdict; // its target points into `target`
    char target[TEXT_SIZE];
    char dialled[TEXT_SIZE]; // what the PBX would be told to dial
    bool is_bridged;         // we would call there ourselves; else by a 302
    bool is_internal;
    char caller[NUMBER_SIZE]; // stored form; "anonymous" where there is none
    uint64_t until_s; // when the rule that decides ends by itself; 0: never, or there is none
};
// Reads where a call of a line is to go, as a person types it: `stored` gets the stored form, with
// the user's number for mailbox and mobile (empty where there is none); `*number_class` its class.
struct settings_destination {
    char stored[TEXT_SIZE];
    enum model_number_class number_class;
};
enum err settings_read_destination(struct settings *settings, const struct model_line *line,
                                   struct span text, struct settings_destination *out,
                                   struct settings_problem *problem) WARN_UNUSED;
enum err settings_explain(struct settings *settings, const struct settings_question *question,
                          struct settings_answer *answer,
                          struct settings_problem *problem) WARN_UNUSED;

// What a number is at a group: read as the target of a forwarding, and as that of a caller.
struct settings_number {
    char stored[TEXT_SIZE]; // empty: it is no target; `reason` says why
    char dialled[TEXT_SIZE];
    enum model_number_class number_class;
    bool is_internal;
    bool is_permitted;        // forwardings may lead there, as far as the group is concerned
    char reason[REASON_SIZE]; // why not: "is an emergency number"
    // A caller whom the PBX presents like this; empty: no number
    char caller[NUMBER_SIZE];
    bool is_caller_internal;
};
// ERR_NOT_FOUND where there is no such group.
enum err settings_test_number(struct settings *settings, const char *group, struct span text,
                              struct settings_number *number,
                              struct settings_problem *problem) WARN_UNUSED;

// ---- Trials: whether a PBX takes a group and a line, before anything is stored (trial.c)

// Numbers of trials, in the place of those of records: from here up.
#define SETTINGS_TRIAL_IDS UINT32_C(0xffff0000)
struct settings_trial {
    union model_record group, line; // the line's group and user do not count
    uint32_t id; // SETTINGS_TRIAL_IDS or above: for the listener, of the group and of the line
};
// Checks the records and brings them into their stored form. A problem's field is that of the
// record behind its kind: "group.server".
enum err settings_check_trial(struct settings *settings, struct settings_trial *trial,
                              struct settings_problem *problem) WARN_UNUSED;
// Tells the listener of records that were checked; nothing is stored. The caller lets the trial end
// by the two below. Not within a batch.
enum err settings_begin_trial(struct settings *settings, const struct settings_trial *trial,
                              struct settings_problem *problem) WARN_UNUSED;
// Takes the line back, which un-registers it; then, when it is gone, the group.
void settings_end_trial_line(struct settings *settings, uint32_t id);
void settings_end_trial_group(struct settings *settings, uint32_t id);
