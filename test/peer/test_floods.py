#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Half-open calls, and connections that break off, stay silent or shake hands slowly: bounded in
memory, over by themselves, and somebody new is still served in under a second.

    test_floods.py --bin PATH                                3,000 calls, 300 connections
    test_floods.py --bin PATH --count 100000 --connections 2000      the full size: some minutes

docs/strangers.md says what the bounds are.
"""

import argparse
import socket
import ssl
import struct
import time

from processes import wait_until
from runner import check, run_methods, run_script
from test_transports import Certificates
from wire import LINE, STRANGER, Wire

OFFSET = 100
BYTES_MAX = 4096      # of memory that a half-open call or connection may cost
KEPT_MAX = 0.4        # of it that stays when they are over: indexes, tombstones
SLACK_KB = 3000       # what the first ones touch that the later ones share
ALL_HELD_KB = 12000   # 3,584 unfinished messages at once, as many as there may be
TIMERS_S = 36         # 64*T1 and a bit: then a half-open call is over
WINDOW = 50           # INVITEs without an answer
HELLO_BEGIN = bytes.fromhex("16030101000100") # of a TLS handshake


def client_hello():
    """All that a TLS client says before it is answered."""
    out = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname="a.b")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


class Trial:
    def __init__(self, options):
        self.count, self.connections = options.count, options.connections
        self.wire = Wire("floods", options.bin, OFFSET)
        certificates = Certificates(self.wire.directory)
        own = certificates.path("lineward")
        # Room for all of them, so that each is kept; without it the rest would get 503.
        self.wire.lineward.configure(f"calls_max = {self.count + 1000}",
                                     f"transactions_max = {2 * self.count + 1000}")
        self.wire.lineward.options = ["--tls", f"127.0.0.1:{self.wire.ports.tls}",
                                      "--tls-certificate", f"{own}.crt", "--tls-key", f"{own}.key"]
        self.wire.set_up()

    def tell(self, text):
        print(f"   {text}", flush=True)

    # ---- serving beside it

    def check_served(self, name, source="127.0.0.9"):
        """A new connection and a call of the PBX are served in under a second."""
        begin = time.monotonic()
        asker = self.wire.stranger(source)
        with socket.create_connection(self.wire.lineward_at, 1, (source, 0)) as connection:
            connection.sendall(asker.request("OPTIONS", name, Via=(
                f"SIP/2.0/TCP {source};branch=z9hG4bK{name}")).encode())
            connection.settimeout(1)
            check(b" 200 " in connection.recv(65536), "no answer over a new connection")
        asker.close()
        final = self.wire.pbx.call(f"call-{name}")
        check(final.status == 302, f"{final.start_line}, not 302")
        seconds = time.monotonic() - begin
        check(seconds < 1, f"served after {seconds:.1f} s")

    # ---- half-open calls

    def half_open(self, run):
        """INVITEs whose answer nobody acknowledges; returns how many were forwarded."""
        caller = self.wire.stranger("127.0.0.1")
        caller.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        answered, sent = set(), 0
        last = time.monotonic()
        while len(answered) < self.count and time.monotonic() < last + 5:
            while sent < self.count and sent < len(answered) + WINDOW:
                caller.send(caller.request("INVITE", f"half-{run}-{sent}", LINE))
                sent += 1
            datagram = caller.receive(0.5) or b""
            number = datagram.partition(f"Call-ID: half-{run}-".encode())[2].partition(b"\r")[0]
            if datagram.startswith(b"SIP/2.0 302") and number not in answered:
                answered.add(number)
                last = time.monotonic()
        caller.close()
        return len(answered)

    def test_half_open(self):
        """Calls that are never acknowledged: at most 4 kB each, given back, none in the way."""
        self.half_open_warm_up()
        before = self.wire.resident_kb()
        begin = time.monotonic()
        count = self.half_open("a")
        grown = self.wire.resident_kb() - before
        self.tell(f"{count} half-open calls in {time.monotonic() - begin:.0f} s: {grown} kB, "
                  f"{grown * 1024 / count:.0f} bytes each")
        check(count >= 0.98 * self.count, f"only {count} of {self.count} calls were answered")
        check(grown * 1024 <= count * BYTES_MAX + SLACK_KB * 1024, f"{grown} kB for {count} calls")
        self.check_served("beside-half-open")
        failed = self.wire.status()["calls"]["failed"]
        wait_until("the half-open calls are over", lambda: time.sleep(0.5) or self.wire.status()[
            "calls"]["failed"] >= failed + count * 0.9, TIMERS_S + 60)
        wait_until("most of their memory is given back to the system", lambda: time.sleep(0.5) or
                   self.wire.resident_kb() - before <= KEPT_MAX * grown + SLACK_KB, 15)
        after = self.wire.resident_kb()
        self.half_open("b")
        again = self.wire.resident_kb() - after
        self.tell(f"after the timers {after - before} kB more than before; the same again: "
                  f"{again} kB more")
        check(again <= 1.1 * grown + SLACK_KB, f"{again} kB for the same again, not {grown} kB")
        self.check_served("after-half-open")

    def half_open_warm_up(self):
        count, self.count = self.count, 200
        self.half_open("w")
        self.count = count

    # ---- connections

    def connect(self, source=STRANGER, port=None):
        return socket.create_connection(("127.0.0.1", port or self.wire.ports.sip), 5, (source, 0))

    def break_off(self, count):
        for i in range(count):
            connection = self.connect(f"127.0.{i % 200}.7")
            connection.sendall(b"INVITE sip:201@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP a")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

    def test_broken_off(self):
        """Connect, half an INVITE, reset, again and again: nothing stays."""
        self.break_off(1000)
        before, begin = self.wire.resident_kb(), time.monotonic()
        self.break_off(self.count)
        grown = self.wire.resident_kb() - before
        self.tell(f"{self.count} connections broken off in {time.monotonic() - begin:.0f} s: "
                  f"{grown} kB more")
        check(grown < ALL_HELD_KB, f"{grown} kB more")
        wait_until("their descriptors are closed", lambda: self.wire.descriptors() < 60, 15)
        self.check_served("after-broken-off")

    def check_held(self, what, first, port):
        """Many connections of ten addresses that say `first` and no more: capped, ended in time."""
        before, descriptors = self.wire.resident_kb(), self.wire.descriptors()
        held = []
        for i in range(self.connections):
            held.append(self.connect(f"127.0.{1 + i % 10}.1", port))
            held[-1].sendall(first)
        kept = min(self.connections, 10 * 100)
        wait_until("they are taken, at most 100 of each address", lambda:
                   0.9 * kept <= self.wire.descriptors() - descriptors <= kept + 10, 8)
        grown = self.wire.resident_kb() - before
        stay = self.wire.descriptors() - descriptors
        self.tell(f"{self.connections} {what}: {stay} stay, {grown} kB")
        self.check_served(f"beside-{what.split()[0]}")
        self.check_served(f"beside-{what.split()[0]}-2", "127.0.1.1")
        wait_until(f"the {what} are closed", lambda: self.wire.descriptors() <= descriptors + 5, 20)
        for connection in held:
            connection.close()

    def test_silent(self):
        """Connections that say nothing."""
        self.check_held("silent connections", b"", None)

    def test_slow(self):
        """Connections that never finish their message."""
        self.check_held("unfinished messages", b"INVITE sip:201@127.0.0.1 SIP/2.0\r\nVia: ", None)

    def test_slow_handshakes(self):
        """TLS clients that never finish their first message."""
        self.check_held("handshakes", HELLO_BEGIN, self.wire.ports.tls)

    def test_stalled_handshakes(self):
        """TLS clients that never answer the server's."""
        self.check_held("stalled handshakes", client_hello(), self.wire.ports.tls)

    def test_ends_cleanly(self):
        """SIGTERM: the daemon ends, with status 0, and no sanitizer has complained."""
        self.wire.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, metavar="PATH", help="the lineward to be tested")
    parser.add_argument("--count", type=int, default=3000, metavar="N",
                        help="half-open calls, connections broken off")
    parser.add_argument("--connections", type=int, default=300, metavar="N",
                        help="silent connections")
    parser.add_argument("names", nargs="*", metavar="NAME", help="run only these tests")
    options = parser.parse_args()
    trial = Trial(options)
    return run_methods(trial, options.names)


if __name__ == "__main__":
    run_script(main)
