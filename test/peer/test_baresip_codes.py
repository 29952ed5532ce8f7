#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A real softphone, baresip, dials feature codes and hears the answers, and watches: presence (its
module presence) and waiting messages (mwi). It needs a network namespace and so root, as
test_baresip.py, else it is skipped."""

import json
import os
import shutil
import socket
import struct
import time

from heard import PITCHES, frequency, level
from peers import ROOT, Lineward, Ports
from processes import Missing, Program, find_program, wait_until
from runner import arguments, check, run_methods, run_script
from space import network_space
from test_devices import SECRET

OFFSET = 1950  # of the ports; those of the other tests lie elsewhere
SPACE = f"lwcodes{os.getpid()}"
OURS, THEIRS = "198.18.78.1", "198.18.78.2"  # RFC 2544: nobody's
CONTROL = 4444  # baresip's, in its own namespace

CONFIG = f"""
module_path /usr/lib/baresip/modules
module stdio.so
module g711.so
module aubridge.so
module sndfile.so
module_app account.so
module_app contact.so
module_app menu.so
module_app mwi.so
module_app presence.so
module_app ctrl_tcp.so
audio_source aubridge,mine
audio_player aubridge,mine
audio_alert aubridge,mine
ctrl_tcp_listen {THEIRS}:{CONTROL}
"""


def wave(path):
    """The samples of a WAVE file: 16 bits, one channel, 8 kHz."""
    data = path.read_bytes()
    at = data.index(b"data") + 8
    usable = (len(data) - at) // 2
    return list(struct.unpack(f"<{usable}h", data[at:at + 2 * usable]))


class Trial:
    def __init__(self, binary):
        directory = ROOT / "build" / "peer" / "baresip_codes"
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        self.directory, self.ports = directory, Ports(OFFSET)
        self.lineward = Lineward(binary, self.ports, directory)
        (directory / "lineward.conf").write_text("devices_md5_only = 1;\n")
        self.lineward.options = ["--config", str(directory / "lineward.conf"),
                                 "--sip", f"{OURS}:{self.ports.sip}"]
        self.lineward.start()
        command = self.lineward.command
        command("group", "add", "trial", "--server", f"{OURS}:9", "--domain", "pbx.trial",
                "--internal-ranges", "100-199")
        command("user", "add", "sales")
        command("line", "add", "102", "--group", "trial", "--user", "sales")
        self.start(*SECRET.search(command("device", "add", "sales", "soft")).groups())

    def start(self, user, password):
        home = self.home = self.directory / "home"
        home.mkdir()
        server = f"{OURS}:{self.ports.sip}"
        (home / "config").write_text(CONFIG + f"snd_path {home}\n")
        (home / "accounts").write_text(
            f"<sip:{user}@{server};transport=udp>;auth_user={user};auth_pass={password};"
            "regint=60;mwi=yes;audio_codecs=PCMA/8000/1\n")
        (home / "contacts").write_text(f'"Sales" <sip:102@{server}>;presence=p2p\n')
        self.log = self.directory / "soft.log"
        self.program = Program("baresip", ["ip", "netns", "exec", SPACE, "baresip", "-f", home],
                               self.log)
        wait_until("baresip is registered", lambda: self.lineward.api(
            "GET", "users/sales/devices/soft")["bindings"])

    def tell(self, command, parameters=""):
        """A command for baresip (its module ctrl_tcp: JSON in netstrings); returns what it says."""
        text = json.dumps({"command": command, "params": parameters, "token": "t"})
        with socket.create_connection((THEIRS, CONTROL), 5) as control:
            control.sendall(f"{len(text)}:{text},".encode())
            control.settimeout(2)
            return control.recv(65536).decode(errors="replace")

    def said(self, text):
        return text in self.log.read_text(errors="replace")

    def dial(self, code):
        """Dials; returns the pitches that were heard, in their order, once each in a row."""
        for old in self.home.glob("dump-*.wav"):
            old.unlink()
        before = self.log.read_text(errors="replace").count("session closed")
        self.tell("dial", f"sip:{code}@{OURS}:{self.ports.sip}")
        wait_until("the call is over", lambda: self.log.read_text(
            errors="replace").count("session closed") > before)
        time.sleep(0.2)
        heard = []
        for path in self.home.glob("dump-*dec.wav"):
            samples = wave(path)
            for at in range(0, len(samples) - 399, 400):
                part = samples[at:at + 400]
                best = max(PITCHES, key=lambda hertz: level(part, hertz))
                is_pure = level(part, best) > 6000 and abs(frequency(part) - best) < 8
                if is_pure and (not heard or heard[-1] != best):
                    heard.append(best)
        return heard

    def slot(self):
        items = self.lineward.api("GET", "groups/trial/lines/102/forwardings")["items"]
        return next((item for item in items if item["condition"] == "immediate"), None)

    def test_codes(self):
        heard = self.dial("*21*103%23")
        check(heard == [440, 660, 880], f"{heard} is heard when it is set")
        check(self.slot()["target"] == "103" and self.slot()["enabled"], f"{self.slot()}")
        heard = self.dial("*%2321%23")
        check(heard == [880], f"{heard} is heard when it is on")
        heard = self.dial("%2321%23")
        check(heard == [880, 660, 440], f"{heard} is heard when it is cleared")
        check(not self.slot()["enabled"], f"{self.slot()}")
        heard = self.dial("*21*112%23")
        check(heard == [330], f"{heard} is heard when it is refused")

    def test_display(self):
        """Without tones baresip shows the text as the reason why the call is over."""
        self.lineward.command("group", "set", "trial", "--feature-tones", "off")
        self.dial("*%2321%23")
        check(self.said("480 immediate forwarding is off"), "not shown")

    def test_messages(self):
        wait_until("messages are watched", lambda: self.said("Messages-Waiting: no"), 15)

    def test_presence(self):
        """It shows among its contacts what it is told."""
        def shows(text):
            wait_until(f"{text} is shown", lambda: text in self.tell("contacts"))
        shows("Online")
        self.lineward.command("user", "set", "sales", "--dnd", "on")
        shows("Offline")
        self.lineward.command("user", "set", "sales", "--dnd", "off")
        shows("Online")

    def test_it_ends_cleanly(self):
        self.program.stop()
        self.lineward.stop()
        self.lineward.check_log()


def main():
    args = arguments(__doc__)
    try:
        find_program("baresip")
        with network_space(SPACE, OURS, THEIRS):
            return run_methods(Trial(args.bin), args.names)
    except Missing as reason:
        print(f"SKIPPED: {reason}")
        return 77


if __name__ == "__main__":
    run_script(main)
