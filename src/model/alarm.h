// SPDX-License-Identifier: Apache-2.0
// What an administrator has to know of a line's forwardings, and stays told until it is lifted.
#pragma once

#include "model/names.h"

enum model_alarm_kind {
    ALARM_FORWARDED_AT_ONCE,  // as many calls are forwarded at the moment as may be
    ALARM_FORWARDED_PER_HOUR, // as many were within an hour
    ALARM_REDIRECT_LOST,      // a call that was redirected to one of our lines did not come there
    ALARM_KIND_COUNT,
};
extern const struct model_names model_alarm_kinds;
