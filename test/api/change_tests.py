# SPDX-License-Identifier: Apache-2.0
"""Tests of the first administrator and of changes that are taken back, at the API. Mixed into test
cases of test_operations.py."""

from client import GROUP


class StatisticsTests:
    """Figures over time. The journal has four calls of yesterday, from 00:00 on."""

    def test_figures(self):
        figures = self.call("getStatistics", query={"hours": 744}, status=200).json
        self.assertEqual(len(figures["calls"]), 744)
        self.assertTrue(figures["complete"])
        counted = {hour["time"]: {name: count for name, count in hour.items()
                                  if name != "time" and count > 0} for hour in figures["calls"]}
        seen = {hour: counts for hour, counts in counted.items() if counts}
        journal = self.call("listJournal").json["items"]
        self.assertEqual(len(journal), 4)
        wanted = {}
        for entry in journal:
            hour = wanted.setdefault(entry["started"][:14] + "00:00Z", {})
            hour[entry["outcome"]] = hour.get(entry["outcome"], 0) + 1
        self.assertEqual(seen, wanted)
        self.assertEqual(figures["targets"]["mobile"], 1)
        for entry in journal:
            figures["outcomes"][entry["outcome"]] -= 1
            figures["executed"][entry["executed"]] -= 1
        self.assertEqual({*figures["outcomes"].values(), *figures["executed"].values()}, {0})
        self.assertEqual(sum(figures["conditions"].values()), 1)
        again = self.call("getStatistics", query={"hours": 744}, status=200).json
        self.assertEqual(again["targets"], figures["targets"])
        other = self.call("getStatistics", query={"hours": 744, "group": "other"}).json
        self.assertEqual(sum(other["targets"].values()), 0)

    def test_of_a_line(self):
        seen = self.call("getLineStatistics", "main", "101", query={"hours": 744})
        figures = seen.json
        self.call("getLineStatistics", "main", "101", query={"hours": 744}, status=304,
                  headers={"If-None-Match": seen.headers["ETag"]})
        self.assertEqual(len(figures["calls"]), 744)
        self.assertNotIn("next", figures)
        journal = self.call("listJournal", query={"line": "101"}).json["items"]
        self.assertEqual(len(journal), 3)
        for entry in journal:
            figures["outcomes"][entry["outcome"]] -= 1
            figures["executed"][entry["executed"]] -= 1
        self.assertEqual(figures["targets"]["mobile"], 1)
        self.assertEqual({*figures["outcomes"].values(), *figures["executed"].values()}, {0})
        none = self.call("getLineStatistics", "main", "101", query={"before": 1}).json
        self.assertEqual(sum(none["outcomes"].values()), 0)
        for query in ({"hours": 0}, {"hours": 745}, {"before": "x"}):
            self.call("getLineStatistics", "main", "101", query=query, status=400)
        self.call("getLineStatistics", "main", "999", status=404)

    def test_lines(self):
        lines = self.call("getStatistics", status=200).json["lines"]
        self.assertEqual(len(lines), 1)
        self.assertEqual((lines[0]["refused"], lines[0]["unreachable"]), (1, 0))

    def test_lines_of_a_group(self):
        """The server of the tests says of a group that as many lines are registered as its number
        is."""
        self.call("addGroup", body={**GROUP, "name": "second"}, status=201)
        seen = {group: self.call("listSamples", query={"group": group}, status=200).json["items"]
                for group in ("main", "second")}
        seen[""] = self.call("listSamples", status=200).json["items"]
        self.assertEqual(seen[""], self.call("getStatistics").json["lines"])
        self.assertEqual([len(items) for items in seen.values()], [1, 1, 1])
        registered = [items[0]["registered"] for items in seen.values()]
        self.assertEqual(registered[2], 0)
        self.assertLess(0, registered[0])
        self.assertLess(registered[0], registered[1])
        nowhere = self.call("listSamples", query={"group": "nowhere"}, status=200)
        self.assertEqual(nowhere.json["items"], [])
        self.call("listSamples", query={"group": "x" * 64}, status=400)


class ConnectionTests:
    """What is tried before it is stored. The server under test refuses every line."""

    TRIAL = {"group": {"name": "new", "server": "pbx.example", "domain": "pbx.example"},
             "line": {"extension": "300", "password": "secret"}}

    def test_a_connection(self):
        begun = self.call("testConnection", body=self.TRIAL, status=201)
        number = begun.json["id"]
        self.assertEqual(begun.headers["Location"], f"/api/v1/connection-tests/{number}")
        self.assertEqual(begun.json["state"], "running")
        for _ in range(4):
            seen = self.call("getConnectionTest", number, status=200)
        self.call("getConnectionTest", number, status=304,
                  headers={"If-None-Match": seen.headers["ETag"]})
        answer = seen.json
        self.assertEqual((answer["state"], answer["cause"], answer["status"]),
                         ("refused", "password", 403))
        self.call("getGroup", "new", status=404)
        self.call("getLine", "new", "300", status=404)

    def test_what_cannot_be_tried(self):
        def refused(fields, **change):
            body = {part: {**self.TRIAL[part], **change.get(part, {})} for part in self.TRIAL}
            answer = self.call("testConnection", body=body, status=422)
            self.assertEqual(list(answer.fields), fields)
        refused(["group.server"], group={"server": "not a host!"})
        refused(["group.internal_ranges"], group={"internal_ranges": "9-1"})
        refused(["group.color", "line.color"], group={"color": "red"}, line={"color": "red"})
        refused(["line.extension"], line={"extension": "#"})
        answer = self.call("testConnection", body={}, status=422)
        self.assertEqual(answer.fields, {"group": "is missing", "line": "is missing"})
        self.call("changeLine", "main", "101", body={"enabled": True})
        domain = self.call("getGroup", "main").json["domain"]
        body = {"group": {**self.TRIAL["group"], "domain": domain}, "line": {"extension": "101"}}
        answer = self.call("testConnection", body=body, status=422)
        self.assertIn("is registered already", answer.fields["line.extension"])

    def test_too_many_connections(self):
        answers = [self.call("testConnection", body=self.TRIAL) for _ in range(3)]
        self.assertEqual([answer.status for answer in answers][-1], 429)
        self.assertIn("Retry-After", answers[-1].headers)


class SetUpTests:
    """The first administrator, who is made with the code that the server prints."""

    def set_up(self, status, **other):
        body = {"code": self.server.setup_code, "name": "chief", "password": "pass word", **other}
        return self.call("setUp", body=body, token=None, status=status)

    def test_once(self):
        self.assertRegex(self.server.setup_code, r"^([A-Z2-9]{4}-){3}[A-Z2-9]{4}$")
        self.assertEqual(self.call("getSetup", token=None, status=200).json, {"needed": True})
        self.assertIn("at least 8", self.set_up(422, password="short").fields["password"])
        self.assertIn("must not", self.set_up(422, name="a/b").fields["name"])
        self.set_up(409, name="sales")
        made = self.set_up(201)
        self.assertEqual((made.json["user"], made.json["role"]), ("chief", "administrator"))
        cookie = {"Cookie": made.headers["Set-Cookie"].split(";")[0], "X-Requested-With": "x"}
        self.call("addUser", body={"name": "other"}, token=None, headers=cookie, status=201)
        self.assertEqual(self.call("getSetup", status=200).json, {"needed": False})
        self.set_up(409, name="another")

    def test_wrong_codes(self):
        for code in ("", "x", self.server.setup_code.lower(), self.server.setup_code[:-1]):
            self.assertEqual(list(self.set_up(422, code=code).fields), ["code"])
        self.set_up(422, code="again")
        self.set_up(429)

    def test_not_where_there_is_an_administrator(self):
        self.call("changeUser", "sales", body={"role": "administrator"}, status=200)
        self.assertTrue(self.call("getSetup").json["needed"], "who cannot sign in is none")
        self.call("changeUser", "sales", body={"password": "pass word"}, status=200)
        self.assertFalse(self.call("getSetup").json["needed"])
        self.set_up(409)
        self.call("changeUser", "sales", body={"role": "user"}, status=200)
        self.set_up(409)

    def test_another_site(self):
        body = {"code": self.server.setup_code, "name": "chief", "password": "pass word"}
        self.call("setUp", body=body, headers={"Origin": "http://evil.example"}, status=403)


class RevertTests:
    """Changes that are taken back by their entry in the audit."""

    def last(self):
        return str(self.call("listAudit", query={"limit": 1}).json["items"][0]["id"])

    def revert(self, entry, status=200, **body):
        return self.call("revertChange", entry, body=body, status=status)

    def test_a_change(self):
        before = self.call("getGroup", "main").json
        self.call("changeGroup", "main", body={"area_code": "40", "register_rate": 7, "bar_foreign":
                                               False, "diversion": "both"}, status=200)
        entry = self.last()
        done = self.revert(entry).json
        self.assertEqual(done, {"action": "changed", "kind": "group", "key": "main",
                                "warnings": []})
        self.assertEqual(self.call("getGroup", "main").json, before)
        answer = self.revert(entry, 409)
        self.assertEqual(answer.fields["area_code"], 'has been changed since: it is "30" now')
        undone = self.revert(self.last())  # what was taken back is a change, too
        self.assertEqual(undone.json["action"], "changed")
        self.assertEqual(self.call("getGroup", "main").json["area_code"], "40")
        self.call("changeGroup", "main", body={"area_code": "50"}, status=200)
        self.revert(entry, force=True)
        self.assertEqual(self.call("getGroup", "main").json["area_code"], "30")

    def test_one_more_field_may_differ(self):
        self.call("changeUser", "sales", body={"display_name": "A"}, status=200)
        entry = self.last()
        self.call("changeUser", "sales", body={"mobile": "0170 1"}, status=200)
        self.revert(entry)
        user = self.call("getUser", "sales").json
        self.assertEqual((user["display_name"], user["mobile"]), ("", "0170 1"))

    def test_added_and_removed(self):
        slot = ["main", "101", "immediate", "external"]
        self.call("removeForwarding", *slot, status=204)
        removal = self.last()
        self.assertEqual(self.revert(removal).json["key"], "main/101/immediate/external")
        self.assertEqual(self.call("getForwarding", *slot).json["target"], "102")
        self.assertIn("is there again", self.revert(removal, 409).json["detail"])
        self.assertEqual(self.revert(self.last()).json["action"], "removed")
        self.call("getForwarding", *slot, status=404)
        addition = str(self.call("listAudit", query={"kind": "forwarding"}).json["items"][-1]["id"])
        self.assertIn("has been removed since", self.revert(addition, 409).json["detail"])

    def test_passwords(self):
        self.call("changeLine", "main", "101", body={"password": "other"}, status=200)
        self.assertIn("cannot be put back", self.revert(self.last(), 409).json["detail"])
        self.call("removeLine", "main", "101", status=204)
        removed = self.revert(self.last()).json
        self.assertEqual(removed["warnings"], ["the password has to be given anew"])
        line = self.call("getLine", "main", "101").json
        self.assertEqual((line["user"], line["password_set"]), ("sales", False))

    def test_what_is_refused_now(self):
        """102 was forwarded elsewhere; meanwhile 101 has come to lead to it."""
        self.call("putForwarding", "main", "102", "immediate", "all", body={"target": "103"},
                  status=201)
        self.call("removeForwarding", "main", "101", "immediate", "external", status=204)
        removal = self.last()
        self.call("putForwarding", "main", "102", "immediate", "all", body={"target": "101"},
                  status=200)
        self.assertIn("leads back", self.revert(removal, 422).fields["target"])

    def test_tokens_are_not_put_back(self):
        self.call("addToken", body={"name": "x"}, status=201)
        self.revert(self.last(), 409)
        for entry in ("0", "x", "-1", "99999999999999999999"):
            self.revert(entry, 404)
