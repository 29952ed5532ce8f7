// SPDX-License-Identifier: Apache-2.0
// Signing in and out, and a user's own password. Who fails too often has to wait; an unknown user
// and a wrong password take the same time and get the same answer. RFC 6265, RFC 6585 section 4.
#include "api/api_int.h"

#include <sodium.h>
#include <string.h>

// ---- Failures

struct attempt_keys api_attempt_keys(const struct api *api, const struct request *request,
                                     struct span name)
{
    char source[ADDRESS_SIZE];
    api_access_print_source(api, request, source);
    return (struct attempt_keys){api_key_of(api, 'a', name), api_key_of(api, 's', span_of(source))};
}

bool api_attempt_begin(struct api *api, const struct attempt_keys *keys, struct reply *reply)
{
    uint32_t now_s = api_passed_s();
    uint32_t wait_s = api_attempts_wait_s(&api->attempts, keys->account, now_s);
    uint32_t source_s = api_attempts_wait_s(&api->attempts, keys->source, now_s);
    if (source_s > wait_s) wait_s = source_s;
    if (wait_s > 0) {
        reply->retry_after_s = wait_s;
        api_reply_problem(reply, 429, "too many attempts have failed: try again in %u s", wait_s);
        return false;
    }
    api_attempts_count(&api->attempts, ATTEMPT_ACCOUNT, keys->account, now_s);
    api_attempts_count(&api->attempts, ATTEMPT_SOURCE, keys->source, now_s);
    return true;
}

void api_attempt_end(struct api *api, const struct attempt_keys *keys)
{
    api_attempts_forget(&api->attempts, keys->account);
    api_attempts_forget(&api->attempts, keys->source);
}

// ---- Signing in

// Reads the user called `name`; where there is none the record stays without a name.
static bool find_user(struct api *api, struct span name, struct model_user *user,
                      struct reply *reply)
{
    struct settings_problem problem;
    memset(user, 0, sizeof *user);
    if (!text_copy(user->name, sizeof user->name, name) || !user->name[0]) return true;
    enum err err = settings_get(api->options.settings, KIND_USER, user, NULL, &problem);
    if (err == ERR_NOT_FOUND) memset(user, 0, sizeof *user);
    if (err == ERR_NONE || err == ERR_NOT_FOUND) return true;
    return api_reply_settings_problem(reply, &problem);
}

static void put_cookie(const struct api *api, const struct request *request, const char *value,
                       uint32_t seconds, struct reply *reply)
{
    snprintf(reply->set_cookie, sizeof reply->set_cookie,
             SESSION_COOKIE "=%s; Path=/; Max-Age=%u; HttpOnly; SameSite=Strict%s", value, seconds,
             api_access_is_secure(api, request) ? "; Secure" : "");
}

static json_t *json_principal(const struct principal *principal)
{
    static const char *const credentials[] = {"none", "file", "token", "session"};
    json_t *body = json_object();
    const char *role = model_name(&model_roles,
                                  principal->is_administrator ? ROLE_ADMINISTRATOR : ROLE_USER);
    json_object_set_new(body, "user", api_json_text(span_of(principal->user)));
    json_object_set_new(body, "role", json_string(role));
    json_object_set_new(body, "scope", json_string(model_name(&model_scopes, principal->scope)));
    json_object_set_new(body, "group", api_json_text(span_of(principal->group)));
    json_object_set_new(body, "by", json_string(credentials[principal->credential]));
    if (principal->expires_s != 0) {
        uint64_t expires_us = (uint64_t)principal->expires_s * 1000000;
        json_object_set_new(body, "expires", api_json_time(expires_us, false));
    }
    return body;
}

enum err api_sign_in(struct api *api, struct request *request, const struct model_user *user,
                     struct reply *reply)
{
    struct principal *principal = &request->principal;
    char source[ADDRESS_SIZE], cookie[COOKIE_SIZE];
    uint32_t lasts_s = 0; // no session: the cookie is taken away
    bool is_administrator = user->role == ROLE_ADMINISTRATOR;
    *principal = (struct principal){.is_administrator = is_administrator,
                                    .scope = is_administrator ? SCOPE_ADMIN : SCOPE_WRITE};
    memcpy(principal->user, user->name, sizeof principal->user);
    api_access_print_source(api, request, source);
    enum err err = api_session_start(api, user->name, source, cookie);
    if (!err) {
        principal->credential = CREDENTIAL_SESSION;
        principal->expires_s = api_now_s() + api->options.session_idle_s;
        lasts_s = api->options.session_max_s;
    }
    put_cookie(api, request, err ? "" : cookie, lasts_s, reply);
    api_reply_json(reply, 201, json_principal(principal));
    sodium_memzero(cookie, sizeof cookie);
    return err;
}

void api_session_post(struct api *api, struct request *request, struct reply *reply)
{
    struct span name = SPAN_NONE, password = SPAN_NONE;
    const struct text_field fields[] = {{"name", &name}, {"password", &password}};
    struct model_user user;
    if (!api_access_check_origin(api, request, reply)) return;
    if (!api_body_read_texts(request, fields, 2, reply)) return;
    struct attempt_keys keys = api_attempt_keys(api, request, name);
    if (!request->work && !api_attempt_begin(api, &keys, reply)) return;
    if (!find_user(api, name, &user, reply)) return;
    struct password_question question = {password, user.password, SPAN_NONE};
    if (!api_password_check(api, request, reply, &question)) return;
    // What was checked must still be what holds.
    bool is_right = request->work->is_right && user.password[0] &&
                    strcmp(request->work->stored, user.password) == 0;
    if (is_right) {
        api_attempt_end(api, &keys);
        enum err err = api_sign_in(api, request, &user, reply);
        if (err) {
            const char *cause = store_error(settings_store(api->options.settings));
            request->principal = (struct principal){0};
            api_reply_store_problem(reply, err, cause);
        }
    } else {
        api_reply_problem(reply, 401, "the name or the password is wrong");
    }
    sodium_memzero(user.password, sizeof user.password);
}

void api_session_get(struct api *api, struct request *request, struct reply *reply)
{
    (void)api;
    api_reply_json(reply, 200, json_principal(&request->principal));
}

// ---- Signing out

static void reply_done(struct api *api, enum err err, struct reply *reply)
{
    if (err) {
        api_reply_store_problem(reply, err, store_error(settings_store(api->options.settings)));
    } else {
        api_reply_json(reply, 204, NULL);
    }
}

void api_session_delete(struct api *api, struct request *request, struct reply *reply)
{
    const struct principal *principal = &request->principal;
    if (principal->credential != CREDENTIAL_SESSION) {
        api_reply_problem(reply, 404, "there is no session: the request came with a token");
        return;
    }
    put_cookie(api, request, "", 0, reply);
    reply_done(api, api_session_end(api, principal->key), reply);
}

// ---- A user's sessions and password

static json_t *json_session(const struct request *request, const struct model_session *session)
{
    json_t *object = json_object();
    bool is_this = strcmp(session->hash, request->principal.key) == 0;
    json_object_set_new(object, "started",
                        api_json_time((uint64_t)session->started_s * 1000000, false));
    json_object_set_new(object, "used", api_json_time((uint64_t)session->used_s * 1000000, false));
    json_object_set_new(object, "address", api_json_text(span_of(session->address)));
    json_object_set_new(object, "current", json_boolean(is_this));
    return object;
}

struct session_listing {
    const struct api *api;
    const struct request *request;
    json_t *items;
};

static bool add_session(void *context, uint32_t id, const void *record)
{
    (void)id;
    struct session_listing *listing = context;
    const struct model_session *session = record;
    if (api_session_expires_s(listing->api, session) > api_now_s()) {
        json_array_append_new(listing->items, json_session(listing->request, session));
    }
    return true;
}

void api_sessions_list(struct api *api, struct request *request, struct reply *reply)
{
    union model_record user;
    struct session_listing listing = {api, request, NULL};
    struct store_query query = {.kind = KIND_SESSION, .user = user.user.name, .limit = PAGE_MAX};
    struct settings_problem problem;
    if (!api_records_find(api, request, &user, NULL, reply)) return;
    listing.items = json_array();
    if (settings_list(api->options.settings, &query, add_session, &listing, &problem)) {
        json_decref(listing.items);
        api_reply_settings_problem(reply, &problem);
        return;
    }
    json_t *body = json_object();
    json_object_set_new(body, "items", listing.items);
    api_reply_json(reply, 200, body);
}

void api_sessions_remove(struct api *api, struct request *request, struct reply *reply)
{
    union model_record user;
    if (!api_records_find(api, request, &user, NULL, reply)) return;
    reply_done(api, api_session_end_all(api, user.user.name, ""), reply);
}

// Saves the new password, and ends all other sessions: the old one may be known to somebody.
static void save_password(struct api *api, const struct request *request, struct model_user *user,
                          struct reply *reply)
{
    struct settings_problem problem;
    enum err err = api_session_end_all(api, user->name, request->principal.key);
    text_copy(user->password, sizeof user->password, span_of(request->work->hash));
    if (!err && settings_replace(api->options.settings, KIND_USER, user, &problem)) {
        api_reply_settings_problem(reply, &problem);
    } else {
        reply_done(api, err, reply);
    }
}

void api_password_put(struct api *api, struct request *request, struct reply *reply)
{
    struct span current = SPAN_NONE, fresh = SPAN_NONE;
    const struct text_field fields[] = {{"current", &current}, {"password", &fresh}};
    union model_record user;
    char reason[REASON_SIZE];
    if (!api_records_find(api, request, &user, NULL, reply)) return;
    if (!api_body_read_texts(request, fields, 2, reply)) return;
    const char *refused = api_password_refuse(json_object_get(request->json, "password"), reason);
    if (refused) {
        api_reply_refused(reply, 422, SPAN("password"), refused);
        return;
    }
    struct attempt_keys keys = api_attempt_keys(api, request, span_of(user.user.name));
    if (!request->work && !api_attempt_begin(api, &keys, reply)) return;
    struct password_question question = {current, user.user.password, fresh};
    if (!api_password_check(api, request, reply, &question)) return;
    if (request->work->is_right && strcmp(request->work->stored, user.user.password) == 0) {
        api_attempt_end(api, &keys);
        save_password(api, request, &user.user, reply);
    } else {
        api_reply_refused(reply, 422, SPAN("current"), "is not the user's password");
    }
}
