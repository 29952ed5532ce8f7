// SPDX-License-Identifier: Apache-2.0
// The inside of test calls.
#pragma once

#include "call/bridge_int.h"

enum { TEST_CALLS_MAX = 64, TEST_MEDIA_MAX = 512, TEST_MAX_FORWARDS = 70 };

#define CALL_TEST_HEADER    "X-Lineward-Check"
#define CALL_TEST_PARAMETER "lineward-check" // of a URI

enum test_state {
    TEST_RESERVED,
    TEST_CALLING,  // we have sent the INVITE
    TEST_RINGING,  // we have got it
    TEST_ACCEPTED, // and answered 200
    TEST_UP,
    TEST_LEAVING, // our BYE is out
};

struct test_call {
    struct pool_id check; // whose it is
    struct pool_id of;    // of one that came: the call of ours that it is
    struct pool_id txn;   // of its INVITE
    uint32_t line_id, invite_cseq;
    uint8_t state; // enum test_state
    uint8_t proof_count;
    bool is_incoming;
    bool is_ending; // as soon as the protocol lets it
    uint16_t media_len;
    struct dialog dialog;
    struct call_waiting waiting; // of one that came: its INVITE
    char media[TEST_MEDIA_MAX];  // and the media lines of the answer to its session description
    char dialog_texts[DIALOG_TEXT_MAX], waiting_texts[TEXT_ROOM_MAX];
};

// ---- test_message.c: what test calls send, and by what they are recognised

// Whether an INVITE bears the mark of a test call of ours: the PBX has kept it.
bool call_test_is_marked(const struct test_call *test, const struct sip_message *invite);

// From now on its INVITEs come too late.
void call_test_note_end(struct call_table *table, const struct turn *turn,
                        const struct test_call *test);

// Makes the dialog of a call to an extension. False where it is too long.
bool call_test_start_dialog(struct call_table *table, struct turn *turn, struct test_call *test,
                            struct span dialled);
// Makes the dialog of a call that came. False where it is too long.
bool call_test_take_dialog(struct turn *turn, struct test_call *test,
                           const struct call_offer *offer);
void call_test_send_invite(struct call_table *table, struct turn *turn, struct pool_id id,
                           const struct sip_message *challenge);
// Fills in Contact and session description of a 200.
void call_test_describe(struct turn *turn, const struct test_call *test, struct txn_answer *answer);
// The headers of a 302; empty where it cannot be made.
struct span call_test_redirect(struct call_table *table, struct turn *turn,
                               const struct test_call *test, const struct call_test_answer *wanted);
