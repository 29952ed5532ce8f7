# SPDX-License-Identifier: Apache-2.0
"""The real server on a data directory of its own, for tests of what it keeps: started, asked by its
API, killed."""

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

LINEWARD = os.environ.get("LINEWARD", "build/dev/bin/lineward")
GROUP = {"server": "127.0.0.1:9", "domain": "pbx.example", "country_code": "49"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Daemon:
    """`user` is a number to run as, where we are root; `directory` must then belong to it.
    `environment`: what it has beside ours."""

    def __init__(self, directory, user=None, environment=None):
        self.directory, self.user = Path(directory), user
        self.environment = dict(os.environ, **(environment or {}))
        self.api_port, self.sip_port = free_port(), free_port()
        self.process = self.connection = None
        self.log = self.directory.parent / (self.directory.name + ".log")

    def start(self):
        """Returns the seconds until the server says that it is ready."""
        began = time.monotonic()
        become = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [LINEWARD, "serve", "--data-dir", str(self.directory),
                 "--sip", f"127.0.0.1:{self.sip_port}", "--api", f"127.0.0.1:{self.api_port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment, **become)
        self.connection = None
        return began

    def wait_ready(self, began, seconds=60):
        while time.monotonic() - began < seconds:
            try:
                status, _ = self.request("GET", "/health")
                if status == 200:
                    return time.monotonic() - began
            except OSError:
                pass
            assert self.process.poll() is None, "it has ended: " + self.log_tail()
            time.sleep(0.01)
        raise AssertionError("it is not ready: " + self.log_tail())

    def log_tail(self):
        return self.log.read_text(errors="replace")[-2000:]

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        status = self.process.wait(30)
        if self.connection:
            self.connection.close()
        self.connection = None
        return status

    def request(self, method, path, body=None, timeout=20):
        """Returns the status and the JSON; OSError when there is no answer."""
        if not self.connection:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.api_port,
                                                         timeout=timeout)
        headers = {"Content-Type": "application/json"}
        token = self.directory / "api.token"
        if token.exists():
            self.token = token.read_text().strip()
        headers["Authorization"] = f"Bearer {getattr(self, 'token', '')}"
        try:
            self.connection.request(method, "/api/v1" + path,
                                    None if body is None else json.dumps(body), headers)
            response = self.connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            self.connection = None
            raise OSError(str(error)) from error
        return response.status, json.loads(content) if content else None

    def must(self, method, path, body=None):
        status, answer = self.request(method, path, body)
        assert status in (200, 201, 204), (method, path, status, answer)
        return answer

    def __enter__(self):
        self.wait_ready(self.start())
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill(signal.SIGTERM)
        for name in ("lineward.db", "journal.db"):
            if (self.directory / name).exists():
                assert integrity(self.directory / name) == "ok", name


def integrity(path):
    with sqlite3.connect(path) as database:
        answer = database.execute("PRAGMA integrity_check").fetchone()[0]
    database.close()
    return answer


def multiply_lines(directory, count):
    """Makes `count` lines out of the one of the (stopped) server, each with its forwardings."""
    database = sqlite3.connect(directory / "lineward.db")
    for table in ("lines", "forwardings"):
        columns = [f'"{row[1]}"' for row in database.execute(f"PRAGMA table_xinfo({table})")
                   if row[1] != "id" and row[6] == 0]
        chosen = ["CAST(100000+n AS TEXT)" if column == '"extension"' else column
                  for column in columns]
        database.execute(
            f"WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM count WHERE n<?)"
            f" INSERT INTO {table}({','.join(columns)}) SELECT {','.join(chosen)} FROM count,"
            f" (SELECT * FROM {table})", (count,))
    database.commit()
    database.close()
