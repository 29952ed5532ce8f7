#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Whether a desk phone at the PBX has calls: Kamailio offers the dialog event (its presence,
pua_dialoginfo and dialog modules), Lineward subscribes to line 102's own extension, and the desk
phone's calls make the line busy. Then a PBX that knows nothing of the kind."""

import test_calls
from peers import DOMAIN, World, password_of
from phone import Phone
from processes import wait_until
from runner import arguments, check, run_script, run_trial
from test_calls import LINE

OFFSET = 2750  # of the ports; those of the other tests lie elsewhere
PATIENCE_S = 10


class Trial(test_calls.Trial):
    def __init__(self, world):
        super().__init__(world)
        self.table = Phone(("127.0.0.1", world.ports.pbx), (LINE, password_of(LINE), DOMAIN))
        self.table.register()

    def told(self):
        """What is known of the line's desk phones."""
        return self.lineward.api("GET", f"groups/trial/lines/{LINE}")["desk_phone"]

    def wait_told(self, state, calls):
        wait_until(f"{state} with {calls} calls, not {self.told()}",
                   lambda: (self.told()["state"], self.told()["calls"]) == (state, calls),
                   PATIENCE_S)

    def everybody_refuses(self, fields):
        """What rings besides us ends, so that the caller gets an answer."""
        self.table.refuse(self.table.wait("INVITE"), 486)
        return self.ann.wait(486)

    def busy_for_ann(self, sentence):
        """A call of Ann's is busy at once here, and that is why."""
        fields = self.ann.begin(LINE)
        self.ann.ack(fields, self.everybody_refuses(fields))
        entry = self.entry("declined")
        check(sentence in str(entry["trace"]), f"{entry['trace']} does not say: {sentence}")
        for phone in (self.desk, self.soft):
            phone.expect_silence(0.1)

    def desk_phone_calls(self):
        """The desk phone calls Bob, who answers: both dialogs."""
        fields = self.table.begin("108", name="table")
        bob = self.bob.accept(self.bob.ringing())
        table = self.table.answered(fields, self.table.wait(200))
        self.bob.wait("ACK", call_id=bob.call_id)
        return table, bob

    def desk_phone_hangs_up(self, dialogs):
        table, bob = dialogs
        self.table.within(table, "BYE")
        self.bob.hung_up(bob)

    def rings_everywhere(self):
        """A call of Ann's rings at our devices and at the desk phone, until she gives up."""
        phones = (self.desk, self.soft, self.table)
        fields = self.ann.begin(LINE)
        invites = [phone.ringing() for phone in phones]
        self.ann.wait(180)
        self.ann.cancel(fields)
        for phone, invite in zip(phones, invites):
            phone.reply(phone.wait("CANCEL"), 200)
            phone.refuse(invite, 487)
        self.ann.ack(fields, self.ann.wait(487))
        self.entry("missed")

    def test_is_watched(self):
        """Nobody asks until the line is said to have other telephones; then the PBX tells."""
        check(self.told() == {"state": "off", "calls": 0}, self.told())
        self.command("line", "set", LINE, "--other-contacts", "on", "--second-call", "busy")
        self.wait_told("watched", 0)
        shown = self.command("line", "show", LINE)
        check("watched, 0 calls" in shown, shown)

    def test_calls_of_the_desk_phone(self):
        """It calls, and the line is busy; it hangs up, and the line rings."""
        dialogs = self.desk_phone_calls()
        self.wait_told("watched", 1)
        self.busy_for_ann("another telephone of the line has a call")
        self.desk_phone_hangs_up(dialogs)
        self.wait_told("watched", 0)
        self.rings_everywhere()

    def test_calls_to_the_desk_phone(self):
        """It answers a call that rang here, too: one call, and it is its."""
        fields = self.ann.begin(LINE)
        desk, soft, invite = self.desk.ringing(), self.soft.ringing(), self.table.ringing()
        table = self.table.accept(invite)
        ann = self.ann.answered(fields, self.ann.wait(200))
        self.table.wait("ACK")
        for phone, rang in ((self.desk, desk), (self.soft, soft)):
            phone.reply(phone.wait("CANCEL"), 200)
            phone.refuse(rang, 487)
        self.entry("answered_elsewhere")
        self.wait_told("watched", 1)
        self.ann.within(ann, "BYE")
        self.table.hung_up(table)
        self.wait_told("watched", 0)

    def test_our_own_calls_count_once(self):
        """The PBX tells of the calls of our devices, too; they are not the desk phone's."""
        fields = self.ann.begin(LINE)
        desk, soft, table = self.desk.ringing(), self.soft.ringing(), self.table.ringing()
        there = self.desk.accept(desk)
        ann = self.ann.answered(fields, self.ann.wait(200))
        self.desk.wait("ACK", call_id=there.call_id)
        for phone, rang in ((self.soft, soft), (self.table, table)):
            phone.reply(phone.wait("CANCEL"), 200)
            phone.refuse(rang, 487)
        dialogs = self.desk_phone_calls()
        self.wait_told("watched", 1)  # not 2: the PBX has told of both by then
        self.ann.within(ann, "BYE")
        self.desk.hung_up(there)
        self.entry("answered")
        self.desk_phone_hangs_up(dialogs)
        self.wait_told("watched", 0)

    def test_outgoing_calls_of_devices(self):
        """The same of a call that one of our devices makes."""
        fields = self.desk.begin("107", name="out")
        there = self.ann.accept(self.ann.ringing())
        out = self.desk.answered(fields, self.desk.wait(200))
        self.ann.wait("ACK", call_id=there.call_id)
        dialogs = self.desk_phone_calls()
        self.wait_told("watched", 1)
        self.desk.within(out, "BYE")
        self.ann.hung_up(there)
        self.entry("answered")
        self.desk_phone_hangs_up(dialogs)
        self.wait_told("watched", 0)

    def test_forwarded_calls(self):
        """A call that we have redirected is no call of the line, though the PBX goes on telling of
        it under the line's name."""
        self.command("forward", "set", LINE, "immediate", "--to", "108")
        fields = self.ann.begin(LINE)
        self.table.refuse(self.table.ringing(), 486)
        there = self.bob.accept(self.bob.ringing())
        ann = self.ann.answered(fields, self.ann.wait(200))
        self.bob.wait("ACK", call_id=there.call_id)
        self.entry("forwarded")
        self.command("forward", "clear", LINE, "immediate")
        fields = self.table.begin("105", name="table")  # a sipp that answers
        table = self.table.answered(fields, self.table.wait(200))
        self.wait_told("watched", 1)
        self.ann.within(ann, "BYE")
        self.bob.hung_up(there)
        self.table.hang_up(table)
        self.wait_told("watched", 0)

    def test_switched_off(self):
        """The group's setting ends it, and begins it again."""
        self.command("group", "set", "trial", "--desk-phone-state", "off")
        self.wait_told("off", 0)
        dialogs = self.desk_phone_calls()
        self.command("group", "set", "trial", "--desk-phone-state", "auto")
        self.wait_told("watched", 1)  # it learns at once what goes on
        self.desk_phone_hangs_up(dialogs)
        self.wait_told("watched", 0)

    def test_not_offered(self):
        """A PBX without it is asked once, and left in peace then; the line works as ever."""
        self.command("group", "set", "trial", "--desk-phone-state", "off")
        self.wait_told("off", 0)
        self.world.start_pbx()
        for phone in (self.ann, self.bob, self.table):
            phone.register()
        for enabled in ("off", "on"):  # it registers at once, not when it would have to
            self.command("line", "set", LINE, "--enabled", enabled)
        self.lineward.wait_registered([LINE])
        self.command("group", "set", "trial", "--desk-phone-state", "auto")
        self.wait_told("not_offered", 0)
        check(self.told()["status"] == 405, self.told())
        shown = self.command("line", "show", LINE)
        check("not_offered: 405" in shown, shown)
        dialogs = self.desk_phone_calls()
        self.rings_everywhere()
        self.desk_phone_hangs_up(dialogs)


def main():
    args = arguments(__doc__)
    with World("peer/desk_state", args.bin, OFFSET,
               lines=("101", "102", "103", "104", "107", "108")) as world:
        world.start_pbx(fault="TELLS_DIALOGS")
        world.set_up()
        return run_trial(Trial(world), args.names)


if __name__ == "__main__":
    run_script(main)
