#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A bridged call is heard from end to end: a softphone (baresip) calls line 102 over a PBX
(Kamailio), lineward calls another softphone over it, and each measures the other's tone. The PBX
carries no media, and neither do we: it flows between the two. It needs a network namespace and so
root, as test_baresip.py, else it is skipped.

    107 (440 Hz) --INVITE--> PBX --> lineward (102) --INVITE--> PBX --> 108 (660 Hz)
         `------------------------- RTP, both ways ---------------------'
"""

import os
import time

from heard import PITCHES
from peers import DOMAIN, Lineward, Pbx, Ports, new_directory, password_of
from processes import wait_until
from runner import arguments, check, run_script, run_trial
from softphone import Softphone, write_tone
from space import run_in_space

OFFSET = 2250  # of the ports; those of the other tests lie elsewhere
SPACE = f"lwheard{os.getpid()}"
OURS, THEIRS = "198.18.80.1", "198.18.80.2"  # RFC 2544: nobody's
LINE, CALLER, TARGET = "102", "107", "108"
TONES = {CALLER: 440, TARGET: 660}
TALK_S = 2

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
        self.directory, self.ports = new_directory("peer/bridged_audio"), Ports(OFFSET)
        Pbx(self.ports, self.directory, extensions=(LINE, *TONES), address=OURS).start()
        self.lineward = Lineward(binary, self.ports, self.directory)
        self.lineward.options = ["--sip", f"{OURS}:{self.ports.sip}"]
        self.lineward.start()
        command = self.lineward.command
        command("group", "add", "trial", "--server", f"{OURS}:{self.ports.pbx}", "--domain", DOMAIN,
                "--internal-ranges", "100-199", "--forward-by", "bridge")
        command("line", "add", LINE, "--group", "trial", "--auth-user", LINE, "--password",
                password_of(LINE))
        command("forward", "set", LINE, "immediate", "--to", TARGET)
        self.lineward.wait_registered([LINE])
        self.phones = {number: self.start(number, place) for place, number in enumerate(TONES)}
        for number, phone in self.phones.items():
            phone.wait_said("200 OK")

    def start(self, number, place):
        """A softphone with that extension, which answers whatever comes."""
        tone = self.directory / f"{number}.wav"
        write_tone(tone, TONES[number], 10 * TALK_S)
        config = CONFIG.format(tone=tone, name=number, address=THEIRS, port=5060 + 10 * place)
        return Softphone(
            SPACE, self.directory / number, (THEIRS, 4444 + place),
            f"<sip:{number}@{OURS}:{self.ports.pbx};transport=udp>;auth_user={number};"
            f"auth_pass={password_of(number)};regint=60;answermode=auto;"
            "audio_codecs=PCMA/8000/1", config)

    def test_heard(self):
        caller, target = self.phones[CALLER], self.phones[TARGET]
        caller.tell("dial", f"sip:{LINE}@{OURS}:{self.ports.pbx}")
        for phone in (caller, target):
            phone.wait_said("Call established")
        time.sleep(TALK_S)
        caller.tell("hangup")
        entry = wait_until("the journal has the call", lambda: self.lineward.api(
            "GET", "journal?limit=1")["items"], 5)[0]
        check((entry["outcome"], entry["target"]) == ("forwarded", TARGET), f"{entry}")
        time.sleep(0.2)
        for phone, other in ((caller, TARGET), (target, CALLER)):
            heard = phone.heard(PITCHES)
            check(heard == [TONES[other]], f"{phone.home.name} has heard {heard}")
            seconds = phone.recorded_s()
            check(TALK_S - 0.5 < seconds < TALK_S + 5, f"{seconds:.1f} s were recorded")


def main():
    args = arguments(__doc__)
    return run_in_space(lambda: run_trial(Trial(args.bin), args.names),
                        (SPACE, OURS, THEIRS), "baresip")


if __name__ == "__main__":
    run_script(main)
