// SPDX-License-Identifier: Apache-2.0
// Logged in or not.
#include "client/client.h"

struct client_presence client_presence_of(enum model_login login, uint32_t live_client_count)
{
    bool is_there = login == LOGIN_ON || live_client_count > 0;
    bool is_logged_in = login != LOGIN_OFF && is_there;
    return (struct client_presence){.is_logged_in = is_logged_in, .has_clients = is_logged_in};
}
