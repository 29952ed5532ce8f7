// SPDX-License-Identifier: Apache-2.0
// Who can be called within a group: the extensions of its lines and whose they are, for the group's
// own people. Nothing else about others is told.
#include "api/api_int.h"

#include <string.h>

enum { DIRECTORY_MAX = 50 };

struct directory {
    struct api *api;
    const char *group;
    json_t *items;
    size_t own_count; // of the items: those whose line itself fits
};

// The name that people read: of the line, else of its user.
static void find_name(struct directory *directory, const struct model_line *line,
                      char name[TEXT_SIZE])
{
    struct model_user user = {.name = ""};
    struct settings_problem problem;
    text_copy(name, TEXT_SIZE, span_of(line->display_name));
    if (name[0] || !line->user[0]) return;
    memcpy(user.name, line->user, sizeof user.name);
    text_copy(name, TEXT_SIZE, span_of(line->user));
    if (settings_get(directory->api->options.settings, KIND_USER, &user, NULL, &problem)) return;
    if (user.display_name[0]) text_copy(name, TEXT_SIZE, span_of(user.display_name));
}

static bool is_listed(const struct directory *directory, const struct model_line *line)
{
    for (size_t i = 0; i < directory->own_count; i++) {
        const json_t *item = json_array_get(directory->items, i);
        const char *extension = json_string_value(json_object_get(item, "extension"));
        if (extension && strcmp(extension, line->extension) == 0) return true;
    }
    return false;
}

static bool add_line(void *context, uint32_t id, const void *record)
{
    struct directory *directory = context;
    char name[TEXT_SIZE];
    const struct model_line *line = record;
    (void)id;
    if (is_listed(directory, line)) return true;
    find_name(directory, line, name);
    json_array_append_new(directory->items,
                          json_pack("{soso}", "extension", api_json_text(span_of(line->extension)),
                                    "name", api_json_text(span_of(name))));
    return json_array_size(directory->items) < DIRECTORY_MAX;
}

// The lines of a user whose name fits.
static bool add_user(void *context, uint32_t id, const void *record)
{
    struct directory *directory = context;
    const struct model_user *user = record;
    struct settings_problem problem;
    struct store_query query = {
        .kind = KIND_LINE, .group = directory->group, .user = user->name, .limit = DIRECTORY_MAX};
    (void)id;
    // What cannot be read of one of them leaves that one out.
    bool is_failed = settings_list(directory->api->options.settings, &query, add_line, directory,
                                   &problem) != ERR_NONE;
    return !is_failed && json_array_size(directory->items) < DIRECTORY_MAX;
}

// The lines in which the text is, by extension; then those of users in whose names it is: what
// people call a colleague is mostly the user's name, and not the line's.
static enum err search(struct directory *directory, const char *text,
                       struct settings_problem *problem)
{
    struct settings *settings = directory->api->options.settings;
    struct store_query lines = {
        .kind = KIND_LINE, .group = directory->group, .text = text, .limit = DIRECTORY_MAX};
    struct store_query users = {.kind = KIND_USER, .text = text, .limit = DIRECTORY_MAX};
    enum err err = settings_list(settings, &lines, add_line, directory, problem);
    directory->own_count = json_array_size(directory->items);
    bool is_over = !text || !text[0] || directory->own_count == DIRECTORY_MAX;
    if (err != ERR_NONE || is_over) return err;
    return settings_list(settings, &users, add_user, directory, problem);
}

void api_directory_list(struct api *api, struct request *request, struct reply *reply)
{
    char group[NAME_SIZE];
    struct settings_problem problem;
    struct model_group record = {.name = ""};
    struct filters filters = {.request = request, .reply = reply};
    struct directory directory = {.api = api, .group = group};
    const char *text = api_filter_text(&filters, "q", TEXT_SIZE - 1);
    if (filters.is_refused) return;
    if (!text_copy(group, sizeof group, request->parts[0].value)) {
        api_reply_problem(reply, 404, "no group has such a name");
        return;
    }
    memcpy(record.name, group, sizeof record.name);
    if (settings_get(api->options.settings, KIND_GROUP, &record, NULL, &problem)) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    directory.items = json_array();
    json_t *body = json_pack("{so}", "items", directory.items);
    if (search(&directory, text, &problem)) {
        api_reply_settings_problem(reply, &problem);
    } else {
        api_reply_json(reply, 200, json_incref(body));
    }
    json_decref(body);
}
