// SPDX-License-Identifier: Apache-2.0
// Which clients a user has and whether they are logged in. behaviour: a user is logged in who has
// not signed off by hand and has at least one live client; the setting `on` stands for a client
// that is always there.
#pragma once

#include "model/model.h"

struct client_presence {
    bool is_logged_in;
    bool has_clients; // something rings when a call comes
};

// What `login` and the number of live clients amount to.
struct client_presence client_presence_of(enum model_login login, uint32_t live_client_count);
