// SPDX-License-Identifier: Apache-2.0
// A reply as it is sent. RFC 9110 sections 6.6, 8 and 15.
#include "api/api_int.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *api_status_phrase(unsigned status)
{
    switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 406: return "Not Acceptable";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Internal Server Error";
    }
}

static void put_date(struct buffer *out)
{
    buffer_put_text(out, "Date: ");
    civil_put_http_time(out, (uint64_t)time(NULL));
    buffer_put_text(out, "\r\n");
}

static void put_content(struct buffer *out, const struct reply *reply, size_t len)
{
    const char *type = reply->status >= 400 ? "application/problem+json" : "application/json";
    if (reply->content_type) type = reply->content_type;
    if (reply->status != 204 && reply->status != 304) {
        buffer_printf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, len);
    }
    // With a tag, what was answered may be kept, but must be asked for each time.
    const char *caching = reply->etag[0] ? "private, no-cache" : "no-store";
    if (reply->file_caching) caching = reply->file_caching;
    buffer_printf(out, "Cache-Control: %s\r\nX-Content-Type-Options: nosniff\r\n", caching);
    if (reply->file_caching) buffer_put_text(out, api_client_fields);
    if (reply->file_encoding) buffer_printf(out, "Content-Encoding: %s\r\n", reply->file_encoding);
    if (reply->etag[0]) buffer_printf(out, "ETag: %s\r\n", reply->etag);
}

static void put_head(struct buffer *out, const struct reply *reply, bool closes_after, size_t len)
{
    buffer_printf(out, "HTTP/1.1 %u %s\r\n", reply->status, api_status_phrase(reply->status));
    put_date(out);
    put_content(out, reply, len);
    if (reply->status == 401) buffer_put_text(out, "WWW-Authenticate: Bearer\r\n");
    if (reply->status == 426) buffer_put_text(out, "Sec-WebSocket-Version: 13\r\n");
    if (reply->allow[0]) buffer_printf(out, "Allow: %s\r\n", reply->allow);
    if (reply->set_cookie[0]) buffer_printf(out, "Set-Cookie: %s\r\n", reply->set_cookie);
    if (reply->retry_after_s) buffer_printf(out, "Retry-After: %u\r\n", reply->retry_after_s);
    if (reply->location[0]) buffer_printf(out, "Location: %s\r\n", reply->location);
    if (closes_after) buffer_put_text(out, "Connection: close\r\n");
    buffer_put_text(out, "\r\n");
}

static bool has_body(const struct reply *reply)
{
    return reply->status != 204 && reply->status != 304;
}

// What is told where memory has run out while the answer was made. A change may have been saved.
static char *print_exhausted(const struct request *request, struct reply *reply)
{
    char text[256];
    reply->status = 503;
    reply->etag[0] = reply->location[0] = '\0';
    reply->content_type = NULL;
    snprintf(text, sizeof text,
             "{\"type\": \"about:blank\", \"title\": \"Service Unavailable\", \"status\": 503, "
             "\"detail\": \"out of memory%s\"}\n",
             request->method == METHOD_GET ? "" : ": see whether the change was made");
    return strdup(text);
}

// The body with its line's end; NULL where there is none.
static char *print_body(const struct request *request, struct reply *reply)
{
    char *text = reply->text;
    bool is_whole = !api_memory_has_run_out(), is_wanted = has_body(reply) && !reply->file.at;
    reply->text = NULL;
    if (text && is_whole && is_wanted) return text;
    free(text);
    if (!is_wanted) return NULL;
    text = reply->body && is_whole ? json_dumps(reply->body, JSON_INDENT(2)) : NULL;
    size_t len = text ? strlen(text) : 0;
    bool is_printed = text && !api_memory_has_run_out(); // jansson may leave out a piece
    char *longer = is_printed ? realloc(text, len + 2) : NULL;
    if (longer) {
        memcpy(longer + len, "\n", 2);
        return longer;
    }
    free(text);
    return print_exhausted(request, reply);
}

// What is answered to a GET has a tag; who has it already is told so. RFC 9110 section 13.1.2.
static void tag(const struct request *request, struct reply *reply, const char *body)
{
    bool is_json = reply->status == 200 && body && !reply->content_type;
    if (request->method != METHOD_GET || !is_json) return;
    if (!reply->etag[0]) api_etag_of_text(span_of(body), reply->etag);
    if (api_etag_is_known(request, reply->etag)) reply->status = 304;
}

char *api_http_print_reply(const struct request *request, struct reply *reply, size_t *len)
{
    char head[3072];
    struct buffer out = buffer_over(head, sizeof head);
    char *body = print_body(request, reply), *bytes = NULL;
    json_decref(reply->body);
    reply->body = NULL;
    tag(request, reply, body);
    if (!body && !reply->file.at && has_body(reply)) return NULL;
    size_t body_len = body && has_body(reply) ? strlen(body) : 0;
    put_head(&out, reply, request->closes_after, body ? body_len : reply->file.len);
    if (!has_body(reply) || request->is_head) reply->file = SPAN_NONE;
    ASSERT(!out.is_full);
    bytes = malloc(out.len + body_len);
    if (bytes) {
        memcpy(bytes, head, out.len);
        *len = out.len;
        if (body_len > 0 && !request->is_head) {
            memcpy(bytes + out.len, body, body_len);
            *len += body_len;
        }
    }
    free(body);
    return bytes;
}
