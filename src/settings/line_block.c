// SPDX-License-Identifier: Apache-2.0
// A line's block for the engine, out of its settings: what is switched off is left out, and every
// number is in its stored form.
#include "settings/settings_int.h"

#include <string.h>

// The longest settings fit: so a change is never refused for its block.
_Static_assert(sizeof(struct snapshot_line) +
                       SLOT_COUNT * (sizeof(struct snapshot_rule) + TEXT_SIZE) +
                       EXCEPTIONS_MAX *
                           (sizeof(struct snapshot_rule) + TEXT_SIZE + NUMBER_SIZE + PRESENCE_SIZE +
                            SCHEDULE_INTERVALS_MAX * sizeof(struct snapshot_interval) + 8) +
                       EXTENSION_SIZE + 3 * TEXT_SIZE + NAME_SIZE + PRESENCE_SIZE +
                       2 * NUMBER_SIZE <=
                   SNAPSHOT_LINE_MAX,
               "a line's block must hold all of its rules and texts");

// ---- The user

// Appends a user's number in its stored form; nothing where it is none at this site.
static struct snapshot_text put_number(struct settings_writer *writer,
                                       const struct settings_site *site, const char *number,
                                       uint8_t *number_class)
{
    struct phone_number read = phone_read(&site->numbering, span_of(number), false);
    const char *stored = read.kind == PHONE_INVALID ? "" : read.text;
    *number_class = settings_class_of(writer->classes, site, stored);
    return settings_put_text(writer, span_of(stored));
}

static void put_user(struct settings_writer *writer, const struct settings_site *site,
                     const struct model_user *user)
{
    struct snapshot_line *block = (struct snapshot_line *)(void *)writer->bytes;
    block->has_user = true;
    block->is_dnd = user->is_dnd;
    block->is_busy_on_any_line = user->is_busy_on_any_line;
    block->login = (uint8_t)user->login;
    block->user = settings_put_text(writer, span_of(user->name));
    block->mailbox = put_number(writer, site, user->mailbox, &block->mailbox_class);
    block->mobile = put_number(writer, site, user->mobile, &block->mobile_class);
    block->presence = settings_put_text(writer, span_of(user->presence));
}

// ---- Rules

// Counts the rules and makes room for them: they stand before all else.
static void count_rules(struct settings_writer *writer, const struct settings_line *line)
{
    struct snapshot_line *block = (struct snapshot_line *)(void *)writer->bytes;
    for (size_t i = 0; i < line->forwarding_count; i++) {
        if (line->forwardings[i].is_enabled) block->rule_count++;
    }
    for (size_t i = 0; i < line->exception_count; i++) {
        if (line->exceptions[i].is_enabled) block->rule_count++;
    }
    writer->len += block->rule_count * sizeof(struct snapshot_rule);
}

static struct snapshot_rule slot_rule(struct settings_writer *writer,
                                      const struct settings_site *site,
                                      const struct model_forwarding *forwarding)
{
    return (struct snapshot_rule){
        .level = LEVEL_SLOT,
        .condition = (uint8_t)forwarding->condition,
        .origin = (uint8_t)forwarding->origin,
        .number_class = settings_class_of(writer->classes, site, forwarding->target),
        .delay_s = settings_delay_s(site, forwarding->delay_s),
        .until_s = forwarding->until_s,
        .target = settings_put_text(writer, span_of(forwarding->target)),
    };
}

// Which callers an exception is for; the text behind it without its *.
static enum snapshot_caller caller_of(struct span stored, struct span *text)
{
    *text = stored;
    if (stored.len == 0) return CALLER_ANY;
    if (span_eq(stored, SPAN("anonymous"))) return CALLER_ANONYMOUS;
    if (stored.at[stored.len - 1] != '*') return CALLER_NUMBER;
    *text = span_slice(stored, 0, stored.len - 1);
    return CALLER_PREFIX;
}

static struct snapshot_rule exception_rule(struct settings_writer *writer,
                                           const struct settings_site *site,
                                           const struct model_exception *exception)
{
    struct span caller;
    enum snapshot_caller caller_kind = caller_of(span_of(exception->caller), &caller);
    return (struct snapshot_rule){
        .level = LEVEL_EXCEPTION,
        .condition = (uint8_t)exception->condition,
        .origin = (uint8_t)exception->origin,
        .number_class = settings_class_of(writer->classes, site, exception->target),
        .caller_kind = (uint8_t)caller_kind,
        .is_ring = exception->is_ring,
        .position = (uint16_t)exception->position,
        .delay_s = settings_delay_s(site, exception->delay_s),
        .calls = exception->calls,
        .until_s = exception->until_s,
        .target = settings_put_text(writer, span_of(exception->target)),
        .caller = settings_put_text(writer, caller),
        .presence = settings_put_text(writer, span_of(exception->presence)),
        .schedule = settings_put_schedule(writer, exception->schedule),
    };
}

static void put_rules(struct settings_writer *writer, const struct settings_site *site,
                      const struct settings_line *line)
{
    struct snapshot_rule *rule = ((struct snapshot_line *)(void *)writer->bytes)->rules;
    for (size_t i = 0; i < line->forwarding_count; i++) {
        if (!line->forwardings[i].is_enabled) continue;
        *rule = slot_rule(writer, site, &line->forwardings[i]);
        rule++->rule_id = line->forwarding_ids[i];
    }
    for (size_t i = 0; i < line->exception_count; i++) {
        if (!line->exceptions[i].is_enabled) continue;
        *rule = exception_rule(writer, site, &line->exceptions[i]);
        rule++->rule_id = line->exception_ids[i];
    }
}

// ---- The block

void settings_build_block(struct settings *settings, const struct settings_site *site,
                          const struct settings_line *line, struct snapshot_line *block)
{
    const struct model_line *of = &line->line;
    struct span auth_user = span_of(*of->auth_user ? of->auth_user : of->extension);
    bool has_zone = line->has_user && *line->user.time_zone;
    struct settings_writer writer = {.bytes = (char *)block,
                                     .len = sizeof *block,
                                     .size = SNAPSHOT_LINE_MAX,
                                     .classes = &settings->classes};
    *block = (struct snapshot_line){
        .line_id = line->id,
        .group_id = site->group.group_id,
        .user_id = line->has_user ? line->user_id : 0,
        .zone_id = has_zone ? settings_zone_id(settings, line->user.time_zone)
                            : site->group.zone_id,
        .is_enabled = of->is_enabled,
        .is_number_withheld = of->is_number_withheld,
        .has_other_contacts = of->has_other_contacts,
        .is_password_lost = of->is_password_lost,
        .second_call = (uint8_t)of->second_call,
        .max_calls = of->max_calls,
    };
    count_rules(&writer, line);
    block->extension = settings_put_text(&writer, span_of(of->extension));
    block->auth_user = settings_put_text(&writer, auth_user);
    block->password = settings_put_text(&writer, span_of(of->password));
    block->display_name = settings_put_text(&writer, span_of(of->display_name));
    if (line->has_user) put_user(&writer, site, &line->user);
    put_rules(&writer, site, line);
    block->size = (uint32_t)writer.len;
}
