// SPDX-License-Identifier: Apache-2.0
// Groups and lines: adding, replacing, removing, finding.
#include "line/line_int.h"

#include <string.h>

enum { BLOCK_PREFETCH_BYTES = 512 }; // with the rules of most lines

static size_t round_up(size_t size)
{
    return (size + 15) / 16 * 16;
}

static uint32_t proofs_count(const struct line_limits *limits)
{
    return limits->line_count < LINE_PROOFS_MAX ? limits->line_count : LINE_PROOFS_MAX;
}

size_t line_memory_size(const struct line_limits *limits)
{
    return round_up(sizeof(struct line_table)) +
           pool_memory_size(sizeof(struct line_group_slot), limits->group_count) +
           pool_memory_size(sizeof(struct line), limits->line_count) +
           2 * index_memory_size(limits->line_count) + deadlines_memory_size(limits->line_count) +
           round_up(SNAPSHOT_ZONES_MAX * sizeof(struct snapshot_zone)) +
           pool_memory_size(sizeof(struct line_proofs), proofs_count(limits)) +
           line_elsewhere_memory_size(limits);
}

struct line_table *line_init(void *memory, const struct line_limits *limits,
                             const uint8_t hash_key[16])
{
    struct line_table *table = memory;
    char *next = (char *)memory + round_up(sizeof *table);
    table->zones = (struct snapshot_zone *)(void *)next;
    next += round_up(SNAPSHOT_ZONES_MAX * sizeof(struct snapshot_zone));
    next = pool_init(&table->groups, next, sizeof(struct line_group_slot), limits->group_count);
    next = pool_init(&table->lines, next, sizeof(struct line), limits->line_count);
    next = index_init(&table->by_extension, next, limits->line_count);
    next = index_init(&table->by_id, next, limits->line_count);
    next = deadlines_init(&table->deadlines, next, limits->line_count);
    next = pool_init(&table->proofs, next, sizeof(struct line_proofs), proofs_count(limits));
    line_elsewhere_init(table, next, limits);
    memcpy(table->hash_key, hash_key, sizeof table->hash_key);
    return table;
}

uint32_t line_count(const struct line_table *table)
{
    return table->lines.used_count;
}

bool line_has_lines(const struct line_table *table, uint32_t group_id)
{
    struct pool_id id;
    const struct line_group_slot *slot = line_find_group(table, group_id, &id);
    return slot && slot->line_count > 0;
}

struct span line_extension(const struct line *line)
{
    return snapshot_text(line->block, line->block->extension);
}

bool line_is_reachable(const struct line_group_slot *slot)
{
    return slot->group.flow.peer.family != ADDRESS_NONE && slot->problem[0] == '\0';
}

struct line_group_slot *line_group_of(const struct line_table *table, const struct line *line)
{
    return pool_find(&table->groups, line->group);
}

// ---- Looking up

struct line_group_slot *line_find_group(const struct line_table *table, uint32_t group_id,
                                        struct pool_id *id)
{
    for (uint32_t i = 0; i < table->groups.fresh; i++) {
        struct line_group_slot *slot = pool_at(&table->groups, i, id);
        if (slot && slot->group.snapshot->group_id == group_id) return slot;
    }
    *id = POOL_ID_NONE;
    return NULL;
}

static bool is_source(const struct line_group_slot *slot, const struct address *peer)
{
    if (address_eq_host(&slot->group.flow.peer, peer)) return true;
    for (size_t i = 0; i < slot->target_count; i++) {
        if (address_eq_host(&slot->targets[i], peer)) return true;
    }
    for (size_t i = 0; i < slot->allowed_count; i++) {
        if (address_is_in(peer, &slot->allowed[i])) return true;
    }
    return false;
}

bool line_is_source(const struct line_table *table, uint32_t group_id, const struct address *peer)
{
    struct pool_id id;
    const struct line_group_slot *slot = line_find_group(table, group_id, &id);
    return slot && is_source(slot, peer);
}

static struct line_group_slot *next_slot(const struct line_table *table, struct pool_id *previous)
{
    uint32_t from = previous->generation ? previous->index + 1 : 0;
    for (uint32_t i = from; i < table->groups.fresh; i++) {
        struct line_group_slot *slot = pool_at(&table->groups, i, previous);
        if (slot) return slot;
    }
    *previous = POOL_ID_NONE;
    return NULL;
}

const struct line_group *line_next_group(const struct line_table *table, struct pool_id *previous)
{
    const struct line_group_slot *slot = next_slot(table, previous);
    return slot ? &slot->group : NULL;
}

const struct line_group *line_next_group_at(const struct line_table *table,
                                            const struct address *peer, struct pool_id *previous)
{
    const struct line_group_slot *slot;
    while ((slot = next_slot(table, previous)) != NULL) {
        if (is_source(slot, peer)) return &slot->group;
    }
    return NULL;
}

uint64_t line_hash_extension(const struct line_table *table, uint32_t group_id,
                             struct span extension)
{
    return hash_keyed(table->hash_key, extension) ^ (group_id * UINT64_C(0x9e3779b97f4a7c15));
}

static size_t length_of(struct span extension)
{
    return extension.len < EXTENSION_SIZE ? extension.len : EXTENSION_SIZE - 1;
}

const struct snapshot_line *line_find(const struct line_table *table,
                                      const struct line_group *group, struct span extension)
{
    uint32_t group_id = group->snapshot->group_id;
    if (table->extension_counts[length_of(extension)] == 0) return NULL;
    struct index_search search = INDEX_SEARCH(line_hash_extension(table, group_id, extension));
    for (;;) {
        struct pool_id id = index_next(&table->by_extension, &search);
        const struct line *line = pool_find(&table->lines, id);
        if (!line) return NULL;
        if (line->block->group_id != group_id || line->is_removed) continue;
        if (span_eq(line_extension(line), extension)) return line->block;
    }
}

// ---- Looking ahead

uint64_t line_seek(const struct line_table *table, const struct line_group *group,
                   struct span extension)
{
    uint64_t hash = line_hash_extension(table, group->snapshot->group_id, extension);
    index_prefetch(&table->by_extension, hash);
    return hash;
}

void line_prefetch(const struct line_table *table, uint64_t sought)
{
    struct index_search search = INDEX_SEARCH(sought);
    struct pool_id id = index_next(&table->by_extension, &search);
    pool_prefetch(&table->lines, id, sizeof(struct line));
}

static const struct snapshot_line *block_of(const struct line_table *table, uint64_t sought)
{
    struct index_search search = INDEX_SEARCH(sought);
    const struct line *line = pool_find(&table->lines, index_next(&table->by_extension, &search));
    return line ? line->block : NULL;
}

void line_prefetch_block(const struct line_table *table, uint64_t sought)
{
    const struct snapshot_line *block = block_of(table, sought);
    if (block) prefetch(block, BLOCK_PREFETCH_BYTES);
}

uint32_t line_sought_id(const struct line_table *table, uint64_t sought)
{
    const struct snapshot_line *block = block_of(table, sought);
    return block ? block->line_id : 0;
}

// ---- By number

struct line *line_find_by_id(const struct line_table *table, uint32_t line_id, struct pool_id *id)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(line_id));
    for (;;) {
        *id = index_next(&table->by_id, &search);
        struct line *line = pool_find(&table->lines, *id);
        if (!line || line->block->line_id == line_id) return line;
    }
}

const struct snapshot_line *line_find_numbered(const struct line_table *table, uint32_t line_id,
                                               const struct line_group **group)
{
    struct pool_id id;
    const struct line *line = line_find_by_id(table, line_id, &id);
    const struct line_group_slot *slot = line ? line_group_of(table, line) : NULL;
    if (!slot || line->is_removed) return NULL;
    *group = &slot->group;
    return line->block;
}

const struct line_group *line_find_group_numbered(const struct line_table *table, uint32_t group_id)
{
    struct pool_id id;
    const struct line_group_slot *slot = line_find_group(table, group_id, &id);
    return slot && !slot->is_removed ? &slot->group : NULL;
}

const struct snapshot_line *line_next_of_group(const struct line_table *table, uint32_t group_id,
                                               uint32_t *place)
{
    while (*place < table->lines.fresh) {
        struct pool_id id;
        const struct line *line = pool_at(&table->lines, (*place)++, &id);
        if (line && !line->is_removed && line->block->group_id == group_id) return line->block;
    }
    return NULL;
}

bool line_is_registered(const struct line_table *table, uint32_t line_id, unsigned *status)
{
    struct pool_id id;
    const struct line *line = line_find_by_id(table, line_id, &id);
    *status = line ? line->status : 0;
    return line && line->shown == REGISTRATION_REGISTERED;
}

void line_set_away(struct line_table *table, struct turn *turn, uint32_t line_id, bool is_away)
{
    struct pool_id id;
    struct line *line = line_find_by_id(table, line_id, &id);
    if (!line || line->is_away == is_away) return;
    line->is_away = is_away;
    line_start(table, turn, id);
}

// ---- Groups

// Starts the registration of every line of the group anew: something about all of them changed.
// Only sets deadlines: what follows is done line by line as they come due, so that no turn grows
// with the lines. If the PBX is elsewhere now, what is under way to its old address does not
// matter.
static void restart_lines(struct line_table *table, struct turn *turn, struct pool_id group_id,
                          bool is_elsewhere)
{
    struct line_group_slot *slot = pool_find(&table->groups, group_id);
    slot->next_send_us = slot->clear_us; // places that were taken are free again
    for (uint32_t i = 0; i < table->lines.fresh; i++) {
        struct pool_id id;
        struct line *line = pool_at(&table->lines, i, &id);
        if (!line || !pool_id_eq(line->group, group_id)) continue;
        if (is_elsewhere) line_abandon(line);
        line_start(table, turn, id);
    }
}

// The pace has changed: lines that wait for their turn get new places.
static void respace_lines(struct line_table *table, struct turn *turn, struct pool_id group_id)
{
    struct line_group_slot *slot = pool_find(&table->groups, group_id);
    slot->next_send_us = slot->clear_us;
    for (uint32_t i = 0; i < table->lines.fresh; i++) {
        struct pool_id id;
        const struct line *line = pool_at(&table->lines, i, &id);
        bool is_due = line && line->phase == PHASE_DUE && pool_id_eq(line->group, group_id);
        if (is_due) line_make_due(table, turn, id);
    }
}

static bool is_same_site(const struct model_group *a, const struct model_group *b)
{
    return a->is_enabled == b->is_enabled && strcmp(a->server, b->server) == 0 &&
           strcmp(a->domain, b->domain) == 0 && strcmp(a->realm, b->realm) == 0 &&
           a->register_interval_s == b->register_interval_s;
}

static void release_group(struct turn *turn, const struct snapshot_group *block)
{
    struct line_group_released *effect = turn_emit(turn, LINE_GROUP_RELEASED, sizeof *effect);
    if (effect) effect->block = block;
}

// The settings were checked when they were saved; what cannot be read allows nobody.
static void read_allowed(struct line_group_slot *slot)
{
    size_t count;
    (void)address_parse_ranges(span_of(slot->group.snapshot->settings.allowed_sources),
                               slot->allowed, ALLOWED_SOURCES_MAX, &count);
    slot->allowed_count = (uint8_t)count;
}

// Where a sequence of requests begins: rises over restarts of the program.
static uint32_t first_cseq(const struct turn *turn)
{
    return (uint32_t)(turn->wall_us / 1000000) & 0x7fffffff;
}

bool line_put_group(struct line_table *table, struct turn *turn, const struct snapshot_group *block)
{
    char reason[REASON_SIZE];
    const char *field;
    struct pool_id id;
    struct line_group_slot *slot = line_find_group(table, block->group_id, &id);
    bool is_new = !slot;
    if (is_new) slot = pool_take(&table->groups, &id);
    if (!slot) return false;
    uint64_t old_pace_us = is_new ? 0 : line_pace_us(slot);
    bool is_restart = is_new || !is_same_site(&slot->group.snapshot->settings, &block->settings);
    if (is_new) {
        slot->probe_at_us = DEADLINE_NEVER;
        slot->cseq = first_cseq(turn);
        slot->spread = (uint32_t)line_hash_extension(table, block->group_id, SPAN_NONE);
    }
    if (is_restart) {
        line_forget_refusals(slot);
        slot->granted_s = 0;
        slot->saved_peer = (struct address){0};
        for (size_t i = 0; i < LINE_PLACES_MAX; i++) slot->places[i].peer = slot->saved_peer;
    }
    slot->told_rate = 0;
    if (!is_new) release_group(turn, slot->group.snapshot);
    slot->group.snapshot = block;
    read_allowed(slot);
    uint64_t pace_us = line_pace_us(slot);
    if (slot->clear_us > 0) slot->clear_us += pace_us - old_pace_us;
    // The settings were checked when they were saved; what cannot be read leaves an empty
    // numbering.
    if (phone_read_numbering(&block->settings, &slot->group.numbering, &field, reason)) {
        slot->group.numbering = (struct phone_numbering){0};
    }
    if (is_restart) {
        restart_lines(table, turn, id, false);
    } else if (pace_us != old_pace_us) {
        respace_lines(table, turn, id);
    }
    return true;
}

static void free_group(struct line_table *table, struct turn *turn, struct pool_id id)
{
    const struct line_group_slot *slot = pool_find(&table->groups, id);
    release_group(turn, slot->group.snapshot);
    pool_free(&table->groups, id);
}

void line_remove_group(struct line_table *table, struct turn *turn, uint32_t group_id)
{
    struct pool_id id;
    struct line_group_slot *slot = line_find_group(table, group_id, &id);
    if (!slot) return;
    slot->is_removed = true;
    if (slot->line_count == 0) {
        free_group(table, turn, id);
        return;
    }
    restart_lines(table, turn, id, false); // the last line to go frees the group
}

// A PBX that is spoken to by another transport, or from another address, would have two contacts of
// each line until the former one expires. Another PBX knows nothing of it.
static void note_former_contact(struct line_group_slot *slot, const struct line_peer *peer)
{
    bool is_there = address_eq_host(&slot->group.flow.peer, &peer->flow.peer);
    bool is_same = address_eq(&slot->group.own, &peer->own) &&
                   slot->own_transport == peer->flow.transport;
    if (!is_there) slot->former_own = (struct address){0};
    if (is_there && !is_same) {
        slot->former_own = slot->group.own;
        slot->former_transport = slot->own_transport;
    }
    slot->own_transport = peer->flow.transport;
}

// What was learned about our own address holds as long as we are told the same.
void line_set_peer(struct line_table *table, struct turn *turn, uint32_t group_id,
                   const struct line_peer *peer)
{
    struct pool_id id;
    struct line_group_slot *slot = line_find_group(table, group_id, &id);
    if (!slot) return;
    bool is_same = line_is_reachable(slot) && flow_eq(&slot->group.flow, &peer->flow) &&
                   address_eq(&slot->told_own, &peer->own);
    slot->is_own_fixed = peer->is_own_fixed;
    slot->problem[0] = '\0';
    if (is_same) return;
    note_former_contact(slot, peer);
    slot->group.flow = peer->flow;
    slot->is_proven = false;
    slot->heard_at_us = turn->now_us;
    slot->group.own = slot->told_own = peer->own;
    slot->own_generation++;
    slot->learned_at_us = 0;
    // What was learned before a restart still holds where nothing else has changed.
    const struct address *saved = line_saved_contact(slot, peer);
    if (saved && !peer->is_own_fixed) slot->group.own = *saved;
    line_turn_to(turn, slot, peer->is_doubtful);
    if (!peer->is_doubtful) restart_lines(table, turn, id, true);
}

void line_set_whereabouts(struct line_table *table, uint32_t group_id,
                          const struct line_whereabouts *whereabouts)
{
    struct pool_id id;
    struct line_group_slot *slot = line_find_group(table, group_id, &id);
    if (!slot) return;
    ASSERT(whereabouts->count <= LINE_TARGET_MAX);
    slot->target_count = (uint8_t)whereabouts->count;
    for (size_t i = 0; i < whereabouts->count; i++) {
        slot->targets[i] = whereabouts->addresses[i];
    }
    text_copy(slot->notice, sizeof slot->notice,
              span_slice(whereabouts->notice, 0, sizeof slot->notice - 1));
}

bool line_saved_peer(const struct line_table *table, uint32_t group_id, struct address *peer)
{
    struct pool_id id;
    const struct line_group_slot *slot = line_find_group(table, group_id, &id);
    if (slot) *peer = slot->saved_peer;
    return slot && peer->family != ADDRESS_NONE;
}

void line_set_unreachable(struct line_table *table, struct turn *turn, uint32_t group_id,
                          const struct address *peer, struct span problem)
{
    struct pool_id id;
    struct line_group_slot *slot = line_find_group(table, group_id, &id);
    if (!slot) return;
    problem = span_slice(problem, 0, sizeof slot->problem - 1);
    bool is_same = span_eq(problem, span_of(slot->problem));
    slot->group.flow = (struct flow){.peer = *peer};
    text_copy(slot->problem, sizeof slot->problem, problem);
    if (!is_same) restart_lines(table, turn, id, true);
}

// ---- Time zones

void line_put_zone(struct line_table *table, const struct snapshot_zone *zone)
{
    ASSERT(zone->zone_id < SNAPSHOT_ZONES_MAX);
    table->zones[zone->zone_id] = *zone;
}

const struct snapshot_zone *line_find_zone(const struct line_table *table, uint32_t zone_id)
{
    if (zone_id >= SNAPSHOT_ZONES_MAX || table->zones[zone_id].step_count == 0) return NULL;
    return &table->zones[zone_id];
}

// ---- Lines

static void release(struct turn *turn, const struct snapshot_line *block)
{
    struct line_released *effect = turn_emit(turn, LINE_RELEASED, sizeof *effect);
    if (effect) effect->block = block;
}

static struct line *add_line(struct line_table *table, struct turn *turn,
                             const struct snapshot_line *block, struct pool_id *id)
{
    struct pool_id group_id;
    struct line_group_slot *slot = line_find_group(table, block->group_id, &group_id);
    struct line *line = slot ? pool_take(&table->lines, id) : NULL;
    if (!line) return NULL;
    slot->line_count++;
    line->block = block;
    line->group = group_id;
    line->call_id = random_u64(turn->random);
    line->cseq = first_cseq(turn);
    line->shown = UINT8_MAX;
    line->hash = line_hash_extension(table, block->group_id, line_extension(line));
    bool is_added = index_add(&table->by_extension, line->hash, *id) &&
                    index_add(&table->by_id, index_hash_id(block->line_id), *id);
    ASSERT(is_added); // the indexes are as large as the pool
    table->extension_counts[length_of(line_extension(line))]++;
    return line;
}

// A removed line of that extension that the PBX may still know, or NULL.
static struct line *find_removed(const struct line_table *table, const struct snapshot_line *block,
                                 struct pool_id *id)
{
    struct span extension = snapshot_text(block, block->extension);
    struct index_search search = INDEX_SEARCH(
        line_hash_extension(table, block->group_id, extension));
    for (;;) {
        *id = index_next(&table->by_extension, &search);
        struct line *line = pool_find(&table->lines, *id);
        if (!line) return NULL;
        bool is_same = line->block->group_id == block->group_id &&
                       span_eq(line_extension(line), extension);
        if (is_same && line->is_removed) return line;
    }
}

static void tell_gone(struct turn *turn, const struct line *line)
{
    struct line_state *state = turn_emit(turn, LINE_STATE, sizeof *state);
    if (!state) return;
    state->group_id = line->block->group_id;
    state->registration.line_id = line->block->line_id;
    state->is_gone = true;
}

// A line was removed and is added again under a new number, before it was un-registered: goes on in
// its place, so that the un-registration of the old one does not hit the new one's registration.
static void revive_line(struct line_table *table, struct turn *turn, struct line *line,
                        struct pool_id id, const struct snapshot_line *block)
{
    tell_gone(turn, line);
    index_remove(&table->by_id, index_hash_id(line->block->line_id), id);
    bool is_added = index_add(&table->by_id, index_hash_id(block->line_id), id);
    ASSERT(is_added); // in place of the one before
    release(turn, line->block);
    line->block = block;
    line->is_removed = false;
    line->shown = UINT8_MAX;
}

// Whether the two blocks register alike, so that a running registration can go on.
static bool is_same_registration(const struct snapshot_line *a, const struct snapshot_line *b)
{
    return a->is_enabled == b->is_enabled &&
           span_eq(snapshot_text(a, a->auth_user), snapshot_text(b, b->auth_user)) &&
           span_eq(snapshot_text(a, a->password), snapshot_text(b, b->password));
}

bool line_put(struct line_table *table, struct turn *turn, const struct snapshot_line *block)
{
    struct pool_id id;
    struct line *line = line_find_by_id(table, block->line_id, &id);
    if (!line) {
        line = find_removed(table, block, &id);
        if (line) {
            revive_line(table, turn, line, id, block);
        } else if (!add_line(table, turn, block, &id)) {
            return false;
        }
        line_start(table, turn, id);
        return true;
    }
    const struct snapshot_line *old = line->block;
    bool is_same = is_same_registration(old, block);
    line->block = block; // group and extension are the key of a line and never change
    release(turn, old);
    if (is_same) return true;
    line->is_restored = false;
    line_start(table, turn, id);
    return true;
}

void line_remove(struct line_table *table, struct turn *turn, uint32_t line_id)
{
    struct pool_id id;
    struct line *line = line_find_by_id(table, line_id, &id);
    if (!line) return;
    line->is_removed = true;
    line_start(table, turn, id);
}

void line_free(struct line_table *table, struct turn *turn, struct pool_id id)
{
    struct line *line = pool_find(&table->lines, id);
    struct line_group_slot *slot = line_group_of(table, line);
    line_forget_proofs(table, line);
    line_forget_route(table, line);
    line_forget_place(table, line);
    tell_gone(turn, line);
    deadlines_set(&table->deadlines, id.index, DEADLINE_NEVER);
    index_remove(&table->by_extension, line->hash, id);
    table->extension_counts[length_of(line_extension(line))]--;
    index_remove(&table->by_id, index_hash_id(line->block->line_id), id);
    release(turn, line->block);
    if (--slot->line_count == 0 && slot->is_removed) free_group(table, turn, line->group);
    pool_free(&table->lines, id);
}

const struct snapshot_line *line_take_any(struct line_table *table, uint32_t *place)
{
    while (*place < table->lines.fresh) {
        struct pool_id id;
        const struct line *line = pool_at(&table->lines, (*place)++, &id);
        if (!line) continue;
        const struct snapshot_line *block = line->block;
        pool_free(&table->lines, id);
        return block;
    }
    return NULL;
}

const struct snapshot_group *line_take_any_group(struct line_table *table)
{
    for (uint32_t i = 0; i < table->groups.fresh; i++) {
        struct pool_id id;
        const struct line_group_slot *slot = pool_at(&table->groups, i, &id);
        if (!slot) continue;
        const struct snapshot_group *block = slot->group.snapshot;
        pool_free(&table->groups, id);
        return block;
    }
    return NULL;
}
