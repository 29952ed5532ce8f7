#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real server with a wall clock that is set: nothing that is kept goes for it, while whatever
has been given an end by date goes by it."""

import datetime
import http.client
import json
import os
import signal
import struct
import sys
import tempfile
import time
import unittest
from pathlib import Path

from daemon import GROUP, Daemon
from test_retention import add_calls, count_calls

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "peer"))
from test_devices import Device

DAY_S = 86400
HOUR_S = 3600
YEAR_S = 365 * DAY_S


class Clock(unittest.TestCase):
    def setUp(self):
        root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.data, self.clock = root / "data", root / "clock"
        self.data.mkdir()
        self.set_clock(0)
        loaded = {"LD_PRELOAD": os.environ["SET_CLOCK"], "SET_CLOCK_FILE": str(self.clock),
                  # A sanitizer wants to be loaded first.
                  "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        self.daemon = Daemon(self.data, environment=loaded)

    def set_clock(self, ahead_s):
        """Sets the wall clock, also of the server at work."""
        with open(self.clock, "r+b" if self.clock.exists() else "wb") as file:
            file.write(struct.pack("=q", ahead_s))

    def must_be_ahead(self, ahead_s):
        """The server has the clock that was set."""
        at = datetime.datetime.fromisoformat(self.daemon.must("GET", "/status")["started"])
        self.assertAlmostEqual(at.timestamp(), time.time() + ahead_s, delta=60)

    def wait_calls(self, wanted):
        deadline = time.monotonic() + 60
        while count_calls(self.data) != wanted and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual(count_calls(self.data), wanted)

    def test_journal_stays(self):
        """A restart with a clock that is a year ahead: only what is really old goes."""
        with self.daemon:
            self.daemon.must("PUT", "/groups/short", GROUP | {"journal_days": 30})
        for days_ago in (40, 29, 1):
            add_calls(self.data, "short", days_ago, 700)
            add_calls(self.data, "gone", days_ago, 700)
        self.set_clock(YEAR_S)
        with self.daemon:
            self.must_be_ahead(YEAR_S)
            self.wait_calls({"short": 1400, "gone": 2100})
        # With the right clock again they are all still there.
        self.set_clock(0)
        with self.daemon:
            time.sleep(1)
            self.wait_calls({"short": 1400, "gone": 2100})

    def sign_in(self):
        """Returns a cookie."""
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.api_port, timeout=20)
        connection.request("POST", "/api/v1/session", json.dumps(
            {"name": "sales", "password": "correct horse battery"}),
            {"Content-Type": "application/json"})
        answer = connection.getresponse()
        self.assertEqual(answer.status, 201, answer.read())
        connection.close()
        return answer.headers["Set-Cookie"].split(";")[0]

    def session(self, cookie):
        """The status of a request with the cookie."""
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.api_port, timeout=20)
        connection.request("GET", "/api/v1/session", headers={"Cookie": cookie})
        status = connection.getresponse().status
        connection.close()
        return status

    def test_sessions_last(self):
        """Who has signed in stays so when the clock is set, and is shown with its new time."""
        with self.daemon:
            self.daemon.must("PUT", "/users/sales", {"password": "correct horse battery"})
            cookies = [self.sign_in() for _ in range(3)]
            for ahead_s in (HOUR_S, YEAR_S, -YEAR_S, 0, -int(time.time()), 0):
                self.set_clock(ahead_s)
                self.assertEqual([self.session(cookie) for cookie in cookies], [200] * 3, ahead_s)
            self.set_clock(YEAR_S)
            for shown in self.daemon.must("GET", "/users/sales/sessions")["items"]:
                began = datetime.datetime.fromisoformat(shown["started"]).timestamp()
                self.assertAlmostEqual(began, time.time() + YEAR_S, delta=60)
            self.assertLess(self.daemon.must("GET", "/status")["uptime_s"], 600)

    def test_waits_stay(self):
        """Who guesses passwords gains nothing by a clock that is set ahead, and who mistyped one is
        not locked out by one that is set back."""
        wrong = {"name": "nobody", "password": "guess"}
        with self.daemon:
            while (answer := self.daemon.request("POST", "/session", wrong)[0]) == 401:
                pass
            self.assertEqual(answer, 429)
            self.set_clock(HOUR_S)
            self.assertEqual(self.daemon.request("POST", "/session", wrong)[0], 429)
            self.set_clock(-YEAR_S)
            deadline = time.monotonic() + 30
            while self.daemon.request("POST", "/session", wrong)[0] == 429:
                self.assertLess(time.monotonic(), deadline, "still locked out")
                time.sleep(0.5)

    def test_devices_stay(self):
        """A device stays registered for its time, over a restart, too; the end is shown anew."""
        def left_s(ahead_s):
            device, = self.daemon.must("GET", "/users/sales/devices")["items"]
            binding, = device["bindings"]
            until = datetime.datetime.fromisoformat(binding["expires"]).timestamp()
            return until - time.time() - ahead_s
        with self.daemon:
            self.daemon.must("PUT", "/users/sales", {})
            made = self.daemon.must("POST", "/users/sales/devices", {"name": "desk"})
            device = Device(self.daemon.sip_port, (made["sip_user"], made["password"]))
            self.addCleanup(device.socket.close)
            self.assertEqual(device.register(expires=600).status, 200)
            for ahead_s in (0, YEAR_S, -YEAR_S, HOUR_S):
                self.set_clock(ahead_s)
                self.assertAlmostEqual(left_s(ahead_s), 600, delta=60)
            self.daemon.kill(signal.SIGTERM)
            self.set_clock(2 * YEAR_S)
            self.daemon.wait_ready(self.daemon.start())
            self.assertAlmostEqual(left_s(2 * YEAR_S), 600, delta=60)

    def test_settings_follow_clock(self):
        """What ends at a date, or holds at some hours, goes by the wall clock that there is."""
        with self.daemon:
            now = datetime.datetime.now(datetime.timezone.utc)
            self.daemon.must("PUT", "/groups/main", GROUP)
            self.daemon.must("PUT", "/users/sales", {"login": "on"})
            self.daemon.must("PUT", "/groups/main/lines/101", {"user": "sales"})
            line = "/groups/main/lines/101"
            tomorrow = (now + datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
            self.daemon.must("PUT", line + "/forwardings/immediate/external",
                             {"target": "102", "until": tomorrow})
            self.daemon.must("POST", line + "/exceptions", {
                "condition": "immediate", "origin": "internal", "target": "103",
                "schedule": (now + datetime.timedelta(days=3)).strftime("%a").lower()[:2]})
            token = self.daemon.must("POST", "/tokens", {"name": "short", "days": 1})

            def decided(origin):
                verdict = self.daemon.must("POST", line + "/explain", {"origin": origin})["verdict"]
                return verdict.get("target", verdict["kind"])

            def token_status():
                connection = http.client.HTTPConnection("127.0.0.1", self.daemon.api_port)
                connection.request("GET", "/api/v1/session", headers={
                    "Authorization": f"Bearer {token['token']}"})
                status = connection.getresponse().status
                connection.close()
                return status

            for ahead_s, wanted in ((0, ("102", "ring", 200)),
                                    (3 * DAY_S, ("ring", "103", 401)),
                                    (4 * DAY_S, ("ring", "ring", 401)),
                                    (-4 * DAY_S, ("102", "103", 200)),
                                    (0, ("102", "ring", 200))):
                self.set_clock(ahead_s)
                found = decided("external"), decided("internal"), token_status()
                self.assertEqual(found, wanted, ahead_s)


if __name__ == "__main__":
    unittest.main()
