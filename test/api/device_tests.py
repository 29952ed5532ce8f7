# SPDX-License-Identifier: Apache-2.0
"""SIP devices of users: their credentials are made by the server, and shown once."""

import hashlib
import re


class DeviceTests:
    def add(self, name, **body):
        return self.call("addDevice", "sales", body={"name": name, **body}, status=201)

    def test_credentials_are_made_and_shown_once(self):
        answer = self.add("desk")
        self.assertTrue(answer.headers["Location"].endswith("/users/sales/devices/desk"))
        device = answer.json
        self.assertRegex(device["sip_user"], r"^[a-z][a-z0-9]{9}$")
        self.assertRegex(device["password"], r"^[a-z][a-z0-9]{23}$")
        self.assertEqual((device["realm"], device["line"]), ("lineward", ""))
        self.assertEqual(device["bindings"], [])
        shown = self.call("getDevice", "sales", "desk", status=200)
        self.assertNotIn("password", shown.json)
        self.assertIs(shown.json["password_set"], True)
        whole = f"{device['sip_user']}:lineward:{device['password']}".encode()
        for answer in (shown, self.call("listDevices", "sales", status=200),
                       self.call("listAudit", query={"kind": "device"}, status=200),
                       self.call("exportSettings", status=200)):
            for secret in (device["password"], hashlib.md5(whole).hexdigest(),
                           hashlib.sha256(whole).hexdigest()):
                self.assertNotIn(secret, answer.body.decode())
        self.assertNotIn("devices", self.call("exportSettings", status=200).json)

    def test_a_new_password(self):
        old = self.add("desk").json
        new = self.call("renewDevicePassword", "sales", "desk", body={}, status=200).json
        self.assertEqual(new["sip_user"], old["sip_user"])
        self.assertNotEqual(new["password"], old["password"])
        entry = self.call("listAudit", query={"kind": "device"}, status=200).json["items"][0]
        self.assertEqual((entry["key"], entry["action"]), ("sales/desk", "changed"))
        self.call("removeDevice", "sales", "desk", status=204)
        self.call("getDevice", "sales", "desk", status=404)

    def test_what_is_made_is_not_chosen(self):
        for field, reason in (("password", "is made by the server"),
                              ("colour", "is not a field of a device")):
            answer = self.call("addDevice", "sales", body={"name": "desk", field: "x"}, status=422)
            self.assertEqual(answer.fields, {field: reason})
        device = self.add("desk", sip_user="100").json
        self.assertNotEqual(device["sip_user"], "100")
        whole = self.call("getDevice", "sales", "desk", status=200).json
        changed = self.call("changeDevice", "sales", "desk", body={**whole, "sip_user": "100"},
                            status=200).json
        self.assertEqual(changed, whole)

    def test_the_line_is_the_users(self):
        self.add("desk", line="main/101")
        for wrong in ("main/102", "main/999", "101", "/", "main/", "nowhere/101"):
            answer = self.call("changeDevice", "sales", "desk", body={"line": wrong}, status=422)
            self.assertEqual(list(answer.fields), ["line"], wrong)
        self.call("changeDevice", "sales", "desk", body={"line": None}, status=200)
        etag = self.call("getDevice", "sales", "desk", status=200).headers["ETag"]
        self.call("changeDevice", "sales", "desk", body={"line": "main/101"}, status=200,
                  headers={"If-Match": etag})
        for operation, body in (("changeDevice", {"line": ""}), ("removeDevice", None)):
            self.call(operation, "sales", "desk", body=body, headers={"If-Match": etag}, status=412)

    def test_there_are_not_too_many(self):
        count = len(self.call("listDevices", "sales", status=200).json["items"])
        for i in range(16 - count):
            self.add(f"d{i}")
        answer = self.call("addDevice", "sales", body={"name": "more"}, status=409)
        self.assertIn("has 16 devices already", answer.json["detail"])
        self.call("addDevice", "sales", body={"name": "d0"}, status=409)
        self.call("changeDevice", "sales", "d0", body={"line": "main/101"}, status=200)

    def test_they_go_with_their_user(self):
        self.call("addUser", body={"name": "gone"}, status=201)
        self.call("addDevice", "gone", body={"name": "desk"}, status=201)
        self.call("removeUser", "gone", status=204)
        self.call("addUser", body={"name": "gone"}, status=201)
        self.assertEqual(self.call("listDevices", "gone", status=200).json["items"], [])
        actions = [entry["action"] for entry in
                   self.call("listAudit", query={"key": "gone/desk"}, status=200).json["items"]]
        self.assertEqual(actions, ["removed", "added"])

    def test_where_a_device_is_registered(self):
        # The server under test says so of the first device there is (api_server.c).
        device = self.call("listDevices", "sales", status=200).json["items"][0]
        self.assertEqual(device["bindings"], [{
            "contact": "sip:a@192.0.2.9:5062", "source": "192.0.2.9:40000", "transport": "tls",
            "since": "2023-11-14T22:13:20Z", "expires": "2023-11-14T22:18:20Z",
            "user_agent": "Telephone/1.0", "reachable": True}])

    def test_names(self):
        for wrong in ("a/b", "-a", ".", ""):
            answer = self.call("addDevice", "sales", body={"name": wrong}, status=422)
            self.assertEqual(list(answer.fields), ["name"])
        self.call("addDevice", "nobody", body={"name": "desk"}, status=404)
        names = {self.add(f"x{i}").json["sip_user"] for i in range(4)}
        self.assertEqual(len(names), 4)
        self.assertTrue(all(re.fullmatch(r"[a-z2-9]+", name) for name in names))
