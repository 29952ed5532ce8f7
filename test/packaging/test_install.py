#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`cmake --install` into an empty place: everything is there, and does what it is for."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.place.cleanup)
        cls.root = Path(cls.place.name)
        subprocess.run(["cmake", "--install", os.environ["BUILD"], "--prefix", "/usr"], check=True,
                       stdout=subprocess.DEVNULL, env={**os.environ, "DESTDIR": cls.place.name})

    def test_all_files(self):
        files = {str(path.relative_to(self.root)) for path in self.root.rglob("*")
                 if path.is_file()}
        self.assertEqual(files, {
            "usr/bin/lineward",
            "usr/share/man/man1/lineward.1",
            "usr/share/bash-completion/completions/lineward",
            "usr/share/zsh/vendor-completions/_lineward",
            "usr/share/fish/vendor_completions.d/lineward.fish",
            "usr/lib/systemd/system/lineward.service",
            "etc/lineward/lineward.conf"})

    def test_the_binary_runs(self):
        result = subprocess.run([self.root / "usr/bin/lineward", "--version"], check=True,
                                capture_output=True, text=True)
        self.assertRegex(result.stdout, r"^lineward \d+\.\d+\.\d+\n$")

    def test_the_configuration_is_accepted(self):
        """The comments name settings that exist, with values that are taken."""
        text = (self.root / "etc/lineward/lineward.conf").read_text(encoding="utf-8")
        active = "\n".join(line.removeprefix("# ") for line in text.splitlines() if " = " in line)
        self.assertIn("log_format", active)
        config = self.root / "active.conf"
        config.write_text(active.replace("/var/lib/lineward", "/proc/lineward"),
                          encoding="utf-8")
        result = subprocess.run([self.root / "usr/bin/lineward", "serve", "--config", config],
                                capture_output=True, text=True, check=False, timeout=30)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("/proc/lineward", result.stderr)

    def test_the_service_starts_what_is_installed(self):
        unit = (self.root / "usr/lib/systemd/system/lineward.service").read_text(encoding="utf-8")
        self.assertIn("ExecStart=/usr/bin/lineward serve --config /etc/lineward/lineward.conf\n",
                      unit)


if __name__ == "__main__":
    unittest.main()
