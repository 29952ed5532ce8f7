// SPDX-License-Identifier: Apache-2.0
// In whose name a device calls. It proves who it is by its credentials; its From, and
// P-Preferred-Identity or P-Asserted-Identity where it sends them (RFC 3325), say by which line of
// its user it wants to call: by the name that it registers with it is the line that it dials
// through, by a line's number it is that line. Anybody else's name is refused.
#include "engine/engine_int.h"

// Whether that is the device's own name.
static bool is_own_name(const struct snapshot_device *device, const struct sip_uri *uri)
{
    char bytes[SIP_USER_SIZE];
    struct buffer user = buffer_over(bytes, sizeof bytes);
    sip_put_unescaped(&user, uri->user);
    return !user.is_full && span_eq(buffer_span(&user), span_of(device->sip_user));
}

// The line of `user_id` in that group that a caller's number means; NULL: it means none.
static const struct snapshot_line *line_in_group(const struct engine *engine,
                                                 const struct line_group *group, uint32_t user_id,
                                                 struct span uri_text)
{
    struct phone_number number = phone_read(&group->numbering, uri_text, false);
    const struct snapshot_line *line;
    if (number.kind == PHONE_INVALID) return NULL;
    line = line_find(engine->lines, group, span_of(number.text));
    return line && line->user_id == user_id ? line : NULL;
}

static bool take_line(const struct engine *engine, const struct snapshot_device *device,
                      const struct line_group *group, const struct sip_address *name,
                      struct call_outgoing *outgoing)
{
    const struct snapshot_line *line = line_in_group(engine, group, device->user_id,
                                                     name->uri_text);
    if (!line) return false;
    outgoing->line = line;
    outgoing->group = group;
    return true;
}

// Looks in the group of the device's own line first: an extension may be there in several.
static bool find_named(const struct engine *engine, const struct snapshot_device *device,
                       const struct sip_address *name, struct call_outgoing *outgoing)
{
    struct pool_id place = POOL_ID_NONE;
    const struct line_group *group = NULL;
    if (is_own_name(device, &name->uri)) return true;
    if (line_find_numbered(engine->lines, device->line_id, &group) &&
        take_line(engine, device, group, name, outgoing)) {
        return true;
    }
    while ((group = line_next_group(engine->lines, &place)) != NULL) {
        if (take_line(engine, device, group, name, outgoing)) return true;
    }
    return false;
}

// Of several values - a sip: and a tel: URI - the first one counts; none is passed on.
static bool find_in_header(const struct engine *engine, const struct snapshot_device *device,
                           struct span header, struct call_outgoing *outgoing)
{
    struct span value = sip_named_header_value(outgoing->invite, header);
    size_t end = span_find(value, '>');
    struct sip_address name;
    if (value.len == 0) return true;
    if (end < value.len) value = span_slice(value, 0, end + 1);
    return sip_parse_address(value, &name) == SIP_OK && find_named(engine, device, &name, outgoing);
}

bool engine_find_own_line(const struct engine *engine, struct call_outgoing *outgoing)
{
    const struct snapshot_device *device = client_find_device(engine->clients, outgoing->device_id);
    if (!device) return true; // it is found out by having no line
    outgoing->line = line_find_numbered(engine->lines, device->line_id, &outgoing->group);
    struct call_outgoing own = *outgoing;
    bool is_named = find_named(engine, device, &outgoing->invite->from, outgoing) &&
                    find_in_header(engine, device, SPAN("P-Asserted-Identity"), outgoing) &&
                    find_in_header(engine, device, SPAN("P-Preferred-Identity"), outgoing);
    if (!is_named) *outgoing = own;
    return is_named;
}
