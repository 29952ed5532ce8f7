#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many settings at once: as a whole or not at all, with an error for each row."""

import threading
import time
import unittest

from client import Client, Document, Server, fill

DOCUMENT = Document()
EXTENSION = "must be digits, letters, *, ., - or _, as in 101"
KINDS = ("calendars", "groups", "users", "lines", "forwardings", "exceptions", "admin_forwardings",
         "profiles")
NONE = dict.fromkeys(KINDS, 0)


class Import(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Server())
        self.client = Client(self.server, DOCUMENT)
        self.addCleanup(self.client.connection.close)
        fill(self.client)

    def load(self, body, status=200, dry_run=None):
        query = {} if dry_run is None else {"dry_run": dry_run}
        return self.client.call("importSettings", body=body, query=query, status=status).json

    def refused(self, body):
        """The errors as (row, key, field, reason), and nothing has changed."""
        before = self.export()
        problem = self.load(body, status=422)
        self.assertEqual(self.export(), before)
        return [(e.get("row"), e.get("key"), e["field"], e["reason"]) for e in problem["errors"]]

    def export(self):
        return self.client.call("exportSettings", status=200).json

    def counts(self, result):
        return {effect: {kind: n for kind, n in result[effect].items() if n}
                for effect in ("added", "changed", "unchanged")}


class Records(Import):
    def test_an_export_changes_nothing(self):
        before = self.export()
        result = self.load(before)
        self.assertEqual((result["added"], result["changed"]), (NONE, NONE))
        self.assertEqual(result["unchanged"], {kind: len(list_) for kind, list_ in before.items()})
        self.assertEqual(self.export(), before)
        self.assertNotIn("password", str(before))

    def test_into_an_empty_server(self):
        with Server() as other:
            client = Client(other, DOCUMENT)
            client.call("importSettings", body=self.export(), query={}, status=200)
            self.assertEqual(client.call("exportSettings", status=200).json, self.export())
            client.connection.close()

    def test_what_is_left_out_stays(self):
        self.load({"lines": [{"group": "main", "extension": "101", "display_name": "New"}]})
        line = self.client.call("getLine", "main", "101", status=200).json
        self.assertEqual((line["display_name"], line["password_set"]), ("New", True))

    def test_every_kind(self):
        """In one request, and whatever needs something else comes after it."""
        body = {
            "admin_forwardings": [{"group": "new", "name": "night", "calendar": "feasts",
                                   "target": "100"}],
            "exceptions": [{"group": "new", "extension": "100", "position": 1, "caller": "0170*",
                            "condition": "busy", "target": "mobile"}],
            "forwardings": [{"group": "new", "extension": "100", "condition": "dnd",
                             "target": "mailbox"}],
            "lines": [{"group": "new", "extension": "100", "user": "berta"}],
            "users": [{"name": "berta", "mobile": "+491701234567"}],
            "groups": [{"name": "new", "server": "pbx.example", "domain": "pbx.example",
                        "country_code": "49", "internal_ranges": "100-199"}],
            "profiles": [{"user": "berta", "name": "away", "forwardings": "immediate/all=mobile"}],
            "calendars": [{"name": "feasts", "days": "12-24"}]}
        self.assertEqual(self.load(body)["added"], dict.fromkeys(KINDS, 1))
        self.assertEqual(self.load(body)["unchanged"], dict.fromkeys(KINDS, 1))
        wrong = {"exceptions": [{"group": "new", "extension": "100", "position": "1"}]}
        self.assertEqual(self.refused(wrong), [
            (1, "new/100/1", "position", "must be a whole number")])

    def test_a_trial(self):
        before = self.export()
        body = {"users": [{"name": "new"}],
                "lines": [{"group": "main", "extension": "150", "user": "new"}]}
        tried = self.load(body, dry_run="true")
        self.assertEqual(self.counts(tried), {"added": {"users": 1, "lines": 1}, "changed": {},
                                              "unchanged": {}})
        self.assertEqual(self.export(), before)
        self.assertEqual(self.load(body, dry_run="false")["added"], tried["added"])
        self.load(body, dry_run="perhaps", status=400)

    def test_every_error_is_told(self):
        line = {"group": "main", "extension": "150"}
        self.assertEqual(self.refused({
            "lines": [line, {**line, "user": "nobody"}, {"group": "main"}, 1,
                      {**line, "extension": "1 5"}, {**line, "colour": "red", "enabled": "yes"}],
            "forwardings": [{**line, "condition": "busy!", "target": "1"}]}), [
                (2, "main/150", "user", "is no user that exists"),
                (3, "main/?", "extension", "is missing"),
                (4, "?/?", "", "is not an object"),
                (5, "main/1 5", "extension", EXTENSION),
                (6, "main/150", "colour", "is not a field of a line"),
                (6, "main/150", "enabled", "must be true or false"),
                (1, "main/150/busy!/?", "condition",
                 self.refused({"forwardings": [{**line, "condition": "busy!"}]})[0][3])])
        self.assertEqual(self.refused({"lines": {}, "cars": []}), [
            (None, None, "lines", "must be a list"),
            (None, None, "cars", "is no list of settings")])

    def test_many_errors_are_cut(self):
        lines = [{"group": "main", "extension": "1 5"} for _ in range(1000)]
        problem = self.load({"lines": lines}, status=422)
        self.assertEqual(len(problem["errors"]), 200)
        self.assertIn("1000 records", problem["detail"])


class Passwords(Import):
    """Passwords of users, in plain in the import, are hashed on the way."""

    def may_sign_in(self, name, password):
        connection = Client(self.server, DOCUMENT)
        self.addCleanup(connection.connection.close)
        return connection.call("signIn", body={"name": name, "password": password},
                               token=None).status in (200, 201)

    def test_set_and_changed(self):
        users = {"users": [{"name": "berta", "password": "a good one"}, {"name": "sales"}]}
        self.assertEqual(self.counts(self.load(users))["added"], {"users": 1})
        self.assertTrue(self.may_sign_in("berta", "a good one"))
        self.assertFalse(self.may_sign_in("berta", "$argon2id$"))
        # The same one again is no change, another one is.
        self.assertEqual(self.counts(self.load(users))["unchanged"], {"users": 2})
        users["users"][0]["password"] = "another one"
        for dry_run in ("true", "false"):
            self.assertEqual(self.counts(self.load(users, dry_run=dry_run))["changed"],
                             {"users": 1})
            self.assertEqual(self.may_sign_in("berta", "a good one"), dry_run == "true")
        self.assertTrue(self.may_sign_in("berta", "another one"))
        self.load({"users": [{"name": "berta", "password": ""}]})
        self.assertFalse(self.client.call("getUser", "berta").json["password_set"])

    def test_never_shown(self):
        secret = "never seen again"
        users = {"users": [{"name": "berta", "password": secret},
                           {"name": "carl", "password": secret, "mobile": "?"}]}
        refused = self.client.call("importSettings", body=users, query={"dry_run": "true"},
                                   status=422)
        users["users"][1]["mobile"] = ""
        preview = self.client.call("importSettings", body=users, query={"dry_run": "true"},
                                   status=200)
        self.client.call("getUser", "berta", status=404)
        self.load(users)
        audit = self.client.call("listAudit", query={"kind": "user"})
        for answer in (refused, preview, audit, self.client.call("exportSettings")):
            self.assertNotIn(secret, answer.body.decode())
            self.assertNotIn("argon2", answer.body.decode())
        self.assertIs(audit.json["items"][0]["after"]["password_set"], True)

    def test_refused_by_row(self):
        users = {"users": [{"name": "berta", "password": "short"},
                           {"name": "carl", "password": "x" * 128},
                           {"name": "dora", "password": 7},
                           {"name": "emil", "password": "good enough"}]}
        self.assertEqual(self.refused(users), [
            (1, "berta", "password", "must be at least 8 bytes long"),
            (2, "carl", "password", "must be at most 127 bytes long"),
            (3, "dora", "password", "must be a string")])
        many = [{"name": f"u{i}", "password": f"password {i}"} for i in range(1001)]
        refused = self.load({"users": many}, status=422)
        self.assertEqual([error["field"] for error in refused["errors"]], ["users"])

    def test_in_a_table(self):
        """A user of two lines stands in two rows; who has signed in must do so again."""
        table = ("group,extension,user,user.password\n"
                 "main,104,berta,first one\nmain,105,berta,first one\n")
        self.assertEqual(self.counts(self.load({"csv": table})),
                         {"added": {"users": 1, "lines": 2}, "changed": {},
                          "unchanged": {"users": 1}})
        berta = Client(self.server, DOCUMENT)
        self.addCleanup(berta.connection.close)
        answer = berta.call("signIn", body={"name": "berta", "password": "first one"}, token=None)
        berta.cookie = answer.headers["Set-Cookie"].split(";")[0]
        self.load({"csv": table})
        berta.call("getSession", status=200)
        self.load({"csv": table.replace("first", "second")})
        berta.call("getSession", status=401)

    def test_others_are_answered_meanwhile(self):
        """Many passwords take their time; the API, and who signs in, does not wait for them."""
        self.load({"users": [{"name": "berta", "password": "a good one"}]})
        many = [{"name": f"u{i}", "password": f"password {i}"} for i in range(1000)]
        other = Client(self.server, DOCUMENT)
        self.addCleanup(other.connection.close)
        done = threading.Thread(target=other.call, args=("importSettings",),
                                kwargs={"body": {"users": many}, "status": 200})
        done.start()
        count = 0
        while done.is_alive() and count < 5:
            self.client.call("getStatus", status=200)
            self.assertTrue(self.may_sign_in("berta", "a good one"))
            count += 1
        is_during = done.is_alive()
        done.join()
        self.assertTrue(is_during and count == 5)
        self.assertTrue(self.may_sign_in("u999", "password 999"))


class Tables(Import):
    def rows(self, *rows):
        return {"csv": "\n".join(rows)}

    def test_lines_with_users_and_forwardings(self):
        result = self.load(self.rows(
            "group,extension,password,user,user.mobile,forward.immediate.external,forward.dnd",
            'main,150,"a,b",anna,+491701234567,101,mailbox',
            "",
            "main,151,,,,,"))
        self.assertEqual(self.counts(result)["added"],
                         {"users": 1, "lines": 2, "forwardings": 2})
        slot = self.client.call("getForwarding", "main", "150", "dnd", "all", status=200).json
        self.assertEqual(slot["target"], "mailbox")
        self.assertEqual(self.client.call("getUser", "anna", status=200).json["mobile"],
                         "+491701234567")

    def test_users_alone(self):
        """A table that says nothing of lines but whose they are adds and changes users."""
        table = self.rows("user,user.display_name,user.mobile", "anna,Anna,+491701234567",
                          "berta,Berta,", "carl,,")
        result = self.load(table)
        self.assertEqual(self.counts(result)["added"], {"users": 3})
        self.assertEqual(self.counts(self.load(table))["unchanged"], {"users": 3})
        self.assertEqual(self.client.call("getUser", "anna", status=200).json["mobile"],
                         "+491701234567")
        self.assertEqual(self.refused(self.rows("user,user.mobile", "anna,x y", ",1")), [
            (3, "", "user", "is missing, but something is said of the user")])
        self.assertEqual(self.refused(self.rows("user,user.role", "anna,chief"))[0][:3],
                         (2, "anna", "role"))

    def test_other_spreadsheets(self):
        for number, (separator, end) in enumerate([(";", "\r\n"), ("\t", "\n"), (",", "\r\n")]):
            rows = [["group", "extension", "enabled"], ["main", str(160 + number), "off"]]
            text = "\ufeff" + end.join(separator.join(row) for row in rows) + end
            self.assertEqual(self.load({"csv": text})["added"]["lines"], 1)

    def test_errors_name_their_rows(self):
        self.assertEqual(self.refused(self.rows("group,extension,user", "main,150,", "main,1 x,\r",
                                                "main,152,nobody", "main,153,,x")), [
            (5, "", "", "has more cells than there are columns")])
        self.assertEqual(self.refused(self.rows("group,extension,user", "main,150,", "main,1 x,\r",
                                                "main,152,nobody")), [
            (3, "main/1 x", "extension", EXTENSION),
            (4, "main/152", "user", "is no user that exists")])

    def test_errors_of_the_table(self):
        for row, reason in (("group,extension,colour", "is no column that is known"),
                            ("group,group", "is there twice"),
                            ("forward.sometimes", "is no column that is known"),
                            ("user.hat", "is no column that is known")):
            self.assertEqual([error[3] for error in self.refused({"csv": row})], [reason])
        self.assertEqual(self.refused({"csv": 'group\n"a"b'})[0][2], "csv")
        self.assertEqual(self.refused({"csv": 1, "lines": 1}), [
            (None, None, "csv", "must be a string"), (None, None, "lines", "must be a list")])
        self.assertEqual(self.refused({"csv": "", "lines": []})[0][3],
                         "cannot come with other members")
        self.assertEqual(self.refused(self.rows("group,extension,user.mobile", "main,150,1"))[0][3],
                         "is missing, but something is said of the user")

    def test_many_lines(self):
        """A large company's table, far above what other bodies may have."""
        count = 1000
        rows = ["group,extension,password,user,user.mobile"]
        rows += [f"main,{20000 + i},secret{i},user{i},+49170{i:07}" for i in range(count)]
        began = time.monotonic()
        self.assertEqual(self.load(self.rows(*rows))["added"]["lines"], count)
        print(f"{count} lines with their users in {time.monotonic() - began:.1f} s")

    def test_a_large_body_is_for_imports_only(self):
        big = {"name": "x" * 100_000}
        self.client.call("addUser", body=big, status=413)
        self.client.call("importSettings", body={"csv": "x" * 100_000}, query={}, token="wrong",
                         status=401)


if __name__ == "__main__":
    unittest.main()
