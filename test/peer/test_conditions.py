#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Real calls through a real PBX, one for each row of the table below.

Before each call the line is brought into the row's state; then the call is checked where it ends:
at the phone or trunk that finally rings (who was called, by whose Diversion, why), and at the
caller (the answers that came back).
"""

from peers import MAILBOX, World
from runner import arguments, check, run_script, run_tests

# Who calls. "inside" and "outside" are the origins; the others must be taken for one of them.
CALLERS = {
    "inside": "106",
    "outside": "+4930555123",
    "anon": "anonymous:+4930555123",  # the number is withheld; the trunk asserts it all the same
    "own": "+49891234106",            # our main number + extension: one of us, in any notation
    "own-0": "0891234106",
    "own-00": "0049891234106",
    "own-anon": "anonymous:+49891234106",
}

CONDITIONS = {"imm": "immediate", "dnd": "dnd", "off": "logged_off"}
ORIGINS = {"all": "all", "int": "internal", "ext": "external"}
REASONS = {"imm": "unconditional", "dnd": "do-not-disturb", "off": "unavailable"}

# One row is one call to line 102: name | state | forwardings | caller | what must happen.
#   state        of the user: dnd, off (signed off; otherwise signed in without clients), box (has a
#                mailbox); of the group: 480, 603, ringing (how it declines), barred (089 555, since
#                the forwardings were saved); of the line: hide (its number)
#   forwardings  a condition, then ORIGIN=TARGET of each slot; with "-" at the end it is off
#   what happens "NUMBER CONDITION": the call arrives there, diverted for that condition's reason;
#                or the caller's final answer; "180 then 487": held, until the caller gives up
TABLE = """
imm-all-inside             |             | imm all=105                 | inside   | 105 imm
imm-all-outside            |             | imm all=105                 | outside  | 105 imm
imm-int-inside             |             | imm int=105                 | inside   | 105 imm
imm-int-outside            | dnd         | imm int=105                 | outside  | 486
imm-ext-inside             | dnd         | imm ext=105                 | inside   | 486
imm-ext-outside            |             | imm ext=105                 | outside  | 105 imm
imm-off                    | dnd         | imm all=105-                | inside   | 486
imm-both-inside            |             | imm int=105 ext=700         | inside   | 105 imm
imm-both-outside           |             | imm int=105 ext=700         | outside  | 700 imm
imm-three-inside           |             | imm all=106 int=105 ext=700 | inside   | 105 imm
imm-three-outside          |             | imm all=106 int=105 ext=700 | outside  | 700 imm
imm-all-under-ext          |             | imm all=105 ext=700         | inside   | 105 imm
imm-all-under-int          |             | imm all=700 int=105         | outside  | 700 imm

dnd-all-inside             | dnd         | dnd all=105                 | inside   | 105 dnd
dnd-all-outside            | dnd         | dnd all=105                 | outside  | 105 dnd
dnd-int-inside             | dnd         | dnd int=105                 | inside   | 105 dnd
dnd-int-outside            | dnd         | dnd int=105                 | outside  | 486
dnd-ext-inside             | dnd         | dnd ext=105                 | inside   | 486
dnd-ext-outside            | dnd         | dnd ext=105                 | outside  | 105 dnd
dnd-three-inside           | dnd         | dnd all=106 int=105 ext=700 | inside   | 105 dnd
dnd-three-outside          | dnd         | dnd all=106 int=105 ext=700 | outside  | 700 dnd
dnd-off                    | dnd         | dnd all=105-                | inside   | 486
dnd-is-not-for-the-mailbox | dnd box     |                             | inside   | 486

off-all-inside             | off         | off all=105                 | inside   | 105 off
off-all-outside            | off         | off all=105                 | outside  | 105 off
off-int-inside             | off         | off int=105                 | inside   | 105 off
off-int-outside            | off         | off int=105                 | outside  | 486
off-ext-inside             | off         | off ext=105                 | inside   | 486
off-ext-outside            | off         | off ext=105                 | outside  | 105 off
off-three-inside           | off         | off all=106 int=105 ext=700 | inside   | 105 off
off-three-outside          | off         | off all=106 int=105 ext=700 | outside  | 700 off
off-mailbox-inside         | off box     |                             | inside   | 700 off
off-mailbox-outside        | off box     |                             | outside  | 700 off
off-before-mailbox         | off box     | off ext=105                 | outside  | 105 off
off-else-mailbox           | off box     | off ext=105                 | inside   | 700 off
off-to-mailbox-by-name     | off box     | off all=mailbox             | inside   | 700 off

imm-before-dnd             | dnd         | imm all=105 dnd all=700     | inside   | 105 imm
imm-before-off             | off         | imm all=105 off all=700     | inside   | 105 imm
dnd-before-off             | dnd off     | dnd all=105 off all=700     | inside   | 105 dnd
dnd-before-mailbox         | dnd off box | dnd all=105                 | inside   | 105 dnd
dnd-ends-before-off-all    | dnd off box | off all=105                 | inside   | 486
mixed-1                    | dnd         | imm ext=700 dnd int=105     | inside   | 105 dnd
mixed-2                    | dnd         | imm ext=700 dnd int=105     | outside  | 700 imm

decline-dnd-486            | dnd         |                             | inside   | 486
decline-dnd-480            | dnd 480     |                             | inside   | 480
decline-dnd-603            | dnd 603     |                             | outside  | 603
decline-dnd-ringing        | dnd ringing |                             | inside   | 180 then 487
decline-off-486            | off         |                             | inside   | 486
decline-off-480            | off 480     |                             | outside  | 480
decline-off-603            | off 603     |                             | inside   | 603
decline-off-ringing        | off ringing |                             | outside  | 180 then 487

origin-anon                |             | imm int=105 ext=700         | anon     | 700 imm
own-number                 |             | imm int=105 ext=700         | own      | 105 imm
own-number-0               |             | imm int=105 ext=700         | own-0    | 105 imm
own-number-00              |             | imm int=105 ext=700         | own-00   | 105 imm
origin-own-hidden          |             | imm int=105 ext=700         | own-anon | 105 imm

target-mobile              |             | imm all=mobile              | inside   | 01701234567 imm
target-national-number     |             | imm all=089 555 0-12        | outside  | 089555012 imm
target-sip-address         |             | imm all=sip:105@pbx.trial   | inside   | 105 imm
target-public-number       |             | imm all=+49 89 1234-105     | outside  | 105 imm
hidden-to-inside           | hide        | imm all=105                 | inside   | 105 imm
hidden-to-outside          | hide        | imm all=mobile              | outside  | 01701234567 imm
barred-since               | dnd barred  | imm all=089 555 0-12        | inside   | 486
barred-only-outside        | dnd barred  | imm ext=089 555 0-12 int=105 | inside  | 105 imm
"""


class Row:
    """One row of the table."""

    def __init__(self, line):
        self.name, state, forwardings, caller, self.expected = (
            part.strip() for part in line.split("|"))
        self.state = state.split()
        self.forwardings = read_forwardings(forwardings)
        self.caller = CALLERS[caller]
        self.decline = next((s for s in self.state if s in ("480", "603", "ringing")), "486")
        self.is_held = " then " in self.expected
        self.is_declined = self.expected.isdigit()
        self.arrives_at, _, condition = self.expected.partition(" ")
        self.reason = REASONS.get(condition)


def read_forwardings(text):
    """[[slot, target]] of "imm all=105 int=+49 30 555"; slots as in the API's addresses."""
    slots, condition = [], ""
    for word in text.split():
        origin, is_slot, target = word.partition("=")
        if word in CONDITIONS:
            condition = CONDITIONS[word]
        elif is_slot:
            slots.append([f"{condition}/{ORIGINS[origin]}", target])
        else:
            slots[-1][1] += " " + word
    return slots


def rows():
    return [Row(line) for line in TABLE.strip().splitlines() if line.strip()]


def bring_into_state(lineward, row):
    """Sets what the row asks for, and nothing else. Everything goes through the API."""
    lineward.api("PATCH", "users/sales", {
        "dnd": "dnd" in row.state,
        "login": "off" if "off" in row.state else "on",
        "mailbox": MAILBOX if "box" in row.state else "",
    })
    lineward.api("PATCH", "groups/trial",
                 {"decline_unavailable": row.decline, "barred_prefixes": ""})
    lineward.api("PATCH", "groups/trial/lines/102", {"number_withheld": "hide" in row.state})
    path = "groups/trial/lines/102/forwardings"
    for old in lineward.api("GET", path)["items"]:
        lineward.api("DELETE", f"{path}/{old['condition']}/{old['origin']}")
    for slot, target in row.forwardings:
        lineward.api("PUT", f"{path}/{slot}",
                     {"target": target.removesuffix("-"), "enabled": not target.endswith("-")})
    if "barred" in row.state:
        lineward.api("PATCH", "groups/trial", {"barred_prefixes": "089555"})


def check_forwarded(row, call):
    """The call arrived, once, where it should, and the Diversion says who sent it there and why."""
    number = row.arrives_at
    check(call.final == 200, f"the caller got {call.answers}, not 200")
    check(len(call.arrivals) == 1, f"{len(call.arrivals)} calls arrived, not one")
    arrival = call.arrival
    check(arrival.called_user == number, f"the call arrived at {arrival.called_user}, not {number}")
    is_outside = arrival.target == "outside"
    check(is_outside == number.startswith("0"), f"the call arrived at the {arrival.target}")

    diversions = arrival.diversions
    check(len(diversions) == 1, f"{len(diversions)} Diversion headers, not one")
    diversion = diversions[0]
    diverting = "+49891234102" if is_outside else "102"
    check(diversion.number == diverting, f"not diverted by {diverting}: {diversion.value}")
    for parameter, value in (("reason", row.reason), ("counter", "1"),
                             ("privacy", "full" if "hide" in row.state else "off")):
        seen = diversion.parameters.get(parameter, "1" if parameter == "counter" else "")
        check(seen == value, f"{parameter} is not {value}: {diversion.value}")


def check_journal(lineward, row, call):
    """The journal tells the same story as the caller and the target."""
    entry = lineward.journal_of(call.call_id, 1)[0]
    if row.is_held:
        wanted = {"verdict": "hold", "outcome": "missed"}
    elif call.arrival:
        wanted = {"verdict": "redirect", "outcome": "forwarded", "status": 302,
                  "reason": row.reason}
    else:
        wanted = {"verdict": "decline", "outcome": "declined", "status": call.final}
    for field, value in wanted.items():
        check(entry[field] == value, f"the journal says {field} {entry[field]}, not {value}")
    check(entry["trace"], "the journal has no trace")


def test_row(world, row):
    bring_into_state(world.lineward, row)
    call = world.call(row.caller, "102", patience_ms=700 if row.is_held else 8000)
    if row.is_held:
        check(180 in call.answers, f"the caller heard no ringing: {call.answers}")
        check(call.final == 487, f"after CANCEL the caller got {call.answers}, not 487")
        check(not call.arrivals, "someone was called")
    elif row.is_declined:
        check(call.final == int(row.expected),
              f"the caller got {call.answers}, not {row.expected}")
        check(not call.arrivals, "someone was called")
    else:
        check_forwarded(row, call)
    check_journal(world.lineward, row, call)


def test_chain(world):
    """Two forwardings in a row: the target sees both Diversions, the latest on top."""
    lineward = world.lineward
    bring_into_state(lineward, Row("x | | imm ext=101 | outside | 486"))
    lineward.api("PATCH", "users/reception", {"dnd": True})
    lineward.api("PUT", "groups/trial/lines/101/forwardings/dnd/all",
                 {"target": "105", "enabled": True})
    try:
        call = world.call(CALLERS["outside"], "102")
    finally:
        lineward.api("PATCH", "users/reception", {"dnd": False})
        lineward.api("DELETE", "groups/trial/lines/101/forwardings/dnd/all")
    check(call.arrival and call.arrival.called_user == "105", f"did not arrive: {call.answers}")
    seen = [(d.number, d.parameters.get("reason")) for d in call.arrival.diversions]
    check(seen == [("101", "do-not-disturb"), ("102", "unconditional")], f"diverted by {seen}")
    check(len(lineward.journal_of(call.call_id, 2)) == 2, "not two journal entries")


def test_history_info(world):
    """Told by History-Info, alone or together with Diversion: this line and the target, the
    Contact marked as the diversion."""
    lineward = world.lineward
    bring_into_state(lineward, Row("x | dnd | dnd int=105 ext=089 555 0-12 | inside | 486"))
    cases = [("history-info", "inside", "102", "105", 0),
             ("both", "inside", "102", "105", 1),
             ("history-info", "outside", "+49891234102", "0089555012", 0),
             ("none", "inside", "", "", 0)]
    try:
        for mode, caller, own, target, diversions in cases:
            lineward.api("PATCH", "groups/trial", {"diversion": mode})
            call = world.call(CALLERS[caller], "102")
            check(call.arrival, f"{mode}: did not arrive: {call.answers}")
            seen = call.arrival.all("History-Info")
            wanted = [f"<sip:{own}@pbx.trial>;index=1",
                      f"<sip:{target}@pbx.trial;cause=404>;index=1.1;mp=1"] if own else []
            check(seen == wanted, f"{mode}: History-Info {seen}, not {wanted}")
            check(len(call.arrival.diversions) == diversions,
                  f"{mode}: diverted by {call.arrival.diversions}")
            contact = call.arrival.first("X-Followed")
            check(contact.endswith(";mp=1") == bool(own), f"{mode}: the Contact is {contact}")
    finally:
        lineward.api("PATCH", "groups/trial", {"diversion": "diversion"})


def test_history_info_chain(world):
    """Two forwardings in a row: the second line goes on with the first one's entries."""
    lineward = world.lineward
    bring_into_state(lineward, Row("x | | imm ext=101 | outside | 486"))
    lineward.api("PATCH", "groups/trial", {"diversion": "history-info"})
    lineward.api("PUT", "groups/trial/lines/101/forwardings/immediate/all", {"target": "105"})
    try:
        call = world.call(CALLERS["outside"], "102")
    finally:
        lineward.api("PATCH", "groups/trial", {"diversion": "diversion"})
        lineward.api("DELETE", "groups/trial/lines/101/forwardings/immediate/all")
    check(call.arrival and call.arrival.called_user == "105", f"did not arrive: {call.answers}")
    seen = call.arrival.all("History-Info")
    check(seen == ["<sip:102@pbx.trial>;index=1",
                   "<sip:101@pbx.trial;cause=302>;index=1.1;mp=1",
                   "<sip:105@pbx.trial;cause=302>;index=1.1.1;mp=1.1"], f"History-Info {seen}")
    check(call.arrival.first("X-Followed").endswith(";mp=1.1"), "the Contact is not marked")
    check(lineward.journal_of(call.call_id, 2)[1]["diverted_by"] == "102", "diverted by another")


def test_loop_refused(world):
    """Two lines that always forward to each other: the second one is refused, with the path."""
    lineward = world.lineward
    bring_into_state(lineward, Row("x | | imm all=103 | inside | 480"))
    status, problem = lineward.request(
        "PUT", "groups/trial/lines/103/forwardings/immediate/all", {"target": "102"})
    check(status == 422, f"{status} {problem}")
    check(problem["errors"] == [{"field": "target",
                                 "reason": "leads back to this line: 103 -> 102 -> 103"}],
          f"{problem}")


def test_loop(world):
    """Two lines that forward to each other when their users are logged off: saved with a warning;
    the call ends at once, and nobody rings."""
    lineward = world.lineward
    bring_into_state(lineward, Row("x | off | off all=103 | inside | 480"))
    lineward.api("PATCH", "users/support", {"login": "off"})
    saved = lineward.api("PUT", "groups/trial/lines/103/forwardings/logged_off/all",
                         {"target": "102", "enabled": True})
    try:
        call = world.call(CALLERS["inside"], "102")
    finally:
        lineward.api("DELETE", "groups/trial/lines/103/forwardings/logged_off/all")
        lineward.api("PATCH", "users/support", {"login": "on"})
    check("103 -> 102 -> 103" in saved.get("warnings", [""])[0], f"no warning: {saved}")
    check(call.final == 480, f"the caller got {call.answers}, not 480")
    check(not call.arrivals, "someone was called")
    entries = lineward.journal_of(call.call_id, 2)
    check([e["verdict"] for e in entries] == ["redirect", "decline"],
          f"the journal says {[e['verdict'] for e in entries]}")


def test_refused_targets(world):
    """Emergency numbers and what the group bars are refused with the reason."""
    for target, reason in (("112", "is an emergency number"),
                           ("0 110", "is an emergency number"),
                           ("0900 1234567", "is a premium-rate number, which the group bars"),
                           ("+43 1 53454", "is a number of another country, which the group bars")):
        status, problem = world.lineward.request(
            "PUT", "groups/trial/lines/102/forwardings/immediate/all", {"target": target})
        check(status == 422, f"{target}: {status} {problem}")
        check(problem["errors"] == [{"field": "target", "reason": reason}], f"{target}: {problem}")


def test_dialled_from_outside(world):
    """The public number of a line reaches it like its extension does."""
    bring_into_state(world.lineward, Row("x | | imm ext=105 | outside | 486"))
    call = world.call(CALLERS["outside"], "+49891234102")
    check(call.arrival and call.arrival.called_user == "105", f"did not arrive: {call.answers}")


def main():
    options = arguments(__doc__)
    with World("peer/conditions", options.bin, offset=200) as world:
        world.set_up()
        tests = [(row.name, lambda row=row: test_row(world, row)) for row in rows()]
        tests += [("chain", lambda: test_chain(world)), ("loop", lambda: test_loop(world)),
                  ("history-info", lambda: test_history_info(world)),
                  ("history-info-chain", lambda: test_history_info_chain(world)),
                  ("loop-refused", lambda: test_loop_refused(world)),
                  ("refused-targets", lambda: test_refused_targets(world)),
                  ("dialled-from-outside", lambda: test_dialled_from_outside(world)),
                  ("ends-cleanly", lambda: (world.lineward.stop(), world.lineward.check_log()))]
        return 1 if run_tests(tests, options.names) else 0


if __name__ == "__main__":
    run_script(main)
