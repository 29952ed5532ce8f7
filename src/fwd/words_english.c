// SPDX-License-Identifier: Apache-2.0
// The trace and the verdict in English.
#include "fwd/words_int.h"

const struct fwd_words fwd_english = {
    .plain =
        {
            [FWD_SUBJECT_PSAP_CALLBACK] =
                {
                    [FWD_APPLIES] = "an emergency service calls back, and that rings in any case",
                    [FWD_NOT_HELD] = "no emergency service calls back",
                },
            [FWD_SUBJECT_LINE] =
                {
                    [FWD_APPLIES] = "the line is disabled",
                    [FWD_NOT_HELD] = "the line is enabled",
                },
            [FWD_SUBJECT_MAILBOX] =
                {
                    [FWD_APPLIES] = "the user's mailbox takes the call",
                    [FWD_NOT_SET] = "no mailbox number is set",
                    [FWD_NO_NUMBER] = "no mailbox number is set",
                    [FWD_IS_SELF] = "the mailbox is skipped: its number is the line itself",
                    [FWD_IS_EMERGENCY] = "the mailbox is skipped: its number is an emergency "
                                         "number",
                    [FWD_IS_BARRED] = "the mailbox is skipped: the group bars its number",
                    [FWD_IS_TRIED] = "the mailbox has been called already, in vain",
                    [FWD_IS_VISITED] = "the mailbox cannot take the call: the call has been there "
                                       "before, and ends",
                    [FWD_IS_OVER_LIMIT] = "the mailbox cannot take the call: the call has been "
                                          "diverted too often, and ends",
                    [FWD_IS_TOO_MANY] = "the mailbox is skipped: as many calls of the line as are "
                                        "allowed are being forwarded",
                    [FWD_IS_TOO_OFTEN] = "the mailbox is skipped: as many calls of the line as are "
                                         "allowed were forwarded within an hour",
                    [FWD_IS_CANCELLED] = "the mailbox is skipped: an exception says that this "
                                         "caller rings",
                },
            [FWD_SUBJECT_DECLINE] =
                {
                    [FWD_APPLIES] = "the group's answer for users who are not available is given",
                },
            [FWD_SUBJECT_DIVERSIONS] =
                {
                    [FWD_APPLIES] = "the call has been diverted too often to be forwarded again",
                    [FWD_NOT_HELD] = "the call has not been diverted too often",
                },
            [FWD_SUBJECT_CLIENTS] =
                {
                    [FWD_APPLIES] = "the user is rung",
                    [FWD_NOT_HELD] = "the user has nothing that could ring",
                    [FWD_IS_BUSY] = "the user's devices are busy",
                    [FWD_IS_REJECTED] = "the user rejected the call",
                    [FWD_IS_UNREACHABLE] = "none of the user's devices can be reached",
                    [FWD_IS_UNANSWERED] = "nobody answered in time",
                },
            [FWD_SUBJECT_GROUP_CALL] =
                {
                    [FWD_APPLIES] = "the call comes through a hunt group or queue and is never "
                                    "forwarded",
                },
            [FWD_SUBJECT_OTHER_CONTACTS] =
                {
                    [FWD_APPLIES] = "the line's other telephones have some time to ring first",
                    [FWD_IS_UNANSWERED] = "the line's other telephones did not answer in time",
                    [FWD_HAS_CALL] = "another telephone of the line has a call",
                },
            [FWD_SUBJECT_CALLS] =
                {
                    [FWD_APPLIES] = "no busy forwarding applies: the caller hears that the line is "
                                    "busy",
                    [FWD_NOT_HELD] = "the line is not busy",
                    [FWD_HAS_CALL] = "the line has a call: it is busy if a busy forwarding applies",
                    [FWD_IS_BUSY] = "the line is busy: it has a call and takes no second one",
                    [FWD_IS_FULL] = "the line is busy: it has as many calls as it may have",
                    [FWD_IS_BUSY_ELSEWHERE] = "the line is busy: the user has a call on another "
                                              "line",
                },
            [FWD_SUBJECT_REJECTED] =
                {
                    [FWD_APPLIES] = "the group's answer for rejected calls is given",
                },
            [FWD_SUBJECT_DEFLECTION] =
                {
                    [FWD_APPLIES] = "the user deflects the call",
                    [FWD_NO_NUMBER] = "the call is not deflected: there is no target",
                    [FWD_IS_SELF] = "the call is not deflected: the target is the line itself",
                    [FWD_IS_EMERGENCY] = "the call is not deflected: the target is an emergency "
                                         "number",
                    [FWD_IS_BARRED] = "the call is not deflected: the group bars the target",
                    [FWD_IS_TRIED] = "the call is not deflected: the target has been called "
                                     "already, in vain",
                    [FWD_IS_TOO_MANY] = "the call is not deflected: as many calls of the line as "
                                        "are allowed are being forwarded",
                    [FWD_IS_TOO_OFTEN] = "the call is not deflected: as many calls of the line as "
                                         "are allowed were forwarded within an hour",
                    [FWD_IS_VISITED] = "the call cannot be deflected: it has been at the target "
                                       "before, and ends",
                    [FWD_IS_OVER_LIMIT] = "the call cannot be deflected: it has been diverted too "
                                          "often, and ends",
                    [FWD_NEVER_FORWARDED] = "the call is not deflected: calls of this kind are "
                                            "never forwarded",
                },
            [FWD_SUBJECT_TARGET] =
                {
                    [FWD_IS_BUSY] = "the forwarding's target is busy",
                    [FWD_IS_UNREACHABLE] = "the forwarding's target cannot be reached",
                    [FWD_IS_UNANSWERED] = "the forwarding's target did not answer in time",
                    [FWD_IS_OUT_OF_HOPS] = "the call has been through too many systems to go on "
                                           "to the forwarding's target",
                },
        },
    .dnd = {"do-not-disturb is on", "do-not-disturb is off"},
    .logged_off = {"nobody is logged in", "the user is logged in"},
    .the = "the",
    .forwardings = {"immediate forwarding", "do-not-disturb forwarding", "logged-off forwarding",
                    "unreachable forwarding", "busy forwarding", "no-answer forwarding"},
    .callers = {"for all callers", "for internal callers", "for external callers"},
    .rules =
        {
            [FWD_SUBJECT_MANDATORY] = "mandatory rule",
            [FWD_SUBJECT_EXCEPTION] = "exception",
            [FWD_SUBJECT_DEFAULT] = "default rule",
        },
    .findings =
        {
            [FWD_APPLIES] = "applies",
            [FWD_OTHER_ORIGIN] = "does not apply to",
            [FWD_LESS_SPECIFIC] = "gives way to one that fits this call better",
            [FWD_NO_NUMBER] = "is skipped: its target is a number that the user does not have",
            [FWD_IS_SELF] = "is skipped: its target is the line itself",
            [FWD_IS_EMERGENCY] = "is skipped: its target is an emergency number",
            [FWD_IS_BARRED] = "is skipped: the group bars its target",
            [FWD_IS_TRIED] = "is skipped: its target has been called already, in vain",
            [FWD_IS_VISITED] = "cannot be carried out: the call has been at its target before, "
                               "and ends",
            [FWD_IS_OVER_LIMIT] = "cannot be carried out: the call has been diverted too often, "
                                  "and ends",
            [FWD_OTHER_CALLER] = "is for other callers",
            [FWD_OTHER_TIME] = "does not apply at this time",
            [FWD_OTHER_PRESENCE] = "is for another presence of the user",
            [FWD_IS_EXPIRED] = "has expired",
            [FWD_IS_USED_UP] = "was for a number of calls, and is used up",
            [FWD_IS_CANCELLED] = "is skipped: an exception says that this caller rings",
            [FWD_RINGS] = "says that this caller rings",
            [FWD_IS_TOO_MANY] = "is skipped: as many calls of the line as are allowed are being "
                                "forwarded",
            [FWD_IS_TOO_OFTEN] = "is skipped: as many calls of the line as are allowed were "
                                 "forwarded within an hour",
            [FWD_IS_CHOSEN] = "is chosen for when nobody answers",
        },
    .no_slot = {"no", "is set"},
    .one_of_other_origin = {"an external one", "an internal one"},
    .more = {"one more rule was looked at", "more rules were looked at"},
    .unknown = "something that this version does not know",
    .reasons = {"immediate", "do-not-disturb", "logged off", "unreachable", "busy", "no answer",
                "deflected while ringing", "deflected at once"},
    .busy = "busy",
    .unavailable = "unavailable",
    .rejected = "rejected",
    .redirect = "forwarded to",
    .decline = "declined with",
    .ring = "rings for at most",
    .hold = "the caller hears ringing for at most",
    .then = "then",
};
