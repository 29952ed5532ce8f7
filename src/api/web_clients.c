// SPDX-License-Identifier: Apache-2.0
// Who is there by the web: a user is, whose page has listened to events and shown within the last
// WEB_ALIVE_S that it lives. A page listens by the cookie of a session; programs with a token are
// no clients of a user, and a cookie alone is none either. docs/decision.md "Logged in".
//
//     page begins to listen, answers a ping, goes --> alive --30 s without--> gone
#include "api/api_int.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

struct web_client {
    uint32_t user_id;
    uint64_t alive_us; // monotonic; the last sign of life of any of the user's pages
};

static struct web_client *find(struct api *api, uint32_t user_id)
{
    for (size_t i = 0; i < api->web_client_count; i++) {
        if (api->web_clients[i].user_id == user_id) return &api->web_clients[i];
    }
    return NULL;
}

static void tell(struct api *api, uint32_t user_id, bool is_live)
{
    const struct api_engine *engine = &api->options.engine;
    if (engine->web_client) engine->web_client(engine->context, user_id, is_live);
}

uint32_t api_web_clients_user(struct api *api, const struct principal *principal)
{
    struct model_user user = {.name = ""};
    struct settings_problem problem;
    uint32_t id = 0;
    if (principal->credential != CREDENTIAL_SESSION || !principal->user[0]) return 0;
    memcpy(user.name, principal->user, sizeof user.name);
    if (settings_get(api->options.settings, KIND_USER, &user, &id, &problem)) return 0;
    return id;
}

void api_web_clients_alive(struct api *api, uint32_t user_id)
{
    struct web_client *client = user_id > 0 ? find(api, user_id) : NULL;
    if (user_id == 0) return;
    if (!client && api->web_client_count == WEB_CLIENTS_MAX) return;
    if (!client) {
        client = &api->web_clients[api->web_client_count++];
        client->user_id = user_id;
        tell(api, user_id, true);
    }
    client->alive_us = (uint64_t)lws_now_usecs();
}

void api_web_clients_end_due(struct api *api)
{
    uint64_t now_us = (uint64_t)lws_now_usecs();
    uint32_t alive_s = api->options.web_alive_s;
    for (size_t i = api->web_client_count; i > 0; i--) {
        struct web_client *client = &api->web_clients[i - 1];
        if (now_us - client->alive_us < (uint64_t)alive_s * 1000000) continue;
        tell(api, client->user_id, false);
        *client = api->web_clients[--api->web_client_count];
    }
}

bool api_web_clients_init(struct api *api)
{
    api->web_clients = calloc(WEB_CLIENTS_MAX, sizeof *api->web_clients);
    return api->web_clients != NULL;
}
