#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line client against a server: what people type, what they read, and how it ends."""

import csv
import io
import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from client import TOKEN, Client, Document, Server, journal_date

GROUP = ("--server", "pbx.example:5060", "--domain", "pbx.example", "--country-code", "49",
         "--area-code", "30", "--main-number", "+49301234", "--outside-prefix", "0",
         "--internal-ranges", "100-199,7xx")


class Case(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Server())
        self.directory = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.directory / "api.token").write_text(TOKEN + "\n", encoding="ascii")
        self.environment = {"LINEWARD_API": self.server.url, "TZ": "UTC",
                            "LINEWARD_DATA_DIR": str(self.directory),
                            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}

    def run_cli(self, *words, stdin="", **environment):
        return subprocess.run([os.environ["API_CLI"], *words], input=stdin, text=True, timeout=30,
                              capture_output=True, check=False,
                              env={**self.environment, **environment})

    def done(self, *words, **options):
        """What a command prints that succeeds."""
        result = self.run_cli(*words, **options)
        self.assertEqual((result.returncode, result.stderr), (0, ""), words)
        for line in result.stdout.splitlines():
            self.assertEqual(line, line.rstrip(), "blanks at the end of a line")
        return result.stdout

    def refused(self, *words, status=1, **options):
        """The message of a command that fails."""
        result = self.run_cli(*words, **options)
        self.assertEqual((result.returncode, result.stdout), (status, ""), words)
        self.assertTrue(result.stderr.startswith("lineward: "), result.stderr)
        return result.stderr

    def set_up_trial(self):
        self.done("group", "add", "trial", *GROUP)
        self.done("user", "add", "sales", "--mobile", "+491701234567", "--mailbox", "700",
                  "--login", "on")
        self.done("line", "add", "102", "--group", "trial", "--user", "sales", "--password", "p")


class Records(Case):
    def test_life_of_a_group(self):
        self.assertEqual(self.done("group", "list"), "no groups\n")
        self.assertEqual(self.done("group", "add", "trial", *GROUP), "group trial added\n")
        self.assertEqual(self.done("group", "set", "trial", "--enabled", "off",
                                   "--register-rate=7"), "group trial changed\n")
        shown = self.done("group", "show", "trial")
        self.assertRegex(shown, r"(?m)^enabled +off$")
        self.assertRegex(shown, r"(?m)^register-rate +7$")
        self.assertEqual(self.done("group", "list").splitlines(), [
            "NAME   ENABLED  SERVER            DOMAIN       MAIN NUMBER  INTERNAL RANGES",
            "trial  off      pbx.example:5060  pbx.example  +49301234    100-199,7xx"])
        self.assertEqual(self.done("group", "remove", "trial"), "group trial removed\n")

    def test_the_commands_of_every_day(self):
        """Word for word as people type them; the line's group is found by itself."""
        def run(line):
            return self.done(*line.removeprefix("lineward ").split())
        self.set_up_trial()
        self.done("line", "add", "101", "--user", "sales")
        self.assertEqual(
            run("lineward forward set 101 busy --from external --to +491701234567"),
            "line trial/101, busy, external callers: to +491701234567\n")
        self.assertEqual(run("lineward forward list 101").splitlines(), [
            "CONDITION  FROM      TARGET         ENABLED",
            "busy       external  +491701234567  on"])
        self.assertEqual(run("lineward explain 101 --from 102 --busy").splitlines()[0],
                         "102 (internal) calls trial/101: declined with 486 (busy)")
        self.assertIn("the busy forwarding for external callers does not apply to an internal one",
                      run("lineward explain 101 --from 102 --busy"))
        self.assertIn("forwarded to +491701234567 (busy)",
                      run("lineward explain 101 --from 030555123 --busy"))
        table = self.directory / "lines.csv"
        head = "group,extension,user,user.mobile,forward.busy.external\n"
        table.write_text(head + "trial,111,berta,+491719876543,mobile\n"
                         "trial,112,berta,,112\ntrial,x y,berta,,mobile\n", encoding="utf-8")
        said = self.refused("import", str(table))  # nothing half done, and each row told
        self.assertIn("row 3", said)
        self.assertIn("row 4", said)
        self.assertIn("does not exist", self.refused("user", "show", "berta"))
        table.write_text(head + "trial,111,berta,+491719876543,mobile\n", encoding="utf-8")
        self.assertIn("lines", self.done("import", str(table), "--dry-run"))
        self.assertIn("there is no line 111", self.refused("line", "show", "111"))
        self.done("import", str(table))
        self.assertIn("mobile", run("lineward forward list 111"))

    def test_users(self):
        self.set_up_trial()
        self.done("user", "add", "zoë", "--display-name", "Zoë Müller", "--dnd", "true")
        self.assertEqual(self.done("user", "list").splitlines(), [
            "NAME   DISPLAY NAME  DND  LOGIN  MOBILE         MAILBOX",
            "sales                off  on     +491701234567  700",
            "zoë    Zoë Müller    on   auto"])
        self.assertIn("user sales still has 1 line", self.refused("user", "remove", "sales"))
        self.assertRegex(self.done("user", "show", "zoë"), r"(?m)^mobile +-$")

    def test_lines(self):
        self.set_up_trial()
        self.assertEqual(self.done("line", "add", "103"), "line trial/103 added\n")
        self.assertEqual(self.done("line", "add", "trial/104", "--display-name", "Shop"),
                         "line trial/104 added\n")
        self.assertEqual(self.done("line", "list").splitlines(), [
            "LINE       USER   NAME  STATE        REASON",
            "trial/102  sales        registered",
            "trial/103               refused      403 Verboten \ufffd?",
            "trial/104         Shop  unreachable  no answer"])
        self.assertEqual(len(self.done("line", "list", "--user", "sales").splitlines()), 2)
        self.assertEqual(self.done("line", "list", "--group", "other"), "no lines\n")
        shown = self.done("line", "show", "102")
        self.assertRegex(shown, r"(?m)^password +\(set\)$")
        self.assertIn("registered until 2027-01-15 08:00:00, reached at 127.0.0.1:5060", shown)
        self.assertEqual(self.done("line", "remove", "104"), "line trial/104 removed\n")

    def test_a_password_from_the_input(self):
        self.set_up_trial()
        self.done("line", "set", "102", "--password", "")
        self.assertIn("(not set)", self.done("line", "show", "102"))
        self.done("line", "set", "102", "--password", "-", stdin="se cret\nmore\n")
        self.assertIn("(set)", self.done("line", "show", "102"))

    def test_all_pages(self):
        self.set_up_trial()
        client = Client(self.server, Document())
        for number in range(1010):
            client.call("putUser", f"u{number:04}", body={}, status=201)
        client.connection.close()
        self.assertEqual(len(self.done("user", "list").splitlines()), 1012)
        self.assertEqual(len(json.loads(self.done("user", "list", "--json"))["items"]), 1011)

    def test_json(self):
        self.set_up_trial()
        self.assertEqual(json.loads(self.done("user", "show", "sales", "--json"))["login"], "on")
        self.assertEqual(json.loads(self.done("--json", "line", "add", "103"))["extension"], "103")
        self.assertEqual(json.loads(self.done("status", "--json"))["calls"]["count"], 15)
        for words in (("group", "list"), ("line", "list"), ("forward", "list", "102"),
                      ("journal",)):
            self.assertIn("items", json.loads(self.done(*words, "--json")))
        self.assertEqual(self.done("line", "remove", "103", "--json"), "")

    def test_one_of_several_groups(self):
        self.set_up_trial()
        self.done("group", "add", "other", *GROUP)
        self.assertIn("there are several groups", self.refused("line", "add", "105"))
        self.done("line", "add", "other/102")
        for words in (("line", "show", "102"), ("forward", "list", "102"), ("explain", "102")):
            self.assertIn("extension 102 is in several groups: other/102, trial/102",
                          self.refused(*words))
        self.done("line", "show", "other/102")
        self.done("line", "show", "102", "--group", "trial")
        self.assertIn("different groups", self.refused("line", "show", "other/102", "--group",
                                                       "trial", status=2))

    def test_names_with_anything(self):
        self.done("group", "add", "a b&c?d=e#%", *GROUP)
        self.done("line", "add", "a b&c?d=e#%/+49")
        self.assertIn("+49", self.done("line", "show", "+49"))
        self.done("user", "add", "--", "x=y")
        self.done("user", "show", "x=y")


class Forwardings(Case):
    def test_set_list_clear(self):
        self.set_up_trial()
        self.assertEqual(self.done("forward", "list", "102"),
                         "line trial/102 has no forwardings\n")
        self.assertEqual(self.done("forward", "set", "102", "immediate", "--from", "external",
                                   "--to", "0170 1234567"),
                         "line trial/102, immediate, external callers: to +491701234567\n")
        self.done("forward", "set", "trial/102", "dnd", "--to", "mailbox", "--off")
        self.assertEqual(self.done("forward", "list", "102").splitlines(), [
            "CONDITION  FROM      TARGET         ENABLED",
            "immediate  external  +491701234567  on",
            "dnd        all       mailbox        off"])
        self.assertEqual(self.done("forward", "set", "102", "dnd", "--on"),
                         "line trial/102, dnd, all callers: to mailbox\n")
        self.assertEqual(self.done("forward", "clear", "102", "immediate", "--from", "external"),
                         "line trial/102, immediate, external callers: removed\n")
        self.assertEqual(len(self.done("forward", "list", "102").splitlines()), 2)

    def test_exceptions(self):
        self.set_up_trial()
        self.assertEqual(self.done("exception", "list", "102"), "no exceptions\n")
        self.assertEqual(self.done("exception", "add", "102", "--caller", "089*", "--schedule",
                                   "mo-fr 08:00-17:00", "--target", "mailbox"),
                         "exception 1 of trial/102 added\n")
        self.assertEqual(self.done("exception", "add", "102", "--caller", "anonymous",
                                   "--ring", "on"), "exception 2 of trial/102 added\n")
        self.assertEqual(self.done("exception", "list", "102").splitlines(), [
            "POSITION  CONDITION  FROM  CALLER     SCHEDULE           TARGET   ENABLED  PRESENCE  "
            "UNTIL  CALLS LEFT",
            "1         immediate  all   +4989*     mo-fr 08:00-17:00  mailbox  on",
            "2         immediate  all   anonymous                     (rings)  on"])
        self.assertIn("exception schedule: cannot be read at character 1",
                      self.refused("exception", "set", "102", "1", "--schedule", "often"))
        self.done("exception", "set", "102", "1", "--until", "2030-01-01T00:00:00+01:00",
                  "--calls", "3", "--presence", "meeting")
        self.assertEqual(self.done("exception", "list", "102").splitlines()[1].split()[-3:],
                         ["meeting", "2029-12-31T23:00:00Z", "3"])
        self.assertIn("2029-12-31T23:00:00Z", self.done("exception", "show", "102", "1"))
        self.assertEqual(self.done("exception", "move", "102", "2", "1"),
                         "exception 2 of trial/102 moved to position 1\n")
        self.assertEqual([row.split()[:4] for row in
                          self.done("exception", "list", "102").splitlines()[1:]],
                         [["1", "immediate", "all", "anonymous"],
                          ["2", "immediate", "all", "+4989*"]])
        self.assertIn("exception position: must be a number from 1 to 999",
                      self.refused("exception", "move", "102", "2", "0"))
        self.assertIn("exception position: must be a whole number",
                      self.refused("exception", "move", "102", "2", "first"))
        self.assertIn("does not exist", self.refused("exception", "move", "102", "5", "1"))
        self.assertEqual(self.done("exception", "remove", "102", "1"),
                         "exception 1 of trial/102 removed\n")

    def test_administrative_forwardings_and_calendars(self):
        self.set_up_trial()
        self.done("calendar", "add", "holidays", "--days", "12-25, 2026-12-24..2027-01-01")
        self.assertEqual(self.done("admin-forward", "add", "trial", "night", "--target", "102",
                                   "--schedule", "mo-fr 18:00-08:00", "--calendar", "holidays",
                                   "--holidays", "always"), "admin_forwarding night added\n")
        self.assertEqual(self.done("admin-forward", "list", "trial").splitlines()[1],
                         "night  immediate  all   holidays  mo-fr 18:00-08:00  102     on")
        self.assertIn("calendar holidays is used by night of group trial",
                      self.refused("calendar", "remove", "holidays"))
        self.done("admin-forward", "remove", "trial", "night")
        self.done("calendar", "remove", "holidays")

    def test_profiles(self):
        self.set_up_trial()
        self.assertEqual(self.done("profile", "add", "sales", "out", "--presence", "away",
                                   "--forwardings", "immediate/all=103; busy/all=mailbox"),
                         "profile out added\n")
        self.assertEqual(self.done("profile", "apply", "sales", "out"), "profile out applied\n")
        self.assertIn("forwarded to 103", self.done("explain", "102", "--from", "030 555123"))
        self.assertEqual(self.done("profile", "list", "sales").splitlines(), [
            "NAME  APPLIED  UNTIL  PRESENCE  DND        FORWARDINGS",
            "out   on              away      unchanged  immediate/all=103; busy/all=mailbox"])
        self.assertEqual(self.done("profile", "end", "sales", "out"), "profile out ended\n")
        until = "2040-01-01T00:00:00Z"
        self.assertIn("profile out applied until 2040",
                      self.done("profile", "apply", "sales", "out", "--until", until))
        self.assertIn("is past", self.refused("profile", "apply", "sales", "out", "--until",
                                              "2020-01-01T00:00:00Z"))
        self.assertIn(until, self.done("profile", "show", "sales", "out"))
        self.done("profile", "set", "sales", "out", "--minutes", "30")
        self.assertEqual(self.done("profile", "remove", "sales", "out"), "profile out removed\n")

    def test_states_and_times_that_are_assumed(self):
        self.set_up_trial()
        self.done("user", "set", "sales", "--login", "on")
        self.done("forward", "set", "102", "busy", "--from", "external", "--to", "+491701234567")
        self.done("forward", "set", "102", "no_answer", "--to", "103", "--delay", "10")
        explain = ("explain", "102", "--from", "030 555123")
        self.assertIn("forwarded to +491701234567 (busy)", self.done(*explain, "--busy"))
        self.assertIn("forwarded to 103 (no answer)", self.done(*explain, "--no-answer"))
        self.done("exception", "add", "102", "--schedule", "sa,su", "--target", "104")
        self.assertIn("forwarded to 104",
                      self.done(*explain, "--at", "2026-11-28T12:00:00Z"))  # a Saturday
        self.assertIn("rings", self.done(*explain, "--at", "2026-11-27T12:00:00Z"))
        self.assertIn("must be a time as in", self.refused(*explain, "--at", "tomorrow"))

    def test_loops(self):
        self.set_up_trial()
        self.done("line", "add", "103", "--group", "trial")
        self.done("forward", "set", "103", "logged_off", "--to", "102")
        saved = self.done("forward", "set", "102", "immediate", "--to", "103")
        self.assertEqual(saved.splitlines(),
                         ["line trial/102, immediate, all callers: to 103",
                          "Warning: calls can go in a circle: 102 -> 103 -> 102; such a call ends "
                          "where it has been before"])
        self.assertIn("forwarding target: leads back to this line: 103 -> 102 -> 103",
                      self.refused("forward", "set", "103", "immediate", "--to", "102"))

    def test_refusals(self):
        self.set_up_trial()
        for words, message in (
                (("set", "102", "dnd", "--to", "102"), "forwarding target: is the line itself"),
                (("set", "102", "nix", "--to", "1"), "forwarding condition: must be one of"),
                (("clear", "102", "dnd", "--from", "nix"), "forwarding origin: must be one of"),
                (("clear", "102", "dnd"), "does not exist"),
                (("set", "102", "dnd", "--on"), "does not exist"),
                (("list", "999"), "there is no line 999 in any group"),
                (("list", "trial/999"), "line trial/999 does not exist")):
            self.assertIn(message, self.refused("forward", *words))
        for words in (("set", "102", "dnd"), ("set", "102"), ("set", "102", "dnd", "--on", "--off"),
                      ("set", "102", "dnd", "103")):
            self.refused("forward", *words, status=2)


class Decisions(Case):
    def test_explain(self):
        self.set_up_trial()
        self.done("forward", "set", "102", "immediate", "--from", "external", "--to", "mobile")
        self.assertEqual(self.done("explain", "102", "--from", "089 5555").splitlines(), [
            "+49895555 (external) calls trial/102: forwarded to +491701234567 (immediate)",
            "The PBX is told to dial 001701234567",
            "   1. no emergency service calls back",
            "   2. the line is enabled",
            "   3. the call has not been diverted too often",
            "   4. the immediate forwarding for external callers applies"])
        self.done("group", "set", "trial", "--forward-by", "bridge")
        self.assertEqual(self.done("explain", "102", "--from", "089 5555").splitlines()[1],
                         "By a second call of the line (bridged), which dials 001701234567")
        self.done("group", "set", "trial", "--forward-by", "auto")
        self.assertIn("101 (internal) calls trial/102: rings",
                      self.done("explain", "102", "--from", "101"))
        self.assertIn("forwarded to 700 (logged off)",
                      self.done("explain", "102", "--from", "101", "--login", "off"))
        self.assertIn("declined", self.done("explain", "102", "--from", "101", "--dnd", "on"))
        self.assertIn("umgeleitet", self.done("explain", "102", "--language", "de"))
        self.refused("explain", "102", "--dnd", "maybe", status=2)
        self.assertIn("explain language: must be one of en, de",
                      self.refused("explain", "102", "--language", "fr"))

    def test_number(self):
        self.set_up_trial()
        self.assertEqual(self.done("number", "trial", "0170 1234567").splitlines(), [
            "stored    +491701234567", "dialled   001701234567", "class     mobile",
            "origin    external", "forwarding permitted", "as caller +491701234567 (external)"])
        self.assertIn("forwarding refused: is an emergency number",
                      self.done("number", "trial", "112"))
        self.assertIn('"internal": true', self.done("number", "trial", "101", "--json"))
        self.assertIn("nowhere does not exist", self.refused("number", "nowhere", "101"))

    def test_journal(self):
        printed = self.done("journal", "main/101", "--limit", "1", "--trace").splitlines()
        self.assertEqual(printed[0], f"{journal_date()} 00:00:45  +4930123456 "
                         "\"J\ufffdrgen ?[31m? \ufffd\ufffd 📞\" (external) calls main/101")
        self.assertRegex(printed[1], "^    the caller hears ringing.*; outcome: missed$")
        self.assertEqual(printed[2], "   1. the line is enabled")
        self.assertEqual(len(self.done("journal").splitlines()), 8)
        self.assertIn("; why: the immediate forwarding", self.done("journal", "102"))
        self.assertEqual(len(self.done("journal", "--limit", "3").splitlines()), 6)
        self.assertEqual(len(self.done("journal", "--limit", "5000").splitlines()), 8)
        self.assertEqual(self.done("journal", "999"), "no calls\n")
        for limit in ("0", "x", "-1"):
            self.assertIn("journal limit: must be a number from 1 to 1000",
                          self.refused("journal", "--limit", limit))

    def test_journal_table(self):
        def table(*options):
            return list(csv.reader(io.StringIO(self.done("journal", "--csv", *options))))
        rows = table()
        self.assertEqual(len(rows), 5)
        self.assertEqual({len(row) for row in rows}, {22})
        newest = dict(zip(rows[0], rows[1]))
        self.assertEqual((newest["group"], newest["line"], newest["caller"], newest["internal"]),
                         ("main", "102", "+4930123456", "off"))
        self.assertEqual(newest["dialled"], "'@102")
        self.assertEqual(len(table("--limit", "1")), 2)

    def test_statistics(self):
        def calls_in(rows):
            return sum(int(count) for row in rows[1:] for count in row[1:])
        asked = ("--hours", "744")
        self.done("group", "add", "main", *GROUP)
        self.done("line", "add", "101", "--group", "main", "--password", "p")
        whole = json.loads(self.done("statistics", *asked, "--json"))
        of_line = json.loads(self.done("statistics", "main/101", *asked, "--json"))
        for figures, last in ((whole, 1), (of_line, 0)):
            counted = {outcome: count for outcome, count in figures["outcomes"].items() if count}
            self.assertEqual(counted, {"forwarded": 1, "declined": 1, "missed": 1,
                                       **({"answered_elsewhere": 1} if last else {})})
        for words, count in (((), 4), (("101", "--group", "main"), 3)):
            self.assertEqual(self.done("statistics", *words, *asked).splitlines()[0],
                             f"{count} calls")
            rows = list(csv.reader(io.StringIO(self.done("statistics", *words, *asked, "--csv"))))
            self.assertEqual((len(rows), rows[0][:2]), (745, ["time", "forwarded"]))
            self.assertEqual(calls_in(rows), count)
        self.assertIn("carried out by: 1 redirect\n", self.done("statistics", "main/101", *asked))
        self.assertIn("hours: must be a number from 1 to 744",
                      self.refused("statistics", "--hours", "x"))
        self.assertIn("does not exist", self.refused("statistics", "main/999"))

    def test_journal_filters(self):
        self.assertEqual(len(self.done("journal", "--outcome", "missed").splitlines()), 2)
        self.assertEqual(len(self.done("journal", "--caller", "+4930*").splitlines()), 8)
        self.assertEqual(self.done("journal", "--since", journal_date(1)), "no calls\n")
        self.assertEqual(self.done("journal", "--until", "10000d"), "no calls\n")
        self.assertIn("journal since: must be a time", self.refused("journal", "--since", "soon"))

    def test_audit(self):
        self.set_up_trial()
        for target in ("103", "104"):
            self.done("forward", "set", "102", "immediate", "--from", "external", "--to", target)
        printed = self.done("audit", "trial/102", "--limit", "1").splitlines()
        self.assertRegex(printed[0], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  administrator for sales "
                                     "changed forwarding trial/102/immediate/external  #5$")
        self.assertEqual(printed[1:], ['    target: "103" -> "104"'])
        self.assertEqual(self.done("revert", "#5"),
                         "forwarding trial/102/immediate/external changed\n")
        self.assertIn("has been changed since", self.refused("revert", "5"))
        self.done("revert", "5", "--force")
        self.assertIn("added user sales  #2\n", self.done("audit", "--kind", "user"))
        self.assertEqual(self.done("audit", "nowhere"), "no changes\n")
        entries = json.loads(self.done("audit", "--json", "--since", "1h"))["items"]
        self.assertEqual(len(entries), 6)
        rows = list(csv.DictReader(io.StringIO(self.done("audit", "--csv", "--since", "1h"))))
        for row, entry in zip(rows, entries, strict=True):
            for name in ("before", "after"):
                self.assertEqual(json.loads(row.pop(name) or "null"), entry.pop(name))
            self.assertEqual(row, {"for_user": "", **{name: str(value)
                                                      for name, value in entry.items()}})

    def test_status(self):
        self.set_up_trial()
        printed = self.done("status").splitlines()
        self.assertRegex(printed[0], r"^lineward \S+, up \d+ s, since 2023-11-14 22:13:20$")
        self.assertEqual(printed[1], "calls: 15 (5 forwarded, 4 declined, 3 missed, "
                         "2 answered elsewhere, 1 failed)")
        self.assertEqual(printed[-2:], [
            "GROUP  REGISTERED  REFUSED  UNREACHABLE  WAITING  DISABLED",
            "trial  1           1        0            0        0"])


class Trouble(Case):
    def test_refused_fields(self):
        self.assertEqual(self.refused("group", "add", "x", "--server", "s", "--max-diversions", "0",
                                      "--enabled", "maybe", "--register-rate", "x").splitlines(), [
            "lineward: group max-diversions: must be a number from 1 to 99",
            "lineward: group enabled: must be true or false",
            "lineward: group register-rate: must be a whole number",
            "lineward: group domain: is missing"])
        self.assertIn("user name: must not contain /", self.refused("user", "add", "a/b"))
        self.assertIn("user display-name: is not UTF-8",
                      self.refused("user", "add", "a", "--display-name", b"\xff"))

    def test_no_server(self):
        message = self.refused("status", LINEWARD_API="http://127.0.0.1:1/")
        self.assertIn("cannot reach the server at http://127.0.0.1:1: Connection refused", message)
        self.assertIn("lineward serve", message)
        self.refused("status", "--api", "nowhere.invalid")
        self.assertIn("no answer", self.refused("status", "--api", "ftp://127.0.0.1"))

    def test_no_token(self):
        missing = str(self.directory / "missing")
        self.assertIn(f"cannot read the token in {missing}: No such file or directory",
                      self.refused("status", "--token-file", missing))
        wrong = self.directory / "wrong"
        wrong.write_text("wrong\n", encoding="ascii")
        self.assertIn("does not accept the token",
                      self.refused("status", LINEWARD_TOKEN_FILE=str(wrong)))
        wrong.write_text(" \n", encoding="ascii")
        self.assertIn("there is no token in",
                      self.refused("status", LINEWARD_TOKEN_FILE=str(wrong)))

    def test_another_server(self):
        """Something else answers, and not as we do."""
        script = ("import http.server; s = http.server.HTTPServer(('127.0.0.1', 0), "
                  "http.server.SimpleHTTPRequestHandler); print(s.server_port, flush=True); "
                  "s.handle_request()")
        with subprocess.Popen(["python3", "-c", script], stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.DEVNULL) as other:
            port = other.stdout.readline().strip()
            self.assertIn("is it a lineward server?",
                          self.refused("status", "--api", f"http://127.0.0.1:{port}"))

    def test_a_full_disk(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            result = subprocess.run([os.environ["API_CLI"], "status"], stdout=full, timeout=30,
                                    stderr=subprocess.PIPE, check=False,
                                    env={**os.environ, **self.environment})
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"cannot write the output", result.stderr)


class Tokens(Case):
    def test_a_life(self):
        made = self.run_cli("token", "add", "monitoring", "--days", "30")
        self.assertEqual(made.returncode, 0)
        self.assertRegex(made.stdout, r"^lw_[0-9a-f]{12}_[0-9a-f]{64}\n$")
        serial = made.stdout.split("_")[1]
        self.assertIn(serial, made.stderr)
        listed = self.done("token", "list").splitlines()
        self.assertRegex(listed[1], rf"^{serial}  monitoring +read +\d{{4}}-")
        self.assertNotIn(made.stdout.split("_")[2].strip(), "".join(listed))
        self.assertEqual(self.done("token", "remove", serial), "")
        self.assertIn("does not exist", self.refused("token", "remove", serial))
        self.assertIn("days", self.refused("token", "add", "x", "--days", "0"))
        self.assertIn("scope", self.refused("token", "add", "x", "--scope", "all"))


class Presets(Case):
    def test_every_preset_makes_a_group(self):
        presets = json.loads(self.done("preset", "list", "--json"))["items"]
        self.assertIn("asterisk", [preset["name"] for preset in presets])
        for preset in presets:
            name = preset["name"]
            self.done("group", "add", name, "--preset", name, "--server", "pbx.example",
                      "--domain", "pbx.example")
            group = json.loads(self.done("group", "show", name, "--json"))
            given = {value["field"]: value["value"] for value in preset["values"]}
            given |= {"server": "pbx.example", "domain": "pbx.example"}
            for field, value in given.items():
                self.assertEqual(str(group[field]), value, f"{field} of {name}")
            shown = self.done("preset", "show", name)
            for value in preset["values"]:
                self.assertIn(value["reason"], shown)
        self.assertIn("there is no preset pbx",
                      self.refused("group", "add", "x", "--preset", "pbx", *GROUP))

    def test_the_api_tells_the_same(self):
        client = Client(self.server, Document())
        self.addCleanup(client.connection.close)
        self.assertEqual(client.call("listPresets", status=200).json,
                         json.loads(self.done("preset", "list", "--json")))


class Transfer(Case):
    def table(self, *rows):
        path = self.directory / "lines.csv"
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        return str(path)

    def test_import_of_a_table(self):
        self.set_up_trial()
        good = self.table("group,extension,user,user.mobile,forward.immediate.external",
                          "trial,110,anna,0170 1,102", "trial,102,sales,,")
        tried = self.done("import", "--dry-run", good)
        self.assertRegex(tried, r"users +1 +0 +0\nlines +1 +0 +1\nforwardings +1 +0 +0\n")
        self.assertNotIn("110", self.done("line", "list"))
        self.assertEqual(self.done("import", good), tried)
        self.assertIn("110", self.done("line", "list"))
        bad = self.table("group,extension,user", "trial,111,", "trial,1 2,", "trial,113,nobody")
        message = self.refused("import", bad)
        self.assertIn("row 3: line trial/1 2: extension must be digits", message)
        self.assertIn("row 4: line trial/113: user is no user that exists", message)
        self.assertIn("2 records cannot be imported; nothing was changed", message)
        self.assertNotIn("111", self.done("line", "list"))
        self.assertIn("No such file", self.refused("import", "/nonexistent.csv"))

    def test_export_and_back(self):
        self.set_up_trial()
        self.done("forward", "set", "102", "dnd", "--from", "internal", "--to", "mailbox")
        for words in (("export",), ("export", "--csv")):
            text = self.done(*words)
            path = self.directory / "export"
            path.write_text(text, encoding="utf-8")
            self.assertNotIn('"p"', text)
            self.assertRegex(self.done("import", str(path)), r"lines +0 +0 +1\n")

    def test_a_person_is_asked(self):
        """With a terminal, nothing happens before the preview was agreed to."""
        self.set_up_trial()
        path = self.table("group,extension", "trial,115")
        for answer, wanted in (("n", False), ("y", True)):
            command = f"{os.environ['API_CLI']} import {path}"
            result = subprocess.run(["script", "-qec", command, "/dev/null"], input=answer + "\n",
                                    text=True, capture_output=True, check=False, timeout=30,
                                    env={**os.environ, **self.environment})
            self.assertIn("Import? [y/N]", result.stdout)
            self.assertEqual("115" in self.done("line", "list"), wanted, result.stdout)


class Trace(Case):
    def test_messages_of_a_line(self):
        self.set_up_trial()
        shown = self.done("trace", "102", "--seconds", "1")
        self.assertIn("<--  2023-11-14T22:13:20.123Z  received from the PBX "
                      "192.0.2.1:5060 by udp\n"
                      "     OPTIONS sip:102@pbx SIP/2.0\n", shown)
        self.assertEqual(shown.count("OPTIONS"), 1)
        self.assertNotIn("\x1b", shown)
        lines = self.done("trace", "102", "--seconds", "0", "--json").splitlines()
        self.assertEqual(json.loads(lines[0])["number"], 5)
        self.refused("trace", "109")
        self.refused("trace", "102", "--seconds", "x", status=2)


class Shell(Case):
    """Completion and the manual page come from the table of commands."""

    def candidates(self, *words):
        return self.done("complete", *words).splitlines()

    def test_candidates(self):
        self.assertEqual(self.candidates("forw"), ["forward"])
        self.assertEqual(self.candidates("forward", ""), ["list", "set", "clear"])
        self.assertIn("immediate", self.candidates("forward", "set", "102", ""))
        self.assertEqual(self.candidates("forward", "set", "102", "busy", "--from", "e"),
                         ["external"])
        self.assertIn("--main-number", self.candidates("group", "add", "x", "--m"))
        self.assertEqual(self.candidates("line", "set", "102", "--enabled", "o"), ["on", "off"])
        self.assertEqual(self.candidates("nonsense", ""), [])

    def test_script_of_bash(self):
        """The script itself, in a real bash."""
        script = self.done("completion", "bash")
        program = self.directory / "lineward"
        program.symlink_to(os.environ["API_CLI"])
        lines = (f"{script}\nCOMP_WORDS=({program} group re); COMP_CWORD=2; _lineward\n"
                 "echo ${COMPREPLY[@]}")
        result = subprocess.run(["bash", "-c", lines], text=True, capture_output=True, check=False,
                                timeout=30, env={**os.environ, **self.environment})
        self.assertEqual((result.stdout, result.stderr), ("remove\n", ""))
        self.assertIn("bash, zsh or fish", self.refused("completion", "tcsh", status=2))

    def test_manual(self):
        page = self.done("manual")
        self.assertTrue(page.startswith(".TH LINEWARD 1"))
        for word in ("forward set EXT CONDITION", "register\\-rate", "EXIT STATUS"):
            self.assertIn(word.replace("--", "\\-\\-"), page)


if __name__ == "__main__":
    unittest.main()
