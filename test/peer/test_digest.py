#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a line answers to each kind of challenge (RFC 7616, RFC 8760), computed again by Python's
hashlib: MD5, SHA-256 and SHA-512-256, with qop and without, for REGISTER. A PBX made of one socket
believes nobody else."""

import hashlib
import re
import secrets

from processes import wait_until
from runner import arguments, check, run_script, run_trial
from wire import DOMAIN, LINE, Wire, response_to

OFFSET = 1850  # of the ports; those of the other tests lie elsewhere
HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
PASSWORD = "secret201"


class Registrar:
    """Answers REGISTERs: a challenge of that kind, and 200 to who answers it rightly."""

    def __init__(self, algorithms, qop="auth", opaque=""):
        self.algorithms, self.qop, self.opaque = algorithms, qop, opaque
        self.nonces, self.believed, self.refused = {}, [], []

    def challenge(self, algorithm):
        nonce = secrets.token_hex(16)
        self.nonces[nonce] = algorithm
        parts = [f'Digest realm="{DOMAIN}"', f'nonce="{nonce}"', f"algorithm={algorithm}"]
        parts += [f'qop="{self.qop}"'] if self.qop else []
        parts += [f'opaque="{self.opaque}"'] if self.opaque else []
        return "WWW-Authenticate: " + ", ".join(parts)

    def is_right(self, part):
        """Whether an Authorization is what hashlib makes of it (RFC 7616 section 3.4.1)."""
        algorithm = self.nonces.get(part["nonce"])
        if not algorithm or part.get("algorithm", "MD5") != algorithm:
            return False

        def digest(text):
            return hashlib.new(HASHES[algorithm], text.encode()).hexdigest()
        secret = digest(f"{LINE}:{DOMAIN}:{PASSWORD}")
        request = digest(f"REGISTER:{part['uri']}")
        count = f":{part['nc']}:{part['cnonce']}:{part['qop']}" if self.qop else ""
        is_bare = self.qop or not {"nc", "cnonce", "qop"} & part.keys()
        is_whole = not self.opaque or part.get("opaque") == self.opaque
        return (part["username"] == LINE and part["realm"] == DOMAIN and is_bare and is_whole and
                part["response"] == digest(f"{secret}:{part['nonce']}{count}:{request}"))

    def answer(self, request):
        proof = request.first("Authorization")
        if proof:
            found = re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', proof)
            part = {name: quoted or bare for name, quoted, bare in found}
            if self.is_right(part):
                self.believed.append(self.nonces.pop(part["nonce"]))
                granted = f"Contact: {request.first('Contact')};expires=600"
                return [response_to(request, 200, "OK", (granted,))]
            self.refused.append(proof)
        return [response_to(request, 401, "Unauthorized",
                            [self.challenge(algorithm) for algorithm in self.algorithms])]


class Trial:
    def __init__(self, binary):
        self.wire = Wire("digest", binary, OFFSET)
        self.wire.set_up()
        self.lineward = self.wire.lineward

    def register_anew(self, registrar):
        """Lets the line register there; returns the algorithm that it was believed by."""
        self.wire.pbx.answer = registrar.answer
        for enabled in ("off", "on"):
            self.lineward.command("line", "set", LINE, "--enabled", enabled)
        wait_until("the line is believed", lambda: registrar.believed or registrar.refused)
        check(not registrar.refused, f"refused: {registrar.refused}")
        self.lineward.wait_registered([LINE], group="wire")
        return registrar.believed[0]

    def test_each_algorithm(self):
        for algorithm in HASHES:
            for qop in ("auth", ""):
                used = self.register_anew(Registrar([algorithm], qop))
                check(used == algorithm, f"{used} instead of {algorithm}")

    def test_the_topmost_is_taken(self):
        """Of several challenges the first that is known is answered (RFC 8760 section 2.3)."""
        for algorithms in (["SHA-512-256", "MD5"], ["SHA-256", "SHA-512-256", "MD5"],
                           ["MD5", "SHA-512-256"]):
            used = self.register_anew(Registrar(algorithms))
            check(used == algorithms[0], f"{used} of {algorithms}")

    def test_several_qops_and_opaque(self):
        used = self.register_anew(Registrar(["SHA-512-256"], "auth,auth-int", "what is this?"))
        check(used == "SHA-512-256", used)


def main():
    args = arguments(__doc__)
    return run_trial(Trial(args.bin), args.names)


if __name__ == "__main__":
    run_script(main)
