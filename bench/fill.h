// SPDX-License-Identifier: Apache-2.0
// The settings that the benchmark's calls meet: one group and many lines, each with its own user
// and several forwardings.
#pragma once

#include "store/store.h"

// A line's device: its SIP user name and password, in texts of FILL_DEVICE_SIZE.
enum { FILL_DEVICE_SIZE = 24 };
void fill_device_user(char *out, uint32_t number);
void fill_device_password(char *out, uint32_t number);

struct fill {
    uint32_t line_count, pbx_port;
    bool has_devices; // each line's user has one, and nothing of theirs is forwarded at once
};
// Fills a new store, in one transaction straight into it: by the API it would be one transaction
// for each line. Ends the program, saying why, when that fails.
void fill_store(struct store *store, const struct fill *fill);
