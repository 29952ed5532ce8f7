// SPDX-License-Identifier: Apache-2.0
// SRV and NAPTR records: reading their data, and their order (RFC 2782, RFC 3403, RFC 3263
// section 4.1).
#include "locate/locate.h"

enum { NAME_LEN_MAX = 253 }; // without the dot of the root (RFC 1035 section 3.1)

// ---- Reading

static bool take_u16(struct span *data, uint16_t *value)
{
    if (data->len < 2) return false;
    *value = (uint16_t)((uint8_t)data->at[0] << 8 | (uint8_t)data->at[1]);
    *data = span_from(*data, 2);
    return true;
}

// A text with its length in front of it (RFC 1035 section 3.3).
static bool take_text(struct span *data, struct span *text)
{
    size_t len = data->len > 0 ? (uint8_t)data->at[0] : 0;
    if (data->len < 1 + len) return false;
    *text = span_slice(*data, 1, 1 + len);
    *data = span_from(*data, 1 + len);
    return true;
}

// What stands in host names, and the underscore of services.
static bool is_label(struct span label)
{
    for (size_t i = 0; i < label.len; i++) {
        char byte = label.at[i];
        if (!ascii_is_alnum(byte) && byte != '-' && byte != '_') return false;
    }
    return label.len > 0;
}

// A name to the end of the data, as text without the dot of the root.
static bool take_name(struct span data, char name[LOCATE_NAME_SIZE])
{
    struct buffer out = buffer_over(name, NAME_LEN_MAX);
    struct span label;
    for (;;) {
        if (!take_text(&data, &label)) return false;
        if (label.len == 0) break;
        if (out.len > 0) buffer_put_byte(&out, '.');
        if (!is_label(label)) return false;
        buffer_put(&out, label);
    }
    if (out.is_full || data.len > 0) return false;
    name[out.len] = '\0';
    return true;
}

bool locate_read_srv(struct span data, struct locate_srv *out)
{
    return take_u16(&data, &out->priority) && take_u16(&data, &out->weight) &&
           take_u16(&data, &out->port) && take_name(data, out->target);
}

static bool read_service(struct span service, uint8_t *transport)
{
    static const struct {
        const char *name;
        enum transport transport;
    } services[] = {
        {"SIP+D2U", TRANSPORT_UDP}, {"SIP+D2T", TRANSPORT_TCP}, {"SIPS+D2T", TRANSPORT_TLS}};
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        *transport = (uint8_t)services[i].transport;
        if (span_eq_nocase(service, span_of(services[i].name))) return true;
    }
    return false;
}

bool locate_read_naptr(struct span data, struct locate_naptr *out)
{
    struct span flags, service, expression;
    return take_u16(&data, &out->order) && take_u16(&data, &out->preference) &&
           take_text(&data, &flags) && take_text(&data, &service) &&
           take_text(&data, &expression) && span_eq_nocase(flags, SPAN("s")) &&
           expression.len == 0 && read_service(service, &out->transport) &&
           take_name(data, out->replacement) && out->replacement[0] != '\0';
}

// ---- Order

static bool is_naptr_before(const struct locate_naptr *a, const struct locate_naptr *b)
{
    return a->order != b->order ? a->order < b->order : a->preference < b->preference;
}

void locate_order_naptr(struct locate_naptr *records, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        for (size_t k = i; k > 0 && is_naptr_before(&records[k], &records[k - 1]); k--) {
            struct locate_naptr moved = records[k];
            records[k] = records[k - 1];
            records[k - 1] = moved;
        }
    }
}

// Moves the record at `from` to `to`, which stands before it.
static void move_srv(struct locate_srv *records, size_t from, size_t to)
{
    struct locate_srv moved = records[from];
    for (size_t i = from; i > to; i--) records[i] = records[i - 1];
    records[to] = moved;
}

// Those of weight 0 first within a priority, so that they are chosen hardly ever, but can be.
static bool is_srv_before(const struct locate_srv *a, const struct locate_srv *b)
{
    if (a->priority != b->priority) return a->priority < b->priority;
    return a->weight == 0 && b->weight > 0;
}

// The one of `count` records whose running sum of weights first reaches a random number.
static size_t choose_by_weight(const struct locate_srv *records, size_t count,
                               struct random *random)
{
    uint64_t sum = 0, running = 0;
    for (size_t i = 0; i < count; i++) sum += records[i].weight;
    uint64_t wanted = random_below(random, sum + 1);
    for (size_t i = 0; i < count; i++) {
        running += records[i].weight;
        if (running >= wanted) return i;
    }
    ASSERT(false); // the whole sum is reached by the last one
}

void locate_order_srv(struct locate_srv *records, size_t count, struct random *random)
{
    for (size_t i = 1; i < count; i++) {
        size_t to = i;
        while (to > 0 && is_srv_before(&records[i], &records[to - 1])) to--;
        move_srv(records, i, to);
    }
    for (size_t i = 0; i < count; i++) {
        size_t end = i + 1;
        while (end < count && records[end].priority == records[i].priority) end++;
        move_srv(records, i + choose_by_weight(&records[i], end - i, random), i);
    }
}
