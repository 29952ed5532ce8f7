# SPDX-License-Identifier: Apache-2.0
"""Tests of exceptions, administrative forwardings and calendars at the API: what is their own."""


class RuleTests:
    """Mixed into a test case of test_operations.py, whose settings they work on."""

    def test_exceptions(self):
        line = ("main", "101")
        saved = self.call("addException", *line, status=201,
                          body={"caller": "089*", "until": "2030-01-01T00:00:00+01:00",
                                "target": "102"}).json
        self.assertEqual((saved["position"], saved["caller"], saved["until"]),
                         (2, "+4989*", "2029-12-31T23:00:00Z"))
        self.call("addException", *line, body={"position": 2, "target": "102"}, status=409)
        self.call("putException", *line, "9", body={"ring": True}, status=201)
        changed = self.call("changeException", *line, "9", body={"schedule": "sa,su"}).json
        self.assertEqual((changed["ring"], changed["schedule"]), (True, "sa,su"))
        listed = self.call("listExceptions", *line).json["items"]
        self.assertEqual([item["position"] for item in listed], [1, 2, 9])
        refused = self.call("changeException", *line, "9", body={"target": "102"}, status=422)
        self.assertEqual(refused.fields, {"target": "must be empty where ring is on"})
        tag = self.call("getException", *line, "9").headers["ETag"]
        self.call("putException", *line, "9", body={"target": "102"}, status=200,
                  headers={"If-Match": tag})
        self.call("putException", *line, "9", body={"target": "103"}, status=412,
                  headers={"If-Match": tag})
        self.call("removeException", *line, "9", status=204)
        for position in range(10, 40):
            self.call("putException", *line, str(position), body={"ring": True}, status=201)
        self.call("putException", *line, "40", body={"ring": True}, status=409)

    def test_busy_on_any_line_is_explained(self):
        def verdict(**assume):
            return self.call("explainCall", "main", "101", body={"from": "103", "assume": assume}
                             ).json["verdict"].get("target")
        self.call("changeLine", "main", "101", body={"second_call": "busy"}, status=200)
        self.call("putForwarding", "main", "101", "busy", "all", body={"target": "104"}, status=201)
        self.assertIsNone(verdict(calls_elsewhere=1))
        self.call("changeUser", "sales", body={"busy_on_any_line": True}, status=200)
        self.assertEqual(verdict(calls_elsewhere=1), "104")
        self.assertIsNone(verdict(calls_elsewhere=0))
        self.call("changeLine", "main", "101", body={"second_call": "auto"}, status=200)
        self.assertIsNone(verdict(calls_elsewhere=1))

    def test_directory(self):
        self.call("changeLine", "main", "102", body={"display_name": "Lobby"}, status=200)
        listed = self.call("listDirectory", "main", status=200).json["items"]
        self.assertEqual(listed, [{"extension": "101", "name": "sales"},
                                  {"extension": "102", "name": "Lobby"}])
        self.call("changeUser", "sales", body={"display_name": "Sales & Co"}, status=200)
        found = self.call("listDirectory", "main", query={"q": "101"}, status=200).json["items"]
        self.assertEqual(found, [{"extension": "101", "name": "Sales & Co"}])
        # By the name that people read, which only the user has; each once.
        for text, extensions in (("& co", ["101"]), ("lobby", ["102"]), ("o", ["102", "101"]),
                                 ("sales", ["101"]), ("nobody", [])):
            found = self.call("listDirectory", "main", query={"q": text}, status=200).json["items"]
            self.assertEqual([one["extension"] for one in found], extensions, text)
        self.call("listDirectory", "main", query={"q": "x" * 200}, status=400)
        self.call("listDirectory", "none", status=404)

    def test_explain_tells_the_end_and_takes_an_origin(self):
        def ask(**question):
            return self.call("explainCall", "main", "101", body=question, status=200).json
        end = "2099-12-24T18:00:00Z"
        self.call("putForwarding", "main", "101", "immediate", "external",
                  body={"target": "102", "until": end})
        answer = ask(origin="external")
        self.assertEqual((answer["verdict"]["target"], answer["until"]), ("102", end))
        self.assertFalse(answer["internal"])
        inside = ask(origin="internal")
        self.assertTrue(inside["internal"])
        self.assertNotIn("until", inside)
        # Nothing but the origin is known of them: who they are plays no part.
        self.call("addException", "main", "101", status=201,
                  body={"condition": "immediate", "caller": "anonymous", "target": "104"})
        self.assertEqual(ask(origin="external")["verdict"]["target"], "102")
        self.assertEqual(ask()["verdict"]["target"], "104")
        self.call("addException", "main", "101", status=201,
                  body={"condition": "immediate", "origin": "internal", "target": "104",
                        "until": end})
        self.assertEqual(ask(origin="internal")["until"], end)
        for wrong in ({"origin": "all"}, {"origin": 1}, {"origin": "internal", "from": "102"}):
            refused = self.call("explainCall", "main", "101", body=wrong, status=422)
            self.assertEqual(set(refused.fields), {"origin"})

    def test_moved_exceptions(self):
        line = ("main", "101")

        def order():
            return [(item["position"], item["target"])
                    for item in self.call("listExceptions", *line).json["items"]]
        self.call("removeException", *line, "1", status=204)
        for position in ("1", "2", "3", "9"):
            self.call("putException", *line, position, body={"target": "19" + position}, status=201)
        tag = self.call("getException", *line, "9").headers["ETag"]
        moved = self.call("changeException", *line, "9", body={"position": 1, "calls": 3},
                          headers={"If-Match": tag}, status=200)
        self.assertEqual((moved.json["position"], moved.json["calls"]), (1, 3))
        self.assertEqual(order(), [(1, "199"), (2, "191"), (3, "192"), (4, "193")])
        self.assertEqual(moved.headers["ETag"],
                         self.call("getException", *line, "1").headers["ETag"])
        self.call("changeException", *line, "1", body={"position": 4}, status=200)
        self.assertEqual(order(), [(1, "191"), (2, "192"), (3, "193"), (4, "199")])
        # What was read can be put back; a PUT moves nothing.
        read = self.call("getException", *line, "2").json
        self.call("putException", *line, "2", body=read, status=200)
        self.call("changeException", *line, "2", body=read, status=200)
        refused = self.call("putException", *line, "2", body={**read, "position": 3}, status=422)
        self.assertEqual(refused.fields,
                         {"position": 'must be "2" as in the address, or be left out'})
        # Nothing moves where something else is refused, or the position cannot be.
        for body in ({"position": 1, "target": "101"}, {"position": 0}, {"position": 1000},
                     {"position": "1"}, {"position": None}):
            self.call("changeException", *line, "4", body=body, status=422)
        self.call("changeException", *line, "4", body={"position": 1}, status=412,
                  headers={"If-Match": tag})
        self.call("changeException", *line, "7", body={"position": 1}, status=404)
        self.assertEqual(order(), [(1, "191"), (2, "192"), (3, "193"), (4, "199")])

    def test_administrative_forwardings(self):
        self.call("addAdminForwarding", "main", body={"name": "main", "target": "102"}, status=409)
        self.call("putAdminForwarding", "main", "main", body={"target": "101"}, status=200)
        for number in range(31):
            self.call("putAdminForwarding", "main", f"n{number}", body={"target": "102"},
                      status=201)
        self.call("putAdminForwarding", "main", "more", body={"target": "102"}, status=409)
        self.call("removeAdminForwarding", "main", "n1", status=204)

    def test_calendars(self):
        self.call("addCalendar", body={"name": "sales"}, status=409)
        self.call("putCalendar", "work", body={"days": "05-01"}, status=201)
        self.call("changeAdminForwarding", "main", "main", body={"calendar": "work"})
        self.call("removeCalendar", "work", status=409)
        self.call("removeCalendar", "sales", status=204)
        refused = self.call("changeCalendar", "work", body={"days": "05-01, 31-12"}, status=422)
        self.assertIn("cannot be read at character 8", refused.fields["days"])

    def test_explained_at_another_time(self):
        self.call("addException", "main", "101", status=201,
                  body={"schedule": "sa,su", "origin": "internal", "target": "102"})
        for at, kind in (("2026-11-28T12:00:00Z", "redirect"), ("2026-11-27T12:00:00Z", "ring")):
            answer = self.call("explainCall", "main", "101", body={"from": "103", "at": at}).json
            self.assertEqual(answer["verdict"]["kind"], kind)
        wrong = {"calls": -1, "calls_elsewhere": 1001, "busy": 1,
                 "presence": 7, "no_answer": "x", "unreachable": None}
        refused = self.call("explainCall", "main", "101", status=422,
                            body={"at": "soon", "assume": wrong})
        self.assertEqual(set(refused.fields), {"at"} | {f"assume.{name}" for name in wrong})

    def test_all_forwardings_at_once(self):
        line = ("main", "101")
        tag = self.call("listForwardings", *line).headers["ETag"]
        wanted = [{"condition": "busy", "origin": "all", "target": "102"},
                  {"condition": "no_answer", "origin": "internal", "target": "103", "delay": 10}]
        answer = self.call("putForwardings", *line, body={"items": wanted}, status=200,
                           headers={"If-Match": tag})
        listed = self.call("listForwardings", *line)
        self.assertEqual((listed.json["items"], listed.headers["ETag"]),
                         (answer.json["items"], answer.headers["ETag"]))
        self.assertEqual([(item["condition"], item["origin"], item["target"], item["delay"])
                          for item in listed.json["items"]],
                         [("busy", "all", "102", 0), ("no_answer", "internal", "103", 10)])
        self.call("putForwardings", *line, body={"items": []}, status=412,
                  headers={"If-Match": tag})
        audited = self.call("listAudit", query={"kind": "forwarding", "key": "main/101"}).json
        self.assertEqual([(entry["key"], entry["action"]) for entry in audited["items"][:3]],
                         [("main/101/busy/all", "added"),
                          ("main/101/no_answer/internal", "added"),
                          ("main/101/immediate/external", "removed")])
        # What was read can be put back, and that changes nothing.
        again = self.call("putForwardings", *line, body={"items": listed.json["items"]},
                          status=200)
        self.assertEqual(again.headers["ETag"], listed.headers["ETag"])
        self.assertEqual(self.call("listAudit", query={"key": "main/101"}).json["items"][0],
                         audited["items"][0])
        emptied = self.call("putForwardings", *line, body={"items": []}, status=200).json
        self.assertEqual(emptied["items"], [])

    def test_one_bad_forwarding_changes_nothing(self):
        line = ("main", "101")
        before = self.call("listForwardings", *line)
        good = {"condition": "busy", "origin": "all", "target": "102"}

        def refused(*items):
            answer = self.call("putForwardings", *line, body={"items": list(items)}, status=422)
            after = self.call("listForwardings", *line)
            self.assertEqual(after.json, before.json)
            return answer.fields
        self.assertEqual(refused(good, {**good, "condition": "dnd", "target": "101"}),
                         {"items[1].target": "is the line itself"})
        self.assertEqual(refused({"condition": "dnd", "origin": "all", "target": "112"}, good,
                                 {"condition": "dnd", "origin": "internal", "target": "?"}).keys(),
                         {"items[0].target", "items[2].target"})
        self.assertEqual(refused(good, {"origin": "some", "colour": 1, "extension": "102"}).keys(),
                         {f"items[1].{name}" for name in
                          ("condition", "origin", "target", "colour", "extension")})
        self.assertEqual(refused(good, good), {"items[1]": "is for a slot that comes twice"})
        self.assertEqual(refused(good, 5), {"items[1]": "must be an object"})
        self.assertEqual(refused(*[good] * 19), {"items": "must be at most 18: one for each slot"})
        self.call("putForwardings", "main", "999", body={"items": []}, status=404)

    def test_all_forwardings_are_checked_together(self):
        """Loops are those of the new forwardings, not of the ones that go, or are still to come."""
        self.call("putForwarding", "main", "102", "immediate", "internal", status=201,
                  body={"target": "101"})
        slot = {"condition": "immediate", "origin": "all", "target": "102"}
        refused = self.call("putForwardings", "main", "101", body={"items": [slot]}, status=422)
        self.assertEqual(refused.fields,
                         {"items[0].target": "leads back to this line: 101 -> 102 -> 101"})
        inner = {**slot, "origin": "internal", "target": "103"}
        self.call("putForwardings", "main", "101", body={"items": [slot, inner]}, status=200)
        busy = {**slot, "condition": "busy"}
        warned = self.call("putForwardings", "main", "101", body={"items": [busy]}, status=200)
        self.assertIn("101 -> 102 -> 101", warned.json["warnings"][0])

    def test_numbers(self):
        def number(text):
            return self.call("testNumber", "main", body={"number": text}, status=200).json
        self.assertEqual(number("030 1234-101"), {
            "stored": "101", "dialled": "101", "class": "internal", "internal": True,
            "emergency": False, "barred": False, "permitted": True, "reason": "",
            "caller": {"stored": "101", "internal": True}})
        self.assertEqual(number("0170 1234567"), {
            "stored": "+491701234567", "dialled": "001701234567", "class": "mobile",
            "internal": False, "emergency": False, "barred": False, "permitted": True,
            "reason": "", "caller": {"stored": "+491701234567", "internal": False}})
        seen = {text: (n["class"], n["emergency"], n["barred"], n["reason"])
                for text in ("112", "0900 1234567", "+43 1 53454", "mailbox", "nobody")
                for n in [number(text)]}
        self.assertEqual(seen["112"], ("emergency", True, False, "is an emergency number"))
        self.assertEqual(seen["0900 1234567"],
                         ("premium", False, True, "is a premium-rate number, which the group bars"))
        self.assertEqual(seen["+43 1 53454"], (
            "foreign", False, True, "is a number of another country, which the group bars"))
        self.assertEqual(seen["mailbox"], ("unknown", False, False, ""))
        self.assertEqual(seen["nobody"][:3], ("unknown", False, False))
        self.assertEqual((number("nobody")["stored"], number("nobody")["permitted"]), ("", False))
        self.call("changeGroup", "main", body={"callers_as_dialled": True, "area_code": "89"})
        self.assertEqual(number("004021123456")["caller"]["stored"], "+494021123456")
        self.assertEqual(number("004021123456")["stored"], "+4021123456")

    def test_numbers_of_users_that_make_loops(self):
        self.call("putForwarding", "main", "102", "busy", "all", body={"target": "101"}, status=201)
        self.call("putForwarding", "main", "101", "busy", "all", body={"target": "mobile"},
                  status=201)
        saved = self.call("changeUser", "sales", body={"mobile": "102"}, status=200).json
        self.assertIn("101 -> 102 -> 101", saved["warnings"][0])
        self.assertNotIn("warnings", self.call("putUser", "sales", body=saved, status=200).json)
        self.call("putForwarding", "main", "102", "immediate", "internal", body={"target": "101"},
                  status=201)
        self.call("changeUser", "sales", body={"mobile": ""}, status=200)
        self.call("putForwarding", "main", "101", "immediate", "internal",
                  body={"target": "mobile"}, status=201)
        refused = self.call("changeUser", "sales", body={"mobile": "102"}, status=422)
        self.assertEqual(refused.fields,
                         {"mobile": "leads back to this line: 101 -> 102 -> 101"})

    def test_administrative_forwardings_are_explained(self):
        """Schedule in the group's time zone, holidays, and the levels: mandatory before the user's
        own, a default behind it."""
        self.call("changeGroup", "main", body={"time_zone": "Europe/Berlin"})
        self.call("putAdminForwarding", "main", "night", status=201, body={
            "mandatory": True, "condition": "immediate", "schedule": "mo-fr 18:00-08:00",
            "calendar": "sales", "holidays": "always", "target": "103"})
        self.call("putAdminForwarding", "main", "rest", status=201, body={
            "condition": "immediate", "schedule": "sa,su", "target": "104"})
        own = ("main", "101", "immediate", "internal")

        def target(at):
            verdict = self.call("explainCall", "main", "101",
                                body={"from": "105", "at": at}).json["verdict"]
            return verdict.get("target", verdict["kind"])

        def targets():
            return [target(f"2026-{at}:00+01:00") for at in (
                "11-23T17:59", "11-23T18:00", "11-24T07:59", "11-28T12:00", "12-25T12:00")]
        self.assertEqual(targets(), ["ring", "103", "103", "104", "103"])
        self.call("putForwarding", *own, body={"target": "102"}, status=201)
        self.assertEqual(targets(), ["102", "103", "103", "102", "103"])
        self.call("changeAdminForwarding", "main", "night", body={"mandatory": False})
        self.assertEqual(targets(), ["102"] * 5)
        self.call("removeForwarding", *own, status=204)
        self.call("changeAdminForwarding", "main", "night", body={"holidays": "never"})
        self.assertEqual(targets(), ["ring", "103", "103", "104", "ring"])
        self.assertEqual(target("2026-07-01T17:59:00+02:00"), "ring")
        self.assertEqual(target("2026-07-01T18:00:00+02:00"), "103")
