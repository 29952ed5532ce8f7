// SPDX-License-Identifier: Apache-2.0
// What the unit tests share: cmocka, and comparing spans.
#pragma once

#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static inline void check_span(struct span span, const char *text, const char *file, int line)
{
    if (span_eq(span, span_of(text))) return;
    print_error("\"%.*s\" != \"%s\"\n", SPAN_ARG(span), text);
    _fail(file, line);
}
#define assert_span(span, text) check_span((span), (text), __FILE__, __LINE__)
