// SPDX-License-Identifier: Apache-2.0
// Tokens of calls.
#include "token.h"

#include <stdlib.h>
#include <string.h>

void token_put_digits(char *out, unsigned len, uint32_t value, unsigned base)
{
    for (unsigned i = len; i > 0; i--, value /= base) out[i - 1] = "0123456789abcdef"[value % base];
}

enum { NUMBER_DIGITS = TOKEN_LEN - TOKEN_RUN_DIGITS - TOKEN_SLOT_DIGITS };

void token_put(char out[TOKEN_LEN], uint32_t run, uint32_t number, uint32_t slot)
{
    token_put_digits(out, TOKEN_RUN_DIGITS, run, 16);
    token_put_digits(out + TOKEN_RUN_DIGITS, NUMBER_DIGITS, number, 16);
    token_put_digits(out + TOKEN_LEN - TOKEN_SLOT_DIGITS, TOKEN_SLOT_DIGITS, slot, 16);
}

bool token_read(const char token[TOKEN_LEN], uint32_t *run, uint32_t *number, uint32_t *slot)
{
    char text[TOKEN_LEN + 1] = {0}, *end;
    memcpy(text, token, TOKEN_LEN);
    uint64_t value = strtoull(text, &end, 16);
    *slot = (uint32_t)(value & ((1u << 4 * TOKEN_SLOT_DIGITS) - 1));
    value >>= 4 * TOKEN_SLOT_DIGITS;
    *number = (uint32_t)(value & ((1u << 4 * NUMBER_DIGITS) - 1));
    *run = (uint32_t)(value >> 4 * NUMBER_DIGITS);
    return end == text + TOKEN_LEN && *slot < WINDOW_MAX;
}
