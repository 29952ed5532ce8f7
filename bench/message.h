// SPDX-License-Identifier: Apache-2.0
// The messages of one call, prepared once: sending one is a copy in which a few texts of fixed
// length are replaced. The caller sends the INVITE and the ACK; the floor answers with the 302,
// which is as long as the one that Lineward sends.
#pragma once

#include <stddef.h>
#include <stdint.h>

// What differs from call to call. The names stand in the prepared texts as {token.........},
// {line}, {caller}: as long as what replaces them.
enum {
    TOKEN_LEN = 16, // names the call: part of Call-ID, branch and From tag
    LINE_LEN = 6,
    CALLER_LEN = 8,
    MESSAGE_MAX = 2048,
    PLACES_MAX = 16,
    LINE_FIRST = 100000, // the extension of the first line
};

// What callers offer.
extern const char message_session_description[];

struct call_texts {
    char token[TOKEN_LEN], line[LINE_LEN], caller[CALLER_LEN];
};

struct message_place {
    uint16_t at;
    uint8_t text; // in struct call_texts
    uint8_t len;
};

struct message {
    char bytes[MESSAGE_MAX];
    size_t len;
    struct message_place places[PLACES_MAX];
    unsigned place_count;
};

// The messages between a caller on `caller_port` and a server on `server_port` of 127.0.0.1.
void message_init_invite(struct message *message, uint16_t caller_port, uint16_t server_port);
void message_init_redirect(struct message *message, uint16_t caller_port);
// Any text with those marks, for other calls.
void message_init(struct message *message, const char *text);
// Ends with ";tag=": the To tag of the answer and message_ack_end follow.
void message_init_ack(struct message *message, uint16_t caller_port, uint16_t server_port);
extern const char message_ack_end[];

// Copies the message to `out` (MESSAGE_MAX bytes), filled in with `texts`; returns its length.
size_t message_fill(const struct message *message, const struct call_texts *texts, char *out);
// Reads the texts back from a message that was filled in.
void message_read(const struct message *message, const char *bytes, struct call_texts *texts);
