// SPDX-License-Identifier: Apache-2.0
// The two kinds of failure that are not the peer's: a bug of ours (ASSERT) and the world's (enum
// err).
#pragma once

// The world's faults. errno ends at net and store; everything above speaks this.
enum err {
    ERR_NONE = 0,
    ERR_NO_MEMORY,   // an arena, a pool or the heap is full
    ERR_TOO_BIG,     // does not fit into the bounded buffer
    ERR_INVALID,     // a value is not acceptable
    ERR_NOT_FOUND,   //
    ERR_EXISTS,      // a thing of that name is there already
    ERR_CONFLICT,    // refused because other things depend on it or changed meanwhile
    ERR_BUSY,        // try again later
    ERR_IN_USE,      // an address is taken by another program
    ERR_UNREACHABLE, //
    ERR_ACCESS,      // permission denied
    ERR_IO,          // disk or network failed
    ERR_CORRUPT,     // stored data is not what we wrote
    ERR_TOO_NEW,     // stored data was written by a newer version
};

#define WARN_UNUSED __attribute__((warn_unused_result))

// The error as a short English phrase ("not found"). Static text.
const char *err_text(enum err err);

// Reports a bug of ours and aborts. Use ASSERT.
_Noreturn void assert_failed(const char *expression, const char *file, int line);

// A condition that only a bug of ours can break; stays on in every build. Never on received bytes.
#define ASSERT(expression)                                                                         \
    do {                                                                                           \
        if (!(expression)) assert_failed(#expression, __FILE__, __LINE__);                         \
    } while (0)
