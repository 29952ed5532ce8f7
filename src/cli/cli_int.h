// SPDX-License-Identifier: Apache-2.0
// Inside the command line client: what was typed, the commands, the way to the server, and
// printing.
#pragma once

#include "cli/cli.h"
#include "model/model.h"

#include <jansson.h>

enum {
    STATUS_DONE = 0,
    STATUS_FAILED = 1,
    STATUS_USAGE = 2,
    WORDS_MAX = 4,
    OPTIONS_MAX = 48,
    PATH_SIZE = 2048,
};

// ---- What was typed

struct option {
    const char *name;  // without --
    const char *value; // what its value is called in the help; NULL: it takes none
    const char *help;  // NULL: not shown
};

struct given {
    const struct option *option; // NULL: a field of the command's kind
    const struct model_field *field;
    const char *value;
};

struct command;

struct invocation {
    const struct command *command;
    const char *words[WORDS_MAX]; // behind the command
    size_t word_count;
    struct given options[OPTIONS_MAX];
    size_t option_count;
};

typedef int command_run(const struct invocation *invocation);

struct command {
    const char *name;   // "group"
    const char *action; // "add"; NULL: the command has no actions
    const char *words;  // "NAME"; in brackets when they may be left out
    size_t words_min, words_max;
    const char *help;             // one sentence
    const struct option *options; // up to one without a name; NULL: none
    bool takes_fields;            // the fields of `kind` are options
    enum model_kind kind;
    command_run *run; // NULL: not run by the client
};

// All commands, up to one without a name.
extern const struct command cli_commands[];
// Options that every command has.
extern const struct option cli_common_options[];

// A field's name as it is typed, '-' for '_'; returns `spelt`.
enum { SPELT_SIZE = 64 };
const char *cli_spell(const char *name, char spelt[SPELT_SIZE]);
// Of `options`, up to one without a name; NULL where none has that name.
const struct option *cli_find_option(const struct option *options, struct span name);
// The field that is typed as `name`; NULL where the command takes no fields, or none such.
const struct model_field *cli_find_field(const struct command *command, struct span name);

// Reads the words behind the program's name. Returns STATUS_DONE, or STATUS_USAGE with the reason
// printed. The command may be missing where help is asked for.
int cli_args_read(int argc, char **argv, struct invocation *invocation);
// The value of an option that is no field, NULL when it is not given ("" for one that takes none).
const char *cli_args_get(const struct invocation *invocation, const char *name);
bool cli_args_has(const struct invocation *invocation, const char *name);

void cli_help_print_overview(void);
// Help for the action, or where `invocation` names only a command, for all its actions.
void cli_help_print_command(const struct command *command, bool is_one_action);
// "lineward group add NAME [--FIELD VALUE]..."
void cli_help_put_usage(const struct command *command, struct buffer *out);

// ---- Messages on stderr

// Prints "lineward: ..."; returns STATUS_FAILED.
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
// Prints "lineward: group max-diversions: REASON"; returns STATUS_FAILED.
int cli_fail_field(const char *kind, const char *field, const char *reason);
// Prints "lineward: ..." and how to get help; returns STATUS_USAGE.
int cli_fail_usage(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// ---- The server

// A path is begun with cli_path_begin and gets parts and parameters, which are encoded.
struct path {
    char text[PATH_SIZE];
    struct buffer out;
    bool has_query;
    long answer_s; // how long the answer may take
};
void cli_path_begin(struct path *path, const char *collection);
void cli_path_part(struct path *path, const char *part);
void cli_path_parameter(struct path *path, const char *name, const char *value);

// Sends a request; takes `body`, which may be NULL. Returns STATUS_DONE with the answer, to be
// released, in `*answer` (NULL where there is none), or STATUS_FAILED with the reason printed.
int cli_client_call(const struct invocation *invocation, const char *method, struct path *path,
                    json_t *body, json_t **answer);
// Fetches a whole list, page by page.
int cli_client_list(const struct invocation *invocation, struct path *path, json_t **answer);

// Adds the value of an option that is named like the parameter, if it is given.
void cli_path_option(const struct invocation *invocation, struct path *path, const char *name);
// Fetches the newest entries of the list that `path` begins, by the options limit, since and until.
int cli_newest(const struct invocation *invocation, struct path *path, json_t **answer);

// ---- Lines, as they are named on the command line

struct line_name {
    char group[NAME_SIZE];
    char extension[EXTENSION_SIZE];
};
// Reads EXT or GROUP/EXT and the option --group; the group stays empty when neither names it.
int cli_line_read(const struct invocation *invocation, const char *word, struct line_name *line);
// The same for a line that exists; looks the group up where it is not given.
int cli_line_find(const struct invocation *invocation, const char *word, struct line_name *line);
// The same for a line that does not exist yet: the group is the only one there is.
int cli_line_choose_group(const struct invocation *invocation, const char *word,
                          struct line_name *line);
void cli_path_line(struct path *path, const struct line_name *line);

// ---- Printing on stdout

// Prints the API's JSON; takes it.
void cli_print_json(json_t *json);
// Does so if the command asks for JSON (--json), and says whether it did; otherwise `answer` is
// still the caller's.
bool cli_printed_json(const struct invocation *invocation, json_t *answer);
// Ends a command that changes something and has no answer to show: tells a person what was done,
// if `result` says so and no JSON is asked for. Returns `result`.
__attribute__((format(printf, 3, 4))) int cli_done(const struct invocation *invocation, int result,
                                                   const char *format, ...);
// Prints `text` without what would steer the terminal.
void cli_print_text(const char *text);
// Prints a point in time (RFC 3339) in the local time zone.
void cli_print_time(const char *text);

// Prints the warnings that came with a saved record.
void cli_print_warnings(const json_t *record);

// Prints a decision's trace as numbered lines.
void cli_print_trace(const json_t *trace);

// Prints a cell of a table for a spreadsheet; the first of a row has no comma before it.
void cli_csv_cell(const char *text, bool is_first);
// The same of a text, a number, or on and off; anything else is an empty cell.
void cli_csv_value(const json_t *value, bool is_first);
// The same, and a text that a spreadsheet would take for a formula is marked as one.
void cli_csv_inert(const json_t *value, bool is_first);

struct table;
// A table of columns with headings; the last is NULL.
struct table *cli_table_new(const char *const *headings);
void cli_table_add(struct table *table, const char *cell); // copies; row by row
void cli_table_print_and_free(struct table *table);

// The member of an object as text, "" when it is missing.
const char *cli_text_of(const json_t *object, const char *name);
long long cli_number_of(const json_t *object, const char *name);

// ---- Commands

command_run cli_record_list, cli_record_show, cli_record_add, cli_record_set, cli_record_remove;
command_run cli_rule_list, cli_exception_move, cli_profile_apply, cli_profile_end;
command_run cli_forward_list, cli_forward_set, cli_forward_clear;
command_run cli_device_list, cli_device_show, cli_device_add, cli_device_set, cli_device_password,
    cli_device_remove;
command_run cli_token_list, cli_token_add, cli_token_remove;
command_run cli_explain, cli_journal, cli_statistics, cli_audit, cli_revert, cli_status;
command_run cli_completion, cli_manual, cli_preset_list, cli_preset_show, cli_import, cli_export;
command_run cli_alarm_list, cli_alarm_lift;
command_run cli_trace, cli_number, cli_call_list, cli_call_deflect, cli_call_decline,
    cli_call_hang_up, cli_line_state;
command_run cli_group_check, cli_group_checks, cli_group_cancel;
// Fetches the preset of a name, to be released; STATUS_FAILED, with the reason printed, where there
// is none.
int cli_preset_find(const struct invocation *invocation, const char *name, json_t **preset);
// Prints what may stand for the last of the words behind "lineward", one a line: for the shell.
int cli_complete(int argc, char **argv);
