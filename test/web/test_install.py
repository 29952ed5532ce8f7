#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Several builds of one clone at once install what the web client is made of once, and none begins
before that is done.

    test_install.py FLOCK
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "web" / "install.sh"
FLOCK = sys.argv.pop()

# Installs slowly, and tells when it begins and ends.
NPM = """#!/bin/sh
echo "begin $1" >>calls
sleep 0.3
mkdir -p node_modules
echo {} >node_modules/.package-lock.json
echo end >>calls
"""


class Install(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "npm").write_text(NPM)
        (self.folder / "npm").chmod(0o755)
        for name in ("package.json", "package-lock.json"):
            (self.folder / name).write_text("{}")
            os.utime(self.folder / name, (1, 1))

    def build(self):
        """As cmake/web.cmake does it, with what follows the installation."""
        return subprocess.Popen(
            [FLOCK, "package.json", "sh", "-c",
             f"sh {SCRIPT} ./npm && test -e node_modules/.package-lock.json && echo built >>calls"],
            cwd=self.folder)

    def calls(self):
        return (self.folder / "calls").read_text().splitlines()

    def test_once_for_all_builds(self):
        for build in [self.build() for _ in range(3)]:
            self.assertEqual(build.wait(), 0)
        self.assertEqual(self.calls(), ["begin ci", "end", "built", "built", "built"])

    def test_again_when_it_has_changed(self):
        self.assertEqual(self.build().wait(), 0)
        os.utime(self.folder / "package-lock.json")
        os.utime(self.folder / "node_modules/.package-lock.json", (2, 2))
        self.assertEqual(self.build().wait(), 0)
        self.assertEqual(self.calls().count("begin ci"), 2)


if __name__ == "__main__":
    unittest.main()
