// SPDX-License-Identifier: Apache-2.0
// What a redirected call costs in the pure core alone: the engine in this process, with the calls
// of the benchmark, without socket, journal or another thread. Time is made up, and goes on by
// STEP_US with every call, so that transactions end as they do in service. For profiles, and to
// compare two versions on a machine that is not idle: under `valgrind --tool=cachegrind` the count
// of instructions is the same in each run.
//
//   bench_core LINES CALLS
#include "batch.h"
#include "fill.h"
#include "message.h"

#include "engine/engine.h"
#include "settings/settings.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum {
    PORT = 5060,     // of the PBX
    OWN_PORT = 5070, // of the server
    CALLS_PER_TURN = 32,
    STEP_US = 25, // 40,000 calls a second
    STEP = 7919,  // the way through the lines, as the caller goes
    TAG_MAX = 64,
};

struct core {
    struct engine *engine;
    struct engine_time now;
    struct message invite, ack;
    uint32_t line_count;
    uint64_t redirected, written; // 302s, journal entries
    // To tags of this turn's 302s, in the order of the calls.
    char tags[CALLS_PER_TURN][TAG_MAX];
    size_t tag_lens[CALLS_PER_TURN];
    uint32_t tag_count;
};

// ---- What the engine hands out

static void on_send(void *context, const struct flow *flow, struct span bytes)
{
    struct core *core = context;
    (void)flow;
    if (!span_starts_with(bytes, SPAN("SIP/2.0 302 "))) return;
    const char *to = memmem(bytes.at, bytes.len, "\r\nTo: ", 6);
    size_t rest = to ? bytes.len - (size_t)(to - bytes.at) : 0;
    const char *tag = to ? memmem(to, rest, ";tag=", 5) : NULL;
    if (!tag) bench_fail("302", "has no To tag");
    tag += 5;
    size_t len = span_find((struct span){tag, rest - (size_t)(tag - to)}, '\r');
    if (len > TAG_MAX || core->tag_count == CALLS_PER_TURN) bench_fail("302", "not expected");
    memcpy(core->tags[core->tag_count], tag, len);
    core->tag_lens[core->tag_count++] = len;
    core->redirected++;
}

static void on_call_ended(void *context, const struct model_journal_entry *entry)
{
    struct core *core = context;
    if (entry->outcome == OUTCOME_FORWARDED) core->written++;
}

static void on_line_state(void *context, const struct line_state *state)
{
    (void)context;
    (void)state;
}

static void on_release_line(void *context, const struct snapshot_line *block)
{
    (void)context;
    free((void *)(uintptr_t)block);
}

static void on_release_group(void *context, const struct snapshot_group *block)
{
    (void)context;
    free((void *)(uintptr_t)block);
}

// ---- Settings

static void on_group_changed(void *context, const struct snapshot_group *group)
{
    struct core *core = context;
    struct engine_peer peer = {
        .flow.peer = {.family = ADDRESS_IPV4, .port = PORT, .bytes = {127, 0, 0, 1}},
        .own = {.family = ADDRESS_IPV4, .port = OWN_PORT, .bytes = {127, 0, 0, 1}},
    };
    struct snapshot_group *copy = malloc(group->size);
    if (!copy) bench_fail("group", "out of memory");
    memcpy(copy, group, group->size);
    copy->settings.register_rate = 1; // nobody answers a REGISTER here
    if (!engine_put_group(core->engine, core->now, copy)) bench_fail("group", "not taken");
    engine_set_peer(core->engine, core->now, group->group_id, &peer);
}

static void on_line_changed(void *context, const struct snapshot_line *line)
{
    struct core *core = context;
    struct snapshot_line *copy = malloc(line->size);
    if (!copy) bench_fail("line", "out of memory");
    memcpy(copy, line, line->size);
    if (!engine_put_line(core->engine, core->now, copy)) bench_fail("line", "not taken");
}

static void load(struct core *core)
{
    struct settings_problem problem;
    struct settings_listener listener = {
        .context = core,
        .group_changed = on_group_changed,
        .line_changed = on_line_changed,
    };
    struct store *store = store_open_memory();
    struct settings *settings = store ? settings_new(store, listener) : NULL;
    if (!settings) bench_fail("start", "out of memory");
    fill_store(store, &(struct fill){core->line_count, PORT, false});
    if (settings_publish_all(settings, &problem) != ERR_NONE) {
        bench_fail("settings", problem.reason);
    }
    settings_free(settings);
    store_close(store);
}

static void make_engine(struct core *core)
{
    struct engine_limits limits = {.line_count = core->line_count,
                                   .group_count = 4,
                                   .call_count = 20000,
                                   .transaction_count = 1000000,
                                   .device_count = 16};
    struct engine_host host = {.context = core,
                               .send = on_send,
                               .line_state = on_line_state,
                               .call_ended = on_call_ended,
                               .release_line = on_release_line,
                               .release_group = on_release_group};
    static const uint8_t seed[32] = {1};
    // In large pages, as the server does it.
    size_t size = engine_memory_size(&limits);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) bench_fail("start", "out of memory");
    (void)madvise(memory, size, MADV_HUGEPAGE);
    memset(memory, 0, size);
    core->engine = engine_init(memory, &limits, seed, host);
}

// ---- Calls

static void put_digits(char *out, unsigned len, uint32_t value)
{
    for (unsigned i = len; i > 0; i--, value /= 10) out[i - 1] = (char)('0' + value % 10);
}

static struct call_texts texts_of(const struct core *core, uint32_t number)
{
    struct call_texts texts;
    uint32_t line = (uint32_t)((uint64_t)number * STEP % core->line_count);
    memset(texts.token, 'a', TOKEN_LEN);
    put_digits(texts.token, 10, number);
    put_digits(texts.line, LINE_LEN, LINE_FIRST + line);
    put_digits(texts.caller, CALLER_LEN, number);
    return texts;
}

// Messages of CALLS_PER_TURN calls, as they come in a batch of datagrams.
struct volley {
    struct datagram datagrams[CALLS_PER_TURN];
    char bytes[CALLS_PER_TURN][MESSAGE_MAX];
};

static void add(struct volley *volley, uint32_t i, size_t len)
{
    volley->datagrams[i] = (struct datagram){
        .flow = {.peer = {.family = ADDRESS_IPV4, .port = PORT, .bytes = {127, 0, 0, 1}}},
        .bytes = {volley->bytes[i], len},
    };
}

static void add_invite(struct core *core, struct volley *volley, uint32_t i, uint32_t number)
{
    struct call_texts texts = texts_of(core, number);
    add(volley, i, message_fill(&core->invite, &texts, volley->bytes[i]));
}

// The 302's To tag is only known when the INVITE has been answered.
static void add_ack(struct core *core, struct volley *volley, uint32_t i, uint32_t number)
{
    struct call_texts texts = texts_of(core, number);
    char *bytes = volley->bytes[i];
    size_t len = message_fill(&core->ack, &texts, bytes);
    memcpy(bytes + len, core->tags[i], core->tag_lens[i]);
    len += core->tag_lens[i];
    memcpy(bytes + len, message_ack_end, strlen(message_ack_end));
    add(volley, i, len + strlen(message_ack_end));
}

// Places the calls `from` .. `from` + CALLS_PER_TURN - 1: all INVITEs, then all ACKs.
static void place_calls(struct core *core, uint32_t from)
{
    static struct volley invites, acks;
    core->now.now_us += CALLS_PER_TURN * STEP_US;
    core->now.wall_us += CALLS_PER_TURN * STEP_US;
    core->tag_count = 0;
    for (uint32_t i = 0; i < CALLS_PER_TURN; i++) add_invite(core, &invites, i, from + i);
    engine_datagrams(core->engine, core->now, invites.datagrams, CALLS_PER_TURN);
    for (uint32_t i = 0; i < CALLS_PER_TURN; i++) add_ack(core, &acks, i, from + i);
    engine_datagrams(core->engine, core->now, acks.datagrams, CALLS_PER_TURN);
    while (engine_deadline_us(core->engine) <= core->now.now_us) {
        engine_tick(core->engine, core->now);
    }
}

static uint64_t cpu_ns(void)
{
    struct timespec spent;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return (uint64_t)spent.tv_sec * 1000000000 + (uint64_t)spent.tv_nsec;
}

int main(int argc, char **argv)
{
    static struct core core = {.now = {.now_us = 1000000, .wall_us = 1700000000000000}};
    if (argc != 3) bench_fail("usage", "bench_core LINES CALLS");
    core.line_count = bench_number(argv[1], 1, 900000);
    uint32_t call_count = bench_number(argv[2], CALLS_PER_TURN, 90000000);
    call_count -= call_count % CALLS_PER_TURN;
    if (sodium_init() < 0) bench_fail("libsodium", "has no entropy");
    message_init_invite(&core.invite, PORT, OWN_PORT);
    message_init_ack(&core.ack, PORT, OWN_PORT);
    make_engine(&core);
    load(&core);
    uint64_t began_ns = cpu_ns();
    for (uint32_t i = 0; i < call_count; i += CALLS_PER_TURN) place_calls(&core, i);
    uint64_t spent_ns = cpu_ns() - began_ns;
    if (core.redirected != call_count || core.written != call_count) {
        fprintf(stderr, "%llu of %u calls redirected, %llu written\n",
                (unsigned long long)core.redirected, call_count, (unsigned long long)core.written);
        return 1;
    }
    printf("%.2f us/call\n", (double)spent_ns / 1000 / call_count);
    return 0;
}
