#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The trial: a small company's telephone system with lineward beside it, all on loopback.

    trial.py run --bin PATH       set it up, place some calls, explain them, and stay up
    trial.py run --bin PATH --headless     the same as a test: end after the calls
    trial.py call FROM TO         place another call while the trial is up
"""

import argparse
import os
import shlex
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from peers import (MAILBOX, MOBILE, PHONES, ROOT, USERS, Api, Caller, Ports, Sipp, World,
                   place_call)
from processes import Trouble
from runner import run_script

PASSWORD = "forward-my-calls"  # of the user sales, in the web client
HEADLESS_OFFSET = 400  # the trial as a test keeps out of the way of one that is up

PEOPLE = {
    **{extension: user for extension, user in USERS.items()},
    "105": "the warehouse's phone",
    "106": "the meeting room's phone",
    MAILBOX: "the voice mailbox",
    "+4930555123": "a customer in Berlin",
    "+43153454": "a supplier in Vienna",
    MOBILE: "the mobile of sales",
    "01701234567": "the mobile of sales",
}


@dataclass
class Scenario:
    """One call of the story and what must become of it."""

    title: str
    commands: list   # what is typed before, in words after `lineward`
    caller: str
    dialled: str
    lines: list      # the lines that decide about the call, in order
    arrives_at: str  # the number that is called in the end; "" if none
    reason: str      # the latest Diversion's reason; "" if the call arrives nowhere
    final: int = 200


STORY = [
    Scenario("Sales sends colleagues to the meeting room",
             ["forward set 102 immediate --from internal --to 106"],
             "105", "102", ["102"], "106", "unconditional"),
    Scenario("... and everyone else to the mobile: both are set at the same time",
             ["forward set 102 immediate --from external --to mobile"],
             "+4930555123", "+49891234102", ["102"], "01701234567", "unconditional"),
    Scenario("A caller who hides the number is external all the same",
             [],
             "anonymous:+4930555123", "102", ["102"], "01701234567", "unconditional"),
    Scenario("Support does not want to be disturbed, and says who helps instead",
             ["user set support --dnd on", "forward set 103 dnd --to 105"],
             "+4930555123", "+49891234103", ["103"], "105", "do-not-disturb"),
    Scenario("Reception does not want to be disturbed, and says nothing else",
             ["user set reception --dnd on"],
             "106", "101", ["101"], "", "", 486),
    Scenario("Support goes home: nobody is signed in, the mailbox takes the call",
             ["user set support --dnd off --login off"],
             "106", "103", ["103"], MAILBOX, "unavailable"),
    Scenario("... but customers reach the meeting room",
             ["forward set 103 logged_off --from external --to 106"],
             "+43153454", "+49891234103", ["103"], "106", "unavailable"),
    Scenario("The workshop is signed off, too, and has no mailbox",
             ["user set workshop --login off"],
             "105", "104", ["104"], "", "", 486),
    Scenario("One forwarding leads to another: the meeting room learns of both",
             ["forward set 104 immediate --to 102"],
             "105", "104", ["104", "102"], "106", "unconditional"),
    Scenario("Two lines that nobody watches forward to each other: saved with a warning, and "
             "the call ends",
             ["user set reception --dnd off --login off", "forward clear 104 immediate",
              "forward set 101 logged_off --to 104", "forward set 104 logged_off --to 101"],
             "105", "101", ["101", "104"], "", "", 480),
]


class Paper:
    """Prints; in colours if a person reads it on a terminal."""

    STYLES = {"bold": "1", "dim": "2", "green": "32", "red": "31", "cyan": "36"}

    def __init__(self):
        self.has_colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def ink(self, style, text):
        return f"\033[{self.STYLES[style]}m{text}\033[0m" if self.has_colours else text

    def line(self, text=""):
        print(text, flush=True)

    def command(self, arguments):
        words = shlex.join(arguments) if not isinstance(arguments, str) else arguments
        self.line("    " + self.ink("cyan", f"$ lineward {words}"))

    def fact(self, name, text):
        self.line(f"      {self.ink('dim', name.ljust(9))} {text}")


def name_of(number):
    """A number and whose it is."""
    caller = Caller(number)
    who = PEOPLE.get(caller.number) or PEOPLE.get(caller.number[-3:], "")
    withheld = ", number withheld" if caller.text != caller.number else ""
    return f"{caller.number} ({who}{withheld})" if who else number


def tell_decision(paper, entry):
    """A line's verdict and why: the rules that were looked at, the one that counted in bold."""
    origin = "internal" if entry["internal"] else "external"
    paper.fact(f"line {entry['line']}",
               paper.ink("bold", entry["text"]) + f"  (caller {entry['caller']}, {origin})")
    for step in entry["trace"]:
        style = "bold" if step["finding"] == "applies" else "dim"
        paper.fact("", paper.ink(style, f"- {step['text']}"))


def tell_call(paper, call, entries):
    """What happened to a call, and why."""
    for entry in entries:
        tell_decision(paper, entry)
    arrival = call.arrival
    bridged = [entry for entry in entries if entry["executed"] == "bridge"]
    if bridged:
        last = bridged[-1]
        answered = "answered" if last["outcome"] == "forwarded" else "without an answer"
        paper.fact("bridged", f"by a second call of line {last['line']} to "
                              f"{name_of(last['target'])}, {answered}")
    elif arrival:
        where = "over the trunk at" if arrival.target == "outside" else "at"
        paper.fact("arrived", f"{where} {name_of(arrival.called_user)}")
        for diversion in arrival.diversions:
            paper.fact("", paper.ink("dim", f"Diversion: {diversion.value}"))
    else:
        paper.fact("arrived", "nowhere: no phone was called")
    paper.fact("caller", f"was answered {' '.join(map(str, call.answers))}")


def differences(scenario, call, entries):
    """How a call differs from what the scenario expects; empty if it does not."""
    arrival = call.arrival
    diversion = arrival.diversions[0] if arrival and arrival.diversions else None
    seen = {
        "the lines that decided": [entry["line"] for entry in entries],
        "the number that was called": arrival.called_user if arrival else "",
        "the reason in the Diversion": diversion.parameters.get("reason", "") if diversion else "",
        "the caller's final answer": call.final,
    }
    wanted = [scenario.lines, scenario.arrives_at, scenario.reason, scenario.final]
    return [f"{what}: {value or 'none'}, not {expected or 'none'}"
            for (what, value), expected in zip(seen.items(), wanted) if value != expected]


def play(paper, world, number, scenario):
    """Plays one scenario; returns whether all was as expected."""
    paper.line()
    paper.line(paper.ink("bold", f"{number:>2}  {scenario.title}"))
    for command in scenario.commands:
        paper.command(command)
        world.lineward.command(*shlex.split(command))
    paper.line(f"    {name_of(scenario.caller)} calls {name_of(scenario.dialled)}")
    call = world.call(scenario.caller, scenario.dialled)
    entries = world.lineward.journal_of(call.call_id, len(scenario.lines))
    tell_call(paper, call, entries)
    wrong = differences(scenario, call, entries)
    for difference in wrong:
        paper.fact("", paper.ink("red", f"NOT AS EXPECTED: {difference}"))
    if not wrong:
        paper.fact("", paper.ink("green", "as expected"))
    return not wrong


def introduce(paper, world):
    """Sets the company up, showing each command."""
    paper.line(paper.ink("bold", "A small company's telephone system"))
    paper.line("    The PBX is Kamailio; 105, 106 and the mailbox 700 are phones that answer.")
    paper.line("    Lineward is the terminal of 101-104 and decides about their calls:")
    paper.line()
    paper.command(shlex.join(short(world.lineward.serve_arguments())) + " &")
    world.set_up(tell=paper.command)
    paper.line("    All lines are registered at the PBX.")


def short(arguments):
    """Arguments with paths as seen from the project's folder, when that is where we are."""
    prefix = f"{ROOT}/" if Path.cwd() == ROOT else "//"
    return [argument.removeprefix(prefix) for argument in arguments]


def invite_to_try(paper, world, binary):
    """What to do next, to be copied into another terminal."""
    lineward = world.lineward
    token_file, program = short([str(lineward.token_file), str(Path(binary).resolve())])
    paper.line()
    paper.line(paper.ink("bold", "The trial is up. Ctrl-C ends it."))
    lineward.api("PATCH", "users/sales", {"password": PASSWORD})
    paper.fact("web", f"{lineward.url}/  (sign in as sales with the password {PASSWORD})")
    paper.fact("API", f"{lineward.url}/api/v1")
    paper.fact("token", token_file)
    paper.fact("logs", short([str(world.directory)])[0])
    paper.line("    Try, in another terminal:")
    here = f"python3 {short([str(Path(__file__).resolve())])[0]}"
    call = "./dev call" if (ROOT / "dev").exists() and Path.cwd() == ROOT else f"{here} call"
    base = os.environ.get("LINEWARD_PORT_BASE", "25000")
    ports = f" LINEWARD_PORT_BASE={base}" if base != "25000" else ""
    for command in (
            f"export LINEWARD_API={lineward.url} LINEWARD_TOKEN_FILE={shlex.quote(token_file)}"
            f"{ports}",
            f"alias lineward={shlex.quote(program)}",
            "lineward status",
            "lineward forward list 102",
            "lineward explain 102 --from +4930555123",
            "lineward user set workshop --login on --mailbox 700",
            f"{call} +4930555123 102",
            "lineward journal 102 --limit 3",
            f"curl -H \"Authorization: Bearer $(cat {shlex.quote(token_file)})\" "
            f"{lineward.url}/api/v1/lines"):
        paper.line("      " + paper.ink("cyan", command))


def stay_up(world):
    """Waits for Ctrl-C; Trouble if a program ends meanwhile."""
    programs = [world.pbx.program, world.lineward.program]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while all(program.is_running() for program in programs):
            time.sleep(0.5)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print(flush=True)
        return
    ended = next(program for program in programs if not program.is_running())
    raise Trouble(f"{ended.name} has ended:\n{ended.tail()}")


def run(options):
    paper = Paper()
    offset = HEADLESS_OFFSET if options.headless else 0
    directory = "peer/trial" if options.headless else "trial"
    with World(directory, options.bin, offset) as world:
        introduce(paper, world)
        good = sum(play(paper, world, number, scenario)
                   for number, scenario in enumerate(STORY, start=1))
        paper.line()
        style = "green" if good == len(STORY) else "red"
        paper.line(paper.ink(style, f"{len(STORY)} calls, {good} as expected."))
        if not options.headless:
            invite_to_try(paper, world, options.bin)
            stay_up(world)
        world.lineward.stop()
        world.lineward.check_log()
    return 0 if good == len(STORY) or not options.headless else 1


def call(options):
    """Places a call in the trial that is up, and explains it."""
    directory = ROOT / "build" / "trial"
    api = Api(Ports(0), directory / "data")
    try:
        api.api("GET", "status")
    except OSError:
        raise Trouble("the trial is not up; start it with ./dev run") from None
    caller = Caller(options.caller)
    if caller.is_inside and caller.number not in (*USERS, *PHONES):
        raise Trouble(f"{caller.number} is not an extension of the trial; there are "
                      + ", ".join((*USERS, *PHONES)))
    paper = Paper()
    made = place_call(Sipp(Ports(0), directory), f"call-{os.getpid()}-{time.time_ns()}",
                      options.caller, options.to)
    paper.line(f"    {name_of(options.caller)} calls {name_of(options.to)}")
    lines = 1 if options.to[-3:] in USERS else 0
    tell_call(paper, made, api.journal_of(made.call_id, lines))
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("run", help="set the trial up and place its calls")
    command.add_argument("--bin", required=True, metavar="PATH", help="the lineward to be tried")
    command.add_argument("--headless", action="store_true", help="end after the calls")
    command.set_defaults(function=run)
    command = commands.add_parser("call", help="place a call in the trial that is up")
    command.add_argument("caller", metavar="FROM",
                         help="an extension, a number outside, or anonymous:NUMBER")
    command.add_argument("to", metavar="TO", help="an extension or a number")
    command.set_defaults(function=call)
    options = parser.parse_args()
    return options.function(options)


if __name__ == "__main__":
    run_script(main)
