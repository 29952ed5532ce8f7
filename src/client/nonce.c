// SPDX-License-Identifier: Apache-2.0
// Nonces of our challenges. They are kept nowhere until they are used: a nonce carries when it was
// made and a keyed hash of that and of the source it was made for, so that nobody else can make one
// or use one that somebody else was given. Whoever uses it counts (nc); a count comes once. RFC
// 7616 sections 3.3, 3.4.5, 5.4.
//
//   nonce = hex(seconds, 4 bytes | random, 4 bytes | hash, 8 bytes)
#include "client/client_int.h"

#include <string.h>

enum { ID_BYTES = 8, NONCE_BYTES = 16 };

// Seconds on the monotonic clock, from 1 up.
static uint32_t now_s(const struct turn *turn)
{
    return (uint32_t)(turn->now_us / 1000000) + 1;
}

static void put_u64(uint8_t out[8], uint64_t value)
{
    for (int i = 0; i < 8; i++) out[i] = (uint8_t)(value >> (56 - 8 * i));
}

static uint64_t take_u64(const uint8_t in[8])
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value = value << 8 | in[i];
    return value;
}

// The port is left out: a device may come back by another one.
static uint64_t hash_of(const struct client_table *table, const uint8_t id[ID_BYTES],
                        const struct address *source)
{
    uint8_t bytes[ID_BYTES + 1 + sizeof source->bytes];
    memcpy(bytes, id, ID_BYTES);
    bytes[ID_BYTES] = source->family;
    memcpy(bytes + ID_BYTES + 1, source->bytes, sizeof source->bytes);
    return hash_keyed(table->nonce_key, (struct span){(const char *)bytes, sizeof bytes});
}

void client_put_nonce(const struct client_table *table, struct turn *turn,
                      const struct address *source, struct buffer *out)
{
    uint8_t bytes[NONCE_BYTES];
    put_u64(bytes, (uint64_t)now_s(turn) << 32 | (random_u64(turn->random) & UINT32_MAX));
    put_u64(bytes + ID_BYTES, hash_of(table, bytes, source));
    buffer_put_hex(out, bytes, sizeof bytes);
}

static bool read_nonce(struct span text, uint8_t bytes[NONCE_BYTES])
{
    static const char hexadecimal[] = "0123456789abcdef";
    if (text.len != 2 * NONCE_BYTES) return false;
    memset(bytes, 0, NONCE_BYTES);
    for (size_t i = 0; i < text.len; i++) {
        const char *digit = memchr(hexadecimal, text.at[i], 16);
        if (!digit) return false;
        bytes[i / 2] = (uint8_t)(bytes[i / 2] << 4 | (digit - hexadecimal));
    }
    return true;
}

bool client_is_nonce(const struct client_table *table, const struct turn *turn,
                     const struct address *source, struct span nonce)
{
    uint8_t bytes[NONCE_BYTES];
    if (!read_nonce(nonce, bytes)) return false;
    uint32_t made_s = (uint32_t)(take_u64(bytes) >> 32);
    if (take_u64(bytes + ID_BYTES) != hash_of(table, bytes, source)) return false;
    return made_s <= now_s(turn) && now_s(turn) - made_s <= NONCE_LIFE_S;
}

// The oldest one makes room, and what was made before it is not taken any more: else it could be
// used again as if it were new.
static struct nonce_use *take_use(struct device *device, const struct turn *turn, uint64_t id)
{
    struct nonce_use *oldest = &device->nonces[0];
    for (size_t i = 0; i < NONCES_MAX; i++) {
        struct nonce_use *use = &device->nonces[i];
        if (use->id == id) return use;
        if (use->id == 0 || (oldest->id != 0 && use->used_s < oldest->used_s)) oldest = use;
    }
    uint32_t made_s = (uint32_t)(id >> 32), old_s = (uint32_t)(oldest->id >> 32);
    if (made_s <= device->forgotten_s) return NULL;
    bool is_alive = oldest->id != 0 && now_s(turn) - old_s <= NONCE_LIFE_S;
    if (is_alive && old_s > device->forgotten_s) device->forgotten_s = old_s;
    if (made_s <= device->forgotten_s) return NULL;
    *oldest = (struct nonce_use){.id = id};
    return oldest;
}

bool client_use_nonce(struct device *device, const struct turn *turn, struct span nonce,
                      uint32_t count)
{
    uint8_t bytes[NONCE_BYTES];
    if (count == 0 || !read_nonce(nonce, bytes)) return false;
    struct nonce_use *use = take_use(device, turn, take_u64(bytes));
    if (!use) return false;
    use->used_s = now_s(turn);
    if (count > use->highest) {
        uint32_t by = count - use->highest;
        use->seen = by < 64 ? use->seen << by | 1 : 1;
        use->highest = count;
        return true;
    }
    uint32_t back = use->highest - count;
    if (back >= 64 || use->seen & UINT64_C(1) << back) return false;
    use->seen |= UINT64_C(1) << back;
    return true;
}
