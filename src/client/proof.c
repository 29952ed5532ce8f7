// SPDX-License-Identifier: Apache-2.0
// Who sends a request. No device has credentials yet, so nobody can prove anything.
#include "client/client_int.h"

enum client_proof client_authenticate(struct client_table *table, struct turn *turn,
                                      const struct client_request *request,
                                      struct client_verdict *verdict)
{
    (void)table;
    (void)turn;
    (void)request;
    *verdict = (struct client_verdict){.answer = {.status = 403}};
    return CLIENT_ANSWERED;
}
