#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A restart with another number of workers: lines move to other ports, and calls are forwarded as
before, at once. A contact that stayed behind at the PBX would keep a call waiting for an answer.
Devices' messages are shown whichever worker has the socket.
What was noted of the lines over time is still there."""

from peers import USERS, World
from phone import Phone
from processes import wait_until
from runner import arguments, check, run_script, run_trial

OFFSET = 2450  # of the ports; those of the other tests lie elsewhere
INSIDE, LINES, TARGET = "106", ("101", "102"), "105"


class Trial:
    def __init__(self, world):
        self.world, self.lineward = world, world.lineward

    def port_of(self, extension):
        """Of the contact under which the PBX has the line."""
        return int(self.lineward.registration(extension)["contact"].rpartition(":")[2])

    def restart(self, workers):
        self.lineward.stop()
        self.lineward.workers = workers
        self.lineward.start()
        self.lineward.wait_registered(USERS)

    def check_calls(self):
        for line in LINES:
            call = self.world.call(INSIDE, line)
            check(call.arrival and call.arrival.called_user == TARGET,
                  f"a call to {line} did not reach {TARGET}: {call.answers}")

    def test_workers(self):
        """1, 2, 1."""
        first = self.world.ports.sip
        for line in LINES:
            self.lineward.api("PUT", f"groups/trial/lines/{line}/forwardings/immediate/all",
                              {"target": TARGET})
        self.check_calls()
        self.restart(2)
        ports = {extension: self.port_of(extension) for extension in USERS}
        check(set(ports.values()) == {first, first + 1}, f"the lines are at {ports}")
        self.check_calls()
        self.restart(1)
        ports = {extension: self.port_of(extension) for extension in USERS}
        check(set(ports.values()) == {first}, f"the lines are at {ports}")
        self.check_calls()

    def messages_with_devices(self, line):
        """What `line`'s trace tells that was not told before."""
        path = f"groups/trial/lines/{line}/messages?after={self.seen.get(line, 0)}"
        answer = self.lineward.api("GET", path)
        self.seen[line] = answer["after"]
        return [message for message in answer["items"] if message["with"] == "device"]

    def test_messages_of_devices(self):
        """All devices register at the first worker's port; their users are of both. Each message is
        shown once, with its user's line alone."""
        self.seen = {}
        for workers in (2, 1):
            self.restart(workers)
            ports = {self.port_of(extension) for extension in USERS}
            check(len(ports) == workers, f"the lines are at {ports}")
            for line in USERS:
                self.messages_with_devices(line)
            for line, user in USERS.items():
                made = self.lineward.api("POST", f"users/{user}/devices", {"name": f"at {workers}"})
                server = ("127.0.0.1", self.world.ports.sip)
                Phone(server, (made["sip_user"], made["password"], "%s:%d" % server)).register()
                seen = self.messages_with_devices(line)
                told = [(message["direction"], message["text"].split(" ")[:2][-1])
                        for message in seen]
                check([direction for direction, _ in told] == ["received", "sent"] * 2 and
                      [word for direction, word in told if direction == "sent"] == ["401", "200"],
                      f"{workers} workers, line {line}: {told}")
                others = [other for other in USERS
                          if other != line and self.messages_with_devices(other)]
                check(not others, f"a device of {line} is shown with {others}")

    def noted(self):
        return self.lineward.api("GET", "statistics")["lines"]

    def noted_of_group(self):
        return self.lineward.api("GET", "samples?group=trial")["items"]

    def test_samples(self):
        """How lines stood is kept, of all and of a group; damaged files are begun anew, and the log
        says so."""
        wait_until("the lines are noted", self.noted, 30)
        before, of_group = self.noted(), self.noted_of_group()
        states = ("disabled", "waiting", "registered", "refused", "unreachable")
        # It may have been noted while the trial was still making its lines.
        check(0 < sum(before[0][state] for state in states) <= len(USERS), before)
        check(0 < sum(of_group[0][state] for state in states) <= len(USERS), of_group)
        self.restart(1)
        check(self.noted()[:len(before)] == before, f"{before} became {self.noted()}")
        check(self.noted_of_group()[:-1] == of_group[:-1],
              f"{of_group} became {self.noted_of_group()}")
        self.lineward.stop()
        for name in ("samples", "group_samples"):
            (self.lineward.data / name).write_text("nothing")
        self.lineward.start()
        wait_until("the lines are noted anew", self.noted, 30)
        check(len(self.noted()) == len(self.noted_of_group()) == 1, self.noted())
        log = self.lineward.log.read_text()
        check("how lines stood is noted anew" in log, "the log does not say so")
        check("how the groups' lines stood is noted anew" in log, "nor of the groups")


def main():
    options = arguments(__doc__)
    with World("peer/restarts", options.bin, offset=OFFSET) as world:
        world.lineward.workers = 1
        world.set_up()
        return run_trial(Trial(world), options.names)


if __name__ == "__main__":
    run_script(main)
