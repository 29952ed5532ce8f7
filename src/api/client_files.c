// SPDX-License-Identifier: Apache-2.0
// The web client's files, for whoever asks: all paths that are not below /api. A path that is no
// file is a page of the client, which finds its own way from index.html.
// RFC 9110 sections 12.5.3 and 13.1.2, RFC 8246.
#include "api/api_int.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 256 };

// What a page of ours may do: nothing but load its own files and speak to its own server.
#define CONTENT_POLICY                                                                             \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "   \
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'self'; "                \
    "form-action 'self'; frame-ancestors 'none'"

const char api_client_fields[] = "Content-Security-Policy: " CONTENT_POLICY "\r\n"
                                 "Referrer-Policy: same-origin\r\n"
                                 "Cross-Origin-Opener-Policy: same-origin\r\n"
                                 "Vary: Accept-Encoding\r\n";

bool api_client_is_asked(const struct request *request)
{
    return request->method == METHOD_GET && request->path_count > 0 &&
           !span_eq(request->path[0], SPAN("api"));
}

// Puts the parts together again; false when they are no path: a name is empty, dots, or has what
// separates names.
static bool join(const struct request *request, struct buffer *path)
{
    for (size_t i = 0; i < request->path_count; i++) {
        if (i == PATH_PARTS_MAX) return false;
        struct span part = request->path[i];
        bool is_last = i + 1 == request->path_count;
        if (part.len == 0 && !is_last) return false;
        if (span_eq(part, SPAN(".")) || span_eq(part, SPAN(".."))) return false;
        for (size_t at = 0; at < part.len; at++) {
            if (part.at[at] == '/' || part.at[at] == '\\' || part.at[at] == '\0') return false;
        }
        if (i > 0) buffer_put_byte(path, '/');
        buffer_put(path, part);
    }
    return !path->is_full;
}

// Whether a field Accept-Encoding names the coding, and not with the weight 0.
static bool accepts(struct span list, struct span coding)
{
    while (list.len > 0) {
        struct span parameters = span_split(&list, ',');
        struct span name = span_trim(span_split(&parameters, ';'));
        struct span weight = span_trim(parameters);
        if (!span_eq_nocase(name, coding)) continue;
        if (!span_starts_with(weight, SPAN("q=0"))) return true;
        for (size_t i = 2; i < weight.len; i++) {
            if (weight.at[i] >= '1' && weight.at[i] <= '9') return true;
        }
        return false;
    }
    return false;
}

// The smallest form of the file that the client takes.
static void choose(const struct request *request, const struct web_file *file, struct reply *reply)
{
    struct buffer tag = buffer_over(reply->etag, sizeof reply->etag - 1);
    const char *form = "";
    reply->file = file->plain;
    if (file->brotli.len > 0 && accepts(request->accept_encoding, SPAN("br"))) {
        reply->file = file->brotli;
        reply->file_encoding = form = "br";
    } else if (file->gzip.len > 0 && accepts(request->accept_encoding, SPAN("gzip"))) {
        reply->file = file->gzip;
        reply->file_encoding = form = "gzip";
    }
    buffer_printf(&tag, "\"%s%s%s\"", file->tag, form[0] ? "-" : "", form);
    reply->etag[tag.len] = '\0';
}

// The page with the way from its address up to where the client begins. It is told as a relative
// address, so it also holds where a proxy serves the client below a path that we do not see.
static void reply_index(const struct request *request, struct reply *reply)
{
    static const struct span base = {"<base href=\"./\">", 16};
    const struct web_file *file = web_index();
    const char *at = memmem(file->plain.at, file->plain.len, base.at, base.len);
    size_t up = request->path_count - 1, size = file->plain.len + 3 * up + 32;
    struct buffer tag = buffer_over(reply->etag, sizeof reply->etag - 1);
    reply->text = malloc(size);
    if (!reply->text) {
        api_reply_problem(reply, 503, "%s", err_text(ERR_NO_MEMORY));
        return;
    }
    ASSERT(at);
    size_t before = (size_t)(at - file->plain.at);
    struct buffer out = buffer_over(reply->text, size - 1);
    buffer_put(&out, span_slice(file->plain, 0, before));
    buffer_put_text(&out, "<base href=\"./");
    for (size_t i = 0; i < up; i++) buffer_put_text(&out, "../");
    buffer_put_text(&out, "\">");
    buffer_put(&out, span_from(file->plain, before + base.len));
    reply->text[out.len] = '\0';
    reply->content_type = file->type;
    reply->file_caching = "no-cache";
    buffer_printf(&tag, "\"%s-%zu\"", file->tag, up);
    reply->etag[tag.len] = '\0';
}

void api_client_get(const struct request *request, struct reply *reply)
{
    char text[PATH_SIZE];
    struct buffer path = buffer_over(text, sizeof text);
    bool is_path = join(request, &path);
    const struct web_file *file = is_path ? web_find(buffer_span(&path)) : NULL;
    bool is_asset = span_eq(request->path[0], SPAN("assets"));
    if (!is_path || (!file && is_asset)) {
        api_reply_problem(reply, 404, "the web client has no such file");
        return;
    }
    reply->status = 200;
    if (!file || file == web_index()) {
        reply_index(request, reply);
    } else {
        choose(request, file, reply);
        reply->content_type = file->type;
        reply->file_caching = file->is_named_by_content ? "public, max-age=31536000, immutable"
                                                        : "no-cache";
    }
    if (reply->status == 200 && api_etag_is_known(request, reply->etag)) reply->status = 304;
}
