// SPDX-License-Identifier: Apache-2.0
// SIP messages: bytes -> structure -> bytes, and nothing else. Parsing copies nothing: every field
// is a span into the received bytes, headers keep their order and their text, and structures that
// grow (the list of headers) come from the caller's arena. RFC 3261 (sections 7, 19, 25), 3581,
// 3966.
#pragma once

#include "base/base.h"

// ---- Limits. A message beyond one of them is refused, never cut.
enum {
    SIP_MESSAGE_MAX = 65535, // bytes
    SIP_HEADER_MAX = 256,    // headers in a message
    SIP_HEAD_MAX = 16384,    // bytes of start line and headers, on a stream
};

// ---- Words

enum sip_method {
    SIP_METHOD_OTHER, // see method_name
    SIP_INVITE,
    SIP_ACK,
    SIP_BYE,
    SIP_CANCEL,
    SIP_REGISTER,
    SIP_OPTIONS,
    SIP_PRACK,
    SIP_SUBSCRIBE,
    SIP_NOTIFY,
    SIP_PUBLISH,
    SIP_INFO,
    SIP_REFER,
    SIP_MESSAGE,
    SIP_UPDATE,
};

// The headers that some layer reads; all others are SIP_HEADER_OTHER and known by their name.
// Compact forms map to the same value (RFC 3261 section 7.3.3 and the IANA registry).
enum sip_header_id {
    SIP_HEADER_OTHER,
    SIP_VIA,
    SIP_FROM,
    SIP_TO,
    SIP_CALL_ID,
    SIP_CSEQ,
    SIP_CONTACT,
    SIP_MAX_FORWARDS,
    SIP_CONTENT_LENGTH,
    SIP_CONTENT_TYPE,
    SIP_CONTENT_ENCODING,
    SIP_ROUTE,
    SIP_RECORD_ROUTE,
    SIP_REQUIRE,
    SIP_PROXY_REQUIRE,
    SIP_SUPPORTED,
    SIP_UNSUPPORTED,
    SIP_ALLOW,
    SIP_ACCEPT,
    SIP_EXPIRES,
    SIP_MIN_EXPIRES,
    SIP_AUTHORIZATION,
    SIP_PROXY_AUTHORIZATION,
    SIP_WWW_AUTHENTICATE,
    SIP_PROXY_AUTHENTICATE,
    SIP_AUTHENTICATION_INFO,
    SIP_DIVERSION,
    SIP_HISTORY_INFO,
    SIP_P_ASSERTED_IDENTITY,
    SIP_REMOTE_PARTY_ID,
    SIP_PRIVACY,
    SIP_PRIORITY,
    SIP_REASON,
    SIP_RETRY_AFTER,
    SIP_SERVICE_ROUTE,
    SIP_PATH,
    SIP_SERVER,
    SIP_USER_AGENT,
    SIP_WARNING,
    SIP_EVENT,
    SIP_TIMESTAMP, // the last one
};

// What is wrong with a message; sip_fault_status gives the answer it deserves.
enum sip_err {
    SIP_OK = 0,
    SIP_ERR_TOO_BIG,         // a limit above
    SIP_ERR_START_LINE,      // neither a request line nor a status line
    SIP_ERR_VERSION,         // not SIP/2.0                               -> 505
    SIP_ERR_HEADER,          // a header line cannot be read
    SIP_ERR_URI_SCHEME,      // Request-URI of a scheme we do not serve   -> 416
    SIP_ERR_URI,             // a URI cannot be read
    SIP_ERR_MISSING,         // a mandatory header is missing
    SIP_ERR_DUPLICATE,       // a header that may stand once stands twice
    SIP_ERR_VIA,             //
    SIP_ERR_ADDRESS,         // From, To or Contact
    SIP_ERR_CSEQ,            //
    SIP_ERR_METHOD_MISMATCH, // CSeq names another method than the request line
    SIP_ERR_NUMBER,          // a number is out of its range
    SIP_ERR_CONTENT_LENGTH,  // not digits, several values, or beyond the datagram
    SIP_ERR_NO_MEMORY,       // the arena is full                         -> 503
};

struct sip_fault {
    enum sip_err err;
    size_t offset;             // of the first byte that is wrong
    enum sip_header_id header; // where it is, SIP_HEADER_OTHER for the start line and the whole
};

// ---- Parts of messages

enum sip_scheme { SIP_SCHEME_OTHER, SIP_SCHEME_SIP, SIP_SCHEME_SIPS, SIP_SCHEME_TEL };

struct sip_uri {
    enum sip_scheme scheme;
    struct span scheme_text;
    struct span user; // sip: the escaped user part; tel: the number; others: all after the ':'
    struct span password;
    struct span host;    // IPv6 with its brackets
    uint16_t port;       // 0: none given
    bool has_user;       // `user` may be empty though an '@' is there
    struct span params;  // as they stand, without the leading ';'
    struct span headers; // as they stand, without the leading '?'
};

// From, To, Contact, Diversion, P-Asserted-Identity, ...: name-addr or addr-spec with header
// parameters.
struct sip_address {
    struct span display;  // as it stands, a quoted string with its quotes
    struct span uri_text; // without < >
    struct sip_uri uri;
    struct span params; // header parameters without the leading ';'
    struct span tag;    // the tag parameter, empty where there is none
};

struct sip_via {
    struct span whole;     // the one Via value
    struct span transport; // "UDP"
    struct span host;      // sent-by, IPv6 with its brackets
    uint16_t port;         // 0: none given
    struct span branch;
    struct span params;
    bool has_rport; // an rport parameter, with or without a value (RFC 3581)
};

struct sip_header {
    enum sip_header_id id;
    struct span name;  // as received
    struct span value; // trimmed; may contain folded lines: the readers below take CR LF as a blank
};

struct sip_message {
    struct span bytes; // what was parsed: up to the end of the body
    bool is_request;
    enum sip_method method; // of the request, or of a response's CSeq
    struct span method_name;
    struct span uri_text; // Request-URI
    struct sip_uri uri;
    unsigned status;    // of a response, 100-699
    struct span reason; // of a response, may be empty
    const struct sip_header *headers;
    size_t header_count;
    uint64_t header_ids; // a bit for each enum sip_header_id that is there
    struct sip_via via;  // the topmost
    struct sip_address from, to;
    struct span call_id;
    uint32_t cseq;
    int max_forwards; // -1: none
    struct span body;
};

// ---- Reading

// Parses one message of a datagram. `bytes` and `arena` must outlive `message`. Returns SIP_OK, or
// the first thing that is wrong, with `*fault` saying where. On an error `message` holds what is
// sound (Via, From, To, Call-ID, CSeq, ...), so that sip_is_answerable tells whether an answer can
// be sent. Bytes after Content-Length are ignored (RFC 3261 section 18.3). A Request-URI of a
// scheme other than sip, sips and tel is SIP_ERR_URI_SCHEME. Lines end with CR LF and nothing else.
// Of a request all Contact values are checked too, of a response none is (they may be other
// people's).
enum sip_err sip_parse(struct span bytes, struct arena *arena, struct sip_message *message,
                       struct sip_fault *fault);

// Reads the topmost Via of an ACK, by which its transaction is found, and nothing else. False where
// it is none, or cannot be told at a glance: then sip_parse has to look.
bool sip_peek_ack(struct span bytes, struct sip_via *via);

// ---- Messages on a stream (RFC 3261 sections 7.5 and 18.3, RFC 5626 section 4.4.1)

// How far the message that comes next on a stream has been looked at. Starts zeroed, one for each
// connection.
struct sip_stream {
    size_t searched_len; // no empty line ends in so many bytes
    size_t message_len;  // the length of the message that has begun; 0: not known yet
    bool is_after_crlf;  // a CRLF was taken directly before
};

enum sip_stream_event {
    SIP_STREAM_WAIT,    // for more bytes
    SIP_STREAM_MESSAGE, // the first `len` bytes are a message, for sip_parse
    SIP_STREAM_CRLF,    // an empty line: a pong, or one before a message; nothing is to be done
    SIP_STREAM_PING,    // the second empty line of a ping: send one CRLF back
    // Where the next message begins is unknown for ever: answer the request if there is one in the
    // first `len` bytes (0: none), and close the connection.
    SIP_STREAM_BROKEN,
};

struct sip_stream_part {
    size_t len;             // bytes to be taken off the front of the stream
    struct sip_fault fault; // of SIP_STREAM_BROKEN
};

// Tells what stands at the front of `bytes`, which are all that was received and not yet taken;
// the caller takes off `part->len` bytes and asks again until it is told to wait. While it waits it
// only adds bytes at the end. It never has to keep more than SIP_MESSAGE_MAX bytes: a head beyond
// SIP_HEAD_MAX and a longer message are SIP_ERR_TOO_BIG. A message must tell its length in one
// Content-Length of nothing but digits (20.14), else SIP_ERR_MISSING or SIP_ERR_CONTENT_LENGTH.
enum sip_stream_event sip_stream_next(struct sip_stream *stream, struct span bytes,
                                      struct sip_stream_part *part);

// Whether `message` is a request with enough in it to be answered: a usable top Via, not an ACK.
bool sip_is_answerable(const struct sip_message *message);
// The status that a fault deserves: 400, 416, 505, 513, 503.
unsigned sip_fault_status(enum sip_err err);
// The fault as a short phrase for the reason and logs ("Content-Length is not valid"). Static text.
const char *sip_err_text(enum sip_err err);

// The next header of kind `id` after `previous` (NULL: the first), or NULL.
const struct sip_header *sip_next_header(const struct sip_message *message, enum sip_header_id id,
                                         const struct sip_header *previous);
// The value of the first header of kind `id`, or an empty span.
struct span sip_header_value(const struct sip_message *message, enum sip_header_id id);
// The same by name, upper and lower case being equal, for headers that have no id. Short forms are
// found by the long name.
struct span sip_named_header_value(const struct sip_message *message, struct span name);

// Walks over comma-separated values, minding quotes and < >: cuts the next one off `*rest` into
// `*item` (trimmed). False at the end. Empty items are skipped.
bool sip_next_item(struct span *rest, struct span *item);
// Walks over all values of all headers of kind `id` in order. Start with SIP_VALUES_START.
struct sip_values {
    const struct sip_header *header;
    struct span rest;
};
#define SIP_VALUES_START ((struct sip_values){0})
bool sip_next_value(const struct sip_message *message, enum sip_header_id id,
                    struct sip_values *place, struct span *value);

// Reads a number of seconds (Expires, Min-Expires, Retry-After, the expires parameter), which a
// comment or parameters may follow. One beyond 2^32-1 counts as that (RFC 3261 section 20.19).
// False where there is no number.
bool sip_read_seconds(struct span value, uint32_t *seconds);

// Each reads a whole text; on an error the result must not be used. Parts are spans into `text`.
enum sip_err sip_parse_uri(struct span text, struct sip_uri *uri);
enum sip_err sip_parse_address(struct span text, struct sip_address *address);
enum sip_err sip_parse_via(struct span text, struct sip_via *via);

// Whether two URIs are the same by RFC 3261 section 19.1.4, but that an escaped character is not
// the same as the character itself.
bool sip_uri_eq(const struct sip_uri *a, const struct sip_uri *b);

// Looks `name` up in ';'-separated parameters, upper and lower case being equal. True when it is
// there;
// `*value` is empty for one without '=', and unquoted but not unescaped for a quoted one.
bool sip_find_param(struct span params, struct span name, struct span *value);
// Whether a comma-separated header of kind `id` lists the word `token` (upper and lower case being
// equal).
bool sip_has_token(const struct sip_message *message, enum sip_header_id id, struct span token);

// Undoes %XX escapes of a URI's user part into `out`. A %00 is kept as the byte 0.
void sip_put_unescaped(struct buffer *out, struct span text);
// Undoes a quoted string: without its quotes and backslashes. Text that is not quoted stays as it
// is.
void sip_put_unquoted(struct buffer *out, struct span text);

// The name of a method ("INVITE"); SIP_METHOD_OTHER gives "?". Static text.
const char *sip_method_text(enum sip_method method);
// The usual reason phrase of a status ("Busy Here"); of an unknown one that of its class. RFC 3261
// section 21.
const char *sip_status_text(unsigned status);
// The usual name of a header ("Via"). Static text; SIP_HEADER_OTHER gives "?".
const char *sip_header_text(enum sip_header_id id);

// ---- Printing

// `user` as the user part of a sip: URI: every byte outside RFC 3261's `user` rule as %XX.
void sip_put_escaped_user(struct buffer *out, struct span user);
// `text` as a quoted string. Control characters are left out.
void sip_put_quoted(struct buffer *out, struct span text);
// "Name: value\r\n". CR and LF within the value are left out: a folded value becomes one line, and
// nobody slips a header in.
void sip_put_header(struct buffer *out, const char *name, struct span value);
// The Via of a request of ours, with rport: "Via: SIP/2.0/UDP host:port;rport;branch=...\r\n".
void sip_put_via(struct buffer *out, enum transport transport, const struct address *sent_by,
                 struct span branch);

// The headers that every response copies from its request: all Via (the topmost with received and
// rport filled in from `source`, RFC 3261 section 18.2.1, RFC 3581 section 4), From, To (with
// `;tag=to_tag` where it has none and `to_tag` is not empty), Call-ID, CSeq; and Record-Route,
// which a response that creates a dialog needs (section 12.1.1). Ends without an empty line.
void sip_put_reply_headers(struct buffer *out, const struct sip_message *request,
                           const struct address *source, struct span to_tag);
// "SIP/2.0 486 Busy Here\r\n"; without a `reason` the usual one.
void sip_put_status_line(struct buffer *out, unsigned status, struct span reason);
// Ends the headers and appends a body: "Content-Length: n\r\n\r\n" + body.
void sip_put_end(struct buffer *out, struct span body);

// Where a response to `request` goes: the source for UDP when rport or received says so, else the
// source's host with the sent-by port (5060 if none). RFC 3261 section 18.2.2, RFC 3581 section 4.
struct address sip_reply_address(const struct sip_message *request, const struct address *source);
// Where a response goes whose connection is gone: the source's host with the sent-by port (5060 if
// none, 5061 for TLS). RFC 3261 section 18.2.2.
struct address sip_return_address(const struct sip_message *request, const struct flow *flow);

// ---- Digest (RFC 7616, 8760, 3261 section 22)

enum sip_digest_algorithm { SIP_DIGEST_MD5, SIP_DIGEST_SHA256, SIP_DIGEST_SHA512_256 };

struct sip_challenge {
    struct span realm, nonce, opaque; // unquoted, not unescaped
    enum sip_digest_algorithm algorithm;
    bool has_qop_auth; // qop offers auth
    bool is_stale;
    bool is_proxy; // Proxy-Authenticate: the answer is a Proxy-Authorization
};

struct sip_credentials {
    struct span user, password;
};

// Finds in a 401 or 407 the topmost challenge that we can answer (a Digest of a known algorithm
// with qop auth or none, RFC 8760 section 2.3). If `realm` is not empty, only challenges for it
// count. False when there is none.
bool sip_find_challenge(const struct sip_message *response, struct span realm,
                        struct sip_challenge *challenge);
// The same among those of proxies alone (`is_proxy`), or of the registrar or server.
bool sip_find_challenge_by(const struct sip_message *response, bool is_proxy, struct span realm,
                           struct sip_challenge *challenge);
// Prints the whole header line that answers the challenge ("Authorization: Digest ...\r\n").
// `nonce_count` is 1 for the first use of a nonce; `cnonce` is ignored without qop. `out` is marked
// as full also when a text is too long to be hashed (4 kB).
void sip_put_authorization(struct buffer *out, const struct sip_challenge *challenge,
                           const struct sip_credentials *credentials, const char *method,
                           struct span uri, struct span cnonce, uint32_t nonce_count);

// What a request answers a challenge of ours with. Texts are unquoted, not unescaped.
struct sip_authorization {
    struct span user, realm, nonce, uri, response, cnonce;
    enum sip_digest_algorithm algorithm;
    uint32_t nonce_count;
    bool has_qop_auth; // with cnonce and nc
};

// Finds the credentials (Authorization, scheme Digest) that a request has for `realm`; where it has
// none for that, the first that there are. False where there are none that can be read.
bool sip_find_authorization(const struct sip_message *request, struct span realm,
                            struct sip_authorization *authorization);
// Whether the response is what follows from the hash of user, realm and password that is kept
// (`user_hash`: MD5 16 bytes, the others 32); takes the same time whatever it is. RFC 7616 section
// 3.4.1.
bool sip_is_authorized(const struct sip_authorization *authorization, struct span method,
                       const uint8_t *user_hash);

// ---- Keep-alive by UDP (RFC 5626 section 4.4.2, RFC 5389)

// Whether a datagram is a STUN Binding request.
bool sip_is_stun_ping(struct span bytes);
// Prints the answer, up to 44 bytes: the address that it came from.
void sip_put_stun_pong(struct buffer *out, struct span ping, const struct address *source);
