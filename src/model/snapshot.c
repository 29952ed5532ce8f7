// SPDX-License-Identifier: Apache-2.0
// Reading a line's block.
#include "model/model.h"

struct span snapshot_text(const struct snapshot_line *line, struct snapshot_text text)
{
    ASSERT((size_t)text.at + text.len <= line->size);
    return (struct span){(const char *)line + text.at, text.len};
}
