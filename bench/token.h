// SPDX-License-Identifier: Apache-2.0
// What tells a call from all others: the run, its number in the run, its place in the window.
#pragma once

#include "message.h"

#include <stdbool.h>
#include <stdint.h>

// 16 hexadecimal digits: 4 of the run, 7 of the number, 5 of the place.
enum { TOKEN_RUN_DIGITS = 4, TOKEN_SLOT_DIGITS = 5, WINDOW_MAX = 300000 };

// Prints a number in so many digits; what does not fit is cut off at the front.
void token_put_digits(char *out, unsigned len, uint32_t value, unsigned base);
void token_put(char out[TOKEN_LEN], uint32_t run, uint32_t number, uint32_t slot);
// False where it is no token.
bool token_read(const char token[TOKEN_LEN], uint32_t *run, uint32_t *number, uint32_t *slot);
