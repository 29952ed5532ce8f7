// SPDX-License-Identifier: Apache-2.0
// How options and fields are called on the command line: fields as in the API, with '-' for '_'.
#include "cli/cli_int.h"

#include <string.h>

static void replace(char *text, char old, char new)
{
    for (; *text; text++) {
        if (*text == old) *text = new;
    }
}

const char *cli_spell(const char *name, char spelt[SPELT_SIZE])
{
    ASSERT(text_copy(spelt, SPELT_SIZE, span_of(name)));
    replace(spelt, '_', '-');
    return spelt;
}

const struct option *cli_find_option(const struct option *options, struct span name)
{
    for (; options && options->name; options++) {
        if (span_eq(name, span_of(options->name))) return options;
    }
    return NULL;
}

const struct model_field *cli_find_field(const struct command *command, struct span name)
{
    char text[SPELT_SIZE];
    if (!command->takes_fields || !text_copy(text, sizeof text, name)) return NULL;
    if (memchr(text, '_', name.len)) return NULL;
    replace(text, '-', '_');
    const struct model_field *field = model_find_field(command->kind, span_of(text));
    return field && !(field->flags & FIELD_KEY) ? field : NULL;
}
