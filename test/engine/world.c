// SPDX-License-Identifier: Apache-2.0
// The engine's world.
#include "world.h"

#include "parcel.h"

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

enum { WORKERS_MAX = 4, PARCELS_MAX = 256 };

// An engine among others.
struct worker {
    struct world *world;
    uint8_t number;
    struct engine *engine;
    void *memory;
};

// Where a line is.
struct place {
    uint32_t line_id;
    uint8_t worker;
};

struct world {
    struct worker workers[WORKERS_MAX];
    uint32_t worker_count;
    struct parcel *parcels; // PARCELS_MAX of them
    size_t parcel_count;
    struct place places[STATES_MAX];
    size_t place_count;
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
    uint8_t waiting_at[WAITING_MAX];     // their workers
    uint32_t waiting_count, used_count;
    uint32_t rate; // as last told
    uint32_t connection_count, device_count;
    char reason[400];
};

// ---- What the engine hands out

static void on_send(void *context, const struct flow *flow, struct span bytes)
{
    struct world *world = ((struct worker *)context)->world;
    ASSERT(world->sent_count < SENT_MAX);
    struct sent *sent = &world->sent[(world->sent_first + world->sent_count++) % SENT_MAX];
    free(sent->bytes);
    sent->flow = *flow;
    sent->flow.worker = 0; // who has the socket is of no interest to the network
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
    struct world *world = ((struct worker *)context)->world;
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
    struct world *world = ((struct worker *)context)->world;
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
    struct world *world = ((struct worker *)context)->world;
    world->rate = rate->used;
}

static void on_call_shown(void *context, const struct call_shown *shown)
{
    struct world *world = ((struct worker *)context)->world;
    struct pool_id *waiting = world->waiting;
    uint8_t *waiting_at = world->waiting_at, number = ((struct worker *)context)->number;
    uint32_t at = 0;
    while (at < world->waiting_count &&
           (waiting_at[at] != number || !pool_id_eq(waiting[at], shown->call))) {
        at++;
    }
    bool is_known = at < world->waiting_count;
    if (is_known) {
        waiting[at] = waiting[--world->waiting_count];
        waiting_at[at] = waiting_at[world->waiting_count];
    }
    if (shown->is_gone) {
        ASSERT(is_known); // it was told before
        return;
    }
    ASSERT(world->waiting_count < WAITING_MAX && shown->extension.len > 0);
    waiting_at[world->waiting_count] = number;
    waiting[world->waiting_count++] = shown->call;
}

static void on_rule_used(void *context, const struct call_rule_used *used)
{
    struct world *world = ((struct worker *)context)->world;
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
    struct world *world = ((struct worker *)context)->world;
    ASSERT(world->block_count > 0);
    world->block_count--;
    free((void *)(uintptr_t)block);
}

static void on_release_group(void *context, const struct snapshot_group *block)
{
    struct world *world = ((struct worker *)context)->world;
    ASSERT(world->block_count > 0);
    world->block_count--;
    free((void *)(uintptr_t)block);
}

// ---- What engines have for each other: kept until the turn is over

static struct parcel *add_parcel(struct worker *worker, uint8_t to)
{
    struct world *world = worker->world;
    ASSERT(world->parcel_count < PARCELS_MAX && to < world->worker_count && to != worker->number);
    struct parcel *parcel = &world->parcels[world->parcel_count++];
    parcel->from = worker->number;
    parcel->to = to;
    return parcel;
}

static void on_hand_over(void *context, uint8_t to, const struct flow *flow, struct span bytes)
{
    struct worker *worker = context;
    struct parcel *parcel = add_parcel(worker, to);
    parcel_pack_message(parcel, worker->number, flow, bytes);
}

static void on_sent_on(void *context, const struct call_sent_on *sent)
{
    struct parcel *parcel = add_parcel(context, sent->worker);
    parcel_pack_sent_on(parcel, sent);
}

static void on_told(void *context, const struct line_told *told)
{
    struct worker *worker = context;
    for (uint8_t i = 0; i < worker->world->worker_count; i++) {
        if (i == worker->number) continue;
        struct parcel *parcel = add_parcel(worker, i);
        parcel->kind = PARCEL_TOLD;
        parcel->told = *told;
    }
}

static void deliver(struct world *world)
{
    for (size_t i = 0; i < world->parcel_count; i++) {
        struct parcel *parcel = &world->parcels[i];
        struct engine *engine = world->workers[parcel->to].engine;
        parcel_give(parcel, engine, world->time);
    }
    world->parcel_count = 0;
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
    for (uint32_t i = 0; i < world->worker_count; i++) {
        engine_put_zone(world->workers[i].engine, zone);
    }
}

static void on_group_changed(void *context, const struct snapshot_group *group)
{
    struct world *world = context;
    for (uint32_t i = 0; i < world->worker_count; i++) {
        struct snapshot_group *copy = malloc(group->size);
        memcpy(copy, group, group->size);
        world->block_count++;
        bool is_taken = engine_put_group(world->workers[i].engine, world->time, copy);
        ASSERT(is_taken);
    }
    deliver(world);
}

static void on_group_removed(void *context, uint32_t group_id)
{
    struct world *world = context;
    for (uint32_t i = 0; i < world->worker_count; i++) {
        engine_remove_group(world->workers[i].engine, world->time, group_id);
    }
    deliver(world);
}

// ---- Lines, each at one worker

static struct place *find_place(struct world *world, uint32_t line_id)
{
    for (size_t i = 0; i < world->place_count; i++) {
        if (world->places[i].line_id == line_id) return &world->places[i];
    }
    return NULL;
}

static struct engine *engine_of_line(struct world *world, uint32_t line_id)
{
    const struct place *place = find_place(world, line_id);
    return world->workers[place ? place->worker : 0].engine;
}

// What the line's registration was: at the worker that gives it up, or as it was saved.
static bool take_over(struct world *world, const struct place *place, uint32_t line_id,
                      struct model_registration *before)
{
    if (place) {
        struct engine *engine = world->workers[place->worker].engine;
        return engine_yield_line(engine, world->time, line_id, before);
    }
    for (size_t i = 0; i < world->saved_count; i++) {
        if (world->saved[i].line_id != line_id) continue;
        *before = world->saved[i];
        before->until_us += wall_ahead_us(world);
        return true;
    }
    return false;
}

static void note_place(struct world *world, const struct line_elsewhere *known)
{
    for (uint8_t i = 0; i < world->worker_count; i++) {
        struct engine *engine = world->workers[i].engine;
        if (i == known->worker) {
            engine_remove_elsewhere(engine, known->group_id == 0, known->id);
        } else {
            bool is_taken = engine_put_elsewhere(engine, known);
            ASSERT(is_taken);
        }
    }
}

static void on_line_changed(void *context, const struct snapshot_line *line)
{
    struct world *world = context;
    struct model_registration before;
    struct span extension = snapshot_text(line, line->extension);
    uint32_t key = line->user_id ? line->user_id : (uint8_t)extension.at[extension.len - 1];
    uint8_t to = (uint8_t)(key % world->worker_count);
    struct place *place = find_place(world, line->line_id);
    bool is_moved = !place || place->worker != to;
    bool has_before = is_moved && take_over(world, place, line->line_id, &before);
    if (!place) {
        ASSERT(world->place_count < STATES_MAX);
        place = &world->places[world->place_count++];
        place->line_id = line->line_id;
    }
    place->worker = to;
    if (is_moved) {
        note_place(world, &(struct line_elsewhere){line->group_id, line->line_id, to, extension});
    }
    struct snapshot_line *copy = malloc(line->size);
    memcpy(copy, line, line->size);
    world->block_count++;
    bool is_taken = engine_put_line(world->workers[to].engine, world->time, copy);
    ASSERT(is_taken);
    if (has_before) engine_restore_line(world->workers[to].engine, world->time, &before);
    deliver(world);
}

static void on_line_removed(void *context, uint32_t line_id)
{
    struct world *world = context;
    struct place *place = find_place(world, line_id);
    engine_remove_line(engine_of_line(world, line_id), world->time, line_id);
    for (uint32_t i = 0; i < world->worker_count; i++) {
        engine_remove_elsewhere(world->workers[i].engine, false, line_id);
    }
    if (place) *place = world->places[--world->place_count];
    deliver(world);
}

// ---- Life

static void start_engine(struct worker *worker, uint64_t seed)
{
    uint8_t bytes[32] = {0};
    memcpy(bytes, &seed, sizeof seed);
    bytes[31] = worker->number;
    struct engine_limits limits = {.line_count = STATES_MAX,
                                   .group_count = 8,
                                   .call_count = 64,
                                   .transaction_count = 512,
                                   .elsewhere_count = 2 * STATES_MAX,
                                   .device_count = STATES_MAX};
    struct engine_host host = {.context = worker,
                               .worker = worker->number,
                               .worker_count = (uint8_t)worker->world->worker_count,
                               .hand_over = on_hand_over,
                               .sent_on = on_sent_on,
                               .told = on_told,
                               .send = on_send,
                               .line_state = on_line_state,
                               .call_ended = on_call_ended,
                               .call_shown = on_call_shown,
                               .rule_used = on_rule_used,
                               .release_line = on_release_line,
                               .release_group = on_release_group,
                               .own_towards = on_own_towards,
                               .rate_raised = on_rate_raised};
    worker->memory = calloc(1, engine_memory_size(&limits));
    worker->engine = engine_init(worker->memory, &limits, bytes, host);
    ASSERT(worker->engine);
}

// As many as the environment says: what is tested holds for any number.
static void start_engines(struct world *world, uint64_t seed)
{
    const char *count = getenv("LINEWARD_WORKERS");
    world->worker_count = count && count[0] >= '1' && count[0] <= '4' ? (uint32_t)count[0] - '0'
                                                                      : 1;
    for (uint8_t i = 0; i < world->worker_count; i++) {
        world->workers[i] = (struct worker){.world = world, .number = i};
        start_engine(&world->workers[i], seed);
    }
}

static void stop_engines(struct world *world)
{
    for (uint32_t i = 0; i < world->worker_count; i++) {
        engine_fini(world->workers[i].engine);
        free(world->workers[i].memory);
    }
    ASSERT(world->block_count == 0);
    world->place_count = 0;
}

struct world *world_new(uint64_t seed)
{
    struct world *world = calloc(1, sizeof *world);
    ASSERT(world);
    world->time = (struct engine_time){.now_us = 1000000, .wall_us = UINT64_C(1767225600000000)};
    world->parcels = calloc(PARCELS_MAX, sizeof world->parcels[0]);
    ASSERT(world->parcels);
    start_engines(world, seed);
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
    stop_engines(world);
    world->waiting_count = 0;
    world->state_count = 0;
    start_engines(world, seed);
    enum err err = settings_publish_all(world->settings, &problem);
    ASSERT(err == ERR_NONE);
}

void world_free(struct world *world)
{
    stop_engines(world);
    settings_free(world->settings);
    store_close(world->store);
    for (size_t i = 0; i < SENT_MAX; i++) free(world->sent[i].bytes);
    for (size_t i = 0; i < ENTRIES_MAX; i++) free(world->entries[i].texts);
    free(world->parcels);
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
    for (uint32_t i = 0; i < world->worker_count; i++) {
        engine_set_peer(world->workers[i].engine, world->time, group_id, &found);
    }
    deliver(world);
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
    for (int i = 0; world_deadline_us(world) <= world->time.now_us; i++) {
        ASSERT(i < TICKS_MAX);
        for (uint32_t k = 0; k < world->worker_count; k++) {
            struct engine *engine = world->workers[k].engine;
            if (engine_deadline_us(engine) <= world->time.now_us) engine_tick(engine, world->time);
        }
        deliver(world);
    }
}

void world_advance(struct world *world, uint64_t by_us)
{
    uint64_t until_us = world->time.now_us + by_us;
    for (;;) {
        uint64_t next_us = world_deadline_us(world);
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
    uint64_t earliest_us = DEADLINE_NEVER;
    for (uint32_t i = 0; i < world->worker_count; i++) {
        uint64_t at_us = engine_deadline_us(world->workers[i].engine);
        if (at_us < earliest_us) earliest_us = at_us;
    }
    return earliest_us;
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
    uint8_t at = (uint8_t)(device.user_id % world->worker_count);
    struct engine *engine = world->workers[at].engine;
    note_place(world, &(struct line_elsewhere){
                          .id = device.device_id, .worker = at, .name = span_of(device.sip_user)});
    bool is_taken = engine_put_device(engine, world->time, &device);
    ASSERT(is_taken);
    struct pool_id id = engine_bind_client(engine, world->time, &bind);
    ASSERT(id.generation != 0);
}

void world_assume(struct world *world, uint32_t line_id, const struct client_assumption *assumption)
{
    bool is_assumed = engine_assume_clients(engine_of_line(world, line_id), line_id, assumption);
    ASSERT(is_assumed);
}

enum call_deflection world_deflect(struct world *world, struct span target,
                                   enum fwd_finding *finding)
{
    struct fwd_target to = {.stored = target};
    if (world->waiting_count == 0) return CALL_NOT_WAITING;
    struct pool_id call = world->waiting[world->waiting_count - 1];
    struct engine *engine = world->workers[world->waiting_at[world->waiting_count - 1]].engine;
    enum call_deflection result = engine_deflect(engine, world->time, call, &to, finding);
    deliver(world);
    return result;
}

bool world_decline(struct world *world)
{
    if (world->waiting_count == 0) return false;
    struct pool_id call = world->waiting[world->waiting_count - 1];
    struct engine *engine = world->workers[world->waiting_at[world->waiting_count - 1]].engine;
    bool is_declined = engine_decline(engine, world->time, call);
    deliver(world);
    return is_declined;
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
    engine_datagrams(world->workers[0].engine, world->time, datagrams, count);
    deliver(world);
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
            engine_datagrams(world->workers[0].engine, world->time, &(struct datagram){flow, taken},
                             1);
            deliver(world);
        } else if (event == SIP_STREAM_BROKEN) {
            engine_stream_fault(world->workers[0].engine, world->time, &flow, taken, &part.fault);
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
    struct engine_counts sum = {0};
    for (uint32_t i = 0; i < world->worker_count; i++) {
        struct engine_counts counts = engine_counts(world->workers[i].engine);
        sum.calls += counts.calls;
        sum.strangers += counts.strangers;
        sum.unknown_numbers += counts.unknown_numbers;
        sum.malformed += counts.malformed;
        sum.overloaded += counts.overloaded;
        sum.effects_lost += counts.effects_lost;
        sum.handed_over += counts.handed_over;
        sum.open_calls += counts.open_calls;
        sum.open_transactions += counts.open_transactions;
    }
    return sum;
}

uint32_t world_rate(const struct world *world)
{
    return world->rate;
}
