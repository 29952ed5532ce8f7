#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What devices watch, with real calls through Kamailio: lamps (dialog), presence, waiting messages;
the rules of RFC 6665: expiry, refreshing, ending, pace, refusals."""

import re
import time
import urllib.request
import xml.etree.ElementTree as ElementTree

from message import Message
from peers import DOMAIN, World, password_of
from phone import Phone, body_of
from processes import Trouble, wait_until
from runner import arguments, check, run_script, run_trial
from test_devices import Device

OFFSET = 1800  # of the ports; those of the other tests lie elsewhere
DIALOG, PIDF = "{urn:ietf:params:xml:ns:dialog-info}", "{urn:ietf:params:xml:ns:pidf}"


def state_of(notify):
    return notify.first("Subscription-State").split(";")[0]


def lamp(notify):
    """(state, direction, remote) of the one dialog in a dialog-info document."""
    check(notify.first("Content-Type") == "application/dialog-info+xml", notify.text)
    root = ElementTree.fromstring(body_of(notify.text))
    check(root.get("state") == "full" and root.get("entity").endswith("@" + DOMAIN), notify.text)
    dialogs = root.findall(f"{DIALOG}dialog")
    check(len(dialogs) == 1, notify.text)
    remote = dialogs[0].find(f"{DIALOG}remote/{DIALOG}identity")
    return (dialogs[0].find(f"{DIALOG}state").text, dialogs[0].get("direction"),
            None if remote is None else remote.text)


def version(notify):
    return int(ElementTree.fromstring(body_of(notify.text)).get("version"))


def presence(notify):
    """open or closed, and the notes."""
    check(notify.first("Content-Type") == "application/pidf+xml", notify.text)
    root = ElementTree.fromstring(body_of(notify.text))
    return (root.find(f"{PIDF}tuple/{PIDF}status/{PIDF}basic").text,
            [note.text for note in root.findall(f"{PIDF}note")])


class Trial:
    def __init__(self, world):
        self.world, self.lineward = world, world.lineward
        self.command = self.lineward.command
        for user in ("sales", "support"):
            self.command("user", "set", user, "--login", "auto")
        pbx = ("127.0.0.1", world.ports.pbx)
        self.ann = Phone(pbx, ("107", password_of("107"), DOMAIN))
        self.ann.register()
        self.desk = self.device("sales", "desk")       # at line 102
        self.other = self.device("support", "other")   # at line 103

    def device(self, user, name):
        made = self.lineward.api("POST", f"users/{user}/devices", {"name": name})
        phone = Phone(("127.0.0.1", self.world.ports.sip),
                      (made["sip_user"], made["password"], f"127.0.0.1:{self.world.ports.sip}"))
        phone.register()
        return phone

    def watch(self, phone, user, event, **options):
        """A subscription and its first NOTIFY."""
        answer, dialog = phone.subscribe(user, event, **options)
        check(answer.status == 200, f"{event} of {user}: {answer.start_line}")
        return dialog, phone.notified(dialog)

    def leave(self, phone, dialog):
        phone.within(dialog, "SUBSCRIBE", ["Event: " + dialog.event, "Expires: 0"])
        phone.final("SUBSCRIBE", dialog.call_id)
        last = phone.notified(dialog)
        check(last.first("Subscription-State") == "terminated;reason=timeout", last.text)
        return last

    def lamps(self, phone, dialog, wanted, seconds=5.0):
        """Waits until a NOTIFY shows what is wanted; returns all that came."""
        until, seen = time.monotonic() + seconds, []
        while time.monotonic() < until:
            seen.append(lamp(phone.notified(dialog, until - time.monotonic())))
            if seen[-1] == wanted:
                return seen
        raise Trouble(f"the lamp shows {seen}, not {wanted}")

    def test_lamp_of_a_colleague(self):
        """The lamp of 102 at a device of 103: rings, talks, is over. To whom is not told."""
        dialog, first = self.watch(self.other, "102", "dialog")
        check(state_of(first) == "active" and lamp(first) == ("terminated", None, None),
              first.text)
        own, _ = self.watch(self.desk, self.desk.user, "dialog")
        fields = self.ann.begin("102")
        invite = self.desk.ringing()
        self.lamps(self.other, dialog, ("early", "recipient", None))
        self.lamps(self.desk, own, ("early", "recipient", f"sip:107@{DOMAIN}"))
        accepted = self.desk.accept(invite)
        talk = self.ann.answered(fields, self.ann.wait(200))
        self.desk.wait("ACK", call_id=accepted.call_id)
        self.lamps(self.other, dialog, ("confirmed", "recipient", None))
        self.lamps(self.desk, own, ("confirmed", "recipient", f"sip:107@{DOMAIN}"))
        self.ann.within(talk, "BYE")
        self.desk.hung_up(accepted)
        self.lamps(self.other, dialog, ("terminated", None, None))
        self.lamps(self.desk, own, ("terminated", None, None))
        dialog.event = own.event = "dialog"
        self.leave(self.other, dialog)
        self.leave(self.desk, own)

    def test_lamp_of_an_outgoing_call(self):
        dialog, _ = self.watch(self.other, "102", "dialog")
        fields = self.desk.begin("107")
        invite = self.ann.wait("INVITE")
        self.lamps(self.other, dialog, ("trying", "initiator", None))
        self.ann.reply(invite, 180, tag="107")
        self.lamps(self.other, dialog, ("early", "initiator", None))
        own, first = self.watch(self.desk, "102", "dialog")
        check(lamp(first) == ("early", "initiator", f"sip:107@{DOMAIN}"), first.text)
        self.desk.cancel(fields)
        self.ann.reply(self.ann.wait("CANCEL"), 200)
        self.ann.reply(invite, 487, tag="107")
        self.lamps(self.other, dialog, ("terminated", None, None))
        dialog.event = own.event = "dialog"
        self.lamps(self.desk, own, ("terminated", None, None))
        self.leave(self.other, dialog)
        self.leave(self.desk, own)

    def test_presence(self):
        dialog, first = self.watch(self.other, "102", "presence")
        check(presence(first) == ("open", []), first.text)

        def shows(wanted):
            seen = presence(self.other.notified(dialog))
            check(seen == wanted, f"{seen} instead of {wanted}")
        self.command("user", "set", "sales", "--dnd", "on")
        shows(("closed", ["do-not-disturb"]))
        self.command("user", "set", "sales", "--dnd", "off", "--presence", "meeting")
        shows(("open", ["meeting"]))
        self.command("user", "set", "sales", "--presence", "", "--login", "off")
        shows(("closed", []))
        self.command("user", "set", "sales", "--login", "auto")
        shows(("open", []))
        # What changes nothing of what is seen is not told.
        self.command("forward", "set", "102", "busy", "--to", "106")
        self.other.expect_silence(1.5, "NOTIFY")
        dialog.event = "presence"
        self.leave(self.other, dialog)

    def test_messages(self):
        """No mailbox of ours: what the PBX says is told on, else no."""
        dialog, first = self.watch(self.desk, "102", "message-summary;id=7")
        check(first.first("Event") == "message-summary;id=7", first.text)
        check(body_of(first.text) == "Messages-Waiting: no\r\n", first.text)
        answer, _ = self.other.subscribe("102", "message-summary")
        check(answer.status == 403, f"somebody else's: {answer.start_line}")
        pbx = Phone(("127.0.0.1", self.world.ports.sip), ("pbx", "", DOMAIN))
        fields = {"from": f"<sip:102@{DOMAIN}>;tag=1", "to": f"<sip:102@{DOMAIN}>",
                  "call_id": "mwi", "cseq": 1, "type": "application/simple-message-summary"}
        for body, status in (("Messages-Waiting: yes\r\nMessage-Account: sip:x@pbx\r\n"
                              "Voice-Message: 2/8 (0/2)\r\n", 200),
                             ("Messages-Waiting: x\r\n", 400)):
            pbx.request("NOTIFY", f"sip:102@127.0.0.1:{self.world.ports.sip}", fields,
                        ["Event: message-summary", "Subscription-State: active"], body)
            check(pbx.final("NOTIFY", "mwi").status == status, body)
            fields["cseq"] += 1
        told = self.desk.notified(dialog)
        check(body_of(told.text) == "Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n",
              told.text)
        pbx.close()
        dialog.event = "message-summary;id=7"
        self.leave(self.desk, dialog)

    def test_refused(self):
        for user, event, options, status in (
                ("102", "conference", {}, 489), ("102", "dialog", {"expires": 30}, 423),
                ("199", "dialog", {}, 404),
                ("102", "dialog", {"headers": ["Accept: text/plain"]}, 406)):
            answer, _ = self.other.subscribe(user, event, **options)
            check(answer.status == status, f"{event} of {user}: {answer.start_line}")
            if status == 489:
                check("dialog" in answer.first("Allow-Events"), answer.text)
            if status == 423:
                check(answer.first("Min-Expires") == "60", answer.text)
            time.sleep(0.5)  # a device has only some nonces in a second
        stranger = Phone(("127.0.0.1", self.world.ports.sip),
                         (self.other.user, "wrong", self.other.domain))
        answer, _ = stranger.subscribe("102", "dialog")
        check(answer.status == 401, answer.start_line)
        stranger.close()

    def test_asked_once(self):
        """Expires: 0 outside a dialog: the state once, and the end with it."""
        answer, dialog = self.other.subscribe("102", "dialog", expires=0)
        check(answer.status == 200 and answer.first("Expires") == "0", answer.text)
        notify = self.other.notified(dialog)
        check(state_of(notify) == "terminated" and lamp(notify)[0] == "terminated", notify.text)

    def test_refreshed(self):
        dialog, first = self.watch(self.other, "102", "dialog", expires=100000)
        check("expires=3600" in first.first("Subscription-State").replace("3599", "3600"),
              first.text)
        self.other.within(dialog, "SUBSCRIBE", ["Event: dialog", "Expires: 120"])
        answer = self.other.final("SUBSCRIBE", dialog.call_id)
        check(answer.status == 200 and answer.first("Expires") == "120", answer.text)
        again = self.other.notified(dialog)
        check(version(again) == version(first) + 1, again.text)
        left = re.search(r"expires=(\d+)", again.first("Subscription-State")).group(1)
        check(118 <= int(left) <= 120, again.text)
        self.other.within(dialog, "SUBSCRIBE", ["Event: presence", "Expires: 120"])
        check(self.other.final("SUBSCRIBE", dialog.call_id).status == 489, "another package")
        dialog.event = "dialog"
        self.leave(self.other, dialog)
        self.other.within(dialog, "SUBSCRIBE", ["Event: dialog", "Expires: 120"])
        check(self.other.final("SUBSCRIBE", dialog.call_id).status == 481, "it is over")

    def test_481_ends_it(self):
        answer, dialog = self.other.subscribe("102", "presence")
        check(answer.status == 200, answer.start_line)
        self.other.notified(dialog, status=481)
        self.command("user", "set", "sales", "--dnd", "on")
        self.other.expect_silence(1.5, "NOTIFY")
        self.command("user", "set", "sales", "--dnd", "off")

    def test_pace(self):
        """Ten changes in a second are two notices, of which the last one tells the last state."""
        dialog, _ = self.watch(self.other, "102", "presence")
        for i in range(10):
            self.lineward.api("PATCH", "users/sales", {"presence": f"word{i}"})
        seen, until = [], time.monotonic() + 3
        while time.monotonic() < until:
            try:
                seen.append(presence(self.other.notified(dialog, 1.5))[1])
            except Trouble:
                break
        check(len(seen) <= 3 and seen[-1] == ["word9"], f"{seen}")
        self.lineward.api("PATCH", "users/sales", {"presence": ""})
        self.other.notified(dialog)
        dialog.event = "presence"
        self.leave(self.other, dialog)

    def test_line_and_device_removed(self):
        self.command("line", "add", "190", "--group", "trial", "--user", "support")
        dialog, _ = self.watch(self.other, "190", "dialog")
        self.command("line", "remove", "190")
        last = self.other.notified(dialog)
        check("terminated;reason=noresource" in last.first("Subscription-State"), last.text)
        soft = self.device("support", "soft")
        dialog, _ = self.watch(soft, "102", "dialog")
        self.command("device", "remove", "support", "soft")
        last = soft.notified(dialog)
        check("terminated;reason=rejected" in last.first("Subscription-State"), last.text)
        check(soft.subscribe("102", "dialog")[0].status in (401, 405), "it is still there")

    def count(self):
        """How many subscriptions there are, by the metrics."""
        token = self.lineward.token_file.read_text().strip()
        request = urllib.request.Request(f"{self.lineward.url}/api/v1/metrics",
                                         headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=5) as answer:
            text = answer.read().decode()
        return int(re.search(r"^lineward_device_subscriptions (\d+)$", text, re.MULTILINE)[1])

    def test_limit_of_a_device(self):
        """The 129th is refused; with the device all of them go."""
        phone = self.device("support", "many")
        before, uri = self.count(), f"sip:102@{phone.domain}"
        fields = {"from": f"<sip:{phone.user}@{phone.domain}>;tag=1", "to": f"<{uri}>"}
        wanted = ["Event: presence", "Expires: 600"]
        phone.request("SUBSCRIBE", uri, dict(fields, call_id="first", cseq=1), wanted)
        challenge = phone.final("SUBSCRIBE", "first")
        for number in range(1, 130):
            proof = phone.proof(challenge, "SUBSCRIBE", uri, number)
            phone.request("SUBSCRIBE", uri, dict(fields, call_id=f"many{number}", cseq=2),
                          [*wanted, proof])
            answer = phone.final("SUBSCRIBE", f"many{number}")
            check(answer.status == (200 if number <= 128 else 503), f"{number}: {answer.text}")
        check(self.count() == before + 128, f"{self.count()} are counted")
        self.command("device", "remove", "support", "many")
        wait_until("they are gone", lambda: self.count() == before)
        phone.close()

    def test_lost_connection(self):
        """A subscription by the connection that a device has registered by ends with it."""
        made = self.lineward.api("POST", "users/support/devices", {"name": "stream"})
        phone = Phone(("127.0.0.1", self.world.ports.sip),
                      (made["sip_user"], made["password"], f"127.0.0.1:{self.world.ports.sip}"))
        device = Device(self.world.ports.sip, (phone.user, phone.password), "tcp")
        check(device.register().status == 200, "not registered")
        stream, here = device.socket, device.here
        uri, before = f"sip:102@{phone.domain};transport=tcp", self.count()

        def ask(cseq, *headers):
            stream.sendall("\r\n".join([
                f"SUBSCRIBE {uri} SIP/2.0", f"Via: SIP/2.0/TCP {here};branch=z9hG4bKtcp{cseq}",
                "Max-Forwards: 70", f"From: <sip:{phone.user}@{phone.domain}>;tag=1",
                f"To: <sip:102@{phone.domain}>", "Call-ID: tcp", f"CSeq: {cseq} SUBSCRIBE",
                f"Contact: <sip:{phone.user}@{here};transport=tcp>", "Event: dialog",
                "Expires: 600", *headers, "Content-Length: 0", "", ""]).encode())
            text = stream.recv(65535).decode()
            while "\r\n\r\n" not in text:
                text += stream.recv(65535).decode()
            return Message(text)
        answer = ask(2, phone.proof(ask(1), "SUBSCRIBE", uri))
        check(answer.status == 200, answer.start_line)
        wait_until("it is counted", lambda: self.count() == before + 1)
        stream.close()
        wait_until("it is gone", lambda: self.count() == before)
        phone.close()

    def test_restart(self):
        """After a restart a device subscribes again: what it refreshes is unknown."""
        dialog, _ = self.watch(self.other, "102", "dialog")
        self.lineward.stop()
        self.lineward.start()
        self.other.within(dialog, "SUBSCRIBE", ["Event: dialog", "Expires: 120"])
        check(self.other.final("SUBSCRIBE", dialog.call_id).status == 481, "it is known")
        dialog, _ = self.watch(self.other, "102", "dialog")


def main():
    args = arguments(__doc__)
    with World("peer/subscriptions", args.bin, OFFSET,
               lines=("101", "102", "103", "104", "107", "108")) as world:
        world.set_up()
        return run_trial(Trial(world), args.names)


if __name__ == "__main__":
    run_script(main)
