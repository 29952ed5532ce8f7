// SPDX-License-Identifier: Apache-2.0
// Who has signed in. A session is in the store, so that it survives a restart, and is found by the
// hash of its cookie: who reads the store cannot use what is there.
#include "api/api_int.h"

#include <sodium.h>
#include <string.h>

enum {
    SECRET_BYTES = 32,
    TOUCH_S = 60, // the time of the last use is stored no more often
    SESSIONS_PER_USER_MAX = 20,
};

uint64_t api_key_of(const struct api *api, char kind, struct span text)
{
    unsigned char result[crypto_shorthash_BYTES];
    char bytes[TEXT_SIZE + 1];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    uint64_t number;
    buffer_put_byte(&out, kind);
    buffer_put(&out, span_slice(text, 0, TEXT_SIZE));
    crypto_shorthash(result, (const unsigned char *)out.at, out.len, api->attempts_key);
    memcpy(&number, result, sizeof number);
    return number;
}

void api_hash_secret(struct span secret, char hash[HASH_SIZE])
{
    unsigned char bytes[(HASH_SIZE - 1) / 2];
    crypto_generichash(bytes, sizeof bytes, (const unsigned char *)secret.at, secret.len, NULL, 0);
    sodium_bin2hex(hash, HASH_SIZE, bytes, sizeof bytes);
}

uint32_t api_session_expires_s(const struct api *api, const struct model_session *session)
{
    uint32_t idle_s = session->used_s + api->options.session_idle_s;
    uint32_t end_s = session->started_s + api->options.session_max_s;
    return idle_s < end_s ? idle_s : end_s;
}

// ---- The sessions of a user

struct walk {
    const struct api *api;
    const char *except;
    struct model_session oldest, unwanted[SESSIONS_PER_USER_MAX + 1];
    size_t count, unwanted_count;
};

static bool add_unwanted(void *context, uint32_t id, const void *record)
{
    (void)id;
    struct walk *walk = context;
    const struct model_session *session = record;
    if (strcmp(session->hash, walk->except) == 0) return true;
    walk->unwanted[walk->unwanted_count++] = *session;
    return walk->unwanted_count <= SESSIONS_PER_USER_MAX;
}

static bool look_at(void *context, uint32_t id, const void *record)
{
    (void)id;
    struct walk *walk = context;
    const struct model_session *session = record;
    if (api_session_expires_s(walk->api, session) <= api_now_s()) {
        walk->unwanted[walk->unwanted_count++] = *session;
        return walk->unwanted_count <= SESSIONS_PER_USER_MAX;
    }
    if (walk->count == 0 || session->used_s < walk->oldest.used_s) walk->oldest = *session;
    walk->count++;
    return true;
}

static enum err remove_all(struct store *store, const struct walk *walk)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < walk->unwanted_count && err == ERR_NONE; i++) {
        err = store_remove(store, KIND_SESSION, &walk->unwanted[i]);
    }
    return err;
}

// Makes room for another session of `user`.
static enum err tidy_up(struct api *api, const char *user)
{
    struct store *store = settings_store(api->options.settings);
    struct store_query query = {.kind = KIND_SESSION, .user = user};
    struct walk walk = {.api = api};
    api_sessions_follow_clock(api);
    enum err err = store_list(store, &query, look_at, &walk);
    if (err == ERR_NONE) err = remove_all(store, &walk);
    if (err != ERR_NONE || walk.count < SESSIONS_PER_USER_MAX) return err;
    return store_remove(store, KIND_SESSION, &walk.oldest);
}

enum err api_session_end_all(struct api *api, const char *user, const char *except)
{
    struct store *store = settings_store(api->options.settings);
    struct store_query query = {.kind = KIND_SESSION, .user = user};
    struct walk walk = {.api = api, .except = except};
    enum err err = store_list(store, &query, add_unwanted, &walk);
    return err == ERR_NONE ? remove_all(store, &walk) : err;
}

// ---- One session

enum err api_session_start(struct api *api, const char *user, const char *address,
                           char cookie[COOKIE_SIZE])
{
    struct model_session session = {.started_s = api_now_s(), .used_s = api_now_s()};
    unsigned char secret[SECRET_BYTES];
    uint32_t id;
    randombytes_buf(secret, sizeof secret);
    sodium_bin2hex(cookie, COOKIE_SIZE, secret, sizeof secret);
    sodium_memzero(secret, sizeof secret);
    api_hash_secret(span_of(cookie), session.hash);
    text_copy(session.user, sizeof session.user, span_of(user));
    text_copy(session.address, sizeof session.address, span_of(address));
    enum err err = tidy_up(api, user);
    if (err != ERR_NONE) return err;
    return store_add(settings_store(api->options.settings), KIND_SESSION, &session, &id);
}

enum err api_session_find(struct api *api, struct span cookie, struct model_session *session)
{
    struct store *store = settings_store(api->options.settings);
    api_sessions_follow_clock(api);
    uint32_t now_s = api_now_s();
    memset(session, 0, sizeof *session);
    api_hash_secret(cookie, session->hash);
    enum err err = store_get(store, KIND_SESSION, session, NULL);
    if (err != ERR_NONE) return err;
    if (api_session_expires_s(api, session) <= now_s) {
        err = store_remove(store, KIND_SESSION, session);
        return err == ERR_NONE ? ERR_NOT_FOUND : err;
    }
    if (now_s - session->used_s < TOUCH_S) return ERR_NONE;
    session->used_s = now_s;
    return store_replace(store, KIND_SESSION, session);
}

enum err api_session_end(struct api *api, const char *hash)
{
    struct model_session session = {.used_s = 0};
    text_copy(session.hash, sizeof session.hash, span_of(hash));
    enum err err = store_remove(settings_store(api->options.settings), KIND_SESSION, &session);
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}
