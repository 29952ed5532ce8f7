// SPDX-License-Identifier: Apache-2.0
// ChaCha20 (RFC 8439 section 2.3) as a random stream; SipHash-2-4 (Aumasson, Bernstein 2012).
#include "base/random.h"

#include "base/error.h"

#include <string.h>

static uint32_t load32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static uint32_t rotate32(uint32_t value, unsigned bits)
{
    return value << bits | value >> (32 - bits);
}

static void quarter_round(uint32_t *x, int a, int b, int c, int d)
{
    x[a] += x[b];
    x[d] = rotate32(x[d] ^ x[a], 16);
    x[c] += x[d];
    x[b] = rotate32(x[b] ^ x[c], 12);
    x[a] += x[b];
    x[d] = rotate32(x[d] ^ x[a], 8);
    x[c] += x[d];
    x[b] = rotate32(x[b] ^ x[c], 7);
}

static void next_block(struct random *random)
{
    uint32_t x[16];
    memcpy(x, random->state, sizeof x);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 4; i++) quarter_round(x, i, 4 + i, 8 + i, 12 + i);
        for (int i = 0; i < 4; i++) {
            quarter_round(x, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
        }
    }
    for (size_t i = 0; i < 16; i++) {
        uint32_t word = x[i] + random->state[i];
        for (size_t j = 0; j < 4; j++) random->block[4 * i + j] = (uint8_t)(word >> (8 * j));
    }
    if (++random->state[12] == 0) random->state[13]++;
    random->used = 0;
}

void random_init(struct random *random, const uint8_t seed[32])
{
    static const char constant[] = "expand 32-byte k";
    memset(random, 0, sizeof *random);
    for (size_t i = 0; i < 4; i++) {
        random->state[i] = load32((const uint8_t *)constant + 4 * i);
    }
    for (size_t i = 0; i < 8; i++) random->state[4 + i] = load32(seed + 4 * i);
    random->used = sizeof random->block;
}

void random_bytes(struct random *random, void *out, size_t count)
{
    uint8_t *to = out;
    while (count > 0) {
        if (random->used == sizeof random->block) next_block(random);
        size_t part = sizeof random->block - random->used;
        if (part > count) part = count;
        memcpy(to, random->block + random->used, part);
        random->used += (unsigned)part;
        to += part;
        count -= part;
    }
}

uint64_t random_u64(struct random *random)
{
    uint64_t value;
    random_bytes(random, &value, sizeof value);
    return value;
}

uint64_t random_below(struct random *random, uint64_t limit)
{
    ASSERT(limit > 0);
    uint64_t biased_from = UINT64_MAX - UINT64_MAX % limit;
    uint64_t value;
    do {
        value = random_u64(random);
    } while (value >= biased_from);
    return value % limit;
}

void random_put_token(struct random *random, struct buffer *out, size_t byte_count)
{
    uint8_t bytes[32];
    ASSERT(byte_count <= sizeof bytes);
    random_bytes(random, bytes, byte_count);
    buffer_put_hex(out, bytes, byte_count);
}

static inline uint64_t rotate64(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate64(v[1], 13) ^ v[0];
    v[0] = rotate64(v[0], 32);
    v[2] += v[3];
    v[3] = rotate64(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate64(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate64(v[1], 17) ^ v[2];
    v[2] = rotate64(v[2], 32);
}

static inline void sip_take(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

// Eight bytes as a little-endian number: written out, the compiler makes a single load of it.
static inline uint64_t load64(const uint8_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24 |
           (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 |
           (uint64_t)at[7] << 56;
}

// The last word: what is left of the text, less than eight bytes, and its length on top.
static inline uint64_t last_word(const uint8_t *text, size_t len)
{
    uint64_t word = (uint64_t)len << 56;
    for (size_t i = len / 8 * 8; i < len; i++) word |= (uint64_t)text[i] << (i % 8 * 8);
    return word;
}

// What both lengths of hash have in common: everything up to the finalisation.
static inline void sip_take_all(uint64_t v[4], const uint8_t key[16], struct span text)
{
    uint64_t k0 = load64(key), k1 = load64(key + 8);
    const uint8_t *bytes = (const uint8_t *)text.at;
    v[0] = k0 ^ 0x736f6d6570736575;
    v[1] ^= k1 ^ 0x646f72616e646f6d;
    v[2] = k0 ^ 0x6c7967656e657261;
    v[3] = k1 ^ 0x7465646279746573;
    for (size_t i = 0; i + 8 <= text.len; i += 8) sip_take(v, load64(bytes + i));
    sip_take(v, last_word(bytes, text.len));
}

static inline uint64_t sip_finish(uint64_t v[4])
{
    for (int i = 0; i < 4; i++) sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t hash_keyed(const uint8_t key[16], struct span text)
{
    uint64_t v[4] = {0};
    sip_take_all(v, key, text);
    v[2] ^= 0xff;
    return sip_finish(v);
}

void hash_keyed_twice(const uint8_t key[16], struct span text, uint64_t hashes[2])
{
    uint64_t v[4] = {0, 0xee, 0, 0};
    sip_take_all(v, key, text);
    v[2] ^= 0xee;
    hashes[0] = sip_finish(v);
    v[1] ^= 0xdd;
    hashes[1] = sip_finish(v);
}
