// SPDX-License-Identifier: Apache-2.0
// RTP packets with G.711: RFC 3550 section 5.1, RFC 3551 section 4.5.14, ITU-T G.711.
#include "code/code.h"

// How far the highest bit of `value` is from bit 0; 0 for 0 and 1.
static unsigned highest_bit(unsigned value)
{
    unsigned bit = 0;
    while (value >>= 1) bit++;
    return bit;
}

// The mu-law: a sign, a segment of three bits, four bits within it; all inverted.
static uint8_t encode_mu_law(int16_t sample)
{
    enum { BIAS = 0x84, CLIP = 32635 };
    unsigned sign = sample < 0 ? 0x80 : 0;
    int size = sample < 0 ? -(int)sample : sample;
    unsigned biased = (unsigned)(size > CLIP ? CLIP : size) + BIAS; // bit 7 or above is set
    unsigned segment = highest_bit(biased) - 7;
    return (uint8_t) ~(sign | segment << 4 | (biased >> (segment + 3) & 0x0f));
}

// The A-law: a sign, a segment, four bits; every second bit inverted.
static uint8_t encode_a_law(int16_t sample)
{
    unsigned sign = sample < 0 ? 0 : 0x80;
    unsigned size = (unsigned)(sample < 0 ? -(int)sample - 1 : sample) >> 3; // 12 bits
    unsigned segment = size < 32 ? 0 : highest_bit(size) - 4;
    unsigned shift = segment < 2 ? 1 : segment;
    return (uint8_t)((sign | segment << 4 | (size >> shift & 0x0f)) ^ 0x55);
}

static void put_u16(struct buffer *out, unsigned value)
{
    buffer_put_byte(out, (char)(value >> 8 & 0xff));
    buffer_put_byte(out, (char)(value & 0xff));
}

static void put_u32(struct buffer *out, uint32_t value)
{
    put_u16(out, value >> 16);
    put_u16(out, value & 0xffff);
}

void code_put_packet(struct buffer *out, const struct code_packet *packet,
                     const int16_t samples[CODE_PACKET_SAMPLES])
{
    enum { VERSION_2 = 0x80, MARKER = 0x80 };
    buffer_put_byte(out, (char)VERSION_2);
    buffer_put_byte(out, (char)(packet->payload | (packet->is_first ? MARKER : 0)));
    put_u16(out, packet->sequence);
    put_u32(out, packet->timestamp);
    put_u32(out, packet->source);
    for (size_t i = 0; i < CODE_PACKET_SAMPLES; i++) {
        buffer_put_byte(out, (char)(packet->payload == PAYLOAD_PCMU ? encode_mu_law(samples[i])
                                                                    : encode_a_law(samples[i])));
    }
}
