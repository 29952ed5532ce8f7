// SPDX-License-Identifier: Apache-2.0
// What the tests of messages share: printing and parsing in memory of their own.
#pragma once

#include "sip/sip.h"
#include "unit/check.h"

// A buffer of the test's own with what was printed into it.
struct printed {
    char bytes[8192];
    struct buffer buffer;
};

static inline struct buffer *start_printing(struct printed *printed)
{
    printed->buffer = buffer_over(printed->bytes, sizeof printed->bytes);
    return &printed->buffer;
}
#define assert_printed(printed, text) assert_span(buffer_span(&(printed).buffer), (text))

// A message with the memory of its headers.
struct parsed {
    _Alignas(16) char memory[SIP_HEADER_MAX * sizeof(struct sip_header)];
    struct sip_message message;
    struct sip_fault fault;
};

static inline enum sip_err parse(struct parsed *parsed, struct span bytes)
{
    struct arena arena = arena_over(parsed->memory, sizeof parsed->memory);
    return sip_parse(bytes, &arena, &parsed->message, &parsed->fault);
}
