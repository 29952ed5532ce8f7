#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Faults put into the core on purpose, one at a time: does the simulation find them, and how soon?

    test/sim/mutants.py [--build FOLDER] [--count SEEDS] [NAME...]

Each mutant is one file of src/ with a piece of text replaced, compiled and linked before the core's
library in FOLDER (build/dev), which must be up to date. docs/testing.md has the last results.
"""

import argparse
import json
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Name, file, the text that stands there once, and what takes its place.
MUTANTS = [
    ("final-not-repeated", "txn/invite_server.c",
     "if (!slot->is_reliable) txn_start_resending(step);", ""),
    ("timer-h-short", "txn/timers.c", "[WAIT_64T1] = 64 *", "[WAIT_64T1] = 40 *"),
    ("invite-copy-is-new", "txn/match.c", "put_field(&input, via->branch);",
     "put_number(&input, (uint32_t)table->slots.used_count);"),
    ("merged-not-seen", "txn/receive.c",
     "if (is_outside && txn_has_merge(table, identity->merge_hash)) return TXN_MERGED;", ""),
    ("stranger-may-cancel", "txn/receive.c",
     "if (!step.slot || !is_of_peer(&step, arrival->flow)) return TXN_STRAY;",
     "if (!step.slot) return TXN_STRAY;"),
    ("transaction-left", "txn/invite_server.c",
     "case STATE_CONFIRMED: txn_close(step); break;", "case STATE_CONFIRMED: break;"),
    ("call-left", "call/incoming.c",
     "call_emit_entry(table, turn, call);\n    call_abandon(table, id);",
     "call_emit_entry(table, turn, call);"),
    ("cancel-ignored", "call/incoming.c",
     "call_copy_reason(turn, cancel));\n    call_end_with(table, turn, id, 487, SPAN_NONE);",
     "call_copy_reason(turn, cancel));"),
    ("elsewhere-is-missed", "call/incoming.c",
     "is_answered_elsewhere(cancel) ? OUTCOME_ANSWERED_ELSEWHERE",
     "is_answered_elsewhere(cancel) ? OUTCOME_MISSED"),
    ("memory-9-seconds", "call/memory.c", "REMEMBERED_US = 10 * 1000 * 1000",
     "REMEMBERED_US = 9 * 1000 * 1000"),
    ("diversion-not-counted", "call/incoming.c", "before->diversion_count + 1",
     "before->diversion_count"),
    ("ringing-once", "call/incoming.c",
     "call->repeat_us = turn->now_us + PROVISIONAL_US",
     "call->repeat_us = DEADLINE_NEVER"),
    ("refresh-too-late", "line/registration.c", "left_us * 85 / 100 - least_us",
     "left_us * 110 / 100 - least_us"),
    ("pace-doubled", "line/rate.c", "uint64_t pace_us = own_us / rate;",
     "uint64_t pace_us = own_us / (2 * rate);"),
    ("unregister-unanswered", "line/registration.c",
     "if (is_challenge && line_take", "if (0 && is_challenge && line_take"),
    ("pbx-back-unnoticed", "line/probe.c", "if (!slot || !slot->is_lost) return;", "return;"),
    ("min-expires-forgotten", "line/registration.c",
     "line->min_expires_s = (uint32_t)least_s;", ""),
    ("old-call-id-kept", "line/restore.c", "if (!is_failed || !line->is_old_call_id) return false;",
     "if (is_failed || !is_failed) return false;"),
    ("granted-from-answer", "line/registration.c",
     "uint64_t sent_us = line->give_up_us - GIVE_UP_US;",
     "uint64_t sent_us = pool_find(&table->lines, POOL_ID_NONE) ? 0 : line->give_up_us -"
     " GIVE_UP_US + 20000000;"),
    ("restored-for-ever", "line/restore.c", "left_us <= asked_us && line->place > 0",
     "line->place > 0"),
    ("stranger-learns-lines", "engine/uas.c", "if (!is_known) return answer_with(answer, 403",
     "if (!is_known) return answer_with(answer, is_found ? 403 : 404"),
]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build/dev")
    parser.add_argument("--count", type=int, default=10000, help="seeds to try")
    parser.add_argument("names", nargs="*", help="mutants; all if none is named")
    return parser.parse_args()


def compile_command(build, source):
    """How the core's library compiles `source`."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if entry["file"] == str(source) and "lineward_fast_core" in entry["command"]:
            return shlex.split(entry["command"])
    sys.exit(f"{source} is not part of the core")


def link_command(build):
    lines = subprocess.run(["ninja", "-C", str(build), "-t", "commands", "bin/sim_engine_fast"],
                           capture_output=True, text=True, check=True).stdout.splitlines()
    command = re.sub(r"^: && | && :$", "", lines[-1])
    return shlex.split(command)


def build_mutant(build, folder, mutant):
    name, file, before, after = mutant
    source = ROOT / "src" / file
    text = source.read_text()
    if text.count(before) != 1:
        sys.exit(f"{name}: the text to replace stands in {file} {text.count(before)} times")
    changed = folder / f"{name}.c"
    changed.write_text(text.replace(before, after))
    command = compile_command(build, source)
    command[command.index("-o") + 1] = str(folder / f"{name}.o")
    command[command.index(str(source))] = str(changed)
    # What a mutant no longer uses is no matter.
    command += ["-Wno-unused", "-Wno-error"]
    subprocess.run(command, cwd=build, check=True)
    command = link_command(build)
    program = folder / name
    command[command.index("-o") + 1] = str(program)
    command.insert(command.index("-o"), str(folder / f"{name}.o"))
    subprocess.run(command, cwd=build, check=True)
    return program


def judge(program, count):
    """(the seed that found it or None, what it says)"""
    done = subprocess.run([str(program), "--seed", "1", "--count", str(count)],
                          capture_output=True, text=True, errors="replace", check=False)
    found = re.search(r"^seed (\d+) (?:failed at [^:]*: (.*)|crashed)$", done.stderr, re.M)
    if found:
        return int(found[1]), found[2] or "a crash"
    return None, f"ended with {done.returncode}"


def main():
    options = parse_arguments()
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        for mutant in MUTANTS:
            if options.names and mutant[0] not in options.names:
                continue
            program = build_mutant(options.build, Path(folder), mutant)
            seed, what = judge(program, options.count)
            missed += seed is None
            print(f"{mutant[0]:24} {'NOT FOUND' if seed is None else f'seed {seed}':>12}  {what}",
                  flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
