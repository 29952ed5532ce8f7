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

static bool is_at_saved_place(const struct line_group_slot *slot,
                              const struct model_registration *saved)
{
    return address_eq(&slot->saved_peer, &saved->peer) &&
           address_eq(&slot->saved_own, &saved->own) &&
           address_eq(&slot->saved_contact, &saved->contact);
}

void line_restore(struct line_table *table, struct turn *turn,
                  const struct model_registration *saved)
{
    struct pool_id id;
    struct line *line = line_find_by_id(table, saved->line_id, &id);
    if (!line || line->shown != UINT8_MAX || saved->state != REGISTRATION_REGISTERED) return;
    struct line_group_slot *slot = line_group_of(table, line);
    uint32_t cseq = (saved->cseq + CSEQ_MARGIN) & 0x7fffffff;
    if (cseq > line->cseq) line->cseq = cseq;
    line->call_id = saved->call_id;
    line->is_old_call_id = true;
    if (saved->until_us <= turn->wall_us) return;
    if (slot->saved_peer.family == ADDRESS_NONE) {
        slot->saved_peer = saved->peer;
        slot->saved_own = saved->own;
        slot->saved_contact = saved->contact;
    }
    // Longer than we would ask for now: the group was changed since, and a REGISTER that asked for
    // less may be out, or its answer lost.
    uint64_t asked_us = slot->group.snapshot->settings.register_interval_s * UINT64_C(1000000);
    uint64_t left_us = saved->until_us - turn->wall_us;
    line->expires_us = turn->now_us + (left_us < asked_us ? left_us : asked_us);
    line->is_restored = left_us <= asked_us && is_at_saved_place(slot, saved);
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
    return line->is_restored && line->is_wanted && line->expires_us > turn->now_us + WORTH_US &&
           slot->group.flow.transport == TRANSPORT_UDP && // a connection ends with the program
           address_eq(&slot->group.flow.peer, &slot->saved_peer) &&
           address_eq(&slot->told_own, &slot->saved_own) &&
           address_eq(&slot->group.own, &slot->saved_contact);
}
