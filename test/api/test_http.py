#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP as strangers speak it: malformed, in pieces, many requests at once, too slow, too many."""

import json
import os
import random
import resource
import socket
import subprocess
import time
import unittest

from client import TOKEN, Server

HEALTH = b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n"


def post(number):
    """A request with a body, that adds a user."""
    body = json.dumps({"name": f"user {number}"}).encode()
    return (b"POST /api/v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s"
            % (TOKEN.encode(), len(body), body))


class Wire:
    """A connection of bytes."""

    def __init__(self, server, timeout=10):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        data = self.socket.recv(65536)
        self.rest += data
        return data

    def answer(self):
        """The next answer: status, header fields in lower case, body; None at the end."""
        while b"\r\n\r\n" not in self.rest:
            if not self.receive():
                assert not self.rest, self.rest
                return None
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        first, *fields = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, value in
                   (field.split(":", 1) for field in fields)}
        length = int(headers.get("content-length", "0"))
        while len(self.rest) < length:
            assert self.receive(), "the answer is cut off"
        body, self.rest = self.rest[:length], self.rest[length:]
        return int(first.split()[1]), headers, body

    def ends(self):
        return not self.rest and not self.receive()


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())

    def wire(self, timeout=10):
        return self.enterContext(Wire(self.server, timeout))

    def ask(self, data):
        """Sends `data` and returns the first answer's status and whether the connection ends."""
        with Wire(self.server) as wire:
            wire.send(data)
            answer = wire.answer()
            self.assertIsNotNone(answer, data)
            closes = answer[1].get("connection") == "close"
            if closes:
                self.assertTrue(wire.ends())
            return answer[0], closes


class Heads(Case):
    def test_malformed(self):
        for head in (
                b"\r\n\r\n", b"GET\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP\r\n\r\n",
                b" GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
                b"G\xc3\x84T / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
                b"GET x HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
                b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /% HTTP/1.1\r\nHost: x\r\n\r\n",
                b"GET /%4 HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /?a=%f HTTP/1.1\r\nHost: x\r\n\r\n",
                b"GET / HTTP/1.1\nHost: x\n\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: x\r\nA\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nauthorization: b\r\n\r\n",
                b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n{}",
                b"GET /?" + b"a&" * 17 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"):
            self.assertEqual(self.ask(head), (400, True), head)

    def test_other_versions(self):
        for version in (b"HTTP/2.0", b"HTTP/1.2", b"HTTP/0.9", b"HTTP/1.10", b"HTTP/x"):
            self.assertEqual(self.ask(b"GET / " + version + b"\r\nHost: x\r\n\r\n"), (505, True))

    def test_too_long(self):
        for head in (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 9000 + b"\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 101 + b"\r\n",
                     b"a" * 100000):
            self.assertEqual(self.ask(head), (431, True))

    def test_unusual_but_right(self):
        for head in (
                b"GET http://any.example:80/api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n",
                b"GET /api/%76%31/health HTTP/1.1\r\nHOST:x\r\n\r\n",
                b"GET /api/v1/health? HTTP/1.1\r\nHost: \r\n\r\n",
                b"GET /api/v1/health?&& HTTP/1.1\r\nHost: x\r\nX-Y_Z!: \t a\xff b \t\r\n\r\n",
                b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 7000 + b"\r\n\r\n",
                b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\n\r\n"):
            self.assertEqual(self.ask(head), (200, False), head)

    def test_connections_that_end(self):
        for head in (b"GET /api/v1/health HTTP/1.0\r\n\r\n",
                     b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                     b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: a, Close\r\n\r\n"):
            self.assertEqual(self.ask(head), (200, True))

    def test_not_utf8(self):
        for target in (b"/groups/%ff", b"/groups/\xff", b"/groups/%c0%80",
                       b"/groups?limit=%ed%a0%80"):
            status, _ = self.ask(b"GET /api/v1%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s"
                                 b"\r\n\r\n" % (target, TOKEN.encode()))
            self.assertEqual(status, 400)


class Bodies(Case):
    def test_lengths_that_are_none(self):
        for field, wanted in ((b"Content-Length: -1", 400), (b"Content-Length: 2x", 400),
                              (b"Content-Length:", 400), (b"Content-Length: 0x2", 400),
                              (b"Content-Length: 2, 2", 400), (b"Content-Length: +2", 400),
                              (b"Content-Length: 65537", 413),
                              (b"Content-Length: " + b"9" * 50, 413),
                              (b"Transfer-Encoding: chunked", 411),
                              (b"Transfer-Encoding: identity", 411),
                              (b"Transfer-Encoding: chunked\r\nContent-Length: 2", 411)):
            request = post(0).split(b"Content-Length")[0] + field + b"\r\n\r\n{}"
            self.assertEqual(self.ask(request), (wanted, True), field)

    def test_a_large_body_does_not_hide_the_answer(self):
        """A client that sends on and reads only at the end gets the reason."""
        for request in (b"Content-Length: 3000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"):
            wire = self.wire()
            wire.send(post(0).split(b"Content-Length")[0] + request)
            try:
                for _ in range(200):
                    wire.send(b"x" * 15000)
            except OSError:
                pass
            self.assertIn(wire.answer()[0], (411, 413))

    def test_a_client_that_waits_to_be_asked(self):
        head, body = post("waits").split(b"\r\n\r\n")
        wire = self.wire()
        wire.send(head + b"\r\nExpect: 100-continue\r\n\r\n")
        self.assertEqual(wire.answer()[0], 100)
        wire.send(body)
        self.assertEqual(wire.answer()[0], 201)


class Streams(Case):
    def test_in_pieces(self):
        """However a stream of requests is cut, each is answered, in order."""
        rng = random.Random(1)
        for turn in range(60):
            requests = [rng.choice((HEALTH, post(f"{turn} {i}"))) for i in range(12)]
            stream, wire = b"".join(requests), self.wire()
            while stream:
                cut = rng.choice((1, 2, 7, 60, 300, 5000))
                wire.send(stream[:cut])
                stream = stream[cut:]
                if rng.random() < 0.02:
                    time.sleep(0.01)
            for request in requests:
                status, _, body = wire.answer()
                self.assertEqual(status, 200 if request == HEALTH else 201)
                name = b"" if request == HEALTH else request.split(b"\r\n\r\n")[1][1:-1]
                self.assertIn(name, body)

    def test_many_at_once(self):
        wire = self.wire()
        wire.send(HEALTH * 500)
        for _ in range(500):
            self.assertEqual(wire.answer()[0], 200)
        wire.send(HEALTH)
        self.assertEqual(wire.answer()[0], 200)

    def test_who_does_not_read_stops_only_himself(self):
        wire = self.wire()
        wire.socket.setblocking(False)
        sent, until = 0, time.monotonic() + 3
        while time.monotonic() < until:
            try:
                sent += wire.socket.send(HEALTH * 100)
            except BlockingIOError:
                time.sleep(0.01)
        self.assertEqual(self.ask(HEALTH), (200, False))
        self.assertLess(sent, 100_000_000)

    def test_half_a_request_and_gone(self):
        for cut in range(0, len(post(1)), 7):
            with Wire(self.server) as wire:
                wire.send(post(1)[:cut])
        self.assertEqual(self.ask(HEALTH), (200, False))

    def test_a_long_answer_to_a_slow_reader(self):
        for i in range(300):
            self.ask(post(f"{i:03} " + "x" * 50))
        wire = self.wire()
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.send(b"GET /api/v1/users?limit=1000 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s"
                  b"\r\n\r\n" % TOKEN.encode())
        for _ in range(20):
            wire.rest += wire.socket.recv(1000)
            time.sleep(0.01)
        status, _, body = wire.answer()
        self.assertEqual(status, 200)
        self.assertGreaterEqual(len(json.loads(body)["items"]), 300)


class Limits(Case):
    def test_too_slow(self):
        """A request that does not become complete ends after 20 s, whether it drips or stops."""
        head = b"POST /api/v1/users HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
        starts = (b"", head, head + b"\r\n", head + b"\r\n", head)
        wires = [self.wire(timeout=60) for _ in starts]
        for wire, start in zip(wires, starts):
            wire.send(start)
        began, open_wires = time.monotonic(), set(wires[3:])
        while open_wires and time.monotonic() < began + 40:
            time.sleep(0.5)
            for wire in list(open_wires):
                try:
                    wire.send(b"a")
                except OSError:
                    open_wires.remove(wire)
        took = time.monotonic() - began
        self.assertTrue(18 < took < 35, f"dripping ended after {took:.0f} s")
        for wire in wires[:3]:
            self.assertTrue(wire.ends())
        self.assertEqual(self.ask(HEALTH), (200, False))

    def test_two_thousand_slow_ones(self):
        """Whoever sends nothing, or half a request, takes nobody's place for long: others are
        answered at once, and those that are slow go first."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with Server() as server:
            slow, slowest = [], 0
            for i in range(2000):
                wire = socket.socket()
                wire.setblocking(False)
                wire.connect_ex(("127.0.0.1", server.port))
                slow.append(wire)
                if i % 3:
                    try:
                        wire.send(HEALTH[:i % len(HEALTH)])
                    except OSError:
                        pass
            time.sleep(1.2)
            for _ in range(20):
                began = time.monotonic()
                with Wire(server) as wire:
                    wire.send(HEALTH)
                    self.assertEqual(wire.answer()[0], 200)
                slowest = max(slowest, time.monotonic() - began)
            for wire in slow:
                wire.close()
        self.assertLess(slowest, 1)


class Addresses(unittest.TestCase):
    def test_a_port_in_use(self):
        with Server() as server:
            done = subprocess.run([os.environ["API_SERVER"], TOKEN], capture_output=True, text=True,
                                  env={**os.environ, "API_SERVER_PORT": str(server.port)},
                                  stdin=subprocess.DEVNULL, timeout=20, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"cannot listen on 127.0.0.1:{server.port}: in use by another program",
                      done.stderr)


if __name__ == "__main__":
    unittest.main()
