# SPDX-License-Identifier: Apache-2.0
"""A person at `assent join`: a real pseudo-terminal, what it said, and what was written down. Of test_join.py and test_choice.py."""
import fcntl
import hashlib
import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

ASSENT = os.path.abspath(sys.argv[1])
SOURCE = os.path.abspath(sys.argv[2])
# In English and German.
QUESTION = re.compile(rb'"([a-z0-9-]+)"\? \[[a-z]+/[a-z]+/[a-z]+\] ')
MORE = re.compile(rb'-- [^\n]* --')

ONE = """assent: 1
study: one-purpose
title: {en: A study of one purpose}
controller: {name: Somebody, contact: somebody@example.org}
purposes:
  - {id: hci-research, category: hci-research, text: {en: We look at typing.}}
retention: 30d
consent_valid: 60d
notice: {en: Please read this notice.}
"""
TWO = ONE.replace("one-purpose", "two-purposes").replace("retention:", "  - {id: pointer-model, category: train-other-model, "
                                                         "text: {en: We train.}}\nretention:")


class Person:
    """A process with a controlling terminal, and what it said."""

    def __init__(self, arguments, env, window=None):
        self.said = b""
        self.asked = self.turned = self.keys = 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            if window:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", *window, 0, 0))
            try:
                os.execvpe(arguments[0], arguments, env)
            finally:
                os._exit(127)

    def read(self, seconds):
        """More of what it says, or False when it is over."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.said += data
        return bool(data)

    def question(self, timeout=20):
        """Waits for the next question, gives the purpose's id; None when there is none any more."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            found = QUESTION.findall(self.said)
            if len(found) > self.asked:
                self.asked += 1
                return found[self.asked - 1].decode()
            # A window with a size: it waits for Enter after each screen.
            if len(MORE.findall(self.said)) > self.turned:
                self.turned += 1
                self.type(b"\n")
            if not self.read(0.2):
                found = QUESTION.findall(self.said)
                if len(found) <= self.asked:
                    return None
        raise AssertionError("no question, no end: %r" % self.said)

    def wait(self, text, timeout=20):
        end = time.monotonic() + timeout
        while text not in self.said:
            if time.monotonic() > end or not self.read(0.2):
                if text in self.said:
                    return
                raise AssertionError("never said %r: %r" % (text, self.said))

    def type(self, data):
        self.keys += len(data.decode())
        os.write(self.fd, data)

    def end(self, timeout=20):
        end = time.monotonic() + timeout
        while self.read(0.2) and time.monotonic() < end:
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def state(entry):
    """Of a line of the ledger (receipt.h)."""
    return entry["events"][0]["event_state"]


def purposes(entry):
    return {p["purpose"]: p["agreed"] for p in entry["processing"]["purposes"]}


class Case(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="assent-join-")
        self.addCleanup(shutil.rmtree, self.root)
        self.data = os.path.join(self.root, "data")
        self.env = {"PATH": os.environ["PATH"], "HOME": self.root, "LC_ALL": "C.UTF-8", "ASSENT_AGREE": "yes", "ASSUME_YES": "yes"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        self.one = self.write("one.yaml", ONE)
        self.two = self.write("two.yaml", TWO)

    def write(self, name, text):
        path = os.path.join(self.root, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def run_assent(self, *arguments, **more):
        """Without a controlling terminal."""
        return subprocess.run([ASSENT, *arguments, "--data", self.data], env=self.env, capture_output=True, text=True,
                              start_new_session=True, timeout=30, stdin=more.pop("stdin", subprocess.DEVNULL), **more)

    def person(self, manifest, *more, window=None, env=()):
        return Person([ASSENT, "join", manifest, "--data", self.data, *more], dict(self.env, **dict(env)), window)

    def ledger(self):
        path = os.path.join(self.data, "ledger.jsonl")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def states(self):
        return [state(entry) for entry in self.ledger()]

    def shown(self, entry):
        """What was shown before that yes, as it was kept; its hash is the receipt's."""
        found = entry["processing"]["shown_hash"]
        with open("%s/studies/%s-%s.shown" % (self.data, entry["processing"]["study"], found[:16]), "rb") as f:
            text = f.read()
        self.assertEqual(hashlib.blake2b(text, digest_size=32).hexdigest(), found)
        return text.decode()

    def join(self, manifest, *answers, more=(), **options):
        """Answers each question in turn. The exit code, and the purposes that were asked."""
        p, asked = self.person(manifest, *more, **options), []
        for answer in answers:
            asked.append(p.question())
            p.type(answer)
        self.assertIsNone(p.question(), p.said)
        code = p.end()
        self.said, self.keys = p.said.decode(), p.keys
        return code, asked
