// SPDX-License-Identifier: Apache-2.0
// The table: subscriptions, the calls of lines as they were shown, what PBXs say of messages.
#include "watch/watch_int.h"

#include <string.h>

static size_t head_size(void)
{
    return (sizeof(struct watch_table) + 15) / 16 * 16;
}

enum { WATCHED_TEXT_MAX = TEXT_SIZE }; // of whom a line talks to, and of their name

size_t watch_memory_size(const struct watch_limits *limits)
{
    uint32_t count = limits->subscription_count;
    return head_size() + pool_memory_size(sizeof(struct subscription), count) +
           pool_memory_size(sizeof(struct watched_call), limits->call_count) +
           pool_memory_size(sizeof(struct summary), limits->line_count) +
           text_store_size(limits->call_count, 2 * WATCHED_TEXT_MAX) +
           4 * index_memory_size(count) + 2 * index_memory_size(limits->call_count) +
           index_memory_size(limits->line_count) + deadlines_memory_size(count);
}

struct watch_table *watch_init(void *memory, const struct watch_limits *limits,
                               const uint8_t hash_key[16], struct watch_neighbours neighbours)
{
    struct watch_table *table = memory;
    uint32_t count = limits->subscription_count;
    char *next = (char *)memory + head_size();
    next = pool_init(&table->subscriptions, next, sizeof(struct subscription), count);
    next = pool_init(&table->calls, next, sizeof(struct watched_call), limits->call_count);
    next = pool_init(&table->summaries, next, sizeof(struct summary), limits->line_count);
    table->texts = text_store_init(next, limits->call_count, 2 * WATCHED_TEXT_MAX);
    next += text_store_size(limits->call_count, 2 * WATCHED_TEXT_MAX);
    next = index_init(&table->by_tag, next, count);
    next = index_init(&table->by_line, next, count);
    next = index_init(&table->by_user, next, count);
    next = index_init(&table->by_device, next, count);
    next = index_init(&table->by_call, next, limits->call_count);
    next = index_init(&table->calls_by_line, next, limits->call_count);
    next = index_init(&table->summary_by_line, next, limits->line_count);
    deadlines_init(&table->deadlines, next, count);
    table->neighbours = neighbours;
    memcpy(table->hash_key, hash_key, sizeof table->hash_key);
    return table;
}

uint32_t watch_count(const struct watch_table *table)
{
    return table->subscriptions.used_count;
}

uint64_t watch_hash_tag(const struct watch_table *table, struct span tag)
{
    return hash_keyed(table->hash_key, tag);
}

// ---- Subscriptions

void watch_index(struct watch_table *table, struct pool_id id)
{
    const struct subscription *of = pool_find(&table->subscriptions, id);
    uint64_t tag = watch_hash_tag(table, call_dialog_tag(&of->dialog));
    bool is_added = index_add(&table->by_tag, tag, id) &&
                    index_add(&table->by_line, index_hash_id(of->line_id), id) &&
                    index_add(&table->by_user, index_hash_id(of->user_id), id) &&
                    index_add(&table->by_device, index_hash_id(of->device_id), id);
    ASSERT(is_added); // the indexes are as large as the pool
}

void watch_free(struct watch_table *table, struct pool_id id)
{
    const struct subscription *of = pool_find(&table->subscriptions, id);
    if (!of) return;
    index_remove(&table->by_tag, watch_hash_tag(table, call_dialog_tag(&of->dialog)), id);
    index_remove(&table->by_line, index_hash_id(of->line_id), id);
    index_remove(&table->by_user, index_hash_id(of->user_id), id);
    index_remove(&table->by_device, index_hash_id(of->device_id), id);
    deadlines_set(&table->deadlines, id.index, DEADLINE_NEVER);
    pool_free(&table->subscriptions, id);
}

// The next subscription that watches the line (of the user, of the device); NULL at the end. The
// table must not change meanwhile.
static struct subscription *next_of_line(const struct watch_table *table, uint32_t line_id,
                                         struct index_search *search, struct pool_id *id)
{
    for (;;) {
        *id = index_next(&table->by_line, search);
        struct subscription *of = pool_find(&table->subscriptions, *id);
        if (!of || of->line_id == line_id) return of;
    }
}

// ---- Changes: they only set deadlines, so that no turn grows with the number of subscribers

static void note_change(struct watch_table *table, struct pool_id id)
{
    struct subscription *of = pool_find(&table->subscriptions, id);
    of->is_changed = true;
    watch_set_deadline(table, id);
}

static void change_line(struct watch_table *table, uint32_t line_id)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(line_id));
    struct pool_id id;
    while (next_of_line(table, line_id, &search, &id)) note_change(table, id);
}

void watch_line_changed(struct watch_table *table, struct turn *turn, uint32_t line_id)
{
    (void)turn;
    if (table->subscriptions.used_count > 0) change_line(table, line_id);
}

void watch_user_changed(struct watch_table *table, struct turn *turn, uint32_t user_id)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(user_id));
    struct pool_id id;
    const struct subscription *of;
    (void)turn;
    if (table->subscriptions.used_count == 0 || user_id == 0) return;
    for (;;) {
        id = index_next(&table->by_user, &search);
        of = pool_find(&table->subscriptions, id);
        if (!of) return;
        if (of->user_id == user_id && of->package == PACKAGE_PRESENCE) note_change(table, id);
    }
}

static bool find_of_device(const struct watch_table *table, uint32_t device_id, struct pool_id *id)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(device_id));
    for (;;) {
        *id = index_next(&table->by_device, &search);
        const struct subscription *of = pool_find(&table->subscriptions, *id);
        if (!of) return false;
        if (of->device_id == device_id) return true;
    }
}

void watch_end_device(struct watch_table *table, struct turn *turn, uint32_t device_id,
                      const char *reason)
{
    struct pool_id id;
    if (table->subscriptions.used_count == 0) return;
    while (find_of_device(table, device_id, &id)) watch_end(table, turn, id, reason);
}

void watch_end_line(struct watch_table *table, struct turn *turn, uint32_t line_id)
{
    for (;;) {
        struct index_search search = INDEX_SEARCH(index_hash_id(line_id));
        struct pool_id id;
        if (!next_of_line(table, line_id, &search, &id)) return;
        watch_end(table, turn, id, "deactivated");
    }
}

void watch_forget(struct watch_table *table, struct pool_id id)
{
    watch_free(table, id);
}

void watch_lost_flow(struct watch_table *table, const struct flow *flow)
{
    if (flow->transport == TRANSPORT_UDP) return;
    for (uint32_t i = 0; table->subscriptions.used_count > 0 && i < table->subscriptions.fresh;
         i++) {
        struct pool_id id;
        const struct subscription *of = pool_at(&table->subscriptions, i, &id);
        bool is_it = of && of->dialog.flow.transport == flow->transport &&
                     of->dialog.flow.connection == flow->connection &&
                     of->dialog.flow.worker == flow->worker;
        if (is_it) watch_free(table, id);
    }
}

// ---- Calls

static uint64_t hash_of_call(struct pool_id call)
{
    return (call.index ^ (uint64_t)call.generation << 32) * UINT64_C(0x9e3779b97f4a7c15) >> 8;
}

static struct watched_call *find_call(const struct watch_table *table, struct pool_id call,
                                      struct pool_id *id)
{
    struct index_search search = INDEX_SEARCH(hash_of_call(call));
    for (;;) {
        *id = index_next(&table->by_call, &search);
        struct watched_call *found = pool_find(&table->calls, *id);
        if (!found || pool_id_eq(found->call, call)) return found;
    }
}

static struct watched_call *add_call(struct watch_table *table, const struct watch_call *shown)
{
    struct pool_id id;
    struct watched_call *call = pool_take(&table->calls, &id);
    if (!call) return NULL; // more than there can be calls
    call->call = shown->call;
    call->line_id = shown->line_id;
    call->texts = texts_in(table->texts, 2 * WATCHED_TEXT_MAX);
    bool is_added = index_add(&table->by_call, hash_of_call(shown->call), id) &&
                    index_add(&table->calls_by_line, index_hash_id(shown->line_id), id);
    ASSERT(is_added); // the indexes are as large as the pool
    return call;
}

static void forget_call(struct watch_table *table, struct pool_id id)
{
    struct watched_call *call = pool_find(&table->calls, id);
    texts_drop(&call->texts);
    index_remove(&table->by_call, hash_of_call(call->call), id);
    index_remove(&table->calls_by_line, index_hash_id(call->line_id), id);
    pool_free(&table->calls, id);
}

static void keep_cut(struct watched_call *call, struct text *kept, struct span text)
{
    (void)texts_keep(&call->texts, span_slice(text, 0, WATCHED_TEXT_MAX), kept);
}

void watch_call_shown(struct watch_table *table, struct turn *turn, const struct watch_call *shown)
{
    struct pool_id id;
    struct watched_call *call = find_call(table, shown->call, &id);
    uint32_t line_id = call ? call->line_id : shown->line_id;
    if (shown->state == WATCH_OVER) {
        if (call) forget_call(table, id);
    } else {
        if (!call) call = add_call(table, shown);
        if (!call) return;
        call->state = (uint8_t)shown->state;
        call->is_outgoing = shown->is_outgoing;
        texts_cut(&call->texts, 0);
        keep_cut(call, &call->remote, shown->remote);
        keep_cut(call, &call->display, shown->remote_display);
    }
    watch_line_changed(table, turn, line_id);
}

const struct watched_call *watch_next_call(const struct watch_table *table, uint32_t line_id,
                                           struct index_search *search)
{
    for (;;) {
        struct pool_id id = index_next(&table->calls_by_line, search);
        const struct watched_call *call = pool_find(&table->calls, id);
        if (!call || call->line_id == line_id) return call;
    }
}

// ---- Messages that wait at the PBX

static struct summary *find_summary(const struct watch_table *table, uint32_t line_id,
                                    struct pool_id *id)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(line_id));
    for (;;) {
        *id = index_next(&table->summary_by_line, &search);
        struct summary *summary = pool_find(&table->summaries, *id);
        if (!summary || summary->line_id == line_id) return summary;
    }
}

const struct summary *watch_summary_of(const struct watch_table *table, uint32_t line_id)
{
    struct pool_id id;
    return find_summary(table, line_id, &id);
}

static struct summary *add_summary(struct watch_table *table, uint32_t line_id)
{
    struct pool_id id;
    struct summary *summary = pool_take(&table->summaries, &id);
    if (!summary) return NULL;
    summary->line_id = line_id;
    bool is_added = index_add(&table->summary_by_line, index_hash_id(line_id), id);
    ASSERT(is_added); // it has room for all of the pool
    return summary;
}

// What is told on: whether messages wait, and how many voice messages there are. The PBX's account
// is its own.
static bool put_known(struct buffer *out, struct span body)
{
    bool is_told = false;
    while (body.len > 0) {
        struct span value = span_trim(span_split(&body, '\n')), name = span_split(&value, ':');
        value = span_trim(value);
        if (span_eq_nocase(name, SPAN("Messages-Waiting"))) {
            bool is_yes = span_eq_nocase(value, SPAN("yes"));
            if (!is_yes && !span_eq_nocase(value, SPAN("no"))) return false;
            buffer_printf(out, "Messages-Waiting: %s\r\n", is_yes ? "yes" : "no");
            is_told = true;
        } else if (is_told && span_eq_nocase(name, SPAN("Voice-Message"))) {
            buffer_printf(out, "Voice-Message: %.*s\r\n", SPAN_ARG(span_slice(value, 0, 64)));
        }
    }
    return is_told && !out->is_full;
}

bool watch_note_summary(struct watch_table *table, struct turn *turn, uint32_t line_id,
                        struct span body)
{
    struct pool_id id;
    char bytes[SUMMARY_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes - 1);
    if (!put_known(&out, body)) return false;
    struct summary *summary = find_summary(table, line_id, &id);
    if (!summary) summary = add_summary(table, line_id);
    if (!summary) return true; // it is told on to nobody
    text_copy(summary->text, sizeof summary->text, buffer_span(&out));
    watch_line_changed(table, turn, line_id);
    return true;
}
