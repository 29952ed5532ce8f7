// SPDX-License-Identifier: Apache-2.0
// What the files of locate share.
#pragma once

#include "locate/locate.h"

// Targets while they are put together.
struct locate_targets {
    struct locate_target at[LOCATE_TARGET_MAX];
    size_t count;
    uint8_t rank; // of those that come next
};

// questions.c
// Makes the list of questions anew: what can be asked without knowing anything.
void locate_ask_first(struct locate *locate);
// Adds what the answers lead to; false when nothing is missing any more.
bool locate_ask_further(struct locate *locate);
// Makes targets of the answers.
void locate_list_targets(struct locate *locate, struct locate_targets *targets,
                         struct random *random);
