// SPDX-License-Identifier: Apache-2.0
// The first administrator: while there is none who could sign in, whoever has the code that the
// server printed at its start may make one. Once; afterwards the code is worth nothing.
// docs/administration.md "First start".
#include "api/api_int.h"

#include <sodium.h>
#include <string.h>

// Without what is easily taken for something else.
static const char letters[] = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";
enum { GROUP_LEN = 4 };

static bool note_administrator(void *context, uint32_t id, const void *record)
{
    (void)id;
    const struct model_user *user = record;
    bool is_one = user->role == ROLE_ADMINISTRATOR && (user->password[0] || user->is_password_lost);
    if (is_one) *(bool *)context = true;
    return !is_one;
}

// Whether somebody could sign in to administrate, as far as that can be told.
static enum err find_administrator(struct api *api, bool *is_there)
{
    struct store_query users = {.kind = KIND_USER};
    *is_there = false;
    return store_list(settings_store(api->options.settings), &users, note_administrator, is_there);
}

bool api_setup_begin(struct api *api)
{
    bool is_there;
    struct setup *setup = &api->setup;
    // Where that cannot be told now, it is asked again when the code is used.
    if (find_administrator(api, &is_there) == ERR_NONE && is_there) return true;
    for (size_t i = 0; i + 1 < SETUP_CODE_SIZE; i++) {
        bool is_between = i % (GROUP_LEN + 1) == GROUP_LEN;
        setup->code[i] = is_between ? '-' : letters[randombytes_uniform(sizeof letters - 1)];
    }
    // It cannot be guessed: its hash need not be costly.
    return crypto_pwhash_str(setup->hash, setup->code, strlen(setup->code),
                             crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN) == 0;
}

const char *api_setup_code(const struct api *api)
{
    return api->setup.code;
}

// Whether the first administrator is still to be made; false, with `reply` filled in, when the
// store cannot tell.
static bool is_needed(struct api *api, bool *needed, struct reply *reply)
{
    struct store *store = settings_store(api->options.settings);
    bool is_there = true;
    *needed = api->setup.code[0] != '\0';
    if (!*needed) return true;
    enum err err = find_administrator(api, &is_there);
    if (err) return api_reply_store_problem(reply, err, store_error(store));
    if (is_there) sodium_memzero(&api->setup, sizeof api->setup);
    *needed = !is_there;
    return true;
}

void api_setup_get(struct api *api, struct request *request, struct reply *reply)
{
    bool needed;
    (void)request;
    if (!is_needed(api, &needed, reply)) return;
    api_reply_json(reply, 200, json_pack("{sb}", "needed", needed));
}

static void add_administrator(struct api *api, struct request *request, struct span name,
                              struct reply *reply)
{
    struct settings_problem problem;
    union model_record user;
    char reason[REASON_SIZE];
    model_defaults(KIND_USER, &user);
    const struct model_field *field = model_find_field(KIND_USER, SPAN("name"));
    const char *refused = model_set_field(field, &user, name, reason);
    if (refused) {
        api_reply_refused(reply, 422, SPAN("name"), refused);
        return;
    }
    user.user.role = ROLE_ADMINISTRATOR;
    text_copy(user.user.password, sizeof user.user.password, span_of(request->work->hash));
    if (settings_add(api->options.settings, KIND_USER, &user, &problem)) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    sodium_memzero(&api->setup, sizeof api->setup);
    api_events_setting(api, request, "added", &user);
    // Made is made: whoever has got no session here can sign in.
    enum err err = api_sign_in(api, request, &user.user, reply);
    (void)err;
}

void api_setup_post(struct api *api, struct request *request, struct reply *reply)
{
    struct span code = SPAN_NONE, name = SPAN_NONE, password = SPAN_NONE;
    const struct text_field fields[] = {{"code", &code}, {"name", &name}, {"password", &password}};
    char reason[REASON_SIZE];
    bool needed;
    if (!api_access_check_origin(api, request, reply)) return;
    if (!api_body_read_texts(request, fields, 3, reply)) return;
    const char *refused = api_password_refuse(json_object_get(request->json, "password"), reason);
    if (refused) {
        api_reply_refused(reply, 422, SPAN("password"), refused);
        return;
    }
    if (!is_needed(api, &needed, reply)) return;
    if (!needed) {
        api_reply_problem(reply, 409, "there is an administrator already: sign in");
        return;
    }
    struct attempt_keys keys = api_attempt_keys(api, request, SPAN("set-up"));
    if (!request->work && !api_attempt_begin(api, &keys, reply)) return;
    struct password_question question = {span_trim(code), api->setup.hash, password};
    if (!api_password_check(api, request, reply, &question)) return;
    if (!request->work->is_right || strcmp(request->work->stored, api->setup.hash) != 0) {
        api_reply_refused(reply, 422, SPAN("code"), "is not the one that the server printed");
        return;
    }
    api_attempt_end(api, &keys);
    add_administrator(api, request, name, reply);
}
