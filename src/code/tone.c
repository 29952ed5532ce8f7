// SPDX-License-Identifier: Apache-2.0
// The tones: pure sines, made by arithmetic alone. Each answer can be told from the others by its
// pitch and by its beat, so that also somebody who hears no difference in pitch knows.
#include "code/code.h"

#include <string.h>

enum { LEVEL = 8192, BEEPS_MAX = 8 }; // a quarter of full scale: -12 dB

// A stretch of a tone: of one pitch, 0: silence.
struct beep {
    uint16_t hz, ms;
};

static const struct beep tones[TONE_COUNT][BEEPS_MAX] = {
    [TONE_SET] = {{440, 160}, {660, 160}, {880, 320}},
    [TONE_CLEARED] = {{880, 160}, {660, 160}, {440, 320}},
    [TONE_ON] = {{880, 800}},
    [TONE_OFF] = {{440, 200}, {0, 100}, {440, 200}, {0, 100}, {440, 200}},
    [TONE_REFUSED] = {{330, 100}, {0, 80}, {330, 100}, {0, 80}, {330, 100}, {0, 80}, {330, 100}},
};

// By turning a vector on, 1/8000 of a circle each time: the mathematics library is no pure one.
void code_make_sine(struct code_sine *sine)
{
    const double turn_cos = 0.9999996915748783, turn_sin = 0.0007853980826519387; // 2 pi / 8000
    double x = 1, y = 0;
    for (size_t i = 0; i < CODE_RATE; i++) {
        double value = y * LEVEL;
        sine->at[i] = (int16_t)(value < 0 ? value - 0.5 : value + 0.5);
        double next = x * turn_cos - y * turn_sin;
        y = x * turn_sin + y * turn_cos;
        x = next;
    }
}

static uint32_t samples_of(const struct beep *beep)
{
    return (uint32_t)beep->ms * (CODE_RATE / 1000);
}

uint32_t code_tone_length(enum code_tone tone)
{
    uint32_t length = 0;
    for (size_t i = 0; i < BEEPS_MAX; i++) length += samples_of(&tones[tone][i]);
    uint32_t packets = (length + CODE_PACKET_SAMPLES - 1) / CODE_PACKET_SAMPLES;
    return packets * CODE_PACKET_SAMPLES;
}

void code_tone_samples(const struct code_sine *sine, enum code_tone tone, uint32_t first,
                       int16_t samples[CODE_PACKET_SAMPLES])
{
    const struct beep *beep = tones[tone];
    uint32_t ends = samples_of(&beep[0]);
    size_t at = 0;
    for (uint32_t i = 0; i < CODE_PACKET_SAMPLES; i++) {
        uint32_t sample = first + i;
        while (at < BEEPS_MAX && sample >= ends) {
            at++;
            if (at < BEEPS_MAX) ends += samples_of(&beep[at]);
        }
        samples[i] = at < BEEPS_MAX ? sine->at[(uint64_t)sample * beep[at].hz % CODE_RATE] : 0;
    }
}
