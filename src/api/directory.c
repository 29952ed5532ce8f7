// SPDX-License-Identifier: Apache-2.0
// Who can be called within a group: the extensions of its lines and whose they are, for the group's
// own people. Nothing else about others is told.
#include "api/api_int.h"

#include <string.h>

enum { DIRECTORY_MAX = 50 };

struct directory {
    struct api *api;
    json_t *items;
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

static bool add_line(void *context, uint32_t id, const void *record)
{
    struct directory *directory = context;
    char name[TEXT_SIZE];
    const struct model_line *line = record;
    (void)id;
    find_name(directory, line, name);
    json_array_append_new(directory->items,
                          json_pack("{soso}", "extension", api_json_text(span_of(line->extension)),
                                    "name", api_json_text(span_of(name))));
    return true;
}

void api_directory_list(struct api *api, struct request *request, struct reply *reply)
{
    char group[NAME_SIZE];
    struct settings_problem problem;
    struct model_group record = {.name = ""};
    struct filters filters = {.request = request, .reply = reply};
    struct directory directory = {.api = api};
    struct store_query query = {.kind = KIND_LINE, .group = group, .limit = DIRECTORY_MAX};
    query.text = api_filter_text(&filters, "q", TEXT_SIZE - 1);
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
    if (settings_list(api->options.settings, &query, add_line, &directory, &problem)) {
        api_reply_settings_problem(reply, &problem);
    } else {
        api_reply_json(reply, 200, json_incref(body));
    }
    json_decref(body);
}
