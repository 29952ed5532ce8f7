// SPDX-License-Identifier: Apache-2.0
// The Service-Route of a registration (RFC 3608 section 5): the way that requests of a line are to
// take, as the 2xx of its REGISTER last said. The lines of a group nearly always share one, so a
// group keeps a few of them, each once; a line that would need another one, or a longer one, has
// none.
#include "line/line_int.h"

#include <string.h>

void line_forget_route(struct line_table *table, struct line *line)
{
    struct line_group_slot *slot = line_group_of(table, line);
    if (line->route > 0) slot->routes[line->route - 1].line_count--;
    line->route = 0;
}

// All values of the headers, in order, as one Route would have them. Empty when there are none, one
// is not a SIP address on one line, or they are too long.
static struct span read_route(const struct sip_message *message, char bytes[LINE_ROUTE_SIZE])
{
    struct buffer out = buffer_over(bytes, LINE_ROUTE_SIZE - 1);
    struct sip_values place = SIP_VALUES_START;
    struct span value;
    while (sip_next_value(message, SIP_SERVICE_ROUTE, &place, &value)) {
        struct sip_address address;
        if (sip_parse_address(value, &address) != SIP_OK) return SPAN_NONE;
        enum sip_scheme scheme = address.uri.scheme;
        bool is_folded = span_find(value, '\n') < value.len;
        if ((scheme != SIP_SCHEME_SIP && scheme != SIP_SCHEME_SIPS) || is_folded) return SPAN_NONE;
        if (out.len > 0) buffer_put(&out, SPAN(", "));
        buffer_put(&out, value);
    }
    return out.is_full ? SPAN_NONE : buffer_span(&out);
}

// The place of a route: where it is already, else a free one; LINE_ROUTES_MAX: there is none.
static uint8_t find_place(const struct line_group_slot *slot, struct span route)
{
    uint8_t place = LINE_ROUTES_MAX;
    for (uint8_t i = 0; i < LINE_ROUTES_MAX; i++) {
        const struct line_route *known = &slot->routes[i];
        if (known->line_count == 0) {
            if (place == LINE_ROUTES_MAX) place = i;
        } else if (span_eq(route, (struct span){known->text, known->len})) {
            return i;
        }
    }
    return place;
}

void line_set_route(struct line_table *table, struct line *line, struct span route)
{
    struct line_group_slot *slot = line_group_of(table, line);
    bool is_fit = route.len > 0 && route.len < LINE_ROUTE_SIZE;
    line_forget_route(table, line); // what is not said again does not hold any more
    uint8_t place = is_fit ? find_place(slot, route) : (uint8_t)LINE_ROUTES_MAX;
    if (place == LINE_ROUTES_MAX) return;
    struct line_route *known = &slot->routes[place];
    memcpy(known->text, route.at, route.len);
    known->len = (uint16_t)route.len;
    known->line_count++;
    line->route = (uint8_t)(place + 1);
}

void line_note_route(struct line_table *table, struct line *line, const struct sip_message *message)
{
    char bytes[LINE_ROUTE_SIZE];
    line_set_route(table, line, read_route(message, bytes));
}

struct span line_route_of(const struct line_table *table, const struct line *line)
{
    if (line->route == 0) return SPAN_NONE;
    const struct line_route *route = &line_group_of(table, line)->routes[line->route - 1];
    return (struct span){route->text, route->len};
}

struct span line_service_route(const struct line_table *table, uint32_t line_id)
{
    struct pool_id id;
    const struct line *line = line_find_by_id(table, line_id, &id);
    return line ? line_route_of(table, line) : SPAN_NONE;
}
