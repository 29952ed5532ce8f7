// SPDX-License-Identifier: Apache-2.0
// Any bytes as a URI, an address, a Via value, parameters and a list. A user part that was read,
// put together again, is read as the same.
#include "fuzz/fuzz.h"
#include "torture/exercise.h"

static char user_bytes[1 << 16], uri_bytes[1 << 18];

static void check_user(struct span user)
{
    struct buffer plain = buffer_over(user_bytes, sizeof user_bytes);
    struct buffer text = buffer_over(uri_bytes, sizeof uri_bytes);
    struct sip_uri again;
    sip_put_unescaped(&plain, user);
    buffer_put_text(&text, "sip:");
    sip_put_escaped_user(&text, buffer_span(&plain));
    buffer_put_text(&text, "@h");
    if (plain.is_full || text.is_full) return;
    ASSERT(sip_parse_uri(buffer_span(&text), &again) == SIP_OK);
    struct buffer plain_again = buffer_over(uri_bytes + sizeof uri_bytes / 2, sizeof uri_bytes / 2);
    if (text.len > sizeof uri_bytes / 2) return;
    sip_put_unescaped(&plain_again, again.user);
    ASSERT(plain_again.is_full || span_eq(buffer_span(&plain_again), buffer_span(&plain)));
}

static void check_uri(const struct sip_uri *uri, struct span whole)
{
    ASSERT(is_within(uri->scheme_text, whole) && is_within(uri->user, whole));
    ASSERT(is_within(uri->password, whole) && is_within(uri->host, whole));
    ASSERT(is_within(uri->params, whole) && is_within(uri->headers, whole));
    bool is_sip = uri->scheme == SIP_SCHEME_SIP || uri->scheme == SIP_SCHEME_SIPS;
    ASSERT(is_sip == (uri->host.len > 0));
    if (is_sip && uri->has_user) check_user(uri->user);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct span text = {(const char *)bytes, size};
    struct sip_uri uri;
    struct sip_address address;
    struct sip_via via;
    static char printed[1 << 20];
    struct buffer out = buffer_over(printed, sizeof printed);
    if (sip_parse_uri(text, &uri) == SIP_OK) check_uri(&uri, text);
    if (sip_parse_address(text, &address) == SIP_OK) {
        ASSERT(is_within(address.uri_text, text) && is_within(address.params, text));
        ASSERT(is_within(address.display, text) && is_within(address.tag, text));
        check_uri(&address.uri, address.uri_text);
    }
    if (sip_parse_via(text, &via) == SIP_OK) {
        ASSERT(is_within(via.whole, text) && is_within(via.params, via.whole));
        ASSERT(is_within(via.branch, via.params) && via.host.len > 0 && via.transport.len > 0);
    }
    exercise_value(text, &out);
    return 0;
}
