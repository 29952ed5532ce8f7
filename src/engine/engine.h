// SPDX-License-Identifier: Apache-2.0
// All machines of one worker, joined: datagrams, settings and the time go in; datagrams, line
// states and journal entries come out through the host. Deterministic: the same seed and inputs
// give the same outputs.
#pragma once

#include "call/call.h"
#include "check/check.h"
#include "desk/desk.h"
#include "watch/watch.h"

struct engine;

// A SUBSCRIBE whose sender has proved who it is.
struct engine_subscribe {
    struct flow flow;
    struct span bytes;
    uint32_t device_id, group_id; // the group of what is watched
};

// What the engine hands out, during the call that caused it. Everything is borrowed for the call.
struct engine_host {
    void *context;
    void (*send)(void *context, const struct flow *flow, struct span bytes);
    void (*line_state)(void *context, const struct line_state *state);
    void (*call_ended)(void *context, const struct model_journal_entry *entry);
    // A call waits or is answered, has changed, or is gone. May be NULL.
    void (*call_shown)(void *context, const struct call_shown *shown);
    // An exception with a number of `calls` was carried out: to be counted by the store, which says
    // so by engine_rule_counted. May be NULL.
    void (*rule_used)(void *context, const struct call_rule_used *used);
    // What an administrator has to know. May be NULL.
    void (*alarmed)(void *context, const struct call_alarm *alarm);
    // A block that engine_put_line took is no longer needed: it is the host's again.
    void (*release_line)(void *context, const struct snapshot_line *block);
    void (*release_group)(void *context, const struct snapshot_group *block); // the same
    // Where a device is registered. May be NULL.
    void (*binding_shown)(void *context, const struct client_shown *shown);
    // A group's register_rate is too small and another one is used. May be NULL.
    void (*rate_raised)(void *context, const struct line_rate *rate);
    // Our address, as who is reached by `flow` is to reach us; false where there is none. NULL:
    // there never is, and no device can be called.
    bool (*own_towards)(void *context, const struct flow *flow, struct address *own);
    // The class of a number that a device deflects to (call.h). NULL: none is known.
    enum model_number_class (*classify)(void *context, const struct phone_numbering *numbering,
                                        struct span stored);
    // A device has dialled a feature code: engine_code_obeyed is to be told what has become of it.
    // NULL: codes are numbers like others.
    void (*code_dialled)(void *context, const struct call_code_dialled *dialled);
    // Where media are sent from (call.h), and sending them. NULL: there are none.
    bool (*media_towards)(void *context, const struct flow *flow, struct address *own);
    void (*send_media)(void *context, const struct call_media *media);
    // A group's PBX works, or has failed, where it is or where engine_try_peer looked. May be NULL.
    // What follows from it is not to be told from within this call.
    void (*peer_told)(void *context, const struct line_peer_event *event);
    // A check has found something out, or is over. May be NULL.
    void (*check_told)(void *context, const struct check_told *told);
    // What the PBX says of a line's other telephones. May be NULL.
    void (*desk_told)(void *context, const struct desk_told *told);
    // ---- With other workers (docs/architecture.md "Workers"); may be NULL where there are none.
    uint8_t worker, worker_count; // our number, and how many there are
    // A message is for a line, a device or a request of the worker `to`: engine_datagrams there
    // takes it, with the flow's `worker` set to ours + 1; what has that flow is sent by us.
    void (*hand_over)(void *context, uint8_t to, const struct flow *flow, struct span bytes);
    // A device has proved who it is, and watches a line of the worker `to`: engine_take_subscribe
    // there, with the flow's `worker` as above.
    void (*subscribed)(void *context, uint8_t to, const struct engine_subscribe *subscribe);
    // A call was sent on to a line of the worker `sent->worker`: engine_note_sent_on there.
    void (*sent_on)(void *context, const struct call_sent_on *sent);
    // Something for all others: engine_hear there.
    void (*told)(void *context, const struct line_told *told);
};

struct engine_limits {
    uint32_t line_count, group_count;
    uint32_t call_count;        // held or waiting for their ACK at the same time
    uint32_t transaction_count; // finished ones that still absorb retransmissions included
    uint32_t elsewhere_count;   // lines and devices of other workers
    uint32_t device_count;
};

struct engine_time {
    uint64_t now_us;  // monotonic
    uint64_t wall_us; // since 1970-01-01 UTC
};

// Bytes of memory that an engine needs.
size_t engine_memory_size(const struct engine_limits *limits);
// Makes an engine in `memory` (zeroed, aligned to 16; it must outlive the engine; untouched parts
// cost nothing until they are used). `seed` drives every identifier.
struct engine *engine_init(void *memory, const struct engine_limits *limits, const uint8_t seed[32],
                           struct engine_host host);
// Gives all blocks back to the host. The memory is the caller's again.
void engine_fini(struct engine *engine);

// A batch of datagrams follows, from a queue that is like this. Where it stays too long, INVITEs
// for lines are refused with 503, statelessly, until it is short again.
void engine_waited(struct engine *engine, struct engine_time now,
                   const struct overload_sight *sight);
// The share of INVITEs, in millionths, that the host should drop before the engine sees them.
uint32_t engine_dropped_share(const struct engine *engine);
// How those begin that it should not drop: of emergency calls.
void engine_list_emergency(const struct engine *engine, struct call_emergency *list);

// Datagrams have come, or whole messages of streams. Each is a turn of its own, in their order; of
// several at once, what each will need is fetched from memory while others are dealt with.
void engine_datagrams(struct engine *engine, struct engine_time now,
                      const struct datagram *datagrams, size_t count);
// A stream is broken, by `fault`: answers the request that begins in `head`, if there is one. The
// connection is then to be closed.
void engine_stream_fault(struct engine *engine, struct engine_time now, const struct flow *flow,
                         struct span head, const struct sip_fault *fault);
// When engine_tick must be called next, on the monotonic clock; DEADLINE_NEVER when nothing waits.
uint64_t engine_deadline_us(const struct engine *engine);
// Does what is due.
void engine_tick(struct engine *engine, struct engine_time now);

// Settings. Blocks are kept until they are released. False when a limit is reached; the block then
// stays the caller's.
bool engine_put_group(struct engine *engine, struct engine_time now,
                      const struct snapshot_group *block);
void engine_remove_group(struct engine *engine, struct engine_time now, uint32_t group_id);
bool engine_put_line(struct engine *engine, struct engine_time now,
                     const struct snapshot_line *block);
// What the registration of a line was before a restart, right after the line was put.
void engine_restore_line(struct engine *engine, struct engine_time now,
                         const struct line_saved *saved);
void engine_remove_line(struct engine *engine, struct engine_time now, uint32_t line_id);

// A device of a user, see client.h; copied. Lines that it dials through may come later.
bool engine_put_device(struct engine *engine, struct engine_time now,
                       const struct snapshot_device *device);
void engine_remove_device(struct engine *engine, struct engine_time now, uint32_t device_id);
// What devices' passwords are for (client_set_realm); to be told before the first device.
void engine_set_realm(struct engine *engine, struct span realm);
void engine_set_md5_only(struct engine *engine, bool is_md5_only);
// Where a device was registered before a restart, right after the device was put.
void engine_restore_binding(struct engine *engine, struct engine_time now,
                            const struct model_binding *saved);

// A device is reached in this way, without having registered by it: restored, or in a test.
// POOL_ID_NONE where there is no such device, or no room.
struct pool_id engine_bind_client(struct engine *engine, struct engine_time now,
                                  const struct client_bind *bind);

// What clocks show in a time zone that groups and lines name; copied. To be told before them, and
// again before its steps end.
void engine_put_zone(struct engine *engine, const struct snapshot_zone *zone);

// The block of a line that has just been put counts `count` more uses of an exception.
void engine_rule_counted(struct engine *engine, uint32_t rule_id, uint32_t count);

// Assumes what the clients of a line do, until the engine ends; NULL: nothing any more. A test aid,
// see client.h. False when too much is assumed.
bool engine_assume_clients(struct engine *engine, uint32_t line_id,
                           const struct client_assumption *assumption);
// A user has a page of the web client open, or has none any more. False when there are too many.
bool engine_set_web_client(struct engine *engine, uint32_t user_id, bool is_live);
// How many live clients a user has, see client_live_count.
uint32_t engine_live_clients(const struct engine *engine, uint32_t user_id);
// What is assumed, or NULL.
const struct client_assumption *engine_assumed_clients(const struct engine *engine,
                                                       uint32_t line_id);
// Forwards a waiting call by hand, see call_deflect.
enum call_deflection engine_deflect(struct engine *engine, struct engine_time now,
                                    struct pool_id call, const struct fwd_target *target,
                                    enum fwd_finding *finding);
// Declines a waiting call by hand, see call_decline.
bool engine_decline(struct engine *engine, struct engine_time now, struct pool_id call);
// Ends a call by hand, see call_hang_up.
bool engine_hang_up(struct engine *engine, struct engine_time now, struct pool_id call);

// ---- Checks of line groups (check.h)

struct engine_check {
    uint32_t number, group_id;
    uint32_t line_ids[CHECK_LINES]; // caller, diverter, target; all 0: three that have no call
    char extensions[CHECK_LINES][EXTENSION_SIZE]; // theirs, once it has started
    bool is_quick;                                // without waiting for the PBX's ring time-out
    uint32_t ring_max_s;                          // for how long that is waited for
    struct span external;                         // test number in stored form; empty: none
    unsigned external_class;                      // enum model_number_class
};
enum engine_check_result {
    ENGINE_CHECK_STARTED,
    ENGINE_CHECK_ELSEWHERE, // the line is not of this worker
    ENGINE_CHECK_LINE_OFF,
    ENGINE_CHECK_LINE_BUSY,    // it has a call
    ENGINE_CHECK_LINE_CHECKED, // it takes part in another check
    ENGINE_CHECK_TOO_FEW_LINES,
    ENGINE_CHECK_TOO_MANY, // checks
};
// Starts a check; `order` gets the lines that were chosen. Else `*line_id` tells which line it is
// about, 0: none in particular.
enum engine_check_result engine_start_check(struct engine *engine, struct engine_time now,
                                            struct engine_check *order, uint32_t *line_id);
// Ends it before its time; false when there is none of that number. check_told tells when its calls
// are gone.
bool engine_stop_check(struct engine *engine, struct engine_time now, uint32_t number);
// Ends all: the host waits a moment, while engine_is_checking, for the PBXs to hear of it.
void engine_stop_checks(struct engine *engine, struct engine_time now);
bool engine_is_checking(const struct engine *engine);

// What has become of a feature code that code_dialled told.
void engine_code_obeyed(struct engine *engine, struct engine_time now, struct pool_id code,
                        const struct code_outcome *outcome);

// Where a group's PBX is.
struct engine_peer {
    struct flow flow;    // to the PBX
    struct address own;  // ours as it sees us
    bool is_own_fixed;   // `own` is configured; else it is learned from the PBX's answers
    bool is_doubtful;    // it failed lately: probed first
    struct span problem; // not empty: it cannot be reached, and this is why
};
void engine_set_peer(struct engine *engine, struct engine_time now, uint32_t group_id,
                     const struct engine_peer *peer);
// Asks whether the PBX answers at `peer`, beside where it is; peer_told tells.
void engine_try_peer(struct engine *engine, struct engine_time now, uint32_t group_id,
                     const struct engine_peer *peer);
// Whose requests are the PBX's, and what is wrong with its name (line.h).
void engine_set_whereabouts(struct engine *engine, uint32_t group_id,
                            const struct line_whereabouts *whereabouts);
// Where the group's lines were registered before a restart; false when that is not known.
bool engine_saved_peer(const struct engine *engine, uint32_t group_id, struct address *peer);
// Whether the group has lines here.
bool engine_has_lines(const struct engine *engine, uint32_t group_id);
// Whether requests from `host` are those of a PBX: of this group, or of any (0).
bool engine_is_source(const struct engine *engine, uint32_t group_id, const struct address *host);
// A connection (of another worker, by the flow's `worker`) has ended: requests of ours that wait
// for an answer by it are tried anew.
void engine_connection_lost(struct engine *engine, struct engine_time now, const struct flow *flow);

// Forgets what was forwarded for a line, so that its limits hold from now on.
void engine_lift_limits(struct engine *engine, uint32_t line_id);

// ---- Other workers, each of which has lines and devices of its own

// What another worker serves, see line_put_elsewhere. False when the table is full.
bool engine_put_elsewhere(struct engine *engine, struct engine_time now,
                          const struct line_elsewhere *known);
void engine_remove_elsewhere(struct engine *engine, struct engine_time now, bool is_device,
                             uint32_t id);
// Takes a line out without a word to its PBX: the worker that it is put to gets `*left` by
// engine_restore_line. False when it was not there.
bool engine_yield_line(struct engine *engine, struct engine_time now, uint32_t line_id,
                       struct line_saved *left);
// What other workers' engines hand out (struct engine_host); `from` is the number of the teller.
void engine_note_sent_on(struct engine *engine, struct engine_time now,
                         const struct call_sent_on *sent);
void engine_take_subscribe(struct engine *engine, struct engine_time now,
                           const struct engine_subscribe *subscribe);
void engine_hear(struct engine *engine, struct engine_time now, uint8_t from,
                 const struct line_told *told);

// A group whose PBX is at `peer`: the next one after `*place` (POOL_ID_NONE: the first). False when
// there is none left.
struct engine_group_at {
    uint32_t group_id;
    struct address own; // ours as that PBX sees us
};
bool engine_next_group_at(const struct engine *engine, const struct address *peer,
                          struct pool_id *place, struct engine_group_at *out);

// Whether a message is exchanged with a device of the user (client_is_of_user).
bool engine_is_of_user(const struct engine *engine, uint32_t user_id, const struct flow *flow,
                       struct span sip_user);

// The next memory that calls have left behind and nobody uses now: it may be given back to the
// system. Of no size at the end.
struct engine_idle_search {
    struct idle_search search; // its `least` is to be set
    bool is_past_txns;
};
struct idle_memory engine_next_idle(struct engine *engine, struct engine_idle_search *search);
// The memory of which calls have some bytes here and there, so that large pages would be mostly
// empty: those of calls with two sides, and of what watches them.
struct idle_memory engine_sparse_memory(struct engine *engine);

struct engine_counts {
    uint64_t calls;           // INVITEs for lines
    uint64_t strangers;       // requests from elsewhere than a PBX of ours
    uint64_t unknown_numbers; // INVITEs of a PBX of ours for a number that is no line
    uint64_t malformed;       // datagrams that could not be read
    uint64_t overloaded;      // INVITEs for lines that got 503: too much to do, or no room
    uint64_t effects_lost;    // a turn's memory was full
    uint64_t handed_over;     // messages for lines and devices of other workers
    uint32_t open_calls, open_transactions;
    uint32_t open_legs;     // of calls, and the requests that pass between them
    uint32_t waiting_calls; // of the open ones; the others have their final answer
    size_t call_bytes;      // of what the open ones keep
    uint32_t subscriptions; // of devices, now
    uint32_t desks;         // lines whose desk phones are asked about, now
};
// Figures since the start, but for what there is now.
struct client_counts engine_client_counts(const struct engine *engine);
struct engine_counts engine_counts(const struct engine *engine);
