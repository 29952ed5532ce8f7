#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A user with two devices and two lines (102, 104), another one with a device and a line (101), and
telephones at the PBX (Kamailio): each device calls by the line that it names, and by none of
somebody else's; both lines' calls ring at both devices, and each is answered where its user wants
to. The devices have an address of their own, as telephones do."""

from peers import DOMAIN, WORKERS, World, password_of
from phone import SDP, Phone
from processes import wait_until
from runner import arguments, check, run_script, run_trial

OFFSET = 2850  # of the ports; those of the other tests lie elsewhere
DEVICES = "127.0.0.6"  # their address
FIRST, SECOND, FOREIGN = "102", "104", "101"


class Trial:
    def __init__(self, world):
        self.world, self.lineward = world, world.lineward
        self.command = self.lineward.command
        self.command("line", "set", SECOND, "--user", "sales")
        for user in ("sales", "reception"):
            self.command("user", "set", user, "--login", "auto")
        pbx = ("127.0.0.1", world.ports.pbx)
        self.ann, self.bob = (Phone(pbx, (number, password_of(number), DOMAIN))
                              for number in ("107", "108"))
        for phone in (self.ann, self.bob):
            phone.register()
        self.desk, self.soft = self.device("sales", "desk"), self.device("sales", "soft")
        self.other = self.device("reception", "front")
        self.last_id = 0

    def device(self, user, name):
        made = self.lineward.api("POST", f"users/{user}/devices", {"name": name})
        port = self.world.ports.sip
        phone = Phone(("127.0.0.1", port),
                      (made["sip_user"], made["password"], f"127.0.0.1:{port}"), DEVICES)
        phone.register()
        return phone

    def entry(self, line, outcome="answered"):
        """The newest entry of the line's journal, which must have that outcome."""
        return self.lineward.wait_entry(line, outcome, self.last_id)

    def note(self, *entries):
        self.last_id = max(entry["id"] for entry in entries)

    def is_quiet(self):
        wait_until("no call is left", lambda: self.lineward.api("GET", "calls")["count"] == 0, 5)

    @staticmethod
    def begin(phone, headers, name):
        """A device calls Ann in a line's name. With several workers the proof may be for another
        one than that which has the device, which asks again."""
        fields = phone.begin("107", headers, as_user=name)
        answer = phone.received.get(timeout=3)
        if answer.status != 401:
            phone.received.put(answer)
            return fields
        check("stale=true" in answer.text and WORKERS > 1, answer.text)
        phone.ack(fields, answer)
        fields = dict(fields, cseq=3, branch="")
        proof = phone.proof(answer, "INVITE", fields["uri"])
        fields["branch"] = phone.request("INVITE", fields["uri"], fields, [*headers, proof],
                                         SDP.format("again"))
        return fields

    def call_by(self, phone, name, line, device, headers=()):
        """A device calls Ann, who sees that line; the journal tells it there."""
        fields = self.begin(phone, headers, name)
        invite = self.ann.ringing()
        check(invite.first("From").startswith(f"<sip:{line}@"), invite.text)
        ann = self.ann.accept(invite)
        dialog = phone.answered(fields, phone.wait(200, call_id=fields["call_id"]))
        self.ann.wait("ACK", call_id=ann.call_id)
        phone.hang_up(dialog)
        self.ann.hung_up(ann)
        entry = self.entry(line)
        check(entry["outgoing"] and entry["device"] == device, f"{entry}")
        self.note(entry)

    def test_each_line(self):
        """By its own name a device calls by the line that it dials through, by a line's number -
        in the From, or as the identity that it prefers - by that line."""
        for phone, device in ((self.desk, "desk"), (self.soft, "soft")):
            self.call_by(phone, None, FIRST, device)
            self.call_by(phone, FIRST, FIRST, device)
            self.call_by(phone, SECOND, SECOND, device)
            self.call_by(phone, None, SECOND, device,
                         [f"P-Preferred-Identity: <sip:{SECOND}@{DOMAIN}>"])
        self.call_by(self.other, FOREIGN, FOREIGN, "front")

    def refused(self, phone, name, headers=()):
        fields = self.begin(phone, headers, name)
        phone.ack(fields, phone.wait(403, call_id=fields["call_id"]))

    def test_no_foreign_name(self):
        """Nobody calls in the name of somebody else's line or device, whatever it proves; nothing
        of that reaches the PBX."""
        self.is_quiet()
        for name in (FOREIGN, "103", "107", self.other.user, "nobody"):
            self.refused(self.desk, name)
        self.refused(self.other, FIRST)
        self.refused(self.desk, None, [f"P-Preferred-Identity: <sip:{FOREIGN}@{DOMAIN}>"])
        self.refused(self.desk, FIRST, [f"P-Asserted-Identity: <sip:{FOREIGN}@{DOMAIN}>"])
        self.ann.expect_silence(0.5)
        check(self.lineward.api("GET", "calls")["count"] == 0, "a call came of it")
        newest = self.lineward.api("GET", "journal?limit=1")["items"][0]
        check(newest["id"] == self.last_id, f"{newest}")

    def test_given_away(self):
        """A line that belongs to somebody else now is not its former owner's to call by."""
        self.command("line", "set", SECOND, "--user", "reception")
        self.refused(self.desk, SECOND)
        self.call_by(self.other, SECOND, SECOND, "front")
        self.command("line", "set", SECOND, "--user", "sales")
        self.refused(self.other, SECOND)
        self.call_by(self.desk, SECOND, SECOND, "desk")

    def test_both_lines_ring(self):
        """A call on each line at the same time: both devices ring for both, one answers the first,
        the other one the second; nothing rings at somebody else's."""
        calls = {}
        for caller, line in ((self.ann, FIRST), (self.bob, SECOND)):
            fields = caller.begin(line)
            calls[line] = (caller, fields, self.desk.ringing(), self.soft.ringing())
        up = []
        for line, (taker, leaver) in ((FIRST, (self.desk, self.soft)),
                                      (SECOND, (self.soft, self.desk))):
            caller, fields, at_desk, at_soft = calls[line]
            taken, left = (at_desk, at_soft) if taker is self.desk else (at_soft, at_desk)
            there = taker.accept(taken)
            cancel = leaver.wait("CANCEL", call_id=left.first("Call-ID"))
            leaver.reply(cancel, 200)
            leaver.refuse(left, 487)
            here = caller.answered(fields, caller.wait(200))
            taker.wait("ACK", call_id=there.call_id)
            up.append((caller, here, taker, there))
        self.other.expect_silence(0.2)
        for caller, here, taker, there in up:
            caller.hang_up(here)
            taker.hung_up(there)
        first, second = self.entry(FIRST), self.entry(SECOND)
        check((first["device"], second["device"]) == ("desk", "soft"), f"{first} {second}")
        self.note(first, second)

    def test_revoked(self):
        """A device that is revoked rings and calls no more; the other one does."""
        self.is_quiet()
        self.lineward.api("DELETE", "users/sales/devices/desk")
        fields = self.ann.begin(SECOND)
        there = self.soft.accept(self.soft.ringing())
        here = self.ann.answered(fields, self.ann.wait(200))
        self.soft.wait("ACK", call_id=there.call_id)
        self.desk.expect_silence(0.2)
        self.ann.hang_up(here)
        self.soft.hung_up(there)
        fields = self.desk.begin("107")
        self.desk.ack(fields, self.desk.wait(401, call_id=fields["call_id"]))
        self.ann.expect_silence(0.2)
        self.is_quiet()


def main():
    args = arguments(__doc__)
    with World("peer/several_devices", args.bin, OFFSET,
               lines=("101", "102", "103", "104", "107", "108")) as world:
        world.set_up()
        return run_trial(Trial(world), args.names)


if __name__ == "__main__":
    run_script(main)
