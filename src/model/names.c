// SPDX-License-Identifier: Apache-2.0
// The names behind the enumerations.
#include "model/model.h"

#define NAMES(variable, ...)                                                                       \
    static const char *const variable##_list[] = {__VA_ARGS__};                                    \
    const struct model_names variable = {variable##_list,                                          \
                                         sizeof variable##_list / sizeof variable##_list[0]}

NAMES(model_conditions, "immediate", "dnd", "logged_off", "unreachable", "busy", "no_answer");
NAMES(model_origins, "all", "internal", "external");
NAMES(model_levels, "mandatory", "exception", "slot", "mailbox", "default");
NAMES(model_declines, "486", "480", "603", "ringing");
NAMES(model_rejecteds, "486", "480", "603", "as_client", "ringing");
NAMES(model_second_calls, "auto", "ring", "busy");
NAMES(model_clients, "none", "ring", "busy", "rejected", "unreachable", "deflect");
NAMES(model_holidays, "as_schedule", "always", "never");
NAMES(model_number_classes, "unknown", "internal", "national", "mobile", "premium", "foreign",
      "foreign premium", "emergency");
NAMES(model_diversions, "diversion", "history-info", "both", "none");
NAMES(model_forward_bys, "redirect", "bridge", "auto");
NAMES(model_caller_ids, "caller_in_pai", "line", "caller");
NAMES(model_desk_watchings, "auto", "on", "off");
NAMES(model_desk_states, "off", "waiting", "watched", "not_offered");
NAMES(model_transports, "udp", "tcp", "tls", "auto");
NAMES(model_logins, "auto", "on", "off");
NAMES(model_profile_dnds, "unchanged", "on", "off");
NAMES(model_roles, "user", "administrator");
NAMES(model_scopes, "read", "write", "admin");
NAMES(model_registration_states, "disabled", "waiting", "registered", "refused", "unreachable");
NAMES(model_verdict_kinds, "redirect", "ring", "hold", "decline");
NAMES(model_outcomes, "forwarded", "declined", "missed", "answered_elsewhere", "failed", "answered",
      "unanswered");
NAMES(model_alarm_kinds, "forwarded_at_once", "forwarded_per_hour", "redirect_lost");
NAMES(model_leg_kinds, "device", "forwarding", "mailbox", "deflection", "outgoing", "transfer");
NAMES(model_leg_ends, "caller", "called", "server", "another", "lost");
NAMES(model_executeds, "none", "redirect", "bridge");
NAMES(model_call_states, "held", "ringing", "answered", "on_hold");
NAMES(model_audit_actions, "added", "changed", "removed");
NAMES(model_check_rows, "registration", "incoming", "busy_486", "unavailable_480", "decline_603",
      "second_call", "redirect_internal", "diversion", "contact_host", "redirect_external",
      "other_contacts", "ring_timeout", "unregistered");
NAMES(model_check_verdicts, "not_tested", "ok", "limited", "fails");
NAMES(model_check_findings, "nothing", "registered", "refused", "unregistered", "arrived",
      "at_other_line", "taken_elsewhere", "declined", "silence", "as_sent", "changed", "rings_on",
      "followed", "followed_late", "taken_as_busy", "passed_on", "came_back", "held_back",
      "host_ignored", "host_refused", "host_dialled", "diversion_kept", "history_kept",
      "diversion_changed", "diversion_lost", "diversion_not_sent", "keeps_ringing", "stops_ringing",
      "no_others", "times_out", "no_timeout", "line_unusable", "no_number", "skipped",
      "ended_early", "registration_stayed");
NAMES(model_check_states, "running", "done", "cancelled", "interrupted");

const char *model_name(const struct model_names *names, unsigned value)
{
    return value < names->count ? names->names[value] : "?";
}

bool model_find_name(const struct model_names *names, struct span name, unsigned *value)
{
    for (unsigned i = 0; i < names->count; i++) {
        if (!span_eq(name, span_of(names->names[i]))) continue;
        *value = i;
        return true;
    }
    return false;
}

const char *model_reason_text(enum model_reason reason)
{
    switch (reason) {
    case REASON_UNCONDITIONAL: return "unconditional";
    case REASON_DND: return "do-not-disturb";
    case REASON_UNAVAILABLE_LOGGED_OFF: return "unavailable";
    case REASON_UNREACHABLE: return "unavailable";
    case REASON_BUSY: return "user-busy";
    case REASON_NO_ANSWER: return "no-answer";
    case REASON_DEFLECTION_ALERTING: return "deflection";
    case REASON_DEFLECTION_IMMEDIATE: return "deflection";
    case REASON_COUNT: break;
    }
    return "unknown";
}

unsigned model_reason_cause(enum model_reason reason)
{
    switch (reason) {
    case REASON_UNCONDITIONAL: return 302;
    case REASON_DND: return 404;
    case REASON_UNAVAILABLE_LOGGED_OFF: return 404;
    case REASON_UNREACHABLE: return 503;
    case REASON_BUSY: return 486;
    case REASON_NO_ANSWER: return 408;
    case REASON_DEFLECTION_ALERTING: return 487;
    case REASON_DEFLECTION_IMMEDIATE: return 480;
    case REASON_COUNT: break;
    }
    return 404;
}
