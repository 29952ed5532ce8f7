#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who has a page open that listens to events is logged in, and 30 s after the last sign of life is
not: real calls, with event connections like a browser's and a program's (docs/decision.md, "Logged
in")."""

import http.client
import json
import socket
import threading
import time

from processes import wait_until
from runner import arguments, check, run_script, run_trial
from wire import DOMAIN, LINE, TARGET, Wire

OFFSET = 1300  # of the ports; those of the other tests lie elsewhere
PASSWORD = "a long password"
ALIVE_S = 30


class Page:
    """An event connection by Server-Sent Events, with the header given."""

    def __init__(self, port, header):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n{header}\r\n"
                            "Accept: text/event-stream\r\n\r\n".encode())
        self.received = b""
        threading.Thread(target=self.read, daemon=True).start()
        wait_until("events are sent", lambda: b"hello" in self.received, 5)

    def read(self):
        try:
            while data := self.socket.recv(65536):
                self.received += data
        except OSError:
            return

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Trial:
    def __init__(self, binary):
        self.wire = Wire("web_client", binary, OFFSET)
        self.wire.set_up()
        self.pbx, self.lineward = self.wire.pbx, self.wire.lineward
        self.lineward.command("forward", "clear", LINE, "immediate")
        self.lineward.command("forward", "set", LINE, "logged_off", "--to", TARGET)
        self.lineward.command("user", "set", "sales", "--login", "auto", "--password", PASSWORD)
        self.port = self.wire.ports.api
        self.cookie = self.sign_in()
        self.count = 0

    def sign_in(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("POST", "/api/v1/session", json.dumps(
            {"name": "sales", "password": PASSWORD}), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        check(answer.status in (200, 201), f"cannot sign in: {answer.status}")
        connection.close()
        return answer.headers["Set-Cookie"].split(";")[0]

    def rings(self):
        """Whether a call rings now; else it is forwarded."""
        self.count += 1
        name = f"call-{self.count}"
        self.pbx.send(self.pbx.request("INVITE", name))
        while (answer := self.pbx.received.get(timeout=5)).status == 100:
            pass
        if answer.status == 180:
            self.pbx.send(self.pbx.request("CANCEL", name))
            while (final := self.pbx.final(name)).first("CSeq").split()[1] != "INVITE":
                pass
            self.pbx.send(self.pbx.ack(final))
            return True
        check(answer.status == 302, answer.start_line)
        check(f"<sip:{TARGET}@{DOMAIN}>" in answer.first("Contact"), answer.first("Contact"))
        self.pbx.send(self.pbx.ack(answer))
        return False

    def explains(self):
        return "logged in" if "the user is logged in" in self.lineward.command(
            "explain", LINE, "--from", "202") else "logged off"

    def test_a_cookie_alone_does_not_count(self):
        check(not self.rings(), "rings for who has only signed in")
        check(self.explains() == "logged off", "explain says that the user is logged in")

    def test_a_program_does_not_count(self):
        said = self.lineward.command("token", "add", "prober", "--user", "sales")
        secret = next(word for word in said.split() if len(word) > 40)
        page = Page(self.port, f"Authorization: Bearer {secret}")
        time.sleep(1.5)
        check(not self.rings(), "rings for a program that listens with a token")
        page.close()

    def test_a_page_counts(self):
        page = Page(self.port, f"Cookie: {self.cookie}")
        wait_until("the page counts", lambda: self.explains() == "logged in", 5)
        check(self.rings(), "does not ring for who has a page open")
        wait_until("the page is told of the call", lambda: b"call_began" in page.received, 5)
        time.sleep(12)
        check(self.rings(), "does not ring for a page that is still open")
        page.close()
        closed = time.monotonic()
        check(self.rings(), "does not ring right after the page was closed")
        time.sleep(ALIVE_S - 4 - (time.monotonic() - closed))
        check(self.rings(), "does not ring shortly before the 30 s are over")
        time.sleep(ALIVE_S + 2.5 - (time.monotonic() - closed))
        check(not self.rings(), "rings though nobody has had a page open for 30 s")
        check(self.explains() == "logged off", "explain says that the user is logged in")


def main():
    options = arguments(__doc__)
    return run_trial(Trial(options.bin), options.names)


if __name__ == "__main__":
    run_script(main)
