// SPDX-License-Identifier: Apache-2.0
// The engine's world.
#include "world.h"

#include <stdlib.h>
#include <string.h>

enum { WAITING_MAX = 64 };
enum { SENT_MAX = 256, ENTRIES_MAX = 256, STATES_MAX = 64, TICKS_MAX = 10000 };

struct sent {
    struct flow flow;
    char *bytes;
    size_t len;
};

struct entry {
    struct model_journal_entry entry;
    char *texts;
};

struct world {
    struct engine *engine;
    void *engine_memory;
    size_t block_count; // of lines, that the engine keeps
    struct store *store;
    struct settings *settings;
    struct engine_time time;
    struct sent sent[SENT_MAX];
    size_t sent_first, sent_count;
    struct flow taken_flow;
    struct entry entries[ENTRIES_MAX];
    size_t entries_first, entries_count;
    struct model_registration states[STATES_MAX]; // until_us is monotonic here and in `saved`
    size_t state_count;
    struct model_registration saved[STATES_MAX];
    size_t saved_count;
    struct model_registration asked;     // by world_state
    struct pool_id waiting[WAITING_MAX]; // calls
    uint32_t waiting_count, used_count;
    uint32_t rate; // as last told
    uint32_t connection_count, device_count;
    char reason[400];
};

// ---- What the engine hands out

static void on_send(void *context, const struct flow *flow, struct span bytes)
{
    struct world *world = context;
    ASSERT(world->sent_count < SENT_MAX);
    struct sent *sent = &world->sent[(world->sent_first + world->sent_count++) % SENT_MAX];
    free(sent->bytes);
    sent->flow = *flow;
    sent->bytes = malloc(bytes.len + 1);
    memcpy(sent->bytes, bytes.at, bytes.len);
    sent->bytes[bytes.len] = '\0';
    sent->len = bytes.len;
}

// What the wall clock shows beyond the monotonic one.
static uint64_t wall_ahead_us(const struct world *world)
{
    return world->time.wall_us - world->time.now_us;
}

static void on_line_state(void *context, const struct line_state *state)
{
    struct world *world = context;
    size_t i = 0;
    while (i < world->state_count && world->states[i].line_id != state->registration.line_id) {
        i++;
    }
    if (state->is_gone) {
        if (i < world->state_count) world->states[i] = world->states[--world->state_count];
        return;
    }
    ASSERT(i < STATES_MAX);
    if (i == world->state_count) world->state_count++;
    world->states[i] = state->registration;
    if (state->registration.until_us > 0) world->states[i].until_us -= wall_ahead_us(world);
}

static void on_call_ended(void *context, const struct model_journal_entry *entry)
{
    struct world *world = context;
    ASSERT(world->entries_count < ENTRIES_MAX);
    struct entry *kept =
        &world->entries[(world->entries_first + world->entries_count++) % ENTRIES_MAX];
    free(kept->texts);
    kept->texts = malloc(4096);
    kept->entry = *entry;
    struct arena arena = arena_over(kept->texts, 4096);
    struct span *texts[] = {&kept->entry.group,   &kept->entry.extension,
                            &kept->entry.caller,  &kept->entry.caller_display,
                            &kept->entry.dialled, &kept->entry.diverted_by,
                            &kept->entry.call_id, &kept->entry.target,
                            &kept->entry.trace,   &kept->entry.device};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        bool is_copied = arena_copy(&arena, *texts[i], texts[i]);
        ASSERT(is_copied);
    }
}

static void on_rate_raised(void *context, const struct line_rate *rate)
{
    struct world *world = context;
    world->rate = rate->used;
}

static void on_call_shown(void *context, const struct call_shown *shown)
{
    struct world *world = context;
    struct pool_id *waiting = world->waiting;
    uint32_t at = 0;
    while (at < world->waiting_count && !pool_id_eq(waiting[at], shown->call)) at++;
    bool is_known = at < world->waiting_count;
    if (is_known) waiting[at] = waiting[--world->waiting_count];
    if (shown->is_gone) {
        ASSERT(is_known); // it was told before
        return;
    }
    ASSERT(world->waiting_count < WAITING_MAX && shown->extension.len > 0);
    waiting[world->waiting_count++] = shown->call;
}

static void on_rule_used(void *context, const struct call_rule_used *used)
{
    struct world *world = context;
    ASSERT(used->rule_id > 0 && used->group.len > 0 && used->extension.len > 0);
    world->used_count++;
}

static bool on_own_towards(void *context, const struct flow *flow, struct address *own)
{
    (void)context;
    (void)flow;
    return address_parse_port(SPAN("192.0.2.9:5070"), 0, own);
}

static void on_release_line(void *context, const struct snapshot_line *block)
{
    struct world *world = context;
    ASSERT(world->block_count > 0);
    world->block_count--;
    free((void *)(uintptr_t)block);
}

static void on_release_group(void *context, const struct snapshot_group *block)
{
    struct world *world = context;
    ASSERT(world->block_count > 0);
    world->block_count--;
    free((void *)(uintptr_t)block);
}

// ---- Settings

static uint64_t now_s(void *context)
{
    const struct world *world = context;
    return world->time.wall_us / 1000000;
}

static void on_zone_changed(void *context, const struct snapshot_zone *zone)
{
    struct world *world = context;
    engine_put_zone(world->engine, zone);
}

static void on_group_changed(void *context, const struct snapshot_group *group)
{
    struct world *world = context;
    struct snapshot_group *copy = malloc(group->size);
    memcpy(copy, group, group->size);
    world->block_count++;
    bool is_taken = engine_put_group(world->engine, world->time, copy);
    ASSERT(is_taken);
}

static void on_group_removed(void *context, uint32_t group_id)
{
    struct world *world = context;
    engine_remove_group(world->engine, world->time, group_id);
}

static void on_line_changed(void *context, const struct snapshot_line *line)
{
    struct world *world = context;
    struct snapshot_line *copy = malloc(line->size);
    memcpy(copy, line, line->size);
    world->block_count++;
    bool is_taken = engine_put_line(world->engine, world->time, copy);
    ASSERT(is_taken);
    for (size_t i = 0; i < world->saved_count; i++) {
        struct model_registration saved = world->saved[i];
        if (saved.line_id != line->line_id) continue;
        saved.until_us += wall_ahead_us(world);
        engine_restore_line(world->engine, world->time, &saved);
    }
}

static void on_line_removed(void *context, uint32_t line_id)
{
    struct world *world = context;
    engine_remove_line(world->engine, world->time, line_id);
}

static void start_engine(struct world *world, uint64_t seed)
{
    uint8_t bytes[32] = {0};
    memcpy(bytes, &seed, sizeof seed);
    struct engine_limits limits = {.line_count = STATES_MAX,
                                   .group_count = 8,
                                   .call_count = 64,
                                   .transaction_count = 512,
                                   .device_count = STATES_MAX};
    struct engine_host host = {.context = world,
                               .send = on_send,
                               .line_state = on_line_state,
                               .call_ended = on_call_ended,
                               .call_shown = on_call_shown,
                               .rule_used = on_rule_used,
                               .release_line = on_release_line,
                               .release_group = on_release_group,
                               .own_towards = on_own_towards,
                               .rate_raised = on_rate_raised};
    world->engine_memory = calloc(1, engine_memory_size(&limits));
    world->engine = engine_init(world->engine_memory, &limits, bytes, host);
    ASSERT(world->engine);
}

static void stop_engine(struct world *world)
{
    engine_fini(world->engine);
    ASSERT(world->block_count == 0);
    free(world->engine_memory);
}

struct world *world_new(uint64_t seed)
{
    struct world *world = calloc(1, sizeof *world);
    ASSERT(world);
    world->time = (struct engine_time){.now_us = 1000000, .wall_us = UINT64_C(1767225600000000)};
    start_engine(world, seed);
    world->store = store_open_memory();
    world->settings = settings_new(world->store,
                                   (struct settings_listener){.context = world,
                                                              .now_s = now_s,
                                                              .zone_changed = on_zone_changed,
                                                              .group_changed = on_group_changed,
                                                              .group_removed = on_group_removed,
                                                              .line_changed = on_line_changed,
                                                              .line_removed = on_line_removed});
    ASSERT(world->store && world->settings);
    return world;
}

void world_save(struct world *world)
{
    memcpy(world->saved, world->states, sizeof world->saved);
    world->saved_count = world->state_count;
}

void world_restart(struct world *world, uint64_t seed)
{
    world_save(world);
    world_crash(world, seed);
}

void world_crash(struct world *world, uint64_t seed)
{
    struct settings_problem problem;
    stop_engine(world);
    world->waiting_count = 0;
    world->state_count = 0;
    start_engine(world, seed);
    enum err err = settings_publish_all(world->settings, &problem);
    ASSERT(err == ERR_NONE);
}

void world_free(struct world *world)
{
    stop_engine(world);
    settings_free(world->settings);
    store_close(world->store);
    for (size_t i = 0; i < SENT_MAX; i++) free(world->sent[i].bytes);
    for (size_t i = 0; i < ENTRIES_MAX; i++) free(world->entries[i].texts);
    free(world);
}

// Cuts the next word "field=value" or "field='some value'" off `*rest`.
static struct span next_word(struct span *rest, struct span *value)
{
    *rest = span_trim(*rest);
    struct span name = span_split(rest, '=');
    if (rest->len > 0 && rest->at[0] == '\'') {
        *rest = span_from(*rest, 1);
        *value = span_split(rest, '\'');
    } else {
        *value = span_split(rest, ' ');
    }
    return name;
}

static bool find_kind(struct span name, enum model_kind *kind)
{
    for (unsigned i = 0; i < KIND_COUNT; i++) {
        *kind = (enum model_kind)i;
        if (span_eq(name, span_of(model_kind(*kind)->name))) return true;
    }
    return false;
}

// Fills the record's fields from words; only the key fields where `is_key_only`.
static const char *fill(struct world *world, enum model_kind kind, struct span words,
                        bool is_key_only, union model_record *record)
{
    char reason[REASON_SIZE];
    while (words.len > 0) {
        struct span value, name = next_word(&words, &value);
        const struct model_field *field = model_find_field(kind, name);
        if (!field) return "no such field";
        if (is_key_only && !(field->flags & FIELD_KEY)) continue;
        const char *refused = model_set_field(field, record, value, reason);
        if (!refused) continue;
        struct buffer out = buffer_over(world->reason, sizeof world->reason - 1);
        buffer_printf(&out, "%s %s", field->name, refused);
        world->reason[out.len] = '\0';
        return world->reason;
    }
    return NULL;
}

static const char *explain(struct world *world, const struct settings_problem *problem)
{
    struct buffer out = buffer_over(world->reason, sizeof world->reason - 1);
    buffer_printf(&out, "%s %s", problem->field, problem->reason);
    world->reason[out.len] = '\0';
    return world->reason;
}

const char *world_set(struct world *world, struct span kind_name, struct span words, bool is_new)
{
    enum model_kind kind;
    union model_record record;
    struct settings_problem problem = {0};
    const char *refused;
    if (!find_kind(kind_name, &kind)) return "no such kind";
    model_defaults(kind, &record);
    if (!is_new) {
        if ((refused = fill(world, kind, words, true, &record)) != NULL) return refused;
        if (settings_get(world->settings, kind, &record, NULL, &problem) != ERR_NONE) {
            return explain(world, &problem);
        }
    }
    if ((refused = fill(world, kind, words, false, &record)) != NULL) return refused;
    enum err err = is_new ? settings_add(world->settings, kind, &record, &problem)
                          : settings_replace(world->settings, kind, &record, &problem);
    return err == ERR_NONE ? NULL : explain(world, &problem);
}

const char *world_remove(struct world *world, struct span kind_name, struct span words)
{
    enum model_kind kind;
    union model_record record;
    struct settings_problem problem = {0};
    if (!find_kind(kind_name, &kind)) return "no such kind";
    model_defaults(kind, &record);
    const char *refused = fill(world, kind, words, true, &record);
    if (refused) return refused;
    enum err err = settings_remove(world->settings, kind, &record, &problem);
    return err == ERR_NONE ? NULL : explain(world, &problem);
}

uint32_t world_id(struct world *world, struct span kind_name, struct span words)
{
    enum model_kind kind;
    union model_record record;
    struct settings_problem problem;
    uint32_t id = 0;
    if (!find_kind(kind_name, &kind)) return 0;
    model_defaults(kind, &record);
    if (fill(world, kind, words, true, &record)) return 0;
    return settings_get(world->settings, kind, &record, &id, &problem) == ERR_NONE ? id : 0;
}

void world_set_peer(struct world *world, uint32_t group_id, struct span peer)
{
    struct engine_peer found = {.problem = SPAN("the server's name is not known")};
    if (peer.len > 0) {
        found.problem = SPAN_NONE;
        struct span transport = span_split(&peer, ' ');
        bool is_tcp = span_eq(transport, SPAN("tcp"));
        if (!is_tcp) peer = transport;
        if (is_tcp) {
            found.flow.transport = TRANSPORT_TCP;
            found.flow.connection = ++world->connection_count;
        }
        bool is_read = address_parse_port(peer, 5060, &found.flow.peer) &&
                       address_parse_port(SPAN("192.0.2.9:5070"), 0, &found.own);
        ASSERT(is_read);
    }
    engine_set_peer(world->engine, world->time, group_id, &found);
}

// ---- Time and messages

static void set_clock(struct world *world, uint64_t now_us)
{
    world->time.wall_us += now_us - world->time.now_us;
    world->time.now_us = now_us;
}

// Does all that is due. An engine that is never done would keep the program busy for ever.
static void tick(struct world *world)
{
    for (int i = 0; engine_deadline_us(world->engine) <= world->time.now_us; i++) {
        ASSERT(i < TICKS_MAX);
        engine_tick(world->engine, world->time);
    }
}

void world_advance(struct world *world, uint64_t by_us)
{
    uint64_t until_us = world->time.now_us + by_us;
    for (;;) {
        uint64_t next_us = engine_deadline_us(world->engine);
        if (next_us > until_us) break;
        if (next_us > world->time.now_us) set_clock(world, next_us);
        tick(world);
    }
    set_clock(world, until_us);
}

void world_jump(struct world *world, uint64_t by_us)
{
    set_clock(world, world->time.now_us + by_us);
    tick(world);
}

uint64_t world_deadline_us(const struct world *world)
{
    return engine_deadline_us(world->engine);
}

void world_bind(struct world *world, uint32_t user_id, struct span peer)
{
    char uri[TEXT_SIZE];
    struct snapshot_device device = {.device_id = ++world->device_count, .user_id = user_id};
    struct client_bind bind = {.device_id = device.device_id, .q = 1000, .expires_s = 36000};
    struct buffer out = buffer_over(uri, sizeof uri);
    buffer_printf(&out, "sip:device%u@%.*s", device.device_id, SPAN_ARG(peer));
    buffer_printf(&(struct buffer){device.sip_user, 0, sizeof device.sip_user, false}, "device%u",
                  device.device_id);
    bind.uri = buffer_span(&out);
    bool is_read = address_parse_port(peer, 5060, &bind.flow.peer);
    ASSERT(is_read);
    bool is_taken = engine_put_device(world->engine, world->time, &device);
    ASSERT(is_taken);
    struct pool_id id = engine_bind_client(world->engine, world->time, &bind);
    ASSERT(id.generation != 0);
}

void world_assume(struct world *world, uint32_t line_id, const struct client_assumption *assumption)
{
    bool is_assumed = engine_assume_clients(world->engine, line_id, assumption);
    ASSERT(is_assumed);
}

enum call_deflection world_deflect(struct world *world, struct span target,
                                   enum fwd_finding *finding)
{
    struct fwd_target to = {.stored = target};
    if (world->waiting_count == 0) return CALL_NOT_WAITING;
    struct pool_id call = world->waiting[world->waiting_count - 1];
    return engine_deflect(world->engine, world->time, call, &to, finding);
}

uint32_t world_waiting_count(const struct world *world)
{
    return world->waiting_count;
}

uint32_t world_used_count(const struct world *world)
{
    return world->used_count;
}

void world_step_wall(struct world *world, int64_t by_us)
{
    world->time.wall_us += (uint64_t)by_us;
}

uint64_t world_now_us(const struct world *world)
{
    return world->time.now_us;
}

uint64_t world_wall_us(const struct world *world)
{
    return world->time.wall_us;
}

void world_receive(struct world *world, const struct address *peer, struct span bytes)
{
    struct flow flow = {.peer = *peer, .transport = TRANSPORT_UDP};
    world_receive_all(world, &(struct datagram){flow, bytes}, 1);
}

void world_receive_all(struct world *world, const struct datagram *datagrams, size_t count)
{
    engine_datagrams(world->engine, world->time, datagrams, count);
}

enum world_stream world_receive_stream(struct world *world, const struct address *peer,
                                       struct span bytes)
{
    struct flow flow = {
        .peer = *peer, .transport = TRANSPORT_TCP, .connection = ++world->connection_count};
    struct sip_stream stream = {0};
    struct sip_stream_part part;
    for (;;) {
        enum sip_stream_event event = sip_stream_next(&stream, bytes, &part);
        struct span taken = span_slice(bytes, 0, part.len);
        if (event == SIP_STREAM_WAIT) break;
        bytes = span_from(bytes, part.len);
        if (event == SIP_STREAM_MESSAGE) {
            engine_datagrams(world->engine, world->time, &(struct datagram){flow, taken}, 1);
        } else if (event == SIP_STREAM_BROKEN) {
            engine_stream_fault(world->engine, world->time, &flow, taken, &part.fault);
            return WORLD_STREAM_CLOSED;
        }
    }
    return bytes.len > 0 ? WORLD_STREAM_WAITS : WORLD_STREAM_IDLE;
}

struct span world_take_sent(struct world *world)
{
    if (world->sent_count == 0) return SPAN_NONE;
    const struct sent *sent = &world->sent[world->sent_first];
    world->sent_first = (world->sent_first + 1) % SENT_MAX;
    world->sent_count--;
    world->taken_flow = sent->flow;
    return (struct span){sent->bytes, sent->len};
}

const struct flow *world_sent_flow(const struct world *world)
{
    return &world->taken_flow;
}

size_t world_sent_count(const struct world *world)
{
    return world->sent_count;
}

const struct model_journal_entry *world_take_entry(struct world *world)
{
    if (world->entries_count == 0) return NULL;
    const struct model_journal_entry *entry = &world->entries[world->entries_first].entry;
    world->entries_first = (world->entries_first + 1) % ENTRIES_MAX;
    world->entries_count--;
    return entry;
}

const struct model_registration *world_state(struct world *world, uint32_t line_id)
{
    for (size_t i = 0; i < world->state_count; i++) {
        if (world->states[i].line_id != line_id) continue;
        world->asked = world->states[i];
        if (world->asked.until_us > 0) world->asked.until_us += wall_ahead_us(world);
        return &world->asked;
    }
    return NULL;
}

struct engine_counts world_counts(const struct world *world)
{
    return engine_counts(world->engine);
}

uint32_t world_rate(const struct world *world)
{
    return world->rate;
}
