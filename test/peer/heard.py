# SPDX-License-Identifier: Apache-2.0
"""What a telephone hears: RTP packets of G.711 (RFC 3550, ITU-T G.711) that come to a socket,
decoded by the standard's rules and measured."""

import math
import socket
import struct
import threading
import time

RATE = 8000
PITCHES = (330, 440, 660, 880)


def of_mu_law(byte):
    byte = ~byte & 0xff
    size = (((byte & 0x0f) << 3) + 0x84 << (byte >> 4 & 7)) - 0x84
    return -size if byte & 0x80 else size


def of_a_law(byte):
    byte ^= 0x55
    segment, size = byte >> 4 & 7, (byte & 0x0f) << 4
    size += 8 if segment == 0 else 0x108
    if segment > 1:
        size <<= segment - 1
    return size if byte & 0x80 else -size


LAWS = {0: of_mu_law, 8: of_a_law}


def level(samples, hertz):
    """The amplitude of a pitch (Goertzel)."""
    turn, last, before = 2 * math.cos(2 * math.pi * hertz / RATE), 0.0, 0.0
    for sample in samples:
        last, before = sample + turn * last - before, last
    power = last * last + before * before - turn * last * before
    return 2 * math.sqrt(max(0, power)) / len(samples)


def frequency(samples):
    """The pitch of a pure tone, by the times at which it rises through zero."""
    rises = [i + samples[i] / (samples[i] - samples[i + 1])
             for i in range(len(samples) - 1) if samples[i] < 0 <= samples[i + 1]]
    return (len(rises) - 1) * RATE / (rises[-1] - rises[0]) if len(rises) > 2 else 0


class Ear:
    """A socket where a telephone listens."""

    def __init__(self, host="127.0.0.1"):
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.host = host
        self.port = self.socket.getsockname()[1]
        self.packets = []  # (when, from where, bytes)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                packet, sender = self.socket.recvfrom(2048)
            except OSError:
                return
            self.packets.append((time.monotonic(), sender, packet))

    def close(self):
        self.socket.close()

    def offer(self, formats="8 0 101", protocol="RTP/AVP"):
        return (f"v=0\r\no=- 1 1 IN IP4 {self.host}\r\ns=-\r\nc=IN IP4 {self.host}\r\nt=0 0\r\n"
                f"m=audio {self.port} {protocol} {formats}\r\n")

    def faults(self):
        """What is wrong with the stream as such."""
        heads = [struct.unpack("!BBHII", packet[:12]) for _, _, packet in self.packets]
        steps = list(zip(heads, heads[1:]))
        found = []
        if any(head[0] != 0x80 or len(packet) != 172
               for head, (_, _, packet) in zip(heads, self.packets)):
            found.append("a packet is no RTP of 20 ms")
        if [head[1] >> 7 for head in heads] != [1] + [0] * (len(heads) - 1):
            found.append("the marker is not on the first packet alone")
        skips = [(b[2] - a[2]) % 65536 - 1 for a, b in steps]
        if any((b[3] - a[3]) % 2**32 != 160 * (skip + 1) or a[4] != b[4]
               for skip, (a, b) in zip(skips, steps)):
            found.append("sequence, times or source do not go on")
        # What is far too late is left out: where this machine has stood still, and only there.
        arrivals = [at for at, _, _ in self.packets]
        stalled = sum(max(0.0, b - a - 0.02) for a, b in zip(arrivals, arrivals[1:]))
        if 0.02 * sum(skips) > stalled:
            found.append(f"{sum(skips)} packets are missing, in {stalled:.2f} s of standing still")
        seconds = self.packets[-1][0] - self.packets[0][0]
        if abs(seconds - 0.02 * (len(steps) + sum(skips))) > 0.2:
            found.append(f"{len(heads)} packets took {seconds:.2f} s")
        return found

    def samples(self):
        return [LAWS[packet[1] & 0x7f](byte) for _, _, packet in self.packets
                for byte in packet[12:]]

    def melody(self):
        """The pitches that were heard, one for each beep; 0 for a pause between two."""
        samples, heard = self.samples(), []
        for at in range(0, len(samples) - 159, 160):
            part = samples[at:at + 160]
            best = max(PITCHES, key=lambda hertz: level(part, hertz))
            pitch = best if level(part, best) > 4000 else 0
            if not heard or heard[-1][0] != pitch:
                heard.append([pitch, []])
            heard[-1][1].extend(part)
        while heard and heard[-1][0] == 0:
            heard.pop()
        for pitch, part in heard:
            if pitch and abs(frequency(part) - pitch) > 8:
                return [round(frequency(part))]
        return [pitch for pitch, _ in heard]
