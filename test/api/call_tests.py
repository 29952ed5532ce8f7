# SPDX-License-Identifier: Apache-2.0
"""Calls that wait, deflecting one, and what is assumed of clients; run by test_operations.py. The
server under test has three calls: 1 to main/101, 2 to main/102, which cannot be deflected, and 3 of
main/102, which is answered."""


class CallTests:
    def test_client_states(self):
        """What is assumed is shown until it is forgotten."""
        self.call("getClientState", "main", "102", status=404)
        for body, shown in (({"clients": "none"}, (0, "")),
                            ({"clients": "busy", "calls": 2}, (2, "")),
                            ({"clients": "ring", "target": "102"}, (0, "")),
                            ({"clients": "deflect", "target": "mailbox"}, (0, "700")),
                            ({"clients": "deflect", "target": "0170 1234567"},
                             (0, "+491701234567"))):
            wanted = {"clients": body["clients"], "calls": shown[0], "target": shown[1]}
            for method in ("assumeClientState", "getClientState"):
                answer = self.call(method, "main", "101", status=200,
                                   body=body if method == "assumeClientState" else None)
                self.assertEqual(answer.json, wanted)
        self.call("forgetClientState", "main", "101", status=204)
        self.call("getClientState", "main", "101", status=404)
        self.call("forgetClientState", "main", "101", status=204)

    def test_client_states_that_are_none(self):
        for body, field in (({}, "clients"), ({"clients": "deflect"}, "target"),
                            ({"clients": "deflect", "target": ""}, "target"),
                            ({"clients": "deflect", "target": "not a number"}, "target"),
                            ({"clients": "ring", "calls": 101}, "calls")):
            answer = self.call("assumeClientState", "main", "101", body=body, status=422)
            self.assertEqual(list(answer.fields), [field])
        self.call("addLine", "main", body={"extension": "103"}, status=201)
        self.call("assumeClientState", "main", "103", body={"clients": "busy"}, status=503)

    def test_calls(self):
        answer = self.call("listCalls", status=200).json
        first, second, third = answer["items"]
        self.assertEqual(answer["count"], 3)
        self.assertEqual((first["id"], first["line"], first["state"], first["target"]),
                         ("1", "101", "held", ""))
        self.assertEqual((second["id"], second["line"], second["state"], second["target"]),
                         ("2", "102", "ringing", "700"))
        for call in (first, second):
            self.assertEqual((call["direction"], call["party"], call["device"]),
                             ("in", "+4930123456", ""))
            self.assertNotIn("answered", call)
        self.assertEqual((third["direction"], third["state"], third["party"], third["device"]),
                         ("out", "on_hold", "103", "desk"))
        self.assertNotIn("until", third)
        self.assertLess(third["answered"], third["since"])
        for query, count in (({"line": "102"}, 2), ({"line": "109"}, 0), ({"group": "main"}, 3),
                             ({"group": "other"}, 0), ({"state": "held"}, 1),
                             ({"state": "answered"}, 0), ({"state": "on_hold"}, 1)):
            items = self.call("listCalls", query=query, status=200).json["items"]
            self.assertEqual(len(items), count, query)
        self.call("listCalls", query={"state": "idle"}, status=400)

    def test_declining(self):
        self.call("declineCall", "1", body={}, status=204)
        answer = self.call("declineCall", "2", body={}, status=404)
        self.assertIn("does not wait any more", answer.json["detail"])
        for call in ("4", "x", "1" * 30):
            self.call("declineCall", call, body={}, status=404)

    def test_alarms(self):
        """Listed, in words, and lifted; the audit tells of it, and it cannot be taken back."""
        first, second = self.call("listAlarms", status=200).json["items"]
        self.assertEqual((first["kind"], first["group"], first["line"], first["count"]),
                         ("forwarded_per_hour", "main", "101", 20))
        self.assertNotIn("target", first)
        self.assertEqual((second["kind"], second["target"]), ("redirect_lost", "102"))
        items = self.call("listAlarms", query={"group": "other", "language": "de"},
                          status=200).json["items"]
        self.assertEqual([item["id"] for item in items], [2])
        self.assertIn("kam nicht binnen 3 s", items[0]["text"])
        self.call("liftAlarm", "1", body={}, status=204)
        for alarm in ("2", "3", "0", "x"):
            self.call("liftAlarm", alarm, body={}, status=404)
        entry = self.call("listAudit", query={"key": "main/101/forwarded_per_hour"},
                          status=200).json["items"][0]
        self.assertEqual((entry["kind"], entry["action"], entry["before"]),
                         ("alarm", "removed", {"count": 20}))
        self.call("revertChange", str(entry["id"]), body={}, status=409)

    def test_hanging_up(self):
        """Whatever the state of the call is, but the second has just ended."""
        for call, status in (("1", 204), ("3", 204), ("2", 404), ("4", 404), ("x", 404)):
            self.call("hangUpCall", call, body={}, status=status)

    def test_deflections(self):
        self.call("deflectCall", "1", body={"to": "0170 1234567"}, status=204)
        self.call("deflectCall", "1", body={"to": "mailbox"}, status=204)
        for wrong in ("", "not a number", "x" * 300):
            answer = self.call("deflectCall", "1", body={"to": wrong}, status=422)
            self.assertEqual(list(answer.fields), ["to"])
        answer = self.call("deflectCall", "2", body={"to": "700"}, status=409)
        self.assertIn("the group bars the target", answer.fields["to"])
        for call, target in (("1", "199"), ("4", "700"), ("x", "700"), ("1" * 30, "700")):
            self.call("deflectCall", call, body={"to": target}, status=404)
