// SPDX-License-Identifier: Apache-2.0
// Whole calls through a server: places them as a PBX does, answers them as devices do, ends them,
// and says what became of them.
//
//   caller --INVITE--> server --INVITE--> device     180, 200, ACK, then BYE, 200
//
//   bench_bridge --server PORT --port PORT --devices PORT --lines N --window W
//                --seconds S [--rate R]
//   bench_bridge --server PORT --port PORT --devices PORT --lines N --hold N --rate R
//
// At most W calls are open at the same time. A call is ended as soon as its device has the ACK, and
// without --rate the next one begins then; with it, R calls begin each second at even distances.
// With --hold, N calls are set up and stay; the program says so by a line, and ends them, R a
// second, when its input ends. Nothing is sent again: a call in which nothing happens for 2 s is
// lost. Prints one line of JSON:
//
//   calls      that were set up, answered and ended
//   lost       in which something did not come
//   wrong      that were refused
//   seconds    from the first INVITE to the last answer
//   p50_us, p99_us   from INVITE to 200, from the moment at which the call should have begun
#include "called.h"
#include "calling.h"
#include "token.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
    RATE_MAX = 100000,
    LOST_US = 2 * 1000 * 1000,
    ROUTE_MAX = 512,
    BYE_MAX = 1200,
    NUMBERS = 65536, // of calls that are told apart at the same time
};
static const uint64_t never_us = UINT64_MAX;

// As a PBX sends it that stands beside the server.
static const char invite_head[] =
    "INVITE sip:{line}@127.0.0.1:%u SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK{token.........}\r\n"
    "Max-Forwards: 69\r\n"
    "From: \"Erika Mustermann\" <sip:+4930{caller}@pbx.bench>;tag={token.........}\r\n"
    "To: <sip:{line}@pbx.bench>\r\n"
    "Call-ID: {token.........}@192.0.2.30\r\n"
    "CSeq: 1 INVITE\r\n"
    "Contact: <sip:+4930{caller}@127.0.0.1:%u>\r\n"
    "P-Asserted-Identity: <sip:+4930{caller}@pbx.bench>\r\n"
    "User-Agent: bench\r\n"
    "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, UPDATE\r\n"
    "Supported: timer, replaces\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: %zu\r\n"
    "\r\n"
    "%s";

struct options {
    uint16_t server_port, port, device_port;
    uint32_t lines, window, seconds, rate, hold;
};

enum call_state { CALL_FREE, CALL_INVITED, CALL_UP, CALL_ENDING };

struct open_call {
    uint32_t number;
    enum call_state state;
    uint64_t begun_us, touched_us;
    size_t bye_len;
    char bye[BYE_MAX]; // as it will be sent
};

struct caller {
    struct options options;
    int fd;
    struct batch *in, *out;
    struct called called;
    struct message invite;
    struct sockaddr_in server;
    uint32_t run;
    uint64_t started_us, ended_us, last_us; // last_us: of the last answer
    struct open_call *open;                 // `window` of them
    uint32_t *free_slots, free_count;
    uint32_t slot_of[NUMBERS];
    uint64_t begun, up, done;
    uint64_t end_from_us, end_count; // of calls that are held
    struct outcome outcome;
};

// ---- Beginning

static void begin_call(struct caller *caller, uint64_t begun_us)
{
    uint32_t slot = caller->free_slots[--caller->free_count];
    uint32_t number = (uint32_t)caller->begun++;
    struct call_texts texts = calling_texts(caller->run, number, slot, caller->options.lines);
    struct open_call *call = &caller->open[slot];
    call->number = number;
    call->state = CALL_INVITED;
    call->begun_us = begun_us;
    call->touched_us = now_us();
    caller->slot_of[number % NUMBERS] = slot;
    struct packet *invite = batch_next(caller->out, caller->fd);
    invite->peer = caller->server;
    invite->len = message_fill(&caller->invite, &texts, invite->bytes);
}

// When the next call is to begin.
static uint64_t due_us(const struct caller *caller)
{
    uint64_t at_us = caller->started_us;
    if (caller->options.rate) at_us += caller->begun * 1000000 / caller->options.rate;
    bool is_over = caller->options.hold ? caller->begun == caller->options.hold
                                        : at_us >= caller->ended_us || now_us() >= caller->ended_us;
    return caller->free_count > 0 && !is_over ? at_us : never_us;
}

static void begin_due_calls(struct caller *caller)
{
    for (;;) {
        uint64_t at_us = due_us(caller), at_most_us = now_us();
        if (at_us > at_most_us) return;
        begin_call(caller, caller->options.rate ? at_us : at_most_us);
    }
}

// ---- Ending

static void free_call(struct caller *caller, struct open_call *call)
{
    call->state = CALL_FREE;
    caller->free_slots[caller->free_count++] = (uint32_t)(call - caller->open);
}

static void hang_up(struct caller *caller, struct open_call *call)
{
    struct packet *bye = batch_next(caller->out, caller->fd);
    bye->peer = caller->server;
    bye->len = call->bye_len;
    memcpy(bye->bytes, call->bye, call->bye_len);
    call->state = CALL_ENDING;
    call->touched_us = now_us();
}

// A device has the ACK.
static void on_connected(void *context, uint32_t number)
{
    struct caller *caller = context;
    struct open_call *call = &caller->open[caller->slot_of[number % NUMBERS]];
    if (call->number != number || call->state != CALL_UP) return;
    caller->up++;
    if (!caller->options.hold) hang_up(caller, call);
}

// Those that were held end one after the other.
static void end_due_calls(struct caller *caller)
{
    uint64_t at_us = now_us();
    while (caller->end_from_us > 0 && caller->end_count < caller->options.window &&
           caller->end_from_us + caller->end_count * 1000000 / caller->options.rate <= at_us) {
        struct open_call *call = &caller->open[caller->end_count++];
        if (call->state == CALL_UP) hang_up(caller, call);
    }
}

static void give_up_lost_calls(struct caller *caller, uint64_t at_us)
{
    for (uint32_t slot = 0; slot < caller->options.window; slot++) {
        struct open_call *call = &caller->open[slot];
        bool is_held = caller->options.hold && call->state == CALL_UP;
        if (call->state == CALL_FREE || is_held || at_us < call->touched_us + LOST_US) continue;
        caller->outcome.lost++;
        free_call(caller, call);
    }
}

// ---- Answers

// The route set: the recorded routes backwards (RFC 3261 section 12.1.2).
static void read_route(const struct packet *answer, char route[ROUTE_MAX])
{
    const char *at = answer->bytes, *value;
    size_t len, used = 0;
    route[0] = '\0';
    while ((value = next_header(answer, "\r\nRecord-Route: ", &at, &len)) != NULL) {
        char line[ROUTE_MAX];
        int line_len = snprintf(line, sizeof line, "Route: %.*s\r\n", (int)len, value);
        if (used + (size_t)line_len >= ROUTE_MAX) bench_fail("route", "too long");
        memmove(route + line_len, route, used + 1);
        memcpy(route, line, (size_t)line_len);
        used += (size_t)line_len;
    }
}

// Prints a request within the call that the 200 has made.
static size_t print_request(const struct caller *caller, const struct packet *ok, bool is_bye,
                            char out[BYE_MAX])
{
    char route[ROUTE_MAX];
    size_t from_len = 0, to_len = 0, id_len = 0, contact_len = 0;
    const char *method = is_bye ? "BYE" : "ACK";
    const char *from = find_header(ok, "\r\nFrom: ", &from_len);
    const char *to = find_header(ok, "\r\nTo: ", &to_len);
    const char *id = find_header(ok, "\r\nCall-ID: ", &id_len);
    const char *contact = find_header(ok, "\r\nContact: <", &contact_len);
    const char *target_end = contact ? memchr(contact, '>', contact_len) : NULL;
    if (!from || !to || !id || !target_end) bench_fail("200", "lacks a header");
    read_route(ok, route);
    int len = snprintf(out, BYE_MAX,
                       "%s %.*s SIP/2.0\r\n"
                       "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%c%.*s\r\n"
                       "%sMax-Forwards: 69\r\nFrom: %.*s\r\nTo: %.*s\r\nCall-ID: %.*s\r\n"
                       "CSeq: %d %s\r\nContent-Length: 0\r\n\r\n",
                       method, (int)(target_end - contact), contact, caller->options.port,
                       is_bye ? 'b' : 'a', TOKEN_LEN, id, route, (int)from_len, from, (int)to_len,
                       to, (int)id_len, id, is_bye ? 2 : 1, method);
    if (len < 0 || len >= BYE_MAX) bench_fail(method, "too long");
    return (size_t)len;
}

static void note_answered(struct caller *caller, struct open_call *call, const struct packet *ok,
                          uint64_t at_us)
{
    outcome_answered(&caller->outcome, at_us - call->begun_us);
    call->bye_len = print_request(caller, ok, true, call->bye);
    call->state = CALL_UP;
    call->touched_us = at_us;
}

static void take_final(struct caller *caller, struct open_call *call, const struct packet *answer,
                       uint64_t at_us)
{
    size_t len;
    bool is_fine = answer->bytes[8] == '2';
    const char *cseq = find_header(answer, "\r\nCSeq: ", &len);
    bool is_bye = cseq && len > 3 && memcmp(cseq + len - 3, "BYE", 3) == 0;
    if (is_bye && call->state == CALL_ENDING && is_fine) {
        caller->done++;
        free_call(caller, call);
    } else if (!is_fine) {
        outcome_wrong(&caller->outcome, answer);
        free_call(caller, call);
    } else if (!is_bye) {
        if (call->state == CALL_INVITED) note_answered(caller, call, answer, at_us);
        struct packet *ack = batch_next(caller->out, caller->fd);
        ack->peer = caller->server;
        ack->len = print_request(caller, answer, false, ack->bytes);
    }
}

static void take_answer(struct caller *caller, const struct packet *answer, uint64_t at_us)
{
    uint32_t number, slot;
    if (!calling_is_final(answer, caller->run, &number, &slot)) return;
    if (slot >= caller->options.window) return;
    struct open_call *call = &caller->open[slot];
    if (call->state != CALL_FREE && call->number == number) {
        caller->last_us = at_us;
        take_final(caller, call, answer, at_us);
    }
}

// ---- The run

static void wait_for_something(const struct caller *caller)
{
    uint64_t from_us = now_us(), at_us = due_us(caller);
    uint64_t wait_us = at_us > from_us ? at_us - from_us : 0;
    uint64_t look_us = caller->end_from_us > 0 ? 1000 : CALLING_LOOK_US;
    if (wait_us > look_us) wait_us = look_us;
    struct timespec timeout = {.tv_nsec = (long)wait_us * 1000};
    struct pollfd readable[] = {{.fd = caller->fd, .events = POLLIN},
                                {.fd = caller->called.fd, .events = POLLIN}};
    if (ppoll(readable, 2, &timeout, NULL) < 0 && errno != EINTR) {
        bench_fail("poll", strerror(errno));
    }
}

static void step(struct caller *caller)
{
    begin_due_calls(caller);
    end_due_calls(caller);
    batch_send(caller->out, caller->fd);
    wait_for_something(caller);
    batch_receive(caller->in, caller->fd, MSG_DONTWAIT);
    uint64_t at_us = now_us();
    for (unsigned i = 0; i < caller->in->count; i++) {
        take_answer(caller, &caller->in->items[i], at_us);
    }
    batch_send(caller->out, caller->fd);
    called_take(&caller->called);
}

static bool is_over(const struct caller *caller)
{
    bool is_empty = caller->free_count == caller->options.window;
    return is_empty &&
           (caller->options.hold ? caller->end_from_us > 0 : now_us() >= caller->ended_us);
}

// Calls are held until the input ends.
static void look_at_hold(struct caller *caller)
{
    static bool is_told;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    uint64_t settled = caller->up + caller->outcome.lost + caller->outcome.wrong;
    if (!caller->options.hold || caller->end_from_us > 0 || settled < caller->options.hold) return;
    if (!is_told) {
        printf("established %llu\n", (unsigned long long)caller->up);
        fflush(stdout);
        is_told = true;
    }
    if (poll(&input, 1, 0) > 0) caller->end_from_us = now_us();
}

static void run(struct caller *caller)
{
    caller->started_us = caller->last_us = now_us();
    caller->ended_us = caller->started_us + (uint64_t)caller->options.seconds * 1000000;
    uint64_t look_us = caller->started_us;
    while (!is_over(caller)) {
        step(caller);
        uint64_t at_us = now_us();
        if (at_us < look_us) continue;
        give_up_lost_calls(caller, at_us);
        look_at_hold(caller);
        look_us = at_us + CALLING_LOOK_US;
    }
}

// ---- Start and result

static void report(const struct caller *caller)
{
    outcome_report(&caller->outcome, caller->done, "",
                   (double)(caller->last_us - caller->started_us) / 1e6);
}

static struct options read_options(int argc, char **argv)
{
    static const struct option known[] = {
        {"server", required_argument, NULL, 's'},
        {"port", required_argument, NULL, 'p'},
        {"devices", required_argument, NULL, 'd'},
        {"lines", required_argument, NULL, 'l'},
        {"window", required_argument, NULL, 'w'},
        {"seconds", required_argument, NULL, 't'},
        {"rate", required_argument, NULL, 'r'},
        {"hold", required_argument, NULL, 'h'},
        {0},
    };
    struct options options = {.rate = 0};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 's': options.server_port = (uint16_t)bench_number(optarg, 1, UINT16_MAX); break;
        case 'p': options.port = (uint16_t)bench_number(optarg, 1, UINT16_MAX); break;
        case 'd': options.device_port = (uint16_t)bench_number(optarg, 1, UINT16_MAX); break;
        case 'l': options.lines = bench_number(optarg, 1, CALLING_LINES_MAX); break;
        case 'w': options.window = bench_number(optarg, 1, WINDOW_MAX); break;
        case 't': options.seconds = bench_number(optarg, 1, CALLING_SECONDS_MAX); break;
        case 'r': options.rate = bench_number(optarg, 1, RATE_MAX); break;
        case 'h': options.hold = options.window = bench_number(optarg, 1, WINDOW_MAX); break;
        default: exit(2);
        }
    }
    bool has_plan = options.hold ? options.rate > 0 : options.window > 0 && options.seconds > 0;
    if (!options.server_port || !options.port || !options.device_port || !options.lines ||
        !has_plan || optind < argc) {
        bench_fail("usage", "bench_bridge --server PORT --port PORT --devices PORT --lines N "
                            "(--window W --seconds S [--rate R] | --hold N --rate R)");
    }
    return options;
}

static void init(struct caller *caller)
{
    char text[MESSAGE_MAX];
    const struct options *options = &caller->options;
    int len = snprintf(text, sizeof text, invite_head, options->server_port, options->port,
                       options->port, strlen(message_session_description),
                       message_session_description);
    if (len < 0 || len >= MESSAGE_MAX) bench_fail("INVITE", "too long");
    message_init(&caller->invite, text);
    caller->server = batch_loopback(options->server_port);
    caller->fd = batch_socket(options->port);
    caller->in = batch_new();
    caller->out = batch_new();
    called_init(&caller->called, options->device_port);
    caller->called.connected = on_connected;
    caller->called.context = caller;
    caller->run = (uint32_t)(now_us() / 1000) & UINT16_MAX;
    caller->open = calloc(options->window, sizeof *caller->open);
    caller->free_slots = calloc(options->window, sizeof *caller->free_slots);
    if (!caller->open || !caller->free_slots) bench_fail("start", "out of memory");
    for (uint32_t i = options->window; i > 0; i--) {
        caller->free_slots[caller->free_count++] = i - 1;
    }
}

int main(int argc, char **argv)
{
    static struct caller caller;
    caller.options = read_options(argc, argv);
    init(&caller);
    (void)prctl(PR_SET_TIMERSLACK, 1); // ns: calls begin when they are due
    run(&caller);
    report(&caller);
    return 0;
}
