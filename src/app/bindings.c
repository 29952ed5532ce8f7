// SPDX-License-Identifier: Apache-2.0
// The table of bindings, and the file "bindings": text, written beside the old one and put in its
// place. Of each binding five lines, of which the last three may be empty:
//
//   lineward bindings 2 BOOT AHEAD_US
//   DEVICE_ID WORKER TRANSPORT SOCKET Q REG_ID SINCE_US UNTIL_US PEER
//   Contact URI
//   Path
//   instance
//   user agent
//   ...
//   end COUNT                                   without it the file is void
//
// UNTIL_US is by the wall clock, of which the first line tells (state_file.h).
#include "app/bindings.h"

#include "app/log.h"
#include "app/state_file.h"
#include "net/net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { PER_DEVICE = 2 };

static const struct span heading = {"lineward bindings 2 ", 20};

struct entry {
    uint32_t worker;
    struct model_binding binding; // until_us by net_now_us: the wall clock may be set
};

struct bindings {
    struct state_file file;
    uv_mutex_t mutex;
    struct pool entries;
    struct index by_device;
    void *memory;
    struct model_binding *saved; // of the file; device_id 0: taken
    size_t saved_count;
    bool is_failing; // the last write: logged already
};

// ---- Reading the file

static bool read_numbers(struct span line, struct model_binding *out)
{
    uint64_t numbers[8];
    static const uint64_t most[8] = {UINT32_MAX, UINT8_MAX, TRANSPORT_WSS, UINT16_MAX,
                                     1000,       INT32_MAX, UINT64_MAX,    UINT64_MAX};
    for (size_t i = 0; i < 8; i++) {
        if (!span_to_u64(span_split(&line, ' '), most[i], &numbers[i])) return false;
    }
    *out = (struct model_binding){
        .device_id = (uint32_t)numbers[0],
        .flow = {.worker = (uint8_t)numbers[1],
                 .transport = (uint8_t)numbers[2],
                 .socket = (uint16_t)numbers[3]},
        .q = (uint16_t)numbers[4],
        .reg_id = (uint32_t)numbers[5],
        .since_us = numbers[6],
        .until_us = numbers[7],
    };
    return address_parse_port(line, 0, &out->flow.peer);
}

static bool read_binding(struct span *text, struct model_binding *out)
{
    return read_numbers(span_split(text, '\n'), out) &&
           text_copy(out->uri, sizeof out->uri, span_split(text, '\n')) &&
           text_copy(out->route, sizeof out->route, span_split(text, '\n')) &&
           text_copy(out->instance, sizeof out->instance, span_split(text, '\n')) &&
           text_copy(out->user_agent, sizeof out->user_agent, span_split(text, '\n'));
}

// Takes all in, or nothing.
static bool read_all(struct bindings *bindings, struct span text)
{
    size_t room = text.len / 16 + 1; // none is shorter
    uint64_t announced = 0, shift_us;
    if (!state_file_read_clock(span_split(&text, '\n'), heading, &shift_us)) return false;
    bindings->saved = calloc(room, sizeof bindings->saved[0]);
    while (bindings->saved && text.len > 0) {
        if (span_starts_with(text, SPAN("end "))) {
            text = span_slice(text, 4, text.len - 1);
            return span_to_u64(text, SIZE_MAX, &announced) && announced == bindings->saved_count;
        }
        if (bindings->saved_count == room) return false;
        struct model_binding *place = &bindings->saved[bindings->saved_count];
        if (!read_binding(&text, place)) return false;
        place->until_us += shift_us;
        bindings->saved_count++;
    }
    return false;
}

static void load(struct bindings *bindings)
{
    char *bytes;
    struct span text = state_file_read(&bindings->file, &bytes);
    bool is_read = text.len > 0 && read_all(bindings, text);
    free(bytes);
    if (is_read) return;
    bindings->saved_count = 0;
    if (text.len == 0) return;
    log_event(LOG_WARN, "bindings not readable: devices are called once they register again",
              "file", span_of(bindings->file.path));
}

struct bindings *bindings_load(const char *data_dir, uint32_t devices_max)
{
    uint32_t count = PER_DEVICE * devices_max;
    size_t pool_size = pool_memory_size(sizeof(struct entry), count);
    struct bindings *bindings = calloc(1, sizeof *bindings);
    if (!bindings) return NULL;
    bindings->memory = calloc(1, pool_size + index_memory_size(count));
    if (!bindings->memory || uv_mutex_init(&bindings->mutex) != 0) {
        free(bindings->memory);
        free(bindings);
        return NULL;
    }
    void *next = pool_init(&bindings->entries, bindings->memory, sizeof(struct entry), count);
    index_init(&bindings->by_device, next, count);
    state_file_init(&bindings->file, data_dir, "bindings");
    load(bindings);
    return bindings;
}

void bindings_free(struct bindings *bindings)
{
    if (!bindings) return;
    uv_mutex_destroy(&bindings->mutex);
    free(bindings->memory);
    free(bindings->saved);
    free(bindings);
}

size_t bindings_take_saved(struct bindings *bindings, uint32_t device_id, struct model_binding *out,
                           size_t max)
{
    size_t count = 0;
    uv_mutex_lock(&bindings->mutex);
    for (size_t i = 0; i < bindings->saved_count && count < max; i++) {
        struct model_binding *saved = &bindings->saved[i];
        if (saved->device_id != device_id) continue;
        out[count++] = *saved;
        saved->device_id = 0;
    }
    uv_mutex_unlock(&bindings->mutex);
    return count;
}

// ---- The table

static struct entry *find(struct bindings *bindings, uint32_t worker,
                          const struct model_binding *binding, struct pool_id *id)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(binding->device_id));
    for (;;) {
        *id = index_next(&bindings->by_device, &search);
        struct entry *entry = pool_find(&bindings->entries, *id);
        if (!entry) return NULL;
        if (entry->worker == worker && entry->binding.number == binding->number) return entry;
    }
}

static struct entry *add(struct bindings *bindings, const struct client_shown *shown,
                         struct pool_id *id)
{
    struct entry *entry = pool_take(&bindings->entries, id);
    if (!entry) return NULL;
    index_add(&bindings->by_device, index_hash_id(shown->binding.device_id), *id);
    return entry;
}

void bindings_told(struct bindings *bindings, uint32_t worker, const struct client_shown *shown)
{
    struct pool_id id;
    uv_mutex_lock(&bindings->mutex);
    struct entry *entry = find(bindings, worker, &shown->binding, &id);
    if (shown->is_gone && entry) {
        index_remove(&bindings->by_device, index_hash_id(shown->binding.device_id), id);
        pool_free(&bindings->entries, id);
    } else if (!shown->is_gone) {
        if (!entry) entry = add(bindings, shown, &id);
        if (entry) {
            entry->worker = worker;
            entry->binding = shown->binding;
            entry->binding.until_us -= net_wall_ahead_us();
        }
    }
    uv_mutex_unlock(&bindings->mutex);
}

static void show(struct api_binding *out, const struct model_binding *binding)
{
    *out = (struct api_binding){
        .source = binding->flow.peer,
        .transport = binding->flow.transport,
        .is_reachable = !binding->is_lost,
        .since_us = binding->since_us,
        .expires_us = binding->until_us + net_wall_ahead_us(),
    };
    text_copy(out->contact, sizeof out->contact, span_of(binding->uri));
    text_copy(out->user_agent, sizeof out->user_agent, span_of(binding->user_agent));
}

size_t bindings_list(struct bindings *bindings, uint32_t device_id, struct api_binding *out,
                     size_t max)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(device_id));
    size_t count = 0;
    uv_mutex_lock(&bindings->mutex);
    while (count < max) {
        const struct entry *entry = pool_find(&bindings->entries,
                                              index_next(&bindings->by_device, &search));
        if (!entry) break;
        if (entry->binding.device_id == device_id) show(&out[count++], &entry->binding);
    }
    uv_mutex_unlock(&bindings->mutex);
    return count;
}

// ---- Writing the file

static void put_binding(FILE *file, const struct model_binding *binding)
{
    char peer[64];
    struct buffer out = buffer_over(peer, sizeof peer);
    address_print(&out, &binding->flow.peer);
    fprintf(file, "%u %u %u %u %u %u %llu %llu %.*s\n%s\n%s\n%s\n%s\n", binding->device_id,
            binding->flow.worker, binding->flow.transport, binding->flow.socket, binding->q,
            binding->reg_id, (unsigned long long)binding->since_us,
            (unsigned long long)(binding->until_us + net_wall_ahead_us()),
            SPAN_ARG(buffer_span(&out)), binding->uri, binding->route, binding->instance,
            binding->user_agent);
}

// Nobody waits for the disk: the table is locked for one binding at a time.
static void put_all(FILE *file, void *context)
{
    struct bindings *bindings = context;
    uint32_t count = 0, end = bindings->entries.slot_count;
    state_file_put_clock(file, heading);
    for (uint32_t i = 0; i < end; i++) {
        struct model_binding binding;
        struct pool_id id;
        uv_mutex_lock(&bindings->mutex);
        end = bindings->entries.fresh;
        const struct entry *entry = pool_at(&bindings->entries, i, &id);
        if (entry) binding = entry->binding;
        uv_mutex_unlock(&bindings->mutex);
        if (!entry) continue;
        put_binding(file, &binding);
        count++;
    }
    fprintf(file, "end %u\n", count);
}

void bindings_save(struct bindings *bindings)
{
    bool is_written = state_file_write(&bindings->file, put_all, bindings);
    if (!is_written && !bindings->is_failing) {
        log_event(LOG_ERROR, "bindings not saved: after a restart devices have to register again",
                  "cause", span_of(strerror(errno)));
    }
    bindings->is_failing = !is_written;
}
