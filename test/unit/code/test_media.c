// SPDX-License-Identifier: Apache-2.0
// What is heard: tones, G.711, packets, session descriptions.
#include "code/code.h"

#include "unit/check.h"

#include <math.h>

// ---- Tones

static struct code_sine sine;

// How much of a pitch there is in some samples, of the amplitude (Goertzel).
static double level_of(const int16_t *samples, size_t count, double hz)
{
    double turn = 2 * cos(2 * 3.14159265358979 * hz / CODE_RATE), last = 0, before = 0;
    for (size_t i = 0; i < count; i++) {
        double now = samples[i] + turn * last - before;
        before = last;
        last = now;
    }
    double power = last * last + before * before - turn * last * before;
    return 2 * sqrt(power) / (double)count;
}

static void test_pitches(void **state)
{
    static const struct {
        enum code_tone tone;
        uint32_t at_ms;
        double hz;
    } cases[] = {
        {TONE_SET, 40, 440},     {TONE_SET, 200, 660},     {TONE_SET, 400, 880},
        {TONE_CLEARED, 40, 880}, {TONE_CLEARED, 200, 660}, {TONE_CLEARED, 400, 440},
        {TONE_ON, 300, 880},     {TONE_OFF, 40, 440},      {TONE_OFF, 340, 440},
        {TONE_REFUSED, 20, 330}, {TONE_REFUSED, 200, 330},
    };
    (void)state;
    code_make_sine(&sine);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int16_t samples[4 * CODE_PACKET_SAMPLES];
        for (uint32_t packet = 0; packet < 4; packet++) {
            uint32_t first = cases[i].at_ms * (CODE_RATE / 1000) + packet * CODE_PACKET_SAMPLES;
            code_tone_samples(&sine, cases[i].tone, first, &samples[packet * CODE_PACKET_SAMPLES]);
        }
        double level = level_of(samples, 4 * CODE_PACKET_SAMPLES, cases[i].hz);
        double other = level_of(samples, 4 * CODE_PACKET_SAMPLES, cases[i].hz * 1.4);
        assert_true(level > 7000 && level < 9000);
        assert_true(other < level / 4);
    }
}

static void test_pauses_and_ends(void **state)
{
    int16_t samples[CODE_PACKET_SAMPLES];
    (void)state;
    code_make_sine(&sine);
    code_tone_samples(&sine, TONE_OFF, 240 * 8, samples);
    for (size_t i = 0; i < CODE_PACKET_SAMPLES; i++) assert_int_equal(samples[i], 0);
    for (unsigned tone = 0; tone < TONE_COUNT; tone++) {
        uint32_t length = code_tone_length((enum code_tone)tone);
        assert_true(length >= CODE_RATE / 2 && length <= CODE_RATE);
        assert_int_equal(length % CODE_PACKET_SAMPLES, 0);
        code_tone_samples(&sine, (enum code_tone)tone, length, samples);
        for (size_t i = 0; i < CODE_PACKET_SAMPLES; i++) assert_int_equal(samples[i], 0);
    }
}

// ---- G.711: values of the standard's tables

static uint8_t encoded(uint8_t payload, int16_t sample)
{
    int16_t samples[CODE_PACKET_SAMPLES] = {sample};
    char bytes[CODE_PACKET_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    code_put_packet(&out, &(struct code_packet){.payload = payload}, samples);
    assert_false(out.is_full);
    return (uint8_t)bytes[12];
}

static void test_g711(void **state)
{
    (void)state;
    assert_int_equal(encoded(PAYLOAD_PCMU, 0), 0xff);
    assert_int_equal(encoded(PAYLOAD_PCMU, 32767), 0x80);
    assert_int_equal(encoded(PAYLOAD_PCMU, -32768), 0x00);
    assert_int_equal(encoded(PAYLOAD_PCMU, 1000), 0xce);
    assert_int_equal(encoded(PAYLOAD_PCMU, -1000), 0x4e);
    assert_int_equal(encoded(PAYLOAD_PCMA, 0), 0xd5);
    assert_int_equal(encoded(PAYLOAD_PCMA, -1), 0x55);
    assert_int_equal(encoded(PAYLOAD_PCMA, 32767), 0xaa);
    assert_int_equal(encoded(PAYLOAD_PCMA, -32768), 0x2a);
    assert_int_equal(encoded(PAYLOAD_PCMA, 1000), 0xfa);
}

static void test_packet(void **state)
{
    int16_t samples[CODE_PACKET_SAMPLES] = {0};
    char bytes[CODE_PACKET_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct code_packet packet = {.payload = PAYLOAD_PCMA,
                                 .is_first = true,
                                 .sequence = 0x1234,
                                 .timestamp = 0x01020304,
                                 .source = 0xa0b0c0d0};
    static const uint8_t header[] = {0x80, 0x88, 0x12, 0x34, 1, 2, 3, 4, 0xa0, 0xb0, 0xc0, 0xd0};
    (void)state;
    code_put_packet(&out, &packet, samples);
    assert_int_equal(out.len, CODE_PACKET_SIZE);
    assert_memory_equal(bytes, header, sizeof header);
}

// ---- Session descriptions

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"

static void test_offers(void **state)
{
    static const struct {
        const char *sdp;
        const char *peer; // NULL: nothing is served
        uint8_t payload;
    } cases[] = {
        {HEAD "m=audio 4000 RTP/AVP 8 0 101\r\n", "192.0.2.7:4000", PAYLOAD_PCMA},
        {HEAD "m=audio 4000 RTP/AVP 96 0 8\r\na=rtpmap:96 opus/48000/2\r\n", "192.0.2.7:4000",
         PAYLOAD_PCMU},
        {HEAD "m=video 5000 RTP/AVP 34\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.8\r\n",
         "192.0.2.8:4000", PAYLOAD_PCMU},
        {HEAD "a=inactive\r\nm=audio 4000 RTP/AVP 0\r\na=recvonly\r\n", "192.0.2.7:4000",
         PAYLOAD_PCMU},
        {"v=0\nc=IN IP6 2001:db8::7\nm=audio 4000 RTP/AVP 0\n", "[2001:db8::7]:4000", PAYLOAD_PCMU},
        {HEAD "m=audio 4000 RTP/AVP 9 18\r\n", NULL, 0},
        {HEAD "m=audio 4000 RTP/SAVP 0\r\n", NULL, 0},
        {HEAD "m=audio 0 RTP/AVP 0\r\n", NULL, 0},
        {HEAD "m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n", NULL, 0},
        {HEAD "a=inactive\r\nm=audio 4000 RTP/AVP 0\r\n", NULL, 0},
        {HEAD "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n", NULL, 0},
        {HEAD "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 name.test\r\n", NULL, 0},
        {"v=0\r\nm=audio 4000 RTP/AVP 0\r\n", NULL, 0},
        {HEAD, NULL, 0},
        {"", NULL, 0},
        {"offer", NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct code_offer offer;
        char bytes[80];
        struct buffer out = buffer_over(bytes, sizeof bytes);
        bool is_served = code_read_offer(span_of(cases[i].sdp), &offer);
        print_message("%s\n", cases[i].sdp);
        assert_int_equal(is_served, cases[i].peer != NULL);
        if (!is_served) continue;
        address_print(&out, &offer.peer);
        assert_span(buffer_span(&out), cases[i].peer);
        assert_int_equal(offer.payload, cases[i].payload);
    }
}

// More streams than are looked at: refused as a whole.
static void test_many_streams(void **state)
{
    char bytes[1024];
    struct buffer sdp = buffer_over(bytes, sizeof bytes);
    struct code_offer offer;
    (void)state;
    buffer_put_text(&sdp, HEAD "m=audio 4000 RTP/AVP 0\r\n");
    for (size_t i = 0; i < 8; i++) buffer_put_text(&sdp, "m=video 5000 RTP/AVP 34\r\n");
    assert_false(code_read_offer(buffer_span(&sdp), &offer));
}

static void test_answer(void **state)
{
    char bytes[CODE_ANSWER_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct span sdp = SPAN(HEAD "m=video 5000 RTP/AVP 34 31\r\nm=audio 4000 RTP/AVP 3 8\r\n"
                                "m=audio 4002 RTP/AVP 0\r\n");
    struct code_offer offer;
    struct address own;
    (void)state;
    assert_true(code_read_offer(sdp, &offer));
    assert_true(address_parse_port(SPAN("192.0.2.9:6000"), 0, &own));
    code_put_answer(&out, sdp, &offer, &own);
    assert_span(buffer_span(&out),
                "v=0\r\no=lineward 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
                "m=video 0 RTP/AVP 34\r\n"
                "m=audio 6000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\na=sendrecv\r\n"
                "m=audio 0 RTP/AVP 0\r\n");
    assert_true(address_parse_port(SPAN("[2001:db8::9]:6000"), 0, &own));
    out = buffer_over(bytes, sizeof bytes);
    code_put_answer(&out, SPAN("v=0\r\nc=IN IP6 2001:db8::7\r\nm=audio 1 RTP/AVP 8\r\n"), &offer,
                    &own);
    assert_span(span_slice(buffer_span(&out), 0, 59),
                "v=0\r\no=lineward 1 1 IN IP6 2001:db8::9\r\ns=-\r\nc=IN IP6 2001:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pitches), cmocka_unit_test(test_pauses_and_ends),
        cmocka_unit_test(test_g711),    cmocka_unit_test(test_packet),
        cmocka_unit_test(test_offers),  cmocka_unit_test(test_many_streams),
        cmocka_unit_test(test_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
