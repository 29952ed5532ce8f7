// SPDX-License-Identifier: Apache-2.0
// All that the API can be asked, in one table, and by whom; docs/openapi.yaml describes the same
// operations, and the tests hold its `x-rights` to the last two columns.
#include "api/api_int.h"

#define API      "/api/v1"
#define LINE     API "/groups/{group}/lines/{extension}"
#define PROFILES API "/users/{user}/profiles"
#define SLOT     LINE "/forwardings/{condition}/{origin}"

// clang-format off
static const struct route routes[] = {
    {METHOD_GET,    API "/health",                 api_health_get,     0,               NULL, FOR_ALL,   SCOPE_READ},
    {METHOD_GET,    API "/status",                 api_status_get,     0,               NULL, FOR_ADMIN, SCOPE_READ},

    {METHOD_GET,    API "/statistics",             api_statistics_get, 0,               "group hours", FOR_ADMIN, SCOPE_READ},
    {METHOD_GET,    API "/samples",                api_samples_list,   0,               "group", FOR_ADMIN, SCOPE_READ},
    {METHOD_GET,    API "/ready",                  api_ready_get,      0,               NULL, FOR_ALL,   SCOPE_READ},
    {METHOD_GET,    API "/metrics",                api_metrics_get,    0,               NULL, FOR_ADMIN, SCOPE_READ},

    {METHOD_GET,    API "/events",                 api_events_get,     0,               "last_event_id", FOR_USERS, SCOPE_READ},

    {METHOD_GET,    API "/setup",                  api_setup_get,      0,               NULL, FOR_ALL,   SCOPE_READ},
    {METHOD_POST,   API "/setup",                  api_setup_post,     KIND_USER,       NULL, FOR_ALL,   SCOPE_READ},

    {METHOD_POST,   API "/session",                api_session_post,   0,               NULL, FOR_ALL,   SCOPE_READ},
    {METHOD_GET,    API "/session",                api_session_get,    0,               NULL, FOR_USERS, SCOPE_READ},
    {METHOD_DELETE, API "/session",                api_session_delete, 0,               NULL, FOR_USERS, SCOPE_READ},
    {METHOD_GET,    API "/users/{name}/sessions",  api_sessions_list,  KIND_USER,       NULL, FOR_OWNER, SCOPE_READ},
    {METHOD_DELETE, API "/users/{name}/sessions",  api_sessions_remove, KIND_USER,      NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_PUT,    API "/users/{name}/password",  api_password_put,   KIND_USER,       NULL, FOR_OWNER, SCOPE_WRITE},

    {METHOD_GET,    API "/devices",                api_records_list,   KIND_DEVICE,     "user q sort count limit after", FOR_ADMIN, SCOPE_READ},
    {METHOD_GET,    API "/users/{user}/devices",   api_records_list,   KIND_DEVICE,     NULL, FOR_OWNER, SCOPE_READ},
    {METHOD_POST,   API "/users/{user}/devices",   api_devices_add,    KIND_DEVICE,     NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_GET,    API "/users/{user}/devices/{name}", api_records_get, KIND_DEVICE,   NULL, FOR_OWNER, SCOPE_READ},
    {METHOD_PATCH,  API "/users/{user}/devices/{name}", api_records_patch, KIND_DEVICE, NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_DELETE, API "/users/{user}/devices/{name}", api_records_remove, KIND_DEVICE, NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_POST,   API "/users/{user}/devices/{name}/password", api_devices_renew, KIND_DEVICE, NULL, FOR_OWNER, SCOPE_WRITE},

    {METHOD_GET,    API "/tokens",                 api_tokens_list,    KIND_TOKEN,      "user limit after", FOR_USERS, SCOPE_READ},
    {METHOD_POST,   API "/tokens",                 api_tokens_add,     KIND_TOKEN,      NULL, FOR_USERS, SCOPE_WRITE},
    {METHOD_DELETE, API "/tokens/{serial}",        api_tokens_remove,  KIND_TOKEN,      NULL, FOR_USERS, SCOPE_WRITE},

    {METHOD_GET,    API "/presets",                api_presets_list,   0,               NULL, FOR_ADMIN, SCOPE_READ},

    {METHOD_POST,   API "/import",                 api_import_post,    0,               "dry_run", FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_GET,    API "/export",                 api_export_get,     0,               NULL, FOR_ADMIN, SCOPE_ADMIN},

    {METHOD_GET,    API "/groups",                 api_records_list,   KIND_GROUP,      "q sort count limit after", FOR_ADMIN, SCOPE_READ},
    {METHOD_POST,   API "/groups",                 api_records_add,    KIND_GROUP,      NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_GET,    API "/groups/{name}",          api_records_get,    KIND_GROUP,      NULL, FOR_ADMIN, SCOPE_READ},
    {METHOD_PUT,    API "/groups/{name}",          api_records_put,    KIND_GROUP,      NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_PATCH,  API "/groups/{name}",          api_records_patch,  KIND_GROUP,      NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_DELETE, API "/groups/{name}",          api_records_remove, KIND_GROUP,      NULL, FOR_ADMIN, SCOPE_ADMIN},

    {METHOD_GET,    API "/users",                  api_records_list,   KIND_USER,       "q sort count limit after", FOR_ADMIN, SCOPE_READ},
    {METHOD_POST,   API "/users",                  api_records_add,    KIND_USER,       NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_GET,    API "/users/{name}",           api_records_get,    KIND_USER,       NULL, FOR_OWNER, SCOPE_READ},
    {METHOD_PUT,    API "/users/{name}",           api_records_put,    KIND_USER,       NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_PATCH,  API "/users/{name}",           api_records_patch,  KIND_USER,       NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_DELETE, API "/users/{name}",           api_records_remove, KIND_USER,       NULL, FOR_ADMIN, SCOPE_ADMIN},

    {METHOD_GET,    PROFILES,                      api_records_list,   KIND_PROFILE,    "limit after", FOR_OWNER, SCOPE_READ},
    {METHOD_POST,   PROFILES,                      api_records_add,    KIND_PROFILE,    NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_GET,    PROFILES "/{name}",            api_records_get,    KIND_PROFILE,    NULL, FOR_OWNER, SCOPE_READ},
    {METHOD_PUT,    PROFILES "/{name}",            api_records_put,    KIND_PROFILE,    NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_PATCH,  PROFILES "/{name}",            api_records_patch,  KIND_PROFILE,    NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_DELETE, PROFILES "/{name}",            api_records_remove, KIND_PROFILE,    NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_POST,   PROFILES "/{name}/apply",      api_profiles_apply, KIND_PROFILE,    NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_DELETE, PROFILES "/{name}/apply",      api_profiles_end,   KIND_PROFILE,    NULL, FOR_OWNER, SCOPE_WRITE},

    {METHOD_GET,    API "/lines",                  api_records_list,   KIND_LINE,       "group extension user q state abroad sort count limit after", FOR_OWNER, SCOPE_READ},
    {METHOD_GET,    API "/groups/{group}/lines",   api_records_list,   KIND_LINE,       "extension user q state abroad sort count limit after", FOR_OWNER, SCOPE_READ},
    {METHOD_POST,   API "/groups/{group}/lines",   api_records_add,    KIND_LINE,       NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_GET,    LINE,                          api_records_get,    KIND_LINE,       NULL, FOR_OWNER, SCOPE_READ},
    {METHOD_PUT,    LINE,                          api_records_put,    KIND_LINE,       NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_PATCH,  LINE,                          api_records_patch,  KIND_LINE,       NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_DELETE, LINE,                          api_records_remove, KIND_LINE,       NULL, FOR_ADMIN, SCOPE_ADMIN},

    {METHOD_POST,   API "/connection-tests",       api_connection_tests_add, KIND_GROUP,    NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_GET,    API "/connection-tests/{number}", api_connection_tests_get, KIND_GROUP, NULL, FOR_ADMIN, SCOPE_ADMIN},

    {METHOD_GET,    LINE "/statistics",            api_line_statistics_get, KIND_LINE,  "hours before", FOR_OWNER, SCOPE_READ},
    {METHOD_GET,    LINE "/messages",              api_messages_list,  KIND_LINE,       "after", FOR_ADMIN, SCOPE_ADMIN},

    {METHOD_GET,    LINE "/forwardings",           api_slots_list,     KIND_FORWARDING, NULL, FOR_OWNER, SCOPE_READ},
    {METHOD_PUT,    LINE "/forwardings",           api_slots_put,      KIND_FORWARDING, NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_GET,    SLOT,                          api_records_get,    KIND_FORWARDING, NULL, FOR_OWNER, SCOPE_READ},
    {METHOD_PUT,    SLOT,                          api_records_put,    KIND_FORWARDING, NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_PATCH,  SLOT,                          api_records_patch,  KIND_FORWARDING, NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_DELETE, SLOT,                          api_records_remove, KIND_FORWARDING, NULL, FOR_OWNER, SCOPE_WRITE},

    {METHOD_GET,    LINE "/exceptions",            api_records_list,   KIND_EXCEPTION,  NULL, FOR_OWNER, SCOPE_READ},
    {METHOD_POST,   LINE "/exceptions",            api_records_add,    KIND_EXCEPTION,  NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_GET,    LINE "/exceptions/{position}", api_records_get,    KIND_EXCEPTION,  NULL, FOR_OWNER, SCOPE_READ},
    {METHOD_PUT,    LINE "/exceptions/{position}", api_records_put,    KIND_EXCEPTION,  NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_PATCH,  LINE "/exceptions/{position}", api_records_patch,  KIND_EXCEPTION,  NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_DELETE, LINE "/exceptions/{position}", api_records_remove, KIND_EXCEPTION,  NULL, FOR_OWNER, SCOPE_WRITE},

    {METHOD_GET,    API "/groups/{group}/checks",  api_checks_list,    KIND_CHECK,      NULL, FOR_ADMIN, SCOPE_READ},
    {METHOD_POST,   API "/groups/{group}/checks",  api_checks_start,   KIND_CHECK,      NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_GET,    API "/groups/{group}/checks/{number}", api_checks_get, KIND_CHECK,  "with", FOR_ADMIN, SCOPE_READ},
    {METHOD_POST,   API "/groups/{group}/checks/{number}/cancel", api_checks_cancel, KIND_CHECK, NULL, FOR_ADMIN, SCOPE_ADMIN},

    {METHOD_GET,    API "/groups/{group}/admin_forwardings", api_records_list, KIND_ADMIN_FORWARDING, NULL, FOR_ADMIN, SCOPE_READ},
    {METHOD_POST,   API "/groups/{group}/admin_forwardings", api_records_add, KIND_ADMIN_FORWARDING, NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_GET,    API "/groups/{group}/admin_forwardings/{name}", api_records_get, KIND_ADMIN_FORWARDING, NULL, FOR_ADMIN, SCOPE_READ},
    {METHOD_PUT,    API "/groups/{group}/admin_forwardings/{name}", api_records_put, KIND_ADMIN_FORWARDING, NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_PATCH,  API "/groups/{group}/admin_forwardings/{name}", api_records_patch, KIND_ADMIN_FORWARDING, NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_DELETE, API "/groups/{group}/admin_forwardings/{name}", api_records_remove, KIND_ADMIN_FORWARDING, NULL, FOR_ADMIN, SCOPE_ADMIN},

    {METHOD_GET,    API "/calendars",              api_records_list,   KIND_CALENDAR,   "limit after", FOR_ADMIN, SCOPE_READ},
    {METHOD_POST,   API "/calendars",              api_records_add,    KIND_CALENDAR,   NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_GET,    API "/calendars/{name}",       api_records_get,    KIND_CALENDAR,   NULL, FOR_ADMIN, SCOPE_READ},
    {METHOD_PUT,    API "/calendars/{name}",       api_records_put,    KIND_CALENDAR,   NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_PATCH,  API "/calendars/{name}",       api_records_patch,  KIND_CALENDAR,   NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_DELETE, API "/calendars/{name}",       api_records_remove, KIND_CALENDAR,   NULL, FOR_ADMIN, SCOPE_ADMIN},

    {METHOD_GET,    API "/groups/{group}/directory", api_directory_list, KIND_LINE,     "q", FOR_MEMBER, SCOPE_READ},
    {METHOD_POST,   API "/groups/{group}/number",  api_number_post,    KIND_LINE,       NULL, FOR_MEMBER, SCOPE_READ},
    {METHOD_POST,   LINE "/explain",               api_explain_post,   KIND_LINE,       "language", FOR_OWNER, SCOPE_READ},
    {METHOD_GET,    LINE "/client-state",          api_client_state_get,    KIND_LINE,       NULL, FOR_ADMIN, SCOPE_READ},
    {METHOD_PUT,    LINE "/client-state",          api_client_state_put,    KIND_LINE,       NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_DELETE, LINE "/client-state",          api_client_state_remove, KIND_LINE,       NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_GET,    API "/alarms",                 api_alarms_list,    0,               "group language", FOR_ADMIN, SCOPE_READ},
    {METHOD_POST,   API "/alarms/{alarm}/lift",    api_alarms_lift,    0,               NULL, FOR_ADMIN, SCOPE_ADMIN},
    {METHOD_GET,    API "/calls",                  api_calls_list,     0,               "group line state", FOR_OWNER, SCOPE_READ},
    {METHOD_POST,   API "/calls/{call}/deflect",   api_calls_deflect,  0,               NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_POST,   API "/calls/{call}/decline",   api_calls_decline,  0,               NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_POST,   API "/calls/{call}/hang-up",   api_calls_hang_up,  0,               NULL, FOR_OWNER, SCOPE_WRITE},
    {METHOD_GET,    API "/journal",                api_journal_list,   0,               "group line caller outcome since until text limit before language", FOR_OWNER, SCOPE_READ},
    {METHOD_GET,    API "/audit",                  api_audit_list,     0,               "kind key actor since until text limit before", FOR_ADMIN, SCOPE_READ},
    {METHOD_POST,   API "/audit/{id}/revert",      api_audit_revert,   0,               NULL, FOR_ADMIN, SCOPE_ADMIN},
};
// clang-format on

const char *api_method_name(enum method method)
{
    static const char *const names[METHOD_COUNT] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    return method < METHOD_COUNT ? names[method] : "?";
}

// Compares the path with a pattern, part by part, and keeps what stands for the parts in braces.
static bool matches(struct request *request, const char *pattern)
{
    struct span wanted = span_of(pattern + 1);
    size_t at = 0;
    request->part_count = 0;
    for (; wanted.len > 0; at++) {
        struct span want = span_split(&wanted, '/');
        if (at == request->path_count || at == PATH_PARTS_MAX) return false;
        struct span part = request->path[at];
        if (want.at[0] != '{') {
            if (!span_eq(part, want)) return false;
            continue;
        }
        if (part.len == 0) return false;
        ASSERT(request->part_count < ROUTE_PARTS_MAX);
        request->parts[request->part_count++] = (struct parameter){
            span_slice(want, 1, want.len - 1), part};
    }
    return at == request->path_count;
}

const struct route *api_routes_find(struct request *request, unsigned *allowed)
{
    *allowed = 0;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (!matches(request, routes[i].pattern)) continue;
        if (routes[i].method == request->method) {
            request->route = &routes[i];
            return request->route;
        }
        *allowed |= 1U << routes[i].method;
    }
    return NULL;
}
