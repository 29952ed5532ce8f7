// SPDX-License-Identifier: Apache-2.0
// The product's nouns as plain data: settings (group, user, line, forwarding) with a table that
// describes their fields, presets of groups, snapshots of them for the engine, registration states,
// verdict words, journal entries. No behaviour beyond naming things.
#pragma once

#include "model/names.h"

#include "model/alarm.h"
#include "model/audit.h"
#include "model/binding.h"
#include "model/check.h"
#include "model/desk_phone.h"
#include "model/field.h"
#include "model/figures.h"
#include "model/journal.h"
#include "model/preset.h"
#include "model/registration.h"
#include "model/settings.h"
#include "model/snapshot.h"
