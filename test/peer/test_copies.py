#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Copies of SIP messages for who looks for a fault: the live trace of a line, and HEP packets."""

import json
import os
import socket
import struct
import subprocess
import time

from processes import wait_until
from runner import arguments, check, run_script, run_trial
from wire import LINE, Wire

OFFSET = 440  # of the ports; those of the other tests lie elsewhere
SOURCE_PORT, DESTINATION_PORT, PROTOCOL, PAYLOAD = 7, 8, 2, 15


def chunks_of(packet):
    """The values of a HEP packet's chunks by their types."""
    check(packet[:4] == b"HEP3", f"{packet[:4]} is not HEP3")
    check(struct.unpack(">H", packet[4:6])[0] == len(packet), "the length is wrong")
    chunks, at = {}, 6
    while at < len(packet):
        _vendor, kind, length = struct.unpack(">HHH", packet[at:at + 6])
        chunks[kind] = packet[at + 6:at + length]
        at += length
    return chunks


class Trial:
    def __init__(self, binary):
        self.wire = Wire("copies", binary, OFFSET)
        self.wire.set_up()
        self.lineward = self.wire.lineward

    def test_trace(self):
        """`lineward trace` shows a call as it comes, with its answer; other lines' calls are not in
        it."""
        self.wire.add_line("150")
        words = [self.lineward.executable, "trace", LINE, "--seconds", "4", "--json"]
        environment = {**os.environ, **self.lineward.environment}
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as trace:
            time.sleep(1)  # the trace has begun to look
            self.wire.pbx.call("traced")
            self.wire.pbx.call("untraced", "150")
            messages = [json.loads(line) for line in trace.stdout.read().splitlines()]
        seen = [(m["direction"], m["text"].split(" ")[0:2]) for m in messages]
        check(any(d == "received" and w[0] == "INVITE" for d, w in seen), f"no INVITE in {seen}")
        check(("sent", ["SIP/2.0", "302"]) in seen, f"no 302 in {seen}")
        check(any(w[0] == "ACK" for _d, w in seen), f"no ACK in {seen}")
        check(not any("untraced" in m["text"] for m in messages), "a call of another line")

    def test_hep(self):
        """A collector gets each message of the group, until it is no longer wanted."""
        collector = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        collector.bind(("127.0.0.1", 0))
        collector.settimeout(3)
        address = f"127.0.0.1:{collector.getsockname()[1]}"
        self.lineward.api("PATCH", "groups/wire", {"hep_server": address})
        self.wire.pbx.call("copied")
        packets = [chunks_of(collector.recv(65535))]
        while not packets[-1][PAYLOAD].startswith(b"ACK"):
            packets.append(chunks_of(collector.recv(65535)))
        texts = [packet[PAYLOAD].split(b"\r\n")[0] for packet in packets]
        check(any(text.startswith(b"INVITE") for text in texts), f"no INVITE in {texts}")
        answer = next(p for p in packets if p[PAYLOAD].startswith(b"SIP/2.0 302"))
        port = struct.unpack(">H", answer[SOURCE_PORT])[0]
        check(port == self.lineward.ports.sip, f"the 302 comes from port {port}")
        check(answer[PROTOCOL] == bytes([17]), "the 302 went by UDP")
        self.lineward.api("PATCH", "groups/wire", {"hep_server": ""})
        wait_until("copies end", lambda: self.is_silent(collector), 5)
        collector.close()

    def is_silent(self, collector):
        collector.setblocking(False)
        try:
            while True:
                collector.recv(65535)
        except BlockingIOError:
            pass
        self.wire.pbx.call("uncopied")
        try:
            collector.recv(65535)
        except BlockingIOError:
            return True
        return False

    def test_refused(self):
        """An address that copies cannot go to is refused by name."""
        for wrong in ("collector.example:9060", "127.0.0.1", "127.0.0.1:99999"):
            status, answer = self.lineward.request("PATCH", "groups/wire", {"hep_server": wrong})
            is_named = status == 422 and answer["errors"][0]["field"] == "hep_server"
            check(is_named, f"{wrong}: {status} {answer}")


def main():
    options = arguments(__doc__)
    return run_trial(Trial(options.bin), options.names)


if __name__ == "__main__":
    run_script(main)
