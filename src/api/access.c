// SPDX-License-Identifier: Apache-2.0
// Who asks: the administrator's token from its file. RFC 6750 section 2.1.
#include "api/api_int.h"

#include <sodium.h>
#include <string.h>

static bool is_file_token(const struct api *api, struct span token)
{
    size_t len = strlen(api->options.token);
    return token.len == len && sodium_memcmp(token.at, api->options.token, len) == 0;
}

static bool refuse(struct reply *reply, const char *why)
{
    api_reply_problem(reply, 401, "%s", why);
    return false;
}

bool api_access_identify(struct api *api, struct request *request, struct reply *reply)
{
    struct span token = request->authorization, scheme = span_split(&token, ' ');
    token = span_trim(token);
    if (request->authorization.len == 0) {
        return refuse(reply, "this needs the header Authorization: Bearer TOKEN");
    }
    if (!span_eq_nocase(scheme, SPAN("Bearer")) || !is_file_token(api, token)) {
        return refuse(reply, "the token is not valid");
    }
    request->principal = (struct principal){
        .credential = CREDENTIAL_FILE, .is_administrator = true, .scope = SCOPE_ADMIN};
    return true;
}
