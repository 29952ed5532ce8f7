# SPDX-License-Identifier: Apache-2.0
"""Lists: searched, counted, by state of the registration; and how long a page takes where there are
100,000 lines."""

import sqlite3
import tempfile
import time
import unittest
from pathlib import Path

from client import GROUP, Client, Document, Server

DOCUMENT = Document()
LINE_COUNT = 100_000


def new_client(server):
    return Client(server, DOCUMENT)


class Lists(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.client = new_client(cls.server)
        cls.addClassCleanup(cls.client.connection.close)
        for name in ("main", "other"):
            cls.client.call("addGroup", body={**GROUP, "name": name}, status=201)
        cls.client.call("addUser", body={"name": "anna", "display_name": "Anna Blau"}, status=201)
        cls.client.call("addUser", body={"name": "bert", "display_name": "100% _x_"}, status=201)
        # The server under test knows the states of the lines 1 to 4: registered, refused,
        # unreachable, disabled; all others wait.
        for group, extension, more in (("main", "101", {"user": "anna"}), ("main", "102", {}),
                                       ("main", "103", {"display_name": "Front Desk"}),
                                       ("main", "104", {}), ("main", "204", {}),
                                       ("other", "101", {"user": "bert"})):
            cls.client.call("addLine", group, body={"extension": extension, **more}, status=201)

    def keys(self, operation, *path, **query):
        """What all pages show."""
        answer = self.client.call(operation, *path, query=query, status=200)
        keys = []
        while True:
            for item in answer.json["items"]:
                keys.append(f"{item['group']}/{item['extension']}" if "extension" in item
                            else item["name"])
            if "next" not in answer.json:
                return keys
            answer = self.client.request("GET", answer.json["next"])
            self.assertEqual(answer.status, 200)

    def count(self, operation, *path, **query):
        query = {"count": "true", **query}
        return self.client.call(operation, *path, query=query, status=200).json["count"]

    def test_search(self):
        for q, expected in (("10", ["main/101", "main/102", "main/103", "main/104", "other/101"]),
                            ("4", ["main/104", "main/204"]), ("fRONT d", ["main/103"]),
                            ("ANNA", ["main/101"]), ("nobody", []), ("", None),
                            # nothing stands for anything else; each field by itself
                            ("1%", []), ("_", []), ("101anna", []), ("'", []), ("\\", [])):
            with self.subTest(q=q):
                found = self.keys("listLines", q=q)
                self.assertEqual(found, expected if expected is not None else
                                 self.keys("listLines"))
                self.assertEqual(self.keys("listLines", q=q, limit=1), found)
                self.assertEqual(self.count("listLines", q=q), len(found))
        self.assertEqual(self.keys("listLinesOfGroup", "other", q="1"), ["other/101"])
        self.assertEqual(self.keys("listLines", q="1", user="anna"), ["main/101"])
        self.assertEqual(self.keys("listGroups", q="THE"), ["other"])
        self.assertEqual(self.keys("listUsers", q="blau"), ["anna"])
        self.assertEqual(self.keys("listUsers", q="0% _"), ["bert"])

    def test_count(self):
        self.assertEqual(self.count("listGroups"), 2)
        self.assertEqual(self.count("listUsers", q="anna"), 1)
        self.assertEqual(self.count("listLines", limit=1), 6)
        self.assertEqual(self.count("listLines", limit=1, after="main/104"), 6)
        self.assertEqual(self.count("listLinesOfGroup", "main", q="10"), 4)
        answer = self.client.call("listLines", query={"count": "false"}, status=200)
        self.assertNotIn("count", answer.json)
        self.client.call("listLines", query={"count": "yes"}, status=400)

    def test_state(self):
        for state, expected in (("registered", ["main/101"]), ("refused", ["main/102"]),
                                ("unreachable", ["main/103"]), ("disabled", ["main/104"]),
                                ("waiting", ["main/204", "other/101"])):
            with self.subTest(state=state):
                self.assertEqual(self.keys("listLines", state=state), expected)
                self.assertEqual(self.keys("listLines", state=state, limit=1), expected)
        self.assertEqual(self.keys("listLinesOfGroup", "other", state="refused"), [])
        self.assertEqual(self.keys("listLines", state="waiting", q="204"), ["main/204"])
        answer = self.client.call("listLines", query={"state": "odd"}, status=400)
        self.assertIn("state", answer.fields)
        answer = self.client.call("listLines", query={"state": "refused", "count": "true"},
                                  status=400)
        self.assertIn("count", answer.fields)

    def test_sorted_by_state(self):
        """What wants a look first; the order goes on over the pages, within a search too."""
        expected = ["main/102", "main/103", "main/204", "other/101", "main/101", "main/104"]
        for limit in (1, 2, 3, 100):
            with self.subTest(limit=limit):
                self.assertEqual(self.keys("listLines", sort="state", limit=limit), expected)
                self.assertEqual(self.keys("listLines", sort="-state", limit=limit),
                                 expected[::-1])
        self.assertEqual(self.keys("listLines", sort="state", q="101", limit=1),
                         ["other/101", "main/101"])
        self.assertEqual(self.keys("listLinesOfGroup", "main", sort="state", limit=2),
                         [key for key in expected if key.startswith("main")])
        self.assertEqual(self.keys("listLines", sort="-state", state="waiting", limit=1),
                         ["other/101", "main/204"])
        self.assertEqual(self.count("listLines", sort="state"), 6)
        for after in ("odd/main/101", "main/101", "refused/main"):
            self.client.call("listLines", query={"sort": "state", "after": after}, status=400)
        self.client.call("listUsers", query={"sort": "state"}, status=400)

    def test_abroad(self):
        """Lines with a forwarding abroad that is on, has not ended, and is let to by the group."""
        def shown(**query):
            return self.keys("listLines", abroad="true", **query)

        def counted():
            groups = self.client.call("getStatus", status=200).json["groups"]
            return {group["name"]: (group["abroad"]["lines"], group["abroad"]["admin_forwardings"])
                    for group in groups}

        def put(extension, status=201, **forwarding):
            self.client.call("putForwarding", "main", extension, "busy", "all", body=forwarding,
                             status=status)
        self.assertEqual(shown(), [])
        self.client.call("changeGroup", "main", body={"bar_foreign": False}, status=200)
        self.client.call("changeUser", "anna", body={"mobile": "+43 664 1234567"}, status=200)
        put("101", target="mobile")
        put("102", target="+43 1 53454")
        put("103", target="+49 30 901820")
        put("104", target="+43 1 53454", enabled=False)
        self.client.call("addException", "main", "204", body={"target": "+41 44 6681800"},
                         status=201)
        self.client.call("addAdminForwarding", "main", body={
            "name": "night", "condition": "busy", "target": "+43 1 53454"}, status=201)
        self.assertEqual(shown(), ["main/101", "main/102", "main/204"])
        self.assertEqual(shown(limit=1, sort="-extension"), ["main/204", "main/102", "main/101"])
        self.assertEqual(shown(sort="state", limit=2), ["main/102", "main/204", "main/101"])
        self.assertEqual(shown(state="refused"), ["main/102"])
        self.assertEqual(counted(), {"main": (3, ["night"]), "other": (0, [])})
        items = self.client.call("listLines", query={"abroad": "true"}, status=200).json["items"]
        self.assertEqual([item["abroad"] for item in items],
                         ["+436641234567", "+43153454", "+41446681800"])
        items = self.client.call("listLines", query={"abroad": "false"}, status=200).json["items"]
        self.assertEqual(["abroad" in item for item in items], [False] * 6)
        put("102", status=200, target="+43 1 53454", until="2020-01-01T00:00:00Z")
        self.client.call("changeUser", "anna", body={"mobile": "+49 170 1234567"}, status=200)
        self.assertEqual(shown(), ["main/204"])
        self.client.call("changeGroup", "main", body={"bar_foreign": True}, status=200)
        self.assertEqual((shown(), counted()["main"]), ([], (0, [])))
        self.client.call("changeGroup", "main", body={"bar_foreign": False}, status=200)
        self.client.call("removeException", "main", "204", "1", status=204)
        self.assertEqual(shown(), [])
        for query in ({"abroad": "yes"}, {"abroad": "true", "count": "true"}):
            self.client.call("listLines", query=query, status=400)

    def test_sort(self):
        lines = ["main/101", "main/102", "main/103", "main/104", "main/204", "other/101"]
        by_extension = ["main/101", "other/101", *lines[1:5]]
        named = [key for key in lines if key != "main/103"] + ["main/103"]
        owned = ["main/102", "main/103", "main/104", "main/204", "main/101", "other/101"]
        for sort, expected in (("group", lines), ("extension", by_extension),
                               ("display_name", named), ("user", owned)):
            for prefix, wanted in (("", expected), ("-", expected[::-1])):
                for limit in (1, 2, 100):
                    with self.subTest(sort=prefix + sort, limit=limit):
                        self.assertEqual(self.keys("listLines", sort=prefix + sort, limit=limit),
                                         wanted)
        self.assertEqual(self.keys("listLines", sort="-display_name", q="10", limit=1,
                                   group="main"), ["main/103", "main/104", "main/102", "main/101"])
        self.assertEqual(self.keys("listLines", sort="-user", state="waiting", limit=1),
                         ["other/101", "main/204"])
        self.assertEqual(self.keys("listLinesOfGroup", "main", sort="-extension", limit=2),
                         lines[4::-1])
        self.assertEqual(self.keys("listUsers", sort="display_name", limit=1), ["bert", "anna"])
        self.assertEqual(self.keys("listUsers", sort="-name"), ["bert", "anna"])
        self.assertEqual(self.count("listLines", sort="-user", limit=1), 6)
        for sort in ("password", "-", "", "enabled", "group,extension", "--user"):
            answer = self.client.call("listLines", query={"sort": sort}, status=400)
            self.assertIn("sort", answer.fields)
        self.client.call("listLines", query={"sort": "user", "after": "main"}, status=400)

    def test_sorted_names_may_have_anything_in_them(self):
        names = ["%", "%2F", "/", "/a", "a/b/%25", "\u00c4rger \u2713"]
        for i, name in enumerate(names):
            self.client.call("addUser", body={"name": f"z{i}", "display_name": name}, status=201)
        shown = self.keys("listUsers", q="z", sort="display_name", limit=1)
        self.assertEqual(shown, [f"z{i}" for i in range(len(names))])
        for i in range(len(names)):
            self.client.call("removeUser", f"z{i}", status=204)

    def test_devices_of_all(self):
        for user, name in (("bert", "desk"), ("anna", "desk"), ("anna", "cellar")):
            self.client.call("addDevice", user, body={"name": name}, status=201)

        def shown(**query):
            items = self.client.call("listAllDevices", query=query, status=200).json["items"]
            return [f"{item['user']}/{item['name']}" for item in items]
        self.assertEqual(shown(), ["anna/cellar", "anna/desk", "bert/desk"])
        self.assertEqual(shown(sort="-name"), ["bert/desk", "anna/desk", "anna/cellar"])
        self.assertEqual(shown(user="anna", sort="name"), ["anna/cellar", "anna/desk"])
        self.assertEqual(shown(q="DESK", limit=1), ["anna/desk"])
        self.assertEqual(self.count("listAllDevices", q="anna"), 2)
        device = self.client.call("getDevice", "bert", "desk", status=200).json
        self.assertEqual(shown(q=device["sip_user"]), ["bert/desk"])
        names = sorted(item["sip_user"] for item in self.client.call(
            "listAllDevices", status=200).json["items"])
        sorted_by = self.client.call("listAllDevices", query={"sort": "sip_user"}, status=200).json
        self.assertEqual([item["sip_user"] for item in sorted_by["items"]], names)

    def test_texts_that_are_none(self):
        for q in ("a\nb", "\0", "x" * 128):
            answer = self.client.call("listLines", query={"q": q}, status=400)
            self.assertIn("q", answer.fields)

    def test_users_count_only_what_is_theirs(self):
        token = self.client.call("addToken", body={"name": "t", "user": "anna"}, status=201).json
        answer = self.client.call("listLines", query={"count": "true", "q": "10"}, status=200,
                                  token=token["token"])
        self.assertEqual((answer.json["count"], len(answer.json["items"])), (1, 1))


class Large(unittest.TestCase):
    """A page takes less than 100 ms with 100,000 lines, or than the machine takes for 20 questions
    with one line, where that is more."""

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        with Server(data=self.directory.name) as server:
            client = new_client(server)
            client.call("addGroup", body=GROUP, status=201)
            client.call("addLine", "main", body={"extension": "100000", "display_name": "Desk"},
                        status=201)
            self.few_s = self.fastest(client, limit=1)
            client.connection.close()
        database = sqlite3.connect(Path(self.directory.name) / "lineward.db")
        columns = [row[1] for row in database.execute("pragma table_info(lines)")
                   if row[1] not in ("id", "extension")]
        names = ",".join(f'"{name}"' for name in columns)
        with database:
            database.execute(
                f"with recursive n(i) as (select 100001 union all select i+1 from n where "
                f"i < 100000 + {LINE_COUNT} - 1) "
                f"insert into lines(extension, {names}) select n.i, {names} from lines, n")
        database.close()

    def tearDown(self):
        self.directory.cleanup()

    @staticmethod
    def fastest(client, **query):
        times = []
        for _ in range(5):
            before = time.monotonic()
            client.call("listLines", query=query, status=200)
            times.append(time.monotonic() - before)
        return min(times)

    def test_pages_are_fast(self):
        with Server(data=self.directory.name) as server:
            client = new_client(server)
            self.addCleanup(client.connection.close)
            answer = client.call("listLines", query={"count": "true", "limit": 1}, status=200)
            self.assertEqual(answer.json["count"], LINE_COUNT)
            answer = client.call("listLines", query={"q": "99999", "count": "true"}, status=200)
            self.assertEqual(answer.json["count"], 1)
            bound_s = 0.3 + 20 * self.few_s
            for query in ({"limit": 1}, {"limit": 100, "after": "main/150000"},
                          {"limit": 100, "after": "main/199990"}, {"limit": 1, "q": "desk"},
                          {"limit": 1, "count": "true"}, {"limit": 100, "sort": "-user"},
                          {"limit": 100, "sort": "display_name", "after": "Desk/main/150000"},
                          {"limit": 100, "sort": "-display_name", "group": "main"},
                          {"limit": 100, "sort": "-extension", "after": "main/150000"}):
                with self.subTest(query=query):
                    self.assertLess(self.fastest(client, **query), bound_s)
            # These look at many: it must not be each of them for each of them.
            for query in ({"limit": 10, "q": "nobody"}, {"limit": 10, "state": "refused"},
                          {"limit": 50, "sort": "state"},
                          {"limit": 50, "sort": "-state", "after": "waiting/main/150000"},
                          {"limit": 10, "abroad": "true"}):
                with self.subTest(query=query):
                    self.assertLess(self.fastest(client, **query), 20 * bound_s)


if __name__ == "__main__":
    unittest.main()
