# SPDX-License-Identifier: Apache-2.0
"""What the tests in this folder share: the server under test, a client that holds every answer to
docs/openapi.yaml, and that document itself."""

import http.client
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "/api/v1"
TOKEN = "0123456789abcdef"
SKIPPED = 77
OWN_TOKEN = object()  # stands for the client's own
METHODS = ("get", "post", "put", "patch", "delete")

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"{missing.name} is missing: install python3-yaml and python3-jsonschema")
    sys.exit(1 if os.environ.get("CI") == "true" else SKIPPED)


# The journal's calls are of yesterday, from 00:00:43.768 UTC on: within every period of figures.
JOURNAL_DAY = (datetime.now(UTC) - timedelta(days=1)).replace(hour=0, minute=0, second=0,
                                                              microsecond=0)


def journal_date(days=0):
    """The date of the journal's calls, or of a day so much later."""
    return (JOURNAL_DAY + timedelta(days=days)).strftime("%Y-%m-%d")


class Server:
    """`with Server() as server:` runs the API in a process of its own, its settings in memory. With
    `fail`, say (3, "busy"), the third call of the store fails."""

    def __init__(self, fail=None, data="memory", environment=None):
        program = os.environ["API_SERVER"]
        arguments = [program, TOKEN, str(data), *(map(str, fail) if fail else ())]
        variables = {"API_HASH_BYTES": "8192", "API_JOURNAL_S": str(int(JOURNAL_DAY.timestamp())),
                     **os.environ, **(environment or {})}
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=variables)
        ready = self.process.stdout.readline()
        if not ready.startswith("ready "):
            raise RuntimeError(f"{program} did not start")
        self.port = int(ready.split()[1])
        self.setup_code = "".join(ready.split()[2:])
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.stdin.close()
        status = self.process.wait(timeout=30)
        self.process.stdout.close()
        if status != 0 and kind is None:
            raise RuntimeError(f"the server ended with status {status}")


@dataclass
class Operation:
    id: str
    method: str  # "GET"
    path: str    # "/groups/{name}"
    spec: dict
    parameters: list

    @property
    def is_public(self):
        return self.spec["x-rights"]["for"] == "all"

    @property
    def has_body(self):
        return "requestBody" in self.spec

    @property
    def statuses(self):
        return {int(status) for status in self.spec["responses"]}


class Document:
    """docs/openapi.yaml."""

    def __init__(self):
        self.root = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text(encoding="utf-8"))
        self.resolver = jsonschema.RefResolver("", self.root)
        self.operations = {operation.id: operation for operation in self.list_operations()}

    def list_operations(self):
        for path, item in self.root["paths"].items():
            for method in METHODS:
                if method in item:
                    spec = item[method]
                    parameters = item.get("parameters", []) + spec.get("parameters", [])
                    yield Operation(spec["operationId"], method.upper(), path, spec,
                                    [self.resolve(parameter) for parameter in parameters])

    def resolve(self, node):
        while "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def check(self, schema, value):
        """Raises unless `value` is as `schema` says."""
        validator = jsonschema.Draft202012Validator(
            schema, resolver=self.resolver, format_checker=jsonschema.FormatChecker())
        validator.validate(value)

    def body_fields(self, operation):
        """The properties of an operation's body by name; {} where the document names none."""
        schema = operation.spec["requestBody"]["content"]["application/json"]["schema"]
        schema = self.resolve(schema)
        for part in schema.get("allOf", ()):
            schema = {**self.resolve(part), **schema}
        return {name: self.resolve(field) for name, field in schema.get("properties", {}).items()
                if not field.get("readOnly")}


@dataclass
class Answer:
    status: int
    headers: dict
    json: object
    body: bytes

    @property
    def fields(self):
        """The fields that a problem document names, with the reasons."""
        return {error["field"]: error["reason"] for error in self.json["errors"]}


class Client:
    """Calls operations by their id and checks all that the document says of the answer."""

    def __init__(self, server, document):
        self.document, self.seen = document, set()
        self.token, self.cookie = TOKEN, None
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)

    def request(self, method, target, body=None, headers=None, token=OWN_TOKEN):
        """Sends anything; `body` is bytes, or what becomes JSON."""
        headers = dict(headers or {})
        if token is OWN_TOKEN:
            token = self.token
        if self.cookie:
            headers.setdefault("Cookie", self.cookie)
            headers.setdefault("X-Requested-With", "test")
        elif token is not None:
            headers.setdefault("Authorization", f"Bearer {token}")
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
        self.connection.putrequest(method, target)
        for name, value in headers.items():
            self.connection.putheader(name, value)
        if body is not None:
            self.connection.putheader("Content-Length", str(len(body)))
        self.connection.endheaders(body)
        response = self.connection.getresponse()
        content = response.read()
        answer = Answer(response.status, response.headers, None, content)
        if content and "json" in (response.headers["Content-Type"] or ""):
            answer.json = json.loads(content)
        self.check_headers(answer)
        return answer

    @staticmethod
    def check_headers(answer):
        is_problem = answer.status >= 400
        expected = {"Cache-Control": "private, no-cache" if answer.headers["ETag"] else "no-store",
                    "X-Content-Type-Options": "nosniff",
                    "Content-Type": "application/problem+json" if is_problem else
                    "application/json"}
        if answer.status in (204, 304):
            assert answer.body == b"", answer
            expected["Content-Type"] = None
        if answer.status == 200 and answer.json is None:
            del expected["Content-Type"]
        for name, value in expected.items():
            assert answer.headers[name] == value, (name, answer)
        if is_problem and answer.body:
            assert answer.json["status"] == answer.status, answer

    @staticmethod
    def target(operation, path=(), query=None):
        """An operation's address, with the values of `path` in the order of the path."""
        values = iter(path)
        target = PREFIX + re.sub(r"\{\w+\}", lambda _: quote(next(values), safe=""),
                                 operation.path)
        return target + ("?" + urlencode(query) if query else "")

    def call(self, operation_id, *path, body=None, query=None, status=None, **options):
        """Calls an operation; `status` is what it must answer, any of the document's if None."""
        operation = self.document.operations[operation_id]
        answer = self.request(operation.method, self.target(operation, path, query), body,
                              **options)
        self.check(operation, answer, status)
        return answer

    def check(self, operation, answer, status=None):
        what = f"{operation.id}: {answer.status} {answer.body[:500]}"
        assert status is None or answer.status == status, what
        assert answer.status in operation.statuses, f"{what} is not in the document"
        self.seen.add((operation.id, answer.status))
        response = self.document.resolve(operation.spec["responses"][str(answer.status)])
        for name in response.get("headers", {}):
            assert answer.headers[name], f"{what}: {name} is missing"
        content = response.get("content")
        assert bool(content) == bool(answer.body), what
        if content:
            value = answer.body.decode() if answer.json is None else answer.json
            self.document.check(content[answer.headers["Content-Type"]]["schema"], value)


GROUP = {"name": "main", "server": "pbx.example:5060", "domain": "pbx.example",
         "country_code": "49", "area_code": "30", "main_number": "+49301234",
         "outside_prefix": "0", "internal_ranges": "100-199,7xx"}


def fill(client):
    """A group, a user and two lines, the first of which is forwarded."""
    client.call("addGroup", body=GROUP, status=201)
    client.call("addUser", body={"name": "sales", "login": "on", "mailbox": "700"}, status=201)
    client.call("addLine", "main", body={"extension": "101", "user": "sales",
                                         "password": "secret"}, status=201)
    client.call("addLine", "main", body={"extension": "102"}, status=201)
    client.call("putForwarding", "main", "101", "immediate", "external",
                body={"target": "102"}, status=201)


def try_connection(client):
    """A connection test, of a line that is not there."""
    begun = client.call("testConnection", status=201, body={
        "group": {"name": "new", "server": "pbx.example", "domain": "pbx.example"},
        "line": {"extension": "300"}})
    for _ in range(4):  # the server under test needs as many looks until it is over
        client.call("getConnectionTest", begun.json["id"], status=200)


def fill_rules(client):
    """A calendar, an exception, an administrative forwarding and a profile; none of them holds. And
    a device, and a check that runs."""
    client.call("startCheck", "main", body={}, status=202)
    client.call("addDevice", "sales", body={"name": "sales"}, status=201)
    client.call("addCalendar", body={"name": "sales", "days": "12-25"}, status=201)
    client.call("addException", "main", "101", status=201,
                body={"condition": "busy", "target": "102", "enabled": False})
    client.call("addAdminForwarding", "main", status=201,
                body={"name": "main", "condition": "busy", "target": "102", "enabled": False})
    client.call("addProfile", "sales", status=201,
                body={"name": "meeting", "presence": "meeting", "forwardings": "busy/all=102"})
