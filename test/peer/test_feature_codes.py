#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Feature codes from a device of the user sales: the tones as they are heard, what is set, the next
real call (through Kamailio) that is forwarded by it; refusals, kill -9, and that none reaches the
PBX."""

import json
import threading
import time
import urllib.request

from heard import Ear
from peers import DOMAIN, World, password_of
from phone import Phone, body_of, uri_of
from processes import wait_until
from runner import arguments, check, run_script, run_trial
from test_devices import Device
from wire import Wire

OFFSET = 1600  # of the ports; those of the other tests lie elsewhere
SET, CLEARED = [440, 660, 880], [880, 660, 440]
ON, OFF = [880], [440, 0, 440, 0, 440]
REFUSED = [330, 0, 330, 0, 330, 0, 330]
CODES = (("21", "immediate", "immediate forwarding", ""),  # and the seconds, where it has some
         ("67", "busy", "forwarding when busy", ""),
         ("61", "no_answer", "forwarding without answer", "25"),
         ("70", "logged_off", "forwarding when logged off", ""),
         ("26", "dnd", "do-not-disturb", ""))


def add_device(lineward, name, sip_port):
    """A device of sales, registered."""
    made = lineward.api("POST", "users/sales/devices", {"name": name})
    phone = Phone(("127.0.0.1", sip_port),
                  (made["sip_user"], made["password"], f"127.0.0.1:{sip_port}"))
    phone.register()
    return phone


def dial(phone, code, formats="8 0 101"):
    """Dials a code; returns the 200 and what was heard until the BYE."""
    ear = Ear()
    fields = phone.begin(code, body=ear.offer(formats))
    ok = phone.wait(200, call_id=fields["call_id"])
    check(not ear.packets, "something is heard before the ACK")
    dialog = phone.answered(fields, ok)
    phone.hung_up(dialog)
    time.sleep(0.05)
    ear.close()
    check(ear.packets, f"{code}: nothing is heard")
    check(not ear.faults(), f"{code}: {ear.faults()}")
    return ok, ear


def expect_tone(phone, code, melody, text):
    ok, ear = dial(phone, code)
    check(ear.melody() == melody, f"{code}: {ear.melody()} is heard instead of {melody}")
    shown = ok.first("P-Asserted-Identity")
    check(f'"{text}"' in shown, f"{code}: {shown} is shown instead of {text}")


class Codes:
    """With a real PBX."""

    def __init__(self, world):
        self.world, self.lineward = world, world.lineward
        self.command = self.lineward.command
        self.command("user", "set", "sales", "--login", "auto")
        pbx = ("127.0.0.1", world.ports.pbx)
        self.ann = Phone(pbx, ("107", password_of("107"), DOMAIN))
        self.bob = Phone(pbx, ("108", password_of("108"), DOMAIN))
        self.ann.register()
        self.bob.register()
        self.desk = add_device(self.lineward, "desk", world.ports.sip)

    def slot(self, name):
        """A slot of the line; None where it is not set."""
        items = self.lineward.api("GET", "groups/trial/lines/102/forwardings")["items"]
        condition, _, origin = name.partition("/")
        return next((item for item in items if (item["condition"], item["origin"]) ==
                     (condition, origin or "all")), None)

    def test_set(self):
        """Set by the code, heard, audited; the next call goes there."""
        expect_tone(self.desk, "*21*108%23", SET, "immediate forwarding to 108 is on")
        slot = self.slot("immediate")
        check(slot and slot["enabled"] and slot["target"] == "108", f"{slot}")
        entry = self.lineward.api("GET", "audit?limit=1")["items"][0]
        check(entry["actor"] == "device sales/desk" and entry["kind"] == "forwarding", f"{entry}")
        fields = self.ann.begin("102")
        invite = self.bob.ringing()
        check("reason=unconditional" in invite.first("Diversion"), invite.text)
        self.ann.cancel(fields)
        cancel = self.bob.wait("CANCEL")
        self.bob.reply(cancel, 200)
        self.bob.reply(invite, 487, tag="108")
        self.desk.expect_silence(0.3)

    def test_query_on(self):
        expect_tone(self.desk, "*#21#", ON, "immediate forwarding to 108 is on")

    def test_clear(self):
        """Off: the device rings again; the number is kept, and comes back by *21#."""
        expect_tone(self.desk, "#21%23", CLEARED, "immediate forwarding is off")
        slot = self.slot("immediate")
        check(slot and not slot["enabled"] and slot["target"] == "108", f"{slot}")
        fields = self.ann.begin("102")
        self.desk.refuse(self.desk.ringing(), 486)
        self.ann.ack(fields, self.ann.wait(486))
        expect_tone(self.desk, "*#21%23", OFF, "immediate forwarding is off")
        expect_tone(self.desk, "*21%23", SET, "immediate forwarding to 108 is on")
        expect_tone(self.desk, "##21%23", CLEARED, "immediate forwarding is off")
        check(self.slot("immediate") is None, "it is still there")
        expect_tone(self.desk, "*21%23", REFUSED, "no number has been set before")

    def test_clear_goes_for_all_callers(self):
        self.command("forward", "set", "102", "immediate", "--from", "external", "--to", "106")
        text = "immediate forwarding to 106 is on for external calls"
        expect_tone(self.desk, "*#21%23", ON, text)
        expect_tone(self.desk, "#21%23", CLEARED, "immediate forwarding is off")
        check(not self.slot("immediate/external")["enabled"], "it is still on")
        expect_tone(self.desk, "##21%23", CLEARED, "immediate forwarding is off")

    def test_query_tells_each_origin(self):
        """Who has set several learns whose calls go where: on a display by the 200 with its tone,
        and without media by the final status."""
        for origin, target in (("internal", "105"), ("external", "mobile"), ("all", "106")):
            self.command("forward", "set", "102", "immediate", "--from", origin, "--to", target)
        text = ("immediate forwarding is on: internal calls to 105, external calls to mobile, "
                "other calls to 106")
        expect_tone(self.desk, "*#21#", ON, text)
        fields = self.desk.begin("*#21#", body=Ear().offer("9 18"))
        answer = self.desk.wait(480)
        self.desk.ack(fields, answer)
        check(answer.start_line == f"SIP/2.0 480 {text}", answer.start_line)
        self.command("forward", "set", "102", "immediate", "--from", "internal", "--off")
        expect_tone(self.desk, "*#21#", ON, "immediate forwarding is on: external calls to mobile, "
                                            "other calls to 106")
        expect_tone(self.desk, "##21#", CLEARED, "immediate forwarding is off")

    def test_group_codes(self):
        """A group with codes of its own: each is set, asked, switched off and removed by these, and
        a default one that it does not have goes to the PBX."""
        codes = self.lineward.api("GET", "groups/trial")["feature_codes"]
        self.command("group", "set", "trial", "--feature-codes", "immediate=71, busy=7201, dnd=3")
        for code, subject in (("71", "immediate forwarding"), ("7201", "forwarding when busy"),
                              ("3", "do-not-disturb")):
            text = f"{subject} to 105 is on"
            expect_tone(self.desk, f"*{code}*105#", SET, text)
            expect_tone(self.desk, f"*#{code}#", ON, text)
            expect_tone(self.desk, f"#{code}#", CLEARED, f"{subject} is off")
            expect_tone(self.desk, f"*#{code}#", OFF, f"{subject} is off")
            expect_tone(self.desk, f"##{code}#", CLEARED, f"{subject} is off")
            time.sleep(0.5)  # a device has only some nonces in a second
        fields = self.desk.begin("*#21#", body=Ear().offer())
        answer = self.desk.final("INVITE", fields["call_id"])
        self.desk.ack(fields, answer)
        check(answer.status == 404, f"the PBX was not asked: {answer.start_line}")
        self.command("group", "set", "trial", "--feature-codes", codes)

    def test_no_answer_with_seconds(self):
        expect_tone(self.desk, "*61*00170 1234567*12#".replace(" ", ""), SET,
                    "forwarding without answer to 001701234567 is on")
        slot = self.slot("no_answer")
        check((slot["target"], slot["delay"]) == ("+491701234567", 12), f"{slot}")
        expect_tone(self.desk, "##61#", CLEARED, "forwarding without answer is off")

    def test_do_not_disturb(self):
        def is_on():
            return self.lineward.api("GET", "users/sales")["dnd"]
        expect_tone(self.desk, "*26#", SET, "do-not-disturb is on")
        check(is_on(), "it is off")
        expect_tone(self.desk, "*#26#", ON, "do-not-disturb is on")
        expect_tone(self.desk, "#26#", CLEARED, "do-not-disturb is off")
        check(not is_on(), "it is on")
        expect_tone(self.desk, "*26*106#", SET, "do-not-disturb to 106 is on")
        check(is_on() and self.slot("dnd")["target"] == "106", f"{self.slot('dnd')}")
        expect_tone(self.desk, "##26#", CLEARED, "do-not-disturb is off")
        check(not is_on() and self.slot("dnd") is None, f"{self.slot('dnd')}")

    def test_each_code(self):
        """Set, asked, switched off, asked, removed: the default codes of all conditions, and what
        the API reads back each time."""
        for code, condition, subject, seconds in CODES:
            text = f"{subject} to 106 is on"
            expect_tone(self.desk, f"*{code}*106{seconds and '*'}{seconds}#", SET, text)
            self.expect_slot(condition, True, seconds)
            expect_tone(self.desk, f"*#{code}#", ON, text)
            expect_tone(self.desk, f"#{code}#", CLEARED, f"{subject} is off")
            self.expect_slot(condition, False, seconds)
            expect_tone(self.desk, f"*#{code}#", OFF, f"{subject} is off")
            expect_tone(self.desk, f"##{code}#", CLEARED, f"{subject} is off")
            check(self.slot(condition) is None, f"{condition} is still there")
            time.sleep(0.5)  # a device has only some nonces in a second

    def expect_slot(self, condition, is_on, seconds):
        """The API has the forwarding to 106, on or off."""
        slot = self.slot(condition)
        check(slot and slot["target"] == "106", f"{condition}: {slot}")
        enabled = (self.lineward.api("GET", "users/sales")["dnd"] if condition == "dnd"
                   else slot["enabled"])
        check(enabled == is_on, f"{condition} is on: {enabled}")
        check(not seconds or slot["delay"] == int(seconds), f"{slot}")

    def newest_id(self):
        """The number of the line's newest journal entry, 0 without any."""
        items = self.lineward.api("GET", "journal?line=102&limit=1")["items"]
        return items[0]["id"] if items else 0

    def expect_forwarded(self, reason, meanwhile=lambda: None):
        """Ann's call to the line is answered by 106, for that reason."""
        before = self.newest_id()
        fields = self.ann.begin("102")
        meanwhile()
        self.ann.hang_up(self.ann.answered(fields, self.ann.wait(200)))
        entry = self.lineward.wait_entry("102", "forwarded", before)
        check((entry["target"], entry["reason"]) == ("106", reason), f"{entry}")

    def rings_in_vain(self):
        """The device rings until nobody has answered for the time that was dialled."""
        invite = self.desk.ringing()
        self.desk.reply(self.desk.wait("CANCEL", 9), 200)
        self.desk.refuse(invite, 487)

    def test_calls_after_codes(self):
        """A real call is forwarded by what was dialled: when busy, without answer, logged off."""
        expect_tone(self.desk, "*67*106#", SET, "forwarding when busy to 106 is on")
        fields = self.bob.begin("102")
        there = self.desk.accept(self.desk.ringing())
        bob = self.bob.answered(fields, self.bob.wait(200))
        self.desk.wait("ACK", call_id=there.call_id)
        self.expect_forwarded("user-busy")
        self.bob.hang_up(bob)
        self.desk.hung_up(there)
        expect_tone(self.desk, "##67#", CLEARED, "forwarding when busy is off")
        expect_tone(self.desk, "*61*106*5#", SET, "forwarding without answer to 106 is on")
        self.expect_forwarded("no-answer", self.rings_in_vain)
        expect_tone(self.desk, "##61#", CLEARED, "forwarding without answer is off")
        expect_tone(self.desk, "*70*106#", SET, "forwarding when logged off to 106 is on")
        self.command("user", "set", "sales", "--login", "off")
        self.expect_forwarded("unavailable")
        self.command("user", "set", "sales", "--login", "auto")
        expect_tone(self.desk, "##70#", CLEARED, "forwarding when logged off is off")

    def test_refused(self):
        """What may not be saved by the API may not be saved by a code."""
        for code, text in (("*21*112#", "the number is an emergency number"),
                           ("*21*102#", "the number is the line itself"),
                           ("*61*106*4#", "the code has seconds that are not 5 to 120")):
            expect_tone(self.desk, code, REFUSED, text)
        ok, ear = dial(self.desk, "*21*009001234567#")
        check(ear.melody() == REFUSED, f"{ear.melody()} is heard: {ok.first('Warning')}")
        check(self.slot("immediate") is None, f"{self.slot('immediate')}")

    def test_both_codecs(self):
        for formats, payload in (("0 8", 0), ("8 0", 8), ("9 18 0", 0)):
            ok, ear = dial(self.desk, "*#21#", formats)
            kinds = {packet[1] & 0x7f for _, _, packet in ear.packets}
            check(kinds == {payload} and ear.melody() == OFF, f"{formats}: {kinds} {ear.melody()}")
            check(f"RTP/AVP {payload}\r\n" in body_of(ok.text), ok.text)
            own = body_of(ok.text).partition("m=audio ")[2].split()[0]
            check({sender for _, sender, _ in ear.packets} == {("127.0.0.1", int(own))}, "")

    def test_without_media(self):
        """The display says it: by a refusal that is none, and by one."""
        for code, status, body in (("*21*106#", 480, ""),
                                   ("*#21#", 480, Ear().offer(protocol="RTP/SAVP")),
                                   ("*#21#", 480, Ear().offer("9 18")),
                                   ("*21*112#", 403, ""), ("##21#", 480, "")):
            time.sleep(0.5)  # a device has only some nonces in a second
            fields = self.desk.begin(code, body=body)
            answer = self.desk.wait(status, call_id=fields["call_id"])
            self.desk.ack(fields, answer)
            if status == 480 and code != "##21#":
                check("480 immediate forwarding to 106 is on" in answer.start_line, answer.text)
            check('399 lineward "' in answer.first("Warning"), answer.text)
        self.command("group", "set", "trial", "--feature-tones", "off")
        fields = self.desk.begin("*#21#", body=Ear().offer())
        answer = self.desk.wait(480, call_id=fields["call_id"])
        self.desk.ack(fields, answer)
        check("480 immediate forwarding is off" in answer.start_line, answer.text)
        self.command("group", "set", "trial", "--feature-tones", "on")

    def test_by_a_connection(self):
        """A device that is connected by TCP hears the tone by UDP all the same."""
        made = self.lineward.api("POST", "users/sales/devices", {"name": "stream"})
        phone = Phone(("127.0.0.1", self.world.ports.sip),
                      (made["sip_user"], made["password"], f"127.0.0.1:{self.world.ports.sip}"))
        device = Device(self.world.ports.sip, (phone.user, phone.password), "tcp")
        check(device.register().status == 200, "not registered")
        uri, ear = f"sip:*%2321%23@{phone.domain};transport=tcp", Ear()

        def ask(method, cseq, to, *headers, body=""):
            device.socket.sendall("\r\n".join([
                f"{method} {uri} SIP/2.0",
                f"Via: SIP/2.0/TCP {device.here};branch=z9hG4bK{method}{cseq}", "Max-Forwards: 70",
                f"From: <sip:{phone.user}@{phone.domain}>;tag=1", f"To: {to}", "Call-ID: stream",
                f"CSeq: {cseq} {method}", f"Contact: <sip:{phone.user}@{device.here}>",
                "Content-Type: application/sdp", *headers, f"Content-Length: {len(body)}", "",
                body]).encode())
        to = f"<sip:*%2321%23@{phone.domain}>"
        ask("INVITE", 1, to)
        challenge = device.receive()
        ask("ACK", 1, challenge.first("To"))
        ask("INVITE", 2, to, phone.proof(challenge, "INVITE", uri), body=ear.offer())
        ok = device.receive()
        check(ok.status == 200, ok.start_line)
        ask("ACK", 2, ok.first("To"))
        bye = device.receive()
        check(bye.start_line.startswith("BYE "), bye.start_line)
        check(ear.melody() == OFF and not ear.faults(), f"{ear.melody()} {ear.faults()}")
        self.command("device", "remove", "sales", "stream")
        ear.close()
        phone.close()

    def test_hung_up_by_the_device(self):
        """Who hangs up hears no more, and the next code is taken at once."""
        time.sleep(1)  # a device has only some nonces in a second
        ear = Ear()
        fields = self.desk.begin("*#21#", body=ear.offer())
        dialog = self.desk.answered(fields, self.desk.wait(200, call_id=fields["call_id"]))
        wait_until("the tone has begun", lambda: ear.packets)
        self.desk.hang_up(dialog)
        time.sleep(0.05)
        heard = len(ear.packets)
        time.sleep(0.2)
        check(heard == len(ear.packets) < 20, f"{heard}, then {len(ear.packets)} packets")
        expect_tone(self.desk, "*#21#", OFF, "immediate forwarding is off")

    def test_events(self):
        """Pages learn of it: the change is told as those of the API are."""
        token = self.lineward.token_file.read_text().strip()
        request = urllib.request.Request(f"{self.lineward.url}/api/v1/events",
                                         headers={"Authorization": f"Bearer {token}",
                                                  "Accept": "text/event-stream"})
        told = []

        def listen(stream):
            for line in stream:
                if line.startswith(b"data: "):
                    told.append(json.loads(line[6:]))
        with urllib.request.urlopen(request, timeout=10) as stream:
            threading.Thread(target=listen, args=(stream,), daemon=True).start()
            expect_tone(self.desk, "*67*106#", SET, "forwarding when busy to 106 is on")
            wait_until("it is told", lambda: any(
                event.get("kind") == "forwarding" and event.get("condition") == "busy"
                for event in told))
        expect_tone(self.desk, "##67#", CLEARED, "forwarding when busy is off")


class Wires:
    """With a PBX of one socket, that sees everything which is sent to it."""

    def __init__(self, binary):
        self.wire = Wire("feature_codes_wire", binary, OFFSET + 100)
        self.wire.set_up()
        self.lineward = self.wire.lineward
        self.desk = add_device(self.lineward, "desk", self.wire.ports.sip)

    def expect_no_call(self):
        time.sleep(0.2)
        while not self.wire.pbx.received.empty():
            message = self.wire.pbx.received.get()
            check(not message.start_line.startswith("INVITE"), f"the PBX got {message.start_line}")

    def test_none_reaches_the_pbx(self):
        for code in ("*21*202%23", "*#21%23", "#21", "*21*", "*61*202*1%23", "*21*911%23"):
            dial(self.desk, code)
        self.expect_no_call()

    def test_other_codes_are_the_pbxs(self):
        """What is none of ours goes on, and so do ours once the group has others."""
        self.lineward.command("group", "set", "wire", "--feature-codes", "immediate=72")
        for code in ("*8202", "*21*202%23"):
            fields = self.desk.begin(code)
            while not self.wire.pbx.received.get(timeout=3).start_line.startswith(
                    f"INVITE sip:{code}@"):
                pass  # the one before, repeated
            self.desk.cancel(fields)
            time.sleep(0.1)
        dial(self.desk, "*72*202%23")
        status, answer = self.lineward.request("PATCH", "groups/wire",
                                               {"feature_codes": "immediate=72, busy=72"})
        check(status == 422 and answer["errors"][0]["field"] == "feature_codes", f"{answer}")
        self.lineward.command("group", "set", "wire", "--feature-codes", "")
        fields = self.desk.begin("*72*202%23")
        wait_until("it reaches the PBX", lambda: not self.wire.pbx.received.empty())
        self.desk.cancel(fields)
        self.lineward.command("group", "set", "wire", "--feature-codes", "immediate=21, dnd=26")

    def test_kill(self):
        """What was confirmed is not lost, whenever the program dies: five times."""
        for number in range(210, 215):
            ear = Ear()
            fields = self.desk.begin(f"*21*{number}%23", body=ear.offer())
            self.desk.wait(200, call_id=fields["call_id"])
            self.lineward.program.process.kill()
            self.lineward.program.process.wait()
            self.lineward.start()
            self.lineward.wait_registered(["201"], group="wire")
            slot = self.lineward.api("GET", "groups/wire/lines/201/forwardings/immediate/all")
            check(slot["target"] == str(number) and slot["enabled"], f"{number}: {slot}")
            while not self.desk.received.empty():
                self.desk.received.get()

    def test_repeated(self):
        """The 200 is repeated until its ACK; without one we hang up, and nothing is left."""
        fields = self.desk.begin("*#21%23", body=Ear().offer())
        first = self.desk.wait(200, call_id=fields["call_id"])
        again = self.desk.wait(200, call_id=fields["call_id"])
        check(first.text == again.text, "another 200")
        other = self.desk.begin("*#21%23", body=Ear().offer())
        self.desk.ack(other, self.desk.wait(486, call_id=other["call_id"]))
        dialog = self.desk.answered(fields, again)
        check(uri_of(again.first("Contact")).startswith("sip:*%2321%23@"), again.text)
        self.desk.within(dialog, "INVITE", body=Ear().offer())
        self.desk.wait(488, call_id=fields["call_id"])
        self.desk.hung_up(dialog)


def run_named(kind, make, names):
    """Runs those tests of a kind that are named, or all."""
    own = [name for name in names if hasattr(kind, "test_" + name.replace("-", "_"))]
    return 0 if names and not own else run_trial(make(), own)


def run_with_a_real_pbx(args):
    with World("peer/feature_codes", args.bin, OFFSET,
               lines=("101", "102", "103", "104", "107", "108")) as world:
        world.set_up()
        return run_named(Codes, lambda: Codes(world), args.names)


def main():
    args = arguments(__doc__)
    status = run_with_a_real_pbx(args)
    return run_named(Wires, lambda: Wires(args.bin), args.names) or status


if __name__ == "__main__":
    run_script(main)
