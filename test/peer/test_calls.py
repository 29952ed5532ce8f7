#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Whole calls with real devices: telephones at the PBX (Kamailio, by 107 and 108) and devices of
the user sales (line 102), joined by lineward."""

import re
import time

from peers import DOMAIN, Call, World, add_arrivals, password_of
from phone import SDP, Dialog, Phone, body_of, offer_anew, press_a_key, tag_of, uri_of
from processes import wait_until
from runner import arguments, check, run_script, run_trial

OFFSET = 1200  # of the ports; those of the other tests lie elsewhere
LINE = "102"


class Trial:
    def __init__(self, world):
        self.world, self.lineward = world, world.lineward
        self.command = self.lineward.command
        self.command("user", "set", "sales", "--login", "auto")
        pbx = ("127.0.0.1", world.ports.pbx)
        self.ann = Phone(pbx, ("107", password_of("107"), DOMAIN))
        self.bob = Phone(pbx, ("108", password_of("108"), DOMAIN))
        self.bob.register()
        self.ann.register()
        self.desk = self.device("desk")
        self.soft = self.device("soft")

    def device(self, name):
        """A device of sales, registered at lineward."""
        made = self.lineward.api("POST", "users/sales/devices", {"name": name})
        account = (made["sip_user"], made["password"], f"127.0.0.1:{self.world.ports.sip}")
        phone = Phone(("127.0.0.1", self.world.ports.sip), account)
        phone.register()
        return phone

    def only(self, phone):
        """The others' INVITEs are refused as unreachable until the test's end."""
        other = self.soft if phone is self.desk else self.desk
        other.refuse(other.wait("INVITE"), 480)

    def entry(self, outcome):
        """The newest entry of the line's journal, which must have that outcome."""
        entry = self.lineward.wait_entry(LINE, outcome, self.last_id)
        self.last_id = entry["id"]
        return entry

    last_id = 0

    def stopped(self, phone, invite, reason=""):
        """A telephone is told that the call is not for it any more."""
        cancel = phone.wait("CANCEL")
        check(reason in (cancel.first("Reason") or ""), f"not because of {reason}: {cancel.text}")
        phone.reply(cancel, 200)
        phone.refuse(invite, 487)

    def is_quiet(self):
        """No call is left, and none is shown."""
        wait_until("no call is left", lambda: self.lineward.api("GET", "calls")["count"] == 0, 5)

    def test_answered(self):
        """Both devices ring, one answers, the other one learns that; holding passes through."""
        fields = self.ann.begin(LINE)
        invite = self.desk.ringing()
        other = self.soft.ringing()
        check("a=call" in invite.text, "the session description does not arrive")
        check(invite.first("Max-Forwards") == "68", invite.first("Max-Forwards"))
        self.ann.wait(180)
        self.desk.reply(invite, 200, tag=self.desk.user, body="v=0\r\na=mine\r\n")
        cancel = self.soft.wait("CANCEL")
        check('cause=200;text="Call completed elsewhere"' in cancel.first("Reason"), cancel.text)
        self.soft.reply(cancel, 200)
        self.soft.reply(other, 487, tag=self.soft.user)
        ok = self.ann.wait(200)
        check(body_of(ok.text) == "v=0\r\na=mine\r\n", f"the answer was changed: {ok.text}")
        ann = self.ann.answered(fields, ok)
        self.desk.wait("ACK", call_id=invite.first("Call-ID"))
        desk = self.desk.dialog_of(invite)
        offer_anew(desk, self.desk, self.ann, ("a=sendonly", "a=recvonly"))
        press_a_key(ann, self.ann, self.desk)
        time.sleep(1.1)
        self.ann.within(ann, "BYE")
        self.desk.hung_up(desk)
        self.ann.wait("BYE 200")
        entry = self.entry("answered")
        check(entry["device"] == "desk" and entry["talk_s"] >= 1 and not entry["outgoing"], entry)

    def up(self):
        """A call of Ann's that the desk phone has answered."""
        fields = self.ann.begin(LINE)
        invite = self.desk.ringing()
        self.only(self.desk)
        desk = self.desk.accept(invite)
        ann = self.ann.answered(fields, self.ann.wait(200))
        self.desk.wait("ACK", call_id=desk.call_id)
        return ann, desk

    def test_never_acknowledged(self):
        """The caller takes the 200 and stays silent: after 32 s both get a BYE, and the call has
        failed."""
        self.ann.begin(LINE)
        invite = self.desk.ringing()
        self.only(self.desk)
        desk = self.desk.accept(invite)
        self.ann.wait(200)
        began = time.monotonic()
        self.desk.hung_up(desk, 40)
        took = time.monotonic() - began
        check(30 < took < 35, f"after {took:.1f} s")
        self.ann.reply(self.ann.wait("BYE"), 200)
        entry = self.entry("failed")
        check("talk_s" not in entry and entry["device"] == "desk", f"{entry}")
        answered, = (leg for leg in entry["legs"] if "answered" in leg)
        check(answered["ended_by"] == "lost", f"{answered}")
        self.is_quiet()

    def test_early_media(self):
        """A 183 with a session description arrives, with a To tag of its own."""
        fields = self.ann.begin(LINE)
        desk, soft = self.desk.ringing(), self.soft.ringing()
        ringing = self.ann.wait(180)
        self.soft.reply(soft, 183, tag=self.soft.user, body="v=0\r\na=early\r\n")
        early = self.ann.wait(183)
        check("a=early" in early.text, early.text)
        check(tag_of(early.first("To")) != tag_of(ringing.first("To")), "the same To tag")
        self.ann.cancel(fields, ["Reason: SIP;cause=200;text=\"Call completed elsewhere\""])
        self.ann.wait("CANCEL 200")
        for phone, invite in ((self.desk, desk), (self.soft, soft)):
            phone.reply(phone.wait("CANCEL"), 200)
            phone.refuse(invite, 487)
        self.ann.ack(fields, self.ann.wait(487))

    def test_device_hangs_up(self):
        ann, desk = self.up()
        self.desk.within(desk, "BYE", ["Reason: Q.850;cause=16"])
        bye = self.ann.hung_up(ann)
        check("Q.850" in bye.first("Reason"), bye.text)
        self.desk.wait("BYE 200")
        self.entry("answered")

    def test_busy(self):
        """second_call in its three ways, and max_calls."""
        ann, desk = self.up()
        for mode, status in (("auto", 180), ("ring", 180), ("busy", 486)):
            self.command("line", "set", LINE, "--second-call", mode)
            fields = self.bob.begin(LINE)
            if status == 180:
                invite, other = self.desk.ringing(), self.soft.ringing()
                self.bob.wait(180)
                self.bob.cancel(fields)
                for phone, rung in ((self.desk, invite), (self.soft, other)):
                    phone.reply(phone.wait("CANCEL"), 200)
                    phone.refuse(rung, 487)
                self.bob.ack(fields, self.bob.wait(487))
            else:
                self.bob.ack(fields, self.bob.wait(status))
        self.command("line", "set", LINE, "--second-call", "auto")
        self.command("forward", "set", LINE, "busy", "--to", "105")
        call = self.bob.call(LINE)  # the PBX follows our 302 to 105, a sipp that answers
        self.bob.hang_up(call)
        self.command("forward", "clear", LINE, "busy")
        self.command("line", "set", LINE, "--max-calls", "1")
        fields = self.bob.begin(LINE)
        self.bob.ack(fields, self.bob.wait(486))
        self.command("line", "set", LINE, "--max-calls", "2")
        self.ann.within(ann, "BYE")
        self.desk.hung_up(desk)

    def expect_busy(self):
        """Bob's call gets 486, and rings nowhere."""
        fields = self.bob.begin(LINE)
        self.bob.ack(fields, self.bob.wait(486, call_id=fields["call_id"]))
        for phone in (self.desk, self.soft):
            phone.expect_silence(0.2)

    def test_busy_by_outgoing_and_held(self):
        """With second_call busy a call that a device has placed makes the line busy, and so does
        one that the device holds; not when it is over."""
        self.is_quiet()
        self.command("line", "set", LINE, "--second-call", "busy")
        fields = self.desk.begin("107")
        ann = self.ann.accept(self.ann.ringing())
        desk = self.desk.answered(fields, self.desk.wait(200))
        self.ann.wait("ACK", call_id=ann.call_id)
        self.expect_busy()
        self.desk.hang_up(desk)
        self.ann.hung_up(ann)
        self.is_quiet()
        ann, desk = self.up()
        offer_anew(desk, self.desk, self.ann, [
            SDP.format(way).removeprefix("v=0\r\n").strip() for way in ("sendonly", "recvonly")])
        wait_until("the call is on hold", lambda: [
            call["state"] for call in self.lineward.api("GET", "calls")["items"]] == ["on_hold"])
        self.expect_busy()
        self.ann.hang_up(ann)
        self.desk.hung_up(desk)
        self.is_quiet()
        self.rings_until_cancelled()
        self.command("line", "set", LINE, "--second-call", "auto")

    def rings_until_cancelled(self):
        """Bob's call rings at both devices; he gives up."""
        fields = self.bob.begin(LINE)
        invite, other = self.desk.ringing(), self.soft.ringing()
        self.bob.wait(180)
        self.bob.cancel(fields)
        self.stopped(self.desk, invite)
        self.stopped(self.soft, other)
        self.bob.ack(fields, self.bob.wait(487))

    def test_busy_at_max_calls(self):
        """Two answered calls are as many as the line may have: a third caller finds it busy, where
        with one less, or with room for three, it rings."""
        self.command("line", "set", LINE, "--max-calls", "2", "--second-call", "ring")
        ann, desk = self.up()
        self.rings_until_cancelled()
        second, taken = self.up()
        self.expect_busy()
        self.command("line", "set", LINE, "--max-calls", "3")
        self.rings_until_cancelled()
        self.command("line", "set", LINE, "--max-calls", "2")
        self.ann.hang_up(second)
        self.desk.hung_up(taken)
        self.rings_until_cancelled()
        self.ann.hang_up(ann)
        self.desk.hung_up(desk)
        self.command("line", "set", LINE, "--second-call", "auto")

    def test_second_call_with_forwarding(self):
        """Where a forwarding for busy is set: `ring` lets a second call ring all the same, `busy`
        sends it there."""
        self.command("forward", "set", LINE, "busy", "--to", "105")
        self.command("line", "set", LINE, "--second-call", "ring")
        ann, desk = self.up()
        self.rings_until_cancelled()
        self.command("line", "set", LINE, "--second-call", "busy")
        fields = self.bob.begin(LINE)
        bob = self.bob.answered(fields, self.bob.wait(200))
        self.expect_arrival(fields, "105", "user-busy")
        entry = self.entry("forwarded")
        check((entry["target"], entry["reason"]) == ("105", "user-busy"), f"{entry}")
        self.desk.expect_silence(0.2)
        self.bob.hang_up(bob)
        self.ann.hang_up(ann)
        self.desk.hung_up(desk)
        self.command("forward", "clear", LINE, "busy")
        self.command("line", "set", LINE, "--second-call", "auto")

    def test_no_answer(self):
        self.command("forward", "set", LINE, "no_answer", "--to", "105", "--delay", "5")
        fields = self.bob.begin(LINE)
        invite, other = self.desk.ringing(), self.soft.ringing()
        for phone, rung in ((self.desk, invite), (self.soft, other)):
            phone.reply(phone.wait("CANCEL", 8), 200)
            phone.refuse(rung, 487)
        self.bob.hang_up(self.bob.answered(fields, self.bob.wait(200)))
        self.command("forward", "clear", LINE, "no_answer")
        check(self.entry("forwarded")["target"] == "105", "forwarded elsewhere")

    def test_rejected(self):
        """603 becomes what the group says, and stops the other device."""
        for setting, status in (("486", 486), ("480", 480), ("603", 603),
                                ("as_client", 603)):
            self.command("group", "set", "trial", "--decline-rejected", setting)
            fields = self.bob.begin(LINE)
            invite, other = self.desk.ringing(), self.soft.ringing()
            self.desk.refuse(invite, 603)
            self.soft.reply(self.soft.wait("CANCEL"), 200)
            self.soft.refuse(other, 487)
            self.bob.ack(fields, self.bob.wait(status))
        self.command("group", "set", "trial", "--decline-rejected", "486")

    def test_deflected(self):
        """A device sends a 302 while it rings."""
        fields = self.bob.begin(LINE)
        invite, other = self.desk.ringing(), self.soft.ringing()
        self.desk.refuse(invite, 302, [f"Contact: <sip:106@{self.desk.domain}>"])
        self.soft.reply(self.soft.wait("CANCEL"), 200)
        self.soft.refuse(other, 487)
        self.bob.hang_up(self.bob.answered(fields, self.bob.wait(200)))
        check(self.entry("forwarded")["target"] == "106", "forwarded elsewhere")

    def expect_arrival(self, fields, number, reason):
        """A call has arrived at one of the sipp telephones, diverted for that reason."""
        call = Call(fields["call_id"], [], [])

        def has_arrived():
            add_arrivals(self.world.directory, {call.call_id: call})
            return call.arrival
        wait_until(f"the call is at {number}", has_arrived)
        arrival = call.arrival
        check(arrival.called_user == number, arrival.start_line)
        check(f"reason={reason}" in arrival.first("Diversion"), arrival.first("Diversion"))

    def test_deflected_by_hand(self):
        """While both devices ring the call is sent on, by the command line and by the API: they
        stop, and the target answers."""
        for deflect in (lambda call: self.command("call", "deflect", call, "--to", "106"),
                        lambda call: self.lineward.api("POST", f"calls/{call}/deflect",
                                                       {"to": "106"})):
            self.is_quiet()
            fields = self.bob.begin(LINE)
            invite, other = self.desk.ringing(), self.soft.ringing()
            self.bob.wait(180)
            listed, = self.lineward.api("GET", "calls")["items"]
            deflect(str(listed["id"]))
            self.stopped(self.desk, invite)
            self.stopped(self.soft, other)
            bob = self.bob.answered(fields, self.bob.wait(200))
            self.expect_arrival(fields, "106", "deflection")
            entry = self.entry("forwarded")
            check((entry["target"], entry["reason"]) == ("106", "deflection"), f"{entry}")
            self.bob.hang_up(bob)

    def test_device_lost(self):
        """Nothing answers for five seconds: unreachable."""
        self.command("forward", "set", LINE, "unreachable", "--to", "105")
        self.desk.is_deaf = self.soft.is_deaf = True
        began = time.monotonic()
        self.bob.hang_up(self.bob.call(LINE, 9))
        took = time.monotonic() - began
        check(4.5 < took < 8, f"after {took:.1f} s")
        time.sleep(1)
        self.desk.is_deaf = self.soft.is_deaf = False
        self.command("forward", "clear", LINE, "unreachable")
        self.entry("forwarded")

    def test_restart(self):
        """After a restart the devices are rung where they were, before they register again: the
        file of bindings is written at the end (and every 30 s, which a kill may lose)."""
        self.is_quiet()
        self.lineward.stop()
        self.lineward.start()
        self.lineward.wait_registered([LINE])
        ann, desk = self.up()
        self.ann.hang_up(ann)
        self.desk.hung_up(desk)
        self.entry("answered")

    def test_outgoing(self):
        """A device calls a colleague through the PBX, which gets the line's proof."""
        fields = self.desk.begin("107", name="out")
        invite = self.ann.ringing()
        check(invite.first("From").startswith("<sip:102@"), invite.first("From"))
        check("a=out" in invite.text and "Authorization" not in invite.text, invite.text)
        self.desk.wait(180)
        ann = self.ann.accept(invite)
        desk = self.desk.answered(fields, self.desk.wait(200))
        self.ann.wait("ACK", call_id=ann.call_id)
        self.ann.within(ann, "BYE")
        self.desk.hung_up(desk)
        entry = self.entry("answered")
        check(entry["outgoing"] and entry["dialled"] == "107" and entry["device"] == "desk", entry)

    def test_outgoing_number(self):
        """An outside number goes by the group's dialling rule."""
        desk = self.desk.call("+4930555123", name="far")
        self.desk.hang_up(desk)
        entry = self.entry("answered")
        check(entry["dialled"] == "+4930555123", entry)
        arrivals = (self.world.directory / "outside.messages").read_text(errors="replace")
        check("INVITE sip:030555123@" in arrivals, "not dialled as the PBX wants it")

    def test_outgoing_cancelled_and_refused(self):
        fields = self.desk.begin("107")
        invite = self.ann.ringing()
        self.desk.wait(180)
        self.desk.cancel(fields)
        self.desk.wait("CANCEL 200")
        self.ann.reply(self.ann.wait("CANCEL"), 200)
        self.ann.refuse(invite, 487)
        self.desk.ack(fields, self.desk.wait(487))
        self.entry("unanswered")
        fields = self.desk.begin("107")
        self.ann.refuse(self.ann.ringing(), 486)
        self.desk.ack(fields, self.desk.wait(486))
        self.entry("unanswered")

    def acknowledges_early(self, calling, fields, called, invite):
        """The called side's reliable 183 reaches the caller, whose PRACK names the called side's
        INVITE there, and is answered (RFC 3262); then the call is answered and ended."""
        check("100rel" in ",".join(invite.all("Supported")), invite.text)
        called.reply(invite, 183, tag=called.user, headers=["Require: 100rel", "RSeq: 1"],
                     body="v=0\r\na=early\r\n")
        early = calling.wait(183, call_id=fields["call_id"])
        check((early.first("Require"), early.first("RSeq")) == ("100rel", "1"), early.text)
        check(body_of(early.text) == "v=0\r\na=early\r\n", early.text)
        dialog = Dialog(fields["call_id"], fields["from"], early.first("To"),
                        uri_of(early.first("Contact")), list(reversed(early.all("Record-Route"))))
        calling.within(dialog, "PRACK", [f"RAck: 1 {fields['cseq']} INVITE"])
        prack = called.wait("PRACK", call_id=invite.first("Call-ID"))
        wanted = f"1 {invite.first('CSeq')}"
        check(prack.first("RAck") == wanted, f"RAck: {prack.first('RAck')}, not {wanted}")
        called.reply(prack, 200)
        calling.wait("PRACK 200", call_id=fields["call_id"])
        there = called.accept(invite)
        here = calling.answered(fields, calling.wait(200))
        here.cseq = dialog.cseq
        called.wait("ACK", call_id=there.call_id)
        calling.hang_up(here)
        called.hung_up(there)

    def test_prack(self):
        """Reliable provisional answers pass from a device to a caller, and from whom a device
        calls to the device."""
        fields = self.bob.begin(LINE, headers=["Supported: 100rel"])
        invite = self.desk.wait("INVITE")
        self.only(self.desk)
        self.acknowledges_early(self.bob, fields, self.desk, invite)
        self.entry("answered")
        fields = self.desk.begin("108", headers=["Supported: 100rel"])
        self.acknowledges_early(self.desk, fields, self.bob, self.bob.wait("INVITE"))
        check(self.entry("answered")["outgoing"], "the outgoing call is not told")

    def test_registration_lost_in_call(self):
        """The PBX refuses the line's registration during a call: the call goes on, keys pass both
        ways, and it is ended."""
        self.is_quiet()
        ann, desk = self.up()
        self.command("line", "set", LINE, "--password", "wrong")
        wait_until("the line is refused",
                   lambda: self.lineward.registration(LINE)["state"] == "refused", 10)
        press_a_key(ann, self.ann, self.desk)
        press_a_key(desk, self.desk, self.ann)
        self.ann.hang_up(ann)
        self.desk.hung_up(desk)
        check(self.entry("answered")["device"] == "desk", "another device")
        self.command("line", "set", LINE, "--password", password_of(LINE))
        self.lineward.wait_registered([LINE])
        self.rings_until_cancelled()

    def test_attended_transfer(self):
        """A device joins its two calls: the PBX's telephone is asked to take the other's place."""
        ann, desk = self.up()
        fields = self.desk.begin("108", name="consult")
        invite = self.bob.ringing()
        bob = self.bob.accept(invite)
        consult = self.desk.answered(fields, self.desk.wait(200))
        self.bob.wait("ACK", call_id=bob.call_id)
        replaces = (f"{consult.call_id}%3Bto-tag%3D{tag_of(consult.remote)}"
                    f"%3Bfrom-tag%3D{tag_of(consult.local)}")
        number = self.desk.within(desk, "REFER", [
            f"Refer-To: <sip:108@{self.desk.domain}?Replaces={replaces}>"])
        refer = self.ann.wait("REFER")
        target = refer.first("Refer-To")
        check(f"sip:108@{DOMAIN}?Replaces=" in target, target)
        named = re.sub(r"%([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), target)
        check(f"{bob.call_id};to-tag={tag_of(bob.local)};from-tag={tag_of(bob.remote)}" in named,
              f"{named} is not the dialog of 108")
        self.ann.reply(refer, 202)
        self.desk.wait("REFER 202")
        told = refer.first("CSeq").split()[0]
        self.ann.within(ann, "NOTIFY", [f"Event: refer;id={told}",
                                        "Subscription-State: terminated"],
                        "SIP/2.0 200 OK")
        notify = self.desk.wait("NOTIFY")
        check("SIP/2.0 200 OK" in body_of(notify.text), notify.text)
        check(notify.first("Event") == f"refer;id={number}" and int(told) != number, notify.text)
        self.desk.reply(notify, 481)  # it has forgotten about that, not about the call
        self.ann.wait("NOTIFY 481")
        press_a_key(ann, self.ann, self.desk)
        self.desk.within(desk, "BYE")
        self.ann.hung_up(ann)
        self.bob.within(bob, "BYE")
        self.desk.hung_up(consult)

    def test_taken_over(self):
        """A telephone takes the place of another one in a device's call, as the last step of an
        attended transfer: that device alone is asked, in the words of its own call."""
        ann, desk = self.up()
        fields = self.bob.begin(LINE, name="taken", headers=[
            "Require: replaces", f"Replaces: {ann.call_id};to-tag={tag_of(ann.remote)}"
            f";from-tag={tag_of(ann.local)}"])
        invite = self.desk.ringing()
        check(invite.first("Replaces") == f"{desk.call_id};to-tag={tag_of(desk.local)}"
              f";from-tag={tag_of(desk.remote)}", f"not its own call: {invite.text}")
        self.soft.expect_silence(0.5)
        taken = self.desk.accept(invite)
        bob = self.bob.answered(fields, self.bob.wait(200))
        self.desk.wait("ACK", call_id=taken.call_id)
        self.desk.within(desk, "BYE")
        self.ann.hung_up(ann)
        self.entry("answered")
        self.bob.within(bob, "BYE")
        self.desk.hung_up(taken)
        self.entry("answered")
        fields = self.bob.begin(LINE, name="late", headers=[
            f"Replaces: {ann.call_id};to-tag={tag_of(ann.remote)};from-tag={tag_of(ann.local)}"])
        self.bob.ack(fields, self.bob.wait(481))

    def test_session_times(self):
        """Each side agrees on a session's time for itself; who wants a longer one gets it."""
        fields = self.ann.begin(LINE, headers=["Supported: timer", "Session-Expires: 60"])
        refused = self.ann.wait(422)
        check(refused.first("Min-SE") == "90", refused.text)
        self.ann.ack(fields, refused)
        fields = self.ann.begin(LINE, headers=["Supported: timer", "Session-Expires: 120"])
        invite = self.desk.wait("INVITE")
        check(invite.first("Session-Expires") == "1800", invite.text)
        self.only(self.desk)
        self.desk.refuse(invite, 422, ["Min-SE: 3600"])
        invite = self.desk.ringing()
        check(invite.first("Session-Expires") == "3600", invite.text)
        desk = self.desk.accept(invite)
        ok = self.ann.wait(200)
        check(ok.first("Session-Expires") == "120;refresher=uac", ok.text)
        ann = self.ann.answered(fields, ok)
        self.desk.wait("ACK", call_id=desk.call_id)
        self.ann.within(ann, "BYE")
        self.desk.hung_up(desk)
        self.entry("answered")

    def test_sessions_refreshed(self):
        """The device's session is refreshed by us, with what it was told last. The caller, who is
        to refresh its own one, never does: both get a BYE before its time is over."""
        fields = self.ann.begin(LINE, headers=["Supported: timer",
                                               "Session-Expires: 90;refresher=uac"])
        invite = self.desk.ringing()
        self.only(self.desk)
        self.desk.reply(invite, 200, tag=self.desk.user, body=SDP.format("answer"),
                        headers=["Require: timer", "Session-Expires: 90;refresher=uac"])
        desk = self.desk.dialog_of(invite)
        began = time.monotonic()
        ok = self.ann.wait(200)
        check(ok.first("Session-Expires") == "90;refresher=uac", ok.text)
        ann = self.ann.answered(fields, ok)
        self.desk.wait("ACK", call_id=desk.call_id)
        refresh = self.desk.wait("INVITE", 60, desk.call_id)
        check(body_of(refresh.text) == body_of(invite.text), refresh.text)
        check(refresh.first("Session-Expires") == "90;refresher=uac", refresh.text)
        self.desk.reply(refresh, 200, body=SDP.format("answer"), headers=[
            "Require: timer", "Session-Expires: 90;refresher=uac"])
        self.desk.wait("ACK", call_id=desk.call_id)
        press_a_key(ann, self.ann, self.desk)  # which is no refresh
        self.ann.hung_up(ann, 60)
        took = time.monotonic() - began
        check(50 < took < 90, f"after {took:.0f} s")
        self.desk.hung_up(desk)
        answered, = (leg for leg in self.entry("answered")["legs"] if "answered" in leg)
        check(answered["ended_by"] == "lost", f"{answered}")
        self.is_quiet()


def main():
    args = arguments(__doc__)
    with World("peer/calls", args.bin, OFFSET,
               lines=("101", "102", "103", "104", "107", "108")) as world:
        world.set_up()
        return run_trial(Trial(world), args.names)


if __name__ == "__main__":
    run_script(main)
