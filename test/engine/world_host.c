// SPDX-License-Identifier: Apache-2.0
// What the engines of a world hand out: kept for the test to look at, or for another engine.
#include "world_int.h"

#include "country/country.h"

#include <stdlib.h>
#include <string.h>

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
uint64_t world_wall_ahead_us(const struct world *world)
{
    return world->time.wall_us - world->time.now_us;
}

static void on_line_state(void *context, const struct line_state *state)
{
    struct world *world = ((struct worker *)context)->world;
    size_t i = 0;
    while (i < world->state_count &&
           world->states[i].registration.line_id != state->registration.line_id) {
        i++;
    }
    if (state->is_gone) {
        if (i < world->state_count) world->states[i] = world->states[--world->state_count];
        return;
    }
    ASSERT(i < STATES_MAX);
    if (i == world->state_count) world->state_count++;
    struct line_saved *saved = &world->states[i];
    saved->registration = state->registration;
    if (saved->registration.until_us > 0) {
        saved->registration.until_us -= world_wall_ahead_us(world);
    }
    text_copy(saved->route, sizeof saved->route, state->route);
}

static void on_desk_told(void *context, const struct desk_told *told)
{
    struct world *world = ((struct worker *)context)->world;
    size_t i = 0;
    while (i < world->desk_count && world->desks[i].line_id != told->shown.line_id) i++;
    ASSERT(i < STATES_MAX);
    if (i == world->desk_count) world->desk_count++;
    world->desks[i] = told->shown;
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
    struct span *texts[] = {
        &kept->entry.group,          &kept->entry.extension, &kept->entry.caller,
        &kept->entry.caller_display, &kept->entry.dialled,   &kept->entry.diverted_by,
        &kept->entry.call_id,        &kept->entry.target,    &kept->entry.trace,
        &kept->entry.device,         &kept->entry.legs};
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

static void on_peer_told(void *context, const struct line_peer_event *event)
{
    world_note_peer(((struct worker *)context)->world, event);
}

static void on_call_shown(void *context, const struct call_shown *shown)
{
    struct world *world = ((struct worker *)context)->world;
    struct world_call *calls = world->calls;
    uint8_t number = ((struct worker *)context)->number;
    uint32_t at = 0;
    while (at < world->call_count &&
           (calls[at].worker != number || !pool_id_eq(calls[at].id, shown->call))) {
        at++;
    }
    bool is_known = at < world->call_count;
    ASSERT(is_known == (shown->is_gone || !shown->is_new));
    if (is_known) {
        memmove(&calls[at], &calls[at + 1], (--world->call_count - at) * sizeof calls[0]);
    }
    if (shown->is_gone) return;
    ASSERT(world->call_count < CALLS_MAX && shown->extension.len > 0);
    ASSERT(shown->since_us > 0 && shown->started_us > 0); // somebody may have set the clock between
    struct world_call *call = &calls[world->call_count++];
    *call = (struct world_call){
        .id = shown->call,
        .worker = number,
        .is_waiting = !shown->is_outgoing && shown->answered_us == 0,
        .is_outgoing = shown->is_outgoing,
        .state = shown->state,
    };
    text_copy(call->device, sizeof call->device, shown->device);
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

static void on_subscribed(void *context, uint8_t to, const struct engine_subscribe *subscribe)
{
    struct worker *worker = context;
    parcel_pack_subscribed(add_parcel(worker, to), worker->number, subscribe);
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

// ---- Feature codes

static void on_code_dialled(void *context, const struct call_code_dialled *dialled)
{
    struct worker *worker = context;
    struct world *world = worker->world;
    ASSERT(!world->is_ordered && dialled->patience_us > 0);
    world->is_ordered = true;
    world->code = dialled->code;
    world->code_worker = worker->number;
    world->order = (struct settings_order){.code = dialled->order};
    bool is_copied = text_copy(world->order.group, NAME_SIZE, dialled->group) &&
                     text_copy(world->order.extension, EXTENSION_SIZE, dialled->extension) &&
                     text_copy(world->order.user, NAME_SIZE, dialled->user) &&
                     text_copy(world->order.device, NAME_SIZE, dialled->device);
    ASSERT(is_copied);
}

static void obey(struct world *world)
{
    static struct settings_obeyed obeyed;
    if (!world->is_ordered) return;
    world->is_ordered = false;
    if (world->is_store_away) return;
    settings_obey(world->settings, &world->order, &obeyed);
    engine_code_obeyed(world->workers[world->code_worker].engine, world->time, world->code,
                       &obeyed.outcome);
}

static bool on_media_towards(void *context, const struct flow *flow, struct address *own)
{
    (void)context;
    (void)flow;
    return address_parse_port(SPAN("192.0.2.9:6000"), 0, own);
}

static enum model_number_class on_classify(void *context, const struct phone_numbering *numbering,
                                           struct span stored)
{
    (void)context;
    return country_classify(numbering, stored);
}

static void on_send_media(void *context, const struct call_media *media)
{
    struct world *world = ((struct worker *)context)->world;
    ASSERT(media->bytes.len == CODE_PACKET_SIZE && media->peer.port > 0);
    world->media_count++;
}

void world_set_store_away(struct world *world, bool is_away)
{
    world->is_store_away = is_away;
}

uint32_t world_media_count(const struct world *world)
{
    return world->media_count;
}

void world_deliver(struct world *world)
{
    for (size_t i = 0; i < world->parcel_count; i++) {
        struct parcel *parcel = &world->parcels[i];
        struct engine *engine = world->workers[parcel->to].engine;
        parcel_give(parcel, engine, world->time);
    }
    world->parcel_count = 0;
    world_follow_targets(world);
    obey(world);
}

// ---- The host

struct engine_host world_host(struct worker *worker)
{
    return (struct engine_host){.context = worker,
                                .worker = worker->number,
                                .worker_count = (uint8_t)worker->world->worker_count,
                                .hand_over = on_hand_over,
                                .subscribed = on_subscribed,
                                .sent_on = on_sent_on,
                                .told = on_told,
                                .send = on_send,
                                .line_state = on_line_state,
                                .desk_told = on_desk_told,
                                .call_ended = on_call_ended,
                                .call_shown = on_call_shown,
                                .rule_used = on_rule_used,
                                .release_line = on_release_line,
                                .release_group = on_release_group,
                                .own_towards = on_own_towards,
                                .classify = on_classify,
                                .code_dialled = on_code_dialled,
                                .media_towards = on_media_towards,
                                .send_media = on_send_media,
                                .rate_raised = on_rate_raised,
                                .peer_told = on_peer_told};
}

// ---- What was told

struct model_desk_phone world_desk(const struct world *world, uint32_t line_id)
{
    for (size_t i = 0; i < world->desk_count; i++) {
        if (world->desks[i].line_id == line_id) return world->desks[i];
    }
    return (struct model_desk_phone){.state = DESK_OFF};
}

const struct world_call *world_last_call(const struct world *world)
{
    return world->call_count > 0 ? &world->calls[world->call_count - 1] : NULL;
}

uint32_t world_waiting_count(const struct world *world)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < world->call_count; i++) count += world->calls[i].is_waiting;
    return count;
}

uint32_t world_shown_count(const struct world *world)
{
    return world->call_count;
}

uint32_t world_used_count(const struct world *world)
{
    return world->used_count;
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
        if (world->states[i].registration.line_id != line_id) continue;
        world->asked = world->states[i].registration;
        if (world->asked.until_us > 0) world->asked.until_us += world_wall_ahead_us(world);
        return &world->asked;
    }
    return NULL;
}

uint32_t world_rate(const struct world *world)
{
    return world->rate;
}
