// SPDX-License-Identifier: Apache-2.0
// Via (RFC 3261 sections 20.42 and 25.1, RFC 3581): who sent a request, over what, and where
// answers go.
#include "sip/sip_int.h"

// sent-protocol: "SIP/2.0/UDP", with blanks around the slashes.
static bool read_protocol(struct cursor *cursor, struct sip_via *via)
{
    for (int slashes = 0; slashes < 2; slashes++) {
        if (take_run(cursor, CHAR_TOKEN).len == 0) return false;
        skip_blanks(cursor);
        if (!take_byte(cursor, '/')) return false;
        skip_blanks(cursor);
    }
    via->transport = take_run(cursor, CHAR_TOKEN);
    return via->transport.len > 0;
}

// sent-by: host [":" port], with blanks around the colon.
static bool read_sent_by(struct cursor *cursor, struct sip_via *via)
{
    struct span host;
    uint16_t port = 0;
    if (!sip_read_host(cursor, &host)) return false;
    const char *end = cursor->at;
    skip_blanks(cursor);
    if (take_byte(cursor, ':')) {
        skip_blanks(cursor);
        if (!sip_read_port(cursor, &port)) return false;
        end = cursor->at;
        skip_blanks(cursor);
    }
    via->host = host;
    via->port = port;
    via->whole = span_between(via->whole.at, end);
    return true;
}

static void note_param(struct sip_via *via, const struct sip_param *param)
{
    if (param->name.len == 6 && span_eq_nocase(param->name, SPAN("branch"))) {
        if (via->branch.len == 0) via->branch = param->value;
    } else if (param->name.len == 5 && span_eq_nocase(param->name, SPAN("rport"))) {
        via->has_rport = true;
    }
}

static bool read_params(struct cursor *cursor, struct sip_via *via)
{
    skip_blanks(cursor);
    const char *from = cursor->at;
    do {
        struct sip_param param;
        if (!sip_read_param(cursor, &param)) return false;
        note_param(via, &param);
        const char *end = param.whole.at + param.whole.len;
        via->params = span_between(from, end);
        via->whole = span_between(via->whole.at, end);
    } while (take_byte(cursor, ';'));
    return true;
}

bool sip_read_via(struct cursor *cursor, struct sip_via *via)
{
    skip_blanks(cursor);
    *via = (struct sip_via){.whole = {cursor->at, 0}};
    if (!read_protocol(cursor, via)) return false;
    if (!is_at_end(cursor) && !char_is(*cursor->at, CHAR_BLANK)) return false;
    skip_blanks(cursor);
    if (!read_sent_by(cursor, via)) return false;
    if (take_byte(cursor, ';') && !read_params(cursor, via)) return false;
    return is_at_end(cursor) || is_next(cursor, ',');
}

enum sip_err sip_parse_via(struct span text, struct sip_via *via)
{
    struct cursor cursor = cursor_over(text);
    return sip_read_via(&cursor, via) && is_at_end(&cursor) ? SIP_OK : SIP_ERR_VIA;
}
