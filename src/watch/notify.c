// SPDX-License-Identifier: Apache-2.0
// Telling: NOTIFY at once, after a change, and at the end; at most one in a second for each
// subscription, of which the latest state is what counts. RFC 6665 sections 4.2.2 and 4.2.3.
//
//   SUBSCRIBE --> (told) --change--> (changed) --a second after the last notice--> (told) ...
//                   |                                                        481, no answer: gone
//                   `-- expired, line or device removed: NOTIFY terminated, gone
#include "watch/watch_int.h"

#include <string.h>

enum { NOTIFY_SIZE = BODY_SIZE + 4096, MAX_FORWARDS = 70 };

void watch_set_deadline(struct watch_table *table, struct pool_id id)
{
    const struct subscription *of = pool_find(&table->subscriptions, id);
    uint64_t at_us = of->expires_us;
    bool is_due = of->is_changed && !of->is_waiting;
    uint64_t next_us = of->told_us > 0 ? of->told_us + WATCH_PACE_US : 0;
    if (is_due && next_us < at_us) at_us = next_us;
    deadlines_set(&table->deadlines, id.index, at_us);
}

// ---- The message

struct notice {
    const char *ended; // reason; NULL: it goes on
    struct span document;
};

static void put_state(struct buffer *out, const struct turn *turn, const struct subscription *of,
                      const struct notice *notice)
{
    uint64_t left_us = of->expires_us > turn->now_us ? of->expires_us - turn->now_us : 0;
    if (notice->ended) {
        buffer_printf(out, "Subscription-State: terminated;reason=%s\r\n", notice->ended);
    } else {
        buffer_printf(out, "Subscription-State: active;expires=%llu\r\n",
                      (unsigned long long)(left_us / 1000000));
    }
}

static void put_headers(struct buffer *out, const struct turn *turn, const struct subscription *of,
                        const struct notice *notice)
{
    const struct watch_package_info *package = &watch_packages[of->package];
    call_dialog_put_contact(out, &of->dialog);
    buffer_printf(out, "Event: %s", package->name);
    if (of->event_id[0]) buffer_printf(out, ";id=%s", of->event_id);
    buffer_put_text(out, "\r\n");
    put_state(out, turn, of, notice);
    buffer_put_text(out, WATCH_ALLOW_EVENTS);
    if (notice->document.len > 0) buffer_printf(out, "Content-Type: %s\r\n", package->type);
}

static void send(struct watch_table *table, struct turn *turn, struct pool_id id,
                 const struct notice *notice)
{
    struct subscription *of = pool_find(&table->subscriptions, id);
    struct watch_notify *effect = turn_emit(turn, WATCH_NOTIFY, sizeof *effect);
    char *bytes = arena_take(turn->arena, NOTIFY_SIZE);
    if (!effect || !bytes) return; // it is told with the next change, or expires
    struct buffer out = buffer_over(bytes, NOTIFY_SIZE);
    effect->subscription = id;
    effect->flow = of->dialog.flow;
    effect->branch = txn_new_branch(turn);
    call_dialog_put_request(&out, &of->dialog,
                            &(struct dialog_request){.method = SIP_NOTIFY,
                                                     .branch = effect->branch,
                                                     .cseq = ++of->dialog.local_cseq,
                                                     .max_forwards = MAX_FORWARDS});
    put_headers(&out, turn, of, notice);
    sip_put_end(&out, notice->document);
    effect->bytes = out.is_full ? SPAN_NONE : buffer_span(&out);
    of->is_waiting = true;
}

// The state as it is now. `is_asked`: also if it is the one that was told last.
static void tell(struct watch_table *table, struct turn *turn, struct pool_id id, bool is_asked)
{
    struct subscription *of = pool_find(&table->subscriptions, id);
    char part_bytes[BODY_SIZE], whole_bytes[BODY_SIZE];
    struct buffer part = buffer_over(part_bytes, sizeof part_bytes - 512);
    struct buffer whole = buffer_over(whole_bytes, sizeof whole_bytes);
    of->is_changed = false;
    if (!watch_put_document(&part, table, of)) {
        watch_end(table, turn, id, "noresource");
        return;
    }
    uint64_t hash = hash_keyed(table->hash_key, buffer_span(&part));
    if (is_asked || hash != of->told_hash) {
        watch_put_whole(&whole, table, of, buffer_span(&part));
        of->told_hash = hash;
        of->told_us = turn->now_us;
        of->version++;
        struct notice notice = {.document = whole.is_full || part.is_full ? SPAN_NONE
                                                                          : buffer_span(&whole)};
        send(table, turn, id, &notice);
    }
    watch_set_deadline(table, id);
}

void watch_tell(struct watch_table *table, struct turn *turn, struct pool_id id)
{
    const struct subscription *of = pool_find(&table->subscriptions, id);
    if (!of) return;
    if (of->expires_us <= turn->now_us) {
        watch_end(table, turn, id, "timeout"); // it was for this once, or is ended by its owner
    } else {
        tell(table, turn, id, true);
    }
}

// With the last state where there is one: who has asked only once is told it so.
void watch_end(struct watch_table *table, struct turn *turn, struct pool_id id, const char *reason)
{
    struct subscription *of = pool_find(&table->subscriptions, id);
    char part_bytes[BODY_SIZE], whole_bytes[BODY_SIZE];
    struct buffer part = buffer_over(part_bytes, sizeof part_bytes - 512);
    struct buffer whole = buffer_over(whole_bytes, sizeof whole_bytes);
    struct notice notice = {.ended = reason};
    if (!of) return;
    if (watch_put_document(&part, table, of) && !part.is_full) {
        watch_put_whole(&whole, table, of, buffer_span(&part));
        if (!whole.is_full) notice.document = buffer_span(&whole);
    }
    send(table, turn, id, &notice);
    watch_free(table, id);
}

// ---- Its answer

void watch_responded(struct watch_table *table, struct turn *turn, struct pool_id id,
                     const struct sip_message *response)
{
    struct subscription *of = pool_find(&table->subscriptions, id);
    (void)turn;
    if (!of || (response && response->status < 200)) return;
    bool is_kept = response &&
                   (response->status < 300 || response->status == 500 || response->status == 503);
    if (!is_kept) {
        watch_free(table, id);
        return;
    }
    of->is_waiting = false;
    watch_set_deadline(table, id);
}

// ---- Time

uint64_t watch_deadline_us(const struct watch_table *table)
{
    return deadlines_next_us(&table->deadlines);
}

void watch_tick(struct watch_table *table, struct turn *turn)
{
    uint32_t index;
    for (unsigned i = 0; i < WATCH_TICK_MAX; i++) {
        struct pool_id id;
        if (!deadlines_take_due(&table->deadlines, turn->now_us, &index)) return;
        const struct subscription *of = pool_at(&table->subscriptions, index, &id);
        if (!of) continue;
        if (of->expires_us <= turn->now_us) {
            watch_end(table, turn, id, "timeout");
        } else {
            tell(table, turn, id, false);
        }
    }
}
