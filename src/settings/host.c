// SPDX-License-Identifier: Apache-2.0
// Hosts as people type them: a name or an address, with or without a port. RFC 1123 section 2.1,
// RFC 3261 section 25.1 (hostname), RFC 3986 section 3.2.2.
#include "settings/settings_int.h"

enum { HOST_LABEL_MAX = 63 };

static const char not_a_host[] = "must be a host name or an address, as in pbx.example.org, "
                                 "192.0.2.1 or 192.0.2.1:5060";

static bool is_label(struct span label)
{
    if (label.len == 0 || label.len > HOST_LABEL_MAX) return false;
    for (size_t i = 0; i < label.len; i++) {
        if (!ascii_is_alnum(label.at[i]) && label.at[i] != '-') return false;
    }
    return label.at[0] != '-' && label.at[label.len - 1] != '-';
}

// The last label begins with a letter; so 300.1.2.3 is neither an address nor a name.
static bool is_host_name(struct span host)
{
    struct span label = SPAN_NONE;
    bool has_more = true;
    while (has_more) {
        has_more = span_find(host, '.') < host.len;
        label = span_split(&host, '.');
        if (!is_label(label)) return false;
    }
    return !ascii_is_digit(label.at[0]);
}

const char *settings_read_host(char text[TEXT_SIZE])
{
    char bytes[TEXT_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct span host = span_of(text);
    struct address address;
    int32_t port;
    if (!address_split_port(&host, &port) || port == 0) return not_a_host;
    if (address_parse(host, &address)) {
        address_print_host(&out, &address);
    } else if (is_host_name(host)) {
        buffer_put(&out, host);
    } else {
        return not_a_host;
    }
    if (port > 0) buffer_printf(&out, ":%d", port);
    return text_copy(text, TEXT_SIZE, buffer_span(&out)) ? NULL : not_a_host;
}
