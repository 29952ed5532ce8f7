# SPDX-License-Identifier: Apache-2.0
"""A network namespace: a program in it comes from an address that is not ours, as telephones do.
Made by root alone."""
import contextlib
import os
import subprocess

from processes import Missing, find_program
from runner import SKIPPED


def run(*words):
    subprocess.run(words, check=True, capture_output=True)


@contextlib.contextmanager
def network_space(name, ours, theirs):
    """The namespace `name`, joined by two addresses of one /30: `ours` here, `theirs` there.
    Missing where the machine does not allow it."""
    near, far = f"lw{os.getpid()}a"[-15:], f"lw{os.getpid()}b"[-15:]
    find_program("ip")
    try:
        run("ip", "netns", "add", name)
        run("ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", name)
        run("ip", "address", "add", f"{ours}/30", "dev", near)
        run("ip", "link", "set", near, "up")
        run("ip", "-n", name, "address", "add", f"{theirs}/30", "dev", far)
        run("ip", "-n", name, "link", "set", far, "up")
        run("ip", "-n", name, "link", "set", "lo", "up")
    except subprocess.CalledProcessError as reason:
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)
        raise Missing(f"{reason}: {reason.stderr.decode()}") from None
    try:
        yield
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False)


def run_in_space(run, space, *programs):
    """What run() returns, the script's exit status, where there are these programs and, meanwhile,
    the namespace `space` (name, ours, theirs)."""
    try:
        for program in programs:
            find_program(program)
        with network_space(*space):
            return run()
    except Missing as reason:
        print(f"SKIPPED: {reason}")
        return SKIPPED
