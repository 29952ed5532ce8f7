// SPDX-License-Identifier: Apache-2.0
// Inside the API: a request on its way to a handler, and the reply on its way back. Of HTTP's bytes
// only server.c knows; handlers see decoded texts and JSON.
#pragma once

#include "api/api.h"
#include "web/web.h"

#include <jansson.h>

enum {
    HEAD_MAX = 8 * 1024, // bytes of a request's line and header fields
    REQUEST_BODY_MAX = 64 * 1024,
    IMPORT_BODY_MAX = 16 * 1024 * 1024, // of an import, from who may do one
    REQUEST_PARAMETERS_MAX = 16,        // in a query
    PATH_PARTS_MAX = 12,                // between slashes
    ROUTE_PARTS_MAX = 4,                // of these, names and numbers
    JSON_DEPTH_MAX = 32,
    PAGE_DEFAULT = 100,
    PAGE_MAX = 1000,
    LOCATION_SIZE = 1024,
    ETAG_SIZE = 56,
    STATUS_COUNT = 600, // status codes are below
};

enum method {
    METHOD_GET,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_COUNT, // a method that no route has
};

// How the request's body came.
enum framing {
    FRAMING_NONE,           // there is none
    FRAMING_COMPLETE,       // it is in `body`
    FRAMING_WITHOUT_LENGTH, // chunked, or the length is missing
    FRAMING_BAD_LENGTH,
    FRAMING_TOO_BIG,
};

struct parameter {
    struct span name, value;
};

struct route;

// Who asks, as far as it is known from the request.
enum credential {
    CREDENTIAL_NONE,
    CREDENTIAL_FILE, // the administrator's token, which is in a file
    CREDENTIAL_TOKEN,
    CREDENTIAL_SESSION,
};

struct principal {
    enum credential credential;
    char user[NAME_SIZE];   // whose rights; empty: nobody's in particular
    bool is_administrator;  // reaches what belongs to others
    enum model_scope scope; // and so far
    char group[NAME_SIZE];  // restricted to it; empty: to none
    char key[HASH_SIZE];    // of the session or token
    char token[NAME_SIZE];  // the token's name
    uint32_t expires_s;     // since 1970; 0: never
};

struct request {
    // From the connection. Path and query are decoded, and may contain any bytes.
    enum method method;
    bool is_head; // HEAD: the reply of GET, without its body
    struct span path[PATH_PARTS_MAX];
    size_t path_count; // above PATH_PARTS_MAX: longer than any path of ours
    struct parameter query[REQUEST_PARAMETERS_MAX];
    size_t query_count;
    struct span authorization, content_type, accept_language;
    struct span if_match, if_none_match;
    struct span accept_encoding;
    struct span accept, upgrade, websocket_key, websocket_version, last_event_id;
    struct span host, origin, cookie, requested_with;
    struct span forwarded_for, forwarded_proto, forwarded_host; // as a proxy has it
    struct address peer;
    enum framing framing;
    struct span body;
    bool expects_continue; // the client waits to be asked for the body
    bool closes_after;     // no further request can come on this connection

    // Found out on the way to the handler.
    const struct route *route;
    struct parameter parts[ROUTE_PARTS_MAX]; // of the path, by the names in the route's pattern
    size_t part_count;
    json_t *json; // the body, an object; NULL where the route takes none
    struct principal principal;
    struct api_work *work;     // done for this request, when it comes for the second time
    struct api_work *deferred; // what the request has to wait for; there is no reply yet
    enum fwd_language language;
};

struct reply {
    unsigned status;
    json_t *body; // owned; NULL: none
    char location[LOCATION_SIZE];
    char allow[64]; // with 405
    char set_cookie[256];
    char *text;                // instead of `body`; owned
    const char *content_type;  // of `text`
    struct span file;          // instead of `body`: bytes that stay where they are
    const char *file_encoding; // of `file`; NULL: none
    const char *file_caching;  // how long it may be kept; NULL: it is no file of the client
    bool is_stream;            // it becomes a connection that listens to events
    char etag[ETAG_SIZE];      // empty: that of the body, where a GET is answered
    uint32_t retry_after_s;    // 0: not told
    enum err store_err;        // of the store, which is why; ERR_NONE: not that
};

// Why the store could not serve a request.
enum store_cause {
    STORE_BUSY,
    STORE_ACCESS,
    STORE_IO,
    STORE_DAMAGED,
    STORE_MEMORY,
    STORE_OTHER,
    STORE_CAUSES,
};

// ---- Memory that runs out while a request is answered, as seen by its thread

// Has JSON made by functions that notice; once, before there are requests.
void api_memory_init(void);
// A request begins.
void api_memory_begin(void);
// Something of its answer could not be made.
void api_memory_note(void);
bool api_memory_has_run_out(void);
// The same, with `reply` filled in where it has: nothing is saved from what is not whole.
bool api_memory_is_enough(struct reply *reply);

// ---- Routes

// Whom an operation is for. An administrator may do all of them.
enum audience {
    FOR_ALL,    // without signing in
    FOR_USERS,  // everybody who has signed in
    FOR_OWNER,  // whose the user or line in the path is; a list holds only what is theirs
    FOR_MEMBER, // who has a line in the group in the path
    FOR_ADMIN,
};

typedef void handler(struct api *api, struct request *request, struct reply *reply);

struct route {
    enum method method;
    const char
        *pattern; // "/api/v1/groups/{name}"; a part in braces is named like the record's field
    handler *handle;
    enum model_kind kind; // of the record that the path names
    const char *query;    // parameters that may follow, separated by blanks; NULL: none
    enum audience audience;
    enum model_scope scope; // that a token must have
};

// Finds the route of `request` and fills in its route and parts. Without one `*allowed` tells which
// methods the path has: a bit for each, 0 when there is no such path.
const struct route *api_routes_find(struct request *request, unsigned *allowed);
const char *api_method_name(enum method method);

// Whether the request, of which only the head is there, is one that may have a body of up to
// IMPORT_BODY_MAX bytes.
bool api_takes_import(struct api *api, struct request *request);
// Answers a request: rights, route, body, handler. `reply` is filled in completely.
void api_handle(struct api *api, struct request *request, struct reply *reply);

// ---- The web client's files (client_files.c)

// Whether the request is for the client, and not for the API.
bool api_client_is_asked(const struct request *request);
void api_client_get(const struct request *request, struct reply *reply);
// The header fields of all its files, each with its line's end.
extern const char api_client_fields[];

// ---- Passwords (password.c)

struct passwords;

enum work_state { WORK_FREE, WORK_WAITING, WORK_UNDER_WAY, WORK_DONE };

// One of many passwords that are hashed for one request.
struct api_work_item {
    char user[NAME_SIZE];
    char given[TEXT_SIZE], stored[TEXT_SIZE]; // as in api_work; `stored` may be empty
    bool is_right;                            // the user has this password already
    char hash[TEXT_SIZE];                     // else: of `given`; empty: there is none
};

// A password to be checked, or hashed, or both; or many of them.
struct api_work {
    enum work_state state;
    uint64_t number;
    void *connection; // whose request waits; NULL: it has ended
    bool is_awaited;
    char given[TEXT_SIZE], stored[TEXT_SIZE]; // whether `given` is what was stored; or empty
    char fresh[TEXT_SIZE];                    // to be hashed, if `given` is right; or empty
    bool is_right, is_failed;
    char hash[TEXT_SIZE];        // of `fresh`
    struct api_work_item *items; // on the heap; it belongs to the work
    size_t item_count, item_next;
    bool is_trial; // of items it is only found out whether they are right
};

// NULL when memory is out.
struct passwords *api_passwords_new(struct api *api);
// Ends the thread, which wakes the server no more; then nothing waits for it.
void api_passwords_stop(struct passwords *passwords);
void api_passwords_free(struct passwords *passwords);

struct password_question {
    struct span given;
    const char *stored; // empty: nobody's; it takes the same time to find it wrong
    struct span fresh;  // to be hashed if `given` is right; SPAN_NONE: nothing
};
// Has a password checked. False at first: the request has to wait, or is refused. True when it
// comes again, with the result in request->work.
bool api_password_check(struct api *api, struct request *request, struct reply *reply,
                        const struct password_question *question);
// Has the password in a user's record hashed; false as above. When true, the body holds the hash.
bool api_password_prepare(struct api *api, struct request *request, struct reply *reply);
// Has all items of `work` seen to, which takes them over; always false: the request has to wait, or
// is refused.
bool api_passwords_defer(struct api *api, struct request *request, struct reply *reply,
                         struct api_work *work);
// Why a new password is refused; NULL when it is not.
const char *api_password_refuse(const json_t *value, char reason[REASON_SIZE]);

// Passwords of an import (import_passwords.c); false where the reply is filled in. First: takes
// them out of the users, for api_passwords_defer, and puts something else into their places.
enum { IMPORT_PASSWORDS_MAX = 1000 };
bool api_import_passwords_collect(struct api *api, json_t *users, struct api_work *work,
                                  struct reply *reply);
// When the request comes again: puts their hashes into the places of the passwords.
bool api_import_passwords_put(const struct api_work *work, json_t *users, struct reply *reply);
// Who has signed in with a password that the import replaces must do so again.
bool api_import_passwords_end_sessions(struct api *api, const struct request *request,
                                       struct reply *reply);

// For the server: `connection` waits for the work; the next one whose work is done, NULL when there
// is none; what is done, or no longer wanted, is given back.
void api_work_await(struct api *api, struct api_work *work, void *connection);
void *api_work_next_done(struct api *api);
void api_work_release(struct api *api, struct api_work *work);

// ---- Failures to sign in (attempts.c)

enum attempt_kind { ATTEMPT_ACCOUNT, ATTEMPT_SOURCE };
enum { ATTEMPTS_MAX = 4096 };

struct attempt {
    uint64_t key;
    uint32_t count, last_s, until_s;
};
struct attempts {
    struct attempt entries[ATTEMPTS_MAX];
};
// How long the next attempt has to wait; 0: not at all. Times in seconds of any clock.
uint32_t api_attempts_wait_s(struct attempts *attempts, uint64_t key, uint32_t now_s);
void api_attempts_count(struct attempts *attempts, enum attempt_kind kind, uint64_t key,
                        uint32_t now_s);
void api_attempts_forget(struct attempts *attempts, uint64_t key);

// Whose failures are counted: an account's, and those from one source (sign_in.c).
struct attempt_keys {
    uint64_t account, source;
};
struct attempt_keys api_attempt_keys(const struct api *api, const struct request *request,
                                     struct span name);
// Counts the attempt as a failure, until it turns out to be none: so that many at once are counted
// too. False, with `reply` filled in, when it has to wait.
bool api_attempt_begin(struct api *api, const struct attempt_keys *keys, struct reply *reply);
// It was none.
void api_attempt_end(struct api *api, const struct attempt_keys *keys);

// A key for the tables above and below, that nobody outside can choose. `kind` keeps apart what
// has the same text.
uint64_t api_key_of(const struct api *api, char kind, struct span text);

// ---- Requests a second (rate.c)

enum { RATES_MAX = 4096, RATE_BURST_S = 2 };
struct rate {
    uint64_t key, paid_until_ns;
};
struct rates {
    struct rate entries[RATES_MAX];
};
// Counts a request of `key`, which may make `per_s` (not 0) a second, and those of RATE_BURST_S at
// once. Returns 0, or after how many seconds it may be tried again. Times of any clock that rises.
uint32_t api_rate_take(struct rates *rates, uint64_t key, uint32_t per_s, uint64_t now_ns);

// ---- Sessions (session.c)

enum { COOKIE_SIZE = 65 };

// Signs `user` in: a new session, whose cookie's value is printed to `cookie`. The oldest of too
// many ends.
enum err api_session_start(struct api *api, const char *user, const char *address,
                           char cookie[COOKIE_SIZE]);
// Finds the session of a cookie, and notes that it is used. ERR_NOT_FOUND when there is none, or it
// has expired.
enum err api_session_find(struct api *api, struct span cookie, struct model_session *session);
enum err api_session_end(struct api *api, const char *hash);
// Ends all sessions of `user` but `except` (its hash; may be empty).
enum err api_session_end_all(struct api *api, const char *user, const char *except);
uint32_t api_session_expires_s(const struct api *api, const struct model_session *session);
// Moves the sessions' times when the wall clock has been set, from the first of these calls on, so
// that all last as long as before (session_clock.c).
void api_sessions_begin_clock(struct api *api);
void api_sessions_follow_clock(struct api *api);
// Now, in seconds since 1970; and by a clock that nobody sets.
uint32_t api_now_s(void);
uint32_t api_passed_s(void);
// Signs `user` in with this request, and replies with the cookie (sign_in.c). An error of the
// store: there is no session, and the reply tells so.
enum err api_sign_in(struct api *api, struct request *request, const struct model_user *user,
                     struct reply *reply);
// The hash of a secret, in hexadecimal digits.
void api_hash_secret(struct span secret, char hash[HASH_SIZE]);

// ---- Rights (access.c, rights.c)

// Finds out who asks; false, with `reply` filled in, when nobody that we know does.
bool api_access_identify(struct api *api, struct request *request, struct reply *reply);
// False, with `reply` filled in (403), when it does not.
bool api_access_check_origin(const struct api *api, const struct request *request,
                             struct reply *reply);
// Where the request comes from, as text.
void api_access_print_source(const struct api *api, const struct request *request,
                             char source[ADDRESS_SIZE]);
// Whether who asks does so by TLS, which a proxy in front of us has.
bool api_access_is_secure(const struct api *api, const struct request *request);
#define SESSION_COOKIE "lineward_session"
// Whether who asks may do what the route does; false, with `reply` filled in, when not. What
// belongs to others is answered as if it did not exist.
bool api_rights_check(struct api *api, const struct request *request, struct reply *reply);
// Whose the user or line is that the path names; empty: nobody's, or it does not exist.
void api_rights_find_owner(struct api *api, const struct request *request, char user[NAME_SIZE]);
// The number of the user to whose calls a list is restricted; 0: it is not. False, with `reply`
// filled in, where it cannot be told who asks.
bool api_rights_user_id(struct api *api, const struct request *request, uint32_t *user_id,
                        struct reply *reply);
// Whether a call is of a line that `principal` may see.
bool api_rights_reach_call(struct api *api, const struct principal *principal,
                           const struct api_call *call);
// Whether who asks may change `field`, of a record that they may change.
bool api_rights_may_set(const struct request *request, const struct model_field *field);
// Restricts a list to what who asks may see: `user` and `group` (NAME_SIZE) are what was asked for,
// and become what is to be shown. False, with `reply` filled in, when another one was asked for.
bool api_rights_restrict(const struct request *request, char *user, char *group,
                         struct reply *reply);

// ---- Entity tags (etag.c)

// Prints the tag of what is answered.
void api_etag_of_text(struct span text, char etag[ETAG_SIZE]);
// Prints a record's tag; `extra` is what is shown beyond its settings, or NULL.
void api_etag_of_record(enum model_kind kind, const void *record, const json_t *extra,
                        char etag[ETAG_SIZE]);
// Whether If-Match and If-None-Match allow to change what has the tag `etag` ("" where there is
// nothing yet); false, with `reply` filled in (412), when not.
bool api_etag_allows_change(const struct request *request, const char *etag, struct reply *reply);
// Whether who asks has what has the tag `etag`.
bool api_etag_is_known(const struct request *request, const char *etag);

// ---- WebSocket (websocket.c)

enum websocket_opcode {
    WEBSOCKET_TEXT = 1,
    WEBSOCKET_BINARY = 2,
    WEBSOCKET_CLOSE = 8,
    WEBSOCKET_PING = 9,
    WEBSOCKET_PONG = 10,
};
// Codes that a connection is closed with. RFC 6455 section 7.4.1.
enum {
    WEBSOCKET_NORMAL = 1000,
    WEBSOCKET_PROTOCOL_ERROR = 1002,
    WEBSOCKET_POLICY = 1008,
    WEBSOCKET_TOO_BIG = 1009,
};
enum { WEBSOCKET_ACCEPT_SIZE = 32, WEBSOCKET_HEAD_MAX = 4, WEBSOCKET_MESSAGE_MAX = 4096 };

struct websocket_frame {
    unsigned opcode;
    struct span payload;
    size_t len;       // of the whole frame
    unsigned problem; // a code to close with; 0: none
};
// Prints the answer to a client's Sec-WebSocket-Key; false when that is malformed. RFC 6455 section
// 4.2.2.
bool api_websocket_accept(struct span key, char accept[WEBSOCKET_ACCEPT_SIZE]);
// Prints the head of a frame with a payload of `len` bytes; returns the head's length.
size_t api_websocket_put_head(unsigned char head[WEBSOCKET_HEAD_MAX], enum websocket_opcode opcode,
                              size_t len);
// Reads the first frame, and unmasks it in place; false when it is not there as a whole.
bool api_websocket_read(char *bytes, size_t size, struct websocket_frame *frame);

// ---- Events (events.c)

struct events;
struct events *api_events_new(struct api *api);
void api_events_free(struct events *events);
// Takes what was posted into the ring; true when there is something new.
bool api_events_collect(struct api *api);
// Tells of a change of a setting that the request has made ("added", "changed", "removed").
void api_events_setting(struct api *api, const struct request *request, const char *change,
                        const union model_record *record);
#define EVENT_FOR_ALL "*" // in place of a user: everybody may see it

// A listener comes and goes.
void api_events_join(struct api *api);
void api_events_leave(struct api *api);
uint64_t api_events_newest(const struct api *api);
// Reads the id of the last event that somebody saw; false when what came behind it is not known.
bool api_events_resume(const struct api *api, struct span id, uint64_t *last);
void api_events_print_id(const struct api *api, uint64_t number, struct buffer *out);
enum event_step { EVENT_NONE, EVENT_THERE, EVENT_PASSED };
// The next event behind `*last` that `principal` may see; EVENT_PASSED when some were missed.
enum event_step api_events_next(const struct api *api, const struct principal *principal,
                                uint64_t *last, struct span *text);

// ---- Connections that listen (stream.c)

struct stream;
enum { STREAM_CHUNK_MAX = 8192, STREAMS_MAX = 2000, TICK_S = 10 };

char *api_stream_print_head(const struct request *request, const struct reply *reply, size_t *len);
// NULL when memory is out.
struct stream *api_stream_new(struct api *api, const struct request *request);
void api_stream_free(struct api *api, struct stream *stream);
// Prints what is next to be sent; 0: nothing for now.
size_t api_stream_fill(struct api *api, struct stream *stream, unsigned char *chunk);
// Whether the last has been sent.
bool api_stream_is_ended(const struct stream *stream);
// Takes what was received; returns how much of it is done with.
size_t api_stream_received(struct api *api, struct stream *stream, char *bytes, size_t size);
// To be called every TICK_S, with whether the other end has all that was sent; false: it is gone.
bool api_stream_tick(struct api *api, struct stream *stream, bool is_taken);
// Whether the session or token of `principal` still holds, and its rights as they are now; false,
// with `reply` filled in, when not.
bool api_access_renew(struct api *api, struct principal *principal, struct reply *reply);

// ---- Users who are there by a page (web_clients.c)

struct web_client;
enum { WEB_CLIENTS_MAX = 4096 };
bool api_web_clients_init(struct api *api);
// The number of the user whose page listens; 0: who listens is no page.
uint32_t api_web_clients_user(struct api *api, const struct principal *principal);
// A page of the user (0: nobody's) has shown that it lives.
void api_web_clients_alive(struct api *api, uint32_t user_id);
// To be called each second: who has had no page for long enough is gone.
void api_web_clients_end_due(struct api *api);

// ---- Handlers

handler api_events_get;
handler api_metrics_get, api_ready_get;
handler api_health_get, api_presets_list, api_status_get;
handler api_import_post, api_export_get, api_messages_list;
handler api_records_list, api_records_add, api_records_get, api_records_put, api_records_patch,
    api_records_remove;
handler api_slots_list, api_slots_put;
handler api_number_post;
handler api_directory_list;
handler api_session_get, api_session_post, api_session_delete, api_sessions_list,
    api_sessions_remove, api_password_put;
handler api_devices_add, api_devices_renew;
handler api_tokens_list, api_tokens_add, api_tokens_remove;
handler api_alarms_list, api_alarms_lift;
handler api_calls_list, api_calls_deflect, api_calls_decline, api_calls_hang_up;
handler api_client_state_get, api_client_state_put, api_client_state_remove;
handler api_explain_post, api_journal_list, api_audit_list;

handler api_statistics_get;
handler api_samples_list;
handler api_line_statistics_get;
handler api_connection_tests_add, api_connection_tests_get;
handler api_setup_get, api_setup_post, api_audit_revert;
handler api_profiles_apply, api_profiles_end;
handler api_checks_list, api_checks_get, api_checks_start, api_checks_cancel;
// Keeps the checks that are over; false where one could not be kept now.
bool api_checks_collect(struct api *api);
// Ends the profiles whose time is over, and tells of it: once a second.
void api_profiles_end_due(struct api *api);

// ---- Request

// The parameter called `name`, SPAN_NONE when it is not given.
struct span api_query_get(const struct request *request, const char *name);
// Whether `word` is one of the words, which spaces separate.
bool api_has_word(const char *words, struct span word);
// Reads the parameter `limit`; false, with `reply` filled in, when it is no number from 1 to
// PAGE_MAX.
bool api_query_limit(const struct request *request, struct reply *reply, uint32_t *limit);
// ---- Lines by what is not in the store (line_list.c)

struct api_line_query {
    const struct store_query *query; // of KIND_LINE; its `limit` does not count
    bool has_state, is_abroad;       // only lines in that state; that forward abroad
    enum model_registration_state state;
    // By state, what wants a look first, and by group and extension where it is the same; then
    // query->after does not count, but this one, which is in that state; NULL: from the start.
    bool is_by_state, is_descending;
    const struct model_line *after;
    enum model_registration_state after_state;
    uint32_t limit;
};
struct api_found_line {
    uint32_t id;
    char group[NAME_SIZE], extension[EXTENSION_SIZE];
};
struct api_found_lines {
    struct api_found_line *at; // the caller frees it
    size_t count;
    bool has_more;
};
enum err api_find_lines(struct api *api, const struct api_line_query *wanted,
                        struct api_found_lines *found,
                        struct settings_problem *problem) WARN_UNUSED;
// How a line stands with its PBX, as it is shown.
void api_line_registration(struct api *api, uint32_t line_id, bool is_enabled,
                           struct model_registration *out);

// What a list of entries is chosen by: read parameter by parameter; what is wrong with one is told
// in `reply`, and `is_refused` set.
struct filters {
    const struct request *request;
    struct reply *reply;
    bool is_refused;
    char texts[HEAD_MAX];
    size_t len;
};
// A text of at most `max` bytes, without control characters; NULL when it is not given. Lives as
// long as the filters.
const char *api_filter_text(struct filters *filters, const char *name, size_t max);
// A point in time (RFC 3339, or a day alone, in UTC) in microseconds; 0 when it is not given.
uint64_t api_filter_time(struct filters *filters, const char *name);
// The parameter `before`, the id of an entry; 0 when it is not given.
uint64_t api_filter_before(struct filters *filters);
// The parameter `limit`.
uint32_t api_filter_limit(struct filters *filters);
// The path and query of the same list from `value` of the parameter `name` on.
json_t *api_query_next(const struct request *request, const char *name, struct span value);
// Chooses the language for sentences by the parameter `language`, else by Accept-Language; false,
// with `reply` filled in, when the parameter is none of ours.
bool api_query_language(struct request *request, struct reply *reply);
// Prints `text` percent-encoded as one part of a path or a query. RFC 3986 section 2.
void api_put_encoded(struct buffer *out, struct span text);

// Parses the body into request->json; false, with `reply` filled in, when it is not acceptable.
bool api_body_read(struct request *request, struct reply *reply);
// Reads the texts of a body that has no other fields, all of which must be there; false, with
// `reply` filled in, when something is wrong.
struct text_field {
    const char *name;
    struct span *value;
};
bool api_body_read_texts(const struct request *request, const struct text_field *fields,
                         size_t count, struct reply *reply);

// ---- Reply

void api_reply_json(struct reply *reply, unsigned status, json_t *body);
// A page of the journal or the audit; takes `items`. `resume_id` is where the next page begins, 0
// when there is none.
void api_reply_page(const struct request *request, struct reply *reply, json_t *items,
                    uint64_t resume_id);
// A problem document; the detail is a sentence without a full stop.
void api_reply_problem(struct reply *reply, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// A problem document about one field; returns false.
bool api_reply_refused(struct reply *reply, unsigned status, struct span field, const char *reason);
// A problem document of `errors` (from api_errors_add), which it takes.
void api_reply_errors(struct reply *reply, unsigned status, json_t *errors);
// What the settings, or the store, said; returns false.
bool api_reply_settings_problem(struct reply *reply, const struct settings_problem *why);
bool api_reply_store_problem(struct reply *reply, enum err err, const char *cause);
// Whether the store has failed, and not what it was asked for.
bool api_problem_is_of_store(enum err err);
void api_errors_add(json_t *errors, struct span field, const char *reason);
// Takes `errors`: whether there are none, and memory was enough to find them. Otherwise `reply` is
// filled in.
bool api_errors_settle(struct reply *reply, unsigned status, json_t *errors);
// The standard phrase of a status code. RFC 9110 section 15.
const char *api_status_phrase(unsigned status);

// ---- Values as JSON

// A text that may contain anything: what is not UTF-8, and NUL, becomes U+FFFD.
json_t *api_json_text(struct span text);
// A point in time in UTC as RFC 3339 has it, with milliseconds if wanted.
json_t *api_json_time(uint64_t wall_us, bool has_ms);
// Reads such a time, or a day alone; false when it is none.
bool api_read_time(struct span text, uint64_t *wall_us);
json_t *api_json_address(const struct address *address);
json_t *api_json_count(uint64_t count);
// A number of 64 bits, as a text: not all readers of JSON take so large ones.
json_t *api_json_number(uint64_t number);

json_t *api_json_trace(const struct fwd_trace *trace, enum fwd_language language);
json_t *api_json_verdict_text(const struct fwd_verdict *verdict, enum fwd_language language);

enum record_input {
    RECORD_WHOLE,  // what is missing keeps its value in the record; required fields must be there
    RECORD_CHANGE, // null stands for the default (RFC 7396)
};
// Reads request->json into `record`, whose key fields from the path are set (of them only the
// position of an exception may change). Returns the errors,
// one for each field that is unknown, of a wrong type, refused or missing; empty when all is well.
// To be released.
json_t *api_json_to_record(const struct request *request, enum record_input input, void *record);
// Where a device is registered: a list.
json_t *api_json_bindings(struct api *api, uint32_t device_id);
// All fields, but of a secret only whether it is set.
json_t *api_json_from_record(enum model_kind kind, const void *record);

// The rows of a table, the string `csv`, as records by their kinds, as an import takes them, each
// with the number of its row as IMPORT_ROW; to be released. What is wrong with a row is added to
// `errors`.
json_t *api_csv_to_records(const json_t *csv, json_t *errors);
#define IMPORT_ROW "#row"

// Finds the record that the path names; false, with `reply` filled in, when there is none. `id` may
// be NULL.
bool api_records_find(struct api *api, const struct request *request, union model_record *record,
                      uint32_t *id, struct reply *reply);

// For handlers of one kind alone (records.c): the record that a POST adds, with its defaults and
// its key from the path, its body read in; false, with `reply` filled in, when something of it is
// refused.
bool api_records_read_new(struct api *api, const struct request *request,
                          union model_record *record, struct reply *reply);
// Replies with a record that was saved; `body` is what is shown beside it, and is taken.
void api_records_reply(struct api *api, const struct request *request, union model_record *record,
                       json_t *body, struct reply *reply);

// The call that the path names; false when there is none.
bool api_calls_find(struct api *api, const struct request *request, struct api_call *call);

// ---- The first administrator (setup.c)

enum { SETUP_CODE_SIZE = 20 }; // "ABCD-EFGH-JKLM-NPQR"
struct setup {
    char code[SETUP_CODE_SIZE]; // empty: there is an administrator
    char hash[TEXT_SIZE];
};
// Makes the code, where it is needed. False when memory is out.
bool api_setup_begin(struct api *api);

// ---- Connection tests (connection_tests.c)

enum { CONNECTION_TESTS_MAX = 4 }; // at the same time, and kept
enum connection_test_phase {
    CONNECTION_TEST_NONE,
    CONNECTION_TEST_RUNNING, // the line is with the engine
    CONNECTION_TEST_LEAVING, // it is taken back, and what came of it is known
    CONNECTION_TEST_ENDED,
};
struct connection_test {
    enum connection_test_phase phase;
    uint32_t number; // from 1 up
    uint64_t began_ms;
    uint32_t took_ms;
    struct model_registration result;
};
// Looks how the tests under way stand; to be called once a second.
void api_connection_tests_update(struct api *api);

// ---- The server

struct api {
    struct api_options options;
    struct address address;
    struct lws_context *lws;
    struct lws_vhost *vhost;
    unsigned connection_count, stream_count; // the latter are part of the former
    uint64_t replies[STATUS_COUNT];
    uint64_t store_errors[STORE_CAUSES];
    struct passwords *passwords;
    struct events *events;
    uint64_t events_told;           // up to here, listeners know that there is something
    struct stream *streams;         // all that listen
    struct web_client *web_clients; // users with a page
    size_t web_client_count;
    struct connection *connections; // all
    struct attempts attempts;
    struct rates rates;
    unsigned char attempts_key[16]; // that hashes names and sources
    int64_t clock_ahead_s;          // what the wall clock shows beyond api_passed_s
    uint32_t started_s;             // by api_passed_s
    struct setup setup;
    struct connection_test connection_tests[CONNECTION_TESTS_MAX];
    uint32_t connection_test_count; // ever begun
    _Atomic bool is_stopping;
};

enum { CONNECTIONS_MAX = 1024 }; // but those that listen

struct lws;

// Starts libwebsockets, without a listening socket. False when memory is out.
bool api_server_init(struct api *api);
// Has connections accepted at `listening`, which it takes. False when memory is out.
bool api_server_listen(struct api *api, int listening);
// Lets the API's thread look for what has become ready; from any thread.
void api_server_wake(struct api *api);
// Does what has become ready while the API's thread waited.
void api_server_turn(struct api *api);
// Ends connections whose requests have not become complete for long, or that idle: the oldest ones,
// so that others can be accepted.
void api_server_evict(struct api *api);
// Serves the connection `accepted`, which it takes.
void api_server_adopt(struct api *api, int accepted);

// Opens a listening socket at `address`; `*actual` is the same with the port that it got. Returns
// the socket, or -1 with `*problem` filled.
int api_listen_open(const struct address *address, struct address *actual,
                    struct settings_problem *problem);
// Tells who is at the other end of a connection.
void api_listen_read_peer(int accepted, struct address *peer);
// Accepts what waits at the listening socket `wsi`; pauses where there is no room.
void api_listen_accept(struct api *api, struct lws *wsi);

// Where the head ends in `bytes`, 0 when its end is not there yet; of these the first `from` were
// searched before.
size_t api_http_find_head_end(struct span bytes, size_t from);
// Parses a complete head; what has to be decoded goes to `arena`, all else points into `head`.
// `*body_len` is the length of the body that follows. Returns 0, or the status that the request is
// refused with; it closes the connection then.
unsigned api_http_parse_head(struct span head, struct arena *arena, struct request *request,
                             size_t *body_len);
// Prints a reply as it is sent, `*len` bytes, to be freed; NULL when memory is out. Empties the
// reply. What is left of `reply->file` then follows these bytes.
char *api_http_print_reply(const struct request *request, struct reply *reply, size_t *len);
