# SPDX-License-Identifier: Apache-2.0
"""The servers that the benchmark compares, each as a program that is started, watched and ended.

All of them redirect the same calls, or all join them to devices. What they cost is read from the
kernel: the time that all threads of all their processes were running.
"""

import os
import subprocess
import time
from pathlib import Path

from peers import Api
from processes import Program, Trouble, check_port_free, find_program, wait_until

HERE = Path(__file__).resolve().parent
TICK_NS = 10**9 // os.sysconf("SC_CLK_TCK")
PORT_OFFSET = 500  # from LINEWARD_PORT_BASE


class Ports:
    """The port numbers, all on 127.0.0.1. Those of the servers have the servers' keys."""

    def __init__(self):
        base = int(os.environ.get("LINEWARD_PORT_BASE") or "25000") + PORT_OFFSET
        self.api, self.lineward = base, base + 1
        self.floor, self.kamailio_tm, self.kamailio_sl, self.sofia = range(base + 3, base + 7)
        self.registrar, self.caller = base + 10, base + 12
        self.second_api, self.second_lineward = base + 20, base + 21  # and 22: its two workers
        self.bridge_api, self.lineward_bridge, self.kamailio_dialog = range(base + 30, base + 33)
        # Of each of the two, so that both can have calls at the same time.
        self.lineward_bridge_caller, self.lineward_bridge_devices = base + 33, base + 34
        self.kamailio_dialog_caller, self.kamailio_dialog_devices = base + 35, base + 36

    def check_free(self):
        for name, port in vars(self).items():
            check_port_free("tcp" if name.endswith("api") else "udp", port, name)


# ---------------------------------------------------------------------------- What a program uses


def process_stat(pid):
    """The fields of /proc/PID/stat from the third (state) on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def processes_of(session):
    """All processes of a session; each of our programs leads one of its own."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if int(process_stat(entry)[3]) == session:
                found.append(int(entry))
        except (FileNotFoundError, ProcessLookupError):
            pass  # it has just ended
    return found


def thread_times(session):
    """{thread: ns for which it has been running} of all threads of all processes of a session."""
    times = {}
    for pid in processes_of(session):
        for task in Path(f"/proc/{pid}/task").iterdir():
            try:
                times[task.name] = int((task / "schedstat").read_text().split()[0])
            except FileNotFoundError:  # a kernel without it counts in ticks
                fields = process_stat(f"{pid}/task/{task.name}")
                times[task.name] = (int(fields[11]) + int(fields[12])) * TICK_NS
    return times


def shared_out_bytes(session):
    """What all processes of a session occupy: a page that several have counts once."""
    total = 0
    for pid in processes_of(session):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def resident_bytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise Trouble(f"the kernel does not tell how much memory process {pid} uses")


# ---------------------------------------------------------------------------- Programs


class Server:
    """A program on 127.0.0.1:`port`. After a run of calls it gets `settle_s` to do what they left
    to be done (timers, writing down): that belongs to their cost."""

    key = label = ""
    settle_s = 0.3
    workers = 1
    ready_s = 10.0  # within which it begins to listen

    def __init__(self, programs, ports, directory):
        self.programs, self.ports, self.directory = programs, ports, Path(directory)
        self.port = getattr(ports, self.key)
        self.program = None

    def arguments(self):
        raise NotImplementedError

    def start(self):
        log = self.directory / f"{self.key}.log"
        self.program = Program(self.label, self.arguments(), log)
        self.program.wait_ready(self.is_listening, self.ready_s)

    def is_listening(self):
        try:
            check_port_free("udp", self.port, self.label)
        except Trouble:
            return True
        return False

    def stop(self):
        self.program.stop()

    def thread_times(self):
        return thread_times(self.program.process.pid)

    def caller(self, lines, load, seconds):
        """The program that places the calls of a run."""
        return [self.programs / "bench_caller", "--server", self.port, "--port", self.ports.caller,
                "--lines", lines, "--window", load.window, "--seconds", seconds,
                *(["--rate", load.rate] if load.rate else []),
                *(["--workers", self.workers] if self.workers > 1 else [])]

    def begin_round(self):
        """Called before a run; does not count."""

    def fault(self, _calls):
        """Called after a run of so many calls; does not count. Why the run's figures are void."""
        return None if self.program.is_running() else "it has ended"


class Registrar(Server):
    """Where Lineward's lines register."""

    key, label = "registrar", "the registrar"

    def arguments(self):
        return [self.programs / "bench_registrar", self.port]


class Floor(Server):
    key, label = "floor", "bare sockets"

    def arguments(self):
        return [self.programs / "bench_floor", self.port, self.ports.caller]


class Sofia(Server):
    key, label = "sofia", "Sofia-SIP"

    def arguments(self):
        return [self.programs / "bench_sofia", self.port]


class KamailioSl(Server):
    key, label = "kamailio_sl", "Kamailio, sl"
    template, defines = "kamailio.cfg.in", ()

    def arguments(self):
        text = (HERE / self.template).read_text()
        text = text.replace("@PORT@", str(self.port))
        text = text.replace("@DEVICES@", str(self.ports.kamailio_dialog_devices))
        text = text.replace("@CHILDREN@", str(len(os.sched_getaffinity(0))))
        config = self.directory / f"{self.key}.cfg"
        config.write_text(text)
        run = self.directory / self.key
        run.mkdir()
        return [find_program("kamailio"), "-DD", "-E", "-f", config, *self.defines,
                "-w", run, "-Y", run, "-P", run / "pid", "-m", "1024", "-M", "16"]


class KamailioTm(KamailioSl):
    key, label = "kamailio_tm", "Kamailio, tm"
    defines = ("-A", "WITH_TM")
    settle_s = 6.0  # its wait timer keeps a transaction for 5 s


class Joining:
    """What a server joins calls to: devices that answer, at a socket of their own."""

    def bridge_caller(self, lines, *options):
        return [self.programs / "bench_bridge", "--server", self.port,
                "--port", getattr(self.ports, f"{self.key}_caller"),
                "--devices", getattr(self.ports, f"{self.key}_devices"), "--lines", lines, *options]

    def caller(self, lines, load, seconds):
        return self.bridge_caller(lines, "--window", load.window, "--seconds", seconds,
                                  *(["--rate", load.rate] if load.rate else []))


class KamailioDialog(Joining, KamailioSl):
    """The proxy that stays in its calls, of the bridged ones."""

    key, label = "kamailio_dialog", "Kamailio, dialog"
    template = "kamailio_dialog.cfg.in"
    # Its fast memory managers: with the default ones (qm) a call costs five times as much.
    defines = ("-x", "fm", "-X", "fm")
    settle_s = 6.0


class Lineward(Server):
    """Ours as it serves: settings from the store, lines registered, trace and journal on."""

    key, label = "lineward", "Lineward"
    settle_s = 6.0  # timer I keeps a transaction for 5 s; the journal gathers for 0.2 s
    counted, filling = "forwarded", ()  # which calls the server counts; what its store has, too

    def __init__(self, programs, ports, directory, lines, is_called=True):
        directory.mkdir()
        super().__init__(programs, ports, directory)
        self.ready_s += lines / 2000
        self.lines, self.data, self.api_port = lines, self.directory / "data", ports.api
        self.api = Api(ports, self.data)
        self.is_called = is_called
        self.before = None
        self.start_seconds = 0.0

    def arguments(self):
        config = self.directory / "lineward.conf"
        # The default holds 40,000 calls a second for the 5 s of timer I: too few for the caller.
        config.write_text("transactions_max = 1000000;\n" if self.is_called else "")
        return [self.programs / "lineward", "serve", "--config", config, "--data-dir", self.data,
                "--sip", f"127.0.0.1:{self.port}", "--api", f"127.0.0.1:{self.api_port}",
                "--workers", str(self.workers)]

    def is_listening(self):
        return "msg=ready" in self.program.text()

    def start(self):
        """Fills the store, starts the server, waits until all lines are registered."""
        subprocess.run([self.programs / "bench_load", self.data, str(self.lines),
                        str(self.ports.registrar), *self.filling], check=True)
        began = time.monotonic()
        super().start()
        self.start_seconds = time.monotonic() - began
        if self.lines:
            wait_until(f"all {self.lines} lines are registered", self.is_registered,
                       30 + self.lines / 1000)

    def is_registered(self):
        time.sleep(0.5)
        status = self.api.api("GET", "status")
        return status["groups"][0]["lines"]["registered"] == self.lines

    def resident_bytes(self):
        return resident_bytes(self.program.process.pid)

    def begin_round(self):
        self.before = self.api.api("GET", "status")

    def fault(self, calls):
        if not self.program.is_running():
            return "it has ended"
        after = self.api.api("GET", "status")
        dropped = after["journal_dropped"] - self.before["journal_dropped"]
        counted = after["calls"][self.counted] - self.before["calls"][self.counted]
        if dropped:
            return f"{dropped} journal entries dropped"
        return None if counted == calls else f"{counted} of {calls} calls count as {self.counted}"


class TwoWorkers(Lineward):
    """The same with two workers, on ports of its own, to run beside the one with one."""

    key, label = "second_lineward", "Lineward, two workers"
    workers = 2

    def __init__(self, programs, ports, directory, lines):
        super().__init__(programs, ports, directory, lines)
        self.api_port = self.api.port = ports.second_api
        self.api.url = f"http://127.0.0.1:{self.api_port}"


class LinewardBridge(Joining, Lineward):
    """The same where each line's user has a device, which is rung and answers."""

    key, label = "lineward_bridge", "Lineward, bridge"
    settle_s = 33.0  # timers J, L and M keep transactions for 32 s
    counted, filling = "answered", ("devices",)

    def __init__(self, programs, ports, directory, lines):
        super().__init__(programs, ports, directory, lines)
        self.api_port = self.api.port = ports.bridge_api
        self.api.url = f"http://127.0.0.1:{self.api_port}"

    def start(self):
        super().start()
        subprocess.run([self.programs / "bench_devices", str(self.port),
                        str(self.ports.lineward_bridge_devices), str(self.lines)], check=True)
