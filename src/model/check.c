// SPDX-License-Identifier: Apache-2.0
// The rows of a check as one text, for the store.
#include "model/model.h"

#include <string.h>

// ---- Printing

static void put_name(struct buffer *out, const char *name)
{
    buffer_printf(out, " %s", name[0] ? name : "-");
}

void model_check_print_rows(const struct model_check_row rows[CHECK_ROWS], struct buffer *out)
{
    for (unsigned i = 0; i < CHECK_ROWS; i++) {
        const struct model_check_row *row = &rows[i];
        buffer_printf(out, "%s%s %s %s %u %u", i > 0 ? "; " : "", model_name(&model_check_rows, i),
                      model_name(&model_check_verdicts, row->verdict),
                      model_name(&model_check_findings, row->finding), row->status, row->ms);
        put_name(out, row->line);
        put_name(out, row->other);
    }
}

// ---- Reading

static bool read_number(struct span *rest, uint64_t max, uint64_t *value)
{
    return span_to_u64(span_split(rest, ' '), max, value);
}

static bool read_name(struct span *rest, char name[EXTENSION_SIZE])
{
    struct span text = span_split(rest, ' ');
    return text_copy(name, EXTENSION_SIZE, span_eq(text, SPAN("-")) ? SPAN_NONE : text);
}

static bool read_row(struct span text, unsigned *place, struct model_check_row *row)
{
    unsigned verdict, finding;
    uint64_t status, ms;
    *row = (struct model_check_row){.verdict = CHECK_NOT_TESTED};
    if (!model_find_name(&model_check_rows, span_split(&text, ' '), place)) return false;
    if (!model_find_name(&model_check_verdicts, span_split(&text, ' '), &verdict)) return false;
    if (!model_find_name(&model_check_findings, span_split(&text, ' '), &finding)) return false;
    if (!read_number(&text, 999, &status) || !read_number(&text, UINT32_MAX, &ms)) return false;
    row->verdict = (uint8_t)verdict;
    row->finding = (uint8_t)finding;
    row->status = (uint16_t)status;
    row->ms = (uint32_t)ms;
    return read_name(&text, row->line) && read_name(&text, row->other);
}

void model_check_read_rows(struct span text, struct model_check_row rows[CHECK_ROWS])
{
    memset(rows, 0, CHECK_ROWS * sizeof rows[0]);
    while (text.len > 0) {
        struct model_check_row row;
        unsigned place;
        if (read_row(span_trim(span_split(&text, ';')), &place, &row)) rows[place] = row;
    }
}
