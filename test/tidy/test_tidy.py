#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/tidy must find each offence: small trees, clean but for one thing, and what it says of it.

A check that cannot fail is worthless. So the clean tree passes, and for each row of OFFENCES tidy
says one thing, and this one.
"""

import atexit
import functools
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

TIDY = Path(__file__).resolve().parents[2] / "tools" / "tidy"
TO_DO = "TO" + "DO"

# A project without fault: "=== PATH", then the file. LICENCE stands for the licence line.
CLEAN = """
=== README.md
# Example

Run `./dev run`, then `./dev check`. See [the layers](docs/architecture.md).
=== docs/architecture.md
# Architecture

| folder | may include | kind |
|---|---|---|
| `src/base` | nothing | pure |
| `src/model` | base | pure |
| `src/sip` | base | pure |
| `src/phone` | model, base | pure |
| `src/calendar` | model, base | pure |
| `src/code` | model, base | pure |
| `src/fwd` | calendar, phone, model, base | pure |
| `src/locate` | model, base | pure |
| `src/txn` | sip, base | pure |
| `src/line` | txn, sip, phone, model, base | pure |
| `src/client` | txn, sip, phone, model, base | pure |
| `src/call` | line, client, code, txn, fwd, sip, phone, model, base | pure |
| `src/check` | model, base | pure |
| `src/watch` | call, line, client, code, txn, fwd, sip, phone, model, base | pure |
| `src/desk` | call, line, client, code, txn, fwd, sip, phone, model, base | pure |
| `src/engine` | desk, watch, check, call, line, client, code, txn, fwd, sip, phone, model, \
base | pure |
| `src/net` | base | effects |
| `src/store` | phone, model, base | effects |
| `src/country` | phone, model, base | effects |
| `src/zone` | model, base | effects |
| `src/settings` | zone, country, store, phone, fwd, calendar, code, model, base | effects |
| `src/web` | base | effects |
| `src/api` | web, settings, store, fwd, phone, model, base | effects |
| `src/cli` | model, base | effects |
| `src/app` | all | effects |
=== tools/pure_symbols
[all]
str* # on its arguments alone
[sip]
EVP_Digest*
=== tools/tidy_exceptions
# none
=== src/base/base.h
// LICENCE
// The foundation.
#pragma once

#include <stddef.h>

size_t base_length(const char *text);
=== src/base/span.h
// LICENCE
// A part of the foundation.
=== src/base/base.c
// LICENCE
// The foundation.
#include "base/base.h"

#include "base/span.h"
#include <string.h>

size_t base_length(const char *text)
{
    return strlen(text);
}
=== src/sip/sip.h
// LICENCE
// Messages.
unsigned long sip_length(const char *text);
=== src/sip/sip_int.h
// LICENCE
// What the files of sip share.
=== src/sip/sip.c
// LICENCE
// Messages.
#include "sip/sip.h"
#include "base/base.h"
#include "sip/sip_int.h"

static const char *const names[] = {"INVITE", "ACK"};

unsigned long sip_length(const char *text)
{
    return base_length(text) + base_length(names[text[0] == 'A']);
}
=== src/net/net.h
// LICENCE
// The network.
void net_send(void);
=== src/net/net.c
// LICENCE
// The network.
#include "net/net.h"
#include <unistd.h>

static int count;

void net_send(void)
{
    count += getpid();
}
=== test/unit/helper.h
// LICENCE
// What tests share.
=== test/unit/test_sip.c
// LICENCE
// Tests of sip.
#include "sip/sip.h"
#include "unit/helper.h"
=== web/app.ts
// LICENCE
// The web client.
=== dev
#!/usr/bin/env bash
# LICENCE
# All commands.
""".replace("LICENCE", "SPDX-License-Identifier: Apache-2.0")

LICENCE_LINE = "// SPDX-License-Identifier: Apache-2.0\n"
RETURN = "    return base_length(text) +"
LAST_LINES = "names[text[0] == 'A']);\n}\n"

# (what is wrong, file, text, what replaces it - a new file if the text is empty -, what tidy says)
OFFENCES = (
    ("a layer above", "src/sip/sip.c", "// Messages.", '// Messages.\n#include "net/net.h"',
     "src/sip/sip.c:3: sip may not include net (it may include: base) [include]"),
    ("a layer above, in a header", "src/sip/sip.h", "// Messages.",
     '// Messages.\n#  include "net/net.h" // for net_send',
     "src/sip/sip.h:3: sip may not include net"),
    ("a part of another folder", "src/net/net.c", '"net/net.h"', '"base/span.h"',
     'src/net/net.c:3: outside of base/ only "base/base.h" may be included'),
    ("the inside of a folder, in a test", "test/unit/test_sip.c", "sip/sip.h", "sip/sip_int.h",
     'test/unit/test_sip.c:3: outside of sip/ only "sip/sip.h" may be included'),
    ("a header without its folder", "src/sip/sip.c", "sip/sip_int.h", "sip_int.h",
     'src/sip/sip.c:5: "sip_int.h" is in no folder of src/'),
    ("the clock in a pure layer", "src/sip/sip.c", "// Messages.",
     "// Messages.\n#include <time.h>",
     "src/sip/sip.c:3: <time.h> in sip, a pure layer [include]"),
    ("an unknown folder", "src/extra/extra.h", "", LICENCE_LINE + "// Extra.\n",
     "src/extra:1: tools/tidy has no row for this folder [layer]"),
    ("another rule in the documentation", "docs/architecture.md", "`src/cli` | model, base",
     "`src/cli` | base",
     "docs/architecture.md:LINE: cli: base; effects; in tools/tidy: base, model; effects"),
    ("another kind in the documentation", "docs/architecture.md", "base | pure", "base | effects",
     "docs/architecture.md:LINE: model: base; effects; in tools/tidy: base; pure [layer-table]"),
    ("a layer that is not documented", "docs/architecture.md", "| `src/app` | all | effects |", "",
     "docs/architecture.md:3: app: nothing is said; in tools/tidy: all; effects [layer-table]"),
    ("no layers in the documentation", "docs/architecture.md", "| folder |", "| dir |",
     'docs/architecture.md:1: no table has the columns "folder", "may include" and "kind"'),
    ("the heap in a pure layer", "src/sip/sip.c", RETURN,
     "    text = __builtin_malloc(1);\n" + RETURN,
     "src/sip:1: sip calls malloc, which tools/pure_symbols does not allow [symbol]"),
    ("a symbol that another layer may use", "src/base/base.c", "    return",
     "    extern int EVP_DigestInit(void);\n    EVP_DigestInit();\n    return",
     "src/base:1: base calls EVP_DigestInit, which tools/pure_symbols does not allow [symbol]"),
    ("a call past the includes", "src/sip/sip.c", RETURN,
     "    extern void net_send(void);\n    net_send();\n" + RETURN,
     "src/sip:1: sip calls net_send, of net, which sip may not use [symbol]"),
    ("a static variable", "src/sip/sip.c", RETURN,
     "    static int calls = 7;\n    calls++;\n" + RETURN,
     "src/sip:1: sip has static state: calls.0 [state]"),
    ("a global variable", "src/sip/sip.c", "static const", "int sip_calls;\nstatic const",
     "src/sip:1: sip has static state: sip_calls [state]"),
    ("a long function", "src/sip/sip.c", LAST_LINES,
     LAST_LINES + "\nint f(\n    int n)\n{\n" + "    n++;\n" * 67 + "}\n",
     "src/sip/sip.c:14: f has 71 lines; a function has at most 70 [function-length]"),
    ("a long shell function", "dev", "commands.\n",
     "commands.\nf() {\n" + "    true\n" * 69 + "}\n",
     "dev:4: f has 71 lines; a function has at most 70 [function-length]"),
    ("a long Python function", "tools/long.py", "",
     "# " + LICENCE_LINE[3:] + "# Long.\ndef f():\n" + "    pass\n" * 70,
     "tools/long.py:3: f has 71 lines; a function has at most 70 [function-length]"),
    ("a long file", "web/app.ts", "client.\n", "client.\n" + "\n" * 799,
     "web/app.ts:801: 801 lines; a file has at most 800 [file-length]"),
    ("a wide line", "web/app.ts", "client.\n", "client.\n// " + "w" * 98 + "\n",
     "web/app.ts:3: 101 columns; a line has at most 100 [line-width]"),
    ("no licence line", "src/net/net.h", LICENCE_LINE, "",
     'src/net/net.h:1: "SPDX-License-Identifier: Apache-2.0" is missing in the first 3 lines'),
    ("no opening comment", "src/net/net.h", "// The network.\n", "",
     "src/net/net.h:2: below the licence line a comment says what the file is for [opening]"),
    ("unfinished work", "README.md", "# Example\n", f"# Example\n\n{TO_DO}: more\n",
     f"README.md:3: {TO_DO} is left [unfinished]"),
    ("a command that README does not name", "README.md", "./dev check", "make",
     "README.md:1: it does not name ./dev check [readme]"),
    ("a dead link", "README.md", "docs/architecture.md", "docs/nothing.md",
     "README.md:3: there is no docs/nothing.md [link]"),
    ("a dead anchor", "README.md", "architecture.md", "architecture.md#layers",
     "README.md:3: docs/architecture.md has no heading #layers [link]"),
    ("an exception that nothing needs", "tools/tidy_exceptions", "# none", "line-width dev why",
     "tools/tidy_exceptions:1: nothing needs it any more: line-width dev [exception]"),
    ("an exception without a reason", "tools/tidy_exceptions", "# none", "line-width dev",
     "tools/tidy_exceptions:1: a line is: RULE FILE[:NAME] REASON [exception]"),
)


def read_tree(text):
    """{path: text} of "=== PATH" sections."""
    parts = re.split(r"^=== (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def write_tree(root, files):
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


@functools.cache
def build_libraries(sources):
    """Compiles (path, text)... and makes lib/liblineward_FOLDER.a of each folder of src/."""
    holder = tempfile.TemporaryDirectory()
    atexit.register(holder.cleanup)
    build = Path(holder.name)
    write_tree(build, dict(sources))
    (build / "lib").mkdir()
    for path, _ in sources:
        if path.startswith("src/") and path.endswith(".c"):
            archive = build / "lib" / f"liblineward_{path.split('/')[1]}.a"
            compiled = build / Path(path).with_suffix(".o").name
            source = build / path
            subprocess.run(["gcc", f"-I{build}/src", "-c", source, "-o", compiled], check=True)
            subprocess.run(["ar", "rcs", archive, compiled], check=True)
    return build


def run_tidy(files, build=None):
    """(exit status, findings, summary) of tidy over a tree of these files."""
    if build is None:
        in_c = (item for item in files.items() if item[0].endswith((".c", ".h")))
        build = build_libraries(tuple(in_c))
    with tempfile.TemporaryDirectory() as root:
        write_tree(Path(root), files)
        done = subprocess.run([TIDY, "--root", root, build], capture_output=True, text=True,
                              check=False)
    lines = (done.stdout + done.stderr).splitlines()
    return done.returncode, lines[:-1], lines[-1]


class TidyTest(unittest.TestCase):
    def setUp(self):
        self.clean = read_tree(CLEAN)

    def test_clean_tree(self):
        self.assertEqual(run_tidy(self.clean), (0, [], "tidy: 12 sources in 3 layers, 0 findings"))

    def test_offences(self):
        for name, path, old, new, expected in OFFENCES:
            with self.subTest(name):
                text = self.clean.get(path, "")
                self.assertIn(old, text)
                line = text[:text.index(old)].count("\n") + 1
                expected = expected.replace("LINE", str(line))
                status, findings, _ = run_tidy({**self.clean, path: text.replace(old, new, 1)})
                self.assertEqual(status, 1)
                self.assertEqual([finding[:len(expected)] for finding in findings], [expected])

    def test_library_that_is_missing(self):
        status, findings, _ = run_tidy(self.clean, build="/nonexistent")
        self.assertEqual(status, 1)
        self.assertEqual(findings, [
            f"src/{layer}:1: /nonexistent/lib/liblineward_{layer}.a is not built [symbol]"
            for layer in ("base", "sip")])

    def test_exception(self):
        files = {**self.clean,
                 "web/app.ts": self.clean["web/app.ts"] + "// " + "w" * 98 + "\n",
                 "tools/tidy_exceptions": "line-width web/app.ts It shows a message as it is.\n"}
        self.assertEqual(run_tidy(files)[:2], (0, []))

    def test_what_is_no_link(self):
        text = "\n`[a](b)`\n\n```\n[a](b)\n```\n[a](https://example.org/b) and [a](#example)\n"
        files = {**self.clean, "README.md": self.clean["README.md"] + text}
        self.assertEqual(run_tidy(files)[:2], (0, []))


if __name__ == "__main__":
    unittest.main()
