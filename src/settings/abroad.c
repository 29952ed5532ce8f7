// SPDX-License-Identifier: Apache-2.0
// Which lines have a forwarding set that leads abroad: kept beside the store, in memory, by every
// line's block that is told; so that it is known at once, however many lines there are. Of a line
// that forwards nowhere abroad nothing is kept but four bytes.
#include "settings/settings_int.h"

#include <stdlib.h>
#include <string.h>

// A line with such forwardings.
struct settings_abroad_line {
    uint32_t line_id, group_id;
    // When the last of them has ended, by whether its target is a premium-rate number: 0: none is
    // set; UINT64_MAX: it does not end.
    uint64_t until_s[2];
    char target[NUMBER_SIZE]; // of the first
};

// What a group bars.
struct settings_abroad_group {
    uint32_t group_id;
    bool is_barring_foreign, is_barring_premium;
};

void settings_free_abroad(struct settings_abroad *abroad)
{
    free(abroad->lines);
    free(abroad->places);
    free(abroad->groups);
}

// ---- What is told

static void add_target(struct settings_abroad_line *line, const struct snapshot_line *block,
                       const struct snapshot_rule *rule)
{
    unsigned number_class = rule->number_class;
    struct span target = snapshot_text(block, rule->target);
    if (rule->is_ring) return;
    if (span_eq(target, SPAN("mobile"))) {
        number_class = block->mobile_class;
        target = snapshot_text(block, block->mobile);
    } else if (span_eq(target, SPAN("mailbox"))) {
        number_class = block->mailbox_class;
        target = snapshot_text(block, block->mailbox);
    }
    if (!phone_is_foreign((enum model_number_class)number_class)) return;
    uint64_t *until_s = &line->until_s[number_class == NUMBER_FOREIGN_PREMIUM];
    uint64_t ends_s = rule->until_s ? rule->until_s : UINT64_MAX;
    if (ends_s > *until_s) *until_s = ends_s;
    if (!line->target[0]) {
        text_copy(line->target, sizeof line->target, span_slice(target, 0, NUMBER_SIZE - 1));
    }
}

// Room for one more of `count` elements; false when memory is out, and all is as it was.
static bool make_room(void **elements, size_t *capacity, size_t wanted, size_t element_size)
{
    size_t more = *capacity ? *capacity : 16;
    if (wanted <= *capacity) return true;
    while (more < wanted) more *= 2;
    char *grown = realloc(*elements, more * element_size);
    if (!grown) return false;
    memset(grown + *capacity * element_size, 0, (more - *capacity) * element_size);
    *elements = grown;
    *capacity = more;
    return true;
}

static void forget_line(struct settings_abroad *abroad, uint32_t line_id)
{
    uint32_t place = line_id < abroad->place_capacity ? abroad->places[line_id] : 0;
    if (place == 0) return;
    abroad->places[line_id] = 0;
    abroad->line_count--;
    if (place - 1 == abroad->line_count) return;
    abroad->lines[place - 1] = abroad->lines[abroad->line_count]; // the last fills the gap
    abroad->places[abroad->lines[place - 1].line_id] = place;
}

static void note_line(struct settings_abroad *abroad, const struct snapshot_line *block)
{
    struct settings_abroad_line line = {.line_id = block->line_id, .group_id = block->group_id};
    for (size_t i = 0; i < block->rule_count; i++) add_target(&line, block, &block->rules[i]);
    forget_line(abroad, block->line_id);
    if (!block->is_enabled || !line.target[0]) return;
    bool has_room = make_room((void **)&abroad->places, &abroad->place_capacity,
                              (size_t)line.line_id + 1, sizeof abroad->places[0]) &&
                    make_room((void **)&abroad->lines, &abroad->line_capacity,
                              abroad->line_count + 1, sizeof abroad->lines[0]);
    if (!has_room) return;
    abroad->lines[abroad->line_count++] = line;
    abroad->places[line.line_id] = (uint32_t)abroad->line_count;
}

static struct settings_abroad_group *find_group(const struct settings_abroad *abroad,
                                                uint32_t group_id)
{
    for (size_t i = 0; i < abroad->group_count; i++) {
        if (abroad->groups[i].group_id == group_id) return &abroad->groups[i];
    }
    return NULL;
}

static void note_group(struct settings_abroad *abroad, const struct snapshot_group *block)
{
    struct settings_abroad_group *group = find_group(abroad, block->group_id);
    if (!group && make_room((void **)&abroad->groups, &abroad->group_capacity,
                            abroad->group_count + 1, sizeof abroad->groups[0])) {
        group = &abroad->groups[abroad->group_count++];
    }
    if (!group) return;
    *group = (struct settings_abroad_group){
        .group_id = block->group_id,
        .is_barring_foreign = block->settings.is_barring_foreign,
        .is_barring_premium = block->settings.is_barring_premium,
    };
}

void settings_note_abroad(struct settings *settings, enum settings_news news, const void *content)
{
    struct settings_abroad *abroad = &settings->abroad;
    if (news == NEWS_GROUP_CHANGED) note_group(abroad, content);
    if (news == NEWS_LINE_CHANGED) note_line(abroad, content);
    if (news == NEWS_LINE_REMOVED) forget_line(abroad, *(const uint32_t *)content);
    if (news != NEWS_GROUP_REMOVED) return;
    struct settings_abroad_group *group = find_group(abroad, *(const uint32_t *)content);
    if (group) *group = abroad->groups[--abroad->group_count];
}

// ---- What is asked

static bool leads_abroad(const struct settings *settings, const struct settings_abroad_line *line)
{
    const struct settings_abroad_group *group = find_group(&settings->abroad, line->group_id);
    uint64_t now_s = settings_now_s(settings);
    if (!group || group->is_barring_foreign) return false;
    return line->until_s[0] > now_s || (line->until_s[1] > now_s && !group->is_barring_premium);
}

const char *settings_abroad_target(const struct settings *settings, uint32_t line_id)
{
    const struct settings_abroad *abroad = &settings->abroad;
    uint32_t place = line_id < abroad->place_capacity ? abroad->places[line_id] : 0;
    if (place == 0 || !leads_abroad(settings, &abroad->lines[place - 1])) return NULL;
    return abroad->lines[place - 1].target;
}

uint32_t settings_count_abroad(const struct settings *settings, uint32_t group_id)
{
    const struct settings_abroad *abroad = &settings->abroad;
    uint32_t count = 0;
    for (size_t i = 0; i < abroad->line_count; i++) {
        const struct settings_abroad_line *line = &abroad->lines[i];
        count += line->group_id == group_id && leads_abroad(settings, line);
    }
    return count;
}
