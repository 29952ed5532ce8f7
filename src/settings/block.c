// SPDX-License-Identifier: Apache-2.0
// Blocks for the engine, written from front to back (model/snapshot.h). Their parts have limits, so
// that the longest settings fit (see the assertions in line_block.c and group_block.c).
#include "settings/settings_int.h"

#include "country/country.h"

#include <string.h>

enum { PART_ALIGNMENT = 8 };

struct snapshot_text settings_put_text(struct settings_writer *writer, struct span text)
{
    struct snapshot_text put = {(uint16_t)writer->len, (uint16_t)text.len};
    ASSERT(text.len <= writer->size - writer->len);
    if (text.len > 0) memcpy(writer->bytes + writer->len, text.at, text.len);
    writer->len += text.len;
    return put;
}

void *settings_put_list(struct settings_writer *writer, size_t element_size, size_t count,
                        struct snapshot_list *list)
{
    size_t at = (writer->len + PART_ALIGNMENT - 1) / PART_ALIGNMENT * PART_ALIGNMENT;
    ASSERT(at + element_size * count <= writer->size);
    memset(writer->bytes + writer->len, 0, at - writer->len);
    *list = (struct snapshot_list){(uint16_t)at, (uint16_t)count};
    writer->len = at + element_size * count;
    return writer->bytes + at;
}

// The schedule was checked when it was saved; what cannot be read holds never rather than always.
struct snapshot_list settings_put_schedule(struct settings_writer *writer, const char *text)
{
    struct snapshot_interval intervals[SCHEDULE_INTERVALS_MAX];
    static const struct snapshot_interval never = {.days = 0, .until_minute = 1};
    struct snapshot_list list;
    char reason[REASON_SIZE];
    size_t count;
    if (calendar_read_schedule(span_of(text), intervals, &count, reason)) {
        intervals[0] = never;
        count = 1;
    }
    void *put = settings_put_list(writer, sizeof intervals[0], count, &list);
    if (count > 0) memcpy(put, intervals, count * sizeof intervals[0]);
    return list;
}

uint16_t settings_delay_s(const struct settings_site *site, uint32_t delay_s)
{
    uint32_t default_s = model_default_delay_s(site->group.settings.pbx_ring_timeout_s);
    return (uint16_t)(delay_s > 0 ? delay_s : default_s);
}

static size_t place_of(struct span target)
{
    uint32_t hash = 2166136261; // FNV-1a
    for (size_t i = 0; i < target.len; i++) hash = (hash ^ (uint8_t)target.at[i]) * 16777619;
    return hash % CLASSES_MAX;
}

uint8_t settings_class_of(struct settings_classes *classes, const struct settings_site *site,
                          const char *target)
{
    struct span text = span_of(target);
    if (memcmp(&classes->numbering, &site->numbering, sizeof classes->numbering) != 0) {
        memset(classes, 0, sizeof *classes);
        memcpy(&classes->numbering, &site->numbering, sizeof classes->numbering);
    }
    size_t place = place_of(text);
    bool is_known = strcmp(classes->known[place].target, target) == 0;
    if (text.len > 0 && is_known) return classes->known[place].number_class;
    uint8_t number_class = (uint8_t)country_classify(&site->numbering, text);
    text_copy(classes->known[place].target, NUMBER_SIZE, text); // empty where it is too long
    classes->known[place].number_class = number_class;
    return number_class;
}
