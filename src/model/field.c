// SPDX-License-Identifier: Apache-2.0
// The fields of all settings, and reading and printing one of them.
#include "model/model.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define TEXT(record, member, is, initially, explanation)                                           \
    {                                                                                              \
        .name = #member, .type = TYPE_TEXT, .flags = (is),                                         \
        .offset = offsetof(struct record, member), .size = sizeof(((struct record *)0)->member),   \
        .initial = (initially), .help = (explanation)                                              \
    }
#define BOOL(record, called, member, initially, explanation)                                       \
    OWN_BOOL(record, called, member, 0, initially, explanation)
#define OWN_BOOL(record, called, member, is, initially, explanation)                               \
    {                                                                                              \
        .name = (called), .type = TYPE_BOOL, .flags = (is),                                        \
        .offset = offsetof(struct record, member), .size = sizeof(bool), .initial = (initially),   \
        .help = (explanation)                                                                      \
    }
#define COUNT(record, called, member, is, least, most, initially, explanation)                     \
    {                                                                                              \
        .name = (called), .type = TYPE_NUMBER, .flags = (is),                                      \
        .offset = offsetof(struct record, member), .size = sizeof(uint32_t), .min = (least),       \
        .max = (most), .initial = (initially), .help = (explanation)                               \
    }
#define NUMBER(record, member, least, most, initially, explanation)                                \
    COUNT(record, #member, member, 0, least, most, initially, explanation)
#define ENUM(record, member, is, of_names, initially, explanation)                                 \
    {                                                                                              \
        .name = #member, .type = TYPE_ENUM, .flags = (is),                                         \
        .offset = offsetof(struct record, member), .size = sizeof(unsigned), .names = &(of_names), \
        .initial = (initially), .help = (explanation)                                              \
    }

#define TIME(record, called, member, explanation)                                                  \
    {                                                                                              \
        .name = (called), .type = TYPE_TIME, .offset = offsetof(struct record, member),            \
        .size = sizeof(uint64_t), .initial = "", .help = (explanation)                             \
    }

static const struct model_field group_fields[] = {
    TEXT(model_group, name, FIELD_KEY | FIELD_REQUIRED, "", "name of the line group"),
    BOOL(model_group, "enabled", is_enabled, "true", "whether its lines are registered"),
    TEXT(model_group, server, FIELD_REQUIRED, "", "address of the PBX: HOST or HOST:PORT"),
    TEXT(model_group, domain, FIELD_REQUIRED, "", "the PBX's own SIP domain"),
    NUMBER(model_group, register_interval_s, 60, 86400, "300",
           "seconds that a registration is asked to last"),
    NUMBER(model_group, register_rate, 1, 10000, "100", "REGISTERs per second, all lines together"),
    TEXT(model_group, country_code, 0, "", "country code of the site without +, as in 49"),
    TEXT(model_group, area_code, 0, "", "area code without its leading zero, as in 89"),
    TEXT(model_group, main_number, 0, "",
         "main number that extensions are appended to, as in +49891234"),
    TEXT(model_group, outside_prefix, 0, "", "digits dialled for an outside line, as in 0"),
    TEXT(model_group, national_prefix, 0, "0", "digits before a national number, as in 0"),
    TEXT(model_group, international_prefix, 0, "00",
         "digits before an international number, as in 00"),
    TEXT(model_group, internal_ranges, 0, "", "numbers that are internal, as in 100-199, 7xx"),
    ENUM(model_group, diversion, 0, model_diversions, "diversion",
         "how the target learns who forwarded"),
    ENUM(model_group, decline_unavailable, 0, model_declines, "486",
         "answer for a user who is not there and has no forwarding for it"),
    NUMBER(model_group, max_diversions, 1, 99, "5",
           "forwardings in a chain before a call is ended"),
    TEXT(model_group, realm, 0, "",
         "digest realm that the lines' passwords are for; empty: whichever the PBX names"),
    BOOL(model_group, "bar_premium", is_barring_premium, "true",
         "whether nothing is forwarded to premium-rate numbers"),
    BOOL(model_group, "bar_foreign", is_barring_foreign, "true",
         "whether nothing is forwarded to other countries"),
    TEXT(model_group, barred_prefixes, 0, "",
         "beginnings of numbers that nothing is forwarded to, as in 0137, +881"),
    ENUM(model_group, transport, 0, model_transports, "udp",
         "how the PBX is spoken to; auto: TCP, or UDP if it takes no connection"),
    TEXT(model_group, tls_ca_file, 0, "",
         "PEM file of those who may sign the PBX's certificate; empty: the system's"),
    BOOL(model_group, "tls_verify", is_tls_verified, "true",
         "whether the PBX's certificate must be valid for its server name"),
    TEXT(model_group, time_zone, 0, "",
         "time zone of the site, as in Europe/Berlin; empty: the server's"),
    COUNT(model_group, "pbx_ring_timeout", pbx_ring_timeout_s, 0, 10, 600, "30",
          "seconds after which the PBX gives up a call that rings"),
    COUNT(model_group, "other_contacts_grace", other_contacts_grace_s, 0, 0, 120, "15",
          "seconds that other terminals of an extension may ring before it is forwarded"),
    NUMBER(model_group, max_forwarded_calls, 0, 1000, "5",
           "calls that a line forwards at the same time; 0: no limit"),
    NUMBER(model_group, max_forwarded_per_hour, 0, 1000000, "60",
           "calls that a line forwards within an hour; 0: no limit"),
    TEXT(model_group, group_call, 0, "",
         "headers that mark calls of a hunt group, as in Alert-Info: *queue*; X-Queue: *"),
    ENUM(model_group, decline_rejected, 0, model_rejecteds, "486",
         "answer when the user rejects a call on a client"),
    BOOL(model_group, "callers_as_dialled", is_caller_as_dialled, "false",
         "whether the PBX presents callers with the outside prefix before them"),
    TEXT(model_group, allowed_sources, 0, "",
         "further addresses that its calls come from, as in 192.0.2.7, 2001:db8::/32"),
    NUMBER(model_group, journal_days, 1, 3650, "90", "days that its calls stay in the journal"),
    TEXT(model_group, hep_server, 0, "",
         "ADDRESS:PORT of a HEP collector that gets copies of its SIP messages by UDP"),
    ENUM(model_group, forward_by, 0, model_forward_bys, "auto",
         "how calls are forwarded: by redirect (302), by a second call, or as the PBX needs it"),
    ENUM(model_group, bridge_caller_id, 0, model_caller_ids, "caller_in_pai",
         "as whom the second call of a bridged forwarding presents itself"),
    TEXT(model_group, feature_codes, 0,
         "immediate=21, dnd=26, logged_off=70, busy=67, no_answer=61",
         "codes that devices dial to set forwardings, as in immediate=21, busy=67; empty: none"),
    BOOL(model_group, "feature_tones", is_feature_heard, "true",
         "whether tones confirm feature codes; else the telephone's display does"),
    ENUM(model_group, desk_phone_state, 0, model_desk_watchings, "auto",
         "whose other telephones the PBX is asked about, whether they have calls; auto: of lines "
         "with other_contacts"),
};

static const struct model_field user_fields[] = {
    TEXT(model_user, name, FIELD_KEY | FIELD_REQUIRED, "", "name of the user"),
    TEXT(model_user, display_name, 0, "", "name as people read it"),
    TEXT(model_user, business, 0, "", "business telephone number"),
    TEXT(model_user, mobile, FIELD_OWN, "", "mobile telephone number, for the target mobile"),
    TEXT(model_user, home, FIELD_OWN, "", "home telephone number"),
    TEXT(model_user, mailbox, 0, "", "voice mailbox, for the target mailbox and when logged off"),
    OWN_BOOL(model_user, "dnd", is_dnd, FIELD_OWN, "false", "do-not-disturb"),
    ENUM(model_user, login, FIELD_OWN, model_logins, "auto",
         "whether the user is logged in: by live clients, always, or signed off"),
    ENUM(model_user, role, 0, model_roles, "user",
         "what the user may do here: reach what is theirs, or administrate everything"),
    TEXT(model_user, password, FIELD_SECRET, "", "password for signing in; empty: cannot sign in"),
    TEXT(model_user, time_zone, FIELD_OWN, "",
         "time zone, as in Europe/Berlin; empty: the line group's"),
    TEXT(model_user, presence, FIELD_OWN, "", "presence as one word, as in meeting; empty: none"),
    OWN_BOOL(
        model_user, "busy_on_any_line", is_busy_on_any_line, FIELD_OWN, "false",
        "whether a call on any of the user's lines makes those busy whose second_call is busy"),
};

static const struct model_field line_fields[] = {
    TEXT(model_line, group, FIELD_KEY | FIELD_REQUIRED, "", "line group it belongs to"),
    TEXT(model_line, extension, FIELD_KEY | FIELD_REQUIRED, "", "extension at the PBX"),
    BOOL(model_line, "enabled", is_enabled, "true", "whether it is registered"),
    TEXT(model_line, user, 0, "", "user who owns it"),
    TEXT(model_line, display_name, 0, "", "name as people read it"),
    TEXT(model_line, auth_user, 0, "", "user name for the PBX's digest; empty: the extension"),
    TEXT(model_line, password, FIELD_SECRET, "", "password for the PBX's digest"),
    OWN_BOOL(model_line, "number_withheld", is_number_withheld, FIELD_OWN, "false",
             "whether its number is hidden from targets it forwards to"),
    ENUM(model_line, second_call, FIELD_OWN, model_second_calls, "auto",
         "what a further call meets; auto: busy if a busy forwarding matches, else it rings"),
    COUNT(model_line, "max_calls", max_calls, FIELD_OWN, 1, 100, "2",
          "calls with which the line is busy in any case"),
    BOOL(model_line, "other_contacts", has_other_contacts, "false",
         "whether the PBX knows other terminals of this extension, as a desk phone"),
};

static const struct model_field forwarding_fields[] = {
    TEXT(model_forwarding, group, FIELD_KEY | FIELD_REQUIRED, "", "line group"),
    TEXT(model_forwarding, extension, FIELD_KEY | FIELD_REQUIRED, "", "extension of the line"),
    ENUM(model_forwarding, condition, FIELD_KEY, model_conditions, "immediate", "when it applies"),
    ENUM(model_forwarding, origin, FIELD_KEY, model_origins, "all", "which callers it applies to"),
    TEXT(model_forwarding, target, FIELD_REQUIRED, "",
         "where calls go: an extension, a number, a sip: address, mailbox or mobile"),
    BOOL(model_forwarding, "enabled", is_enabled, "true", "whether it is on"),
    COUNT(model_forwarding, "delay", delay_s, 0, 0, DELAY_MAX_S, "0",
          "seconds that no_answer waits, 5 to 120; 0: as fits the PBX's ring time-out"),
    TIME(model_forwarding, "until", until_s, "when it ends; empty: never"),
};

static const struct model_field exception_fields[] = {
    TEXT(model_exception, group, FIELD_KEY | FIELD_REQUIRED, "", "line group"),
    TEXT(model_exception, extension, FIELD_KEY | FIELD_REQUIRED, "", "extension of the line"),
    COUNT(model_exception, "position", position, FIELD_KEY, 1, POSITION_MAX, "1",
          "place among the line's exceptions: of equal ones the smallest decides"),
    ENUM(model_exception, condition, 0, model_conditions, "immediate", "when it applies"),
    ENUM(model_exception, origin, 0, model_origins, "all", "which callers it applies to"),
    TEXT(model_exception, caller, 0, "",
         "only this caller: a number, a beginning as in +4989*, anonymous; empty: any"),
    TEXT(model_exception, schedule, 0, "",
         "only then, as in mo-fr 08:00-12:00,13:00-17:00; sa 09:00-13:00; empty: always"),
    TEXT(model_exception, presence, 0, "",
         "only while the user's presence is this word; empty: any"),
    BOOL(model_exception, "ring", is_ring, "false",
         "whether these callers are not forwarded at all; it needs no target"),
    TEXT(model_exception, target, 0, "",
         "where calls go: an extension, a number, a sip: address, mailbox or mobile"),
    COUNT(model_exception, "delay", delay_s, 0, 0, DELAY_MAX_S, "0",
          "seconds that no_answer waits, 5 to 120; 0: as fits the PBX's ring time-out"),
    TIME(model_exception, "until", until_s, "when it ends; empty: never"),
    NUMBER(model_exception, calls, 0, 9999, "0",
           "calls that it is still good for; it is switched off after the last; 0: no limit"),
    BOOL(model_exception, "enabled", is_enabled, "true", "whether it is on"),
};

static const struct model_field calendar_fields[] = {
    TEXT(model_calendar, name, FIELD_KEY | FIELD_REQUIRED, "", "name of the calendar"),
    TEXT(model_calendar, days, 0, "", "its days, as in 2026-12-25, 12-24, 2026-12-24..2027-01-01"),
};

static const struct model_field admin_forwarding_fields[] = {
    TEXT(model_admin_forwarding, group, FIELD_KEY | FIELD_REQUIRED, "", "line group"),
    TEXT(model_admin_forwarding, name, FIELD_KEY | FIELD_REQUIRED, "", "name, as in night"),
    COUNT(model_admin_forwarding, "position", position, 0, 1, POSITION_MAX, "1",
          "place among the group's forwardings: of equal ones the smallest decides"),
    BOOL(model_admin_forwarding, "mandatory", is_mandatory, "false",
         "whether it goes before all that users have set; else it is a default behind it"),
    ENUM(model_admin_forwarding, condition, 0, model_conditions, "immediate", "when it applies"),
    ENUM(model_admin_forwarding, origin, 0, model_origins, "all", "which callers it applies to"),
    TEXT(model_admin_forwarding, schedule, 0, "",
         "only then, as in mo-fr 18:00-08:00; sa,su; empty: always"),
    TEXT(model_admin_forwarding, calendar, 0, "", "calendar whose days count as holidays"),
    ENUM(model_admin_forwarding, holidays, 0, model_holidays, "as_schedule",
         "what the calendar's days change: nothing, it holds all day on them, or never"),
    TEXT(model_admin_forwarding, target, FIELD_REQUIRED, "",
         "where calls go: an extension, a number, a sip: address, mailbox or mobile"),
    COUNT(model_admin_forwarding, "delay", delay_s, 0, 0, DELAY_MAX_S, "0",
          "seconds that no_answer waits, 5 to 120; 0: as fits the PBX's ring time-out"),
    TIME(model_admin_forwarding, "until", until_s, "when it ends; empty: never"),
    BOOL(model_admin_forwarding, "enabled", is_enabled, "true", "whether it is on"),
};

static const struct model_field profile_fields[] = {
    TEXT(model_profile, user, FIELD_KEY | FIELD_REQUIRED, "", "user whose it is"),
    TEXT(model_profile, name, FIELD_KEY | FIELD_REQUIRED, "", "name, as in meeting"),
    TEXT(model_profile, presence, 0, "", "presence while it is applied; empty: unchanged"),
    ENUM(model_profile, dnd, 0, model_profile_dnds, "unchanged",
         "do-not-disturb while it is applied"),
    TEXT(model_profile, forwardings, 0, "",
         "forwardings while it is applied, as in immediate/all=mobile; no_answer/all/15=mailbox"),
    NUMBER(model_profile, minutes, 0, 527040, "0", "minutes that it holds; 0: by end_at"),
    TEXT(model_profile, end_at, 0, "",
         "time of the day until which it holds, as in 17:30; empty: until it is ended"),
    BOOL(model_profile, "applied", is_applied, "false", "whether it holds now"),
    TIME(model_profile, "until", until_s, "when it ends, while it is applied; empty: never"),
};

static const struct model_field session_fields[] = {
    TEXT(model_session, hash, FIELD_KEY | FIELD_REQUIRED, "", "hash of the cookie"),
    TEXT(model_session, user, FIELD_REQUIRED, "", "who has signed in"),
    NUMBER(model_session, started_s, 0, UINT32_MAX, "0", "when the user signed in"),
    NUMBER(model_session, used_s, 0, UINT32_MAX, "0", "when it was last used"),
    TEXT(model_session, address, 0, "", "where the user signed in from"),
};

static const struct model_field token_fields[] = {
    TEXT(model_token, serial, FIELD_KEY | FIELD_REQUIRED, "", "serial number of the token"),
    TEXT(model_token, name, FIELD_REQUIRED, "", "what it is for"),
    TEXT(model_token, user, 0, "", "user whose rights it has; empty: an administrator's"),
    TEXT(model_token, group, 0, "", "line group that it is restricted to; empty: none"),
    ENUM(model_token, scope, 0, model_scopes, "read", "how far it reaches"),
    NUMBER(model_token, created_s, 0, UINT32_MAX, "0", "when it was made"),
    NUMBER(model_token, expires_s, 0, UINT32_MAX, "0", "when it ends; 0: never"),
    NUMBER(model_token, used_s, 0, UINT32_MAX, "0", "when it was last used; 0: never"),
    TEXT(model_token, hash, FIELD_SECRET, "", "hash of its secret"),
};

static const struct model_field device_fields[] = {
    TEXT(model_device, user, FIELD_KEY | FIELD_REQUIRED, "", "user who owns it"),
    TEXT(model_device, name, FIELD_KEY | FIELD_REQUIRED, "", "name of the device, as in desk"),
    TEXT(model_device, line, FIELD_OWN, "",
         "line that it dials through, as GROUP/EXTENSION; empty: the user's first"),
    TEXT(model_device, sip_user, FIELD_MADE, "", "SIP user name that it registers with"),
    TEXT(model_device, password, FIELD_SECRET | FIELD_MADE, "", "hashes of its SIP password"),
};

static const struct model_field check_fields[] = {
    TEXT(model_check, group, FIELD_KEY | FIELD_REQUIRED, "", "line group"),
    COUNT(model_check, "number", number, FIELD_KEY, 1, UINT32_MAX, "1", "number of the check"),
    ENUM(model_check, state, 0, model_check_states, "running", "how far it is"),
    TIME(model_check, "started", started_s, "when it began"),
    TIME(model_check, "ended", ended_s, "when it ended; empty: it has not"),
    TEXT(model_check, server, 0, "", "what the PBX calls itself"),
    TEXT(model_check, lines, 0, "", "caller, diverter and target"),
    TEXT(model_check, external, 0, "", "test number outside; empty: none"),
    TEXT(model_check, rows, 0, "", "what was found out"),
};

#define KIND(called, calleds, of_fields, record)                                                   \
    {                                                                                              \
        called, calleds, of_fields, sizeof of_fields / sizeof of_fields[0], sizeof(struct record)  \
    }

static const struct model_kind_info kinds[KIND_COUNT] = {
    [KIND_GROUP] = KIND("group", "groups", group_fields, model_group),
    [KIND_USER] = KIND("user", "users", user_fields, model_user),
    [KIND_LINE] = KIND("line", "lines", line_fields, model_line),
    [KIND_FORWARDING] = KIND("forwarding", "forwardings", forwarding_fields, model_forwarding),
    [KIND_SESSION] = KIND("session", "sessions", session_fields, model_session),
    [KIND_TOKEN] = KIND("token", "tokens", token_fields, model_token),
    [KIND_EXCEPTION] = KIND("exception", "exceptions", exception_fields, model_exception),
    [KIND_CALENDAR] = KIND("calendar", "calendars", calendar_fields, model_calendar),
    [KIND_ADMIN_FORWARDING] = KIND("admin_forwarding", "admin_forwardings", admin_forwarding_fields,
                                   model_admin_forwarding),
    [KIND_PROFILE] = KIND("profile", "profiles", profile_fields, model_profile),
    [KIND_DEVICE] = KIND("device", "devices", device_fields, model_device),
    [KIND_CHECK] = KIND("check", "checks", check_fields, model_check),
};

const struct model_kind_info *model_kind(enum model_kind kind)
{
    ASSERT(kind < KIND_COUNT);
    return &kinds[kind];
}

const struct model_field *model_find_field(enum model_kind kind, struct span name)
{
    const struct model_kind_info *info = model_kind(kind);
    for (size_t i = 0; i < info->field_count; i++) {
        if (span_eq(name, span_of(info->fields[i].name))) return &info->fields[i];
    }
    return NULL;
}

static void *place_of(const struct model_field *field, void *record)
{
    return (char *)record + field->offset;
}

static const void *const_place_of(const struct model_field *field, const void *record)
{
    return (const char *)record + field->offset;
}

void model_defaults(enum model_kind kind, void *record)
{
    const struct model_kind_info *info = model_kind(kind);
    char reason[REASON_SIZE];
    memset(record, 0, info->record_size);
    for (size_t i = 0; i < info->field_count; i++) {
        const struct model_field *field = &info->fields[i];
        if (field->flags & FIELD_REQUIRED) continue;
        const char *refused = model_set_field(field, record, span_of(field->initial), reason);
        ASSERT(!refused);
    }
}

static const char *refuse(char reason[REASON_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static const char *refuse(char reason[REASON_SIZE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, REASON_SIZE, format, arguments);
    va_end(arguments);
    return reason;
}

static const char *set_text(const struct model_field *field, void *record, struct span text,
                            char reason[REASON_SIZE])
{
    if ((field->flags & FIELD_REQUIRED) && text.len == 0) return refuse(reason, "is missing");
    if (text.len >= field->size) {
        return refuse(reason, "must be at most %zu bytes long", field->size - 1);
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (byte < 0x20 || byte == 0x7f) return refuse(reason, "contains a control character");
    }
    memset(place_of(field, record), 0, field->size);
    text_copy(place_of(field, record), field->size, text);
    return NULL;
}

static const char *set_bool(const struct model_field *field, void *record, struct span text,
                            char reason[REASON_SIZE])
{
    bool is_on = span_eq(text, SPAN("true")) || span_eq(text, SPAN("on"));
    bool is_off = span_eq(text, SPAN("false")) || span_eq(text, SPAN("off"));
    if (!is_on && !is_off) return refuse(reason, "must be true or false");
    memcpy(place_of(field, record), &is_on, sizeof is_on);
    return NULL;
}

static const char *set_number(const struct model_field *field, void *record, struct span text,
                              char reason[REASON_SIZE])
{
    uint64_t value;
    if (!span_to_u64(text, UINT32_MAX, &value) || value < field->min || value > field->max) {
        return refuse(reason, "must be a number from %u to %u", field->min, field->max);
    }
    uint32_t number = (uint32_t)value;
    memcpy(place_of(field, record), &number, sizeof number);
    return NULL;
}

static const char *set_enum(const struct model_field *field, void *record, struct span text,
                            char reason[REASON_SIZE])
{
    unsigned value;
    if (model_find_name(field->names, text, &value)) {
        memcpy(place_of(field, record), &value, sizeof value);
        return NULL;
    }
    struct buffer out = buffer_over(reason, REASON_SIZE);
    buffer_put_text(&out, "must be one of");
    for (size_t i = 0; i < field->names->count; i++) {
        buffer_printf(&out, "%s %s", i > 0 ? "," : "", field->names->names[i]);
    }
    return reason;
}

static const char *set_time(const struct model_field *field, void *record, struct span text,
                            char reason[REASON_SIZE])
{
    uint64_t seconds = 0;
    if (text.len > 0 && !civil_read_time(text, &seconds)) {
        return refuse(reason, "must be a time as in 2026-12-24T18:00:00+01:00");
    }
    memcpy(place_of(field, record), &seconds, sizeof seconds);
    return NULL;
}

const char *model_set_field(const struct model_field *field, void *record, struct span text,
                            char reason[REASON_SIZE])
{
    switch (field->type) {
    case TYPE_TEXT: return set_text(field, record, text, reason);
    case TYPE_BOOL: return set_bool(field, record, text, reason);
    case TYPE_NUMBER: return set_number(field, record, text, reason);
    case TYPE_ENUM: return set_enum(field, record, text, reason);
    case TYPE_TIME: return set_time(field, record, text, reason);
    }
    ASSERT(false);
}

const char *model_get_text(const struct model_field *field, const void *record)
{
    ASSERT(field->type == TYPE_TEXT);
    return const_place_of(field, record);
}

bool model_get_bool(const struct model_field *field, const void *record)
{
    bool value;
    ASSERT(field->type == TYPE_BOOL);
    memcpy(&value, const_place_of(field, record), sizeof value);
    return value;
}

uint32_t model_get_number(const struct model_field *field, const void *record)
{
    uint32_t value;
    ASSERT(field->type == TYPE_NUMBER || field->type == TYPE_ENUM);
    memcpy(&value, const_place_of(field, record), sizeof value);
    return value;
}

uint64_t model_get_time(const struct model_field *field, const void *record)
{
    uint64_t value;
    ASSERT(field->type == TYPE_TIME);
    memcpy(&value, const_place_of(field, record), sizeof value);
    return value;
}

static void put_time(uint64_t seconds, struct buffer *out)
{
    if (seconds > 0) civil_put_time(out, seconds);
}

bool model_is_same(const struct model_field *field, const void *a, const void *b)
{
    if (field->type == TYPE_TEXT) {
        return strcmp(model_get_text(field, a), model_get_text(field, b)) == 0;
    }
    return memcmp((const char *)a + field->offset, (const char *)b + field->offset, field->size) ==
           0;
}

void model_print_field(const struct model_field *field, const void *record, struct buffer *out)
{
    switch (field->type) {
    case TYPE_TEXT: buffer_put_text(out, model_get_text(field, record)); break;
    case TYPE_BOOL: buffer_put_text(out, model_get_bool(field, record) ? "true" : "false"); break;
    case TYPE_NUMBER: buffer_put_u64(out, model_get_number(field, record)); break;
    case TYPE_ENUM:
        buffer_put_text(out, model_name(field->names, model_get_number(field, record)));
        break;
    case TYPE_TIME: put_time(model_get_time(field, record), out); break;
    }
}

uint32_t model_default_delay_s(uint32_t pbx_ring_timeout_s)
{
    uint32_t fits_s = pbx_ring_timeout_s > 15 ? pbx_ring_timeout_s - 15 : 0;
    if (fits_s > 20) return 20;
    return fits_s < DELAY_MIN_S ? DELAY_MIN_S : fits_s;
}
