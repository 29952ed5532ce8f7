#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What one says is heard by the other: a real softphone, baresip, is a device of line 102 and plays
a tone; a telephone at the PBX (Kamailio) plays another one. Both calls, in and out, go over the PBX
and through lineward, the media from end to end; each side's tone is measured at the other side,
also after each has held the call, and keys are seen (RFC 4733). It needs a network namespace and so
root, as test_baresip.py, else it is skipped."""

import os
import re
import struct
import threading
import time

from heard import RATE, Ear, frequency, level
from peers import DOMAIN, World, password_of
from phone import Phone, body_of
from processes import wait_until
from runner import arguments, check, run_script, run_trial
from softphone import Softphone, wave, write_tone
from space import run_in_space
from test_devices import SECRET

OFFSET = 2550  # of the ports; those of the other tests lie elsewhere
SPACE = f"lwtone{os.getpid()}"
OURS, THEIRS = "198.18.79.1", "198.18.79.2"  # RFC 2544: nobody's
CONTROL = 4444  # baresip's, in its own namespace
LINE = "102"
ITS_TONE, OUR_TONE = 660, 440  # Hz
HEARD_S = 1.5  # that are to be heard
PLAYED_S = 20
LOUD = 2000  # of 32767

CONFIG = """
module aufile.so
module aubridge.so
audio_player aubridge,mine
audio_alert aubridge,mine
audio_source aufile,{home}/../tone.wav
"""


def a_law(sample):
    """A sample as a byte of G.711 (ITU-T G.711, A-law)."""
    sign, size = (0x80, sample) if sample >= 0 else (0, -sample - 1)
    size = min(size, 32767) >> 4
    segment = max(0, size.bit_length() - 5)
    bits = size & 0x0f if segment == 0 else segment << 4 | size >> segment - 1 & 0x0f
    return (sign | bits) ^ 0x55


class Mouth:
    """Sends a file as RTP from an ear's socket, in real time, again and again."""

    def __init__(self, ear, path, to):
        self.ear, self.to, self.is_open = ear, to, True
        self.tone = bytes(map(a_law, wave(path)))
        self.thread = threading.Thread(target=self.speak, daemon=True)
        self.thread.start()

    def speak(self):
        began, number = time.monotonic(), 0
        while self.is_open:
            at = number * 160 % RATE
            head = struct.pack("!BBHII", 0x80, 8 | (0x80 if number == 0 else 0), number % 65536,
                               number * 160, 4711)
            self.ear.socket.sendto(head + self.tone[at:at + 160], self.to)
            number += 1
            time.sleep(max(0, began + number * 0.02 - time.monotonic()))

    def close(self):
        self.is_open = False
        self.thread.join()


def media_of(text):
    """Where a session description wants its audio."""
    body = body_of(text)
    host = re.search(r"^c=IN IP4 (\S+)", body, re.MULTILINE).group(1)
    return host, int(re.search(r"^m=audio (\d+)", body, re.MULTILINE).group(1))


def check_tone(samples, hertz, who):
    """The tone stands in the middle of what was heard, pure and loud."""
    check(len(samples) > RATE, f"{who}: {len(samples)} samples are heard")
    middle = samples[len(samples) // 2 - RATE // 4:len(samples) // 2 + RATE // 4]
    loud = level(middle, hertz)
    others = max(level(middle, other) for other in (330, 440, 660, 880) if other != hertz)
    check(loud > LOUD and others < loud / 10,
          f"{who}: {hertz} Hz at {loud:.0f}, others {others:.0f}")
    check(abs(frequency(middle) - hertz) < 8, f"{who}: {frequency(middle):.0f} Hz")


class Trial:
    def __init__(self, world):
        self.world, self.lineward = world, world.lineward
        self.lineward.command("user", "set", "sales", "--login", "auto")
        self.ann = Phone(("127.0.0.1", world.ports.pbx), ("107", password_of("107"), DOMAIN))
        self.ann.register()
        made = self.lineward.command("device", "add", "sales", "soft")
        self.start(*SECRET.search(made).groups())

    def start(self, user, password):
        write_tone(self.world.directory / "tone.wav", ITS_TONE, PLAYED_S)
        write_tone(self.world.directory / "mine.wav", OUR_TONE, 1)  # of whole turns
        self.server = f"{OURS}:{self.world.ports.sip}"
        home = self.world.directory / "soft"
        account = (f"<sip:{user}@{self.server};transport=udp>;auth_user={user};"
                   f"auth_pass={password};regint=60;answermode=auto;audio_codecs=PCMA/8000/1")
        self.soft = Softphone(SPACE, home, (THEIRS, CONTROL), account, CONFIG.format(home=home))
        wait_until("baresip is registered", lambda: self.lineward.api(
            "GET", "users/sales/devices/soft")["bindings"])

    def talk(self, ear, to):
        """Both sides play their tones until enough was heard; then each is measured."""
        mouth = Mouth(ear, self.world.directory / "mine.wav", to)
        wait_until("the device is heard", lambda: len(ear.packets) > HEARD_S * 50)
        time.sleep(0.3)
        mouth.close()
        check(all(sender[0] == THEIRS for _, sender, _ in ear.packets),
              "media do not come from the device itself")
        check_tone(ear.samples(), ITS_TONE, "at the PBX's telephone")

    def heard_by_baresip(self):
        """What baresip has recorded, once it has written that."""
        recordings = list(self.soft.home.glob("dump-*dec.wav"))
        check(len(recordings) == 1, f"recordings: {recordings}")
        samples = wave(recordings[0])
        self.soft.forget()
        return samples

    def test_incoming(self):
        ear = Ear(OURS)
        fields = self.ann.begin(LINE, body=ear.offer("8"))
        ok = self.ann.wait(200)
        ann = self.ann.answered(fields, ok)
        self.talk(ear, media_of(ok.text))
        self.ann.hang_up(ann)
        time.sleep(0.3)
        check_tone(self.heard_by_baresip(), OUR_TONE, "at the device")
        ear.close()

    def test_outgoing(self):
        ear = Ear(OURS)
        self.soft.tell("dial", f"sip:107@{self.server}")
        invite = self.ann.ringing()
        self.ann.reply(invite, 200, tag="107", body=ear.offer("8"))
        self.ann.wait("ACK")
        self.talk(ear, media_of(invite.text))
        self.ann.hang_up(self.ann.dialog_of(invite))
        time.sleep(0.3)
        check_tone(self.heard_by_baresip(), OUR_TONE, "at the device")
        ear.close()

    def is_on_hold(self, is_held):
        state = "on_hold" if is_held else "answered"
        wait_until(f"the call is shown as {state}", lambda: [
            call["state"] for call in self.lineward.api("GET", "calls")["items"]] == [state])

    def held_by_the_device(self, ann, ear, is_held):
        """The device holds the call, or takes it back: Ann agrees to what it offers."""
        self.soft.tell("hold" if is_held else "resume")
        again = self.ann.wait("INVITE", call_id=ann.call_id)
        wished, agreed = ("a=sendonly", "a=recvonly") if is_held else ("a=sendrecv", "a=sendrecv")
        check(wished in body_of(again.text), f"not {wished}: {again.text}")
        self.ann.reply(again, 200, body=ear.offer("8") + agreed + "\r\n")
        self.ann.wait("ACK", call_id=ann.call_id)
        self.is_on_hold(is_held)

    def held_by_ann(self, ann, ear, is_held):
        wished, agreed = ("a=sendonly", "a=recvonly") if is_held else ("a=sendrecv", "a=sendrecv")
        cseq = self.ann.within(ann, "INVITE", body=ear.offer("8") + wished + "\r\n")
        ok = self.ann.wait(200, call_id=ann.call_id)
        check(agreed in body_of(ok.text), f"not {agreed}: {ok.text}")
        self.ann.within(ann, "ACK", cseq=cseq)
        self.is_on_hold(is_held)
        return media_of(ok.text)

    def test_after_hold(self):
        """Each side holds the call, and takes it back: the held one says nothing meanwhile, and
        then both are heard again."""
        ear = Ear(OURS)
        fields = self.ann.begin(LINE, body=ear.offer("8"))
        ok = self.ann.wait(200)
        ann = self.ann.answered(fields, ok)
        self.talk(ear, media_of(ok.text))
        self.held_by_ann(ann, ear, True)
        self.expect_silent(ear)
        there = self.held_by_ann(ann, ear, False)
        self.talk(ear, there)
        self.held_by_the_device(ann, ear, True)
        self.held_by_the_device(ann, ear, False)
        ear.packets.clear()
        self.talk(ear, there)
        self.ann.hang_up(ann)
        time.sleep(0.3)
        check_tone(self.heard_by_baresip(), OUR_TONE, "at the device")
        ear.close()

    @staticmethod
    def expect_silent(ear):
        """Nothing is heard for half a second; what was is forgotten."""
        time.sleep(0.3)  # what was under way
        ear.packets.clear()
        time.sleep(0.5)
        check(len(ear.packets) <= 1, f"{len(ear.packets)} packets of a held device are heard")

    def test_keys(self):
        """Keys as telephone events (RFC 4733) are offered from end to end, and each is seen."""
        ear = Ear(OURS)
        events = "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
        fields = self.ann.begin(LINE, body=ear.offer("8 101") + events)
        ok = self.ann.wait(200)
        check("a=rtpmap:101 telephone-event/8000" in body_of(ok.text), ok.text)
        ann = self.ann.answered(fields, ok)
        wait_until("the device is heard", lambda: ear.packets)
        self.soft.tell("sndcode", "5")
        wait_until("the key is heard", lambda: {
            packet[12] for _, _, packet in ear.packets if packet[1] & 0x7f == 101} == {5}, 5)
        self.ann.hang_up(ann)
        time.sleep(0.3)
        self.soft.forget()
        ear.close()

    def test_no_call_is_left(self):
        wait_until("no call is left", lambda: self.lineward.api("GET", "calls")["count"] == 0, 5)


def run(args):
    with World("peer/tone", args.bin, OFFSET, lines=("101", "102", "103", "104", "107")) as world:
        world.lineward.configure("devices_md5_only = 1")
        world.lineward.options = ["--sip", f"{OURS}:{world.ports.sip}"]
        world.set_up()
        return run_trial(Trial(world), args.names)


def main():
    args = arguments(__doc__)
    return run_in_space(lambda: run(args), (SPACE, OURS, THEIRS), "baresip")


if __name__ == "__main__":
    run_script(main)
