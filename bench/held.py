# SPDX-License-Identifier: Apache-2.0
"""Calls that are set up and stay: what they take of a server's memory, and what is left of that
when they are over."""

import json
import statistics
import subprocess
import time
from dataclasses import dataclass, field

from processes import Trouble
from servers import shared_out_bytes

CALLS = 10000     # held at the same time
RATE = 1000       # set up and ended a second
SETTLED_S = 40.0  # after which no transaction is left of setting them up (timers L and M)
CYCLES = 2        # what the second one takes beyond the first is lost


@dataclass
class Held:
    established: int = 0           # the fewest of the cycles
    bytes_per_call: float = 0.0    # beyond the idle server, while they are held, at first
    grown_per_call: float = 0.0    # by the last cycle
    lost: int = 0
    latencies: list = field(default_factory=list)  # (p50, p99) of setting up, of each cycle

    def latency(self, which):
        return statistics.median(pair[which] for pair in self.latencies)


class Holder:
    """A caller that holds calls through a server."""

    def __init__(self, server):
        words = server.bridge_caller(CALLS, "--hold", CALLS, "--rate", RATE)
        self.program = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def established(self):
        word, _, count = self.program.stdout.readline().partition(" ")
        if word != "established":
            raise Trouble(f"the caller ended with status {self.program.wait()}")
        return int(count)

    def end(self):
        """Ends the calls; returns what the program says of them (bridge.c)."""
        self.program.stdin.close()
        said = self.program.stdout.read()
        self.program.wait()
        return json.loads(said)


def resident(server):
    return shared_out_bytes(server.program.process.pid)


def hold_calls(servers):
    """Holds calls at all servers at once; they are set up at one server after the other. Returns
    {key: Held}."""
    time.sleep(SETTLED_S)  # what registering has left behind is given back
    idle = {server.key: resident(server) for server in servers}
    held = {server.key: Held(established=CALLS) for server in servers}
    for cycle in range(CYCLES):
        holders = {}
        for server in servers:
            holder = holders[server.key] = Holder(server)
            one = held[server.key]
            one.established = min(one.established, holder.established())
        time.sleep(SETTLED_S)
        for server in servers:
            one = held[server.key]
            taken = (resident(server) - idle[server.key]) / CALLS
            if cycle == 0:
                one.bytes_per_call = taken
            one.grown_per_call = taken - one.bytes_per_call
        for key, holder in holders.items():
            said = holder.end()
            held[key].latencies.append((said["p50_us"], said["p99_us"]))
            held[key].lost += said["lost"] + said["wrong"]
    return held
