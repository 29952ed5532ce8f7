// SPDX-License-Identifier: Apache-2.0
// A peer that answers our requests, each with its own mind; a stateless one, that answers every
// copy alike.
#pragma once

#include "sim/network.h"
#include "sip/sip.h"

void registrar_receive(struct sim *sim, const struct sip_message *request);
// What it makes of the request with this number: 0: silence, else the final status.
unsigned registrar_status(const struct sim *sim, unsigned number);
