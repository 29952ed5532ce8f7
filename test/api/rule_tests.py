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
        wrong = {"calls": -1, "busy": 1, "presence": 7, "no_answer": "x", "unreachable": None}
        refused = self.call("explainCall", "main", "101", status=422,
                            body={"at": "soon", "assume": wrong})
        self.assertEqual(set(refused.fields), {"at"} | {f"assume.{name}" for name in wrong})
