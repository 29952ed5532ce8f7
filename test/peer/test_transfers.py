#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Blind transfers by real softphones (baresip) through a PBX (Kamailio): a device of line 102 sends
its caller on, and its caller sends the device on. Who transfers follows how that goes by NOTIFY -
baresip takes only those that name its own REFER's number -, and hangs up when it has worked; the
two that are left hear each other's tone. It needs a network namespace and so root, as
test_baresip.py, else it is skipped."""

import os
import time

from heard import PITCHES
from peers import DOMAIN, Lineward, Pbx, Ports, new_directory, password_of
from processes import wait_until
from runner import arguments, check, run_script, run_trial
from softphone import Softphone, write_tone
from space import run_in_space
from test_devices import SECRET

OFFSET = 2750  # of the ports; those of the other tests lie elsewhere
SPACE = f"lwtransfer{os.getpid()}"
OURS, THEIRS = "198.18.82.1", "198.18.82.2"  # RFC 2544: nobody's
LINE, CALLER, TARGET, DEVICE = "102", "107", "108", "desk"
TONES = {CALLER: 440, TARGET: 660, DEVICE: 880}
TALK_S = 1.5

CONFIG = """
module aufile.so
module aubridge.so
audio_source aufile,{tone}
audio_player aubridge,{name}
audio_alert aubridge,{name}
sip_listen {address}:{port}
"""


class Trial:
    def __init__(self, binary):
        self.directory, self.ports = new_directory("peer/transfers"), Ports(OFFSET)
        Pbx(self.ports, self.directory, extensions=(LINE, CALLER, TARGET), address=OURS).start()
        self.lineward = Lineward(binary, self.ports, self.directory)
        self.lineward.configure("devices_md5_only = 1")
        self.lineward.options = ["--sip", f"{OURS}:{self.ports.sip}"]
        self.lineward.start()
        command = self.lineward.command
        command("group", "add", "trial", "--server", f"{OURS}:{self.ports.pbx}", "--domain", DOMAIN,
                "--internal-ranges", "100-199")
        command("user", "add", "sales")
        command("line", "add", LINE, "--group", "trial", "--auth-user", LINE, "--password",
                password_of(LINE), "--user", "sales")
        self.lineward.wait_registered([LINE])
        user, password = SECRET.search(command("device", "add", "sales", DEVICE)).groups()
        self.server = {DEVICE: f"{OURS}:{self.ports.sip}"}
        self.phones = {DEVICE: self.start(DEVICE, user, password)}
        for number in (CALLER, TARGET):
            self.server[number] = f"{OURS}:{self.ports.pbx}"
            self.phones[number] = self.start(number, number, password_of(number))
        for phone in self.phones.values():
            phone.wait_said("200 OK")
        self.last_id = 0

    def start(self, name, user, password):
        """A softphone, which answers whatever comes."""
        place = len(TONES) - list(TONES).index(name)
        tone = self.directory / f"{name}.wav"
        write_tone(tone, TONES[name], 20)
        config = CONFIG.format(tone=tone, name=name, address=THEIRS, port=5060 + 10 * place)
        server = self.server[name]
        return Softphone(
            SPACE, self.directory / name, (THEIRS, 4444 + place),
            f'<sip:{user}@{server};transport=udp>;outbound="sip:{server};transport=udp;lr"'
            f";auth_user={user};auth_pass={password};regint=60;answermode=auto"
            ";audio_codecs=PCMA/8000/1", config)

    def joined(self):
        """The caller calls the line, and the device answers."""
        said = {name: phone.count("Call established") for name, phone in self.phones.items()}
        self.phones[CALLER].tell("dial", f"sip:{LINE}@{self.server[CALLER]}")
        for name in (CALLER, DEVICE):
            wait_until(f"{name} is in the call", lambda n=name: self.phones[n].count(
                "Call established") > said[n])
        time.sleep(0.5)

    def transfer(self, who, left):
        """`who` sends the other one to the target, and hangs up when it is told that this has
        worked; those who are left hear each other."""
        for phone in self.phones.values():
            phone.forget()
        self.phones[who].tell("transfer", f"sip:{TARGET}@{self.server[who]}")
        self.expect_transferred("called" if who == DEVICE else "caller")
        time.sleep(TALK_S)
        self.phones[left].tell("hangup")
        time.sleep(0.3)
        for one, other in ((left, TARGET), (TARGET, left)):
            heard = self.phones[one].heard(PITCHES)
            check(heard[-1:] == [TONES[other]], f"{one} has heard {heard}, not {other}")

    def newest(self):
        """The newest entry of the journal."""
        def find():
            found = self.lineward.api("GET", "journal?limit=1")["items"]
            return found[0] if found and found[0]["id"] > self.last_id else None
        entry = wait_until("another call is in the journal", find)
        self.last_id = entry["id"]
        return entry

    def expect_transferred(self, by):
        """A call that the device has answered, and that was transferred and ended by one side."""
        entry = self.newest()
        check(entry["outcome"] == "answered" and entry["device"] == DEVICE, f"{entry}")
        legs = {leg["kind"]: leg for leg in entry["legs"]}
        moved = legs["transfer"]
        check((moved["number"], moved["status"], moved["by"]) == (TARGET, 202, by), f"{moved}")
        check(legs["device"]["ended_by"] == by, f"{entry['legs']}")

    def test_by_the_device(self):
        self.joined()
        self.transfer(DEVICE, CALLER)

    def test_by_the_caller(self):
        """The device's call to the target goes by the line that the transferred one came by:
        baresip gives that one's number as its own."""
        self.joined()
        self.transfer(CALLER, DEVICE)
        entry = self.newest()
        check(entry["outgoing"] and entry["outcome"] == "answered"
              and entry["dialled"] == TARGET, f"{entry}")

    def test_again(self):
        self.test_by_the_device()

    def test_no_call_is_left(self):
        wait_until("no call is left", lambda: self.lineward.api("GET", "calls")["count"] == 0, 5)


def main():
    args = arguments(__doc__)
    return run_in_space(lambda: run_trial(Trial(args.bin), args.names),
                        (SPACE, OURS, THEIRS), "baresip")


if __name__ == "__main__":
    run_script(main)
