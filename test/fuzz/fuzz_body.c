// SPDX-License-Identifier: Apache-2.0
// Any bytes as the body of a change: the first byte chooses the operation, the rest is the body.
// None of them breaks anything, and the API's answer is always one.
#include "fuzz/api.h"

static const struct {
    enum method method;
    const char *path[7];
} operations[] = {
    {METHOD_POST, {"api", "v1", "groups"}},
    {METHOD_PUT, {"api", "v1", "groups", "g"}},
    {METHOD_PATCH, {"api", "v1", "groups", "g"}},
    {METHOD_POST, {"api", "v1", "users"}},
    {METHOD_PATCH, {"api", "v1", "users", "u"}},
    {METHOD_POST, {"api", "v1", "groups", "g", "lines"}},
    {METHOD_PATCH, {"api", "v1", "groups", "g", "lines", "1"}},
    {METHOD_POST, {"api", "v1", "groups", "g", "lines", "1"}}, // "explain" is added
    {METHOD_POST, {"api", "v1", "session"}},
    {METHOD_POST, {"api", "v1", "tokens"}},
    {METHOD_PUT, {"api", "v1", "users", "u", "password"}},
    {METHOD_POST, {"api", "v1", "import"}},
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size == 0) return 0;
    struct api *api = new_api();
    size_t chosen = bytes[0] % (sizeof operations / sizeof operations[0]);
    struct request request = {.method = operations[chosen].method,
                              .authorization = SPAN("Bearer t"),
                              .content_type = SPAN("application/json"),
                              .framing = FRAMING_COMPLETE,
                              .body = {(const char *)bytes + 1, size - 1}};
    for (size_t i = 0; i < 7 && operations[chosen].path[i]; i++) {
        request.path[request.path_count++] = span_of(operations[chosen].path[i]);
    }
    if (request.path_count == 6 && request.method == METHOD_POST) {
        request.path[request.path_count++] = SPAN("explain");
    }
    answer(api, &request);
    free_api(api);
    return 0;
}
