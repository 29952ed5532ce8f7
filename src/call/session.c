// SPDX-License-Identifier: Apache-2.0
// Whether both sides of an answered call are still there. Session timers (RFC 4028) pass through:
// the two user agents agree on them and refresh the session, and we see it. Where they have agreed
// on none, we ask both ourselves now and then, by an OPTIONS in their dialogs.
//
//          2xx for INVITE or UPDATE                     nothing for the time agreed: BYE to both
//        +--------------------------+
//        v                          |  not agreed, 15 min: OPTIONS to both; 481, 408 or no answer:
//    (watched) ---------------------+                                       BYE to both
#include "call/bridge_int.h"

enum {
    CHECK_S = 900,      // half of the interval that RFC 4028 recommends
    EXPIRES_MIN_S = 90, // RFC 4028 section 5
    LATE_S = 32,        // a refresh may take so long (RFC 4028 section 10: the least of 32 s ...)
};

void call_session_note(struct bridge *bridge, const struct turn *turn,
                       const struct sip_message *response)
{
    struct span value = sip_named_header_value(response, SPAN("Session-Expires"));
    uint32_t seconds = 0;
    if (value.len > 0 && sip_read_seconds(value, &seconds)) {
        bridge->expires_s = seconds < EXPIRES_MIN_S ? (uint32_t)EXPIRES_MIN_S : seconds;
    } else {
        bridge->expires_s = 0;
    }
    uint64_t after_s = bridge->expires_s > 0 ? bridge->expires_s + (uint64_t)LATE_S : CHECK_S;
    bridge->heard_us = turn->now_us;
    bridge->check_us = turn->now_us + after_s * 1000000;
}

void call_session_check(struct call_table *table, struct turn *turn, struct pool_id id)
{
    struct call *call = pool_find(&table->calls, id);
    struct bridge *bridge = call_bridge_of(table, call);
    if (turn->now_us < bridge->check_us) {
        call_set_deadline(table, id);
        return;
    }
    if (bridge->expires_s > 0) {
        call_bridge_hang_up(
            table, turn, id,
            &(struct bridge_end){.is_caller_told = true,
                                 .is_callee_told = true,
                                 .headers = SPAN("Reason: SIP;cause=408;text=\"Session "
                                                 "expired\"\r\n")});
        return;
    }
    bridge->check_us = turn->now_us + (uint64_t)CHECK_S * 1000000;
    call_set_deadline(table, id);
    call_relay_check(table, turn, bridge->first, true);
    call_relay_check(table, turn, bridge->first, false);
}
