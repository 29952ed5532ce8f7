// SPDX-License-Identifier: Apache-2.0
// The way to the server: HTTP by libcurl, JSON by jansson, problem documents (RFC 9457) as
// messages.
#include "cli/cli_int.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_S = 5,
    ANSWER_S = 60,
    TOKEN_SIZE = 256,
    ANSWER_MAX = 64 * 1024 * 1024,
};

static const char default_api[] = "http://127.0.0.1:8480";
static const char default_data_dir[] = "/var/lib/lineward";

// ---- Paths

void cli_path_begin(struct path *path, const char *collection)
{
    path->out = buffer_over(path->text, sizeof path->text - 1);
    path->has_query = false;
    path->answer_s = ANSWER_S;
    buffer_put_text(&path->out, collection);
}

static void put_encoded(struct path *path, const char *text)
{
    char *encoded = curl_easy_escape(NULL, text, 0);
    if (encoded) buffer_put_text(&path->out, encoded);
    if (!encoded) path->out.is_full = true;
    curl_free(encoded);
}

void cli_path_part(struct path *path, const char *part)
{
    buffer_put_byte(&path->out, '/');
    put_encoded(path, part);
}

void cli_path_parameter(struct path *path, const char *name, const char *value)
{
    buffer_printf(&path->out, "%c%s=", path->has_query ? '&' : '?', name);
    put_encoded(path, value);
    path->has_query = true;
}

void cli_path_option(const struct invocation *invocation, struct path *path, const char *name)
{
    const char *value = cli_args_get(invocation, name);
    if (value) cli_path_parameter(path, name, value);
}

// ---- Where the server is, and its token

// An option, else the environment, else the default.
static const char *setting(const struct invocation *invocation, const char *option,
                           const char *variable, const char *otherwise)
{
    const char *value = cli_args_get(invocation, option);
    if (!value) value = getenv(variable);
    return value && value[0] ? value : otherwise;
}

static const char *api_of(const struct invocation *invocation)
{
    return setting(invocation, "api", "LINEWARD_API", default_api);
}

static int read_token(const struct invocation *invocation, char token[TOKEN_SIZE])
{
    char file[PATH_SIZE];
    const char *directory = getenv("LINEWARD_DATA_DIR");
    if (!directory || !directory[0]) directory = default_data_dir;
    snprintf(file, sizeof file, "%s/api.token", directory);
    const char *name = setting(invocation, "token-file", "LINEWARD_TOKEN_FILE", file);
    FILE *stream = fopen(name, "r");
    if (!stream) {
        return cli_fail(
            "cannot read the token in %s: %s\n"
            "It is made when the server first starts. Name it with --token-file FILE or "
            "LINEWARD_TOKEN_FILE,\nor the server's data directory with LINEWARD_DATA_DIR.",
            name, strerror(errno));
    }
    size_t len = fread(token, 1, TOKEN_SIZE - 1, stream);
    fclose(stream);
    struct span text = span_trim((struct span){token, len});
    if (text.len == 0 || text.len > TOKEN_SIZE - 2)
        return cli_fail("there is no token in %s", name);
    memmove(token, text.at, text.len);
    token[text.len] = '\0';
    return STATUS_DONE;
}

// ---- Requests

struct received {
    char *bytes;
    size_t len;
};

static size_t receive(char *bytes, size_t size, size_t count, void *context)
{
    struct received *received = context;
    size_t len = size * count;
    if (len > ANSWER_MAX - received->len) return 0;
    char *longer = realloc(received->bytes, received->len + len + 1);
    if (!longer) return 0;
    memcpy(longer + received->len, bytes, len);
    received->bytes = longer;
    received->len += len;
    return len;
}

static int fail_connection(CURL *curl, CURLcode code, const char *api, const char *detail)
{
    long cause = 0;
    const char *text = detail[0] ? detail : curl_easy_strerror(code);
    if (code != CURLE_COULDNT_CONNECT && code != CURLE_COULDNT_RESOLVE_HOST) {
        return cli_fail("no answer from the server at %s: %s", api, text);
    }
    curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &cause);
    return cli_fail("cannot reach the server at %s: %s\n"
                    "Is it running? Start it with: lineward serve\n"
                    "Is it elsewhere? Name it with --api URL or LINEWARD_API.",
                    api, cause ? strerror((int)cause) : text);
}

static struct curl_slist *make_headers(const char *token)
{
    char authorization[TOKEN_SIZE + 32];
    snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", token);
    struct curl_slist *headers = curl_slist_append(NULL, authorization);
    return headers ? curl_slist_append(headers, "Content-Type: application/json") : NULL;
}

// Sends, and collects the answer. The URL's path is as libcurl encodes it, to the byte.
static CURLcode transfer(CURL *curl, const char *method, const char *url, const char *body,
                         struct curl_slist *headers, struct received *received)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (body) curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, received);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); // the token is for the server alone
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    return curl_easy_perform(curl);
}

static void strip_slash(char *url)
{
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/') url[--len] = '\0';
}

// Sends a request; `*status` becomes the answer's.
static int send_request(const struct invocation *invocation, const char *method,
                        const struct path *path, const char *body, struct received *received,
                        long *status)
{
    char token[TOKEN_SIZE], url[2 * PATH_SIZE], base[PATH_SIZE], error[CURL_ERROR_SIZE] = "";
    const char *api = api_of(invocation);
    int result = read_token(invocation, token);
    if (result != STATUS_DONE) return result;
    if (path->out.is_full || strlen(api) >= sizeof base) return cli_fail("the address is too long");
    strcpy(base, api);
    strip_slash(base);
    snprintf(url, sizeof url, "%s%.*s", base, (int)path->out.len, path->out.at);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = make_headers(token);
    if (curl && headers) {
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, path->answer_s);
        CURLcode code = transfer(curl, method, url, body, headers, received);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
        if (code != CURLE_OK) result = fail_connection(curl, code, base, error);
    } else {
        result = cli_fail("out of memory");
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return result;
}

// ---- Answers

static int fail_problem(const struct invocation *invocation, long status, const json_t *problem)
{
    size_t i;
    bool is_import = false;
    json_t *error, *errors = json_object_get(problem, "errors");
    const struct command *command = invocation->command;
    const char *kind = command->action ? model_kind(command->kind)->name : command->name;
    json_array_foreach(errors, i, error)
    {
        if (json_object_get(error, "row")) {
            cli_fail("row %lld: %s %s: %s %s", cli_number_of(error, "row"),
                     cli_text_of(error, "kind"), cli_text_of(error, "key"),
                     cli_text_of(error, "field"), cli_text_of(error, "reason"));
            is_import = true;
        } else {
            cli_fail_field(kind, cli_text_of(error, "field"), cli_text_of(error, "reason"));
        }
    }
    if (json_array_size(errors) > 0 && !is_import) return STATUS_FAILED;
    const char *detail = cli_text_of(problem, "detail");
    if (status == 401) {
        return cli_fail(
            "the server does not accept the token; --token-file names the file it is in");
    }
    if (detail[0]) return cli_fail("%s", detail);
    return cli_fail("the server answered %ld, which is not understood; is it a lineward server?",
                    status);
}

int cli_client_call(const struct invocation *invocation, const char *method, struct path *path,
                    json_t *body, json_t **answer)
{
    struct received received = {0};
    long status = 0;
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    int result = send_request(invocation, method, path, text, &received, &status);
    json_t *json = received.len > 0 ? json_loadb(received.bytes, received.len, 0, NULL) : NULL;
    if (result == STATUS_DONE && (status < 200 || status > 299 || (!json && status != 204))) {
        result = fail_problem(invocation, status, json);
    }
    if (result == STATUS_DONE && answer) {
        *answer = json;
    } else {
        json_decref(json);
    }
    free(received.bytes);
    free(text);
    return result;
}

int cli_client_list(const struct invocation *invocation, struct path *path, json_t **answer)
{
    json_t *items = json_array(), *page = NULL;
    int result;
    do {
        result = cli_client_call(invocation, "GET", path, NULL, &page);
        if (result != STATUS_DONE) {
            json_decref(items);
            return result;
        }
        json_array_extend(items, json_object_get(page, "items"));
        cli_path_begin(path, cli_text_of(page, "next"));
        json_decref(page);
    } while (path->out.len > 0);
    *answer = json_pack("{so}", "items", items);
    return STATUS_DONE;
}
