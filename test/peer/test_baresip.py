#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A real softphone, baresip, registers by UDP, TCP and TLS. It uses no loopback interface, so it
lives in a network namespace of its own; that takes root, else the test is skipped."""

import os

from peers import Lineward, Ports, new_directory
from processes import wait_until
from runner import arguments, check, run_script, run_trial
from softphone import Softphone
from space import run_in_space
from test_devices import SECRET
from test_transports import Certificates

OFFSET = 650  # of the ports; those of the other tests lie elsewhere
SPACE = f"lineward{os.getpid()}"
OURS, THEIRS = "198.18.77.1", "198.18.77.2"  # RFC 2544: nobody's


class Trial:
    def __init__(self, binary):
        self.directory, self.ports = new_directory("peer/baresip"), Ports(OFFSET)
        own = Certificates(self.directory).path("lineward")
        self.lineward = Lineward(binary, self.ports, self.directory)
        self.lineward.configure("devices_md5_only = 1")
        self.lineward.options = ["--sip", f"{OURS}:{self.ports.sip}",
                                 "--tls", f"{OURS}:{self.ports.tls}",
                                 "--tls-certificate", f"{own}.crt", "--tls-key", f"{own}.key"]
        self.lineward.start()
        self.lineward.command("user", "add", "sales")

    def start(self, transport):
        """A baresip with a new account."""
        port = self.ports.tls if transport == "tls" else self.ports.sip
        made = self.lineward.command("device", "add", "sales", transport)
        user, password = SECRET.search(made).groups()
        return Softphone(
            SPACE, self.directory / transport, (THEIRS, 4444),
            f"<sip:{user}@{OURS}:{port};transport={transport}>;auth_user={user};"
            f"auth_pass={password};regint=60", "sip_verify_server no")

    def bindings(self, transport):
        return self.lineward.api("GET", f"users/sales/devices/{transport}")["bindings"]

    def test_it_registers(self):
        for transport in ("udp", "tcp", "tls"):
            phone = self.start(transport)
            wait_until(f"baresip is registered by {transport}",
                       lambda t=transport: self.bindings(t))
            shown, = self.bindings(transport)
            check(shown["transport"] == transport and shown["source"].startswith(f"{THEIRS}:") and
                  "baresip" in shown["user_agent"], f"{shown}")
            phone.program.stop()
            wait_until(f"baresip has signed off by {transport}",
                       lambda t=transport: self.bindings(t) == [])


def main():
    args = arguments(__doc__)
    return run_in_space(lambda: run_trial(Trial(args.bin), args.names),
                        (SPACE, OURS, THEIRS), "baresip", "openssl")


if __name__ == "__main__":
    run_script(main)
