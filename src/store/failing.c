// SPDX-License-Identifier: Apache-2.0
// A store that fails when told to: it shows that the layers above change nothing and publish
// nothing when any one of their calls goes wrong.
#include "store/store_int.h"

#include <stdlib.h>

struct failing {
    struct store base;
    struct store *beneath;
    unsigned calls_left; // until the one that fails; 0: none fails
    enum err err;
};

static struct failing *failing_of(struct store *store)
{
    return (struct failing *)store;
}

// Whether this call is the one to fail.
static bool is_due(struct store *store)
{
    struct failing *failing = failing_of(store);
    return failing->calls_left > 0 && --failing->calls_left == 0;
}

static enum err fail(struct store *store)
{
    enum err err = failing_of(store)->err;
    return store_fail(store, err, "lineward.db: %s", err_text(err));
}

// Hands on the answer of the store beneath, and its explanation.
static enum err pass(struct store *store, enum err err)
{
    if (err != ERR_NONE) store->problem = failing_of(store)->beneath->problem;
    return err;
}

static enum err failing_begin(struct store *store)
{
    if (is_due(store)) return fail(store);
    return pass(store, store_begin(failing_of(store)->beneath));
}

static enum err failing_commit(struct store *store)
{
    if (!is_due(store)) return pass(store, store_commit(failing_of(store)->beneath));
    store_rollback(failing_of(store)->beneath);
    return fail(store);
}

static void failing_rollback(struct store *store)
{
    store_rollback(failing_of(store)->beneath);
}

static enum err failing_add(struct store *store, enum model_kind kind, const void *record,
                            uint32_t *id)
{
    if (is_due(store)) return fail(store);
    return pass(store, store_add(failing_of(store)->beneath, kind, record, id));
}

static enum err failing_replace(struct store *store, enum model_kind kind, const void *record)
{
    if (is_due(store)) return fail(store);
    return pass(store, store_replace(failing_of(store)->beneath, kind, record));
}

static enum err failing_rename(struct store *store, enum model_kind kind, const void *record,
                               const void *renamed)
{
    if (is_due(store)) return fail(store);
    return pass(store, store_rename(failing_of(store)->beneath, kind, record, renamed));
}

static enum err failing_remove(struct store *store, enum model_kind kind, const void *record)
{
    if (is_due(store)) return fail(store);
    return pass(store, store_remove(failing_of(store)->beneath, kind, record));
}

static enum err failing_get(struct store *store, enum model_kind kind, void *record, uint32_t *id)
{
    if (is_due(store)) return fail(store);
    return pass(store, store_get(failing_of(store)->beneath, kind, record, id));
}

static enum err failing_list(struct store *store, const struct store_query *query,
                             store_visit *visit, void *context)
{
    if (is_due(store)) return fail(store);
    return pass(store, store_list(failing_of(store)->beneath, query, visit, context));
}

static enum err failing_count(struct store *store, const struct store_query *query, uint64_t *count)
{
    if (is_due(store)) return fail(store);
    return pass(store, store_count(failing_of(store)->beneath, query, count));
}

static enum err failing_journal_append(struct store *store,
                                       const struct model_journal_entry *entries, size_t count)
{
    if (is_due(store)) return fail(store);
    return pass(store, store_journal_append(failing_of(store)->beneath, entries, count));
}

static enum err failing_journal_list(struct store *store, const struct store_journal_query *query,
                                     store_journal_visit *visit, void *context)
{
    if (is_due(store)) return fail(store);
    return pass(store, store_journal_list(failing_of(store)->beneath, query, visit, context));
}

static enum err failing_journal_trim(struct store *store, struct store_journal_trim *trim)
{
    if (is_due(store)) return fail(store);
    return pass(store, store_journal_trim(failing_of(store)->beneath, trim));
}

static enum err failing_figures_list(struct store *store, struct store_figures_query *query,
                                     store_figures_visit *visit, void *context)
{
    if (is_due(store)) return fail(store);
    return pass(store, store_figures_list(failing_of(store)->beneath, query, visit, context));
}

static enum err failing_figures_count(struct store *store, struct store_figures_counting *counting)
{
    if (is_due(store)) return fail(store);
    return pass(store, store_figures_count(failing_of(store)->beneath, counting));
}

static enum err failing_audit_append(struct store *store, const struct model_audit_entry *entry)
{
    if (is_due(store)) return fail(store);
    return pass(store, store_audit_append(failing_of(store)->beneath, entry));
}

static enum err failing_audit_list(struct store *store, const struct store_audit_query *query,
                                   store_audit_visit *visit, void *context)
{
    if (is_due(store)) return fail(store);
    return pass(store, store_audit_list(failing_of(store)->beneath, query, visit, context));
}

static enum err failing_audit_trim(struct store *store, uint64_t until_us, uint32_t limit,
                                   uint32_t *count)
{
    if (is_due(store)) return fail(store);
    return pass(store, store_audit_trim(failing_of(store)->beneath, until_us, limit, count));
}

static void failing_close(struct store *store)
{
    free(store);
}

void store_fail_at(struct store *failing, unsigned call, enum err err)
{
    ASSERT(failing->ops->close == failing_close);
    failing_of(failing)->calls_left = call;
    failing_of(failing)->err = err;
}

struct store *store_open_failing(struct store *beneath)
{
    static const struct store_ops ops = {
        .close = failing_close,
        .begin = failing_begin,
        .commit = failing_commit,
        .rollback = failing_rollback,
        .add = failing_add,
        .replace = failing_replace,
        .rename = failing_rename,
        .remove = failing_remove,
        .get = failing_get,
        .list = failing_list,
        .count = failing_count,
        .journal_append = failing_journal_append,
        .journal_list = failing_journal_list,
        .journal_trim = failing_journal_trim,
        .figures_list = failing_figures_list,
        .figures_count = failing_figures_count,
        .audit_append = failing_audit_append,
        .audit_list = failing_audit_list,
        .audit_trim = failing_audit_trim,
    };
    struct failing *failing = calloc(1, sizeof *failing);
    if (!failing) return NULL;
    failing->base.ops = &ops;
    failing->beneath = beneath;
    return &failing->base;
}
