// SPDX-License-Identifier: Apache-2.0
// A country's facts about numbers, which no group's settings know: what is an emergency number,
// what is charged as a premium service, what is a mobile. By libphonenumber; asked when settings
// are saved, when blocks for the engine are made, and when a device deflects a call.
// docs/numbers.md "Classes".
#pragma once

#include "phone/phone.h"

// The class of a stored target (phone.h) at this site: of a number, or of what is dialled for a
// sip: address. Whether it reaches an emergency service is asked first, before the internal ranges.
// The words "mailbox" and "mobile" are NUMBER_UNKNOWN, as is what is no number at all. May be
// called by several threads at once.
enum model_number_class country_classify(const struct phone_numbering *numbering,
                                         struct span target);
