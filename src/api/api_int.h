// SPDX-License-Identifier: Apache-2.0
// Inside the API: a request on its way to a handler, and the reply on its way back. Of HTTP's bytes
// only server.c knows; handlers see decoded texts and JSON.
#pragma once

#include "api/api.h"

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
    enum fwd_language language;
};

struct reply {
    unsigned status;
    json_t *body; // owned; NULL: none
    char location[LOCATION_SIZE];
    char allow[64]; // with 405
};

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

// ---- Rights (access.c, rights.c)

// Finds out who asks; false, with `reply` filled in, when nobody that we know does.
bool api_access_identify(struct api *api, struct request *request, struct reply *reply);
// Whether who asks may do what the route does; false, with `reply` filled in, when not. What
// belongs to others is answered as if it did not exist.
bool api_rights_check(struct api *api, const struct request *request, struct reply *reply);
// Whether who asks reaches everything, and not only their own.
bool api_rights_is_unlimited(const struct request *request);
// Whether who asks may change `field`, of a record that they may change.
bool api_rights_may_set(const struct request *request, const struct model_field *field);
// Restricts a list to what who asks may see: `user` and `group` (NAME_SIZE) are what was asked for,
// and become what is to be shown. False, with `reply` filled in, when another one was asked for.
bool api_rights_restrict(const struct request *request, char *user, char *group,
                         struct reply *reply);

// ---- Handlers

handler api_health_get, api_presets_list, api_status_get;
handler api_import_post, api_export_get;
handler api_records_list, api_records_add, api_records_get, api_records_put, api_records_patch,
    api_records_remove;
handler api_explain_post, api_journal_list, api_audit_list;

// ---- Request

// The parameter called `name`, SPAN_NONE when it is not given.
struct span api_query_get(const struct request *request, const char *name);
// Reads the parameter `limit`; false, with `reply` filled in, when it is no number from 1 to
// PAGE_MAX.
bool api_query_limit(const struct request *request, struct reply *reply, uint32_t *limit);
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

json_t *api_json_trace(const struct fwd_trace *trace, enum fwd_language language);
json_t *api_json_verdict_text(const struct fwd_verdict *verdict, enum fwd_language language);

enum record_input {
    RECORD_WHOLE,  // what is missing keeps its value in the record; required fields must be there
    RECORD_CHANGE, // null stands for the default (RFC 7396)
};
// Reads request->json into `record`, whose key fields from the path are set. Returns the errors,
// one for each field that is unknown, of a wrong type, refused or missing; empty when all is well.
// To be released.
json_t *api_json_to_record(const struct request *request, enum record_input input, void *record);
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

// ---- The server

struct api {
    struct api_options options;
    struct address address;
    struct lws_context *lws;
    struct lws_vhost *vhost;
    unsigned connection_count;
    _Atomic bool is_stopping;
};

enum { CONNECTIONS_MAX = 512 };

struct lws;

// Starts libwebsockets, without a listening socket. False when memory is out.
bool api_server_init(struct api *api);
// Has connections accepted at `listening`, which it takes. False when memory is out.
bool api_server_listen(struct api *api, int listening);
// Serves the connection `accepted`, which it takes.
void api_server_adopt(struct api *api, int accepted);

// Opens a listening socket at `address`; `*actual` is the same with the port that it got. Returns
// the socket, or -1 with `*problem` filled.
int api_listen_open(const struct address *address, struct address *actual,
                    struct settings_problem *problem);
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
// reply.
char *api_http_print_reply(struct reply *reply, bool is_head, bool closes_after, size_t *len);
