#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Three times the calls that can be carried: most of what can be carried is, quickly; some of the
rest gets 503; and two seconds after it is over, nobody notices that it was.

    test_overload.py --bin PATH --programs DIRECTORY                  wide bounds, a quarter minute
    test_overload.py --bin PATH --programs DIRECTORY --strict [--seconds S] [--burners N]

--strict: five times in turn the maximum and three times as much; the median is 90 % of the maximum.
Without a pause between them: a call costs something 5 s after its end, when its transaction goes.
The daemon and the caller (bench/caller.c) have a processor each. Where the caller cannot place
three times what the daemon carries, N busy processes take the daemon's processor from it in part.

Both are counted by the time that the daemon's processor was there for it: of the whole time, what
it did not wait for the processor while other programs had it. So the machine may have other things
to do, too; a daemon that sleeps while calls are dropped has that counted against it.
docs/overload.md.
"""

import argparse
import json
import os
import queue
import statistics
import sys
import threading
import time
from pathlib import Path

from message import Message
from phone import Phone
from processes import Program, Trouble, run_program, wait_until
from runner import check, run_script
from test_devices import SECRET
from wire import Wire, response_to

OFFSET = 700
LINES = 100
WATCHED = 30  # calls at a time; one of thirty or so is refused, most are dropped
FACTOR = 3
WINDOWS = (50, 100, 200, 400)  # calls that are open, for the maximum
WINDOW_OVER = 300000  # more than are open when most are dropped, each for GIVE_UP_MS
GIVE_UP_MS = 500     # T1: then a PBX would send the INVITE again
STRICT_ROUNDS = 5
LINGER_S = 6         # calls cost something still when they are over: timer I ends after 5 s
HEALTHY_US = 400000  # by then 99 % of those who are answered are, its beginning included
EMERGENCY, EMERGENCIES, PHASES_MAX = "112", 20, 12
RESENT_S = (0.5, 1, 2, 4, 4, 4)  # timer A; what is not answered then is lost


class Rescue:
    """A device that calls for help, with a user and a line of its own; the PBX's socket takes the
    calls, and refuses each, so that it is over."""

    def __init__(self, wire):
        self.pbx = wire.pbx
        command, group = wire.lineward.command, wire.lineward.api("GET", "groups")["items"][0]
        command("user", "add", "guard")
        command("line", "add", "799", "--group", group["name"], "--user", "guard")
        account = SECRET.search(command("device", "add", "guard", "gate")).groups()
        port = wire.ports.sip
        self.phone = Phone(("127.0.0.1", port), (*account, f"127.0.0.1:{port}"))
        self.phone.register()
        self.took, self.call_ids = [], set()

    def ask(self, text, call_id, status):
        """Sends an INVITE until it is answered; returns that, or the refusal by that status."""
        for wait_s in RESENT_S:
            self.phone.send(text)
            until = time.monotonic() + wait_s
            while (left := until - time.monotonic()) > 0:
                try:
                    message = self.phone.received.get(timeout=left)
                except queue.Empty:
                    break
                if message.first("Call-ID") == call_id and message.status >= 200:
                    check(message.status == status, f"{message.start_line} to a call for help")
                    return message
        raise Trouble(f"a call for help is not answered after {sum(RESENT_S):.0f} s")

    def arrives(self):
        """The PBX gets the call and refuses it."""
        while True:
            message = self.pbx.received.get(timeout=sum(RESENT_S))
            is_new = message.first("Call-ID") not in self.call_ids
            if message.start_line.startswith(f"INVITE sip:{EMERGENCY}@") and is_new:
                self.call_ids.add(message.first("Call-ID"))
                self.pbx.send(response_to(message, 486, "Busy Here"))
                return

    def call(self):
        """One call; notes how long it took to the PBX."""
        phone, began = self.phone, time.monotonic()
        address, uri = f"<sip:{phone.user}@{phone.domain}>", f"sip:{EMERGENCY}@{phone.domain}"
        fields = {"from": f"{address};tag={began}", "to": f"<{uri}>", "uri": uri, "cseq": 1,
                  "call_id": f"help-{began}", "branch": f"z9hG4bKask{began}"}
        challenge = self.ask(phone.printed("INVITE", uri, fields), fields["call_id"], 401)
        phone.ack(fields, challenge)
        fields |= {"cseq": 2, "branch": f"z9hG4bKhelp{began}"}
        proof = phone.proof(challenge, "INVITE", uri)
        arrival = threading.Thread(target=self.arrives)
        arrival.start()
        refusal = self.ask(phone.printed("INVITE", uri, fields, [proof]), fields["call_id"], 486)
        arrival.join()
        phone.ack(fields, refusal)
        self.took.append(time.monotonic() - began)


class Overload:
    def __init__(self, options):
        self.options = options
        self.goodput_min, self.placed_min = (0.9, 0.8) if options.strict else (0.5, 0.8)
        self.wire = Wire("overload", options.bin, OFFSET)
        self.lineward = self.wire.lineward
        run_program(options.programs, "bench_load", self.lineward.data, LINES, self.wire.ports.wire)
        processors = sorted(os.sched_getaffinity(0))
        self.refusal, self.rescue, self.is_over = None, None, False
        self.rounds = STRICT_ROUNDS if options.strict else 1
        self.daemons, self.callers = {processors[0]}, {processors[-1]}

    def set_up(self):
        os.sched_setaffinity(0, self.daemons)
        self.lineward.start()
        for i in range(self.options.burners):
            Program(f"burner {i}", [sys.executable, "-c", "while True: pass"],
                    self.wire.directory / "burner.log")
        os.sched_setaffinity(0, self.callers)
        wait_until("the lines are registered", lambda: self.lines_registered() == LINES, 30)
        self.rescue = Rescue(self.wire)

    def lines_registered(self):
        return self.wire.status()["groups"][0]["lines"]["registered"]

    def processor(self):
        """Seconds that the daemon's busiest thread has had a processor, and waited for one."""
        threads = [tuple(int(word) for word in path.read_text().split()[:2]) for path in
                   Path(f"/proc/{self.lineward.program.process.pid}/task").glob("*/schedstat")]
        had, waited = max(threads)
        return had / 1e9, waited / 1e9

    def calls(self, seconds, window, rate=0):
        """What the caller saw; `good`, `refused` and `placed` in a second of the processor."""
        had, waited = self.processor()
        said = json.loads(run_program(
            self.options.programs, "bench_caller", "--server", self.wire.ports.sip,
            "--port", self.wire.ports.wire + 1,
            "--lines", LINES, "--window", window, "--seconds", seconds, "--give-up", GIVE_UP_MS,
            *(["--rate", rate] if rate else [])))
        had_now, waited_now = self.processor()
        there = seconds - (waited_now - waited)
        said["there"], said["busy"] = there / seconds, (had_now - had) / there
        said["good"] = (said["calls"] - said["wrong"]) / there
        said["refused"] = said["wrong"] / there
        said["placed"] = (said["calls"] + said["lost"]) / there
        return said

    def tell(self, what, said):
        print(f"   {what}: {said['placed']:.0f} calls/s placed, {said['good']:.0f} redirected, "
              f"{said['refused']:.0f} refused, p99 {said['p99_us'] / 1000:.1f} ms, "
              f"{said['repeated']} answers repeated; the processor was there for "
              f"{said['there'] * 100:.0f} % of the time, busy for {said['busy'] * 100:.0f} % of it",
              flush=True)

    def best_window(self):
        """How many open calls make the daemon carry the most. A few leave it idle where the caller
        is the slower one; more may be overload."""
        said = {window: self.calls(2, window) for window in WINDOWS}
        calm = [window for window in WINDOWS if said[window]["wrong"] == 0]
        check(calm, f"refused though only {WINDOWS[0]} calls are open")
        return max(calm or WINDOWS[:1], key=lambda window: said[window]["good"])

    def maximum(self):
        """The calls a second that the daemon carries at most: a new one for each that is over."""
        said = self.calls(self.options.seconds, self.window)
        self.tell("at most", said)
        is_calm = said["wrong"] <= 0.01 * said["calls"]
        check(is_calm or not self.options.strict, f"refused though {self.window} calls are open")
        return said

    def serve_half(self, rate, when):
        """Half of the maximum: nobody notices anything."""
        said = self.calls(2, 20000, int(rate / 2))
        self.tell(f"at half of it, {when}", said)
        lost = said["lost"] + said["wrong"]
        check(lost <= 0.02 * (said["calls"] + said["lost"]), f"{lost} calls not served {when}")

    def watch(self):
        """Some calls among the many, again and again until one is refused: how?"""
        caller = self.wire.stranger("127.0.0.1")
        while not self.refusal and not self.is_over:
            for i in range(WATCHED):
                caller.send(caller.request("INVITE", f"watched{time.monotonic_ns()}-{i}", "100000"))
            while (datagram := caller.receive(0.1)) is not None:
                answer = Message(datagram.decode(errors="replace"))
                if answer.status < 200:
                    continue
                caller.send(caller.ack(answer, "100000"))
                if answer.status == 503:
                    self.refusal = answer
        caller.close()

    def run(self):
        watcher = threading.Thread(target=self.watch)
        watcher.start()
        self.window = self.best_window()
        self.calls(LINGER_S, self.window)
        most, goodputs = [self.maximum()], []
        for _ in range(self.rounds):
            over = self.calls(self.options.seconds, WINDOW_OVER,
                              int(FACTOR * most[-1]["good"] * most[-1]["there"]))
            self.tell(f"at {FACTOR} times", over)
            most.append(self.maximum())
            goodputs.append(self.judge((most[-1]["good"] + most[-2]["good"]) / 2, over))
        rate = most[-1]["good"] * most[-1]["there"]
        self.serve_half(rate, "before")
        self.call_for_help(int(FACTOR * rate))
        self.calls(1, WINDOW_OVER, int(FACTOR * rate))
        time.sleep(2)
        self.serve_half(rate, "two seconds later")
        self.is_over = True
        watcher.join()
        self.judge_all(statistics.median(goodputs))

    def call_for_help(self, rate):
        """Calls for help while most calls are turned away: each reaches the PBX. Where nobody is
        refused by that rate, the machine has become faster meanwhile: by a greater one, then."""
        for _ in range(PHASES_MAX):
            before = self.wire.status()["overloaded"]
            load = threading.Thread(target=self.calls,
                                    args=(self.options.seconds, WINDOW_OVER, rate))
            load.start()
            while load.is_alive() and len(self.rescue.took) < EMERGENCIES:
                if self.wire.status()["overloaded"] > before:
                    self.rescue.call()
            load.join()
            if len(self.rescue.took) == EMERGENCIES:
                break
            rate = rate if self.wire.status()["overloaded"] > before else 2 * rate
        check(len(self.rescue.took) == EMERGENCIES, f"{len(self.rescue.took)} calls for help only")
        print(f"   {EMERGENCIES} calls for help of {EMERGENCIES} have reached the PBX, after "
              f"{max(self.rescue.took) * 1000:.0f} ms at most", flush=True)

    def judge(self, most, over):
        """Returns the goodput, in parts of the maximum."""
        placed, goodput = over["placed"] / most, over["good"] / most
        print(f"   goodput {goodput * 100:.0f} % of the maximum, at {placed:.1f} times", flush=True)
        check(placed > FACTOR * self.placed_min, f"only {placed:.1f} times the maximum placed")
        check(over["refused"] > 0, "nobody was refused")
        check(over["p99_us"] < HEALTHY_US, f"p99 is {over['p99_us'] / 1000:.0f} ms")
        check(over["repeated"] < 0.05 * over["calls"], f"{over['repeated']} answers came again")
        return goodput

    def judge_all(self, goodput):
        print(f"   the median goodput is {goodput * 100:.0f} % of the maximum", flush=True)
        check(goodput > self.goodput_min, f"goodput is {goodput * 100:.0f} % of the maximum")
        check(self.refusal, "not one of the watched calls was refused")
        check(not self.refusal.first("Retry-After"), "503 with Retry-After")
        check(self.wire.status()["overloaded"] > 0, "refused calls are not counted")
        check("overloaded: calls are refused" in self.lineward.program.text(), "the log is silent")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, metavar="PATH", help="the lineward to be tested")
    parser.add_argument("--programs", required=True, metavar="DIRECTORY",
                        help="where bench_caller and bench_load are")
    parser.add_argument("--strict", action="store_true", help="the bounds of an idle machine")
    parser.add_argument("--seconds", type=int, default=4, metavar="S", help="of overload")
    parser.add_argument("--burners", type=int, default=0, metavar="N",
                        help="busy processes beside the daemon")
    overload = Overload(parser.parse_args())
    overload.set_up()
    overload.run()
    overload.wire.end()
    print("ok overload", flush=True)
    return 0


if __name__ == "__main__":
    run_script(main)
