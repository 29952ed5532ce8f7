// SPDX-License-Identifier: Apache-2.0
// Which transaction a message belongs to: RFC 3261 sections 17.1.3, 17.2.3 and 9.2.
//
// A transaction keeps no text to compare with but a keyed hash, 128 bits, of what identifies it:
//   server, RFC 3261   method, top Via's branch, its sent-by host and port
//   server, RFC 2543   method, Request-URI, To tag, From tag, Call-ID, CSeq number, top Via
//   client             method, branch
// It is an RFC 2543 request if its branch does not begin with the cookie "z9hG4bK". An ACK and a
// CANCEL take the method of the INVITE they belong to.
//
// The To tag of our answers is a keyed hash of the key, too. Stateless answers, the 200 for a
// CANCEL and the answers of the transaction agree on it without remembering it, and an RFC 2543
// ACK, which has no branch to go by, is recognised by it.
#include "txn/txn_int.h"

#include <string.h>

static const struct span cookie = {"z9hG4bK", 7};
static const struct span invite = {"INVITE", 6};

// ---- What is hashed: fields with their lengths, a long one by a hash of its own

enum { FIELD_MAX = 120, FIELD_COUNT_MAX = 8 };

struct hash_input {
    const struct txn_table *table;
    size_t len;
    char bytes[FIELD_COUNT_MAX * (FIELD_MAX + sizeof(uint32_t))];
};

static void begin(struct hash_input *input, const struct txn_table *table)
{
    input->table = table; // the bytes are not worth clearing
    input->len = 0;
}

static void put_bytes(struct hash_input *input, const void *bytes, size_t len)
{
    ASSERT(len <= sizeof input->bytes - input->len);
    if (len > 0) memcpy(input->bytes + input->len, bytes, len);
    input->len += len;
}

static void put_number(struct hash_input *input, uint32_t number)
{
    put_bytes(input, &number, sizeof number);
}

static void put_field(struct hash_input *input, struct span field)
{
    put_number(input, (uint32_t)field.len);
    if (field.len <= FIELD_MAX) {
        put_bytes(input, field.at, field.len);
        return;
    }
    uint64_t hashes[2];
    hash_keyed_twice(input->table->key, field, hashes);
    put_bytes(input, hashes, sizeof hashes);
}

// A host name, for which upper and lower case are equal.
static void put_host(struct hash_input *input, struct span host)
{
    char lower[FIELD_MAX];
    if (host.len <= sizeof lower) {
        for (size_t i = 0; i < host.len; i++) lower[i] = ascii_lower(host.at[i]);
        host.at = lower;
    }
    put_field(input, host);
}

static struct span input_span(const struct hash_input *input)
{
    return (struct span){input->bytes, input->len};
}

static struct txn_key key_of(const struct hash_input *input)
{
    uint64_t hashes[2];
    hash_keyed_twice(input->table->key, input_span(input), hashes);
    return (struct txn_key){hashes[0], hashes[1]};
}

// ---- Keys

// A branch that is nothing but the cookie identifies nothing (RFC 4475 section 3.2.1).
static bool has_branch(const struct sip_via *via)
{
    return span_starts_with(via->branch, cookie) && via->branch.len > cookie.len;
}

// RFC 3261 section 17.2.3.
static struct txn_key key_by_branch(const struct txn_table *table, const struct sip_via *via,
                                    struct span method)
{
    struct hash_input input;
    begin(&input, table);
    put_field(&input, method);
    put_field(&input, SPAN("server"));
    put_field(&input, via->branch);
    put_host(&input, via->host);
    put_number(&input, via->port);
    return key_of(&input);
}

struct txn_key txn_server_key(const struct txn_table *table, const struct sip_message *request,
                              struct span method, struct span to_tag)
{
    struct hash_input input;
    if (has_branch(&request->via)) return key_by_branch(table, &request->via, method);
    begin(&input, table);
    put_field(&input, method);
    put_field(&input, SPAN("server 2543"));
    put_field(&input, request->uri_text);
    put_field(&input, to_tag);
    put_field(&input, request->from.tag);
    put_field(&input, request->call_id);
    put_number(&input, request->cseq);
    put_field(&input, request->via.whole);
    return key_of(&input);
}

struct txn_key txn_client_key(const struct txn_table *table, struct span branch, struct span method)
{
    struct hash_input input;
    begin(&input, table);
    put_field(&input, method);
    put_field(&input, SPAN("client"));
    put_field(&input, branch);
    return key_of(&input);
}

// From tag, Call-ID, CSeq and the Request-URI's user (8.2.2.2).
static uint64_t merge_hash_of(const struct txn_table *table, const struct sip_message *request)
{
    struct hash_input input;
    begin(&input, table);
    put_field(&input, request->method_name);
    put_number(&input, request->cseq);
    put_field(&input, request->from.tag);
    put_field(&input, request->call_id);
    put_field(&input, request->uri.user);
    return hash_keyed(table->key_merge, input_span(&input));
}

struct span txn_to_tag(const struct txn_table *table, const struct txn_key *key,
                       char text[TXN_TAG_BYTES])
{
    uint64_t hash = hash_keyed(table->key_tag, (struct span){(const char *)key, sizeof *key});
    struct buffer out = buffer_over(text, TXN_TAG_BYTES);
    buffer_put_hex(&out, (const uint8_t *)&hash, sizeof hash);
    ASSERT(!out.is_full);
    return buffer_span(&out);
}

void txn_identify(const struct txn_table *table, const struct sip_message *message,
                  struct txn_identity *identity)
{
    identity->merge_hash = 0;
    if (!message->is_request) {
        identity->key = txn_client_key(table, message->via.branch, message->method_name);
    } else if (message->method == SIP_ACK || message->method == SIP_CANCEL) {
        identity->key = txn_server_key(table, message, invite, message->to.tag);
    } else {
        identity->key = txn_server_key(table, message, message->method_name, message->to.tag);
        identity->merge_hash = merge_hash_of(table, message);
        index_prefetch(&table->by_merge, identity->merge_hash);
    }
    index_prefetch(&table->by_key, identity->key.a);
}

bool txn_identify_ack(const struct txn_table *table, const struct sip_via *via,
                      struct txn_identity *identity)
{
    if (!has_branch(via)) return false;
    *identity = (struct txn_identity){key_by_branch(table, via, invite), 0};
    index_prefetch(&table->by_key, identity->key.a);
    return true;
}

void txn_prefetch(const struct txn_table *table, const struct txn_identity *identity)
{
    struct index_search search = INDEX_SEARCH(identity->key.a);
    pool_prefetch(&table->slots, index_next(&table->by_key, &search), sizeof(struct txn_slot));
}

void txn_prefetch_parts(const struct txn_table *table, const struct txn_identity *identity)
{
    struct index_search search = INDEX_SEARCH(identity->key.a);
    const struct txn_slot *slot = pool_find(&table->slots, index_next(&table->by_key, &search));
    if (!slot) return;
    if (slot->is_mergeable) index_prefetch(&table->by_merge, slot->merge_hash);
    if (slot->message > 0) txn_prefetch_kept(table, slot->message);
}

// ---- ACK and CANCEL

static bool is_invite_server(const struct txn_step *step)
{
    return step->slot && step->slot->machine == MACHINE_INVITE_SERVER;
}

struct txn_step txn_find_invite(struct txn_table *table, struct turn *turn,
                                const struct txn_key *key)
{
    struct txn_step step = txn_find(table, turn, key);
    if (!is_invite_server(&step)) step.slot = NULL;
    return step;
}

struct txn_step txn_find_acknowledged(struct txn_table *table, struct turn *turn,
                                      const struct sip_message *ack, const struct txn_key *key)
{
    struct txn_step step = txn_find_invite(table, turn, key);
    if (step.slot || has_branch(&ack->via)) return step;
    // RFC 2543: the INVITE had no To tag, and the ACK has the one of our answer (or none: above).
    char text[TXN_TAG_BYTES];
    struct txn_key untagged = txn_server_key(table, ack, invite, SPAN_NONE);
    step = txn_find_invite(table, turn, &untagged);
    if (step.slot && !span_eq(txn_to_tag(table, &step.slot->key, text), ack->to.tag)) {
        step.slot = NULL;
    }
    return step;
}
