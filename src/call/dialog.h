// SPDX-License-Identifier: Apache-2.0
// A dialog: what two user agents keep to talk to each other. RFC 3261 section 12.
#pragma once

#include "txn/txn.h"

enum { DIALOG_TEXT_MAX = 1000 };

struct dialog {
    struct texts texts; // to be set before the dialog is made, with DIALOG_TEXT_MAX bytes
    struct flow flow;   // where its requests go
    struct address own; // ours, as the other side is to reach us
    uint32_t local_cseq, remote_cseq;
    struct text call_id, contact_user;
    struct text local;  // the address that is ours, without a tag
    struct text remote; // the other one, with its tag if it has one
    struct text remote_tag, route, target;
    uint16_t fixed_len; // what of the texts does not change
    char local_tag[TXN_TAG_BYTES];
};

// How the other side of a new dialog is reached.
struct dialog_peer {
    struct flow flow;
    struct address own;
    struct span contact_user;
};
// A dialog that the INVITE of the other side makes. The local tag is to be set. False where its
// texts are too long.
bool call_dialog_of_invite(struct dialog *dialog, const struct sip_message *invite,
                           const struct dialog_peer *peer);
struct dialog_start {
    struct dialog_peer peer;
    struct span local, remote; // without tags
    struct span target, route; // of the first request
};
// A dialog that we want to make: with a new Call-ID and a new tag.
bool call_dialog_start(struct dialog *dialog, struct turn *turn, const struct dialog_start *start);
// What the response to our INVITE says of the dialog (12.1.2). False where it is too long.
bool call_dialog_take_response(struct dialog *dialog, const struct sip_message *response);
// The Contact of a target refresh (12.2).
void call_dialog_refresh(struct dialog *dialog, const struct sip_message *message);
// Whether a request within the dialog is of its other side; the To tag was looked at already.
bool call_dialog_is_peer(const struct dialog *dialog, const struct sip_message *request);
struct span call_dialog_text(const struct dialog *dialog, struct text text);
struct span call_dialog_tag(const struct dialog *dialog);
void call_dialog_new_tag(char tag[TXN_TAG_BYTES], struct turn *turn);

struct dialog_request {
    enum sip_method method;
    struct span branch;
    struct span local_tag; // empty: the dialog's
    uint32_t cseq;         // its number
    int max_forwards;
};
// Prints start line and headers of a request (12.2.1.1), up to the Contact.
void call_dialog_put_request(struct buffer *out, const struct dialog *dialog,
                             const struct dialog_request *request);
void call_dialog_put_contact(struct buffer *out, const struct dialog *dialog);
