#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Is it a free choice? What yes and no cost, who is asked again and when, what is shown after a change, in which language, under a passphrase.

usage: test_choice.py ASSENT SOURCE_DIR
Prints the table of steps, keystrokes and words for docs/PARTICIPANTS.md.
"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import unittest

from joining import ASSENT, MORE, ONE, SOURCE, TWO, Case, Person, purposes, state

TOOLS = os.path.join(os.path.dirname(os.path.dirname(ASSENT)), "tests/tools")
GERMAN = {"LC_ALL": "de_DE.UTF-8"}
KEY = "assent-pub-3p7bfXt9vBtNNbYcLs5DU3P4NDyFt4Z02t_H4Ub4gjQBeco"
# Sanitizers want to be loaded first.
SANITIZED = any(b"libasan" in line or b"__asan_init" in line for line in [open(ASSENT, "rb").read()])


# In two languages.
BOTH = ONE.replace("typing.}", "typing., de: Wir sehen uns Tippen an.}").replace("one purpose}", "one purpose, de: Eine Studie}").replace(
    "this notice.}", "this notice., de: Bitte lesen.}")


def preload(name, **more):
    return dict({"LD_PRELOAD": os.path.join(TOOLS, name + ".so")}, **more)


class Symmetry(Case):
    def cost(self, word, env):
        """Steps, keystrokes, words that this answer takes at the question of one purpose, screens before it, and what came of it."""
        both = self.write("both.yaml", BOTH)
        p = self.person(both, window=(24, 80), env=env)
        p.question()
        before, screens = p.keys, p.turned
        p.type(word.encode() + b"\n")
        self.assertIsNone(p.question())
        code = p.end()
        answer = p.keys - before
        shutil.rmtree(self.data)
        return {"screens": screens, "answers": p.asked, "keys": answer, "words": len(word.split()), "code": code}

    def test_costs_the_same(self):
        rows = []
        for language, env, yes, no in (("English", {}, "accept", "refuse"), ("German", GERMAN, "annehmen", "ablehnen")):
            a, b = self.cost(yes, env), self.cost(no, env)
            self.assertEqual((a.pop("code"), b.pop("code")), (0, 4))
            self.assertEqual(a, b, language)
            for name, word, cost in (("yes", yes, a), ("no", no, b)):
                rows.append("| %s | %s | `%s` | %d | %d | %d | %d |" % (language, name, word, cost["screens"], cost["answers"], cost["keys"], cost["words"]))
        print("# | language | answer | word | screens before it | answers a purpose | keystrokes an answer (with Enter) | words |")
        for row in rows:
            print("# " + row, flush=True)

    def test_all_or_nothing_cost_the_same(self):
        """Of several purposes, too: to refuse all takes as many keys as to accept all."""
        counts = []
        for word in (b"accept\n", b"refuse\n"):
            code, asked = self.join(self.two, word, word)
            counts.append((self.keys, asked))
            self.assertEqual(code, 0 if word == b"accept\n" else 4)
            shutil.rmtree(self.data)
        self.assertEqual(counts[0], counts[1])

    def test_the_order_is_the_manifests(self):
        """Whatever was answered: nothing is moved, and nothing comes to stand first."""
        for _ in range(3):
            _, asked = self.join(self.two, b"refuse\n", b"refuse\n", more=["--again"])
            self.assertEqual(asked, ["hci-research", "pointer-model"])

    def test_nothing_is_emphasised(self):
        """No colour, no bold, no cursor movement: no answer looks better than another."""
        self.join(self.two, b"maybe\n", b"accept\n", b"refuse\n", window=(24, 80))
        self.assertNotIn("\x1b", self.said)
        self.assertNotRegex(self.said, r"\[[A-Z]")


class Again(Case):
    def test_not_asked_for_30_days(self):
        self.assertEqual(self.join(self.two, b"refuse\n", b"refuse\n")[0], 4)
        when = re.search(r"before (\d+-\d+-\d+) ", self.said).group(1)
        code, asked = self.join(self.two)
        self.assertEqual((code, asked), (4, []))
        self.assertIn("you refused two-purposes (hci-research, pointer-model) on", self.said)
        self.assertIn(when, self.said)
        self.assertEqual(self.states(), ["requested", "refused"])
        # Nor for other terms of the same study: a small change is no way to ask every day.
        self.write("two.yaml", TWO.replace("30d", "29d"))
        self.assertEqual(self.join(self.two), (4, []))
        # Another study is another question.
        self.assertEqual(self.join(self.one, b"refuse\n"), (4, ["hci-research"]))
        # Who wants to be asked is.
        code, asked = self.join(self.two, b"later\n", more=["--again"])
        self.assertEqual((code, asked), (4, ["hci-research"]))
        self.assertEqual(self.states()[-2:], ["requested", "deferred"])
        # To put it off does not shorten it.
        self.assertEqual(self.join(self.two), (4, []))
        code, asked = self.join(self.two, b"accept\n", b"accept\n", more=["--again"])
        self.assertEqual(code, 0)
        self.assertEqual(state(self.ledger()[-1]), "given")

    def test_again_is_no_answer(self):
        code, asked = self.join(self.one, b"\x03", more=["--again"])
        self.assertEqual((code, asked, self.states()), (4, ["hci-research"], ["requested", "deferred"]))

    @unittest.skipIf(SANITIZED, "a preloaded clock and a sanitizer do not go together")
    def test_after_30_days(self):
        self.assertEqual(self.join(self.one, b"refuse\n")[0], 4)
        day = 86400
        for days, asked in ((29.9, []), (30.1, ["hci-research"]), (-3, [])):
            env = preload("frozen_clock", FROZEN_UTC_US=str(int((time.time() + days * day) * 1e6)))
            answers = [b"later\n"] if asked else []
            self.assertEqual(self.join(self.one, *answers, env=env), (4, asked), days)

    def test_deferred_is_asked_again(self):
        for _ in range(2):
            self.assertEqual(self.join(self.one, b"later\n"), (4, ["hci-research"]))
        self.assertEqual(self.states(), ["requested", "deferred"] * 2)

    @unittest.skipIf(SANITIZED, "a preloaded library and a sanitizer do not go together")
    def test_nobody_answers(self):
        """Half an hour (here: a second) without a line is no answer."""
        p = self.person(self.one, env=preload("impatient"))
        p.question()
        self.assertEqual(p.end(), 4)
        self.assertEqual(self.states(), ["requested", "deferred"])


class Changed(Case):
    def setUp(self):
        super().setUp()
        self.assertEqual(self.join(self.two, b"accept\n", b"refuse\n")[0], 0)

    def change(self, *pairs):
        text = TWO
        for old, new in pairs:
            self.assertIn(old, text)
            text = text.replace(old, new)
        return self.write("two.yaml", text)

    def kept(self):
        return sorted(name for name in os.listdir(self.data + "/studies") if name.endswith(".yaml"))

    def test_correction(self):
        for text in (TWO + "# a comment\n", TWO.replace("Please read this notice.", "Please read this notice!"),
                     TWO.replace("somebody@example.org", "else@example.org")):
            path = self.write("two.yaml", text)
            before = self.states()
            code, asked = self.join(path)
            self.assertEqual((code, asked, self.states()), (3 if "# a comment" in text else 0, [], before), self.said)
        self.assertIn("was corrected", self.said)
        with open(self.data + "/studies/two-purposes.yaml", encoding="utf-8") as f:
            self.assertEqual(f.read(), text)
        # The decision is in force, and what was agreed to then is still there beside it.
        self.assertEqual(json.loads(self.run_assent("status", "--json").stdout)["state"], "no-agent")
        agreed = self.ledger()[-1]["processing"]["manifest_hash"][:16]
        self.assertIn("two-purposes-%s.yaml" % agreed, self.kept())
        # Once is enough.
        code, asked = self.join(path)
        self.assertEqual((code, asked), (3, []))
        self.assertIn("already", self.said)

    def test_only_what_changed(self):
        path = self.change(("We look at typing.", "We look at typing and at pauses."), ("retention: 30d", "retention: 20d\ncapture: {pointer: buttons}"),
                           ("{en: We train.}}", "{en: We train.}, recipients: [Somebody Else Ltd]}"))
        code, asked = self.join(path, b"accept\n", b"accept\n")
        self.assertEqual((code, asked), (0, ["hci-research", "pointer-model"]))
        self.assertEqual(self.states()[2:], ["invalidated", "requested", "renewed"])
        said = " ".join(self.said.split())
        for text in ("before: We look at typing. now: We look at typing and at pauses.", "After 30 days", "After 20 days", "Mouse and touch: buttons",
                     "before: Given to: nobody but who asks. now: Given to: Somebody Else Ltd"):
            self.assertIn(text, said)
        # And nothing else.
        for text in ("Please read this notice.", "Keys:", "Scrolling", "60 days", "NEVER RECORDED"):
            self.assertNotIn(text, said)
        entry = self.ledger()[-1]
        self.assertEqual(purposes(entry), {"hci-research": True, "pointer-model": True})
        self.assertIn("at pauses", self.shown(entry))

    def test_a_purpose_more_and_one_less(self):
        path = self.change(("id: pointer-model, category: train-other-model", "id: words-model, category: train-content-generating-model"))
        code, asked = self.join(path, b"refuse\n", b"accept\n")
        self.assertEqual((code, asked), (0, ["hci-research", "words-model"]))
        self.assertIn('New purpose "words-model"', self.said)
        self.assertIn('No more a purpose: "pointer-model"', self.said)
        self.assertEqual(purposes(self.ledger()[-1]), {"hci-research": False, "words-model": True})

    def test_key_and_controller(self):
        path = self.change(("name: Somebody", "name: Somebody Else"), ("retention:", "recipient_key: %s\nreview: 1h\nretention:" % KEY))
        self.join(path, b"accept\n", b"accept\n", window=(24, 80))
        for text in (KEY, "now: Somebody Else", "1 hour"):
            self.assertIn(text, self.said)

    def test_ended_before_it_is_asked(self):
        """From the moment that other terms are shown on nothing is recorded under the old ones, whatever is answered."""
        path = self.change(("30d", "31d"))
        p = self.person(path)
        p.question()
        self.assertEqual(self.states()[2:], ["invalidated", "requested"])
        self.assertEqual(json.loads(self.run_assent("status", "--json").stdout)["state"], "invalid")
        p.type(b"\x03")
        self.assertEqual(p.end(), 4)
        self.assertIn(b"You agreed before; that has ended", p.said)
        self.assertEqual(self.states()[2:], ["invalidated", "requested", "deferred"])
        # Asked again it is the same question.
        code, _ = self.join(path, b"refuse\n", b"refuse\n")
        self.assertEqual(code, 4)
        self.assertIn("WHAT HAS CHANGED", self.said)
        self.assertEqual(json.loads(self.run_assent("status", "--json").stdout)["state"], "refused")

    def test_the_old_one_is_lost(self):
        """Without what was agreed to, all is shown."""
        for name in self.kept():
            os.unlink(self.data + "/studies/" + name)
        code, _ = self.join(self.change(("30d", "31d")), b"accept\n", b"accept\n")
        self.assertEqual(code, 0)
        self.assertIn("Please read this notice.", self.said)
        self.assertEqual(self.states()[-1], "renewed")

    def test_killed_at_any_moment(self):
        """Between the manifests, the receipt and its head: an agreement is whole or there is none."""
        path = self.change(("30d", "31d"))
        p = self.person(path)
        p.question()
        p.type(b"accept\n")
        p.question()
        os.kill(p.pid, 9)
        p.end()
        self.assertEqual(json.loads(self.run_assent("status", "--json").stdout)["state"], "invalid")
        self.assertEqual(self.join(path, b"accept\n", b"accept\n")[0], 0)
        self.assertEqual(json.loads(self.run_assent("status", "--json").stdout)["state"], "no-agent")


    def test_offered_anew(self):
        """By its id, the manifest that is on offer counts, and not the one that was agreed to. In a mount namespace of its own: its place is fixed."""
        etc = os.path.join(self.root, "etc")
        os.makedirs(etc + "/assent/studies.d")
        for name in ("passwd", "ld.so.cache", "nsswitch.conf"):
            if os.path.exists("/etc/" + name):
                shutil.copy("/etc/" + name, etc)
        if subprocess.run(["unshare", "-m", "mount", "--bind", etc, "/etc"], capture_output=True, check=False).returncode:
            self.skipTest("needs the right to mount")
        with open(etc + "/assent/studies.d/two-purposes.yaml", "w", encoding="utf-8") as f:
            f.write(TWO.replace("30d", "20d"))
        p = Person(["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', etc, ASSENT, "join", "two-purposes", "--data", self.data], self.env)
        self.assertEqual(p.question(), "hci-research")
        self.assertIn(b"After 20 days", p.said)
        p.type(b"\x03")
        self.assertEqual(p.end(), 4)


class Crash(Case):
    def test_killed_while_it_is_written_down(self):
        """kill -9 at any moment after the last answer: there is a whole agreement or none, and one can be given."""
        outcomes = set()
        for i in range(16):
            p = self.person(self.one)
            p.question()
            p.type(b"accept\n")
            time.sleep(i * 0.001)
            os.kill(p.pid, 9)
            p.end()
            said = json.loads(self.run_assent("status", "--json").stdout)
            self.assertIn(said["state"], ("not-joined", "no-agent"), said)
            outcomes.add(said["state"])
            self.assertEqual(said["state"] == "no-agent", "given" in self.states())
            self.assertEqual(self.join(self.one, *([b"accept\n"] if said["state"] == "not-joined" else []))[0], 0 if said["state"] == "not-joined" else 3)
            shutil.rmtree(self.data)
        print("# killed while it was written down: %s" % ", ".join(sorted(outcomes)), flush=True)


class Renewed(Case):
    def test_expired(self):
        short = self.write("short.yaml", ONE.replace("60d", "1s"))
        self.assertEqual(self.join(short, b"accept\n")[0], 0)
        time.sleep(1.2)
        code, asked = self.join(short, b"accept\n")
        self.assertEqual((code, asked), (0, ["hci-research"]))
        self.assertIn("Please read this notice.", self.said)
        self.assertEqual(self.states()[-1], "renewed")

    def test_withdrawn(self):
        self.assertEqual(self.join(self.one, b"accept\n")[0], 0)
        self.assertEqual(self.run_assent("withdraw").returncode, 0)
        self.assertEqual(self.join(self.one, b"accept\n")[0], 0)
        self.assertEqual(self.states()[-1], "given")


class Languages(Case):
    def test_german(self):
        study = os.path.join(SOURCE, "config/study.example.yaml")
        code, asked = self.join(study, b"accept\n", b"annehmen\n", b"ABLEHNEN\n", env=GERMAN)
        self.assertEqual((code, asked), (0, ["hci-research", "hci-research", "pointer-model"]))
        for text in ("NICHT RÜCKGÄNGIG", "Wir bitten Sie", "weder annehmen, ablehnen noch vertagen", "zugestimmt", "Beleg:"):
            self.assertIn(text, self.said)
        self.assertNotIn("Your answer", self.said)
        entry = self.ledger()[-1]
        self.assertEqual(entry["processing"]["language"], "de")
        # The hash is that of the notice in this language.
        said = self.run_assent("notice", study, "--json")
        self.assertNotEqual(json.loads(said.stdout)["notice_hash"], entry["processing"]["privacy_notice"])
        self.env.update(GERMAN)
        said = json.loads(self.run_assent("notice", study, "--json").stdout)
        self.assertEqual(said["notice_hash"], entry["processing"]["privacy_notice"])
        self.assertEqual(said["manifest_hash"], entry["processing"]["manifest_hash"])
        self.assertEqual(said["terms_hash"], entry["processing"]["terms_hash"])

    def test_later(self):
        self.assertEqual(self.join(os.path.join(SOURCE, "config/study.example.yaml"), b"vertagen\n", env=GERMAN)[0], 4)
        self.assertEqual(self.states(), ["requested", "deferred"])

    def test_a_study_that_is_not_in_it(self):
        """Without the study's own words in German, all of it is in English: one language a question."""
        code, _ = self.join(self.one, b"accept\n", env=GERMAN)
        self.assertEqual(code, 0)
        self.assertEqual(self.ledger()[-1]["processing"]["language"], "en")


class Screens(Case):
    def test_each_fits(self):
        self.join(os.path.join(SOURCE, "config/study.example.yaml"), b"accept\n", b"refuse\n", window=(24, 80))
        screens = re.split(MORE.pattern.decode(), self.said)
        self.assertGreaterEqual(len(screens), 8)
        for screen in screens[:-1]:
            self.assertLessEqual(len(screen.strip("\r\n").split("\n")) + 1, 24, screen)
        self.assertIn("CANNOT BE UNDONE", screens[0])

    def test_stopped_while_reading(self):
        p = self.person(self.one, window=(24, 80))
        p.wait(b"-- Enter")
        p.type(b"\x03")
        self.assertEqual(p.end(), 4)
        self.assertEqual(self.states(), ["requested", "deferred"])
        self.assertNotIn(b"Your answer about", p.said)

    def test_accept_while_reading_is_no_answer(self):
        p = self.person(self.one, window=(24, 80))
        p.wait(b"-- Enter")
        p.type(b"accept\n")
        p.turned += 1
        p.question()
        self.assertEqual(self.states(), ["requested"])
        p.type(b"refuse\n")
        self.assertEqual(p.end(), 4)

    def test_small_windows(self):
        for window in ((10, 40), (5, 20), (1, 1)):
            code, _ = self.join(self.one, b"accept\n", window=window)
            self.assertEqual(code, 0, window)
            shutil.rmtree(self.data)


class Passphrase(Case):
    WORDS = b"five random words are good\n"

    def setUp(self):
        super().setUp()
        self.assertEqual(self.join(self.one, b"later\n")[0], 4)
        p = Person([ASSENT, "passphrase", "--data", self.data], self.env)
        for prompt in (b"New passphrase", b"Once more"):
            p.wait(prompt)
            time.sleep(0.1)
            p.type(self.WORDS)
        self.assertEqual(p.end(), 0, p.said)

    def answer(self, word, *phrases):
        p = self.person(self.one)
        self.assertEqual(p.question(), "hci-research")
        p.type(word)
        for i, phrase in enumerate(phrases):
            while p.said.lower().count(b"passphrase") < 2 + i and p.read(0.2):
                pass
            time.sleep(0.3)
            p.type(phrase)
        code = p.end()
        self.said = p.said.decode()
        return code

    def test_a_yes_needs_it(self):
        self.assertEqual(self.answer(b"accept\n", self.WORDS), 0)
        self.assertIn("under a passphrase", self.said)
        self.assertEqual(self.states()[2:], ["requested", "given"])
        self.assertNotIn("random words", self.said)
        # Not a part of what was shown before the answer.
        self.assertTrue(self.shown(self.ledger()[-1]).endswith("[accept/refuse/later] "))

    def test_a_no_does_not(self):
        self.assertEqual(self.answer(b"refuse\n"), 4)
        self.assertEqual(self.states()[2:], ["requested", "refused"])

    def test_three_wrong_ones(self):
        self.assertEqual(self.answer(b"accept\n", b"wrong wrong 1\n", b"wrong wrong 2\n", b"wrong wrong 3\n"), 4)
        self.assertEqual(self.states()[2:], ["requested", "deferred"])
        self.assertFalse(os.path.exists(self.data + "/studies/one-purpose.yaml"))

    def test_stopped(self):
        self.assertEqual(self.answer(b"accept\n", b"\x03"), 4)
        self.assertEqual(self.states()[2:], ["requested", "deferred"])


class Hidden(Case):
    def test_the_prompt_never_says_yes_for_anyone(self):
        """No yes from the environment, a configuration, or a signal that is ignored."""
        env = {"ASSENT_ANSWER": "accept", "ANSWER": "accept", "YES": "1", "DEBIAN_FRONTEND": "noninteractive"}
        self.assertEqual(self.join(self.one, b"\n", b"\n", b"\n", b"\n", b"\n", env=env)[0], 4)
        self.assertEqual(self.states(), ["requested", "deferred"])

    def test_full_disk(self):
        """What cannot be kept is not agreed to."""
        os.makedirs(self.data + "/studies", 0o700)
        os.chmod(self.data, 0o700)
        os.mkdir(self.data + "/studies/one-purpose.yaml")
        code, _ = self.join(self.one, b"accept\n")
        self.assertEqual(code, 1)
        self.assertEqual(self.states(), ["requested"])
        self.assertIn("one-purpose.yaml", self.said)

    def test_hash_of_what_was_shown(self):
        self.join(self.one, b"maybe\n", b"accept\n")
        entry = self.ledger()[-1]
        text = self.shown(entry)
        self.assertEqual(text.count("[accept/refuse/later] "), 2)
        self.assertIn("neither accept, refuse nor later", text)
        self.assertNotIn("maybe", text)
        self.assertEqual(hashlib.blake2b(text.encode(), digest_size=32).hexdigest(), entry["processing"]["shown_hash"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
