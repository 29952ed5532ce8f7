#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real server with a wall clock that is set: nothing that is kept goes for it, while whatever
has been given an end by date goes by it."""

import datetime
import http.client
import json
import os
import struct
import tempfile
import time
import unittest
from pathlib import Path

from daemon import GROUP, Daemon
from test_retention import add_calls, count_calls

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


if __name__ == "__main__":
    unittest.main()
