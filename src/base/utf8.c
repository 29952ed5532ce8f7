// SPDX-License-Identifier: Apache-2.0
// UTF-8 (RFC 3629 section 4).
#include "base/utf8.h"

size_t utf8_len(struct span text)
{
    const unsigned char *at = (const unsigned char *)text.at;
    if (text.len == 0) return 0;
    size_t len = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (at[0] > 0xf4 || len > text.len) return 0;
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
    }
    if (at[0] == 0xe0 && at[1] < 0xa0) return 0; // longer than needed
    if (at[0] == 0xed && at[1] > 0x9f) return 0; // surrogates
    if (at[0] == 0xf0 && at[1] < 0x90) return 0; // longer than needed
    if (at[0] == 0xf4 && at[1] > 0x8f) return 0; // beyond Unicode
    return len;
}

bool utf8_is_valid(struct span text)
{
    while (text.len > 0) {
        size_t len = utf8_len(text);
        if (len == 0) return false;
        text = span_from(text, len);
    }
    return true;
}
