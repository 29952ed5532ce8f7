// SPDX-License-Identifier: Apache-2.0
// Seeded random numbers (the ChaCha20 stream of RFC 8439) and keyed hashing (SipHash-2-4). The
// daemon seeds them from the system's entropy, a simulation from its seed: so every identifier can
// be repeated.
#pragma once

#include "base/buffer.h"

struct random {
    uint32_t state[16];
    uint8_t block[64];
    unsigned used; // bytes of `block` handed out
};

// Starts the stream for `seed` (32 bytes, copied).
void random_init(struct random *random, const uint8_t seed[32]);
// The next `count` bytes of the stream; of random_u64 its next eight.
void random_bytes(struct random *random, void *out, size_t count);
uint64_t random_u64(struct random *random);
// Evenly distributed in 0 .. limit-1; `limit` is not 0.
uint64_t random_below(struct random *random, uint64_t limit);
// Prints `byte_count` random bytes in hexadecimal: tags, branches, Call-IDs.
void random_put_token(struct random *random, struct buffer *out, size_t byte_count);

// SipHash-2-4 of `text` under `key` (16 bytes): strangers cannot choose colliding names.
uint64_t hash_keyed(const uint8_t key[16], struct span text);
// Two independent hashes of `text` in one pass: SipHash-2-4's output of 128 bits.
void hash_keyed_twice(const uint8_t key[16], struct span text, uint64_t hashes[2]);
