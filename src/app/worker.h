// SPDX-License-Identifier: Apache-2.0
// A worker: an engine with its loop and socket, in a thread of its own. Settings come in as
// commands; states and journal entries go out.
#pragma once

#include "app/config.h"
#include "app/journal.h"
#include "app/news.h"
#include "app/registrations.h"
#include "app/states.h"
#include "app/tap.h"
#include "app/uses.h"
#include "app/waiting.h"
#include "engine/engine.h"
#include "net/net.h"
#include "settings/settings.h"

struct worker;

// What a worker works with; all of it must outlive the worker.
struct worker_parts {
    struct states *states;
    struct journal *journal;
    struct waiting *waiting;                   // calls that are held or ring
    const struct registrations *registrations; // from before
    struct tap *tap;
    news_api *api; // who is told what happens
    struct uses *uses;
};
// Binds the SIP address. NULL on failure with `*problem`.
struct worker *worker_new(const struct app_config *config, const struct worker_parts *parts,
                          struct net_problem *problem) WARN_UNUSED;
// Starts the thread.
enum err worker_start(struct worker *worker) WARN_UNUSED;
// Reads the certificate and its key anew; what is wrong with them is logged.
void worker_reload(struct worker *worker);
// Ends the thread; registrations at the PBX are kept.
void worker_stop(struct worker *worker);
// Whether it answers: it was woken at most a few seconds after the last call. From any one thread.
bool worker_is_working(struct worker *worker);
void worker_free(struct worker *worker);

// ---- Questions; who asks waits for the answer. From any thread but the worker's.

// See engine_assume_clients, engine_assumed_clients (false: nothing is assumed), engine_deflect.
bool worker_assume_clients(struct worker *worker, uint32_t line_id,
                           const struct client_assumption *assumption);
bool worker_assumed_clients(struct worker *worker, uint32_t line_id, struct client_assumption *out);
enum call_deflection worker_deflect(struct worker *worker, struct pool_id call,
                                    const struct fwd_target *target, enum fwd_finding *finding);

// The listener that brings settings to this worker; for the settings' thread.
struct settings_listener worker_listener(struct worker *worker);
