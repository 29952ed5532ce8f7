// SPDX-License-Identifier: Apache-2.0
// The manual page lineward(1), made from the same tables as the help; man(7) macros.
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

// Prints text as the reader shall see it: no line of it is taken for a macro.
static void put(const char *text)
{
    for (const char *at = text; *at; at++) {
        bool is_first = at == text || at[-1] == '\n';
        if (is_first && (*at == '.' || *at == '\'')) fputs("\\&", stdout);
        if (*at == '\\') {
            fputs("\\e", stdout);
        } else if (*at == '-') {
            fputs("\\-", stdout);
        } else {
            putchar(*at);
        }
    }
}

static void put_section(const char *title)
{
    printf(".SH %s\n", title);
}

// A paragraph with a bold tag.
static void put_entry(const char *tag, const char *text)
{
    fputs(".TP\n.B ", stdout);
    put(tag);
    putchar('\n');
    put(text);
    putchar('\n');
}

static void put_options(const struct option *options)
{
    for (; options && options->name; options++) {
        char tag[128];
        snprintf(tag, sizeof tag, "--%s%s%s", options->name, options->value ? " " : "",
                 options->value ? options->value : "");
        put_entry(tag, options->help);
    }
}

static void put_commands(void)
{
    for (const struct command *command = cli_commands; command->name; command++) {
        char text[640];
        struct buffer out = buffer_over(text, sizeof text - 1);
        cli_help_put_usage(command, &out);
        text[out.len] = '\0';
        put_entry(text, command->help);
        if (!command->options) continue;
        puts(".RS");
        put_options(command->options);
        puts(".RE");
    }
}

// The fields of each kind that some command takes as options.
static void put_fields(void)
{
    bool is_shown[KIND_COUNT] = {false};
    for (const struct command *command = cli_commands; command->name; command++) {
        if (!command->takes_fields || is_shown[command->kind]) continue;
        const struct model_kind_info *info = model_kind(command->kind);
        is_shown[command->kind] = true;
        printf(".SS Of a ");
        put(command->name);
        putchar('\n');
        for (size_t i = 0; i < info->field_count; i++) {
            const struct model_field *field = &info->fields[i];
            char tag[80], name[SPELT_SIZE];
            if (field->flags & FIELD_KEY) continue;
            snprintf(tag, sizeof tag, "--%s", cli_spell(field->name, name));
            put_entry(tag, field->help);
        }
    }
}

int cli_manual(const struct invocation *invocation)
{
    (void)invocation;
    puts(".TH LINEWARD 1 \"\" \"Lineward " LINEWARD_VERSION "\" \"User commands\"");
    put_section("NAME");
    puts("lineward \\- call forwarding for the SIP lines of any telephone system");
    put_section("SYNOPSIS");
    puts(".B lineward\n.I COMMAND\n[\\fIACTION\\fR] [\\fIWORD\\fR...] [\\fIOPTION\\fR...]");
    put_section("DESCRIPTION");
    puts("Lineward registers lines at a telephone system by SIP and forwards their calls as their "
         "users\nhave set it. \\fBlineward serve\\fR runs the server; all other commands ask it "
         "by its API.");
    put_section("COMMANDS");
    put_commands();
    put_section("OPTIONS OF ALL COMMANDS BUT SERVE");
    put_options(cli_common_options);
    put_section("FIELDS");
    put_fields();
    put_section("EXIT STATUS");
    put_entry("0", "done");
    put_entry("1", "refused or failed; the reason is printed");
    put_entry("2", "wrong usage");
    put_section("ENVIRONMENT");
    put_entry("LINEWARD_API", "address of the server, where --api is not given");
    put_entry("LINEWARD_TOKEN_FILE", "file with the token, where --token-file is not given");
    put_entry("LINEWARD_DATA_DIR", "where the server keeps its data, and its token");
    return STATUS_DONE;
}
