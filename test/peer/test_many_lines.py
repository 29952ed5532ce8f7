#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Very many lines at a real registrar: all are registered, never in a crowd, over restarts too.

    test_many_lines.py --bin PATH                               400 lines, granted 6 s: 90 s
    test_many_lines.py --bin PATH --lines 10000 --expires 60    the full size: 12 minutes

The PBX is a Kamailio that only registers (registrar.cfg.in). What it writes of each REGISTER that
it accepts or refuses is what is counted.
"""

import argparse
import http.client
import json
import re
import socket
import time
from bisect import bisect_left
from collections import Counter

from peers import HERE, Lineward, Ports, new_directory
from processes import Program, Trouble, find_program, wait_until
from runner import check, run_script

OFFSET = 800
DOMAIN = "many.trial"
PEAK_MAX = 3.0       # times the mean, of REGISTERs in a second
BACK_SECONDS = 300   # after the PBX is up again
REFUSED_SECONDS = 300  # a line that was refused does not ask sooner
REFUSAL = "Closed Today"  # what the PBX says then


class Registrar:
    """The PBX."""

    def __init__(self, port, directory, expires):
        self.port, self.program = port, None
        self.executable = find_program("kamailio")
        self.run, self.log = directory / "kamailio", directory / "kamailio.log"
        self.config = directory / "kamailio.cfg"
        text = (HERE / "registrar.cfg.in").read_text()
        for name, value in {"PBX_PORT": port, "DOMAIN": DOMAIN, "EXPIRES_MAX": expires}.items():
            text = text.replace(f"@{name}@", str(value))
        self.config.write_text(text)
        self.run.mkdir()

    def start(self):
        self.program = Program("the PBX (kamailio)",
                               [self.executable, "-DD", "-E", "-f", self.config, "-w", self.run,
                                "-Y", self.run, "-P", self.run / "pid", "-m", "128", "-M", "8"],
                               self.log)
        self.program.wait_ready(lambda: self.contacts() >= 0)

    def refuse(self, status):
        """From now on every REGISTER has this answer; 0: as usual."""
        check(self.contacts(f"X-Refuse: {status}\r\n") >= 0, "the PBX does not take X-Refuse")

    def contacts(self, header=""):
        """How many contacts it has; -1 while it does not answer. `header` goes to it, too."""
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            probe.settimeout(0.5)
            here = f"127.0.0.1:{probe.getsockname()[1]}"
            probe.sendto((
                f"OPTIONS sip:{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKcount\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:count@{here}>;tag=count\r\nTo: <sip:{DOMAIN}>\r\n"
                f"Call-ID: {time.monotonic_ns()}\r\nCSeq: 1 OPTIONS\r\n{header}"
                "Content-Length: 0\r\n\r\n").encode(), ("127.0.0.1", self.port))
            try:
                found = re.search(rb"X-Contacts: (\d+)", probe.recv(2000))
            except OSError:
                return -1
        if not found:
            raise Trouble("the PBX does not tell how many contacts it has")
        return int(found.group(1))

    def accepted(self):
        """All that was accepted so far: (time, extension, Call-ID, CSeq)."""
        text = self.log.read_text(errors="replace")
        found = re.findall(r"accepted ([\d.]+) (\d+) (\S+) (\d+)", text)
        return [(float(at), extension, call_id, int(cseq))
                for at, extension, call_id, cseq in found]

    def refused(self, since):
        """What was refused since then: (time, extension)."""
        found = re.findall(r"refused ([\d.]+) (\d+) ", self.log.read_text(errors="replace"))
        return [(float(at), extension) for at, extension in found if float(at) >= since]


def add_lines(lineward, count):
    """Adds them by the API, over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", lineward.port, timeout=20)
    headers = {"Authorization": "Bearer " + lineward.token_file.read_text().strip(),
               "Content-Type": "application/json"}
    for number in range(count):
        extension = str(20000 + number)
        connection.request("POST", "/api/v1/groups/many/lines", headers=headers,
                           body=json.dumps({"extension": extension,
                                            "password": f"secret{extension}"}))
        response = connection.getresponse()
        content = response.read()
        check(response.status == 201, f"line {extension} not added: {content}")
    connection.close()


def peak_to_mean(times, begin, end, peak_from=None):
    """Of the REGISTERs between two times: the most in any second, by what a second has on average.

    The peak is looked for from `peak_from` on.
    """
    seconds = int(end - begin)
    watched = sorted(at for at in times if begin <= at < begin + seconds)
    mean = len(watched) / seconds
    check(mean > 0, "no line was refreshed")
    recent = [at for at in watched if at >= (peak_from or begin)]
    peak = max((bisect_left(recent, at + 1) - i for i, at in enumerate(recent)), default=0)
    return peak / mean, mean


class Trial:
    def __init__(self, options):
        self.count, self.expires, self.away = options.lines, options.expires, options.away
        ports = Ports(OFFSET)
        ports.check_free()
        directory = new_directory("peer/many_lines")
        self.pbx = Registrar(ports.pbx, directory, self.expires)
        self.lineward = Lineward(options.bin, ports, directory)
        self.lineward.configure("api_requests_per_s = 0")  # lines are added as fast as it can
        self.server = f"127.0.0.1:{ports.pbx}"

    def tell(self, text):
        print(f"   {text}", flush=True)

    def check_refreshes(self, what):
        """Watches one whole interval: refreshes are spread, and nobody falls out.

        A machine that pauses for a second makes a crowd of what came due meanwhile. So a crowd is
        looked for in the next interval, too: lines that are not spread make one in each.
        """
        begin = time.time()
        for _ in range(2):
            watched_from = time.time()
            time.sleep(self.expires)
            ratio, mean = peak_to_mean([at for at, *_ in self.pbx.accepted()], begin, time.time(),
                                       watched_from)
            contacts = self.pbx.contacts()
            self.tell(f"{what}: {mean:.1f} REGISTERs/s, peak/mean {ratio:.2f}, {contacts} contacts")
            check(contacts == self.count, f"{contacts} of {self.count} contacts {what}")
            if ratio <= PEAK_MAX:
                return
        raise Trouble(f"peak/mean is {ratio:.2f} {what}, in two intervals")

    def check_all_back(self, what, seconds):
        begin = time.time()
        wait_until(f"all lines are registered {what}",
                   lambda: time.sleep(0.2) or self.pbx.contacts() == self.count, seconds)
        self.tell(f"{what}: all registered after {time.time() - begin:.1f} s")

    def register(self):
        self.pbx.start()
        self.lineward.start()
        self.lineward.command("group", "add", "many", "--server", self.server, "--domain", DOMAIN)
        begin = time.time()
        add_lines(self.lineward, self.count)
        self.tell(f"{self.count} lines added in {time.time() - begin:.1f} s")
        self.check_all_back("at first", 120 + self.count / 50)

    def restart_lineward(self):
        """The PBX hears no more than usual, and not a contact is doubled or lost."""
        before = {extension: (call_id, cseq)
                  for _, extension, call_id, cseq in self.pbx.accepted()}
        self.lineward.stop()
        begin = time.time()
        self.lineward.start()
        self.check_refreshes("after a restart")
        seconds = 2
        times = [at for at, *_ in self.pbx.accepted() if at >= begin]
        early = sum(at < begin + seconds for at in times)
        mean = len(times) / (time.time() - begin)
        self.tell(f"after a restart: {early} REGISTERs in the first {seconds} s")
        check(early <= PEAK_MAX * mean * seconds, f"{early} REGISTERs at once after a restart")
        for at, extension, call_id, cseq in self.pbx.accepted():
            if at < begin:
                continue
            check(call_id == before[extension][0], f"line {extension} has a new Call-ID")
            check(cseq > before[extension][1], f"the CSeq of line {extension} does not rise")

    def restart_pbx(self):
        """It is away until that is noticed, and comes back with nothing."""
        self.pbx.program.kill()
        wait_until("somebody notices that the PBX is away", self.is_away, self.expires + 30)
        self.pbx.start()
        self.check_all_back("after the PBX was away", BACK_SECONDS)
        self.check_refreshes("after the PBX was away")

    def registrations(self):
        """(extension, what is shown of its registration) of each line."""
        path = "groups/many/lines?limit=1000"
        while path:
            page = self.lineward.api("GET", path)
            yield from ((line["extension"], line["registration"]) for line in page["items"])
            path = page.get("next", "").removeprefix("/api/v1/")

    def check_all_shown(self, state, status):
        """Sooner or later every line is shown as this, and says why."""
        wait_until(f"every line is {state}",
                   lambda: time.sleep(1) or all(shown["state"] == state
                                                for _, shown in self.registrations()),
                   2 * self.expires + 30)
        for extension, shown in self.registrations():
            check((shown["status"], shown["reason"]) == (status, REFUSAL),
                  f"line {extension} shows {shown}")

    def check_pace(self, what, begin, times):
        """They come no thicker than refreshes do."""
        ratio, mean = peak_to_mean(times, begin, time.time())
        self.tell(f"{what}: {len(times)} REGISTERs, {mean:.1f}/s, peak/mean {ratio:.2f}")
        check(ratio <= PEAK_MAX, f"peak/mean is {ratio:.2f} {what}")

    def refuse_for_good(self):
        """403: each line asks once, says so, and comes back when its group is changed."""
        begin = time.time()
        self.pbx.refuse(403)
        self.check_all_shown("refused", 403)
        refused = self.pbx.refused(begin)
        # The first few seconds after all have been refused would be without any.
        last = max(at for at, _ in refused)
        ratio, mean = peak_to_mean([at for at, _ in refused], begin, last)
        self.tell(f"403 for all: {len(refused)} REGISTERs, {mean:.1f}/s, peak/mean {ratio:.2f}")
        check(ratio <= PEAK_MAX, f"peak/mean is {ratio:.2f} while all are refused")
        often = [e for e, n in Counter(e for _, e in refused).items() if n > 1]
        check(last - begin >= REFUSED_SECONDS or not often, f"refused, {often} asked again")
        self.pbx.refuse(0)
        for state in ("off", "on"):
            self.lineward.command("group", "set", "many", "--enabled", state)
        self.check_all_back("after 403 and a change", BACK_SECONDS)
        self.check_refreshes("after 403 and a change")

    def refuse_for_now(self):
        """503: the lines try again, each less and less often, and come back by themselves."""
        begin = time.time()
        self.pbx.refuse(503)
        self.check_all_shown("unreachable", 503)
        time.sleep(max(0.0, begin + self.away - time.time()))
        self.check_pace("503 for all", begin, [at for at, _ in self.pbx.refused(begin)])
        self.pbx.refuse(0)
        self.check_all_back("after 503", BACK_SECONDS)
        self.check_refreshes("after 503")

    def is_away(self):
        time.sleep(0.5)
        return 'state=unreachable' in self.lineward.program.text()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, metavar="PATH", help="the lineward to be tested")
    parser.add_argument("--lines", type=int, default=400, metavar="N")
    parser.add_argument("--expires", type=int, default=6, metavar="S",
                        help="seconds that the PBX grants at most")
    parser.add_argument("--away", type=int, default=0, metavar="S",
                        help="seconds of 503, at least until all lines have got it")
    trial = Trial(parser.parse_args())
    trial.register()
    trial.check_refreshes("at first")
    trial.restart_lineward()
    trial.restart_pbx()
    trial.refuse_for_good()
    trial.refuse_for_now()
    trial.lineward.stop()
    trial.lineward.check_log()
    print("ok many lines", flush=True)
    return 0


run_script(main)
