#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How lines register at PBXs that answer late, see us at another address, refuse, fall silent, or
die with requests pending. The PBXs are sockets of this script: no real one does that when asked."""

import re
import socket
import statistics
import threading
import time

from message import Message
from names import NameServer
from peers import WORKERS
from processes import wait_until
from runner import arguments, check, run_script, run_trial
from wire import DOMAIN, LINE, Pbx, Wire, response_to

OFFSET = 3450  # of the ports; those of the other tests lie elsewhere
PAIR = [str(extension) for extension in range(301, 311)]
REFUSED = [str(extension) for extension in range(401, 421)]
SEEN = "198.51.100.7"
PUBLIC = "203.0.113.5"
EXPIRES = 300  # that lines ask for


def cseq_of(message):
    return int(message.first("CSeq").split()[0])


class TcpPbx:
    """A PBX by TCP: it accepts every REGISTER and answers pings, while it is not deaf."""

    def __init__(self, port):
        self.port, self.is_deaf = port, False
        self.registers, self.connections, self.ping_count = [], [], 0
        self.server = None
        self.start()

    def start(self):
        self.server = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.accept, args=(self.server,), daemon=True).start()

    def accept(self, server):
        while True:
            try:
                connection = server.accept()[0]
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        held = b""
        try:
            while more := connection.recv(65536):
                held = self.take(connection, held + more)
        except OSError:
            pass
        if connection in self.connections:
            self.connections.remove(connection)
        connection.close()

    def take(self, connection, held):
        """Answers what is whole; returns the rest."""
        while held.startswith(b"\r\n\r\n") or b"\r\n\r\n" in held:
            if held.startswith(b"\r\n\r\n"):
                held, answer = held[4:], "\r\n"
                self.ping_count += 1
            else:
                head, _, held = held.partition(b"\r\n\r\n")
                answer = self.answer(Message(head.decode()))
            if answer and not self.is_deaf:
                connection.sendall(answer.encode())
        return held

    def answer(self, message):
        if message.status:
            return ""
        if message.method == "REGISTER":
            self.registers.append(message)
        return Pbx.accept(message)[0]

    def die(self):
        """It ends, with whatever was asked."""
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        for connection in list(self.connections):
            connection.shutdown(socket.SHUT_RDWR)

    def invite(self, extension, port):
        """Calls a line by a connection of its own; returns the final status."""
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.settimeout(3)
            call_id = f"call{time.monotonic_ns()}"
            connection.sendall((
                f"INVITE sip:{extension}@127.0.0.1:{port};transport=tcp SIP/2.0\r\n"
                f"Via: SIP/2.0/TCP 127.0.0.1:{self.port};branch=z9hG4bK{call_id}\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:202@{DOMAIN}>;tag=t\r\n"
                f"To: <sip:{extension}@{DOMAIN}>\r\nCall-ID: {call_id}\r\nCSeq: 1 INVITE\r\n"
                f"Contact: <sip:202@127.0.0.1:{self.port};transport=tcp>\r\n"
                "Content-Length: 0\r\n\r\n").encode())
            while (answer := Message(connection.recv(65536).decode())).status < 200:
                pass
            return answer.status


class Trial:
    def __init__(self, binary):
        self.wire = Wire("registering", binary, OFFSET)
        self.lineward, self.pbx = self.wire.lineward, self.wire.pbx
        base = self.wire.ports.api
        self.names = NameServer(base + 50, ttl=60)
        self.first, self.second, self.mute = (TcpPbx(base + 51 + i) for i in range(3))
        self.names.tell(f"_sip._tcp.pair.trial SRV 10 0 {self.first.port} host.trial",
                        f"_sip._tcp.pair.trial SRV 20 0 {self.second.port} host.trial",
                        "host.trial A 127.0.0.1")
        self.lineward.options = ["--name-servers", f"127.0.0.1:{self.names.port}"]
        self.wire.set_up()
        self.add_group("mute", f"127.0.0.1:{self.mute.port}", ["501"])
        self.lineward.wait_registered(["501"], group="mute")

    def add_group(self, name, server, lines, transport="tcp"):
        self.lineward.command("group", "add", name, "--server", server, "--domain", DOMAIN,
                              "--transport", transport, "--internal-ranges", "200-599",
                              "--max-forwarded-calls", "0", "--max-forwarded-per-hour", "0")
        for extension in lines:
            self.lineward.command("line", "add", extension, "--group", name)

    def registration(self, extension=LINE, group="wire"):
        return self.lineward.registration(extension, group)

    def renew(self, extension=LINE, group="wire"):
        """A REGISTER goes out now."""
        for is_on in (False, True):
            self.lineward.api("PATCH", f"groups/{group}/lines/{extension}", {"enabled": is_on})

    # ---- answers that are late

    def grant(self, request, seconds):
        return [response_to(request, 200, "OK", (
            f"Contact: {request.first('Contact')};expires={seconds}",)
            if request.method == "REGISTER" else ())]

    def send_later(self, seconds, texts):
        def send():
            for text in texts:
                self.pbx.socket.sendto(text.encode(), self.wire.lineward_at)
        threading.Timer(seconds, send).start()

    def test_late_refresh(self):
        """A refresh is answered when the time granted before is over: the line is registered, by
        the same request, for what is left of the new time."""
        granted, held, sent = 6, [], []

        def answer(request):
            if request.method != "REGISTER" or request.first("Expires") == "0":
                return self.grant(request, 0)
            if not sent:
                sent.append(time.monotonic())
                return self.grant(request, granted)
            if not held:
                over = sent[0] + granted + 0.5 - time.monotonic()
                held.append((request, time.monotonic(), over))
                self.send_later(over, self.grant(request, EXPIRES))
            return []
        self.pbx.answer = answer
        self.renew()
        wait_until("the refresh comes", lambda: held, granted)
        request, at, over = held[0]
        check(0 < over < 8, f"the refresh came {granted - over:.1f} s after the first one")
        count = len(self.pbx.requests)
        time.sleep(over + 1)
        shown = self.registration()
        check(shown["state"] == "registered", f"{shown}")
        until = time.mktime(time.strptime(shown["until"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
        left = until - time.time() - (EXPIRES - (time.monotonic() - at))
        check(abs(left) < 3, f"{left:.1f} s more than the PBX keeps it")
        others = [r for r in self.pbx.requests[count:] if r.method == "REGISTER"
                  and cseq_of(r) != cseq_of(request)]
        check(not others, f"another request was sent meanwhile: {others and others[0].headers}")

    def test_answered_too_late(self):
        """The answer comes when what it grants is over already: the line registers at once."""
        seen = []

        def answer(request):
            if request.method != "REGISTER" or request.first("Expires") == "0":
                return self.grant(request, 0)
            if cseq_of(request) not in [cseq_of(r) for r, _ in seen]:
                seen.append((request, time.monotonic()))
                if len(seen) == 1:
                    self.send_later(3, self.grant(request, 2))
                    return []
            return [] if len(seen) == 1 else self.grant(request, EXPIRES)
        self.pbx.answer = answer
        self.renew()
        wait_until("it registers again", lambda: len(seen) == 2, 6)
        took = seen[1][1] - seen[0][1]
        check(2.5 < took < 4.5, f"after {took:.1f} s")
        self.lineward.wait_registered([LINE], group="wire")
        check(seen[0][0].first("Call-ID") == seen[1][0].first("Call-ID"), "another Call-ID")

    # ---- where the PBX sees us

    def seen_at(self, host, port):
        """The PBX accepts everything, and sees us there."""
        def answer(request):
            return [re.sub(r"(?m)^(Via: .*?);rport\b(?!=)",
                           rf"\1;received={host};rport={port}", text)
                    for text in Pbx.accept(request)]
        self.pbx.answer = answer

    def contacts(self, since):
        return [request.all("Contact") for request in self.pbx.requests[since:]
                if request.method == "REGISTER"]

    def test_public_address(self):
        """Behind NAT: the Contact becomes what the PBX sees; one that is configured stays."""
        here = self.registration()["contact"]  # the line's worker's
        count = len(self.pbx.requests)
        self.seen_at(SEEN, 31000)
        self.lineward.api("PATCH", f"groups/wire/lines/{LINE}", {"password": "another"})
        wanted = [f"<sip:{LINE}@{SEEN}:31000>", f"<sip:{LINE}@{here}>;expires=0"]
        wait_until("the line is registered there, and no more where it was",
                   lambda: wanted in self.contacts(count), 5)
        wait_until("the Contact is shown",
                   lambda: self.registration().get("contact") == f"{SEEN}:31000", 5)
        self.lineward.stop()
        self.lineward.configure(f'public_address = "{PUBLIC}"')
        count = len(self.pbx.requests)
        self.lineward.start()
        port = here.partition(":")[2]
        wait_until("the line is registered at the configured address", lambda: self.registration()
                   .get("contact") == f"{PUBLIC}:{port}", 10)
        self.renew()
        self.lineward.wait_registered([LINE], group="wire")
        time.sleep(1)
        seen = {contact for contacts in self.contacts(count) for contact in contacts
                if "expires=0" not in contact}
        check(seen == {f"<sip:{LINE}@{PUBLIC}:{port}>"}, f"Contacts {seen}")
        self.lineward.stop()
        self.lineward.configure()
        self.pbx.answer = self.pbx.accept
        self.lineward.start()
        wait_until("it is the one that the system has again",
                   lambda: self.registration().get("contact") == here, 10)

    # ---- refusals

    def test_back_off(self):
        """A PBX that refuses all: each line asks again after 15 to 30 s, then after 30 to 60, by
        chance, not all together (RFC 5626 section 4.5)."""
        pbx = Pbx(self.wire.lineward_at, 0)
        times = {extension: [] for extension in REFUSED}

        def answer(request):
            extension = re.search(r"sip:(\d+)@", request.first("To")).group(1)
            if request.method == "REGISTER":
                times[extension].append(time.monotonic())
            return [response_to(request, 503 if request.method == "REGISTER" else 200, "Closed")]
        pbx.answer = answer
        self.add_group("refusing", pbx.here, REFUSED, "udp")
        wait_until("each has asked three times",
                   lambda: all(len(asked) >= 3 for asked in times.values()), 110)
        for wait, (least, most) in enumerate(((15, 30), (30, 60))):
            waits = [asked[wait + 1] - asked[wait] for asked in times.values()]
            check(min(waits) > least - 0.5 and max(waits) < most + 2, f"waits {waits}")
            check(statistics.stdev(waits) > (most - least) / 8, f"no jitter: {waits}")
        shown = self.registration(REFUSED[0], "refusing")
        check((shown["state"], shown.get("status")) == ("unreachable", 503), f"{shown}")
        self.lineward.command("group", "set", "refusing", "--enabled", "off")
        pbx.close()

    # ---- PBXs by TCP that die

    def wait_at(self, pbx, since, seconds):
        """All lines of the pair have registered there."""
        def missing():
            return set(PAIR) - {re.search(r"sip:(\d+)@", register.first("To")).group(1)
                                for register in pbx.registers[since:]}
        wait_until(f"all lines are at port {pbx.port}", lambda: not missing(), seconds)
        self.lineward.wait_registered(PAIR, group="pair")

    def test_tcp_failover(self):
        """The preferred of two targets by TCP dies with REGISTERs pending: the lines go to the
        other, are called there, and return."""
        self.add_group("pair", "pair.trial", PAIR)
        self.wait_at(self.first, 0, 10)
        check(not self.second.connections, "a connection to the target that is not needed")
        before = {r.first("Call-ID"): cseq_of(r) for r in self.first.registers}
        self.first.is_deaf = True
        count = len(self.first.registers)
        for extension in PAIR[:5]:
            self.renew(extension, "pair")
        wait_until("REGISTERs are pending", lambda: len(self.first.registers) >= count + 5, 5)
        self.first.die()
        self.wait_at(self.second, 0, 15)
        after = {r.first("Call-ID"): cseq_of(r) for r in self.second.registers}
        check(set(after) <= set(before) | {r.first("Call-ID") for r in self.first.registers},
              "lines came with another Call-ID")
        check(all(after[i] > before[i] for i in after if i in before), "a CSeq did not rise")
        ports = range(self.wire.ports.sip, self.wire.ports.sip + WORKERS)
        statuses = {self.second.invite(PAIR[-1], port) for port in ports}
        check(404 not in statuses and 403 not in statuses, f"a call was answered by {statuses}")

    def test_tcp_return(self):
        """It is back: so are the lines, and no connection to the other one stays."""
        count = len(self.first.registers)
        self.first.is_deaf = False
        self.first.start()
        self.wait_at(self.first, count, 80)
        wait_until("no connection to the other one",
                   lambda: len(self.first.connections) <= WORKERS and not self.second.connections,
                   10)

    def test_tcp_silent(self):
        """Its connection stays, but it says nothing any more: after 8 s the lines go elsewhere."""
        count = len(self.second.registers)
        self.first.is_deaf = True
        for extension in PAIR[:5]:  # of each worker, which have connections of their own
            self.renew(extension, "pair")
        self.wait_at(self.second, count, 25)

    def test_keep_alive(self):
        """A PBX that answered a ping answers the next one no more: after 10 s its connection is
        taken for lost, and the line registers by another (RFC 5626 section 4.4.1)."""
        wait_until("a ping was answered", lambda: self.mute.ping_count > 0, 35)
        time.sleep(0.5)
        registers, pings = len(self.mute.registers), self.mute.ping_count
        held = list(self.mute.connections)
        self.mute.is_deaf = True
        wait_until("the next ping", lambda: self.mute.ping_count > pings, 35)
        pinged = time.monotonic()
        wait_until("its connection is closed",
                   lambda: not set(held) & set(self.mute.connections), 15)
        took = time.monotonic() - pinged
        check(8 < took < 13, f"after {took:.1f} s")
        self.mute.is_deaf = False
        wait_until("the line registers anew", lambda: len(self.mute.registers) > registers, 10)
        self.lineward.wait_registered(["501"], group="mute", seconds=20)
        check('cause="no answer to a keep-alive ping"' in self.lineward.program.text(),
              "the log does not tell why")


def main():
    args = arguments(__doc__)
    return run_trial(Trial(args.bin), args.names)


if __name__ == "__main__":
    run_script(main)
