#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Where the PBX is: two PBXs behind SRV records, one dying; name servers that are dead or slow;
IPv6; whose calls are taken."""

import copy
import re
import socket
import time

from message import Message
from names import SRV, NameServer
from peers import DOMAIN, HERE, PHONES, USERS, Pbx, Sipp, World, password_of, place_call
from processes import Program, find_program, wait_until
from runner import arguments, check, run_script, run_trial
from test_transports import connections_to
from wire import Pbx as WirePbx
from wire import response_to

INSIDE = "106"
STRANGER, FRIEND = "127.0.0.9", "127.0.0.7"
LONG_DOMAIN = ".".join(["a-domain-that-makes-a-register-longer"] * 3)
LONG_REALM = ".".join(["a-realm-that-makes-a-register-longer"] * 6)
DATAGRAM_MAX = 1300  # bytes; a longer request wants a connection (RFC 3261 section 18.1.1)
SILENCE = 20  # seconds in which a PBX that is silent must have been noticed, with one REGISTER out


class Registrar:
    """Kamailio as a mere registrar with digest, at any address."""

    def __init__(self, directory, host, port, domain=DOMAIN, has_tcp=False):
        self.here = f"{host}:{port}"
        text = (HERE / "registrar.cfg.in").read_text().replace("udp:127.0.0.1:", f"udp:{host}:")
        for name, value in {"PBX_PORT": port, "DOMAIN": domain, "EXPIRES_MAX": 600}.items():
            text = text.replace(f"@{name}@", str(value))
        self.directory = directory / f"registrar{port}"
        self.directory.mkdir()
        (self.directory / "kamailio.cfg").write_text(text)
        self.program = Program(
            "a registrar (kamailio)",
            [find_program("kamailio"), "-DD", "-E", "-f", self.directory / "kamailio.cfg", "-w",
             self.directory, "-Y", self.directory, "-P", self.directory / "pid", "-m", "16", "-M",
             "4", *(["-A", "WITH_TCP"] if has_tcp else [])], self.directory / "log")

    def accepted(self, extension):
        """The REGISTERs of a line that were accepted: (transport, bytes) of each."""
        return [(transport, int(length)) for transport, length in re.findall(
            rf"accepted [\d.]+ {extension} \S+ \d+ (\w+) (\d+)", self.program.text())]


class Trial:
    """The world with two PBXs that a name leads to."""

    def __init__(self, world):
        self.world, self.lineward = world, world.lineward
        base = world.ports.api
        self.names = NameServer(base + 50, ttl=5)
        self.ports6 = base + 51
        self.large_ports = {"both": base + 52, "plain": base + 53}
        self.second = copy.copy(world.ports)
        self.second.pbx = base + 12
        self.lineward.options = [
            "--name-servers", f"127.0.0.1:{self.names.port}",
            "--sip", f"127.0.0.1:{world.ports.sip},[::1]:{world.ports.sip}"]
        directory = world.directory / "second"
        directory.mkdir()
        self.pbx2 = Pbx(self.second, directory)
        self.sipp2 = Sipp(self.second, directory)
        self.wires = [WirePbx(("127.0.0.1", world.ports.sip), 0) for _ in range(2)]

    def tell_names(self):
        self.names.tell(
            f"_sip._udp.{DOMAIN} SRV 10 0 {self.world.ports.pbx} a.{DOMAIN}",
            f"_sip._udp.{DOMAIN} SRV 20 0 {self.second.pbx} b.{DOMAIN}",
            f"a.{DOMAIN} A 127.0.0.1",
            f"b.{DOMAIN} A 127.0.0.1",
            "six.trial AAAA ::1",
            *(f"{name}.trial NAPTR {order} 10 SIP+D2{letter} _sip._{transport}.{name}.trial"
              for name in ("both", "plain")
              for order, letter, transport in ((10, "U", "udp"), (20, "T", "tcp"))),
            *(f"_sip._{transport}.{name}.trial SRV 10 0 {port} a.{DOMAIN}"
              for name, port in self.large_ports.items() for transport in ("udp", "tcp")),
            f"_sip._udp.friend.trial SRV 10 0 {self.world.ports.pbx} a.{DOMAIN}",
            f"_sip._udp.friend.trial SRV 20 0 5060 friend.{DOMAIN}",
            f"friend.{DOMAIN} A {FRIEND}",
            *(f"_sip._udp.refusing.trial SRV {10 + i} 0 {wire.port} a.{DOMAIN}"
              for i, wire in enumerate(self.wires)))

    def set_up(self):
        self.tell_names()
        self.pbx2.start()
        self.sipp2.register_phones()
        self.world.set_up()
        self.lineward.command("group", "set", "trial", "--server", DOMAIN)
        self.lineward.wait_registered(USERS)
        self.lineward.api("PUT", "groups/trial/lines/102/forwardings/immediate/all",
                          {"target": "105", "enabled": True})

    def check_call(self, sipp):
        call = place_call(sipp, f"call{next(self.world.names)}", INSIDE, "102")
        check(call.final == 200, f"a call to 102 was not answered: {call.answers}")

    def renew(self, extension="101"):
        """A REGISTER goes out now."""
        for is_on in (False, True):
            self.lineward.api("PATCH", f"groups/trial/lines/{extension}", {"enabled": is_on})

    def known_count(self, port):
        """How many lines the PBX at that port has a contact of."""
        with socket.socket(type=socket.SOCK_DGRAM) as asking:
            asking.bind(("127.0.0.1", 0))
            asking.settimeout(1)
            here = f"127.0.0.1:{asking.getsockname()[1]}"
            number = time.monotonic_ns()
            asking.sendto((
                f"OPTIONS sip:{DOMAIN} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{number}\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:t@{here}>;tag=t\r\nTo: <sip:{DOMAIN}>\r\n"
                f"Call-ID: {number}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n").encode(),
                ("127.0.0.1", port))
            try:
                return int(Message(asking.recv(4000).decode()).first("X-Contacts")) - len(PHONES)
            except OSError:
                return 0

    def wait_peer(self, port, seconds):
        """All lines are registered at the PBX with that port."""
        wait_until(f"the PBX at {port} knows the lines",
                   lambda: self.known_count(port) == len(USERS), seconds)

    # ---- SRV

    def test_preferred(self):
        """The target of the better priority is used, and calls come from it."""
        self.wait_peer(self.world.ports.pbx, 5)
        check(self.known_count(self.second.pbx) == 0, "the other PBX knows lines, too")
        check((f"_sip._udp.{DOMAIN}", SRV) in self.names.asked, "no SRV record was asked for")
        self.check_call(self.world.sipp)

    def test_failover(self):
        """The preferred PBX dies: the lines register at the other one, and calls flow."""
        self.world.pbx.stop()
        self.renew()
        self.wait_peer(self.second.pbx, SILENCE)
        self.lineward.wait_registered(USERS)
        self.check_call(self.sipp2)

    def test_dead_names(self):
        """The name servers are dead: calls go on, and the line tells the cause."""
        self.names.delay = None
        time.sleep(6)  # longer than the records hold
        self.check_call(self.sipp2)
        self.lineward.command("group", "add", "lost", "--server", "lost.trial", "--domain",
                              "lost.trial")
        self.lineward.command("line", "add", "101", "--group", "lost")
        wait_until("the line tells the cause", lambda: "no answer from the name servers" in
                   self.lineward.registration("101", "lost").get("reason", ""), 15)
        self.renew("103")  # other groups are not held up
        self.lineward.wait_registered(["103"], seconds=3)
        reason = self.lineward.registration("103").get("reason", "")
        check("the name servers" in reason, f"a line at the last known address tells {reason!r}")
        self.check_call(self.sipp2)

    def test_slow_names(self):
        """Answers after 5 s: nobody waits for them but those who must."""
        self.tell_names()
        self.names.delay = 5
        self.lineward.command("group", "set", "lost", "--server", "six.trial")
        self.renew("104")
        self.lineward.wait_registered(["104"], seconds=3)
        self.check_call(self.sipp2)
        self.names.delay = 0

    def test_return(self):
        """The preferred PBX is back: the lines turn to it again."""
        self.world.start_pbx()
        self.wait_peer(self.world.ports.pbx, 75)
        self.lineward.wait_registered(USERS)
        self.check_call(self.world.sipp)

    def test_new_records(self):
        """The records change: when their time is over the lines are where they now lead to."""
        self.names.tell(f"_sip._udp.{DOMAIN} SRV 10 0 {self.second.pbx} b.{DOMAIN}",
                        f"b.{DOMAIN} A 127.0.0.1")
        self.pbx2.stop()
        self.pbx2.start()
        self.sipp2.register_phones()
        self.wait_peer(self.second.pbx, 15)
        self.check_call(self.sipp2)
        self.tell_names()

    def test_both_refuse(self):
        """Two PBXs that answer, but refuse every REGISTER: both are tried, and then patience."""
        lineward, lines = self.lineward, range(401, 411)
        for wire in self.wires:
            wire.answer = lambda request: [response_to(
                request, 503 if request.method == "REGISTER" else 200, "Closed Today")]
        lineward.command("group", "add", "refusing", "--server", "refusing.trial", "--domain",
                         DOMAIN)
        for extension in lines:
            lineward.command("line", "add", str(extension), "--group", "refusing")
        time.sleep(10)
        counts = [sum(r.method == "REGISTER" for r in wire.requests) for wire in self.wires]
        check(all(counts), f"not both were tried: {counts} REGISTERs")
        check(sum(counts) <= 6 * len(lines), f"a storm: {counts} REGISTERs of {len(lines)} lines")
        for wire in self.wires:
            wire.answer = wire.accept
        lineward.wait_registered([str(e) for e in lines], group="refusing", seconds=60)

    # ---- IPv6

    def ask6(self, extension):
        """An INVITE for a line from the PBX's address by IPv6; returns the answer."""
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as pbx:
            pbx.bind(("::1", 0))
            return self.invite(pbx, ("::1", self.world.ports.sip), extension)

    def invite(self, pbx, to, extension):
        host, port = pbx.getsockname()[:2]
        here = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        call_id = f"direct{time.monotonic_ns()}"
        pbx.settimeout(2)
        pbx.sendto((
            f"INVITE sip:{extension}@{here} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{call_id};rport\r\nMax-Forwards: 70\r\n"
            f"From: <sip:202@{DOMAIN}>;tag=t\r\nTo: <sip:{extension}@{DOMAIN}>\r\n"
            f"Call-ID: {call_id}\r\nCSeq: 1 INVITE\r\nContact: <sip:202@{here}>\r\n"
            "Content-Length: 0\r\n\r\n").encode(), to)
        while (answer := Message(pbx.recv(4000).decode())).status < 200:
            pass
        return answer

    def test_ipv6(self):
        """A PBX that has only IPv6, by address and by name: digest, and a call."""
        registrar = Registrar(self.world.directory, "[::1]", self.ports6)
        lineward = self.lineward
        lineward.command("group", "add", "six", "--server", registrar.here, "--domain", DOMAIN,
                         "--internal-ranges", "100-299")
        lineward.command("line", "add", "201", "--group", "six", "--user", "sales", "--password",
                         password_of("201"))
        lineward.api("PUT", "groups/six/lines/201/forwardings/immediate/all",
                     {"target": "205", "enabled": True})
        lineward.wait_registered(["201"], group="six")
        check(len(registrar.accepted("201")) == 1, "not exactly one REGISTER was accepted")
        contact = lineward.registration("201", "six")["contact"]
        check(contact == f"[::1]:{self.world.ports.sip}", contact)
        answer = self.ask6("201")
        check(answer.status == 302, answer.start_line)
        lineward.command("group", "set", "six", "--server", f"six.trial:{self.ports6}")
        wait_until("the line is registered by name", lambda: len(registrar.accepted("201")) >= 2)
        lineward.wait_registered(["201"], group="six")
        check(self.ask6("201").status == 302, "no call after a registration by name")

    # ---- Requests that are too large for a datagram

    def register_large(self, name, has_tcp):
        """A line at a PBX whose name prefers datagrams, by a short and by a long request; returns
        (transport, bytes) of what the PBX has accepted."""
        registrar = Registrar(self.world.directory, "127.0.0.1", self.large_ports[name],
                              LONG_REALM, has_tcp)
        lineward = self.lineward
        lineward.command("group", "add", name, "--server", f"{name}.trial", "--transport", "auto",
                         "--domain", "short.trial")
        lineward.command("line", "add", "501", "--group", name, "--user", "sales", "--password",
                         password_of("501"))
        lineward.wait_registered(["501"], group=name)
        wait_until("a short request is accepted", lambda: registrar.accepted("501"))
        short_count = len(registrar.accepted("501"))
        check(all(transport == "udp" and length <= DATAGRAM_MAX
                  for transport, length in registrar.accepted("501")),
              f"short requests came as {registrar.accepted('501')}")
        lineward.command("group", "set", name, "--domain", LONG_DOMAIN)
        wait_until("a long request is accepted", lambda: any(
            length > DATAGRAM_MAX for _, length in registrar.accepted("501")[short_count:]))
        lineward.wait_registered(["501"], group=name)
        return registrar

    def test_large_requests(self):
        """`auto`: datagrams are preferred, and a request too large for one goes by TCP."""
        registrar = self.register_large("both", has_tcp=True)
        wait_until("the long request comes by TCP", lambda: any(
            transport == "tcp" and length > DATAGRAM_MAX
            for transport, length in registrar.accepted("501")))
        check(connections_to(self.large_ports["both"]) == 1, "no connection to the PBX")

    def test_large_requests_without_tcp(self):
        """`auto`, and the PBX takes no connection: the large request goes as a datagram."""
        registrar = self.register_large("plain", has_tcp=False)
        check({transport for transport, _ in registrar.accepted("501")} == {"udp"},
              f"it came as {registrar.accepted('501')}")

    # ---- Whose calls are taken

    def from_address(self, address):
        with socket.socket(type=socket.SOCK_DGRAM) as pbx:
            pbx.bind((address, 0))
            return [self.invite(pbx, ("127.0.0.1", self.world.ports.sip), e).status
                    for e in ("301", "399")]

    def test_sources(self):
        """Calls come from all targets of the name and from allowed_sources; a stranger learns
        nothing."""
        lineward = self.lineward
        before = lineward.api("GET", "status")["strangers"]
        lineward.command("group", "add", "friend", "--server", "friend.trial", "--domain", DOMAIN)
        lineward.command("line", "add", "301", "--group", "friend", "--user", "support",
                         "--password", password_of("301"))
        lineward.api("PUT", "groups/friend/lines/301/forwardings/immediate/all",
                     {"target": "0891234567", "enabled": True})
        wait_until("the address behind the second target is the PBX's",
                   lambda: self.from_address(FRIEND) == [302, 404])
        check(self.from_address(STRANGER) == [403, 403], "a stranger learns which lines there are")
        strangers = lineward.api("GET", "status")["strangers"] - before
        check(strangers >= 2, f"{strangers} strangers were counted, not two")
        lineward.command("group", "set", "friend", "--allowed-sources", "127.0.0.8/29, ::1")
        wait_until("the further addresses are allowed",
                   lambda: self.from_address(STRANGER) == [302, 404])
        check(self.from_address("127.0.0.17") == [403, 403], "others are allowed, too")


def main():
    options = arguments(__doc__)
    with World("peer/names", options.bin, offset=900) as world:
        trial = Trial(world)
        trial.set_up()
        return run_trial(trial, options.names)


if __name__ == "__main__":
    run_script(main)
