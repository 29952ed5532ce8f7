// SPDX-License-Identifier: Apache-2.0
// Where devices are registered, as the workers tell it: shown by the API, and kept in a file of the
// data directory, so that devices can be called after a restart before they register again. The
// file is written now and then, like that of the registrations.
#pragma once

#include "api/api.h"
#include "client/client.h"

struct bindings;

// Reads the file of `data_dir`; without one, or with a damaged one, there is nothing in it. NULL
// when memory is out.
struct bindings *bindings_load(const char *data_dir, uint32_t devices_max) WARN_UNUSED;
void bindings_free(struct bindings *bindings);
// What was loaded of a device, at most `max`, once: the second time there is nothing. From any
// thread.
size_t bindings_take_saved(struct bindings *bindings, uint32_t device_id, struct model_binding *out,
                           size_t max);
// A worker tells how a binding stands. From any thread.
void bindings_told(struct bindings *bindings, uint32_t worker, const struct client_shown *shown);
// The bindings of a device now, at most `max`.
size_t bindings_list(struct bindings *bindings, uint32_t device_id, struct api_binding *out,
                     size_t max);
// Writes them in place of the file. Failures are logged, once.
void bindings_save(struct bindings *bindings);
