// SPDX-License-Identifier: Apache-2.0
// The caller: places calls at a redirect server as a PBX does, INVITE, 302, ACK over UDP, and says
// what became of them.
//
//   bench_caller --server PORT --port PORT --lines N --window W --seconds S [--rate R]
//                [--give-up MS]
//
// At most W calls are open at the same time. Without --rate a new call begins as soon as another
// has its answer; with it, R calls begin each second at even distances, and a call's latency counts
// from the moment at which it should have begun, so that a server that is busy gets no discount.
// Nothing is sent again: a call without an answer within 2 s is lost. Every answer is acknowledged,
// repeated ones too.
//
// With --give-up it is for an overload: a call is lost after MS milliseconds, and those that the
// caller itself was too busy to begin, with room for more open ones, are not placed at all, neither
// late nor in a crowd. How many it placed is calls + lost. It does not sleep then, and what it
// sends is joined (batch.h), for it has to place several times what the server can carry. Prints
// one line of JSON:
//
//   calls      that have a final answer
//   lost       without one
//   wrong      whose answer is not a 302
//   repeated   answers that had been there before
//   seconds    from the first INVITE to the last answer
//   p50_us, p99_us   from INVITE to 302
#include "calling.h"
#include "token.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

enum {
    RATE_MAX = 1000000,
    WORKERS_MAX = 16,
    LOST_MS = 2000,
    BEHIND_US = 5000, // a call that is later than that was missed
};
static const uint64_t never_us = UINT64_MAX;

struct options {
    uint16_t server_port, port;
    uint32_t lines, window, seconds, rate, give_up_ms, workers;
};

struct open_call {
    uint32_t number;
    bool is_open;
    uint64_t begun_us;
};

struct caller {
    struct options options;
    int fd;
    struct batch *in, *invites, *acks; // the same, or joined and apart so that neighbours are alike
    struct message invite, ack;
    struct sockaddr_in servers[WORKERS_MAX]; // of each worker of the server
    uint32_t run; // tells the calls of this run from those of the one before
    uint64_t started_us, ended_us;
    uint64_t schedule_us; // when the first call was due, or would have been without what was missed
    struct open_call open[WINDOW_MAX];
    uint32_t free_slots[WINDOW_MAX];
    uint32_t free_count;
    uint64_t begun, repeated;
    struct outcome outcome;
};

// Where the line is registered: its user has the number of the line from 1 on (docs/workers.md).
static const struct sockaddr_in *server_of(const struct caller *caller,
                                           const struct call_texts *texts)
{
    uint32_t number = 0;
    for (int i = 0; i < LINE_LEN; i++) number = 10 * number + (uint32_t)(texts->line[i] - '0');
    return &caller->servers[(number - LINE_FIRST + 1) % caller->options.workers];
}

// ---- Calls

static uint64_t due_us(const struct caller *caller)
{
    uint64_t at_us = caller->schedule_us;
    if (caller->options.rate) at_us += caller->begun * 1000000 / caller->options.rate;
    bool is_over = at_us >= caller->ended_us || now_us() >= caller->ended_us;
    return caller->free_count > 0 && !is_over ? at_us : never_us;
}

static void begin_call(struct caller *caller, uint64_t begun_us)
{
    uint32_t slot = caller->free_slots[--caller->free_count];
    uint32_t number = (uint32_t)caller->begun++;
    caller->open[slot] = (struct open_call){number, true, begun_us};
    struct call_texts texts = calling_texts(caller->run, number, slot, caller->options.lines);
    struct packet *invite = batch_next(caller->invites, caller->fd);
    invite->peer = *server_of(caller, &texts);
    invite->len = message_fill(&caller->invite, &texts, invite->bytes);
}

static void skip_missed_calls(struct caller *caller)
{
    uint64_t at_us = due_us(caller), at_most_us = now_us();
    bool is_missed = at_us < at_most_us && at_most_us - at_us > BEHIND_US;
    if (caller->options.rate && caller->options.give_up_ms && is_missed) {
        caller->schedule_us += at_most_us - at_us;
    }
}

// One batch of those that are due, for answers have to be looked at in between.
static void begin_due_calls(struct caller *caller)
{
    skip_missed_calls(caller);
    for (unsigned i = 0; i < BATCH_MAX; i++) {
        uint64_t at_us = due_us(caller), at_most_us = now_us();
        if (at_us > at_most_us) return;
        begin_call(caller, caller->options.rate ? at_us : at_most_us);
    }
}

static void end_call(struct caller *caller, uint32_t slot)
{
    caller->open[slot].is_open = false;
    caller->free_slots[caller->free_count++] = slot;
}

static void give_up_lost_calls(struct caller *caller, uint64_t at_us)
{
    uint32_t give_up_ms = caller->options.give_up_ms;
    uint64_t lost_us = (uint64_t)(give_up_ms ? give_up_ms : LOST_MS) * 1000;
    for (uint32_t slot = 0; slot < caller->options.window; slot++) {
        const struct open_call *call = &caller->open[slot];
        if (!call->is_open || at_us < call->begun_us + lost_us) continue;
        caller->outcome.lost++;
        end_call(caller, slot);
    }
}

// ---- Answers

static void send_ack(struct caller *caller, const struct call_texts *texts,
                     const struct packet *answer)
{
    size_t len = 0;
    const char *to = find_header(answer, "\r\nTo: ", &len);
    const char *tag = to ? memmem(to, len, ";tag=", 5) : NULL;
    if (!tag) return;
    tag += 5;
    len -= (size_t)(tag - to);
    struct packet *ack = batch_next(caller->acks, caller->fd);
    ack->peer = *server_of(caller, texts);
    ack->len = message_fill(&caller->ack, texts, ack->bytes);
    if (len > 200) bench_fail("To tag", "too long");
    memcpy(ack->bytes + ack->len, tag, len);
    memcpy(ack->bytes + ack->len + len, message_ack_end, strlen(message_ack_end));
    ack->len += len + strlen(message_ack_end);
}

static void note_answer(struct caller *caller, uint32_t slot, bool is_redirect,
                        const struct packet *answer, uint64_t at_us)
{
    outcome_answered(&caller->outcome, at_us - caller->open[slot].begun_us);
    if (!is_redirect) outcome_wrong(&caller->outcome, answer);
    end_call(caller, slot);
}

static void take_answer(struct caller *caller, const struct packet *answer, uint64_t at_us)
{
    uint32_t number, slot;
    if (!calling_is_final(answer, caller->run, &number, &slot)) return;
    struct call_texts texts = calling_texts(caller->run, number, slot, caller->options.lines);
    send_ack(caller, &texts, answer);
    const struct open_call *call = &caller->open[slot];
    if (call->is_open && call->number == number) {
        bool is_redirect = memcmp(answer->bytes + strlen("SIP/2.0 "), "302", 3) == 0;
        note_answer(caller, slot, is_redirect, answer, at_us);
    } else {
        caller->repeated++;
    }
}

// ---- The run

static void wait_until(const struct caller *caller, uint64_t at_us)
{
    uint64_t from_us = now_us();
    uint64_t wait_us = at_us > from_us ? at_us - from_us : 0;
    if (wait_us > CALLING_LOOK_US) wait_us = CALLING_LOOK_US;
    struct timespec timeout = {.tv_nsec = (long)wait_us * 1000};
    struct pollfd readable = {.fd = caller->fd, .events = POLLIN};
    if (ppoll(&readable, 1, &timeout, NULL) < 0 && errno != EINTR) {
        bench_fail("poll", strerror(errno));
    }
}

static void send_all(struct caller *caller)
{
    if (caller->acks != caller->invites) batch_send(caller->acks, caller->fd);
    batch_send(caller->invites, caller->fd);
}

static void run(struct caller *caller)
{
    caller->started_us = caller->schedule_us = now_us();
    caller->ended_us = caller->started_us + (uint64_t)caller->options.seconds * 1000000;
    uint64_t look_us = caller->started_us, last_answer_us = caller->started_us;
    do {
        begin_due_calls(caller);
        send_all(caller);
        if (!caller->options.give_up_ms) wait_until(caller, due_us(caller));
        batch_receive(caller->in, caller->fd, MSG_DONTWAIT);
        uint64_t at_us = now_us();
        for (unsigned i = 0; i < caller->in->count; i++) {
            take_answer(caller, &caller->in->items[i], at_us);
        }
        if (caller->in->count > 0) last_answer_us = at_us;
        if (at_us >= look_us) give_up_lost_calls(caller, at_us);
        if (at_us >= look_us) look_us = at_us + CALLING_LOOK_US;
    } while (caller->free_count < caller->options.window || now_us() < caller->ended_us);
    send_all(caller); // the last ACKs
    caller->ended_us = last_answer_us;
}

// ---- Start and result

static void report(const struct caller *caller)
{
    char more[40];
    snprintf(more, sizeof more, "\"repeated\": %llu, ", (unsigned long long)caller->repeated);
    outcome_report(&caller->outcome, caller->outcome.answered, more,
                   (double)(caller->ended_us - caller->started_us) / 1e6);
}

static struct options read_options(int argc, char **argv)
{
    static const struct option known[] = {
        {"server", required_argument, NULL, 's'},
        {"port", required_argument, NULL, 'p'},
        {"lines", required_argument, NULL, 'l'},
        {"window", required_argument, NULL, 'w'},
        {"seconds", required_argument, NULL, 't'},
        {"rate", required_argument, NULL, 'r'},
        {"give-up", required_argument, NULL, 'g'},
        {"workers", required_argument, NULL, 'k'},
        {0},
    };
    struct options options = {.workers = 1};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 's': options.server_port = (uint16_t)bench_number(optarg, 1, UINT16_MAX); break;
        case 'p': options.port = (uint16_t)bench_number(optarg, 1, UINT16_MAX); break;
        case 'l': options.lines = bench_number(optarg, 1, CALLING_LINES_MAX); break;
        case 'w': options.window = bench_number(optarg, 1, WINDOW_MAX); break;
        case 't': options.seconds = bench_number(optarg, 1, CALLING_SECONDS_MAX); break;
        case 'r': options.rate = bench_number(optarg, 1, RATE_MAX); break;
        case 'g': options.give_up_ms = bench_number(optarg, 1, LOST_MS); break;
        case 'k': options.workers = bench_number(optarg, 1, WORKERS_MAX); break;
        default: exit(2);
        }
    }
    if (!options.server_port || !options.port || !options.lines || !options.window ||
        !options.seconds || optind < argc) {
        bench_fail("usage", "bench_caller --server PORT --port PORT --lines N --window W "
                            "--seconds S [--rate R] [--give-up MS] [--workers K]");
    }
    return options;
}

static void prepare_overload(struct caller *caller)
{
    caller->acks = batch_new();
    caller->invites->is_joined = caller->acks->is_joined = true;
    batch_receive_more(caller->fd);
}

int main(int argc, char **argv)
{
    static struct caller caller;
    caller.options = read_options(argc, argv);
    message_init_invite(&caller.invite, caller.options.port, caller.options.server_port);
    message_init_ack(&caller.ack, caller.options.port, caller.options.server_port);
    for (uint16_t i = 0; i < caller.options.workers; i++) {
        caller.servers[i] = batch_loopback((uint16_t)(caller.options.server_port + i));
    }
    caller.fd = batch_socket(caller.options.port);
    caller.in = batch_new();
    caller.invites = caller.acks = batch_new();
    if (caller.options.give_up_ms) prepare_overload(&caller);
    caller.run = (uint32_t)(now_us() / 1000) & UINT16_MAX;
    for (uint32_t slot = 0; slot < caller.options.window; slot++) {
        caller.free_slots[caller.free_count++] = slot;
    }
    (void)prctl(PR_SET_TIMERSLACK, 1); // ns: calls begin when they are due
    run(&caller);
    report(&caller);
    return 0;
}
