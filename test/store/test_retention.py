#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real server forgets calls after the time of their group, and goes on meanwhile."""

import collections
import sqlite3
import tempfile
import time
import unittest
from pathlib import Path

from daemon import GROUP, Daemon

DAY_US = 86400 * 10**6


def number(value):
    """As journal entries have it (src/store/sqlite_entry.c)."""
    low = bytes([value & 0x7f | (0x80 if value > 0x7f else 0)])
    return low + number(value >> 7) if value > 0x7f else low


def text(value):
    return number(len(value)) + value.encode()


def add_calls(data, group, days_ago, count):
    """Adds calls that ended so long ago, past the server."""
    database = sqlite3.connect(data / "journal.db")
    ended_us = int(time.time() * 10**6) - days_ago * DAY_US
    entry = (text(group) + text("101") + number(1) + number(ended_us) + number(ended_us) +
             text("") + text("") + text("x" * 200))  # the rest is empty
    database.executemany("INSERT INTO journal(entry) VALUES (?)", [(entry,)] * count)
    database.commit()
    database.close()


def count_calls(data):
    database = sqlite3.connect(data / "journal.db")
    counts = collections.Counter(entry[1:1 + entry[0]].decode() for (entry,) in
                                 database.execute("SELECT entry FROM journal"))
    database.close()
    return counts


class Retention(unittest.TestCase):
    def setUp(self):
        root = self.enterContext(tempfile.TemporaryDirectory())
        self.data = Path(root) / "data"
        self.data.mkdir()
        self.daemon = Daemon(self.data)

    def test_old_calls_go(self):
        with self.daemon:
            self.daemon.must("PUT", "/groups/short", GROUP | {"journal_days": 30})
            self.daemon.must("PUT", "/groups/long", GROUP | {"journal_days": 365})
        for group in ("short", "long", "gone"):
            for days_ago in (400, 100, 40, 10):
                add_calls(self.data, group, days_ago, 700)
        wanted = {"short": 700, "gone": 1400, "long": 2100}
        with self.daemon:
            deadline = time.monotonic() + 60
            while count_calls(self.data) != wanted and time.monotonic() < deadline:
                time.sleep(0.1)
            self.assertEqual(count_calls(self.data), wanted)
            # Changes go on meanwhile, and what is left can be read.
            self.daemon.must("PATCH", "/groups/short", {"journal_days": 31})
            items = self.daemon.must("GET", "/journal?group=short&limit=1000")["items"]
            self.assertEqual(len(items), 700)


if __name__ == "__main__":
    unittest.main()
