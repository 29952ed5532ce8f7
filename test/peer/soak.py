#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Half of what the daemon can carry, for as long as one likes, while everything else changes: its
memory and descriptors do not grow, and no sanitizer complains.

    soak.py --bin PATH --programs DIRECTORY [--seconds S]

Calls come from bench/caller.c. Beside them, all the time: forwardings, users, lines and groups are
changed by the API, lines come and go, connections by TCP and TLS come, speak, stay silent, break
off, and strangers ask. `./dev soak` builds what is needed and runs this.
"""

import argparse
import json
import random
import socket
import ssl
import statistics
import struct
import threading
import time

from peers import Api
from processes import run_program, wait_until
from runner import check, run_script
from test_transports import Certificates
from wire import Wire

OFFSET = 900
LINES, FIRST_LINE = 200, 100000
RATE_MAX = 2000        # calls a second, on whatever machine
CALLS_S = 20           # of one run of the caller
SAMPLE_S = 2
WARM_UP_S = 60         # transactions, remembered forwardings and the journal's pages fill up
GROWTH_MAX = 0.03      # of the memory, from the first third after that to the last
GROWTH_SHORT = 0.15    # the same where the time is too short for the warm-up, or with TSan's memory
GROWTH_SLACK_KB = 1024
LOST_MAX = 0.01


class Soak:
    def __init__(self, options):
        self.options = options
        self.wire = Wire("soak", options.bin, OFFSET)
        self.lineward = self.wire.lineward
        certificates = Certificates(self.wire.directory)
        own = certificates.path("lineward")
        self.lineward.options = ["--tls", f"127.0.0.1:{self.wire.ports.tls}",
                                 "--tls-certificate", f"{own}.crt", "--tls-key", f"{own}.key"]
        self.tls = ssl.create_default_context(cafile=str(certificates.path("ca.crt")))
        self.is_over = threading.Event()
        self.faults, self.done = [], {}
        self.memory, self.descriptors = [], []

    def set_up(self):
        run_program(self.options.programs, "bench_load", self.lineward.data, LINES,
                    self.wire.ports.wire)
        self.lineward.start()
        wait_until("the lines are registered", lambda: self.registered() == LINES, 60)

    def registered(self):
        return self.wire.status()["groups"][0]["lines"]["registered"]

    # ---- calls

    def calls(self, seconds, window, rate=0):
        return json.loads(run_program(
            self.options.programs, "bench_caller", "--server", self.wire.ports.sip,
            "--port", self.wire.ports.wire + 1,
            "--lines", LINES, "--window", window, "--seconds", seconds,
            *(["--rate", rate] if rate else [])))

    def half_rate(self):
        said = self.calls(3, 20)
        return max(10, min(RATE_MAX, int(said["calls"] / said["seconds"] / 2)))

    def place_calls(self, rate):
        placed = lost = wrong = 0
        end = time.monotonic() + self.options.seconds
        while time.monotonic() < end and not self.faults:
            said = self.calls(CALLS_S, 5000, rate)
            placed += said["calls"] + said["lost"]
            lost, wrong = lost + said["lost"], wrong + said["wrong"]
        print(f"   {placed} calls at {rate} a second, {lost} lost, {wrong} not redirected",
              flush=True)
        if self.options.lossy:
            check(placed - lost - wrong > 0, "not one call was redirected")
        else:
            check(lost + wrong <= LOST_MAX * placed, f"{lost} of {placed} lost, {wrong} refused")

    # ---- everything else, each in a thread of its own

    def beside(self, name, action):
        """Repeats an action until the end; a fault ends the whole."""
        chance = random.Random(name)
        while not self.is_over.is_set():
            try:
                action(chance)
                self.done[name] = self.done.get(name, 0) + 1
            except Exception as fault:
                self.faults.append(f"{name}: {fault!r}")
                return

    def change_settings(self, chance):
        api = Api(self.wire.ports, self.lineward.data)
        extension = FIRST_LINE + chance.randrange(LINES)
        line = f"groups/bench/lines/{extension}"
        target = str(700 + chance.randrange(100))
        api.api("PUT", f"{line}/forwardings/dnd/all", {"target": target, "enabled": True})
        api.api("PATCH", f"users/user{extension}", {"dnd": chance.random() < 0.5})
        api.api("PATCH", line, {"display_name": f"Number {chance.random()}"})
        if chance.random() < 0.05:
            api.api("PATCH", "groups/bench", {"diversion": chance.choice(
                ["diversion", "history-info", "both"])})
        api.api("GET", "status")
        self.is_over.wait(0.02)

    def change_lines(self, chance):
        extension = f"9{chance.randrange(1000):03}"
        self.lineward.api("POST", "groups/bench/lines", {"extension": extension})
        self.is_over.wait(0.05)
        self.lineward.request("PATCH", f"groups/bench/lines/{extension}", {"enabled": False})
        self.lineward.api("DELETE", f"groups/bench/lines/{extension}")

    def connect(self, chance):
        host = f"127.0.0.{chance.randrange(1, 6)}"
        is_tls = chance.random() < 0.3
        port = self.wire.ports.tls if is_tls else self.wire.ports.sip
        connection = socket.create_connection(("127.0.0.1", port), 10, (host, 0))
        kind = chance.randrange(5)
        if is_tls and kind > 0:
            connection = self.tls.wrap_socket(connection, server_hostname="127.0.0.1")
        stranger = self.stranger
        text = stranger.request("OPTIONS", f"c{chance.random()}",
                                Via=f"SIP/2.0/TCP {host};branch=z9hG4bK{chance.random()}").encode()
        if kind == 1:
            connection.sendall(text[:len(text) // 2])
        elif kind >= 2 and not (is_tls and kind == 0):
            connection.settimeout(10)
            connection.sendall(text)
            check(b" 200 " in connection.recv(65536), "no answer over a connection")
        if kind == 4:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        self.is_over.wait(0.01)

    def ask_as_stranger(self, chance):
        method = chance.choice(["INVITE", "REGISTER", "OPTIONS", "BYE", "DANCE"])
        self.stranger.send(self.stranger.request(method, f"s{chance.random()}",
                                                 str(FIRST_LINE + chance.randrange(2 * LINES))))
        self.stranger.send("INVITE sip:broken\r\n\r\n" + "x" * chance.randrange(1000))
        self.stranger.drain()
        self.is_over.wait(0.01)

    def sample(self, _chance):
        self.memory.append(self.wire.resident_kb())
        self.descriptors.append(self.wire.descriptors())
        self.is_over.wait(SAMPLE_S)

    # ---- the whole

    def run(self):
        self.stranger = self.wire.stranger()
        rate = self.half_rate()
        besides = {"settings": self.change_settings, "lines": self.change_lines,
                   "connections": self.connect, "strangers": self.ask_as_stranger,
                   "samples": self.sample}
        threads = [threading.Thread(target=self.beside, args=beside) for beside in besides.items()]
        for thread in threads:
            thread.start()
        try:
            self.place_calls(rate)
        finally:
            self.is_over.set()
            for thread in threads:
                thread.join()
        print("   beside them: " + ", ".join(f"{n} {name}" for name, n in self.done.items()),
              flush=True)
        check(not self.faults, "; ".join(self.faults))
        self.judge()

    def judge(self):
        is_short = self.options.seconds < 3 * WARM_UP_S
        growth_max = GROWTH_SHORT if is_short or self.options.lossy else GROWTH_MAX
        skipped = len(self.memory) // 3 if is_short else WARM_UP_S // SAMPLE_S
        for name, samples, slack in (("kB resident", self.memory, GROWTH_SLACK_KB),
                                     ("descriptors", self.descriptors, 20)):
            samples = samples[skipped:]
            third = len(samples) // 3
            first, last = (statistics.median(part)
                           for part in (samples[:third], samples[-third:]))
            print(f"   {name}: {first:.0f} in the first third, {last:.0f} in the last", flush=True)
            check(last <= first * (1 + growth_max) + slack, f"{name}: from {first} to {last}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, metavar="PATH", help="the lineward to be tested")
    parser.add_argument("--programs", required=True, metavar="DIRECTORY",
                        help="where bench_caller and bench_load are")
    parser.add_argument("--lossy", action="store_true",
                        help="lost and refused calls are no fault: on a busy machine, with TSan")
    parser.add_argument("--seconds", type=int, default=600, metavar="S")
    soak = Soak(parser.parse_args())
    soak.set_up()
    soak.run()
    soak.wire.end()
    print("ok soak", flush=True)
    return 0


if __name__ == "__main__":
    run_script(main)
