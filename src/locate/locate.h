// SPDX-License-Identifier: Apache-2.0
// Where a PBX is: from the server's name to the targets that can be spoken to, the best first, and
// which of them to use while some fail. RFC 3263 (sections 4.1 to 4.3), RFC 2782, RFC 3403. Pure:
// what to ask the name servers, and what time it is, goes out and comes in.
#pragma once

#include "base/base.h"
#include "model/model.h"

enum {
    LOCATE_NAME_SIZE = 256,   // of a name with its zero
    LOCATE_RECORD_MAX = 8,    // records of one answer that are used
    LOCATE_QUESTION_MAX = 20, // asked in one go
    LOCATE_TARGET_MAX = 16,
    LOCATE_PROBLEM_SIZE = 200,
};

// ---- Records of the name servers

struct locate_srv {
    uint16_t priority, weight, port;
    char target[LOCATE_NAME_SIZE]; // empty: the service is decidedly not there
};

struct locate_naptr {
    uint16_t order, preference;
    uint8_t transport; // enum transport that its service stands for
    char replacement[LOCATE_NAME_SIZE];
};

// Reads a record's data (RFC 2782; names uncompressed). False when it cannot be read.
bool locate_read_srv(struct span data, struct locate_srv *out);
// The same for NAPTR (RFC 3403 section 4.1). False also for services that are not ours ("SIP+D2U",
// "SIP+D2T", "SIPS+D2T"), and for what does not lead to SRV records (flag "s").
bool locate_read_naptr(struct span data, struct locate_naptr *out);
// Sorts by priority, and within one by a choice that `random` makes by weight (RFC 2782).
void locate_order_srv(struct locate_srv *records, size_t count, struct random *random);
// Sorts by order, then preference (RFC 3403, RFC 3263 section 4.1).
void locate_order_naptr(struct locate_naptr *records, size_t count);

// ---- Questions

enum locate_kind { LOCATE_ADDRESSES, LOCATE_SRV, LOCATE_NAPTR };

struct locate_question {
    char name[LOCATE_NAME_SIZE];
    uint8_t kind;      // enum locate_kind
    uint8_t transport; // LOCATE_SRV: enum transport of the service
    bool is_asked, is_answered;
    bool is_absent; // there certainly is nothing
    uint32_t ttl_s;
    size_t count;
    union {
        struct address addresses[LOCATE_RECORD_MAX];
        struct locate_srv srv[LOCATE_RECORD_MAX];
        struct locate_naptr naptr[LOCATE_RECORD_MAX];
    };
};

struct locate_answer {
    const struct address *addresses; // LOCATE_ADDRESSES
    const struct span *records;      // the others
    size_t count;
    uint32_t ttl_s;
    bool is_absent;      // with `count` 0: there certainly is nothing
    struct span problem; // with `count` 0: why
};

// ---- Targets

struct locate_target {
    struct address address;
    uint8_t transport;        // enum transport
    uint8_t rank;             // 0: the best; equal ones are as good as each other
    uint8_t failure_count;    // in a row
    uint64_t failed_until_us; // not used before that, if there are others; 0: it has not failed
};

struct locate {
    char host[TEXT_SIZE];
    struct address literal; // family ADDRESS_NONE: `host` is a name
    int32_t port;           // -1: none given
    enum model_transport transport;
    bool wants_stream;
    bool is_asking;
    uint64_t ask_at_us; // when to ask next
    size_t question_count;
    struct locate_question questions[LOCATE_QUESTION_MAX];
    size_t target_count;
    struct locate_target targets[LOCATE_TARGET_MAX]; // sorted by rank
    struct locate_target current;                    // family ADDRESS_NONE: none yet
    bool is_trying;                                  // locate_next_trial is out
    char problem[LOCATE_PROBLEM_SIZE];               // of the last look-up; empty: it went well
    char trouble[LOCATE_PROBLEM_SIZE];               // of the one under way
};

// Begins with a group's server (HOST, HOST:PORT) and transport. Asks at once.
void locate_init(struct locate *locate, struct span server, enum model_transport transport);
// The target that was used before, if it is one of the best: keeps a restart where it was.
void locate_prefer(struct locate *locate, const struct locate_target *target);
// A request was too large for a datagram: with `auto`, connections come first from now on
// (RFC 3261 section 18.1.1). True: the targets have changed.
bool locate_want_stream(struct locate *locate, struct random *random);

// When locate_begin is to be called, or locate_next_trial; DEADLINE_NEVER: nothing waits.
uint64_t locate_deadline_us(const struct locate *locate);
// Begins to ask, if it is time to. True: nothing need be asked (an address), the targets are new.
bool locate_begin(struct locate *locate, uint64_t now_us, struct random *random);
// The next question for the name servers, by its index; false when there is none now. Each wants
// locate_take_answer.
bool locate_next_question(struct locate *locate, size_t *index);
// The question could not be put: all is asked again later.
void locate_postpone(struct locate *locate, uint64_t now_us);
// Takes an answer; late or unknown ones are ignored. True: everything is answered; the targets, or
// the problem, are new. There may be further questions otherwise.
bool locate_take_answer(struct locate *locate, uint64_t now_us, size_t index,
                        const struct locate_answer *answer, struct random *random);

// Chooses the target to use: the current one while it is good, else the best that has not failed,
// else the one that failed first. NULL: there is none.
const struct locate_target *locate_choose(struct locate *locate, uint64_t now_us);
// Whether all targets have failed lately.
bool locate_is_desperate(const struct locate *locate, uint64_t now_us);
// The target gives no answer, takes no connection or refuses to work: left alone for a while, the
// longer the more often it has failed.
void locate_failed(struct locate *locate, uint64_t now_us, const struct address *address,
                   enum transport transport);
// The target works: what it did before is forgotten. If it is better than the current one it takes
// its place.
void locate_works(struct locate *locate, const struct address *address, enum transport transport);
// A target better than the current one whose time to be tried again has come; NULL: none. It is to
// be tried beside the current one; then locate_works or locate_failed.
const struct locate_target *locate_next_trial(struct locate *locate, uint64_t now_us);
