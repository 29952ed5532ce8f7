// SPDX-License-Identifier: Apache-2.0
// Lines as they are named on the command line: EXT where that is plain enough, else GROUP/EXT.
#include "cli/cli_int.h"

#include <string.h>

void cli_path_line(struct path *path, const struct line_name *line)
{
    cli_path_begin(path, "/api/v1/groups");
    cli_path_part(path, line->group);
    cli_path_part(path, "lines");
    cli_path_part(path, line->extension);
}

int cli_line_read(const struct invocation *invocation, const char *word, struct line_name *line)
{
    const struct command *command = invocation->command;
    const char *option = cli_args_get(invocation, "group");
    struct span group = span_of(word), extension = group;
    bool has_slash = span_find(group, '/') < group.len;
    *line = (struct line_name){"", ""};
    if (has_slash) group = span_split(&extension, '/');
    if (!has_slash) group = span_of(option);
    if (has_slash && option && !span_eq(group, span_of(option))) {
        return cli_fail_usage(command, "'%s' and --group %s name different groups", word, option);
    }
    if (!text_copy(line->group, sizeof line->group, group) ||
        !text_copy(line->extension, sizeof line->extension, extension)) {
        return cli_fail_usage(command, "'%s' is too long", word);
    }
    if (extension.len == 0 || (has_slash && group.len == 0)) {
        return cli_fail_usage(command, "'%s' is neither EXT nor GROUP/EXT", word);
    }
    return STATUS_DONE;
}

static int fail_ambiguous(const char *extension, const json_t *lines)
{
    char text[512];
    struct buffer out = buffer_over(text, sizeof text);
    size_t i;
    json_t *line;
    json_array_foreach(lines, i, line)
    {
        struct buffer before = out;
        buffer_printf(&out, "%s%s/%s", i > 0 ? ", " : "", cli_text_of(line, "group"), extension);
        if (!out.is_full) continue;
        out = before;
        break;
    }
    return cli_fail("extension %s is in several groups: %.*s\n"
                    "Name the line as GROUP/EXT, or give --group GROUP.",
                    extension, (int)out.len, text);
}

int cli_line_find(const struct invocation *invocation, const char *word, struct line_name *line)
{
    struct path path;
    json_t *answer = NULL;
    int result = cli_line_read(invocation, word, line);
    if (result != STATUS_DONE || line->group[0]) return result;
    cli_path_begin(&path, "/api/v1/lines");
    cli_path_parameter(&path, "extension", line->extension);
    result = cli_client_list(invocation, &path, &answer);
    if (result != STATUS_DONE) return result;
    const json_t *lines = json_object_get(answer, "items");
    const char *group = cli_text_of(json_array_get(lines, 0), "group");
    if (json_array_size(lines) == 0) {
        result = cli_fail("there is no line %s in any group", line->extension);
    } else if (json_array_size(lines) > 1) {
        result = fail_ambiguous(line->extension, lines);
    } else {
        text_copy(line->group, sizeof line->group, span_of(group));
    }
    json_decref(answer);
    return result;
}

int cli_line_choose_group(const struct invocation *invocation, const char *word,
                          struct line_name *line)
{
    struct path path;
    json_t *answer = NULL;
    int result = cli_line_read(invocation, word, line);
    if (result != STATUS_DONE || line->group[0]) return result;
    cli_path_begin(&path, "/api/v1/groups");
    cli_path_parameter(&path, "limit", "2");
    result = cli_client_call(invocation, "GET", &path, NULL, &answer);
    if (result != STATUS_DONE) return result;
    const json_t *groups = json_object_get(answer, "items");
    if (json_array_size(groups) == 0) {
        result = cli_fail("there is no group yet; add one first: lineward group add --help");
    } else if (json_array_size(groups) > 1) {
        result = cli_fail("there are several groups; give --group GROUP");
    } else {
        const char *group = cli_text_of(json_array_get(groups, 0), "name");
        text_copy(line->group, sizeof line->group, span_of(group));
    }
    json_decref(answer);
    return result;
}
