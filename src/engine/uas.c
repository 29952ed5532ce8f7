// SPDX-License-Identifier: Apache-2.0
// The checks of RFC 3261 section 8.2, in its order.
#include "engine/uas_int.h"

#define ALLOW_LINE                                                                                 \
    "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, PRACK, UPDATE, INFO, REFER, NOTIFY\r\n"

enum { USER_MAX = 128, HEADERS_MAX = 512 };

static enum uas_result answer_with(struct txn_answer *answer, unsigned status, struct span headers)
{
    *answer = (struct txn_answer){.status = status, .headers = headers};
    return UAS_ANSWER;
}

// ---- 8.2.1: the method

static bool is_served(enum sip_method method)
{
    return method == SIP_INVITE || method == SIP_OPTIONS;
}

static enum uas_result answer_method(const struct sip_message *request, struct txn_answer *answer)
{
    bool is_in_dialog = request->to.tag.len > 0;
    if (request->method == SIP_METHOD_OTHER) return answer_with(answer, 501, SPAN(ALLOW_LINE));
    if (request->method == SIP_BYE || is_in_dialog) return answer_with(answer, 481, SPAN_NONE);
    return answer_with(answer, 405, SPAN(ALLOW_LINE));
}

// ---- 8.2.2.3: extensions that we are required to know; we know session timers (RFC 4028)
// and Replaces (RFC 3891)

// The next one that we do not know.
static bool next_unknown(const struct sip_message *request, struct sip_values *place,
                         struct span *value)
{
    while (sip_next_value(request, SIP_REQUIRE, place, value)) {
        bool is_known = span_eq_nocase(*value, SPAN("timer")) ||
                        span_eq_nocase(*value, SPAN("replaces"));
        if (!is_known) return true;
    }
    return false;
}

static bool requires_extension(const struct sip_message *request)
{
    struct sip_values place = SIP_VALUES_START;
    struct span value;
    return next_unknown(request, &place, &value);
}

// Names them; where they are too many to be named, nothing does.
static struct span unsupported(struct turn *turn, const struct sip_message *request)
{
    char *bytes = arena_take(turn->arena, HEADERS_MAX);
    struct sip_values place = SIP_VALUES_START;
    struct span value;
    if (!bytes) return SPAN_NONE;
    struct buffer out = buffer_over(bytes, HEADERS_MAX);
    while (next_unknown(request, &place, &value)) {
        buffer_put(&out, out.len == 0 ? SPAN("Unsupported: ") : SPAN(", "));
        buffer_put(&out, value);
    }
    buffer_put(&out, SPAN("\r\n"));
    return out.is_full ? SPAN_NONE : buffer_span(&out);
}

// ---- 8.2.3: the content

static bool is_known_content(const struct sip_message *request)
{
    struct span type = sip_header_value(request, SIP_CONTENT_TYPE);
    type = span_trim(span_slice(type, 0, span_find(type, ';')));
    bool is_sdp = span_eq_nocase(type, SPAN("application/sdp"));
    bool is_multipart = type.len > 10 &&
                        span_eq_nocase(span_slice(type, 0, 10), SPAN("multipart/"));
    return request->body.len == 0 || is_sdp || is_multipart;
}

// Whether the caller takes session descriptions in answers (20.1): no Accept means it does.
static bool accepts_sdp(const struct sip_message *request)
{
    struct sip_values place = SIP_VALUES_START;
    struct span value;
    bool is_listed = false;
    while (sip_next_value(request, SIP_ACCEPT, &place, &value)) {
        struct span type = span_trim(span_slice(value, 0, span_find(value, ';')));
        is_listed = true;
        if (span_eq_nocase(type, SPAN("application/sdp")) || span_eq(type, SPAN("*/*")) ||
            span_eq_nocase(type, SPAN("application/*"))) {
            return true;
        }
    }
    return !is_listed;
}

// ---- The line

// Finds the line that the Request-URI names, among the groups whose PBX sent the request.
// `*is_known` tells whether any PBX of ours has that address.
static bool find_target(const struct line_table *lines, const struct sip_message *request,
                        const struct address *source, struct uas_target *target, bool *is_known)
{
    char bytes[USER_MAX];
    struct buffer user = buffer_over(bytes, sizeof bytes);
    struct pool_id place = POOL_ID_NONE;
    const struct line_group *group;
    sip_put_unescaped(&user, request->uri.user);
    *is_known = false;
    while ((group = line_next_group_at(lines, source, &place)) != NULL) {
        *is_known = true;
        const struct snapshot_line *line = user.is_full
                                               ? NULL
                                               : line_find(lines, group, buffer_span(&user));
        if (!line) continue;
        *target = (struct uas_target){group, line};
        return true;
    }
    return false;
}

const struct snapshot_line *uas_find_line(const struct line_table *lines,
                                          const struct sip_message *request,
                                          const struct address *source)
{
    struct uas_target target;
    bool is_known;
    return find_target(lines, request, source, &target, &is_known) ? target.line : NULL;
}

bool uas_find_elsewhere(const struct line_table *lines, const struct sip_message *request,
                        const struct address *source, uint8_t *worker)
{
    char bytes[USER_MAX];
    struct buffer user = buffer_over(bytes, sizeof bytes);
    struct pool_id place = POOL_ID_NONE;
    const struct line_group *group;
    sip_put_unescaped(&user, request->from.uri.user);
    if (!user.is_full && line_find_elsewhere(lines, 0, buffer_span(&user), worker)) return true;
    user = buffer_over(bytes, sizeof bytes);
    sip_put_unescaped(&user, request->uri.user);
    if (user.is_full) return false;
    while ((group = line_next_group_at(lines, source, &place)) != NULL) {
        struct span extension = buffer_span(&user);
        if (line_find(lines, group, extension)) return false;
        if (line_find_elsewhere(lines, group->snapshot->group_id, extension, worker)) return true;
    }
    return false;
}

uint64_t uas_seek(const struct line_table *lines, const struct sip_message *request,
                  const struct address *source)
{
    char bytes[USER_MAX];
    struct buffer user = buffer_over(bytes, sizeof bytes);
    struct pool_id place = POOL_ID_NONE;
    if (!request->is_request || request->method != SIP_INVITE) return 0;
    const struct line_group *group = line_next_group_at(lines, source, &place);
    if (!group) return 0;
    sip_put_unescaped(&user, request->uri.user);
    return line_seek(lines, group, buffer_span(&user));
}

static enum uas_result check_invite(const struct line_table *lines,
                                    const struct sip_message *request, const struct address *source,
                                    struct uas_target *target, struct txn_answer *answer)
{
    bool is_known;
    bool is_found = find_target(lines, request, source, target, &is_known);
    if (!is_known) return answer_with(answer, 403, SPAN_NONE); // the same for every number
    if (request->to.tag.len > 0) return answer_with(answer, 481, SPAN_NONE);
    if (!is_known_content(request) || sip_header_value(request, SIP_CONTENT_ENCODING).len > 0) {
        return answer_with(answer, 415, SPAN("Accept: application/sdp\r\n"));
    }
    if (!accepts_sdp(request)) {
        return answer_with(answer, 406, SPAN("Warning: 399 lineward \"only application/sdp\"\r\n"));
    }
    if (!is_found) {
        answer_with(answer, 404, SPAN_NONE);
        return UAS_NO_LINE;
    }
    return UAS_CALL;
}

static enum uas_result check(const struct line_table *lines, struct turn *turn,
                             const struct sip_message *request, const struct address *source,
                             struct uas_target *target, struct txn_answer *answer)
{
    if (!is_served(request->method)) return answer_method(request, answer);
    if (requires_extension(request)) return answer_with(answer, 420, unsupported(turn, request));
    if (request->method == SIP_OPTIONS) {
        return answer_with(answer, 200, SPAN(ALLOW_LINE "Accept: application/sdp\r\n"));
    }
    return check_invite(lines, request, source, target, answer);
}

enum uas_result uas_check(const struct line_table *lines, struct turn *turn,
                          const struct sip_message *request, const struct address *source,
                          struct uas_target *target, struct txn_answer *answer)
{
    struct pool_id place = POOL_ID_NONE;
    enum uas_result result = check(lines, turn, request, source, target, answer);
    if (result == UAS_ANSWER && !line_next_group_at(lines, source, &place)) return UAS_STRANGER;
    return result;
}

struct span uas_fault_reason(struct turn *turn, const struct sip_fault *fault)
{
    char *bytes = arena_take(turn->arena, HEADERS_MAX);
    if (!bytes) return SPAN_NONE;
    struct buffer out = buffer_over(bytes, HEADERS_MAX);
    buffer_printf(&out, "%s, byte %zu", sip_err_text(fault->err), fault->offset);
    return out.is_full ? SPAN_NONE : buffer_span(&out);
}
