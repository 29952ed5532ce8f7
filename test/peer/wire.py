# SPDX-License-Identifier: Apache-2.0
"""A PBX made of one socket, and a daemon with a line at it: for tests of single messages, without
a real PBX.

    socket of the test (PBX, stranger) --datagram--> lineward --> the same
"""

import queue
import socket
import threading
from pathlib import Path

from message import Message
from peers import Lineward, Ports, new_directory
from processes import Trouble

DOMAIN = "wire.trial"
LINE, TARGET = "201", "203"
STRANGER = "127.0.0.3"


def response_to(request, status, reason, headers=()):
    """A response by a PBX, with the headers that each response repeats."""
    lines = [f"SIP/2.0 {status} {reason}"]
    lines += [f"{name}: {value}" for name, value in request.headers
              if name.lower() in ("via", "from", "to", "call-id", "cseq")]
    return "\r\n".join([*lines, *headers, "Content-Length: 0", "", ""])


class Endpoint:
    """A UDP socket that speaks SIP."""

    def __init__(self, lineward_at, host="127.0.0.1", port=0):
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind((host, port))
        self.lineward_at = lineward_at
        self.host, self.port = self.socket.getsockname()
        self.here = f"{self.host}:{self.port}"

    def request(self, method, call_id, number=LINE, without="", version="SIP/2.0", uri=None,
                body="", **instead):
        """A request; `without` leaves a header out, others are set by keyword."""
        uri = uri or f"sip:{number}@127.0.0.1:{self.lineward_at[1]}"
        headers = {
            "Via": f"SIP/2.0/UDP {self.here};branch=z9hG4bK{call_id}",
            "Max-Forwards": "70",
            "From": f"<sip:202@{DOMAIN}>;tag=caller",
            "To": f"<sip:{number}@{DOMAIN}>",
            "Call-ID": call_id,
            "CSeq": f"1 {method}",
            "Contact": f"<sip:202@{self.here}>",
            "Content-Length": str(len(body)),
        }
        headers |= {name.replace("_", "-"): value for name, value in instead.items()}
        headers.pop(without, None)
        return (f"{method} {uri} {version}\r\n"
                + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                + "\r\n" + body)

    def ack(self, final, number=LINE):
        """The ACK for a final response (RFC 3261 17.1.1.3)."""
        return self.request("ACK", final.first("Call-ID"), number, Via=final.first("Via"),
                            From=final.first("From"), To=final.first("To"),
                            CSeq=f"{final.first('CSeq').split()[0]} ACK")

    def send(self, text):
        self.socket.sendto(text.encode(), self.lineward_at)

    def receive(self, seconds=2.0):
        """The next datagram, or None."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(65535)
        except TimeoutError:
            return None

    def drain(self):
        """Throws away what has come."""
        self.socket.settimeout(0)
        try:
            while True:
                self.socket.recv(65535)
        except OSError:
            pass

    def ask(self, text, seconds=3.0):
        """Sends a request; returns its final response, or None."""
        self.send(text)
        while answer := self.receive(seconds):
            message = Message(answer.decode(errors="replace"))
            if message.status >= 200:
                return message
        return None

    def close(self):
        self.socket.close()


class Pbx(Endpoint):
    """A PBX that answers each REGISTER and OPTIONS by `answer` (a function from the request to
    texts to be sent, 200 by default) and leaves everything else to the test."""

    def __init__(self, lineward_at, port):
        super().__init__(lineward_at, port=port)
        self.received = queue.Queue()
        self.requests = []  # REGISTERs and OPTIONS
        self.answer = self.accept
        threading.Thread(target=self.serve, daemon=True).start()

    @staticmethod
    def accept(request):
        granted = (f"Contact: {request.first('Contact')};expires={request.first('Expires')}",)
        return [response_to(request, 200, "OK", granted if request.method == "REGISTER" else ())]

    def serve(self):
        while True:
            try:
                datagram, sender = self.socket.recvfrom(65535)
            except OSError:
                return
            message = Message(datagram.decode(errors="replace"))
            if message.start_line.startswith(("REGISTER", "OPTIONS")):
                self.requests.append(message)
                for text in self.answer(message):
                    self.socket.sendto(text.encode(), sender)
            else:
                self.received.put(message)

    def final(self, call_id, seconds=3.0):
        """The next final response of a call; Trouble if none comes."""
        while True:
            try:
                message = self.received.get(timeout=seconds)
            except queue.Empty:
                raise Trouble(f"no final response to {call_id}") from None
            if message.first("Call-ID") == call_id and message.status >= 200:
                return message

    def call(self, call_id, number=LINE, **instead):
        """A call and its ACK; returns the final response."""
        self.send(self.request("INVITE", call_id, number, **instead))
        final = self.final(call_id)
        self.send(self.ack(final, number))
        return final


class Wire:
    """The daemon, the PBX, and a line that forwards everything to another number."""

    def __init__(self, name, binary, offset, options=()):
        self.ports = Ports(offset)
        self.ports.check_free()
        self.directory = new_directory(f"peer/{name}")
        self.lineward = Lineward(binary, self.ports, self.directory)
        self.lineward.options = list(options)
        self.lineward_at = ("127.0.0.1", self.ports.sip)
        self.pbx = Pbx(self.lineward_at, self.ports.wire)

    def set_up(self, *group_options):
        lineward = self.lineward
        lineward.start()
        lineward.command("group", "add", "wire", "--server", self.pbx.here, "--domain", DOMAIN,
                         "--internal-ranges", "200-299", "--max-forwarded-calls", "0",
                         "--max-forwarded-per-hour", "0", *group_options)
        lineward.command("user", "add", "sales", "--login", "on")
        self.add_line(LINE)

    def add_line(self, extension):
        lineward = self.lineward
        lineward.command("line", "add", extension, "--group", "wire", "--user", "sales",
                         "--password", "secret201")
        lineward.api("PUT", f"groups/wire/lines/{extension}/forwardings/immediate/all",
                     {"target": TARGET, "enabled": True})
        lineward.wait_registered([extension], group="wire")

    def stranger(self, host=STRANGER):
        return Endpoint(self.lineward_at, host)

    def status(self):
        return self.lineward.api("GET", "status")

    def pid(self):
        return self.lineward.program.process.pid

    def resident_kb(self):
        """Memory that the daemon occupies."""
        text = Path(f"/proc/{self.pid()}/status").read_text()
        return int(text.partition("VmRSS:")[2].split()[0])

    def descriptors(self):
        return len(list(Path(f"/proc/{self.pid()}/fd").iterdir()))

    def end(self):
        """The daemon ends cleanly, and no sanitizer has complained."""
        self.lineward.stop()
        self.lineward.check_log()
