#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a redirected call costs: Lineward beside bare sockets, Kamailio and Sofia-SIP; and a bridged
one, beside Kamailio as a proxy that stays in the call.

    bench/bench.py --programs DIRECTORY [--quick] [--only redirect|bridge] [--json FILE]

`./dev bench` builds what is measured and runs this. docs/benchmark.md says what the figures mean.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test" / "peer"))

from processes import Trouble  # noqa: E402
from runner import run_script  # noqa: E402
from held import CALLS, hold_calls  # noqa: E402
from servers import (Floor, KamailioDialog, KamailioSl, KamailioTm, Lineward,  # noqa: E402
                     LinewardBridge, Ports, Registrar, Sofia, TwoWorkers)

COMPARED = (Lineward, Floor, KamailioTm, KamailioSl, Sofia)
BRIDGING = (LinewardBridge, KamailioDialog)
LINES = 10000  # that are called
MANY_LINES = 100000  # for memory and start
ROUNDS_NEEDED, ROUNDS_EXTRA = 5, 2
LOST_MAX = 0.001
SETTLE_ALONE_S = 0.3  # before the next server runs
BUFFER_BYTES = 4194304

# What we want to reach.
TO_FLOOR_MAX, TO_TM_MAX, BYTES_PER_LINE_MAX = 2.0, 0.2, 1500
TO_DIALOG_MAX, BYTES_TO_DIALOG_MAX = 1.0, 1 / 3


@dataclass
class Plan:
    rounds: int
    seconds: int        # of a run of calls
    line_counts: tuple  # for the cost by the number of lines; empty: not measured

    @staticmethod
    def of(is_quick):
        if is_quick:
            return Plan(rounds=5, seconds=2, line_counts=())
        return Plan(rounds=7, seconds=4, line_counts=(10, MANY_LINES))


@dataclass(frozen=True)
class Load:
    """What the caller does. Without a rate, a new call begins when another is answered."""

    name: str
    window: int  # calls that are open at the same time, at most
    rate: int = 0


LOADS = (Load("20 open", 20), Load("200 open", 200), Load("5000/s", 5000, 5000))
FULL, PACED = LOADS[1], LOADS[2]  # whose figures go into the JSON: costs, latencies


@dataclass
class Round:
    cpu_us: float  # per call
    rate: float    # calls per second
    p50_us: float
    p99_us: float


@dataclass
class Cell:
    """The rounds of one server under one load."""

    rounds: list = field(default_factory=list)
    faults: list = field(default_factory=list)  # of those that are void
    latest: str = ""

    def add(self, result):
        """Adds a Round, or why it is void."""
        is_valid = isinstance(result, Round)
        (self.rounds if is_valid else self.faults).append(result)
        self.latest = f"{result.cpu_us:.1f}" if is_valid else "void"

    def is_complete(self):
        return len(self.rounds) >= ROUNDS_NEEDED

    def figure(self, name):
        """The median of a figure; None if it is void."""
        values = [getattr(one, name) for one in self.rounds]
        return statistics.median(values) if self.is_complete() else None


# ---------------------------------------------------------------------------- Rounds


def place_calls(server, lines, load, seconds):
    """Has calls placed at the server; returns what the caller says (caller.c, bridge.c)."""
    command = server.caller(lines, load, seconds)
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=seconds + 30, check=False)
    if done.returncode != 0:
        raise Trouble(f"the caller ended with status {done.returncode}: {done.stderr}")
    return {**json.loads(done.stdout), "note": done.stderr.strip()}


def fault_of(calls, load, seconds):
    """Why a run is void by what the caller says, or None."""
    done, lost = calls["calls"], calls["lost"]
    if done == 0 or lost > LOST_MAX * (done + lost):
        return f"{lost} of {done + lost} calls lost"
    if calls["wrong"]:
        return f"{calls['wrong']} calls answered otherwise; {calls['note']}"
    if done < 0.99 * load.rate * seconds:
        return f"only {done} of {load.rate * seconds} calls placed"
    return None


class Run:
    """One run of calls. It counts until what the calls left to be done is done: meanwhile others
    may run."""

    def __init__(self, server, lines, load, seconds):
        self.server, self.load, self.seconds = server, load, seconds
        server.begin_round()
        self.before = server.thread_times()
        self.calls = place_calls(server, lines, load, seconds)
        self.settled_at = time.monotonic() + server.settle_s
        time.sleep(SETTLE_ALONE_S)  # most of it is done then

    def result(self):
        """A Round, or why it is void."""
        server, calls = self.server, self.calls
        time.sleep(max(0, self.settled_at - time.monotonic()))
        after = server.thread_times()
        fault = fault_of(calls, self.load, self.seconds) or server.fault(calls["calls"])
        if fault:
            return fault
        if self.before.keys() != after.keys():
            return "a thread has come or gone, and its time with it"
        spent_ns = sum(after.values()) - sum(self.before.values())
        return Round(cpu_us=spent_ns / 1000 / calls["calls"],
                     rate=calls["calls"] / calls["seconds"],
                     p50_us=calls["p50_us"], p99_us=calls["p99_us"])


class Rounds:
    """Servers in turn. A run is looked at before the next one of its server."""

    def __init__(self, plan, pairs):
        self.plan, self.pairs = plan, pairs
        self.cells = {(server.key, load): Cell() for server, load in pairs}
        self.waiting = {}

    def settle(self, key):
        run = self.waiting.pop(key, None)
        if run:
            self.cells[key, run.load].add(run.result())

    def settle_all(self):
        for key in list(self.waiting):
            self.settle(key)

    def play(self, is_extra):
        for server, load in self.pairs:
            self.settle(server.key)
            if not is_extra or not self.cells[server.key, load].is_complete():
                self.waiting[server.key] = Run(server, LINES, load, self.plan.seconds)


def run_rounds(plan, pairs, told):
    """All (server, load) pairs in turn, round by round, then some more of what has too few valid
    rounds. Says what the servers `told` need. Returns {(key, load): Cell}."""
    rounds = Rounds(plan, pairs)
    for number in range(plan.rounds):
        rounds.play(is_extra=False)
        costs = ", ".join(f"{server.label} {rounds.cells[server.key, FULL].latest}"
                          for server in told)
        print(f"round {number + 1} of {plan.rounds}, us/call: {costs}", flush=True)
    for _ in range(ROUNDS_EXTRA):
        rounds.settle_all()
        rounds.play(is_extra=True)
    rounds.settle_all()
    return rounds.cells


# ---------------------------------------------------------------------------- Memory, start


@dataclass
class Size:
    bytes_per_line: float
    start_seconds: float
    costs: dict  # {number of lines: Cell}


class Sizes:
    """Measures servers with different numbers of lines, one after the other."""

    def __init__(self, programs, ports, directory):
        self.programs, self.ports, self.directory = programs, ports, directory

    def started(self, lines, is_called=False):
        directory = self.directory / f"lines{lines}{'called' if is_called else ''}"
        server = Lineward(self.programs, self.ports, directory, lines, is_called)
        server.start()
        time.sleep(server.settle_s)  # the transactions of the REGISTERs end
        return server

    def empty_bytes(self):
        server = self.started(0)
        resident = server.resident_bytes()
        server.stop()
        return resident

    def cost(self, server):
        cell = Cell()
        for _ in range(ROUNDS_NEEDED):
            cell.add(Run(server, server.lines, FULL, 2).result())
        return cell

    def measure(self, plan):
        print(f"memory and start, with {MANY_LINES:,} lines", flush=True)
        empty_bytes = self.empty_bytes()
        server = self.started(MANY_LINES)
        size = Size((server.resident_bytes() - empty_bytes) / MANY_LINES, server.start_seconds, {})
        server.stop()
        if plan.line_counts:
            print("cost by the number of lines", flush=True)
        for lines in plan.line_counts:
            server = self.started(lines, is_called=True)
            size.costs[lines] = self.cost(server)
            server.stop()
        return size


# ---------------------------------------------------------------------------- Workers


def measure_workers(programs, ports, directory):
    """One worker against two, in turn. Returns {workers: Cell}."""
    print("one worker against two", flush=True)
    servers = [make(programs, ports, directory / f"workers{make.workers}", LINES)
               for make in (Lineward, TwoWorkers)]
    for server in servers:
        server.start()
        time.sleep(server.settle_s)
    rounds = Rounds(Plan.of(is_quick=True), [(server, FULL) for server in servers])
    for _ in range(ROUNDS_NEEDED):
        rounds.play(is_extra=False)
    rounds.settle_all()
    for server in servers:
        server.stop()
    return {server.workers: rounds.cells[server.key, FULL] for server in servers}


def print_workers(cells):
    for workers, cell in cells.items():
        print(f"workers {workers}: {shown(cell.figure('cpu_us'))} us/call, "
              f"{shown(cell.figure('rate'), 0)} calls/s with {FULL.name}")


# ---------------------------------------------------------------------------- Results


def ratio(a, b):
    return None if a is None or b is None else a / b


def shown(value, digits=1):
    return "void" if value is None else f"{value:,.{digits}f}"


def table_rows(cells):
    """The head and a row for each server."""
    costs = {server.key: cells[server.key, FULL].figure("cpu_us") for server in COMPARED}
    yield ["", *(f"us/call {load.name}" for load in LOADS), "to floor", "to tm",
           *(f"calls/s {load.name}" for load in LOADS if load is not PACED),
           f"p50 us {PACED.name}", f"p99 us {PACED.name}"]
    for server in COMPARED:
        own = {load: cells[server.key, load] for load in LOADS}
        yield [server.label, *(shown(own[load].figure("cpu_us")) for load in LOADS),
               shown(ratio(costs[server.key], costs["floor"]), 2),
               shown(ratio(costs[server.key], costs["kamailio_tm"]), 2),
               *(shown(own[load].figure("rate"), 0) for load in LOADS if load is not PACED),
               shown(own[PACED].figure("p50_us"), 0), shown(own[PACED].figure("p99_us"), 0)]


def print_table(cells):
    rows = list(table_rows(cells))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    print()
    for row in rows:
        figures = [text.rjust(width) for text, width in zip(row[1:], widths[1:])]
        print("  ".join([row[0].ljust(widths[0]), *figures]))
    print(f"us/call: CPU of all threads. Ratios: with {FULL.name}. All are medians.")


def print_size(size):
    print(f"\nmemory: {size.bytes_per_line:,.0f} bytes per line, with {MANY_LINES:,} lines")
    print(f"start:  {size.start_seconds:.1f} s, with {MANY_LINES:,} lines")
    for lines in sorted(size.costs):
        cost = size.costs[lines].figure("cpu_us")
        print(f"cost:   {shown(cost)} us/call {FULL.name}, with {lines:,} lines")


def print_bridge(cells, held):
    print()
    for server in BRIDGING:
        cell, one = cells[server.key, FULL], held[server.key]
        print(f"{server.label:18} {shown(cell.figure('cpu_us'))} us/call, "
              f"{shown(cell.figure('rate'), 0)} calls/s with {FULL.name}; {one.established:,} "
              f"established, {one.bytes_per_call:,.0f} bytes per call "
              f"({one.grown_per_call:+,.0f} the second time), p50 {one.latency(0):,.0f} us, "
              f"p99 {one.latency(1):,.0f} us, {one.lost} lost")


def redirect_goals(cells, size):
    def to(key, load, name):
        return ratio(cells["lineward", load].figure(name), cells[key, load].figure(name))

    yield "CPU, to the floor", to("floor", FULL, "cpu_us"), TO_FLOOR_MAX
    yield "CPU, to Kamailio tm", to("kamailio_tm", FULL, "cpu_us"), TO_TM_MAX
    yield "p99, to Kamailio tm", to("kamailio_tm", PACED, "p99_us"), 1.0
    yield "p99, to Kamailio sl", to("kamailio_sl", PACED, "p99_us"), 1.0
    yield "bytes per line", size.bytes_per_line, BYTES_PER_LINE_MAX


def bridge_goals(cells, held):
    ours, theirs = (server.key for server in BRIDGING)
    yield ("bridge CPU, to dialog", ratio(cells[ours, FULL].figure("cpu_us"),
                                          cells[theirs, FULL].figure("cpu_us")), TO_DIALOG_MAX)
    yield ("bridge memory, to dialog", ratio(held[ours].bytes_per_call,
                                             held[theirs].bytes_per_call), BYTES_TO_DIALOG_MAX)
    yield "calls not established", CALLS - held[ours].established, 0


def print_goals(goals):
    print()
    for name, value, most in goals:
        verdict = "void" if value is None else "reached" if value <= most else "NOT REACHED"
        print(f"{name:24} {shown(value, 2):>10}   wanted: at most {most:.2g}   {verdict}")


def print_faults(cells):
    for (key, load), cell in cells.items():
        for fault in cell.faults:
            print(f"a void round: {key}, {load.name}: {fault}")


def by_server(cells, servers, name, load):
    figures = {server.key: cells[server.key, load].figure(name) for server in servers}
    return {key: value if value is None else round(value, 2) for key, value in figures.items()}


def redirect_results(cells, size, workers):
    """What --json writes; null stands for a void figure."""
    return {
        "redirect": {"cpu_us_per_call": by_server(cells, COMPARED, "cpu_us", FULL),
                     "calls_per_s": by_server(cells, COMPARED, "rate", FULL),
                     "p50_us": by_server(cells, COMPARED, "p50_us", PACED),
                     "p99_us": by_server(cells, COMPARED, "p99_us", PACED)},
        "memory": {"bytes_per_line": round(size.bytes_per_line, 1), "lines": MANY_LINES},
        "start": {"seconds": round(size.start_seconds, 2), "lines": MANY_LINES},
        "workers": {str(count): {"calls_per_s": cell.figure("rate"),
                                 "cpu_us_per_call": cell.figure("cpu_us")}
                    for count, cell in workers.items()},
    }


def bridge_results(cells, held):
    """The same of the bridged calls; ours is called lineward here, too."""
    def named(figures):
        return {key.replace("lineward_bridge", "lineward"): value
                for key, value in figures.items()}

    def of_held(figure):
        return named({key: round(figure(one), 1) for key, one in held.items()})

    return {"bridge": {
        "cpu_us_per_call": named(by_server(cells, BRIDGING, "cpu_us", FULL)),
        "calls_per_s": named(by_server(cells, BRIDGING, "rate", FULL)),
        "memory_bytes_per_call": of_held(lambda one: one.bytes_per_call),
        "memory_bytes_grown": of_held(lambda one: one.grown_per_call),
        "established": held["lineward_bridge"].established,
        "p50_us": of_held(lambda one: one.latency(0)),
        "p99_us": of_held(lambda one: one.latency(1))}}


# ---------------------------------------------------------------------------- The machine


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def print_machine():
    cores = len(os.sched_getaffinity(0))
    print(f"{time.strftime('%Y-%m-%d')}, {cores} x {processor()}, Linux {platform.release()}")
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"The machine is busy (load {load:.1f}): the figures will be worse than it can do.")


class SocketBuffers:
    """Makes sure that all programs get receive buffers of the same size. Those of the system's
    administrator may pass its limit, if they ask to, so the limit is raised for the others; where
    nobody may, all have the same anyway."""

    limit = Path("/proc/sys/net/core/rmem_max")

    def __enter__(self):
        self.before = self.limit.read_text().strip()
        if int(self.before) >= BUFFER_BYTES:
            return
        try:
            self.limit.write_text(str(BUFFER_BYTES))
            print(f"net.core.rmem_max is {BUFFER_BYTES} until the end, then {self.before} again")
        except OSError:
            print(f"Receive buffers are limited to {self.before} bytes, calls may be lost. "
                  f"As root: sysctl net.core.rmem_max={BUFFER_BYTES}")

    def __exit__(self, *_error):
        if self.limit.read_text().strip() != self.before:
            self.limit.write_text(self.before)


# ---------------------------------------------------------------------------- Start


class Course:
    """All that is measured: of calls that are redirected, of those that are joined to devices, or
    both."""

    def __init__(self, plan, programs, directory, only):
        self.plan, self.programs, self.directory = plan, programs, directory
        self.has_redirect, self.has_bridge = only != "bridge", only != "redirect"
        self.ports = Ports()
        self.cells, self.held, self.size, self.workers = {}, {}, None, {}

    def servers(self):
        """Those whose calls are redirected, and those whose calls are joined."""
        programs, ports, directory = self.programs, self.ports, self.directory
        redirecting = [Lineward(programs, ports, directory / "called", LINES),
                       *(make(programs, ports, directory) for make in COMPARED
                         if make is not Lineward)] if self.has_redirect else []
        bridging = [LinewardBridge(programs, ports, directory / "bridge", LINES),
                    KamailioDialog(programs, ports, directory)] if self.has_bridge else []
        return redirecting, bridging

    def measure(self):
        self.ports.check_free()
        Registrar(self.programs, self.ports, self.directory).start()
        redirecting, bridging = self.servers()
        for server in (*bridging, *redirecting):
            server.start()
        if bridging:
            print(f"memory of {CALLS:,} calls that are up", flush=True)
            self.held = hold_calls(bridging)
        pairs = [(server, load) for load in LOADS for server in redirecting]
        self.cells = run_rounds(self.plan, pairs + [(server, FULL) for server in bridging],
                                redirecting + bridging)
        for server in (*redirecting, *bridging):
            server.stop()
        if self.has_redirect:
            self.workers = measure_workers(self.programs, self.ports, self.directory)
            self.size = Sizes(self.programs, self.ports, self.directory).measure(self.plan)

    def tell(self):
        goals = []
        if self.has_redirect:
            print_table(self.cells)
            print_size(self.size)
            print_workers(self.workers)
            goals += redirect_goals(self.cells, self.size)
        if self.has_bridge:
            print_bridge(self.cells, self.held)
            goals += bridge_goals(self.cells, self.held)
        print_goals(goals)
        print_faults(self.cells)

    def results(self):
        return {**(redirect_results(self.cells, self.size, self.workers)
                   if self.has_redirect else {}),
                **(bridge_results(self.cells, self.held) if self.has_bridge else {})}

    def is_valid(self):
        costs = self.size.costs.values() if self.size else ()
        return all(cell.is_complete() for cell in
                   [*self.cells.values(), *costs, *self.workers.values()])


def read_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("--programs", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true",
                        help="shorter runs and fewer lines: within 10 minutes")
    parser.add_argument("--only", choices=("redirect", "bridge"), help="leave out the other part")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE, too")
    return parser.parse_args()


def main():
    arguments = read_arguments()
    directory = ROOT / "build" / "bench"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    print_machine()
    course = Course(Plan.of(arguments.quick), arguments.programs.resolve(), directory,
                    arguments.only)
    with SocketBuffers():
        course.measure()
    course.tell()
    if arguments.json:
        arguments.json.write_text(json.dumps(course.results(), indent=2) + "\n")
    for data in directory.glob("*/data"):
        shutil.rmtree(data)
    return 0 if course.is_valid() else 1


if __name__ == "__main__":
    run_script(main)
