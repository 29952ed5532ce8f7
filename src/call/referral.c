// SPDX-License-Identifier: Apache-2.0
// The subscriptions that a REFER within a call makes (RFC 3515 section 2.4.6). A NOTIFY, and a
// SUBSCRIBE that refreshes or ends, tell which one they mean by the `id` of their Event, which is
// the CSeq number of the REFER in that dialog. The two sides of a call count each for itself, so
// that each gets its own number. An Event without it means the first REFER, on both sides.
#include "call/bridge_int.h"

void call_referral_note(struct call_table *table, const struct relay *relay)
{
    struct call_referrals *known = &table->referrals;
    known->latest[known->count++ % REFERRALS_MAX] = (struct referral){
        .leg = relay->leg,
        .seen_cseq = relay->cseq,
        .sent_cseq = relay->sent_cseq,
        .is_from_caller = relay->is_from_caller,
    };
}

// The id of an Event that belongs to a REFER; false: it is about something else, or has none. One
// that cannot be a CSeq number is nobody's: 0.
static bool read_id(const struct sip_message *request, uint32_t *id)
{
    struct span params = sip_header_value(request, SIP_EVENT), text;
    struct span name = span_trim(span_split(&params, ';'));
    uint64_t number = 0;
    if (request->method != SIP_NOTIFY && request->method != SIP_SUBSCRIBE) return false;
    if (!span_eq_nocase(name, SPAN("refer")) || !sip_find_param(params, SPAN("id"), &text)) {
        return false;
    }
    *id = span_to_u64(text, UINT32_MAX, &number) ? (uint32_t)number : 0;
    return true;
}

enum referral_event call_referral_translate(const struct call_table *table,
                                            const struct relay *relay,
                                            const struct sip_message *request, uint32_t *id)
{
    const struct call_referrals *all = &table->referrals;
    uint32_t named;
    bool is_notify = request->method == SIP_NOTIFY; // against the REFER's direction
    if (!read_id(request, &named)) return REFERRAL_NOT_MEANT;
    for (uint32_t i = 0; i < REFERRALS_MAX && i < all->count; i++) {
        const struct referral *it = &all->latest[i];
        bool is_its_way = (it->is_from_caller == relay->is_from_caller) != is_notify;
        uint32_t known = is_notify ? it->sent_cseq : it->seen_cseq;
        if (!is_its_way || known != named || !pool_id_eq(it->leg, relay->leg)) continue;
        *id = is_notify ? it->seen_cseq : it->sent_cseq;
        return REFERRAL_KNOWN;
    }
    return REFERRAL_UNKNOWN;
}
