// SPDX-License-Identifier: Apache-2.0
// What happens, told to whoever listens: a ring of the latest events, of which each listener is
// shown what they may see. A listener has no queue of their own, only a place in the ring; who
// falls so far behind that the ring has passed them is dropped, and told so.
//
//     any thread --api_post--> posted --API's thread--> ring --by rights--> listeners
#include "api/api_int.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { POSTED_MAX = 2048, RING_SIZE = 4096 };

struct event {
    char *text; // {"type": ..., ...}, in one line
    size_t len;
    char user[NAME_SIZE];  // whose it is; empty: nobody's
    char group[NAME_SIZE]; // empty: none's
};

struct events {
    struct api *api;
    char boot[9]; // so that a number from before a restart is not mistaken
    struct event ring[RING_SIZE];
    uint64_t next; // number of the next event; the first is 1
    _Atomic unsigned listener_count;

    pthread_mutex_t mutex; // of what is posted
    struct api_event posted[POSTED_MAX];
    size_t first, count;
    uint64_t lost_count;
};

struct events *api_events_new(struct api *api)
{
    struct events *events = calloc(1, sizeof *events);
    unsigned char boot[4];
    if (!events) return NULL;
    events->api = api;
    events->next = 1;
    randombytes_buf(boot, sizeof boot);
    sodium_bin2hex(events->boot, sizeof events->boot, boot, sizeof boot);
    pthread_mutex_init(&events->mutex, NULL);
    return events;
}

void api_events_free(struct events *events)
{
    if (!events) return;
    for (size_t i = 0; i < RING_SIZE; i++) free(events->ring[i].text);
    pthread_mutex_destroy(&events->mutex);
    free(events);
}

// ---- Posting

bool api_is_listened(const struct api *api)
{
    return atomic_load(&api->events->listener_count) > 0;
}

void api_post(struct api *api, const struct api_event *event)
{
    struct events *events = api->events;
    if (atomic_load(&events->listener_count) == 0) return;
    pthread_mutex_lock(&events->mutex);
    bool is_first = events->count == 0;
    if (events->count < POSTED_MAX) {
        events->posted[(events->first + events->count++) % POSTED_MAX] = *event;
    } else {
        events->lost_count++;
    }
    pthread_mutex_unlock(&events->mutex);
    if (is_first) api_server_wake(api);
}

static bool take_posted(struct events *events, struct api_event *event)
{
    pthread_mutex_lock(&events->mutex);
    bool is_there = events->count > 0;
    if (is_there) {
        *event = events->posted[events->first];
        events->first = (events->first + 1) % POSTED_MAX;
        events->count--;
    }
    pthread_mutex_unlock(&events->mutex);
    return is_there;
}

static uint64_t take_lost_count(struct events *events)
{
    pthread_mutex_lock(&events->mutex);
    uint64_t count = events->lost_count;
    events->lost_count = 0;
    pthread_mutex_unlock(&events->mutex);
    return count;
}

// ---- The ring

// Puts an event, which it takes, into the ring.
static void put(struct events *events, json_t *object, const char *user, const char *group)
{
    char *text = json_dumps(object, JSON_COMPACT);
    struct event *event = &events->ring[events->next % RING_SIZE];
    json_decref(object);
    if (!text) return;
    free(event->text);
    event->text = text;
    event->len = strlen(text);
    text_copy(event->user, sizeof event->user, span_of(user));
    text_copy(event->group, sizeof event->group, span_of(group));
    events->next++;
}

static json_t *begin(const char *type)
{
    json_t *object = json_object();
    json_object_set_new(object, "type", json_string(type));
    return object;
}

static void set_texts(json_t *object, const struct api_event *event)
{
    const struct {
        const char *name, *value;
    } texts[] = {
        {"group", event->group},         {"line", event->extension}, {"call", event->call},
        {"caller", event->caller},       {"state", event->state},    {"verdict", event->verdict},
        {"user", event->user},           {"device", event->device},  {"outcome", event->outcome},
        {"target", event->target},       {"reason", event->reason},  {"row", event->row},
        {"direction", event->direction},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (!texts[i].value[0]) continue;
        json_object_set_new(object, texts[i].name, api_json_text(span_of(texts[i].value)));
    }
    if (event->check > 0) json_object_set_new(object, "check", api_json_count(event->check));
    if (event->number > 0) json_object_set_new(object, "number", api_json_number(event->number));
    if (event->count > 0) json_object_set_new(object, "count", api_json_count(event->count));
}

// Who owns the line; what cannot be found out is only for administrators.
static void find_owner(struct events *events, const struct api_event *event, char user[NAME_SIZE])
{
    struct model_line line = {.user = ""};
    struct settings_problem problem;
    user[0] = '\0';
    memcpy(line.group, event->group, sizeof line.group);
    memcpy(line.extension, event->extension, sizeof line.extension);
    if (!line.extension[0]) return;
    if (settings_get(events->api->options.settings, KIND_LINE, &line, NULL, &problem)) return;
    memcpy(user, line.user, NAME_SIZE);
}

bool api_events_collect(struct api *api)
{
    static const char *const types[] = {"line",   "call_began", "call_changed", "call_ended",
                                        "device", "alarm",      "check"};
    struct events *events = api->events;
    uint64_t before = events->next, lost_count = take_lost_count(events);
    struct api_event event;
    while (take_posted(events, &event)) {
        char user[NAME_SIZE];
        json_t *object = begin(types[event.kind]);
        set_texts(object, &event);
        find_owner(events, &event, user);
        if (event.kind == EVENT_DEVICE) memcpy(user, event.user, sizeof user);
        put(events, object, user, event.group);
    }
    if (lost_count > 0) {
        json_t *object = begin("lost");
        json_object_set_new(object, "count", api_json_count(lost_count));
        put(events, object, EVENT_FOR_ALL, "");
    }
    return events->next != before;
}

void api_events_setting(struct api *api, const struct request *request, const char *change,
                        const union model_record *record)
{
    enum model_kind kind = request->route->kind;
    const struct model_kind_info *info = model_kind(kind);
    const struct model_field *group = model_find_field(kind, SPAN("group"));
    struct api_event event = {.kind = EVENT_LINE};
    char user[NAME_SIZE] = "";
    if (atomic_load(&api->events->listener_count) == 0) return;
    json_t *object = begin("setting");
    json_object_set_new(object, "kind", json_string(info->name));
    json_object_set_new(object, "change", json_string(change));
    for (size_t i = 0; i < info->field_count; i++) {
        char text[FIELD_TEXT_SIZE];
        struct buffer out = buffer_over(text, sizeof text);
        if (!(info->fields[i].flags & FIELD_KEY)) continue;
        model_print_field(&info->fields[i], record, &out);
        json_object_set_new(object, info->fields[i].name, api_json_text(buffer_span(&out)));
    }
    if (kind == KIND_USER) text_copy(user, sizeof user, span_of(record->user.name));
    if (kind == KIND_PROFILE) text_copy(user, sizeof user, span_of(record->profile.user));
    if (kind == KIND_DEVICE) text_copy(user, sizeof user, span_of(record->device.user));
    if (group) text_copy(event.group, sizeof event.group, span_of(model_get_text(group, record)));
    const struct model_field *extension = model_find_field(kind, SPAN("extension"));
    if (extension) {
        struct span text = span_of(model_get_text(extension, record));
        text_copy(event.extension, sizeof event.extension, text);
        find_owner(api->events, &event, user);
    }
    put(api->events, object, user, event.group);
    api_server_wake(api);
}

void api_tell_setting(struct api *api, enum model_kind kind, const char *change,
                      const union model_record *record)
{
    const struct route route = {.kind = kind};
    const struct request request = {.route = &route};
    api_events_setting(api, &request, change, record);
}

// ---- Listeners

void api_events_join(struct api *api)
{
    atomic_fetch_add(&api->events->listener_count, 1);
}

void api_events_leave(struct api *api)
{
    atomic_fetch_sub(&api->events->listener_count, 1);
}

uint64_t api_events_newest(const struct api *api)
{
    return api->events->next - 1;
}

// The oldest number that is still in the ring.
static uint64_t oldest(const struct events *events)
{
    return events->next > RING_SIZE ? events->next - RING_SIZE : 1;
}

bool api_events_resume(const struct api *api, struct span id, uint64_t *last)
{
    const struct events *events = api->events;
    struct span boot = span_split(&id, '-');
    uint64_t number;
    if (!span_eq(boot, span_of(events->boot)) || !span_to_u64(id, INT64_MAX, &number)) return false;
    if (number >= events->next || number + 1 < oldest(events)) return false;
    *last = number;
    return true;
}

static bool may_see(const struct principal *principal, const struct event *event)
{
    if (strcmp(event->user, EVENT_FOR_ALL) == 0) return true;
    if (principal->group[0] && strcmp(principal->group, event->group) != 0) return false;
    return principal->is_administrator ||
           (principal->user[0] && strcmp(principal->user, event->user) == 0);
}

enum event_step api_events_next(const struct api *api, const struct principal *principal,
                                uint64_t *last, struct span *text)
{
    const struct events *events = api->events;
    if (*last + 1 < oldest(events)) return EVENT_PASSED;
    while (*last + 1 < events->next) {
        const struct event *event = &events->ring[++*last % RING_SIZE];
        if (!may_see(principal, event)) continue;
        *text = (struct span){event->text, event->len};
        return EVENT_THERE;
    }
    return EVENT_NONE;
}

void api_events_print_id(const struct api *api, uint64_t number, struct buffer *out)
{
    buffer_printf(out, "%s-%llu", api->events->boot, (unsigned long long)number);
}
