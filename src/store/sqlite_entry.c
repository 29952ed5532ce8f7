// SPDX-License-Identifier: Apache-2.0
// A journal entry as the bytes of its row: its parts in the order of a table, numbers in groups of
// seven bits, the lowest first and the highest bit set in all but the last (as LEB128), texts with
// their length in front. New parts come at the end; what an older entry has not is 0 or empty. So
// SQLite has two columns to deal with instead of twenty-three, which was most of what a row cost
// (docs/benchmark.md).
#include "store/sqlite_int.h"

#include <stddef.h>

enum part_type {
    PART_TEXT,
    PART_LEGS, // a text of several lines
    PART_TRACE,
    PART_BOOL,
    PART_U16,
    PART_U32,
    PART_U64,
    PART_VALUE // of an enumeration, in one byte
};

// A part and its place in the entry; of a PART_VALUE, how many values there are.
struct part {
    enum part_type type;
    size_t offset;
    const struct model_names *names;
};

static const char *const reason_list[REASON_COUNT] = {
    [REASON_UNCONDITIONAL] = "unconditional",
    [REASON_DND] = "dnd",
    [REASON_UNAVAILABLE_LOGGED_OFF] = "unavailable_logged_off",
    [REASON_UNREACHABLE] = "unreachable",
    [REASON_BUSY] = "busy",
    [REASON_NO_ANSWER] = "no_answer",
    [REASON_DEFLECTION_ALERTING] = "deflection_alerting",
    [REASON_DEFLECTION_IMMEDIATE] = "deflection_immediate",
};
static const struct model_names reasons = {reason_list, REASON_COUNT};

// The order is that of the columns that older journals had; what came later stands behind.
#define AT(member) offsetof(struct model_journal_entry, member)
static const struct part parts[] = {
    {PART_TEXT, AT(group), NULL},
    {PART_TEXT, AT(extension), NULL},
    {PART_U32, AT(line_id), NULL},
    {PART_U64, AT(started_us), NULL},
    {PART_U64, AT(ended_us), NULL},
    {PART_TEXT, AT(caller), NULL},
    {PART_TEXT, AT(caller_display), NULL},
    {PART_TEXT, AT(dialled), NULL},
    {PART_TEXT, AT(diverted_by), NULL},
    {PART_TEXT, AT(call_id), NULL},
    {PART_BOOL, AT(is_internal), NULL},
    {PART_VALUE, AT(verdict), &model_verdict_kinds},
    {PART_VALUE, AT(outcome), &model_outcomes},
    {PART_VALUE, AT(reason), &reasons},
    {PART_U16, AT(status), NULL},
    {PART_TEXT, AT(target), NULL},
    {PART_TRACE, AT(trace), NULL},
    {PART_BOOL, AT(is_outgoing), NULL},
    {PART_U64, AT(answered_us), NULL},
    {PART_TEXT, AT(device), NULL},
    {PART_U32, AT(user_id), NULL},
    {PART_LEGS, AT(legs), NULL},
    {PART_VALUE, AT(target_class), &model_number_classes},
    {PART_BOOL, AT(is_loop), NULL},
};
enum {
    PART_TOTAL = sizeof parts / sizeof parts[0],
    HEAD_TOTAL = 5,    // up to when the call ended
    COLUMN_TOTAL = 22, // parts that journals with columns had
};

// ---- Writing

void sqlite_put_number(struct buffer *out, uint64_t number)
{
    for (; number > 0x7f; number >>= 7) buffer_put_byte(out, (char)(0x80 | (number & 0x7f)));
    buffer_put_byte(out, (char)number);
}

static void put_text(struct buffer *out, struct span text)
{
    sqlite_put_number(out, text.len);
    buffer_put(out, text);
}

void sqlite_put_entry(struct buffer *out, const struct model_journal_entry *entry)
{
    for (size_t i = 0; i < PART_TOTAL; i++) {
        const void *place = (const char *)entry + parts[i].offset;
        switch (parts[i].type) {
        case PART_TEXT: put_text(out, store_journal_text(*(const struct span *)place)); break;
        case PART_LEGS: put_text(out, store_journal_legs(*(const struct span *)place)); break;
        case PART_TRACE: put_text(out, store_journal_trace(*(const struct span *)place)); break;
        case PART_BOOL: sqlite_put_number(out, *(const bool *)place); break;
        case PART_U16: sqlite_put_number(out, *(const uint16_t *)place); break;
        case PART_U32: sqlite_put_number(out, *(const uint32_t *)place); break;
        case PART_U64: sqlite_put_number(out, *(const uint64_t *)place); break;
        case PART_VALUE: sqlite_put_number(out, *(const uint8_t *)place); break;
        }
    }
}

// ---- Reading

bool sqlite_take_number(struct span *rest, uint64_t max, uint64_t *number)
{
    *number = 0;
    for (unsigned bits = 0; bits < 64 && rest->len > 0; bits += 7) {
        uint8_t byte = (uint8_t)rest->at[0];
        *rest = span_from(*rest, 1);
        if (bits == 63 && byte > 1) return false;
        *number |= (uint64_t)(byte & 0x7f) << bits;
        if (byte < 0x80) return *number <= max;
    }
    return false;
}

static bool take_text(struct span *rest, struct span *text)
{
    uint64_t len;
    if (!sqlite_take_number(rest, rest->len, &len) || len > rest->len) return false;
    *text = span_slice(*rest, 0, (size_t)len);
    *rest = span_from(*rest, (size_t)len);
    return true;
}

// Takes a part off the front; false when it is no such value.
static bool take_part(struct span *rest, const struct part *part, struct model_journal_entry *entry)
{
    void *place = (char *)entry + part->offset;
    uint64_t number;
    switch (part->type) {
    case PART_TEXT:
    case PART_LEGS:
    case PART_TRACE: return take_text(rest, place);
    case PART_BOOL:
        if (!sqlite_take_number(rest, 1, &number)) return false;
        *(bool *)place = number == 1;
        return true;
    case PART_U16:
        if (!sqlite_take_number(rest, UINT16_MAX, &number)) return false;
        *(uint16_t *)place = (uint16_t)number;
        return true;
    case PART_U32:
        if (!sqlite_take_number(rest, UINT32_MAX, &number)) return false;
        *(uint32_t *)place = (uint32_t)number;
        return true;
    case PART_U64: return sqlite_take_number(rest, UINT64_MAX, place);
    case PART_VALUE:
        if (!sqlite_take_number(rest, part->names->count - 1, &number)) return false;
        *(uint8_t *)place = (uint8_t)number;
        return true;
    }
    ASSERT(false);
}

static bool take_parts(struct span bytes, size_t count, struct model_journal_entry *entry)
{
    for (size_t i = 0; i < count && bytes.len > 0; i++) {
        if (!take_part(&bytes, &parts[i], entry)) return false;
    }
    return true;
}

bool sqlite_read_entry(struct span bytes, struct model_journal_entry *entry)
{
    *entry = (struct model_journal_entry){.id = 0};
    return take_parts(bytes, PART_TOTAL, entry);
}

bool sqlite_read_head(struct span bytes, struct model_journal_entry *entry)
{
    entry->group = entry->extension = SPAN_NONE;
    entry->started_us = entry->ended_us = 0;
    return take_parts(bytes, HEAD_TOTAL, entry);
}

// ---- From columns, as the journal had them up to schema 4

static struct span text_of(sqlite3_value *column)
{
    const char *at = sqlite3_value_blob(column);
    return (struct span){at, (size_t)sqlite3_value_bytes(column)};
}

// Reads a column into the entry; false when it holds no such value.
static bool read_column(sqlite3_value *column, const struct part *part,
                        struct model_journal_entry *entry)
{
    void *place = (char *)entry + part->offset;
    uint64_t number = (uint64_t)sqlite3_value_int64(column);
    unsigned value = 0;
    switch (part->type) {
    case PART_TEXT:
    case PART_LEGS:
    case PART_TRACE: *(struct span *)place = text_of(column); return true;
    case PART_BOOL: *(bool *)place = number == 1; return number <= 1;
    case PART_U16: *(uint16_t *)place = (uint16_t)number; return number <= UINT16_MAX;
    case PART_U32: *(uint32_t *)place = (uint32_t)number; return number <= UINT32_MAX;
    case PART_U64: *(uint64_t *)place = number; return true;
    case PART_VALUE:
        if (!model_find_name(part->names, text_of(column), &value)) return false;
        *(uint8_t *)place = (uint8_t)value;
        return true;
    }
    ASSERT(false);
}

static void entry_of_columns(sqlite3_context *context, int count, sqlite3_value **columns)
{
    char bytes[SQLITE_ENTRY_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct model_journal_entry entry = {.id = 0};
    ASSERT(count == COLUMN_TOTAL);
    for (int i = 0; i < count; i++) {
        if (read_column(columns[i], &parts[i], &entry)) continue;
        sqlite3_result_error(context, "an entry is damaged", -1);
        return;
    }
    sqlite_put_entry(&out, &entry);
    ASSERT(!out.is_full);
    sqlite3_result_blob(context, bytes, (int)out.len, SQLITE_TRANSIENT);
}

int sqlite_offer_entry_of_columns(sqlite3 *handle)
{
    return sqlite3_create_function_v2(handle, "entry_of_columns", COLUMN_TOTAL,
                                      SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, entry_of_columns, NULL,
                                      NULL, NULL);
}
