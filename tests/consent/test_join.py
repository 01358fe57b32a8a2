#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The real `assent` on a pseudo-terminal: who is asked, what counts as a yes, what is written down, exit codes.

usage: test_join.py ASSENT SOURCE_DIR
"""
import json
import os
import pty
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import termios
import threading
import time
import unittest

from joining import ASSENT, ONE, SOURCE, TWO, Case, Person, purposes, state

class Agent(threading.Thread):
    """Answers on the control socket as the agent would."""

    def __init__(self, path, answers):
        super().__init__(daemon=True)
        self.answers, self.heard = answers, []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(path)
        self.socket.listen(5)
        self.start()

    def run(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            line = peer.makefile().readline().strip()
            self.heard.append(line)
            answer = self.answers.get(line)
            if answer is None:
                time.sleep(1.5)
            else:
                peer.sendall(answer.encode() + b"\n")
            peer.close()

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.join()
        self.socket.close()


class Answers(Case):
    def answer(self, answer, wanted):
        """Of one purpose. wanted: given, refused or deferred."""
        code, asked = self.join(self.one, answer)
        self.assertEqual(asked, ["hci-research"])
        self.assertEqual(self.states(), ["requested", wanted], self.said)
        entry = self.ledger()[-1]
        kept = os.path.exists(self.data + "/studies/one-purpose.yaml")
        if wanted == "given":
            self.assertEqual((code, kept, purposes(entry)), (0, True, {"hci-research": True}))
            self.assertIn(entry["record"]["record_id"], self.said)
            return
        self.assertEqual((code, kept), (4, False), self.said)
        self.assertNotIn("participant_signature", entry)
        self.assertNotIn("event_until", entry["events"][0])
        self.assertIn("othing is recorded", self.said)
        if wanted == "refused":
            self.assertEqual(purposes(entry), {"hci-research": False})
        else:
            self.assertNotIn("purposes", entry["processing"])

    def test_yes(self):
        self.answer(b"accept\n", "given")
        self.assertLess(self.said.index("Please read this notice."), self.said.index("Your answer about"))
        entry = self.ledger()[-1]
        self.assertEqual(entry["processing"]["study"], "one-purpose")
        self.assertEqual(entry["processing"]["language"], "en")
        kept = self.data + "/studies/one-purpose.yaml"
        each = "%s/studies/one-purpose-%s.yaml" % (self.data, entry["processing"]["manifest_hash"][:16])
        for path in (kept, each):
            with open(path, encoding="utf-8") as f:
                self.assertEqual(f.read(), ONE)
        for path in (kept, each, self.data + "/ledger.jsonl", self.data + "/identity"):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600, path)
        self.assertEqual(stat.S_IMODE(os.stat(self.data).st_mode), 0o700)
        # What was shown is kept, byte for byte, and ends with the question.
        shown = self.shown(entry)
        self.assertTrue(shown.endswith("[accept/refuse/later] "), shown[-60:])
        self.assertIn(shown.replace("\n", "\r\n"), self.said)

    def test_yes_with_blanks(self):
        self.answer(b" \taccept \t\n", "given")

    def test_capitals(self):
        self.answer(b"ACCEPT\n", "given")

    def test_no(self):
        self.answer(b"refuse\n", "refused")

    def test_no_with_capitals_and_blanks(self):
        self.answer(b" Refuse \n", "refused")

    def test_later(self):
        self.answer(b"later\n", "deferred")

    def test_neither(self):
        """What is no answer is none, whatever it begins with: it is asked again, and not for ever."""
        answers = (b"yes\n", b"y\n", b"\n", b"accept please\n", b"accept.\n", b"acceptt\n", b"acc ept\n", b"a\n", b"1\n", b"true\n",
                   b"\xc2\xa0accept\n", b"refuse accept\n", b"no\n", b"n\n", b"refused\n", b"annehmen\n", b"ablehnen\n", b"a" * 3000 + b"\n")
        for answer in answers:
            with self.subTest(answer=answer[:20]):
                code, asked = self.join(self.one, *[answer] * 5)
                self.assertEqual((code, asked), (4, ["hci-research"] * 5))
                self.assertEqual(self.states(), ["requested", "deferred"])
                shutil.rmtree(self.data)

    def test_neither_and_then_one(self):
        for answer, last in ((b"accept\n", "given"), (b"refuse\n", "refused"), (b"later\n", "deferred")):
            self.join(self.one, b"maybe\n", b"\n", b"yes\n", answer)
            self.assertEqual(self.states(), ["requested", last])
            shutil.rmtree(self.data)

    def test_end_of_file(self):
        self.answer(b"\x04", "deferred")

    def test_yes_without_its_line(self):
        self.answer(b"accept\x04", "deferred")

    def test_interrupt(self):
        self.answer(b"\x03", "deferred")

    def test_interrupt_after_typing_yes(self):
        self.answer(b"accept\x03", "deferred")

    def test_quit(self):
        self.answer(b"\x1c", "deferred")

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            with self.subTest(signal=number):
                p = self.person(self.one)
                p.question()
                os.kill(p.pid, number)
                self.assertEqual(p.end(), 4)
                self.assertEqual(self.states(), ["requested", "deferred"])
                shutil.rmtree(self.data)

    def test_killed(self):
        p = self.person(self.one)
        p.question()
        os.kill(p.pid, signal.SIGKILL)
        self.assertEqual(p.end(), -9)
        self.assertEqual(self.states(), ["requested"])
        self.assertIn("not-joined", self.run_assent("status").stdout)

    def test_terminal_goes_away(self):
        p = self.person(self.one)
        p.question()
        os.close(p.fd)
        _, status = os.waitpid(p.pid, 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), 4)
        self.assertEqual(self.states(), ["requested", "deferred"])

    def test_typed_ahead_is_no_answer(self):
        p = self.person(self.one)
        p.type(b"accept\naccept\naccept\n")
        self.assertEqual(p.question(), "hci-research")
        time.sleep(0.5)
        p.read(0.1)
        self.assertEqual(self.states(), ["requested"])
        p.type(b"refuse\n")
        self.assertEqual(p.end(), 4)
        self.assertEqual(self.states(), ["requested", "refused"])

    def test_raw_terminal(self):
        """A terminal that a program left raw and without echo is put right for the question, and then as it was."""
        p = Person(["sh", "-c", 'stty -icanon -echo; "$0" join "$1" --data "$2"; code=$?; stty -a; exit $code', ASSENT, self.one, self.data], self.env)
        p.question()
        self.assertEqual(termios.tcgetattr(p.fd)[3] & (termios.ICANON | termios.ECHO), termios.ICANON | termios.ECHO)
        p.type(b"accept\n")
        self.assertEqual(p.end(), 0)
        self.assertIn(b"-icanon", p.said)
        self.assertIn(b"-echo ", p.said)


class Purposes(Case):
    def test_mixed(self):
        code, asked = self.join(self.two, b"refuse\n", b"accept\n")
        self.assertEqual((code, asked), (0, ["hci-research", "pointer-model"]))
        self.assertEqual(purposes(self.ledger()[-1]), {"hci-research": False, "pointer-model": True})

    def test_none(self):
        code, _ = self.join(self.two, b"refuse\n", b"refuse\n")
        self.assertEqual(code, 4)
        self.assertEqual(self.states(), ["requested", "refused"])

    def test_broken_off(self):
        """Who breaks off in the middle has decided nothing at all."""
        for last in (b"\x03", b"\x04", b"later\n"):
            for first in (b"accept\n", b"refuse\n"):
                code, _ = self.join(self.two, first, last)
                self.assertEqual(code, 4)
                self.assertEqual(self.states(), ["requested", "deferred"])
                shutil.rmtree(self.data)

    def test_pasted(self):
        """Both answers in one paste: the second is not one."""
        p = self.person(self.two)
        p.question()
        p.type(b"accept\naccept\n")
        self.assertEqual(p.question(), "pointer-model")
        p.type(b"refuse\n")
        self.assertEqual(p.end(), 0)
        self.assertEqual(purposes(self.ledger()[-1]), {"hci-research": True, "pointer-model": False})


class NobodyThere(Case):
    def test_pipe(self):
        r, w = os.pipe()
        os.write(w, b"accept\naccept\n")
        os.close(w)
        result = self.run_assent("join", self.one, stdin=r)
        os.close(r)
        self.assertEqual(result.returncode, 4)
        self.assertIn("no terminal", result.stderr)
        self.assertNotIn("Your answer", result.stdout + result.stderr)
        self.assertEqual(self.states(), [])

    def test_terminal_that_is_not_the_controlling_one(self):
        master, slave = pty.openpty()
        os.write(master, b"accept\n")
        result = subprocess.run([ASSENT, "join", self.one, "--data", self.data], env=self.env, stdin=slave, stdout=slave, stderr=subprocess.PIPE,
                                timeout=30, preexec_fn=os.setsid)
        self.assertEqual(result.returncode, 4)
        self.assertEqual(self.states(), [])
        os.close(master)
        os.close(slave)

    def test_pipe_beside_a_terminal(self):
        """The terminal is asked, whatever stands on standard input."""
        p = Person(["sh", "-c", 'yes accept | "$0" join "$1" --data "$2"', ASSENT, self.one, self.data], self.env)
        self.assertEqual(p.question(), "hci-research")
        p.type(b"refuse\n")
        self.assertEqual(p.end(), 4)
        self.assertEqual(self.states(), ["requested", "refused"])

    def test_no_flag(self):
        for flag in ("--yes", "-y", "--accept", "--agree", "--batch", "--no-prompt"):
            with self.subTest(flag=flag):
                result = self.run_assent("join", self.one, flag)
                self.assertEqual(result.returncode, 2)
                self.assertIn("unknown option", result.stderr)
        self.assertEqual(self.states(), [])


class Lifecycle(Case):
    def status(self):
        result = self.run_assent("status", "--json")
        return result.returncode, json.loads(result.stdout)

    def test_course(self):
        for command in ("pause", "resume", "withdraw"):
            self.assertEqual(self.run_assent(command).returncode, 3, command)
        code, s = self.status()
        self.assertEqual((code, s["recording"], s["state"], s["study"]), (3, False, "not-joined", None))
        self.assertEqual(self.join(self.one, b"accept\n")[0], 0)
        code, s = self.status()
        self.assertEqual((code, s["recording"], s["state"], s["study"]), (3, False, "no-agent", "one-purpose"))
        self.assertEqual(s["purposes"], {"hci-research": True})
        self.assertEqual(s["limits"]["keys"], {"value": "class", "from": "study"})
        self.assertEqual(s["limits"]["pointer"], {"value": "none", "from": "study"})
        self.assertEqual(s["limits"]["scroll"], {"value": False, "from": "study"})
        self.assertIsNone(s["agent"])
        self.assertEqual(self.run_assent("resume").returncode, 3)
        # The same study again: nobody is asked.
        code, asked = self.join(self.one)
        self.assertEqual((code, asked), (3, []))
        self.assertIn("already", self.said)
        # Another one: not before this one is left.
        code, asked = self.join(self.two)
        self.assertEqual((code, asked), (4, []))
        self.assertIn("withdraw", self.said)
        self.assertEqual(self.run_assent("pause").returncode, 0)
        self.assertEqual(self.status()[1]["state"], "paused")
        self.assertEqual(self.run_assent("resume").returncode, 0)
        self.assertEqual(self.status()[1]["state"], "no-agent")
        self.assertEqual(self.run_assent("pause", "4s").returncode, 0)
        self.assertEqual(self.status()[1]["state"], "paused")
        time.sleep(4.1)
        self.assertEqual(self.status()[1]["state"], "no-agent")
        result = self.run_assent("withdraw")
        self.assertEqual(result.returncode, 0)
        self.assertIn("capture cannot start", result.stdout)
        self.assertEqual(self.status()[1]["state"], "withdrawn")
        self.assertEqual(self.run_assent("withdraw").returncode, 3)
        self.assertEqual(self.run_assent("pause").returncode, 3)
        self.assertEqual(self.states(), ["requested", "given", "paused", "resumed", "paused", "withdrawn"])
        # And back, or to another.
        self.assertEqual(self.join(self.two, b"accept\n", b"accept\n")[0], 0)

    def test_changed_behind_everybodys_back(self):
        self.assertEqual(self.join(self.one, b"accept\n")[0], 0)
        path = self.data + "/studies/one-purpose.yaml"
        # Another comment is no other study; other terms are.
        with open(path, "a", encoding="utf-8") as f:
            f.write("# more\n")
        self.assertEqual(self.status()[1]["state"], "no-agent")
        self.write(path, ONE.replace("30d", "31d"))
        code, s = self.status()
        self.assertEqual((code, s["state"]), (3, "invalid"))
        self.assertIn("other terms than were agreed to", s["why"])

    def test_expires(self):
        short = self.write("short.yaml", ONE.replace("60d", "1s"))
        self.assertEqual(self.join(short, b"accept\n")[0], 0)
        time.sleep(1.1)
        self.assertEqual(self.status()[1]["state"], "expired")
        self.assertEqual(self.run_assent("pause").returncode, 3)
        self.assertEqual(self.join(short, b"accept\n")[0], 0)

    def test_torn_ledger(self):
        self.assertEqual(self.join(self.one, b"accept\n")[0], 0)
        with open(self.data + "/ledger.jsonl", "a", encoding="utf-8") as f:
            f.write('{"version":1,"id":"00')
        code, s = self.status()
        self.assertEqual((code, s["state"]), (3, "invalid"))
        self.assertIn("incomplete", s["why"])
        self.assertEqual(self.run_assent("pause").returncode, 3)
        self.assertEqual(self.join(self.one)[0], 1)
        self.assertEqual(self.run_assent("withdraw").returncode, 0)
        self.assertEqual(self.status()[1]["state"], "withdrawn")
        self.assertEqual(self.join(self.one, b"accept\n")[0], 0)

    def test_damaged_ledger(self):
        self.assertEqual(self.join(self.one, b"accept\n")[0], 0)
        path = self.data + "/ledger.jsonl"
        with open(path, encoding="utf-8") as f:
            text = f.read()
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("requested", "withdrawn", 1))
        self.assertEqual(self.status()[1]["state"], "invalid")
        result = self.run_assent("withdraw")
        self.assertEqual(result.returncode, 0)
        self.assertIn("was damaged", result.stdout)
        self.assertEqual(self.states(), ["withdrawn"])

    def test_open_folder(self):
        os.mkdir(self.data, 0o755)
        os.chmod(self.data, 0o755)
        code, asked = self.join(self.one)
        self.assertEqual((code, asked), (1, []))
        self.assertIn("chmod 700", self.said)

    def test_agent(self):
        self.assertEqual(self.join(self.one, b"accept\n")[0], 0)
        answer = json.dumps({"recording": True, "state": "recording", "why": None, "masked_now": "password", "counters": {"since": "2026-05-01T12:00:00Z", "kept": 7, "masked": {"password": 2, "grab": 0}, "lost": {"overflow": {"gaps": 1, "events": 20}, "crash": {"gaps": 2, "events": None}}}})
        agent = Agent(self.data + "/control", {"status": answer, "sync": '{"recording":false}'})
        result = self.run_assent("status")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("Recording:  yes\n", result.stdout)
        self.assertIn("password", result.stdout)
        for told in ("kept          7", "masked        password: 2", "lost          overflow: gaps 1, events 20", "lost          crash: gaps 2, events unknown",
                "Agent:      runs version 0.1.0 or earlier"):
            self.assertIn(told, result.stdout)
        self.assertNotIn("grab", result.stdout)
        code, s = self.status()
        self.assertEqual((code, s["recording"], s["agent"]["counters"]["kept"]), (0, True, 7))
        self.assertEqual(self.run_assent("pause").returncode, 0)
        result = self.run_assent("withdraw")
        self.assertEqual(result.returncode, 0)
        self.assertIn("Capture has ended", result.stdout)
        self.assertEqual(agent.heard.count("sync"), 2)
        agent.stop()
        # A socket that nobody listens on is no agent.
        self.assertEqual(self.join(self.one, b"accept\n")[0], 0)
        self.assertEqual(self.status()[1]["state"], "no-agent")

    def test_long_socket_path(self):
        self.data = os.path.join(self.root, "d" * 120)
        self.assertEqual(self.join(self.one, b"accept\n")[0], 0)
        here = os.getcwd()
        os.chdir(self.data)
        agent = Agent("control", {"status": '{"recording":true,"state":"recording"}'})
        os.chdir(here)
        self.assertEqual(self.run_assent("status").returncode, 0)
        agent.stop()


class Refusals(Case):
    def test_forbidden_manifests(self):
        table = {
            "category: emotion": ("emotion", ONE.replace("category: hci-research", "category: emotion-recognition")),
            "category: health": ("health", ONE.replace("category: hci-research", "category: health")),
            "id: performance": ("performance", ONE.replace("id: hci-research", "id: staff-performance")),
            "id: attendance": ("attendance", ONE.replace("id: hci-research", "id: attendance")),
            "id: discipline": ("discipline", ONE.replace("id: hci-research", "id: disciplinary")),
            "id: identification": ("identification", ONE.replace("id: hci-research", "id: identification")),
            "category: other": ("hci-research", ONE.replace("category: hci-research", "category: advertising")),
            "a default": ("unknown key", ONE.replace("category:", "default: yes, category:")),
            "no controller": ("controller is missing", re.sub(r"controller:.*\n", "", ONE)),
            "no notice": ("notice is missing", re.sub(r"notice:.*\n", "", ONE)),
            "no end": ("consent_valid is missing", re.sub(r"consent_valid:.*\n", "", ONE)),
            "no retention": ("retention is missing", re.sub(r"retention:.*\n", "", ONE)),
            "aliases": ("anchors", ONE.replace("title: {en", "title: &t {en")),
            "escape sequences": ("U+001B", ONE.replace("Please read this notice.", '"\\e[8m"')),
            "direction marks": ("direction mark", ONE.replace("Please read this notice.", '"\\u202e"')),
            "deep": ("nested too deeply", ONE + "references: " + "[" * 1000 + "]" * 1000 + "\n"),
            "huge": ("larger than", ONE + "#" * 300000),
        }
        for name, (says, text) in table.items():
            with self.subTest(name):
                path = self.write("bad.yaml", text)
                for command in ("join", "notice"):
                    result = self.run_assent(command, path)
                    self.assertEqual(result.returncode, 1, result)
                    self.assertIn(says, result.stderr)
                    self.assertRegex(result.stderr, r"^assent: .*bad\.yaml:")
        self.assertEqual(self.states(), [])

    def test_settings(self):
        self.assertEqual(self.join(self.one, b"accept\n")[0], 0)
        config = self.write("assent.yaml", "capture: {keys: none, exclude_apps: [secret-app]}\n")
        result = self.run_assent("status", "--json", "--config", config)
        limits = json.loads(result.stdout)["limits"]
        self.assertEqual(limits["keys"], {"value": "none", "from": "participant"})
        self.assertEqual(limits["exclude_apps"], {"value": ["secret-app"], "from": ["participant"]})
        result = self.run_assent("notice", self.one, "--config", config)
        self.assertIn("Keys: none", result.stdout)
        config = self.write("assent.yaml", "capture: {keys: nothing}\n")
        result = self.run_assent("status", "--config", config)
        self.assertEqual(result.returncode, 3)
        self.assertIn("assent.yaml:1: capture.keys:", result.stdout)

    def test_policy(self):
        """In a mount namespace of its own, since the policy's place is fixed."""
        etc = os.path.join(self.root, "etc")
        os.makedirs(etc + "/assent")
        for name in ("passwd", "ld.so.cache", "nsswitch.conf"):
            if os.path.exists("/etc/" + name):
                shutil.copy("/etc/" + name, etc)

        def under(policy):
            with open(etc + "/assent/policy.yaml", "w", encoding="utf-8") as f:
                f.write(policy)
            return Person(["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', etc, ASSENT, "join", self.one, "--data", self.data],
                          self.env)
        probe = subprocess.run(["unshare", "-m", "mount", "--bind", etc, "/etc"], capture_output=True, check=False)
        if probe.returncode:
            self.skipTest("needs the right to mount")
        for policy, says in (("capture: forbidden\n", b"capture: forbidden"), ("studies: [another]\n", b"studies")):
            p = under(policy)
            self.assertIsNone(p.question())
            self.assertEqual(p.end(), 4, p.said)
            self.assertIn(says, p.said)
        self.assertEqual(self.states(), [])
        p = under("studies: one\n")
        self.assertIsNone(p.question())
        self.assertEqual(p.end(), 1)
        self.assertIn(b"/etc/assent/policy.yaml:1: studies: must be a list", p.said)
        p = under("capture: {keys: none}\n")
        p.question()
        p.type(b"accept\n")
        self.assertEqual(p.end(), 0)
        self.assertIn(b"Keys: none", p.said)


class Usage(Case):
    def test_codes(self):
        for arguments, code in ((["frobnicate"], 2), (["join"], 2), (["pause", "soon"], 2), (["pause", "0s"], 2), (["status", "--jsno"], 2),
                                (["status", "x"], 2), (["notice", "no-such-study"], 1), (["join", "/no/such.yaml"], 1), (["notice"], 3)):
            with self.subTest(arguments):
                result = self.run_assent(*arguments)
                self.assertEqual(result.returncode, code, result)
                self.assertTrue(result.stderr.startswith("assent: "), result)

    def test_help(self):
        bare = subprocess.run([ASSENT], capture_output=True, text=True, check=False)
        self.assertEqual(bare.returncode, 2)
        for arguments in (["--help"], ["help"], ["-h"]):
            result = subprocess.run([ASSENT, *arguments], capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, 0)
            for command in ("notice", "join", "withdraw", "pause", "resume", "status", "show", "export", "verify"):
                self.assertIn("  " + command, result.stdout)
                one = subprocess.run([ASSENT, "help", command], capture_output=True, text=True, check=False)
                self.assertEqual(one.returncode, 0)
                self.assertEqual(one.stdout, subprocess.run([ASSENT, command, "--help"], capture_output=True, text=True, check=False).stdout)
        self.assertEqual(subprocess.run([ASSENT, "help", "frob"], capture_output=True, check=False).returncode, 2)
        self.assertRegex(subprocess.run([ASSENT, "--version"], capture_output=True, text=True, check=False).stdout, r"^assent \d+\.\d+")

    def test_full_disk_on_stdout(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = subprocess.run([ASSENT, "notice", self.one], env=self.env, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("standard output", result.stderr)

    def test_example(self):
        result = self.run_assent("notice", SOURCE + "/config/study.example.yaml")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("identifies people", result.stdout)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
