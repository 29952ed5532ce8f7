#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The check of a line group against PBXs (Kamailio) with one fault each: it names the fault, leaves
no call behind, and with forward_by auto a call that is forwarded afterwards gets through, or the
report says why it cannot."""

import json
import os
import subprocess
import threading
import time
import urllib.request

from message import Message, read_log
from peers import DOMAIN, WORKERS, Caller, World, password_of
from phone import SDP, Phone
from processes import Trouble, wait_until
from runner import arguments, check, run_script, run_tests

# From there on, by the first name.
PORTS = {"none": 1500, "rings-on": 1100, "ended-by-stop": 1100, "ring-timeout": 2350}
LINES = ["101", "102", "103"]
FINE = {"registration": "ok", "incoming": "ok", "busy_486": "ok", "unavailable_480": "ok",
        "decline_603": "ok", "second_call": "ok", "redirect_internal": "ok", "diversion": "ok",
        "contact_host": "ok", "other_contacts": "not_tested", "ring_timeout": "not_tested",
        "redirect_external": "not_tested", "unregistered": "ok"}


class Desk(Phone):
    """A telephone at the PBX that rings when it is called and never answers; and one that answers,
    if so asked. What was not ended is in `open`."""

    def __init__(self, server, account, answers=False):
        self.answers, self.open, self.seen, self.told = answers, {}, set(), []
        self.latest = None  # INVITE
        super().__init__(server, account)

    def serve(self):
        for datagram, sender in iter(lambda: self.socket.recvfrom(65535), None):
            text = datagram.decode(errors="replace")
            message = self.read(text, sender)
            if message.status or self.is_deaf:
                self.received.put(message)
            elif not self.obey(message):
                self.received.put(message)

    @staticmethod
    def read(text, sender):
        message = Message(text)
        message.text, message.sender = text, sender
        return message

    def obey(self, request):
        """Does what a telephone does; false where the test looks at the request itself."""
        call_id = request.first("Call-ID")
        self.told.append(f"{time.monotonic():.3f} {request.start_line} {call_id}")
        if request.method == "INVITE" and request.first("Via") in self.seen:
            return True  # once more, because our answer was slow
        if request.method == "INVITE" and call_id not in self.open:
            self.seen.add(request.first("Via"))
            self.open[call_id] = self.latest = request
            self.reply(request, 180, tag=self.user)
            if self.answers:
                self.reply(request, 200, tag=self.user, body=SDP.format("desk"))
        elif request.method == "CANCEL" and call_id in self.open:
            self.reply(request, 200, tag=self.user)
            self.reply(self.open.pop(call_id), 487, tag=self.user)
        elif request.method == "BYE":
            self.reply(request, 200)
            self.open.pop(call_id, None)
        return True

    def wait_quiet(self, seconds):
        """Until no call is left; else tells what it has got, and which calls are open."""
        try:
            wait_until("the desk phone is quiet", lambda: not self.open, seconds)
        except Trouble as trouble:
            raise Trouble("\n".join([str(trouble), *self.told, "open:", *self.open])) from None


class Profile:
    """A PBX with a fault, and a lineward that has been set up for it."""

    def __init__(self, world, fault="", desk=None, ring_s=30, is_together=True,
                 answers=False):
        self.world, self.lineward = world, world.lineward
        # A desk phone that has not rung yet when its caller gives up must learn of that, too.
        world.start_pbx(fault=fault, ring_s=ring_s, cancels_all=bool(desk))
        server = ("127.0.0.1", world.ports.pbx)
        self.desk = None
        if desk:
            self.desk = Desk(server, (desk, password_of(desk), DOMAIN), answers)
            self.desk.register()
        world.set_up(is_waiting=False)
        if WORKERS > 1 and is_together:  # then one worker has them all
            self.give_to_sales((*LINES, "104"))

    def give_to_sales(self, lines):
        for line in lines:
            self.lineward.command("line", "set", line, "--group", "trial", "--user", "sales")

    def events(self):
        """A list that grows by what is told of checks from now on."""
        token = self.lineward.token_file.read_text().strip()
        request = urllib.request.Request(f"{self.lineward.url}/api/v1/events", headers={
            "Authorization": f"Bearer {token}", "Accept": "text/event-stream"})
        stream, told = urllib.request.urlopen(request, timeout=60), []

        def listen():
            for line in stream:
                event = json.loads(line[6:]) if line.startswith(b"data: ") else {"type": ""}
                if event["type"] in ("hello", "check"):
                    told.append(event)
        threading.Thread(target=listen, daemon=True).start()
        wait_until("somebody listens", lambda: told, 5)
        return told

    def check(self, lines=None, wanted=0, **options):
        """Runs a check by the command line; returns its report. `wanted`: the exit status, None:
        any."""
        words = ["group", "check", "trial", "--lines", ",".join(lines or LINES)]
        for name, value in options.items():
            words += [f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)])
        lineward = self.lineward
        done = subprocess.run([lineward.executable, *words], capture_output=True, text=True,
                              timeout=120, check=False,
                              env=dict(os.environ, **lineward.environment))
        check(wanted in (None, done.returncode), f"status {done.returncode} instead of {wanted}:\n"
                                         f"{done.stdout}{done.stderr}")
        self.printed = done.stdout
        newest = lineward.api("GET", "groups/trial/checks")["items"][0]["number"]
        report = lineward.api("GET", f"groups/trial/checks/{newest}")
        check(report["state"] == "done", report)
        self.rows = {row["row"]: row for row in report["rows"]}
        return report

    def expect(self, **differences):
        """The verdicts are those of a PBX without faults, but for these: (verdict, finding)."""
        for name, verdict in FINE.items():
            row = self.rows[name]
            wanted = differences.get(name, verdict)
            seen = row["verdict"] if isinstance(wanted, str) else (row["verdict"], row["finding"])
            check(seen == wanted, f"{name} is {row}, not {wanted}")

    def wait_registered(self):
        self.lineward.wait_registered(LINES)

    def forward(self, target, target_place, is_bridged, line="102"):
        """A real call to the line, which forwards it to `target`, is answered there."""
        self.lineward.command("forward", "set", line, "immediate", "--to", target)
        call = self.world.call("105", line)
        check(call.final == 200, f"the caller got {call.answers}")
        arrived = [message for message in read_log(
            self.world.directory / f"{target_place}.messages")
            if message.is_received and message.start_line.startswith("INVITE")]
        check(arrived, f"nothing arrived at {target_place}")
        is_same = arrived[-1].first("Call-ID") == call.call_id
        check(is_same != is_bridged, f"bridged is {not is_same}, wanted {is_bridged}")

    def expect_forwarding_in_vain(self, target):
        """102 forwards to `target`, but a real call to it never gets there: it does not come to us.
        Returns it. What the PBX sends here is forwarded all the same, by another line."""
        self.lineward.command("forward", "set", "102", "immediate", "--to", target)
        call = self.world.call("105", "102", patience_ms=1500)
        check(all(arrival.called_user != target for arrival in call.arrivals),
              f"{target} was called: {call.answers}")
        check(self.lineward.api("GET", "journal?line=102")["items"] == [], "102 got a call")
        self.forward(target, "phones", is_bridged=False, line="103")
        return call

    def expect_no_calls(self):
        """Nothing is left of the check: no call of ours, none at the PBX, none at a telephone."""
        check(self.lineward.api("GET", "calls")["items"] == [], "calls wait")
        check(self.lineward.api("GET", "journal?line=102")["items"] == [],
              "test calls stand in the journal")
        if self.desk:
            self.desk.wait_quiet(8)


# ---- The profiles

def none(world):
    """A PBX without faults; the check is compared with the one before."""
    profile = Profile(world)
    profile.wait_registered()
    told = profile.events()
    report = profile.check(external="0170 1234567", consent=True, quick=True)
    wait_until("its end is told", lambda: told[-1].get("state") == "done", 5)
    rows = [event["row"] for event in told if "row" in event]
    check({"incoming", "second_call", "redirect_internal", "unregistered"} <= set(rows), rows)
    check(told[-1]["check"] == report["number"] and told[-1]["group"] == "trial", told[-1])
    profile.expect(redirect_external=("ok", "followed"))
    check(report["server"] == "trial PBX", report["server"])
    check(report["lines"] == {"caller": "101", "diverter": "102", "target": "103"}, report)
    for text in ("302 to a colleague", "ok", "trial PBX"):
        check(text in profile.printed, profile.printed)
    profile.expect_no_calls()
    profile.forward("106", "phones", is_bridged=False)
    profile.lineward.wait_registered(LINES)
    world.lineward.stop()
    world.lineward.check_log()


def no_second_call(world):
    profile = Profile(world, "NO_SECOND_CALL")
    profile.wait_registered()
    profile.check(quick=True, wanted=3)
    profile.expect(second_call=("fails", "declined"))
    check(profile.rows["second_call"]["status"] == 486, profile.rows["second_call"])
    check("set line 102 up for a second call in the PBX" in profile.printed, profile.printed)
    profile.expect_no_calls()
    profile.forward("106", "phones", is_bridged=False)


def taken_as_busy(world):
    profile = Profile(world, "TAKEN_AS_BUSY")
    profile.wait_registered()
    profile.check(quick=True, wanted=3)
    profile.expect(redirect_internal=("fails", "taken_as_busy"), diversion="not_tested",
                   contact_host="ok")
    profile.expect_no_calls()
    profile.forward("106", "phones", is_bridged=True)


def rings_on(world):
    profile = Profile(world, "RINGS_ON")
    profile.wait_registered()
    profile.check(quick=True, wanted=3)
    profile.expect(redirect_internal=("fails", "rings_on"), diversion="not_tested")
    profile.expect_no_calls()
    profile.forward("106", "phones", is_bridged=True)


def foreign_dialled(world):
    profile = Profile(world, "FOREIGN_DIALLED")
    profile.wait_registered()
    profile.check(quick=True)
    profile.expect(contact_host=("limited", "host_dialled"))
    profile.expect_no_calls()
    profile.forward("106", "phones", is_bridged=False)


def diversion_stripped(world):
    profile = Profile(world, "DIVERSION_STRIPPED")
    profile.wait_registered()
    profile.check(quick=True, wanted=3)
    profile.expect(diversion=("fails", "diversion_lost"))
    profile.expect_no_calls()
    profile.forward("106", "phones", is_bridged=False)


def all_stopped(world):
    """A desk phone of 102 rings along, and a 302 of ours makes it stop."""
    profile = Profile(world, "ALL_STOPPED", desk="102")
    profile.wait_registered()
    profile.check(quick=True)
    profile.expect(busy_486=("ok", "rings_on"), unavailable_480=("ok", "rings_on"),
                   decline_603="ok", other_contacts=("limited", "stops_ringing"))
    profile.expect_no_calls()
    profile.forward("106", "phones", is_bridged=False)


def held_back(world):
    """A PBX without faults that holds a 302 until the desk phone has ended, as RFC 3261 16.7 lets
    a proxy do: forwardings are bridged."""
    profile = Profile(world, desk="102")
    profile.wait_registered()
    profile.check(quick=True, wanted=3)
    check(profile.rows["redirect_internal"]["finding"] == "held_back", profile.rows)
    check(profile.rows["other_contacts"]["finding"] == "keeps_ringing", profile.rows)
    profile.expect_no_calls()
    profile.forward("106", "phones", is_bridged=True)


def answered(world):
    """A desk phone of 102 answers whatever comes, as a voicemail box would: each test call that it
    has taken is hung up, though the PBX wants a proof for that."""
    profile = Profile(world, "BYE_CHALLENGED", desk="102", answers=True)
    profile.wait_registered()
    profile.check(quick=True, wanted=None)
    check(len(profile.desk.seen) >= 4, f"the desk phone has answered {profile.desk.seen}")
    check(profile.rows["busy_486"]["finding"] in ("changed", "line_unusable"), profile.rows)
    expect_late_refused(profile)
    profile.expect_no_calls()


def expect_late_refused(profile):
    """An INVITE that was on its way to us when its test call ended is no real call."""
    mark = profile.desk.latest.first("X-Lineward-Check")
    pbx = Phone(("127.0.0.1", profile.world.ports.sip), ("101", "", DOMAIN))
    pbx.request("INVITE", f"sip:102@127.0.0.1:{profile.world.ports.sip}",
                {"from": f"<sip:101@{DOMAIN}>;tag=late", "to": f"<sip:102@{DOMAIN}>",
                 "call_id": "of-another-leg", "cseq": 1},
                headers=[f"X-Lineward-Check: {mark}"], body=SDP.format("late"))
    pbx.wait(480)


def unmarked(world):
    """Nothing but its caller tells a test call when it comes back, as with PBXs that make a call of
    their own for each leg."""
    profile = Profile(world, "UNMARKED")
    profile.wait_registered()
    profile.check(quick=True)
    profile.expect()
    profile.expect_no_calls()


def one_contact(world):
    """The desk phone of 102 was there first: our REGISTER gets 403, and the report says why no
    forwarding of that line can work."""
    profile = Profile(world, "ONE_CONTACT", desk="102")
    profile.lineward.wait_registered(["101", "103"])
    wait_until("line 102 is refused",
               lambda: profile.lineward.registration("102")["state"] == "refused", 5)
    profile.check(quick=True, wanted=3)
    row = profile.rows["registration"]
    check((row["verdict"], row["finding"], row["status"], row["line"]) ==
          ("fails", "refused", 403, "102"), row)
    check("one more contact" in row["advice"], row)
    check(profile.rows["redirect_internal"]["finding"] == "line_unusable", profile.rows)
    profile.expect_no_calls()
    profile.expect_forwarding_in_vain("106")


def ring_timeout(world):
    """Its ring time-out (20 s here) is measured and becomes the group's."""
    profile = Profile(world, ring_s=20)
    profile.wait_registered()
    profile.check(ring_max=30)
    profile.expect(ring_timeout=("limited", "times_out"))
    group = profile.lineward.api("GET", "groups/trial")
    check(group["pbx_ring_timeout"] == 20, group["pbx_ring_timeout"])
    entry = profile.lineward.api("GET", "audit?kind=group&limit=1")["items"][0]
    check(entry["actor"] == "lineward check", entry)
    profile.expect_no_calls()
    profile.forward("106", "phones", is_bridged=False)


def forwarded(world):
    """102 is forwarded to 104 in the PBX: the report says so, for nothing else can be done."""
    profile = Profile(world, "FORWARDED")
    profile.wait_registered()
    profile.lineward.wait_registered(["104"])
    profile.check(quick=True, wanted=3)
    row = profile.rows["incoming"]
    check((row["finding"], row["line"], row["other"]) == ("at_other_line", "102", "104"), row)
    check("102 is forwarded to 104 in the PBX" in row["advice"], row)
    check(profile.rows["redirect_internal"]["finding"] == "line_unusable", profile.rows)
    profile.expect_no_calls()
    profile.expect_forwarding_in_vain("106")
    check(profile.lineward.api("GET", "journal?line=104")["items"], "104 got no call")


def forwarded_out(world):
    profile = Profile(world, "FORWARDED_OUT")
    profile.wait_registered()
    profile.check(quick=True, wanted=3)
    row = profile.rows["incoming"]
    check((row["finding"], row["line"]) == ("taken_elsewhere", "102"), row)
    check("forwarded in the PBX" in row["advice"], row)
    profile.expect_no_calls()
    call = profile.expect_forwarding_in_vain("106")
    check(call.arrival and call.arrival.target == "outside", f"{call.answers}")


def voicemail(world):
    profile = Profile(world, "VOICEMAIL")
    profile.wait_registered()
    profile.check(quick=True)
    profile.expect(unregistered=("limited", "taken_elsewhere"))
    profile.expect_no_calls()
    profile.lineward.wait_registered(LINES)
    profile.forward("106", "phones", is_bridged=False)


# ---- How a check ends, and who is not disturbed by it

def in_use(world):
    """A line that has a call is refused, by its name; so is a second check of the group."""
    profile = Profile(world)
    profile.wait_registered()
    profile.lineward.command("line", "state", "102", "--clients", "ring")
    caller = world.sipp.start_call("real", Caller("105"), "102", 20000, 50)
    wait_until("the real call rings", lambda: profile.lineward.api("GET", "calls")["items"], 5)
    status, answer = profile.lineward.request("POST", "groups/trial/checks", {"lines": LINES})
    check((status, answer["detail"]) == (409, "line 102 is in use: it has a call"), answer)
    chosen = profile.lineward.api("POST", "groups/trial/checks", {"quick": True})
    check("102" not in chosen["lines"].values(), chosen)
    status, answer = profile.lineward.request("POST", "groups/trial/checks", {})
    check(status == 409 and "is running" in answer["detail"], answer)
    number = chosen["number"]
    profile.lineward.api("POST", f"groups/trial/checks/{number}/cancel", {})
    wait_until("it is cancelled", lambda: profile.lineward.api(
        "GET", f"groups/trial/checks/{number}")["state"] == "cancelled", 10)
    caller.stop()


def real_call(world):
    """While the check runs, a real call to one of its lines goes on by the decision: by somebody
    else, and by a telephone of the very line that places the test calls."""
    profile = Profile(world)
    profile.wait_registered()
    profile.lineward.command("forward", "set", "103", "immediate", "--to", "106")
    started = profile.lineward.api("POST", "groups/trial/checks", {"lines": LINES, "ring_max": 20})
    for number in ("103", "103", "103"):
        call = world.call("105", number)
        check(call.final == 200 and call.arrival, f"{call.answers}: it was not forwarded")
    phone = Phone(("127.0.0.1", world.ports.pbx), ("101", password_of("101"), DOMAIN))
    for _ in range(3):
        phone.hang_up(phone.call("103"))
    profile.lineward.api("POST", f"groups/trial/checks/{started['number']}/cancel", {})


def ended_by_stop(world):
    """The daemon is told to stop while a test call rings at a desk phone: the call ends."""
    profile = Profile(world, desk="102")
    profile.wait_registered()
    profile.lineward.api("POST", "groups/trial/checks", {"lines": LINES})
    wait_until("the desk phone rings", lambda: profile.desk.open, 10)
    world.lineward.stop()
    profile.desk.wait_quiet(5)
    world.lineward.check_log()
    world.lineward.start()
    report = profile.lineward.api("GET", "groups/trial/checks")["items"][0]
    check(report["state"] == "interrupted", report)


def ended_by_removal(world):
    """A line of the check is removed: the check ends, and so do its calls."""
    profile = Profile(world, desk="102")
    profile.wait_registered()
    started = profile.lineward.api("POST", "groups/trial/checks", {"lines": LINES})
    wait_until("the desk phone rings", lambda: profile.desk.open, 10)
    profile.lineward.command("line", "remove", "103", "--group", "trial")
    wait_until("the check ends", lambda: profile.lineward.api(
        "GET", f"groups/trial/checks/{started['number']}")["state"] == "interrupted", 15)
    profile.desk.wait_quiet(5)


def pbx_gone(world):
    """The PBX dies in the middle: the check ends by its timers."""
    profile = Profile(world)
    profile.wait_registered()
    started = profile.lineward.api("POST", "groups/trial/checks", {"lines": LINES, "quick": True})
    wait_until("a row is there", lambda: profile.lineward.api(
        "GET", f"groups/trial/checks/{started['number']}")["counts"]["ok"] >= 3, 15)
    world.pbx.stop()
    profile.lineward.api("POST", f"groups/trial/checks/{started['number']}/cancel", {})
    wait_until("the check ends", lambda: profile.lineward.api(
        "GET", f"groups/trial/checks/{started['number']}")["state"] == "cancelled", 30)


def workers(world):
    """With several workers, lines of different ones are refused; lines of one user are of one."""
    check(WORKERS > 1, "this is for LINEWARD_WORKERS=2")
    profile = Profile(world, is_together=False)
    profile.wait_registered()
    status, answer = profile.lineward.request("POST", "groups/trial/checks", {"lines": LINES})
    check(status == 409 and "another worker" in answer["detail"], answer)
    status, answer = profile.lineward.request("POST", "groups/trial/checks", {})
    check(status == 409 and "one worker" in answer["detail"], answer)
    profile.give_to_sales(LINES)
    profile.wait_registered()
    profile.check(quick=True)
    profile.expect()
    profile.expect_no_calls()


PROFILES = (none, no_second_call, taken_as_busy, rings_on, foreign_dialled, diversion_stripped,
            all_stopped, held_back, answered, unmarked, one_contact, ring_timeout, forwarded,
            forwarded_out, voicemail, in_use, real_call, ended_by_stop, ended_by_removal, pbx_gone,
            workers)


def main():
    options = arguments(__doc__)
    names = [function.__name__.replace("_", "-") for function in PROFILES]
    names = names[:-1] if WORKERS == 1 and not options.names else names  # the last is for more
    offset = PORTS.get((options.names or names)[0], PORTS["none"])

    def run(name, function):
        directory = f"peer/group_check/{name}"
        with World(directory, options.bin, offset, has_pbx=False) as world:
            function(world)
    tests = [(name, lambda n=name, f=function: run(n, f))
             for name, function in zip(names, PROFILES)]
    return 1 if run_tests(tests, options.names) else 0


if __name__ == "__main__":
    run_script(main)
