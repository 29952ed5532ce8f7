#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The web client's files as a browser, and a stranger, fetch them: what may be kept, in which form
they come, what a page may do, and that there is no way out of them."""

import gzip
import http.client
import re
import unittest

from client import Server

POLICY = ("default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
          "frame-ancestors 'none'", "base-uri 'self'")


class ClientFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.enterClassContext(cls.server)
        cls.page = cls.fetch("/")[2].decode()

    @classmethod
    def fetch(cls, path, method="GET", **headers):
        """Asks for exactly `path`; returns (status, headers, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", cls.server.port, timeout=10)
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, response.headers, body

    def asset(self):
        """The path of the program that the page loads."""
        found = re.search(r'src="\./(assets/[^"]+\.js)"', self.page)
        if not found:
            self.skipTest("built without the web client")
        return "/" + found[1]

    def test_page(self):
        status, headers, body = self.fetch("/")
        self.assertEqual(status, 200)
        self.assertEqual(headers["Content-Type"], "text/html; charset=utf-8")
        self.assertEqual(headers["Cache-Control"], "no-cache")
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(headers["Referrer-Policy"], "same-origin")
        for part in POLICY:
            self.assertIn(part, headers["Content-Security-Policy"])
        self.assertNotIn("unsafe", headers["Content-Security-Policy"])
        self.assertIn(b"<!doctype html>", body)
        self.assertNotRegex(self.page, r"<script>|<style|\sstyle=|\son\w+=")

    def test_way_back_to_the_beginning(self):
        """A page below other ones finds the files, whatever path a proxy has put before it."""
        for path, base in (("/", "./"), ("/index.html", "./"), ("/forwardings", "./"),
                           ("/admin/lines", "./../"), ("/admin/lines/main/101", "./../../../"),
                           ("/admin/", "./../")):
            status, _, body = self.fetch(path)
            self.assertEqual(status, 200, path)
            self.assertIn(f'<base href="{base}">', body.decode(), path)

    def test_program(self):
        path = self.asset()
        status, headers, plain = self.fetch(path)
        self.assertEqual(status, 200)
        self.assertEqual(headers["Content-Type"], "text/javascript; charset=utf-8")
        self.assertEqual(headers["Cache-Control"], "public, max-age=31536000, immutable")
        self.assertEqual(headers["Vary"], "Accept-Encoding")
        self.assertIsNone(headers["Content-Encoding"])
        self.assertEqual(int(headers["Content-Length"]), len(plain))
        self.assertGreater(len(plain), 10_000)

    def test_forms(self):
        path = self.asset()
        plain = self.fetch(path)[2]
        for accepted, form in (("gzip", "gzip"), ("gzip, deflate, br", "br"), ("BR;q=0.5", "br"),
                               ("br;q=0, gzip", "gzip"), ("br;q=0.000", None), ("identity", None),
                               ("gzip;q=0.001", "gzip"), ("deflate", None), ("", None)):
            _, headers, body = self.fetch(path, Accept_Encoding=accepted)
            self.assertEqual(headers["Content-Encoding"], form, accepted)
            self.assertEqual(int(headers["Content-Length"]), len(body))
            if form == "gzip":
                self.assertEqual(gzip.decompress(body), plain)
            if form == "br":
                self.assertLess(len(body), len(gzip.compress(plain)))
            if form is None:
                self.assertEqual(body, plain)

    def test_known(self):
        for path in ("/", "/forwardings", "/icon.svg") if "icon.svg" in self.page else ("/",):
            for coding in ("", "br"):
                tag = self.fetch(path, Accept_Encoding=coding)[1]["ETag"]
                for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
                    status, headers, body = self.fetch(path, Accept_Encoding=coding,
                                                       If_None_Match=known)
                    self.assertEqual((status, body), (304, b""), (path, known))
                    self.assertEqual(headers["ETag"], tag)
                self.assertEqual(self.fetch(path, If_None_Match='"other"')[0], 200)

    def test_forms_have_tags_of_their_own(self):
        path = self.asset()
        tags = {self.fetch(path, Accept_Encoding=coding)[1]["ETag"]
                for coding in ("", "gzip", "br")}
        self.assertEqual(len(tags), 3)
        self.assertNotEqual(self.fetch("/")[1]["ETag"], self.fetch("/a/b")[1]["ETag"])

    def test_head(self):
        for path in ("/", "/forwardings"):
            whole = self.fetch(path)
            status, headers, body = self.fetch(path, method="HEAD")
            self.assertEqual((status, body), (200, b""))
            self.assertEqual(headers["Content-Length"], str(len(whole[2])))

    def test_no_way_out(self):
        for path in ("/../api.token", "/assets/../../api.token", "/%2e%2e/api.token", "/..%2fx",
                     "/assets/..%5c..%5capi.token", "//etc/passwd", "/assets/nothing.js",
                     "/assets/", "/a%00b", "/./x", "/a/../index.html", "/" + "a/" * 30,
                     "/" + "a" * 400):
            status, headers, _ = self.fetch(path)
            self.assertEqual(status, 404, path)
            self.assertEqual(headers["Content-Type"], "application/problem+json")

    def test_the_api_stays_the_api(self):
        for path, status in (("/api", 401), ("/api/v1/nothing", 401), ("/api/v1/health", 200)):
            self.assertEqual(self.fetch(path)[0], status, path)
        self.assertEqual(self.fetch("/", method="POST", Content_Length="0")[0], 401)
        self.assertEqual(self.fetch("/forwardings", method="DELETE")[0], 401)


if __name__ == "__main__":
    unittest.main()
