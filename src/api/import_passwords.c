// SPDX-License-Identifier: Apache-2.0
// Passwords of users in an import, in plain: each is hashed like one that is set by hand, on the
// thread for passwords, with those of who signs in between them. The request waits for all of them.
// A password that the user has already is found to be so, and changes nothing.
//
//     passwords --> trial without them --refused--> reply
//                                      --fine-----> hashed, one by one --> the same request again
#include "api/api_int.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

// What stands for a password's hash in the trial.
#define PLACEHOLDER "$argon2id$"

// A password that is to be hashed; NULL where the user has none in the import, or one that is
// refused anyway.
static const char *password_in(const json_t *user)
{
    char reason[REASON_SIZE];
    const json_t *value = json_object_get(user, "password");
    if (!json_string_value(json_object_get(user, "name")) || !json_is_string(value)) return NULL;
    if (json_string_length(value) != strlen(json_string_value(value))) return NULL;
    return api_password_refuse(value, reason) ? NULL : json_string_value(value);
}

static struct api_work_item *find(const struct api_work *work, const json_t *user)
{
    const char *name = json_string_value(json_object_get(user, "name"));
    const char *given = password_in(user);
    for (size_t i = 0; i < work->item_count; i++) {
        struct api_work_item *item = &work->items[i];
        if (strcmp(item->user, name) == 0 && strcmp(item->given, given) == 0) return item;
    }
    return NULL;
}

// ---- Before

// Adds the user's password, unless it is there already: a user of several lines stands in several
// rows.
static bool collect(struct api *api, struct api_work *work, const json_t *user, struct reply *reply)
{
    struct settings_problem problem;
    struct model_user stored = {.name = ""};
    struct api_work_item *item = &work->items[work->item_count];
    if (find(work, user)) return true;
    if (work->item_count == IMPORT_PASSWORDS_MAX) {
        return api_reply_refused(reply, 422, SPAN("users"),
                                 "have more than 1000 passwords: import them in several parts");
    }
    const char *name = json_string_value(json_object_get(user, "name"));
    if (!text_copy(stored.name, sizeof stored.name, span_of(name))) return true; // is refused
    enum err err = settings_get(api->options.settings, KIND_USER, &stored, NULL, &problem);
    if (err && err != ERR_NOT_FOUND) return api_reply_settings_problem(reply, &problem);
    memcpy(item->user, stored.name, sizeof item->user);
    text_copy(item->given, sizeof item->given, span_of(password_in(user)));
    if (!err) memcpy(item->stored, stored.password, sizeof item->stored);
    work->item_count++;
    return true;
}

bool api_import_passwords_collect(struct api *api, json_t *users, struct api_work *work,
                                  struct reply *reply)
{
    json_t *user;
    size_t i;
    json_array_foreach(users, i, user)
    {
        if (!password_in(user)) continue;
        if (!work->items) work->items = calloc(IMPORT_PASSWORDS_MAX, sizeof *work->items);
        if (!work->items) {
            api_reply_problem(reply, 503, "out of memory for the passwords");
            return false;
        }
        if (!collect(api, work, user, reply)) return false;
    }
    json_array_foreach(users, i, user)
    {
        if (password_in(user)) json_object_set_new(user, "password", json_string(PLACEHOLDER));
    }
    return api_memory_is_enough(reply);
}

// ---- Afterwards

bool api_import_passwords_put(const struct api_work *work, json_t *users, struct reply *reply)
{
    json_t *user;
    size_t i;
    json_array_foreach(users, i, user)
    {
        if (!password_in(user)) continue;
        const struct api_work_item *item = find(work, user);
        ASSERT(item); // it is the same body
        const char *hash = item->is_right   ? item->stored
                           : work->is_trial ? PLACEHOLDER
                                            : item->hash;
        if (!*hash) {
            api_reply_problem(reply, 503, "out of memory for the passwords' hashes");
            return false;
        }
        json_object_set_new(user, "password", json_string(hash));
    }
    return true;
}

bool api_import_passwords_end_sessions(struct api *api, const struct request *request,
                                       struct reply *reply)
{
    const struct store *store = settings_store(api->options.settings);
    const struct api_work *work = request->work;
    for (size_t i = 0; i < work->item_count; i++) {
        const struct api_work_item *item = &work->items[i];
        if (item->is_right || !item->stored[0]) continue;
        enum err err = api_session_end_all(api, item->user, request->principal.key);
        if (err) return api_reply_store_problem(reply, err, store_error(store));
    }
    return true;
}
