// SPDX-License-Identifier: Apache-2.0
// Tokens for programs: shown once when they are made, of the secret only a hash is kept. RFC 6750.
#include "api/api_int.h"

#include <sodium.h>
#include <string.h>

enum { SERIAL_BYTES = 6, SECRET_BYTES = 32, DAYS_MAX = 3650, DAY_S = 24 * 3600 };

static json_t *json_when(uint32_t seconds)
{
    return api_json_time((uint64_t)seconds * 1000000, false);
}

static json_t *json_token(const struct model_token *token)
{
    json_t *object = json_object();
    const char *scope = model_name(&model_scopes, token->scope);
    json_object_set_new(object, "serial", api_json_text(span_of(token->serial)));
    json_object_set_new(object, "name", api_json_text(span_of(token->name)));
    json_object_set_new(object, "user", api_json_text(span_of(token->user)));
    json_object_set_new(object, "group", api_json_text(span_of(token->group)));
    json_object_set_new(object, "scope", json_string(scope));
    json_object_set_new(object, "created", json_when(token->created_s));
    if (token->expires_s) json_object_set_new(object, "expires", json_when(token->expires_s));
    if (token->used_s) json_object_set_new(object, "used", json_when(token->used_s));
    return object;
}

// ---- Listing

struct listing {
    json_t *items;
    uint32_t limit;
    struct model_token last;
    bool has_more;
};

static bool add_item(void *context, uint32_t id, const void *record)
{
    (void)id;
    struct listing *listing = context;
    listing->has_more = json_array_size(listing->items) == listing->limit;
    if (listing->has_more) return false;
    listing->last = *(const struct model_token *)record;
    json_array_append_new(listing->items, json_token(&listing->last));
    return true;
}

void api_tokens_list(struct api *api, struct request *request, struct reply *reply)
{
    struct listing listing = {.has_more = false};
    struct model_token after = {.serial = ""};
    char user[NAME_SIZE], group[NAME_SIZE] = "";
    struct settings_problem problem;
    struct span from = api_query_get(request, "after");
    if (!api_query_limit(request, reply, &listing.limit)) return;
    if (!text_copy(user, sizeof user, api_query_get(request, "user"))) {
        api_reply_refused(reply, 400, SPAN("user"), "is too long for a user's name");
        return;
    }
    if (from.at && (from.len == 0 || !text_copy(after.serial, sizeof after.serial, from))) {
        api_reply_refused(reply, 400, SPAN("after"), "is no place in this list");
        return;
    }
    if (!api_rights_restrict(request, user, group, reply)) return;
    struct store_query query = {
        .kind = KIND_TOKEN, .user = user, .group = group, .limit = listing.limit + 1};
    if (from.at) query.after = &after;
    listing.items = json_array();
    if (settings_list(api->options.settings, &query, add_item, &listing, &problem)) {
        json_decref(listing.items);
        api_reply_settings_problem(reply, &problem);
        return;
    }
    json_t *body = json_object();
    json_object_set_new(body, "items", listing.items);
    if (listing.has_more) {
        json_object_set_new(body, "next",
                            api_query_next(request, "after", span_of(listing.last.serial)));
    }
    api_reply_json(reply, 200, body);
}

// ---- Making one

static const char *read_days(const json_t *value, struct model_token *token)
{
    json_int_t days = json_integer_value(value);
    if (!json_is_integer(value)) return "must be a whole number";
    if (days < 1 || days > DAYS_MAX) return "must be a number from 1 to 3650";
    token->expires_s = token->created_s + (uint32_t)days * DAY_S;
    return NULL;
}

static const char *read_field(const char *name, const json_t *value, struct model_token *token,
                              char reason[REASON_SIZE])
{
    static const char *const names[] = {"name", "user", "group", "scope"};
    struct span text = {json_string_value(value), json_string_length(value)};
    if (strcmp(name, "days") == 0) return read_days(value, token);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) != 0) continue;
        if (!json_is_string(value)) return "must be a string";
        return model_set_field(model_find_field(KIND_TOKEN, span_of(name)), token, text, reason);
    }
    return "is not a field of a token";
}

static bool read_token(const struct request *request, struct model_token *token,
                       struct reply *reply)
{
    json_t *errors = json_array(), *value;
    char reason[REASON_SIZE];
    const char *name;
    json_object_foreach(request->json, name, value)
    {
        const char *refused = read_field(name, value, token, reason);
        if (refused) api_errors_add(errors, span_of(name), refused);
    }
    if (!json_object_get(request->json, "name")) {
        api_errors_add(errors, SPAN("name"), "is missing");
    }
    return api_errors_settle(reply, 422, errors);
}

// Nobody gives more rights than they have themselves; and no token makes another one, but an
// administrator's.
static bool check_rights(const struct request *request, const struct model_token *token,
                         struct reply *reply)
{
    const struct principal *principal = &request->principal;
    bool is_program = principal->credential == CREDENTIAL_TOKEN;
    const char *own = principal->user;
    if (is_program && (principal->scope < SCOPE_ADMIN || !principal->is_administrator)) {
        api_reply_problem(reply, 403,
                          "tokens are made with a session, or an administrator's token");
        return false;
    }
    if (!principal->is_administrator && strcmp(token->user, own) != 0) {
        return api_reply_refused(reply, 403, SPAN("user"), "must be yourself");
    }
    if (token->scope > principal->scope) {
        return api_reply_refused(reply, 403, SPAN("scope"), "is more than you may do yourself");
    }
    if (principal->group[0] && strcmp(token->group, principal->group) != 0) {
        return api_reply_refused(reply, 403, SPAN("group"), "must be that of your own token");
    }
    return true;
}

// Draws the serial number and the secret, and prints both as the token that is shown.
static void draw(struct model_token *token, char text[TEXT_SIZE])
{
    unsigned char serial[SERIAL_BYTES], secret[SECRET_BYTES];
    char shown[2 * SECRET_BYTES + 1], hash[HASH_SIZE];
    randombytes_buf(serial, sizeof serial);
    randombytes_buf(secret, sizeof secret);
    sodium_bin2hex(token->serial, sizeof token->serial, serial, sizeof serial);
    sodium_bin2hex(shown, sizeof shown, secret, sizeof secret);
    api_hash_secret(span_of(shown), hash);
    text_copy(token->hash, sizeof token->hash, span_of(hash));
    snprintf(text, TEXT_SIZE, "lw_%s_%s", token->serial, shown);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(shown, sizeof shown);
}

void api_tokens_add(struct api *api, struct request *request, struct reply *reply)
{
    struct model_token token = {.scope = SCOPE_READ, .created_s = api_now_s()};
    struct settings_problem problem;
    char text[TEXT_SIZE];
    text_copy(token.user, sizeof token.user, span_of(request->principal.user));
    text_copy(token.group, sizeof token.group, span_of(request->principal.group));
    if (!read_token(request, &token, reply) || !check_rights(request, &token, reply)) return;
    draw(&token, text);
    if (settings_add(api->options.settings, KIND_TOKEN, &token, &problem)) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    json_t *body = json_token(&token);
    json_object_set_new(body, "token", json_string(text));
    sodium_memzero(text, sizeof text);
    snprintf(reply->location, sizeof reply->location, "/api/v1/tokens/%s", token.serial);
    api_reply_json(reply, 201, body);
}

// ---- Revoking one

void api_tokens_remove(struct api *api, struct request *request, struct reply *reply)
{
    union model_record token;
    struct settings_problem problem;
    const struct principal *principal = &request->principal;
    if (!api_records_find(api, request, &token, NULL, reply)) return;
    bool is_own = strcmp(token.token.user, principal->user) == 0;
    bool is_elsewhere = principal->group[0] && strcmp(token.token.group, principal->group) != 0;
    if ((!principal->is_administrator && !is_own) || is_elsewhere) {
        api_reply_problem(reply, 404, "token %s does not exist", token.token.serial);
        return;
    }
    if (settings_remove(api->options.settings, KIND_TOKEN, &token, &problem)) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    api_reply_json(reply, 204, NULL);
}
