// SPDX-License-Identifier: Apache-2.0
// What fuzz targets share. ASSERT states what must hold whatever the input is.
#pragma once

#include "base/base.h"

// Called with each input. Returns 0.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

// `part` lies within `whole`, or is not there.
static inline bool is_within(struct span part, struct span whole)
{
    if (!part.at || part.len == 0) return true;
    return part.at >= whole.at && part.at + part.len <= whole.at + whole.len;
}
