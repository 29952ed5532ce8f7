#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bodies that are JSON, and bodies that are none (RFC 8259): all cases of the public JSONTestSuite
by name (json_cases.py), and more in its categories; the inputs are our own. What is JSON is refused
with 422 at most (it is no record of ours), what is none with 400. Of what may be either way, only
that it is answered."""

import http.client
import unittest

import json_cases
from client import PREFIX, TOKEN, Server

PIECES = (b"1", b'"a"', b"true", b"null", b"[]", b"{}")

NUMBERS = (b"0", b"-0", b"1", b"-1", b"10", b"123456789", b"1.5", b"-1.5", b"0.5", b"-0.0",
           b"1e5", b"1E5", b"1e+5", b"1E+5", b"1e-5", b"1E-5", b"1.5e5", b"0e1", b"0e+1",
           b"20e1", b"123.456789", b"123e45", b"123.456e78",
           b"-0.000000000000000000000000000000000000001", b"1234567890123456", b"-123123123",
           b"9007199254740993")
NO_NUMBERS = (b"01", b"-01", b"00", b"+1", b"++1", b".5", b"-.5", b"1.", b"-1.", b"0.e1",
              b"1.e1", b"2.e+3", b"2.e-3", b"2.e3", b"1e", b"1e+", b"1E+", b"0e", b"0e+", b"0E",
              b"0.3e", b"0.3e+", b"1.0e", b"1.0e-", b"1eE2", b"1 000", b"1_000", b"0x1", b"0x42",
              b"0b1", b"NaN", b"-NaN", b"Inf", b"+Inf", b"Infinity", b"-Infinity", b"-", b"--1",
              b"-+1", b"- 1", b"-foo", b"1a", b"1.2a", b"1.8011670033376514H-308", b"9.e+",
              b"0.1.2", b"1+2", b".-1", b"1e1.5", b"\xef\xbc\x91", b"-2.", b"-1x", b"1ea",
              b"0.\xe5")
STRINGS = (b"", b"a", b"\\u0041", b"\\\"\\\\\\/\\b\\f\\n\\r\\t", b"\\uD834\\uDD1E",
           b"\\ud83d\\ude39", b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9d\x84\x9e",
           b"\xf4\x8f\xbf\xbf", b"\x7f", b" ", b"\\u0012", b"\\uFFFF", b"\\uFDD0",
           b"\\u2028\\u2029", b"\xe2\x80\xa8", b"\\u0061\\u30af", b"\\\\u0000", b"\\\\n",
           b"\\\"", b"/", b"\\u200B", b"\\u2064", b"\xef\xbf\xbf", b"[{,:}]", b"\\uDBFF\\uDFFE",
           b"\\u0022", b"\\u005C", b"asd\xc2\x80", b"\xed\x9f\xbf", b"\xee\x80\x80")
NO_STRINGS = (b"\\x00", b"\\a", b"\\v", b"\\0", b"\\'", b"\\ ", b"\\U0041", b"\\u", b"\\u1",
              b"\\u12", b"\\u123", b"\\u123g", b"\\u{41}", b"\\uD800\\u", b"\\uD800\\u1",
              b"\\uD800\\u1x", b"\\", b"\\\\\\", b"\n", b"\t", b"\r", b"\x00", b"\x01", b"\x1f",
              b"a\x00a", b"\\\xe5", b"\\u\xe5", b"\xff", b"\x80", b"\xc0\x80", b"\xc0\xaf",
              b"\xc1\xbf", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf",
              b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80",
              b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80", b"\xc3", b"\xe2\x82",
              b"\xf0\x9d\x84", b"\xe9\xe9", b"\xfe", b"\\\xf0\x9f\x8c\x80")
LITERALS = (b"true", b"false", b"null")
NO_LITERALS = (b"nul", b"tru", b"fals", b"True", b"TRUE", b"NULL", b"nan", b"undefined",
               b"truth", b"nulll", b"falsey", b"'a'", b"`a`", b"a", b"\xc3\xa9", b"<null>",
               b"\xe2\x81\xa0", b"#", b"@", b"$", b"*", b"//", b"/**/", b"\\u0041", b"tru\x00")
ARRAYS = (b"[]", b"[ ]", b"[\n]", b"[[]]", b"[1,2]", b"[1 , 2]", b"[null, 1, \"1\", {}]",
          b"[[[]]]", b"[\"\"]", b"[1\n]", b"[ 1]", b"[2] ", b"[null,null,null]", b"[ 4]",
          b"[\t1\r\n,\t2 ]")
NO_ARRAYS = (b"[", b"]", b"[1", b"[1,", b"[1,]", b"[,1]", b"[,]", b"[1,,2]", b"[1 2]", b"[1:2]",
             b"[1]]", b"[1],", b"[1]x", b"[\"", b"[\"a", b"[\"a\",\n4\n,1,", b"[\"\": 1]",
             b"[1}", b"[x", b"[x]", b"[,\"\"]", b"[\"\",]", b"[\"a\" \"b\"]", b"[3[4]]",
             b"[1;2]", b"[*]", b"[\"\x0b\"\\f]", b"[\x0b]", b"[\xa0]", b"[1]\x00", b"[\x0c]",
             b"[-", b"[<null>]", b"[\"x\"]]", b"[][]", b"[1,\n1\n,1", b"[{}", b"[a\xe5]",
             b"[1]\xe5")
OBJECTS = (b"{}", b"{ }", b'{"a":1}', b'{"a" : 1 }', b'{"":0}', b'{"a":[]}', b'{"a":{"b":{}}}',
           b'{"a":1,"b":2}', b'{"\\u0061":1}', b'{"\xd0\xbf":1}', b'{"a":"b",\n"c":"d"}',
           b'{"min":-1e28,"max":1e28}', b'{"x":[{"id":"xx"}]}', b'{"a":null}', b'\t\n\r {}',
           b'{} \t\n\r', b'{"a\\"b":1}', b'{"A":1,"a":1}')
NO_OBJECTS = (b"{", b"}", b'{"a"', b'{"a":', b'{"a":1', b'{"a":1,', b'{"a":1,}', b'{,"a":1}',
              b'{"a":1,,"b":2}', b'{"a" 1}', b'{"a"::1}', b'{"a",1}', b'{a:1}', b"{'a':1}",
              b'{1:1}', b'{null:1}', b'{[]:1}', b'{"a":1}}', b'{"a":1}x', b'{"a":1}#',
              b'{"a":1}//', b'{"a":1}/**/', b'{"a":1}/', b'{"a":1 "b":2}', b'{"a":"a" 1}',
              b'{"a":1]', b'{"a"]', b'{"a":"b"', b'{"a', b'{"a":"', b'{:1}', b'{:"b"}',
              b'{"a":}', b'{"a":1;}', b'{9999E9999:1}', b'{\xf0\x9f\x87\xa8}', b'{"a":1}"',
              b'{"a":/*x*/1}', b"{*}", b'{"x", null}', b'{"x"::"b"}', b'{"a":1,}',
              b'{"\xb9":"0",}', b'{"id":0,,,,,}', b'{{"a":1}}', b'{"asd":"asd', b"{]", b'{"":',
              b'{"a":["b"', b'{"a":1}\x00')
STRUCTURES = (b"", b" ", b"\n", b"\x00", b"\xef\xbb\xbf", b"\xef\xbb\xbf{}",
              b"\xff\xfe[\x00]\x00", b"\x00[\x00]", b"\xe5", b"<.>", b"*", b"\\", b"abc", b"'",
              b'"', b"\xe2\x81\xa0[]", b"[" * 33, b"[" * 60000, b'[{"":' * 10000,
              b"[" * 40 + b"]" * 40, b'{"a":' * 33 + b"1" + b"}" * 33, b"{}{}", b"[]{}",
              b"[] []", b"1 2", b"//\n{}", b"/**/{}", b"{}//", b"{}\x0c", b"\x0c{}",
              b"\xc2\xa0{}", b"{}\xe2\x80\x83", b"[1,", b",", b":", b"]", b"}", b"%7B%7D",
              b"{} ,")
SCALARS = (b"1", b'"a"', b"true", b"null", b"-0", b'""', b" 1 ")  # well-formed, but not for us
EITHER = (b'["\\uD800"]', b'["\\uDC00"]', b'["\\uDFAA"]', b'["\\ud800\\ud800"]', b"[1e400]",
          b"[-1e400]", b"[123123e100000]", b"[100000000000000000000]",
          b'["\xe6\x97\xa5\xd1\x88\xfa"]', b'["\\uD834\\uDd"]', b"[1e-400]",
          b"[0.4e006699999999999999999999999999999999]")


def accepted():
    yield from (b"[" + number + b"]" for number in NUMBERS)
    yield from (b'{"a":' + number + b"}" for number in NUMBERS)
    yield from (b'["' + string + b'"]' for string in STRINGS)
    yield from (b'{"x' + string + b'":1}' for string in STRINGS)
    yield from (b"[" + literal + b"]" for literal in LITERALS)
    yield from ARRAYS
    yield from OBJECTS
    yield from (b"[" * depth + b"]" * depth for depth in (1, 2, 31, 32))
    yield from (b'{"a":' * depth + b"1" + b"}" * depth for depth in (1, 2, 31, 32))
    yield from (b"[%s,%s]" % (a, b) for a in PIECES for b in PIECES)
    yield from (space + b"{}" + space for space in (b" ", b"\t", b"\n", b"\r", b" \r\n\t"))


def refused():
    yield from (b"[" + number + b"]" for number in NO_NUMBERS)
    yield from (b'{"a":' + number + b"}" for number in NO_NUMBERS)
    yield from (b'["' + string + b'"]' for string in NO_STRINGS)
    yield from (b'{"' + string + b'":1}' for string in NO_STRINGS)
    yield from (b"[" + literal + b"]" for literal in NO_LITERALS)
    yield from NO_ARRAYS
    yield from NO_OBJECTS
    yield from STRUCTURES
    whole = b'{"a": ["b", 1.5e3, true, null, {"c": "\\u00e9"}], "d": -2}'
    yield from (whole[:cut] for cut in range(len(whole)))
    yield from (whole[:i] + b"\x00" + whole[i + 1:] for i in range(len(whole)))
    yield from (b'{"a":1,"a":2}', b'{"a":1,"\\u0061":2}', b'["\\u0000"]', b'{"\\u0000":1}')


class Json(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())

    def setUp(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        self.addCleanup(self.connection.close)

    def status(self, body):
        self.connection.request("POST", PREFIX + "/groups", body, {
            "Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})
        response = self.connection.getresponse()
        response.read()
        return response.status

    def test_no_case_that_is_none_is_accepted(self):
        self.assertEqual(len(json_cases.NO_JSON), 193)
        for name, body in json_cases.NO_JSON.items():
            self.assertEqual(self.status(body), 400, name)

    def test_every_case_that_is_json_is_accepted(self):
        """But for NULs and keys that come twice; and only objects and arrays are looked at."""
        self.assertEqual(len(json_cases.JSON), 95)
        for name, body in json_cases.JSON.items():
            refused = json_cases.NUL | json_cases.DUPLICATES | json_cases.SCALARS
            self.assertEqual(self.status(body), 400 if name in refused else 422, name)

    def test_what_is_json(self):
        for body in accepted():
            self.assertEqual(self.status(body), 422, body)

    def test_what_is_none(self):
        for body in refused():
            self.assertEqual(self.status(body), 400, body[:100])

    def test_what_is_no_object(self):
        for body in SCALARS:
            self.assertIn(self.status(body), (400, 422), body)

    def test_what_may_be_either(self):
        for body in EITHER:
            self.assertIn(self.status(body), (400, 422), body)

    def test_there_are_enough(self):
        self.assertGreater(len(set(accepted())), 150)
        self.assertGreater(len(set(refused())), 350)


if __name__ == "__main__":
    unittest.main()
