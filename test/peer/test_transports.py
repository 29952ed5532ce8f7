#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The PBX by TCP and TLS: real calls, connections that are lost, broken or wasted.

The tests of single messages use a second line group, whose PBX is a TCP server of this script.
"""

import queue
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import warnings
from pathlib import Path

from message import Message
from peers import USERS, WORKERS, World
from processes import Trouble, find_program, wait_until
from runner import arguments, check, run_script, run_trial
from test_trouble import accepted
from wire import response_to

warnings.simplefilter("ignore", DeprecationWarning)  # old versions of TLS, to see them refused

INSIDE = "106"
STRANGER = "127.0.0.3"
ESTABLISHED = "01"


LOOPBACK = {"tcp": "0100007F", "tcp6": "00000000000000000000000001000000"}


def connections_to(*ports, table="tcp"):
    """How many connections to ports on loopback are established, as the one who opened sees it;
    by IPv6 with `table` tcp6."""
    wanted = {f"{LOOPBACK[table]}:{port:04X}" for port in ports}
    rows = [line.split() for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
    return sum(row[2] in wanted and row[3] == ESTABLISHED for row in rows)


class Certificates:
    """An authority of our own, and certificates of it: files NAME.crt and NAME.key."""

    def __init__(self, directory):
        self.directory = Path(directory) / "certificates"
        self.directory.mkdir()
        self.make("ca", "-addext", "basicConstraints=critical,CA:TRUE")
        self.make("stranger-ca", "-addext", "basicConstraints=critical,CA:TRUE")
        both = "IP:127.0.0.1,IP:::1"
        for name, host in (("pbx", both), ("lineward", both),
                           ("other", "DNS:other.example")):
            self.make(name, "-addext", f"subjectAltName={host}",
                      "-CA", self.path("ca.crt"), "-CAkey", self.path("ca.key"))

        self.make("self-signed", "-addext", "subjectAltName=IP:127.0.0.1")
        self.make("unknown", "-addext", "subjectAltName=IP:127.0.0.1",
                  "-CA", self.path("stranger-ca.crt"), "-CAkey", self.path("stranger-ca.key"))
        self.make_dated("expired", "20200101000000Z", "20200201000000Z")
        self.make_dated("future", "20900101000000Z", "20900201000000Z")

    def path(self, name):
        return self.directory / name

    def run_openssl(self, *arguments):
        done = subprocess.run([find_program("openssl"), *arguments], capture_output=True,
                              text=True, check=False, cwd=self.directory)
        check(done.returncode == 0, f"openssl: {done.stderr}")

    def make_dated(self, name, start, end):
        """A certificate for 127.0.0.1 that is valid at another time."""
        self.path("ca.cnf").write_text(
            "[ca]\ndefault_ca=own\n[own]\ndatabase=index\nserial=serial\nnew_certs_dir=.\n"
            "default_md=sha256\npolicy=any\nunique_subject=no\n[any]\ncommonName=supplied\n"
            "[host]\nsubjectAltName=IP:127.0.0.1\n")
        self.path("index").write_text("")
        self.path("serial").write_text("1000\n")
        self.run_openssl("req", "-new", "-newkey", "ec", "-pkeyopt",
                         "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                         "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self.run_openssl("ca", "-batch", "-config", "ca.cnf", "-extensions", "host", "-notext",
                         "-in", f"{name}.csr", "-out", f"{name}.crt", "-cert", "ca.crt",
                         "-keyfile", "ca.key", "-startdate", start, "-enddate", end)

    def make(self, name, *options):
        done = subprocess.run(
            [find_program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
             "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.crt"), *options],
            capture_output=True, text=True, check=False)
        check(done.returncode == 0, f"openssl: {done.stderr}")


class TlsServer:
    """A PBX by TLS that shows a certificate and says nothing."""

    def __init__(self, port):
        self.port, self.context = port, None
        self.server = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.serve, daemon=True).start()

    def show(self, certificate, version_max=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{certificate}.crt", f"{certificate}.key")
        if version_max:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = version_max
        self.context = context

    def serve(self):
        open_ones = []
        while True:
            connection = self.server.accept()[0]
            try:
                open_ones.append(self.context.wrap_socket(connection, server_side=True))
            except (OSError, ssl.SSLError):
                connection.close()


class Connection:
    """A connection from which messages are read, by their Content-Length."""

    def __init__(self, connected):
        self.socket, self.bytes = connected, b""
        self.ping_count = 0

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def receive(self, seconds=3.0):
        """The next message; None when the other side has closed. Trouble if nothing comes."""
        self.socket.settimeout(seconds)
        while True:
            while self.bytes.startswith(b"\r\n"):
                self.ping_count += self.bytes.startswith(b"\r\n\r\n")
                self.bytes = self.bytes.removeprefix(b"\r\n\r\n").removeprefix(b"\r\n")
            head, end, rest = self.bytes.partition(b"\r\n\r\n")
            if end:
                message = Message(head.decode(errors="replace"))
                length = int(message.first("Content-Length"))
                if len(rest) >= length:
                    self.bytes = rest[length:]
                    return message
            try:
                more = self.socket.recv(65536)
            except ConnectionError:
                return None
            except TimeoutError:
                raise Trouble(f"nothing came within {seconds:g} s") from None
            if not more:
                return None
            self.bytes += more

    def is_closed_within(self, seconds):
        try:
            while self.receive(seconds):
                pass
        except Trouble:
            return False
        return True

    def close(self):
        self.socket.close()


class WirePbx:
    """A PBX made of one TCP server: it accepts every REGISTER and leaves the calls to the test."""

    def __init__(self, world):
        self.lineward_at = ("127.0.0.1", world.ports.sip)
        self.port = world.ports.wire
        self.here = f"127.0.0.1:{self.port}"
        self.received = queue.Queue()  # what is no REGISTER or OPTIONS
        self.registers, self.accepted = [], []
        self.breaks_count = 0  # REGISTERs that it answers by closing the connection
        self.server = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection = Connection(self.server.accept()[0])
            self.accepted.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            while message := connection.receive(3600):
                if message.start_line.startswith(("REGISTER", "OPTIONS")):
                    self.registers.append(message)
                    if self.breaks_count > 0:
                        self.breaks_count -= 1
                        connection.close()
                        return
                    connection.send(accepted(message))
                else:
                    self.received.put(message)
        except (OSError, Trouble):
            pass

    def connect(self, source="127.0.0.1"):
        return Connection(socket.create_connection(self.lineward_at, 5, (source, 0)))

    def request(self, method, call_id, extension="201", **instead):
        """A request to line 201; headers are set by keyword, None leaves one out."""
        headers = {
            "Via": f"SIP/2.0/TCP {self.here};branch=z9hG4bK{call_id}",
            "Max-Forwards": "70",
            "From": "<sip:202@wire.trial>;tag=caller",
            "To": f"<sip:{extension}@wire.trial>",
            "Call-ID": call_id,
            "CSeq": f"1 {method}",
            "Contact": f"<sip:202@{self.here};transport=tcp>",
            "Content-Length": "0",
        }
        headers |= {name.replace("_", "-"): value for name, value in instead.items()}
        lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
        start = f"{method} sip:{extension}@127.0.0.1:{self.lineward_at[1]};transport=tcp SIP/2.0"
        return "\r\n".join([start, *lines, "", ""])


class Trial:
    """The world, with the PBX by TCP."""

    def __init__(self, world):
        self.world, self.lineward = world, world.lineward
        self.wire = WirePbx(world)

    def set_up(self):
        self.certificates = Certificates(self.world.directory)
        own = self.certificates.path("lineward")
        first = self.world.ports.sip
        self.sip_ports = range(first, first + WORKERS)
        tls = self.world.ports.tls
        self.lineward.options = ["--sip", f"127.0.0.1:{first},[::1]:{first}",
                                 "--tls", f"127.0.0.1:{tls},[::1]:{tls}",
                                 "--tls-certificate", f"{own}.crt", "--tls-key", f"{own}.key"]
        self.world.start_pbx(has_tcp=True)
        self.world.set_up()
        lineward = self.lineward
        lineward.command("group", "add", "wire", "--server", self.wire.here, "--transport", "tcp",
                         "--domain", "wire.trial", "--internal-ranges", "200-299",
                         "--max-forwarded-calls", "0", "--max-forwarded-per-hour", "0")
        for extension in ("201", "203"):
            lineward.command("line", "add", extension, "--group", "wire", "--user", "sales")
        lineward.api("PUT", "groups/wire/lines/201/forwardings/immediate/all",
                     {"target": "204", "enabled": True})
        lineward.wait_registered(["201", "203"], group="wire")

    def set_group(self, *options):
        self.lineward.command("group", "set", "trial", *options)

    def speak(self, transport, *options):
        """The group of the real PBX by another transport; all lines are registered by it."""
        self.set_group("--enabled", "off")
        wait_until("the lines are switched off", lambda: all(
            self.lineward.registration(e)["state"] == "disabled" for e in USERS))
        self.set_group("--transport", transport, "--enabled", "on", *options)
        self.lineward.wait_registered(USERS)

    def check_call(self, extension="102", target="105"):
        self.lineward.api("PUT", f"groups/trial/lines/{extension}/forwardings/immediate/all",
                          {"target": target, "enabled": True})
        call = self.world.call(INSIDE, extension)
        check(call.arrival and call.arrival.called_user == target,
              f"a call to {extension} did not reach {target}: {call.answers}")

    # ---- a real PBX

    def test_kamailio(self):
        """The lines register over one connection, and calls come and are forwarded by TCP."""
        check(connections_to(self.world.ports.pbx) == 0, "there is a connection already")
        self.speak("tcp")
        count = connections_to(self.world.ports.pbx)
        check(count == WORKERS, f"{count} connections to the PBX, not one of each worker")
        before = connections_to(*self.sip_ports)
        self.check_call()
        after = connections_to(*self.sip_ports)
        check(after == before + 1, "the call did not come by a connection")

    def test_kamailio_restarts(self):
        """The connection is lost: it is opened again, and the lines register anew."""
        self.world.start_pbx(has_tcp=True)  # a new one knows no line
        wait_until("a new connection", lambda: connections_to(self.world.ports.pbx) == WORKERS, 15)
        self.lineward.wait_registered(USERS, seconds=15)
        self.check_call()

    def test_kamailio_absent(self):
        """No connection: the lines say why. The PBX is back: so are they."""
        self.world.pbx.stop()
        for extension in USERS:
            wait_until(f"line {extension} is unreachable", lambda e=extension:
                       self.lineward.registration(e)["state"] == "unreachable", 10)
        reason = self.lineward.registration("102")["reason"]
        check(reason == "no connection to the PBX: connection refused", reason)
        self.world.start_pbx(has_tcp=True)
        self.lineward.wait_registered(USERS, seconds=10)
        self.check_call()

    def test_auto(self):
        """`auto`: a connection where the PBX takes one, datagrams where it does not."""
        self.speak("auto")
        check(connections_to(self.world.ports.pbx) == WORKERS, "no connection to the PBX")
        self.check_call()
        self.world.start_pbx(has_tcp=False)
        time.sleep(1)
        self.speak("auto")
        check(connections_to(self.world.ports.pbx) == 0, "a connection to a PBX without TCP")
        self.check_call()

    def check_ipv6(self, server_port, own_port):
        """The lines are registered by IPv6, calls come that way, and so do refreshes."""
        lineward, own_ports = self.lineward, range(own_port, own_port + WORKERS)
        count = connections_to(server_port, table="tcp6")
        check(count == WORKERS, f"{count} connections to the PBX by IPv6, not one of each worker")
        shown = lineward.registration("102")
        check(shown["contact"] in {f"[::1]:{port}" for port in own_ports}, shown)
        self.check_call()
        check(connections_to(*own_ports, table="tcp6") == 1, "the call did not come by IPv6")
        before = {e: lineward.registration(e)["until"] for e in USERS}
        wait_until("a line is refreshed", lambda: any(
            lineward.registration(e)["until"] > before[e] for e in USERS), 60)
        check(connections_to(server_port, table="tcp6") == WORKERS, "by another connection")
        lineward.wait_registered(USERS)

    def test_tcp_ipv6(self):
        """A PBX by IPv6 and TCP: registered, a call is forwarded, refreshed."""
        self.world.start_pbx(has_tcp=True, certificate=self.certificates.path("pbx"))
        port = self.world.ports.pbx
        self.speak("tcp", "--server", f"[::1]:{port}", "--register-interval-s", "60")
        self.check_ipv6(port, self.world.ports.sip)

    def test_tls_ipv6(self):
        """The same by TLS: the certificate is for the address."""
        port = self.world.ports.pbx_tls
        self.speak("tls", "--server", f"[::1]:{port}",
                   "--tls-ca-file", str(self.certificates.path("ca.crt")))
        self.check_ipv6(port, self.world.ports.tls)

    def test_ipv4_again(self):
        """Back to IPv4: the contact follows."""
        self.speak("tcp", "--server", f"127.0.0.1:{self.world.ports.pbx}",
                   "--register-interval-s", "300")
        check(self.lineward.registration("102")["contact"].startswith("127.0.0.1:"), "another one")
        self.check_call()

    def test_tls(self):
        """By TLS both ways: our connection and the PBX's, and calls come."""
        ports = self.world.ports
        self.world.start_pbx(has_tcp=True, certificate=self.certificates.path("pbx"))
        self.speak("tls", "--server", f"127.0.0.1:{ports.pbx_tls}",
                   "--tls-ca-file", str(self.certificates.path("ca.crt")))
        check(connections_to(ports.pbx_tls) == WORKERS, "no connection to the PBX")
        self.check_call()
        tls_ports = range(ports.tls, ports.tls + WORKERS)
        check(connections_to(*tls_ports) == 1, "the call did not come by TLS")

    def check_tls_refused(self, reason):
        def is_refused():
            found = self.lineward.registration("102")
            return found["state"] == "unreachable" and reason in found["reason"]
        wait_until(f"line 102 is unreachable: {reason}; it is "
                   f"{self.lineward.registration('102')}", is_refused)

    def test_tls_certificates(self):
        """A certificate that is not to be believed: refused, and the line says why."""
        self.set_group("--tls-ca-file", str(self.certificates.path("stranger-ca.crt")))
        self.check_tls_refused("TLS: self-signed certificate in certificate chain")
        self.set_group("--tls-ca-file", str(self.certificates.path("ca.crt")))
        # A worker that another one's probe has spared looks 13 s later.
        self.lineward.wait_registered(USERS, seconds=20)
        self.world.start_pbx(has_tcp=True, certificate=self.certificates.path("other"))
        self.check_tls_refused("TLS: the certificate is for another host")
        self.set_group("--tls-verify", "off")
        self.lineward.wait_registered(USERS, seconds=20)
        self.check_call()

    def test_tls_causes(self):
        """Each way in which a certificate or a server can be wrong is told by its name."""
        server = TlsServer(self.world.ports.wire + 1)
        files = self.certificates
        server.show(files.path("expired"))
        self.lineward.command("group", "add", "causes", "--server", f"127.0.0.1:{server.port}",
                              "--transport", "tls", "--domain", "causes.trial", "--tls-ca-file",
                              str(files.path("ca.crt")), "--enabled", "off")
        self.lineward.command("line", "add", "401", "--group", "causes", "--user", "sales")
        causes = (
            ("expired", None, "certificate has expired"),
            ("future", None, "certificate is not yet valid"),
            ("other", None, "the certificate is for another host"),
            ("unknown", None, "the certificate is signed by an unknown authority"),
            ("self-signed", None, "self-signed certificate"),
            ("pbx", ssl.TLSVersion.TLSv1, "the peer has no TLS version from 1.2 on"),
            ("pbx", ssl.TLSVersion.TLSv1_1, "the peer has no TLS version from 1.2 on"),
        )
        self.lineward.command("group", "set", "causes", "--enabled", "on")
        for certificate, version_max, cause in causes:
            server.show(files.path(certificate), version_max)
            wait_until(f"the line tells: {cause}; it is "
                       f"{self.lineward.registration('401', 'causes')}",
                       lambda cause=cause: f"TLS: {cause}" in
                       self.lineward.registration("401", "causes").get("reason", ""), 12)
        self.lineward.command("group", "set", "causes", "--enabled", "off")

    def connect_tls(self, version_max=None):
        """A connection to lineward, and the name in its certificate."""
        context = ssl.create_default_context(cafile=self.certificates.path("ca.crt"))
        if version_max:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = version_max
        plain = socket.create_connection(("127.0.0.1", self.world.ports.tls), 5)
        secured = context.wrap_socket(plain, server_hostname="127.0.0.1")
        return Connection(secured), dict(secured.getpeercert()["subject"][0])["commonName"]

    def test_tls_reload(self):
        """SIGHUP: new connections see the new certificate, those that are open go on; a file that
        cannot be used changes nothing."""
        files, process = self.certificates, self.lineward.program.process
        before, name = self.connect_tls()
        check(name == "lineward", f"the certificate is of {name}")
        files.make("renewed", "-addext", "subjectAltName=IP:127.0.0.1",
                   "-CA", files.path("ca.crt"), "-CAkey", files.path("ca.key"))
        for kind in ("key", "crt"):
            shutil.copy(files.path(f"renewed.{kind}"), files.path(f"lineward.{kind}"))
        process.send_signal(signal.SIGHUP)

        def name_now():
            connection, name = self.connect_tls()
            connection.close()
            return name
        wait_until("the new certificate is shown", lambda: name_now() == "renewed")
        before.send(self.wire.request("OPTIONS", "old-connection"))
        check(before.receive().status == 200, "the open connection does not go on")
        files.path("lineward.crt").write_text("nonsense")
        process.send_signal(signal.SIGHUP)
        wait_until("the log names the file", lambda: "certificate not usable" in
                   self.lineward.program.text())
        check(name_now() == "renewed", "the former certificate is not in use any more")
        before.send(self.wire.request("OPTIONS", "old-connection-2"))
        check(before.receive().status == 200, "the open connection does not go on")
        before.close()

    def test_tls_old_versions(self):
        """TLS 1.0 and 1.1 are refused by our server, too."""
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            try:
                connection, _ = self.connect_tls(version)
            except (ssl.SSLError, ConnectionError):
                continue
            connection.close()
            check(False, f"{version.name} is taken")

    # ---- single messages

    def test_register(self):
        """What a line registers with, and that all lines share one connection."""
        wire = self.wire
        check(len(wire.accepted) == 1, f"{len(wire.accepted)} connections, not one")
        register = wire.registers[0]
        check(register.first("Via").startswith("SIP/2.0/TCP 127.0.0.1:"), register.first("Via"))
        contacts = {f"<sip:201@127.0.0.1:{port};transport=tcp>" for port in self.sip_ports}
        check(contacts & {r.first("Contact") for r in wire.registers}, register.first("Contact"))

    def test_connection_dies(self):
        """The connection ends with a REGISTER unanswered: it goes out anew at once."""
        wire, before = self.wire, len(self.wire.registers)
        wire.breaks_count = 1
        self.lineward.api("PATCH", "groups/wire/lines/203", {"enabled": False})
        self.lineward.api("PATCH", "groups/wire/lines/203", {"enabled": True})
        start = time.monotonic()
        wait_until("the connection was broken", lambda: wire.breaks_count == 0)
        self.lineward.wait_registered(["201", "203"], group="wire", seconds=3)
        wait_until("both lines have registered anew",
                   lambda: len({r.first("Call-ID") for r in wire.registers[before:]}) >= 2, 3)
        check(time.monotonic() - start < 6, "only when the transaction was over")

    def test_keep_alive(self):
        """The group's connection is kept alive by a ping each half a minute (RFC 5626)."""
        wait_until("a ping", lambda: any(c.ping_count for c in self.wire.accepted), 40)

    def test_answer_by_new_connection(self):
        """The caller's connection is gone before the answer: it comes by a new one to the Via."""
        self.lineward.api("PATCH", "groups/wire", {"decline_unavailable": "ringing"})
        self.lineward.api("PATCH", "users/sales", {"login": "off", "mailbox": ""})
        first = self.wire.connect()
        first.send(self.wire.request("INVITE", "gone", extension="203"))
        statuses = [first.receive().status]
        if statuses == [100]:
            statuses.append(first.receive().status)
        check(statuses[-1] == 180, f"{statuses}, not 180")
        first.close()
        second = self.wire.connect()
        second.send(self.wire.request("CANCEL", "gone", extension="203"))
        check(second.receive().status == 200, "the CANCEL was not accepted")
        while (answer := self.wire.received.get(timeout=3)).status < 200:
            pass
        check(answer.status == 487 and answer.first("Call-ID") == "gone", answer.start_line)
        second.send(self.wire.request("ACK", "gone", extension="203", To=answer.first("To"),
                                      CSeq="1 ACK"))
        second.close()
        self.lineward.api("PATCH", "users/sales", {"login": "on"})

    def test_pieces(self):
        """Byte by byte, two in one piece, with pings around them: each message has its answer."""
        connection = self.wire.connect()
        for byte in self.wire.request("OPTIONS", "bytewise").encode():
            connection.send(bytes([byte]))
        check(connection.receive().first("Call-ID") == "bytewise", "another answer")
        connection.send("\r\n\r\n" + self.wire.request("OPTIONS", "one")
                        + "\r\n" + self.wire.request("OPTIONS", "two"))
        for call_id in ("one", "two"):
            check(connection.receive().first("Call-ID") == call_id, "another answer")
        connection.send("\r\n\r\n")
        connection.socket.settimeout(3)
        check(connection.socket.recv(100) == b"\r\n", "a ping was not answered")
        body = "x" * 60000
        connection.send(self.wire.request("OPTIONS", "long", Content_Length=len(body)) + body)
        check(connection.receive().first("Call-ID") == "long", "no answer to a long one")
        connection.close()

    def test_broken(self):
        """A Content-Length that cannot be trusted: 400, and the connection is closed."""
        broken = {
            "none": {"Content_Length": None},
            "negative": {"Content_Length": "-999"},
            "two": {"Content_Length": "5\r\nContent-Length: 13"},
            "words": {"Content_Length": "0 0"},
        }
        for name, change in broken.items():
            connection = self.wire.connect()
            connection.send(self.wire.request("INVITE", f"broken-{name}", **change) + "x" * 5000)
            answer = connection.receive()
            check(answer and answer.status == 400, f"{name}: {answer and answer.start_line}")
            check(connection.is_closed_within(3), f"{name}: the connection stays")
            connection.close()
        for nonsense in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                         b"x" * 70000):
            connection = self.wire.connect()
            try:
                connection.send(nonsense)
            except ConnectionError:
                pass
            check(connection.is_closed_within(3), f"{nonsense[:20]}: the connection stays")
            connection.close()

    # ---- strangers

    def check_served(self, name, source="127.0.0.1"):
        """A new connection is served in under a second."""
        start = time.monotonic()
        connection = self.wire.connect(source)
        connection.send(self.wire.request("OPTIONS", name))
        check(connection.receive(1.0).status == 200, "another answer")
        seconds = time.monotonic() - start
        connection.close()
        check(seconds < 1, f"served after {seconds:.1f} s")

    def test_silent(self):
        """2,000 silent connections: few of one address stay, and those not for long."""
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
        idle = []
        for i in range(2000):
            idle.append(self.wire.connect(f"127.0.{1 + i % 10}.1"))
        idle[0].send("INVITE sip:201@127.0.0.1 SIP/2.0\r\n")  # half a message is no better
        wait_until("at most 100 of each address stay",
                   lambda: connections_to(self.world.ports.sip) < 1010, 5)
        self.check_served("beside-silent")
        self.check_served("beside-silent-2", "127.0.1.1")
        wait_until("the silent connections are closed",
                   lambda: connections_to(self.world.ports.sip) < 20, 15)
        for connection in idle:
            connection.close()

    def test_said_once(self):
        """Strangers that say one thing, to whatever worker it is for, stay no longer for it."""
        said = []
        for letter in "ab":  # of the first worker and the second
            via = f"SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK{letter}" + "1" * 26
            said.append(response_to(Message(self.wire.request("REGISTER", "once", Via=via)),
                                    200, "OK"))
        for extension in ("201", "203"):
            said.append(self.wire.request("REGISTER", "once", extension,
                                          From=f"<sip:{extension}@wire.trial>;tag=1"))
        held = []
        for i, text in enumerate(said * 25):
            held.append(self.wire.connect(f"127.0.{1 + i % 10}.1"))
            held[-1].send(text)
        start = time.monotonic()
        wait_until("they are closed", lambda: connections_to(self.world.ports.sip) < 20, 15)
        check(time.monotonic() - start > 5, "at once: they had no time to say more")
        for connection in held:
            connection.close()

    def test_resets(self):
        """Connect, half an INVITE, reset, 10,000 times: the memory does not grow."""
        pid = self.lineward.program.process.pid

        def resident_kb():
            text = Path(f"/proc/{pid}/status").read_text()
            return int(text.partition("VmRSS:")[2].split()[0])

        def reset_many(count):
            for _ in range(count):
                connection = self.wire.connect(STRANGER)
                connection.send("INVITE sip:201@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP a")
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                             b"\1\0\0\0\0\0\0\0")
                connection.close()

        reset_many(1000)
        before = resident_kb()
        reset_many(10000)
        self.check_served("after-resets")
        grown = resident_kb() - before
        # Half of what a leak of 4 kB each would be; a sanitizer keeps some freed memory, too.
        check(grown < 20000, f"{grown} kB more")


def main():
    options = arguments(__doc__)
    with World("peer/transports", options.bin, offset=500, has_pbx=False) as world:
        trial = Trial(world)
        trial.set_up()
        return run_trial(trial, options.names)


if __name__ == "__main__":
    run_script(main)
