#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""show, export and verify as a researcher meets them: what Python's own json and csv read is what was stored."""
import csv
import fcntl
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

READING = sys.argv.pop(1)
ROWS = 3000
BEGIN = 1777638896000000
COLUMNS = ("t_us mono_us kind device class code text x y dx dy scroll_x scroll_y app title reason end_us lost synthetic "
           "study epoch participant segment").split()
DESCRIBED = ["README.md", "croissant.json", "dataset.json"]
TEXTS = ["a", " ", '"', ",", "ä", "=", "'", "\\", "😀", ""]


def float32(v):
    return struct.unpack("f", struct.pack("f", v))[0]


def row(i, study):
    r = dict.fromkeys(COLUMNS)
    r.update(t_us=BEGIN + i * 1000, mono_us=5000000 + i * 1000, study=study, epoch="0123456789abcdef0123456789abcdef",
             participant="fedcba9876543210fedcba9876543210",
             segment=f"20260501T1234{56 + i // 1000}Z-0000000{i // 1000}")
    if i % 5 < 3:
        r.update(device=i % 2, synthetic=i % 7 == 0, app="org.example.Editor" if i % 100 < 50 else 'browser "x", y')
    if i % 5 == 0:
        r.update({"kind": "key_down", "class": "letter", "code": 30, "text": TEXTS[i // 5 % 10]})
    elif i % 5 == 1:
        r.update(kind="motion", x=i, y=-i, dx=float32(i % 17 / 4), dy=float32(i % 13 / 3))
    elif i % 5 == 2:
        r.update(kind="scroll", scroll_x=-i, scroll_y=120)
    elif i % 5 == 3:
        r.update(kind="span", reason="password", end_us=r["t_us"] + 1000)
    else:
        r.update(kind="gap", reason="overflow", end_us=r["t_us"] + 500, lost=i)
    return r


def typed(r):
    """A row of text, as csv reads it, with the types of the columns. An empty field is null."""
    out = {}
    for k, v in r.items():
        if v == "" and not (k == "text" and r["kind"] == "key_down"):
            out[k] = None
        elif k in ("dx", "dy"):
            out[k] = float32(float(v))
        elif k == "synthetic":
            out[k] = {"true": True, "false": False}[v]
        elif k in ("kind", "class", "text", "app", "title", "reason", "study", "epoch", "participant", "segment"):
            out[k] = v
        else:
            out[k] = int(v)
    return out


def rounded(r):
    return {k: float32(v) if k in ("dx", "dy") and v is not None else v for k, v in r.items()}


class Reading(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="assent-reading-")
        self.data = self.root + "/assent"
        self.addCleanup(shutil.rmtree, self.root)
        subprocess.run([READING, "make", self.data], check=True)

    def run_it(self, *args, code=0, **kw):
        env = dict(os.environ, XDG_DATA_HOME=self.root, TZ="Europe/Berlin", LC_ALL="C")
        p = subprocess.run([READING, *args], stdout=kw.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE, env=env,
                           encoding="utf-8", **kw)
        self.assertEqual(p.returncode, code, p.stderr)
        return p

    def part(self):
        return next(p for p in self.files() if p.endswith(".part"))

    def files(self):
        return sorted(os.path.join(d, f) for d, _, fs in os.walk(self.data) for f in fs)

    def test_exports_hold_what_was_stored(self):
        outs = {form: f"{self.root}/{form}" for form in ("jsonl", "csv")}
        for form, out in outs.items():
            self.run_it("export", "--format", form, "--out", out)
            self.assertEqual(sorted(os.listdir(out)), sorted(["alpha-1." + form, "beta." + form, *DESCRIBED]))
        for study in "alpha-1", "beta":
            want = [row(i, study) for i in range(ROWS)]
            with open(f"{outs['jsonl']}/{study}.jsonl", encoding="utf-8") as f:
                got = [json.loads(line) for line in f]
            self.assertEqual([list(r) for r in got], [COLUMNS] * ROWS)
            self.assertEqual([rounded(r) for r in got], want)
            with open(f"{outs['csv']}/{study}.csv", encoding="utf-8", newline="") as f:
                reader = csv.DictReader(f)
                self.assertEqual(reader.fieldnames, COLUMNS)
                self.assertEqual([typed(r) for r in reader], want)
            self.assertEqual(os.stat(f"{outs['csv']}/{study}.csv").st_mode & 0o777, 0o600)

    def test_nothing_is_overwritten(self):
        out = self.root + "/out"
        os.mkdir(out)
        for name in "alpha-1.jsonl", "beta.jsonl":
            with open(f"{out}/{name}", "w") as f:
                f.write("mine")
        p = self.run_it("export", "--format=jsonl", "--out", out, code=1)
        self.assertIn("alpha-1.jsonl exists already", p.stderr)
        self.assertEqual(sorted(os.listdir(out)), ["alpha-1.jsonl", "beta.jsonl"])
        with open(out + "/alpha-1.jsonl") as f:
            self.assertEqual(f.read(), "mine")
        self.run_it("export", "--format=jsonl", "--out", out, "--force")
        with open(out + "/alpha-1.jsonl") as f:
            self.assertEqual(len(f.readlines()), ROWS)
        self.assertEqual(sorted(os.listdir(out)), sorted(["alpha-1.jsonl", "beta.jsonl", *DESCRIBED]))

    def test_days(self):
        """Parquet and Arrow: a file a participant and day."""
        for form, magic in ("parquet", b"PAR1"), ("arrow", b"ARROW1"):
            out = f"{self.root}/{form}"
            self.run_it("export", "--format", form, "--out", out)
            self.assertEqual(sorted(os.listdir(out + "/events")), ["study=alpha-1", "study=beta"])
            found = [os.path.relpath(os.path.join(d, f), out) for d, _, fs in os.walk(out + "/events") for f in fs]
            self.assertTrue(found)
            for name in found:
                self.assertRegex(name, r"^events/study=(alpha-1|beta)/date=\d{4}-\d\d-\d\d/participant=[0-9a-f]{32}/1-\d+\." + form + "$")
                with open(os.path.join(out, name), "rb") as f:
                    self.assertTrue(f.read().startswith(magic))
            p = self.run_it("export", "--format", form, "--out", out, code=1)
            self.assertIn("dataset.json exists already", p.stderr)
            self.assertEqual(sorted(os.listdir(out)), [*DESCRIBED, "events", "segments"])
        p = self.run_it("export", "--format", "parquet", "--append", "--out", out, code=2)
        self.assertIn("for recipients", p.stderr)
        with open(out + "/dataset.json", "w") as f:
            f.write("theirs")
        p = self.run_it("export", "--format", "arrow", "--out", out, "--force", code=1)
        self.assertIn("not as it was written", p.stderr)

    def test_usage(self):
        for args in (["export"], ["export", "--format", "xml", "--out", "x"], ["export", "--format", "csv"], ["show", "--nope"],
                     ["show", "--since"], ["show", "--since", "yesterday-ish"], ["show", "--json=1"], ["verify", "-x"]):
            self.run_it(*args, code=2)
        self.assertIn("/nonexistent", self.run_it("show", "/nonexistent", code=1).stderr)
        os.mkdir(self.root + "/empty")
        for command in (["show"], ["verify"], ["export", "--format", "csv", "--out", self.root + "/out"]):
            self.run_it(*command, self.root + "/empty", code=3)

    def test_show_json_is_the_jsonl_export(self):
        self.run_it("export", "--format", "jsonl", "--out", self.root + "/out")
        with open(self.root + "/out/alpha-1.jsonl") as f:
            exported = f.read()
        self.assertEqual(self.run_it("show", "--json", self.data + "/spool/alpha-1").stdout, exported)

    def test_show_filters(self):
        def rows(*args):
            return [json.loads(s) for s in self.run_it("show", "--json", *args, self.data + "/spool/beta").stdout.splitlines()]
        got = rows("--since", "2026-05-01T12:34:58Z", "--until", "2026-05-01T12:34:58Z")
        self.assertEqual([r["t_us"] - BEGIN for r in got], [2000000])
        self.assertEqual({r["app"] for r in rows("--app", "ORG.*")}, {"org.example.Editor"})
        self.assertEqual(len(rows("--app", "org.example.Editor")), ROWS * 3 // 10)
        self.run_it("show", "--app", "nothing", code=3)
        local = rows("--since", "2026-05-01T14:34:58", "--until", "2026-05-01T14:34:58")
        self.assertEqual(local, got)

    def test_show_for_people(self):
        text = self.run_it("show", self.data + "/spool/alpha-1").stdout
        lines = text.splitlines()
        self.assertEqual(lines[0], "Friday 2026-05-01 (CEST), study alpha-1")
        self.assertRegex(lines[2], r'^14:34:56\.000  key_down     letter      A \(30\) "a" synthetic +org\.example\.Editor$')
        self.assertRegex(lines[5], r"^14:34:56\.003  span         masked: password  14:34:56 - 14:34:56$")
        self.assertRegex(lines[6], r"^14:34:56\.004  gap          gap: overflow  14:34:56 - 14:34:56  4 lost$")
        self.assertEqual(len(lines), ROWS + 2)

    def test_output_that_ends_early(self):
        with open("/dev/full", "w") as full:
            p = self.run_it("show", "--json", stdout=full, code=1)
            self.assertIn("No space left", p.stderr)
        p = subprocess.run(f"{READING} show --json {self.data} | head -1", shell=True, capture_output=True, encoding="utf-8")
        self.assertEqual((p.returncode, p.stderr, len(p.stdout.splitlines())), (0, "", 1))
        p = self.run_it("show", "--json", stdout=subprocess.DEVNULL)
        self.assertEqual(p.stderr, "")

    def test_verify(self):
        # The .part was left by a crash, unless someone is writing it.
        p = self.run_it("verify", self.data, code=1)
        self.assertEqual([s.endswith(" ok") for s in p.stdout.splitlines()], [True] * 4 + [False, True, False])
        self.assertIn("left by a crash", p.stdout)
        with open(os.path.dirname(self.part()) + "/.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            p = self.run_it("verify", self.data)
            self.assertIn("open", p.stdout)
            self.assertIn("no ledger", p.stdout)
        # One's own data without its ledger is another matter.
        p2 = self.run_it("verify", code=1)
        self.assertIn("ledger.jsonl", p2.stderr)
        self.assertIn("not in the ledger", p2.stdout)
        lines = p.stdout.splitlines()
        self.assertRegex(lines[0], r"^20260501T123456Z-00000000\.seg +alpha-1 +events 1000  spans 200  gaps 200  bytes \d+  ok$")

    def test_verify_finds_every_flipped_byte(self):
        path = next(p for p in self.files() if p.endswith(".seg"))
        with open(path, "rb") as f:
            whole = f.read()
        for at in range(0, len(whole), max(1, len(whole) // 60)):
            with open(path, "wb") as f:
                f.write(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1:])
            p = self.run_it("verify", path, code=1)
            self.assertIn("PROBLEM", p.stdout)
        for cut in (0, 1, 100, len(whole) // 2, len(whole) - 1):
            with open(path, "wb") as f:
                f.write(whole[:cut])
            self.assertIn("PROBLEM", self.run_it("verify", path, code=1).stdout)
            p = self.run_it("show", "--json", path, code=1)
            self.assertIn(path, p.stderr)

    def test_damage_does_not_hide_the_rest(self):
        path = next(p for p in self.files() if p.endswith("1.seg"))
        with open(path, "r+b") as f:
            f.truncate(os.path.getsize(path) // 2)
        p = self.run_it("export", "--format", "csv", "--out", self.root + "/out", code=1)
        self.assertIn(path, p.stderr)
        with open(self.root + "/out/alpha-1.csv", newline="") as f:
            self.assertGreaterEqual(len(list(csv.reader(f))), 2001)


if __name__ == "__main__":
    unittest.main()
