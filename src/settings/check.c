// SPDX-License-Identifier: Apache-2.0
// What may be saved. Each refusal names the field, and says in plain words what it must be.
#include "settings/settings_int.h"

#include "country/country.h"

#include <string.h>

// ---- Every field: its type and limits (model/field.h)

// Takes blanks off both ends; a secret is left as it is.
static void trim(const struct model_field *field, void *record)
{
    if (field->type != TYPE_TEXT || (field->flags & FIELD_SECRET)) return;
    char *text = (char *)record + field->offset;
    struct span trimmed = span_trim(span_of(text));
    memmove(text, trimmed.at, trimmed.len);
    memset(text + trimmed.len, 0, field->size - trimmed.len);
}

static enum err check_fields(enum model_kind kind, void *record, struct settings_problem *problem)
{
    const struct model_kind_info *info = model_kind(kind);
    char bytes[FIELD_TEXT_SIZE], reason[REASON_SIZE];
    for (size_t i = 0; i < info->field_count; i++) {
        const struct model_field *field = &info->fields[i];
        trim(field, record);
        struct buffer text = buffer_over(bytes, sizeof bytes);
        model_print_field(field, record, &text);
        const char *refused = model_set_field(field, record, buffer_span(&text), reason);
        if (refused) return settings_fail(problem, ERR_INVALID, field->name, "%s", refused);
    }
    return ERR_NONE;
}

// ---- Groups

// Names stand in addresses of the API and on the command line: GROUP/EXTENSION.
const char *settings_check_name(const char *name)
{
    if (name[0] == '-') return "must not begin with -";
    if (strchr(name, '/')) return "must not contain /";
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return "must not be . or ..";
    return NULL;
}

static enum err check_numbering(struct model_group *group, struct settings_problem *problem)
{
    struct phone_numbering numbering;
    const char *field = NULL;
    char reason[REASON_SIZE];
    const char *refused = phone_read_numbering(group, &numbering, &field, reason);
    if (refused) return settings_fail(problem, ERR_INVALID, field, "%s", refused);
    text_copy(group->main_number, sizeof group->main_number, span_of(numbering.main_number));
    return ERR_NONE;
}

// Kept as they are usually written: separated by a comma and a blank.
static enum err check_allowed_sources(struct model_group *group, struct settings_problem *problem)
{
    struct address_range ranges[ALLOWED_SOURCES_MAX];
    size_t count;
    char bytes[RANGES_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes - 1);
    if (!address_parse_ranges(span_of(group->allowed_sources), ranges, ALLOWED_SOURCES_MAX,
                              &count)) {
        return settings_fail(problem, ERR_INVALID, "allowed_sources",
                             count == ALLOWED_SOURCES_MAX
                                 ? "must be at most 16 addresses or ranges"
                                 : "must be addresses or ranges, as in 192.0.2.7, 192.0.2.0/24 or "
                                   "2001:db8::/32");
    }
    for (size_t i = 0; i < count; i++) {
        if (i > 0) buffer_put(&out, SPAN(", "));
        address_print_range(&out, &ranges[i]);
    }
    if (out.is_full) {
        return settings_fail(problem, ERR_INVALID, "allowed_sources", "is too long");
    }
    (void)text_copy(group->allowed_sources, sizeof group->allowed_sources, buffer_span(&out));
    return ERR_NONE;
}

// A number, not a name: nothing waits for name servers when messages are copied.
static enum err check_hep_server(const struct model_group *group, struct settings_problem *problem)
{
    struct address address;
    if (!group->hep_server[0]) return ERR_NONE;
    if (address_parse_port(span_of(group->hep_server), 0, &address) && address.port != 0) {
        return ERR_NONE;
    }
    return settings_fail(problem, ERR_INVALID, "hep_server",
                         "must be ADDRESS:PORT, as in 192.0.2.7:9060");
}

static enum err check_feature_codes(struct model_group *group, struct settings_problem *problem)
{
    struct code_table table;
    char reason[REASON_SIZE];
    struct buffer out = buffer_over(group->feature_codes, sizeof group->feature_codes - 1);
    const char *refused = code_read_table(span_of(group->feature_codes), &table, reason);
    if (refused) return settings_fail(problem, ERR_INVALID, "feature_codes", "%s", refused);
    code_put_table(&out, &table);
    group->feature_codes[out.len] = '\0';
    return ERR_NONE;
}

static enum err check_group(struct model_group *group, struct settings_problem *problem)
{
    const char *refused = settings_check_name(group->name);
    if (refused) return settings_fail(problem, ERR_INVALID, "name", "%s", refused);
    refused = settings_read_host(group->server);
    if (refused) return settings_fail(problem, ERR_INVALID, "server", "%s", refused);
    refused = settings_read_host(group->domain);
    if (refused) return settings_fail(problem, ERR_INVALID, "domain", "%s", refused);
    if (check_allowed_sources(group, problem) != ERR_NONE) return ERR_INVALID;
    if (check_hep_server(group, problem) != ERR_NONE) return ERR_INVALID;
    if (check_feature_codes(group, problem) != ERR_NONE) return ERR_INVALID;
    return check_numbering(group, problem);
}

// ---- Users. Their numbers belong to no site and are kept as they were written: each line reads
// them with the numbering of its own group.

static enum err check_number(const char *field, const char *number,
                             struct settings_problem *problem)
{
    static const struct phone_numbering nowhere;
    bool is_number = phone_read(&nowhere, span_of(number), false).kind != PHONE_INVALID;
    if (!*number || is_number) return ERR_NONE;
    return settings_fail(problem, ERR_INVALID, field,
                         "must be a telephone number, as in +49 170 1234567");
}

static enum err check_user(const struct model_user *user, struct settings_problem *problem)
{
    const char *refused = settings_check_name(user->name);
    if (refused) return settings_fail(problem, ERR_INVALID, "name", "%s", refused);
    enum err err = check_number("business", user->business, problem);
    if (err == ERR_NONE) err = check_number("mobile", user->mobile, problem);
    if (err == ERR_NONE) err = check_number("home", user->home, problem);
    if (err == ERR_NONE) err = check_number("mailbox", user->mailbox, problem);
    if (err != ERR_NONE || !*user->password) return err;
    if (span_starts_with(span_of(user->password), SPAN("$argon2id$"))) return ERR_NONE;
    return settings_fail(problem, ERR_INVALID, "password",
                         "must be set by signing in, or by an administrator: it is no hash");
}

// ---- Lines

// An extension is the user part of SIP addresses, and stands there as it is, without escapes: RFC
// 3261 section 25.1 would allow more, but not #, and no PBX needs it.
static bool is_extension(const char *extension)
{
    char first = extension[0];
    if (!ascii_is_alnum(first) && first != '*' && first != '+' && first != '_') return false;
    for (const char *at = extension + 1; *at; at++) {
        if (!ascii_is_alnum(*at) && !strchr("*.-_", *at)) return false;
    }
    return true;
}

static enum err check_line(const struct model_line *line, struct settings_problem *problem)
{
    if (is_extension(line->extension)) return ERR_NONE;
    return settings_fail(problem, ERR_INVALID, "extension",
                         "must be digits, letters, *, ., - or _, as in 101");
}

// A password that cannot be read would be overwritten with none.
static enum err check_password(enum model_kind kind, const void *record,
                               struct settings_problem *problem)
{
    static const char reason[] = "cannot be read any more: give it anew";
    const union model_record *of = record;
    bool is_missing = (kind == KIND_LINE && of->line.is_password_lost && !*of->line.password) ||
                      (kind == KIND_USER && of->user.is_password_lost && !*of->user.password) ||
                      (kind == KIND_DEVICE && of->device.is_password_lost && !*of->device.password);
    return is_missing ? settings_fail(problem, ERR_CONFLICT, "password", "%s", reason) : ERR_NONE;
}

enum err settings_check_record(enum model_kind kind, void *record, struct settings_problem *problem)
{
    enum err err = check_fields(kind, record, problem);
    if (err == ERR_NONE) err = check_password(kind, record, problem);
    if (err != ERR_NONE) return err;
    if (kind == KIND_GROUP) err = check_group(record, problem);
    if (kind == KIND_USER) err = check_user(record, problem);
    if (kind == KIND_LINE) err = check_line(record, problem);
    if (kind == KIND_DEVICE) err = settings_check_device(record, problem);
    return err == ERR_NONE ? settings_check_rule(kind, record, problem) : err;
}

// ---- References

enum err settings_check_user_exists(struct settings *settings, const char *name,
                                    struct settings_problem *problem)
{
    struct model_user user = {.name = ""};
    if (!*name) return ERR_NONE;
    text_copy(user.name, sizeof user.name, span_of(name));
    enum err err = store_get(settings->store, KIND_USER, &user, NULL);
    if (err == ERR_NOT_FOUND) {
        return settings_fail(problem, ERR_INVALID, "user", "is no user that exists");
    }
    return err == ERR_NONE ? err : settings_fail_store(settings, err, problem);
}

enum err settings_check_line_exists(struct settings *settings, const char *group,
                                    const char *extension, struct settings_problem *problem)
{
    struct store_query query = {.kind = KIND_LINE, .group = group, .extension = extension};
    uint64_t count = 0;
    enum err err = store_count(settings->store, &query, &count);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    if (count > 0) return ERR_NONE;
    return settings_fail(problem, ERR_NOT_FOUND, "extension", "is no line of the group");
}

// docs/decision.md.
const char *settings_check_permitted(const struct settings_site *site, struct span target)
{
    enum model_number_class number_class = country_classify(&site->numbering, target);
    if (number_class == NUMBER_EMERGENCY) return "is an emergency number";
    switch (phone_bar(&site->group.settings, &site->numbering, number_class, target)) {
    case PHONE_PERMITTED: return NULL;
    case PHONE_BARRED_PREMIUM: return "is a premium-rate number, which the group bars";
    case PHONE_BARRED_FOREIGN: return "is a number of another country, which the group bars";
    case PHONE_BARRED_PREFIX: return "begins with a prefix that the group bars";
    }
    ASSERT(false);
}

enum err settings_check_target(struct settings *settings, const char *line, char target[TEXT_SIZE],
                               struct settings_problem *problem)
{
    const struct settings_site *site = &settings->site;
    struct phone_target read;
    char reason[REASON_SIZE];
    const char *refused = phone_read_target(&site->numbering, span_of(target), &read, reason);
    if (refused) return settings_fail(problem, ERR_INVALID, "target", "%s", refused);
    // Whether "mailbox" and "mobile" lead back here shows when a call comes: the user's numbers may
    // change.
    bool is_fixed = read.kind == PHONE_TARGET_NUMBER || read.kind == PHONE_TARGET_SIP;
    struct span domain = span_of(site->group.settings.domain);
    if (line && is_fixed &&
        phone_is_same(&site->numbering, domain, span_of(read.text), span_of(line))) {
        return settings_fail(problem, ERR_INVALID, "target", "is the line itself");
    }
    refused = settings_check_permitted(site, span_of(read.text));
    if (refused) return settings_fail(problem, ERR_INVALID, "target", "%s", refused);
    text_copy(target, TEXT_SIZE, span_of(read.text));
    return ERR_NONE;
}

static enum err check_token(struct settings *settings, const struct model_token *token,
                            struct settings_problem *problem)
{
    struct model_group group = {.name = ""};
    enum err err = settings_check_user_exists(settings, token->user, problem);
    if (err != ERR_NONE || !*token->group) return err;
    text_copy(group.name, sizeof group.name, span_of(token->group));
    err = store_get(settings->store, KIND_GROUP, &group, NULL);
    if (err == ERR_NOT_FOUND) {
        return settings_fail(problem, ERR_INVALID, "group", "is no group that exists");
    }
    return err == ERR_NONE ? err : settings_fail_store(settings, err, problem);
}

enum err settings_check_references(struct settings *settings, enum model_kind kind, void *record,
                                   struct settings_problem *problem)
{
    union model_record *of = record;
    enum err err = ERR_NONE;
    if (kind == KIND_LINE) {
        err = settings_load_site(settings, of->line.group, &settings->site, problem);
        if (err == ERR_NONE) err = settings_check_user_exists(settings, of->line.user, problem);
    } else if (kind == KIND_TOKEN) {
        err = check_token(settings, &of->token, problem);
    } else if (kind == KIND_DEVICE) {
        err = settings_check_device_references(settings, &of->device, problem);
    }
    return err == ERR_NONE ? settings_check_rule_references(settings, kind, record, problem) : err;
}
