// SPDX-License-Identifier: Apache-2.0
// A device's call to a feature code: never sent to the PBX, but answered here, once the settings
// have done what was dialled, and stored it. docs/feature-codes.md; RFC 3261, RFC 3264, RFC 3550.
//
//   INVITE --> ASKED --the settings' answer--> ANSWERED --ACK--> PLAYING --the tone is over--> BYE
//                |                                |
//                | no session description, or     | no ACK for 32 s: BYE
//                | the group wants no tones:
//                v 480 or 403, with a text for the display
//
// The settings work on another thread; they may answer late, or not at all.
#include "call/bridge_int.h"

#include <string.h>

enum {
    FEATURES_MAX = 256,              // at the same time
    PATIENCE_US = 5 * 1000 * 1000,   // with the settings
    PACKET_US = 20 * 1000,           //
    PACKETS_AT_ONCE = 5,             // of those that are late
    SILENCE_SAMPLES = CODE_RATE / 5, // behind the tone, before the BYE
    LATE_MARK_US = 30 * 1000 * 1000, // ANSWERED: the transaction tells its end first
};

enum feature_state { FEATURE_ASKED, FEATURE_ANSWERED, FEATURE_PLAYING };

struct feature {
    struct pool_id txn;
    uint32_t device_id;
    uint8_t state; // enum feature_state
    bool has_media;
    struct dialog dialog;
    char texts[DIALOG_TEXT_MAX]; // the dialog's
    struct code_offer offer;
    uint8_t tone;        // enum code_tone
    uint64_t next_us;    // when the next packet is due; ASKED: when patience is over
    uint32_t sent_count; // packets
    uint32_t timestamp, source;
    uint16_t sequence;
    uint16_t sdp_len;
    char sdp[CODE_ANSWER_SIZE];
};

struct call_codes {
    struct pool features;
    struct index by_tag;
    struct deadlines deadlines;
    struct call_neighbours neighbours;
    uint8_t hash_key[16];
    struct code_sine sine;
};

static size_t head_size(void)
{
    return (sizeof(struct call_codes) + 15) / 16 * 16;
}

size_t call_codes_memory_size(void)
{
    return head_size() + pool_memory_size(sizeof(struct feature), FEATURES_MAX) +
           index_memory_size(FEATURES_MAX) + deadlines_memory_size(FEATURES_MAX);
}

struct call_codes *call_codes_init(void *memory, const uint8_t hash_key[16],
                                   struct call_neighbours neighbours)
{
    struct call_codes *codes = memory;
    char *next = (char *)memory + head_size();
    next = pool_init(&codes->features, next, sizeof(struct feature), FEATURES_MAX);
    next = index_init(&codes->by_tag, next, FEATURES_MAX);
    deadlines_init(&codes->deadlines, next, FEATURES_MAX);
    codes->neighbours = neighbours;
    memcpy(codes->hash_key, hash_key, sizeof codes->hash_key);
    code_make_sine(&codes->sine);
    return codes;
}

// ---- Whether it is one

bool call_code_read(const struct line_group *group, const struct sip_message *invite,
                    struct code_order *order)
{
    char bytes[128], reason[REASON_SIZE];
    struct buffer user = buffer_over(bytes, sizeof bytes);
    struct code_table table;
    sip_put_unescaped(&user, invite->uri.user);
    struct span dialled = buffer_span(&user);
    if (user.is_full || dialled.len == 0) return false;
    if (dialled.at[0] != '*' && dialled.at[0] != '#') return false;
    // It was checked when it was saved.
    if (code_read_table(span_of(group->snapshot->settings.feature_codes), &table, reason)) {
        return false;
    }
    return code_read_dialled(&table, dialled, order);
}

// ---- Places

static uint64_t hash_of(const struct call_codes *codes, const char tag[TXN_TAG_BYTES])
{
    return hash_keyed(codes->hash_key, (struct span){tag, TXN_TAG_BYTES});
}

static void set_deadline(struct call_codes *codes, struct pool_id id, uint64_t at_us)
{
    struct feature *feature = pool_find(&codes->features, id);
    feature->next_us = at_us;
    deadlines_set(&codes->deadlines, id.index, at_us);
}

// One at a time of each device: who dials the next code has heard of the last one.
bool call_code_reserve(struct call_codes *codes, uint32_t device_id, struct pool_id *id)
{
    for (uint32_t i = 0; codes->features.used_count > 0 && i < FEATURES_MAX; i++) {
        const struct feature *other = pool_at(&codes->features, i, id);
        if (other && other->device_id == device_id) return false;
    }
    struct feature *feature = pool_take(&codes->features, id);
    if (!feature) return false;
    feature->device_id = device_id;
    return true;
}

void call_code_abandon(struct call_codes *codes, struct pool_id id)
{
    const struct feature *feature = pool_find(&codes->features, id);
    if (!feature) return;
    deadlines_set(&codes->deadlines, id.index, DEADLINE_NEVER);
    index_remove(&codes->by_tag, hash_of(codes, feature->dialog.local_tag), id);
    pool_free(&codes->features, id);
}

// ---- The INVITE

// Whether a peer said an address that nobody outside its own network can send to.
static bool is_private(const struct address *address)
{
    static const char *const ranges[] = {"10.0.0.0/8",     "172.16.0.0/12", "192.168.0.0/16",
                                         "169.254.0.0/16", "100.64.0.0/10", "fc00::/7",
                                         "fe80::/10"};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        struct address_range range;
        bool is_read = address_parse_range(span_of(ranges[i]), &range);
        ASSERT(is_read);
        if (address_is_in(address, &range)) return true;
    }
    return false;
}

// Where its media are sent from, and the answer to its session description.
static bool prepare_media(const struct call_codes *codes, struct feature *feature,
                          const struct call_outgoing *outgoing)
{
    const struct call_neighbours *beside = &codes->neighbours;
    const struct address *source = &outgoing->flow.peer;
    struct address own, *peer = &feature->offer.peer;
    struct span type = sip_header_value(outgoing->invite, SIP_CONTENT_TYPE);
    struct buffer out = buffer_over(feature->sdp, sizeof feature->sdp);
    type = span_trim(span_slice(type, 0, span_find(type, ';')));
    if (!outgoing->group->snapshot->settings.is_feature_heard || !beside->media_towards)
        return false;
    if (!span_eq_nocase(type, SPAN("application/sdp"))) return false;
    if (!code_read_offer(outgoing->invite->body, &feature->offer)) return false;
    // Behind NAT it does not know where it is reached: the way that its INVITE came is the best
    // guess.
    if (peer->family == source->family && is_private(peer)) {
        memcpy(peer->bytes, source->bytes, sizeof peer->bytes);
    }
    if (!beside->media_towards(beside->context, &outgoing->flow, &own)) return false;
    if (own.family != peer->family) return false;
    code_put_answer(&out, outgoing->invite->body, &feature->offer, &own);
    feature->sdp_len = (uint16_t)out.len;
    return !out.is_full;
}

struct code_ask {
    const struct call_outgoing *outgoing;
    const struct code_order *order;
};

static void ask(const struct call_codes *codes, struct turn *turn, struct pool_id id,
                const struct code_ask *of)
{
    const struct call_outgoing *outgoing = of->outgoing;
    const struct snapshot_device *device = client_find_device(codes->neighbours.clients,
                                                              outgoing->device_id);
    struct call_code_dialled *effect = turn_emit(turn, CALL_CODE_DIALLED, sizeof *effect);
    if (!effect || !device) return; // it was, when it gave its proof
    effect->user = span_of(device->user);
    effect->device = span_of(device->name);
    effect->code = id;
    effect->group = span_of(outgoing->group->snapshot->settings.name);
    effect->extension = snapshot_text(outgoing->line, outgoing->line->extension);
    effect->order = *of->order;
    effect->patience_us = PATIENCE_US;
}

void call_code_begin(struct call_codes *codes, struct turn *turn, struct pool_id id,
                     const struct call_outgoing *outgoing, const struct code_order *order)
{
    const struct call_neighbours *beside = &codes->neighbours;
    struct feature *feature = pool_find(&codes->features, id);
    char bytes[128];
    struct buffer user = buffer_over(bytes, sizeof bytes); // it is no longer: it was read as a code
    sip_put_unescaped(&user, outgoing->invite->uri.user);
    struct dialog_peer peer = {.flow = outgoing->flow, .contact_user = buffer_span(&user)};
    feature->txn = outgoing->txn;
    feature->dialog.texts = texts_over(feature->texts, sizeof feature->texts);
    feature->state = FEATURE_ASKED;
    call_dialog_new_tag(feature->dialog.local_tag, turn);
    bool is_added = index_add(&codes->by_tag, hash_of(codes, feature->dialog.local_tag), id);
    ASSERT(is_added); // it has room for all of the pool
    feature->has_media = beside->own_towards &&
                         beside->own_towards(beside->context, &outgoing->flow, &peer.own) &&
                         call_dialog_of_invite(&feature->dialog, outgoing->invite, &peer) &&
                         prepare_media(codes, feature, outgoing);
    if (order->fault) {
        struct code_outcome outcome = {.tone = TONE_REFUSED};
        struct buffer text = buffer_over(outcome.text, sizeof outcome.text - 1);
        buffer_printf(&text, "the code %s", order->fault);
        call_code_obeyed(codes, turn, id, &outcome);
        return;
    }
    set_deadline(codes, id, turn->now_us + PATIENCE_US);
    ask(codes, turn, id, &(struct code_ask){outgoing, order});
}

// ---- The answer

// A display that shows who was called shows the text; so does one that shows why a call failed.
static void put_text(struct buffer *out, const struct code_outcome *outcome)
{
    struct span text = span_of(outcome->text);
    buffer_put_text(out, "Warning: 399 lineward ");
    sip_put_quoted(out, text);
    buffer_put(out, SPAN("\r\n"));
}

static void put_identity(struct buffer *out, const struct feature *feature,
                         const struct code_outcome *outcome)
{
    buffer_put_text(out, "P-Asserted-Identity: ");
    sip_put_quoted(out, span_of(outcome->text));
    buffer_put_text(out, " <sip:");
    sip_put_escaped_user(out, call_dialog_text(&feature->dialog, feature->dialog.contact_user));
    buffer_put_byte(out, '@');
    address_print_host(out, &feature->dialog.own);
    buffer_put_text(out, ">\r\n");
}

static void answer_with_tone(struct call_codes *codes, struct turn *turn, struct pool_id id,
                             const struct code_outcome *outcome)
{
    struct feature *feature = pool_find(&codes->features, id);
    struct buffer out;
    if (!call_open_message(turn, NULL, &out)) return;
    call_dialog_put_contact(&out, &feature->dialog);
    put_identity(&out, feature, outcome);
    put_text(&out, outcome);
    buffer_put_text(&out, "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE\r\n"
                          "Content-Type: application/sdp\r\n");
    feature->tone = (uint8_t)outcome->tone;
    feature->state = FEATURE_ANSWERED;
    set_deadline(codes, id, turn->now_us + 2 * (uint64_t)LATE_MARK_US);
    call_reply(turn, feature->txn,
               &(struct txn_answer){.status = 200,
                                    .headers = buffer_span(&out),
                                    .body = {feature->sdp, feature->sdp_len},
                                    .to_tag = call_dialog_tag(&feature->dialog),
                                    .is_insistent = true});
}

static unsigned status_of(const struct code_outcome *outcome)
{
    if (outcome->is_trouble) return 500;
    return outcome->tone == TONE_REFUSED ? 403 : 480;
}

void call_code_obeyed(struct call_codes *codes, struct turn *turn, struct pool_id id,
                      const struct code_outcome *outcome)
{
    struct feature *feature = pool_find(&codes->features, id);
    struct buffer out;
    struct span reason = SPAN_NONE;
    if (!feature || feature->state != FEATURE_ASKED) return;
    if (feature->has_media) {
        answer_with_tone(codes, turn, id, outcome);
        return;
    }
    (void)arena_copy(turn->arena, span_of(outcome->text), &reason);
    if (call_open_message(turn, NULL, &out)) {
        put_text(&out, outcome);
        call_reply(turn, feature->txn,
                   &(struct txn_answer){.status = status_of(outcome),
                                        .reason = reason,
                                        .headers = buffer_span(&out)});
    }
    call_code_abandon(codes, id);
}

// ---- What its transaction tells

void call_code_cancelled(struct call_codes *codes, struct turn *turn, struct pool_id id)
{
    const struct feature *feature = pool_find(&codes->features, id);
    if (!feature || feature->state != FEATURE_ASKED) return;
    call_reply(turn, feature->txn, &(struct txn_answer){.status = 487});
    call_code_abandon(codes, id);
}

static void hang_up(struct call_codes *codes, struct turn *turn, struct pool_id id)
{
    struct feature *feature = pool_find(&codes->features, id);
    struct dialog *dialog = &feature->dialog;
    struct span branch = txn_new_branch(turn);
    struct buffer out;
    if (call_open_message(turn, NULL, &out)) {
        call_dialog_put_request(&out, dialog,
                                &(struct dialog_request){.method = SIP_BYE,
                                                         .branch = branch,
                                                         .cseq = ++dialog->local_cseq,
                                                         .max_forwards = 70});
        sip_put_end(&out, SPAN_NONE);
        call_leg_emit_request(turn, &(struct call_request){.owner = CALL_OWNS_NOTHING,
                                                           .flow = dialog->flow,
                                                           .method = SIP_BYE,
                                                           .bytes = buffer_span(&out),
                                                           .branch = branch});
    }
    call_code_abandon(codes, id);
}

// The 200 was not acknowledged.
void call_code_settled(struct call_codes *codes, struct turn *turn, struct pool_id id)
{
    const struct feature *feature = pool_find(&codes->features, id);
    if (feature && feature->state == FEATURE_ANSWERED) hang_up(codes, turn, id);
}

// ---- Within its dialog

static struct feature *find(const struct call_codes *codes, const struct sip_message *request,
                            struct pool_id *id)
{
    struct span tag = request->to.tag;
    if (codes->features.used_count == 0 || tag.len != TXN_TAG_BYTES) return NULL;
    struct index_search search = INDEX_SEARCH(hash_of(codes, tag.at));
    for (;;) {
        *id = index_next(&codes->by_tag, &search);
        struct feature *feature = pool_find(&codes->features, *id);
        if (!feature) return NULL;
        if (span_eq(call_dialog_tag(&feature->dialog), tag) &&
            call_dialog_is_peer(&feature->dialog, request)) {
            return feature;
        }
    }
}

bool call_code_acknowledged(struct call_codes *codes, struct turn *turn,
                            const struct sip_message *ack)
{
    struct pool_id id;
    struct feature *feature = find(codes, ack, &id);
    if (!feature) return false;
    if (feature->state != FEATURE_ANSWERED) return true;
    call_leg_confirm(turn, feature->txn);
    feature->state = FEATURE_PLAYING;
    feature->sequence = (uint16_t)random_u64(turn->random);
    feature->timestamp = (uint32_t)random_u64(turn->random);
    feature->source = (uint32_t)random_u64(turn->random);
    set_deadline(codes, id, turn->now_us);
    return true;
}

bool call_code_takes(struct call_codes *codes, const struct sip_message *request,
                     struct txn_answer *answer)
{
    struct pool_id id;
    struct feature *feature = find(codes, request, &id);
    if (!feature) return false;
    *answer = (struct txn_answer){.status = 200};
    if (request->cseq <= feature->dialog.remote_cseq) {
        answer->status = 500; // it was overtaken (RFC 3261 section 12.2.2)
        return true;
    }
    feature->dialog.remote_cseq = request->cseq;
    switch (request->method) {
    case SIP_BYE: call_code_abandon(codes, id); break;
    case SIP_OPTIONS:
    case SIP_INFO: break;
    default: answer->status = 488; break; // nothing changes while a tone is heard
    }
    return true;
}

// ---- The tone

static void send_packet(struct call_codes *codes, struct turn *turn, struct feature *feature)
{
    int16_t samples[CODE_PACKET_SAMPLES];
    uint32_t first = feature->sent_count * CODE_PACKET_SAMPLES;
    struct code_packet packet = {.payload = feature->offer.payload,
                                 .is_first = feature->sent_count == 0,
                                 .sequence = (uint16_t)(feature->sequence + feature->sent_count),
                                 .timestamp = feature->timestamp + first,
                                 .source = feature->source};
    struct call_media *effect = turn_emit(turn, CALL_MEDIA, sizeof *effect);
    char *bytes = arena_take(turn->arena, CODE_PACKET_SIZE);
    feature->sent_count++;
    if (!effect || !bytes) return;
    struct buffer out = buffer_over(bytes, CODE_PACKET_SIZE);
    code_tone_samples(&codes->sine, (enum code_tone)feature->tone, first, samples);
    code_put_packet(&out, &packet, samples);
    effect->flow = feature->dialog.flow;
    effect->peer = feature->offer.peer;
    effect->bytes = buffer_span(&out);
}

// Sends what is due; what is far too late is left out, as its time has passed for who listens.
static void play(struct call_codes *codes, struct turn *turn, struct pool_id id)
{
    struct feature *feature = pool_find(&codes->features, id);
    uint32_t length = code_tone_length((enum code_tone)feature->tone) + SILENCE_SAMPLES;
    uint64_t due_us = feature->next_us;
    for (unsigned i = 0; due_us <= turn->now_us; due_us += PACKET_US, i++) {
        if (feature->sent_count * CODE_PACKET_SAMPLES >= length) {
            hang_up(codes, turn, id);
            return;
        }
        if (i < PACKETS_AT_ONCE) {
            send_packet(codes, turn, feature);
        } else {
            feature->sent_count++;
        }
    }
    set_deadline(codes, id, due_us);
}

uint64_t call_codes_deadline_us(const struct call_codes *codes)
{
    return deadlines_next_us(&codes->deadlines);
}

static void do_due(struct call_codes *codes, struct turn *turn, struct pool_id id)
{
    const struct feature *feature = pool_find(&codes->features, id);
    struct code_outcome late = {.tone = TONE_REFUSED, .is_trouble = true};
    switch ((enum feature_state)feature->state) {
    case FEATURE_ASKED:
        text_copy(late.text, sizeof late.text, SPAN("settings cannot be stored now"));
        call_code_obeyed(codes, turn, id, &late);
        break;
    case FEATURE_ANSWERED: hang_up(codes, turn, id); break;
    case FEATURE_PLAYING: play(codes, turn, id); break;
    }
}

void call_codes_tick(struct call_codes *codes, struct turn *turn)
{
    uint32_t index;
    for (unsigned i = 0; i < CALL_TICK_MAX; i++) {
        struct pool_id id;
        if (!deadlines_take_due(&codes->deadlines, turn->now_us, &index)) return;
        if (pool_at(&codes->features, index, &id)) do_due(codes, turn, id);
    }
}
