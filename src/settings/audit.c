// SPDX-License-Identifier: Apache-2.0
// The audit: who changed what, in the transaction of the change itself. Fields that differ stand in
// two JSON objects, before and after; of a secret only whether it is set. docs/storage.md, RFC 8259
// section 7.
#include "settings/settings_int.h"

#include <string.h>
#include <time.h>

void settings_set_actor(struct settings *settings, const struct settings_actor *actor)
{
    text_copy(settings->actor.name, sizeof settings->actor.name, span_of(actor->name));
    text_copy(settings->actor.for_user, sizeof settings->actor.for_user, span_of(actor->for_user));
}

static uint64_t wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

// ---- Fields as JSON

static void put_string(struct buffer *out, struct span text)
{
    buffer_put_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (byte < 0x20) {
            buffer_printf(out, "\\u%04x", byte);
            continue;
        }
        if (byte == '"' || byte == '\\') buffer_put_byte(out, '\\');
        buffer_put_byte(out, text.at[i]);
    }
    buffer_put_byte(out, '"');
}

static void put_value(struct buffer *out, const struct model_field *field, const void *record)
{
    char bytes[FIELD_TEXT_SIZE];
    struct buffer text = buffer_over(bytes, sizeof bytes);
    model_print_field(field, record, &text);
    if (field->type == TYPE_BOOL || field->type == TYPE_NUMBER) {
        buffer_put(out, buffer_span(&text));
    } else {
        put_string(out, buffer_span(&text));
    }
}

static void put_member(struct buffer *out, const struct model_field *field, const void *record)
{
    buffer_put_text(out, out->len > 1 ? "," : "");
    if (field->flags & FIELD_SECRET) {
        bool is_set = model_get_text(field, record)[0] != '\0';
        buffer_printf(out, "\"%s_set\":%s", field->name, is_set ? "true" : "false");
    } else {
        buffer_printf(out, "\"%s\":", field->name);
        put_value(out, field, record);
    }
}

// Prints the fields of `record` in which it differs from `other` (NULL: all of them). Those of the
// key are in the entry anyway, unless just they have changed. False when there are none.
static bool put_difference(struct buffer *out, enum model_kind kind, const void *record,
                           const void *other)
{
    const struct model_kind_info *info = model_kind(kind);
    if (!record) return true;
    buffer_put_byte(out, '{');
    for (size_t i = 0; i < info->field_count; i++) {
        const struct model_field *field = &info->fields[i];
        bool is_changed = other && !model_is_same(field, record, other);
        bool is_told = is_changed || (!other && !(field->flags & FIELD_KEY));
        if (is_told) put_member(out, field, record);
    }
    bool has_members = out->len > 1;
    buffer_put_byte(out, '}');
    ASSERT(!out->is_full); // AUDIT_JSON_SIZE holds the longest fields of every kind
    return has_members;
}

// "main/101/busy/all"
static void put_key(struct buffer *out, enum model_kind kind, const void *record)
{
    const struct model_kind_info *info = model_kind(kind);
    for (size_t i = 0; i < info->field_count; i++) {
        if (!(info->fields[i].flags & FIELD_KEY)) continue;
        if (out->len > 0) buffer_put_byte(out, '/');
        model_print_field(&info->fields[i], record, out);
    }
}

// ---- Entries

enum err settings_audit(struct settings *settings, enum model_kind kind, const void *before,
                        const void *after, struct settings_problem *problem)
{
    char key[AUDIT_KEY_SIZE];
    struct buffer key_out = buffer_over(key, sizeof key);
    struct buffer before_out = buffer_over(settings->audit_before, AUDIT_JSON_SIZE);
    struct buffer after_out = buffer_over(settings->audit_after, AUDIT_JSON_SIZE);
    bool has_news = put_difference(&before_out, kind, before, after);
    has_news = put_difference(&after_out, kind, after, before) || has_news;
    if (before && after && !has_news) return ERR_NONE;
    if (kind == KIND_SESSION) return ERR_NONE; // no setting
    put_key(&key_out, kind, before ? before : after);
    struct model_audit_entry entry = {
        .at_us = wall_us(),
        .actor = span_of(settings->actor.name),
        .for_user = span_of(settings->actor.for_user),
        .action = !before ? AUDIT_ADDED
                  : after ? AUDIT_CHANGED
                          : AUDIT_REMOVED,
        .kind = span_of(model_kind(kind)->name),
        .key = buffer_span(&key_out),
        .before = buffer_span(&before_out),
        .after = buffer_span(&after_out),
    };
    enum err err = store_audit_append(settings->store, &entry);
    return err == ERR_NONE ? err : settings_fail_store(settings, err, problem);
}

enum err settings_note_lifted(struct settings *settings, const struct settings_alarm *alarm,
                              struct settings_problem *problem)
{
    char key[AUDIT_KEY_SIZE], before[64];
    struct buffer key_out = buffer_over(key, sizeof key);
    struct buffer before_out = buffer_over(before, sizeof before);
    buffer_printf(&key_out, "%s/%s/%s", alarm->group, alarm->extension, alarm->kind);
    buffer_printf(&before_out, "{\"count\":%llu}", (unsigned long long)alarm->count);
    struct model_audit_entry entry = {
        .at_us = wall_us(),
        .actor = span_of(settings->actor.name),
        .for_user = span_of(settings->actor.for_user),
        .action = AUDIT_REMOVED,
        .kind = SPAN("alarm"),
        .key = buffer_span(&key_out),
        .before = buffer_span(&before_out),
    };
    enum err err = store_audit_append(settings->store, &entry);
    return err == ERR_NONE ? err : settings_fail_store(settings, err, problem);
}

// ---- What goes along with a record that is removed

struct removal {
    struct settings *settings;
    enum model_kind kind;
    struct settings_problem *problem;
    enum err err;
    union model_record last; // that was visited
    uint32_t count;
};

static bool keep_one(void *context, uint32_t id, const void *record)
{
    (void)id;
    struct removal *removal = context;
    memcpy(&removal->last, record, model_kind(removal->kind)->record_size);
    removal->count++;
    return false;
}

// One after the other: a visitor must not write.
static enum err audit_all(struct removal *removal, struct store_query query)
{
    union model_record after;
    enum err err = ERR_NONE;
    for (query.after = NULL; err == ERR_NONE; query.after = &after) {
        removal->count = 0;
        err = store_list(removal->settings->store, &query, keep_one, removal);
        if (err != ERR_NONE) return settings_fail_store(removal->settings, err, removal->problem);
        if (removal->count == 0) return ERR_NONE;
        after = removal->last;
        err = settings_audit(removal->settings, removal->kind, &after, NULL, removal->problem);
    }
    return err;
}

static bool has_field(enum model_kind kind, const char *name)
{
    return model_find_field(kind, span_of(name)) != NULL;
}

// Fills in by what records of `kind` are chosen that go along with `record`; false when there are
// none.
static bool choose(enum model_kind kind, enum model_kind of, const union model_record *record,
                   struct store_query *query)
{
    *query = (struct store_query){.kind = kind, .limit = 1};
    switch (of) {
    case KIND_GROUP: query->group = record->group.name; return has_field(kind, "group");
    case KIND_USER: query->user = record->user.name; return has_field(kind, "user");
    case KIND_LINE:
        query->group = record->line.group;
        query->extension = record->line.extension;
        return kind != KIND_LINE && has_field(kind, "extension");
    default: return false;
    }
}

enum err settings_audit_removal(struct settings *settings, enum model_kind kind, const void *record,
                                struct settings_problem *problem)
{
    struct removal removal = {.settings = settings, .problem = problem};
    struct store_query query;
    enum err err = ERR_NONE;
    for (removal.kind = 0; removal.kind < KIND_COUNT && err == ERR_NONE; removal.kind++) {
        if (choose(removal.kind, kind, record, &query)) err = audit_all(&removal, query);
    }
    return err == ERR_NONE ? settings_audit(settings, kind, record, NULL, problem) : err;
}

// ---- Reading

enum err settings_list_audit(struct settings *settings, const struct store_audit_query *query,
                             store_audit_visit *visit, void *context,
                             struct settings_problem *problem)
{
    enum err err = store_audit_list(settings->store, query, visit, context);
    return err == ERR_NONE ? err : settings_fail_store(settings, err, problem);
}
