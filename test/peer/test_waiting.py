#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Calls that wait, by the command line, as an administrator would try it: assumed clients, the list
of calls that wait, and one that is forwarded by hand while it rings."""

import time

from processes import wait_until
from runner import arguments, check, run_script, run_trial
from wire import DOMAIN, LINE, TARGET, Wire

OFFSET = 460  # of the ports; those of the other tests lie elsewhere
OTHER = "144"


class Trial:
    def __init__(self, binary):
        self.wire = Wire("waiting", binary, OFFSET)
        self.wire.set_up()
        self.pbx, self.lineward = self.wire.pbx, self.wire.lineward
        self.command = self.lineward.command
        self.command("forward", "clear", LINE, "immediate")

    def place(self, name):
        """A call that is not answered at once."""
        self.pbx.send(self.pbx.request("INVITE", name))

    def finish(self, name, seconds=12.0):
        """The final answer of a call, which is acknowledged."""
        final = self.pbx.final(name, seconds)
        self.pbx.send(self.pbx.ack(final))
        return final

    def check_forwarded(self, final, number):
        check(final.status == 302, f"{final.start_line}, not 302")
        check(f"<sip:{number}@{DOMAIN}>" in final.first("Contact"), final.first("Contact"))

    def test_busy(self):
        """Two answered calls make the line busy: the forwarding for that, or 486."""
        self.command("line", "state", LINE, "--clients", "ring", "--calls", "2")
        check("answered calls: 2" in self.command("line", "state", LINE), "the state is not shown")
        final = self.pbx.call("busy-without")
        check(final.status == 486, f"{final.start_line}, not 486")
        self.command("forward", "set", LINE, "busy", "--to", TARGET)
        self.check_forwarded(self.pbx.call("busy-with"), TARGET)
        self.command("forward", "clear", LINE, "busy")

    def test_no_answer(self):
        """The clients ring for the forwarding's delay, counted from the INVITE."""
        self.command("line", "state", LINE, "--clients", "ring")
        self.command("forward", "set", LINE, "no_answer", "--to", TARGET, "--delay", "5")
        began = time.monotonic()
        self.place("no-answer")
        self.check_forwarded(self.finish("no-answer"), TARGET)
        took = time.monotonic() - began
        check(4.9 <= took < 8, f"forwarded after {took:.1f} s, not 5")
        self.command("forward", "clear", LINE, "no_answer")

    def test_rejected(self):
        """Who rejects a call has it declined as the group says, and nothing is forwarded."""
        self.command("line", "state", LINE, "--clients", "rejected")
        self.command("forward", "set", LINE, "busy", "--to", TARGET)
        final = self.pbx.call("rejected")
        check(final.status == 486, f"{final.start_line}, not 486")
        self.command("forward", "clear", LINE, "busy")

    def test_deflected_by_hand(self):
        """A call that rings is listed, and goes where the administrator sends it."""
        self.command("line", "state", LINE, "--clients", "ring")
        self.place("by-hand")
        wait_until("the call is listed", lambda: f"wire/{LINE}" in self.command("call", "list"), 5)
        row = next(row for row in self.command("call", "list").splitlines() if f"/{LINE}" in row)
        check("ringing" in row, row)
        self.command("call", "deflect", row.split()[0], "--to", OTHER)
        self.check_forwarded(self.finish("by-hand"), OTHER)
        wait_until("no call waits", lambda: self.command("call", "list") == "no calls\n", 10)

    def test_nothing_is_assumed_any_more(self):
        said = self.command("line", "state", LINE, "--clear")
        check("nothing is assumed" in said, said)


def main():
    options = arguments(__doc__)
    return run_trial(Trial(options.bin), options.names)


if __name__ == "__main__":
    run_script(main)
