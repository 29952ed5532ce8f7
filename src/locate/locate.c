// SPDX-License-Identifier: Apache-2.0
// The machine of one PBX's whereabouts.
//
//             begin             all answered
//   DUE ----------------> ASKING -----------> DUE again when the shortest TTL ends; after 15 s
//                         ^    |              if the name servers could not tell
//                         `----' further questions
//
// Beside that, the targets: each works, or has failed until some time (30 s, doubled up to 5
// minutes). What is used stays in use as long as it is one of the best: looking names up again
// moves nobody. Names that cannot be looked up leave the targets as they were.
#include "locate/locate_int.h"

#include <string.h>

enum {
    TTL_MIN_S = 5, // however short a record is to be believed, names are not asked without a pause
    TTL_MAX_S = 24 * 3600,
    LITERAL_TTL_S = 300, // the way to an address may change, too
    RETRY_S = 15,        // after the name servers could not tell
    FAILED_FIRST_S = 30,
    FAILED_MAX_S = 300,
};

void locate_init(struct locate *locate, struct span server, enum model_transport transport)
{
    locate->question_count = locate->target_count = 0;
    locate->current = (struct locate_target){.rank = 0};
    locate->literal = (struct address){.family = ADDRESS_NONE};
    locate->transport = transport;
    locate->wants_stream = locate->is_asking = locate->is_trying = false;
    locate->ask_at_us = 0;
    locate->problem[0] = '\0';
    (void)address_split_port(&server, &locate->port); // checked when it was saved
    if (locate->port == 0) locate->port = -1;
    (void)text_copy(locate->host, sizeof locate->host, server);
    (void)address_parse(server, &locate->literal);
}

void locate_prefer(struct locate *locate, const struct locate_target *target)
{
    if (locate->current.address.family == ADDRESS_NONE) locate->current = *target;
}

// ---- Targets

static bool is_same(const struct locate_target *a, const struct locate_target *b)
{
    return a->transport == b->transport && address_eq(&a->address, &b->address);
}

static struct locate_target *find_target(struct locate *locate, const struct address *address,
                                         enum transport transport)
{
    struct locate_target wanted = {.address = *address, .transport = (uint8_t)transport};
    for (size_t i = 0; i < locate->target_count; i++) {
        if (is_same(&locate->targets[i], &wanted)) return &locate->targets[i];
    }
    return NULL;
}

static struct locate_target *find_current(struct locate *locate)
{
    return find_target(locate, &locate->current.address, (enum transport)locate->current.transport);
}

// How little is to be expected of a target: 0 it works, as far as we know; 1 it failed, and may be
// tried again; 2 it failed lately.
static int doubt(const struct locate_target *target, uint64_t now_us)
{
    if (target->failure_count == 0) return 0;
    return target->failed_until_us > now_us ? 2 : 1;
}

// Whether `a` is to be used rather than `b`.
static bool is_better(const struct locate_target *a, const struct locate_target *b, uint64_t now_us)
{
    int doubt_a = doubt(a, now_us), doubt_b = doubt(b, now_us);
    if (doubt_a != doubt_b) return doubt_a < doubt_b;
    if (doubt_a == 2) return a->failed_until_us < b->failed_until_us;
    return a->rank < b->rank;
}

const struct locate_target *locate_choose(struct locate *locate, uint64_t now_us)
{
    const struct locate_target *best = find_current(locate);
    if (!best || doubt(best, now_us) > 0) {
        for (size_t i = 0; i < locate->target_count; i++) {
            const struct locate_target *target = &locate->targets[i];
            if (!best || is_better(target, best, now_us)) best = target;
        }
    }
    if (best) locate->current = *best;
    return best;
}

bool locate_is_desperate(const struct locate *locate, uint64_t now_us)
{
    for (size_t i = 0; i < locate->target_count; i++) {
        if (doubt(&locate->targets[i], now_us) < 2) return false;
    }
    return true;
}

void locate_failed(struct locate *locate, uint64_t now_us, const struct address *address,
                   enum transport transport)
{
    struct locate_target *target = find_target(locate, address, transport);
    uint64_t wait_s = FAILED_FIRST_S;
    locate->is_trying = false;
    if (!target) return;
    for (unsigned i = 0; i < target->failure_count && wait_s < FAILED_MAX_S; i++) wait_s *= 2;
    if (target->failure_count < UINT8_MAX) target->failure_count++;
    if (wait_s > FAILED_MAX_S) wait_s = FAILED_MAX_S;
    target->failed_until_us = now_us + wait_s * 1000000;
}

void locate_works(struct locate *locate, const struct address *address, enum transport transport)
{
    struct locate_target *target = find_target(locate, address, transport);
    const struct locate_target *current = find_current(locate);
    locate->is_trying = false;
    if (!target) return;
    target->failure_count = 0;
    target->failed_until_us = 0;
    if (!current || target->rank <= current->rank) locate->current = *target;
}

// The target to be tried next among those that are better than the current one; NULL: it is one of
// the best.
static const struct locate_target *find_trial(const struct locate *locate)
{
    const struct locate_target *next = NULL;
    bool has_current = locate->current.address.family != ADDRESS_NONE;
    if (locate->is_trying || !has_current) return NULL;
    for (size_t i = 0; i < locate->target_count; i++) {
        const struct locate_target *target = &locate->targets[i];
        if (target->rank >= locate->current.rank) continue;
        if (!next || target->failed_until_us < next->failed_until_us) next = target;
    }
    return next;
}

const struct locate_target *locate_next_trial(struct locate *locate, uint64_t now_us)
{
    const struct locate_target *trial = find_trial(locate);
    if (!trial || trial->failed_until_us > now_us) return NULL;
    locate->is_trying = true;
    return trial;
}

// ---- Questions

uint64_t locate_deadline_us(const struct locate *locate)
{
    const struct locate_target *trial = find_trial(locate);
    uint64_t at_us = locate->is_asking ? DEADLINE_NEVER : locate->ask_at_us;
    if (trial && trial->failed_until_us < at_us) at_us = trial->failed_until_us;
    return at_us;
}

bool locate_next_question(struct locate *locate, size_t *index)
{
    for (size_t i = 0; locate->is_asking && i < locate->question_count; i++) {
        if (locate->questions[i].is_asked) continue;
        locate->questions[i].is_asked = true;
        *index = i;
        return true;
    }
    return false;
}

void locate_postpone(struct locate *locate, uint64_t now_us)
{
    locate->is_asking = false;
    locate->ask_at_us = now_us + (uint64_t)RETRY_S * 1000000;
}

// ---- Answers

static void note_records(struct locate_question *question, const struct locate_answer *answer)
{
    for (size_t i = 0; i < answer->count && question->count < LOCATE_RECORD_MAX; i++) {
        size_t at = question->count;
        bool is_read = true;
        switch ((enum locate_kind)question->kind) {
        case LOCATE_ADDRESSES: question->addresses[at] = answer->addresses[i]; break;
        case LOCATE_SRV: is_read = locate_read_srv(answer->records[i], &question->srv[at]); break;
        case LOCATE_NAPTR:
            is_read = locate_read_naptr(answer->records[i], &question->naptr[at]);
            break;
        }
        if (is_read) question->count++;
    }
    if (question->kind == LOCATE_NAPTR) locate_order_naptr(question->naptr, question->count);
}

static bool is_complete(const struct locate *locate)
{
    for (size_t i = 0; i < locate->question_count; i++) {
        if (!locate->questions[i].is_answered) return false;
    }
    return true;
}

// For how long the answers hold; whether all of them are certain.
static uint64_t answers_hold_s(const struct locate *locate, bool *is_certain)
{
    uint64_t hold_s = locate->literal.family != ADDRESS_NONE ? LITERAL_TTL_S : TTL_MAX_S;
    *is_certain = true;
    for (size_t i = 0; i < locate->question_count; i++) {
        const struct locate_question *question = &locate->questions[i];
        if (question->count > 0 && question->ttl_s < hold_s) hold_s = question->ttl_s;
        if (question->count == 0 && !question->is_absent) *is_certain = false;
    }
    if (!*is_certain) return RETRY_S;
    return hold_s < TTL_MIN_S ? TTL_MIN_S : hold_s;
}

// Takes the targets over, with what is known of those that were there before.
static void replace_targets(struct locate *locate, const struct locate_targets *fresh)
{
    struct locate_target known[LOCATE_TARGET_MAX];
    for (size_t i = 0; i < fresh->count; i++) {
        const struct locate_target *before = find_target(locate, &fresh->at[i].address,
                                                         (enum transport)fresh->at[i].transport);
        known[i] = fresh->at[i];
        if (!before) continue;
        known[i].failure_count = before->failure_count;
        known[i].failed_until_us = before->failed_until_us;
    }
    if (fresh->count > 0) memcpy(locate->targets, known, fresh->count * sizeof known[0]);
    locate->target_count = fresh->count;
    const struct locate_target *current = find_current(locate);
    if (current) locate->current = *current;
}

// Everything is answered. Without certainty, what was known before is better than less.
static void conclude(struct locate *locate, uint64_t now_us, struct random *random)
{
    struct locate_targets fresh;
    bool is_certain;
    uint64_t hold_s = answers_hold_s(locate, &is_certain);
    locate->is_asking = false;
    locate_list_targets(locate, &fresh, random);
    bool is_found = fresh.count > 0;
    if (is_found && (is_certain || locate->target_count == 0)) replace_targets(locate, &fresh);
    if (is_found && is_certain) locate->trouble[0] = '\0';
    memcpy(locate->problem, locate->trouble, sizeof locate->problem);
    locate->ask_at_us = now_us + (is_found ? hold_s : RETRY_S) * 1000000;
}

// The cause that people are told: of the host's address rather than of records that need not be.
static void note_trouble(struct locate *locate, const struct locate_question *question,
                         const struct locate_answer *answer)
{
    bool is_vital = question->kind == LOCATE_ADDRESSES;
    if (answer->count > 0 || (answer->is_absent && !is_vital)) return;
    if (locate->trouble[0] != '\0' && !is_vital) return;
    text_copy(locate->trouble, sizeof locate->trouble,
              span_slice(answer->problem, 0, sizeof locate->trouble - 1));
}

bool locate_begin(struct locate *locate, uint64_t now_us, struct random *random)
{
    if (locate->is_asking || locate->ask_at_us > now_us) return false;
    locate->is_asking = true;
    locate->trouble[0] = '\0';
    locate_ask_first(locate);
    if (locate->question_count > 0) return false;
    conclude(locate, now_us, random);
    return true;
}

bool locate_take_answer(struct locate *locate, uint64_t now_us, size_t index,
                        const struct locate_answer *answer, struct random *random)
{
    if (!locate->is_asking || index >= locate->question_count) return false;
    struct locate_question *question = &locate->questions[index];
    if (!question->is_asked || question->is_answered) return false;
    question->is_answered = true;
    question->ttl_s = answer->ttl_s;
    question->is_absent = answer->is_absent;
    note_records(question, answer);
    // Records that say nothing to us are as good as none.
    if (answer->count > 0 && question->count == 0) question->is_absent = true;
    note_trouble(locate, question, answer);
    if (!is_complete(locate) || locate_ask_further(locate)) return false;
    conclude(locate, now_us, random);
    return true;
}

bool locate_want_stream(struct locate *locate, struct random *random)
{
    struct locate_targets fresh;
    if (locate->wants_stream || locate->transport != GROUP_AUTO) return false;
    locate->wants_stream = true;
    if (locate->is_asking || locate->target_count == 0) return false; // comes with the answers
    locate_list_targets(locate, &fresh, random);
    replace_targets(locate, &fresh);
    return true;
}
