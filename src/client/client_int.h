// SPDX-License-Identifier: Apache-2.0
// The inside of the client table.
#pragma once

#include "client/client.h"

// ---- Nonces that were used with right credentials (nonce.c)

enum { NONCES_MAX = 4 }; // of a device at the same time

struct nonce_use {
    uint64_t id;      // 0: none
    uint32_t highest; // nc that was seen
    uint64_t seen;    // a bit for each of the 64 up to it, the lowest bit for `highest` itself
    uint64_t used_ms; // when last, on the monotonic clock
};

struct device {
    struct snapshot_device block;
    struct pool_id bindings[CLIENT_BINDINGS_MAX]; // the first `binding_count`
    uint8_t binding_count;
    struct nonce_use nonces[NONCES_MAX];
    uint64_t forgotten; // nonces up to that one that are not in `nonces` are not taken any more
};

struct binding {
    struct pool_id device;
    struct flow flow;
    uint64_t since_us;   // wall clock
    uint64_t reached_us; // monotonic: since when it is reached by that flow
    uint64_t until_us;   // monotonic: when it expires
    uint64_t lost_us;    // monotonic: when its connection was lost; 0: it was not
    uint64_t call_id[2]; // of the REGISTER that made it last, hashed; 0, 0: it is not known
    bool is_told;        // people know of it
    uint32_t cseq;
    uint32_t reg_id; // RFC 5626; 0: none
    uint16_t q;      // 0 to 1000
    char uri[BINDING_URI_SIZE];
    char route[BINDING_ROUTE_SIZE];
    char instance[BINDING_INSTANCE_SIZE];
    char user_agent[BINDING_USER_AGENT_SIZE];
};

// ---- Failures of a source (source.c)

enum { SOURCES_MAX = 1024 };

struct source {
    uint64_t key;      // 0: free
    uint64_t first_us; // failure of this window
    uint32_t failure_count;
};

struct client_table {
    struct pool assumed;
    struct index assumed_by_line;
    struct pool web; // users with a page
    struct index web_by_user;
    struct pool devices, bindings;
    struct index by_id, by_user, by_sip_user; // devices
    struct deadlines deadlines;               // of bindings: they expire, or were lost too long
    struct client_counts counts;
    struct device nobody;   // whose password is asked for where there is no such device
    struct source *sources; // SOURCES_MAX
    bool is_md5_only;       // challenges are
    char realm[REALM_TEXT_SIZE];
    uint8_t hash_key[16];
    uint8_t nonce_key[16];
    uint64_t nonce_count; // that were made
};

// ---- table.c

struct device *client_device(const struct client_table *table, uint32_t device_id,
                             struct pool_id *id);
// The device with that SIP user name, or NULL.
struct device *client_device_of(const struct client_table *table, struct span sip_user,
                                struct pool_id *id);

// ---- proof.c

// Whether the device is registered by that very flow: others behind the same address may guess,
// it goes on.
bool client_is_known_flow(const struct client_table *table, const struct device *device,
                          const struct flow *flow);

// ---- binding.c

// A binding of `device` that has no texts yet; where there are too many, the one that expires first
// makes room. NULL when the table is full.
struct binding *client_new_binding(struct client_table *table, struct turn *turn,
                                   struct pool_id device, struct pool_id *id);
// Ends a binding and tells.
void client_end_binding(struct client_table *table, struct turn *turn, struct pool_id id);
// The binding has come or changed: tells, and sets its deadline.
void client_show_binding(struct client_table *table, struct turn *turn, struct pool_id id);

// ---- nonce.c

enum { NONCE_TEXT_SIZE = 33, NONCE_LIFE_S = 300 };

// Prints a new nonce for who is at `source`.
void client_put_nonce(struct client_table *table, const struct turn *turn,
                      const struct address *source, struct buffer *out);
// Whether the nonce is ours, for `source`, and young enough.
bool client_is_nonce(const struct client_table *table, const struct turn *turn,
                     const struct address *source, struct span nonce);
// Notes that `device` has used the nonce, which is one of ours, for the `count`-th time; false when
// it did that before.
bool client_use_nonce(struct device *device, const struct turn *turn, struct span nonce,
                      uint32_t count);

// ---- source.c

enum { FAILURES_MAX = 10, FAILURES_WINDOW_S = 300 };

// Whether too many proofs that came from there have failed lately.
bool client_is_blocked(const struct client_table *table, const struct turn *turn,
                       const struct address *source);
void client_note_failure(struct client_table *table, const struct turn *turn,
                         const struct address *source);

// ---- web.c

// In `memory` of so many bytes, zeroed; the end is returned.
size_t client_web_size(void);
void *client_web_init(struct client_table *table, void *memory);

// ---- assumed.c

size_t client_assumed_size(void);
void *client_assumed_init(struct client_table *table, void *memory);
