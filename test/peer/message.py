# SPDX-License-Identifier: Apache-2.0
"""SIP messages as sipp logs them (-trace_msg): just enough reading to check what arrived."""

import re
from pathlib import Path

LOGGED = re.compile(rb"^(?:UDP|TCP) message (sent|received) [\[(](\d+)[\])] bytes ?:\r?\n\r?\n",
                    re.MULTILINE)


class Message:
    """One message: start_line, headers in order, and whether it was received or sent."""

    def __init__(self, text, is_received=True):
        head = re.split(r"\r?\n\r?\n", text, maxsplit=1)[0]
        lines = re.sub(r"\r?\n[ \t]+", " ", head).splitlines()
        self.is_received = is_received
        self.start_line = lines[0] if lines else ""
        self.headers = [tuple(part.strip() for part in line.split(":", 1))
                        for line in lines[1:] if ":" in line]

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def first(self, name):
        return next(iter(self.all(name)), "")

    @property
    def status(self):
        """The status of a response, 0 for a request."""
        return int(self.start_line.split()[1]) if self.start_line.startswith("SIP/2.0 ") else 0

    @property
    def method(self):
        """The method of a request, or of the request that a response answers."""
        return self.first("CSeq").split()[-1] if self.first("CSeq") else ""

    @property
    def called_user(self):
        """The user part of a request's Request-URI."""
        found = re.match(r"\w+ sips?:([^@;>]*)@", self.start_line)
        return found.group(1) if found else ""

    @property
    def diversions(self):
        """Who forwarded the call, the latest first (RFC 5806)."""
        values = [part for value in self.all("Diversion") for part in split_list(value)]
        return [Diversion(value) for value in values]


class Diversion:
    """One Diversion: number, host and its parameters by name."""

    def __init__(self, value):
        self.value = value
        found = re.search(r"<sips?:([^@;>]*)@([^;>]*)[^>]*>(.*)$", value)
        self.number, self.host = (found.group(1), found.group(2)) if found else ("", "")
        self.parameters = {}
        for parameter in (found.group(3) if found else "").split(";")[1:]:
            name, _, content = parameter.partition("=")
            self.parameters[name.strip().lower()] = content.strip().strip('"')


def split_list(value):
    """Splits a header's value at the commas outside of quotes and angle brackets."""
    parts, depth, is_quoted = [""], 0, False
    for char in value:
        if char == '"':
            is_quoted = not is_quoted
        elif not is_quoted and char in "<>":
            depth += 1 if char == "<" else -1
        if char == "," and not is_quoted and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts if part.strip()]


def read_log(path):
    """All messages of a sipp message log, in order."""
    path = Path(path)
    log = path.read_bytes() if path.exists() else b""
    messages = []
    for found in LOGGED.finditer(log):
        text = log[found.end():found.end() + int(found.group(2))]
        messages.append(Message(text.decode(errors="replace"), found.group(1) == b"received"))
    return messages
