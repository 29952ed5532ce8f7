// SPDX-License-Identifier: Apache-2.0
// The REST API: HTTP and JSON in front of the settings, the journal and the engine's state. It has
// a thread of its own, and the settings belong to that thread. docs/openapi.yaml describes it;
// errors are problem documents (RFC 9457).
#pragma once

#include "settings/settings.h"

struct api;
struct api_statistics;

// What an administrator has to know of a line's forwardings until it is lifted.
struct api_alarm {
    uint64_t number; // rising
    enum model_alarm_kind kind;
    char group[NAME_SIZE], extension[EXTENSION_SIZE];
    char target[EXTENSION_SIZE]; // ALARM_REDIRECT_LOST: where the last one did not come
    uint32_t line_id;            // of a limit; else 0
    uint64_t since_us, last_us;  // wall clock
    uint64_t count;              // of calls
};

// How many lines were in which state at a time.
struct api_sample {
    uint32_t at_s; // since 1970
    uint32_t lines[REGISTRATION_STATE_COUNT];
};

// What is assumed of a line's clients (a test aid, see docs/calls.md).
struct api_clients {
    enum model_clients clients;
    uint32_t call_count;                  // calls of the line that are answered
    char target[TEXT_SIZE];               // where they deflect to, stored form
    enum model_number_class number_class; // of the target
};

// A call that is held, rings or is answered. Texts that are too long are cut.
struct api_call {
    uint64_t number;
    uint64_t started_us;  // wall clock, like all here
    uint64_t answered_us; // 0: not yet
    uint64_t since_us;    // of the state
    uint64_t until_us;    // when something happens by itself; 0: nothing does
    uint32_t line_id;
    uint32_t user_id; // whose line it was when it began; 0: nobody's
    enum model_call_state state;
    bool is_outgoing; // a device of the line calls
    bool is_internal; // whom the line talks to
    char group[NAME_SIZE], extension[EXTENSION_SIZE];
    char caller[80], caller_display[64], dialled[80];
    char device[NAME_SIZE]; // that answered or called; empty: none
    char target[TEXT_SIZE]; // where it is forwarded to at until_us; empty: nowhere
};

// Where a device is registered. Texts that are too long are cut.
struct api_binding {
    char contact[256];
    char user_agent[64];
    struct address source;
    uint8_t transport;             // enum transport
    bool is_reachable;             // its connection is not lost
    uint64_t since_us, expires_us; // wall clock
};
enum { API_BINDINGS_MAX = 16 }; // of a device, that are shown

enum api_deflection { API_DEFLECTED, API_NO_CALL, API_NOT_DEFLECTED };

// One SIP message of a line, as it was received or sent.
struct api_trace_message {
    uint64_t number; // rising
    bool is_received;
    bool is_device;    // with a device of the line's user, else with the PBX
    uint8_t transport; // enum transport
    struct address peer;
    uint64_t wall_us;
    struct span text; // may be any bytes
};
struct api_trace_line {
    uint32_t group_id;
    uint32_t user_id; // 0: nobody's
    const char *extension;
};
struct api_trace_reader {
    void (*visit)(void *context, const struct api_trace_message *message);
    void *context;
};

// A check of a line group that is to begin.
struct api_check_order {
    uint32_t number, group_id;
    uint32_t line_ids[CHECK_LINES];               // all 0: any three that have no call
    bool is_quick;                                // without the PBX's ring time-out
    uint32_t ring_max_s;                          // for how long that is waited for
    char external[TEXT_SIZE];                     // test number, stored form; empty: none
    unsigned external_class;                      // enum model_number_class
    char extensions[CHECK_LINES][EXTENSION_SIZE]; // of its lines, once it has begun
};
enum api_check_result {
    API_CHECK_STARTED,
    API_CHECK_ELSEWHERE, // the lines are not all of one worker
    API_CHECK_LINE_OFF,
    API_CHECK_LINE_BUSY,
    API_CHECK_LINE_CHECKED, // by another check
    API_CHECK_TOO_FEW_LINES,
    API_CHECK_TOO_MANY, // checks
};
// One that runs, or that is over and not kept yet.
struct api_check {
    uint32_t number;
    bool is_done;
    uint8_t state; // enum check_state
    char server[TEXT_SIZE];
    struct model_check_row rows[CHECK_ROWS];
};

// What the API asks about the running system; called on the API's thread.
struct api_engine {
    void *context;
    // False when nothing is known of that line yet.
    bool (*registration)(void *context, uint32_t line_id, struct model_registration *out);
    // What the PBX says of the line's desk phones; false where nobody asks about them. May be NULL.
    bool (*desk_phone)(void *context, uint32_t line_id, struct model_desk_phone *out);
    // How many lines of a group are in each state (group_id 0: all groups).
    void (*count_lines)(void *context, uint32_t group_id,
                        uint32_t counts[/* by enum model_registration_state */]);
    // Whether a user counts as logged in now.
    bool (*is_logged_in)(void *context, uint32_t user_id, const struct model_user *user);
    // A user has a page open that listens to events, or had none for WEB_ALIVE_S. May be NULL.
    void (*web_client)(void *context, uint32_t user_id, bool is_live);
    // Where a device is registered, at most `max`. May be NULL.
    size_t (*list_bindings)(void *context, uint32_t device_id, struct api_binding *out, size_t max);
    // Some of the calls that there are, at most `max`, from `*place` (0 at first) on, in no order;
    // 0: there are no more.
    size_t (*list_calls)(void *context, uint32_t *place, struct api_call *out, size_t max);
    // The call of that number; false: it is gone.
    bool (*find_call)(void *context, uint64_t number, struct api_call *out);
    // Forwards a waiting call; `*finding` says why not.
    enum api_deflection (*deflect)(void *context, uint64_t number, const struct fwd_target *target,
                                   enum fwd_finding *finding);
    // Declines a waiting call; false when it does not wait any more.
    bool (*decline)(void *context, uint64_t number);
    // Ends a call, whatever its state; false when it is over.
    bool (*hang_up)(void *context, uint64_t number);
    // The alarm behind those with numbers up to `after` (0: the first); false at the end. May be
    // NULL, like the next.
    bool (*next_alarm)(void *context, uint64_t after, struct api_alarm *out);
    // Lifts it: the line's limits count from now on. False when it is not there any more.
    bool (*lift_alarm)(void *context, const struct api_alarm *alarm);
    // How the lines of a group (0: of all groups) stood at the first noted time behind `after_s`;
    // false at the end. May be NULL.
    bool (*next_sample)(void *context, uint32_t group_id, uint32_t after_s, struct api_sample *out);
    // Starts a check; `*line_id` tells which line a refusal is about, 0: none. May be NULL, like
    // the four that follow.
    enum api_check_result (*start_check)(void *context, struct api_check_order *order,
                                         uint32_t *line_id);
    bool (*stop_check)(void *context, uint32_t number);
    bool (*running_check)(void *context, uint32_t number, struct api_check *out);
    // One that is over, until it is forgotten.
    bool (*next_done_check)(void *context, struct api_check *out);
    void (*forget_check)(void *context, uint32_t number);
    // Assumes what a line's clients do, NULL: nothing any more. False when too much is assumed.
    bool (*assume_clients)(void *context, uint32_t line_id, const struct api_clients *clients);
    // False when nothing is assumed.
    bool (*assumed_clients)(void *context, uint32_t line_id, struct api_clients *out);
    // Calls handled, by outcome, and journal entries dropped, since the start.
    void (*statistics)(void *context, struct api_statistics *out);
    // Has the entries of all calls that have ended written, for who reads the journal next; waits
    // half a second at most. May be NULL.
    void (*settle_journal)(void *context);
    // Whether all workers answer.
    bool (*is_working)(void *context);
    // Does what others have left to be done with the settings: whenever the API's thread was woken.
    // False: it is not all done, and is to be tried again soon. May be NULL.
    bool (*work)(void *context);
    // The messages of a line, and of its user's devices, with numbers above `after`, oldest first;
    // from the first question on, as long as it is asked again within 15 s. Returns the number to
    // go on from.
    uint64_t (*trace)(void *context, const struct api_trace_line *line, uint64_t after,
                      struct api_trace_reader reader);
};

enum { API_WORKERS_MAX = 16 };
struct api_statistics {
    uint64_t started_us;  // wall clock
    uint64_t calls_count; // INVITEs of lines
    uint64_t forwarded_count, declined_count, missed_count, answered_elsewhere_count, failed_count;
    uint64_t answered_count, unanswered_count;
    // What was decided about calls that have ended: redirects by enum model_reason, the others by
    // enum model_verdict_kind
    uint64_t redirects_count[REASON_COUNT], verdicts_count[VERDICT_DECLINE + 1];
    uint64_t overload_alarms_count;
    uint64_t alarms_count[ALARM_KIND_COUNT]; // raised since the start
    uint64_t strangers_count;                // requests from elsewhere than a PBX of ours
    uint64_t unknown_numbers_count; // INVITEs of a PBX of ours for a number that is no line
    uint64_t malformed_count;
    uint64_t overloaded_count; // calls that got 503
    uint64_t journal_dropped_count;
    uint64_t effects_lost_count; // a turn's memory was full
    uint64_t open_calls, open_transactions;
    uint64_t parcels_dropped_count; // what one worker had for another one that was too busy
    uint32_t worker_count;
    struct api_worker_statistics {
        uint64_t calls_count, overloaded_count;
        uint64_t handed_over_count; // messages for lines and devices of other workers
    } workers[API_WORKERS_MAX];
    uint64_t device_bindings;      // now
    uint64_t device_subscriptions; // now
    uint64_t desk_phones;          // lines whose desk phones the PBX is asked about, now
    uint64_t feature_codes_count;  // dialled by devices
    uint64_t device_registrations_count;
    uint64_t device_challenges_count; // requests that got a challenge
    uint64_t device_failures_count;   // unknown users and wrong passwords
    uint64_t device_blocked_count;    // refused unseen: too many failures of their source
};

// Something that has happened, for those who listen to events. Empty texts are not told.
enum api_event_kind {
    EVENT_LINE, // how a line stands with its PBX
    EVENT_CALL_BEGAN,
    EVENT_CALL_CHANGED,
    EVENT_CALL_ENDED,
    EVENT_DEVICE, // registered somewhere, or not there any more
    EVENT_ALARM,  // `state` says of what; for administrators
    EVENT_CHECK,  // of a line group; for administrators
};

struct api_event {
    enum api_event_kind kind;
    char group[NAME_SIZE], extension[EXTENSION_SIZE];
    char user[NAME_SIZE];   // EVENT_DEVICE: whose it is
    char device[NAME_SIZE]; // its name; of a call: that answered or called
    char call[TEXT_SIZE];   // Call-ID
    uint64_t number;        // of a call that is there, see struct api_call; 0: not told
    char direction[8];      // of a call
    char caller[TEXT_SIZE], state[NAME_SIZE], verdict[NAME_SIZE], outcome[NAME_SIZE];
    char target[TEXT_SIZE], reason[TEXT_SIZE];
    uint64_t count;
    uint32_t check;      // EVENT_CHECK: its number
    char row[NAME_SIZE]; // and what it has found out
};

struct api_options {
    struct address listen; // port 0: one that is free, see api_address
    const char *token;     // administrator's bearer token, not empty; must outlive the API
    const char *realm;     // that devices' passwords are for; must outlive the API
    struct settings *settings;
    struct store *journal; // a handle of this thread
    struct api_engine engine;
    uint32_t session_idle_s; // a session that is not used for so long ends; 0: the default
    uint32_t session_max_s;  // after so long it ends in any case; 0: the default
    uint32_t web_alive_s;    // after so long without a sign of life a page is gone; 0: WEB_ALIVE_S
    size_t hash_bytes;       // memory that a password's hash costs; 0: what is safe
    uint32_t requests_per_s; // of one source, and of one user or token; 0: any number
    bool are_metrics_open;   // without a token, for who asks from this machine
    bool is_behind_proxy;    // X-Forwarded-For, -Proto and -Host are a proxy's of ours
};

enum { SESSION_IDLE_S = 12 * 3600, SESSION_MAX_S = 7 * 24 * 3600, WEB_ALIVE_S = 30 };

// Binds the address. NULL on failure with `*problem` naming the address and cause (ERR_IN_USE when
// it is taken).
struct api *api_new(const struct api_options *options,
                    struct settings_problem *problem) WARN_UNUSED;
// Where it listens.
struct address api_address(const struct api *api);
// The code with which the first administrator can be made, to be told to who has started the
// server; empty where there is an administrator. Lives as long as the API; before api_run only.
const char *api_setup_code(const struct api *api);
// Serves until api_stop; to be called on the API's thread.
void api_run(struct api *api);
// May be called from any thread and from a signal handler's loop, also before api_run.
void api_stop(struct api *api);
// Has the API's thread look at what is to be done; from any thread, and never waits.
void api_wake(struct api *api);
// Whether anybody listens to events; from any thread.
bool api_is_listened(const struct api *api);
// Tells those who listen what has happened; from any thread, and never waits long. Costs nothing
// while nobody listens; what comes faster than it can be told is counted and told as lost.
void api_post(struct api *api, const struct api_event *event);
// Tells those who listen that a setting was "added", "changed" or "removed" by other means than the
// API's; on the API's thread.
void api_tell_setting(struct api *api, enum model_kind kind, const char *change,
                      const union model_record *record);
// After api_run has returned. NULL is allowed.
void api_free(struct api *api);
