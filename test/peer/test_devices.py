#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Devices that register by UDP, TCP and TLS with both kinds of digest, over a restart and a lost
connection; and what strangers find who scan for numbers and guess passwords: nothing, while the
devices stay registered (sipvicious)."""

import hashlib
import itertools
import re
import socket
import ssl
import statistics
import subprocess
import time
import urllib.request

from message import Message
from peers import WORKERS
from processes import Missing, find_program, wait_until
from runner import arguments, check, run_script, run_trial
from test_transports import Certificates
from wire import Wire

OFFSET = 650  # of the ports; those of the other tests lie elsewhere
SECRET = re.compile(r"^user +(\S+)\npassword +(\S+)$", re.MULTILINE)
NUMBERS = 10000
REFUSALS = 400


def quoted(header, name):
    found = re.search(rf'{name}="?([^",]+)', header)
    return found.group(1) if found else ""


class Device:
    """A SIP device: one account, one flow."""

    names = itertools.count(1)

    def __init__(self, port, account, transport="udp", algorithm="SHA-256", tls=None,
                 host="127.0.0.1"):
        self.user, self.password = account
        self.transport, self.algorithm = transport, algorithm
        self.port, self.cseq, self.call_id = port, 0, f"device{next(self.names)}"
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.socket = socket.socket(type=kind)
        self.socket.settimeout(5)
        self.socket.bind((host, 0))
        self.socket.connect(("127.0.0.1", port))
        self.here = "{}:{}".format(*self.socket.getsockname())
        if transport == "tls":
            context = ssl.create_default_context(cafile=tls)
            self.socket = context.wrap_socket(self.socket, server_hostname="127.0.0.1")

    def receive(self):
        text = ""
        while "\r\n\r\n" not in text:
            part = self.socket.recv(65535).decode()
            check(part, "the connection was closed")
            text += part
        return Message(text)

    def ask(self, authorization="", contact=None, expires=600):
        self.cseq += 1
        contact = contact or f"<sip:{self.user}@{self.here};transport={self.transport}>"
        self.socket.send((
            f"REGISTER sip:127.0.0.1 SIP/2.0\r\n"
            f"Via: SIP/2.0/{self.transport.upper()} {self.here};rport;"
            f"branch=z9hG4bK{self.call_id}{self.cseq}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{self.user}@127.0.0.1>;tag=1\r\n"
            f"To: <sip:{self.user}@127.0.0.1>\r\nCall-ID: {self.call_id}\r\n"
            f"CSeq: {self.cseq} REGISTER\r\nContact: {contact}\r\nExpires: {expires}\r\n"
            f"User-Agent: Trial phone/1.0\r\n{authorization}Content-Length: 0\r\n\r\n").encode())
        return self.receive()

    def answer(self, challenge, realm=""):
        """The header that answers a challenge (RFC 7616 section 3.4), or one of another realm."""
        def digest(text):
            function = hashlib.md5 if self.algorithm == "MD5" else hashlib.sha256
            return function(text.encode()).hexdigest()
        realm, nonce = realm or quoted(challenge, "realm"), quoted(challenge, "nonce")
        secret = digest(f"{self.user}:{realm}:{self.password}")
        request = digest("REGISTER:sip:127.0.0.1")
        response = digest(f"{secret}:{nonce}:00000001:c:auth:{request}")
        return (f'Authorization: Digest username="{self.user}", realm="{realm}", nonce="{nonce}", '
                f'uri="sip:127.0.0.1", response="{response}", algorithm={self.algorithm}, '
                'qop=auth, nc=00000001, cnonce="c"\r\n')

    def register(self, **options):
        """Registers as a telephone does: once without credentials, once with them."""
        first = self.ask(**options)
        check(first.status == 401, first.start_line)
        challenges = first.all("WWW-Authenticate")
        check(len(challenges) == 2 and "SHA-256" in challenges[0], f"challenges {challenges}")
        wanted = challenges[0] if self.algorithm == "SHA-256" else challenges[1]
        return self.ask(self.answer(wanted), **options)


class Trial:
    def __init__(self, binary):
        self.wire = Wire("devices", binary, OFFSET)
        self.certificates = Certificates(self.wire.directory)
        own = self.certificates.path("lineward")
        self.wire.lineward.options = ["--tls", f"127.0.0.1:{self.wire.ports.tls}",
                                      "--tls-certificate", f"{own}.crt", "--tls-key", f"{own}.key"]
        self.wire.set_up()
        self.lineward = self.wire.lineward
        self.command = self.lineward.command
        self.devices = {}

    def add(self, name):
        """A new account: SIP user name and password."""
        return SECRET.search(self.command("device", "add", "sales", name)).groups()

    def connect(self, account, **options):
        ports = self.wire.ports
        port = ports.tls if options.get("transport") == "tls" else ports.sip
        return Device(port, account, tls=self.certificates.path("ca.crt"), **options)

    def bindings(self, name):
        return self.lineward.api("GET", f"users/sales/devices/{name}")["bindings"]

    def metric(self, name):
        """A number of ours from the metrics."""
        token = self.lineward.token_file.read_text().strip()
        request = urllib.request.Request(f"{self.lineward.url}/api/v1/metrics",
                                         headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=5) as answer:
            text = answer.read().decode()
        return int(re.search(rf"^lineward_{name} (\d+)$", text, re.MULTILINE).group(1))

    def test_transports_and_algorithms(self):
        for transport in ("udp", "tcp", "tls"):
            for algorithm in ("SHA-256", "MD5"):
                name = f"{transport}-{algorithm.lower()}"
                device = self.connect(self.add(name), transport=transport,
                                      algorithm=algorithm)
                final = device.register()
                check(final.status == 200, f"{name}: {final.start_line}")
                check("expires=" in final.first("Contact"), final.first("Contact"))
                self.devices[name] = device
                shown, = self.bindings(name)
                check((shown["transport"], shown["source"], shown["user_agent"]) ==
                      (transport, device.here, "Trial phone/1.0"), f"{shown}")
        check(" by tls until " in self.command("device", "show", "sales", "tls-md5"), "not shown")
        check(self.metric("device_bindings") == 6, "the metrics do not count 6 bindings")

    def test_wrong_credentials(self):
        account = self.add("wrong")
        for user, password in ((account[0], "guess"), ("nobody", account[1])):
            final = self.connect((user, password)).register()
            check(final.status == 401 and "stale" not in final.first("WWW-Authenticate"),
                  f"{final.start_line} {final.first('WWW-Authenticate')}")
        check(self.bindings("wrong") == [], "registered with wrong credentials")

    def test_keep_alive(self):
        """A STUN request by UDP and a ping on a connection are answered (RFC 5626 section 4.4)."""
        ping = b"\x00\x01\x00\x00\x21\x12\xa4\x42" + b"transaction."
        device = self.devices["udp-md5"]
        device.socket.send(ping)
        pong = device.socket.recv(100)
        check(len(pong) == 32 and pong[:2] == b"\x01\x01" and pong[8:20] == ping[8:], f"{pong}")
        device = self.devices["tls-md5"]
        device.socket.send(b"\r\n\r\n")
        check(device.socket.recv(100) == b"\r\n", "no pong on the connection")

    def test_lost_connection(self):
        """A binding by a connection that is gone is not called, and forgotten after its grace."""
        device = self.connect(self.add("lost"), transport="tcp")
        check(device.register().status == 200, "not registered")
        device.socket.close()
        began = time.monotonic()
        wait_until("the binding is lost",
                   lambda: [b["reachable"] for b in self.bindings("lost")] == [False])
        wait_until("the binding is gone", lambda: self.bindings("lost") == [], 45)
        took = time.monotonic() - began
        check(took > 20, f"gone after {took:.1f} s: a telephone has 30 s to come back")

    def test_any_port(self):
        """A device may register at the port of any worker: its connection stays."""
        ports = self.wire.ports
        devices = []
        for number in range(WORKERS):
            device = Device(ports.sip + number, self.add(f"port-{number}"), transport="tcp",
                            host="127.0.0.9")  # not the PBX's, whose connections stay anyway
            check(device.register().status == 200, f"not registered at port {number}")
            devices.append(device)
        time.sleep(13)  # longer than a connection may stay that is of no use
        for number, device in enumerate(devices):
            device.socket.send(b"\r\n\r\n")
            check(device.socket.recv(100) == b"\r\n", f"port {number}: no pong")
            shown, = self.bindings(f"port-{number}")
            check(shown["reachable"], f"port {number}: {shown}")
            device.socket.close()

    def test_new_password(self):
        account = self.add("renewed")
        device = self.connect(account)
        check(device.register().status == 200, "not registered")
        renewed = SECRET.search(self.command("device", "password", "sales", "renewed")).groups()
        wait_until("its binding has ended", lambda: self.bindings("renewed") == [])
        check(device.register().status == 401, "the old password still holds")
        device.password = renewed[1]
        check(device.register().status == 200, "the new password does not hold")
        self.command("device", "remove", "sales", "renewed")
        check(device.register().status == 401, "a revoked device registers")

    def test_restart(self):
        """After a restart devices are where they were, before they register again."""
        before = {name: self.bindings(name) for name in ("udp-md5", "udp-sha-256")}
        self.lineward.stop()
        self.lineward.start()
        for name, bindings in before.items():
            wait_until(f"{name} is known again", lambda n=name: self.bindings(n))
            shown, = self.bindings(name)
            check(shown["reachable"] and shown["source"] == bindings[0]["source"], f"{shown}")
            check(shown["since"] == bindings[0]["since"], f"{shown}")
            final = self.devices[name].register()
            check(final.status == 200, f"{name}: {final.start_line}")

    def test_restart_clock(self):
        """The wall clock was set meanwhile: devices are where they were all the same."""
        file, year_us = self.lineward.data / "bindings", 365 * 86400 * 10**6
        before = self.bindings("udp-md5")
        check(before, "the device is not registered")
        self.lineward.stop()
        first, *lines = file.read_text().split("\n")
        words = first.split()
        check(words[:3] == ["lineward", "bindings", "2"], first)
        words[4] = str(int(words[4]) - year_us)
        for number in range(0, len(lines) - 2, 5):  # each has five lines; the end has one
            fields = lines[number].split(" ")
            fields[7] = str(int(fields[7]) - year_us)
            lines[number] = " ".join(fields)
        file.write_text("\n".join([" ".join(words), *lines]))
        self.lineward.start()
        wait_until("the device is known again", lambda: self.bindings("udp-md5"))
        shown, = self.bindings("udp-md5")
        check(shown["reachable"] and shown["expires"] == before[0]["expires"], f"{shown}")

    def scan(self, program, *options):
        """What one of sipvicious' programs finds."""
        done = subprocess.run([find_program(program), *options], capture_output=True, text=True,
                              timeout=120, check=False, cwd=self.wire.directory)
        return done.stdout + done.stderr

    def answers_to_numbers(self, method, known):
        """What svwar would see if it did not give up: the answers to a request of each number,
        and for a device that there is, without what must differ."""
        stranger, answers = self.wire.stranger(), set()
        for number in itertools.chain([known], map(str, range(1, NUMBERS + 1))):
            stranger.send(stranger.request(method, "scan", number,
                                           From=f"<sip:{number}@127.0.0.1>;tag=1",
                                           To=f"<sip:{number}@127.0.0.1>"))
            text = (stranger.receive() or b"nothing").decode()
            text = re.sub(r"nonce=\"\w+\"|(?<=To).*|tag=\w+", "*", text)
            answers.add(text.replace(f"sip:{number}@", "sip:N@"))
        stranger.close()
        return answers

    def test_scans_find_nothing(self):
        """10,000 numbers are tried, and passwords of a device that is there: nothing is found."""
        port, target = str(self.wire.ports.sip), "127.0.0.1"
        device = self.devices["udp-md5"]
        check(device.register().status == 200, "not registered before")
        for method in ("REGISTER", "OPTIONS"):  # its INVITEs come from the PBX's address here
            found = self.scan("svwar", "-p", port, "-m", method, "-e", f"1-{NUMBERS}", "--force",
                              "-t", "0", target)
            check(not re.search(r"\|\s*\d+\s*\|", found), f"svwar found:\n{found[-2000:]}")
        for method in ("REGISTER", "INVITE"):
            answers = self.answers_to_numbers(method, device.user)
            check(len(answers) == 1, f"{method} of numbers has {len(answers)} answers: {answers}")
            check("401 Unauthorized" in answers.pop(), f"{method} is not asked for credentials")
        answers = self.answers_to_numbers("SUBSCRIBE", device.user)
        check(len(answers) == 1 and "401 Unauthorized" in answers.pop(), f"SUBSCRIBE: {answers}")
        answers = self.answers_to_numbers("OPTIONS", device.user)
        check(len(answers) == 1, f"OPTIONS of numbers has {len(answers)} answers: {answers}")
        words = self.wire.directory / "words"
        words.write_text("".join(f"word{i}\n" for i in range(500)))
        found = self.scan("svcrack", "-p", port, "-u", device.user, "-d", str(words), target)
        check(not re.search(rf"\|\s*{device.user}\s*\|", found), f"svcrack found:\n{found[-2000:]}")
        blocked = self.metric("device_blocked_total")
        check(blocked > 400, f"{blocked} of 500 guesses were not looked at")
        for name in ("udp-md5", "udp-sha-256"):
            final = self.devices[name].register()
            check(final.status == 200, f"{name} does not stay registered: {final.start_line}")

    def test_refusals_are_alike(self):
        """An unknown user, a wrong password and a wrong realm: the same bytes, and by the medians
        of many the same time. They come from addresses of their own: none is shut out."""
        known = self.devices["udp-md5"]
        wrong = {"user": ("nobody1234", "guess", "lineward"),
                 "password": (known.user, "guess", "lineward"),
                 "realm": (known.user, known.password, "elsewhere")}
        times, answers = {kind: [] for kind in wrong}, set()
        for turn in range(REFUSALS):
            for kind, (user, password, realm) in wrong.items():
                device = Device(self.wire.ports.sip, (user, password), algorithm="MD5",
                                host=f"127.{turn // 200 + 2}.{turn % 200}.1")
                answer = device.answer(device.ask().all("WWW-Authenticate")[1], realm)
                began = time.perf_counter_ns()
                final = device.ask(answer)
                times[kind].append(time.perf_counter_ns() - began)
                text = "\n".join(value for name, value in final.headers
                                 if name in ("WWW-Authenticate", "Content-Length"))
                answers.add(final.start_line + re.sub(r'nonce="\w+"', "", text))
                device.socket.close()
        check(len(answers) == 1 and " 401 " in answers.copy().pop(), f"{answers}")
        medians = {kind: statistics.median(taken) for kind, taken in times.items()}
        spread = statistics.quantiles(times["password"], n=4)
        check(max(medians.values()) - min(medians.values()) < spread[2] - spread[0] + 2000,
              f"medians in ns: {medians}")

    def test_map_tells_nothing(self):
        """svmap finds that somebody answers, and not who."""
        found = self.scan("svmap", "-p", str(self.wire.ports.sip), "127.0.0.1")
        check("lineward" not in found.lower(), f"svmap found:\n{found[-2000:]}")


def main():
    args = arguments(__doc__)
    for program in ("svmap", "svwar", "svcrack", "openssl"):
        try:
            find_program(program)
        except Missing as missing:
            print(f"SKIPPED: {missing}")
            return 77
    return run_trial(Trial(args.bin), args.names)


if __name__ == "__main__":
    run_script(main)
