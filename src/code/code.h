// SPDX-License-Identifier: Apache-2.0
// Feature codes: what a device dials to set, switch, query a forwarding (*21*103#), and what it
// hears as the answer: short tones that are made here, in G.711, sent by RTP. Pure.
// docs/feature-codes.md; ETSI ETS 300 738 for the form of the codes.
#pragma once

#include "model/model.h"

// ---- Which codes a group has (table.c)

enum { CODE_DIGITS_MAX = 4 };

// The digits that stand for each condition; empty: none.
struct code_table {
    char digits[CONDITION_COUNT][CODE_DIGITS_MAX + 1];
};

// Reads "immediate=21, busy=67". Returns NULL, or why it is refused, printed into `reason`.
const char *code_read_table(struct span text, struct code_table *table, char reason[REASON_SIZE]);
// Prints a table as it is stored.
void code_put_table(struct buffer *out, const struct code_table *table);

// ---- What was dialled (table.c)

enum code_action {
    CODE_SET,   // *21*103#: to that number
    CODE_ON,    // *21#: to the number that was set before
    CODE_OFF,   // #21#: the number is kept
    CODE_ERASE, // ##21#: and is not
    CODE_QUERY, // *#21#
};

struct code_order {
    enum code_action action;
    enum model_condition condition;
    char number[NUMBER_SIZE]; // CODE_SET: as dialled
    uint32_t delay_s;         // of no_answer; 0: none was dialled
    const char *fault;        // NULL, or what is wrong with it: "has a number that is none"
};

// Reads the digits of a URI's user part, not escaped any more. False: it is no code of the table,
// and a number like others.
bool code_read_dialled(const struct code_table *table, struct span dialled,
                       struct code_order *order);

// ---- What has become of it

enum code_tone { TONE_SET, TONE_CLEARED, TONE_ON, TONE_OFF, TONE_REFUSED, TONE_COUNT };

enum { CODE_TEXT_SIZE = 220 }; // the longest answer names three targets
struct code_outcome {
    enum code_tone tone;
    bool is_trouble;           // TONE_REFUSED: of ours; the same may work later
    char text[CODE_TEXT_SIZE]; // for a display: "immediate forwarding to 103 is on"
};

// ---- The tones (tone.c)

enum { CODE_RATE = 8000, CODE_PACKET_SAMPLES = 160 }; // 20 ms

// One turn of a sine, a sample for each step of 1 Hz.
struct code_sine {
    int16_t at[CODE_RATE];
};
void code_make_sine(struct code_sine *sine);
// How many samples a tone has, a multiple of CODE_PACKET_SAMPLES.
uint32_t code_tone_length(enum code_tone tone);
// Its samples from the `first` one on, as many as a packet has.
void code_tone_samples(const struct code_sine *sine, enum code_tone tone, uint32_t first,
                       int16_t samples[CODE_PACKET_SAMPLES]);

// ---- Session descriptions (session.c): RFC 4566, RFC 3264

enum { CODE_ANSWER_SIZE = 1000 };

struct code_offer {
    struct address peer; // where it wants to hear
    uint8_t payload;     // PAYLOAD_...
};
enum { PAYLOAD_PCMU = 0, PAYLOAD_PCMA = 8 }; // RFC 3551 section 6

// Finds in an offer the first stream of audio that we can serve, by plain RTP and G.711. False:
// there is none.
bool code_read_offer(struct span sdp, struct code_offer *offer);
// Prints the answer: that stream as we send it from `own`, all others refused.
void code_put_answer(struct buffer *out, struct span sdp, const struct code_offer *offer,
                     const struct address *own);

// ---- Packets (packet.c): RFC 3550, ITU-T G.711

enum { CODE_PACKET_SIZE = 12 + CODE_PACKET_SAMPLES };

struct code_packet {
    uint8_t payload;
    bool is_first;
    uint16_t sequence;
    uint32_t timestamp, source;
};
void code_put_packet(struct buffer *out, const struct code_packet *packet,
                     const int16_t samples[CODE_PACKET_SAMPLES]);
