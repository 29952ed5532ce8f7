// SPDX-License-Identifier: Apache-2.0
// What the PBX says of an extension's calls, and which of them are a desk phone's. PBXs tell of
// every call of the extension, ours included, and of those that we have sent on: they are known by
// their Call-ID (RFC 4235 section 4.1.2). Tags would say it, too, but PBXs leave them out (Kamailio
// of confirmed dialogs). A PBX that gives its calls other names is dealt with where calls are
// counted (call_count_desk).
#include "desk/desk_int.h"

#include <string.h>

static uint64_t hash_of(const struct desk_table *table, struct span text)
{
    return text.len > 0 ? hash_keyed(table->hash_key, text) | 1 : 0;
}

void desk_note_taken(struct desk_table *table, uint32_t line_id, struct span call_id)
{
    struct pool_id id;
    struct desk *desk = desk_find(table, line_id, &id);
    if (!desk) return;
    desk->taken[desk->taken_next++ % DESK_TAKEN_MAX] = hash_of(table, call_id);
}

static bool was_taken(const struct desk *desk, uint64_t call_id)
{
    for (size_t i = 0; i < DESK_TAKEN_MAX && call_id != 0; i++) {
        if (desk->taken[i] == call_id) return true;
    }
    return false;
}

// A call of our making that comes to this extension from another one is whoever's answers it.
static bool is_ours(const struct desk_table *table, const struct desk *desk,
                    const struct desk_dialog *dialog)
{
    if (!dialog->is_called && call_is_own_id(dialog->call_id)) return true;
    return was_taken(desk, hash_of(table, dialog->call_id));
}

void desk_forget_calls(struct desk *desk)
{
    memset(desk->calls, 0, sizeof desk->calls);
    desk->counted = (struct call_desk){0};
}

// The place of a dialog in `calls`: where it is, else a free one; NULL: there is none.
static struct desk_call *place_of(struct desk_call *calls, uint64_t id)
{
    struct desk_call *place = NULL;
    for (size_t i = 0; i < DESK_CALLS_MAX; i++) {
        if (calls[i].id == id) return &calls[i];
        if (calls[i].id == 0 && !place) place = &calls[i];
    }
    return place;
}

// What is known of a call from before: what is ours stays ours, though its leg has ended here
// before the PBX says so.
static bool was_ours(const struct desk *desk, const struct desk_call *call)
{
    for (size_t i = 0; i < DESK_CALLS_MAX; i++) {
        const struct desk_call *before = &desk->calls[i];
        if (before->id == call->id && before->call_id == call->call_id) return before->is_ours;
    }
    return false;
}

static void note(const struct desk_table *table, const struct desk *desk, struct desk_call *calls,
                 const struct desk_dialog *dialog)
{
    struct desk_call call = {
        .id = hash_of(table, dialog->id.len > 0 ? dialog->id : dialog->call_id),
        .call_id = hash_of(table, dialog->call_id),
        .is_confirmed = dialog->state == DESK_DIALOG_CONFIRMED,
    };
    struct desk_call *place = place_of(calls, call.id);
    if (call.id == 0 || !place) return;
    if (dialog->state == DESK_DIALOG_OVER) {
        *place = (struct desk_call){0};
        return;
    }
    call.is_ours = was_ours(desk, &call) || is_ours(table, desk, dialog);
    *place = call;
}

static struct call_desk count(const struct desk *desk)
{
    struct call_desk counts = {0};
    for (size_t i = 0; i < DESK_CALLS_MAX; i++) {
        const struct desk_call *call = &desk->calls[i];
        if (call->is_ours) counts.ours++;
        if (call->is_confirmed && !call->is_ours) counts.others++;
    }
    return counts;
}

bool desk_take_document(struct desk_table *table, struct desk *desk, struct span body, bool *is_gap)
{
    struct desk_call calls[DESK_CALLS_MAX] = {{0}};
    struct desk_document document;
    struct desk_dialog dialog;
    enum xml_kind kind;
    *is_gap = false;
    if (!desk_document_begin(&document, body)) return false;
    if (!document.is_full) memcpy(calls, desk->calls, sizeof calls);
    while ((kind = desk_document_next(&document, &dialog)) == XML_CLOSE) {
        note(table, desk, calls, &dialog);
    }
    if (kind == XML_FAULT) return false;
    *is_gap = !document.is_full && (!desk->is_told || document.version != desk->version + 1U);
    desk->version = (uint32_t)document.version;
    memcpy(desk->calls, calls, sizeof calls);
    desk->counted = count(desk);
    return true;
}
