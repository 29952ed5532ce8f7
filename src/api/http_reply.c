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
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Internal Server Error";
    }
}

static void put_date(struct buffer *out)
{
    char text[64];
    struct tm utc;
    time_t now = time(NULL);
    if (!gmtime_r(&now, &utc)) return;
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    buffer_printf(out, "Date: %s\r\n", text);
}

static void put_head(struct buffer *out, const struct reply *reply, bool closes_after, size_t len)
{
    bool is_problem = reply->status >= 400;
    buffer_printf(out, "HTTP/1.1 %u %s\r\n", reply->status, api_status_phrase(reply->status));
    put_date(out);
    if (reply->status != 204) {
        buffer_printf(out, "Content-Type: application/%sjson\r\nContent-Length: %zu\r\n",
                      is_problem ? "problem+" : "", len);
    }
    buffer_put_text(out, "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
    if (reply->status == 401) buffer_put_text(out, "WWW-Authenticate: Bearer\r\n");
    if (reply->allow[0]) buffer_printf(out, "Allow: %s\r\n", reply->allow);
    if (reply->set_cookie[0]) buffer_printf(out, "Set-Cookie: %s\r\n", reply->set_cookie);
    if (reply->retry_after_s) buffer_printf(out, "Retry-After: %u\r\n", reply->retry_after_s);
    if (reply->location[0]) buffer_printf(out, "Location: %s\r\n", reply->location);
    if (closes_after) buffer_put_text(out, "Connection: close\r\n");
    buffer_put_text(out, "\r\n");
}

// Where memory has run out while a reply was made, the client is told so.
static char *print_body(struct reply *reply)
{
    char *text = reply->body ? json_dumps(reply->body, JSON_INDENT(2)) : NULL;
    if (text || reply->status == 204) return text;
    reply->status = 503;
    return strdup("{\"type\": \"about:blank\", \"title\": \"Service Unavailable\", "
                  "\"status\": 503, \"detail\": \"out of memory\"}");
}

char *api_http_print_reply(struct reply *reply, bool is_head, bool closes_after, size_t *len)
{
    char head[3072];
    struct buffer out = buffer_over(head, sizeof head);
    char *body = print_body(reply), *bytes = NULL;
    json_decref(reply->body);
    reply->body = NULL;
    if (!body && reply->status != 204) return NULL;
    size_t body_len = body ? strlen(body) : 0;
    put_head(&out, reply, closes_after, body_len + (body ? 1 : 0));
    ASSERT(!out.is_full);
    bytes = malloc(out.len + body_len + 1);
    if (bytes) {
        memcpy(bytes, head, out.len);
        *len = out.len;
        if (body && !is_head) {
            memcpy(bytes + out.len, body, body_len);
            bytes[out.len + body_len] = '\n';
            *len += body_len + 1;
        }
    }
    free(body);
    return bytes;
}
