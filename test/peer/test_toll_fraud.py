#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Toll fraud and lost redirects with a scripted PBX: a burst of calls to a forwarded line is
stopped by the line's limits, administrators see it and lift it, and calls are forwarded again; a
redirect that does not come back to us is told.

    test_toll_fraud.py --bin PATH
"""

import socket
import time

from processes import wait_until
from runner import arguments, check, run_script, run_trial
from wire import LINE, Wire

OFFSET = 2350
PER_HOUR = 6


class Trial:
    def __init__(self, wire):
        self.wire, self.lineward = wire, wire.lineward
        # What is not forwarded is declined at once.
        self.lineward.command("user", "set", "sales", "--login", "off")
        self.call_count = 0

    def burst(self, count):
        """The status of each of so many calls, one after the other."""
        first, self.call_count = self.call_count, self.call_count + count
        return [self.wire.pbx.call(f"burst-{first + i}").status for i in range(count)]

    def alarms(self):
        return {alarm["kind"]: alarm for alarm in self.lineward.api("GET", "alarms")["items"]}

    def metric(self, state):
        token = (self.lineward.data / "api.token").read_text().strip()
        with socket.create_connection(("127.0.0.1", self.wire.ports.api), timeout=10) as stream:
            stream.sendall(b"GET /api/v1/metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                           b"Authorization: Bearer " + token.encode() + b"\r\n\r\n")
            text = b""
            while part := stream.recv(65536):
                text += part
        start = f'lineward_alarms_total{{state="{state}"}} '
        return [int(line[len(start):]) for line in text.decode().splitlines()
                if line.startswith(start)][0]

    def listen(self, state, act):
        """What `act` returns, and the event of that alarm."""
        result, events = self.lineward.listen(act, f'"{state}"')
        return result, next(event for event in events if event.get("state") == state)

    def lift(self, kind):
        self.lineward.command("alarm", "lift", str(self.alarms()[kind]["id"]))
        check(kind not in self.alarms(), f"still there: {self.alarms()}")

    def test_burst_is_stopped_and_lifted(self):
        set_group = ("group", "set", "wire", "--max-forwarded-per-hour")
        self.lineward.command(*set_group, str(PER_HOUR))
        seen, event = self.listen("forwarded_per_hour", lambda: self.burst(PER_HOUR + 20))
        check(seen[:PER_HOUR] == [302] * PER_HOUR, f"kept from the start: {seen}")
        check(302 not in seen[PER_HOUR:], f"not stopped: {seen}")
        check((event["type"], event["group"], event["line"]) == ("alarm", "wire", LINE), event)
        alarm = self.alarms()["forwarded_per_hour"]
        check((alarm["group"], alarm["line"], alarm["count"]) == ("wire", LINE, 20), alarm)
        check(self.metric("forwarded_per_hour") == 1, "the metric")
        printed = self.lineward.command("alarm", "list")
        check(f"wire/{LINE}: as many calls" in printed and "20 calls" in printed, printed)
        self.lift("forwarded_per_hour")
        check(self.burst(PER_HOUR + 1) == [302] * PER_HOUR + [486], "after it was lifted")
        audited = self.lineward.api("GET", "audit?kind=alarm")["items"][0]
        check(audited["key"] == f"wire/{LINE}/forwarded_per_hour" and audited["before"]
              == {"count": 20}, audited)
        self.lift("forwarded_per_hour")
        self.lineward.command(*set_group, "0")

    def test_at_once(self):
        set_group = ("group", "set", "wire", "--max-forwarded-calls")
        self.lineward.command(*set_group, "2")
        seen = self.burst(4)
        check(seen.count(302) <= 2 and seen[-1] != 302, seen)
        check("forwarded_at_once" in self.alarms(), self.alarms())
        self.lift("forwarded_at_once")
        check(self.burst(1) == [302], "after it was lifted")
        self.lineward.command(*set_group, "0")

    def test_alarm_outlasts_a_restart(self):
        self.lineward.command("group", "set", "wire", "--max-forwarded-per-hour", "1")
        check(302 not in self.burst(2)[1:], "not stopped")
        before = self.alarms()["forwarded_per_hour"]
        self.lineward.stop()
        self.lineward.start()
        self.lineward.wait_registered([LINE], group="wire")
        check(self.alarms()["forwarded_per_hour"] == before, self.alarms())
        self.lift("forwarded_per_hour")
        self.lineward.command("group", "set", "wire", "--max-forwarded-per-hour", "0")

    def test_redirect_that_does_not_arrive(self):
        """The PBX takes the 302 to a colleague's line, and no call comes there."""
        self.lineward.command("line", "add", "202", "--group", "wire", "--password", "secret202")
        self.lineward.wait_registered(["202"], group="wire")
        self.lineward.api("PUT", f"groups/wire/lines/{LINE}/forwardings/immediate/all",
                          {"target": "202"})
        # One that does arrive is no alarm.
        check(self.burst(1) == [302], "not redirected")
        self.wire.pbx.call("arrives", "202")
        time.sleep(3.3)
        check("redirect_lost" not in self.alarms(), self.alarms())
        start = time.monotonic()
        seen, event = self.listen("redirect_lost", lambda: self.burst(1))
        took = time.monotonic() - start
        check(seen == [302] and 2.9 < took < 6, f"{seen}, told after {took:.1f} s")
        check((event["line"], event["target"]) == (LINE, "202"), event)
        check(self.metric("redirect_lost") == 1, "the metric")
        wait_until("the log says it", lambda: "redirect_lost" in self.lineward.log.read_text(), 3)
        self.lift("redirect_lost")


def main():
    options = arguments(__doc__)
    wire = Wire("toll-fraud", options.bin, OFFSET)
    wire.set_up()
    return run_trial(Trial(wire), options.names)


if __name__ == "__main__":
    run_script(main)
