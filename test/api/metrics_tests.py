# SPDX-License-Identifier: Apache-2.0
"""Tests of the figures for Prometheus."""

import re

from client import GROUP, Client, Document, Server

DOCUMENT = Document()


class MetricsTests:
    """Mixed into a test case of test_operations.py, whose settings they work on."""

    def test_metrics(self):
        text = self.call("getMetrics", status=200).body.decode()
        samples = {}
        for line in text.splitlines():
            if line.startswith("#"):
                self.assertRegex(line, r"^# (HELP|TYPE) [a-z_]+ ")
                continue
            match = re.fullmatch(r'([a-z_]+(?:\{[a-z]+="(?:[^"\\]|\\.)*"(?:,[a-z]+="[^"]*")*\})?) '
                                 r"([0-9.]+)", line)
            self.assertIsNotNone(match, line)
            self.assertNotIn(match[1], samples)
            samples[match[1]] = float(match[2])
        self.assertEqual(samples["lineward_calls_total"], 15)
        self.assertEqual(samples['lineward_lines{group="main",state="refused"}'], 1)
        self.assertGreater(samples['lineward_api_requests_total{status="201"}'], 3)
        for name in {name.split("{")[0] for name in samples}:
            self.assertIn(f"# TYPE {name} ", text)
        self.call("addGroup", body={**GROUP, "name": 'a"b\\c'}, status=201)
        self.assertIn(r'{group="a\"b\\c",state="waiting"}',
                      self.call("getMetrics").body.decode())

    def test_metrics_of_the_store_and_of_verdicts(self):
        with Server(fail=(9, "busy")) as server:
            client = Client(server, DOCUMENT)
            statuses = [client.call("listGroups").status for _ in range(9)]
            self.assertEqual(statuses.count(503), 1)
            text = client.call("getMetrics", status=200).body.decode()
            client.connection.close()
        for line in ('store_errors_total{cause="busy"} 1', 'store_errors_total{cause="io"} 0',
                     'alarms_total{state="overload"} 4',
                     'verdicts_total{verdict="redirect",reason="user-busy",cause="486"} 3',
                     'verdicts_total{verdict="decline",reason="",cause=""} 2'):
            self.assertIn(f"lineward_{line}\n", text)

    def test_metrics_without_a_token(self):
        self.call("getMetrics", token=None, status=401)
        with Server(environment={"API_METRICS_OPEN": "1"}) as server:
            client = Client(server, DOCUMENT)
            client.call("getMetrics", token=None, status=200)
            client.call("getStatus", token=None, status=401)
            client.connection.close()
