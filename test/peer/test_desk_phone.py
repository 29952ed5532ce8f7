#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A desk phone at the PBX (Kamailio) beside us, another contact of line 102: who answers first,
what our refusals do to it, its grace before a forwarding. And who is lost: a device while it rings
and in a call, the PBX in a call. And sipp as a device."""

import copy
import time

import test_calls
from peers import DOMAIN, Sipp, World, password_of
from phone import Phone
from runner import arguments, check, run_script, run_trial
from test_calls import LINE

OFFSET = 1700  # of the ports; those of the other tests lie elsewhere
GRACE_S = 3


class Trial(test_calls.Trial):
    def __init__(self, world):
        super().__init__(world)
        self.table = Phone(("127.0.0.1", world.ports.pbx), (LINE, password_of(LINE), DOMAIN))
        self.table.register()

    def rings_everywhere(self):
        """Ann calls: the desk phone and both devices ring."""
        fields = self.ann.begin(LINE)
        ringing = [phone.ringing() for phone in (self.table, self.desk, self.soft)]
        self.ann.wait(180)
        return fields, *ringing

    def test_desk_phone_answers(self):
        """Ours learn that the call was answered elsewhere: it is not a missed one."""
        fields, table, desk, soft = self.rings_everywhere()
        there = self.table.accept(table)
        self.stopped(self.desk, desk, "cause=200")
        self.stopped(self.soft, soft, "cause=200")
        ann = self.ann.answered(fields, self.ann.wait(200))
        self.table.wait("ACK")
        self.ann.within(ann, "BYE")
        self.table.hung_up(there)
        self.entry("answered_elsewhere")
        self.is_quiet()

    def test_device_answers(self):
        """The PBX stops the desk phone when a device of ours answers."""
        fields, table, desk, soft = self.rings_everywhere()
        there = self.desk.accept(desk)
        self.stopped(self.soft, soft, "cause=200")
        self.stopped(self.table, table)
        ann = self.ann.answered(fields, self.ann.wait(200))
        self.desk.wait("ACK", call_id=there.call_id)
        self.ann.within(ann, "BYE")
        self.desk.hung_up(there)
        self.entry("answered")
        self.is_quiet()

    def test_rejected_here(self):
        """Our 486 lets the desk phone ring on, and it can still answer."""
        fields, table, desk, soft = self.rings_everywhere()
        self.desk.refuse(desk, 603)
        self.stopped(self.soft, soft)
        self.entry("declined")
        time.sleep(0.3)
        there = self.table.accept(table)
        ann = self.ann.answered(fields, self.ann.wait(200))
        self.table.wait("ACK")
        self.ann.within(ann, "BYE")
        self.table.hung_up(there)
        self.is_quiet()

    def test_rejected_as_client(self):
        """A 603 that is passed on stops the desk phone: why it is not the default."""
        self.command("group", "set", "trial", "--decline-rejected", "as_client")
        fields, table, desk, soft = self.rings_everywhere()
        self.desk.refuse(desk, 603)
        self.stopped(self.soft, soft)
        self.stopped(self.table, table)
        self.ann.ack(fields, self.ann.wait(603))
        self.command("group", "set", "trial", "--decline-rejected", "486")
        self.entry("declined")

    def test_rejected_rings_on(self):
        """The caller hears it ring on, whatever the user has rejected, until the desk phone
        answers; or nobody, and the caller gives up."""
        self.command("group", "set", "trial", "--decline-rejected", "ringing")
        fields, table, desk, soft = self.rings_everywhere()
        self.desk.refuse(desk, 603)
        self.stopped(self.soft, soft)
        self.ann.expect_silence(1, "SIP/2.0 4")
        there = self.table.accept(table)
        ann = self.ann.answered(fields, self.ann.wait(200))
        self.table.wait("ACK")
        self.entry("answered_elsewhere")
        self.ann.within(ann, "BYE")
        self.table.hung_up(there)
        fields, table, desk, soft = self.rings_everywhere()
        self.desk.refuse(desk, 603)
        self.stopped(self.soft, soft)
        self.ann.cancel(fields)
        self.stopped(self.table, table)
        self.ann.ack(fields, self.ann.wait(487))
        self.is_quiet()
        self.command("group", "set", "trial", "--decline-rejected", "486")

    def test_rejected_480(self):
        """480 instead: the desk phone rings on, too."""
        self.command("group", "set", "trial", "--decline-rejected", "480")
        fields, table, desk, soft = self.rings_everywhere()
        self.desk.refuse(desk, 603)
        self.stopped(self.soft, soft)
        self.table.refuse(table, 480)
        self.ann.ack(fields, self.ann.wait(480))
        self.command("group", "set", "trial", "--decline-rejected", "486")
        self.is_quiet()

    def test_signed_off(self):
        """Who has signed off is declined as the group says: 486 and 480 at once, unless the desk
        phone answers; `ringing` until the caller gives up."""
        self.command("user", "set", "sales", "--login", "off", "--mailbox", "")
        for setting, status in (("480", 480), ("486", 486)):
            self.command("group", "set", "trial", "--decline-unavailable", setting)
            fields = self.ann.begin(LINE)
            self.table.refuse(self.table.ringing(), 486 if status == 480 else 480)
            self.ann.ack(fields, self.ann.wait(480))  # of two refusals the PBX passes the lowest
        self.command("group", "set", "trial", "--decline-unavailable", "ringing")
        fields = self.ann.begin(LINE)
        table = self.table.ringing()
        self.ann.wait(180)
        self.ann.expect_silence(1, "SIP/2.0 4")
        self.ann.cancel(fields)
        self.stopped(self.table, table)
        self.ann.ack(fields, self.ann.wait(487))
        self.command("group", "set", "trial", "--decline-unavailable", "486")
        self.command("user", "set", "sales", "--login", "auto")
        self.is_quiet()

    def test_grace(self):
        """A forwarding of who has signed off waits while the desk phone rings."""
        self.command("group", "set", "trial", "--other-contacts-grace", str(GRACE_S))
        self.command("line", "set", LINE, "--other-contacts", "on")
        self.command("user", "set", "sales", "--login", "off")
        self.command("forward", "set", LINE, "logged_off", "--to", "105")
        fields = self.ann.begin(LINE)
        table = self.table.ringing()
        time.sleep(GRACE_S / 2)
        there = self.table.accept(table)  # in time
        ann = self.ann.answered(fields, self.ann.wait(200))
        self.table.wait("ACK")
        self.entry("answered_elsewhere")
        self.ann.within(ann, "BYE")
        self.table.hung_up(there)
        began = time.monotonic()
        fields = self.ann.begin(LINE)
        table = self.table.ringing()
        check(self.entry("forwarded")["target"] == "105", "forwarded elsewhere")
        took = time.monotonic() - began
        check(GRACE_S - 0.2 < took < GRACE_S + 2.5, f"forwarded after {took:.1f} s")
        self.table.refuse(table, 486)  # this PBX follows a 302 when all its branches have ended
        self.ann.hang_up(self.ann.answered(fields, self.ann.wait(200)))  # 105, a sipp that answers
        self.command("forward", "clear", LINE, "logged_off")
        self.command("user", "set", "sales", "--login", "auto")
        self.command("line", "set", LINE, "--other-contacts", "off")

    def test_device_lost_while_ringing(self):
        """A device that rang is gone: the other one answers, the caller notices nothing."""
        fields, table, desk, soft = self.rings_everywhere()
        self.soft.is_deaf = True
        there = self.desk.accept(desk)
        self.stopped(self.table, table)
        ann = self.ann.answered(fields, self.ann.wait(200))
        self.desk.wait("ACK", call_id=there.call_id)
        self.ann.within(ann, "BYE")
        self.desk.hung_up(there)
        self.ann.wait("BYE 200")
        self.is_quiet()
        self.soft.is_deaf = False
        self.entry("answered")

    def test_device_lost_in_call(self):
        """A device is gone in a call: the caller's BYE is answered, nothing is left."""
        fields, table, desk, soft = self.rings_everywhere()
        there = self.desk.accept(desk)
        self.stopped(self.soft, soft)
        self.stopped(self.table, table)
        ann = self.ann.answered(fields, self.ann.wait(200))
        self.desk.wait("ACK", call_id=there.call_id)
        self.desk.is_deaf = True
        self.ann.hang_up(ann)
        self.is_quiet()
        self.desk.is_deaf = False
        self.entry("answered")

    def test_sipp_is_a_device(self):
        """sipp registers with us, and answers calls that come over the PBX."""
        made = self.lineward.api("POST", "users/sales/devices", {"name": "sipp"})
        ports = copy.copy(self.world.ports)
        ports.pbx = ports.sip  # it registers there
        directory = self.world.directory / "device"
        directory.mkdir()
        sipp = Sipp(ports, directory)
        target = ports.inside_callers[6]
        sipp.start_target("sipp", target)
        account = made["sip_user"], made["password"]
        sipp.register([account], target, "-auth_uri", DOMAIN)  # else it names another address
        fields = self.ann.begin(LINE)
        for phone in (self.table, self.desk, self.soft):
            phone.refuse(phone.wait("INVITE"), 480)
        ann = self.ann.answered(fields, self.ann.wait(200))
        self.ann.hang_up(ann)
        check(self.entry("answered")["device"] == "sipp", "answered by another one")
        self.lineward.api("DELETE", "users/sales/devices/sipp")

    def pbx_is_back(self):
        self.world.start_pbx()
        for phone in (self.ann, self.table):
            phone.register()
        for enabled in ("off", "on"):  # it registers at once, not when it would have to
            self.command("line", "set", LINE, "--enabled", enabled)
        self.lineward.wait_registered([LINE])

    def test_pbx_lost_while_ringing(self):
        """The PBX dies while devices ring: one answers, nobody acknowledges its 200, and after 32 s
        it is told; the call has failed, and nothing is left."""
        fields, table, desk, soft = self.rings_everywhere()
        self.world.pbx.stop()
        there = self.desk.accept(desk)
        self.stopped(self.soft, soft)
        began = time.monotonic()
        self.desk.hung_up(there, 40)
        took = time.monotonic() - began
        check(30 < took < 35, f"after {took:.1f} s")
        self.is_quiet()
        self.entry("failed")
        self.pbx_is_back()
        fields, table, desk, soft = self.rings_everywhere()
        self.ann.cancel(fields)
        for phone, invite in ((self.table, table), (self.desk, desk), (self.soft, soft)):
            self.stopped(phone, invite)
        self.ann.ack(fields, self.ann.wait(487))
        self.is_quiet()

    def test_pbx_lost(self):
        """The PBX dies in a call: the device hangs up and is answered at once; what the PBX was
        told in vain is given up; when it is back, calls arrive again."""
        fields, table, desk, soft = self.rings_everywhere()
        there = self.desk.accept(desk)
        self.stopped(self.soft, soft)
        self.stopped(self.table, table)
        self.ann.answered(fields, self.ann.wait(200))
        self.desk.wait("ACK", call_id=there.call_id)
        self.world.pbx.stop()
        self.desk.hang_up(there)
        self.is_quiet()
        self.entry("answered")
        self.pbx_is_back()
        fields, table, desk, soft = self.rings_everywhere()
        self.ann.cancel(fields)
        for phone, invite in ((self.table, table), (self.desk, desk), (self.soft, soft)):
            self.stopped(phone, invite)
        self.ann.ack(fields, self.ann.wait(487))
        self.is_quiet()


def main():
    args = arguments(__doc__)
    with World("peer/desk_phone", args.bin, OFFSET,
               lines=("101", "102", "103", "104", "107", "108")) as world:
        world.lineward.configure("devices_md5_only = 1")  # for sipp
        world.set_up()
        return run_trial(Trial(world), args.names)


if __name__ == "__main__":
    run_script(main)
