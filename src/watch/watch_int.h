// SPDX-License-Identifier: Apache-2.0
// The inside of the table of subscriptions.
#pragma once

#include "watch/watch.h"

enum watch_package { PACKAGE_DIALOG, PACKAGE_PRESENCE, PACKAGE_SUMMARY, PACKAGE_COUNT };

struct watch_package_info {
    const char *name, *type; // of the event package, of its documents
};
extern const struct watch_package_info watch_packages[PACKAGE_COUNT];
#define WATCH_ALLOW_EVENTS "Allow-Events: dialog, presence, message-summary\r\n"

enum { EVENT_ID_SIZE = 40, BODY_SIZE = 4096, SUMMARY_SIZE = 200, SHOWN_CALLS_MAX = 16 };

struct subscription {
    uint32_t device_id;
    uint32_t line_id; // that is watched
    uint32_t user_id; // its owner, 0: nobody
    uint8_t package;  // enum watch_package
    bool is_own;      // the line is one of the device's user
    bool is_changed;  // and not told yet
    bool is_waiting;  // for the answer to a notice
    uint32_t version; // of the next document (RFC 4235 section 4.1.1)
    uint64_t told_hash;
    uint64_t expires_us, told_us; // monotonic; told_us is 0 before the first time
    char event_id[EVENT_ID_SIZE]; // RFC 6665 section 8.2.1; empty: none
    struct dialog dialog;
    char texts[DIALOG_TEXT_MAX]; // the dialog's
};

// A call as it was shown last.
struct watched_call {
    struct pool_id call;
    uint32_t line_id;
    uint8_t state; // enum watch_state
    bool is_outgoing;
    struct texts texts;
    struct text remote, display;
};

// What a PBX has said of a line's messages.
struct summary {
    uint32_t line_id;
    char text[SUMMARY_SIZE]; // as it is told on
};

struct watch_table {
    struct pool subscriptions, calls, summaries;
    struct text_store *texts;                         // of calls
    struct index by_tag, by_line, by_user, by_device; // subscriptions
    struct index by_call, calls_by_line;              // calls
    struct index summary_by_line;
    struct deadlines deadlines; // of subscriptions
    struct watch_neighbours neighbours;
    uint8_t hash_key[16];
};

// ---- table.c

uint64_t watch_hash_tag(const struct watch_table *table, struct span tag);
// Makes a subscription whose ids, package and local tag are set findable.
void watch_index(struct watch_table *table, struct pool_id id);
void watch_free(struct watch_table *table, struct pool_id id);
// The line's call; NULL at the end.
const struct watched_call *watch_next_call(const struct watch_table *table, uint32_t line_id,
                                           struct index_search *search);
// What the PBX has said, or NULL.
const struct summary *watch_summary_of(const struct watch_table *table, uint32_t line_id);

// ---- notify.c

// When the subscription is to be looked at again.
void watch_set_deadline(struct watch_table *table, struct pool_id id);
// The last notice: why, as in "timeout" (RFC 6665 section 4.1.3). The subscription is gone then.
void watch_end(struct watch_table *table, struct turn *turn, struct pool_id id, const char *reason);

// ---- document.c

// Prints what the subscription is told, without what changes with each notice; false when there is
// nothing to be told any more, as the line is gone.
bool watch_put_document(struct buffer *out, const struct watch_table *table,
                        const struct subscription *subscription);
// Prints the beginning and the end around it.
void watch_put_whole(struct buffer *out, const struct watch_table *table,
                     const struct subscription *subscription, struct span document);
