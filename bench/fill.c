// SPDX-License-Identifier: Apache-2.0
// What the lines of the benchmark have set.
#include "fill.h"

#include "batch.h"
#include "message.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static const char group_name[] = "bench";

// What each line has set, as CONDITION, ORIGIN, TARGET. All calls come from outside, and are
// forwarded to the user's mobile telephone, or ring the user's device; the other rules are looked
// at and leave their word in the trace.
struct rule {
    enum model_condition condition;
    enum model_origin origin;
    const char *target;
};
enum { RULE_COUNT = 4 };
static const struct rule forwarded[RULE_COUNT] = {
    {CONDITION_IMMEDIATE, ORIGIN_INTERNAL, "700"},
    {CONDITION_IMMEDIATE, ORIGIN_EXTERNAL, "mobile"},
    {CONDITION_DND, ORIGIN_ALL, "mailbox"},
    {CONDITION_LOGGED_OFF, ORIGIN_ALL, "+498976543210"},
};
static const struct rule rung[RULE_COUNT] = {
    {CONDITION_IMMEDIATE, ORIGIN_INTERNAL, "700"},
    {CONDITION_BUSY, ORIGIN_ALL, "mobile"},
    {CONDITION_NO_ANSWER, ORIGIN_ALL, "mailbox"},
    {CONDITION_LOGGED_OFF, ORIGIN_ALL, "+498976543210"},
};

static void add(struct store *store, enum model_kind kind, const void *record)
{
    uint32_t id;
    if (store_add(store, kind, record, &id) != ERR_NONE) {
        bench_fail(model_kind(kind)->name, store_error(store));
    }
}

static void set_text(char *out, size_t size, const char *text)
{
    if (!text_copy(out, size, span_of(text))) bench_fail(text, "is too long");
}

#define SET(member, text) set_text((member), sizeof(member), (text))

static void add_group(struct store *store, uint32_t pbx_port)
{
    struct model_group group;
    char server[32];
    snprintf(server, sizeof server, "127.0.0.1:%u", pbx_port);
    model_defaults(KIND_GROUP, &group);
    SET(group.name, group_name);
    SET(group.server, server);
    SET(group.domain, "pbx.bench");
    SET(group.country_code, "49");
    SET(group.area_code, "89");
    SET(group.main_number, "+4989123");
    SET(group.outside_prefix, "0");
    SET(group.internal_ranges, "700-799");
    group.register_interval_s = 86400; // no refresh while calls are measured
    group.register_rate = 2000;
    group.max_forwarded_calls = group.max_forwarded_per_hour = 0; // no limit
    add(store, KIND_GROUP, &group);
}

static void add_line(struct store *store, uint32_t number, bool has_device)
{
    struct model_user user;
    struct model_line line;
    char text[40];
    model_defaults(KIND_USER, &user);
    snprintf(user.name, sizeof user.name, "user%u", number);
    snprintf(user.display_name, sizeof user.display_name, "User Number %u", number);
    snprintf(user.mobile, sizeof user.mobile, "+491701%u", number);
    SET(user.mailbox, "701");
    user.login = has_device ? LOGIN_AUTO : LOGIN_ON;
    add(store, KIND_USER, &user);
    model_defaults(KIND_LINE, &line);
    SET(line.group, group_name);
    snprintf(line.extension, sizeof line.extension, "%u", number);
    SET(line.user, user.name);
    SET(line.display_name, user.display_name);
    snprintf(text, sizeof text, "secret%u", number);
    SET(line.password, text);
    add(store, KIND_LINE, &line);
}

static void add_forwardings(struct store *store, uint32_t number,
                            const struct rule forwardings[RULE_COUNT])
{
    for (int i = 0; i < RULE_COUNT; i++) {
        struct model_forwarding forwarding;
        model_defaults(KIND_FORWARDING, &forwarding);
        SET(forwarding.group, group_name);
        snprintf(forwarding.extension, sizeof forwarding.extension, "%u", number);
        forwarding.condition = forwardings[i].condition;
        forwarding.origin = forwardings[i].origin;
        SET(forwarding.target, forwardings[i].target);
        add(store, KIND_FORWARDING, &forwarding);
    }
}

void fill_device_user(char *out, uint32_t number)
{
    snprintf(out, FILL_DEVICE_SIZE, "device%u", number);
}

void fill_device_password(char *out, uint32_t number)
{
    snprintf(out, FILL_DEVICE_SIZE, "password%u", number);
}

// The hash that digest needs (RFC 7616 section 3.4.2), in hexadecimal.
static void put_hash(struct buffer *out, const EVP_MD *function, const char *secret)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!EVP_Digest(secret, strlen(secret), hash, &len, function, NULL)) {
        bench_fail("libcrypto", "has no digest");
    }
    buffer_put_hex(out, hash, len);
}

static void add_device(struct store *store, uint32_t number)
{
    struct model_device device;
    char password[FILL_DEVICE_SIZE], secret[100];
    model_defaults(KIND_DEVICE, &device);
    snprintf(device.user, sizeof device.user, "user%u", LINE_FIRST + number);
    SET(device.name, "desk");
    fill_device_user(device.sip_user, number);
    fill_device_password(password, number);
    snprintf(secret, sizeof secret, "%s:lineward:%s", device.sip_user, password);
    struct buffer hashes = buffer_over(device.password, sizeof device.password - 1);
    put_hash(&hashes, EVP_md5(), secret);
    buffer_put_byte(&hashes, ' ');
    put_hash(&hashes, EVP_sha256(), secret);
    add(store, KIND_DEVICE, &device);
}

void fill_store(struct store *store, const struct fill *fill)
{
    if (store_begin(store) != ERR_NONE) bench_fail("begin", store_error(store));
    add_group(store, fill->pbx_port);
    for (uint32_t i = 0; i < fill->line_count; i++) {
        add_line(store, LINE_FIRST + i, fill->has_devices);
        add_forwardings(store, LINE_FIRST + i, fill->has_devices ? rung : forwarded);
        if (fill->has_devices) add_device(store, i);
    }
    if (store_commit(store) != ERR_NONE) bench_fail("commit", store_error(store));
}
