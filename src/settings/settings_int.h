// SPDX-License-Identifier: Apache-2.0
// What the files of this folder share.
#pragma once

#include "calendar/calendar.h"
#include "settings/settings.h"

// ---- Problems

enum err settings_fail(struct settings_problem *problem, enum err err, const char *field,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));
// Passes on what the store said of its last error.
enum err settings_fail_store(const struct settings *settings, enum err err,
                             struct settings_problem *problem);

struct settings_site;

// ---- Checks (check.c, host.c, loop.c)

// NULL, or why the site permits no forwarding to a stored target.
const char *settings_check_permitted(const struct settings_site *site, struct span target);

// Checks what can be told from the record alone, and brings its texts into their stored form.
enum err settings_check_record(enum model_kind kind, void *record,
                               struct settings_problem *problem);
// Checks what depends on other records: that they are there, and a forwarding's target, which gets
// its stored form.
enum err settings_check_references(struct settings *settings, enum model_kind kind, void *record,
                                   struct settings_problem *problem);
// Looks for a loop that the record makes, which is saved but not committed yet (loop.c): one of
// immediate forwardings alone is refused, any other one is the problem's warning. Of a user, whose
// record before is in settings->before, that may be by another mailbox or mobile number.
enum err settings_check_loops(struct settings *settings, enum model_kind kind, const void *saved,
                              struct settings_problem *problem);

// Adds a sentence to the problem's warning.
void settings_warn(struct settings_problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Names stand in addresses of the API and on the command line. NULL, or why this one cannot.
const char *settings_check_name(const char *name);
// Brings a target into its stored form and checks that `line` (NULL: any) may forward there; the
// site is settings->site.
enum err settings_check_target(struct settings *settings, const char *line, char target[TEXT_SIZE],
                               struct settings_problem *problem);
// ERR_NOT_FOUND of the field "extension" where the group has no such line.
enum err settings_check_line_exists(struct settings *settings, const char *group,
                                    const char *extension, struct settings_problem *problem);

// Of rules, calendars, time zones and presences (rules.c): from the record alone, then with others.
enum err settings_check_rule(enum model_kind kind, const union model_record *record,
                             struct settings_problem *problem);
enum err settings_check_rule_references(struct settings *settings, enum model_kind kind,
                                        union model_record *record,
                                        struct settings_problem *problem);
// Brings "HOST" or "HOST:PORT" into its stored form, in place. NULL, or the reason why it is
// neither.
const char *settings_read_host(char text[TEXT_SIZE]);

// ---- Who is internal (explain.c)

// Whether a stored number, or what is no number, is one of settings->site: by its ranges, or as a
// line.
enum err settings_judge_origin(struct settings *settings, struct span stored, bool *is_internal,
                               struct settings_problem *problem);

// ERR_INVALID of the field "user" where there is no such user; an empty name is nobody's.
enum err settings_check_user_exists(struct settings *settings, const char *name,
                                    struct settings_problem *problem);

// ---- Audit (audit.c)

enum {
    AUDIT_JSON_SIZE = 16 * 1024, // holds the longest record of every kind
    AUDIT_KEY_SIZE = 256,        // and its key
};

// Writes down that a record was added (`before` is NULL), changed or removed (`after` is NULL); in
// the transaction of the change. Nothing is written where nothing differs.
enum err settings_audit(struct settings *settings, enum model_kind kind, const void *before,
                        const void *after, struct settings_problem *problem);
// The same for a record that is about to be removed, and for those that go along with it.
enum err settings_audit_removal(struct settings *settings, enum model_kind kind, const void *record,
                                struct settings_problem *problem);

// ---- Time zones (zones.c)

// Seconds since 1970, UTC.
uint64_t settings_now_s(const struct settings *settings);
// The number of the zone called `name` (empty: the server's); the listener knows it from now on.
uint32_t settings_zone_id(struct settings *settings, const char *name);

// ---- Blocks for the engine (line_block.c, group_block.c, walk.c)

// A group without its administrative forwardings, and its numbering as it was read.
struct settings_site {
    struct snapshot_group group;
    struct phone_numbering numbering;
};

enum { SLOT_COUNT = CONDITION_COUNT * ORIGIN_COUNT };

// Classes of numbers of one numbering that were told lately: asking a country's tables costs more
// than all else about a line, and many lines forward to the same numbers.
enum { CLASSES_MAX = 1024 };
struct settings_classes {
    struct phone_numbering numbering;
    struct {
        char target[NUMBER_SIZE]; // empty: none here
        uint8_t number_class;
    } known[CLASSES_MAX]; // a target's place follows from its text
};

// All that a line's block is made of.
struct settings_line {
    uint32_t id;
    struct model_line line;
    bool has_user;
    uint32_t user_id;
    struct model_user user;
    struct model_forwarding forwardings[SLOT_COUNT];
    uint32_t forwarding_ids[SLOT_COUNT];
    size_t forwarding_count;
    struct model_exception exceptions[EXCEPTIONS_MAX]; // by position
    uint32_t exception_ids[EXCEPTIONS_MAX];
    size_t exception_count;
};

// ---- Profiles (profile.c)

struct settings_slots {
    struct model_forwarding at[SLOT_COUNT]; // without their lines
    size_t count;
};
enum err settings_check_profile(const struct model_profile *profile,
                                struct settings_problem *problem);
enum err settings_check_profile_references(struct settings *settings, struct model_profile *profile,
                                           struct settings_problem *problem);
// Lays the profile of the line's user, if one is applied, over the line and its user.
enum err settings_lay_profile(struct settings *settings, struct settings_line *line,
                              struct settings_problem *problem);
// Within the change of a user: who sets do-not-disturb or presence by hand ends the profile.
enum err settings_follow_hand(struct settings *settings, const struct model_user *before,
                              const struct model_user *after, struct settings_problem *problem);

// ---- Blocks that are made

// Builds a line's block (SNAPSHOT_LINE_MAX bytes).
void settings_build_block(struct settings *settings, const struct settings_site *site,
                          const struct settings_line *line, struct snapshot_line *block);
// What the group's last checks have found out about the PBX and a 302 (checks.c).
enum settings_following { FOLLOWING_UNKNOWN, FOLLOWS, FOLLOWS_NOT };
struct settings_verdicts {
    enum settings_following internal, external; // for targets of that kind
};
enum err settings_find_verdicts(struct settings *settings, const char *group,
                                struct settings_verdicts *verdicts,
                                struct settings_problem *problem);
// Fills in the block's bridges_internal and bridges_external.
enum err settings_put_following(struct settings *settings, struct snapshot_group *block,
                                struct settings_problem *problem);
// Builds the block of the group in settings->site, in settings->group_block.
enum err settings_build_group(struct settings *settings, struct settings_problem *problem);

// A block that is being written (block.c).
struct settings_writer {
    char *bytes; // aligned for all parts
    size_t len, size;
    struct settings_classes *classes;
};
struct snapshot_text settings_put_text(struct settings_writer *writer, struct span text);
// Makes room for `count` elements of `element_size` bytes, which the caller fills in.
void *settings_put_list(struct settings_writer *writer, size_t element_size, size_t count,
                        struct snapshot_list *list);
struct snapshot_list settings_put_schedule(struct settings_writer *writer, const char *text);
// The delay of a rule that has `delay_s`, 0 standing for the default.
uint16_t settings_delay_s(const struct settings_site *site, uint32_t delay_s);
// The class of a target at the site, out of `classes` where it is known already.
uint8_t settings_class_of(struct settings_classes *classes, const struct settings_site *site,
                          const char *target);

// Reads the group called `name`. A missing one is ERR_NOT_FOUND of the field "group".
enum err settings_load_site(struct settings *settings, const char *name, struct settings_site *site,
                            struct settings_problem *problem);

// Reads a line with its user, forwardings and exceptions. ERR_NOT_FOUND when there is no such line.
enum err settings_load_line(struct settings *settings, const char *group, const char *extension,
                            struct settings_line *line, struct settings_problem *problem);

// Gets the block of each line, in the order of their keys; borrowed for the call.
typedef enum err settings_sink(void *context, const struct snapshot_line *block);
// Builds the blocks of the lines that `query` (of KIND_LINE, without `after` and `limit`) selects.
// An error of `sink` ends it and counts as ERR_NO_MEMORY.
enum err settings_walk(struct settings *settings, const struct store_query *query,
                       settings_sink *sink, void *context, struct settings_problem *problem);

// ---- Devices (device.c)

// Checks a device from its record alone, then with others.
enum err settings_check_device(const struct model_device *device, struct settings_problem *problem);
enum err settings_check_device_references(struct settings *settings,
                                          const struct model_device *device,
                                          struct settings_problem *problem);
// Gets each device's block; borrowed for the call. An error ends the walk and counts as
// ERR_NO_MEMORY.
typedef enum err settings_device_sink(void *context, const struct snapshot_device *device);
// Builds the blocks of the user's devices (NULL: all devices); those whose password cannot be read
// are left out.
enum err settings_walk_devices(struct settings *settings, const char *user,
                               settings_device_sink *sink, void *context,
                               struct settings_problem *problem);

// ---- What is to be published once the change is durable (outbox.c)

struct settings_outbox {
    char *bytes;
    size_t len, size;
};

enum settings_news {
    NEWS_GROUP_CHANGED,
    NEWS_GROUP_REMOVED,
    NEWS_LINE_CHANGED,
    NEWS_LINE_REMOVED,
    NEWS_DEVICE_CHANGED,
    NEWS_DEVICE_REMOVED,
};

// Which lines forward abroad (abroad.c).
struct settings_abroad {
    struct settings_abroad_line *lines;
    size_t line_count, line_capacity;
    uint32_t *places; // by line_id: where it is in `lines`, from 1 up; 0: not there
    size_t place_capacity;
    struct settings_abroad_group *groups;
    size_t group_count, group_capacity;
};
// Keeps up with what is told of a line or a group.
void settings_note_abroad(struct settings *settings, enum settings_news news, const void *content);
void settings_free_abroad(struct settings_abroad *abroad);

// Adds a copy of the news. ERR_NO_MEMORY when there is no room for it.
enum err settings_outbox_put(struct settings_outbox *outbox, enum settings_news news,
                             const void *bytes, size_t size);
// Tells the settings' listener of one thing that has changed.
void settings_tell(struct settings *settings, enum settings_news news, const void *content);
// Tells the listener of all news, in order.
void settings_outbox_publish(struct settings *settings);
// Forgets all news and gives their memory back.
void settings_outbox_clear(struct settings_outbox *outbox);

// ---- A change as a whole (settings.c)

// Begins a change; within a batch there is nothing to begin.
enum err settings_begin(struct settings *settings, struct settings_problem *problem);
// Makes the change durable and publishes it; or, when `err` says that it has failed, undoes it. In
// a batch both wait for its end. Returns `err`, or what went wrong at last.
enum err settings_end(struct settings *settings, enum err err, struct settings_problem *problem);
// Collects what the engine has to learn of a record that was added or replaced.
enum err settings_collect_saved(struct settings *settings, enum model_kind kind, const void *record,
                                struct settings_problem *problem);

// ---- The whole

enum { WALK_PAGE = 64 };

struct settings_admin_forwarding {
    uint32_t id;
    struct model_admin_forwarding record;
};

enum settings_batch { BATCH_NONE, BATCH_OPEN, BATCH_REFUSED };

struct settings {
    struct store *store;
    struct settings_listener listener;
    struct settings_outbox outbox; // of the change or batch under way
    struct settings_abroad abroad;
    enum settings_batch batch;
    struct settings_actor actor;
    union model_record before; // of the record that is being replaced
    char audit_before[AUDIT_JSON_SIZE], audit_after[AUDIT_JSON_SIZE];
    // Of one walk at a time; site and block stay as they are for the last line:
    struct settings_site site;
    struct settings_line page[WALK_PAGE];
    struct snapshot_line *block; // SNAPSHOT_LINE_MAX bytes
    // Of one group at a time:
    struct snapshot_group *group_block; // SNAPSHOT_GROUP_MAX bytes
    struct settings_admin_forwarding admin_forwardings[ADMIN_FORWARDINGS_MAX];
    size_t admin_count;
    struct settings_classes classes;
    // By their zone_id:
    char zones[SNAPSHOT_ZONES_MAX][NAME_SIZE];
    uint32_t zone_count;
    // Profiles:
    bool has_profiles;   // there are some: a walk or a load looks for them
    uint64_t asked_s;    // that a question is about, since 1970; 0: now
    uint64_t next_end_s; // before then, since 1970, none is over
};
