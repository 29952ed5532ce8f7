#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong in real life: each time a clear message, nothing lost, and calls go on.

The tests of single datagrams use a second line group, whose PBX is a socket of this script.
"""

import json
import queue
import socket
import sqlite3
import subprocess
import threading
import time

from message import Message
from peers import USERS, World
from processes import Trouble, wait_until
from runner import arguments, check, run_script, run_trial

INSIDE = "106"


class WirePbx:
    """A PBX made of one socket: it accepts every REGISTER and leaves the calls to the test."""

    def __init__(self, world):
        self.lineward_at = ("127.0.0.1", world.ports.sip)
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", world.ports.wire))
        self.here = f"127.0.0.1:{world.ports.wire}"
        self.received = queue.Queue()
        self.registers = []  # all that came
        threading.Thread(target=self.receive, daemon=True).start()

    def receive(self):
        while True:
            datagram, sender = self.socket.recvfrom(65535)
            message = Message(datagram.decode(errors="replace"))
            if message.start_line.startswith("REGISTER"):
                self.registers.append(message)
            if message.start_line.startswith(("REGISTER", "OPTIONS")):
                self.socket.sendto(accepted(message).encode(), sender)
            else:
                self.received.put(message)

    def send(self, text):
        self.socket.sendto(text.encode(), self.lineward_at)

    def next(self, call_id, seconds):
        """The next message of a call within so many seconds, or None."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                message = self.received.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return None
            if call_id in ("", message.first("Call-ID")):
                return message

    def final(self, call_id, seconds=3.0):
        """The next final response of a call; Trouble if none comes."""
        while message := self.next(call_id, seconds):
            if message.status >= 200:
                return message
        raise Trouble(f"no final response to {call_id}")

    def invite(self, call_id, without="", **instead):
        """An INVITE to line 201; `without` leaves a header out, others are set by keyword."""
        headers = {
            "Via": f"SIP/2.0/UDP {self.here};branch=z9hG4bK{call_id}",
            "Max-Forwards": "70",
            "From": "<sip:202@wire.trial>;tag=caller",
            "To": "<sip:201@wire.trial>",
            "Call-ID": call_id,
            "CSeq": "1 INVITE",
            "Contact": f"<sip:202@{self.here}>",
            "Content-Length": "0",
        }
        headers |= {name.replace("_", "-"): value for name, value in instead.items()}
        headers.pop(without, None)
        return (f"INVITE sip:201@127.0.0.1:{self.lineward_at[1]} SIP/2.0\r\n"
                + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n")

    def ack(self, final):
        """The ACK for a final response (RFC 3261 17.1.1.3)."""
        return (f"ACK sip:201@127.0.0.1:{self.lineward_at[1]} SIP/2.0\r\n"
                f"Via: {final.first('Via')}\r\nMax-Forwards: 70\r\n"
                f"From: {final.first('From')}\r\nTo: {final.first('To')}\r\n"
                f"Call-ID: {final.first('Call-ID')}\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n")


def accepted(request):
    """200 OK for a REGISTER or OPTIONS; a REGISTER gets the contact and time that it asks for."""
    lines = ["SIP/2.0 200 OK"]
    lines += [f"{name}: {value}" for name, value in request.headers
              if name.lower() in ("via", "from", "to", "call-id", "cseq")]
    if request.method == "REGISTER":
        expires = request.first("Expires") or "600"
        lines.append(f"Contact: {request.first('Contact')};expires={expires}")
    return "\r\n".join([*lines, "Content-Length: 0", "", ""])


def cseq_of(message):
    return int(message.first("CSeq").split()[0])


def moved(text, boot="", ahead=0, until=0):
    """A file of registrations, of another start of the machine and with other times, in us."""
    heading, *lines, end = text.splitlines()
    words = heading.split()
    check(words[:3] == ["lineward", "registrations", "3"], f"an unknown file: {heading}")
    words[3:] = [boot or words[3], str(int(words[4]) + ahead)]
    moved_lines = []
    for line in lines:
        line_id, at, rest = line.split(" ", 2)
        moved_lines.append(f"{line_id} {int(at) + until} {rest}")
    return "\n".join([" ".join(words), *moved_lines, end, ""])


class Trial:
    """The world, started bit by bit: some of these tests begin without a PBX."""

    def __init__(self, world):
        self.world, self.lineward = world, world.lineward
        self.wire = WirePbx(world)

    def start_wire(self):
        """The second group, with line 201 that forwards everything to 203."""
        lineward = self.lineward
        lineward.command("group", "add", "wire", "--server", self.wire.here,
                         "--domain", "wire.trial", "--internal-ranges", "200-299",
                         "--max-forwarded-calls", "0", "--max-forwarded-per-hour", "0")
        lineward.command("line", "add", "201", "--group", "wire", "--user", "sales")
        lineward.api("PUT", "groups/wire/lines/201/forwardings/immediate/all",
                     {"target": "203", "enabled": True})
        lineward.wait_registered(["201"], group="wire")

    def need_pbx(self):
        """The PBX is up, the phones and lines are registered."""
        if not self.world.pbx:
            self.world.start_pbx()
        self.lineward.wait_registered(USERS, seconds=60)

    def check_call(self, extension, target):
        """A call to the line arrives at the phone it is forwarded to."""
        call = self.world.call(INSIDE, extension)
        check(call.arrival and call.arrival.called_user == target,
              f"a call to {extension} did not reach {target}: {call.answers}")

    def forward(self, extension, target):
        self.lineward.api("PUT", f"groups/trial/lines/{extension}/forwardings/immediate/all",
                          {"target": target, "enabled": True})

    # ---- single datagrams

    def check_wire_call(self, call_id):
        """An ordinary call over the wire still gets its 302."""
        self.wire.send(self.wire.invite(call_id))
        final = self.wire.final(call_id)
        self.wire.send(self.wire.ack(final))
        check(final.status == 302, f"{final.start_line}, not 302")
        check("<sip:203@wire.trial>" in final.first("Contact"), final.first("Contact"))

    def test_malformed(self):
        """A broken INVITE gets 400; nonsense gets nothing; then calls go on."""
        broken = {
            "no-cseq": {"without": "CSeq"},
            "cseq-not-a-number": {"CSeq": "many INVITE"},
            "no-from": {"without": "From"},
            "broken-to": {"To": "<sip:201@wire.trial"},
            "too-short": {"Content_Length": "500"},
        }
        for name, change in broken.items():
            self.wire.send(self.wire.invite(f"broken-{name}", **change))
            final = self.wire.next(f"broken-{name}", 2)
            check(final and final.status == 400,
                  f"{name}: {final.start_line if final else 'no answer'}, not 400")
        for nonsense in ("", "\r\n\r\n", "\0" * 100, "INVITE", "INVITE sip: SIP/2.0\r\n\r\n",
                         "SIP/2.0 200 OK\r\n\r\n", "x" * 60000):
            self.wire.send(nonsense)
        self.check_wire_call("after-malformed")

    def test_last_hop(self):
        """Max-Forwards of 0 or none at all: the call has arrived, and is forwarded. Each is another
        caller's: with fewer hops than a moment ago, the same one's would be a call that returns."""
        for name, change in (("hops-0", {"Max_Forwards": "0"}),
                             ("hops-none", {"without": "Max-Forwards"})):
            caller = f"<sip:{name}@wire.trial>;tag=caller"
            self.wire.send(self.wire.invite(name, From=caller, **change))
            final = self.wire.final(name)
            self.wire.send(self.wire.ack(final))
            check(final.status == 302, f"{name}: {final.start_line}, not 302")

    def test_content(self):
        """A session description is not read; anything else gets 415, and says what is taken."""
        for name, kind, status in (("sdp", "application/sdp", 302), ("xml", "text/xml", 415)):
            self.wire.send(self.wire.invite(name, Content_Type=kind, Content_Length="6")
                           + "v=9;\r\n")
            final = self.wire.final(name)
            self.wire.send(self.wire.ack(final))
            check(final.status == status, f"{kind}: {final.start_line}, not {status}")
        check(final.first("Accept") == "application/sdp", "415 does not say what is taken")

    def test_retransmitted_invite(self):
        """The same INVITE again gets the same answer, and the journal knows one call."""
        invite = self.wire.invite("again")
        for _ in range(3):
            self.wire.send(invite)
        finals = [self.wire.final("again") for _ in range(3)]
        self.wire.send(self.wire.ack(finals[0]))
        seen = {(f.start_line, f.first("To"), f.first("Contact")) for f in finals}
        check(len(seen) == 1, f"different answers: {seen}")
        check(finals[0].status == 302, f"{finals[0].start_line}, not 302")
        self.check_wire_call("after-again")
        self.lineward.journal_of("after-again", 1)  # what came before is written, too
        entries = self.lineward.entries_of("again")
        check(len(entries) == 1, f"{len(entries)} journal entries, not one")

    def test_lost_ack(self):
        """A 302 that is not acknowledged comes again, at growing intervals, until it is."""
        self.wire.send(self.wire.invite("lost-ack"))
        start = time.monotonic()
        times = []
        for _ in range(3):
            final = self.wire.final("lost-ack", 4)
            check(final.status == 302, f"{final.start_line}, not 302")
            times.append(time.monotonic() - start)
        self.wire.send(self.wire.ack(final))
        for seen, due in zip(times, (0.0, 0.5, 1.5)):
            check(-0.1 < seen - due < 0.6, f"302 came after {seen:.1f} s, not {due} s")
        late = self.wire.next("lost-ack", 2.5)
        check(not late, "another 302 came after the ACK")

    def test_stranger(self):
        """Who is not a PBX of ours learns nothing and moves nothing: no 302, no journal entry."""
        with socket.socket(type=socket.SOCK_DGRAM) as stranger:
            stranger.bind(("127.0.0.2", 0))
            stranger.settimeout(2)
            invite = self.wire.invite("stranger").replace(self.wire.here, "127.0.0.2")
            stranger.sendto(invite.encode(), self.wire.lineward_at)
            try:
                answer = Message(stranger.recv(65535).decode(errors="replace"))
                check(400 <= answer.status < 500, f"the stranger got {answer.start_line}")
            except TimeoutError:
                pass  # silence is an answer, too
        self.check_wire_call("after-stranger")
        self.lineward.journal_of("after-stranger", 1)
        check(not self.lineward.entries_of("stranger"), "the journal has an entry")

    # ---- the daemon's start

    def start_second(self, sip, api):
        """Starts another daemon, which must fail; returns what it prints."""
        try:
            done = subprocess.run(
                [self.lineward.executable, "serve", "--data-dir", self.world.directory / "second",
                 "--sip", f"127.0.0.1:{sip}", "--api", f"127.0.0.1:{api}"],
                capture_output=True, text=True, timeout=10, check=False)
        except subprocess.TimeoutExpired:
            raise Trouble("the second daemon runs on a port in use") from None
        check(done.returncode == 1, f"status {done.returncode}, not 1: {done.stderr}")
        return done.stderr

    def test_port_in_use(self):
        """A port in use: the message names the address, and the one who has it goes on."""
        ports = self.world.ports
        free = ports.wire + 5
        for name, text in (("sip", self.start_second(ports.sip, free)),
                           ("api", self.start_second(free, ports.api))):
            address = f"127.0.0.1:{getattr(ports, name)}"
            check(address in text and "in use" in text, f"--{name}: unclear: {text}")
        self.check_wire_call("after-port-in-use")

    # ---- the PBX

    def test_pbx_absent(self):
        """No PBX: the lines say so. It comes: they register by themselves."""
        check(not self.world.pbx, "the PBX is up already")
        for extension in USERS:
            wait_until(f"line {extension} is unreachable", lambda e=extension:
                       self.lineward.registration(e)["state"] == "unreachable", 45)
        check(self.lineward.registration("102")["reason"], "it does not say why")
        self.need_pbx()
        self.forward("102", "105")
        self.check_call("102", "105")

    def test_wrong_password(self):
        """The PBX refuses one line: it shows the answer, the others go on; corrected, it works."""
        self.need_pbx()
        self.lineward.api("PATCH", "groups/trial/lines/103", {"password": "wrong"})
        wait_until("line 103 is refused",
                   lambda: self.lineward.registration("103")["state"] == "refused")
        registration = self.lineward.registration("103")
        check(registration["status"] in (401, 403), f"status {registration['status']}")
        check(registration["reason"], "it does not say why")
        self.forward("102", "105")
        self.check_call("102", "105")
        self.lineward.api("PATCH", "groups/trial/lines/103", {"password": "secret103"})
        self.lineward.wait_registered(["103"])
        self.forward("103", "105")
        self.check_call("103", "105")

    def test_kill(self):
        """kill -9 right after a setting was acknowledged: it is there after the start."""
        self.need_pbx()
        for target in ("700", "105", "700"):
            self.forward("104", target)
            self.lineward.program.kill()
            self.lineward.start()
            slots = self.lineward.api("GET", "groups/trial/lines/104/forwardings")["items"]
            check([s["target"] for s in slots] == [target], f"after the start: {slots}")
        self.lineward.wait_registered(["104"])
        self.check_call("104", "700")

    def test_registrations_file(self):
        """It holds the lines and is for us alone; damaged, it is said so and all lines register."""
        self.need_pbx()
        self.lineward.stop()
        file = self.lineward.data / "registrations"
        text = file.read_text()
        check(text.endswith(f"end {text.count(chr(10)) - 2}\n"), f"it is not whole:\n{text}")
        check(text.count(chr(10)) - 2 >= len(USERS), f"lines are missing:\n{text}")
        check(file.stat().st_mode & 0o777 == 0o600, "others may read it")
        for damaged in ("", text[:len(text) // 2], text.replace("1:", "1x"), "\0" * 100,
                        text + "more\n"):
            already = len(self.lineward.program.text())
            file.write_text(damaged)
            self.lineward.start()
            self.lineward.wait_registered(USERS)
            said = "registrations not readable" in self.lineward.program.text()[already:]
            check(said == (damaged != ""), f"it does not say so of {damaged!r}")
            self.lineward.stop()
        self.lineward.start()
        self.lineward.wait_registered(USERS)
        self.forward("102", "105")
        self.check_call("102", "105")

    def check_resumed(self, what, text, is_believed):
        """Starts with this file of registrations: is a REGISTER of line 201 needed?"""
        already = len(self.wire.registers)
        (self.lineward.data / "registrations").write_text(text)
        self.lineward.start()
        self.lineward.wait_registered(["201"], group="wire")
        time.sleep(0.5)
        came = self.wire.registers[already:]
        check(len(came) == (0 if is_believed else 1), f"{what}: {len(came)} REGISTERs")
        for register in came:
            former = self.wire.registers[already - 1]
            check(register.first("Call-ID") == former.first("Call-ID"), f"{what}: new Call-ID")
            check(cseq_of(register) > cseq_of(former), f"{what}: the CSeq does not rise")
        self.lineward.stop()
        return (self.lineward.data / "registrations").read_text()

    def test_registrations_clock(self):
        """A wall clock that was set since is made up for, unless the machine was started anew."""
        hour, boot = 3600 * 1000000, "01234567-89ab-cdef-0123-456789abcdef"
        self.lineward.wait_registered(["201"], group="wire")
        self.lineward.stop()
        text = (self.lineward.data / "registrations").read_text()
        for what, change, is_believed in (
                ("nothing changed", {}, True),
                ("set forward", {"ahead": -hour, "until": -hour}, True),
                ("set back", {"ahead": hour, "until": hour}, True),
                ("another start of the machine", {"boot": boot}, True),
                ("another start, set forward", {"boot": boot, "ahead": -hour, "until": -hour},
                 False),
                ("another start, set back", {"boot": boot, "ahead": hour, "until": hour}, False),
                ("over meanwhile", {"until": -hour}, False),
                ("longer than would be asked for", {"until": hour}, False)):
            text = self.check_resumed(what, moved(text, **change), is_believed)
        self.lineward.start()
        self.need_pbx()

    def test_damaged_password(self):
        """A stored password that cannot be read: its line says so, all others start and work."""
        self.need_pbx()
        self.lineward.stop()
        database = sqlite3.connect(self.lineward.data / "lineward.db")
        with database:
            database.execute("UPDATE lines SET password = x'0102' WHERE extension = '103'")
        database.close()
        already = len(self.lineward.program.text())
        self.lineward.start()
        self.lineward.wait_registered([e for e in USERS if e != "103"])
        wait_until("line 103 is refused",
                   lambda: self.lineward.registration("103")["state"] == "refused")
        reason = self.lineward.registration("103")["reason"]
        check(reason == "the stored password cannot be read: set it anew", reason)
        check(reason in self.lineward.program.text()[already:], "the log does not say so")
        self.forward("102", "105")
        self.check_call("102", "105")
        line = "groups/trial/lines/103"
        status, answer = self.lineward.request("PATCH", line, {"display_name": "Support"})
        check(status == 409 and "give it anew" in json.dumps(answer), f"{status} {answer}")
        self.lineward.api("PATCH", line, {"password": "secret103"})
        self.lineward.wait_registered(["103"])

    def test_pbx_does_not_follow(self):
        """A PBX that follows no 302: the caller hears a failure, and no phone rings."""
        self.need_pbx()
        self.forward("102", "105")
        self.world.start_pbx(is_following=False)
        for state in ("off", "on"):  # the new PBX knows no line: an administrator's way to register
            self.lineward.command("line", "set", "102", "--group", "trial", "--enabled", state)
        self.lineward.wait_registered(["102"])
        call = self.world.call(INSIDE, "102")
        check(call.final == 480, f"the caller got {call.answers}, not 480")
        check(not call.arrivals, "someone was called")
        entry = self.lineward.journal_of(call.call_id, 1)[0]
        check(entry["verdict"] == "redirect", f"the journal says {entry['verdict']}")


def main():
    options = arguments(__doc__)
    with World("peer/trouble", options.bin, offset=300, has_pbx=False) as world:
        trial = Trial(world)
        world.set_up(is_waiting=False)
        trial.start_wire()
        return run_trial(trial, options.names)


if __name__ == "__main__":
    run_script(main)
