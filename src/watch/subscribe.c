// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE: what is watched, by whom, for how long. RFC 6665 section 4.2.1.
#include "watch/watch_int.h"

#include <string.h>

enum { HEADERS_SIZE = 1024, USER_SIZE = 128, EXPIRES_USUAL_S = 3600 };

static struct txn_answer refuse(unsigned status, struct span headers)
{
    return (struct txn_answer){.status = status, .headers = headers};
}

// ---- Reading

// The package that the Event header names, with its id.
static bool read_event(const struct sip_message *message, enum watch_package *package,
                       char id[EVENT_ID_SIZE])
{
    struct span params = sip_header_value(message, SIP_EVENT), name = span_split(&params, ';');
    struct span value;
    id[0] = '\0';
    name = span_trim(name);
    for (unsigned i = 0; i < PACKAGE_COUNT; i++) {
        if (!span_eq_nocase(name, span_of(watch_packages[i].name))) continue;
        *package = (enum watch_package)i;
        return !sip_find_param(params, SPAN("id"), &value) || text_copy(id, EVENT_ID_SIZE, value);
    }
    return false;
}

// Whether the subscriber takes the package's documents; no Accept means it does.
static bool accepts(const struct sip_message *message, enum watch_package package)
{
    struct sip_values place = SIP_VALUES_START;
    struct span value;
    bool is_listed = false;
    while (sip_next_value(message, SIP_ACCEPT, &place, &value)) {
        struct span type = span_trim(span_slice(value, 0, span_find(value, ';')));
        is_listed = true;
        if (span_eq_nocase(type, span_of(watch_packages[package].type)) ||
            span_eq(type, SPAN("*/*")) || span_eq_nocase(type, SPAN("application/*"))) {
            return true;
        }
    }
    return !is_listed;
}

// For how long. False: too short (423).
static bool read_expires(const struct sip_message *message, uint32_t *expires_s)
{
    struct span value = sip_header_value(message, SIP_EXPIRES);
    *expires_s = EXPIRES_USUAL_S;
    if (value.len > 0 && !sip_read_seconds(value, expires_s)) *expires_s = EXPIRES_USUAL_S;
    if (*expires_s > WATCH_EXPIRES_MAX_S) *expires_s = WATCH_EXPIRES_MAX_S;
    return *expires_s == 0 || *expires_s >= WATCH_EXPIRES_MIN_S;
}

static struct txn_answer confirm(struct turn *turn, const struct subscription *of,
                                 uint32_t expires_s)
{
    char *bytes = arena_take(turn->arena, HEADERS_SIZE);
    if (!bytes) return refuse(500, SPAN_NONE);
    struct buffer out = buffer_over(bytes, HEADERS_SIZE);
    call_dialog_put_contact(&out, &of->dialog);
    buffer_printf(&out, "Expires: %u\r\n" WATCH_ALLOW_EVENTS, expires_s);
    return refuse(200, buffer_span(&out));
}

static struct txn_answer refuse_brief(void)
{
    return refuse(423, SPAN("Min-Expires: 60\r\n"));
}

// ---- What is watched

struct wish {
    const struct watch_request *request;
    const struct snapshot_device *device; // NULL: another worker's
    struct watch_elsewhere *elsewhere;
    const struct snapshot_line *line; // that is watched
    enum watch_package package;
    char event_id[EVENT_ID_SIZE];
    uint32_t expires_s;
};

// The group in which lines are watched: that of the line which the device dials through (`*own`).
static const struct line_group *find_group(const struct watch_table *table, const struct wish *wish,
                                           const struct snapshot_line **own)
{
    const struct line_table *lines = table->neighbours.lines;
    const struct line_group *group = NULL;
    *own = NULL;
    if (wish->request->group_id > 0) {
        return line_find_group_numbered(lines, wish->request->group_id);
    }
    *own = line_find_numbered(lines, wish->device->line_id, &group);
    return *own ? group : NULL;
}

// The line that the Request-URI names: by its extension; or the device's own one, by the name that
// the device registers with. Status 0: it is another worker's.
static struct txn_answer find_line(const struct watch_table *table, struct wish *wish)
{
    const struct line_table *lines = table->neighbours.lines;
    const struct snapshot_line *own;
    const struct line_group *group = find_group(table, wish, &own);
    char bytes[USER_SIZE];
    struct buffer user = buffer_over(bytes, sizeof bytes);
    if (!group) return refuse(403, SPAN_NONE);
    sip_put_unescaped(&user, wish->request->message->uri.user);
    struct span name = user.is_full ? SPAN_NONE : buffer_span(&user);
    bool is_own = own && span_eq(name, span_of(wish->device->sip_user));
    wish->line = is_own ? own : line_find(lines, group, name);
    if (wish->line) return refuse(200, SPAN_NONE);
    wish->elsewhere->group_id = group->snapshot->group_id;
    bool is_elsewhere = own && line_find_elsewhere(lines, wish->elsewhere->group_id, name,
                                                   &wish->elsewhere->worker);
    return refuse(is_elsewhere ? 0 : 404, SPAN_NONE);
}

static struct txn_answer read_wish(const struct watch_table *table, struct wish *wish)
{
    const struct watch_request *request = wish->request;
    wish->device = client_find_device(table->neighbours.clients, request->device_id);
    if (!wish->device && request->group_id == 0) return refuse(403, SPAN_NONE);
    if (!read_event(request->message, &wish->package, wish->event_id)) {
        return refuse(489, SPAN(WATCH_ALLOW_EVENTS));
    }
    if (!accepts(request->message, wish->package)) return refuse(406, SPAN_NONE);
    if (!read_expires(request->message, &wish->expires_s)) return refuse_brief();
    struct txn_answer answer = find_line(table, wish);
    if (answer.status == 404 || wish->package != PACKAGE_SUMMARY) return answer;
    // Whether messages wait is nobody else's business.
    bool is_own = answer.status == 200 && wish->device &&
                  wish->line->user_id == wish->device->user_id;
    return is_own ? answer : refuse(403, SPAN_NONE);
}

// ---- A new one

static bool has_room(const struct watch_table *table, uint32_t device_id)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(device_id));
    uint32_t count = 0;
    for (;;) {
        const struct subscription *of = pool_find(&table->subscriptions,
                                                  index_next(&table->by_device, &search));
        if (!of) return count < WATCH_PER_DEVICE_MAX;
        if (of->device_id == device_id) count++;
    }
}

static bool begin_dialog(const struct watch_table *table, struct turn *turn,
                         struct subscription *of, const struct wish *wish)
{
    const struct watch_neighbours *beside = &table->neighbours;
    const struct watch_request *request = wish->request;
    struct dialog_peer peer = {.flow = *request->flow,
                               .contact_user = snapshot_text(wish->line, wish->line->extension)};
    of->dialog.texts = texts_over(of->texts, sizeof of->texts);
    call_dialog_new_tag(of->dialog.local_tag, turn);
    return beside->own_towards && beside->own_towards(beside->context, request->flow, &peer.own) &&
           call_dialog_of_invite(&of->dialog, request->message, &peer);
}

static struct subscription *add(struct watch_table *table, struct turn *turn,
                                const struct wish *wish, struct pool_id *id)
{
    struct subscription *of = has_room(table, wish->request->device_id)
                                  ? pool_take(&table->subscriptions, id)
                                  : NULL;
    if (!of) return NULL;
    of->device_id = wish->request->device_id;
    of->line_id = wish->line->line_id;
    of->user_id = wish->line->user_id;
    of->is_own = wish->device && wish->line->user_id == wish->device->user_id;
    of->package = (uint8_t)wish->package;
    of->expires_us = turn->now_us + wish->expires_s * UINT64_C(1000000);
    memcpy(of->event_id, wish->event_id, sizeof of->event_id);
    bool is_begun = begin_dialog(table, turn, of, wish);
    watch_index(table, *id);
    if (is_begun) return of;
    watch_free(table, *id);
    return NULL;
}

bool watch_subscribe(struct watch_table *table, struct turn *turn,
                     const struct watch_request *request, struct watch_outcome *outcome)
{
    struct wish wish = {.request = request, .elsewhere = &outcome->elsewhere};
    outcome->id = POOL_ID_NONE;
    outcome->answer = read_wish(table, &wish);
    if (outcome->answer.status != 200) return outcome->answer.status != 0;
    struct subscription *of = add(table, turn, &wish, &outcome->id);
    if (!of) {
        outcome->id = POOL_ID_NONE;
        outcome->answer = refuse(503, SPAN_NONE);
        return true;
    }
    outcome->answer = confirm(turn, of, wish.expires_s);
    outcome->answer.to_tag = call_dialog_tag(&of->dialog);
    return true;
}

// ---- Within a dialog

static struct subscription *find(const struct watch_table *table, const struct sip_message *message,
                                 struct pool_id *id)
{
    struct span tag = message->to.tag;
    if (table->subscriptions.used_count == 0 || tag.len != TXN_TAG_BYTES) return NULL;
    struct index_search search = INDEX_SEARCH(watch_hash_tag(table, tag));
    for (;;) {
        *id = index_next(&table->by_tag, &search);
        struct subscription *of = pool_find(&table->subscriptions, *id);
        if (!of) return NULL;
        if (span_eq(call_dialog_tag(&of->dialog), tag) &&
            call_dialog_is_peer(&of->dialog, message)) {
            return of;
        }
    }
}

// Goes on, from where the request came, or ends.
static struct txn_answer refresh(struct turn *turn, struct subscription *of,
                                 const struct watch_request *request)
{
    enum watch_package package;
    char event_id[EVENT_ID_SIZE];
    uint32_t expires_s;
    bool is_same = read_event(request->message, &package, event_id) && package == of->package &&
                   strcmp(event_id, of->event_id) == 0;
    if (!is_same) return refuse(489, SPAN(WATCH_ALLOW_EVENTS));
    if (!read_expires(request->message, &expires_s)) return refuse_brief();
    of->expires_us = turn->now_us + expires_s * UINT64_C(1000000);
    of->dialog.flow = *request->flow;
    call_dialog_refresh(&of->dialog, request->message);
    return confirm(turn, of, expires_s);
}

bool watch_takes(struct watch_table *table, struct turn *turn, const struct watch_request *request,
                 struct watch_outcome *outcome)
{
    const struct sip_message *message = request->message;
    struct subscription *of = find(table, message, &outcome->id);
    if (!of) return false;
    if (message->cseq <= of->dialog.remote_cseq) {
        outcome->answer = refuse(500, SPAN_NONE); // it was overtaken (RFC 3261 section 12.2.2)
        outcome->id = POOL_ID_NONE;
        return true;
    }
    of->dialog.remote_cseq = message->cseq;
    if (message->method == SIP_SUBSCRIBE) {
        outcome->answer = refresh(turn, of, request);
    } else {
        outcome->answer = refuse(message->method == SIP_OPTIONS ? 200 : 405,
                                 SPAN("Allow: SUBSCRIBE, OPTIONS\r\n"));
    }
    bool is_told = outcome->answer.status == 200 && message->method == SIP_SUBSCRIBE;
    if (!is_told) outcome->id = POOL_ID_NONE;
    return true;
}
