// SPDX-License-Identifier: Apache-2.0
// What somebody may do. Each route says whom it is for; here is what that means for this person and
// this path. What belongs to others looks as if it did not exist, so that nobody learns what there
// is.
#include "api/api_int.h"

#include <string.h>

static struct span find_part(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->part_count; i++) {
        if (span_eq(request->parts[i].name, span_of(name))) return request->parts[i].value;
    }
    return SPAN_NONE;
}

static bool refuse(struct reply *reply, const char *why)
{
    api_reply_problem(reply, 403, "%s", why);
    return false;
}

// ---- The group that a token is restricted to

static bool check_group(const struct request *request, struct reply *reply)
{
    const struct route *route = request->route;
    struct span own = span_of(request->principal.group);
    struct span group = find_part(request, route->kind == KIND_GROUP ? "name" : "group");
    if (own.len == 0 || route->audience == FOR_USERS) return true;
    if (find_part(request, "call").at) return true; // check_call looks at it
    if (group.at ? span_eq(group, own) : api_has_word(route->query, SPAN("group"))) return true;
    api_reply_problem(reply, 403, "this token is restricted to the group %s",
                      request->principal.group);
    return false;
}

// ---- What somebody owns

// Replies as if there were no such record.
static bool deny(const struct request *request, const char *what, struct reply *reply)
{
    struct span last = request->parts[request->part_count - 1].value;
    api_reply_problem(reply, 404, "%s %.*s does not exist", what, SPAN_ARG(last));
    return false;
}

static bool deny_user(struct span name, struct reply *reply)
{
    api_reply_problem(reply, 404, "user %.*s does not exist", SPAN_ARG(name));
    return false;
}

static bool check_line(struct api *api, const struct request *request, struct reply *reply)
{
    struct span group = find_part(request, "group"), extension = find_part(request, "extension");
    struct model_line line = {.user = ""};
    struct settings_problem problem;
    if (!text_copy(line.group, sizeof line.group, group) ||
        !text_copy(line.extension, sizeof line.extension, extension)) {
        api_reply_problem(reply, 404, "no line has such a name");
        return false;
    }
    enum err err = settings_get(api->options.settings, KIND_LINE, &line, NULL, &problem);
    if (err && err != ERR_NOT_FOUND) return api_reply_settings_problem(reply, &problem);
    if (!err && strcmp(line.user, request->principal.user) == 0) return true;
    api_reply_problem(reply, 404, "line %.*s/%.*s does not exist", SPAN_ARG(group),
                      SPAN_ARG(extension));
    return false;
}

static bool check_member(struct api *api, const struct request *request, struct reply *reply)
{
    char group[NAME_SIZE];
    struct store_query query = {.kind = KIND_LINE, .group = group, .user = request->principal.user};
    struct store *store = settings_store(api->options.settings);
    struct span name = find_part(request, "group");
    uint64_t count = 0;
    if (!name.at) name = find_part(request, "name");
    if (!text_copy(group, sizeof group, name)) return deny(request, "group", reply);
    enum err err = store_count(store, &query, &count);
    if (err) return api_reply_store_problem(reply, err, store_error(store));
    return count > 0 || deny(request, "group", reply);
}

bool api_rights_user_id(struct api *api, const struct request *request, uint32_t *user_id,
                        struct reply *reply)
{
    struct model_user user = {.name = ""};
    struct settings_problem problem;
    *user_id = 0;
    if (request->principal.is_administrator) return true;
    memcpy(user.name, request->principal.user, sizeof user.name);
    enum err err = settings_get(api->options.settings, KIND_USER, &user, user_id, &problem);
    return !err || api_reply_settings_problem(reply, &problem);
}

bool api_rights_reach_call(struct api *api, const struct principal *principal,
                           const struct api_call *call)
{
    struct model_line line = {.user = ""};
    struct settings_problem problem;
    if (principal->group[0] && strcmp(principal->group, call->group) != 0) return false;
    if (principal->is_administrator) return true;
    memcpy(line.group, call->group, sizeof line.group);
    memcpy(line.extension, call->extension, sizeof line.extension);
    return settings_get(api->options.settings, KIND_LINE, &line, NULL, &problem) == ERR_NONE &&
           strcmp(line.user, principal->user) == 0;
}

static bool check_call(struct api *api, const struct request *request, struct reply *reply)
{
    struct api_call call;
    return (api_calls_find(api, request, &call) &&
            api_rights_reach_call(api, &request->principal, &call)) ||
           deny(request, "call", reply);
}

static bool check_owner(struct api *api, const struct request *request, struct reply *reply)
{
    if (request->part_count == 0) return true; // a list: it is restricted to what is theirs
    if (find_part(request, "extension").at) return check_line(api, request, reply);
    struct span user = find_part(request, "user");
    if (user.at) return span_eq(user, span_of(request->principal.user)) || deny_user(user, reply);
    if (request->route->kind == KIND_USER) {
        struct span name = find_part(request, "name");
        return span_eq(name, span_of(request->principal.user)) || deny(request, "user", reply);
    }
    return check_member(api, request, reply);
}

bool api_rights_check(struct api *api, const struct request *request, struct reply *reply)
{
    const struct principal *principal = &request->principal;
    const struct route *route = request->route;
    if (route->audience == FOR_ALL) return true;
    if (principal->scope < route->scope && principal->credential == CREDENTIAL_TOKEN) {
        api_reply_problem(reply, 403, "this needs a token with the scope %s",
                          model_name(&model_scopes, route->scope));
        return false;
    }
    if (!check_group(request, reply)) return false;
    bool is_unlimited = principal->is_administrator && !principal->group[0];
    if (!is_unlimited && find_part(request, "call").at) return check_call(api, request, reply);
    if (principal->is_administrator || route->audience == FOR_USERS) return true;
    switch (route->audience) {
    case FOR_OWNER: return check_owner(api, request, reply);
    case FOR_MEMBER: return check_member(api, request, reply);
    default: return refuse(reply, "this is for administrators");
    }
}

void api_rights_find_owner(struct api *api, const struct request *request, char user[NAME_SIZE])
{
    struct span name = find_part(request, "name"), extension = find_part(request, "extension");
    struct model_line line = {.user = ""};
    struct settings_problem problem;
    user[0] = '\0';
    if (request->route->kind != KIND_USER) name = find_part(request, "user");
    if (name.at) {
        if (!text_copy(user, NAME_SIZE, name)) user[0] = '\0';
    } else if (extension.at && text_copy(line.extension, sizeof line.extension, extension) &&
               text_copy(line.group, sizeof line.group, find_part(request, "group")) &&
               !settings_get(api->options.settings, KIND_LINE, &line, NULL, &problem)) {
        memcpy(user, line.user, NAME_SIZE);
    }
}

// ---- Within an operation

bool api_rights_may_set(const struct request *request, const struct model_field *field)
{
    const struct principal *principal = &request->principal;
    bool is_all = principal->is_administrator && principal->scope == SCOPE_ADMIN;
    // Of a forwarding everything is the user's to set.
    bool is_own = request->route->kind != KIND_USER && request->route->kind != KIND_LINE;
    return is_all || is_own || field->flags & FIELD_OWN;
}

// Restricts one of the two to `own`, which is empty where there is no restriction.
static bool restrict_one(char *wanted, const char *own, const char *name, struct reply *reply)
{
    if (!*own || strcmp(wanted, own) == 0) return true;
    if (*wanted) return api_reply_refused(reply, 403, span_of(name), "is not yours to see");
    text_copy(wanted, NAME_SIZE, span_of(own));
    return true;
}

bool api_rights_restrict(const struct request *request, char *user, char *group,
                         struct reply *reply)
{
    const struct principal *principal = &request->principal;
    const char *own_user = principal->is_administrator ? "" : principal->user;
    return restrict_one(user, own_user, "user", reply) &&
           restrict_one(group, principal->group, "group", reply);
}
