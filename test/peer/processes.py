# SPDX-License-Identifier: Apache-2.0
"""Programs that run beside a test: started, watched and, whatever happens, ended.

Every program leads a process group of its own. The group ends when we stop it, when we end (also by
Ctrl-C or SIGTERM), and, because the kernel tells the program (setpriv), when we are killed.
"""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path


class Trouble(Exception):
    """Something did not work; its text is written for the reader, no traceback is needed."""


class Missing(Trouble):
    """A program that is not installed, or something else that the machine has not."""


def find_program(name):
    """The path of a program; services live in sbin, which a user's PATH may lack."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin")
    if not path:
        raise Missing(f"{name} is not installed")
    return path


def wait_until(what, condition, seconds=10.0):
    """Waits until condition() is true and returns its value; Trouble after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Trouble(f"not within {seconds:g} s: {what}")
        time.sleep(0.02)


def check_port_free(kind, port, use):
    """Trouble if a port (kind "udp" or "tcp") on loopback is taken."""
    with socket.socket(type=socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as probe:
        if kind == "tcp":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Trouble(
                f"port {port}/{kind} on 127.0.0.1, needed for {use}, is in use ({error.strerror}). "
                "End the program that has it, or choose other ports with LINEWARD_PORT_BASE, "
                f"as in LINEWARD_PORT_BASE={26000 if port < 26000 else 25000}.") from None


def run_program(directory, name, *arguments):
    """Runs a program of `directory` until it ends; returns what it prints, Trouble if it fails."""
    done = subprocess.run([os.path.join(directory, name), *map(str, arguments)],
                          capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise Trouble(f"{name}: {done.stderr}")
    return done.stdout


class Program:
    """A program that we started. Its output goes to the file `log`."""

    def __init__(self, name, arguments, log, environment=None):
        self.name, self.log = name, Path(log)
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *map(str, arguments)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                env=dict(os.environ, **(environment or {})))
        RUNNING.append(self)

    def is_running(self):
        return self.process.poll() is None

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def stop(self, seconds=5.0):
        """Ends the program with SIGTERM, after `seconds` with SIGKILL. Returns its exit status."""
        if self.is_running():
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
        self.signal(signal.SIGKILL)
        if self in RUNNING:
            RUNNING.remove(self)
        return self.process.wait()

    def kill(self):
        """Ends the program the hard way, as a power failure would."""
        self.signal(signal.SIGKILL)
        self.process.wait()
        if self in RUNNING:
            RUNNING.remove(self)

    def text(self):
        """What it has printed so far."""
        return self.log.read_text(errors="replace")

    def wait_ready(self, is_ready, seconds=10.0):
        """Waits until is_ready(); Trouble with the log's end if the program ends before."""

        def ready_or_ended():
            return not self.is_running() or is_ready()

        try:
            wait_until(f"{self.name} is ready", ready_or_ended, seconds)
        except Trouble as trouble:
            raise Trouble(f"{trouble}\n{self.tail()}") from None
        if not self.is_running():
            raise Trouble(f"{self.name} ended at once (status {self.process.returncode}):\n"
                          + self.tail())

    def tail(self, lines=8):
        return "\n".join("    " + line for line in self.text().splitlines()[-lines:])


RUNNING = []


def stop_all():
    while RUNNING:
        RUNNING[-1].stop()


def end_on_signal(number, _frame):
    sys.exit(128 + number)


def end_programs_with_us():
    """To be called once by each script: no program stays behind, however the script ends."""
    atexit.register(stop_all)
    signal.signal(signal.SIGTERM, end_on_signal)
    signal.signal(signal.SIGHUP, end_on_signal)
