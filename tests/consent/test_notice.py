#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`assent notice`: a screen a matter on a terminal, plain text in a pipe, one object for programs; and hashes that anybody can recompute.

usage: test_notice.py ASSENT SOURCE_DIR
"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

from joining import ASSENT, MORE, SOURCE, Case, Person

EXAMPLE = os.path.join(SOURCE, "config/study.example.yaml")
KEY = "assent-pub-3p7bfXt9vBtNNbYcLs5DU3P4NDyFt4Z02t_H4Ub4gjQBeco"
FIRST = {"en": "CANNOT BE UNDONE", "de": "NICHT RÜCKGÄNGIG"}
LOCALES = {"en": "C.UTF-8", "de": "de_DE.UTF-8"}


def canonical(value):
    """As include/assent/MANIFEST.md has it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(data):
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def terms(m):
    t = {name: m[name] for name in ("assent", "capture", "consent_valid_us", "recipient_key", "retention_us", "review_us", "study")}
    t["controller"] = m["controller"]["name"]
    t["purposes"] = sorted(m["purposes"], key=lambda p: p["id"])
    return t


class Notice(Case):
    def setUp(self):
        super().setUp()
        with open(EXAMPLE, encoding="utf-8") as f:
            text = f.read()
        self.text = re.sub(r"(?m)^# recipient_key: .*", "recipient_key: " + KEY, text)
        self.assertNotEqual(text, self.text)
        self.with_key = self.write("key.yaml", self.text)

    def screens(self, manifest, language, window):
        env = dict(self.env, LC_ALL=LOCALES[language])
        p = Person([ASSENT, "notice", manifest, "--data", self.data], env, window)
        self.assertIsNone(p.question())
        self.assertEqual(p.end(), 0, p.said)
        return [s.strip("\r\n").replace("\r\n", "\n") for s in re.split(MORE.pattern.decode(), p.said.decode())]

    def test_screens(self):
        for language in ("en", "de"):
            for manifest in (EXAMPLE, self.with_key):
                screens = self.screens(manifest, language, (24, 80))
                self.assertEqual(len(screens), 8, [s[:40] for s in screens])
                for s in screens:
                    lines = s.split("\n")
                    # The line that waits stands below.
                    self.assertLessEqual(len(lines) + 1, 24, s)
                    self.assertLessEqual(max(len(line) for line in lines), 80, s)
                self.assertIn(FIRST[language], screens[0])
        # With a key there is something that cannot be undone, and it is said first.
        self.assertIn("übergeben", screens[0])
        self.assertIn("Pseudonym", screens[0])

    def test_windows(self):
        for window in ((10, 40), (200, 200), (4, 20), (50, 80)):
            screens = self.screens(self.with_key, "en", window)
            self.assertEqual(len(screens) == 1, window[0] >= 200)
            for s in screens:
                rows = sum(max(1, -(-len(line) // window[1])) for line in s.split("\n"))
                self.assertTrue(len(screens) == 1 or rows + 1 <= window[0], (window, s))
            # Nothing is lost between two screens.
            text = " ".join(" ".join(screens).split())
            for part in ("CANNOT BE UNDONE", "Example Institute for Accessibility", "voluntary", "180 days"):
                self.assertIn(part, text)

    def test_pipe(self):
        said = self.run_assent("notice", EXAMPLE)
        self.assertEqual((said.returncode, said.stderr), (0, ""))
        self.assertNotIn("\x1b", said.stdout)
        self.assertNotRegex(said.stdout, MORE.pattern.decode())
        self.assertLess(said.stdout.index("CANNOT BE UNDONE"), said.stdout.index("WHAT IS RECORDED"))
        for line in said.stdout.split("\n"):
            self.assertLessEqual(len(line), 78, line)
        self.assertNotRegex(said.stdout.lower(), "anonym|forgotten")
        self.assertFalse(os.path.exists(self.data))

    def test_json(self):
        for language in ("en", "de"):
            self.env["LC_ALL"] = LOCALES[language]
            for manifest in (EXAMPLE, self.with_key, self.one, self.two):
                said = self.run_assent("notice", manifest, "--json")
                self.assertEqual((said.returncode, said.stderr), (0, ""))
                self.assertEqual(said.stdout.count("\n"), 1)
                o = json.loads(said.stdout)
                m = o["manifest"]
                # A reader that knows nothing but the text of MANIFEST.md.
                self.assertIn(canonical(m).decode() + "}", said.stdout)
                self.assertEqual(digest(canonical(m)), o["manifest_hash"])
                self.assertEqual(digest(canonical(terms(m))), o["terms_hash"])
                self.assertEqual(digest("\n".join(o["pages"]).encode()), o["notice_hash"])
                self.assertEqual("\n".join(o["pages"]), self.run_assent("notice", manifest).stdout)
                self.assertEqual(len(o["pages"]), 8)
                self.assertIsNone(o["forbidden"])
                self.assertEqual(o["limits"]["keys"], {"value": m["capture"]["keys"], "from": "study"})

    def test_hash_does_not_see_looks(self):
        with open(EXAMPLE, encoding="utf-8") as f:
            lines = [line for line in f if line.strip() and not line.lstrip().startswith("#")]
        bare = self.write("bare.yaml", "".join(re.sub(r"\s+# .*", "", line) for line in lines))
        a, b = (json.loads(self.run_assent("notice", p, "--json").stdout) for p in (EXAMPLE, bare))
        self.assertEqual((a["manifest_hash"], a["terms_hash"]), (b["manifest_hash"], b["terms_hash"]))

    def test_settings_are_told(self):
        config = self.write("assent.yaml", "capture: {keys: none, pointer: buttons, exclude_apps: [ledger-app]}\nretention: 2d\n")
        said = " ".join(self.run_assent("notice", EXAMPLE, "--config", config).stdout.split())
        for text in ("Keys: none. (Narrowed by your own settings. The study asks for: Keys: when a key goes down",
                     "no movement. (Narrowed by your own settings.", "*mail*, ledger-app", "After 2 days they are deleted. (Narrowed by your own settings. "
                     "The study asks for: 90 days.)", "You agree to what the study asks for."):
            self.assertIn(text, said)
        plain = self.run_assent("notice", EXAMPLE).stdout
        self.assertNotIn("Narrowed", plain)
        o = json.loads(self.run_assent("notice", EXAMPLE, "--config", config, "--json").stdout)
        self.assertEqual(o["limits"]["retention_us"], {"value": 2 * 86400 * 10**6, "from": "participant"})

    def test_policy_is_told(self):
        """In a mount namespace of its own, since the policy's place is fixed."""
        etc = os.path.join(self.root, "etc")
        os.makedirs(etc + "/assent")
        for name in ("passwd", "ld.so.cache", "nsswitch.conf"):
            if os.path.exists("/etc/" + name):
                shutil.copy("/etc/" + name, etc)
        if subprocess.run(["unshare", "-m", "mount", "--bind", etc, "/etc"], capture_output=True, check=False).returncode:
            self.skipTest("needs the right to mount")
        for policy, says in (("capture: {keys: none}\nretention: 1d\nrelease: forbidden\n", ("(Narrowed by the policy of this computer.", "forbids handing them over")),
                             ("retention: 2d\n", ("Nothing is handed over by itself", "(Narrowed by the policy of this computer. The study asks for: You have 3 days")),
                             ("capture: forbidden\n", ("It cannot be joined here:",))):
            with open(etc + "/assent/policy.yaml", "w", encoding="utf-8") as f:
                f.write(policy)
            said = subprocess.run(["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', etc, ASSENT, "notice", self.with_key],
                                  env=self.env, capture_output=True, text=True, check=False)
            self.assertEqual(said.returncode, 0, said.stderr)
            for text in says:
                self.assertIn(text, " ".join(said.stdout.split()))

    def test_needs_the_same_languages(self):
        with open(EXAMPLE, encoding="utf-8") as f:
            text = f.read()
        path = self.write("half.yaml", re.sub(r"(?m)^      de: Wir trainieren.*\n", "", text))
        said = self.run_assent("notice", path)
        self.assertEqual(said.returncode, 1)
        self.assertRegex(said.stderr, r'half\.yaml:\d+: purposes\[1\]\.text: is not there in "de"')

    def test_wrong_key(self):
        path = self.write("key.yaml", self.text.replace(KEY, KEY[:-1] + ("A" if KEY[-1] != "A" else "B")))
        said = self.run_assent("notice", path)
        self.assertEqual(said.returncode, 1)
        self.assertRegex(said.stderr, r"key\.yaml:\d+: recipient_key: .*a letter of it is wrong")

    def test_closed_output(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            said = subprocess.run([ASSENT, "notice", EXAMPLE, "--json"], env=self.env, stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(said.returncode, 1)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
