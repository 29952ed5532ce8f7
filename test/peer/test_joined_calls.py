#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Thousands of calls that are joined to devices, one after the other, in a server that may have few
at the same time: what those leave behind that are over refuses nobody.

    test_joined_calls.py --bin PATH --programs DIRECTORY
"""

import argparse
import json

from processes import run_program, wait_until
from runner import check, run_script
from wire import Wire

OFFSET = 3150  # of the ports; those of the other tests lie elsewhere
LINES = 20
CALLS_MAX, WINDOW = 100, 20  # calls that may be there, and that are
RATE, SECONDS = 300, 6       # within the 32 s for which messages of ended calls are kept


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, metavar="PATH", help="the lineward to be tested")
    parser.add_argument("--programs", required=True, metavar="DIRECTORY",
                        help="where bench_bridge, bench_devices and bench_load are")
    options = parser.parse_args()
    wire = Wire("joined_calls", options.bin, OFFSET)
    lineward, ports = wire.lineward, wire.ports

    run_program(options.programs, "bench_load", lineward.data, LINES, ports.wire, "devices")
    lineward.configure(f"calls_max = {CALLS_MAX}")
    lineward.start()
    wait_until("the lines are registered",
               lambda: wire.status()["groups"][0]["lines"]["registered"] == LINES, 30)
    run_program(options.programs, "bench_devices", ports.sip, ports.phones, LINES)
    said = json.loads(run_program(
        options.programs, "bench_bridge", "--server", ports.sip, "--port", ports.outside,
        "--devices", ports.phones, "--lines", LINES, "--window", WINDOW,
        "--seconds", SECONDS, "--rate", RATE))
    print(f"   {said['calls']} calls were answered, {said['wrong']} refused, {said['lost']} lost",
          flush=True)
    check(said["wrong"] == 0, f"{said['wrong']} calls were refused")
    check(said["lost"] <= 0.01 * said["calls"], f"{said['lost']} calls were lost")
    # More than four messages for each of the calls that may be there were kept at the end.
    check(said["calls"] > 4 * CALLS_MAX, f"only {said['calls']} calls could be placed")
    check(wire.status()["calls"]["answered"] >= said["calls"], "calls are not counted")
    wire.end()
    print("ok joined_calls", flush=True)
    return 0


if __name__ == "__main__":
    run_script(main)
