// SPDX-License-Identifier: Apache-2.0
// What every layer stands on: text spans, bounded buffers, kept texts, dates, arenas, effects, hash
// tables, pools, deadlines, seeded random numbers, network addresses. Nothing here knows an
// operating system: no clock, no socket, no heap. Memory comes from the caller.
#pragma once

#include "base/error.h"

#include "base/span.h"

#include "base/address.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/civil.h"
#include "base/deadlines.h"
#include "base/index.h"
#include "base/overload.h"
#include "base/pool.h"
#include "base/prefetch.h"
#include "base/random.h"
#include "base/texts.h"
#include "base/turn.h"
#include "base/utf8.h"
