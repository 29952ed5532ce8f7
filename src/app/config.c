// SPDX-License-Identifier: Apache-2.0
// The start-up configuration.
#include "app/config.h"

#include "app/log.h"

#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum setting_type {
    SETTING_ADDRESS,
    SETTING_ADDRESSES, // `min`: the port where none is given, 0: it must be
    SETTING_TEXT,
    SETTING_REALM,
    SETTING_NUMBER,
    SETTING_LOG_FORMAT,
};
enum { DNS_PORT = 53 };

// Every setting: in the file by `name`, some on the command line by `option`.
struct setting {
    const char *name, *option;
    enum setting_type type;
    size_t offset, size;
    const char *initial;
    uint32_t min, max;
};

#define AT(member) offsetof(struct app_config, member), sizeof(((struct app_config *)0)->member)

static const struct setting settings[] = {
    {"sip", "--sip", SETTING_ADDRESSES, AT(sip), "0.0.0.0:5060", 0, 0},
    {"media_port", "--media-port", SETTING_NUMBER, AT(media_port), "0", 0, UINT16_MAX},
    {"workers", "--workers", SETTING_NUMBER, AT(workers), "1", 1, WORKERS_MAX},
    {"api", "--api", SETTING_ADDRESS, AT(api), "127.0.0.1:8480", 0, 0},
    {"public_address", NULL, SETTING_TEXT, AT(public_address), "", 0, 0},
    {"data_dir", "--data-dir", SETTING_TEXT, AT(data_dir), "/var/lib/lineward", 0, 0},
    {"tls", "--tls", SETTING_ADDRESSES, AT(tls), "0.0.0.0:5061", 0, 0},
    {"tls_certificate", "--tls-certificate", SETTING_TEXT, AT(tls_certificate), "", 0, 0},
    {"tls_key", "--tls-key", SETTING_TEXT, AT(tls_key), "", 0, 0},
    {"session_idle_s", NULL, SETTING_NUMBER, AT(session_idle_s), "43200", 60, 31536000},
    {"session_max_s", NULL, SETTING_NUMBER, AT(session_max_s), "604800", 60, 31536000},
    {"behind_proxy", NULL, SETTING_NUMBER, AT(behind_proxy), "0", 0, 1},
    {"api_requests_per_s", NULL, SETTING_NUMBER, AT(api_requests_per_s), "1000", 0, 1000000},
    {"metrics_open", NULL, SETTING_NUMBER, AT(metrics_open), "0", 0, 1},
    {"journal_max_mb", NULL, SETTING_NUMBER, AT(journal_max_mb), "4096", 0, 1000000},
    {"audit_days", NULL, SETTING_NUMBER, AT(audit_days), "3650", 0, 100000},
    {"lines_max", NULL, SETTING_NUMBER, AT(lines_max), "100000", 1, 1000000},
    {"realm", NULL, SETTING_REALM, AT(realm), "lineward", 0, 0},
    {"devices_md5_only", NULL, SETTING_NUMBER, AT(devices_md5_only), "0", 0, 1},
    {"devices_max", NULL, SETTING_NUMBER, AT(devices_max), "100000", 1, 1000000},
    {"groups_max", NULL, SETTING_NUMBER, AT(groups_max), "100", 1, 10000},
    {"calls_max", NULL, SETTING_NUMBER, AT(calls_max), "20000", 10, 1000000},
    {"transactions_max", NULL, SETTING_NUMBER, AT(transactions_max), "200000", 100, 4000000},
    {"name_servers", "--name-servers", SETTING_ADDRESSES, AT(name_servers), NULL, DNS_PORT, 0},
    {"log_format", "--log-format", SETTING_LOG_FORMAT, AT(log_format), "logfmt", 0, 0},
};
enum { SETTING_COUNT = sizeof settings / sizeof settings[0] };

static const struct setting *find_setting(const char *name)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (strcmp(settings[i].name, name) == 0) return &settings[i];
    }
    return NULL;
}

static const char *set_addresses(struct address_list *list, struct span text, uint16_t usual_port)
{
    list->count = 0;
    bool has_more = true;
    while (has_more) {
        struct address address;
        has_more = span_find(text, ',') < text.len;
        if (list->count == ADDRESS_LIST_MAX) return "has more than 8 addresses";
        if (!address_parse_port(span_trim(span_split(&text, ',')), usual_port, &address)) {
            return usual_port > 0 ? "must be ADDRESS or ADDRESS:PORT, separated by commas"
                                  : "must be ADDRESS:PORT, separated by commas";
        }
        if (address.port == 0) return "needs a port: ADDRESS:PORT";
        list->at[list->count++] = address;
    }
    return NULL;
}

// It stands in quotation marks in every challenge.
static const char *set_realm(char place[REALM_SIZE], struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_alnum(text.at[i]) && !strchr(".-_ ", text.at[i])) {
            return "must be of letters, digits, blanks, ., - and _";
        }
    }
    if (text.len == 0) return "is missing";
    return text_copy(place, REALM_SIZE, text) ? NULL : "is longer than 40 characters";
}

// Sets one from its text form. Returns NULL, or why it is refused.
static const char *set(struct app_config *config, const struct setting *setting, struct span text)
{
    void *place = (char *)config + setting->offset;
    uint64_t number;
    switch (setting->type) {
    case SETTING_ADDRESS: {
        struct address address;
        if (!address_parse_port(text, 0, &address)) return "must be ADDRESS:PORT";
        if (address.port == 0) return "needs a port: ADDRESS:PORT";
        memcpy(place, &address, sizeof address);
        return NULL;
    }
    case SETTING_ADDRESSES: return set_addresses(place, text, (uint16_t)setting->min);
    case SETTING_TEXT: return text_copy(place, setting->size, text) ? NULL : "is too long";
    case SETTING_REALM: return set_realm(place, text);
    case SETTING_NUMBER:
        if (!span_to_u64(text, setting->max, &number) || number < setting->min) {
            return "is out of its range";
        }
        memcpy(place, &(uint32_t){(uint32_t)number}, sizeof(uint32_t));
        return NULL;
    case SETTING_LOG_FORMAT:
        if (!span_eq(text, SPAN("logfmt")) && !span_eq(text, SPAN("json"))) {
            return "must be logfmt or json";
        }
        memcpy(place, &(uint32_t){text.at[0] == 'j' ? LOG_JSON : LOG_LOGFMT}, sizeof(uint32_t));
        return NULL;
    }
    return NULL;
}

static const char *set_from_file(struct app_config *config, const struct setting *setting,
                                 const config_setting_t *value)
{
    char digits[24];
    if (config_setting_type(value) == CONFIG_TYPE_INT && setting->type == SETTING_NUMBER) {
        snprintf(digits, sizeof digits, "%d", config_setting_get_int(value));
        return set(config, setting, span_of(digits));
    }
    const char *text = config_setting_get_string(value);
    return text ? set(config, setting, span_of(text)) : "has the wrong type";
}

static bool read_file(const char *path, struct app_config *config,
                      char problem[CONFIG_PROBLEM_SIZE])
{
    config_t file;
    bool is_read = false;
    config_init(&file);
    if (config_read_file(&file, path) != CONFIG_TRUE) {
        bool is_syntax = config_error_type(&file) == CONFIG_ERR_PARSE;
        snprintf(problem, CONFIG_PROBLEM_SIZE, "%s:%d: %s", path,
                 is_syntax ? config_error_line(&file) : 0, config_error_text(&file));
        goto out;
    }
    const config_setting_t *root = config_root_setting(&file);
    for (int i = 0; i < config_setting_length(root); i++) {
        const config_setting_t *value = config_setting_get_elem(root, (unsigned)i);
        const char *name = config_setting_name(value);
        const struct setting *setting = find_setting(name);
        const char *refused = setting ? set_from_file(config, setting, value) : "is not known";
        if (!refused) continue;
        snprintf(problem, CONFIG_PROBLEM_SIZE, "%s:%d: %s %s", path,
                 (int)config_setting_source_line(value), name, refused);
        goto out;
    }
    is_read = true;
out:
    config_destroy(&file);
    return is_read;
}

static const struct setting *find_option(const char *option)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (settings[i].option && strcmp(settings[i].option, option) == 0) return &settings[i];
    }
    return NULL;
}

static void set_defaults(struct app_config *config)
{
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (!settings[i].initial) continue;
        const char *refused = set(config, &settings[i], span_of(settings[i].initial));
        ASSERT(!refused);
    }
    const char *data_dir = getenv("LINEWARD_DATA_DIR");
    if (data_dir) text_copy(config->data_dir, sizeof config->data_dir, span_of(data_dir));
}

// ---- Ports: each worker has those of `sip` and `tls` plus its number

struct ports {
    const char *name;
    const struct address *from;
    uint32_t count;
};

static bool is_any(const struct address *address)
{
    static const uint8_t zero[sizeof address->bytes];
    return memcmp(address->bytes, zero, address->family == ADDRESS_IPV4 ? 4 : 16) == 0;
}

static bool overlap(const struct ports *a, const struct ports *b)
{
    bool is_same_host = a->from->family == b->from->family &&
                        (is_any(a->from) || is_any(b->from) || address_eq_host(a->from, b->from));
    return is_same_host && a->from->port < b->from->port + b->count &&
           b->from->port < a->from->port + a->count;
}

static bool refuse_ports(const struct ports *ports, const struct ports *other,
                         char problem[CONFIG_PROBLEM_SIZE])
{
    struct buffer out = buffer_over(problem, CONFIG_PROBLEM_SIZE - 1);
    buffer_printf(&out, "%s ", ports->name);
    address_print(&out, ports->from);
    if (!other) {
        buffer_printf(&out, " leaves no port for each of %u workers", ports->count);
    } else {
        buffer_printf(&out, " needs the ports %u to %u, of which %s ", ports->from->port,
                      ports->from->port + ports->count - 1, other->name);
        address_print(&out, other->from);
        buffer_put(&out, SPAN(" has one"));
    }
    problem[out.len] = '\0';
    return false;
}

struct address app_config_media(const struct app_config *config, uint32_t number, uint32_t index)
{
    struct address address = config->sip.at[index];
    uint32_t port = config->media_port + index * config->workers + number;
    address.port = config->media_port > 0 ? (uint16_t)port : 0;
    return address;
}

static bool check_ports(const struct app_config *config, char problem[CONFIG_PROBLEM_SIZE])
{
    struct address media[ADDRESS_LIST_MAX];
    struct ports all[3 * ADDRESS_LIST_MAX + 1];
    size_t count = 0;
    bool has_tls = config->tls_certificate[0] != '\0';
    for (uint32_t i = 0; i < config->sip.count; i++) {
        all[count++] = (struct ports){"sip", &config->sip.at[i], config->workers};
    }
    for (uint32_t i = 0; has_tls && i < config->tls.count; i++) {
        all[count++] = (struct ports){"tls", &config->tls.at[i], config->workers};
    }
    for (uint32_t i = 0; config->media_port > 0 && i < config->sip.count; i++) {
        media[i] = app_config_media(config, 0, i);
        all[count++] = (struct ports){"media_port", &media[i], config->workers};
    }
    all[count++] = (struct ports){"api", &config->api, 1};
    for (size_t i = 0; i < count; i++) {
        if (all[i].from->port + all[i].count - 1 > UINT16_MAX) {
            return refuse_ports(&all[i], NULL, problem);
        }
        for (size_t j = 0; j < i; j++) {
            if (overlap(&all[i], &all[j])) return refuse_ports(&all[j], &all[i], problem);
        }
    }
    return true;
}

static void shift(struct address_list *list, uint32_t by)
{
    for (uint32_t i = 0; i < list->count; i++) list->at[i].port = (uint16_t)(list->at[i].port + by);
}

void app_config_of_worker(const struct app_config *config, uint32_t number, struct app_config *out)
{
    struct address seen;
    *out = *config;
    shift(&out->sip, number);
    shift(&out->tls, number);
    bool is_shifted = address_parse_port(span_of(config->public_address), 0, &seen) &&
                      seen.port != 0;
    if (!is_shifted) return;
    struct buffer text = buffer_over(out->public_address, sizeof out->public_address - 1);
    seen.port = (uint16_t)(seen.port + number);
    address_print(&text, &seen);
    out->public_address[text.len] = '\0';
}

bool app_read_config(int argc, char **argv, struct app_config *config,
                     char problem[CONFIG_PROBLEM_SIZE])
{
    set_defaults(config);
    for (int i = 1; i + 1 < argc; i += 2) { // the file first: options win over it
        if (strcmp(argv[i], "--config") != 0) continue;
        if (!read_file(argv[i + 1], config, problem)) return false;
    }
    for (int i = 1; i < argc; i += 2) {
        const struct setting *setting = find_option(argv[i]);
        bool is_config = strcmp(argv[i], "--config") == 0;
        const char *refused = NULL;
        if (!setting && !is_config) {
            refused = "is not known";
        } else if (i + 1 >= argc) {
            refused = "needs a value";
        } else if (setting) {
            refused = set(config, setting, span_of(argv[i + 1]));
        }
        if (!refused) continue;
        snprintf(problem, CONFIG_PROBLEM_SIZE, "%s %s", argv[i], refused);
        return false;
    }
    return check_ports(config, problem);
}
