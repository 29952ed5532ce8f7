// SPDX-License-Identifier: Apache-2.0
// Texts of the world's errors and the end of the program on a bug of ours.
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>

const char *err_text(enum err err)
{
    switch (err) {
    case ERR_NONE: return "no error";
    case ERR_NO_MEMORY: return "out of memory";
    case ERR_TOO_BIG: return "too big";
    case ERR_INVALID: return "not valid";
    case ERR_NOT_FOUND: return "not found";
    case ERR_EXISTS: return "exists already";
    case ERR_CONFLICT: return "in conflict with other settings";
    case ERR_BUSY: return "busy";
    case ERR_IN_USE: return "in use by another program";
    case ERR_UNREACHABLE: return "unreachable";
    case ERR_ACCESS: return "permission denied";
    case ERR_IO: return "input/output failed";
    case ERR_CORRUPT: return "stored data is damaged";
    case ERR_TOO_NEW: return "stored data is from a newer version";
    }
    return "unknown error";
}

void assert_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "lineward: bug at %s:%d: %s does not hold\n", file, line, expression);
    abort();
}
