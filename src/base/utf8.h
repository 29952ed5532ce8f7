// SPDX-License-Identifier: Apache-2.0
// UTF-8, as RFC 3629 has it: nothing longer than needed, no surrogates, nothing beyond U+10FFFF.
#pragma once

#include "base/span.h"

// Bytes of the first character of `text`; 0 when it is none, or `text` is empty.
size_t utf8_len(struct span text);
// Whether the whole text is UTF-8.
bool utf8_is_valid(struct span text);
