# SPDX-License-Identifier: Apache-2.0
"""The trial's telephone world on loopback: PBX, phones, the outside world, and lineward itself.

    callers (sipp) ---INVITE--> PBX (Kamailio) --INVITE--> lineward (lines 101-104)
                                 |    ^                        |
                                 |    '------ 302, 486 ... ----'
                                 |-- phones 105, 106, mailbox 700 (one sipp that answers)
                                 '-- trunk: 0 and a number (another sipp: the outside world)

All ports count from LINEWARD_PORT_BASE (25000) plus an offset for each script, so that scripts can
run at the same time. README.md has the table.
"""

import http.client
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

from message import read_log
from processes import (Program, Trouble, check_port_free, find_program, stop_all,
                       wait_until)

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

DOMAIN = "pbx.trial"
COUNTRY, AREA, MAIN_NUMBER = "49", "89", "+49891234"
USERS = {"101": "reception", "102": "sales", "103": "support", "104": "workshop"}
MAILBOX = "700"
PHONES = ("105", "106", MAILBOX)
MOBILE = "+491701234567"  # of the user sales
REDIRECTS_MAX = 20  # after which the PBX gives up; lineward must end a loop long before


def password_of(extension):
    return f"secret{extension}"


# How many workers lineward has: what the tests check is the same with any number of them.
WORKERS = int(os.environ.get("LINEWARD_WORKERS") or "1")


def new_directory(name):
    """The folder build/NAME for a trial's files, emptied."""
    directory = ROOT / "build" / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


class Ports:
    """The port numbers of one trial. Each of the workers has one of its own for SIP and one for
    TLS, from `sip` and `tls` on: there is room for four. With the control sockets of sipp
    (control_port) a trial has a hundred, so that is how far apart the offsets are."""

    def __init__(self, offset):
        text = os.environ.get("LINEWARD_PORT_BASE") or "25000"
        if not text.isdigit() or not 1024 <= int(text) <= 60000:
            raise Trouble(f"LINEWARD_PORT_BASE is {text!r}; it must be a number from 1024 to 60000")
        base = int(text) + offset
        self.api, self.sip, self.pbx = base, base + 1, base + 10
        self.tls, self.pbx_tls = base + 5, base + 11
        self.inside_callers = range(base + 20, base + 30)
        self.trunk_callers = range(base + 30, base + 40)
        self.outside, self.phones, self.wire = base + 40, base + 41, base + 42
        self.silent = base + 43  # nobody is there

    def check_free(self):
        """Trouble, naming the port, if a port that is listened on is taken."""
        check_port_free("tcp", self.api, "the API")
        for number in range(WORKERS):
            check_port_free("udp", self.sip + number, "lineward's SIP side")
        check_port_free("udp", self.pbx, "the trial PBX")
        check_port_free("udp", self.outside, "the trunk")
        check_port_free("udp", self.phones, "the phones")


def control_port(port):
    """Each sipp has a control socket too, which must not wander to somebody else's port."""
    return port + 50


def tls_configuration(ports, certificate):
    """What makes Kamailio listen by TLS, and check the certificates of those it connects to."""
    return "\n".join((
        "enable_tls=yes",
        f"listen=tls:127.0.0.1:{ports.pbx_tls}",
        f"listen=tls:[::1]:{ports.pbx_tls}",
        'loadmodule "tls.so"',
        f'modparam("tls", "certificate", "{certificate}.crt")',
        f'modparam("tls", "private_key", "{certificate}.key")',
        f'modparam("tls", "ca_list", "{certificate.parent}/ca.crt")',
        'modparam("tls", "tls_method", "TLSv1.2+")',
        "tcp_connection_lifetime=3600"))


class Pbx:
    """Kamailio as the PBX. `is_following` selects whether it follows a 302, `has_tcp` whether it
    takes connections; `certificate` (files .crt and .key) makes it listen by TLS, too. All its
    extensions can be given; and a `fault` (kamailio.cfg.in), and for how long it lets ring."""

    def __init__(self, ports, directory, is_following=True, has_tcp=False, certificate=None,
                 extensions=(*USERS, *PHONES), fault="", ring_s=30, address="127.0.0.1",
                 cancels_all=False):
        self.port, self.directory, self.program = ports.pbx, Path(directory), None
        self.address = address
        self.executable = find_program("kamailio")
        self.memory_mb = 64 if certificate else 16  # with less, its TLS refuses to work
        self.dialogs = self.directory / "dialogs" if fault == "TELLS_DIALOGS" else None
        values = {
            "ADDRESS": address,
            "PBX_PORT": ports.pbx,
            "TCP": (f"tcp_children=2\nlisten=tcp:127.0.0.1:{ports.pbx}\n"
                    f"listen=tcp:[::1]:{ports.pbx}" if has_tcp else "disable_tcp=yes"),
            "TLS": tls_configuration(ports, certificate) if certificate else "",
            "OUTSIDE_PORT": ports.outside,
            "TRUNK_FIRST": ports.trunk_callers[0],
            "TRUNK_LAST": ports.trunk_callers[-1],
            "DOMAIN": DOMAIN,
            "COUNTRY": COUNTRY,
            "MAIN_NATIONAL": MAIN_NUMBER.removeprefix("+" + COUNTRY),
            "PASSWORDS": "\n".join(f'    $sht(password=>{e}) = "{password_of(e)}";'
                                   for e in extensions),
            "FOLLOW_302": int(is_following),
            "REDIRECTS_MAX": REDIRECTS_MAX,
            "FAULT": f"#!define {fault}" if fault else "",
            "DIALOGS": self.directory / "dialogs",
            "RING_MS": 1000 * ring_s,
            "CANCEL_METHOD": 2 if cancels_all else 0,
            "MAILBOX": MAILBOX,
            "SILENT_PORT": ports.silent,
        }
        text = (HERE / "kamailio.cfg.in").read_text()
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        self.config = self.directory / "kamailio.cfg"
        self.config.write_text(text)

    def start(self):
        run = self.directory / "kamailio"
        run.mkdir(exist_ok=True)
        if self.dialogs:  # the empty tables that its presence server wants to find
            shutil.rmtree(self.dialogs, ignore_errors=True)
            shutil.copytree("/usr/share/kamailio/dbtext/kamailio", self.dialogs)
        self.program = Program(
            "the PBX (kamailio)",
            [self.executable, "-DD", "-E", "-f", self.config, "-w", run, "-Y", run,
             "-P", run / "pid", "-m", self.memory_mb, "-M", "4"],
            self.directory / "kamailio.log")
        self.program.wait_ready(self.is_answering)

    def stop(self):
        self.program.stop()

    def is_answering(self):
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.bind((self.address, 0))
            probe.settimeout(0.2)
            here = f"{self.address}:{probe.getsockname()[1]}"
            probe.sendto((
                f"OPTIONS sip:{DOMAIN} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{time.monotonic_ns()}\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:probe@{here}>;tag=probe\r\n"
                f"To: <sip:{DOMAIN}>\r\nCall-ID: {time.monotonic_ns()}\r\nCSeq: 1 OPTIONS\r\n"
                "Content-Length: 0\r\n\r\n").encode(), (self.address, self.port))
            try:
                return probe.recv(2000).startswith(b"SIP/2.0 200")
            except OSError:
                return False


class Sipp:
    """Runs sipp scenarios against the PBX. `phones` are the extensions of the phones."""

    def __init__(self, ports, directory, phones=PHONES):
        self.ports, self.directory, self.phones = ports, Path(directory), phones
        self.executable = find_program("sipp")

    def start(self, name, scenario, port, *options):
        """Starts a scenario; its messages go to NAME.messages."""
        messages = self.directory / f"{name}.messages"
        messages.unlink(missing_ok=True)
        return Program(
            f"sipp ({name})",
            [self.executable, f"127.0.0.1:{self.ports.pbx}", "-sf", HERE / "sipp" / scenario,
             "-i", "127.0.0.1", "-bind_local", "-p", port, "-mi", "127.0.0.1",
             "-ci", "127.0.0.1", "-cp", control_port(port), "-key", "domain", DOMAIN,
             "-nostdin", "-trace_msg", "-message_file", messages,
             "-trace_err", "-error_file", self.directory / f"{name}.errors", *options],
            self.directory / f"{name}.out", environment={"TERM": "dumb"})

    def start_target(self, name, port):
        """A phone that answers every call."""
        program = self.start(name, "target.xml", port)
        program.wait_ready(lambda: is_port_bound(port))
        return program

    def register_phones(self):
        self.register([(e, password_of(e)) for e in self.phones], self.ports.phones)

    def register(self, accounts, port, *options):
        """Registers (user, password) pairs, whose calls go to `port`."""
        listed = self.directory / "phones.csv"
        listed.write_text("SEQUENTIAL\n" + "".join(
            f"{user};[authentication username={user} password={password}]\n"
            for user, password in accounts))
        program = self.start("register", "register.xml", self.ports.inside_callers[0],
                             "-inf", listed, "-key", "phone_port", port,
                             "-m", len(accounts), "-timeout", 5, "-timeout_error", *options)
        wait_until("the phones are registered", lambda: not program.is_running(), 8)
        if program.stop() != 0:
            raise Trouble(f"the phones could not register:\n{program.tail()}")

    def start_call(self, name, caller, callee, patience_ms, talk_ms):
        """Starts a call, whose Call-ID is the name, and returns its program."""
        return self.start_calls(name, caller.is_inside and caller.number, [(caller, callee)],
                                patience_ms, talk_ms, call_id=name)

    def start_calls(self, name, account, calls, patience_ms, talk_ms=50, rate=20, call_id=None):
        """Starts (caller, callee) pairs by one program, `rate` a second, and returns it. All are
        callers of one account: of that phone, or (account false) from the trunk. The Call-IDs are
        NAME-1, NAME-2 ... in this order."""
        port = free_port(self.ports.inside_callers if account else self.ports.trunk_callers)
        account = account or "trunk"
        listed = self.directory / f"{name}.csv"
        listed.write_text("SEQUENTIAL\n" + "".join(
            f"{callee};{caller.sip_from};{caller.sip_identity}\n" for caller, callee in calls))
        return self.start(
            name, "caller.xml", port, "-inf", listed, "-m", len(calls), "-l", len(calls),
            "-r", rate, "-cid_str", call_id or f"{name}-%u",
            "-au", account, "-ap", password_of(account), "-recv_timeout", patience_ms,
            "-d", talk_ms, "-timeout", (patience_ms + talk_ms) // 1000 + len(calls) // rate + 8)


def is_port_bound(port):
    try:
        check_port_free("udp", port, "")
    except Trouble:
        return True
    return False


def free_port(ports):
    """The first port of a range that nobody has."""
    for port in ports:
        if not is_port_bound(port):
            return port
    raise Trouble(f"all ports from {ports[0]} to {ports[-1]} are in use")


class Caller:
    """Who calls: "105" is a phone at the PBX, "+4930555123" someone outside. "anonymous:NUMBER" is
    NUMBER withheld: the trunk still asserts it, as networks do (RFC 3325)."""

    def __init__(self, text):
        withheld, _, number = text.rpartition(":")
        self.text, self.number = text, number
        self.is_inside = len(number) == 3 and not withheld
        host = DOMAIN if self.is_inside else "trunk.trial"
        self.sip_identity = f"<sip:{number}@{host}>"
        self.sip_from = self.sip_identity
        if withheld:
            self.sip_from = '"Anonymous" <sip:anonymous@anonymous.invalid>'


class Call:
    """What became of a call: the answers that the caller saw, and where it arrived."""

    def __init__(self, call_id, answers, arrivals):
        self.call_id = call_id
        self.answers = answers    # statuses in order, without the PBX's challenge
        self.arrivals = arrivals  # the INVITEs that reached a target

    @property
    def final(self):
        return next((a for a in reversed(self.answers) if a >= 200), 0)

    @property
    def arrival(self):
        return self.arrivals[-1] if self.arrivals else None


class Api:
    """The REST API of a daemon that keeps its data in `data`."""

    def __init__(self, ports, data):
        self.port, self.token_file = ports.api, Path(data) / "api.token"
        self.url = f"http://127.0.0.1:{ports.api}"

    def request(self, method, path, body=None):
        """A request; returns (status, JSON or None)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Authorization": "Bearer " + self.token_file.read_text().strip()}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, "/api/v1/" + path, headers=headers,
                               body=None if body is None else json.dumps(body))
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        return response.status, json.loads(content) if content else None

    def api(self, method, path, body=None):
        """A request that must succeed; returns its JSON."""
        status, answer = self.request(method, path, body)
        if not 200 <= status < 300:
            raise Trouble(f"{method} {path}: {status} {json.dumps(answer)}")
        return answer

    def listen(self, act, until):
        """What act() returns, and the events that are told until one has the text `until` in it."""
        token = self.token_file.read_text().strip()
        with socket.create_connection(("127.0.0.1", self.ports.api), timeout=10) as stream:
            stream.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n"
                           b"Accept: text/event-stream\r\n"
                           b"Authorization: Bearer " + token.encode() + b"\r\n\r\n")
            text = ""
            while '"hello"' not in text:
                text += stream.recv(65536).decode()
            result = act()
            while until not in text or not text.endswith("\n\n"):
                text += stream.recv(65536).decode()
        return result, [json.loads(line[6:]) for line in text.splitlines()
                        if line.startswith("data: ")]

    def registration(self, extension, group="trial"):
        return self.api("GET", f"groups/{group}/lines/{extension}")["registration"]

    def wait_registered(self, extensions, group="trial", seconds=10.0):
        for extension in extensions:
            try:
                wait_until(f"line {extension} is registered", lambda e=extension:
                           self.registration(e, group)["state"] == "registered", seconds)
            except Trouble as trouble:
                raise Trouble(f"{trouble}; it is {self.registration(extension, group)}") from None

    def entries_of(self, call_id):
        """The journal entries of a recent call, the first line's first."""
        recent = self.api("GET", "journal?limit=50")["items"]
        return [entry for entry in reversed(recent) if entry["call_id"] == call_id]

    def wait_entry(self, line, outcome, after):
        """The newest journal entry of a line, which must be later than number `after` and have
        that outcome."""
        def newest():
            items = self.api("GET", f"journal?line={line}&limit=1")["items"]
            return items[0] if items else {"outcome": "none", "id": 0}
        wait_until(f"the journal says {outcome}", lambda: newest()["outcome"] == outcome
                   and newest()["id"] > after, 5)
        return newest()

    def journal_of(self, call_id, count):
        """The same, as soon as there are at least `count`."""
        wait_until(f"{count} journal entries of {call_id}",
                   lambda: len(self.entries_of(call_id)) >= count, 5)
        return self.entries_of(call_id)


# A sanitizer keeps freed memory, by default 256 MB of it: too much to see whether ours grows.
SANITIZERS = {"ASAN_OPTIONS": "quarantine_size_mb=4:thread_local_quarantine_size_kb=64"}


class Lineward(Api):
    """The daemon and its command line."""

    def __init__(self, executable, ports, directory):
        self.executable = Path(executable).resolve()
        if not os.access(self.executable, os.X_OK):
            raise Trouble(f"{executable} is not there; build it first")
        self.ports, self.program = ports, None
        self.workers = WORKERS
        self.options = []  # further ones of `lineward serve`
        self.configuration = None  # the file of configure()
        self.data = Path(directory) / "data"
        self.log = Path(directory) / "lineward.log"
        super().__init__(ports, self.data)
        self.environment = {"LINEWARD_API": self.url, "LINEWARD_TOKEN_FILE": str(self.token_file)}

    def configure(self, *settings):
        """Gives it a configuration file with these settings."""
        self.configuration = self.log.with_suffix(".conf")
        self.configuration.write_text("".join(f"{setting};\n" for setting in settings))

    def serve_arguments(self):
        named = ["--config", str(self.configuration)] if self.configuration else []
        return ["serve", *named, "--data-dir", str(self.data),
                "--sip", f"127.0.0.1:{self.ports.sip}", "--workers", str(self.workers),
                "--api", f"127.0.0.1:{self.ports.api}", *self.options]

    def start(self):
        already = self.log.stat().st_size if self.log.exists() else 0
        self.program = Program("lineward", [self.executable, *self.serve_arguments()], self.log,
                               SANITIZERS)
        self.program.wait_ready(lambda: "msg=ready" in self.program.text()[already:])

    def stop(self):
        """Ends the daemon as an administrator would; Trouble unless it ends cleanly."""
        status = self.program.stop()
        if status != 0:
            raise Trouble(f"lineward ended with status {status}:\n{self.program.tail(30)}")

    def check_log(self):
        """Trouble if a sanitizer has complained."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        found = re.search(r".*(?:Sanitizer|runtime error:).*", text)
        if found:
            raise Trouble(f"in {self.log}: {found.group(0)}")

    def command(self, *arguments):
        """Runs `lineward ARGUMENTS`; returns what it prints, Trouble if it fails."""
        done = subprocess.run([self.executable, *arguments], capture_output=True, text=True,
                              timeout=20, env=dict(os.environ, **self.environment), check=False)
        if done.returncode != 0:
            raise Trouble(f"lineward {' '.join(arguments)} failed with status {done.returncode}:\n"
                          f"{done.stderr or done.stdout}")
        return done.stdout


def setup_commands(ports):
    """What an administrator types to set up the trial: the group, the users, their lines."""
    yield ["group", "add", "trial", "--server", f"127.0.0.1:{ports.pbx}", "--domain", DOMAIN,
           "--country-code", COUNTRY, "--area-code", AREA, "--main-number", MAIN_NUMBER,
           "--outside-prefix", "0", "--internal-ranges", "100-199,7xx",
           "--max-forwarded-calls", "0", "--max-forwarded-per-hour", "0"]
    for user in USERS.values():
        numbers = [] if user == "workshop" else ["--mailbox", MAILBOX]
        if user == "sales":
            numbers += ["--mobile", MOBILE]
        yield ["user", "add", user, "--login", "on", *numbers]
    for extension, user in USERS.items():
        yield ["line", "add", extension, "--group", "trial", "--user", user,
               "--auth-user", extension, "--password", password_of(extension)]


class World:
    """All of it. `with World(directory, binary, offset) as world:` starts the phones, the outside
    world and (unless has_pbx is false) the PBX; lineward starts by set_up(). The block's end ends
    all. Logs and data go to build/DIRECTORY, which is emptied first and stays for inspection.
    `lines` and `phones` are the extensions that the PBX has. Without `has_outside` the test itself
    is the outside world."""

    def __init__(self, directory, binary, offset, has_pbx=True, lines=(*USERS,), phones=PHONES,
                 has_outside=True):
        self.has_pbx, self.has_outside = has_pbx, has_outside
        self.extensions = (*lines, *phones)
        self.ports = Ports(offset)
        for program in ("kamailio", "sipp"):
            find_program(program)
        self.ports.check_free()
        self.directory = new_directory(directory)
        self.names = itertools.count(1)
        self.lineward = Lineward(binary, self.ports, self.directory)
        self.pbx = None
        self.sipp = Sipp(self.ports, self.directory, phones)

    def __enter__(self):
        if self.has_outside:
            self.sipp.start_target("outside", self.ports.outside)
        self.sipp.start_target("phones", self.ports.phones)
        if self.has_pbx:
            self.start_pbx()
        return self

    def start_pbx(self, is_following=True, has_tcp=False, certificate=None, **fault):
        """Starts the PBX, instead of the one before. It knows the phones, but no line yet."""
        if self.pbx:
            self.pbx.stop()
        self.pbx = Pbx(self.ports, self.directory, is_following, has_tcp, certificate,
                       self.extensions, **fault)
        self.pbx.start()
        self.sipp.register_phones()

    def __exit__(self, *_error):
        stop_all()

    def set_up(self, tell=lambda arguments: None, is_waiting=True):
        """Starts lineward and sets up the trial by the command line; tell() hears each command.
        Waits until the lines are registered, if so asked."""
        self.lineward.start()
        for arguments in setup_commands(self.ports):
            tell(arguments)
            self.lineward.command(*arguments)
        if is_waiting:
            self.lineward.wait_registered(USERS)

    def call(self, caller, callee, patience_ms=8000, talk_ms=50):
        """Places a call and sees it through. The caller gives up after patience_ms of ringing."""
        return place_call(self.sipp, f"call{next(self.names)}", caller, callee, patience_ms,
                          talk_ms)


def place_call(sipp, call_id, caller, callee, patience_ms=8000, talk_ms=50):
    """Places a call and sees it through; returns the Call."""
    program = sipp.start_call(call_id, Caller(caller), callee, patience_ms, talk_ms)
    wait_until(f"the call from {caller} to {callee} ends", lambda: not program.is_running(),
               patience_ms / 1000 + 10)
    program.stop()
    call = read_calls(sipp.directory, call_id).get(call_id)
    if not call:
        raise Trouble(f"sipp could not call {callee}:\n{program.tail()}")
    return call


def read_calls(directory, name):
    """The calls that the program NAME has placed and that were answered, by their Call-ID."""
    calls = {}
    for message in read_log(directory / f"{name}.messages"):
        if message.is_received and message.method == "INVITE" and message.status != 407:
            call_id = message.first("Call-ID")
            calls.setdefault(call_id, Call(call_id, [], [])).answers.append(message.status)
    add_arrivals(directory, calls)
    return calls


def add_arrivals(directory, calls):
    """Adds to each call its INVITEs that reached a phone or the outside world, each once."""
    seen = set()
    for target in ("phones", "outside"):
        for message in read_log(directory / f"{target}.messages"):
            call, via = calls.get(message.first("Call-ID")), message.first("Via")
            is_invite = message.is_received and message.start_line.startswith("INVITE")
            if call and is_invite and via not in seen:
                seen.add(via)
                message.target = target
                call.arrivals.append(message)
