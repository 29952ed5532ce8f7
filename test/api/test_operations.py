#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every operation of docs/openapi.yaml: what it answers, to whom, and what it refuses."""

import json
import re
import unittest
from urllib.parse import urlsplit

from call_tests import CallTests
from change_tests import ConnectionTests, RevertTests, SetUpTests, StatisticsTests
from check_tests import CheckTests
from client import (GROUP, PREFIX, ROOT, Client, Document, Server, fill, fill_rules, journal_date,
                    try_connection)
from device_tests import DeviceTests
from profile_tests import ProfileTests
from metrics_tests import MetricsTests
from rule_tests import RuleTests

DOCUMENT = Document()
# The parts of a path that lead to something that fill() has made.
PARTS = {"group": "main", "extension": "101", "condition": "immediate", "origin": "external",
         "serial": "0", "id": "1", "number": "1", "position": "1",
         "call": "1", "alarm": "1", "user": "sales"}
BODY_MAX = {"importSettings": 16 * 1024 * 1024}
SEEN = set()
# Operations on one record whose sample fill() has made.
SAMPLES = {verb + kind for kind in ("Group", "User", "Line", "Forwarding", "Exception",
                                            "AdminForwarding", "Calendar", "Profile",
                                            "Device")
           for verb in ("get", "put", "change", "remove")} | {"getClientState", "getCheck"}


def whole_of(operation):
    """The operation whose body has all fields of what `operation` changes."""
    names = [operation.id.replace("change", verb) for verb in ("put", "add")]
    return next(DOCUMENT.operations[name] for name in names if name in DOCUMENT.operations)


class Case(unittest.TestCase):
    """Each test has a server of its own with some settings."""

    has_rules = True

    def setUp(self):
        self.server = self.enterContext(Server())
        self.client = Client(self.server, DOCUMENT)
        self.addCleanup(self.client.connection.close)
        self.call = self.client.call
        fill(self.client)
        if self.has_rules:
            fill_rules(self.client)

    def tearDown(self):
        SEEN.update(self.client.seen)

    def path_of(self, operation, unknown=False):
        """Values for the path of an operation; names that exist, or do not."""
        name = "main" if operation.path.startswith("/groups") else "sales"
        name = "meeting" if "/profiles/" in operation.path else name
        parts = re.findall(r"\{(\w+)\}", operation.path)
        values = {**PARTS, "name": name}
        if unknown:
            values |= {"name": "nobody", "group": "nowhere", "call": "0", "alarm": "9", "id": "999",
                       "number": "9", "user": "nobody"}
        return [values[part] for part in parts]

    @staticmethod
    def operations(**wanted):
        return [operation for operation in DOCUMENT.operations.values()
                if all(getattr(operation, name) == value for name, value in wanted.items())]


class Generated(Case):
    def test_routes_are_those_of_the_document(self):
        for operation in self.operations():
            self.assertEqual(operation.is_public, operation.spec.get("security") == [])
        source = (ROOT / "src/api/routes.c").read_text(encoding="utf-8")
        macros = dict(re.findall(r"^#define (\w+)\s+(.+)$", source, re.MULTILINE))

        def path(expression):
            for name in ("SLOT", "LINE", "PROFILES", "API"):
                expression = re.sub(rf"\b{name}\b", macros[name], expression)
            return "".join(re.findall(r'"([^"]*)"', expression)).removeprefix(PREFIX)
        routes = re.findall(r"^\s+\{METHOD_(\w+),\s+(.+?),\s+\w+,\s+\w+,\s+(NULL|\".*?\"), "
                            r"FOR_(\w+),\s+SCOPE_(\w+)\}",
                            source, re.MULTILINE)
        table = {(method, path(pattern)): (set(query.strip('"').split()) - {"NULL"},
                                           {"for": audience.lower(), "scope": scope.lower()})
                 for method, pattern, query, audience, scope in routes}
        self.assertEqual(len(routes), source.count("    {METHOD_"))
        document = {
            (operation.method, operation.path):
            ({p["name"] for p in operation.parameters if p["in"] == "query"},
             operation.spec["x-rights"])
            for operation in DOCUMENT.operations.values()}
        self.assertEqual(table, document)

    def test_without_a_token(self):
        for operation in self.operations(is_public=False):
            path = self.path_of(operation)
            self.call(operation.id, *path, token=None, status=401)
            for wrong in ("0123456789abcdeX", "0123456789abcdef0", "", "0"):
                self.call(operation.id, *path, token=wrong, status=401)
            self.call(operation.id, *path, status=401,
                      headers={"Authorization": "Basic 0123456789abcdef"})
            body = b"{}" if operation.has_body else None
            self.call(operation.id, *path, body=body, token=None, status=401)
        answer = self.client.request("GET", PREFIX + "/nothing", token=None)
        self.assertEqual(answer.status, 401)

    def test_the_scheme_is_in_any_case(self):
        self.call("getStatus", headers={"Authorization": "bearer 0123456789abcdef"}, status=200)

    def test_unknown_parameters(self):
        for operation in self.operations():
            answer = self.call(operation.id, *self.path_of(operation), query={"colour": "red"},
                               body=b"{}" if operation.has_body else None, status=400)
            self.assertEqual(answer.fields, {"colour": "is not a parameter of this operation"})

    def test_parameters_twice(self):
        answer = self.call("listUsers", query=[("limit", "1"), ("limit", "2")], status=400)
        self.assertEqual(answer.fields, {"limit": "is given twice"})

    def test_values_of_parameters(self):
        wrong = {"limit": ["", "0", "1001", "-1", "1.5", "x"], "language": ["", "fr", "DE"],
                 "before": ["", "-1", "x", "1" * 30], "after": ["", "x" * 200],
                 "group": ["x" * 64], "extension": ["x" * 24], "user": ["x" * 64],
                 "line": ["x" * 24], "caller": ["1" * 128], "outcome": ["", "lost"],
                 "text": ["x" * 128, "a\x00b"], "kind": ["x" * 128], "key": ["x" * 256],
                 "actor": ["x" * 64],
                 "since": ["", "now", "2026-13-01", "2026-11-23T08:00", "2026-11-23T08:00:00+1"],
                 "until": ["yesterday", "1969-12-31"], "dry_run": ["", "yes", "1"],
                 "hours": ["", "0", "745", "x"]}
        for operation in self.operations():
            for parameter in operation.parameters:
                if parameter["in"] != "query":
                    continue
                name = parameter["name"]
                for value in wrong.get(name, []):
                    answer = self.call(operation.id, *self.path_of(operation),
                                       query={name: value}, status=400,
                                       body=b"{}" if operation.has_body else None)
                    self.assertEqual(list(answer.fields), [name], value)

    def test_what_is_not_there(self):
        for operation in self.operations():
            if 404 not in operation.statuses:
                continue
            path = self.path_of(operation, unknown=True)
            creates = operation.method == "PUT" and 201 in operation.statuses and len(path) == 1
            body = {"colour": "red"} if creates else {}
            self.call(operation.id, *path, body=body if operation.has_body else None,
                      status=422 if creates else 404)

    def test_names_that_cannot_be(self):
        for operation in self.operations():
            path = self.path_of(operation)
            for i in range(len(path)):
                for impossible in ("x" * 200, "a\x00b", "a\nb"):
                    wrong = [*path[:i], impossible, *path[i + 1:]]
                    self.call(operation.id, *wrong, status=404,
                              body={} if operation.has_body else None)

    def test_other_methods(self):
        paths = {operation.path for operation in DOCUMENT.operations.values()}
        for path in paths:
            methods = {o.method for o in DOCUMENT.operations.values() if o.path == path}
            some = next(o for o in DOCUMENT.operations.values() if o.path == path)
            target = self.client.target(some, self.path_of(some))
            for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "COPY"} - methods:
                answer = self.client.request(method, target)
                self.assertEqual(answer.status, 405, (method, path))
                self.assertEqual(set(answer.headers["Allow"].split(", ")), methods)

    def test_head_is_get_without_the_body(self):
        try_connection(self.client)
        for operation in self.operations(method="GET"):
            if operation.id == "getEvents":
                continue
            target = self.client.target(operation, self.path_of(operation))
            wanted, answer = (self.client.request(method, target) for method in ("GET", "HEAD"))
            self.assertEqual((answer.status, answer.body), (200, b""))
            for name in ("Content-Length", "Content-Type"):
                self.assertEqual(answer.headers[name], wanted.headers[name])

    def test_bodies_that_are_none(self):
        for operation in self.operations(has_body=True):
            path = self.path_of(operation)

            def refused(body, status, operation=operation, path=path, **headers):
                return self.call(operation.id, *path, body=body, headers=headers, status=status)
            refused(None, 411)
            refused(b" " * (BODY_MAX.get(operation.id, 65536) + 1), 413)
            refused(b"{}" + b" " * 65534, None)
            for kind in ("", "text/plain", "application/x-www-form-urlencoded", "text/json"):
                refused(b"{}", 415, **{"Content-Type": kind})
            if operation.method != "PATCH":
                refused(b"{}", 415, **{"Content-Type": "application/merge-patch+json"})
            for wrong in (b"", b"{", b"{}}", b"{]", b'{"a":}', b"{'a': 1}", b'{"a": 1, "a": 2}',
                          b'{"a": "\xff"}', b'{"a": "\\u0000"}', b'{"a\\u0000": 1}',
                          b"\xef\xbb\xbf{}",
                          b'{"a": 1e999}', b'{"a": 99999999999999999999}', b'{"a": NaN}', b"null",
                          b"[" * 33 + b"]" * 33, b"[" * 60000, b'{"a":' * 10000, b'{"a": "\n"}'):
                refused(wrong, 400)
            for wrong in (b"[]", b"[" * 32 + b"]" * 32):
                refused(wrong, 422)

    def test_unknown_fields(self):
        for operation in self.operations(has_body=True):
            strange = {"colour": 1, "": 2, "x" * 1000: 3, "Name": 4}
            answer = self.call(operation.id, *self.path_of(operation), body=strange, status=422)
            for name in strange:
                self.assertRegex(answer.fields[name[:100]], "^is no")

    def test_wrong_types(self):
        """All fields of a body are wrong, and all are named."""
        others = {"string": [1, 1.5, True, [], {}], "boolean": ["true", 1, 0, None, []],
                  "integer": ["5", 5.0, 5.5, True, -1, 10 ** 18, []], "enum": ["nix", "", 1, None],
                  "object": ["x", 1, []], "array": ["x", 1, {}]}
        for operation in self.operations(has_body=True):
            fields = DOCUMENT.body_fields(operation) or DOCUMENT.body_fields(whole_of(operation))
            for i in range(7 if fields else 0):
                body = {}
                for name, field in fields.items():
                    wrong = others["enum" if "enum" in field else field["type"]]
                    body[name] = wrong[i % len(wrong)]
                if operation.method == "PATCH":  # null is the default there
                    body = {name: value for name, value in body.items() if value is not None}
                answer = self.call(operation.id, *self.path_of(operation), body=body, status=422)
                self.assertEqual(set(answer.fields), set(body))

    def test_limits(self):
        """The longest texts and largest numbers that the document allows, and one more."""
        for operation in self.operations(has_body=True):
            if operation.id in ("explainCall", "signIn", "changePassword", "setUp"):
                continue
            for name, field in DOCUMENT.body_fields(whole_of(operation)).items():
                if name in PARTS or name == "name":
                    continue
                if "maxLength" in field:
                    outside = ["x" * (field["maxLength"] + 1), "a\tb", "\x7f"]
                    outside += [""] if field.get("minLength") else []
                elif "maximum" in field:
                    outside = [field["minimum"] - 1, field["maximum"] + 1]
                else:
                    continue
                for value in outside:
                    answer = self.call(operation.id, *self.path_of(operation), body={name: value},
                                       status=422)
                    self.assertIn(name, answer.fields)

    def test_defaults(self):
        """What is left out gets the document's default, and so does null in a change."""
        cases = [("putGroup", "changeGroup", ["new"], {"server": "a", "domain": "b"}),
                 ("putUser", "changeUser", ["new"], {}),
                 ("putLine", "changeLine", ["main", "103"], {}),
                 ("putForwarding", "changeForwarding", ["main", "102", "dnd", "all"],
                  {"target": "101"})]
        for put, change, path, body in cases:
            fields = DOCUMENT.body_fields(DOCUMENT.operations[put])
            defaults = {name: field["default"] for name, field in fields.items()
                        if "default" in field}
            created = self.call(put, *path, body=body, status=201).json
            self.assertEqual({name: created[name] for name in defaults}, defaults)
            required = fields.keys() - defaults.keys() - {"password"}
            self.assertEqual(required, {"name", "group", "extension", "condition", "origin",
                                        *body} & fields.keys())
            reset = self.call(change, *path, body=dict.fromkeys(defaults), status=200).json
            self.assertEqual(reset, created)
            for name in body:
                answer = self.call(change, *path, body={name: None}, status=422)
                self.assertEqual(answer.fields, {name: "is missing"})

    def test_trailing_and_doubled_slashes(self):
        for path in ("/groups/", "//groups", "/groups//lines", "/", "", "/groups/main/", "/x" * 30):
            self.assertEqual(self.client.request("GET", PREFIX + path).status, 404, path)


class Records(Case):
    def test_a_new_record_has_an_address(self):
        answers = [
            self.call("addGroup", body={"name": "a b/ü%+?#".replace("/", ""), "server": "s",
                                        "domain": "d"}, status=201),
            self.call("addUser", body={"name": "Jörg & Co; x=y"}, status=201),
            self.call("addLine", "main", body={"extension": "+49"}, status=201),
            self.call("putLine", "main", "*1", body={}, status=201),
            self.call("putUser", "100% + me", body={}, status=201),
            self.call("putGroup", "ß", body={"server": "s", "domain": "d"}, status=201),
            self.call("putForwarding", "main", "102", "logged_off", "internal",
                      body={"target": "101"}, status=201)]
        for answer in answers:
            found = self.client.request("GET", answer.headers["Location"])
            self.assertEqual((found.status, found.json), (200, answer.json))
        plus = self.client.request("GET", PREFIX + "/groups/main/lines/+49")
        self.assertEqual(plus.status, 200, "a plus sign in a path is just that")

    def test_names_that_would_break_addresses(self):
        for name in ("a/b", ".", "..", "-x", "", " "):
            self.call("addUser", body={"name": name}, status=422)

    def test_exists_already(self):
        self.call("addGroup", body=GROUP, status=409)
        self.call("addUser", body={"name": "sales"}, status=409)
        answer = self.call("addLine", "main", body={"extension": "101"}, status=409)
        self.assertRegex(answer.json["detail"], "main/101")

    def test_still_needed(self):
        answer = self.call("removeGroup", "main", status=409)
        self.assertEqual(answer.json["detail"], "group main still has 2 lines")
        self.call("removeUser", "sales", status=409)

    def test_removal(self):
        self.call("removeForwarding", "main", "101", "immediate", "external", status=204)
        self.call("removeLine", "main", "101", status=204)
        self.call("removeLine", "main", "101", status=404)
        self.call("removeLine", "main", "102", status=204)
        self.call("removeUser", "sales", status=204)
        self.call("removeGroup", "main", status=204)
        self.assertEqual(self.call("listGroups", status=200).json, {"items": []})

    def test_the_password_is_never_shown(self):
        for body in ({"password": "hidden1"}, {"password": "hidden2", "enabled": False}):
            answer = self.call("changeLine", "main", "101", body=body, status=200)
            self.assertIs(answer.json["password_set"], True)
            self.assertNotIn(b"hidden", answer.body)
        for answer in (self.call("listLines"), self.call("getLine", "main", "101")):
            self.assertNotIn(b"hidden", answer.body)
        answer = self.call("changeLine", "main", "101", body={"password": ""}, status=200)
        self.assertIs(answer.json["password_set"], False)

    def test_what_was_read_can_be_put_back(self):
        read = self.call("getLine", "main", "101").json
        put = self.call("putLine", "main", "101", body=read, status=200).json
        self.assertEqual(put, read)
        self.assertIs(put["password_set"], True)
        for operation, path in (("Group", ["main"]), ("User", ["sales"]),
                                ("Forwarding", ["main", "101", "immediate", "external"])):
            read = self.call(f"get{operation}", *path).json
            self.assertEqual(self.call(f"put{operation}", *path, body=read, status=200).json, read)

    def test_put_replaces_all(self):
        self.call("changeLine", "main", "101", body={"display_name": "x", "enabled": False})
        put = self.call("putLine", "main", "101", body={"user": "sales"}, status=200).json
        self.assertEqual((put["display_name"], put["enabled"], put["user"]), ("", True, "sales"))

    def test_a_change_leaves_the_rest(self):
        before = self.call("getGroup", "main").json
        after = self.call("changeGroup", "main", body={"register_rate": 7},
                          headers={"Content-Type": "application/merge-patch+json"}).json
        self.assertEqual(after, {**before, "register_rate": 7})
        self.assertEqual(self.call("changeGroup", "main", body={}, status=200).json, after)

    def test_the_body_may_not_name_another(self):
        answer = self.call("changeLine", "main", "101", status=422,
                           body={"group": "other", "extension": "102"})
        self.assertEqual(set(answer.fields), {"group", "extension"})
        self.call("changeLine", "main", "101", body={"group": "main", "extension": "101"},
                  status=200)
        self.call("putForwarding", "main", "101", "dnd", "all", status=422,
                  body={"target": "102", "condition": "immediate"})

    def test_all_problems_at_once(self):
        answer = self.call("addGroup", body={"domain": 5, "enabled": "yes", "colour": 1,
                                             "max_diversions": 100}, status=422)
        self.assertEqual(answer.fields, {
            "domain": "must be a string", "enabled": "must be true or false",
            "colour": "is not a field of a group", "max_diversions":
            "must be a number from 1 to 99", "name": "is missing", "server": "is missing"})
        self.assertIn("server is missing", answer.json["detail"])
        many = self.call("addGroup", body={f"f{i}" * 20: 1 for i in range(500)}, status=422)
        self.assertEqual(len(many.fields), 503)
        self.assertTrue(many.json["detail"].endswith("; and more"))

    def test_what_the_settings_refuse(self):
        refused = [("putForwarding", ["main", "101", "dnd", "all"], {"target": "101"}, "target"),
                   ("putForwarding", ["main", "101", "dnd", "all"], {"target": "!"}, "target"),
                   ("putForwarding", ["main", "101", "dnd", "all"], {"target": "112"}, "target"),
                   ("putForwarding", ["main", "101", "dnd", "all"], {"target": "+43153454"},
                    "target"),
                   ("changeGroup", ["main"], {"barred_prefixes": "abc"}, "barred_prefixes"),
                   ("changeLine", ["main", "101"], {"user": "nobody"}, "user"),
                   ("addLine", ["main"], {"extension": "a b"}, "extension"),
                   ("changeGroup", ["main"], {"internal_ranges": "9-1"}, "internal_ranges"),
                   ("changeUser", ["sales"], {"mobile": "abc"}, "mobile")]
        for operation, path, body, field in refused:
            answer = self.call(operation, *path, body=body, status=422)
            self.assertEqual(list(answer.fields), [field])

    def test_texts_in_their_stored_form(self):
        answer = self.call("putForwarding", "main", "102", "dnd", "internal",
                           body={"target": "030 1234-101"})
        self.assertEqual(answer.json["target"], "101")

    def test_loops(self):
        """101 forwards external callers to 102, always."""
        refused = self.call("putForwarding", "main", "102", "immediate", "all",
                            body={"target": "101"}, status=422)
        self.assertEqual(refused.fields,
                         {"target": "leads back to this line: 102 -> 101 -> 102"})
        self.call("getForwarding", "main", "102", "immediate", "all", status=404)
        slot = ["main", "102", "dnd", "all"]
        warned = self.call("putForwarding", *slot, body={"target": "101"}, status=201)
        self.assertEqual(len(warned.json["warnings"]), 1)
        self.assertIn("102 -> 101 -> 102", warned.json["warnings"][0])
        found = self.call("getForwarding", *slot, status=200)
        self.assertNotIn("warnings", found.json)
        # What was read may be put; it changes nothing.
        again = self.call("putForwarding", *slot, body=warned.json, status=200)
        self.assertEqual(again.json, warned.json)
        off = self.call("changeForwarding", *slot, body={"enabled": False}, status=200)
        self.assertNotIn("warnings", off.json)
        on = self.call("changeForwarding", *slot, body={"enabled": True}, status=200)
        self.assertIn("warnings", on.json)

    def test_registrations(self):
        lines = [self.call("putLine", "main", str(extension), body={}).json["registration"]
                 for extension in range(101, 107)]
        self.assertEqual([line["state"] for line in lines],
                         ["registered", "refused", "unreachable", "disabled", "waiting", "waiting"])
        self.assertEqual(lines[0], {"state": "registered", "status": 200,
                                    "until": "2027-01-15T08:00:00Z", "contact": "127.0.0.1:5060"})
        self.assertEqual(lines[1], {"state": "refused", "status": 403,
                                    "reason": "Verboten \ufffd\x1b"})
        off = self.call("changeLine", "main", "106", body={"enabled": False}).json
        self.assertEqual(off["registration"], {"state": "disabled"})

    def test_text_is_kept_as_it_is(self):
        for name in ("Zoë 日本 📞", '"\\/<>&\'', "a" * 127, "é" * 63, "%s%n"):
            answer = self.call("changeUser", "sales", body={"display_name": name}, status=200)
            self.assertEqual(answer.json["display_name"], name)


class Lists(Case):
    has_rules = False

    def walk(self, operation, *path, query):
        """All items of a list and the sizes of its pages."""
        items, sizes = [], []
        answer = self.call(operation, *path, query=query, status=200)
        while True:
            items += answer.json["items"]
            sizes.append(len(answer.json["items"]))
            if "next" not in answer.json:
                return items, sizes
            self.assertEqual(urlsplit(answer.json["next"]).netloc, "")
            answer = self.client.request("GET", answer.json["next"])
            self.client.check(DOCUMENT.operations[operation], answer, 200)

    def test_pages(self):
        names = sorted(["sales", "a+b", "a b", "ä", "100%", *(f"u{i}" for i in range(9))],
                       key=str.encode)
        for name in names:
            if name != "sales":
                self.call("addUser", body={"name": name}, status=201)
        for limit in (1, 3, 7, 13, 14, 15, 1000):
            items, sizes = self.walk("listUsers", query={"limit": limit})
            self.assertEqual([item["name"] for item in items], names)
            self.assertTrue(all(size == limit for size in sizes[:-1]), sizes)
        after = self.call("listUsers", query={"after": "u7"}).json
        self.assertEqual([item["name"] for item in after["items"]], ["u8", "ä"])

    def test_lines_of_several_groups(self):
        for group in ("aaa", "zzz"):
            self.call("putGroup", group, body={"server": "s", "domain": "d"})
            for extension in ("101", "55"):
                self.call("putLine", group, extension, body={"user": "sales"})

        def lines(operation, *path, **query):
            items, _ = self.walk(operation, *path, query={"limit": 1, **query})
            return [f"{item['group']}/{item['extension']}" for item in items]
        self.assertEqual(lines("listLines"), ["aaa/101", "aaa/55", "main/101", "main/102",
                                              "zzz/101", "zzz/55"])
        self.assertEqual(lines("listLines", extension="101"), ["aaa/101", "main/101", "zzz/101"])
        self.assertEqual(lines("listLines", group="zzz"), ["zzz/101", "zzz/55"])
        self.assertEqual(lines("listLines", user="sales", group="main"), ["main/101"])
        self.assertEqual(lines("listLinesOfGroup", "zzz"), ["zzz/101", "zzz/55"])
        self.assertEqual(lines("listLinesOfGroup", "zzz", extension="55"), ["zzz/55"])
        self.assertEqual(lines("listLines", after="main/101"), ["main/102", "zzz/101", "zzz/55"])
        self.assertEqual(lines("listLines", group="nowhere"), [])

    def test_forwardings(self):
        for condition in ("immediate", "dnd", "logged_off"):
            for origin in ("all", "internal", "external"):
                self.call("putForwarding", "main", "102", condition, origin,
                          body={"target": "103", "enabled": origin != "all"})
        items = self.call("listForwardings", "main", "102", status=200).json["items"]
        self.assertEqual([(item["condition"], item["origin"]) for item in items],
                         [(c, o) for c in ("immediate", "dnd", "logged_off")
                          for o in ("all", "internal", "external")])
        self.assertEqual({item["origin"]: item["enabled"] for item in items},
                         {"all": False, "internal": True, "external": True})

    def test_journal(self):
        items, sizes = self.walk("listJournal", query={"limit": 3})
        self.assertEqual([item["id"] for item in items], [4, 3, 2, 1])
        self.assertEqual(sizes, [3, 1])
        self.assertEqual([item["verdict"] for item in items],
                         ["decline", "hold", "ring", "redirect"])
        items, _ = self.walk("listJournal", query={"line": "102", "group": "main"})
        self.assertEqual([item["id"] for item in items], [4])
        items, _ = self.walk("listJournal", query={"group": "nowhere"})
        self.assertEqual(items, [])
        items, _ = self.walk("listJournal", query={"before": "2"})
        self.assertEqual([item["id"] for item in items], [1])

    def test_journal_filters(self):
        def ids(**query):
            return [item["id"] for item in self.walk("listJournal", query=query)[0]]
        self.assertEqual(ids(outcome="missed"), [3])
        self.assertEqual(ids(caller="+4930123456"), [4, 3, 2, 1])
        self.assertEqual(ids(caller="+4930*", line="101"), [3, 2, 1])
        self.assertEqual(ids(caller="+493"), [])
        self.assertEqual(ids(text="70123"), [1])
        self.assertEqual(ids(text="B@127"), [4, 3, 2, 1])
        # The calls are a second apart; offsets and fractions count.
        self.assertEqual(ids(since=f"{journal_date()}T00:00:44.768Z"), [4, 3, 2])
        self.assertEqual(ids(since=f"{journal_date()}T01:00:44.7681+01:00"), [4, 3])
        self.assertEqual(ids(until=f"{journal_date()}T00:00:44.768Z"), [1])
        self.assertEqual(ids(since=journal_date(), until=journal_date(1)), [4, 3, 2, 1])
        self.assertEqual(ids(since=journal_date(1)), [])

    def test_audit(self):
        """Every change is there with who, what, before and after; of secrets nothing."""
        self.call("changeLine", "main", "101", body={"password": "geheim", "display_name": "Desk"},
                  status=200)
        self.call("changeLine", "main", "101", body={"display_name": "Desk"}, status=200)
        self.call("removeLine", "main", "101", status=204)
        self.call("changeLine", "main", "102", body={"user": "nobody"}, status=422)
        entries, sizes = self.walk("listAudit", query={"limit": 3})
        self.assertEqual(sizes, [3, 3, 2])
        self.assertEqual([(entry["action"], entry["kind"], entry["key"]) for entry in entries],
                         [("removed", "line", "main/101"),
                          ("removed", "forwarding", "main/101/immediate/external"),
                          ("changed", "line", "main/101"),
                          ("added", "forwarding", "main/101/immediate/external"),
                          ("added", "line", "main/102"), ("added", "line", "main/101"),
                          ("added", "user", "sales"), ("added", "group", "main")])
        self.assertEqual({entry["actor"] for entry in entries}, {"administrator"})
        self.assertEqual(entries[2]["before"], {"display_name": "", "password_set": True})
        self.assertEqual(entries[2]["after"], {"display_name": "Desk", "password_set": True})
        self.assertEqual((entries[1]["before"]["target"], entries[1]["after"]), ("102", None))
        self.assertEqual((entries[3]["before"], entries[3]["after"]["target"]), (None, "102"))
        answer = self.call("listAudit", status=200)
        self.assertNotIn(b"secret", answer.body)
        self.assertNotIn(b"geheim", answer.body)

    def test_audit_filters(self):
        def ids(**query):
            return [item["id"] for item in self.walk("listAudit", query=query)[0]]
        self.assertEqual(ids(), [5, 4, 3, 2, 1])
        self.assertEqual(ids(kind="line"), [4, 3])
        self.assertEqual(ids(key="main"), [5, 4, 3, 1])
        self.assertEqual(ids(key="main/101"), [5, 3])
        self.assertEqual(ids(key="main/10"), [])
        self.assertEqual(ids(actor="administrator", before=3), [2, 1])
        self.assertEqual(ids(actor="nobody"), [])
        self.assertEqual(ids(text="PBX.Example"), [1])
        self.assertEqual(ids(since="2026-01-01"), [5, 4, 3, 2, 1])
        self.assertEqual(ids(until="2026-01-01"), [])

    def test_journal_entry(self):
        entry = self.call("listJournal", query={"before": "2", "language": "en"}).json["items"][0]
        self.assertEqual(entry["caller_name"], "J\ufffdrgen \x1b[31m\n \ufffd\ufffd 📞")
        self.assertEqual(entry["call_id"], "a\ufffdb@127.0.0.1")
        self.assertEqual(entry["started"], f"{journal_date()}T00:00:43.768Z")
        self.assertEqual((entry["reason"], entry["target"]), ("unconditional", "+491701234567"))
        self.assertEqual(entry["text"], "forwarded to +491701234567 (immediate)")
        self.assertEqual([step["finding"] for step in entry["trace"]], ["not_held", "applies"])
        self.assertEqual([step.get("origin") for step in entry["trace"]], [None, "external"])


class Decisions(Case):
    def explain(self, status=200, language=None, **question):
        query = {"language": language} if language else None
        return self.call("explainCall", "main", "101", body=question, query=query,
                         status=status).json

    def test_explain(self):
        outside = self.explain(**{"from": "0170 1234567"})
        self.assertEqual((outside["caller"], outside["internal"]), ("+491701234567", False))
        self.assertEqual(outside["verdict"], {"kind": "redirect", "target": "102",
                                              "dialled": "102", "reason": "unconditional",
                                              "executed": "redirect"})
        self.call("changeGroup", "main", body={"forward_by": "bridge"})
        self.assertEqual(self.explain(**{"from": "0170 1234567"})["verdict"]["executed"], "bridge")
        self.assertEqual(outside["text"], "forwarded to 102 (immediate)")
        inside = self.explain(**{"from": "102"})
        self.assertEqual((inside["internal"], inside["verdict"]["kind"]), (True, "ring"))
        self.assertEqual(self.explain()["caller"], "anonymous")

    def test_assumptions(self):
        off = self.explain(**{"from": "102", "assume": {"logged_in": False}})
        self.assertEqual(off["verdict"], {"kind": "redirect", "target": "700", "dialled": "700",
                                          "reason": "unavailable", "executed": "redirect"})
        dnd = self.explain(**{"from": "102", "assume": {"dnd": True}})
        self.assertEqual(dnd["verdict"], {"kind": "decline", "status": 486})
        self.call("changeGroup", "main", body={"decline_unavailable": "ringing"})
        held = self.explain(**{"from": "102", "assume": {"dnd": True, "logged_in": True}})
        self.assertEqual(held["verdict"]["kind"], "hold")

    def test_a_line_without_a_user(self):
        answer = self.call("explainCall", "main", "102", body={}, status=200).json
        self.assertTrue(answer["trace"])

    def test_languages(self):
        german = self.explain(language="de", **{"from": "102"})
        english = self.explain(language="en", **{"from": "102"})
        self.assertNotEqual(german["text"], english["text"])
        for header, wanted in (("de", german), ("de-AT,en;q=0.5", german), ("fr, de;q=0.1", german),
                               ("en;q=0.4, de;q=0.8", german), ("en, de", english), ("", english),
                               ("fr", english), ("de;q=0", english), (";;,,q=", english)):
            answer = self.call("explainCall", "main", "101", body={"from": "102"},
                               headers={"Accept-Language": header}, status=200)
            self.assertEqual(answer.json, wanted, header)

    def test_questions_that_are_none(self):
        for question in ({"from": 1}, {"assume": []}, {"assume": {"dnd": "on"}}, {"who": "x"},
                         {"assume": {"weather": "fine"}}, {"from": None}):
            self.explain(status=422, **question)

    def test_export(self):
        settings = self.call("exportSettings", status=200).json
        self.assertEqual([group["name"] for group in settings["groups"]], ["main"])

    def test_messages(self):
        answer = self.call("listMessages", "main", "101", status=200).json
        seen = [(m["number"], m["direction"], m["with"], m["transport"], m["peer"])
                for m in answer["items"]]
        self.assertEqual(seen, [(5, "received", "pbx", "udp", "192.0.2.1:5060")])
        again = self.call("listMessages", "main", "101", query={"after": answer["after"]},
                          status=200).json
        self.assertEqual(again, {"items": [], "after": 5})

    def test_presets(self):
        presets = self.call("listPresets", status=200).json["items"]
        tested = [preset["name"] for preset in presets if preset["tested"]]
        self.assertEqual(tested, ["kamailio"])

    def test_status(self):
        state = self.call("getStatus", status=200).json
        self.assertEqual(state["started"], "2023-11-14T22:13:20.123Z")
        self.assertEqual(state["calls"], {"count": 15, "forwarded": 5, "declined": 4, "missed": 3,
                                          "answered_elsewhere": 2, "failed": 1,
                                          "answered": 0, "unanswered": 0})
        self.assertEqual(state["groups"], [{
            "name": "main", "check": None, "abroad": {"lines": 0, "admin_forwardings": []},
            "lines": {"disabled": 0, "waiting": 0, "registered": 1, "refused": 1,
                      "unreachable": 0}}])

    def test_health(self):
        for token in (None, "wrong", ""):
            self.assertEqual(self.call("getHealth", token=token, status=200).json, {"status": "ok"})


class Conditions(Case):
    """ETag, If-Match and If-None-Match."""

    def test_not_modified(self):
        for operation in self.operations(method="GET"):
            if operation.id in ("getMetrics", "getEvents"):
                continue
            path = self.path_of(operation)
            if operation.id.startswith("get") and path and operation.id not in SAMPLES:
                continue
            for _ in range(3):  # the status has a clock
                tag = self.call(operation.id, *path, status=200).headers["ETag"]
                self.assertRegex(tag, '^"[0-9a-f-]+"$')
                answer = self.call(operation.id, *path, headers={"If-None-Match": tag})
                if answer.status == 304:
                    break
            self.assertEqual((answer.status, answer.headers["ETag"]), (304, tag), operation.id)
            for known in (f'"x", {tag}', f"W/{tag}", "*"):
                self.call(operation.id, *path, headers={"If-None-Match": known})
            for other in ('"x"', "x", "", tag.strip('"')):
                self.call(operation.id, *path, headers={"If-None-Match": other}, status=200)

    def test_changes_by_two(self):
        """Who changes what somebody else has changed meanwhile is told so."""
        for get, change, path, field, values in (
                ("getGroup", "changeGroup", ["main"], "area_code", ("40", "50")),
                ("getUser", "changeUser", ["sales"], "display_name", ("a", "b")),
                ("getLine", "changeLine", ["main", "101"], "display_name", ("a", "b")),
                ("getForwarding", "changeForwarding", ["main", "101", "immediate", "external"],
                 "target", ("104", "105"))):
            seen = {"If-Match": self.call(get, *path).headers["ETag"]}
            first = self.call(change, *path, body={field: values[0]}, headers=seen, status=200)
            answer = self.call(change, *path, body={field: values[1]}, headers=seen, status=412)
            self.assertIn("has changed", answer.json["detail"])
            self.assertEqual(self.call(get, *path).json[field], values[0])
            seen = {"If-Match": f'"x", {first.headers["ETag"]}'}
            self.call(change, *path, body={field: values[1]}, headers=seen, status=200)
            for wrong in ('"x"', "x", "", 'W/"x"', '""', '"-"'):
                self.call(change, *path, body={}, headers={"If-Match": wrong}, status=412)
            self.call(change, *path, body={}, headers={"If-Match": "*"}, status=200)

    def test_a_secret_counts_too(self):
        seen = {"If-Match": self.call("getLine", "main", "101").headers["ETag"]}
        self.call("changeLine", "main", "101", body={"password": "other"}, status=200)
        self.call("changeLine", "main", "101", body={}, headers=seen, status=412)

    def test_every_change_of_a_record(self):
        for operation in self.operations():
            if 412 not in operation.statuses:
                continue
            self.call(operation.id, *self.path_of(operation),
                      body={} if operation.has_body else None, headers={"If-Match": '"0"'},
                      status=412 if operation.id in SAMPLES else None)

    def test_only_add(self):
        new = {"If-None-Match": "*"}
        self.call("putUser", "fresh", body={}, headers=new, status=201)
        self.call("putUser", "fresh", body={}, headers=new, status=412)
        self.call("putUser", "missing", body={}, headers={"If-Match": "*"}, status=412)
        self.call("getUser", "missing", status=404)

    def test_readiness(self):
        answer = self.call("getReadiness", token=None, status=200)
        self.assertEqual(answer.json["groups"], 1)
        with Server(environment={"API_HANGS": "1"}) as server:
            client = Client(server, DOCUMENT)
            detail = client.call("getReadiness", token=None, status=503).json["detail"]
            client.connection.close()
        self.assertIn("worker", detail)


class Access(Case):
    def test_a_walk(self):
        """Signing in and tokens; test_access.py looks closer."""
        self.call("changeUser", "sales", body={"password": "password"}, status=200)
        self.call("signIn", body={"name": "sales", "password": "wrong"}, token=None, status=401)
        answer = self.call("signIn", body={"name": "sales", "password": "password"}, token=None,
                           status=201)
        self.assertEqual(self.call("getSession", status=200).json["by"], "file")
        self.assertEqual(len(self.call("listSessions", "sales", status=200).json["items"]), 1)
        cookie = {"Cookie": answer.headers["Set-Cookie"].split(";")[0], "X-Requested-With": "x"}
        self.call("signOut", token=None, headers=cookie, status=204)
        self.call("changePassword", "sales", status=204,
                  body={"current": "password", "password": "pass word"})
        self.call("signOutEverywhere", "sales", status=204)
        token = self.call("addToken", body={"name": "x"}, status=201).json
        self.call("listTokens", status=200)
        self.call("removeToken", token["serial"], status=204)


class SetUp(ConnectionTests, SetUpTests, StatisticsTests, Case):
    pass


class Reverts(RevertTests, Case):
    has_rules = False


class Metrics(MetricsTests, Case):
    pass


class Rules(RuleTests, Case):
    pass


class Profiles(ProfileTests, Case):
    pass


class Checks(CheckTests, Case):
    has_rules = False


class Calls(CallTests, Case):
    pass


class Devices(DeviceTests, Case):
    pass


class Zzz(unittest.TestCase):
    """Comes last: whether all that the document promises was seen. 503 has tests of its own
    (test_faults.py), so have 403 and 429 (test_access.py), and events (test_events.py)."""

    def test_every_answer_of_the_document_was_seen(self):
        promised = {(operation.id, status) for operation in DOCUMENT.operations.values()
                    for status in operation.statuses if status not in (403, 429, 503)
                    and operation.id != "getEvents"}
        self.assertEqual(promised - SEEN, set())


if __name__ == "__main__":
    unittest.main()
