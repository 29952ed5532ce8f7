// SPDX-License-Identifier: Apache-2.0
// Which clients a user has and whether they are logged in. The clients are SIP devices that
// register with us (RFC 3261 section 10, RFC 5626): each belongs to a user, proves who it is by
// digest, and is reached by the flow that it registered by. One table per worker. behaviour: a user
// is logged in who has not signed off by hand and has at least one live client; the setting `on`
// stands for a client that is always there.
#pragma once

#include "model/model.h"
#include "txn/txn.h"

enum {
    CLIENT_ASSUMPTIONS_MAX = 1024,
    CLIENT_CONTACTS_MAX = 16, // of a user that one call rings
    CLIENT_BINDINGS_MAX = 6,  // of a device
    CLIENT_WEB_MAX = 4096,    // users with a page of the web client
};

struct client_limits {
    uint32_t device_count;
    uint32_t binding_count;
};

enum { REALM_TEXT_SIZE = 41 };

struct client_table;

// Bytes of memory that a table needs.
size_t client_memory_size(const struct client_limits *limits);
// Makes a table in `memory` (zeroed, aligned to 16; it must outlive the table). `hash_key` should
// be random.
struct client_table *client_init(void *memory, const struct client_limits *limits,
                                 const uint8_t hash_key[16]);
// What devices' passwords are for; "lineward" before the first call. Copied, at most
// REALM_TEXT_SIZE - 1 bytes.
void client_set_realm(struct client_table *table, struct span realm);
// Whether challenges offer MD5 alone, for devices that give up when SHA-256 is among them.
void client_set_md5_only(struct client_table *table, bool is_md5_only);

struct client_counts {
    uint64_t challenged; // requests that got a challenge: without credentials, or with an old nonce
    uint64_t failed;     // unknown users, wrong passwords and realms
    uint64_t blocked;    // refused unseen: too many failures of their source
    uint64_t registered; // REGISTERs that were obeyed
    uint32_t bindings;   // there are now
};
// Since the table was made.
struct client_counts client_counts(const struct client_table *table);

// ---- Effects

enum {
    CLIENT_SHOWN = EFFECT_CLIENT, // struct client_shown: a binding has come, changed or gone
};

struct client_shown {
    struct effect effect;
    struct model_binding binding; // how it stands now
    struct span user, name;       // of the device's owner; its own
    bool is_new, is_gone;
};

// ---- Devices

// Adds or replaces a device; it is copied. Where its credentials have changed, its bindings end.
// False when the table is full.
bool client_put_device(struct client_table *table, struct turn *turn,
                       const struct snapshot_device *device);
// The device was revoked: its bindings end.
void client_remove_device(struct client_table *table, struct turn *turn, uint32_t device_id);
// The device of that number, or NULL. Borrowed until the next change of settings.
const struct snapshot_device *client_find_device(const struct client_table *table,
                                                 uint32_t device_id);

// How many devices there are.
uint32_t client_device_count(const struct client_table *table);

// ---- Bindings: where devices are

// Where a live binding is reached. Its texts are borrowed from the table until the next change of
// the binding.
struct client_contact {
    struct pool_id binding;
    struct flow flow;  // that requests go by
    struct span uri;   // for the Request-URI
    struct span route; // value of the Route header (Path, RFC 3327); empty: none
    uint32_t device_id;
    uint16_t q;        // 0 to 1000
    uint64_t since_us; // monotonic: when it was first registered by that flow
};

// The contacts of a user's devices that can be reached now, the greatest q first, at most `max`
// (CLIENT_CONTACTS_MAX is enough). Those whose connection is lost are left out.
size_t client_contacts(const struct client_table *table, uint32_t user_id,
                       struct client_contact *out, size_t max);
// Whether a message is exchanged with a device of the user: one is registered by the flow, or has
// that SIP user name (empty: nobody has it), which anybody may claim.
bool client_is_of_user(const struct client_table *table, uint32_t user_id, const struct flow *flow,
                       struct span sip_user);
// How many bindings the user's devices have, those in their grace after a lost connection included,
// and one more for a page of the web client: the count of live clients for client_presence_of.
uint32_t client_live_count(const struct client_table *table, uint32_t user_id);

// Puts a binding back as it was told before a restart; one by a connection is lost, and waits for
// its device for CLIENT_GRACE_S. Nothing happens where its device is gone, or it has expired.
void client_restore(struct client_table *table, struct turn *turn,
                    const struct model_binding *saved);

// What a binding is made of where nobody registers: for tests.
struct client_bind {
    uint32_t device_id;
    struct flow flow;
    struct span uri, route;
    uint16_t q;
    uint32_t expires_s;
};
// Adds a binding. POOL_ID_NONE when the device is unknown, has too many, or the table is full.
struct pool_id client_bind(struct client_table *table, struct turn *turn,
                           const struct client_bind *bind);

// A connection has ended: bindings that are reached by it are kept for a while, but not rung, until
// the device registers again.
enum { CLIENT_GRACE_S = 30 };
void client_lost_flow(struct client_table *table, struct turn *turn, const struct flow *flow);

// When client_tick must be called next, on the monotonic clock; DEADLINE_NEVER when nothing waits.
uint64_t client_deadline_us(const struct client_table *table);
enum { CLIENT_TICK_MAX = 32 };
// Does what is due, at most CLIENT_TICK_MAX things; the deadline stays due if more wait.
void client_tick(struct client_table *table, struct turn *turn);

// ---- Who sends a request

enum client_proof {
    CLIENT_PROVEN,   // it is a device's
    CLIENT_ANSWERED, // it did not prove who it is: the answer is to be sent without state
};

struct client_request {
    const struct sip_message *message;
    const struct flow *flow;
};

struct client_verdict {
    struct txn_answer answer; // CLIENT_ANSWERED; its texts are in the turn's arena
    uint32_t device_id;       // CLIENT_PROVEN: whose it is; see client_find_device
};

// Whether a request says, by its From or its credentials, that it is one of our devices'. It may
// have the same address as a PBX.
bool client_is_named(const struct client_table *table, const struct sip_message *request);
// The name in a request's credentials for our realm; empty where it has none.
struct span client_credentials_of(const struct client_table *table,
                                  const struct sip_message *request);
// Whether a request (not ACK, not CANCEL) is one of our devices': by its digest credentials, and by
// its From, but of an INVITE's the caller of this function has to judge. The answer (401 or 403) is
// the same for unknown users, wrong passwords and wrong realms. To be asked once for each request,
// before it gets a transaction: credentials cannot be used twice. RFC 3261 section 22, RFC 7616,
// RFC 8760.
enum client_proof client_authenticate(struct client_table *table, struct turn *turn,
                                      const struct client_request *request,
                                      struct client_verdict *verdict);

// ---- The registrar

// Obeys a REGISTER, or says why not. CLIENT_PROVEN: it is a device's, and the verdict's answer is
// to be sent by a transaction, else without state. RFC 3261 section 10.3, RFC 5626 section 6, RFC
// 3327 section 5.3.
enum client_proof client_register(struct client_table *table, struct turn *turn,
                                  const struct client_request *request,
                                  struct client_verdict *verdict);

// ---- The web client: who has a page open, as the API tells

// The user has a live page, or has none any more. False when CLIENT_WEB_MAX others have.
bool client_set_web(struct client_table *table, uint32_t user_id, bool is_live);
bool client_has_web(const struct client_table *table, uint32_t user_id);

// ---- Assumed clients: a test aid. One can say what a line's clients do, so that what depends on
// them can be tried and tested without devices. Kept in memory only.

struct client_assumption {
    enum model_clients clients;
    uint32_t call_count;                  // calls of the line that are answered
    char target[TEXT_SIZE];               // CLIENTS_DEFLECT: stored form
    enum model_number_class number_class; // of the target
};

// Assumes something of a line's clients, NULL: nothing any more. False when there are
// CLIENT_ASSUMPTIONS_MAX others.
bool client_assume(struct client_table *table, uint32_t line_id,
                   const struct client_assumption *assumption);
// Goes through all that is assumed: the next assumption from `*place` on (0 at first), and of which
// line. NULL when there is no other.
const struct client_assumption *client_next_assumed(const struct client_table *table,
                                                    uint32_t *place, uint32_t *line_id);
// What is assumed of a line's clients, or NULL.
const struct client_assumption *client_assumed(const struct client_table *table, uint32_t line_id);

// ---- Logged in or not

struct client_presence {
    bool is_logged_in;
    bool has_clients; // something rings when a call comes
};

// What `login` and the number of live clients amount to.
struct client_presence client_presence_of(enum model_login login, uint32_t live_client_count);
