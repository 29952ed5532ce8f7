// SPDX-License-Identifier: Apache-2.0
// The file "registrations": text, written beside the old one and put in its place.
//
//   lineward registrations 3 BOOT AHEAD_US
//   way NUMBER ROUTE                                   a Service-Route that lines share
//   LINE_ID UNTIL_US CSEQ CALL_ID CONTACT OWN PEER WAY a registered line; ADDRESS:PORT thrice; 0:
//   no
//   ...                                                way of its own
//   end COUNT                                   without it the file is void
//
// UNTIL_US is by the wall clock, of which the first line tells (state_file.h).
#include "app/registrations.h"

#include "app/log.h"
#include "app/state_file.h"
#include "net/net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 320, CALL_ID_DIGITS = 16 };

static const struct span heading = {"lineward registrations 3 ", 25};

struct registrations {
    struct state_file file;
    char ways[STATES_WAYS][LINE_ROUTE_SIZE]; // by their number, less one
    struct model_registration *lines;        // by line_id
    size_t count;
    bool is_failing; // the last write: logged already
};

// ---- Reading

static bool read_hex(struct span text, uint64_t *value)
{
    static const char digits[] = "0123456789abcdef";
    *value = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *digit = memchr(digits, text.at[i], sizeof digits - 1);
        if (!digit) return false;
        *value = *value << 4 | (uint64_t)(digit - digits);
    }
    return text.len == CALL_ID_DIGITS;
}

static bool read_line(struct span line, struct model_registration *out)
{
    uint64_t line_id, until_us, cseq, way;
    *out = (struct model_registration){.state = REGISTRATION_REGISTERED};
    if (!span_to_u64(span_split(&line, ' '), UINT32_MAX, &line_id) ||
        !span_to_u64(span_split(&line, ' '), UINT64_MAX, &until_us) ||
        !span_to_u64(span_split(&line, ' '), INT32_MAX, &cseq) ||
        !read_hex(span_split(&line, ' '), &out->call_id)) {
        return false;
    }
    out->line_id = (uint32_t)line_id;
    out->until_us = until_us;
    out->cseq = (uint32_t)cseq;
    return address_parse_port(span_split(&line, ' '), 0, &out->contact) &&
           address_parse_port(span_split(&line, ' '), 0, &out->own) &&
           address_parse_port(span_split(&line, ' '), 0, &out->peer) &&
           span_to_u64(line, STATES_WAYS, &way) && (out->way = (uint8_t)way, true);
}

static bool read_way(struct registrations *registrations, struct span line)
{
    uint64_t number;
    if (!span_to_u64(span_split(&line, ' '), STATES_WAYS, &number) || number == 0) return false;
    if (line.len == 0 || line.len >= LINE_ROUTE_SIZE) return false;
    text_copy(registrations->ways[number - 1], LINE_ROUTE_SIZE, line);
    return true;
}

static int by_line_id(const void *a, const void *b)
{
    const struct model_registration *first = a, *second = b;
    return (first->line_id > second->line_id) - (first->line_id < second->line_id);
}

// Takes all in, or nothing.
static bool read_all(struct registrations *registrations, struct span text)
{
    size_t room = text.len / 16 + 1; // no line is shorter
    uint64_t announced = 0, shift_us;
    if (!state_file_read_clock(span_split(&text, '\n'), heading, &shift_us)) return false;
    registrations->lines = calloc(room, sizeof registrations->lines[0]);
    if (!registrations->lines) return false;
    while (text.len > 0) {
        struct span line = span_split(&text, '\n');
        if (span_starts_with(line, SPAN("end "))) {
            return span_to_u64(span_from(line, 4), SIZE_MAX, &announced) &&
                   announced == registrations->count && text.len == 0;
        }
        if (span_starts_with(line, SPAN("way "))) {
            if (!read_way(registrations, span_from(line, 4))) return false;
            continue;
        }
        if (registrations->count == room) return false;
        struct model_registration *place = &registrations->lines[registrations->count++];
        if (!read_line(line, place)) return false;
        place->until_us += shift_us;
    }
    return false;
}

struct registrations *registrations_load(const char *data_dir)
{
    struct registrations *registrations = calloc(1, sizeof *registrations);
    char *bytes;
    if (!registrations) return NULL;
    state_file_init(&registrations->file, data_dir, "registrations");
    struct span text = state_file_read(&registrations->file, &bytes);
    bool is_read = text.len > 0 && read_all(registrations, text);
    free(bytes);
    if (is_read) {
        qsort(registrations->lines, registrations->count, sizeof registrations->lines[0],
              by_line_id);
        return registrations;
    }
    if (text.len > 0) {
        log_event(LOG_WARN, "registrations not readable: all lines register anew", "file",
                  span_of(registrations->file.path));
    }
    registrations->count = 0;
    return registrations;
}

void registrations_free(struct registrations *registrations)
{
    if (!registrations) return;
    free(registrations->lines);
    free(registrations);
}

bool registrations_find(const struct registrations *registrations, uint32_t line_id,
                        struct line_saved *out)
{
    struct model_registration wanted = {.line_id = line_id};
    if (registrations->count == 0) return false;
    const struct model_registration *found = bsearch(
        &wanted, registrations->lines, registrations->count, sizeof wanted, by_line_id);
    if (!found) return false;
    out->registration = *found;
    text_copy(out->route, sizeof out->route,
              span_of(found->way > 0 ? registrations->ways[found->way - 1] : ""));
    return true;
}

// ---- Writing

static void put_line(FILE *file, const struct model_registration *registration)
{
    char bytes[LINE_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    const struct address *addresses[] = {&registration->contact, &registration->own,
                                         &registration->peer};
    buffer_printf(&out, "%u %llu %u %016llx", registration->line_id,
                  (unsigned long long)registration->until_us, registration->cseq,
                  (unsigned long long)registration->call_id);
    for (size_t i = 0; i < 3; i++) {
        buffer_put_byte(&out, ' ');
        address_print(&out, addresses[i]);
    }
    buffer_printf(&out, " %u\n", registration->way);
    fwrite(out.at, 1, out.len, file);
}

static void put_all(FILE *file, void *context)
{
    struct states *states = context;
    uint64_t now_us = net_wall_us();
    uint32_t count = 0, end = states_end(states);
    state_file_put_clock(file, heading);
    for (unsigned number = 1; number <= STATES_WAYS; number++) {
        struct span way = states_way(states, (uint8_t)number);
        if (way.len == 0) break;
        fprintf(file, "way %u %.*s\n", number, SPAN_ARG(way));
    }
    for (uint32_t i = 0; i < end; i++) {
        struct model_registration line;
        if (!states_at(states, i, &line)) continue;
        if (line.state != REGISTRATION_REGISTERED || line.until_us <= now_us) continue;
        put_line(file, &line);
        count++;
    }
    fprintf(file, "end %u\n", count);
}

void registrations_save(struct registrations *registrations, struct states *states)
{
    bool is_written = state_file_write(&registrations->file, put_all, states);
    if (!is_written && !registrations->is_failing) {
        log_event(LOG_ERROR, "registrations not saved: after a restart all lines register anew",
                  "cause", span_of(strerror(errno)));
    }
    registrations->is_failing = !is_written;
}
