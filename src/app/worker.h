// SPDX-License-Identifier: Apache-2.0
// A worker: an engine with its loop and socket, in a thread of its own. Settings come in as
// commands; states and journal entries go out.
#pragma once

#include "app/alarms.h"
#include "app/bindings.h"
#include "app/calls.h"
#include "app/checks.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/journal.h"
#include "app/news.h"
#include "app/orders.h"
#include "app/parcels.h"
#include "app/states.h"
#include "app/tap.h"
#include "app/uses.h"
#include "engine/engine.h"
#include "net/net.h"

struct worker;

// What a worker works with; all of it must outlive the worker.
struct worker_parts {
    struct states *states;
    struct journal *journal;
    struct calls *calls;       // that there are
    struct bindings *bindings; // of devices
    struct tap *tap;
    news_api *api; // who is told what happens
    struct uses *uses;
    struct orders *orders;
    struct alarms *alarms;
    struct checks *checks;         // of line groups, that run
    struct worker *const *workers; // all of them by their numbers, this one too
};
// Makes the worker `number` (from 0 on) and binds its SIP addresses. NULL on failure with
// `*problem`.
struct worker *worker_new(const struct app_config *config, const struct worker_parts *parts,
                          uint32_t number, struct net_problem *problem) WARN_UNUSED;
// Starts the thread.
enum err worker_start(struct worker *worker) WARN_UNUSED;
// Ends the thread; registrations at the PBX are kept.
void worker_stop(struct worker *worker);
// Whether it answers: it was woken at most a few seconds after the last call. From any one thread.
bool worker_is_working(struct worker *worker);
void worker_free(struct worker *worker);

// Gives it something to do: from any thread but its own; waits while its queue is full. What the
// command has on the heap is the worker's from now on.
void worker_tell(struct worker *worker, struct command command);
// Asks, and waits for the answer: from any thread but a worker's.
void worker_ask(struct worker *worker, struct question *question);
