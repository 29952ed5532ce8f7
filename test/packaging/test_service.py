#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The service of systemd: the unit is right and tight, and the server says when it is ready."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

UNIT = Path(__file__).resolve().parents[2] / "packaging/lineward.service"
EXPOSURE_MAX = 20  # of 100; systemd-analyze calls up to 40 "ok"


class Unit(unittest.TestCase):
    def setUp(self):
        self.directory = Path(self.enterContext(tempfile.TemporaryDirectory()))
        text = UNIT.read_text(encoding="utf-8").replace("/usr/bin/lineward",
                                                        os.environ["LINEWARD"])
        self.unit = self.directory / "lineward.service"
        self.unit.write_text(text, encoding="utf-8")

    def test_the_unit_is_right(self):
        result = subprocess.run(["systemd-analyze", "verify", "--man=no", self.unit],
                                capture_output=True, text=True, check=False)
        ours = [line for line in result.stderr.splitlines() if "lineward" in line]
        self.assertEqual(ours, [])

    def test_the_unit_is_tight(self):
        result = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}",
             self.unit], capture_output=True, text=True, check=False)
        self.assertRegex(result.stdout, r"exposure level for lineward\.service: \d")
        self.assertEqual(result.returncode, 0, result.stdout[-300:] + result.stderr)

    def test_no_system_call_of_the_server_is_denied(self):
        def said(*command):
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout

        filters = re.findall(r"^SystemCallFilter=(.*)$", UNIT.read_text(encoding="utf-8"), re.M)
        groups = [name for line in filters if line.startswith("~") for name in line[1:].split()]
        allowed = {name for line in filters if line[0] not in "~@" for name in line.split()}
        denied = set(said("systemd-analyze", "syscall-filter", *groups).split())
        called = set(re.findall(r" U (\w+)", said("nm", "-D", os.environ["LINEWARD"])))
        called.discard("setrlimit")  # of the C library: by prlimit64, which is allowed
        self.assertIn("setpriority", called)
        self.assertEqual(called & denied - allowed, set())


class Ready(unittest.TestCase):
    def test_ready_and_stopping_are_told(self):
        directory = self.enterContext(tempfile.TemporaryDirectory())
        path = directory + "/notify"
        notify = self.enterContext(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        notify.bind(path)
        notify.settimeout(20)
        base = int(os.environ.get("LINEWARD_PORT_BASE", "25000"))
        with subprocess.Popen(
                [os.environ["LINEWARD"], "serve", "--data-dir", directory + "/data", "--sip",
                 f"127.0.0.1:{base + 391}", "--api", f"127.0.0.1:{base + 390}",
                 "--log-format", "json"],
                stderr=subprocess.PIPE, text=True,
                env={**os.environ, "NOTIFY_SOCKET": path}) as server:
            self.assertEqual(notify.recv(100), b"READY=1")
            server.send_signal(signal.SIGTERM)
            self.assertEqual(notify.recv(100), b"STOPPING=1")
            log = server.stderr.read()
            self.assertEqual(server.wait(20), 0)
        self.assertRegex(log, re.compile(r'^\{"time":".*"msg":"ready".*\}$', re.MULTILINE))


if __name__ == "__main__":
    if not shutil.which("systemd-analyze"):
        print("skipped: there is no systemd-analyze")
        sys.exit(1 if os.environ.get("CI") else 77)
    unittest.main()
