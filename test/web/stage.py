#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The world behind the browser of a test: the trial's PBX, phones and daemon (test/peer), told by
lines of JSON on the standard input what to do, and answering each with a line of JSON.

    stage.py --bin PATH --name NAME --offset OFFSET

    {"do": "call", "from": "105", "to": "102"}     a line {"ok": value} or {"trouble": text} each
"""

import argparse
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "peer"))

from peers import DOMAIN, USERS, Caller, World  # noqa: E402
from phone import Phone  # noqa: E402
from processes import Trouble, wait_until  # noqa: E402
from runner import run_script  # noqa: E402

PASSWORD = "correct horse battery"


class Stage:
    """What a test can have done."""

    def __init__(self, world):
        self.world, self.lineward = world, world.lineward
        self.calling = {}
        self.devices, self.dialogs = {}, {}

    def do_command(self, arguments):
        """Runs `lineward ARGUMENTS`."""
        return self.lineward.command(*arguments)

    def do_api(self, method, path, body=None):
        """A request with the administrator's token."""
        status, answer = self.lineward.request(method, path, body)
        return {"status": status, "body": answer}

    def do_call(self, caller, callee):
        """Places a call and sees it through."""
        call = self.world.call(caller, callee)
        arrival = call.arrival
        return {"id": call.call_id, "final": call.final,
                "arrived": arrival.called_user if arrival else ""}

    def do_call_named(self, name, number, callee):
        """Places a call whose caller calls themselves `name`."""
        caller = Caller(number)
        caller.sip_from = caller.sip_identity = f'"{name}" {caller.sip_from}'
        program = self.world.sipp.start_call(f"named-{number[1:]}", caller, callee, 5000, 50)
        wait_until("the named call ends", lambda: not program.is_running(), 15)
        program.stop()

    def do_begin_call(self, name, caller, callee, patience_s, talk_s=0.05):
        """Places a call that goes on."""
        self.calling[name] = self.world.sipp.start_call(
            name, Caller(caller), callee, patience_s * 1000, int(talk_s * 1000))

    def do_end_call(self, name):
        self.calling.pop(name).stop()

    def do_device(self, user, name):
        """A telephone of the user that is registered at lineward."""
        made = self.lineward.api("POST", f"users/{user}/devices", {"name": name})
        server = ("127.0.0.1", self.world.ports.sip)
        self.devices[name] = Phone(server, (made["sip_user"], made["password"], "%s:%d" % server))
        self.devices[name].register()
        return made["sip_user"]

    def do_device_answer(self, name):
        """The call that rings at the device is answered."""
        device = self.devices[name]
        invite = device.ringing()
        self.dialogs[name] = device.accept(invite)
        device.wait("ACK", call_id=self.dialogs[name].call_id)

    def do_device_call(self, name, number):
        """The device calls, and is answered."""
        self.dialogs[name] = self.devices[name].call(number)

    def do_device_hold(self, name):
        """The device has the other side wait."""
        self.devices[name].within(self.dialogs[name], "INVITE", body="v=0\r\na=sendonly\r\n")

    def do_device_hung_up(self, name):
        """The other side of the device's call hangs up."""
        self.devices[name].hung_up(self.dialogs.pop(name))

    def do_stop(self):
        self.lineward.stop()

    def do_start(self):
        self.lineward.start()
        self.lineward.wait_registered(USERS)

    def do_pbx(self, fault="", is_following=True):
        """Another PBX in the place of the one that there is, with a fault (kamailio.cfg.in)."""
        self.lineward.api("PATCH", "groups/trial", {"enabled": False})
        self.world.start_pbx(is_following, fault=fault)
        self.lineward.api("PATCH", "groups/trial", {"enabled": True})
        self.lineward.wait_registered(USERS)

    def do_end(self):
        """The daemon ends as it should, and no sanitizer has complained."""
        if self.lineward.program.is_running():
            self.lineward.stop()
        self.lineward.check_log()


def set_up(world):
    """The trial, whose users can sign in."""
    world.set_up()
    for user in USERS.values():
        world.lineward.api("PATCH", f"users/{user}", {"password": PASSWORD})


def describe(stage):
    """What the browser's side has to know."""
    log = stage.lineward.log.read_text(errors="replace")
    first = re.search(r"url=\"?(http\S+?/setup#[A-Z0-9-]+)", log)
    return {"url": stage.lineward.url, "password": PASSWORD,
            "setup": first.group(1) if first else "",
            "pbx": f"127.0.0.1:{stage.world.ports.pbx}", "domain": DOMAIN}


def serve(stage):
    """Does what comes, until there is no more."""
    print(json.dumps({"ok": describe(stage)}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = {"ok": getattr(stage, "do_" + order.pop("do"))(**order)}
        except (Trouble, OSError) as trouble:
            answer = {"trouble": str(trouble)}
        print(json.dumps(answer), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--offset", type=int, required=True)
    parser.add_argument("--empty", action="store_true", help="a daemon that nothing is set up in")
    options = parser.parse_args()
    with World(f"web/{options.name}", options.bin, options.offset) as world:
        if options.empty:
            world.lineward.start()
        else:
            set_up(world)
        serve(Stage(world))
    return 0


if __name__ == "__main__":
    run_script(main)
