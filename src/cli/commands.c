// SPDX-License-Identifier: Apache-2.0
// All commands and their options, in one table: parsing, help and running go by it.
#include "cli/cli_int.h"

#define NO_OPTION                                                                                  \
    {                                                                                              \
        NULL, NULL, NULL                                                                           \
    }

const struct option cli_common_options[] = {
    {"api", "URL", "address of the server (LINEWARD_API; http://127.0.0.1:8480)"},
    {"token-file", "FILE",
     "file with the token (LINEWARD_TOKEN_FILE; api.token in LINEWARD_DATA_DIR or "
     "/var/lib/lineward)"},
    {"json", NULL, "print what the server answers, as JSON"},
    {"help", NULL, "print this"},
    NO_OPTION,
};

static const struct option serve_options[] = {
    {"config", "FILE", "read the settings needed to start from FILE"},
    {"data-dir", "DIR",
     "where settings, journal, key and token are kept (LINEWARD_DATA_DIR; /var/lib/lineward)"},
    {"sip", "ADDR:PORT", "where SIP is received, by UDP and TCP (0.0.0.0:5060)"},
    {"workers", "N", "threads that carry calls, each with ports of its own (1)"},
    {"tls", "ADDR:PORT", "where SIP is received by TLS, with a certificate (0.0.0.0:5061)"},
    {"tls-certificate", "FILE", "our certificate with its chain, PEM"},
    {"tls-key", "FILE", "its key, PEM"},
    {"media-port", "PORT", "the first that tones are sent from; 0: the system chooses (0)"},
    {"name-servers", "ADDR", "name servers, separated by commas (the system's)"},
    {"api", "ADDR:PORT", "where the REST API is served (127.0.0.1:8480)"},
    {"log-format", "logfmt|json", "how the log is written (logfmt)"},
    NO_OPTION,
};

static const struct option data_dir_option[] = {
    {"data-dir", "DIR", "the server's data directory (LINEWARD_DATA_DIR; /var/lib/lineward)"},
    NO_OPTION,
};

static const struct option group_option[] = {
    {"group", "GROUP", "line group; not needed where only one has this extension"},
    NO_OPTION,
};

static const struct option group_add_options[] = {
    {"preset", "NAME", "begin with the values of a preset (lineward preset list)"},
    NO_OPTION,
};

static const struct option group_check_options[] = {
    {"lines", "EXT,EXT,EXT", "caller, diverter and target; left out: three idle lines"},
    {"external", "NUMBER", "a number outside to be called as well, for a 302 to the outside"},
    {"consent", NULL, "yes, call that number, which may cost money"},
    {"quick", NULL, "without waiting for the PBX's ring time-out"},
    {"ring-max", "N", "wait so many seconds for the PBX's ring time-out (75)"},
    NO_OPTION,
};

static const struct option group_checks_options[] = {
    {"with", "NUMBER", "compare with this check; left out: the one before"},
    NO_OPTION,
};

static const struct option list_lines_options[] = {
    {"group", "GROUP", "only lines of this group"},
    {"user", "USER", "only lines of this user"},
    NO_OPTION,
};

static const struct option forward_set_options[] = {
    {"group", "GROUP", "line group; not needed where only one has this extension"},
    {"from", "all|internal|external", "callers that it is for (all)"},
    {"to", "TARGET", "an extension, a number, a sip: address, mailbox or mobile"},
    {"delay", "N", "seconds that no_answer waits, 5 to 120"},
    {"until", "TIME", "when it ends, as in 2026-12-24T18:00:00+01:00"},
    {"on", NULL, "switch it on; the target stays where --to is not given"},
    {"off", NULL, "switch it off; the target stays where --to is not given"},
    NO_OPTION,
};

static const struct option forward_clear_options[] = {
    {"group", "GROUP", "line group; not needed where only one has this extension"},
    {"from", "all|internal|external", "callers that it is for (all)"},
    NO_OPTION,
};

static const struct option explain_options[] = {
    {"group", "GROUP", "line group; not needed where only one has this extension"},
    {"from", "NUMBER", "who calls, in any notation; left out: an anonymous caller"},
    {"dnd", "on|off", "assume do-not-disturb on or off"},
    {"login", "on|off", "assume the user logged in or not"},
    {"presence", "WORD", "assume this presence of the user"},
    {"calls", "N", "assume that the line has so many calls"},
    {"calls-elsewhere", "N", "assume that the user's other lines have so many calls"},
    {"busy", NULL, "assume that the line has as many calls as it may"},
    {"no-answer", NULL, "assume that nobody answers while it rings"},
    {"unreachable", NULL, "assume that the user's clients cannot be reached"},
    {"at", "TIME", "when the call comes, as in 2026-12-24T18:00:00+01:00; left out: now"},
    {"language", "en|de", "language of the sentences (en)"},
    NO_OPTION,
};

static const struct option statistics_options[] = {
    {"group", "GROUP", "only calls of this group; with EXT, the group that the line is in"},
    {"hours", "N", "of so many hours up to now, 744 at most (24)"},
    {"csv", NULL, "a table of the hours for a spreadsheet"},
    NO_OPTION,
};

static const struct option journal_options[] = {
    {"group", "GROUP", "only calls of this group"},
    {"caller", "NUMBER", "only calls of this number, as in +491701234567 or +4930*"},
    {"outcome", "OUTCOME", "only calls that ended so: forwarded, declined, missed, ..."},
    {"text", "TEXT", "only calls with this in a number, a name or the Call-ID"},
    {"since", "TIME", "only calls from then on: 2026-11-23, 2026-11-23T08:00:00Z, or 2h, 7d ago"},
    {"until", "TIME", "only calls from before then"},
    {"limit", "N", "so many calls, the newest (20)"},
    {"legs", NULL, "show whom else the call went to: devices, targets, transfers"},
    {"trace", NULL, "show every rule that was looked at"},
    {"csv", NULL, "a table for a spreadsheet"},
    {"language", "en|de", "language of the sentences (en)"},
    NO_OPTION,
};

static const struct option audit_options[] = {
    {"kind", "KIND", "only changes of this kind of record: group, user, line, ..."},
    {"actor", "NAME", "only changes by this user or token, or on behalf of the user"},
    {"text", "TEXT", "only changes with this in them"},
    {"since", "TIME", "only changes from then on: 2026-11-23, 2026-11-23T08:00:00Z, or 2h, 7d ago"},
    {"until", "TIME", "only changes from before then"},
    {"limit", "N", "so many changes, the newest (20)"},
    {"csv", NULL, "a table for a spreadsheet"},
    NO_OPTION,
};

static const struct option revert_options[] = {
    {"force", NULL, "although what it changed has been changed again since"},
    NO_OPTION,
};

static const struct option line_state_options[] = {
    {"group", "GROUP", "line group; not needed where only one has this extension"},
    {"clients", "none|ring|busy|rejected|unreachable|deflect", "what they do when a call comes"},
    {"calls", "N", "calls of the line that are answered (0)"},
    {"deflect-to", "TARGET", "where they deflect to"},
    {"clear", NULL, "assume nothing any more"},
    NO_OPTION,
};

static const struct option call_deflect_options[] = {
    {"to", "TARGET", "an extension, a number, a sip: address, mailbox or mobile"},
    NO_OPTION,
};

static const struct option profile_apply_options[] = {
    {"until", "TIME", "when it ends, as in 2026-12-24T18:00:00+01:00; left out: as it says"},
    NO_OPTION,
};

static const struct option trace_options[] = {
    {"group", "GROUP", "line group; not needed where only one has this extension"},
    {"seconds", "N", "end after so many seconds, not only by Ctrl-C"},
    NO_OPTION,
};

static const struct option import_options[] = {
    {"dry-run", NULL, "only tell what would happen"},
    {"yes", NULL, "do it without being asked"},
    NO_OPTION,
};

static const struct option export_options[] = {
    {"csv", NULL, "a table of the lines, with their users and forwardings, for a spreadsheet"},
    NO_OPTION,
};

static const struct option device_options[] = {
    {"line", "GROUP/EXT", "line that it dials through; empty: the user's first"},
    NO_OPTION,
};

static const struct option token_add_options[] = {
    {"scope", "read|write|admin", "how far it reaches (read)"},
    {"user", "USER", "whose rights it has; left out: an administrator's"},
    {"group", "GROUP", "the only line group that it reaches"},
    {"days", "N", "how long it is valid; left out: until it is removed"},
    NO_OPTION,
};

// clang-format off
const struct command cli_commands[] = {
    {"serve",   NULL,     "",               0, 0, "run the server",                                serve_options,         false, 0,               NULL},
    {"backup",  NULL,     "FILE",           1, 1, "back settings, journal and key up, also while the server runs", data_dir_option, false, 0,      NULL},
    {"restore", NULL,     "FILE",           1, 1, "put a back-up in place of what is there; no server may run",    data_dir_option, false, 0,      NULL},

    {"group",   "list",   "",               0, 0, "list the line groups: connections to a PBX",    NULL,                  false, KIND_GROUP,      cli_record_list},
    {"group",   "show",   "NAME",           1, 1, "show a line group",                             NULL,                  false, KIND_GROUP,      cli_record_show},
    {"group",   "add",    "NAME",           1, 1, "add a line group",                              group_add_options,     true,  KIND_GROUP,      cli_record_add},
    {"group",   "set",    "NAME",           1, 1, "change fields of a line group",                 NULL,                  true,  KIND_GROUP,      cli_record_set},
    {"group",   "check",  "NAME",           1, 1, "find out by test calls what a line group's PBX does; ends with 3 where something fails", group_check_options, false, KIND_GROUP, cli_group_check},
    {"group",   "checks", "NAME [NUMBER]",  1, 2, "list the checks of a line group, or show one",  group_checks_options,  false, KIND_GROUP,      cli_group_checks},
    {"group",   "cancel", "NAME NUMBER",    2, 2, "end a check before its time",                   NULL,                  false, KIND_GROUP,      cli_group_cancel},
    {"group",   "remove", "NAME",           1, 1, "remove a line group that has no lines",         NULL,                  false, KIND_GROUP,      cli_record_remove},

    {"preset",  "list",   "",               0, 0, "list what groups of a certain PBX begin with",  NULL,                  false, 0,               cli_preset_list},
    {"preset",  "show",   "NAME",           1, 1, "show a preset, each value with its reason",     NULL,                  false, 0,               cli_preset_show},

    {"user",    "list",   "",               0, 0, "list the users",                                NULL,                  false, KIND_USER,       cli_record_list},
    {"user",    "show",   "NAME",           1, 1, "show a user",                                   NULL,                  false, KIND_USER,       cli_record_show},
    {"user",    "add",    "NAME",           1, 1, "add a user",                                    NULL,                  true,  KIND_USER,       cli_record_add},
    {"user",    "set",    "NAME",           1, 1, "change fields of a user",                       NULL,                  true,  KIND_USER,       cli_record_set},
    {"user",    "remove", "NAME",           1, 1, "remove a user who has no lines",                NULL,                  false, KIND_USER,       cli_record_remove},

    {"profile", "list",   "USER",           1, 1, "list the profiles of a user",                   NULL,                  false, KIND_PROFILE,    cli_rule_list},
    {"profile", "show",   "USER NAME",      2, 2, "show a profile",                                NULL,                  false, KIND_PROFILE,    cli_record_show},
    {"profile", "add",    "USER NAME",      2, 2, "add a profile: presence, do-not-disturb and forwardings for a while", NULL, true, KIND_PROFILE, cli_record_add},
    {"profile", "set",    "USER NAME",      2, 2, "change fields of a profile",                    NULL,                  true,  KIND_PROFILE,    cli_record_set},
    {"profile", "remove", "USER NAME",      2, 2, "remove a profile",                              NULL,                  false, KIND_PROFILE,    cli_record_remove},
    {"profile", "apply",  "USER NAME",      2, 2, "apply a profile in place of another one",       profile_apply_options, false, KIND_PROFILE,    cli_profile_apply},
    {"profile", "end",    "USER NAME",      2, 2, "end a profile",                                 NULL,                  false, KIND_PROFILE,    cli_profile_end},

    {"line",    "list",   "",               0, 0, "list the lines and how they stand with the PBX", list_lines_options,   false, KIND_LINE,       cli_record_list},
    {"line",    "show",   "EXT",            1, 1, "show a line",                                   group_option,          false, KIND_LINE,       cli_record_show},
    {"line",    "add",    "EXT",            1, 1, "add a line",                                    group_option,          true,  KIND_LINE,       cli_record_add},
    {"line",    "set",    "EXT",            1, 1, "change fields of a line",                       group_option,          true,  KIND_LINE,       cli_record_set},
    {"line",    "remove", "EXT",            1, 1, "remove a line with its forwardings",            group_option,          false, KIND_LINE,       cli_record_remove},
    {"line",    "state",  "EXT",            1, 1, "assume what the clients of a line do: a test aid until the server ends", line_state_options, false, KIND_LINE, cli_line_state},

    {"forward", "list",   "EXT",            1, 1, "list the forwardings of a line",                group_option,          false, KIND_FORWARDING, cli_forward_list},
    {"forward", "set",    "EXT CONDITION",  2, 2, "set a forwarding, or switch it on or off",      forward_set_options,   false, KIND_FORWARDING, cli_forward_set},
    {"forward", "clear",  "EXT CONDITION",  2, 2, "remove a forwarding",                           forward_clear_options, false, KIND_FORWARDING, cli_forward_clear},

    {"exception", "list", "EXT",            1, 1, "list the exceptions of a line",                 group_option,          false, KIND_EXCEPTION,  cli_rule_list},
    {"exception", "show", "EXT POSITION",   2, 2, "show an exception",                             group_option,          false, KIND_EXCEPTION,  cli_record_show},
    {"exception", "add",  "EXT",            1, 1, "add an exception: a forwarding with filters, or --ring on", group_option, true, KIND_EXCEPTION, cli_record_add},
    {"exception", "set",  "EXT POSITION",   2, 2, "change fields of an exception",                 group_option,          true,  KIND_EXCEPTION,  cli_record_set},
    {"exception", "move", "EXT POSITION NEW", 3, 3, "move an exception; those in its way make room", group_option,         false, KIND_EXCEPTION,  cli_exception_move},
    {"exception", "remove", "EXT POSITION", 2, 2, "remove an exception",                           group_option,          false, KIND_EXCEPTION,  cli_record_remove},

    {"admin-forward", "list", "GROUP",      1, 1, "list the administrative forwardings of a group", NULL,                 false, KIND_ADMIN_FORWARDING, cli_rule_list},
    {"admin-forward", "show", "GROUP NAME", 2, 2, "show an administrative forwarding",             NULL,                  false, KIND_ADMIN_FORWARDING, cli_record_show},
    {"admin-forward", "add", "GROUP NAME",  2, 2, "add a forwarding for all users of a group",     NULL,                  true,  KIND_ADMIN_FORWARDING, cli_record_add},
    {"admin-forward", "set", "GROUP NAME",  2, 2, "change fields of an administrative forwarding", NULL,                  true,  KIND_ADMIN_FORWARDING, cli_record_set},
    {"admin-forward", "remove", "GROUP NAME", 2, 2, "remove an administrative forwarding",         NULL,                  false, KIND_ADMIN_FORWARDING, cli_record_remove},

    {"calendar", "list",  "",               0, 0, "list the calendars of holidays",                NULL,                  false, KIND_CALENDAR,   cli_record_list},
    {"calendar", "show",  "NAME",           1, 1, "show a calendar",                               NULL,                  false, KIND_CALENDAR,   cli_record_show},
    {"calendar", "add",   "NAME",           1, 1, "add a calendar",                                NULL,                  true,  KIND_CALENDAR,   cli_record_add},
    {"calendar", "set",   "NAME",           1, 1, "change the days of a calendar",                 NULL,                  true,  KIND_CALENDAR,   cli_record_set},
    {"calendar", "remove", "NAME",          1, 1, "remove a calendar that nothing names",          NULL,                  false, KIND_CALENDAR,   cli_record_remove},

    {"device",  "list",   "USER",           1, 1, "list the SIP devices of a user",                NULL,                  false, KIND_DEVICE,     cli_device_list},
    {"device",  "show",   "USER NAME",      2, 2, "show a device and where it is registered",      NULL,                  false, KIND_DEVICE,     cli_device_show},
    {"device",  "add",    "USER NAME",      2, 2, "make credentials for a device; the password is shown once", device_options, false, KIND_DEVICE, cli_device_add},
    {"device",  "set",    "USER NAME",      2, 2, "change the line that a device dials through",   device_options,        false, KIND_DEVICE,     cli_device_set},
    {"device",  "password", "USER NAME",    2, 2, "give a device a new password; it is shown once", NULL,                 false, KIND_DEVICE,     cli_device_password},
    {"device",  "remove", "USER NAME",      2, 2, "revoke a device",                               NULL,                  false, KIND_DEVICE,     cli_device_remove},

    {"token",   "list",   "",               0, 0, "list the tokens for programs",                  NULL,                  false, 0,               cli_token_list},
    {"token",   "add",    "NAME",           1, 1, "make a token for a program; it is shown once",  token_add_options,     false, 0,               cli_token_add},
    {"token",   "remove", "SERIAL",         1, 1, "revoke a token",                                NULL,                  false, 0,               cli_token_remove},

    {"explain", NULL,     "EXT",            1, 1, "tell what would happen to a call now, and why", explain_options,       false, KIND_LINE,       cli_explain},
    {"number",  NULL,     "GROUP NUMBER",   2, 2, "tell what a group makes of a number",           NULL,                  false, KIND_GROUP,      cli_number},
    {"call",    "list",   "",               0, 0, "list the calls that there are now",             NULL,                  false, 0,               cli_call_list},
    {"call",    "deflect", "ID",            1, 1, "forward a call that waits",                     call_deflect_options,  false, 0,               cli_call_deflect},
    {"call",    "decline", "ID",            1, 1, "decline a call that waits",                     NULL,                  false, 0,               cli_call_decline},
    {"call",    "hang-up", "ID",            1, 1, "end a call, whatever its state",                NULL,                  false, 0,               cli_call_hang_up},
    {"alarm",   "list",   "",               0, 0, "list what wants a look: limits of forwardings, lost redirects", NULL,  false, 0,               cli_alarm_list},
    {"alarm",   "lift",   "ID",             1, 1, "lift an alarm: the line forwards calls again",  NULL,                  false, 0,               cli_alarm_lift},
    {"statistics", NULL,  "[EXT]",          0, 1, "count what became of calls, of all or of a line", statistics_options,  false, 0,               cli_statistics},
    {"journal", NULL,     "[EXT]",          0, 1, "tell what happened to calls, and why",          journal_options,       false, 0,               cli_journal},
    {"audit",   NULL,     "[KEY]",          0, 1, "tell who changed which setting",                audit_options,         false, 0,               cli_audit},
    {"revert",  NULL,     "ID",             1, 1, "take a change back that the audit tells of",    revert_options,        false, 0,               cli_revert},
    {"status",  NULL,     "",               0, 0, "tell how the server is doing",                  NULL,                  false, 0,               cli_status},
    {"trace",   NULL,     "EXT",            1, 1, "show the SIP messages of a line as they come and go", trace_options,    false, KIND_LINE,       cli_trace},
    {"import",  NULL,     "FILE",           1, 1, "import a table of lines, or an export, as a whole or not at all", import_options, false, 0,     cli_import},
    {"export",  NULL,     "",               0, 0, "print all settings, but no passwords, for import", export_options,     false, 0,               cli_export},
    {"completion", NULL,  "SHELL",          1, 1, "print the completion script of bash, zsh or fish", NULL,               false, 0,               cli_completion},
    {"manual",  NULL,     "",               0, 0, "print the manual page, for man",                NULL,                  false, 0,               cli_manual},
    {NULL,      NULL,     NULL,             0, 0, NULL,                                            NULL,                  false, 0,               NULL},
};
// clang-format on
