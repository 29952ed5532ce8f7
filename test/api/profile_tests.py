# SPDX-License-Identifier: Apache-2.0
"""Tests of profiles at the API: put on, put off, ended; and what of a user's settings they cover.
"""

import datetime
import time


class ProfileTests:
    """Mixed into a test case of test_operations.py, whose settings they work on: 101 belongs to the
    user sales, who is logged in, and forwards external callers to 102 at once."""

    def verdict(self, caller, **question):
        answer = self.call("explainCall", "main", "101", status=200,
                           body={"from": caller, **question}).json["verdict"]
        return answer.get("target", answer["kind"])

    def add(self, name, **fields):
        return self.call("putProfile", "sales", name, body=fields, status=201).json

    def apply(self, name, status=200, **body):
        return self.call("applyProfile", "sales", name, body=body, status=status).json

    def test_a_profile_goes_before_and_leaves_no_trace(self):
        self.call("changeUser", "sales", body={"mobile": "0170 1234567"}, status=200)
        profile = self.add("out", forwardings="immediate/all = 030 1234-103;", presence="away",
                           dnd="off")
        self.assertEqual(profile["forwardings"], "immediate/all=103")
        before = self.call("listForwardings", "main", "101").json
        self.assertEqual((self.verdict("102"), self.verdict("0170 5")), ("ring", "102"))
        done = self.apply("out")
        self.assertEqual((done["before"], done["profile"]["until"]), (None, ""))
        # The slot for external callers would beat the one for all: it is put aside.
        self.assertEqual((self.verdict("102"), self.verdict("0170 5")), ("103", "103"))
        self.assertEqual(self.call("listForwardings", "main", "101").json, before)
        self.call("endProfile", "sales", "out", status=204)
        self.call("endProfile", "sales", "out", status=204)
        self.assertEqual((self.verdict("102"), self.verdict("0170 5")), ("ring", "102"))

    def test_which_forwarding_is_wrong(self):
        for forwardings, reason in (
                ("immediate/all=103; busy/external=110", "busy/external: is an emergency number"),
                ("busy/all=103; no_answer/all/15=101", "no_answer/all: is the line itself"),
                ("busy/all=103; busy/all=102", "busy/all: comes twice"),
                ("busy/all/15=103",
                 "busy/all/15: has a delay that is not for no_answer, or not from 5 to 120")):
            refused = self.call("putProfile", "sales", "out", status=422,
                                body={"forwardings": forwardings}).json
            self.assertEqual(refused["errors"],
                             [{"field": "forwardings", "reason": reason}], forwardings)

    def test_do_not_disturb_and_presence(self):
        self.call("putException", "main", "101", "5", status=201,
                  body={"presence": "meeting", "target": "103", "origin": "internal"})
        self.add("quiet", dnd="on")
        self.apply("meeting")
        self.assertEqual(self.verdict("102"), "103")
        self.apply("quiet")
        self.assertEqual(self.verdict("102"), "decline")
        user = self.call("getUser", "sales").json
        self.assertEqual((user["dnd"], user["presence"]), (False, ""))

    def test_one_at_a_time_and_undone(self):
        self.add("quiet", dnd="on", minutes=90)
        self.apply("meeting", until="2040-01-01T00:00:00Z")
        done = self.apply("quiet")
        self.assertEqual(done["before"], {"name": "meeting", "until": "2040-01-01T00:00:00Z"})
        applied = {p["name"]: p["applied"]
                   for p in self.call("listProfiles", "sales", status=200).json["items"]}
        self.assertEqual(applied, {"meeting": False, "quiet": True})
        self.call("changeProfile", "sales", "meeting", body={"applied": True}, status=409)
        self.call("putProfile", "sales", "meeting", body={"applied": True}, status=409)
        self.apply("meeting", until=done["before"]["until"])
        self.assertEqual(self.call("getProfile", "sales", "meeting").json["until"],
                         "2040-01-01T00:00:00Z")

    def test_its_end(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        self.add("quiet", minutes=90)
        until = datetime.datetime.fromisoformat(self.apply("quiet")["profile"]["until"])
        self.assertLess(abs((until - now).total_seconds() - 90 * 60), 30)
        self.call("changeUser", "sales", body={"time_zone": "Asia/Tokyo"}, status=200)
        self.add("day", end_at="17:30")
        until = datetime.datetime.fromisoformat(self.apply("day")["profile"]["until"])
        self.assertEqual((until.hour, until.minute), (8, 30))
        self.assertTrue(0 < (until - now).total_seconds() <= 24 * 3600)
        self.assertEqual(self.apply("day", until="")["profile"]["until"], "")
        for wrong in ("soon", "2020-01-01T00:00:00Z"):
            self.apply("day", until=wrong, status=422)

    def test_it_ends_by_itself(self):
        self.add("out", forwardings="immediate/all=103")
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
        self.apply("out", until=end.strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.assertEqual(self.verdict("102"), "103")
        self.assertEqual(self.verdict("102", at="2040-01-01T00:00:00Z"), "ring")
        deadline = time.monotonic() + 10
        while self.call("getProfile", "sales", "out").json["applied"]:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        self.assertEqual(self.verdict("102"), "ring")
        last = self.call("listAudit", query={"kind": "profile", "limit": 1}).json["items"][0]
        self.assertEqual((last["actor"], last["after"]["applied"]), ("lineward", False))

    def test_the_hand_goes_before(self):
        for change in ({"dnd": True}, {"presence": "lunch"}):
            self.apply("meeting")
            self.call("changeUser", "sales", body={"display_name": str(change)}, status=200)
            self.assertTrue(self.call("getProfile", "sales", "meeting").json["applied"])
            self.call("changeUser", "sales", body=change, status=200)
            self.assertFalse(self.call("getProfile", "sales", "meeting").json["applied"])

    def test_what_is_refused(self):
        for field, value, reason in (
                ("forwardings", "sometimes/all=102", "condition"),
                ("forwardings", "busy=102", "all, internal or external"),
                ("forwardings", "busy/all=", "no target"),
                ("forwardings", "busy/all/20=102", "delay"),
                ("forwardings", "no_answer/all/4=102", "delay"),
                ("forwardings", "busy/all=102; busy/all=103", "comes twice"),
                ("forwardings", "busy/all=101", "is the line itself"),
                ("forwardings", "busy/all=112", "emergency"),
                ("end_at", "5 pm", "as in 17:30"), ("end_at", "24:00", "as in 17:30"),
                ("until", "2040-01-01T00:00:00Z", "applied"),
                ("presence", "two words", "one word"), ("name", "a/b", "must not contain /")):
            body = {"name": "new", field: value}
            refused = self.call("addProfile", "sales", body=body, status=422)
            self.assertIn(reason, refused.fields[field])
        self.call("changeProfile", "sales", "meeting", status=422,
                  body={"minutes": 5, "end_at": "17:00"})
        self.call("addProfile", "sales", body={"name": "meeting"}, status=409)
        sip = "busy/all=sip:bob@pbx.example;transport=tcp; dnd/internal=mailbox"
        self.assertEqual(self.add("uri", forwardings=sip)["forwardings"], sip)
        for number in range(30):
            self.add(f"p{number}")
        self.call("putProfile", "sales", "more", body={}, status=409)

    def test_loops(self):
        """102 forwards to 101 at once; so 101 must not forward there."""
        self.call("removeForwarding", "main", "101", "immediate", "external", status=204)
        self.call("putForwarding", "main", "102", "immediate", "all", body={"target": "101"},
                  status=201)
        self.add("loop", forwardings="immediate/all=102")
        refused = self.call("applyProfile", "sales", "loop", body={}, status=422)
        self.assertIn("leads back", refused.fields["forwardings"])
        warned = self.apply("meeting")
        self.assertIn("101 -> 102 -> 101", warned["warnings"][0])

    def test_removed_while_applied(self):
        self.add("out", forwardings="immediate/all=103")
        self.apply("out")
        self.call("removeProfile", "sales", "out", status=204)
        self.assertEqual(self.verdict("102"), "ring")
