// SPDX-License-Identifier: Apache-2.0
// The lines of all groups and their registration at the PBX: REGISTER with digest, refresh before
// expiry, back-off, pacing, and a probe that notices when a lost PBX is back. RFC 3261 section 10,
// RFC 5626 section 4.5. One table per worker.
#pragma once

#include "phone/phone.h"
#include "txn/txn.h"

struct line_limits {
    uint32_t line_count;
    uint32_t group_count;
    uint32_t elsewhere_count; // lines and devices of other workers
};

struct line_table;

// Bytes of memory that a table needs.
size_t line_memory_size(const struct line_limits *limits);
// Makes a table in `memory` (zeroed, aligned to 16; it must outlive the table). `hash_key` should
// be random.
struct line_table *line_init(void *memory, const struct line_limits *limits,
                             const uint8_t hash_key[16]);

// ---- Effects

enum {
    LINE_REQUEST = EFFECT_LINE, // struct line_request: to be sent by a client transaction
    LINE_STATE,                 // struct line_state: tell people
    LINE_RELEASED,              // struct line_released: a block is no longer needed
    LINE_GROUP_RELEASED,        // struct line_group_released: the same of a group
    LINE_RATE,                  // struct line_rate: tell the administrator
    LINE_PEER,                  // struct line_peer_event: choose where the PBX is
    LINE_TOLD,                  // struct line_told: tell the other workers
    LINE_LEFT,                  // struct line_left: a line is un-registered
};

enum { LINE_TARGET_MAX = 16 }; // addresses of a PBX

struct line_request {
    struct effect effect;
    bool is_probe; // `id` is a group's, else a line's
    bool is_trial; // a probe of line_try_peer
    struct pool_id id;
    struct flow flow;
    enum sip_method method;
    struct span bytes, branch;
    struct pool_id superseded; // the line's request before: to be disowned
};

struct line_state {
    struct effect effect;
    uint32_t group_id;
    struct model_registration registration;
    struct span route;     // the registration's Service-Route; empty: none
    struct span extension; // of the line; empty where it is gone
    bool is_gone;          // the line was removed: forget its state
};

struct line_released {
    struct effect effect;
    const struct snapshot_line *block;
};

struct line_group_released {
    struct effect effect;
    const struct snapshot_group *block;
};

// A group's register_rate cannot keep all its lines registered: `used` takes its place.
struct line_rate {
    struct effect effect;
    uint32_t group_id;
    uint32_t used; // REGISTERs per second
};

// The group's PBX answers at `flow` what it was asked first, or again (`is_working`); or it gives
// no answer, or none but 503, and another target is better (RFC 3263 section 4.3).
struct line_peer_event {
    struct effect effect;
    uint32_t group_id;
    struct flow flow;
    bool is_working;
    bool is_too_large;  // it works, but a request was too large for a datagram (RFC 3261 18.1.1)
    struct span reason; // why not; static
};

// The PBX has taken the un-registration of line_set_away, or gave no answer to it.
struct line_left {
    struct effect effect;
    uint32_t line_id;
};

// What other workers should know of a group's PBX.
enum line_news {
    LINE_PROBED,    // it is lost, and was asked just now
    LINE_BACK,      // it answers again
    LINE_BACK_ANEW, // and was away so long that it may have forgotten all lines
};
struct line_told {
    struct effect effect;
    uint32_t group_id;
    enum line_news news;
};

// ---- Groups

// A group as the engine works with it; borrowed from the table until the next change of settings.
struct line_group {
    const struct snapshot_group *snapshot;
    struct phone_numbering numbering;
    struct flow flow;   // to the PBX, its peer's family is ADDRESS_NONE while unknown
    struct address own; // ours as the PBX sees it; learned from its answers
};

// Adds or replaces a group; the table keeps `block` until it emits LINE_GROUP_RELEASED for it.
// False when the table is full (the block then stays the caller's). Its address has to be told
// again (line_set_peer) if the server's name changed.
bool line_put_group(struct line_table *table, struct turn *turn,
                    const struct snapshot_group *block);
void line_remove_group(struct line_table *table, struct turn *turn, uint32_t group_id);
// How a group's PBX is reached, and how it reaches us.
struct line_peer {
    struct flow flow;
    struct address own;
    bool is_own_fixed; // the administrator gave `own`: not to be learned from the PBX's answers
    bool is_doubtful;  // failed lately: probed before the lines turn to it
};
// The group's PBX can be reached: registration begins, and begins anew when something has changed.
void line_set_peer(struct line_table *table, struct turn *turn, uint32_t group_id,
                   const struct line_peer *peer);
// Asks, by an OPTIONS, whether the PBX answers at `peer`, while the lines stay where they are. The
// answer comes as LINE_PEER, after 32 s at the latest.
void line_try_peer(struct line_table *table, struct turn *turn, uint32_t group_id,
                   const struct line_peer *peer);
// All addresses that the PBX's server name leads to: whatever comes from them is the PBX's. And
// what is wrong with that name, though the PBX can still be reached (empty: nothing): shown at
// registered lines.
struct line_whereabouts {
    const struct address *addresses; // at most LINE_TARGET_MAX
    size_t count;
    struct span notice;
};
void line_set_whereabouts(struct line_table *table, uint32_t group_id,
                          const struct line_whereabouts *whereabouts);
// The target that the lines were registered at before a restart; false when that is not known.
bool line_saved_peer(const struct line_table *table, uint32_t group_id, struct address *peer);
// The PBX's name could not be resolved, or it takes no connection; shown at its lines. What comes
// from `peer` (family ADDRESS_NONE: unknown) still counts as the PBX's.
void line_set_unreachable(struct line_table *table, struct turn *turn, uint32_t group_id,
                          const struct address *peer, struct span problem);

// ---- Time zones

// Adds or replaces a zone; it is copied.
void line_put_zone(struct line_table *table, const struct snapshot_zone *zone);
// NULL where nobody has told it: UTC.
const struct snapshot_zone *line_find_zone(const struct line_table *table, uint32_t zone_id);

// ---- Lines

// Adds or replaces a line; the table keeps `block` until it emits LINE_RELEASED for it. False when
// the table is full or the group unknown (the block then stays the caller's).
bool line_put(struct line_table *table, struct turn *turn, const struct snapshot_line *block);
// A registration as it outlives the program, or moves to another worker.
enum { LINE_ROUTE_SIZE = 256 };
struct line_saved {
    struct model_registration registration;
    char route[LINE_ROUTE_SIZE]; // Service-Route; empty: none
};

// What the line's registration was when the program stopped, as it was told with LINE_STATE. To be
// called right after line_put, for a line that was not there before; else nothing happens.
void line_restore(struct line_table *table, struct turn *turn, const struct line_saved *left);
// Takes the line out and un-registers it at the PBX.
void line_remove(struct line_table *table, struct turn *turn, uint32_t line_id);
// Takes the line out without a word to the PBX: another worker goes on with it, where line_restore
// gets `*left`. `*txn` is a request of it that may be under way, to be disowned. False when it is
// not there.
bool line_yield(struct line_table *table, struct turn *turn, uint32_t line_id,
                struct line_saved *left, struct pool_id *txn);

// Un-registers a line for a while (LINE_LEFT tells when that is done), or registers it again. Not
// kept over a restart: the line is registered then.
void line_set_away(struct line_table *table, struct turn *turn, uint32_t line_id, bool is_away);
// Whether a line is registered; else `*status` becomes the PBX's refusal, 0 where there was none.
bool line_is_registered(const struct line_table *table, uint32_t line_id, unsigned *status);
// The group of that number; NULL where there is none. Borrowed until the next change of settings.
const struct line_group *line_find_group_numbered(const struct line_table *table,
                                                  uint32_t group_id);
// The time between two REGISTERs of the group, as its register_rate and its lines have it.
uint64_t line_group_pace_us(const struct line_table *table, uint32_t group_id);
// The next line of a group, in no order. `*place` is 0 at first; NULL at the end. Looks at all
// lines of the table.
const struct snapshot_line *line_next_of_group(const struct line_table *table, uint32_t group_id,
                                               uint32_t *place);

// A line's LINE_REQUEST went out as the transaction `txn`.
void line_sent(struct line_table *table, struct pool_id line, struct pool_id txn);
// The answer to a LINE_REQUEST, or that none came (`message` NULL).
void line_response(struct line_table *table, struct turn *turn, struct pool_id line,
                   const struct sip_message *message);
// The same of a group's probe, and of the OPTIONS of line_try_peer.
void line_probe_response(struct line_table *table, struct turn *turn, struct pool_id group,
                         const struct sip_message *message);
void line_trial_response(struct line_table *table, struct turn *turn, struct pool_id group,
                         const struct sip_message *message);
// The connection of a line's LINE_REQUEST is gone, and with it the answer.
void line_connection_lost(struct line_table *table, struct turn *turn, struct pool_id line);

// When line_tick must be called next, on the monotonic clock; DEADLINE_NEVER when nothing waits.
uint64_t line_deadline_us(const struct line_table *table);
enum { LINE_TICK_MAX = 32 };
// Does what is due, at most LINE_TICK_MAX things; the deadline stays due if more wait.
void line_tick(struct line_table *table, struct turn *turn);

// ---- Other workers

// What another worker serves.
struct line_elsewhere {
    uint32_t group_id; // of the line; 0: it is a device
    uint32_t id;       // of the line or the device
    uint8_t worker;    // its number
    struct span name;  // the extension, or the device's SIP user name
};
// Adds it, or changes the worker. False when the table is full.
bool line_put_elsewhere(struct line_table *table, const struct line_elsewhere *known);
void line_remove_elsewhere(struct line_table *table, bool is_device, uint32_t id);
// Whether another worker has the line (or with group_id 0 the device) of that name.
bool line_find_elsewhere(const struct line_table *table, uint32_t group_id, struct span name,
                         uint8_t *worker);
// How many devices other workers have.
uint32_t line_devices_elsewhere(const struct line_table *table);
// Another worker tells what it has found out about a group's PBX.
void line_hear(struct line_table *table, struct turn *turn, uint32_t group_id, enum line_news news);

// ---- Looking up

// Whether the group has a line of that extension, here or at another worker.
bool line_is_extension(const struct line_table *table, const struct line_group *group,
                       struct span extension);
// The group's place for what comes from `peer`: the next group after `*previous` (POOL_ID_NONE: the
// first) whose PBX has that address, whatever the port, or that allows it (allowed_sources). NULL
// at the end.
const struct line_group *line_next_group_at(const struct line_table *table,
                                            const struct address *peer, struct pool_id *previous);
// The next group after `*previous` (POOL_ID_NONE: the first), NULL at the end.
const struct line_group *line_next_group(const struct line_table *table, struct pool_id *previous);
// Whether what comes from `peer` is the PBX's of that group.
bool line_is_source(const struct line_table *table, uint32_t group_id, const struct address *peer);
// The line of `group` with that extension, NULL when there is none. Borrowed until the next change
// of settings.
const struct snapshot_line *line_find(const struct line_table *table,
                                      const struct line_group *group, struct span extension);
// For several calls in a row, before the first of them is dealt with: line_seek asks for the memory
// in which line_find will begin to look and returns a number for what is sought; line_prefetch asks
// for the line, line_prefetch_block then for its block.
uint64_t line_seek(const struct line_table *table, const struct line_group *group,
                   struct span extension);
void line_prefetch(const struct line_table *table, uint64_t sought);
void line_prefetch_block(const struct line_table *table, uint64_t sought);
// Then the number of the line that is probably meant, 0 for none.
uint32_t line_sought_id(const struct line_table *table, uint64_t sought);
// The line with that number and its group; NULL when there is none. Borrowed likewise.
const struct snapshot_line *line_find_numbered(const struct line_table *table, uint32_t line_id,
                                               const struct line_group **group);
// The value of the Route that requests of this line other than REGISTER are to carry, as the PBX
// told when it was registered (Service-Route, RFC 3608 section 5.2). Empty where there is none.
// Borrowed until the next answer to a REGISTER.
struct span line_service_route(const struct line_table *table, uint32_t line_id);
// Prints what answers the challenges of a response (401, 407) to another request of the line than
// its REGISTER, as far as they are for the group's realm. False where there is nothing to answer.
// RFC 3261 sections 22.2, 22.3.
struct line_challenge {
    uint32_t line_id;
    const struct sip_message *response;
    enum sip_method method;
    struct span uri; // of the request
};
bool line_put_answers(struct buffer *out, struct turn *turn, const struct line_table *table,
                      const struct line_challenge *challenge);
// Takes the block of some line out of the table, which is then no longer usable for calls: for the
// owner's clean-up at the end. NULL when none is left. `*place` is 0 at first, and then what the
// call before left there: where to go on.
const struct snapshot_line *line_take_any(struct line_table *table, uint32_t *place);
// The same of the groups, once no line is left.
const struct snapshot_group *line_take_any_group(struct line_table *table);
// How many lines there are.
uint32_t line_count(const struct line_table *table);
// Whether the group has lines here.
bool line_has_lines(const struct line_table *table, uint32_t group_id);
