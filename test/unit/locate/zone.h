// SPDX-License-Identifier: Apache-2.0
// What the name servers know, for tests of locate: records as text, answers as they come by wire.
#pragma once

#include "locate/locate.h"
#include "unit/check.h"

#include <stdio.h>

enum { ZONE_RECORD_MAX = 64, ZONE_TTL_S = 60 };

struct zone {
    char records[ZONE_RECORD_MAX][200]; // "NAME TYPE DATA"
    size_t count;
    bool is_down;   // the name servers do not answer at all
    uint32_t ttl_s; // of all records; 0: ZONE_TTL_S
    unsigned asked_count;
};

static inline void zone_add(struct zone *zone, struct span record)
{
    assert_true(zone->count < ZONE_RECORD_MAX);
    assert_true(text_copy(zone->records[zone->count++], sizeof zone->records[0], record));
}

static inline void zone_put_u16(struct buffer *out, struct span *words)
{
    uint64_t value;
    assert_true(span_to_u64(span_split(words, ' '), UINT16_MAX, &value));
    buffer_put_byte(out, (char)(value >> 8));
    buffer_put_byte(out, (char)value);
}

static inline void zone_put_text(struct buffer *out, struct span text)
{
    buffer_put_byte(out, (char)text.len);
    buffer_put(out, text);
}

static inline void zone_put_name(struct buffer *out, struct span name)
{
    while (name.len > 0) {
        struct span label = span_split(&name, '.');
        if (label.len > 0) zone_put_text(out, label);
    }
    buffer_put_byte(out, '\0');
}

static inline void zone_put_data(struct buffer *out, enum locate_kind kind, struct span words)
{
    zone_put_u16(out, &words);
    zone_put_u16(out, &words);
    if (kind == LOCATE_SRV) zone_put_u16(out, &words);
    if (kind == LOCATE_NAPTR) {
        zone_put_text(out, SPAN("s"));
        zone_put_text(out, span_split(&words, ' '));
        zone_put_text(out, SPAN_NONE);
    }
    zone_put_name(out, words);
}

static inline bool zone_is_kind(struct span type, enum locate_kind kind)
{
    switch (kind) {
    case LOCATE_ADDRESSES: return span_eq(type, SPAN("A")) || span_eq(type, SPAN("AAAA"));
    case LOCATE_SRV: return span_eq(type, SPAN("SRV"));
    case LOCATE_NAPTR: return span_eq(type, SPAN("NAPTR"));
    }
    return false;
}

// Answers one question.
static inline bool zone_answer(struct zone *zone, struct locate *locate, uint64_t now_us,
                               size_t index, struct random *random)
{
    const struct locate_question *question = &locate->questions[index];
    enum locate_kind kind = (enum locate_kind)question->kind;
    struct address addresses[ZONE_RECORD_MAX];
    struct span records[ZONE_RECORD_MAX];
    char data[ZONE_RECORD_MAX][300];
    struct locate_answer answer = {.addresses = addresses,
                                   .records = records,
                                   .is_absent = true,
                                   .problem = SPAN("there is no such name"),
                                   .ttl_s = zone->ttl_s > 0 ? zone->ttl_s : (uint32_t)ZONE_TTL_S};
    zone->asked_count++;
    for (size_t i = 0; i < zone->count; i++) {
        struct span words = span_of(zone->records[i]);
        bool is_failing = span_starts_with(words, SPAN("down "));
        if (is_failing) words = span_from(words, 5);
        struct span name = span_split(&words, ' '), type = span_split(&words, ' ');
        if (!span_eq_nocase(name, span_of(question->name)) || !zone_is_kind(type, kind)) continue;
        answer.is_absent = !is_failing && answer.is_absent;
        if (is_failing) answer.problem = SPAN("no answer from the name servers");
        if (is_failing) continue;
        struct buffer out = buffer_over(data[answer.count], sizeof data[0]);
        if (kind == LOCATE_ADDRESSES) {
            assert_true(address_parse(words, &addresses[answer.count]));
        } else {
            zone_put_data(&out, kind, words);
        }
        records[answer.count++] = buffer_span(&out);
    }
    if (zone->is_down) {
        answer.count = 0;
        answer.is_absent = false;
        answer.problem = SPAN("no answer from the name servers");
    }
    return locate_take_answer(locate, now_us, index, &answer, random);
}

// Looks everything up that is wanted now; true when the targets are new.
static inline bool zone_look_up(struct zone *zone, struct locate *locate, uint64_t now_us,
                                struct random *random)
{
    bool is_new = locate_begin(locate, now_us, random);
    size_t index;
    while (locate_next_question(locate, &index)) {
        is_new = zone_answer(zone, locate, now_us, index, random);
    }
    return is_new;
}

static inline const char *zone_transport(unsigned transport)
{
    static const char *const names[] = {
        [TRANSPORT_UDP] = "udp", [TRANSPORT_TCP] = "tcp", [TRANSPORT_TLS] = "tls"};
    return names[transport];
}

static inline void zone_put_target(struct buffer *out, const struct locate_target *target)
{
    buffer_printf(out, "%s ", zone_transport(target->transport));
    address_print(out, &target->address);
}
