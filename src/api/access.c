// SPDX-License-Identifier: Apache-2.0
// Who asks: the administrator's token from its file, a token that was given out, or a session by
// its cookie. What a browser sends by itself must not be enough to change something: RFC 6265,
// RFC 6454, RFC 6750 section 2.1.
#include "api/api_int.h"

#include <sodium.h>
#include <string.h>

enum { TOUCH_S = 60 }; // a token's last use is stored no more often

static bool refuse(struct reply *reply, const char *why)
{
    api_reply_problem(reply, 401, "%s", why);
    return false;
}

// ---- What the request says of where it comes from

bool api_access_is_secure(const struct api *api, const struct request *request)
{
    return api->options.is_behind_proxy && span_eq_nocase(request->forwarded_proto, SPAN("https"));
}

void api_access_print_source(const struct api *api, const struct request *request,
                             char source[ADDRESS_SIZE])
{
    struct address address = request->peer;
    struct buffer out = buffer_over(source, ADDRESS_SIZE - 1);
    struct span list = request->forwarded_for, last = SPAN_NONE;
    while (list.len > 0) last = span_trim(span_split(&list, ','));
    if (api->options.is_behind_proxy && last.len > 0) address_parse(last, &address);
    address.port = 0;
    address_print_host(&out, &address);
    source[out.len] = '\0';
}

// Whether the request comes from a page of ours, as far as a browser tells.
static bool is_same_origin(const struct api *api, const struct request *request)
{
    struct span host = request->host, origin = request->origin;
    if (!origin.at) return true;
    if (api->options.is_behind_proxy && request->forwarded_host.len > 0) {
        host = request->forwarded_host;
    }
    if (span_starts_with(origin, SPAN("https://"))) {
        origin = span_from(origin, 8);
    } else if (span_starts_with(origin, SPAN("http://"))) {
        origin = span_from(origin, 7);
    } else {
        return false;
    }
    return origin.len > 0 && span_eq_nocase(origin, host);
}

bool api_access_check_origin(const struct api *api, const struct request *request,
                             struct reply *reply)
{
    if (is_same_origin(api, request)) return true;
    api_reply_problem(reply, 403,
                      "the request comes from another site: its Origin is not this Host");
    return false;
}

// The value of the cookie that holds a session; SPAN_NONE without one.
static struct span session_cookie(const struct request *request)
{
    struct span rest = request->cookie;
    while (rest.len > 0) {
        struct span value = span_trim(span_split(&rest, ';')), name = span_split(&value, '=');
        if (span_eq(name, SPAN(SESSION_COOKIE))) return value;
    }
    return SPAN_NONE;
}

// ---- Users

// Gives the principal the rights of the user whose name it has.
static bool take_user(struct api *api, struct request *request, struct reply *reply)
{
    struct principal *principal = &request->principal;
    struct model_user user = {.name = ""};
    struct settings_problem problem;
    memcpy(user.name, principal->user, sizeof user.name);
    enum err err = settings_get(api->options.settings, KIND_USER, &user, NULL, &problem);
    sodium_memzero(user.password, sizeof user.password);
    if (err == ERR_NOT_FOUND) return refuse(reply, "the user does not exist any more");
    if (err != ERR_NONE) return api_reply_settings_problem(reply, &problem);
    principal->is_administrator = user.role == ROLE_ADMINISTRATOR;
    enum model_scope most = principal->is_administrator ? SCOPE_ADMIN : SCOPE_WRITE;
    if (principal->scope > most) principal->scope = most;
    return true;
}

// ---- Tokens

static bool is_file_token(const struct api *api, struct span token)
{
    size_t len = strlen(api->options.token);
    return token.len == len && sodium_memcmp(token.at, api->options.token, len) == 0;
}

// Reads "lw_SERIAL_SECRET".
static bool split_token(struct span text, char serial[SERIAL_SIZE], char hash[HASH_SIZE])
{
    struct span first = span_split(&text, '_'), second = span_split(&text, '_');
    if (!span_eq(first, SPAN("lw")) || second.len == 0 || text.len == 0) return false;
    api_hash_secret(text, hash);
    return text_copy(serial, SERIAL_SIZE, second);
}

// Notes that a token is used, now and then; it is no reason to refuse it where that fails.
static void touch(struct store *store, struct model_token *token)
{
    uint32_t now_s = api_now_s();
    if (now_s - token->used_s < TOUCH_S) return;
    token->used_s = now_s;
    enum err err = store_replace(store, KIND_TOKEN, token);
    (void)err;
}

static bool identify_token(struct api *api, struct request *request, struct span text,
                           struct reply *reply)
{
    struct store *store = settings_store(api->options.settings);
    struct principal *principal = &request->principal;
    struct model_token token = {.serial = ""};
    char hash[HASH_SIZE];
    if (!split_token(text, token.serial, hash)) return refuse(reply, "the token is not valid");
    enum err err = store_get(store, KIND_TOKEN, &token, NULL);
    if (err == ERR_NOT_FOUND) return refuse(reply, "the token is not valid");
    if (err != ERR_NONE) return api_reply_store_problem(reply, err, store_error(store));
    if (sodium_memcmp(hash, token.hash, HASH_SIZE) != 0) {
        return refuse(reply, "the token is not valid");
    }
    if (token.expires_s != 0 && token.expires_s <= api_now_s()) {
        return refuse(reply, "the token has expired");
    }
    touch(store, &token);
    *principal = (struct principal){.credential = CREDENTIAL_TOKEN,
                                    .scope = (enum model_scope)token.scope,
                                    .expires_s = token.expires_s};
    memcpy(principal->group, token.group, sizeof principal->group);
    text_copy(principal->key, sizeof principal->key, span_of(token.serial));
    text_copy(principal->token, sizeof principal->token,
              span_slice(span_of(token.name), 0, sizeof principal->token - 1));
    principal->is_administrator = !token.user[0];
    if (!token.user[0]) return true;
    memcpy(principal->user, token.user, sizeof principal->user);
    return take_user(api, request, reply);
}

// ---- Sessions

// A browser adds the cookie to whatever request any page makes; only pages of ours can add a header
// to it.
static bool check_page(const struct api *api, const struct request *request, struct reply *reply)
{
    const char *why = NULL;
    if (!is_same_origin(api, request)) {
        why = "the request comes from another site: its Origin is not this Host";
    } else if (request->method != METHOD_GET && request->requested_with.len == 0) {
        why = "with a cookie, changes need the header X-Requested-With";
    }
    if (!why) return true;
    api_reply_problem(reply, 403, "%s", why);
    return false;
}

bool api_access_renew(struct api *api, struct principal *principal, struct reply *reply)
{
    struct store *store = settings_store(api->options.settings);
    struct request request = {.principal = *principal};
    union model_record record = {0};
    enum err err = ERR_NONE;
    if (principal->credential == CREDENTIAL_SESSION) {
        memcpy(record.session.hash, principal->key, sizeof record.session.hash);
        err = store_get(store, KIND_SESSION, &record, NULL);
        // Who listens uses the session.
        if (!err && api_now_s() - record.session.used_s >= TOUCH_S) {
            record.session.used_s = api_now_s();
            err = store_replace(store, KIND_SESSION, &record);
        }
    } else if (principal->credential == CREDENTIAL_TOKEN) {
        text_copy(record.token.serial, SERIAL_SIZE, span_of(principal->key));
        err = store_get(store, KIND_TOKEN, &record, NULL);
        if (!err && record.token.expires_s && record.token.expires_s <= api_now_s()) {
            err = ERR_NOT_FOUND;
        }
    }
    if (err == ERR_NOT_FOUND) return refuse(reply, "the session or token has ended");
    if (err) return api_reply_store_problem(reply, err, store_error(store));
    if (!principal->user[0]) return true;
    bool is_there = take_user(api, &request, reply);
    if (is_there) *principal = request.principal;
    return is_there;
}

static bool identify_session(struct api *api, struct request *request, struct span cookie,
                             struct reply *reply)
{
    struct principal *principal = &request->principal;
    struct model_session session;
    enum err err = api_session_find(api, cookie, &session);
    if (err == ERR_NOT_FOUND) return refuse(reply, "the session has ended: sign in again");
    if (err != ERR_NONE) {
        const struct store *store = settings_store(api->options.settings);
        return api_reply_store_problem(reply, err, store_error(store));
    }
    *principal = (struct principal){.credential = CREDENTIAL_SESSION,
                                    .scope = SCOPE_ADMIN,
                                    .expires_s = api_session_expires_s(api, &session)};
    memcpy(principal->user, session.user, sizeof principal->user);
    memcpy(principal->key, session.hash, sizeof principal->key);
    return take_user(api, request, reply) && check_page(api, request, reply);
}

bool api_access_identify(struct api *api, struct request *request, struct reply *reply)
{
    struct span token = request->authorization, scheme = span_split(&token, ' ');
    struct span cookie = session_cookie(request);
    token = span_trim(token);
    if (request->authorization.len == 0 && cookie.len > 0) {
        return identify_session(api, request, cookie, reply);
    }
    if (request->authorization.len == 0) {
        return refuse(reply, "this needs the header Authorization: Bearer TOKEN, or a session");
    }
    if (!span_eq_nocase(scheme, SPAN("Bearer"))) return refuse(reply, "the token is not valid");
    if (!is_file_token(api, token)) return identify_token(api, request, token, reply);
    request->principal = (struct principal){
        .credential = CREDENTIAL_FILE, .is_administrator = true, .scope = SCOPE_ADMIN};
    return true;
}
