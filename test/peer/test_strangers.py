#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What strangers try: requests that we do not serve, other people's lines, relaying, spoofed
answers, stolen credentials. Each gets its right answer, or none, and moves nothing.

docs/strangers.md says why.
"""

import re
import socket
import statistics
import time

from message import Message
from processes import wait_until
from runner import arguments, check, run_script, run_trial
from wire import DOMAIN, LINE, STRANGER, TARGET, Endpoint, Wire, response_to

OFFSET = 600
GROWTH_MAX = 300  # bytes that an answer to a stranger may have more than the request
NOBODY = "299"    # a number that is no line
REALM = "wire-realm"

# method, headers, the status that it deserves, and a header that the answer must have.
SERVED = {
    "options": ("OPTIONS", {}, 200, "Allow"),
    "register": ("REGISTER", {}, 401, "WWW-Authenticate"),
    "message": ("MESSAGE", {}, 405, "Allow"),
    "subscribe": ("SUBSCRIBE", {"Event": "presence"}, 405, "Allow"),
    "notify": ("NOTIFY", {"Event": "presence"}, 405, "Allow"),
    "refer": ("REFER", {"Refer_To": "<sip:0900@elsewhere.example>"}, 405, "Allow"),
    "publish": ("PUBLISH", {"Event": "presence"}, 405, "Allow"),
    "update": ("UPDATE", {"To": f"<sip:{LINE}@{DOMAIN}>;tag=none"}, 481, None),
    "info": ("INFO", {"To": f"<sip:{LINE}@{DOMAIN}>;tag=none"}, 481, None),
    "bye": ("BYE", {"To": f"<sip:{LINE}@{DOMAIN}>;tag=none"}, 481, None),
    "cancel": ("CANCEL", {}, 481, None),
    "unknown method": ("DANCE", {}, 501, "Allow"),
    "extension": ("OPTIONS", {"Require": "100rel, gruu"}, 420, "Unsupported"),
    "many extensions": ("OPTIONS", {"Require": ", ".join(f"extension{i}" for i in range(100))},
                        420, None),
    "version": ("OPTIONS", {"version": "SIP/3.0"}, 505, None),
    "scheme": ("OPTIONS", {"uri": "mailto:someone@elsewhere.example"}, 416, None),
    "no call-id": ("OPTIONS", {"without": "Call-ID"}, 400, None),
    "wrong cseq": ("OPTIONS", {"CSeq": "1 INVITE"}, 400, None),
    "length of words": ("OPTIONS", {"Content_Length": "0x0"}, 400, None),
    "length with sign": ("OPTIONS", {"Content_Length": "+0"}, 400, None),
    "two lengths": ("OPTIONS", {"Content_Length": "0\r\nContent-Length: 1"}, 400, None),
    "endless length": ("OPTIONS", {"Content_Length": "9" * 40}, 400, None),
    "longer than it is": ("OPTIONS", {"Content_Length": "500"}, 400, None),
}

# What ends a connection.
UNTRUSTED = {"length of words", "length with sign", "two lengths", "endless length"}

# The same for an INVITE of the line's PBX.
FROM_PBX = {
    "in a dialog": ({"To": f"<sip:{LINE}@{DOMAIN}>;tag=none"}, 481, None),
    "content": ({"Content_Type": "text/plain", "body": "hello"}, 415, "Accept"),
    "encoding": ({"Content_Type": "application/sdp", "Content_Encoding": "gzip", "body": "x"}, 415,
                 "Accept"),
    "no sdp wanted": ({"Accept": "text/plain"}, 406, None),
    "extension": ({"Require": "100rel"}, 420, "Unsupported"),
    "no line": ({"number": NOBODY}, 404, None),
    "version": ({"version": "SIP/3.0"}, 505, None),
}


def text_of(answer):
    """An answer without what must differ: tags, ports, Call-ID, and the number itself."""
    text = answer.decode(errors="replace")
    text = re.sub(r"nonce=\"\w+\"|tag=\w+|branch=\w+|rport=\d+|:\d{4,5}\b", "*", text)
    text = re.sub(r"Call-ID: \S+", "Call-ID: *", text)
    return re.sub(rf"\b({LINE}|{NOBODY})\b", "N", text)


class Trial:
    def __init__(self, binary):
        self.wire = Wire("strangers", binary, OFFSET)
        self.wire.set_up("--realm", REALM)
        self.pbx, self.lineward = self.wire.pbx, self.wire.lineward
        self.count = 0

    def name(self):
        self.count += 1
        return f"call{self.count}"

    def check_calls_go_on(self):
        final = self.pbx.call(self.name())
        check(final.status == 302, f"{final.start_line}, not 302")
        check(f"<sip:{TARGET}@{DOMAIN}>" in final.first("Contact"), final.first("Contact"))

    def check_counted(self, counter, action):
        before = self.wire.status()[counter]
        action()
        wait_until(f"`{counter}` is counted", lambda: self.wire.status()[counter] > before, 3)

    # ---- right answers

    def check_answer(self, name, asker, method, headers, status, header):
        answer = asker.ask(asker.request(method, self.name(), **headers))
        seen = answer.start_line if answer else "no answer"
        check(answer and answer.status == status, f"{name}: {seen}, not {status}")
        check(not header or answer.first(header), f"{name}: the answer has no {header}")

    def test_served(self):
        """What we do not serve gets its right answer, whoever asks."""
        for host in (STRANGER, "127.0.0.1"):
            asker = self.wire.stranger(host)
            for name, (method, headers, status, header) in SERVED.items():
                self.check_answer(name, asker, method, headers, status, header)
            asker.close()
        self.check_calls_go_on()

    def test_invite_of_pbx(self):
        """The same for an INVITE of the PBX."""
        asker = self.wire.stranger("127.0.0.1")
        for name, (headers, status, header) in FROM_PBX.items():
            self.check_answer(name, asker, "INVITE", headers, status, header)
        self.check_counted("unknown_numbers", lambda: self.check_answer(
            "no line", asker, "INVITE", {"number": NOBODY}, 404, None))
        asker.close()

    def ask_by_tcp(self, host, method, headers):
        """A request by a connection; returns the final answer, and whether the connection stays."""
        asker = self.wire.stranger(host)
        text = asker.request(method, self.name(), **headers).replace("SIP/2.0/UDP", "SIP/2.0/TCP")
        with socket.create_connection(self.wire.lineward_at, 5, (host, 0)) as connection:
            connection.settimeout(3)
            connection.sendall(text.encode())
            held = b""
            while b"\r\n\r\n" not in held or Message(held.decode()).status < 200:
                more = connection.recv(65536)
                check(more, f"{method} {headers}: closed without an answer")
                held = more if b"\r\n\r\n" in held else held + more
            try:
                connection.sendall(b"\r\n\r\n")
                stays = connection.recv(100) == b"\r\n"
            except ConnectionError:
                stays = False
        asker.close()
        return Message(held.decode()), stays

    def test_served_by_tcp(self):
        """The same by a connection, which ends where nothing behind a message can be trusted."""
        table = [(host, *row) for host in (STRANGER, "127.0.0.1") for row in SERVED.items()
                 if row[0] != "longer than it is"]  # here that is a message that is not whole
        table += [("127.0.0.1", name, ("INVITE", *row)) for name, row in FROM_PBX.items()]
        for host, name, (method, headers, status, header) in table:
            answer, stays = self.ask_by_tcp(host, method, headers)
            check(answer.status == status, f"{name}: {answer.start_line}, not {status}")
            check(not header or answer.first(header), f"{name}: the answer has no {header}")
            check(stays == (name not in UNTRUSTED), f"{name}: the connection stays: {stays}")
        self.check_calls_go_on()

    # ---- listing lines

    def test_lines_are_not_listed(self):
        """An existing line and a missing one are the same to a stranger, method by method."""
        for method in ("INVITE", "OPTIONS", "REGISTER", "SUBSCRIBE", "BYE", "CANCEL"):
            texts = set()
            for number in (LINE, NOBODY):
                stranger = self.wire.stranger()
                stranger.send(stranger.request(method, self.name(), number))
                answer = stranger.receive()
                check(answer, f"{method} {number}: no answer")
                texts.add(text_of(answer))
                check(stranger.receive(0.1) is None, f"{method} {number}: a second datagram")
                stranger.close()
            check(len(texts) == 1, f"{method}: two answers: {texts}")
        self.check_counted("strangers", lambda: self.ask_as_stranger("INVITE"))

    def ask_as_stranger(self, method, number=LINE):
        stranger = self.wire.stranger()
        stranger.ask(stranger.request(method, self.name(), number))
        stranger.close()

    def test_lines_are_not_timed(self):
        """Nor does the time tell: asked in turns, the medians hardly differ."""
        stranger = self.wire.stranger()
        times = {LINE: [], NOBODY: []}
        for i in range(2000):
            number = (LINE, NOBODY)[i % 2]
            request = stranger.request("INVITE", self.name(), number).encode()
            begin = time.perf_counter_ns()
            stranger.socket.sendto(request, stranger.lineward_at)
            check(stranger.receive(), "no answer")
            times[number].append(time.perf_counter_ns() - begin)
        stranger.close()
        here, there = (statistics.median(times[n]) for n in (LINE, NOBODY))
        spread = statistics.quantiles(times[LINE], n=4)
        check(abs(here - there) < (spread[2] - spread[0]) + 2000,
              f"{here / 1000:.1f} us for a line, {there / 1000:.1f} us for none")

    # ---- amplification

    def big_requests(self, stranger):
        """Requests whose answers would like to be long."""
        name = self.name
        vias = "".join("\r\nv:a" for _ in range(200))
        yield stranger.request("INVITE", name())
        yield stranger.request("OPTIONS", name())
        yield stranger.request("DANCE", name())
        yield stranger.request("OPTIONS", name(), Require=",".join("x" * 3 for _ in range(120)))
        yield stranger.request("INVITE", name(), Record_Route=",".join(
            f"<sip:{i}.example;lr>" for i in range(100)))
        yield (f"OPTIONS sip:a SIP/2.0\r\nv:SIP/2.0/UDP a;branch=z9hG4bK{name()}{vias}\r\nf:<sip:a>"
               f";tag=1\r\nt:<sip:a>\r\ni:{name()}\r\nCSeq:1 OPTIONS\r\nMax-Forwards:1\r\n\r\n")
        yield f"OPTIONS sip:a SIP/2.0\r\nv:SIP/2.0/UDP a{vias}\r\nf:\r\n\r\n"

    def test_amplification(self):
        """At most one datagram, at most the request and 300 bytes."""
        for spoken in range(7):
            stranger = self.wire.stranger()
            text = list(self.big_requests(stranger))[spoken]
            text = re.sub(r"(SIP/2.0/UDP [^\r;]+)", r"\1;rport", text, count=1)
            stranger.send(text)
            answer = stranger.receive(0.7)
            size = len(answer or b"")
            check(size <= len(text) + GROWTH_MAX,
                  f"{size} bytes for {len(text)}: {text[:60]!r}")
            check(stranger.receive(0.7) is None, f"a second datagram for {text[:60]!r}")
            stranger.close()

    # ---- relaying

    def test_no_relay(self):
        """No Route, Request-URI, Via, Contact or Refer-To makes us send anything to a third one."""
        victim = self.wire.stranger("127.0.0.4")
        there = f"sip:{victim.here}"
        for asker in (self.wire.stranger(), self.wire.stranger("127.0.0.1")):
            for method in ("INVITE", "OPTIONS", "REGISTER", "MESSAGE", "REFER", "BYE", "ACK",
                           "SUBSCRIBE", "PUBLISH", "DANCE"):
                for headers in (
                        {"Route": f"<{there};lr>"}, {"uri": f"{there};lr"},
                        {"uri": f"{there}?Route=%3C{there}%3E"}, {"Contact": f"<{there}>"},
                        {"Via": f"SIP/2.0/UDP {asker.here};branch=z9hG4bK{self.name()};rport;"
                                f"maddr={victim.host}"},
                        {"Via": f"SIP/2.0/UDP {victim.here};branch=z9hG4bK{self.name()};rport"},
                        {"Refer_To": f"<{there}>"}, {"Record_Route": f"<{there};lr>"}):
                    asker.send(asker.request(method, self.name(), **headers))
            time.sleep(0.2)
            asker.drain()
        seen = victim.receive(1.0)
        check(seen is None, f"a third one got {seen and seen[:60]}")
        victim.close()
        self.check_calls_go_on()

    def test_foreign_register(self):
        """A REGISTER for our line's number binds nothing: calls follow the line's settings."""
        for host in (STRANGER, "127.0.0.1"):
            thief = self.wire.stranger(host)
            answer = thief.ask(thief.request("REGISTER", self.name(), Expires="3600"))
            check(answer and answer.status == 401, f"{answer and answer.start_line}, not 401")
            self.check_calls_go_on()
            check(thief.receive(0.3) is None, "the thief was called")
            thief.close()

    # ---- spoofed answers

    def refresh(self, seconds=5):
        """Makes the line register again; returns the REGISTERs of that."""
        before = len(self.pbx.requests)
        self.lineward.command("line", "set", LINE, "--group", "wire", "--enabled", "off")
        self.lineward.command("line", "set", LINE, "--group", "wire", "--enabled", "on")
        wait_until("the line registers", lambda: [
            r for r in self.pbx.requests[before:]
            if r.method == "REGISTER" and r.first("Expires") != "0"], seconds)
        return before

    def sent_credentials(self, since):
        return [r for r in self.pbx.requests[since:]
                if r.first("Authorization") or r.first("Proxy-Authorization")]

    @staticmethod
    def challenge(request, realm=REALM, status=401):
        name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
        return response_to(request, status, "Who are you", (
            f'{name}: Digest realm="{realm}", nonce="abc", algorithm=MD5, qop="auth"',))

    def test_spoofed_answers(self):
        """Answers from elsewhere to our own REGISTERs, by somebody who saw them, do nothing."""
        spoofer = self.wire.stranger()
        silent = []
        self.pbx.answer = lambda request: (self.pbx.accept(request)
                                           if request.first("Expires") == "0"
                                           else silent.append(request) or [])
        before = self.refresh()
        request = next(r for r in silent if r.method == "REGISTER")
        for text in (self.challenge(request), self.challenge(request, status=407),
                     self.pbx.accept(request)[0],
                     response_to(request, 302, "Moved", (f"Contact: <sip:201@{spoofer.here}>",)),
                     response_to(request, 403, "Forbidden")):
            spoofer.send(text)
            self.tcp_say(text)
        time.sleep(0.3)
        state = self.lineward.registration(LINE, "wire")["state"]
        check(state in ("disabled", "waiting", "unreachable"),
              f"a spoofed answer was believed: {state}")
        check(not self.sent_credentials(before), "credentials were sent")
        check(spoofer.receive(0.3) is None, "the spoofer got an answer")
        self.pbx.answer = self.pbx.accept
        self.lineward.wait_registered([LINE], "wire", 15)
        spoofer.close()

    def tcp_say(self, text):
        """The same over a stranger's connection."""
        with socket.create_connection(self.wire.lineward_at, 3, (STRANGER, 0)) as connection:
            connection.sendall(text.encode())

    def test_unasked_answers(self):
        """Answers to what was never sent, from anywhere: nothing comes of them."""
        request = Message(self.pbx.request("REGISTER", "unasked", Via=(
            f"SIP/2.0/UDP 127.0.0.1:{self.wire.ports.sip};branch=z9hG4bKunasked")))
        before = len(self.pbx.requests)
        victim = self.wire.stranger("127.0.0.4")
        for source in (self.pbx, self.wire.stranger()):
            for text in (self.challenge(request), self.pbx.accept(request)[0],
                         response_to(request, 302, "Moved", (f"Contact: <sip:a@{victim.here}>",)),
                         response_to(Message(self.pbx.request("INVITE", "unasked")), 200, "OK")):
                source.send(text)
        check(victim.receive(0.5) is None, "the victim got something")
        check(not self.sent_credentials(before), "credentials were sent")
        self.check_calls_go_on()
        victim.close()

    def test_other_realm(self):
        """A challenge of another realm, though from the PBX: no credentials, and it is said so."""
        for realm in ("elsewhere", "", REALM + "x"):
            self.pbx.answer = lambda request, realm=realm: [self.challenge(request, realm)]
            before = self.refresh()
            wait_until("the line is refused", lambda: self.lineward.registration(
                LINE, "wire")["state"] == "refused", 5)
            check(not self.sent_credentials(before), f"credentials were sent to {realm!r}")
            reason = self.lineward.registration(LINE, "wire")["reason"]
            check("realm" in reason, f"it does not say why: {reason}")
        self.pbx.answer = lambda request: (self.pbx.accept(request) if request.first(
            "Authorization") else [self.challenge(request)])
        before = self.refresh()
        self.lineward.wait_registered([LINE], "wire")
        check(self.sent_credentials(before), "the right realm got no credentials")
        self.pbx.answer = self.pbx.accept

    def test_redirected_register(self):
        """The PBX's own 302 to a REGISTER: nobody else gets the line's REGISTER."""
        victim = self.wire.stranger("127.0.0.4")
        self.pbx.answer = lambda request: [response_to(
            request, 302, "Moved", (f"Contact: <sip:{victim.here}>",))]
        self.refresh()
        wait_until("the line is refused", lambda: self.lineward.registration(
            LINE, "wire")["state"] == "refused", 5)
        check(victim.receive(0.5) is None, "the REGISTER went elsewhere")
        self.pbx.answer = self.pbx.accept
        self.refresh()
        self.lineward.wait_registered([LINE], "wire")
        victim.close()

    def test_foreign_cancel(self):
        """A call can be cancelled and acknowledged by its own PBX alone."""
        self.lineward.api("PATCH", "users/sales", {"login": "off", "mailbox": ""})
        self.lineward.api("PATCH", "groups/wire", {"decline_unavailable": "ringing"})
        self.lineward.api("DELETE", f"groups/wire/lines/{LINE}/forwardings/immediate/all")
        caller = self.wire.stranger("127.0.0.1")
        call_id = self.name()
        caller.send(caller.request("INVITE", call_id))
        while (answer := Message(caller.receive(3).decode())).status != 180:
            pass
        thief = Endpoint(self.wire.lineward_at, STRANGER)
        final = thief.ask(caller.request("CANCEL", call_id), 0.5)
        check(final is None, "the thief got an answer at its own address")
        seen = caller.receive(0.5)  # the 481 goes where the Via says, or nowhere
        check(seen is None or b" 487 " not in seen, "the thief's CANCEL ended the call")
        caller.send(caller.request("CANCEL", call_id))
        statuses = {Message(caller.receive(3).decode()).status for _ in range(2)}
        check(statuses == {200, 487}, f"{statuses} for the caller's own CANCEL")
        caller.close()
        thief.close()
        self.lineward.api("PATCH", "users/sales", {"login": "on"})
        self.lineward.api("PUT", f"groups/wire/lines/{LINE}/forwardings/immediate/all",
                          {"target": TARGET, "enabled": True})

    def test_calls_go_on(self):
        self.check_calls_go_on()


def main():
    options = arguments(__doc__)
    return run_trial(Trial(options.bin), options.names)


if __name__ == "__main__":
    run_script(main)
