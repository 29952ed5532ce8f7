#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Forwardings that lineward carries out itself (`forward_by: bridge`) through a real PBX:
telephones at the PBX call line 102, which calls the target by a second call over the same line.

    107 (Ann) --INVITE--> PBX --> lineward (102) --INVITE--> PBX --> 108 (Bob), 106, 700, trunk
"""

import re
import socket

from message import read_log
from peers import DOMAIN, MAILBOX, World, password_of
from phone import Phone, body_of, offer_anew, press_a_key, tag_of
from processes import wait_until
from runner import arguments, check, run_script, run_trial

OFFSET = 2050  # of the ports; those of the other tests lie elsewhere
LINE, ABSENT = "102", "109"
OFFER = ("v=0\r\no=- 7 8 IN IP4 127.0.0.1\r\ns=offer\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
         "m=audio {} RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=x-unheard-of:1\r\n")
PATIENCE_S = 30  # that a target may ring


class Trial:
    def __init__(self, world):
        self.world, self.lineward = world, world.lineward
        self.command = self.lineward.command
        self.command("group", "set", "trial", "--forward-by", "bridge")
        pbx = ("127.0.0.1", world.ports.pbx)
        self.ann, self.bob = (Phone(pbx, (number, password_of(number), DOMAIN))
                              for number in ("107", "108"))
        self.ann.register()
        self.bob.register()
        self.last_id = 0

    # ---- Steps of a call

    def forward(self, target, condition="immediate", *options):
        self.command("forward", "set", LINE, condition, "--to", target, *options)

    def clear(self, condition="immediate"):
        self.command("forward", "clear", LINE, condition)

    def entry(self, outcome):
        """The newest entry of the line's journal, which must have that outcome."""
        entry = self.lineward.wait_entry(LINE, outcome, self.last_id)
        self.last_id = entry["id"]
        return entry

    def expect_nothing_left(self):
        wait_until("no call is left",
                   lambda: self.lineward.api("GET", "calls")["items"] == [], 5)

    def arrival(self, fields, place):
        """The newest INVITE that arrived at a sipp: it is a call of the line's own."""
        invites = [message for message in read_log(self.world.directory / f"{place}.messages")
                   if message.is_received and message.start_line.startswith("INVITE")]
        check(invites, f"nothing arrived: {place}")
        check(invites[-1].first("Call-ID") != fields["call_id"], "it was not bridged")
        check(invites[-1].first("From").startswith(f"<sip:{LINE}@"), invites[-1].first("From"))
        return invites[-1]

    def ring(self, name="call", body=None):
        """A call of Ann's for which Bob's telephone rings: its fields and Bob's INVITE."""
        fields = self.ann.begin(LINE, name=name, body=body)
        invite = self.bob.ringing()
        self.ann.wait(181, call_id=fields["call_id"])
        self.ann.wait(180, call_id=fields["call_id"])
        return fields, invite

    def up(self):
        """A call of Ann's that Bob has answered."""
        fields, invite = self.ring()
        bob = self.bob.accept(invite)
        ann = self.ann.answered(fields, self.ann.wait(200))
        self.bob.wait("ACK", call_id=bob.call_id)
        return ann, bob

    def talk_with(self, fields, place, number):
        """The call is answered at a sipp, for that number; Ann hangs up, and the sipp gets it."""
        ann = self.ann.answered(fields, self.ann.wait(200, call_id=fields["call_id"]))
        invite = self.arrival(fields, place)
        check(invite.called_user == number, f"{invite.called_user} was called, not {number}")
        self.ann.hang_up(ann)

        def is_over():
            return any(message.is_received and message.start_line.startswith("BYE")
                       and message.first("Call-ID") == invite.first("Call-ID")
                       for message in read_log(self.world.directory / f"{place}.messages"))
        wait_until(f"BYE at {place}", is_over, 5)
        self.expect_nothing_left()
        return invite

    # ---- Where the call goes

    def test_internal(self):
        """Who calls and who diverted is told; one hop less; both hear each other."""
        self.forward("108")
        ears = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(2)]
        for ear in ears:
            ear.bind(("127.0.0.1", 0))
            ear.settimeout(2)
        offer, answer = (OFFER.format(ear.getsockname()[1]) for ear in ears)
        fields, invite = self.ring(body=offer)
        check(body_of(invite.text) == offer, f"the offer was changed: {invite.text}")
        check(invite.first("Call-ID") != fields["call_id"], "it was not bridged")
        check(invite.first("From").startswith(f"<sip:{LINE}@"), invite.first("From"))
        check(invite.first("Max-Forwards") == "67", invite.first("Max-Forwards"))
        check("Authorization" not in invite.text, "the line's proof went on")
        diversions = [(d.number, d.parameters.get("reason")) for d in invite.diversions]
        check(diversions == [(LINE, "unconditional")], diversions)
        self.bob.reply(invite, 200, tag=self.bob.user, body=answer)
        ok = self.ann.wait(200)
        check(body_of(ok.text) == answer, f"the answer was changed: {ok.text}")
        ann, bob = self.ann.answered(fields, ok), self.bob.dialog_of(invite)
        self.bob.wait("ACK", call_id=bob.call_id)
        for sender, listener, told in ((*ears, offer), (*reversed(ears), answer)):
            other = answer if told is offer else offer
            sender.sendto(b"speech", ("127.0.0.1", int(re.search(r"m=audio (\d+)", other)[1])))
            check(listener.recv(100) == b"speech", "something else was heard")
        self.hold(ann, bob)
        self.ann.within(ann, "BYE")
        self.bob.hung_up(bob)
        self.ann.wait("BYE 200")
        for ear in ears:
            ear.close()
        entry = self.entry("forwarded")
        check(entry["target"] == "108", entry)
        self.expect_nothing_left()

    def hold(self, ann, bob):
        """Bob holds the call, and takes it back; a key of Ann's arrives."""
        for media in (("a=sendonly", "a=recvonly"), ("a=sendrecv", "a=sendrecv")):
            offer_anew(bob, self.bob, self.ann, media)
        press_a_key(ann, self.ann, self.bob)

    def test_external(self):
        """Out over the trunk, as the group dials it; diverted by the public number."""
        self.forward("+49 30 555123")
        invite = self.talk_with(self.ann.begin(LINE), "outside", "030555123")
        seen = [(d.number, d.parameters.get("reason")) for d in invite.diversions]
        check(seen == [("+49891234102", "unconditional")], seen)
        self.entry("forwarded")

    def test_from_outside(self):
        """A caller of the trunk, to whom the PBX believes no proof, is forwarded out again."""
        self.forward("mobile")
        call = self.world.call("+4930555777", LINE)
        check(call.final == 200 and 181 in call.answers, f"the caller got {call.answers}")
        invite = self.arrival({"call_id": call.call_id}, "outside")
        check(invite.called_user == "01701234567", invite.start_line)
        self.entry("forwarded")
        self.expect_nothing_left()

    def test_long(self):
        """An offer of many kilobytes goes through, with the proof that the PBX wants."""
        self.forward("108")
        offer = OFFER.format(9) + "".join(f"a=x-candidate:{at} {'y' * 50}\r\n" for at in range(200))
        fields, invite = self.ring(body=offer)
        check(body_of(invite.text) == offer, f"{len(body_of(invite.text))} bytes have come")
        check(len(offer) > 12000, "the offer is short")
        bob = self.bob.accept(invite)
        ann = self.ann.answered(fields, self.ann.wait(200))
        self.bob.wait("ACK", call_id=bob.call_id)
        self.ann.within(ann, "BYE")
        self.bob.hung_up(bob)
        self.ann.wait("BYE 200")
        self.entry("forwarded")
        self.expect_nothing_left()

    def test_early_media(self):
        """What the target says before it answers is heard; each answer has its own To tag."""
        self.forward("108")
        fields, invite = self.ring()
        self.bob.reply(invite, 183, tag="another", body="v=0\r\na=early\r\n")
        early = self.ann.wait(183)
        check(body_of(early.text) == "v=0\r\na=early\r\n", early.text)
        bob = self.bob.accept(invite)
        ok = self.ann.wait(200)
        check(tag_of(early.first("To")) != tag_of(ok.first("To")), "the same To tag")
        ann = self.ann.answered(fields, ok)
        self.bob.wait("ACK", call_id=bob.call_id)
        self.bob.within(bob, "BYE", ["Reason: Q.850;cause=16"])
        check("Q.850" in self.ann.hung_up(ann).first("Reason"), "the reason is lost")
        self.bob.wait("BYE 200")
        self.entry("forwarded")
        self.expect_nothing_left()

    # ---- When the target does not answer

    def test_target_busy(self):
        self.forward("108")
        fields = self.ann.begin(LINE)
        self.bob.refuse(self.bob.wait("INVITE"), 486)
        self.ann.ack(fields, self.ann.wait(486))
        self.entry("missed")
        self.expect_nothing_left()

    def test_target_fails(self):
        """The mailbox takes the call, be it that the PBX or the telephone has refused."""
        for target in (ABSENT, "108"):
            self.forward(target)
            fields = self.ann.begin(LINE)
            if target == "108":
                self.bob.refuse(self.bob.ringing(), 503)
            invite = self.talk_with(fields, "phones", MAILBOX)
            check(invite.diversions[0].parameters["reason"] == "unavailable", invite.diversions)
            check(self.entry("forwarded")["target"] == MAILBOX, "another target")

    def test_no_mailbox(self):
        self.command("user", "set", "sales", "--mailbox", "")
        self.forward(ABSENT)
        fields = self.ann.begin(LINE)
        self.ann.ack(fields, self.ann.wait(480))
        self.command("user", "set", "sales", "--mailbox", MAILBOX)
        self.entry("missed")
        self.expect_nothing_left()

    # ---- When the caller hangs up

    def test_caller_gives_up(self):
        self.forward("108")
        fields, invite = self.ring()
        self.ann.cancel(fields)
        self.ann.wait("CANCEL 200")
        cancel = self.bob.wait("CANCEL", call_id=invite.first("Call-ID"))
        self.bob.reply(cancel, 200)
        self.bob.refuse(invite, 487)
        self.ann.ack(fields, self.ann.wait(487))
        leg = self.entry("missed")["legs"][0]
        check((leg["kind"], leg["number"], leg["status"], leg["ended_by"], "rang" in leg)
              == ("forwarding", "108", 487, "caller", True), leg)
        self.expect_nothing_left()
        self.bob.expect_silence(0.5)

    def test_answer_crosses_cancel(self):
        """Bob has answered when the CANCEL reaches him: his call is acknowledged and hung up."""
        self.forward("108")
        fields, invite = self.ring()
        self.ann.cancel(fields)
        self.ann.ack(fields, self.ann.wait(487))
        self.bob.wait("CANCEL")
        bob = self.bob.accept(invite)
        self.bob.wait("ACK", call_id=bob.call_id)
        self.bob.hung_up(bob)
        self.entry("missed")
        self.expect_nothing_left()

    def test_caller_hangs_up(self):
        self.forward("108")
        ann, bob = self.up()
        self.ann.within(ann, "BYE")
        self.bob.hung_up(bob)
        self.ann.wait("BYE 200")
        self.entry("forwarded")
        self.expect_nothing_left()

    # ---- After devices of the user have rung

    def device(self):
        """A device of sales, registered at lineward."""
        made = self.lineward.api("POST", "users/sales/devices", {"name": "desk"})
        at = ("127.0.0.1", self.world.ports.sip)
        phone = Phone(at, (made["sip_user"], made["password"], "%s:%d" % at))
        phone.register()
        return phone

    def test_device(self):
        """A device is busy, or nobody answers it: the call is bridged from there."""
        self.clear()
        self.command("user", "set", "sales", "--login", "auto")
        desk = self.device()
        self.forward("108", "busy")
        fields = self.ann.begin(LINE)
        desk.refuse(desk.ringing(), 486)
        self.answered_by_bob(fields, "user-busy")
        self.forward("108", "no_answer", "--delay", "5")
        fields = self.ann.begin(LINE)
        rung = desk.ringing()
        cancel = desk.wait("CANCEL", 8)
        desk.reply(cancel, 200)
        desk.refuse(rung, 487)
        self.answered_by_bob(fields, "no-answer")
        for condition in ("busy", "no_answer"):
            self.clear(condition)
        self.command("user", "set", "sales", "--login", "on")

    def answered_by_bob(self, fields, reason):
        invite = self.bob.ringing()
        seen = [(d.number, d.parameters.get("reason")) for d in invite.diversions]
        check(seen == [(LINE, reason)], seen)
        bob = self.bob.accept(invite)
        ann = self.ann.answered(fields, self.ann.wait(200, call_id=fields["call_id"]))
        self.bob.wait("ACK", call_id=bob.call_id)
        self.bob.within(bob, "BYE")
        self.ann.hung_up(ann)
        self.bob.wait("BYE 200")
        check(self.entry("forwarded")["target"] == "108", "another target")
        self.expect_nothing_left()

    # ---- Another one in the place of an end (RFC 3891)

    def test_taken_over(self):
        """Carl, whom an end has asked to, takes its place: the other one talks with him then."""
        self.forward("108")
        carl = Phone(self.ann.server, (ABSENT, password_of(ABSENT), DOMAIN))
        for stays, goes in ((self.ann, self.bob), (self.bob, self.ann)):
            dialogs = dict(zip((self.ann, self.bob), self.up()))
            old = dialogs[goes]
            fields = carl.begin(LINE, name="taken", headers=[
                "Require: replaces", f"Replaces: {old.call_id};to-tag={tag_of(old.remote)}"
                f";from-tag={tag_of(old.local)}"])
            asked = stays.wait("INVITE", call_id=dialogs[stays].call_id)
            check("a=taken" in asked.text, f"not Carl's description: {asked.text}")
            stays.reply(asked, 200, body="v=0\r\na=agreed\r\n")
            ok = carl.wait(200, call_id=fields["call_id"])
            check("a=agreed" in ok.text, f"not the answer: {ok.text}")
            goes.hung_up(old)
            self.entry("forwarded")
            taken = carl.answered(fields, ok)
            stays.wait("ACK", call_id=dialogs[stays].call_id)
            press_a_key(taken, carl, stays)
            stays.within(dialogs[stays], "BYE")
            carl.hung_up(taken)
            stays.wait("BYE 200")
            check(self.entry("forwarded")["caller"] == ABSENT, "another caller")
            self.expect_nothing_left()
        carl.close()

    # ---- The longest wait

    def test_target_unanswered(self):
        """Bob lets it ring: after 30 s the mailbox takes the call."""
        self.forward("108")
        fields, invite = self.ring()
        self.bob.expect_silence(PATIENCE_S - 3, "CANCEL")
        cancel = self.bob.wait("CANCEL", 6)
        self.bob.reply(cancel, 200)
        self.bob.refuse(invite, 487)
        invite = self.talk_with(fields, "phones", MAILBOX)
        check(invite.diversions[0].parameters["reason"] == "no-answer", invite.diversions)
        check(self.entry("forwarded")["target"] == MAILBOX, "another target")


def main():
    args = arguments(__doc__)
    with World("peer/bridged", args.bin, OFFSET, has_pbx=False,
               lines=("101", "102", "103", "104", "107", "108", ABSENT)) as world:
        world.start_pbx(ring_s=60)
        world.set_up()
        return run_trial(Trial(world), args.names)


if __name__ == "__main__":
    run_script(main)
