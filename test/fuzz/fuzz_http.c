// SPDX-License-Identifier: Apache-2.0
// Any bytes as what comes on a connection: where the head ends, what it says, and what is answered
// to the request. What was read lies within the head or was decoded from it.
#include "fuzz/api.h"

#include <stdalign.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    alignas(16) static char texts[HEAD_MAX + 1024];
    static struct api *api;
    struct span in = {(const char *)bytes, size};
    struct arena arena = arena_over(texts, sizeof texts);
    struct request request;
    size_t body_len = 0, head_len = api_http_find_head_end(in, 0);
    ASSERT(head_len <= size);
    // However it comes in pieces, the end is the same.
    for (size_t cut = 0; cut <= size && size < 200; cut++) {
        size_t first = api_http_find_head_end(span_slice(in, 0, cut), 0);
        ASSERT(first == 0 || first == head_len);
        if (first == 0) ASSERT(api_http_find_head_end(in, cut) == head_len);
    }
    if (head_len == 0 || head_len > HEAD_MAX) return 0;
    struct span head = span_slice(in, 0, head_len);
    unsigned status = api_http_parse_head(head, &arena, &request, &body_len);
    ASSERT(status == 0 || status == 400 || status == 431 || status == 505);
    if (status != 0) return 0;
    ASSERT(is_within(request.authorization, head) && is_within(request.cookie, head));
    ASSERT(is_within(request.host, head) && is_within(request.origin, head));
    ASSERT(request.query_count <= REQUEST_PARAMETERS_MAX);
    if (head_len + body_len > size) return 0;
    request.body = span_slice(in, head_len, head_len + body_len);
    request.peer = (struct address){.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}};
    if (!api) api = new_api();
    answer(api, &request);
    return 0;
}
