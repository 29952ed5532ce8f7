// SPDX-License-Identifier: Apache-2.0
// The same redirect with Sofia-SIP, without transactions, which is the fastest way that it has: its
// parser, its message structures, its transport.
//
//   bench_sofia PORT
#include "batch.h"

#include <sofia-sip/nta.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/nta_tport.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/tport_tag.h>
#include <stdio.h>

static int on_message(nta_agent_magic_t *context, nta_agent_t *agent, msg_t *message, sip_t *sip)
{
    char contact[128], diversion[200];
    (void)context;
    if (!sip->sip_request || sip->sip_request->rq_method != sip_method_invite) {
        nta_msg_discard(agent, message);
        return 0;
    }
    const char *line = sip->sip_request->rq_url->url_user;
    snprintf(contact, sizeof contact, "<sip:001701%.32s@pbx.bench>", line ? line : "");
    snprintf(diversion, sizeof diversion,
             "Diversion: <sip:+4989123%.32s@pbx.bench>"
             ";reason=unconditional;counter=1;privacy=off",
             line ? line : "");
    nta_msg_treply(agent, message, SIP_302_MOVED_TEMPORARILY, SIPTAG_CONTACT_STR(contact),
                   SIPTAG_HEADER_STR(diversion), TAG_END());
    return 0;
}

int main(int argc, char **argv)
{
    char own[64];
    if (argc != 2) bench_fail("usage", "bench_sofia PORT");
    snprintf(own, sizeof own, "sip:127.0.0.1:%u;transport=udp",
             bench_number(argv[1], 1, UINT16_MAX));
    if (su_init() != 0) bench_fail("sofia", "cannot start");
    su_root_t *root = su_root_create(NULL);
    if (!root) bench_fail("sofia", "out of memory");
    nta_agent_t *agent = nta_agent_create(
        root, URL_STRING_MAKE(own), on_message, NULL, NTATAG_STATELESS(1), NTATAG_UA(0),
        TPTAG_UDP_RMEM(SOCKET_BUFFER_BYTES), TPTAG_UDP_WMEM(SOCKET_BUFFER_BYTES), TAG_END());
    if (!agent) bench_fail(own, "cannot listen");
    su_root_run(root);
    return 0;
}
