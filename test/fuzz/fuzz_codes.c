// SPDX-License-Identifier: Apache-2.0
// Any bytes as a table of feature codes, as what was dialled, and as a session description: a table
// that was read is printed and read as the same; the answer to an offer that can be served is one
// that can be served, at our own address.
#include "fuzz/fuzz.h"

#include "code/code.h"

#include <string.h>

static void check_table(struct span text)
{
    struct code_table table, again;
    struct code_order order;
    char reason[REASON_SIZE], bytes[256];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    if (code_read_table(text, &table, reason)) return;
    code_put_table(&out, &table);
    ASSERT(!out.is_full && !code_read_table(buffer_span(&out), &again, reason));
    ASSERT(memcmp(&table, &again, sizeof table) == 0);
    (void)code_read_dialled(&table, text, &order);
}

static void check_dialled(struct span text)
{
    struct code_table table;
    struct code_order order;
    struct model_group group;
    char reason[REASON_SIZE];
    model_defaults(KIND_GROUP, &group);
    ASSERT(!code_read_table(span_of(group.feature_codes), &table, reason));
    if (!code_read_dialled(&table, text, &order)) return;
    ASSERT(table.digits[order.condition][0] != '\0');
    ASSERT(order.fault || (order.action == CODE_SET) == (order.number[0] != '\0'));
}

static void check_offer(struct span sdp)
{
    struct code_offer offer, again;
    struct address own;
    static char bytes[1 << 16];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    if (!code_read_offer(sdp, &offer)) return;
    ASSERT(offer.peer.port > 0 && offer.peer.family != ADDRESS_NONE);
    ASSERT(offer.payload == PAYLOAD_PCMU || offer.payload == PAYLOAD_PCMA);
    ASSERT(address_parse_port(SPAN("192.0.2.9:6000"), 0, &own));
    code_put_answer(&out, sdp, &offer, &own);
    if (out.is_full) return;
    ASSERT(code_read_offer(buffer_span(&out), &again));
    ASSERT(address_eq(&again.peer, &own) && again.payload == offer.payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct span text = {(const char *)bytes, size};
    check_table(text);
    check_dialled(text);
    check_offer(text);
    return 0;
}
