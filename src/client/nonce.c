// SPDX-License-Identifier: Apache-2.0
// Nonces of our challenges. They are kept nowhere until they are used: a nonce carries when it was
// made and a keyed hash of that and of the source it was made for, so that nobody else can make one
// or use one that somebody else was given. Whoever uses it counts (nc); a count comes once. RFC
// 7616 sections 3.3, 3.4.5, 5.4.
//
//   nonce = hex(milliseconds, 5 bytes | number, 3 bytes | hash, 8 bytes)
//
// The number makes each the only one and tells the order of those that were given at once, as when
// a telephone asks for twenty lamps.
#include "client/client_int.h"

#include <string.h>

enum { ID_BYTES = 8, NONCE_BYTES = 16, NUMBER_BITS = 24 };

// On the monotonic clock, from 1 up.
static uint64_t now_ms(const struct turn *turn)
{
    return turn->now_us / 1000 + 1;
}

static bool is_young(const struct turn *turn, uint64_t id)
{
    uint64_t made_ms = id >> NUMBER_BITS;
    return made_ms <= now_ms(turn) && now_ms(turn) - made_ms <= NONCE_LIFE_S * 1000;
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

void client_put_nonce(struct client_table *table, const struct turn *turn,
                      const struct address *source, struct buffer *out)
{
    uint8_t bytes[NONCE_BYTES];
    uint64_t number = ++table->nonce_count & ((UINT64_C(1) << NUMBER_BITS) - 1);
    put_u64(bytes, now_ms(turn) << NUMBER_BITS | number);
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
    if (take_u64(bytes + ID_BYTES) != hash_of(table, bytes, source)) return false;
    return is_young(turn, take_u64(bytes));
}

static bool is_older(const struct nonce_use *one, const struct nonce_use *other)
{
    return one->used_ms < other->used_ms || (one->used_ms == other->used_ms && one->id < other->id);
}

// The one that was not used for longest makes room, and what was made before it and is not known is
// not taken any more: else it could be used again as if it were new.
static struct nonce_use *take_use(struct device *device, const struct turn *turn, uint64_t id)
{
    struct nonce_use *oldest = &device->nonces[0];
    for (size_t i = 0; i < NONCES_MAX; i++) {
        struct nonce_use *use = &device->nonces[i];
        if (use->id == id) return use;
        if (is_older(use, oldest)) oldest = use; // a free one was never used
    }
    if (id <= device->forgotten) return NULL;
    bool is_alive = oldest->id != 0 && is_young(turn, oldest->id);
    if (is_alive && oldest->id > device->forgotten) device->forgotten = oldest->id;
    if (id <= device->forgotten) return NULL;
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
    use->used_ms = now_ms(turn);
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
