// SPDX-License-Identifier: Apache-2.0
// The legs of calls as such: made, found by the tags that we gave them, freed.
#include "call/bridge_int.h"

#include <string.h>

struct bridge *call_bridge_of(const struct call_table *table, const struct call *call)
{
    return pool_find(&table->bridges, call->bridge);
}

struct leg *call_bridge_caller(const struct call_table *table, const struct bridge *bridge)
{
    return pool_find(&table->legs, bridge->caller);
}

static uint64_t hash_of(const struct call_table *table, const char tag[TXN_TAG_BYTES])
{
    return hash_keyed(table->hash_key, (struct span){tag, TXN_TAG_BYTES});
}

static void open_texts(const struct call_table *table, struct leg *leg)
{
    leg->dialog.texts = texts_in(table->texts, DIALOG_TEXT_MAX);
    (void)texts_reserve(&leg->dialog.texts, TEXTS_AT_FIRST); // else it is found out soon
}

struct leg *call_leg_of_caller(struct call_table *table, struct pool_id call, struct pool_id *id)
{
    struct leg *leg = pool_take(&table->legs, id);
    if (!leg) return NULL;
    leg->call = call;
    open_texts(table, leg);
    return leg;
}

struct leg *call_leg_add(struct call_table *table, struct turn *turn, struct pool_id call_id,
                         struct pool_id *id)
{
    struct call *call = pool_find(&table->calls, call_id);
    struct bridge *bridge = call_bridge_of(table, call);
    struct leg *leg = pool_take_unset(&table->legs, id);
    if (!leg) return NULL;
    leg->call = call_id;
    leg->next = leg->txn = POOL_ID_NONE;
    leg->device_id = leg->invite_cseq = 0;
    leg->caller_cseq = bridge->invite_cseq;
    leg->is_reached = leg->has_alerted = leg->is_fork = false;
    leg->started_ms = call_age_ms(call, turn);
    leg->rang_ms = LEG_NEVER;
    leg->lost_us = 0;
    leg->session = (struct session){.due_us = DEADLINE_NEVER};
    leg->asked = (struct session_ask){.refresher = REFRESHER_ANY};
    leg->description = POOL_ID_NONE;
    open_texts(table, leg);
    call_dialog_new_tag(leg->caller_tag, turn);
    struct pool_id *link = &bridge->first;
    for (struct leg *at; (at = pool_find(&table->legs, *link)) != NULL;) link = &at->next;
    *link = *id;
    return leg;
}

void call_leg_index(struct call_table *table, struct pool_id id)
{
    const struct leg *leg = pool_find(&table->legs, id);
    bool is_added = index_add(&table->by_tag, hash_of(table, leg->caller_tag), id) &&
                    index_add(&table->by_tag, hash_of(table, leg->dialog.local_tag), id);
    ASSERT(is_added); // it has room for two of each leg
}

void call_leg_free(struct call_table *table, struct pool_id id)
{
    struct leg *leg = pool_find(&table->legs, id);
    if (!leg) return;
    struct call *call = pool_find(&table->calls, leg->call);
    struct bridge *bridge = call ? call_bridge_of(table, call) : NULL;
    index_remove(&table->by_tag, hash_of(table, leg->caller_tag), id);
    index_remove(&table->by_tag, hash_of(table, leg->dialog.local_tag), id);
    struct pool_id *link = bridge ? &bridge->first : NULL;
    while (link && !pool_id_eq(*link, id)) {
        struct leg *at = pool_find(&table->legs, *link);
        link = at ? &at->next : NULL;
    }
    if (link) *link = leg->next;
    pool_free(&table->invites, leg->description);
    texts_drop(&leg->dialog.texts);
    pool_free(&table->legs, id);
}

static bool is_same_flow(const struct flow *a, const struct flow *b)
{
    return a->transport == b->transport && a->connection == b->connection &&
           address_eq(&a->peer, &b->peer);
}

void call_leg_follow(const struct call_table *table, struct leg *leg)
{
    const struct call_neighbours *beside = &table->neighbours;
    struct client_contact contacts[CLIENT_CONTACTS_MAX];
    const struct call *call = pool_find(&table->calls, leg->call);
    const struct client_contact *found = NULL;
    if (leg->device_id == 0 || call->user_id == 0) return;
    size_t count = client_contacts(beside->clients, call->user_id, contacts, CLIENT_CONTACTS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (contacts[i].device_id != leg->device_id) continue;
        if (is_same_flow(&contacts[i].flow, &leg->dialog.flow)) return;
        if (!found) found = &contacts[i];
    }
    struct address own;
    bool is_reachable = found && beside->own_towards &&
                        beside->own_towards(beside->context, &found->flow, &own);
    if (!is_reachable) return;
    leg->dialog.flow = found->flow;
    leg->dialog.own = own;
}

uint32_t call_leg_count(const struct call_table *table, const struct bridge *bridge)
{
    uint32_t count = 0;
    const struct leg *leg = pool_find(&table->legs, bridge->first);
    for (; leg; leg = pool_find(&table->legs, leg->next)) count++;
    return count;
}

// ---- Finding

static bool is_tag(const char own[TXN_TAG_BYTES], struct span tag)
{
    return span_eq((struct span){own, TXN_TAG_BYTES}, tag);
}

// The next leg of which `tag` is one of the two, as a caller's or as our own.
static struct leg *next_tagged(const struct call_table *table, struct index_search *search,
                               struct span tag, struct pool_id *id)
{
    for (;;) {
        *id = index_next(&table->by_tag, search);
        struct leg *leg = pool_find(&table->legs, *id);
        if (!leg || is_tag(leg->caller_tag, tag) || is_tag(leg->dialog.local_tag, tag)) return leg;
    }
}

// The dialog of a leg that has the tag: the caller's where the caller knows the leg by it.
static const struct dialog *tagged_dialog(const struct call_table *table, const struct leg *leg,
                                          struct span tag, bool *is_from_caller)
{
    const struct call *call = pool_find(&table->calls, leg->call);
    const struct bridge *bridge = call ? call_bridge_of(table, call) : NULL;
    const struct leg *caller = bridge ? call_bridge_caller(table, bridge) : NULL;
    *is_from_caller = is_tag(leg->caller_tag, tag);
    if (!*is_from_caller) return &leg->dialog;
    return caller ? &caller->dialog : NULL;
}

struct leg *call_leg_find(const struct call_table *table, const struct sip_message *request,
                          struct pool_id *id, bool *is_from_caller)
{
    struct leg *leg;
    if (request->to.tag.len != TXN_TAG_BYTES) return NULL;
    struct index_search search = INDEX_SEARCH(hash_of(table, request->to.tag.at));
    while ((leg = next_tagged(table, &search, request->to.tag, id)) != NULL) {
        const struct dialog *dialog = tagged_dialog(table, leg, request->to.tag, is_from_caller);
        if (dialog && call_dialog_is_peer(dialog, request)) return leg;
    }
    return NULL;
}

struct leg *call_leg_find_tag(const struct call_table *table, struct span tag, struct span call_id,
                              struct pool_id *id, bool *is_from_caller)
{
    struct leg *leg;
    if (tag.len != TXN_TAG_BYTES) return NULL;
    struct index_search search = INDEX_SEARCH(hash_of(table, tag.at));
    while ((leg = next_tagged(table, &search, tag, id)) != NULL) {
        const struct dialog *dialog = tagged_dialog(table, leg, tag, is_from_caller);
        if (dialog && span_eq(call_dialog_text(dialog, dialog->call_id), call_id)) return leg;
    }
    return NULL;
}
