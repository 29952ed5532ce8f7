// SPDX-License-Identifier: Apache-2.0
// The inside of the table of desk phones.
#pragma once

#include "desk/desk.h"

// ---- A line

// A call as the PBX told it last, while it is confirmed or may become so.
enum { DESK_CALLS_MAX = 12, DESK_TAKEN_MAX = 16 };
struct desk_call {
    uint64_t id;      // hash; 0: a free place
    uint64_t call_id; // hash; 0: the PBX does not tell it
    bool is_confirmed;
    bool is_ours; // we have placed it, answered it or sent it on
};

enum desk_phase {
    PHASE_DUE,        // a SUBSCRIBE will be sent at the deadline
    PHASE_ASKING,     // it is out
    PHASE_SUBSCRIBED, // to be refreshed at the deadline
    PHASE_REFUSED,    // to be tried again at the deadline
};

struct desk {
    uint32_t line_id, group_id;
    struct pool_id txn;
    uint8_t phase;         // enum desk_phase
    uint8_t proof_count;   // of this attempt
    uint8_t failure_count; // in a row
    uint8_t taken_next;
    bool is_wanted;      // else it is to be ended
    bool is_established; // there is a dialog with the PBX
    bool is_leaving;     // the request that is out ends it
    bool is_told;        // a NOTIFY has come in this dialog
    uint32_t min_expires_s;
    uint32_t version;    // of the last document
    uint64_t sent_us;    // the last request
    uint64_t expires_us; // of the subscription
    struct call_desk counted;
    uint64_t taken[DESK_TAKEN_MAX]; // hashes of Call-IDs, see desk_note_taken
    struct desk_call calls[DESK_CALLS_MAX];
    struct dialog dialog;
    char texts[DIALOG_TEXT_MAX]; // the dialog's
};

struct desk_group {
    uint32_t group_id;
    uint32_t desk_count;
    uint32_t granted_s;         // what the PBX granted last
    uint64_t next_us, clear_us; // the pacing: the next free place; when the next may be sent
    uint64_t refused_until_us;  // it knows no such subscriptions at all
    uint16_t refused_status;
    bool is_swept; // its lines are looked at, from `place` on
    uint32_t place;
};

struct desk_table {
    struct pool desks, groups;
    struct index by_line, by_tag;
    struct deadlines deadlines; // of desks
    struct desk_neighbours neighbours;
    uint8_t hash_key[16];
};

// ---- table.c

struct desk *desk_find(const struct desk_table *table, uint32_t line_id, struct pool_id *id);
struct desk *desk_find_tag(const struct desk_table *table, struct span tag, struct pool_id *id);
struct desk_group *desk_group_of(const struct desk_table *table, const struct desk *desk);
void desk_free(struct desk_table *table, struct turn *turn, struct pool_id id);
// The dialog that there is, if any, is over.
void desk_drop_dialog(struct desk_table *table, struct pool_id id);
// Another one begins in its place. False where its texts are too long.
bool desk_start_dialog(struct desk_table *table, struct turn *turn, struct pool_id id,
                       const struct dialog_start *start);
void desk_wait_until(struct desk_table *table, struct pool_id id, uint64_t at_us);
// A SUBSCRIBE will be sent when the group's pacing comes to it.
void desk_make_due(struct desk_table *table, struct turn *turn, struct pool_id id);
// Tells people, and those who count calls.
struct desk_news {
    enum model_desk_state state;
    unsigned status;
    struct span reason;
};
void desk_tell(struct turn *turn, const struct desk *desk, const struct desk_news *news);

// ---- subscribe.c

// The desk's turn has come: sends what is to be sent.
void desk_ask(struct desk_table *table, struct turn *turn, struct pool_id id);
// The PBX does not tell, or no more: all that it has told is forgotten; asked again after `after_s`
// to twice that.
void desk_refused(struct desk_table *table, struct turn *turn, struct pool_id id,
                  const struct desk_news *why, uint64_t after_s);
// The dialog is over, but the PBX tells: another one begins, unless too many ended so in a row.
void desk_anew(struct desk_table *table, struct turn *turn, struct pool_id id,
               const struct desk_news *why);
// The subscription lasts for `seconds` from `from_us` on.
void desk_granted(struct desk_table *table, struct turn *turn, struct pool_id id, uint64_t from_us,
                  uint64_t seconds);
enum {
    DESK_RETRY_S = 3600,          // after a refusal or silence
    DESK_RETRY_GROUP_S = 6 * 3600 // where the PBX knows no such subscriptions
};

// ---- calls.c

// Takes a document in. False: it cannot be read, and nothing has changed. `*is_gap`: what it says
// is not all that has changed since.
bool desk_take_document(struct desk_table *table, struct desk *desk, struct span body,
                        bool *is_gap);
void desk_forget_calls(struct desk *desk);
