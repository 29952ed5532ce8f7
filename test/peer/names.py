# SPDX-License-Identifier: Apache-2.0
"""A name server for tests: it answers for what it is told, at once, late or not at all (RFC 1035,
2782, 3403)."""

import ipaddress
import socket
import struct
import threading

A, SOA, AAAA, SRV, NAPTR = 1, 6, 28, 33, 35
TYPES = {"A": A, "AAAA": AAAA, "SRV": SRV, "NAPTR": NAPTR}
NXDOMAIN, HEADER = 3, 12


def wire_name(name):
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def wire_text(text):
    return bytes([len(text)]) + text.encode()


def wire_data(kind, words):
    """The data of a record that is written as in a zone file."""
    if kind in (A, AAAA):
        return ipaddress.ip_address(words[0]).packed
    if kind == SRV:
        return struct.pack(">HHH", *map(int, words[:3])) + wire_name(words[3])
    order, preference, service, replacement = words
    return (struct.pack(">HH", int(order), int(preference)) + wire_text("s") + wire_text(service)
            + wire_text("") + wire_name(replacement))


def read_name(query):
    labels, at = [], HEADER
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels).lower(), at + 1


class NameServer:
    """`tell("pbx.trial A 127.0.0.1", ...)` replaces all that it knows. `delay` is the seconds until
    it answers, None: never; `asked` lists what it was asked."""

    def __init__(self, port, ttl=60):
        self.port, self.ttl, self.delay, self.asked, self.records = port, ttl, 0, [], {}
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        threading.Thread(target=self.serve, daemon=True).start()

    def tell(self, *records):
        known = {}
        for record in records:
            name, kind, *words = record.split()
            known.setdefault((name.lower(), TYPES[kind]), []).append(
                wire_data(TYPES[kind], words))
        self.records = known

    def serve(self):
        while True:
            query, client = self.socket.recvfrom(2000)
            name, end = read_name(query)
            kind = struct.unpack(">H", query[end:end + 2])[0]
            self.asked.append((name, kind))
            if self.delay is None:
                continue
            answer = self.answer(query[:2], query[HEADER:end + 4], name, kind)
            threading.Timer(self.delay, self.socket.sendto, (answer, client)).start()

    def answer(self, number, question, name, kind):
        found = self.records.get((name, kind), [])
        is_known = found or any(known == name or known.endswith("." + name)
                                for known, _ in self.records)
        head = struct.pack(">HHHHH", 0x8580 | (0 if is_known else NXDOMAIN), 1, len(found),
                           0 if found else 1, 0)
        body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, self.ttl, len(data)) + data
                        for data in found)
        if not found:  # for how long there is nothing: until the next question (RFC 2308)
            data = wire_name("ns") + wire_name("ns") + struct.pack(">IIIII", 1, 1, 1, 1, 0)
            body = wire_name("trial") + struct.pack(">HHIH", SOA, 1, 0, len(data)) + data
        return number + head + question + body
