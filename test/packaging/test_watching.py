#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Grafana dashboard and the alerts ask for metrics and labels that the server really has."""

import json
import os
import re
import signal
import subprocess
import tempfile
import unittest
import urllib.request
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parents[2] / "packaging/grafana"
OTHERS = {"up"}  # Prometheus makes it


def expressions():
    """What the dashboard and the alerts ask Prometheus, by the name of the panel or alert."""
    dashboard = json.loads((FOLDER / "lineward.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            match = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"])
            yield variable["name"], f'{match[1]}{{{match[2]}="x"}}'
    for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]


def ask(server, url, directory):
    """The metrics page of a server that is starting, once it has a group."""
    while "msg=ready" not in (line := server.stderr.readline()):
        assert line, "the server did not start"
    token_file = directory + "/data/api.token"
    token = Path(token_file).read_text(encoding="ascii").strip()
    subprocess.run([os.environ["LINEWARD"], "group", "add", "main", "--server", "127.0.0.1:9",
                    "--domain", "pbx"], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "LINEWARD_API": url, "LINEWARD_TOKEN_FILE": token_file})
    request = urllib.request.Request(url + "/api/v1/metrics",
                                     headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode()


def scrape():
    """The metrics of a running server with their labels."""
    base = int(os.environ.get("LINEWARD_PORT_BASE", "25000"))
    url = f"http://127.0.0.1:{base + 392}"
    with tempfile.TemporaryDirectory() as directory:
        with subprocess.Popen(
                [os.environ["LINEWARD"], "serve", "--data-dir", directory + "/data", "--sip",
                 f"127.0.0.1:{base + 393}", "--api", url.removeprefix("http://")],
                stderr=subprocess.PIPE, text=True) as server:
            try:
                text = ask(server, url, directory)
            finally:
                server.send_signal(signal.SIGTERM)
                server.stderr.read()
    metrics = {}
    for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? ", text, re.MULTILINE):
        metrics.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return metrics


class Watching(unittest.TestCase):
    def test_all_that_is_asked_for_is_there(self):
        metrics, asked = scrape(), set()
        for where, expression in expressions():
            names = re.findall(r"\b((?:lineward|process)_\w+|up)\b(?:\{([^}]*)\})?", expression)
            self.assertTrue(names, f"{where}: {expression}")
            for name, labels in names:
                asked.add(name)
                if name in OTHERS:
                    continue
                self.assertIn(name, metrics, where)
                used = set(re.findall(r"(\w+)\s*[=!]", labels)) - {"instance", "job"}
                self.assertLessEqual(used, metrics[name], f"{where}: {expression}")
            by = re.findall(r"by \(([^)]*)\)", expression)
            used = {label.strip() for labels in by for label in labels.split(",")} - {"instance"}
            known = set().union(*(metrics.get(name, set()) for name, _labels in names))
            self.assertLessEqual(used, known, where)
        self.assertGreater(len(asked), 10)


if __name__ == "__main__":
    unittest.main()
