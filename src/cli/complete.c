// SPDX-License-Identifier: Apache-2.0
// Completion in the shell: `lineward completion SHELL` prints a small script, and that asks
// `lineward complete WORD...` at each Tab, so that it always knows what this version knows.
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

// ---- What may come next; a candidate is printed when it begins with `begin`

static void offer(const char *candidate, struct span begin)
{
    if (span_starts_with(span_of(candidate), begin)) puts(candidate);
}

static void offer_commands(struct span begin)
{
    const char *previous = "";
    for (const struct command *command = cli_commands; command->name; command++) {
        if (strcmp(command->name, previous) != 0) offer(command->name, begin);
        previous = command->name;
    }
    offer("--help", begin);
    offer("--version", begin);
}

static void offer_actions(const char *name, struct span begin)
{
    for (const struct command *command = cli_commands; command->name; command++) {
        if (strcmp(command->name, name) == 0) offer(command->action, begin);
    }
}

static void offer_options(const struct option *options, struct span begin)
{
    for (; options && options->name; options++) {
        char text[80];
        snprintf(text, sizeof text, "--%s", options->name);
        offer(text, begin);
    }
}

static void offer_fields(const struct command *command, struct span begin)
{
    const struct model_kind_info *info = model_kind(command->kind);
    for (size_t i = 0; command->takes_fields && i < info->field_count; i++) {
        char text[80], name[SPELT_SIZE];
        if (info->fields[i].flags & FIELD_KEY) continue;
        snprintf(text, sizeof text, "--%s", cli_spell(info->fields[i].name, name));
        offer(text, begin);
    }
}

static void offer_names(const struct model_names *names, struct span begin)
{
    for (size_t i = 0; i < names->count; i++) offer(names->names[i], begin);
}

// The values of an option that names them: "on|off".
static void offer_choices(const char *choices, struct span begin)
{
    struct span rest = span_of(choices);
    if (!strchr(choices, '|')) return;
    while (rest.len > 0) {
        struct span choice = span_split(&rest, '|');
        if (span_starts_with(choice, begin)) printf("%.*s\n", SPAN_ARG(choice));
    }
}

// Offers what may stand behind `word`; false where nothing has to: it is no option, or takes none.
static bool offer_values(const struct command *command, const char *word, struct span begin)
{
    if (strncmp(word, "--", 2) != 0) return false;
    struct span name = span_of(word + 2);
    const struct option *option = cli_find_option(command->options, name);
    if (!option) option = cli_find_option(cli_common_options, name);
    if (option) {
        if (option->value) offer_choices(option->value, begin);
        return option->value != NULL;
    }
    const struct model_field *field = cli_find_field(command, name);
    if (!field) return false;
    if (field->type == TYPE_ENUM) offer_names(field->names, begin);
    if (field->type == TYPE_BOOL) offer_choices("on|off", begin);
    return true;
}

static void offer_words(const struct command *command, int word_count, struct span begin)
{
    struct span words = span_of(command->words);
    for (int i = 0; i < word_count; i++) span_split(&words, ' ');
    if (span_eq(span_split(&words, ' '), SPAN("CONDITION"))) offer_names(&model_conditions, begin);
    offer_options(command->options, begin);
    offer_fields(command, begin);
    if (command->run) offer_options(cli_common_options, begin);
}

int cli_complete(int argc, char **argv)
{
    struct span begin = argc > 0 ? span_of(argv[argc - 1]) : SPAN_NONE;
    const struct command *command = NULL;
    if (argc <= 1) {
        offer_commands(begin);
        return STATUS_DONE;
    }
    for (const struct command *at = cli_commands; at->name; at++) {
        if (strcmp(at->name, argv[0]) != 0) continue;
        if (at->action && argc == 2) {
            offer_actions(argv[0], begin);
            return STATUS_DONE;
        }
        if (!at->action || strcmp(at->action, argv[1]) == 0) command = at;
    }
    if (!command) return STATUS_DONE;
    int first = command->action ? 2 : 1, word_count = 0;
    for (int i = first; i < argc - 1; i++) word_count += strncmp(argv[i], "--", 2) != 0;
    if (argc - 1 > first && offer_values(command, argv[argc - 2], begin)) return STATUS_DONE;
    offer_words(command, word_count, begin);
    return STATUS_DONE;
}

// ---- The scripts

static const char bash_script[] =
    "_lineward() {\n"
    "    local IFS=$'\\n'\n"
    "    COMPREPLY=($(\"${COMP_WORDS[0]}\" complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" "
    "2>/dev/null))\n"
    "}\n"
    "complete -o default -F _lineward lineward\n";

static const char zsh_script[] = "#compdef lineward\n"
                                 "_lineward() {\n"
                                 "    local -a candidates\n"
                                 "    candidates=(\"${(@f)$(\"${words[1]}\" complete "
                                 "\"${(@)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
                                 "    compadd -- \"${candidates[@]}\"\n"
                                 "}\n"
                                 "compdef _lineward lineward\n";

static const char fish_script[] = "function __lineward_complete\n"
                                  "    set -l words (commandline -opc) (commandline -ct)\n"
                                  "    $words[1] complete $words[2..-1] 2>/dev/null\n"
                                  "end\n"
                                  "complete -c lineward -f -a '(__lineward_complete)'\n";

int cli_completion(const struct invocation *invocation)
{
    static const struct {
        const char *shell, *script;
    } scripts[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        if (strcmp(scripts[i].shell, invocation->words[0]) != 0) continue;
        fputs(scripts[i].script, stdout);
        return STATUS_DONE;
    }
    return cli_fail_usage(invocation->command, "there is no completion for %s: bash, zsh or fish",
                          invocation->words[0]);
}
