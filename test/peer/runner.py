# SPDX-License-Identifier: Apache-2.0
"""Runs named tests and says for each `ok NAME` or `FAILED NAME: why`."""

import argparse
import os
import signal
import sys
import traceback

from processes import Missing, Trouble, end_programs_with_us, stop_all

SKIPPED = 77  # the exit status that ctest is told to take for "skipped"


def check(condition, why):
    """Trouble, saying why, unless the condition holds."""
    if not condition:
        raise Trouble(why)


def arguments(description):
    """The arguments that every test script takes; its docstring tells what it is."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--bin", required=True, metavar="PATH", help="the lineward to be tested")
    parser.add_argument("names", nargs="*", metavar="NAME", help="run only these tests")
    return parser.parse_args()


def run_tests(tests, names):
    """Runs the (name, function) pairs whose name is in `names` (all if empty); returns how many
    failed. An unknown name counts as a failure."""
    failed = 0
    for unknown in set(names) - {name for name, _ in tests}:
        print(f"FAILED {unknown}: there is no such test")
        failed += 1
    for name, function in tests:
        if names and name not in names:
            continue
        try:
            function()
            print(f"ok {name}", flush=True)
        except Trouble as trouble:
            print(f"FAILED {name}: {trouble}", flush=True)
            failed += 1
        except Exception:
            print(f"FAILED {name}: unexpected\n{traceback.format_exc()}", flush=True)
            failed += 1
    return failed


def run_methods(trial, names):
    """Runs the methods test_NAME of a trial in their order; returns the exit status."""
    tests = [(name.removeprefix("test_").replace("_", "-"), getattr(trial, name))
             for name in vars(type(trial)) if name.startswith("test_")]
    return 1 if run_tests(tests, names) else 0


def run_trial(trial, names):
    """The same; then its lineward must end cleanly, and no sanitizer have complained."""
    status = run_methods(trial, names)
    trial.lineward.stop()
    trial.lineward.check_log()
    return status


def run_script(main):
    """Runs a script's main(), which returns its exit status; ends all programs and the process."""
    end_programs_with_us()
    try:
        status = main()
    except Missing as missing:
        is_ci = os.environ.get("CI") == "true"
        print(f"{'FAILED' if is_ci else 'skipped'}: {missing}", flush=True)
        status = 1 if is_ci else SKIPPED
    except Trouble as trouble:
        print(f"FAILED: {trouble}", file=sys.stderr, flush=True)
        status = 1
    except KeyboardInterrupt:
        status = 130
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop_all()
    sys.exit(status)
