#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Real calls through a real PBX: a matrix of condition x origin of the rule x level.

    test_matrix.py --bin PATH [CELL...]     a cell, as in busy-exception-internal

Each cell has lines of its own, one for each origin of a caller that the rule is for. On its line,
the cell's rule must win although

- all lower levels are set for the same condition, for all, internal and external callers;
- its own level is set for the other origins too, where the rule is for one of them;
- higher levels of the user are set for callers of the other origin alone.

All calls are placed at the same time and checked where they arrive: at the right target, diverted
for the right reason. They are then placed once more with History-Info, alone and with Diversion.
"""

import time
from collections import namedtuple
from datetime import datetime

from peers import AREA, COUNTRY, DOMAIN, MAIN_NUMBER, Caller, World, password_of, read_calls
from processes import Trouble, wait_until
from runner import arguments, check, run_script, run_tests

OFFSET = 1000
DELAY_S = 5         # of no_answer
PATIENCE_MS = 20000
INSIDE, OUTSIDE = "106", "+4930555123"
FIRST_LINE = 200

# reason and cause of RFC 5806 and 7044; the user's state; what is assumed of the line's clients,
# for callers inside and outside; seconds that the call waits before it is forwarded
Condition = namedtuple("Condition", "name reason cause user clients wait_s", defaults=(0,))
NO_CLIENTS = (None, None)
CONDITIONS = [
    Condition("immediate", "unconditional", 302, "here", NO_CLIENTS),
    Condition("dnd", "do-not-disturb", 404, "dnd", NO_CLIENTS),
    Condition("logged_off", "unavailable", 404, "off", NO_CLIENTS),
    Condition("unreachable", "unavailable", 503, "here", 2 * ({"clients": "unreachable"},), 5),
    Condition("busy", "user-busy", 486, "here",
              ({"clients": "ring", "calls": 2}, {"clients": "busy"})),
    Condition("no_answer", "no-answer", 408, "here", (None, {"clients": "ring"}), DELAY_S),
]
LEVELS = ["mandatory", "exception", "slot", "mailbox", "default"]
ORIGINS = ["all", "internal", "external"]
MODES = ["history-info", "both"]  # of the second round


def other(origin):
    return {"internal": "external", "external": "internal"}[origin]


class Target:
    """The number that a rule of that level and origin forwards to: of a phone, or of the trunk."""

    def __init__(self, level, origin, is_outside):
        self.is_outside = is_outside
        phone = f"7{LEVELS.index(level) + 1}{ORIGINS.index(origin) + 1}"
        self.typed = f"030 5550-{phone}" if is_outside else phone
        self.arrives_as = f"0305550{phone}" if is_outside else phone  # at the target
        self.dialled = "0" + self.arrives_as if is_outside else phone  # at the PBX


class Cell:
    """A condition, a level, and the origin that the rule is for."""

    def __init__(self, condition, level, origin):
        self.condition, self.level, self.origin = condition, level, origin
        self.name = f"{condition.name}-{level}-{origin}"
        self.lines, self.is_ok = [], False

    def origins_at(self, level):
        """The origins that have a rule at the level, beside this cell's own."""
        depth, own = LEVELS.index(level), LEVELS.index(self.level)
        if depth > own:
            return ORIGINS
        if depth == own:
            return ["all"] if self.origin == "all" else ORIGINS
        is_set = self.origin != "all" and level != "mandatory"
        return [other(self.origin)] if is_set else []

    def group(self):
        """The name of the group whose administrative rules are this cell's."""
        mandatory = len(self.origins_at("mandatory"))
        return f"{self.condition.name}-{mandatory}-{len(self.origins_at('default'))}"


class Line:
    """A line of a cell, for a caller of that origin; it gets one call in each mode."""

    def __init__(self, cell, caller_origin, number):
        self.cell, self.caller_origin, self.number = cell, caller_origin, str(number)
        # Half of the targets are outside.
        if cell.level in ("mandatory", "default"):
            self.is_outside = has_outside_targets(cell.group())
        else:
            self.is_outside = (number + CONDITIONS.index(cell.condition)) % 2 == 1
        origin = "all" if cell.level == "mailbox" else cell.origin
        self.target = Target(cell.level, origin, self.is_outside)
        self.calls = {}  # by mode

    def user(self):
        """Has a mailbox, be it not to be used, except where it would come before a default."""
        if self.cell.condition.user == "off" and self.cell.level == "default":
            return "off"
        return f"{self.cell.condition.user}-{'outside' if self.is_outside else 'inside'}"

    def path(self, rest=""):
        return f"groups/{self.cell.group()}/lines/{self.number}{rest}"


def index_of(group):
    """The place of the group's condition in the list."""
    return [condition.name for condition in CONDITIONS].index(group.split("-")[0])


def has_outside_targets(group):
    """Whether the group's administrative rules forward to numbers outside."""
    _, mandatory, default = group.split("-")
    return (index_of(group) + (int(mandatory) + int(default)) // 2) % 2 == 1


def make_cells():
    cells = [Cell(condition, level, origin) for condition in CONDITIONS for level in LEVELS
             for origin in ORIGINS if level != "mailbox" or condition.name == "logged_off"]
    number = FIRST_LINE
    for cell in cells:
        for caller_origin in ("internal", "external"):
            if cell.origin in ("all", caller_origin):
                cell.lines.append(Line(cell, caller_origin, number))
                number += 1
    return cells


# ---------------------------------------------------------------------------- Setting up

def add_users(lineward):
    states = {"here": {"login": "on"}, "dnd": {"login": "on", "dnd": True}, "off": {"login": "off"}}
    for state, fields in states.items():
        for place in ("inside", "outside"):
            mailbox = Target("mailbox", "all", place == "outside").typed
            lineward.api("POST", "users",
                         {"name": f"{state}-{place}", "mailbox": mailbox, **fields})
    lineward.api("POST", "users", {"name": "off", **states["off"]})


def rule(condition, level, origin, is_outside):
    fields = {"condition": condition.name, "origin": origin,
              "target": Target(level, origin, is_outside).typed}
    if condition.name == "no_answer":
        fields["delay"] = DELAY_S
    return fields


def add_group(world, cell):
    name = cell.group()
    world.lineward.api("POST", "groups", {
        "name": name, "server": f"127.0.0.1:{world.ports.pbx}", "domain": DOMAIN,
        "country_code": COUNTRY, "area_code": AREA, "main_number": MAIN_NUMBER,
        "outside_prefix": "0", "internal_ranges": "106,7xx"})
    for level in ("mandatory", "default"):
        for origin in cell.origins_at(level):
            world.lineward.api("POST", f"groups/{name}/admin_forwardings", {
                "name": f"{level}-{origin}", "mandatory": level == "mandatory",
                **rule(cell.condition, level, origin, has_outside_targets(name))})


def add_line(lineward, line):
    cell = line.cell
    lineward.api("POST", f"groups/{cell.group()}/lines", {
        "extension": line.number, "user": line.user(), "auth_user": line.number,
        "password": password_of(line.number)})
    for position, origin in enumerate(cell.origins_at("exception"), 1):
        lineward.api("POST", line.path("/exceptions"), {
            "position": position, **rule(cell.condition, "exception", origin, line.is_outside)})
    for origin in cell.origins_at("slot"):
        fields = rule(cell.condition, "slot", origin, line.is_outside)
        slot = f"/forwardings/{fields.pop('condition')}/{fields.pop('origin')}"
        lineward.api("PUT", line.path(slot), fields)
    assumed = cell.condition.clients[line.caller_origin == "external"]
    if assumed:
        lineward.api("PUT", line.path("/client-state"), assumed)


def set_up(world, cells):
    lineward = world.lineward
    lineward.start()
    add_users(lineward)
    groups = {cell.group(): cell for cell in cells}
    for cell in groups.values():
        add_group(world, cell)
    for cell in cells:
        for line in cell.lines:
            add_line(lineward, line)
    for cell in cells:
        for line in cell.lines:
            lineward.wait_registered([line.number], cell.group(), 20)


# ---------------------------------------------------------------------------- Calling

def place_calls(world, round_name, lines, mode_of):
    """Calls all lines at the same time; what became of it is then in their `calls`."""
    started = []
    for origin, number in (("internal", INSIDE), ("external", OUTSIDE)):
        called = [line for line in lines if line.caller_origin == origin]
        name, caller = f"{round_name}-{origin}", Caller(number)
        if called:
            program = world.sipp.start_calls(name, caller.is_inside and number,
                                             [(caller, line.number) for line in called],
                                             PATIENCE_MS)
            started.append((name, called, program))
    for name, called, program in started:
        wait_until(f"the calls {name} end", lambda p=program: not p.is_running(), 60)
        program.stop()
        calls = read_calls(world.directory, name)
        for i, line in enumerate(called, 1):
            line.calls[mode_of(line)] = calls.get(f"{name}-{i}")


def second_mode(group):
    """How the group tells of diversions in the second round: each condition in both modes."""
    has_mandatory = group.split("-")[1] != "0"
    return MODES[(index_of(group) + has_mandatory) % len(MODES)]


def place_all_calls(world, cells):
    lines = [line for cell in cells for line in cell.lines]
    place_calls(world, "first", lines, lambda line: "diversion")
    for group in {cell.group() for cell in cells}:
        world.lineward.api("PATCH", f"groups/{group}", {"diversion": second_mode(group)})
    place_calls(world, "second", lines, lambda line: second_mode(line.cell.group()))


def read_journal(lineward, count):
    """The entries of all calls by their Call-ID; waits a while for `count` of them."""
    deadline = time.monotonic() + 5
    while True:
        items = lineward.api("GET", "journal?limit=1000")["items"]
        if len(items) >= count or time.monotonic() > deadline:
            return {entry["call_id"]: entry for entry in items}
        time.sleep(0.1)


# ---------------------------------------------------------------------------- Checking

def check_arrival(line, call):
    """It arrived, once, at the target of the cell's rule."""
    check(call, "the call got no answer")
    check(call.final == 200, f"the caller got {call.answers}, not 200")
    check(len(call.arrivals) == 1, f"{len(call.arrivals)} calls arrived, not one")
    wanted = ("outside" if line.is_outside else "phones", line.target.arrives_as)
    arrived = (call.arrival.target, call.arrival.called_user)
    check(arrived == wanted, f"the call arrived at {arrived}, not {wanted}")


def own_number(line):
    return MAIN_NUMBER + line.number if line.is_outside else line.number


def check_diversion(line, call):
    seen = [(d.number, d.parameters.get("reason")) for d in call.arrival.diversions]
    wanted = [(own_number(line), line.cell.condition.reason)]
    check(seen == wanted, f"diverted by {seen}, not {wanted}")


def check_history_info(line, call):
    """This line and the target, with the cause; the Contact of our 302 is marked."""
    seen = call.arrival.all("History-Info")
    entry = f"sip:{line.target.dialled}@{DOMAIN}"
    wanted = [f"<sip:{own_number(line)}@{DOMAIN}>;index=1",
              f"<{entry};cause={line.cell.condition.cause}>;index=1.1;mp=1"]
    check(seen == wanted, f"History-Info {seen}, not {wanted}")
    contact = call.arrival.first("X-Followed")
    check(contact == f"<{entry}>;mp=1", f"the Contact is {contact}")


def check_journal(line, call, journal):
    """The journal says the same, and that it was the cell's rule."""
    entry = journal.get(call.call_id)
    check(entry, "the call is not in the journal")
    seen = [entry[field] for field in ("line", "internal", "verdict", "reason", "outcome")]
    wanted = [line.number, line.caller_origin == "internal", "redirect",
              line.cell.condition.reason, "forwarded"]
    check(seen == wanted, f"the journal says {seen}, not {wanted}")
    times = [datetime.fromisoformat(entry[field]) for field in ("started", "ended")]
    waited_s = (times[1] - times[0]).total_seconds()
    check(waited_s >= line.cell.condition.wait_s, f"forwarded after {waited_s} s already")
    rules = [e for e in entry["trace"] if e["finding"] == "applies" and e["subject"] in LEVELS]
    check(rules and rules[-1]["subject"] == line.cell.level, f"the journal's trace is {rules}")


def check_cell(cell, journal):
    for line in cell.lines:
        for mode, call in line.calls.items():
            try:
                check_arrival(line, call)
                if mode != "history-info":
                    check_diversion(line, call)
                else:
                    check(not call.arrival.diversions, "there is a Diversion, too")
                if mode != "diversion":
                    check_history_info(line, call)
                check_journal(line, call, journal)
            except Trouble as trouble:
                raise Trouble(f"{line.caller_origin} caller, {mode}: {trouble}") from None
    cell.is_ok = True


def calls_of(cells):
    return [call for cell in cells for line in cell.lines for call in line.calls.values()]


def print_matrix(cells):
    """A line for each condition; of each level the cells for all, internal, external callers."""
    words = {cell.name: "ok" if cell.is_ok else "FAILED" for cell in cells}
    print("\n" + " " * 12 + "".join(f"{level:21}" for level in LEVELS))
    print(" " * 12 + f"{'all':6} {'int':6} {'ext':6} " * len(LEVELS))
    for condition in CONDITIONS:
        row = [f"{words.get(f'{condition.name}-{level}-{origin}', '-'):6}"
               for level in LEVELS for origin in ORIGINS]
        print(f"{condition.name:12}" + " ".join(row))
    ok = sum(cell.is_ok for cell in cells)
    print(f"{ok} of {len(cells)} cells ok, {len(calls_of(cells))} calls", flush=True)


def main():
    options = arguments(__doc__)
    cells = [cell for cell in make_cells() if not options.names or cell.name in options.names]
    numbers = [line.number for cell in cells for line in cell.lines]
    phones = [Target(level, origin, False).typed for level in LEVELS for origin in ORIGINS]
    with World("peer/matrix", options.bin, OFFSET, lines=numbers,
               phones=(INSIDE, *phones)) as world:
        set_up(world, cells)
        place_all_calls(world, cells)
        count = sum(call is not None for call in calls_of(cells))
        journal = read_journal(world.lineward, count)
        failed = run_tests([(cell.name, lambda c=cell: check_cell(c, journal)) for cell in cells],
                           options.names)
        print_matrix(cells)
        world.lineward.stop()
        world.lineward.check_log()
    return 1 if failed else 0


run_script(main)
