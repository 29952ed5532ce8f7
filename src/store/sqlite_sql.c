// SPDX-License-Identifier: Apache-2.0
// Statements out of the field tables: one path for all kinds of settings. A field is a column of
// its name, an enumeration stands in it by name, and parameter n is field n-1.
#include "store/sqlite_int.h"

// ---- Parts

static void put_column(struct buffer *out, const struct model_field *field)
{
    buffer_printf(out, "\"%s\"", field->name);
}

static void put_parameter(struct buffer *out, size_t field_index)
{
    buffer_printf(out, "?%zu", field_index + 1);
}

static void put_columns(struct buffer *out, const struct model_kind_info *info)
{
    for (size_t i = 0; i < info->field_count; i++) {
        buffer_put_text(out, i > 0 ? "," : "");
        put_column(out, &info->fields[i]);
    }
}

static void put_key_columns(struct buffer *out, const struct model_kind_info *info,
                            const struct model_field *sort)
{
    const char *separator = "";
    for (size_t i = 0; i < info->field_count; i++) {
        if (!sqlite_is_key_column(&info->fields[i], sort)) continue;
        buffer_put_text(out, separator);
        put_column(out, &info->fields[i]);
        separator = ",";
    }
}

static void put_equal(struct buffer *out, const struct model_kind_info *info, size_t i)
{
    put_column(out, &info->fields[i]);
    buffer_put_byte(out, '=');
    put_parameter(out, i);
}

// " WHERE key AND key": the record that the key fields name.
static void put_where_key(struct buffer *out, const struct model_kind_info *info)
{
    const char *separator = " WHERE ";
    for (size_t i = 0; i < info->field_count; i++) {
        if (!(info->fields[i].flags & FIELD_KEY)) continue;
        buffer_put_text(out, separator);
        put_equal(out, info, i);
        separator = " AND ";
    }
}

// ---- Listings

static bool is_filtered(enum model_kind kind, unsigned shape, const struct model_field *field)
{
    for (enum store_filter filter = 0; filter < FILTER_COUNT; filter++) {
        if ((shape & (1U << filter)) && store_filter_field(kind, filter) == field) return true;
    }
    return false;
}

// What orders a field: the text itself, or an enumeration's place in its declaration.
static void put_rank(struct buffer *out, const struct model_field *field, size_t i,
                     bool is_parameter)
{
    if (field->type == TYPE_ENUM) buffer_put_text(out, "CASE ");
    if (is_parameter) {
        put_parameter(out, i);
    } else {
        put_column(out, field);
    }
    if (field->type != TYPE_ENUM) return;
    for (size_t value = 0; value < field->names->count; value++) {
        buffer_printf(out, " WHEN '%s' THEN %zu", field->names->names[value], value);
    }
    buffer_put_text(out, " END");
}

// What a listing is ordered by, and how much of it stands in a list of ranks.
struct order {
    enum model_kind kind;
    bool has_keys_only;
    unsigned shape;                 // without the fields that its filters hold fast
    const struct model_field *sort; // stands in front of the key; NULL: nothing does
    bool is_parameter;
    const char *suffix; // of each rank
};

static void put_rank_of(struct buffer *out, const struct order *order,
                        const struct model_field *field, const char **separator)
{
    const struct model_kind_info *info = model_kind(order->kind);
    if (is_filtered(order->kind, order->shape, field)) return;
    buffer_put_text(out, *separator);
    put_rank(out, field, (size_t)(field - info->fields), order->is_parameter);
    if (!(field->flags & FIELD_KEY)) buffer_put_text(out, " COLLATE NOCASE");
    buffer_put_text(out, order->suffix);
    *separator = ",";
}

// "rank,rank" of the sorted field and the key's, without those that a filter holds fast: so that
// the index is entered at the place behind `after`, and not at the group's first record.
static void put_ranks(struct buffer *out, const struct order *order)
{
    const struct model_kind_info *info = model_kind(order->kind);
    const char *separator = "";
    if (order->sort) put_rank_of(out, order, order->sort, &separator);
    for (size_t i = 0; i < info->field_count; i++) {
        const struct model_field *field = &info->fields[i];
        if (!(field->flags & FIELD_KEY) || field == order->sort) continue;
        put_rank_of(out, order, field, &separator);
    }
    // Every key field is held fast: a single record, and nothing follows it.
    if (!*separator) buffer_put_text(out, "0");
}

// The text in one of the fields: they are put together, with a byte between them that is in none.
static void put_search(struct buffer *out, const struct model_kind_info *info)
{
    const char *separator = "instr(lower(";
    for (size_t i = 0; i < info->field_count; i++) {
        if (!store_is_searched(&info->fields[i])) continue;
        buffer_put_text(out, separator);
        put_column(out, &info->fields[i]);
        separator = "||char(10)||";
    }
    buffer_put_text(out, "),lower(");
    put_parameter(out, info->field_count + PARAMETER_TEXT);
    buffer_put_text(out, "))>0");
}

// SQLite enters an index by a field in any case of its letters only where that stands by itself.
static void put_entrance(struct buffer *out, const struct order *order, bool is_descending)
{
    const struct model_field *sort = order->sort;
    bool is_held = sort && is_filtered(order->kind, order->shape, sort);
    if (!sort || is_held || sort->flags & FIELD_KEY) return;
    put_column(out, sort);
    buffer_put_text(out, is_descending ? " COLLATE NOCASE<=" : " COLLATE NOCASE>=");
    put_parameter(out, (size_t)(sort - model_kind(order->kind)->fields));
    buffer_put_text(out, " AND ");
}

static void put_selection(struct buffer *out, const struct order *order, bool is_descending)
{
    enum model_kind kind = order->kind;
    unsigned shape = order->shape;
    const struct model_kind_info *info = model_kind(kind);
    struct order ranks = *order;
    const char *separator = " WHERE ";
    for (size_t i = 0; i < info->field_count; i++) {
        if (!is_filtered(kind, shape, &info->fields[i])) continue;
        buffer_put_text(out, separator);
        put_equal(out, info, i);
        separator = " AND ";
    }
    if (shape & SHAPE_TEXT) {
        buffer_put_text(out, separator);
        put_search(out, info);
        separator = " AND ";
    }
    if (!(shape & SHAPE_AFTER)) return;
    buffer_put_text(out, separator);
    put_entrance(out, order, is_descending);
    buffer_put_byte(out, '(');
    put_ranks(out, &ranks);
    buffer_put_text(out, is_descending ? ")<(" : ")>(");
    ranks.is_parameter = true;
    put_ranks(out, &ranks);
    buffer_put_byte(out, ')');
}

static void put_list(struct buffer *out, const struct order *order, bool is_descending)
{
    const struct model_kind_info *info = model_kind(order->kind);
    struct order whole = *order;
    buffer_put_text(out, "SELECT id,");
    if (order->has_keys_only) {
        put_key_columns(out, info, order->sort);
    } else {
        put_columns(out, info);
    }
    buffer_printf(out, " FROM \"%s\"", info->plural);
    put_selection(out, order, is_descending);
    buffer_put_text(out, " ORDER BY ");
    whole.shape = 0;
    whole.suffix = is_descending ? " DESC" : "";
    put_ranks(out, &whole);
    buffer_put_text(out, " LIMIT ");
    put_parameter(out, info->field_count + PARAMETER_LIMIT);
}

bool sqlite_is_key_column(const struct model_field *field, const struct model_field *sort)
{
    return field->flags & FIELD_KEY || field == sort;
}

// ---- Statements

static void put_add(struct buffer *out, const struct model_kind_info *info)
{
    buffer_printf(out, "INSERT INTO \"%s\"(", info->plural);
    put_columns(out, info);
    buffer_put_text(out, ") VALUES (");
    for (size_t i = 0; i < info->field_count; i++) {
        buffer_put_text(out, i > 0 ? "," : "");
        put_parameter(out, i);
    }
    buffer_put_byte(out, ')');
}

static void put_replace(struct buffer *out, const struct model_kind_info *info)
{
    const char *separator = "";
    buffer_printf(out, "UPDATE \"%s\" SET ", info->plural);
    for (size_t i = 0; i < info->field_count; i++) {
        if (info->fields[i].flags & FIELD_KEY) continue;
        buffer_put_text(out, separator);
        put_equal(out, info, i);
        separator = ",";
    }
    put_where_key(out, info);
}

static void put_rename(struct buffer *out, const struct model_kind_info *info)
{
    const char *separator = "";
    buffer_printf(out, "UPDATE \"%s\" SET ", info->plural);
    for (size_t i = 0; i < info->field_count; i++) {
        if (!(info->fields[i].flags & FIELD_KEY)) continue;
        buffer_put_text(out, separator);
        put_column(out, &info->fields[i]);
        buffer_put_byte(out, '=');
        put_parameter(out, info->field_count + i);
        separator = ",";
    }
    put_where_key(out, info);
}

static void put_get(struct buffer *out, const struct model_kind_info *info)
{
    buffer_put_text(out, "SELECT id,");
    put_columns(out, info);
    buffer_printf(out, " FROM \"%s\"", info->plural);
    put_where_key(out, info);
}

void sqlite_put_sql(struct buffer *out, enum model_kind kind, unsigned form)
{
    const struct model_kind_info *info = model_kind(kind);
    if (form == FORM_ADD) {
        put_add(out, info);
    } else if (form == FORM_REPLACE) {
        put_replace(out, info);
    } else if (form == FORM_RENAME) {
        put_rename(out, info);
    } else if (form == FORM_REMOVE) {
        buffer_printf(out, "DELETE FROM \"%s\"", info->plural);
        put_where_key(out, info);
    } else if (form == FORM_GET) {
        put_get(out, info);
    } else if (form < FORM_COUNT) {
        struct order order = {.kind = kind, .shape = form - FORM_LIST, .suffix = ""};
        put_list(out, &order, false);
    } else {
        struct order order = {.kind = kind, .shape = form - FORM_COUNT, .suffix = ""};
        buffer_printf(out, "SELECT count(*) FROM \"%s\"", info->plural);
        put_selection(out, &order, false);
    }
}

void sqlite_put_sorted(struct buffer *out, const struct store_query *query, unsigned shape)
{
    struct order order = {
        .kind = query->kind,
        .has_keys_only = query->has_keys_only,
        .shape = shape,
        .sort = store_sort_field(query),
        .suffix = "",
    };
    put_list(out, &order, query->is_descending);
}
