// SPDX-License-Identifier: Apache-2.0
// What a request deserves before anything is decided about it: the checks of a user agent server
// (RFC 3261 section 8.2), and whether it is a call for a line of ours from that line's PBX.
#pragma once

#include "line/line.h"

struct uas_target {
    const struct line_group *group;
    const struct snapshot_line *line;
};

enum uas_result {
    UAS_CALL,     // an INVITE for `target`
    UAS_ANSWER,   // `answer` says all
    UAS_NO_LINE,  // the same, for an INVITE of a PBX of ours to a number that is no line
    UAS_STRANGER, // the same, and it did not come from a PBX of ours
};

// Asks for the memory of the index in which uas_check will look for the line of an INVITE; returns
// a number for line_prefetch, 0 where nothing is looked for.
uint64_t uas_seek(const struct line_table *lines, const struct sip_message *request,
                  const struct address *source);
// Checks a new request. Texts of `answer` are static or in the turn's arena.
enum uas_result uas_check(const struct line_table *lines, struct turn *turn,
                          const struct sip_message *request, const struct address *source,
                          struct uas_target *target, struct txn_answer *answer);

// The line that the Request-URI names, of a group whose PBX sent the request; NULL: there is none.
const struct snapshot_line *uas_find_line(const struct line_table *lines,
                                          const struct sip_message *request,
                                          const struct address *source);

// Which other worker a request is for: the one that has the device which its From names, or, where
// it comes from the PBX of a group, the line that its Request-URI names. False: none, or it is
// ours.
bool uas_find_elsewhere(const struct line_table *lines, const struct sip_message *request,
                        const struct address *source, uint8_t *worker);

// The reason phrase for a message that cannot be read: what is wrong and where ("Bad CSeq at byte
// 120").
struct span uas_fault_reason(struct turn *turn, const struct sip_fault *fault);
