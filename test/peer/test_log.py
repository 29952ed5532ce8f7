#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What strangers and PBXs write never makes a line of the log, nor colours, nor a secret in it."""

import http.client
import re

from processes import wait_until
from runner import arguments, check, run_methods, run_script
from wire import LINE, Wire, response_to

OFFSET = 480  # of the ports; those of the other tests lie elsewhere
HOSTILE = 'No \x9b31m" level=error msg="hacked'  # U+009B begins a colour, too
VALUE = r'(?:"(?:[^"\\\x00-\x1f\x7f]|\\.)*"|[^\s"=\\]+)'
EVENT = re.compile(rf"time={VALUE} level=(?:info|warn|error) msg={VALUE}(?: \w+={VALUE})*")


class Trial:
    def __init__(self, binary):
        self.wire = Wire("log", binary, OFFSET)
        self.wire.set_up()
        self.lineward = self.wire.lineward

    def text(self):
        return self.lineward.log.read_bytes().decode("utf-8")

    def check_lines(self):
        for line in self.text().splitlines():
            check(EVENT.fullmatch(line), f"no event of ours: {line!r}")
        check("secret201" not in self.text(), "a password is in the log")

    def test_reason_of_the_pbx(self):
        """The reason of a refusal is in the log, harmless."""
        self.wire.pbx.answer = lambda request: [response_to(request, 403, HOSTILE)]
        self.lineward.command("line", "set", LINE, "--enabled", "off")
        self.lineward.command("line", "set", LINE, "--enabled", "on")
        wait_until("the refusal is told", lambda: "No " in self.text(), 10)
        self.check_lines()
        check(r'\xc2\x9b31m\" level=error msg=\"hacked' in self.text(), "it is not quoted")

    def test_strangers(self):
        """Messages full of control characters, and requests of the API."""
        stranger = self.wire.stranger()
        for bad in ("\x1b[2J", "\r\nlevel=error", "\x00", "\x9b31m", 'x" y="'):
            stranger.send(f"INVITE sip:{bad}@{bad} SIP/2.0\r\nFrom: {bad}\r\nVia: {bad}\r\n\r\n")
            stranger.send(stranger.request("REGISTER", "log", User_Agent=bad.strip()))
            connection = http.client.HTTPConnection("127.0.0.1", self.wire.ports.api, timeout=5)
            quoted = "".join(f"%{byte:02x}" for byte in bad.encode())
            connection.request("GET", f"/api/v1/groups/{quoted}?{quoted}=1",
                               headers={"Authorization": "Bearer x", "User-Agent": "a b"})
            check(connection.getresponse().status in (400, 401), "the request was taken")
            connection.close()
        stranger.close()
        self.check_lines()

    def test_names_of_settings(self):
        """A name that would end a line is refused, or quoted."""
        for name in ("a\nlevel=error msg=x", 'b" level=error', "c\x1b[31m", "d=e f"):
            self.lineward.request("POST", "groups", {
                "name": name, "server": "127.0.0.1:9", "domain": "pbx", "enabled": True})
            self.lineward.request("POST", "users", {"name": name, "display_name": name})
        self.check_lines()

    def test_ends_cleanly(self):
        self.wire.end()
        self.check_lines()


def main():
    options = arguments(__doc__)
    return run_methods(Trial(options.bin), options.names)


if __name__ == "__main__":
    run_script(main)
