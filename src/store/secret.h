// SPDX-License-Identifier: Apache-2.0
// Secrets at rest: sealed with libsodium's secretbox (XSalsa20, Poly1305) under the key in
// secret.key, so that a copy of the database alone betrays no password.
#pragma once

#include "store/store_int.h"

#include <sodium.h>

struct secret_key {
    unsigned char bytes[crypto_secretbox_KEYBYTES];
};

// A sealed text is a random nonce, then the box.
enum { SECRET_OVERHEAD = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES };

// Reads `directory`/secret.key, or makes it if `may_create`. Refuses a key that others can read or
// that has another size. Once used, forget it with secret_key_wipe.
enum err secret_key_load(const char *directory, bool may_create, struct secret_key *key,
                         struct store_problem *problem) WARN_UNUSED;
// Overwrites the key in memory.
void secret_key_wipe(struct secret_key *key);

// Seals `plain` into `sealed` (plain.len + SECRET_OVERHEAD bytes).
void secret_seal(const struct secret_key *key, struct span plain, unsigned char *sealed);
// Opens `sealed` into `plain` (`size` bytes, terminated). False when it is damaged, sealed with
// another key, or too long.
bool secret_open(const struct secret_key *key, struct span sealed, char *plain, size_t size);
