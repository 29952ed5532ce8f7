// SPDX-License-Identifier: Apache-2.0
// The character classes of RFC 3261 section 25.1 and RFC 3966 section 3, as one table; and the
// search for control characters, by which header lines are found.
#include "sip/sip_int.h"

#include <string.h>
#ifdef __SSE2__
#    include <emmintrin.h>
#endif

// The classes that the usual bytes have in common.
enum {
    OPQ = CHAR_OPAQUE,
    VAL = CHAR_VALUE,
    HST = CHAR_HOST | CHAR_LABEL,
    TOK = CHAR_TOKEN | CHAR_DISPLAY | VAL | OPQ,
    URI = CHAR_USER | CHAR_PASSWORD | CHAR_PARAM | CHAR_HEADER | OPQ, // unreserved
    LTR = TOK | URI | HST | CHAR_SCHEME,                              // a letter beyond F
    HXL = LTR | CHAR_HEX | CHAR_PHONE,                                // A to F
    DGT = LTR | CHAR_HEX | CHAR_PHONE | CHAR_DIGIT,
    BLK = CHAR_BLANK | CHAR_DISPLAY,
    TXT = VAL | CHAR_DISPLAY, // bytes of UTF-8 beyond ASCII
};

// Marks and reserved characters, in the order of ASCII.
enum {
    EXCLAMATION = TOK | URI,
    HASH = VAL | OPQ | CHAR_PHONE,
    DOLLAR = URI | VAL,
    AMPERSAND = URI | VAL,
    APOSTROPHE = TOK | URI,
    PAREN = URI | VAL | CHAR_PHONE,
    ASTERISK = TOK | URI | CHAR_PHONE,
    PLUS = TOK | URI | CHAR_SCHEME,
    COMMA = CHAR_USER | CHAR_PASSWORD | OPQ,
    HYPHEN = TOK | URI | HST | CHAR_SCHEME | CHAR_PHONE,
    DOT = TOK | URI | CHAR_HOST | CHAR_SCHEME | CHAR_PHONE,
    SLASH = CHAR_USER | CHAR_PARAM | CHAR_HEADER | OPQ | VAL,
    COLON = CHAR_PARAM | CHAR_HEADER | OPQ | VAL,
    SEMICOLON = CHAR_USER | OPQ,
    EQUALS = CHAR_USER | CHAR_PASSWORD | CHAR_HEADER | OPQ | VAL,
    QUESTION = CHAR_USER | CHAR_HEADER | OPQ | VAL,
    AT_SIGN = OPQ | VAL,
    BRACKET = CHAR_PARAM | CHAR_HEADER | OPQ | VAL,
    UNDERSCORE = TOK | URI | HST, // no host name by the RFC, but seen in many networks
    TILDE = TOK | URI,
};

#define EIGHT(x)      x, x, x, x, x, x, x, x
#define SIXTY_FOUR(x) EIGHT(x), EIGHT(x), EIGHT(x), EIGHT(x), EIGHT(x), EIGHT(x), EIGHT(x), EIGHT(x)

// clang-format off
const uint16_t sip_char_classes[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, BLK, BLK, 0, 0, BLK, 0, 0, // tab, LF, CR
    EIGHT(0), EIGHT(0),
    // blank ! " # $ % & '
    BLK, EXCLAMATION, 0, HASH, DOLLAR, TOK, AMPERSAND, APOSTROPHE,
    // ( ) * + , - . /
    PAREN, PAREN, ASTERISK, PLUS, COMMA, HYPHEN, DOT, SLASH,
    // 0 to 9, : ; < = > ?
    EIGHT(DGT), DGT, DGT, COLON, SEMICOLON, 0, EQUALS, 0, QUESTION,
    // @ A to O
    AT_SIGN, HXL, HXL, HXL, HXL, HXL, HXL, LTR, EIGHT(LTR),
    // P to Z [ \ ] ^ _
    EIGHT(LTR), LTR, LTR, LTR, BRACKET, 0, BRACKET, VAL, UNDERSCORE,
    // ` a to o
    TOK, HXL, HXL, HXL, HXL, HXL, HXL, LTR, EIGHT(LTR),
    // p to z { | } ~ DEL
    EIGHT(LTR), LTR, LTR, LTR, VAL, VAL, VAL, TILDE, 0,
    SIXTY_FOUR(TXT), SIXTY_FOUR(TXT),
};
// clang-format on

#ifdef __SSE2__

// Sixteen bytes at a time: a byte that is the smaller of itself and 0x1f is one.
const char *sip_find_control(const char *at, const char *end)
{
    const __m128i highest = _mm_set1_epi8(' ' - 1);
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i is_control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, highest), bytes);
        unsigned found = (unsigned)_mm_movemask_epi8(is_control);
        if (found) return at + __builtin_ctz(found);
    }
    while (at < end && (unsigned char)*at >= ' ') at++;
    return at;
}

#else

// Eight bytes at a time: taking ' ' from each byte of a word sets its top bit where the byte was
// below ' ' (or, above such a byte, next to it: the rest is left to the loop).
const char *sip_find_control(const char *at, const char *end)
{
    const uint64_t each_byte = 0x0101010101010101;
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        if ((word - each_byte * ' ') & ~word & (each_byte * 0x80)) break;
        at += 8;
    }
    while (at < end && (unsigned char)*at >= ' ') at++;
    return at;
}

#endif
