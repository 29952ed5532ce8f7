#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A real softphone, baresip, dials feature codes and hears the answers, and watches: presence (its
module presence) and waiting messages (mwi). It needs a network namespace and so root, as
test_baresip.py, else it is skipped."""

import os
import time

from heard import PITCHES
from peers import Lineward, Ports, new_directory
from processes import wait_until
from runner import arguments, check, run_script, run_trial
from softphone import Softphone
from space import run_in_space
from test_devices import SECRET

OFFSET = 1950  # of the ports; those of the other tests lie elsewhere
SPACE = f"lwcodes{os.getpid()}"
OURS, THEIRS = "198.18.78.1", "198.18.78.2"  # RFC 2544: nobody's
CONTROL = 4444  # baresip's, in its own namespace

CONFIG = """
module aubridge.so
module_app contact.so
module_app mwi.so
module_app presence.so
audio_source aubridge,mine
audio_player aubridge,mine
audio_alert aubridge,mine
"""


class Trial:
    def __init__(self, binary):
        self.directory, self.ports = new_directory("peer/baresip_codes"), Ports(OFFSET)
        self.lineward = Lineward(binary, self.ports, self.directory)
        self.lineward.configure("devices_md5_only = 1")
        self.lineward.options = ["--sip", f"{OURS}:{self.ports.sip}"]
        self.lineward.start()
        command = self.lineward.command
        command("group", "add", "trial", "--server", f"{OURS}:9", "--domain", "pbx.trial",
                "--internal-ranges", "100-199")
        command("user", "add", "sales")
        command("line", "add", "102", "--group", "trial", "--user", "sales")
        self.start(*SECRET.search(command("device", "add", "sales", "soft")).groups())

    def start(self, user, password):
        server = f"{OURS}:{self.ports.sip}"
        self.phone = Softphone(
            SPACE, self.directory / "soft", (THEIRS, CONTROL),
            f"<sip:{user}@{server};transport=udp>;auth_user={user};auth_pass={password};"
            "regint=60;mwi=yes;audio_codecs=PCMA/8000/1", CONFIG,
            f'"Sales" <sip:102@{server}>;presence=p2p\n')
        wait_until("baresip is registered", lambda: self.lineward.api(
            "GET", "users/sales/devices/soft")["bindings"])

    def dial(self, code):
        """Dials; returns the pitches that were heard, in their order, once each in a row."""
        self.phone.forget()
        before = self.phone.count("session closed")
        self.phone.tell("dial", f"sip:{code}@{OURS}:{self.ports.sip}")
        wait_until("the call is over", lambda: self.phone.count("session closed") > before)
        time.sleep(0.2)
        return self.phone.heard(PITCHES)

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
        check(self.phone.count("480 immediate forwarding is off"), "not shown")

    def test_messages(self):
        wait_until("messages are watched", lambda: self.phone.count("Messages-Waiting: no"), 15)

    def test_presence(self):
        """It shows among its contacts what it is told."""
        def shows(text):
            wait_until(f"{text} is shown", lambda: text in self.phone.tell("contacts"))
        shows("Online")
        self.lineward.command("user", "set", "sales", "--dnd", "on")
        shows("Offline")
        self.lineward.command("user", "set", "sales", "--dnd", "off")
        shows("Online")


def main():
    args = arguments(__doc__)
    return run_in_space(lambda: run_trial(Trial(args.bin), args.names),
                        (SPACE, OURS, THEIRS), "baresip")


if __name__ == "__main__":
    run_script(main)
