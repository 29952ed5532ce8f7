#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Events as they come: by WebSocket, written here from RFC 6455, and as Server-Sent Events."""

import base64
import hashlib
import json
import os
import socket
import struct
import time
import unittest

from client import TOKEN
from test_access import DOCUMENT, Case

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Listener:
    """A connection to /events; `read` returns the next event."""

    def __init__(self, server, extra=(), token=TOKEN, target="/api/v1/events"):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        head = [f"GET {target} HTTP/1.1", "Host: x", *extra]
        if token:
            head.append(f"Authorization: Bearer {token}")
        self.socket.sendall("\r\n".join([*head, "", ""]).encode())
        self.rest = b""
        while b"\r\n\r\n" not in self.rest:
            self.fill()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        self.head = head.decode()
        self.status = int(self.head.split()[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def fill(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self.rest += data

    def take(self, count):
        while len(self.rest) < count:
            self.fill()
        data, self.rest = self.rest[:count], self.rest[count:]
        return data


class Sse(Listener):
    def __init__(self, server, extra=(), **options):
        super().__init__(server, ["Accept: text/event-stream", *extra], **options)

    def read(self):
        while True:
            while b"\n\n" not in self.rest:
                self.fill()
            block, self.rest = self.rest.split(b"\n\n", 1)
            fields = dict(line.split(": ", 1) for line in block.decode().splitlines()
                          if not line.startswith(":"))
            if "data" in fields:
                return {**json.loads(fields["data"]), "id": fields.get("id")}


class WebSocket(Listener):
    def __init__(self, server, extra=(), **options):
        self.key = base64.b64encode(os.urandom(16)).decode()
        self.pings = 0
        super().__init__(server, ["Upgrade: websocket", "Connection: Upgrade",
                                  f"Sec-WebSocket-Key: {self.key}", "Sec-WebSocket-Version: 13",
                                  *extra], **options)

    def frame(self):
        first, second = self.take(2)
        length = second & 0x7f
        assert not second & 0x80 and first & 0x80, "a server's frame is whole and not masked"
        if length == 126:
            length = struct.unpack(">H", self.take(2))[0]
        return first & 15, self.take(length)

    def read(self):
        while True:
            opcode, payload = self.frame()
            if opcode == 9:
                self.pings += 1
                self.send(10, payload)
            elif opcode == 8:
                return {"type": "close", "code": struct.unpack(">H", payload[:2])[0],
                        "reason": payload[2:].decode()}
            else:
                return json.loads(payload)

    def send(self, opcode, payload=b"", first=0x80):
        mask = os.urandom(4)
        length = bytes([0x80 | len(payload)]) if len(payload) < 126 else \
            b"\xfe" + struct.pack(">H", len(payload))
        self.socket.sendall(bytes([first | opcode]) + length + mask +
                            bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))


class Events(Case):
    def listen(self, kind, client=None, **options):
        extra = [f"Cookie: {client.cookie}"] if client and client.cookie else []
        if extra:
            options["token"] = None
        elif client:
            options["token"] = client.token
        return self.enterContext(kind(self.server, extra, **options))

    def test_both_ways_tell_the_same(self):
        listeners = [self.listen(kind) for kind in (Sse, WebSocket)]
        self.assertEqual([listener.status for listener in listeners], [200, 101])
        self.assertIn("Content-Type: text/event-stream", listeners[0].head)
        accept = base64.b64encode(hashlib.sha1(listeners[1].key.encode() + GUID).digest())
        self.assertIn(f"Sec-WebSocket-Accept: {accept.decode()}", listeners[1].head)
        for listener in listeners:
            self.assertEqual(listener.read()["type"], "hello")
        self.call("changeLine", "main", "101", body={"enabled": False}, status=200)
        self.call("putForwarding", "main", "101", "dnd", "all", body={"target": "5"}, status=201)
        self.call("removeForwarding", "main", "101", "dnd", "all", status=204)
        for listener in listeners:
            events = [listener.read() for _ in range(3)]
            ids = [event.pop("id") for event in events]
            self.assertEqual(len(set(ids)), 3)
            line = {"type": "setting", "group": "main", "extension": "101"}
            slot = {**line, "kind": "forwarding", "condition": "dnd", "origin": "all"}
            self.assertEqual(events, [{**line, "kind": "line", "change": "changed"},
                                      {**slot, "change": "added"}, {**slot, "change": "removed"}])
            for event in events:
                DOCUMENT.check({"$ref": "#/components/schemas/Event"}, {**event, "id": "x-1"})

    def test_everybody_sees_what_is_theirs(self):
        sales, other = self.sign_in("sales"), self.sign_in("other")
        group = self.token(group="second")
        listeners = {name: self.listen(WebSocket, client) for name, client in
                     (("sales", sales), ("other", other), ("group", group), ("all", None))}
        for listener in listeners.values():
            self.assertEqual(listener.read()["type"], "hello")
        self.call("changeUser", "sales", body={"dnd": True}, status=200)
        self.call("changeLine", "main", "102", body={"display_name": "x"}, status=200)
        self.call("putLine", "second", "7", body={}, status=201)
        self.call("changeGroup", "main", body={"area_code": "1"}, status=200)
        self.call("changeUser", "other", body={"dnd": True}, status=200)
        self.call("changeUser", "sales", body={"dnd": False}, status=200)
        self.call("putLine", "second", "8", body={}, status=201)

        def seen(name, count):
            events = [listeners[name].read() for _ in range(count)]
            return [event.get("name") or event.get("extension") for event in events]
        self.assertEqual(seen("sales", 2), ["sales", "sales"])
        self.assertEqual(seen("other", 2), ["102", "other"])
        self.assertEqual(seen("group", 2), ["7", "8"])
        self.assertEqual(seen("all", 7), ["sales", "102", "7", "main", "other", "sales", "8"])

    def test_what_the_engine_tells(self):
        """By both ways: a call that changes for its owner, an alarm for administrators alone."""
        sales, other = self.sign_in("sales"), self.sign_in("other")
        for kind in (WebSocket, Sse):
            listeners = [self.listen(kind, client) for client in (None, sales, other)]
            for listener in listeners:
                self.assertEqual(listener.read()["type"], "hello")
            self.server.process.stdin.write("alarm\ncall_changed\n")
            self.server.process.stdin.flush()
            chief, owner, stranger = listeners
            alarm = chief.read()
            self.assertEqual((alarm["type"], alarm["state"], alarm["count"]),
                             ("alarm", "overload", 7))
            for listener in (chief, owner):
                changed = listener.read()
                self.assertEqual({**changed, "id": ""}, {
                    "type": "call_changed", "id": "", "group": "main", "line": "101",
                    "call": "a@b", "caller": "+4930555123", "state": "ringing"})
            self.call("changeUser", "other", body={"dnd": kind is Sse}, status=200)
            self.assertEqual(stranger.read()["type"], "setting")
            for listener in listeners:
                listener.socket.close()

    def test_an_alarm_that_is_lifted(self):
        """Other dashboards learn of it at once."""
        listener = self.listen(WebSocket)
        self.assertEqual(listener.read()["type"], "hello")
        self.call("liftAlarm", "1", body={}, status=204)
        told = listener.read()
        self.assertEqual((told["type"], told["state"], told["group"], told["line"], told["number"],
                          told["outcome"]),
                         ("alarm", "forwarded_per_hour", "main", "101", "1", "lifted"))

    def test_resuming(self):
        first = self.listen(Sse)
        first.read()
        for i in range(5):
            self.call("changeUser", "sales", body={"display_name": str(i)}, status=200)
        ids = [first.read()["id"] for _ in range(5)]
        again = self.listen(Sse, target=f"/api/v1/events?last_event_id={ids[1]}")
        self.assertEqual([again.read()["id"] for _ in range(3)], ids[2:])
        with Sse(self.server, [f"Last-Event-ID: {ids[3]}"]) as listener:
            self.assertEqual(listener.read()["id"], ids[4])
        for unknown in ("0", "x", "deadbeef-1", ids[4].split("-")[0] + "-99999", ""):
            with Sse(self.server, [f"Last-Event-ID: {unknown}"]) as listener:
                self.assertEqual(listener.read()["type"], "hello", unknown)

    def test_a_slow_reader_is_dropped(self):
        """Others are told all the same, and the slow one learns why."""
        slow = self.listen(WebSocket)
        slow.read()
        fast = self.listen(WebSocket)
        fast.read()
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        count, until = 0, time.monotonic() + 60
        while count < 12000 and time.monotonic() < until:
            for _ in range(500):
                self.client.connection.sock.sendall(self.change_request(count))
                count += 1
            for _ in range(500):
                self.skip_answer()
            for _ in range(500):
                fast.read()
        last = None
        try:
            while True:
                last = slow.read()
                if last["type"] == "close":
                    break
        except EOFError:
            pass
        self.assertEqual((last["type"], last.get("code")), ("close", 1008), last)
        self.assertIn("slow", last["reason"])

    def change_request(self, number):
        body = b'{"display_name": "%d %s"}' % (number, b"x" * 60)
        return (b"PATCH /api/v1/users/sales HTTP/1.1\r\nHost: x\r\nContent-Type: application/json"
                b"\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s"
                % (TOKEN.encode(), len(body), body))

    def skip_answer(self):
        reader = getattr(self, "reader", None)
        if not reader:
            reader = self.reader = self.client.connection.sock.makefile("rb")
            self.addCleanup(reader.close)
        length = 0
        while (line := reader.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        reader.read(length)

    def test_frames_that_are_none(self):
        for frame, code in ((b"\x81\x01x", 1002),                       # not masked
                            (b"\xf1\x80\0\0\0\0", 1002),                # reserved bits
                            (b"\x83\x80\0\0\0\0", 1002),                # unknown
                            (b"\x09\x80\0\0\0\0", 1002),                # a ping in pieces
                            (b"\x89\xfe\x00\x80\0\0\0\0", 1002),        # a long ping
                            (b"\x81\xfe\x20\x00\0\0\0\0", 1009),        # too long
                            (b"\x81\xff" + b"\xff" * 8 + b"\0" * 4, 1009)):
            listener = self.listen(WebSocket)
            listener.read()
            listener.socket.sendall(frame)
            self.assertEqual(listener.read()["code"], code, frame)
            with self.assertRaises(EOFError):
                listener.fill()

    def test_frames_that_are_fine(self):
        listener = self.listen(WebSocket)
        listener.read()
        for opcode, payload in ((1, b"hello"), (2, b"x" * 3000), (10, b""), (9, b"ping")):
            listener.send(opcode, payload)
        for byte in b"\x81\x81abcd\x00":
            listener.socket.sendall(bytes([byte]))
        self.call("changeUser", "sales", body={"dnd": True}, status=200)
        self.assertEqual(listener.read()["name"], "sales")
        listener.send(8, struct.pack(">H", 1000))
        self.assertEqual(listener.read()["code"], 1000)

    def test_handshakes_that_are_none(self):
        for extra in (["Sec-WebSocket-Version: 13"], ["Sec-WebSocket-Key: x"],
                      ["Sec-WebSocket-Version: 12", "Sec-WebSocket-Key: " + "A" * 22 + "=="],
                      ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + "A" * 24],
                      ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + "!" * 24]):
            with Listener(self.server, ["Upgrade: websocket", *extra]) as listener:
                self.assertIn(listener.status, (400, 426), extra)
        with Listener(self.server) as listener:
            self.assertEqual(listener.status, 406)
        for kind in (Sse, WebSocket):
            with kind(self.server, token=None) as listener:
                self.assertEqual(listener.status, 401)
        sales = self.sign_in("sales")
        with WebSocket(self.server, [f"Cookie: {sales.cookie}", "Origin: http://evil.example"],
                       token=None) as listener:
            self.assertEqual(listener.status, 403)

    def test_too_many_of_one_user(self):
        sales = self.sign_in("sales")
        listeners = [self.listen(Sse, sales) for _ in range(20)]
        self.assertEqual({listener.status for listener in listeners}, {200})
        self.assertEqual(self.listen(Sse, sales).status, 429)
        listeners[0].socket.close()
        time.sleep(0.2)
        self.assertEqual(self.listen(Sse, sales).status, 200)

    def test_pings_and_the_end_of_a_session(self):
        sales = self.sign_in("sales")
        web, lines = self.listen(WebSocket, sales), self.listen(Sse, sales)
        for listener in (web, lines):
            listener.socket.settimeout(25)
            listener.read()
        self.call("signOutEverywhere", "sales", status=204)
        self.assertEqual(web.read()["code"], 1008)
        self.assertEqual(lines.read()["type"], "end")

    def test_who_does_not_answer_is_dropped(self):
        silent, lively = self.listen(WebSocket), self.listen(WebSocket)
        for listener in (silent, lively):
            listener.socket.settimeout(60)
            self.assertEqual(listener.read()["type"], "hello")
        began, pings = time.monotonic(), 0
        with self.assertRaises((EOFError, ConnectionError)):
            while True:
                pings += silent.frame()[0] == 9
                self.assertEqual(lively.frame()[0], 9)
                lively.send(10)
        self.assertTrue(25 < time.monotonic() - began < 55)
        self.assertGreaterEqual(pings, 2)
        self.call("changeUser", "sales", body={"dnd": True}, status=200)
        self.assertEqual(lively.read()["name"], "sales")


class WebClients(Case):
    """A page that listens makes its user logged in, as long as it shows that it lives."""

    ALIVE_S = 12  # more than the time between two pings

    def environment(self):
        return {"API_WEB_ALIVE": str(self.ALIVE_S)}

    def setUp(self):
        super().setUp()
        self.lines = {"sales": "101", "other": "102", "chief": "103", "fourth": "104"}
        self.call("changeUser", "sales", body={"login": "auto", "mailbox": ""}, status=200)
        self.call("addUser", body={"name": "fourth"}, status=201)
        for user in ("chief", "fourth"):
            self.call("addLine", "main", body={"extension": self.lines[user], "user": user},
                      status=201)

    def logged_in(self):
        """Whom `explain` takes for logged in."""
        return {user for user, line in self.lines.items() if self.call(
            "explainCall", "main", line, body={"from": "105"}).json["verdict"]["kind"] == "ring"}

    def page(self, kind, user):
        return kind(self.server, [f"Cookie: {self.sign_in(user).cookie}"], token=None)

    def test_alive_or_silent(self):
        self.sign_in("other")
        program = WebSocket(self.server, token=self.token(user="fourth").token)
        self.assertEqual(self.logged_in(), set())
        answering, silent = self.page(WebSocket, "other"), self.page(WebSocket, "sales")
        stream = self.page(Sse, "chief")
        self.assertEqual(self.logged_in(), {"other", "sales", "chief"})
        end = time.monotonic() + self.ALIVE_S + 2
        answering.socket.settimeout(1)
        while time.monotonic() < end:
            try:
                answering.read()
            except TimeoutError:
                pass
        self.assertEqual(self.logged_in(), {"other", "chief"})
        self.assertGreater(answering.pings, 0)
        for listener in (answering, silent, stream, program):
            listener.socket.close()
        self.assertEqual(self.logged_in(), {"other", "chief"})

    def test_closed(self):
        first, second = self.page(WebSocket, "other"), self.page(WebSocket, "other")
        first.socket.close()
        second.send(8, b"\x03\xe8")
        second.socket.close()
        closed = time.monotonic()
        while self.logged_in():
            self.assertLess(time.monotonic() - closed, self.ALIVE_S + 4)
            time.sleep(0.2)
        self.assertGreater(time.monotonic() - closed, self.ALIVE_S - 1)


if __name__ == "__main__":
    unittest.main()
