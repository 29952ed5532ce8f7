// SPDX-License-Identifier: Apache-2.0
// Devices: adding, replacing, removing, finding.
#include "client/client_int.h"

#include <string.h>

static size_t round_up(size_t size)
{
    return (size + 15) / 16 * 16;
}

size_t client_memory_size(const struct client_limits *limits)
{
    return round_up(sizeof(struct client_table)) + client_assumed_size() + client_web_size() +
           pool_memory_size(sizeof(struct device), limits->device_count) +
           pool_memory_size(sizeof(struct binding), limits->binding_count) +
           3 * index_memory_size(limits->device_count) +
           deadlines_memory_size(limits->binding_count) +
           round_up(SOURCES_MAX * sizeof(struct source));
}

static void put_hash(const struct client_table *table, const char *name, uint8_t *out, size_t count)
{
    uint64_t hashes[2];
    hash_keyed_twice(table->hash_key, span_of(name), hashes);
    memcpy(out, hashes, count);
}

// Further keys out of the one that we are given.
static void make_keys(struct client_table *table, const uint8_t hash_key[16])
{
    memcpy(table->hash_key, hash_key, sizeof table->hash_key);
    put_hash(table, "nonce", table->nonce_key, sizeof table->nonce_key);
    put_hash(table, "nobody", table->nobody.block.ha1_md5, 16);
    put_hash(table, "nobody", table->nobody.block.ha1_sha256, 16);
    put_hash(table, "nobody 2", table->nobody.block.ha1_sha256 + 16, 16);
}

struct client_table *client_init(void *memory, const struct client_limits *limits,
                                 const uint8_t hash_key[16])
{
    struct client_table *table = memory;
    char *next = (char *)memory + round_up(sizeof *table);
    struct index *indexes[] = {&table->by_id, &table->by_user, &table->by_sip_user};
    next = client_assumed_init(table, next);
    next = client_web_init(table, next);
    next = pool_init(&table->devices, next, sizeof(struct device), limits->device_count);
    next = pool_init(&table->bindings, next, sizeof(struct binding), limits->binding_count);
    for (size_t i = 0; i < 3; i++) next = index_init(indexes[i], next, limits->device_count);
    next = deadlines_init(&table->deadlines, next, limits->binding_count);
    table->sources = (struct source *)(void *)next;
    make_keys(table, hash_key);
    client_set_realm(table, SPAN("lineward"));
    return table;
}

void client_set_realm(struct client_table *table, struct span realm)
{
    bool fits = text_copy(table->realm, sizeof table->realm, realm);
    ASSERT(fits);
}

void client_set_md5_only(struct client_table *table, bool is_md5_only)
{
    table->is_md5_only = is_md5_only;
}

struct client_counts client_counts(const struct client_table *table)
{
    struct client_counts counts = table->counts;
    counts.bindings = table->bindings.used_count;
    return counts;
}

// ---- Looking up

struct device *client_device(const struct client_table *table, uint32_t device_id,
                             struct pool_id *id)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(device_id));
    for (;;) {
        *id = index_next(&table->by_id, &search);
        struct device *device = pool_find(&table->devices, *id);
        if (!device || device->block.device_id == device_id) return device;
    }
}

struct device *client_device_of(const struct client_table *table, struct span sip_user,
                                struct pool_id *id)
{
    struct index_search search = INDEX_SEARCH(hash_keyed(table->hash_key, sip_user));
    for (;;) {
        *id = index_next(&table->by_sip_user, &search);
        struct device *device = pool_find(&table->devices, *id);
        if (!device || span_eq(span_of(device->block.sip_user), sip_user)) return device;
    }
}

const struct snapshot_device *client_find_device(const struct client_table *table,
                                                 uint32_t device_id)
{
    struct pool_id id;
    const struct device *device = client_device(table, device_id, &id);
    return device ? &device->block : NULL;
}

uint32_t client_device_count(const struct client_table *table)
{
    return table->devices.used_count;
}

// The next device of the user, NULL at the end.
static const struct device *next_of_user(const struct client_table *table, uint32_t user_id,
                                         struct index_search *search)
{
    for (;;) {
        struct pool_id id = index_next(&table->by_user, search);
        const struct device *device = pool_find(&table->devices, id);
        if (!device || device->block.user_id == user_id) return device;
    }
}

// ---- Changes

static void index_device(struct client_table *table, const struct device *device, struct pool_id id)
{
    uint64_t name = hash_keyed(table->hash_key, span_of(device->block.sip_user));
    bool is_added = index_add(&table->by_id, index_hash_id(device->block.device_id), id) &&
                    index_add(&table->by_user, index_hash_id(device->block.user_id), id) &&
                    index_add(&table->by_sip_user, name, id);
    ASSERT(is_added); // the indexes are as large as the pool
}

static void unindex_device(struct client_table *table, const struct device *device,
                           struct pool_id id)
{
    uint64_t name = hash_keyed(table->hash_key, span_of(device->block.sip_user));
    index_remove(&table->by_id, index_hash_id(device->block.device_id), id);
    index_remove(&table->by_user, index_hash_id(device->block.user_id), id);
    index_remove(&table->by_sip_user, name, id);
}

static void end_bindings(struct client_table *table, struct turn *turn, struct device *device)
{
    while (device->binding_count > 0) client_end_binding(table, turn, device->bindings[0]);
}

static bool is_same_account(const struct snapshot_device *a, const struct snapshot_device *b)
{
    return a->user_id == b->user_id && strcmp(a->sip_user, b->sip_user) == 0 &&
           memcmp(a->ha1_md5, b->ha1_md5, sizeof a->ha1_md5) == 0 &&
           memcmp(a->ha1_sha256, b->ha1_sha256, sizeof a->ha1_sha256) == 0;
}

bool client_put_device(struct client_table *table, struct turn *turn,
                       const struct snapshot_device *block)
{
    struct pool_id id;
    struct device *device = client_device(table, block->device_id, &id);
    if (device) {
        if (!is_same_account(&device->block, block)) end_bindings(table, turn, device);
        unindex_device(table, device, id);
    } else {
        device = pool_take(&table->devices, &id);
        if (!device) return false;
    }
    device->block = *block;
    index_device(table, device, id);
    return true;
}

void client_remove_device(struct client_table *table, struct turn *turn, uint32_t device_id)
{
    struct pool_id id;
    struct device *device = client_device(table, device_id, &id);
    if (!device) return;
    end_bindings(table, turn, device);
    unindex_device(table, device, id);
    pool_free(&table->devices, id);
}

// ---- A user's contacts

static bool read_contact(const struct client_table *table, struct pool_id id,
                         struct client_contact *out)
{
    const struct binding *binding = pool_find(&table->bindings, id);
    if (!binding || binding->lost_us > 0) return false;
    const struct device *device = pool_find(&table->devices, binding->device);
    *out = (struct client_contact){
        .binding = id,
        .flow = binding->flow,
        .uri = span_of(binding->uri),
        .route = span_of(binding->route),
        .device_id = device->block.device_id,
        .q = binding->q,
        .since_us = binding->reached_us,
    };
    return true;
}

// Puts `contact` among the `count` before it, the greatest q first; the least goes where there are
// too many. Returns how many there are.
static size_t add_sorted(struct client_contact *out, size_t count, size_t max,
                         const struct client_contact *contact)
{
    size_t at = count;
    while (at > 0 && out[at - 1].q < contact->q) at--;
    if (at == max) return count;
    size_t moved = count - at - (count == max);
    memmove(&out[at + 1], &out[at], moved * sizeof *out);
    out[at] = *contact;
    return count < max ? count + 1 : max;
}

size_t client_contacts(const struct client_table *table, uint32_t user_id,
                       struct client_contact *out, size_t max)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(user_id));
    const struct device *device;
    size_t count = 0;
    while ((device = next_of_user(table, user_id, &search)) != NULL) {
        for (size_t i = 0; i < device->binding_count; i++) {
            struct client_contact contact;
            if (!read_contact(table, device->bindings[i], &contact)) continue;
            count = add_sorted(out, count, max, &contact);
        }
    }
    return count;
}

bool client_is_of_user(const struct client_table *table, uint32_t user_id, const struct flow *flow,
                       struct span sip_user)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(user_id));
    const struct device *device;
    while ((device = next_of_user(table, user_id, &search)) != NULL) {
        if (span_eq(span_of(device->block.sip_user), sip_user)) return true;
        if (client_is_known_flow(table, device, flow)) return true;
    }
    return false;
}

uint32_t client_live_count(const struct client_table *table, uint32_t user_id)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(user_id));
    const struct device *device;
    uint32_t count = client_has_web(table, user_id) ? 1 : 0;
    while ((device = next_of_user(table, user_id, &search)) != NULL) {
        count += device->binding_count;
    }
    return count;
}

bool client_is_named(const struct client_table *table, const struct sip_message *request)
{
    struct pool_id id;
    if (table->devices.used_count == 0) return false;
    return client_device_of(table, request->from.uri.user, &id) ||
           client_device_of(table, client_credentials_of(table, request), &id);
}

struct span client_credentials_of(const struct client_table *table,
                                  const struct sip_message *request)
{
    struct sip_authorization authorization;
    bool is_ours = sip_find_authorization(request, span_of(table->realm), &authorization) &&
                   span_eq(authorization.realm, span_of(table->realm));
    return is_ours ? authorization.user : SPAN_NONE;
}
