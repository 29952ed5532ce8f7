// SPDX-License-Identifier: Apache-2.0
// A line's block for the engine, out of its settings: what is switched off is left out, and every
// number is in its stored form.
#include "settings/settings_int.h"

#include "country/country.h"

#include <string.h>

// The longest settings fit: so a change is never refused for its block.
_Static_assert(sizeof(struct snapshot_line) +
                       SLOT_COUNT * (sizeof(struct snapshot_rule) + TEXT_SIZE) + EXTENSION_SIZE +
                       3 * TEXT_SIZE + NAME_SIZE + PRESENCE_SIZE + 2 * NUMBER_SIZE <=
                   SNAPSHOT_LINE_MAX,
               "a line's block must hold all of its forwardings and texts");

// Appends a text to the block.
static struct snapshot_text put_text(struct snapshot_line *block, struct span text)
{
    struct snapshot_text put = {(uint16_t)block->size, (uint16_t)text.len};
    ASSERT(text.len <= SNAPSHOT_LINE_MAX - block->size);
    if (text.len > 0) memcpy((char *)block + block->size, text.at, text.len);
    block->size += (uint32_t)text.len;
    return put;
}

// Appends a user's number in its stored form; nothing where it is none at this site.
static struct snapshot_text put_number(struct snapshot_line *block,
                                       const struct phone_numbering *numbering, const char *number,
                                       uint8_t *number_class)
{
    struct phone_number read = phone_read(numbering, span_of(number), false);
    struct span stored = read.kind == PHONE_INVALID ? SPAN_NONE : span_of(read.text);
    *number_class = (uint8_t)country_classify(numbering, stored);
    return put_text(block, stored);
}

static void put_user(struct snapshot_line *block, const struct phone_numbering *numbering,
                     const struct model_user *user)
{
    block->has_user = true;
    block->is_dnd = user->is_dnd;
    block->login = (uint8_t)user->login;
    block->user = put_text(block, span_of(user->name));
    block->mailbox = put_number(block, numbering, user->mailbox, &block->mailbox_class);
    block->presence = put_text(block, span_of(user->presence));
    block->mobile = put_number(block, numbering, user->mobile, &block->mobile_class);
}

// Counts the rules and makes room for them: they stand before the texts.
static void count_rules(struct snapshot_line *block, const struct settings_line *line)
{
    for (size_t i = 0; i < line->forwarding_count; i++) {
        if (line->forwardings[i].is_enabled) block->rule_count++;
    }
    block->size += (uint32_t)(block->rule_count * sizeof(struct snapshot_rule));
}

static uint32_t delay_of(const struct model_group *group, uint32_t delay_s)
{
    return delay_s > 0 ? delay_s : model_default_delay_s(group->pbx_ring_timeout_s);
}

static void put_rules(struct snapshot_line *block, const struct settings_site *site,
                      const struct settings_line *line)
{
    const struct phone_numbering *numbering = &site->numbering;
    struct snapshot_rule *rule = block->rules;
    for (size_t i = 0; i < line->forwarding_count; i++) {
        const struct model_forwarding *forwarding = &line->forwardings[i];
        if (!forwarding->is_enabled) continue;
        *rule++ = (struct snapshot_rule){
            .level = LEVEL_SLOT,
            .delay_s = (uint16_t)delay_of(&site->group.settings, forwarding->delay_s),
            .until_s = forwarding->until_s,
            .condition = (uint8_t)forwarding->condition,
            .origin = (uint8_t)forwarding->origin,
            .number_class = (uint8_t)country_classify(numbering, span_of(forwarding->target)),
            .target = put_text(block, span_of(forwarding->target)),
        };
    }
}

void settings_build_block(const struct settings_site *site, const struct settings_line *line,
                          struct snapshot_line *block)
{
    const struct model_line *settings = &line->line;
    struct span auth_user = span_of(*settings->auth_user ? settings->auth_user
                                                         : settings->extension);
    *block = (struct snapshot_line){
        .size = sizeof *block,
        .line_id = line->id,
        .group_id = site->group.group_id,
        .is_enabled = settings->is_enabled,
        .is_number_withheld = settings->is_number_withheld,
        .has_other_contacts = settings->has_other_contacts,
        .is_password_lost = settings->is_password_lost,
        .second_call = (uint8_t)settings->second_call,
        .max_calls = settings->max_calls,
    };
    count_rules(block, line);
    block->extension = put_text(block, span_of(settings->extension));
    block->auth_user = put_text(block, auth_user);
    block->password = put_text(block, span_of(settings->password));
    block->display_name = put_text(block, span_of(settings->display_name));
    if (line->has_user) put_user(block, &site->numbering, &line->user);
    put_rules(block, site, line);
}
