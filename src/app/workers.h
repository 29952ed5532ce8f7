// SPDX-License-Identifier: Apache-2.0
// All workers, and what goes to which of them: settings, questions, the end.
#pragma once

#include "app/registrations.h"
#include "app/worker.h"
#include "settings/settings.h"

struct workers;

// Makes as many as the configuration says, each with its sockets bound. `parts` needs no `workers`;
// what it names, and the registrations from before, must outlive them. NULL on failure with
// `*problem`.
struct workers *workers_new(const struct app_config *config, const struct worker_parts *parts,
                            const struct registrations *registrations,
                            struct net_problem *problem) WARN_UNUSED;
// Starts their threads.
enum err workers_start(struct workers *workers) WARN_UNUSED;
// Reads the certificate and its key anew; what is wrong with them is logged.
void workers_reload(struct workers *workers);
// Ends the threads; registrations at the PBX are kept.
void workers_stop(struct workers *workers);
// Whether each of them answers (worker_is_working). From any one thread.
bool workers_are_working(struct workers *workers);
void workers_free(struct workers *workers);

// The listener that brings settings to the workers; for the settings' thread.
struct settings_listener workers_listener(struct workers *workers);

// A user has a page of the web client open, or none any more. From the settings' thread.
void workers_set_web_client(struct workers *workers, uint32_t user_id, bool is_live);

// What has become of a feature code: for the worker where it was dialled.
void workers_tell_obeyed(struct workers *workers, const struct order *order,
                         const struct code_outcome *outcome);

// ---- Questions; who asks waits for the answer. From the settings' thread.

// See engine_assume_clients, engine_assumed_clients (false: nothing is assumed), engine_deflect.
bool workers_assume_clients(struct workers *workers, uint32_t line_id,
                            const struct client_assumption *assumption);
// Forgets what was forwarded for a line.
void workers_lift_limits(struct workers *workers, uint32_t line_id);
bool workers_assumed_clients(struct workers *workers, uint32_t line_id,
                             struct client_assumption *out);
// How many live clients a user has, see engine_live_clients.
uint32_t workers_live_clients(struct workers *workers, uint32_t user_id);
// `number`: of a call (calls.h).
enum call_deflection workers_deflect(struct workers *workers, uint64_t number,
                                     const struct fwd_target *target, enum fwd_finding *finding);
// See engine_decline.
bool workers_decline(struct workers *workers, uint64_t number);
// See engine_hang_up.
bool workers_hang_up(struct workers *workers, uint64_t number);
// Starts a check of a group, by a worker that has three lines for it; see engine_start_check.
enum engine_check_result workers_start_check(struct workers *workers, struct engine_check *order,
                                             uint32_t *line_id);
// Ends it before its time; false when there is none of that number.
bool workers_stop_check(struct workers *workers, uint32_t number);
