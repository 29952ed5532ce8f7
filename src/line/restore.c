// SPDX-License-Identifier: Apache-2.0
// Registrations that outlive a restart of the program. The PBX still knows a line from before: it
// is taken as registered and refreshed in its time, with the same Call-ID, a higher CSeq and the
// same Contact, so that the PBX replaces what it has instead of adding to it (RFC 3261
// section 10.2).
//
//   line_put -> line_restore -> line_set_peer -> RESUMED: REGISTERED without a word to the PBX
//                                             -> another PBX or address than then: as a new line
//
// What was saved may be old, after a crash: the PBX may have seen a higher CSeq. Then it fails our
// REGISTER (section 10.3 step 7), and the line takes a new Call-ID, for which CSeq begins anew.
#include "line/line_int.h"

enum {
    CSEQ_MARGIN = 64,           // what was sent after the last note of it
    WORTH_US = 2 * 1000 * 1000, // a registration that ends sooner is made anew
};

// ---- Places: few for all lines of a group

void line_forget_place(const struct line_table *table, struct line *line)
{
    if (line->place > 0) line_group_of(table, line)->places[line->place - 1].line_count--;
    line->place = 0;
}

static void note_place(struct line_group_slot *slot, struct line *line,
                       const struct model_registration *saved)
{
    uint8_t at = LINE_PLACES_MAX;
    for (uint8_t i = 0; i < LINE_PLACES_MAX; i++) {
        const struct line_place *place = &slot->places[i];
        bool is_same = address_eq(&place->peer, &saved->peer) &&
                       address_eq(&place->own, &saved->own) &&
                       address_eq(&place->contact, &saved->contact);
        if (place->line_count > 0 ? is_same : at == LINE_PLACES_MAX) at = i;
        if (place->line_count > 0 && is_same) break;
    }
    if (at == LINE_PLACES_MAX) return;
    slot->places[at] = (struct line_place){slot->places[at].line_count + 1, saved->peer, saved->own,
                                           saved->contact};
    line->place = (uint8_t)(at + 1);
}

static const struct line_place *place_of(const struct line_group_slot *slot,
                                         const struct line *line)
{
    return line->place > 0 ? &slot->places[line->place - 1] : NULL;
}

const struct address *line_saved_contact(const struct line_group_slot *slot,
                                         const struct line_peer *peer)
{
    for (size_t i = 0; i < LINE_PLACES_MAX; i++) {
        const struct line_place *place = &slot->places[i];
        if (place->line_count > 0 && address_eq(&peer->flow.peer, &place->peer) &&
            address_eq(&peer->own, &place->own)) {
            return &place->contact;
        }
    }
    return NULL;
}

const struct address *line_old_contact(const struct line_table *table, const struct line *line,
                                       const struct turn *turn)
{
    const struct line_group_slot *slot = line_group_of(table, line);
    const struct line_place *place = place_of(slot, line);
    bool is_known = place && line->expires_us > turn->now_us &&
                    address_eq(&place->peer, &slot->group.flow.peer);
    if (!is_known || address_eq(&place->contact, &slot->group.own)) return NULL;
    return &place->contact;
}

// ---- Lines

void line_restore(struct line_table *table, struct turn *turn, const struct line_saved *left)
{
    const struct model_registration *saved = &left->registration;
    struct pool_id id;
    struct line *line = line_find_by_id(table, saved->line_id, &id);
    if (!line || line->shown != UINT8_MAX || saved->state != REGISTRATION_REGISTERED) return;
    struct line_group_slot *slot = line_group_of(table, line);
    uint32_t cseq = (saved->cseq + CSEQ_MARGIN) & 0x7fffffff;
    if (cseq > line->cseq) line->cseq = cseq;
    line->call_id = saved->call_id;
    line->is_old_call_id = true;
    if (saved->until_us <= turn->wall_us) return;
    if (slot->saved_peer.family == ADDRESS_NONE) slot->saved_peer = saved->peer;
    note_place(slot, line, saved);
    line_set_route(table, line, span_of(left->route));
    // Longer than we would ask for now: the group was changed since, and a REGISTER that asked for
    // less may be out, or its answer lost.
    uint64_t asked_us = slot->group.snapshot->settings.register_interval_s * UINT64_C(1000000);
    uint64_t left_us = saved->until_us - turn->wall_us;
    line->expires_us = turn->now_us + (left_us < asked_us ? left_us : asked_us);
    line->is_restored = left_us <= asked_us && line->place > 0;
    if (!line->is_restored) return;
    line_return_send(slot); // line_put took it
    line_start(table, turn, id);
}

bool line_change_call_id(struct turn *turn, struct line *line, const struct sip_message *message)
{
    bool is_failed = message && (message->status == 400 || message->status == 500);
    if (!is_failed || !line->is_old_call_id) return false;
    line->is_old_call_id = false;
    line->call_id = random_u64(turn->random);
    return true;
}

bool line_is_resumable(const struct line_group_slot *slot, const struct line *line,
                       const struct turn *turn)
{
    const struct line_place *place = place_of(slot, line);
    return line->is_restored && place && line->is_wanted &&
           line->expires_us > turn->now_us + WORTH_US &&
           slot->group.flow.transport == TRANSPORT_UDP && // a connection ends with the program
           address_eq(&slot->group.flow.peer, &place->peer) &&
           address_eq(&slot->told_own, &place->own) &&
           address_eq(&slot->group.own, &place->contact);
}

bool line_yield(struct line_table *table, struct turn *turn, uint32_t line_id,
                struct line_saved *left, struct pool_id *txn)
{
    struct pool_id id;
    const struct line *line = line_find_by_id(table, line_id, &id);
    if (!line || line->is_removed) return false;
    const struct line_group_slot *slot = line_group_of(table, line);
    const struct line_place *place = place_of(slot, line);
    bool is_registered = line->expires_us > turn->now_us;
    bool is_former = line->registered_generation != slot->own_generation &&
                     slot->former_own.family != ADDRESS_NONE;
    *txn = line->txn;
    left->registration = (struct model_registration){
        .line_id = line_id,
        .state = REGISTRATION_REGISTERED,
        .until_us = is_registered ? turn->wall_us + (line->expires_us - turn->now_us) : 0,
        .call_id = line->call_id,
        .cseq = line->cseq,
        .own = place ? place->own : slot->told_own,
        .peer = place ? place->peer : slot->group.flow.peer,
        .contact = place       ? place->contact
                   : is_former ? slot->former_own
                               : slot->group.own,
    };
    text_copy(left->route, sizeof left->route, line_route_of(table, line));
    line_free(table, turn, id);
    return true;
}
