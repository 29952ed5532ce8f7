// SPDX-License-Identifier: Apache-2.0
// A world for the engine: settings in memory, a clock that jumps, and a PBX that says what the test
// tells it to say. What the engine sends, tells and journals is kept for the test to look at.
#pragma once

#include "engine/engine.h"
#include "settings/settings.h"

struct world;

struct world *world_new(uint64_t seed);
void world_free(struct world *world);

// Notes the registrations as they were told, as the program does now and then.
void world_save(struct world *world);
// Throws the engine away and starts another one with the same settings and the registrations as
// they were saved last; where the PBXs are has to be told again. What was sent and journalled stays
// to be taken.
void world_crash(struct world *world, uint64_t seed);
// The same in an orderly way: saves before.
void world_restart(struct world *world, uint64_t seed);

// Adds or changes a record from words "field=value"; a value may be quoted. Returns NULL or why it
// failed.
const char *world_set(struct world *world, struct span kind, struct span words, bool is_new);
// Removes the record whose key fields the words give.
const char *world_remove(struct world *world, struct span kind, struct span words);
// The number of the record whose key fields the words give, 0 when there is none.
uint32_t world_id(struct world *world, struct span kind, struct span words);
// The PBX of the group (by its number, from 1 up) is at `peer`, "tcp ADDRESS" for a new connection
// to it; an empty span: it has no address.
void world_set_peer(struct world *world, uint32_t group_id, struct span peer);

// The PBX of group 1 is behind these addresses, the best first ("ADDRESS ADDRESS"): which of them
// is used follows from what the engine tells.
void world_set_targets(struct world *world, struct span addresses);

// Assumes what a line's clients do, NULL: nothing any more.
void world_assume(struct world *world, uint32_t line_id,
                  const struct client_assumption *assumption);
// A device of the user with that number, reached at `peer` ("tcp ADDRESS": by a new connection)
// without having registered, q 1.
void world_bind(struct world *world, uint32_t user_id, struct span peer);
// A connection has ended.
void world_lose(struct world *world, const struct flow *flow);
// Deflects the call that was told last to wait to a stored target.
enum call_deflection world_deflect(struct world *world, struct span target,
                                   enum fwd_finding *finding);
// Declines it; false: none waits.
bool world_decline(struct world *world);
// A call as it was told last.
struct world_call {
    struct pool_id id;
    uint8_t worker;
    bool is_waiting; // here: held or ringing
    bool is_outgoing;
    enum model_call_state state;
    char device[NAME_SIZE];
};
// What was told last of a line's desk phones.
struct model_desk_phone world_desk(const struct world *world, uint32_t line_id);
// The call that was told last; NULL: there is none.
const struct world_call *world_last_call(const struct world *world);
// Ends it by hand; false: there is none, or its end is on the way.
bool world_hang_up(struct world *world);
// How many calls there are, as told: waiting, or answered.
uint32_t world_shown_count(const struct world *world);
// How many of them wait.
uint32_t world_waiting_count(const struct world *world);
// How often exceptions with a number of calls were carried out, as told.
uint32_t world_used_count(const struct world *world);

// The settings do not answer feature codes any more, or do again.
void world_set_store_away(struct world *world, bool is_away);
// Packets of tones that were sent.
uint32_t world_media_count(const struct world *world);

// Lets time pass; what becomes due is done on the way.
void world_advance(struct world *world, uint64_t by_us);
// The same in steps: to what is due next, or to `until_us`; false when that is reached.
bool world_step(struct world *world, uint64_t until_us);
// The same by one jump: what becomes due on the way is done late, at its end.
void world_jump(struct world *world, uint64_t by_us);
// When the engine wants to be woken next, DEADLINE_NEVER when nothing waits.
uint64_t world_deadline_us(const struct world *world);
// Sets the wall clock forward or back, as an administrator does.
void world_step_wall(struct world *world, int64_t by_us);
uint64_t world_now_us(const struct world *world);
uint64_t world_wall_us(const struct world *world);

// Gives the engine a datagram from `peer`.
void world_receive(struct world *world, const struct address *peer, struct span bytes);
// Gives it datagrams that have come at once.
void world_receive_all(struct world *world, const struct datagram *datagrams, size_t count);
// The same as world_receive by a new TCP connection from `peer`, as a worker does it: messages as
// they become whole, a fault where the stream breaks. Tells what has become of the stream.
enum world_stream { WORLD_STREAM_IDLE, WORLD_STREAM_WAITS, WORLD_STREAM_CLOSED };
enum world_stream world_receive_stream(struct world *world, const struct address *peer,
                                       struct span bytes);

// The oldest message that the engine sent and nobody took yet, or an empty span. Lives until the
// next call.
struct span world_take_sent(struct world *world);
// Where the message that was taken last was to go.
const struct flow *world_sent_flow(const struct world *world);
size_t world_sent_count(const struct world *world);
// The oldest journal entry that nobody took yet, or NULL. Lives until the next call.
const struct model_journal_entry *world_take_entry(struct world *world);
// A line's state as last told, or NULL. Lives until the next call.
const struct model_registration *world_state(struct world *world, uint32_t line_id);
struct engine_counts world_counts(const struct world *world);
// The rate that the engine last said it uses instead of a group's register_rate; 0: none.
uint32_t world_rate(const struct world *world);
