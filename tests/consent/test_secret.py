#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`assent secret` on a pseudo-terminal: what is asked, what is shown, what is left behind.

usage: test_secret.py ASSENT
"""
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))

from terminal import Terminal  # noqa: E402

ASSENT = os.path.abspath(sys.argv[1])
PHRASE = "Tr0ub4dor & drei Öfen"


class Case(unittest.TestCase):
	def setUp(self):
		self.root = tempfile.mkdtemp(prefix="assent-secret-")
		self.addCleanup(shutil.rmtree, self.root)
		self.data = os.path.join(self.root, "data")
		self.file = os.path.join(self.data, "secrets")
		self.env = {"PATH": os.environ["PATH"], "HOME": self.root, "LC_ALL": "C.UTF-8", "ASSENT_SECRET": PHRASE}
		for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH"):
			if name in os.environ:
				self.env[name] = os.environ[name]

	def run_assent(self, *arguments, **options):
		# A session of its own: no terminal to ask on.
		return subprocess.run([ASSENT, *arguments, "--data", self.data], env=self.env, capture_output=True, text=True,
		                      check=False, start_new_session=True, **options)

	def terminal(self, *arguments):
		return Terminal([ASSENT, *arguments, "--data", self.data], self.env)

	def add(self, phrase=PHRASE, again=None, *arguments):
		t = self.terminal("secret", "add", *arguments)
		t.wait_hidden("not shown): ")
		t.type(phrase + "\r")
		if again is not False:
			t.wait_hidden("Once more: ")
			t.type((phrase if again is None else again) + "\r")
		code = t.end()
		self.assertTrue(t.echoes, "the terminal is left without echo")
		if len(phrase) > 5:
			self.assertNotIn(phrase, t.said.decode())
		return code, t.said.decode()

	def test_add_list_remove(self):
		self.assertEqual(self.run_assent("secret", "list").returncode, 3)
		code, said = self.add()
		self.assertEqual(code, 0, said)
		self.assertIn('Kept as "phrase 1"', said)
		self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
		with open(self.file, "rb") as f:
			content = f.read()
		for form in (PHRASE.encode(), PHRASE.encode("utf-16-le"), PHRASE.encode("utf-32-le"), b"Tr0ub", b"drei"):
			self.assertNotIn(form, content)
		self.assertEqual(self.add("another phrase", None, "--name", 'my "bank"')[0], 0)
		listed = self.run_assent("secret", "list")
		self.assertEqual(listed.returncode, 0)
		self.assertRegex(listed.stdout, r"^\d{4}-\d\d-\d\d  phrase 1\n\d{4}-\d\d-\d\d  my \"bank\"\n$")
		rows = [json.loads(line) for line in self.run_assent("secret", "list", "--json").stdout.splitlines()]
		self.assertEqual([row["label"] for row in rows], ["phrase 1", 'my "bank"'])
		self.assertEqual(self.run_assent("secret", "remove", "phrase 1").returncode, 0)
		self.assertEqual(self.run_assent("secret", "remove", "phrase 1").returncode, 3)
		self.assertNotIn("phrase 1", self.run_assent("secret", "list").stdout)

	def test_refused(self):
		for phrase, says in (("short", "at least 6"), ("x" * 129, "at most 128"), ("abc\x1b[Adef", "no text field takes"), ("", "too few")):
			code, said = self.add(phrase, False)
			self.assertEqual(code, 1, phrase)
			self.assertIn(says, said)
		code, said = self.add(PHRASE, PHRASE + "x")
		self.assertEqual(code, 1)
		self.assertIn("not the same", said)
		self.assertFalse(os.path.exists(self.file))

	def test_terminal_only(self):
		"""From no pipe, argument or variable."""
		for given in ({"input": PHRASE + "\n" + PHRASE + "\n"}, {"stdin": subprocess.DEVNULL}):
			result = self.run_assent("secret", "add", **given)
			self.assertEqual(result.returncode, 1)
			self.assertIn("no terminal", result.stderr)
		result = self.run_assent("secret", "add", PHRASE)
		self.assertEqual(result.returncode, 2)
		self.assertIn("history", result.stderr)
		self.assertNotIn(PHRASE, result.stderr)
		self.assertFalse(os.path.exists(self.file))

	def test_typed_ahead(self):
		"""What was typed before the question is not an answer to it."""
		t = self.terminal("secret", "add")
		t.type("typed ahead\rtyped ahead\r")
		t.wait_hidden("not shown): ")
		time.sleep(0.2)
		t.type(PHRASE + "\r")
		t.wait_hidden("Once more: ")
		t.type(PHRASE + "\r")
		self.assertEqual(t.end(), 0, t.said)

	def test_stopped(self):
		"""^C, ^D, ^Z, a signal: the terminal is as it was, and nothing is kept."""
		for at, what in ((1, b"\x03"), (1, b"half\x03"), (2, b"\x03"), (1, b"\x04"), (2, b"\x04"), (1, signal.SIGTERM), (2, signal.SIGHUP)):
			with self.subTest(at=at, what=what):
				t = self.terminal("secret", "add")
				t.wait_hidden("not shown): ")
				if at == 2:
					t.type(PHRASE + "\r")
					t.wait_hidden("Once more: ")
				if isinstance(what, bytes):
					t.type(what)
				else:
					os.kill(t.pid, what)
				self.assertEqual(t.end(), 1, t.said)
				self.assertTrue(t.echoes)
				self.assertFalse(os.path.exists(self.file))
		# ^Z would leave a terminal that shows nothing: it is a character like any other, and no text.
		t = self.terminal("secret", "add")
		t.wait_hidden("not shown): ")
		t.type(b"\x1aabcdefgh\r")
		self.assertEqual(t.end(), 1)
		self.assertTrue(t.echoes)

	def test_names(self):
		self.assertEqual(self.add("first phrase", None, "--name", "a")[0], 0)
		for name, says in (("a", "of that name"), ("x" * 41, "40 bytes"), ("", "40 bytes")):
			result = self.run_assent("secret", "add", "--name", name)
			self.assertEqual(result.returncode, 1)
			self.assertIn(says, result.stderr)
		for arguments in (["secret"], ["secret", "show"], ["secret", "remove"], ["secret", "list", "x"], ["secret", "add", "--json"]):
			self.assertEqual(self.run_assent(*arguments).returncode, 2, arguments)

	def test_damaged(self):
		self.assertEqual(self.add()[0], 0)
		os.chmod(self.file, 0o644)
		for arguments in (["list"], ["remove", "phrase 1"], ["add"]):
			result = self.run_assent("secret", *arguments)
			self.assertEqual(result.returncode, 1)
			self.assertIn("chmod 600", result.stderr)
		os.chmod(self.file, 0o600)
		with open(self.file, "ab") as f:
			f.write(b"secret")
		result = self.run_assent("secret", "list")
		self.assertEqual(result.returncode, 1)
		self.assertIn("damaged", result.stderr)


if __name__ == "__main__":
	unittest.main(argv=[sys.argv[0]] + sys.argv[2:])
