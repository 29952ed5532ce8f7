# SPDX-License-Identifier: Apache-2.0
"""Checks of line groups; run by test_operations.py. The server under test has one that runs until
it is stopped, and one that is over at once where it is quick."""

import time


class CheckTests:
    def start(self, status=202, **body):
        return self.call("startCheck", "main", body=body, status=status)

    def finish(self, **body):
        """Starts a check that is over at once; returns its report."""
        number = self.start(quick=True, **body).json["number"]
        end = time.monotonic() + 10
        while True:
            report = self.call("getCheck", "main", str(number), status=200).json
            if report["state"] != "running":
                return report
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def test_a_check_runs_and_is_cancelled(self):
        answer = self.start()
        check = answer.json
        self.assertEqual(answer.headers["Location"],
                         f"/api/v1/groups/main/checks/{check['number']}")
        self.assertEqual((check["state"], check["ended"]), ("running", None))
        self.assertEqual(check["lines"], {"caller": "101", "diverter": "102", "target": "103"})
        report = self.call("getCheck", "main", str(check["number"]), status=200).json
        self.assertEqual(report["server"], "trial PBX")  # as far as it is
        rows = {row["row"]: row for row in report["rows"]}
        self.assertEqual(rows["second_call"]["verdict"], "fails")
        self.assertEqual(rows["second_call"]["advice"],
                         "set line 102 up for a second call in the PBX")
        self.assertEqual(rows["incoming"]["verdict"], "not_tested")
        answer = self.start(status=409)
        self.assertIn(f"check {check['number']} of this group is running", answer.json["detail"])
        self.call("cancelCheck", "main", str(check["number"]), body={}, status=204)

    def test_a_check_is_kept_and_compared(self):
        first = self.finish()
        self.assertEqual((first["state"], first["previous"], first["changes"]), ("done", None, []))
        self.assertEqual(first["counts"], {"not_tested": 10, "ok": 1, "limited": 1, "fails": 1})
        second = self.finish(external="030 123456", consent=True)
        self.assertEqual(second["external"], "+4930123456")
        self.assertEqual(second["previous"], first["number"])
        self.assertEqual(second["changes"], [{"row": "redirect_internal",
                                              "title": "302 to a colleague",
                                              "before": "ok", "after": "fails"}])
        same = self.call("getCheck", "main", str(second["number"]),
                         query={"with": str(second["number"])}, status=200).json
        self.assertEqual(same["changes"], [])
        self.call("getCheck", "main", str(second["number"]), query={"with": "77"}, status=422)
        self.call("cancelCheck", "main", str(second["number"]), body={}, status=409)
        numbers = [item["number"] for item in
                   self.call("listChecks", "main", status=200).json["items"]]
        self.assertEqual(numbers, [second["number"], first["number"]])

    def test_what_was_measured_is_set(self):
        """The ring time-out becomes the group's, and the audit tells by whom."""
        self.finish()
        self.assertEqual(self.call("getGroup", "main").json["pbx_ring_timeout"], 20)
        entry = self.call("listAudit", query={"kind": "group"}, status=200).json["items"][0]
        self.assertEqual(entry["actor"], "lineward check")

    def test_the_status_tells_what_the_last_one_has_found(self):
        def last():
            return self.call("getStatus", status=200).json["groups"][0]["check"]
        done = self.finish()
        fails = [row["row"] for row in done["rows"] if row["verdict"] == "fails"]
        self.assertEqual(last(), {"number": done["number"], "fails": fails})
        self.assertEqual(len(fails), 1)

    def test_only_some_are_kept(self):
        for _ in range(22):
            last = self.finish()
        items = self.call("listChecks", "main", status=200).json["items"]
        self.assertEqual(len(items), 20)
        self.assertEqual(items[0]["number"], last["number"])

    def test_checks_that_are_refused(self):
        for body, field in (({"external": "030 123456"}, "consent"),
                            ({"external": "112", "consent": True}, "external"),
                            ({"external": "101", "consent": True}, "external"),
                            ({"lines": ["101", "102"]}, "lines"),
                            ({"lines": ["101", "102", "101"]}, "lines"),
                            ({"lines": ["101", "102", "199"]}, "lines"),
                            ({"lines": ["101", "102", 103]}, "lines"),
                            ({"ring_max": 9}, "ring_max"), ({"quick": 1}, "quick"),
                            ({"other": 1}, "other")):
            answer = self.start(status=422, **body)
            self.assertEqual(list(answer.fields), [field], body)
        self.call("addLine", "main", body={"extension": "103"}, status=201)
        answer = self.start(status=409, lines=["102", "101", "103"])
        self.assertEqual(answer.json["detail"], "line 102 is in use: it has a call")
        answer = self.start(status=409, ring_max=599)
        self.assertIn("three lines", answer.json["detail"])
        self.call("changeGroup", "main", body={"enabled": False}, status=200)
        answer = self.start(status=409)
        self.assertEqual(answer.json["detail"], "the group is switched off")
