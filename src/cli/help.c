// SPDX-License-Identifier: Apache-2.0
// Help, made from the table of commands and the fields of the settings.
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

enum { LEFT_WIDTH = 29, LINE_WIDTH = 100 };

// Prints "  LEFT  sentence", the sentence broken at blanks and aligned; below a LEFT that is too
// long.
static void print_entry(const char *left, const char *right)
{
    struct span rest = span_of(right);
    int column = printf("  %s", left), begin = LEFT_WIDTH + 4;
    if (column > begin - 2) {
        putchar('\n');
        column = 0;
    }
    column += printf("%*s", begin - 1 - column, "");
    while (rest.len > 0) {
        struct span word = span_split(&rest, ' ');
        if (column + 1 + (int)word.len > LINE_WIDTH) column = printf("\n%*s", begin - 1, "") - 1;
        column += printf(" %.*s", SPAN_ARG(word));
    }
    putchar('\n');
}

static void print_option(const struct option *option)
{
    char left[64];
    snprintf(left, sizeof left, "--%s%s%s", option->name, option->value ? " " : "",
             option->value ? option->value : "");
    print_entry(left, option->help);
}

static void print_options(const struct option *options)
{
    for (; options && options->name; options++) print_option(options);
}

// What may be given for a field: "N", "on|off", "auto|on|off".
static void put_value_name(const struct model_field *field, struct buffer *out)
{
    switch (field->type) {
    case TYPE_TEXT: buffer_put_text(out, "TEXT"); return;
    case TYPE_NUMBER: buffer_put_text(out, "N"); return;
    case TYPE_BOOL: buffer_put_text(out, "on|off"); return;
    case TYPE_TIME: buffer_put_text(out, "TIME"); return;
    case TYPE_ENUM:
        for (size_t i = 0; i < field->names->count; i++) {
            buffer_printf(out, "%s%s", i > 0 ? "|" : "", field->names->names[i]);
        }
        return;
    }
}

static void put_limits(const struct model_field *field, bool is_new, struct buffer *out)
{
    bool is_bool = field->type == TYPE_BOOL;
    const char *initial = field->initial;
    if (is_bool) initial = strcmp(initial, "true") == 0 ? "on" : "off";
    if (field->type == TYPE_NUMBER) buffer_printf(out, ", %u to %u", field->min, field->max);
    if (field->flags & FIELD_SECRET) buffer_put_text(out, "; - reads it from the input");
    if (!is_new) return;
    if (field->flags & FIELD_REQUIRED) {
        buffer_put_text(out, " (required)");
    } else if (initial[0]) {
        buffer_printf(out, " (%s)", initial);
    }
}

static void print_field(const struct model_field *field, bool is_new)
{
    char left_bytes[128], right_bytes[512], name[SPELT_SIZE];
    struct buffer left = buffer_over(left_bytes, sizeof left_bytes - 1);
    struct buffer right = buffer_over(right_bytes, sizeof right_bytes - 1);
    buffer_printf(&left, "--%s ", cli_spell(field->name, name));
    put_value_name(field, &left);
    buffer_put_text(&right, field->help);
    put_limits(field, is_new, &right);
    left_bytes[left.len] = right_bytes[right.len] = '\0';
    print_entry(left_bytes, right_bytes);
}

static void print_fields(const struct command *command)
{
    const struct model_kind_info *info = model_kind(command->kind);
    bool is_new = strcmp(command->action, "add") == 0;
    printf("\nFields%s:\n", is_new ? ", with what holds when they are left out" : "");
    for (size_t i = 0; i < info->field_count; i++) {
        if (!(info->fields[i].flags & FIELD_KEY)) print_field(&info->fields[i], is_new);
    }
}

static void put_option_usage(const struct option *options, struct buffer *out)
{
    for (; options && options->name; options++) {
        buffer_printf(out, " [--%s%s%s]", options->name, options->value ? " " : "",
                      options->value ? options->value : "");
    }
}

void cli_help_put_usage(const struct command *command, struct buffer *out)
{
    buffer_printf(out, "lineward %s", command->name);
    if (command->action) buffer_printf(out, " %s", command->action);
    if (command->words[0]) buffer_printf(out, " %s", command->words);
    put_option_usage(command->options, out);
    if (command->takes_fields) buffer_put_text(out, " [--FIELD VALUE]...");
}

static void print_usage(const struct command *command)
{
    char text[512];
    struct buffer out = buffer_over(text, sizeof text);
    cli_help_put_usage(command, &out);
    printf("%.*s\n", (int)out.len, text);
}

static void print_names(const char *what, const struct model_names *names)
{
    printf("%s", what);
    for (size_t i = 0; i < names->count; i++) printf("%s %s", i > 0 ? "," : "", names->names[i]);
    putchar('\n');
}

// What the words of a command stand for, where it is not plain.
static void print_words(const struct command *command)
{
    if (strstr(command->words, "EXT")) puts("\nEXT is an extension, or GROUP/EXTENSION.");
    if (strstr(command->words, "CONDITION")) print_names("CONDITION is one of", &model_conditions);
}

static void print_action(const struct command *command)
{
    print_usage(command);
    printf("\n%s\n", command->help);
    print_words(command);
    if (command->options) {
        puts("\nOptions:");
        print_options(command->options);
    }
    if (command->takes_fields) print_fields(command);
    if (!command->run) return;
    puts("\nFor every command:");
    print_options(cli_common_options);
}

void cli_help_print_command(const struct command *command, bool is_one_action)
{
    if (is_one_action || !command->action) {
        print_action(command);
        return;
    }
    const char *name = command->name;
    for (; command->name; command++) {
        char left[64];
        if (strcmp(command->name, name) != 0) continue;
        snprintf(left, sizeof left, "%s %s %s", name, command->action, command->words);
        print_entry(left, command->help);
    }
    printf("\nOptions and fields: lineward %s ACTION --help\n", name);
}

void cli_help_print_overview(void)
{
    const struct command *previous = NULL;
    puts("Lineward registers lines at telephone systems by SIP and forwards their calls.\n");
    for (const struct command *command = cli_commands; command->name; command++) {
        char left[64];
        bool is_new = previous && strcmp(command->name, previous->name) != 0;
        if (is_new && (command->action || previous->action)) putchar('\n');
        previous = command;
        snprintf(left, sizeof left, "%s%s%s %s", command->name, command->action ? " " : "",
                 command->action ? command->action : "", command->words);
        print_entry(left, command->help);
    }
    puts("\nHelp on one: lineward COMMAND [ACTION] --help      Version: lineward --version");
    puts("\nFor every command but serve:");
    print_options(cli_common_options);
}
