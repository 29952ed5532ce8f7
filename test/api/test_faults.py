#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A store that fails: whichever of its calls it is, the operation answers 503 with the cause,
changes nothing, and the server goes on."""

import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

from client import Client, Document, Server, fill

DOCUMENT = Document()

# Every operation once, in an order in which each succeeds.
WALK = (
    ("putGroup", ["new"], {"server": "s", "domain": "d"}, 201),
    ("changeGroup", ["new"], {"enabled": False}, 200),
    ("getGroup", ["new"], None, 200),
    ("listGroups", [], None, 200),
    ("addGroup", [], {"name": "other", "server": "s", "domain": "d"}, 201),
    ("removeGroup", ["other"], None, 204),
    ("putUser", ["new"], {}, 201),
    ("changeUser", ["new"], {"dnd": True}, 200),
    ("getUser", ["new"], None, 200),
    ("listUsers", [], None, 200),
    ("listDirectory", ["new"], None, 200),
    ("addUser", [], {"name": "other"}, 201),
    ("removeUser", ["other"], None, 204),
    ("putLine", ["new", "1"], {"user": "new", "password": "p"}, 201),
    ("changeLine", ["new", "1"], {"password": "q"}, 200),
    ("getLine", ["new", "1"], None, 200),
    ("listLines", [], None, 200),
    ("listLinesOfGroup", ["new"], None, 200),
    ("addLine", ["new"], {"extension": "2"}, 201),
    ("removeLine", ["new", "2"], None, 204),
    ("addDevice", ["new"], {"name": "desk"}, 201),
    ("getDevice", ["new", "desk"], None, 200),
    ("changeDevice", ["new", "desk"], {"line": ""}, 200),
    ("renewDevicePassword", ["new", "desk"], {}, 200),
    ("listDevices", ["new"], None, 200),
    ("listAllDevices", [], None, 200),
    ("removeDevice", ["new", "desk"], None, 204),
    ("putForwarding", ["new", "1", "dnd", "all"], {"target": "3"}, 201),
    ("changeForwarding", ["new", "1", "dnd", "all"], {"enabled": False}, 200),
    ("getForwarding", ["new", "1", "dnd", "all"], None, 200),
    ("listForwardings", ["new", "1"], None, 200),
    ("putException", ["new", "1", "1"], {"condition": "immediate", "target": "3"}, 201),
    ("changeException", ["new", "1", "1"], {"enabled": False}, 200),
    ("getException", ["new", "1", "1"], None, 200),
    ("addException", ["new", "1"], {"position": 2, "condition": "dnd", "target": "3"}, 201),
    ("listExceptions", ["new", "1"], None, 200),
    ("removeException", ["new", "1", "2"], None, 204),
    ("putProfile", ["new", "out"], {"forwardings": "dnd/all=3", "minutes": 5}, 201),
    ("changeProfile", ["new", "out"], {"presence": "away"}, 200),
    ("getProfile", ["new", "out"], None, 200),
    ("addProfile", ["new"], {"name": "other", "end_at": "17:00"}, 201),
    ("listProfiles", ["new"], None, 200),
    ("applyProfile", ["new", "out"], {}, 200),
    ("applyProfile", ["new", "other"], {}, 200),
    ("endProfile", ["new", "other"], None, 204),
    ("removeProfile", ["new", "other"], None, 204),
    ("removeProfile", ["new", "out"], None, 204),
    ("putCalendar", ["holidays"], {"days": "12-24"}, 201),
    ("changeCalendar", ["holidays"], {"days": "12-25"}, 200),
    ("getCalendar", ["holidays"], None, 200),
    ("addCalendar", [], {"name": "other", "days": "01-01"}, 201),
    ("listCalendars", [], None, 200),
    ("removeCalendar", ["other"], None, 204),
    ("putAdminForwarding", ["new", "night"], {"target": "3", "calendar": "holidays"}, 201),
    ("changeAdminForwarding", ["new", "night"], {"enabled": False}, 200),
    ("getAdminForwarding", ["new", "night"], None, 200),
    ("addAdminForwarding", ["new"], {"name": "other", "target": "3"}, 201),
    ("listAdminForwardings", ["new"], None, 200),
    ("removeAdminForwarding", ["new", "other"], None, 204),
    ("changeGroup", ["new"], {"enabled": True}, 200),
    ("startCheck", ["new"], {}, 202),
    ("listChecks", ["new"], None, 200),
    ("getCheck", ["new", "1"], None, 200),
    ("cancelCheck", ["new", "1"], {}, 204),
    ("listMessages", ["new", "1"], None, 200),
    ("getLineStatistics", ["new", "1"], None, 200),
    ("putForwardings", ["new", "1"], {"items": [
        {"condition": "dnd", "origin": "all", "target": "4"},
        {"condition": "busy", "origin": "all", "target": "3"}]}, 200),
    ("testNumber", ["new"], {"number": "5"}, 200),
    ("explainCall", ["new", "1"], {"from": "5"}, 200),
    ("testNumber", ["new"], {"number": "5"}, 200),
    ("putForwardings", ["new", "1"],
     {"items": [{"condition": "dnd", "origin": "all", "target": "4"}]}, 200),
    ("assumeClientState", ["new", "1"], {"clients": "busy", "calls": 1}, 200),
    ("getClientState", ["new", "1"], None, 200),
    ("forgetClientState", ["new", "1"], None, 204),
    ("listCalls", [], None, 200),
    ("listAlarms", [], None, 200),
    ("liftAlarm", ["1"], {}, 204),
    ("declineCall", ["2"], {}, 404),
    ("hangUpCall", ["2"], {}, 404),
    ("deflectCall", ["2"], {"to": "3"}, 404),  # its line is in a group that is not there
    ("removeForwarding", ["new", "1", "dnd", "all"], None, 204),
    ("listJournal", [], None, 200),
    ("listAudit", [], None, 200),
    ("getSetup", [], None, 200),
    ("getStatistics", [], None, 200),
    ("listSamples", [], None, 200),
    ("revertChange", ["1"], {}, 409),
    ("setUp", [], {"code": "", "name": "chief", "password": "pass word"}, 201),
    ("putUser", ["signs in"], {"password": "password"}, 201),
    ("signIn", [], {"name": "signs in", "password": "password"}, 201),
    ("getSession", [], None, 200),
    ("listSessions", ["signs in"], None, 200),
    ("signOut", [], None, 204),
    ("signIn", [], {"name": "signs in", "password": "password"}, 201),
    ("changePassword", ["signs in"], {"current": "password", "password": "pass word"}, 204),
    ("signOutEverywhere", ["signs in"], None, 204),
    ("addToken", [], {"name": "x"}, 201),
    ("listTokens", [], None, 200),
    ("removeToken", [], None, 204),
    ("getStatus", [], None, 200),
    ("testConnection", [], {"group": {"name": "try", "server": "s", "domain": "d"},
                            "line": {"extension": "9"}}, 201),
    ("getConnectionTest", ["1"], None, 200),
    ("listPresets", [], None, 200),
    ("importSettings", [], {"users": [{"name": "third"}]}, 200),
    ("exportSettings", [], None, 200),
    ("getHealth", [], None, 200),
    ("getReadiness", [], None, 200),
    ("getMetrics", [], None, 200),
    ("getEvents", [], None, 406),
)
AT_ONCE = 4  # servers
CAUSES = ("busy", "io", "memory")


class Faults(unittest.TestCase):
    def walk(self, client, code):
        """Goes through all operations; one that fails must succeed when it is tried again. Returns
        which failed."""
        failed, cookie, token = [], None, None
        for operation, path, body, wanted in WALK:
            as_sales = operation in ("getSession", "signOut", "listSessions") and cookie
            options = {"headers": cookie, "token": None} if as_sales else {}
            path = [token] if operation == "removeToken" else path
            if operation == "setUp":
                body = {**body, "code": code}
            answer = client.call(operation, *path, body=body, **options)
            if answer.status == 503:
                failed.append(operation)
                self.assertTrue(answer.json["detail"])
                answer = client.call(operation, *path, body=body, **options)
            # A change that was saved, but could not be shown again, is not reported as failed.
            self.assertEqual(answer.status, wanted, (operation, answer))
            if operation == "signIn":
                cookie = {"Cookie": answer.headers["Set-Cookie"].split(";")[0],
                          "X-Requested-With": "x"}
            if operation == "addToken":
                token = answer.json["serial"]
        return failed

    def test_the_walk_is_complete(self):
        self.assertEqual({step[0] for step in WALK}, set(DOCUMENT.operations))

    def try_call(self, call):
        """Has the store's call fail; returns which operations did, and the status after it."""
        with Server(fail=(call, CAUSES[call % len(CAUSES)])) as server:
            client = Client(server, DOCUMENT)
            failed = self.walk(client, server.setup_code)
            after = client.call("getStatus")
            client.connection.close()
        self.assertLessEqual(len(failed), 1)
        if after.status == 200:
            self.assertEqual([group["name"] for group in after.json["groups"]], ["new"])
        return failed, after.status

    def test_every_call_of_the_store_fails_once(self):
        refused, status = set(), 200
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for first in range(1, 1000, AT_ONCE):
                for failed, after in pool.map(self.try_call, range(first, first + AT_ONCE)):
                    refused.update(failed)
                    status = max(status, after)
                if status == 503:  # the walk has fewer calls: this was one behind it
                    break
        self.assertEqual(status, 503)
        self.assertEqual(set(DOCUMENT.operations) - refused,
                         {"getHealth", "listPresets", "getEvents", "listCalls", "declineCall",
                          "hangUpCall", "listAlarms", "listSamples", "getConnectionTest"})


class Durable(unittest.TestCase):
    def test_a_restart(self):
        """The store that is used in service keeps what was acknowledged."""
        with tempfile.TemporaryDirectory() as directory:
            for is_first in (True, False):
                with Server(data=directory) as server:
                    client = Client(server, DOCUMENT)
                    if is_first:
                        fill(client)
                    line = client.call("getLine", "main", "101", status=200).json
                    self.assertIs(line["password_set"], True)
                    client.connection.close()


if __name__ == "__main__":
    unittest.main()
