# SPDX-License-Identifier: Apache-2.0
"""A telephone that does what a test tells it: registers by digest, calls and is called, holds,
transfers, hangs up. It stands at the PBX, or is a device of lineward."""

import hashlib
import queue
import re
import secrets
import socket
import threading
import time

from message import Message
from processes import Trouble
from runner import check

SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
       "m=audio 9 RTP/AVP 8\r\na={}\r\n")


def body_of(text):
    return text.partition("\r\n\r\n")[2]


def uri_of(value):
    found = re.search(r"<([^>]*)>", value)
    return found.group(1) if found else value.split(";")[0].strip()


def tag_of(value):
    found = re.search(r";tag=([^;>\s]+)", value)
    return found.group(1) if found else ""


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class Dialog:
    """One side of a call (RFC 3261 12)."""

    def __init__(self, call_id, local, remote, target, routes):
        self.call_id, self.local, self.remote = call_id, local, remote
        self.target, self.routes, self.cseq = target, routes, 100
        self.invite_cseq = 0


def offer_anew(dialog, asker, other, media):
    """The asker changes the media (RFC 3261 14), `media` (wished for, agreed to): both arrive."""
    wished, agreed = (f"v=0\r\n{line}\r\n" for line in media)
    asker.within(dialog, "INVITE", body=wished)
    held = other.wait("INVITE")
    check(body_of(held.text) == wished, held.text)
    other.reply(held, 200, body=agreed)
    ok = asker.wait(200)
    check(body_of(ok.text) == agreed, ok.text)
    asker.within(dialog, "ACK", cseq=dialog.cseq)
    other.wait("ACK")


def press_a_key(dialog, presser, other):
    """A digit by INFO arrives, and its answer comes back."""
    presser.within(dialog, "INFO", body="Signal=5\r\nDuration=160\r\n")
    info = other.wait("INFO")
    check(body_of(info.text).startswith("Signal=5"), info.text)
    other.reply(info, 200)
    presser.wait("INFO 200")


class Phone:
    """`account` is (user, password, domain); `server` is where it sends everything, from the
    address `host`."""

    def __init__(self, server, account, host="127.0.0.1"):
        self.server, (self.user, self.password, self.domain) = server, account
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.here = f"{host}:{self.socket.getsockname()[1]}"
        self.contact = f"<sip:{self.user}@{self.here}>"
        self.received = queue.Queue()
        self.is_deaf = False
        self.cseq = 1
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                datagram, sender = self.socket.recvfrom(65535)
            except OSError:
                return
            text = datagram.decode(errors="replace")
            message = Message(text)
            message.text, message.sender = text, sender
            if not self.is_deaf:
                self.received.put(message)

    def close(self):
        self.socket.close()

    # ---- Messages

    def wait(self, wanted, seconds=5.0, call_id=None):
        """The next request of that method, or response of that status to an INVITE (or, "BYE 200",
        to another request). What else comes before it is dropped."""
        until = time.monotonic() + seconds
        method, _, status = str(wanted).rpartition(" ")
        seen = []
        while True:
            try:
                message = self.received.get(timeout=max(0.01, until - time.monotonic()))
            except queue.Empty:
                raise Trouble(f"{self.user} has waited for {wanted} in vain; got {seen}") from None
            seen.append(message.start_line)
            if call_id and message.first("Call-ID") != call_id:
                continue
            if message.status:
                is_it = status == str(message.status) and message.method == (method or "INVITE")
            else:
                is_it = message.start_line.startswith(f"{wanted} ")
            if is_it:
                return message

    def expect_silence(self, seconds, start="INVITE"):
        """Nothing that begins like that comes."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                message = self.received.get(timeout=left)
            except queue.Empty:
                return
            if message.start_line.startswith(start):
                raise Trouble(f"{self.user} got {message.start_line}")

    def send(self, text, to=None):
        self.socket.sendto(text.encode(), to or self.server)

    def printed(self, method, uri, fields, headers=(), body=""):
        """A request as it is sent; without a branch among the fields it gets a new one."""
        branch = fields.get("branch") or "z9hG4bK" + secrets.token_hex(8)
        lines = [f"{method} {uri} SIP/2.0", f"Via: SIP/2.0/UDP {self.here};branch={branch};rport",
                 "Max-Forwards: 70", f"From: {fields['from']}", f"To: {fields['to']}",
                 f"Call-ID: {fields['call_id']}", f"CSeq: {fields['cseq']} {method}",
                 f"Contact: {self.contact}", *headers]
        if body:
            lines.append("Content-Type: " + ("application/sdp" if body.startswith("v=0")
                                             else fields.get("type", "text/plain")))
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])

    def request(self, method, uri, fields, headers=(), body=""):
        """Sends a request and returns its branch."""
        branch = fields.get("branch") or "z9hG4bK" + secrets.token_hex(8)
        self.send(self.printed(method, uri, dict(fields, branch=branch), headers, body))
        return branch

    def reply(self, request, status, tag="", headers=(), body=""):
        reason = {180: "Ringing", 183: "Session Progress", 200: "OK"}.get(status, "Whatever")
        lines = [f"SIP/2.0 {status} {reason}"]
        for name, value in request.headers:
            if name.lower() == "to" and tag and not tag_of(value):
                value += f";tag={tag}"
            if name.lower() in ("via", "from", "to", "call-id", "cseq", "record-route"):
                lines.append(f"{name}: {value}")
        is_elsewhere = any(header.startswith("Contact:") for header in headers)
        lines += [*([] if is_elsewhere else [f"Contact: {self.contact}"]), *headers]
        if body:
            lines.append("Content-Type: application/sdp")
        self.send("\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]), request.sender)

    def proof(self, challenge, method, uri, count=1):
        """The answer to a 401 or 407; its nonce is used for the `count`-th time."""
        is_proxy = challenge.status == 407
        value = challenge.first("Proxy-Authenticate" if is_proxy else "WWW-Authenticate")
        for other in challenge.all("Proxy-Authenticate" if is_proxy else "WWW-Authenticate"):
            if "SHA" not in other:
                value = other
        part = dict(re.findall(r'(\w+)="?([^",]+)"?', value))
        ha1 = md5(f"{self.user}:{part['realm']}:{self.password}")
        ha2 = md5(f"{method}:{uri}")
        response = md5(f"{ha1}:{part['nonce']}:{count:08x}:c:auth:{ha2}" if "qop" in part
                       else f"{ha1}:{part['nonce']}:{ha2}")
        more = f', qop=auth, nc={count:08x}, cnonce="c"' if "qop" in part else ""
        if "opaque" in part:
            more += f', opaque="{part["opaque"]}"'
        return (f'{"Proxy-" if is_proxy else ""}Authorization: Digest username="{self.user}", '
                f'realm="{part["realm"]}", nonce="{part["nonce"]}", uri="{uri}", '
                f'response="{response}", algorithm=MD5{more}')

    # ---- Registering and calling

    def register(self):
        address = f"<sip:{self.user}@{self.domain}>"
        fields = {"from": f"{address};tag={secrets.token_hex(4)}", "to": address,
                  "call_id": secrets.token_hex(8), "cseq": 1}
        uri = f"sip:{self.domain}"
        self.request("REGISTER", uri, fields, ["Expires: 600"])
        challenge = self.wait("REGISTER 401")
        fields["cseq"] = 2
        self.request("REGISTER", uri, fields, ["Expires: 600",
                                               self.proof(challenge, "REGISTER", uri)])
        self.wait("REGISTER 200")

    def begin(self, number, headers=(), name="call", body=None, as_user=None):
        """Sends an INVITE, with its proof, `as_user` (else its own name) in the From; returns its
        fields."""
        address = f"<sip:{as_user or self.user}@{self.domain}>"
        uri = f"sip:{number}@{self.domain}"
        fields = {"from": f"{address};tag={secrets.token_hex(4)}", "to": f"<{uri}>", "uri": uri,
                  "call_id": f"{name}-{secrets.token_hex(6)}", "cseq": 1}
        body = SDP.format(name) if body is None else body
        fields["branch"] = self.request("INVITE", uri, fields, headers, body)
        until = time.monotonic() + 3
        while time.monotonic() < until:
            try:
                message = self.received.get(timeout=3)
            except queue.Empty:
                break
            if message.status in (401, 407):
                self.ack(fields, message)
                fields = dict(fields, cseq=2, branch="")
                fields["branch"] = self.request(
                    "INVITE", uri, fields, [*headers, self.proof(message, "INVITE", uri)],
                    body)
                return fields
            if message.status == 403:
                raise Trouble(f"{self.user} may not call {number}")
        raise Trouble(f"{self.user} was not asked for a proof")

    def subscribe(self, user, event, expires=600, headers=()):
        """Subscribes, with its proof; returns the final answer and the subscription's dialog."""
        address = f"<sip:{self.user}@{self.domain}>"
        uri = f"sip:{user}@{self.domain}"
        fields = {"from": f"{address};tag={secrets.token_hex(4)}", "to": f"<{uri}>", "uri": uri,
                  "call_id": f"watch-{secrets.token_hex(6)}", "cseq": 1}
        wanted = [f"Event: {event}", f"Expires: {expires}", *headers]
        self.request("SUBSCRIBE", uri, fields, wanted)
        answer = self.final("SUBSCRIBE", fields["call_id"])
        if answer.status == 401:
            fields["cseq"] = 2
            self.request("SUBSCRIBE", uri, fields,
                         [*wanted, self.proof(answer, "SUBSCRIBE", uri)])
            answer = self.final("SUBSCRIBE", fields["call_id"])
        dialog = Dialog(fields["call_id"], fields["from"], answer.first("To"),
                        uri_of(answer.first("Contact")), [])
        return answer, dialog

    def final(self, method, call_id, seconds=5.0):
        """The next final response to a request of that method. Others stay to be waited for."""
        until, others = time.monotonic() + seconds, []
        while (left := until - time.monotonic()) > 0:
            try:
                message = self.received.get(timeout=left)
            except queue.Empty:
                break
            is_it = message.status >= 200 and message.method == method
            if is_it and message.first("Call-ID") == call_id:
                for other in others:
                    self.received.put(other)
                return message
            others.append(message)
        raise Trouble(f"{self.user} has no final response to its {method}")

    def notified(self, dialog, seconds=5.0, status=200):
        """The next NOTIFY of a subscription, which is answered."""
        notify = self.wait("NOTIFY", seconds, dialog.call_id)
        self.reply(notify, status)
        return notify

    def ack(self, fields, answer):
        """The ACK for a refusal (17.1.1.3)."""
        self.request("ACK", fields["uri"], dict(fields, to=answer.first("To")))

    def cancel(self, fields, headers=()):
        self.request("CANCEL", fields["uri"], fields, headers)

    def answered(self, fields, ok):
        """The dialog that a 200 makes, once it is acknowledged."""
        dialog = Dialog(fields["call_id"], fields["from"], ok.first("To"),
                        uri_of(ok.first("Contact")), list(reversed(ok.all("Record-Route"))))
        self.within(dialog, "ACK", cseq=fields["cseq"])
        return dialog

    def call(self, number, seconds=5.0, **named):
        """A call that is answered: its dialog."""
        fields = self.begin(number, **named)
        return self.answered(fields, self.wait(200, seconds, fields["call_id"]))

    # ---- Being called

    def ringing(self, seconds=5.0):
        """The next INVITE, which is answered with 180."""
        invite = self.wait("INVITE", seconds)
        self.reply(invite, 180, tag=self.user)
        return invite

    def accept(self, invite, sdp="answer"):
        """Answers with 200; the ACK is to be waited for."""
        self.reply(invite, 200, tag=self.user, body=SDP.format(sdp))
        return self.dialog_of(invite)

    def dialog_of(self, invite):
        return Dialog(invite.first("Call-ID"), f"{invite.first('To')};tag={self.user}",
                      invite.first("From"), uri_of(invite.first("Contact")),
                      invite.all("Record-Route"))

    def refuse(self, invite, status, headers=()):
        self.reply(invite, status, tag=self.user, headers=headers)
        self.wait("ACK", call_id=invite.first("Call-ID"))

    # ---- Within a call

    def within(self, dialog, method, headers=(), body="", cseq=None):
        """A request within the dialog; returns its CSeq number."""
        if cseq is None:
            dialog.cseq += 1
            cseq = dialog.cseq
        fields = {"from": dialog.local, "to": dialog.remote, "call_id": dialog.call_id,
                  "cseq": cseq, "type": "application/dtmf-relay"}
        routes = [f"Route: {route}" for route in dialog.routes]
        self.request(method, dialog.target, fields, [*routes, *headers], body)
        return cseq

    def change(self, dialog, sdp):
        """A re-INVITE that is accepted; returns the answer."""
        cseq = self.within(dialog, "INVITE", body=SDP.format(sdp))
        ok = self.wait(200, call_id=dialog.call_id)
        self.within(dialog, "ACK", cseq=cseq)
        return ok

    def hang_up(self, dialog):
        self.within(dialog, "BYE")
        self.wait("BYE 200", call_id=dialog.call_id)

    def hung_up(self, dialog, seconds=5.0):
        """The other side hangs up."""
        bye = self.wait("BYE", seconds, dialog.call_id)
        self.reply(bye, 200)
        return bye
