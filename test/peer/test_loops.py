#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Calls that go in circles through a real PBX: two lines that forward to each other, a mobile that
forwards back, three servers in a ring; each by a 302 and by a second call, with a PBX that passes
Diversion and History-Info on and with one that does not. What each lineward sends and receives for
one call is captured: at most 20 messages, over within 1 s; its journal says why.

    107 (Ann) --> PBX --> lineward (101) --> PBX --> lineward (102) --> PBX --> ...
                                                `--> trunk: the mobile network --> PBX --> ...
"""

import contextlib
import copy
import ctypes
import re
import select
import socket
import struct
import threading
import time

from message import Message
from peers import DOMAIN, MOBILE, WORKERS, Lineward, Pbx, World, password_of
from phone import Phone
from processes import Missing, wait_until
from runner import arguments, check, run_script, run_tests

OFFSET = 2150
MESSAGES_MAX, SECONDS_MAX = 20, 1.0  # of one call, at each server
WHY = "is_visited"                   # in the journal's trace
OF_CALLS = ("INVITE", "ACK", "CANCEL", "BYE", "PRACK")


# ---- What goes over the wire

def datagrams_of(ports):
    """A filter for the kernel (classic BPF): UDP from or to a range of ports."""
    steps = [(0x30, 0, 0, 9), (0x15, 0, 7, socket.IPPROTO_UDP),
             (0x28, 0, 0, 20), (0x35, 0, 1, ports[0]), (0x25, 0, 3, ports[-1]),
             (0x28, 0, 0, 22), (0x35, 0, 2, ports[0]), (0x25, 1, 0, ports[-1]),
             (0x06, 0, 0, 0xffff), (0x06, 0, 0, 0)]
    return ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))


class Capture:
    """The SIP messages of calls to and from some ports, as they go over the loopback interface."""

    ATTACH_FILTER, BUFFER_FORCED = 26, 33  # Linux's asm-generic/socket.h
    PACKET, STATISTICS = 263, 6            # linux/if_packet.h

    def __init__(self, ports):
        self.ports, self.seen = frozenset(ports), []  # (when, message)
        try:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        except PermissionError:
            raise Missing("capturing is not permitted here") from None
        wanted = datagrams_of(ports)
        self.socket.setsockopt(socket.SOL_SOCKET, self.ATTACH_FILTER,
                               struct.pack("HL", len(wanted) // 8, ctypes.addressof(wanted)))
        self.socket.setsockopt(socket.SOL_SOCKET, self.BUFFER_FORCED, 1 << 22)
        self.socket.bind(("lo", 0))
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            packet, place = self.socket.recvfrom(65535)
            if place[2] == socket.PACKET_HOST and packet[0] >> 4 == 4 and packet[9] == 17:
                self.take(packet[4 * (packet[0] & 15):])

    def take(self, datagram):
        if self.ports.isdisjoint(struct.unpack("!HH", datagram[:4])) or len(datagram) < 60:
            return
        message = Message(datagram[8:].decode(errors="replace"))
        if message.first("CSeq").split()[-1:] and message.first("CSeq").split()[-1] in OF_CALLS:
            self.seen.append((time.monotonic(), message))

    def take_all(self):
        """What was seen since, once nothing comes any more."""
        wait_until("the wire is quiet", lambda: self.seen
                   and time.monotonic() - self.seen[-1][0] > 0.3, 20)
        _, lost = struct.unpack("II", self.socket.getsockopt(self.PACKET, self.STATISTICS, 8))
        check(lost == 0, f"{lost} packets were not captured")
        seen, self.seen = self.seen, []
        return seen


class Network:
    """The mobile network behind the trunk: the mobile forwards each call back to line 101. It drops
    Diversion and History-Info; `manner` says what else it makes of the call."""

    MANNERS = {  # the Call-ID is kept; the caller is shown; Max-Forwards goes on
        "all-hidden": (False, True, False),
        "proxy": (True, True, True),
        "new-call": (False, True, True),
        "mobile-calls": (False, False, False),
    }

    def __init__(self, ports):
        self.pbx, self.manner, self.calls = ("127.0.0.1", ports.pbx), "proxy", {}
        self.mobile, self.trunk = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(2))
        self.mobile.bind(("127.0.0.1", ports.outside))
        self.trunk.bind(("127.0.0.1", ports.trunk_callers[0]))
        self.is_over, self.thread = False, threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def close(self):
        self.is_over = True
        self.thread.join()
        self.mobile.close()
        self.trunk.close()

    def serve(self):
        while not self.is_over:
            for ready in select.select([self.mobile, self.trunk], [], [], 0.1)[0]:
                message = Message(ready.recv(65535).decode(errors="replace"))
                if ready is self.trunk and message.status >= 200 and message.method == "INVITE":
                    self.ended(message)
                elif ready is self.mobile and message.start_line.startswith("INVITE"):
                    self.forward(message)
                elif ready is self.mobile and message.start_line.startswith("CANCEL"):
                    self.answer(message, 200)

    def answer(self, request, status):
        kept = [f"{name}: {value};tag=net" if name.lower() == "to" else f"{name}: {value}"
                for name, value in request.headers
                if name.lower() in ("via", "from", "to", "call-id", "cseq", "record-route")]
        text = "\r\n".join([f"SIP/2.0 {status} Whatever", *kept, "Content-Length: 0", "", ""])
        self.mobile.sendto(text.encode(), self.pbx)

    def forward(self, invite):
        keeps_id, shows_caller, counts_hops = self.MANNERS[self.manner]
        branch = f"z9hG4bK-net-{hash(invite.first('Via')) & 0xffffffff}"
        if branch in self.calls:
            return  # once more
        caller = re.search(r"sip:\+?(\w+)@", invite.first("P-Asserted-Identity")
                           or invite.first("From"))[1] if shows_caller else MOBILE
        hops = int(invite.first("Max-Forwards")) - 1 if counts_hops else 70
        of_call = [f"From: {invite.first('From')}", f"Call-ID: {invite.first('Call-ID')}",
                   f"CSeq: {invite.first('CSeq')}"] if keeps_id else [
            f"From: <sip:{caller}@trunk.trial>;tag={branch[-6:]}", f"Call-ID: {branch}",
            "CSeq: 1 INVITE"]
        here = "127.0.0.1:%d" % self.trunk.getsockname()[1]
        self.calls[branch] = (invite, of_call)
        self.send(branch, "INVITE", [
            *of_call, "To: <sip:+49891234101@trunk.trial>", f"Max-Forwards: {hops}",
            f"Contact: <sip:net@{here}>", f"P-Asserted-Identity: <sip:{caller}@trunk.trial>"])

    def send(self, branch, method, lines):
        here = "127.0.0.1:%d" % self.trunk.getsockname()[1]
        text = "\r\n".join([f"{method} sip:+49891234101@{DOMAIN} SIP/2.0",
                            f"Via: SIP/2.0/UDP {here};branch={branch}", *lines,
                            "Content-Length: 0", "", ""])
        self.trunk.sendto(text.encode(), self.pbx)

    def ended(self, answer):
        branch = re.search(r"branch=([^;\s]+)", answer.first("Via"))[1]
        invite, of_call = self.calls[branch]
        self.send(branch, "ACK", [line.replace("INVITE", "ACK") for line in of_call]
                  + [f"To: {answer.first('To')}", "Max-Forwards: 70"])
        self.answer(invite, answer.status)


# ---- The calls

class Circle:
    """A call of Ann's to line 101, and what it made of each of the daemons."""

    def __init__(self, world, linewards):
        self.world, self.linewards = world, linewards
        self.captures = [Capture(range(lineward.ports.sip, lineward.ports.sip + WORKERS))
                         for lineward in linewards]
        self.ann = Phone(("127.0.0.1", world.ports.pbx), ("107", password_of("107"), DOMAIN))

    def call(self, name, why=WHY):
        """Ann calls; the call is refused at once, and the journal of a server says why. She calls
        again where it took long, for the machine may be busy."""
        seconds = [self.try_call(name, why)]
        while seconds[-1] > SECONDS_MAX and len(seconds) < 4:
            seconds.append(self.try_call(name, why))
        check(seconds[-1] <= SECONDS_MAX, f"{name}: it took {seconds} s")

    def try_call(self, name, why):
        last_ids = [self.newest(lineward) for lineward in self.linewards]
        started = time.monotonic()
        fields = self.ann.begin("101", name=name)
        refusal = self.ann.final("INVITE", fields["call_id"], 10)
        self.ann.ack(fields, refusal)
        seconds = time.monotonic() - started
        counts = [self.look(capture, name) for capture in self.captures]
        reasons = [self.reasons(lineward, last)
                   for lineward, last in zip(self.linewards, last_ids)]
        check(any(why in found for found in reasons),
              f"{name}: {counts} messages, {refusal.start_line}; the journals say {reasons}")
        check(refusal.status in (480, 486), f"{name}: Ann got {refusal.start_line}")
        print(f"   {name}: {counts} messages, {seconds:.2f} s", flush=True)
        for lineward in self.linewards:
            wait_until("no call is left",
                       lambda l=lineward: l.api("GET", "calls")["items"] == [], 5)
        return seconds

    @staticmethod
    def look(capture, name):
        seen = capture.take_all()
        check(0 < len(seen) <= MESSAGES_MAX, f"{name}: {len(seen)} messages: "
              + ", ".join(message.start_line.split(" SIP")[0] for _, message in seen))
        return len(seen)

    @staticmethod
    def newest(lineward):
        items = lineward.api("GET", "journal?limit=1")["items"]
        return items[0]["id"] if items else 0

    @staticmethod
    def reasons(lineward, last):
        """All findings in the traces of the entries after that one."""
        def entries():
            return [entry for entry in lineward.api("GET", "journal?limit=20")["items"]
                    if entry["id"] > last]
        wait_until("the journal has it", entries, 5)
        return {step["finding"] for entry in entries() for step in entry["trace"]}


def settle(lineward, forward_by):
    lineward.command("group", "set", "trial", "--forward-by", forward_by,
                     "--max-forwarded-calls", "5")


def forward(lineward, line, target):
    lineward.command("forward", "set", line, "immediate", "--to", target)


def two_lines(world, forward_by, fault):
    """101 and 102 forward to each other when their users are not to be disturbed, which may be set:
    `immediate` would be refused."""
    lineward = world.lineward
    world.start_pbx(fault=fault)
    world.set_up()
    settle(lineward, forward_by)
    for user, line, other in (("reception", "101", "102"), ("sales", "102", "101")):
        lineward.command("user", "set", user, "--mailbox", "", "--dnd", "on")
        lineward.command("forward", "set", line, "dnd", "--to", other)
    Circle(world, [lineward]).call("two-lines")
    mobile(world, forward_by)


def mobile(world, forward_by):
    """101 forwards to a mobile, which forwards back."""
    lineward, circle = world.lineward, Circle(world, [world.lineward])
    forward(lineward, "101", MOBILE)
    with contextlib.closing(Network(world.ports)) as network:
        for network.manner in Network.MANNERS:
            is_counted_out = forward_by == "redirect" and network.manner == "all-hidden"
            circle.call(network.manner, "is_too_many" if is_counted_out else WHY)
            lineward.command("group", "set", "trial", "--max-forwarded-calls", "0")


class Site:
    """One of three sites: a PBX and a lineward, which has the line 10N and forwards it to the next
    site, over the trunk."""

    def __init__(self, world, number, fault):
        ports = [world.ports.pbx + place for place in range(3)]
        self.ports, following = copy.copy(world.ports), (number + 1) % 3
        self.ports.pbx, self.ports.outside = ports[number], ports[following]
        self.ports.trunk_callers = [ports[number - 1]]
        self.ports.api, self.ports.sip = world.ports.api + 50 + number, world.ports.api + 54 + (
            4 * number)
        directory = world.directory / f"site{number + 1}"
        directory.mkdir()
        self.line, self.target = f"10{number + 1}", f"+4989123410{following + 1}"
        self.pbx = Pbx(self.ports, directory, fault=fault, extensions=("107", self.line))
        self.pbx.start()
        self.lineward = Lineward(world.lineward.executable, self.ports, directory)
        self.lineward.start()

    def set_up(self, forward_by):
        command = self.lineward.command
        command("group", "add", "trial", "--server", f"127.0.0.1:{self.ports.pbx}",
                "--domain", DOMAIN, "--country-code", "49", "--area-code", "89",
                "--outside-prefix", "0", "--internal-ranges", "100-199")
        command("line", "add", self.line, "--group", "trial", "--auth-user", self.line,
                "--password", password_of(self.line))
        settle(self.lineward, forward_by)
        forward(self.lineward, self.line, self.target)
        self.lineward.wait_registered([self.line])


def ring(world, forward_by, fault):
    """101 at one site forwards to 102 at another, that to 103 at a third one, that to 101."""
    sites = [Site(world, number, fault) for number in range(3)]
    for site in sites:
        site.set_up(forward_by)
    Circle(world, [site.lineward for site in sites]).call("ring")
    for site in sites:
        site.lineward.stop()
        site.lineward.check_log()


def main():
    args = arguments(__doc__)

    def run(name, function, forward_by, fault):
        with World(f"peer/loops/{name}", args.bin, OFFSET, has_pbx=False, has_outside=False,
                   lines=("101", "102", "103", "104", "107")) as world:
            function(world, forward_by, fault)
            if world.lineward.program:
                world.lineward.stop()
                world.lineward.check_log()
    tests = []
    for function in (two_lines, ring):
        for forward_by in ("redirect", "bridge"):
            for kind, fault in (("told", ""), ("stripped", "DIVERSION_STRIPPED")):
                name = f"{function.__name__.replace('_', '-')}-{forward_by}-{kind}"
                tests.append((name, lambda n=name, f=function, b=forward_by, x=fault:
                              run(n, f, b, x)))
    return 1 if run_tests(tests, args.names) else 0


if __name__ == "__main__":
    run_script(main)
