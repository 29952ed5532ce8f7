// SPDX-License-Identifier: Apache-2.0
// SIP devices of users: their credentials are drawn here and shown once; of the password only the
// hashes are kept that digest needs. RFC 7616 section 3.4.2.
#include "api/api_int.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

// Letters and digits that nobody mistakes for another when they are typed into a telephone. The
// name begins with a letter: no extension of any PBX does so and goes on like this.
static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz23456789";
enum {
    LETTER_COUNT = 23,
    SYMBOL_COUNT = sizeof alphabet - 1,
    SIP_USER_LEN = 10,
    PASSWORD_LEN = 24, // 118 bits: nobody guesses it
};

json_t *api_json_bindings(struct api *api, uint32_t device_id)
{
    static const char *const transports[] = {"udp", "tcp", "tls", "ws", "wss"};
    const struct api_engine *engine = &api->options.engine;
    struct api_binding bindings[API_BINDINGS_MAX];
    json_t *list = json_array();
    size_t count = engine->list_bindings ? engine->list_bindings(engine->context, device_id,
                                                                 bindings, API_BINDINGS_MAX)
                                         : 0;
    for (size_t i = 0; i < count; i++) {
        const struct api_binding *binding = &bindings[i];
        json_array_append_new(list,
                              json_pack("{so so ss so so so sb}", "contact",
                                        api_json_text(span_of(binding->contact)), "source",
                                        api_json_address(&binding->source), "transport",
                                        transports[binding->transport], "since",
                                        api_json_time(binding->since_us, false), "expires",
                                        api_json_time(binding->expires_us, false), "user_agent",
                                        api_json_text(span_of(binding->user_agent)), "reachable",
                                        (int)binding->is_reachable));
    }
    return list;
}

// ---- Credentials

static void draw(char *text, size_t len)
{
    text[0] = alphabet[randombytes_uniform(LETTER_COUNT)];
    for (size_t i = 1; i < len; i++) text[i] = alphabet[randombytes_uniform(SYMBOL_COUNT)];
    text[len] = '\0';
}

// Appends the hash of USER:REALM:PASSWORD in hexadecimal; false when libcrypto does not have it.
static bool put_hash(const EVP_MD *function, struct span secret, struct buffer *out)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!EVP_Digest(secret.at, secret.len, hash, &len, function, NULL)) return false;
    buffer_put_hex(out, hash, len);
    return true;
}

// Draws a password and notes its hashes in the device; shows it in `*shown`. False, with `reply`
// filled in, when that fails.
static bool draw_password(const struct api *api, struct model_device *device, json_t **shown,
                          struct reply *reply)
{
    char password[PASSWORD_LEN + 1], secret[2 * TEXT_SIZE];
    struct buffer input = buffer_over(secret, sizeof secret);
    struct buffer hashes = buffer_over(device->password, sizeof device->password - 1);
    draw(password, PASSWORD_LEN);
    buffer_printf(&input, "%s:%s:%s", device->sip_user, api->options.realm, password);
    ASSERT(!input.is_full); // the realm is short
    memset(device->password, 0, sizeof device->password);
    bool is_done = put_hash(EVP_md5(), buffer_span(&input), &hashes);
    buffer_put_byte(&hashes, ' ');
    is_done = put_hash(EVP_sha256(), buffer_span(&input), &hashes) && is_done;
    *shown = json_pack("{ss ss}", "password", password, "realm", api->options.realm);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(password, sizeof password);
    if (is_done) return true;
    json_decref(*shown);
    api_reply_problem(reply, 503, "this machine's libcrypto has no MD5 or no SHA-256");
    return false;
}

void api_devices_add(struct api *api, struct request *request, struct reply *reply)
{
    union model_record record;
    struct settings_problem problem;
    json_t *shown;
    if (!api_records_read_new(api, request, &record, reply)) return;
    draw(record.device.sip_user, SIP_USER_LEN);
    if (!draw_password(api, &record.device, &shown, reply)) return;
    if (settings_add(api->options.settings, KIND_DEVICE, &record, &problem)) {
        json_decref(shown);
        api_reply_settings_problem(reply, &problem);
        return;
    }
    api_records_reply(api, request, &record, shown, reply);
}

// A device that was lost, or whose password is known to somebody else, gets another one: with the
// old one its bindings end.
void api_devices_renew(struct api *api, struct request *request, struct reply *reply)
{
    union model_record record;
    struct settings_problem problem;
    json_t *shown;
    if (!api_records_find(api, request, &record, NULL, reply)) return;
    if (!api_body_read_texts(request, NULL, 0, reply)) return;
    if (!draw_password(api, &record.device, &shown, reply)) return;
    if (settings_replace(api->options.settings, KIND_DEVICE, &record, &problem)) {
        json_decref(shown);
        api_reply_settings_problem(reply, &problem);
        return;
    }
    api_records_reply(api, request, &record, shown, reply);
}
