// SPDX-License-Identifier: Apache-2.0
// The witness sees every datagram that the engine gets and sends, and knows what is set: so it
// knows what each answer has to be (but for wild worlds, see scene.h).
//   - a new INVITE is answered in the same turn, as site.c says; a hold ends in time
//   - one transaction never gets two different final answers; 487 needs a CANCEL; a final answer is
//   repeated until it is acknowledged, 180 each minute
//   - a 302 leads where the settings say, never to the line itself or where the call has been, and
//   no call goes in circles
//   - nothing is sent but to a PBX, or as the one answer to the stranger who asked
//   - REGISTERs keep to the group's rate, and are sent for nobody who is not wanted
//   - each call has one journal entry, which says how it was
//   - what is told of a line's registration is what its PBX has answered and keeps
#pragma once

#include "sim/leg.h"

// A forwarding that the engine should remember for ten seconds; several, if they are all alike.
struct memory {
    uint64_t until_us;
    unsigned count;
    unsigned incarnation, group, place;
    unsigned caller;   // number
    unsigned call;     // of is_return
    unsigned diverter; // of an anonymous caller; PLACE_NONE: by number
    struct site_history history;
    bool is_certain; // that nobody has taken it
    bool is_return;  // of a call that may come back to the line, from where it was sent; kept by
                     // the engine as long as it has room
};

enum { CALLER_NONE = 100000000 };
enum { MEMORY_MAX = 1024, ATTEMPT_MAX = 64, BRANCH_MAX = 64 };

// REGISTERs of a group.
struct pace {
    uint64_t attempts_us[ATTEMPT_MAX]; // a ring
    unsigned count;
    uint64_t branches[BRANCH_MAX]; // seen lately, hashed: their copies do not count
    unsigned branch_count;
};

// The registration of a line: what its PBX did, and what the engine told of it.
enum { ANSWER_MAX = 16 };
struct told {
    struct {
        uint64_t at_us;
        unsigned status;
    } answers[ANSWER_MAX]; // to REGISTERs, a ring
    unsigned answer_count;
    uint64_t bound_until_us; // as granted last; 0: un-registered
    // What was told when the registrations were saved last, and what the engine began with.
    uint64_t saved_until_us, restored_until_us;
    // What was told last.
    bool is_told;
    uint8_t state;
    uint16_t status;
    uint64_t until_us;
};

// What the engine is handling now.
struct handling {
    const struct address *stranger; // NULL: not a stranger's datagram
    size_t len;
    unsigned answer_count;
    unsigned status; // of the last answer
    bool is_odd;     // it cannot be read; then the answer, which copies it, may not be readable
    bool is_new;     // an INVITE that the engine sees for the first time
};

struct witness {
    struct memory memories[MEMORY_MAX];
    unsigned memory_count;
    struct pace paces[SITE_GROUPS];
    bool may_repeat[SITE_GROUPS][SITE_LINES]; // a 423 came: it asks again at once
    struct told told[SITE_GROUPS][SITE_LINES];
    struct handling handling;
    unsigned long long invite_count, redirect_count, register_count, stranger_count;
};

// Gives the engine a datagram, and looks at what comes of it.
void witness_deliver(struct scene *scene, const struct address *peer, struct span bytes);
// Looks at all that the engine has sent and journalled since.
void witness_look(struct scene *scene);
// A new engine has begun.
void witness_restarted(struct scene *scene);
// All has run out: no call may be without its end.
void witness_check_end(struct scene *scene);

// ---- pacing.c: the requests that the engine sends of its own accord

// A REGISTER: within the group's rate?
void pace_check(struct scene *scene, unsigned group, const struct address *to,
                const struct sip_message *request);
// An OPTIONS: none for a group that is not in use, but for copies of older ones.
void pace_check_probe(struct scene *scene, unsigned group, const struct address *to,
                      const struct sip_message *request);
void pace_forget(struct pace *pace);

// ---- told.c: what the engine tells of registrations

// The PBX has answered a REGISTER, and perhaps keeps the line until then (`until_us` 0: not).
void told_answered(struct scene *scene, unsigned group, unsigned line, unsigned status,
                   uint64_t until_us);
// The registrations have been saved.
void told_saved(struct scene *scene);
// A new engine has begun, and has told nothing yet.
void told_restarted(struct scene *scene);
// Looks at what was told since the last time.
void told_check(struct scene *scene);
// All is well, for a while: every line's state is told as it is.
void told_check_calm(struct scene *scene);
