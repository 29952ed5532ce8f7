#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A real softphone, baresip, registers by UDP, TCP and TLS. It uses no loopback interface, so it
lives in a network namespace of its own; that takes root, else the test is skipped."""

import os
import shutil

from peers import ROOT, Lineward, Ports
from processes import Missing, Program, find_program, wait_until
from runner import arguments, check, run_methods, run_script
from space import network_space
from test_devices import SECRET
from test_transports import Certificates

OFFSET = 650  # of the ports; those of the other tests lie elsewhere
SPACE = f"lineward{os.getpid()}"
OURS, THEIRS = "198.18.77.1", "198.18.77.2"  # RFC 2544: nobody's

CONFIG = """
module_path /usr/lib/baresip/modules
module stdio.so
module g711.so
module_app account.so
module_app menu.so
sip_verify_server no
"""


class Trial:
    def __init__(self, binary):
        directory = ROOT / "build" / "peer" / "baresip"
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        self.directory, self.ports = directory, Ports(OFFSET)
        own = Certificates(directory).path("lineward")
        self.lineward = Lineward(binary, self.ports, directory)
        (directory / "lineward.conf").write_text("devices_md5_only = 1;\n")
        self.lineward.options = ["--config", str(directory / "lineward.conf"),
                                 "--sip", f"{OURS}:{self.ports.sip}",
                                 "--tls", f"{OURS}:{self.ports.tls}",
                                 "--tls-certificate", f"{own}.crt", "--tls-key", f"{own}.key"]
        self.lineward.start()
        self.lineward.command("user", "add", "sales")

    def start(self, transport):
        """A baresip with a new account."""
        port = self.ports.tls if transport == "tls" else self.ports.sip
        made = self.lineward.command("device", "add", "sales", transport)
        user, password = SECRET.search(made).groups()
        home = self.directory / transport
        home.mkdir()
        (home / "config").write_text(CONFIG)
        (home / "accounts").write_text(
            f"<sip:{user}@{OURS}:{port};transport={transport}>;auth_user={user};"
            f"auth_pass={password};regint=60\n")
        (home / "contacts").write_text("")
        words = ["ip", "netns", "exec", SPACE, "baresip", "-f", home]
        return Program(f"baresip {transport}", words, self.directory / f"{transport}.log")

    def bindings(self, transport):
        return self.lineward.api("GET", f"users/sales/devices/{transport}")["bindings"]

    def test_it_registers(self):
        for transport in ("udp", "tcp", "tls"):
            program = self.start(transport)
            wait_until(f"baresip is registered by {transport}",
                       lambda t=transport: self.bindings(t))
            shown, = self.bindings(transport)
            check(shown["transport"] == transport and shown["source"].startswith(f"{THEIRS}:") and
                  "baresip" in shown["user_agent"], f"{shown}")
            program.stop()
            wait_until(f"baresip has signed off by {transport}",
                       lambda t=transport: self.bindings(t) == [])

    def test_it_ends_cleanly(self):
        self.lineward.stop()
        self.lineward.check_log()


def main():
    args = arguments(__doc__)
    try:
        for program in ("baresip", "openssl"):
            find_program(program)
        with network_space(SPACE, OURS, THEIRS):
            return run_methods(Trial(args.bin), args.names)
    except Missing as reason:
        print(f"SKIPPED: {reason}")
        return 77


if __name__ == "__main__":
    run_script(main)
