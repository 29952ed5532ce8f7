// SPDX-License-Identifier: Apache-2.0
// Which clients a user has and whether they are logged in. behaviour: a user is logged in who has
// not signed off by hand and has at least one live client; the setting `on` stands for a client
// that is always there.
#pragma once

#include "model/model.h"

// ---- Assumed clients: a test aid. Real ones cannot register yet; until then one can say what a
// line's clients do, so that what depends on them can be tried and tested. Kept in memory only.

struct client_assumption {
    enum model_clients clients;
    uint32_t call_count;                  // calls of the line that are answered
    char target[TEXT_SIZE];               // CLIENTS_DEFLECT: stored form
    enum model_number_class number_class; // of the target
};

struct client_table;

enum { CLIENT_ASSUMPTIONS_MAX = 1024 };

size_t client_memory_size(void);
// Makes a table in `memory` (zeroed, aligned to 16; it must outlive the table).
struct client_table *client_init(void *memory);
// Assumes something of a line's clients, NULL: nothing any more. False when there are
// CLIENT_ASSUMPTIONS_MAX others.
bool client_assume(struct client_table *table, uint32_t line_id,
                   const struct client_assumption *assumption);
// What is assumed of a line's clients, or NULL.
const struct client_assumption *client_assumed(const struct client_table *table, uint32_t line_id);

// ---- Logged in or not

struct client_presence {
    bool is_logged_in;
    bool has_clients; // something rings when a call comes
};

// What `login` and the number of live clients amount to.
struct client_presence client_presence_of(enum model_login login, uint32_t live_client_count);
