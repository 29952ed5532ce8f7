// SPDX-License-Identifier: Apache-2.0
// The command line without a server: wrong usage is told from failure, and the help names
// everything.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "model/model.h"

enum { WORDS_MAX = 64, PRINTED_MAX = 64 * 1024 };

// What the last command printed.
static char output[PRINTED_MAX], messages[PRINTED_MAX];

static void collect(FILE *file, char text[PRINTED_MAX])
{
    rewind(file);
    text[fread(text, 1, PRINTED_MAX - 1, file)] = '\0';
    fclose(file);
}

// Lets `descriptor` lead to `file`; returns where it led before.
static int divert(int descriptor, FILE *file)
{
    int before = dup(descriptor);
    assert_true(before >= 0 && dup2(fileno(file), descriptor) >= 0);
    return before;
}

static void restore(int descriptor, int before)
{
    assert_true(dup2(before, descriptor) >= 0);
    close(before);
}

// Runs "lineward LINE", LINE being words separated by blanks; returns the exit status.
static int run(const char *line)
{
    char words[1024] = "lineward ", *argv[WORDS_MAX], *rest = NULL;
    int argc = 0;
    strncat(words, line, sizeof words - strlen(words) - 1);
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        assert_true(argc < WORDS_MAX - 1);
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    FILE *out = tmpfile(), *err = tmpfile();
    assert_true(out && err);
    fflush(stdout);
    int out_before = divert(STDOUT_FILENO, out), err_before = divert(STDERR_FILENO, err);
    int status = cli_run(argc, argv);
    fflush(stdout);
    restore(STDOUT_FILENO, out_before);
    restore(STDERR_FILENO, err_before);
    collect(out, output);
    collect(err, messages);
    return status;
}

static void refused(const char *line, const char *message)
{
    assert_int_equal(run(line), 2);
    assert_string_equal(output, "");
    if (!strstr(messages, message)) fail_msg("lineward %s: %s", line, messages);
    assert_non_null(strstr(messages, "help:"));
}

static void test_wrong_usage(void **state)
{
    (void)state;
    refused("", "there is no command");
    refused("nix", "there is no command 'nix'");
    refused("group", "group needs an action: list, show, add, set, check, checks, cancel, remove");
    refused("group nix", "group has no action 'nix', only list,");
    refused("--nix status", "there is no option --nix before the command");
    refused("status more", "'more' is one word too many");
    refused("group show", "group show needs NAME");
    refused("group show a b", "'b' is one word too many");
    refused("user show a b c d e f", "'e' is one word too many");
    refused("forward set 102", "forward set needs EXT CONDITION");
    refused("forward set 102 dnd", "--to is missing");
    refused("forward set 102 dnd --on --off", "--on and --off exclude each other");
    refused("explain 102 --dnd perhaps", "--dnd must be on or off");
    refused("line show /102", "neither EXT nor GROUP/EXT");
    refused("line show main/", "neither EXT nor GROUP/EXT");
    refused("line show a/1 --group b", "different groups");
    refused("line show 1234567890123456789012345", "is too long");
    refused("group set main", "there is no field to change");
}

static void test_wrong_options(void **state)
{
    (void)state;
    refused("status -x", "there is no option -x");
    refused("status --colour red", "there is no option --colour");
    refused("status --api", "--api needs a value");
    refused("status --json=yes", "--json takes no value");
    refused("status --json --json", "--json is given twice");
    refused("user add a --login on --login=off", "--login is given twice");
    refused("group add a --server --domain b", "--server needs a value");
    refused("group add a --name b", "there is no option --name");
    refused("group add a --main_number 1", "there is no option --main_number");
    refused("group list --server a", "there is no option --server");
    refused("line add 1 --extension 2", "there is no option --extension");
}

// Messages repeat what was typed, but not what would steer the terminal.
static void test_messages_are_harmless(void **state)
{
    (void)state;
    assert_int_equal(run("ni\033[31mx"), 2);
    assert_null(strchr(messages, '\033'));
}

static void test_help_names_every_command(void **state)
{
    (void)state;
    static const char *const commands[] = {"serve",   "group",   "user",    "line",
                                           "forward", "explain", "journal", "status",
                                           "audit",   "backup",  "restore"};
    assert_int_equal(run("--help"), 0);
    assert_string_equal(messages, "");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char wanted[32], line[32];
        snprintf(wanted, sizeof wanted, "\n  %s ", commands[i]);
        assert_non_null(strstr(output, wanted));
        snprintf(line, sizeof line, "%s --help", commands[i]);
        assert_int_equal(run(line), 0);
        assert_non_null(strstr(output, commands[i]));
        assert_int_equal(run("help"), 0);
    }
    assert_int_equal(run("serve --help"), 0);
    assert_non_null(
        strstr(output, "lineward serve [--config FILE] [--data-dir DIR] [--sip ADDR:PORT] "));
}

// Every field can be given, and is explained, with its limits and default.
static void test_help_explains_every_field(void **state)
{
    (void)state;
    static const enum model_kind kinds[] = {KIND_GROUP, KIND_USER, KIND_LINE};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct model_kind_info *info = model_kind(kinds[i]);
        char line[64];
        snprintf(line, sizeof line, "%s add --help", info->name);
        assert_int_equal(run(line), 0);
        for (size_t j = 0; j < info->field_count; j++) {
            const struct model_field *field = &info->fields[j];
            char option[64];
            snprintf(option, sizeof option, "  --%s ", field->name);
            for (char *at = option; *at; at++) *at = *at == '_' ? '-' : *at;
            bool is_there = strstr(output, option) != NULL;
            bool is_address = field->flags & FIELD_KEY && strcmp(field->name, "group") != 0;
            if (is_there == is_address) fail_msg("%s: %s", line, option);
        }
    }
    assert_int_equal(run("group add --help"), 0);
    assert_non_null(strstr(output, "60 to 86400 (300)"));
    assert_non_null(strstr(output, "--decline-unavailable 486|480|603|ringing"));
    assert_non_null(strstr(output, "(required)"));
    assert_int_equal(run("line set --help"), 0);
    assert_null(strstr(output, "(required)"));
}

static void test_version(void **state)
{
    (void)state;
    assert_int_equal(run("--version"), 0);
    assert_string_equal(output, "lineward " LINEWARD_VERSION "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_usage),
        cmocka_unit_test(test_wrong_options),
        cmocka_unit_test(test_messages_are_harmless),
        cmocka_unit_test(test_help_names_every_command),
        cmocka_unit_test(test_help_explains_every_field),
        cmocka_unit_test(test_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
