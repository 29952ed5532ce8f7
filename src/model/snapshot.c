// SPDX-License-Identifier: Apache-2.0
// Reading the blocks of lines and groups.
#include "model/model.h"

#include <string.h>

// The bytes of a part, which lie within the block.
static const char *part_of(const void *block, size_t at, size_t len)
{
    uint32_t size; // what each block begins with
    memcpy(&size, block, sizeof size);
    ASSERT(at + len <= size);
    return (const char *)block + at;
}

struct span snapshot_text(const void *block, struct snapshot_text text)
{
    return (struct span){part_of(block, text.at, text.len), text.len};
}

static const void *list_of(const void *block, struct snapshot_list list, size_t element_size)
{
    return part_of(block, list.at, list.count * element_size);
}

const struct snapshot_rule *snapshot_rules(const struct snapshot_group *group)
{
    return list_of(group, group->rules, sizeof(struct snapshot_rule));
}

const struct snapshot_interval *snapshot_schedule(const void *block,
                                                  const struct snapshot_rule *rule)
{
    return list_of(block, rule->schedule, sizeof(struct snapshot_interval));
}

const struct snapshot_days *snapshot_days(const void *block, const struct snapshot_rule *rule)
{
    return list_of(block, rule->days, sizeof(struct snapshot_days));
}
