// SPDX-License-Identifier: Apache-2.0
// SIP devices of users: what may be saved, and the blocks that the engine gets of them.
#include "settings/settings_int.h"

#include <string.h>

enum { MD5_DIGITS = 32, SHA256_DIGITS = 64 };

// ---- Checks

enum err settings_check_device(const struct model_device *device, struct settings_problem *problem)
{
    const char *refused = settings_check_name(device->name);
    if (refused) return settings_fail(problem, ERR_INVALID, "name", "%s", refused);
    if (*device->sip_user && *device->password) return ERR_NONE;
    return settings_fail(problem, ERR_INVALID, "", "a device's credentials are made by the server");
}

// Splits "GROUP/EXTENSION"; false when it is not that.
static bool read_line_name(const char *text, struct model_line *line)
{
    struct span rest = span_of(text);
    struct span group = span_split(&rest, '/');
    return group.len > 0 && rest.len > 0 && text_copy(line->group, sizeof line->group, group) &&
           text_copy(line->extension, sizeof line->extension, rest);
}

static enum err check_room(struct settings *settings, const struct model_device *device,
                           struct settings_problem *problem)
{
    struct store_query query = {.kind = KIND_DEVICE, .user = device->user};
    struct model_device present = *device;
    uint64_t count = 0;
    if (store_get(settings->store, KIND_DEVICE, &present, NULL) == ERR_NONE) return ERR_NONE;
    enum err err = store_count(settings->store, &query, &count);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    if (count < DEVICES_MAX) return ERR_NONE;
    return settings_fail(problem, ERR_CONFLICT, "",
                         "user %s has %d devices already, and that is all", device->user,
                         DEVICES_MAX);
}

enum err settings_check_device_references(struct settings *settings,
                                          const struct model_device *device,
                                          struct settings_problem *problem)
{
    struct model_user user = {.name = ""};
    struct model_line line = {.user = ""};
    text_copy(user.name, sizeof user.name, span_of(device->user));
    enum err err = store_get(settings->store, KIND_USER, &user, NULL);
    if (err == ERR_NOT_FOUND) {
        return settings_fail(problem, ERR_NOT_FOUND, "user", "is no user that exists");
    }
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    err = check_room(settings, device, problem);
    if (err != ERR_NONE || !*device->line) return err;
    if (!read_line_name(device->line, &line)) {
        return settings_fail(problem, ERR_INVALID, "line", "must be GROUP/EXTENSION");
    }
    err = store_get(settings->store, KIND_LINE, &line, NULL);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) return settings_fail_store(settings, err, problem);
    if (err == ERR_NONE && strcmp(line.user, device->user) == 0) return ERR_NONE;
    return settings_fail(problem, ERR_INVALID, "line", "is no line of the user");
}

// ---- Blocks

static bool read_hex(struct span digits, uint8_t *out, size_t count)
{
    if (digits.len != 2 * count) return false;
    for (size_t i = 0; i < 2 * count; i++) {
        static const char hexadecimal[] = "0123456789abcdef";
        const char *digit = memchr(hexadecimal, digits.at[i], 16);
        if (!digit) return false;
        out[i / 2] = (uint8_t)(out[i / 2] << 4 | (digit - hexadecimal));
    }
    return true;
}

static bool read_hashes(const char *password, struct snapshot_device *block)
{
    struct span rest = span_of(password);
    struct span md5 = span_split(&rest, ' ');
    return read_hex(md5, block->ha1_md5, sizeof block->ha1_md5) &&
           read_hex(rest, block->ha1_sha256, sizeof block->ha1_sha256);
}

static bool note_id(void *context, uint32_t id, const void *record)
{
    (void)record;
    *(uint32_t *)context = id;
    return false;
}

// The line that a device dials through; 0 where that is gone, or another's by now.
static enum err find_line(struct settings *settings, const struct model_device *device,
                          uint32_t *line_id)
{
    struct model_line line = {.user = ""};
    struct store_query first = {.kind = KIND_LINE, .user = device->user, .limit = 1};
    *line_id = 0;
    if (!*device->line) return store_list(settings->store, &first, note_id, line_id);
    if (!read_line_name(device->line, &line)) return ERR_NONE;
    uint32_t id = 0;
    enum err err = store_get(settings->store, KIND_LINE, &line, &id);
    if (err == ERR_NONE && strcmp(line.user, device->user) == 0) *line_id = id;
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

struct device_walk {
    struct settings *settings;
    settings_device_sink *sink;
    void *context;
    enum err err;
};

static bool build(void *context, uint32_t id, const void *record)
{
    struct device_walk *walk = context;
    const struct model_device *device = record;
    struct snapshot_device block = {.device_id = id};
    struct model_user user = {.name = ""};
    struct store *store = walk->settings->store;
    text_copy(user.name, sizeof user.name, span_of(device->user));
    text_copy(block.user, sizeof block.user, span_of(device->user));
    text_copy(block.sip_user, sizeof block.sip_user, span_of(device->sip_user));
    text_copy(block.name, sizeof block.name, span_of(device->name));
    if (device->is_password_lost || !read_hashes(device->password, &block)) return true;
    walk->err = store_get(store, KIND_USER, &user, &block.user_id);
    if (walk->err == ERR_NONE) walk->err = find_line(walk->settings, device, &block.line_id);
    if (walk->err == ERR_NONE) walk->err = walk->sink(walk->context, &block);
    return walk->err == ERR_NONE;
}

enum err settings_walk_devices(struct settings *settings, const char *user,
                               settings_device_sink *sink, void *context,
                               struct settings_problem *problem)
{
    struct device_walk walk = {.settings = settings, .sink = sink, .context = context};
    struct store_query query = {.kind = KIND_DEVICE, .user = user};
    enum err err = store_list(settings->store, &query, build, &walk);
    if (err == ERR_NONE) err = walk.err;
    if (err == ERR_NO_MEMORY) return settings_fail(problem, err, "", "out of memory");
    return err == ERR_NONE ? err : settings_fail_store(settings, err, problem);
}
