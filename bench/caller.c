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
// Nothing is sent again: a call without an answer within 2 s (or MS milliseconds) is lost. Every
// answer is acknowledged, repeated ones too. Prints one line of JSON:
//
//   calls      that have a final answer
//   lost       without one
//   wrong      whose answer is not a 302
//   repeated   answers that had been there before
//   seconds    from the first INVITE to the last answer
//   p50_us, p99_us   from INVITE to 302
#include "batch.h"
#include "message.h"
#include "token.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

enum {
    LINES_MAX = 900000,
    RATE_MAX = 1000000,
    SECONDS_MAX = 60,
    WORKERS_MAX = 16,
    STEP = 7919, // the way through the lines: prime, so that each has its turn
    LOST_MS = 2000,
    LOOK_US = 50 * 1000, // how often lost calls are looked for
    LATENCY_US_MAX = 1000 * 1000,
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
    struct batch *in, *out;
    struct message invite, ack;
    struct sockaddr_in servers[WORKERS_MAX]; // of each worker of the server
    uint32_t run; // tells the calls of this run from those of the one before
    uint64_t started_us, ended_us;
    struct open_call open[WINDOW_MAX];
    uint32_t free_slots[WINDOW_MAX];
    uint32_t free_count;
    uint64_t begun, answered, lost, wrong, repeated;
    uint32_t latencies[LATENCY_US_MAX + 1]; // how many calls took so many us
    char wrong_answer[80];                  // the first line of one
};

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

// ---- Texts

// The texts of a call follow from its number: the ACK needs no memory of the INVITE.
static struct call_texts texts_of(const struct caller *caller, uint32_t number, uint32_t slot)
{
    struct call_texts texts;
    uint32_t line = (uint32_t)((uint64_t)number * STEP % caller->options.lines);
    token_put(texts.token, caller->run, number, slot);
    token_put_digits(texts.line, LINE_LEN, LINE_FIRST + line, 10);
    token_put_digits(texts.caller, CALLER_LEN, number, 10);
    return texts;
}

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
    uint64_t at_us = caller->started_us;
    if (caller->options.rate) at_us += caller->begun * 1000000 / caller->options.rate;
    bool is_over = at_us >= caller->ended_us || now_us() >= caller->ended_us;
    return caller->free_count > 0 && !is_over ? at_us : never_us;
}

static void begin_call(struct caller *caller, uint64_t begun_us)
{
    uint32_t slot = caller->free_slots[--caller->free_count];
    uint32_t number = (uint32_t)caller->begun++;
    caller->open[slot] = (struct open_call){number, true, begun_us};
    struct call_texts texts = texts_of(caller, number, slot);
    struct packet *invite = batch_next(caller->out, caller->fd);
    invite->peer = *server_of(caller, &texts);
    invite->len = message_fill(&caller->invite, &texts, invite->bytes);
}

static void begin_due_calls(struct caller *caller)
{
    for (;;) {
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
    uint64_t lost_us = (uint64_t)caller->options.give_up_ms * 1000;
    for (uint32_t slot = 0; slot < caller->options.window; slot++) {
        const struct open_call *call = &caller->open[slot];
        if (!call->is_open || at_us < call->begun_us + lost_us) continue;
        caller->lost++;
        end_call(caller, slot);
    }
}

// ---- Answers

// What follows `name` in the headers, up to the line's end; NULL where there is no such header.
static const char *find_header(const struct packet *answer, const char *name, size_t *len)
{
    const char *end = answer->bytes + answer->len;
    const char *at = memmem(answer->bytes, answer->len, name, strlen(name));
    if (!at) return NULL;
    at += strlen(name);
    const char *line_end = memchr(at, '\r', (size_t)(end - at));
    if (!line_end) return NULL;
    *len = (size_t)(line_end - at);
    return at;
}

static void send_ack(struct caller *caller, const struct call_texts *texts,
                     const struct packet *answer)
{
    size_t len = 0;
    const char *to = find_header(answer, "\r\nTo: ", &len);
    const char *tag = to ? memmem(to, len, ";tag=", 5) : NULL;
    if (!tag) return;
    tag += 5;
    len -= (size_t)(tag - to);
    struct packet *ack = batch_next(caller->out, caller->fd);
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
    uint64_t latency_us = at_us - caller->open[slot].begun_us;
    caller->latencies[latency_us < LATENCY_US_MAX ? latency_us : LATENCY_US_MAX]++;
    caller->answered++;
    if (!is_redirect && caller->wrong++ == 0) {
        int len = answer->len < 70 ? (int)answer->len : 70;
        snprintf(caller->wrong_answer, sizeof caller->wrong_answer, "%.*s", len, answer->bytes);
    }
    end_call(caller, slot);
}

static void take_answer(struct caller *caller, const struct packet *answer, uint64_t at_us)
{
    static const char version[] = "SIP/2.0 ";
    uint32_t run, number, slot;
    size_t len = 0;
    const char *token = find_header(answer, "\r\nCall-ID: ", &len);
    if (!token || len < TOKEN_LEN || memcmp(answer->bytes, version, sizeof version - 1) != 0)
        return;
    bool is_provisional = answer->bytes[sizeof version - 1] == '1';
    if (is_provisional || !token_read(token, &run, &number, &slot) || run != caller->run) return;
    struct call_texts texts = texts_of(caller, number, slot);
    send_ack(caller, &texts, answer);
    const struct open_call *call = &caller->open[slot];
    if (call->is_open && call->number == number) {
        bool is_redirect = memcmp(answer->bytes + sizeof version - 1, "302", 3) == 0;
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
    if (wait_us > LOOK_US) wait_us = LOOK_US;
    struct timespec timeout = {.tv_nsec = (long)wait_us * 1000};
    struct pollfd readable = {.fd = caller->fd, .events = POLLIN};
    if (ppoll(&readable, 1, &timeout, NULL) < 0 && errno != EINTR) {
        bench_fail("poll", strerror(errno));
    }
}

static void run(struct caller *caller)
{
    caller->started_us = now_us();
    caller->ended_us = caller->started_us + (uint64_t)caller->options.seconds * 1000000;
    uint64_t look_us = caller->started_us, last_answer_us = caller->started_us;
    do {
        begin_due_calls(caller);
        batch_send(caller->out, caller->fd);
        wait_until(caller, due_us(caller));
        batch_receive(caller->in, caller->fd, MSG_DONTWAIT);
        uint64_t at_us = now_us();
        for (unsigned i = 0; i < caller->in->count; i++) {
            take_answer(caller, &caller->in->items[i], at_us);
        }
        if (caller->in->count > 0) last_answer_us = at_us;
        if (at_us >= look_us) give_up_lost_calls(caller, at_us);
        if (at_us >= look_us) look_us = at_us + LOOK_US;
    } while (caller->free_count < caller->options.window || now_us() < caller->ended_us);
    batch_send(caller->out, caller->fd); // the last ACKs
    caller->ended_us = last_answer_us;
}

// ---- Start and result

// The latency that `percent` of the answered calls did not exceed.
static uint32_t percentile_us(const struct caller *caller, uint32_t percent)
{
    uint64_t wanted = (caller->answered * percent + 99) / 100, count = 0;
    uint32_t us = 0;
    while (us < LATENCY_US_MAX && (count += caller->latencies[us]) < wanted) us++;
    return us;
}

static void report(const struct caller *caller)
{
    if (caller->wrong > 0) fprintf(stderr, "a wrong answer: %s\n", caller->wrong_answer);
    printf("{\"calls\": %llu, \"lost\": %llu, \"wrong\": %llu, \"repeated\": %llu, "
           "\"seconds\": %.6f, \"p50_us\": %u, \"p99_us\": %u}\n",
           (unsigned long long)caller->answered, (unsigned long long)caller->lost,
           (unsigned long long)caller->wrong, (unsigned long long)caller->repeated,
           (double)(caller->ended_us - caller->started_us) / 1e6, percentile_us(caller, 50),
           percentile_us(caller, 99));
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
    struct options options = {.give_up_ms = LOST_MS, .workers = 1};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 's': options.server_port = (uint16_t)bench_number(optarg, 1, UINT16_MAX); break;
        case 'p': options.port = (uint16_t)bench_number(optarg, 1, UINT16_MAX); break;
        case 'l': options.lines = bench_number(optarg, 1, LINES_MAX); break;
        case 'w': options.window = bench_number(optarg, 1, WINDOW_MAX); break;
        case 't': options.seconds = bench_number(optarg, 1, SECONDS_MAX); break;
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
    caller.out = batch_new();
    caller.run = (uint32_t)(now_us() / 1000) & UINT16_MAX;
    for (uint32_t slot = 0; slot < caller.options.window; slot++) {
        caller.free_slots[caller.free_count++] = slot;
    }
    (void)prctl(PR_SET_TIMERSLACK, 1); // ns: calls begin when they are due
    run(&caller);
    report(&caller);
    return 0;
}
