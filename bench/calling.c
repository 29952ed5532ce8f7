// SPDX-License-Identifier: Apache-2.0
// The account of calls, and reading answers: on found texts, without parsing.
#include "calling.h"

#include "token.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { STEP = 7919 }; // the way through the lines: prime, so that each has its turn
static const char version[] = "SIP/2.0 ";

uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

struct call_texts calling_texts(uint32_t run, uint32_t number, uint32_t slot, uint32_t lines)
{
    struct call_texts texts;
    uint32_t line = (uint32_t)((uint64_t)number * STEP % lines);
    token_put(texts.token, run, number, slot);
    token_put_digits(texts.line, LINE_LEN, LINE_FIRST + line, 10);
    token_put_digits(texts.caller, CALLER_LEN, number, 10);
    return texts;
}

bool calling_is_final(const struct packet *answer, uint32_t run, uint32_t *number, uint32_t *slot)
{
    uint32_t its_run;
    size_t len = 0;
    const char *token = find_header(answer, "\r\nCall-ID: ", &len);
    bool is_final = token && len >= TOKEN_LEN &&
                    memcmp(answer->bytes, version, sizeof version - 1) == 0 &&
                    answer->bytes[sizeof version - 1] != '1';
    return is_final && token_read(token, &its_run, number, slot) && its_run == run;
}

const char *next_header(const struct packet *answer, const char *name, const char **at, size_t *len)
{
    const char *end = answer->bytes + answer->len;
    const char *found = memmem(*at, (size_t)(end - *at), name, strlen(name));
    if (!found) return NULL;
    found += strlen(name);
    const char *line_end = memchr(found, '\r', (size_t)(end - found));
    if (!line_end) return NULL;
    *len = (size_t)(line_end - found);
    *at = line_end;
    return found;
}

const char *find_header(const struct packet *answer, const char *name, size_t *len)
{
    const char *at = answer->bytes;
    return next_header(answer, name, &at, len);
}

void outcome_answered(struct outcome *outcome, uint64_t latency_us)
{
    outcome->latencies[latency_us < LATENCY_US_MAX ? latency_us : LATENCY_US_MAX]++;
    outcome->answered++;
}

void outcome_wrong(struct outcome *outcome, const struct packet *answer)
{
    if (outcome->wrong++ > 0) return;
    int len = answer->len < 70 ? (int)answer->len : 70;
    snprintf(outcome->wrong_answer, sizeof outcome->wrong_answer, "%.*s", len, answer->bytes);
}

// The latency that `percent` of the answered calls did not exceed.
static uint32_t percentile_us(const struct outcome *outcome, uint32_t percent)
{
    uint64_t wanted = (outcome->answered * percent + 99) / 100, count = 0;
    uint32_t us = 0;
    while (us < LATENCY_US_MAX && (count += outcome->latencies[us]) < wanted) us++;
    return us;
}

void outcome_report(const struct outcome *outcome, uint64_t calls, const char *more, double seconds)
{
    if (outcome->wrong > 0) fprintf(stderr, "a wrong answer: %s\n", outcome->wrong_answer);
    printf("{\"calls\": %llu, \"lost\": %llu, \"wrong\": %llu, %s\"seconds\": %.6f, "
           "\"p50_us\": %u, \"p99_us\": %u}\n",
           (unsigned long long)calls, (unsigned long long)outcome->lost,
           (unsigned long long)outcome->wrong, more, seconds, percentile_us(outcome, 50),
           percentile_us(outcome, 99));
}
