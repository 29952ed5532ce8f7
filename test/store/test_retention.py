#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real server forgets calls after the time of their group, and goes on meanwhile."""

import sqlite3
import tempfile
import time
import unittest
from pathlib import Path

from daemon import GROUP, Daemon

DAY_US = 86400 * 10**6


def add_calls(data, group, days_ago, count):
    """Adds calls that ended so long ago, past the server."""
    database = sqlite3.connect(data / "journal.db")
    columns = [row[1] for row in database.execute("PRAGMA table_info(journal)") if row[1] != "id"]
    ended_us = int(time.time() * 10**6) - days_ago * DAY_US
    values = {"group": group, "extension": "101", "line_id": 1, "started_us": ended_us,
              "ended_us": ended_us, "internal": 0, "verdict": "decline", "outcome": "declined",
              "reason": "unconditional", "status": 480, "trace": b"", "dialled": "x" * 200,
              "outgoing": 0, "answered_us": 0, "user_id": 0}
    row = [values.get(column, "") for column in columns]
    names = ",".join(f'"{column}"' for column in columns)
    database.executemany(f"INSERT INTO journal({names}) VALUES ({','.join('?' * len(row))})",
                         [row] * count)
    database.commit()
    database.close()


def count_calls(data):
    database = sqlite3.connect(data / "journal.db")
    counts = dict(database.execute('SELECT "group", count(*) FROM journal GROUP BY "group"'))
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
