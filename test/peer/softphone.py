# SPDX-License-Identifier: Apache-2.0
"""baresip, a real softphone, in a network namespace (space.py): told what to do by its module
ctrl_tcp; what it hears is recorded by its module sndfile."""

import json
import math
import socket
import struct

from heard import RATE, frequency, level
from processes import Program, wait_until

CONFIG = """
module_path /usr/lib/baresip/modules
module stdio.so
module g711.so
module sndfile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
"""


def wave(path):
    """The samples of a WAVE file: 16 bits, one channel, 8 kHz."""
    data = path.read_bytes()
    at = data.index(b"data") + 8
    usable = (len(data) - at) // 2
    return list(struct.unpack(f"<{usable}h", data[at:at + 2 * usable]))


def write_tone(path, hertz, seconds):
    """A WAVE file with a pure tone."""
    samples = [round(12000 * math.sin(2 * math.pi * hertz * at / RATE))
               for at in range(seconds * RATE)]
    data = struct.pack(f"<{len(samples)}h", *samples)
    path.write_bytes(b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt "
                     + struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
                     + b"data" + struct.pack("<I", len(data)) + data)


class Softphone:
    """`account` is a line of baresip's accounts, `more` goes into its configuration, `control` is
    the (address, port) where it is told what to do."""

    def __init__(self, space, home, control, account, more="", contacts=""):
        self.home, self.control = home, control
        home.mkdir(parents=True)
        (home / "config").write_text(
            f"{CONFIG}ctrl_tcp_listen {control[0]}:{control[1]}\nsnd_path {home}\n{more}\n")
        (home / "accounts").write_text(account + "\n")
        (home / "contacts").write_text(contacts)
        self.log, self.space = home.with_suffix(".log"), space
        self.start()

    def start(self):
        """Switched on, and again after it was killed: it knows nothing of its calls then."""
        self.program = Program(f"baresip ({self.home.name})",
                               ["ip", "netns", "exec", self.space, "baresip", "-f", self.home],
                               self.log)

    def tell(self, command, parameters=""):
        """A command (JSON in netstrings); returns what it says."""
        text = json.dumps({"command": command, "params": parameters, "token": "t"})
        with socket.create_connection(self.control, 5) as control:
            control.sendall(f"{len(text)}:{text},".encode())
            control.settimeout(2)
            return control.recv(65536).decode(errors="replace")

    def count(self, text):
        """How often its log says so."""
        return self.log.read_text(errors="replace").count(text)

    def wait_said(self, text, seconds=10.0):
        wait_until(f"{self.home.name} says {text}", lambda: self.count(text) > 0, seconds)

    def forget(self):
        """What was recorded before goes."""
        for old in self.home.glob("dump-*.wav"):
            old.unlink()

    def recorded_s(self):
        """How long what was recorded is."""
        return sum(len(wave(path)) for path in self.home.glob("dump-*dec.wav")) / RATE

    def heard(self, pitches):
        """The pitches that were heard, pure and loud, in their order, once each in a row."""
        heard = []
        for path in sorted(self.home.glob("dump-*dec.wav")):
            samples = wave(path)
            for at in range(0, len(samples) - 399, 400):
                part = samples[at:at + 400]
                best = max(pitches, key=lambda hertz: level(part, hertz))
                is_pure = level(part, best) > 6000 and abs(frequency(part) - best) < 8
                if is_pure and (not heard or heard[-1] != best):
                    heard.append(best)
        return heard
