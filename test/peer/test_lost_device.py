#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Devices whose connection ends without a word: a real softphone, baresip, registered by TCP and by
TLS, is killed while it rings and in a call with a telephone at the PBX (Kamailio). It needs a
network namespace and so root, as test_baresip.py, else it is skipped."""

import os
import time

from peers import DOMAIN, World, password_of
from phone import Phone
from processes import wait_until
from runner import arguments, check, run_script, run_trial
from softphone import Softphone, write_tone
from space import run_in_space
from test_devices import SECRET
from test_transports import Certificates

OFFSET = 2650  # of the ports; those of the other tests lie elsewhere
SPACE = f"lwlost{os.getpid()}"
OURS, THEIRS = "198.18.81.1", "198.18.81.2"  # RFC 2544: nobody's
LINE = "102"
GRACE_S = 10  # docs/calls.md "What is lost in a call"
LOOKED_S = 2  # how late it may be noticed that it is over, or that a device is back

CONFIG = """
module aufile.so
module aubridge.so
audio_player aubridge,mine
audio_alert aubridge,mine
audio_source aufile,{home}/../tone.wav
sip_verify_server no
"""


class Trial:
    def __init__(self, world):
        self.world, self.lineward = world, world.lineward
        self.lineward.command("user", "set", "sales", "--login", "auto")
        self.ann = Phone(("127.0.0.1", world.ports.pbx), ("107", password_of("107"), DOMAIN))
        self.ann.register()
        made = self.lineward.command("device", "add", "sales", "desk")
        port = world.ports.sip
        self.desk = Phone((OURS, port), (*SECRET.search(made).groups(), f"{OURS}:{port}"))
        write_tone(world.directory / "tone.wav", 660, 60)
        self.softs = {transport: self.soft(transport, number)
                      for number, transport in enumerate(("tcp", "tls"))}
        self.last_id = 0

    def soft(self, transport, number):
        """A softphone, killed until a test switches it on."""
        made = self.lineward.command("device", "add", "sales", transport)
        user, password = SECRET.search(made).groups()
        port = self.world.ports.tls if transport == "tls" else self.world.ports.sip
        home = self.world.directory / transport
        phone = Softphone(
            SPACE, home, (THEIRS, 4444 + number),
            f"<sip:{user}@{OURS}:{port};transport={transport}>;auth_user={user};"
            f"auth_pass={password};regint=60;audio_codecs=PCMA/8000/1", CONFIG.format(home=home))
        self.wait_there(transport)
        phone.program.kill()
        return phone

    def wait_there(self, transport):
        path = f"users/sales/devices/{transport}"
        wait_until(f"baresip is registered by {transport}", lambda: any(
            binding["reachable"] for binding in self.lineward.api("GET", path)["bindings"]))

    def switch_on(self, transport):
        self.softs[transport].start()
        self.wait_there(transport)
        return self.softs[transport]

    def rung(self, soft):
        """Ann calls; the softphone says that it rings."""
        before = soft.count("Incoming call from")
        fields = self.ann.begin(LINE)
        wait_until("baresip rings", lambda: soft.count("Incoming call from") > before)
        self.ann.wait(180)
        return fields

    def entry(self, outcome):
        entry = self.lineward.wait_entry(LINE, outcome, self.last_id)
        self.last_id = entry["id"]
        return entry

    def is_quiet(self):
        wait_until("no call is left", lambda: self.lineward.api("GET", "calls")["count"] == 0, 5)

    def test_ringing_beside_another(self):
        """It is killed while it rings: the other device rings on, and answers."""
        self.desk.register()
        for transport in self.softs:
            soft = self.switch_on(transport)
            fields = self.rung(soft)
            invite = self.desk.ringing()
            soft.program.kill()
            self.desk.expect_silence(1, "CANCEL")
            desk = self.desk.accept(invite)
            ann = self.ann.answered(fields, self.ann.wait(200))
            self.desk.wait("ACK", call_id=desk.call_id)
            self.ann.within(ann, "BYE")
            self.desk.hung_up(desk)
            check(self.entry("answered")["device"] == "desk", "answered by another one")
            self.is_quiet()
        self.lineward.api("DELETE", "users/sales/devices/desk")

    def test_ringing_alone(self):
        """Nobody else is there: when it does not come back in time, its line's forwarding for that
        is carried out."""
        self.lineward.command("forward", "set", LINE, "unreachable", "--to", "105")
        soft = self.switch_on("tcp")
        fields = self.rung(soft)
        soft.program.kill()
        began = time.monotonic()
        self.ann.expect_silence(GRACE_S - 2, "SIP/2.0 2")
        ann = self.ann.answered(fields, self.ann.wait(200, LOOKED_S + 10))
        took = time.monotonic() - began
        check(GRACE_S - 1 < took, f"forwarded after {took:.1f} s")
        entry = self.entry("forwarded")
        check(entry["target"] == "105", f"forwarded elsewhere: {entry}")
        leg = next(leg for leg in entry["legs"] if leg.get("device") == "tcp")
        check(leg["ended_by"] == "lost" and "rang" in leg, f"{leg}")
        self.ann.hang_up(ann)
        self.lineward.command("forward", "clear", LINE, "unreachable")
        self.is_quiet()

    def test_in_a_call(self):
        """It is killed in a call, and switched on again: it is asked, knows nothing, and the other
        side is told."""
        for transport in self.softs:
            soft = self.switch_on(transport)
            fields = self.rung(soft)
            soft.tell("accept")
            ann = self.ann.answered(fields, self.ann.wait(200))
            soft.wait_said("Call established")
            soft.program.kill()
            wait_until("the connection is lost", lambda t=transport: not any(
                binding["reachable"] for binding in
                self.lineward.api("GET", f"users/sales/devices/{t}")["bindings"]))
            self.ann.expect_silence(1, "BYE")
            self.switch_on(transport)
            self.ann.hung_up(ann, LOOKED_S + 5)
            leg, = (leg for leg in self.entry("answered")["legs"] if "answered" in leg)
            check(leg["device"] == transport and leg["ended_by"] == "lost", f"{leg}")
            soft.program.kill()
            self.is_quiet()


def run(args):
    with World("peer/lost_device", args.bin, OFFSET,
               lines=("101", "102", "103", "104", "107")) as world:
        world.lineward.configure("devices_md5_only = 1")
        own = Certificates(world.directory).path("lineward")
        world.lineward.options = ["--sip", f"{OURS}:{world.ports.sip}",
                                  "--tls", f"{OURS}:{world.ports.tls}",
                                  "--tls-certificate", f"{own}.crt", "--tls-key", f"{own}.key"]
        world.set_up()
        return run_trial(Trial(world), args.names)


def main():
    args = arguments(__doc__)
    return run_in_space(lambda: run(args), (SPACE, OURS, THEIRS), "baresip", "openssl")


if __name__ == "__main__":
    run_script(main)
