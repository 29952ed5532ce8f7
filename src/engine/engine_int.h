// SPDX-License-Identifier: Apache-2.0
// The inside of the engine: what its files share.
#pragma once

#include "engine/engine.h"

#include "engine/uas_int.h"

enum {
    ARENA_SIZE = 512 * 1024,
    AHEAD_MAX = 8, // messages that are read before the first of them is dealt with
    AHEAD_ARENA_SIZE = AHEAD_MAX * SIP_HEADER_MAX * sizeof(struct sip_header),
};

// Whom transactions belong to (struct txn_owner).
enum owner {
    OWNER_CALL,
    OWNER_LINE,
    OWNER_PROBE,
    OWNER_TRIAL,
    OWNER_LEG,
    OWNER_RELAY,
    OWNER_CODE,
    OWNER_WATCH,
    OWNER_DESK,
    OWNER_NOBODY,
    OWNER_TEST,    // the INVITE of a test call that came
    OWNER_TESTING, // what a test call sends
};

// A message that was read, and where what it is about is looked for.
struct arrival {
    const struct datagram *datagram;
    enum {
        ARRIVAL_IGNORED, // a keep-alive (RFC 5626 section 4.4.1)
        ARRIVAL_PING,    // a keep-alive that wants an answer
        ARRIVAL_ACK,     // an ACK, of which only its identity is known
        ARRIVAL_READ,
        ARRIVAL_FAULTY,
    } kind;
    struct sip_fault fault;
    struct sip_message message;
    struct txn_identity identity;
    uint64_t sought;  // of the line, see uas_seek
    uint32_t line_id; // 0: not known
};

// SUBSCRIBEs that were given to other workers lately: when one is repeated it is not asked for a
// proof again, which could be used only once.
enum { HANDED_MAX = 64, HANDED_US = 32 * 1000 * 1000 };
struct handed {
    uint64_t key[2]; // of the request, and of where it came from
    uint64_t at_us;  // 0: free
    uint32_t device_id, group_id;
    uint8_t worker;
};

struct engine {
    struct engine_host host;
    struct txn_table *txns;
    struct line_table *lines;
    struct client_table *clients;
    struct call_table *calls;
    struct check_table *checks;
    struct call_codes *codes;
    struct watch_table *watches;
    struct desk_table *desks;
    struct handed handed[HANDED_MAX];
    size_t handed_next; // the oldest
    uint8_t handed_key[16];
    struct turn turn;
    struct arena arena;
    struct random random;
    struct engine_counts counts;
    struct overload overload;
    const char *memory_end;
    struct arena ahead_arena;
    struct arrival ahead[AHEAD_MAX];
    struct flow flow; // that this turn's message came by
};

// The next input: empties what the one before has left.
struct turn *engine_begin(struct engine *engine, struct engine_time now);
// Carries out what the machines asked for, in order.
void engine_drain(struct engine *engine);
// Answers a request that belongs to nobody: in a transaction, so that copies get the same answer;
// without one where there is no room.
void engine_answer(struct engine *engine, const struct sip_message *request,
                   const struct flow *flow, const struct txn_answer *answer);

// ---- checks.c

// Takes an INVITE for a line if it is a test call; false: it is not.
bool engine_offer_test(struct engine *engine, struct call_offer *offer);
// The same of a request within one.
bool engine_pass_test(struct engine *engine, const struct sip_message *request,
                      const struct flow *flow);
// What becomes of the INVITE of a test call that came.
void engine_give_to_test(struct engine *engine, const struct txn_event *event);
// Carries out what a check wants, or tells it what has happened; false: the effect is none of that.
bool engine_carry_out_check(struct engine *engine, struct effect *effect);
// How a line stands now.
void engine_note_line(struct engine *engine, const struct line_state *state);

// ---- codes.c: calls of devices to feature codes

// Takes a device's call if it is one to a code.
bool engine_offer_code(struct engine *engine, const struct call_outgoing *outgoing);
// Takes a request within the dialog of one.
bool engine_take_for_code(struct engine *engine, const struct sip_message *request,
                          const struct flow *flow);
// What the transaction of its INVITE tells.
void engine_give_to_code(struct engine *engine, const struct txn_event *event);

// ---- own_lines.c: in whose name a device calls

// Fills in the line, and its group, that the INVITE of `outgoing->device_id` is to go out by; NULL
// where there is none. False: it names somebody else, and the line is the device's own one.
bool engine_find_own_line(const struct engine *engine, struct call_outgoing *outgoing);

// ---- watches.c: subscriptions of devices

// A SUBSCRIBE outside a dialog; it may be a stranger's.
void engine_serve_subscribe(struct engine *engine, const struct sip_message *request,
                            const struct flow *flow);
// Takes a request within the dialog of a subscription.
bool engine_take_for_watch(struct engine *engine, const struct sip_message *request,
                           const struct flow *flow);
// Takes a PBX's NOTIFY that says whether messages wait for a line.
bool engine_take_summary(struct engine *engine, const struct sip_message *request,
                         const struct flow *flow);
void engine_send_notice(struct engine *engine, const struct watch_notify *wanted);
// What becomes of a notice.
void engine_give_to_watch(struct engine *engine, const struct txn_event *event);
// Subscribers are told of a call, and of who is there.
void engine_watch_call(struct engine *engine, const struct call_shown *shown);
void engine_watch_binding(struct engine *engine, const struct client_shown *shown);

// ---- desks.c: desk phones at the PBX

// Carries out what their table wants; false: the effect is none of that.
bool engine_carry_out_desk(struct engine *engine, struct effect *effect);
// What becomes of a SUBSCRIBE.
void engine_give_to_desk(struct engine *engine, const struct txn_event *event);
// Takes a PBX's NOTIFY within such a subscription.
bool engine_take_for_desk(struct engine *engine, const struct sip_message *request,
                          const struct flow *flow);
// A call has ended here: it may have been sent on by a 302.
void engine_note_redirect(struct engine *engine, const struct model_journal_entry *entry);
