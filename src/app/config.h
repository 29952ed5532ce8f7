// SPDX-License-Identifier: Apache-2.0
// What is needed to start: addresses, where the data is, how large the pools are. Everything else
// is a setting in the store. A file (libconfig) and the command line; the command line wins.
#pragma once

#include "base/base.h"

enum { PATH_SIZE = 512, CONFIG_PROBLEM_SIZE = 256, WORKERS_MAX = 16 };
enum { REALM_SIZE = 41 }; // with a longer one, challenges would be larger than what causes them

// Addresses with their ports, of any family.
enum { ADDRESS_LIST_MAX = 8 };
struct address_list {
    struct address at[ADDRESS_LIST_MAX];
    uint32_t count;
};

struct app_config {
    struct address_list sip; // that we listen on, UDP and TCP; at least one
    // The first of the ports that media are sent from, one for each address of `sip` and each
    // worker; 0: the system chooses
    uint32_t media_port;
    uint32_t workers;        // the k-th (from 0) listens on the ports of `sip` and `tls` plus k
    struct address api;      // that the REST API listens on
    char public_address[64]; // that the PBX reaches us by, where that differs; empty: found out
    char data_dir[PATH_SIZE];
    struct address_list tls; // that we listen on by TLS, if there is a certificate
    char tls_certificate[PATH_SIZE];
    char tls_key[PATH_SIZE];
    uint32_t session_idle_s; // a session at the API that is not used for so long ends
    uint32_t session_max_s;  // after so long it ends in any case
    uint32_t behind_proxy;   // 1: X-Forwarded-For, -Proto and -Host are those of a proxy of ours
    uint32_t api_requests_per_s; // of one source, and of one user or token; 0: any number
    uint32_t metrics_open;       // 1: metrics need no token on this machine
    uint32_t lines_max;
    char realm[REALM_SIZE];    // that devices' passwords are for
    uint32_t devices_md5_only; // 1: challenges offer no SHA-256
    uint32_t devices_max;      // that register with us
    uint32_t groups_max;
    uint32_t calls_max;               // held or waiting for their ACK at the same time
    uint32_t transactions_max;        // finished ones that still absorb retransmissions included
    uint32_t journal_max_mb;          // the oldest calls go when the journal is larger; 0: any size
    uint32_t audit_days;              // that changes of settings stay in the audit; 0: for ever
    uint32_t log_format;              // enum log_format
    struct address_list name_servers; // none: the system's
};

// Reads `lineward serve`'s arguments (argv[0] is "serve") and the configuration file that they
// name. On failure returns false with `problem` naming the file, the line or the option, and the
// reason.
bool app_read_config(int argc, char **argv, struct app_config *config,
                     char problem[CONFIG_PROBLEM_SIZE]);

// Where the worker `number` sends media from that have to do with the `index`-th address of `sip`.
struct address app_config_media(const struct app_config *config, uint32_t number, uint32_t index);

// What holds for the worker `number` (from 0 on): its own ports.
void app_config_of_worker(const struct app_config *config, uint32_t number, struct app_config *out);
