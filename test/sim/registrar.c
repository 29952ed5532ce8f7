// SPDX-License-Identifier: Apache-2.0
// The peer that we register at.
#include "sim/registrar.h"

static unsigned number_of(const struct sip_message *request)
{
    uint64_t number = 0;
    (void)span_to_u64(span_from(request->call_id, sizeof "our" - 1), UINT32_MAX, &number);
    return (unsigned)number;
}

unsigned registrar_status(const struct sim *sim, unsigned number)
{
    static const unsigned statuses[] = {200, 200, 401, 403, 0};
    return statuses[(sim->seed + number) % (sizeof statuses / sizeof statuses[0])];
}

static void send_response(struct sim *sim, const struct sip_message *request, unsigned status)
{
    char bytes[SIM_PACKET_BYTES];
    struct address source;
    struct buffer out = buffer_over(bytes, sizeof bytes);
    ASSERT(address_parse_port(SPAN("192.0.2.9:5060"), 0, &source));
    sip_put_status_line(&out, status, SPAN("Text"));
    sip_put_reply_headers(&out, request, &source, SPAN("registrar"));
    sip_put_end(&out, SPAN_NONE);
    ASSERT(!out.is_full);
    sim_send(sim, SIM_OURS, buffer_span(&out));
}

void registrar_receive(struct sim *sim, const struct sip_message *request)
{
    unsigned status = registrar_status(sim, number_of(request));
    if (sim_chance(sim, 20)) send_response(sim, request, 100);
    if (status > 0) send_response(sim, request, status);
}
