#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Back-ups of a server at work, and what becomes of them: all is there, a damaged one changes
nothing, and nobody's settings are replaced while they are used."""

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from daemon import GROUP, LINEWARD, Daemon, integrity

PARTS = {"lineward.db", "journal.db", "secret.key", "SHA256SUMS"}


def run(*words):
    return subprocess.run([LINEWARD, *map(str, words)], capture_output=True, text=True,
                          timeout=60, check=False)


def records(daemon):
    """All settings, as the API shows them, but for how the lines stand."""
    lines = daemon.must("GET", "/lines?limit=1000")["items"]
    for line in lines:
        line.pop("registration", None)
    return {"groups": daemon.must("GET", "/groups")["items"], "lines": lines,
            "users": daemon.must("GET", "/users")["items"],
            "forwardings": [daemon.must("GET", f"/groups/main/lines/{line['extension']}"
                                               "/forwardings")["items"] for line in lines],
            "audit": daemon.must("GET", "/audit?limit=1000")["items"]}


class Backup(unittest.TestCase):
    def setUp(self):
        root = self.enterContext(tempfile.TemporaryDirectory())
        self.data, self.file = Path(root) / "data", Path(root) / "backup.tar"
        self.data.mkdir()
        self.daemon = Daemon(self.data)

    def fill(self):
        self.daemon.must("PUT", "/groups/main", GROUP)
        self.daemon.must("PUT", "/users/sales", {"mailbox": "700", "login": "on"})
        for extension in range(101, 121):
            line = f"/groups/main/lines/{extension}"
            self.daemon.must("PUT", line, {"user": "sales", "password": f"secret{extension}"})
            self.daemon.must("PUT", line + "/forwardings/immediate/all",
                             {"target": "0171234567"})

    def back_up(self):
        done = run("backup", self.file, "--data-dir", self.data)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def restore(self, data=None):
        return run("restore", self.file, "--data-dir", data or self.data)

    def test_everything_comes_back(self):
        with self.daemon:
            self.fill()
            before = records(self.daemon)
            self.back_up()
            self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
            self.daemon.must("DELETE", "/groups/main/lines/101")
            self.assertIn("in use by another lineward", self.restore().stderr)
        done = self.restore()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        aside = list(self.data.glob("before-restore-*"))
        self.assertEqual(len(aside), 1)
        database = sqlite3.connect(aside[0] / "lineward.db")
        self.assertEqual(database.execute("SELECT count(*) FROM lines").fetchone(), (19,))
        database.close()
        with self.daemon:
            self.assertEqual(records(self.daemon), before)
            answer = self.daemon.must("POST", "/groups/main/lines/101/explain", {"from": "102"})
            self.assertEqual(answer["verdict"]["kind"], "redirect")
            # Its password can be read: the line is not refused for it.
            line = self.daemon.must("GET", "/groups/main/lines/101")
            self.assertTrue(line["password_set"])
            self.assertNotIn("password", line["registration"].get("reason", ""))

    def test_it_is_a_plain_archive(self):
        with self.daemon:
            self.fill()
        self.back_up()  # also without a server
        folder = self.data.parent / "unpacked"
        folder.mkdir()
        subprocess.run(["tar", "xf", self.file, "-C", folder], check=True)
        self.assertEqual({path.name for path in folder.iterdir()}, PARTS)
        subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=folder, check=True)
        self.assertEqual(integrity(folder / "lineward.db"), "ok")

    def test_under_load(self):
        """What was acknowledged before a back-up began is in it, and changes go on meanwhile."""
        acknowledged, ended = [0], threading.Event()

        def change():
            while not ended.is_set():
                number = acknowledged[0] + 1
                self.daemon.must("PATCH", f"/groups/main/lines/{101 + number % 20}",
                                 {"display_name": f"n{number}"})
                acknowledged[0] = number
        with self.daemon:
            self.fill()
            thread = threading.Thread(target=change)
            thread.start()
            try:
                for _ in range(3):
                    first = acknowledged[0]
                    self.back_up()
                    last = acknowledged[0] + 1
                    other = Path(tempfile.mkdtemp(dir=self.data.parent))
                    self.assertEqual(self.restore(other).returncode, 0)
                    database = sqlite3.connect(other / "lineward.db")
                    newest = max(int(name[1:] or 0) for name, in database.execute(
                        "SELECT 'n' || substr(display_name, 2) FROM lines"))
                    self.assertEqual(database.execute(
                        "SELECT count(*) FROM audit WHERE action='changed'").fetchone()[0], newest)
                    database.close()
                    self.assertTrue(first <= newest <= last, (first, newest, last))
            finally:
                ended.set()
                thread.join()

    def test_a_damaged_back_up_changes_nothing(self):
        with self.daemon:
            self.fill()
        self.back_up()
        whole = self.file.read_bytes()
        before = (self.data / "lineward.db").read_bytes()
        for damaged in (b"", b"x" * 10000, whole[:len(whole) // 2], whole[:-1024],
                        whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:],
                        whole.replace(b"secret.key\0", b"../../evil\0")):
            self.file.write_bytes(damaged)
            done = self.restore()
            self.assertEqual(done.returncode, 1)
            self.assertIn("is no back-up of Lineward, or damaged", done.stderr)
            self.assertEqual((self.data / "lineward.db").read_bytes(), before)
            self.assertEqual(list(self.data.glob("*restore*")), [])
        with self.daemon:
            self.assertEqual(len(records(self.daemon)["lines"]), 20)

    def test_an_interrupted_restoration_is_noticed(self):
        with self.daemon:
            self.fill()
        self.back_up()
        (self.data / "restoring").touch()
        (self.data / "lineward.db").unlink()
        done = run("serve", "--data-dir", self.data, "--api", f"127.0.0.1:{self.daemon.api_port}",
                   "--sip", f"127.0.0.1:{self.daemon.sip_port}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("restoring a back-up was interrupted", done.stderr)
        self.assertEqual(self.restore().returncode, 0)
        with self.daemon:
            self.assertEqual(len(records(self.daemon)["lines"]), 20)

    def test_what_cannot_be_done(self):
        with self.daemon:
            self.fill()
        done = run("backup", self.data / "none" / "file", "--data-dir", self.data)
        self.assertEqual(done.returncode, 1)
        self.assertIn("none: cannot be written", done.stderr)
        shutil.move(self.data / "secret.key", self.data / "kept")
        self.assertIn("secret.key: is missing", run("backup", self.file, "--data-dir",
                                                    self.data).stderr)
        self.assertFalse(self.file.exists())
        for words in (("backup",), ("restore", "a", "b"), ("backup", "--frob")):
            self.assertEqual(run(*words).returncode, 2)
        self.assertEqual(os.listdir(self.data.parent).count("backup.tar.part"), 0)


if __name__ == "__main__":
    signal.alarm(280)
    unittest.main()
