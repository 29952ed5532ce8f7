// SPDX-License-Identifier: Apache-2.0
// What was typed: a command, words and options in any order, "--name value" or "--name=value";
// behind "--" come only words.
#include "cli/cli_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// ---- Messages

static void print_message(const char *format, va_list arguments)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, arguments);
    fputs("lineward: ", stderr);
    for (const char *at = text; *at; at++) { // it may repeat what others wrote
        bool is_control = (unsigned char)*at < ' ' || *at == 0x7f;
        fputc(is_control && *at != '\n' ? '?' : *at, stderr);
    }
    fputc('\n', stderr);
}

int cli_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_message(format, arguments);
    va_end(arguments);
    return STATUS_FAILED;
}

int cli_fail_field(const char *kind, const char *field, const char *reason)
{
    char name[128];
    size_t len = strnlen(field, sizeof name - 1);
    for (size_t i = 0; i < len; i++) name[i] = field[i] == '_' ? '-' : field[i];
    name[len] = '\0';
    return cli_fail("%s %s: %s", kind, name, reason);
}

int cli_fail_usage(const struct command *command, const char *format, ...)
{
    char text[512];
    struct buffer usage = buffer_over(text, sizeof text);
    va_list arguments;
    va_start(arguments, format);
    print_message(format, arguments);
    va_end(arguments);
    if (command) {
        cli_help_put_usage(command, &usage);
        fprintf(stderr, "usage: %.*s\n", (int)usage.len, text);
        fprintf(stderr, "help:  lineward %s%s%s --help\n", command->name,
                command->action ? " " : "", command->action ? command->action : "");
    } else {
        fputs("help:  lineward --help\n", stderr);
    }
    return STATUS_USAGE;
}

// ---- Commands

static const struct command *find_command(struct span name)
{
    for (const struct command *command = cli_commands; command->name; command++) {
        if (span_eq(name, span_of(command->name))) return command;
    }
    return NULL;
}

static const struct command *find_action(const struct command *first, struct span action)
{
    for (const struct command *command = first; command->name; command++) {
        bool is_same = strcmp(command->name, first->name) == 0;
        if (is_same && span_eq(action, span_of(command->action))) return command;
    }
    return NULL;
}

static int fail_action(const struct command *first, const char *action)
{
    char text[256];
    struct buffer out = buffer_over(text, sizeof text);
    for (const struct command *command = first; command->name; command++) {
        if (strcmp(command->name, first->name) != 0) continue;
        buffer_printf(&out, "%s%s", out.len > 0 ? ", " : "", command->action);
    }
    if (action) {
        cli_fail("%s has no action '%s', only %.*s", first->name, action, (int)out.len, text);
    } else {
        cli_fail("%s needs an action: %.*s", first->name, (int)out.len, text);
    }
    fprintf(stderr, "help:  lineward %s --help\n", first->name);
    return STATUS_USAGE;
}

// ---- Options

static bool is_option(const struct command *command, struct span name)
{
    if (cli_find_option(cli_common_options, name)) return true;
    return command && (cli_find_option(command->options, name) || cli_find_field(command, name));
}

static bool is_given_already(const struct invocation *invocation, const struct given *given)
{
    for (size_t i = 0; i < invocation->option_count; i++) {
        const struct given *other = &invocation->options[i];
        if (other->option == given->option && other->field == given->field) return true;
    }
    return false;
}

// Reads the option `word`; `next`, the word behind it or NULL, may be its value, which
// `*is_next_used` tells.
static int read_option(struct invocation *invocation, const char *word, const char *next,
                       bool *is_next_used)
{
    const struct command *command = invocation->command;
    struct span rest = span_of(word + 2);
    bool has_value = span_find(rest, '=') < rest.len;
    struct span name = span_split(&rest, '=');
    struct given given = {.value = has_value ? word + 2 + name.len + 1 : next};
    if (command) given.option = cli_find_option(command->options, name);
    if (!given.option) given.option = cli_find_option(cli_common_options, name);
    if (!given.option && command) given.field = cli_find_field(command, name);
    if (!given.option && !given.field && !command) {
        return cli_fail_usage(NULL, "there is no option --%.*s before the command", SPAN_ARG(name));
    }
    if (!given.option && !given.field) {
        return cli_fail_usage(command, "there is no option --%.*s", SPAN_ARG(name));
    }
    if (given.option && !given.option->value) {
        if (has_value) return cli_fail_usage(command, "--%.*s takes no value", SPAN_ARG(name));
        given.value = "";
    } else {
        bool is_missing = !has_value && next && strncmp(next, "--", 2) == 0 &&
                          is_option(command, span_of(next + 2));
        if (!given.value || is_missing) {
            return cli_fail_usage(command, "--%.*s needs a value", SPAN_ARG(name));
        }
        *is_next_used = !has_value;
    }
    if (is_given_already(invocation, &given)) {
        return cli_fail_usage(command, "--%.*s is given twice", SPAN_ARG(name));
    }
    if (invocation->option_count == OPTIONS_MAX) return cli_fail_usage(command, "too many options");
    invocation->options[invocation->option_count++] = given;
    return STATUS_DONE;
}

// ---- Everything

// Finds the command in front; `*used` tells how many words it takes.
static int read_command(int argc, char **argv, struct invocation *invocation, int *used)
{
    const struct command *command = argc > 0 ? find_command(span_of(argv[0])) : NULL;
    *used = 1;
    if (argc == 0) return cli_fail_usage(NULL, "there is no command");
    if (!command) return cli_fail_usage(NULL, "there is no command '%s'", argv[0]);
    invocation->command = command;
    if (!command->action) return STATUS_DONE;
    if (argc < 2) return fail_action(command, NULL);
    invocation->command = find_action(command, span_of(argv[1]));
    *used = 2;
    return invocation->command ? STATUS_DONE : fail_action(command, argv[1]);
}

static int check_words(const struct invocation *invocation)
{
    const struct command *command = invocation->command;
    if (cli_args_has(invocation, "help")) return STATUS_DONE;
    if (invocation->word_count < command->words_min) {
        return cli_fail_usage(command, "%s%s%s needs %s", command->name, command->action ? " " : "",
                              command->action ? command->action : "", command->words);
    }
    if (invocation->word_count > command->words_max) {
        return cli_fail_usage(command, "'%s' is one word too many",
                              invocation->words[command->words_max]);
    }
    return STATUS_DONE;
}

// Reads words and options from `*at` on; before the command only options.
static int read_rest(int argc, char **argv, int *at, struct invocation *invocation)
{
    bool has_options = true;
    int result = STATUS_DONE;
    for (; result == STATUS_DONE && *at < argc; (*at)++) {
        const char *word = argv[*at];
        bool is_next_used = false;
        if (has_options && strcmp(word, "--") == 0) {
            has_options = false;
        } else if (has_options && strncmp(word, "--", 2) == 0) {
            const char *next = *at + 1 < argc ? argv[*at + 1] : NULL;
            result = read_option(invocation, word, next, &is_next_used);
            *at += is_next_used;
        } else if (has_options && word[0] == '-' && word[1]) {
            result = cli_fail_usage(invocation->command, "there is no option %s", word);
        } else if (!invocation->command) {
            return STATUS_DONE;
        } else if (invocation->word_count < WORDS_MAX) {
            invocation->words[invocation->word_count++] = word;
        } else {
            result = cli_fail_usage(invocation->command, "'%s' is one word too many", word);
        }
    }
    return result;
}

int cli_args_read(int argc, char **argv, struct invocation *invocation)
{
    int at = 0, used = 0;
    *invocation = (struct invocation){0};
    int result = read_rest(argc, argv, &at, invocation);
    if (result == STATUS_DONE && cli_args_has(invocation, "help")) return STATUS_DONE;
    if (result == STATUS_DONE) result = read_command(argc - at, argv + at, invocation, &used);
    at += used;
    if (result == STATUS_DONE) result = read_rest(argc, argv, &at, invocation);
    return result == STATUS_DONE ? check_words(invocation) : result;
}

const char *cli_args_get(const struct invocation *invocation, const char *name)
{
    for (size_t i = 0; i < invocation->option_count; i++) {
        const struct option *option = invocation->options[i].option;
        if (option && strcmp(option->name, name) == 0) return invocation->options[i].value;
    }
    return NULL;
}

bool cli_args_has(const struct invocation *invocation, const char *name)
{
    return cli_args_get(invocation, name) != NULL;
}
