// SPDX-License-Identifier: Apache-2.0
// The inside of the line table.
#pragma once

#include "line/line.h"

// Where a line stands in its registration; what is shown to people follows from it
// (registration.c).
enum line_phase {
    PHASE_IDLE,       // nothing is wanted: switched off, or its PBX's address is unknown
    PHASE_DUE,        // a REGISTER will be sent at the deadline
    PHASE_WAITING,    // a REGISTER is out
    PHASE_REGISTERED, // to be refreshed at the deadline
    PHASE_FAILED,     // to be tried again at the deadline
};

struct line {
    const struct snapshot_line *block;
    uint64_t hash; // of group and extension
    struct pool_id group;
    struct pool_id txn;  // of the request that was sent last
    uint64_t call_id;    // of its requests, as hexadecimal digits
    uint64_t expires_us; // until when the PBX keeps us
    uint64_t give_up_us; // waiting for the answer
    uint32_t cseq;
    uint32_t min_expires_s; // demanded by a 423
    uint16_t failure_count; // in a row, for the back-off
    uint8_t phase;          // enum line_phase
    uint8_t shown;          // enum model_registration_state last told
    uint8_t route;          // its Service-Route (route.c) + 1; 0: none
    uint8_t place;          // where it was registered before (restore.c) + 1; 0: not known
    uint16_t proofs;        // of the attempt under way + 1; 0: none
    uint16_t status;        // that was told with `shown`
    bool is_wanted;         // to be registered; else to be un-registered
    bool is_away;           // line_set_away
    bool is_changed;        // begins anew when the request under way has its answer
    bool is_leaving;        // the request under way un-registers
    bool is_removed;        // free the slot when un-registered
    bool is_restored;       // still known to the PBX from before a restart, not resumed yet
    bool is_deferred;       // the PBX said when to come again (Retry-After)
    bool is_lengthened;     // the attempt under way has been answered 423
    bool is_old_call_id;    // from before a restart, and not yet accepted since
    bool is_spread;         // its refreshes have a place of their own among the others'
    // The group's own_generation in the REGISTER that was sent last, and in the one that was
    // accepted.
    uint8_t sent_generation, registered_generation;
};

// A way that requests of some lines of a group take (RFC 3608).
enum { LINE_ROUTES_MAX = 8 };
struct line_route {
    uint32_t line_count; // who use it; 0: a free place
    uint16_t len;
    char text[LINE_ROUTE_SIZE];
};

// Where lines of a group were registered, under another start of the program or by another worker.
enum { LINE_PLACES_MAX = 16 };
struct line_place {
    uint32_t line_count; // who were there; 0: a free place
    struct address peer, own, contact;
};

struct line_group_slot {
    struct line_group group;
    uint64_t next_send_us; // pacing: the next free place for a REGISTER of this group
    uint64_t clear_us;     // and when, by what was sent so far, the next one may be sent
    uint64_t probe_at_us;  // DEADLINE_NEVER: no probe wanted
    uint32_t cseq;
    uint32_t line_count;
    uint32_t elsewhere_count;  // its lines at other workers
    uint64_t spared_until_us;  // until then another worker asks whether the PBX is back
    struct address saved_peer; // where the PBX was before a restart; ADDRESS_NONE: not known
    uint32_t granted_s;        // what the PBX granted last, 0: nothing yet
    uint32_t told_rate;        // of the last LINE_RATE
    uint32_t spread;           // where the last refresh was put, in parts of 2^32
    uint64_t lost_at_us;       // when is_lost began
    uint64_t learned_at_us;    // group.own is what the PBX saw then; 0: what we were told
    struct address told_own;   // as line_set_peer had it
    struct address former_own; // group.own before, if the PBX may still know us there
    uint8_t former_transport;  // enum transport: by which it was reached
    uint8_t own_transport;     // the same of group.own
    uint8_t own_generation;    // counts the changes of group.own
    bool is_own_fixed;         // by the configuration
    bool is_removed;           // free the slot with its last line
    bool is_lost;              // the PBX does not answer: probes are sent
    bool is_proven;            // the PBX has answered where it is now, since it was lost last
    uint8_t refusal_count;     // answers of 503 in a row, from all lines
    uint8_t turn_count;        // how often that was told since a line was registered
    uint8_t target_count, allowed_count;
    uint64_t patient_until_us; // until then it is not told again
    uint64_t heard_at_us;      // when the PBX last answered, or we turned to it
    struct flow trial;         // of line_try_peer
    struct address targets[LINE_TARGET_MAX];
    struct address_range allowed[ALLOWED_SOURCES_MAX];
    struct line_route routes[LINE_ROUTES_MAX];
    struct line_place places[LINE_PLACES_MAX];
    char problem[REGISTRATION_REASON_SIZE]; // why the PBX cannot be reached; empty: it can
    char notice[REGISTRATION_REASON_SIZE];  // what is wrong although it can
};

// ---- proof.c: challenges of one attempt

enum {
    LINE_PROOFS_MAX = 4096,    // attempts that were challenged, at the same time
    LINE_PROOF_TEXT_MAX = 640, // bytes of realm, nonce and opaque
};

struct line_proof {
    struct sip_challenge challenge; // its texts are in `text`
    uint32_t nonce_count;           // how often its nonce was used
    uint8_t answer_count;           // 0: there is no challenge
    char text[LINE_PROOF_TEXT_MAX];
};

struct line_proofs {
    struct line_proof of[2]; // the registrar's; a proxy's
};

struct line_table {
    struct pool groups, lines;
    struct pool proofs;        // struct line_proofs
    struct index by_extension; // lines by group and extension
    struct index by_id;        // lines by line_id
    // How many lines have an extension of that length: most numbers that calls bring are longer
    // than any.
    uint32_t extension_counts[EXTENSION_SIZE];
    struct pool elsewhere; // struct elsewhere: what other workers serve
    struct index elsewhere_by_name, elsewhere_by_id;
    uint32_t elsewhere_device_count;
    struct deadlines deadlines;  // of lines
    struct snapshot_zone *zones; // SNAPSHOT_ZONES_MAX of them, by their zone_id
    uint8_t hash_key[16];
};

// table.c
struct line_group_slot *line_group_of(const struct line_table *table, const struct line *line);
struct line_group_slot *line_find_group(const struct line_table *table, uint32_t group_id,
                                        struct pool_id *id);
struct line *line_find_by_id(const struct line_table *table, uint32_t line_id, struct pool_id *id);
// Whether requests can be sent to the PBX.
bool line_is_reachable(const struct line_group_slot *slot);
struct span line_extension(const struct line *line);
void line_free(struct line_table *table, struct turn *turn, struct pool_id id);
uint64_t line_hash_extension(const struct line_table *table, uint32_t group_id,
                             struct span extension);

// registration.c: the machine of one line
// Begins anew, as its settings and its group's want it now, once a request under way has its
// answer. Sets a deadline, nothing else.
void line_start(struct line_table *table, struct turn *turn, struct pool_id id);
// A REGISTER will be sent when the group's pacing comes to it.
void line_make_due(struct line_table *table, struct turn *turn, struct pool_id id);
// The answer to the request under way does not matter any more.
void line_abandon(struct line *line);
// The line's deadline has come.
void line_due(struct line_table *table, struct turn *turn, struct pool_id id);

// restore.c: over a restart, or a change of the worker
// The line does not stand any more where it was before.
void line_forget_place(const struct line_table *table, struct line *line);
// The Contact that the PBX has of the line from before and that is to be taken back; NULL: none.
const struct address *line_old_contact(const struct line_table *table, const struct line *line,
                                       const struct turn *turn);
// Our address as the PBX saw it before, where it and we are where we were; NULL: not known.
const struct address *line_saved_contact(const struct line_group_slot *slot,
                                         const struct line_peer *peer);
// Whether the PBX knows the line well enough from before.
bool line_is_resumable(const struct line_group_slot *slot, const struct line *line,
                       const struct turn *turn);

// Whether the answer may mean that the PBX knows a higher CSeq than ours: then the line has a new
// Call-ID, and is to begin anew.
bool line_change_call_id(struct turn *turn, struct line *line, const struct sip_message *message);

// rate.c: pacing
// The time from one REGISTER of the group to the next.
uint64_t line_pace_us(const struct line_group_slot *slot);
// The next free place for a REGISTER of the group, not before now; takes it.
uint64_t line_reserve_send(struct line_group_slot *slot, const struct turn *turn);
// Whether, after what was sent already, it is too early for a further one: when we were late, many
// places in the pacing are due at once.
bool line_is_too_soon(const struct line_group_slot *slot, const struct turn *turn);
// The next one of moments that lie evenly in a range from 0 on, however many are asked for.
uint64_t line_spread(struct line_group_slot *slot, uint64_t range_us);
// A REGISTER that had a place was sent.
void line_note_sent(struct line_group_slot *slot, const struct turn *turn);
// Gives back the place that was taken last.
void line_return_send(struct line_group_slot *slot);
// The PBX granted `seconds`: says so where the group's rate is too small for that.
void line_note_granted(struct turn *turn, struct line_group_slot *slot, uint64_t seconds);

// own_address.c: our address as the PBX sees it
void line_learn_own(struct line_table *table, struct turn *turn, struct pool_id group_id,
                    const struct sip_message *response);

// elsewhere.c
enum { LINE_SPARED_US = 8 * 1000 * 1000 }; // for how long another worker's probe is enough
size_t line_elsewhere_memory_size(const struct line_limits *limits);
void line_elsewhere_init(struct line_table *table, void *memory, const struct line_limits *limits);
void line_tell_others(struct turn *turn, const struct line_group_slot *slot, enum line_news news);

// proof.c
enum line_proof_result {
    LINE_PROOF_TAKEN,    // the next request will answer
    LINE_PROOF_REPEATED, // it was answered before, in vain
    LINE_PROOF_UNKNOWN,  // nothing that we can answer, or may
    LINE_PROOF_NO_ROOM,  // too many at the same time
};
// Takes the challenges of a 401 or 407 in.
enum line_proof_result line_take_challenges(struct line_table *table, struct line *line,
                                            const struct sip_message *message);
// Prints what answers all that was asked in this attempt.
void line_put_proofs(struct buffer *out, struct turn *turn, const struct line_table *table,
                     const struct line *line);
// The attempt is over.
void line_forget_proofs(struct line_table *table, struct line *line);

// route.c: Service-Route
// Keeps what the 2xx of a line's REGISTER says.
void line_note_route(struct line_table *table, struct line *line,
                     const struct sip_message *message);
// Keeps it as one text; an empty one, or one that is too long: the line has none.
void line_set_route(struct line_table *table, struct line *line, struct span route);
struct span line_route_of(const struct line_table *table, const struct line *line);
void line_forget_route(struct line_table *table, struct line *line);

// request.c: the messages
struct line_request_options {
    uint32_t expires_s;
};
void line_send_register(struct line_table *table, struct turn *turn, struct pool_id id,
                        const struct line_request_options *options);
// By `peer`, or where the PBX is (NULL).
void line_send_probe(struct line_table *table, struct turn *turn, struct pool_id group_id,
                     const struct line_peer *peer);

// probe.c: whether the PBX answers at all
enum { LINE_SILENT_US = 8 * 1000 * 1000 }; // after which there is no answer
void line_group_lost(struct turn *turn, struct line_group_slot *slot);
// Another worker has heard the group's PBX again; `is_anew`: which was away for long.
void line_group_back(struct line_table *table, struct turn *turn, struct pool_id group_id,
                     bool is_anew);
// A line was registered, or the group is set anew: refusals count from the beginning.
void line_forget_refusals(struct line_group_slot *slot);
// The PBX is elsewhere now; `is_doubtful`: asked first whether it is really there.
void line_turn_to(struct turn *turn, struct line_group_slot *slot, bool is_doubtful);
// A final answer has come from where the PBX is.
void line_group_heard(struct turn *turn, struct line_group_slot *slot,
                      const struct sip_message *message);
// `answered` is the line that has its answer already, or POOL_ID_NONE.
void line_group_answers(struct line_table *table, struct turn *turn, struct pool_id group_id,
                        struct pool_id answered);
