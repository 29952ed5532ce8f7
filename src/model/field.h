// SPDX-License-Identifier: Apache-2.0
// One description of every setting: its name, type, place in the record, limits, default and the
// sentence that explains it. The API reads and prints JSON by it, the command line its options and
// help, the store its columns; so a new setting is one line here (and a migration).
#pragma once

#include "model/settings.h"

// A TYPE_TIME is a point in time: seconds since 1970 (UTC) in a uint64_t, 0 for none; its text form
// is RFC 3339, printed in UTC ("2026-12-24T12:00:00Z"), empty for none.
enum model_type { TYPE_TEXT, TYPE_BOOL, TYPE_NUMBER, TYPE_ENUM, TYPE_TIME };

enum {
    FIELD_KEY = 1,      // part of the record's identity: given by its address, never changed
    FIELD_REQUIRED = 2, // may not be empty
    FIELD_SECRET = 4,   // written, never shown; sealed in the store
    FIELD_OWN = 8,      // the user whose it is may change it, not only an administrator
    FIELD_MADE = 16,    // chosen by the server, by nobody else
};

struct model_field {
    const char *name; // as in JSON and in the store; '-' for '_' on the command line
    enum model_type type;
    unsigned flags;
    size_t offset; // into the record
    size_t size;   // of a text's array, with the terminating zero
    uint32_t min, max;
    const char *initial;             // the default, as text
    const struct model_names *names; // of a TYPE_ENUM
    const char *help;                // one sentence, without a full stop
};

struct model_kind_info {
    const char *name;   // "group"
    const char *plural; // "groups": the API's collection and the store's table
    const struct model_field *fields;
    size_t field_count;
    size_t record_size;
};

// The description of `kind`. Static.
const struct model_kind_info *model_kind(enum model_kind kind);
// The field called `name` of `kind`, or NULL.
const struct model_field *model_find_field(enum model_kind kind, struct span name);

// Fills `record` (of `kind`) with the defaults.
void model_defaults(enum model_kind kind, void *record);

// Sets a field from its text form: "true"/"false"/"on"/"off", digits, an enumeration's name, a
// point in time with any offset (RFC 3339), or the text itself. Returns NULL, or the reason why it
// is refused as an English phrase ("must be at most 300"), printed into `reason` (REASON_SIZE
// bytes); the record is then unchanged.
enum { REASON_SIZE = 200 };
const char *model_set_field(const struct model_field *field, void *record, struct span text,
                            char reason[REASON_SIZE]);

// Whether a field has the same value in both records (of the field's kind).
bool model_is_same(const struct model_field *field, const void *a, const void *b);

// Prints a field's value in its text form (a secret as it is: the caller decides).
void model_print_field(const struct model_field *field, const void *record, struct buffer *out);

// Direct access by type; each asserts that the field has that type.
const char *model_get_text(const struct model_field *field, const void *record);
bool model_get_bool(const struct model_field *field, const void *record);
uint32_t model_get_number(const struct model_field *field, const void *record);
uint64_t model_get_time(const struct model_field *field, const void *record);
