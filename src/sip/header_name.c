// SPDX-License-Identifier: Apache-2.0
// The names of headers and what they stand for, with the short forms of RFC 3261 section 7.3.3 and
// of the IANA registry. A name is found by a perfect hash of its length, first and last letter; a
// table entry that would be taken twice does not compile (-Woverride-init).
#include "sip/sip_int.h"

#include <string.h>

struct name {
    const char *text;
    size_t len;
};

#define SLOT(len, first, last)                                                                     \
    ((3 * (unsigned)(len) + 7 * (unsigned)(first) + 12 * (unsigned)(last)) % 128)

// id, name, its first and last letter in lower case
#define NAMES(X)                                                                                   \
    X(SIP_VIA, "Via", 'v', 'a')                                                                    \
    X(SIP_FROM, "From", 'f', 'm')                                                                  \
    X(SIP_TO, "To", 't', 'o')                                                                      \
    X(SIP_CALL_ID, "Call-ID", 'c', 'd')                                                            \
    X(SIP_CSEQ, "CSeq", 'c', 'q')                                                                  \
    X(SIP_CONTACT, "Contact", 'c', 't')                                                            \
    X(SIP_MAX_FORWARDS, "Max-Forwards", 'm', 's')                                                  \
    X(SIP_CONTENT_LENGTH, "Content-Length", 'c', 'h')                                              \
    X(SIP_CONTENT_TYPE, "Content-Type", 'c', 'e')                                                  \
    X(SIP_CONTENT_ENCODING, "Content-Encoding", 'c', 'g')                                          \
    X(SIP_ROUTE, "Route", 'r', 'e')                                                                \
    X(SIP_RECORD_ROUTE, "Record-Route", 'r', 'e')                                                  \
    X(SIP_REQUIRE, "Require", 'r', 'e')                                                            \
    X(SIP_PROXY_REQUIRE, "Proxy-Require", 'p', 'e')                                                \
    X(SIP_SUPPORTED, "Supported", 's', 'd')                                                        \
    X(SIP_UNSUPPORTED, "Unsupported", 'u', 'd')                                                    \
    X(SIP_ALLOW, "Allow", 'a', 'w')                                                                \
    X(SIP_ACCEPT, "Accept", 'a', 't')                                                              \
    X(SIP_EXPIRES, "Expires", 'e', 's')                                                            \
    X(SIP_MIN_EXPIRES, "Min-Expires", 'm', 's')                                                    \
    X(SIP_AUTHORIZATION, "Authorization", 'a', 'n')                                                \
    X(SIP_PROXY_AUTHORIZATION, "Proxy-Authorization", 'p', 'n')                                    \
    X(SIP_WWW_AUTHENTICATE, "WWW-Authenticate", 'w', 'e')                                          \
    X(SIP_PROXY_AUTHENTICATE, "Proxy-Authenticate", 'p', 'e')                                      \
    X(SIP_AUTHENTICATION_INFO, "Authentication-Info", 'a', 'o')                                    \
    X(SIP_DIVERSION, "Diversion", 'd', 'n')                                                        \
    X(SIP_HISTORY_INFO, "History-Info", 'h', 'o')                                                  \
    X(SIP_P_ASSERTED_IDENTITY, "P-Asserted-Identity", 'p', 'y')                                    \
    X(SIP_REMOTE_PARTY_ID, "Remote-Party-ID", 'r', 'd')                                            \
    X(SIP_PRIVACY, "Privacy", 'p', 'y')                                                            \
    X(SIP_PRIORITY, "Priority", 'p', 'y')                                                          \
    X(SIP_REASON, "Reason", 'r', 'n')                                                              \
    X(SIP_RETRY_AFTER, "Retry-After", 'r', 'r')                                                    \
    X(SIP_SERVICE_ROUTE, "Service-Route", 's', 'e')                                                \
    X(SIP_PATH, "Path", 'p', 'h')                                                                  \
    X(SIP_SERVER, "Server", 's', 'r')                                                              \
    X(SIP_USER_AGENT, "User-Agent", 'u', 't')                                                      \
    X(SIP_WARNING, "Warning", 'w', 'g')                                                            \
    X(SIP_EVENT, "Event", 'e', 't')                                                                \
    X(SIP_TIMESTAMP, "Timestamp", 't', 'p')

#define NAME_ENTRY(id, text, first, last) [id] = {text, sizeof(text) - 1},
#define SLOT_ENTRY(id, text, first, last) [SLOT(sizeof(text) - 1, first, last)] = (id),

static const struct name names[] = {[SIP_HEADER_OTHER] = {"?", 0}, NAMES(NAME_ENTRY)};
static const uint8_t slots[128] = {NAMES(SLOT_ENTRY)};

static const uint8_t short_forms[26] = {
    ['c' - 'a'] = SIP_CONTENT_TYPE, ['e' - 'a'] = SIP_CONTENT_ENCODING,
    ['f' - 'a'] = SIP_FROM,         ['i' - 'a'] = SIP_CALL_ID,
    ['k' - 'a'] = SIP_SUPPORTED,    ['l' - 'a'] = SIP_CONTENT_LENGTH,
    ['m' - 'a'] = SIP_CONTACT,      ['o' - 'a'] = SIP_EVENT,
    ['t' - 'a'] = SIP_TO,           ['v' - 'a'] = SIP_VIA,
};

// The short forms of headers that have no id.
static const char *const other_short_forms[26] = {
    ['a' - 'a'] = "Accept-Contact",
    ['b' - 'a'] = "Referred-By",
    ['d' - 'a'] = "Request-Disposition",
    ['j' - 'a'] = "Reject-Contact",
    ['n' - 'a'] = "Identity-Info",
    ['r' - 'a'] = "Refer-To",
    ['s' - 'a'] = "Subject",
    ['u' - 'a'] = "Allow-Events",
    ['x' - 'a'] = "Session-Expires",
    ['y' - 'a'] = "Identity",
};

// Lower case for letters; the other bytes of tokens stay apart from every letter and from '-'.
static unsigned char lower(char token_byte)
{
    return (unsigned char)token_byte | 0x20;
}

static enum sip_header_id find_short(char letter)
{
    unsigned place = lower(letter) - (unsigned)'a';
    return place < 26 ? (enum sip_header_id)short_forms[place] : SIP_HEADER_OTHER;
}

enum sip_header_id sip_find_header(struct span name)
{
    if (name.len == 1) return find_short(name.at[0]);
    unsigned slot = SLOT(name.len, lower(name.at[0]), lower(name.at[name.len - 1]));
    const struct name *found = &names[slots[slot]];
    if (found->len != name.len) return SIP_HEADER_OTHER;
    // Nearly always written as we do.
    if (memcmp(name.at, found->text, name.len) == 0) return (enum sip_header_id)slots[slot];
    for (size_t i = 0; i < name.len; i++) {
        if (lower(name.at[i]) != lower(found->text[i])) return SIP_HEADER_OTHER;
    }
    return (enum sip_header_id)slots[slot];
}

const char *sip_long_header_name(char letter)
{
    unsigned place = lower(letter) - (unsigned)'a';
    if (place >= 26) return NULL;
    return short_forms[place] ? names[short_forms[place]].text : other_short_forms[place];
}

const char *sip_header_text(enum sip_header_id id)
{
    return (size_t)id < sizeof names / sizeof names[0] ? names[id].text : "?";
}
