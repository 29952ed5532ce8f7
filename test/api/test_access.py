#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who reaches what: signing in, sessions, tokens; and of every operation of docs/openapi.yaml what
it answers to those whose rights are too small. The latter is generated from `x-rights`, so that no
operation is forgotten."""

import itertools
import re
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from client import PREFIX, Client, Document, Server, fill

DOCUMENT = Document()
AUDIENCES = ("all", "users", "owner", "member", "admin")
SCOPES = ("read", "write", "admin")
PASSWORD = "correct horse"
OWN = {"group": "main", "extension": "101", "name": "sales", "user": "sales",
       "call": "1"}
FOREIGN = {"group": "main", "extension": "102", "name": "other", "user": "other",
           "call": "2"}
NOWHERE = {"group": "nowhere", "extension": "999", "name": "nobody", "user": "nobody",
           "call": "0"}


class Case(unittest.TestCase):
    """A server with two users, each of whom has a line."""

    def setUp(self):
        self.server = self.enterContext(Server(environment=self.environment()))
        self.client = self.new_client()
        self.call = self.client.call
        fill(self.client)
        self.call("putGroup", "second", body={"server": "s", "domain": "d"}, status=201)
        self.call("addUser", body={"name": "other", "password": PASSWORD}, status=201)
        self.call("addUser", body={"name": "chief", "password": PASSWORD,
                                   "role": "administrator"}, status=201)
        self.call("changeUser", "sales", body={"password": PASSWORD}, status=200)
        self.call("changeLine", "main", "102", body={"user": "other"}, status=200)

    def environment(self):
        return {}

    def new_client(self):
        client = Client(self.server, DOCUMENT)
        self.addCleanup(client.connection.close)
        return client

    def sign_in(self, name, password=PASSWORD, **options):
        """A client with a session; what it sends has the header against forgery."""
        client = self.new_client()
        answer = client.call("signIn", body={"name": name, "password": password}, token=None,
                             status=201, **options)
        client.cookie = answer.headers["Set-Cookie"].split(";")[0]
        return client

    def token(self, **body):
        """A client that sends a new token."""
        answer = self.call("addToken", body={"name": "test", "user": "", **body}, status=201)
        client = self.new_client()
        client.token, client.serial = answer.json["token"], answer.json["serial"]
        return client


@dataclass
class Who:
    name: str
    client: Client
    user: str      # "" for nobody in particular
    is_admin: bool
    scope: str
    group: str = ""


class Rights(Case):
    def everybody(self):
        return [
            Who("sales by session", self.sign_in("sales"), "sales", False, "write"),
            Who("other by session", self.sign_in("other"), "other", False, "write"),
            Who("chief by session", self.sign_in("chief"), "chief", True, "admin"),
            Who("sales' token", self.token(user="sales", scope="write"), "sales", False, "write"),
            Who("sales' reading token", self.token(user="sales"), "sales", False, "read"),
            Who("sales' token that would like to do more",
                self.token(user="sales", scope="admin"), "sales", False, "write"),
            Who("a reading token", self.token(scope="read"), "", True, "read"),
            Who("a writing token", self.token(scope="write"), "", True, "write"),
            Who("a token for everything", self.token(scope="admin"), "", True, "admin"),
            Who("a group's token", self.token(scope="admin", group="main"), "", True, "admin",
                "main"),
        ]

    @staticmethod
    def values(operation, of):
        """Values for an operation's path."""
        parts = re.findall(r"\{(\w+)\}", operation.path)
        others = {"condition": "immediate", "origin": "external"}
        group = {"name": of["group"]} if operation.path.startswith("/groups/{name}") else {}
        return [{**others, **of, **group, "user": of["name"]}.get(part, "1") for part in parts]

    @staticmethod
    def expected(operation, who, of):
        """The status, where 400 means that the rights suffice: the request has a bad parameter."""
        rights, path = operation.spec["x-rights"], operation.path
        if SCOPES.index(who.scope) < SCOPES.index(rights["scope"]):
            return 403
        if "{call}" in path:
            is_seen = of is not NOWHERE if who.group else \
                who.is_admin or (who.user, of["extension"]) in (("sales", "101"), ("other", "102"))
            return 400 if is_seen else 404
        if who.group and rights["for"] != "users":
            has_group = "{group}" in path or path.startswith("/groups/{name}")
            has_filter = any((p["name"], p["in"]) == ("group", "query")
                             for p in operation.parameters)
            if not (has_filter or (has_group and of["group"] == who.group)):
                return 403
        if who.is_admin or rights["for"] == "users":
            return 400
        if rights["for"] == "admin":
            return 403
        if "{" not in path:
            return 400  # a list of what is one's own
        if "{extension}" in path:
            return 400 if (who.user, of["extension"]) in (("sales", "101"), ("other", "102")) \
                else 404
        if path.startswith(("/users/{name}", "/users/{user}")):
            return 400 if of["name"] == who.user else 404
        return 400 if of["group"] == "main" else 404

    def test_every_operation_says_whom_it_is_for(self):
        for operation in DOCUMENT.operations.values():
            rights = operation.spec.get("x-rights")
            self.assertIsNotNone(rights, f"{operation.id} lacks x-rights")
            self.assertEqual(set(rights), {"for", "scope"}, operation.id)
            self.assertIn(rights["for"], AUDIENCES, operation.id)
            self.assertIn(rights["scope"], SCOPES, operation.id)

    def test_every_operation_with_every_kind_of_rights(self):
        everybody = self.everybody()
        count = 0
        for operation in DOCUMENT.operations.values():
            if operation.is_public:
                continue
            for who in everybody:
                for of in (OWN, FOREIGN, NOWHERE):
                    target = who.client.target(operation, self.values(operation, of),
                                               {"colour": "red"})
                    answer = who.client.request(operation.method, target)
                    wanted = self.expected(operation, who, of)
                    self.assertEqual(answer.status, wanted,
                                     f"{operation.id} {of} by {who.name}: {answer.body}")
                    count += 1
        self.assertGreater(count, 800)

    def test_calls_of_others_are_not_seen(self):
        def seen(client, **query):
            return [call["line"] for call in
                    client.call("listCalls", query=query, status=200).json["items"]]
        self.assertEqual(seen(self.sign_in("chief")), ["101", "102", "102"])
        self.assertEqual(seen(self.sign_in("sales")), ["101"])
        self.assertEqual(seen(self.sign_in("other")), ["102", "102"])
        self.assertEqual(seen(self.sign_in("other"), line="101"), [])
        self.assertEqual(seen(self.sign_in("other"), state="on_hold"), ["102"])
        self.assertEqual(seen(self.token(scope="admin", group="second")), [])
        self.sign_in("sales").call("deflectCall", "1", body={"to": "700"}, status=204)
        for other in (self.sign_in("other"), self.token(scope="admin", group="second")):
            for operation, body in (("deflectCall", {"to": "700"}), ("declineCall", {}),
                                    ("hangUpCall", {})):
                answer = other.call(operation, "1", body=body, status=404)
                self.assertIn("does not exist", answer.json["detail"])

    def test_another_site_reaches_nothing(self):
        sales = self.sign_in("sales")
        for operation in DOCUMENT.operations.values():
            if not operation.is_public:
                sales.call(operation.id, *self.values(operation, OWN), status=403,
                           headers={"Origin": "http://evil.example"})

    def test_what_is_not_ours_looks_as_if_it_did_not_exist(self):
        sales = self.sign_in("sales")
        for foreign, missing in ((("getLine", "main", "102"), ("getLine", "main", "999")),
                                 (("getUser", "other"), ("getUser", "nobody"))):
            answers = [sales.call(*call, status=404).json["detail"].replace(call[-1], "X")
                       for call in (foreign, missing)]
            self.assertEqual(answers[0], answers[1])

    def test_lists_hold_what_is_ones_own(self):
        sales = self.sign_in("sales")
        lines = sales.call("listLines", status=200).json["items"]
        self.assertEqual([line["extension"] for line in lines], ["101"])
        lines = sales.call("listLinesOfGroup", "main", status=200).json["items"]
        self.assertEqual([line["extension"] for line in lines], ["101"])
        sales.call("listLines", query={"user": "other"}, status=403)
        sales.call("listLinesOfGroup", "second", status=404)
        tokens = [self.token(user="sales").serial, self.token(user="other").serial]
        shown = [token["serial"] for token in sales.call("listTokens").json["items"]]
        self.assertEqual(shown, tokens[:1])
        sales.call("listTokens", query={"user": "other"}, status=403)
        sales.call("removeToken", tokens[1], status=404)
        sales.call("removeToken", tokens[0], status=204)

    def test_the_journal_of_ones_own_lines(self):
        """Calls are whose the line was when they came, not whose it is now."""
        def ids(client, **query):
            found, query = [], {**query}
            while True:
                page = client.call("listJournal", query=query, status=200).json
                found += [entry["id"] for entry in page["items"]]
                if "next" not in page:
                    return found
                query["before"] = re.search(r"before=(\d+)", page["next"]).group(1)
        sales, other = self.sign_in("sales"), self.sign_in("other")
        for limit in (1, 2, 3, 100):
            self.assertEqual(ids(sales, limit=limit), [3, 2, 1])
            self.assertEqual(ids(other, limit=limit), [4])
            self.assertEqual(ids(self.client, limit=limit), [4, 3, 2, 1])
        self.call("changeLine", "main", "102", body={"user": "sales"}, status=200)
        for limit in (1, 2, 3, 100):
            self.assertEqual(ids(sales, limit=limit), [3, 2, 1])
            self.assertEqual(ids(sales, limit=limit, line="102"), [])
            self.assertEqual(ids(other, limit=limit, line="102"), [4])
            self.assertEqual(ids(self.client, limit=limit), [4, 3, 2, 1])
        # Neither does somebody of the same name inherit them.
        self.call("removeUser", "other", status=204)
        self.call("addUser", body={"name": "other", "password": PASSWORD}, status=201)
        self.assertEqual(ids(self.sign_in("other")), [])

    def test_the_journal_of_many_lines(self):
        """However many lines a user has: one page holds the newest calls of all of them."""
        for extension in range(1000, 1040):
            self.call("addLine", "main", body={"extension": str(extension), "user": "sales"},
                      status=201)
        page = self.sign_in("sales").call("listJournal", status=200).json
        self.assertEqual([entry["id"] for entry in page["items"]], [3, 2, 1])

    def test_fields_that_a_user_may_change(self):
        sales = self.sign_in("sales")
        sales.call("changeUser", "sales", body={"dnd": True, "mobile": "0171 1"}, status=200)
        answer = sales.call("changeUser", "sales", status=403,
                            body={"role": "administrator", "mailbox": "5", "dnd": False})
        self.assertEqual(set(answer.fields), {"role", "mailbox"})
        self.assertIs(self.call("getUser", "sales").json["dnd"], True)
        sales.call("changeUser", "sales", body={"password": "another one"}, status=403)
        sales.call("changeLine", "main", "101", body={"number_withheld": True}, status=200)
        for body in ({"user": "other"}, {"password": "x"}, {"enabled": False}):
            sales.call("changeLine", "main", "101", body=body, status=403)
        # What does not change may be there.
        sales.call("changeUser", "sales", body=sales.call("getUser", "sales").json, status=200)
        writing = self.token(scope="write")
        writing.call("changeLine", "main", "101", body={"enabled": False}, status=403)
        writing.call("changeLine", "main", "101", body={"number_withheld": False}, status=200)

    def test_forwardings_are_the_users_own(self):
        sales, slot = self.sign_in("sales"), ["main", "101", "dnd", "all"]
        sales.call("putForwarding", *slot, body={"target": "mailbox"}, status=201)
        sales.call("changeForwarding", *slot, body={"enabled": False}, status=200)
        sales.call("removeForwarding", *slot, status=204)
        sales.call("explainCall", "main", "101", body={}, status=200)


class SignIn(Case):
    def environment(self):
        return {"API_HASH_BYTES": "0"}  # as in service

    def test_a_session(self):
        client = self.new_client()
        answer = client.call("signIn", body={"name": "sales", "password": PASSWORD}, token=None,
                             status=201)
        cookie = answer.headers["Set-Cookie"]
        self.assertRegex(cookie, r"^lineward_session=[0-9a-f]{64}; Path=/; Max-Age=\d+; "
                                 r"HttpOnly; SameSite=Strict$")
        self.assertEqual((answer.json["user"], answer.json["role"], answer.json["by"]),
                         ("sales", "user", "session"))
        client.cookie = cookie.split(";")[0]
        self.assertEqual(client.call("getSession", status=200).json["user"], "sales")
        gone = client.call("signOut", status=204)
        self.assertIn("Max-Age=0", gone.headers["Set-Cookie"])
        client.call("getSession", status=401)
        self.call("signOut", status=404)

    def test_unknown_and_wrong_look_the_same(self):
        def attempt(name, password):
            began = time.perf_counter()
            answer = self.new_client().call("signIn", body={"name": name, "password": password},
                                            token=None, status=401)
            return answer.json, time.perf_counter() - began
        self.call("addUser", body={"name": "nopass"}, status=201)
        wrong = [attempt(*pair) for pair in (("sales", "x"), ("nobody", "x"), ("nopass", ""),
                                             ("nopass", "x"), ("other", PASSWORD + "x"),
                                             ("chief", PASSWORD[:-1]), ("", ""),
                                             ("x" * 5000, "y" * 5000))]
        self.assertEqual(len({str(document) for document, _ in wrong}), 1)
        # Each took the time of a hash; on a busy machine no more can be said of a single one.
        self.assertGreater(min(took for _, took in wrong), 0.002)

    def test_failures_of_an_account_make_it_wait(self):
        for _ in range(5):
            self.new_client().call("signIn", body={"name": "sales", "password": "x"}, token=None,
                                   status=401)
        answer = self.new_client().call("signIn", body={"name": "sales", "password": PASSWORD},
                                        token=None, status=429)
        self.assertIn(answer.headers["Retry-After"], ("1", "2"))
        unknown = [self.new_client().call("signIn", body={"name": "nobody", "password": "x"},
                                          token=None).status for _ in range(5)]
        self.assertEqual(unknown, [401] * 5)
        time.sleep(2.1)
        self.sign_in("sales")

    def test_failures_from_one_source_make_it_wait(self):
        statuses = [self.new_client().call("signIn", token=None, body={
            "name": f"user {i}", "password": "x"}).status for i in range(11)]
        self.assertEqual(statuses, [401] * 10 + [429])

    def test_many_at_once_are_counted_too(self):
        clients = [self.new_client() for _ in range(40)]

        def attempt(i):
            return clients[i].call("signIn", body={"name": "sales", "password": "x"},
                                   token=None).status
        with ThreadPoolExecutor(20) as pool:
            statuses = list(pool.map(attempt, range(40)))
        self.assertEqual(statuses.count(401), 5, statuses)

    def test_others_are_served_while_passwords_are_checked(self):
        clients = [self.new_client() for _ in range(10)]

        def attempt(i):
            return clients[i].call("signIn", body={"name": f"user {i}", "password": "x"},
                                   token=None).status
        with ThreadPoolExecutor(10) as pool:
            attempts = [pool.submit(attempt, i) for i in range(10)]
            slowest = 0
            while not all(attempt.done() for attempt in attempts):
                began = time.perf_counter()
                self.call("getHealth", status=200)
                slowest = max(slowest, time.perf_counter() - began)
        self.assertLess(slowest, 0.5)

    def test_who_hangs_up_meanwhile(self):
        for _ in range(8):
            client = self.new_client()
            body = b'{"name": "sales", "password": "x"}'
            client.connection.putrequest("POST", "/api/v1/session")
            client.connection.putheader("Content-Type", "application/json")
            client.connection.putheader("Content-Length", str(len(body)))
            client.connection.endheaders(body)
            client.connection.close()
        self.call("getHealth", status=200)

    def test_forged_requests(self):
        """A browser adds the cookie to what another site's page sends."""
        client = self.sign_in("sales")
        cookie, client.cookie = {"Cookie": client.cookie}, None
        own = f"http://127.0.0.1:{self.server.port}"
        for headers, wanted in (({}, 403), ({"X-Requested-With": ""}, 403),
                                ({"X-Requested-With": "x", "Origin": "http://evil.example"}, 403),
                                ({"X-Requested-With": "x", "Origin": "null"}, 403),
                                ({"X-Requested-With": "x", "Origin": "http://127.0.0.1"}, 403),
                                ({"X-Requested-With": "x", "Origin": own}, 200),
                                ({"X-Requested-With": "x"}, 200)):
            client.call("changeUser", "sales", body={"dnd": True}, token=None,
                        headers={**cookie, **headers}, status=wanted)
        client.call("getSession", token=None, headers={**cookie, "Origin": "http://evil.example"},
                    status=403)
        client.call("getSession", token=None, headers=cookie, status=200)
        self.new_client().call("signIn", body={"name": "sales", "password": PASSWORD}, token=None,
                               headers={"Origin": "http://evil.example"}, status=403)

    def test_cookies_that_are_none(self):
        client = self.new_client()
        for cookie in ("lineward_session=", "lineward_session=x", "lineward_session=" + "0" * 64,
                       "other=1", "", ";;=;", "lineward_session", "x" * 4000):
            client.call("getSession", token=None, headers={"Cookie": cookie}, status=401)
        client = self.sign_in("sales")
        client.call("getSession", token=None, status=200,
                    headers={"Cookie": f"a=b; {client.cookie}; c=d"})

    def test_everywhere(self):
        first, second = self.sign_in("sales"), self.sign_in("sales")
        sessions = first.call("listSessions", "sales", status=200).json["items"]
        self.assertEqual(sorted(session["current"] for session in sessions), [False, True])
        self.assertEqual({session["address"] for session in sessions}, {"127.0.0.1"})
        first.call("signOutEverywhere", "sales", status=204)
        for client in (first, second):
            client.call("getSession", status=401)

    def test_the_oldest_of_many_ends(self):
        clients = [self.sign_in("sales") for _ in range(22)]
        self.assertEqual(len(self.call("listSessions", "sales").json["items"]), 20)
        clients[-1].call("getSession", status=200)

    def test_a_users_password(self):
        first, second = self.sign_in("sales"), self.sign_in("sales")
        change = {"current": PASSWORD, "password": "battery staple"}
        wrong = first.call("changePassword", "sales", status=422,
                           body={**change, "current": "wrong"})
        self.assertEqual(set(wrong.fields), {"current"})
        short = first.call("changePassword", "sales", status=422,
                           body={**change, "password": "short"})
        self.assertEqual(set(short.fields), {"password"})
        first.call("changePassword", "sales", body=change, status=204)
        first.call("getSession", status=200)
        second.call("getSession", status=401)
        self.sign_in("sales", "battery staple")
        self.new_client().call("signIn", body={"name": "sales", "password": PASSWORD}, token=None,
                               status=401)
        for _ in range(5):
            first.call("changePassword", "sales", body={**change, "current": "wrong"})
        first.call("changePassword", "sales", body=change, status=429)

    def test_an_administrator_sets_a_password(self):
        sales = self.sign_in("sales")
        answer = self.call("changeUser", "sales", body={"password": "battery staple"}, status=200)
        self.assertIs(answer.json["password_set"], True)
        self.assertNotIn(b"argon", answer.body)
        sales.call("getSession", status=401)
        self.sign_in("sales", "battery staple")
        for password in ("short", "x" * 128):
            answer = self.call("putUser", "new", body={"password": password}, status=422)
            self.assertEqual(set(answer.fields), {"password"})
        self.call("changeUser", "sales", body={"password": ""}, status=200)
        self.assertIs(self.call("getUser", "sales").json["password_set"], False)
        self.call("putUser", "new", body={"password": "x" * 127}, status=201)
        self.sign_in("new", "x" * 127)

    def test_a_removed_user(self):
        self.call("addUser", body={"name": "short-lived", "password": PASSWORD}, status=201)
        session, token = self.sign_in("short-lived"), self.token(user="short-lived")
        self.call("removeUser", "short-lived", status=204)
        for client in (session, token):
            client.call("getSession", status=401)
        self.call("addUser", body={"name": "short-lived", "password": PASSWORD}, status=201)
        for client in (session, token):
            client.call("getSession", status=401)

    def test_a_role_that_changes(self):
        chief = self.sign_in("chief")
        chief.call("getStatus", status=200)
        self.call("changeUser", "chief", body={"role": "user"}, status=200)
        chief.call("getStatus", status=403)


class Expiry(Case):
    def environment(self):
        return {"API_SESSION_IDLE": "2", "API_SESSION_MAX": "3"}

    def test_a_session_that_is_not_used(self):
        client = self.sign_in("sales")
        client.call("getSession", status=200)
        time.sleep(3.1)
        client.call("getSession", status=401)
        self.assertEqual(self.call("listSessions", "sales").json["items"], [])


class Proxy(Case):
    def environment(self):
        return {"API_BEHIND_PROXY": "1"}

    def test_what_the_proxy_says(self):
        headers = {"X-Forwarded-For": "198.51.100.7, 203.0.113.5", "X-Forwarded-Proto": "https",
                   "X-Forwarded-Host": "lineward.example", "Origin": "https://lineward.example"}
        answer = self.new_client().call("signIn", body={"name": "sales", "password": PASSWORD},
                                        token=None, headers=headers, status=201)
        self.assertTrue(answer.headers["Set-Cookie"].endswith("; Secure"))
        sessions = self.call("listSessions", "sales").json["items"]
        self.assertEqual([session["address"] for session in sessions], ["203.0.113.5"])

    def test_each_address_has_failures_of_its_own(self):
        for address, wanted in (("198.51.100.1", [401] * 10 + [429]), ("198.51.100.2", [401])):
            statuses = [self.new_client().call(
                "signIn", body={"name": f"{address} {i}", "password": "x"}, token=None,
                headers={"X-Forwarded-For": address}).status for i in range(len(wanted))]
            self.assertEqual(statuses, wanted)


class Pace(Case):
    """40 requests at once, and 20 a second."""
    PER_S = 20

    def environment(self):
        return {"API_BEHIND_PROXY": "1", "API_REQUESTS_PER_S": str(self.PER_S)}

    def ask(self, source, **options):
        return self.new_client().call("listLines", headers={"X-Forwarded-For": source}, **options)

    def ask_until_refused(self, sources, **options):
        """How many were answered; and what the next one got."""
        client = self.new_client()
        before = time.monotonic()
        for count in range(100 * self.PER_S):
            headers = {"X-Forwarded-For": next(sources)}
            answer = client.call("listLines", headers=headers, **options)
            if answer.status == 429:
                most = 2 * self.PER_S + self.PER_S * (time.monotonic() - before) + 1
                self.assertLessEqual(count, most)
                return count, answer
        self.fail("all were answered")

    def test_a_source_has_a_pace(self):
        count, answer = self.ask_until_refused(itertools.repeat("198.51.100.1"), token="wrong")
        self.assertGreaterEqual(count, 2 * self.PER_S)
        self.assertEqual(answer.headers["Retry-After"], "1")
        self.assertIn(f"more than {self.PER_S} requests a second", answer.json["detail"])
        self.ask("198.51.100.2", token="wrong", status=401)  # others do not wait
        time.sleep(1.1)
        self.ask("198.51.100.1", token="wrong", status=401)

    def test_so_has_who_asks(self):
        addresses = map("198.51.{0[0]}.{0[1]}".format, itertools.product(range(256), range(256)))
        mine, other = self.token(user="sales"), self.token(user="other")
        count, _ = self.ask_until_refused(addresses, token=mine.token)
        self.assertGreaterEqual(count, 2 * self.PER_S - 1)
        self.ask(next(addresses), token=other.token, status=200)

    def test_many_sources_take_no_room(self):
        client = self.new_client()
        for i in range(10_000):
            headers = {"X-Forwarded-For": f"10.0.{i // 256}.{i % 256}"}
            answer = client.request("GET", PREFIX + "/health", headers=headers, token=None)
            self.assertEqual(answer.status, 200)


class Tokens(Case):
    def test_one_is_shown_once(self):
        answer = self.call("addToken", body={"name": "monitoring", "days": 30}, status=201)
        self.assertRegex(answer.json["token"], r"^lw_[0-9a-f]{12}_[0-9a-f]{64}$")
        listed = self.call("listTokens", status=200)
        self.assertNotIn(answer.json["token"].split("_")[2].encode(), listed.body)
        self.assertNotIn("token", listed.json["items"][0])
        client = self.new_client()
        client.token = answer.json["token"]
        client.call("getStatus", status=200)
        used = self.call("listTokens").json["items"][0]
        self.assertIn("used", used)
        self.call("removeToken", used["serial"], status=204)
        client.call("getStatus", status=401)
        self.call("removeToken", used["serial"], status=404)

    def test_tokens_that_are_none(self):
        token = self.token(scope="admin")
        for wrong in ("lw_", "lw__", "lw_x_y", token.token[:-1], token.token + "0",
                      token.token[:-1] + "g", "lw_" + "0" * 12 + token.token[15:],
                      "lw_" + "x" * 100 + "_y", token.serial):
            self.call("getStatus", token=wrong, status=401)

    def test_nobody_gives_more_than_they_have(self):
        sales, chief = self.sign_in("sales"), self.sign_in("chief")
        for body, field in (({"user": "other"}, "user"), ({"user": ""}, "user"),
                            ({"scope": "admin"}, "scope")):
            answer = sales.call("addToken", body={"name": "x", **body}, status=403)
            self.assertEqual(list(answer.fields), [field])
        made = sales.call("addToken", body={"name": "x", "scope": "write"}, status=201).json
        self.assertEqual((made["user"], made["scope"]), ("sales", "write"))
        chief.call("addToken", body={"name": "x", "user": "", "scope": "admin"}, status=201)
        for client in (self.token(user="sales", scope="write"), self.token(scope="write")):
            client.call("addToken", body={"name": "x"}, status=403)
        restricted = self.token(scope="admin", group="main")
        restricted.call("addToken", body={"name": "x", "group": "second"}, status=403)
        restricted.call("addToken", body={"name": "x"}, status=201)

    def test_what_it_is_for_must_exist(self):
        for body in ({"user": "nobody"}, {"group": "nowhere"}):
            answer = self.call("addToken", body={"name": "x", **body}, status=422)
            self.assertEqual(list(answer.fields), list(body))

    def test_a_removed_group(self):
        token = self.token(group="second")
        token.call("getSession", status=200)
        self.call("removeGroup", "second", status=204)
        token.call("getSession", status=401)

    def test_pages(self):
        serials = sorted(self.token().serial for _ in range(5))
        shown, query = [], {"limit": 2}
        while True:
            page = self.call("listTokens", query=query, status=200).json
            shown += [token["serial"] for token in page["items"]]
            if "next" not in page:
                break
            query["after"] = re.search(r"after=(\w+)", page["next"]).group(1)
        self.assertEqual(shown, serials)


class Actors(Case):
    """Whom the audit names."""

    def newest(self):
        entry = self.call("listAudit", query={"limit": 1}, status=200).json["items"][0]
        return entry["actor"], entry.get("for_user")

    def test_for_whom(self):
        chief, sales = self.sign_in("chief"), self.sign_in("sales")
        token = self.token(name="night shift", scope="admin")
        by_token = f"token {token.serial} (night shift)"
        for client, actor in ((chief, "chief"), (self.client, "administrator"), (token, by_token)):
            for i, is_on in enumerate((True, False)):
                client.call("changeUser", "sales", body={"mobile": f"017012345{i}"}, status=200)
                self.assertEqual(self.newest(), (actor, "sales"))
                client.call("changeUser", "sales", body={"dnd": is_on}, status=200)
                self.assertEqual(self.newest(), (actor, "sales"))
                client.call("putForwarding", "main", "102", "busy", "all", status=None,
                            body={"target": f"13{i}"})
                self.assertEqual(self.newest(), (actor, "other"))
            client.call("changeGroup", "second", status=200,
                        body={"max_diversions": 10 + len(actor)})
            self.assertEqual(self.newest(), (actor, None))
        sales.call("changeUser", "sales", body={"mobile": "01701234567"}, status=200)
        self.assertEqual(self.newest(), ("sales", None))
        self.assertEqual({entry["actor"] for entry in self.call(
            "listAudit", query={"actor": by_token}, status=200).json["items"]}, {by_token})


class Durable(unittest.TestCase):
    def test_a_restart(self):
        """Sessions and tokens survive it; the store knows only their hashes."""
        with tempfile.TemporaryDirectory() as directory:
            with Server(data=directory) as server:
                client = Client(server, DOCUMENT)
                fill(client)
                client.call("changeUser", "sales", body={"password": PASSWORD}, status=200)
                answer = client.call("signIn", body={"name": "sales", "password": PASSWORD},
                                     token=None, status=201)
                cookie = answer.headers["Set-Cookie"].split(";")[0]
                token = client.call("addToken", body={"name": "x"}, status=201).json["token"]
                client.connection.close()
            files = b"".join(path.read_bytes() for path in Path(directory).iterdir())
            for secret in (cookie.split("=")[1], token.split("_")[2], PASSWORD, "$argon2id"):
                self.assertNotIn(secret.encode(), files)
            with Server(data=directory) as server:
                client = Client(server, DOCUMENT)
                client.call("getSession", token=None, headers={"Cookie": cookie}, status=200)
                client.call("getSession", token=token, status=200)
                client.connection.close()


if __name__ == "__main__":
    unittest.main()
