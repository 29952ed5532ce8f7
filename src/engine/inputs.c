// SPDX-License-Identifier: Apache-2.0
// What the host tells the engine besides messages and the time: settings, addresses, other workers.
// Each goes to the machine that it is for.
#include "engine/engine_int.h"

#include <string.h>

// ---- Settings and addresses

bool engine_put_group(struct engine *engine, struct engine_time now,
                      const struct snapshot_group *block)
{
    bool is_taken = line_put_group(engine->lines, engine_begin(engine, now), block);
    if (is_taken) desk_group_changed(engine->desks, block->group_id);
    engine_drain(engine);
    return is_taken;
}

void engine_remove_group(struct engine *engine, struct engine_time now, uint32_t group_id)
{
    line_remove_group(engine->lines, engine_begin(engine, now), group_id);
    engine_drain(engine);
}

bool engine_put_line(struct engine *engine, struct engine_time now,
                     const struct snapshot_line *block)
{
    bool is_taken = line_put(engine->lines, engine_begin(engine, now), block);
    if (is_taken) watch_line_changed(engine->watches, &engine->turn, block->line_id);
    if (is_taken) desk_line_changed(engine->desks, &engine->turn, block->line_id);
    engine_drain(engine);
    return is_taken;
}

void engine_restore_line(struct engine *engine, struct engine_time now,
                         const struct line_saved *saved)
{
    line_restore(engine->lines, engine_begin(engine, now), saved);
    engine_drain(engine);
}

void engine_remove_line(struct engine *engine, struct engine_time now, uint32_t line_id)
{
    line_remove(engine->lines, engine_begin(engine, now), line_id);
    watch_line_changed(engine->watches, &engine->turn, line_id);
    desk_line_changed(engine->desks, &engine->turn, line_id);
    engine_drain(engine);
}

bool engine_put_device(struct engine *engine, struct engine_time now,
                       const struct snapshot_device *device)
{
    struct turn *turn = engine_begin(engine, now);
    const struct snapshot_device *before = client_find_device(engine->clients, device->device_id);
    bool is_other = before && memcmp(before, device, sizeof *device) != 0;
    bool is_taken = client_put_device(engine->clients, turn, device);
    if (is_other) watch_end_device(engine->watches, turn, device->device_id, "deactivated");
    engine_drain(engine);
    return is_taken;
}

void engine_remove_device(struct engine *engine, struct engine_time now, uint32_t device_id)
{
    client_remove_device(engine->clients, engine_begin(engine, now), device_id);
    watch_end_device(engine->watches, &engine->turn, device_id, "rejected");
    engine_drain(engine);
}

void engine_set_realm(struct engine *engine, struct span realm)
{
    client_set_realm(engine->clients, realm);
}

void engine_set_md5_only(struct engine *engine, bool is_md5_only)
{
    client_set_md5_only(engine->clients, is_md5_only);
}

void engine_restore_binding(struct engine *engine, struct engine_time now,
                            const struct model_binding *saved)
{
    client_restore(engine->clients, engine_begin(engine, now), saved);
    engine_drain(engine);
}

struct pool_id engine_bind_client(struct engine *engine, struct engine_time now,
                                  const struct client_bind *bind)
{
    struct pool_id id = client_bind(engine->clients, engine_begin(engine, now), bind);
    engine_drain(engine);
    return id;
}

// ---- Other workers

// A device that has changed subscribes anew, also to what it watches here.
bool engine_put_elsewhere(struct engine *engine, struct engine_time now,
                          const struct line_elsewhere *known)
{
    struct turn *turn = engine_begin(engine, now);
    if (known->group_id == 0) watch_end_device(engine->watches, turn, known->id, "deactivated");
    engine_drain(engine);
    return line_put_elsewhere(engine->lines, known);
}

void engine_remove_elsewhere(struct engine *engine, struct engine_time now, bool is_device,
                             uint32_t id)
{
    struct turn *turn = engine_begin(engine, now);
    bool is_gone = is_device && !client_find_device(engine->clients, id); // else it has come here
    if (is_gone) watch_end_device(engine->watches, turn, id, "rejected");
    engine_drain(engine);
    line_remove_elsewhere(engine->lines, is_device, id);
}

bool engine_yield_line(struct engine *engine, struct engine_time now, uint32_t line_id,
                       struct line_saved *left)
{
    struct pool_id txn;
    struct turn *turn = engine_begin(engine, now);
    bool was_there = line_yield(engine->lines, turn, line_id, left, &txn);
    if (was_there) txn_disown(engine->txns, turn, txn);
    if (was_there) watch_end_line(engine->watches, turn, line_id);
    if (was_there) desk_forget_line(engine->desks, turn, line_id);
    engine_drain(engine);
    return was_there;
}

void engine_lift_limits(struct engine *engine, uint32_t line_id)
{
    call_lift_limits(engine->calls, line_id);
}

void engine_note_sent_on(struct engine *engine, struct engine_time now,
                         const struct call_sent_on *sent)
{
    call_note_sent_on(engine->calls, engine_begin(engine, now), sent);
    engine_drain(engine);
}

// One worker's probes are enough: that of the lowest number.
void engine_hear(struct engine *engine, struct engine_time now, uint8_t from,
                 const struct line_told *told)
{
    if (told->news == LINE_PROBED && from > engine->host.worker) return;
    line_hear(engine->lines, engine_begin(engine, now), told->group_id, told->news);
    engine_drain(engine);
}

void engine_put_zone(struct engine *engine, const struct snapshot_zone *zone)
{
    line_put_zone(engine->lines, zone);
}

void engine_rule_counted(struct engine *engine, uint32_t rule_id, uint32_t count)
{
    call_rule_counted(engine->calls, rule_id, count);
}

bool engine_assume_clients(struct engine *engine, uint32_t line_id,
                           const struct client_assumption *assumption)
{
    return client_assume(engine->clients, line_id, assumption);
}

bool engine_set_web_client(struct engine *engine, uint32_t user_id, bool is_live)
{
    bool is_taken = client_set_web(engine->clients, user_id, is_live);
    watch_user_changed(engine->watches, &engine->turn, user_id);
    return is_taken;
}

uint32_t engine_live_clients(const struct engine *engine, uint32_t user_id)
{
    return client_live_count(engine->clients, user_id);
}

const struct client_assumption *engine_assumed_clients(const struct engine *engine,
                                                       uint32_t line_id)
{
    return client_assumed(engine->clients, line_id);
}

enum call_deflection engine_deflect(struct engine *engine, struct engine_time now,
                                    struct pool_id call, const struct fwd_target *target,
                                    enum fwd_finding *finding)
{
    struct turn *turn = engine_begin(engine, now);
    enum call_deflection result = call_deflect(engine->calls, turn, call, target, finding);
    engine_drain(engine);
    return result;
}

bool engine_decline(struct engine *engine, struct engine_time now, struct pool_id call)
{
    struct turn *turn = engine_begin(engine, now);
    bool is_declined = call_decline(engine->calls, turn, call);
    engine_drain(engine);
    return is_declined;
}

bool engine_hang_up(struct engine *engine, struct engine_time now, struct pool_id call)
{
    struct turn *turn = engine_begin(engine, now);
    bool is_ended = call_hang_up(engine->calls, turn, call);
    engine_drain(engine);
    return is_ended;
}

static struct line_peer line_peer_of(const struct engine_peer *peer)
{
    return (struct line_peer){.flow = peer->flow,
                              .own = peer->own,
                              .is_own_fixed = peer->is_own_fixed,
                              .is_doubtful = peer->is_doubtful};
}

void engine_set_peer(struct engine *engine, struct engine_time now, uint32_t group_id,
                     const struct engine_peer *peer)
{
    struct turn *turn = engine_begin(engine, now);
    if (peer->problem.len > 0) {
        line_set_unreachable(engine->lines, turn, group_id, &peer->flow.peer, peer->problem);
    } else {
        struct line_peer found = line_peer_of(peer);
        line_set_peer(engine->lines, turn, group_id, &found);
    }
    engine_drain(engine);
}

void engine_try_peer(struct engine *engine, struct engine_time now, uint32_t group_id,
                     const struct engine_peer *peer)
{
    struct line_peer trial = line_peer_of(peer);
    line_try_peer(engine->lines, engine_begin(engine, now), group_id, &trial);
    engine_drain(engine);
}

void engine_set_whereabouts(struct engine *engine, uint32_t group_id,
                            const struct line_whereabouts *whereabouts)
{
    line_set_whereabouts(engine->lines, group_id, whereabouts);
}

bool engine_saved_peer(const struct engine *engine, uint32_t group_id, struct address *peer)
{
    return line_saved_peer(engine->lines, group_id, peer);
}

bool engine_has_lines(const struct engine *engine, uint32_t group_id)
{
    return line_has_lines(engine->lines, group_id);
}

bool engine_is_source(const struct engine *engine, uint32_t group_id, const struct address *host)
{
    struct pool_id place = POOL_ID_NONE;
    if (group_id != 0) return line_is_source(engine->lines, group_id, host);
    return line_next_group_at(engine->lines, host, &place) != NULL;
}

void engine_connection_lost(struct engine *engine, struct engine_time now, const struct flow *flow)
{
    struct turn *turn = engine_begin(engine, now);
    txn_connection_lost(engine->txns, turn, flow);
    client_lost_flow(engine->clients, turn, flow);
    call_lost_flow(engine->calls, turn, flow);
    watch_lost_flow(engine->watches, flow);
    engine_drain(engine);
}

bool engine_next_group_at(const struct engine *engine, const struct address *peer,
                          struct pool_id *place, struct engine_group_at *out)
{
    const struct line_group *group = line_next_group_at(engine->lines, peer, place);
    if (!group) return false;
    *out = (struct engine_group_at){group->snapshot->group_id, group->own};
    return true;
}

bool engine_is_of_user(const struct engine *engine, uint32_t user_id, const struct flow *flow,
                       struct span sip_user)
{
    return client_is_of_user(engine->clients, user_id, flow, sip_user);
}

// First the transactions' memory, then that of the calls.
struct idle_memory engine_next_idle(struct engine *engine, struct engine_idle_search *search)
{
    if (!search->is_past_txns) {
        struct idle_memory idle = txn_next_idle(engine->txns, &search->search);
        if (idle.size > 0) return idle;
        search->is_past_txns = true;
        search->search = (struct idle_search){.least = search->search.least};
    }
    return call_next_idle(engine->calls, &search->search);
}

struct idle_memory engine_sparse_memory(struct engine *engine)
{
    char *at = call_sparse_memory(engine->calls);
    return (struct idle_memory){at, (size_t)(engine->memory_end - at)};
}

struct client_counts engine_client_counts(const struct engine *engine)
{
    return client_counts(engine->clients);
}

void engine_list_emergency(const struct engine *engine, struct call_emergency *list)
{
    struct pool_id place = POOL_ID_NONE;
    const struct line_group *group;
    list->count = 0;
    while ((group = line_next_group(engine->lines, &place)) != NULL) {
        call_list_emergency(group, list);
    }
}

struct engine_counts engine_counts(const struct engine *engine)
{
    struct engine_counts counts = engine->counts;
    counts.effects_lost = engine->turn.effects_lost_count;
    counts.open_calls = call_count(engine->calls);
    counts.open_legs = call_leg_total(engine->calls);
    counts.waiting_calls = call_waiting_count(engine->calls);
    counts.call_bytes = call_bytes(engine->calls);
    counts.open_transactions = txn_count(engine->txns);
    counts.subscriptions = watch_count(engine->watches);
    counts.desks = desk_count(engine->desks);
    return counts;
}
