#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`assent keygen` and `assent passphrase` on a pseudo-terminal: what is asked, what is shown, what is left behind and where.

usage: test_keys.py ASSENT MAKE_IDENTITY
"""
import glob
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))

from agent import study  # noqa: E402
from terminal import Terminal  # noqa: E402

ASSENT = os.path.abspath(sys.argv[1])
MAKE_IDENTITY = os.path.abspath(sys.argv[2])
PHRASE, OTHER = "Tr0ub4dor & drei Öfen", "another one, of words"
OLD, NEW, AGAIN = "Your passphrase for Assent: ", "New passphrase (it is not shown): ", "Once more: "
with open(ASSENT, "rb") as program:
	SANITIZED = b"__asan_init" in program.read()


def memory(pid, needle):
	"""(how often needle is in a process's memory, how often of these where it is not locked)."""
	found = unlocked = here = 0
	with open(f"/proc/{pid}/smaps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
		for line in maps:
			area = re.match(r"([0-9a-f]+)-([0-9a-f]+) (r?)", line)
			if area:
				begin, end, here = int(area[1], 16), int(area[2], 16), 0
				try:
					mem.seek(begin)
					here = mem.read(end - begin).count(needle) if area[3] and end - begin < 1 << 28 else 0
				except (OSError, ValueError, OverflowError):
					pass
				found += here
			elif line.startswith("VmFlags:") and " lo" not in line:
				unlocked += here
	return found, unlocked


class Case(unittest.TestCase):
	def setUp(self):
		self.root = tempfile.mkdtemp(prefix="assent-keys-")
		self.addCleanup(shutil.rmtree, self.root)
		self.data = os.path.join(self.root, "data")
		os.mkdir(self.data, 0o700)
		self.identity = os.path.join(self.data, "identity")
		self.key = os.path.join(self.root, "r.key")
		self.env = {"PATH": os.environ["PATH"], "HOME": self.root, "LC_ALL": "C.UTF-8", "ASSENT_PASSPHRASE": OTHER}
		for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH"):
			if name in os.environ:
				self.env[name] = os.environ[name]

	def run_assent(self, *arguments, **options):
		# A session of its own: no terminal to ask on.
		options.setdefault("cwd", self.root)
		return subprocess.run([ASSENT, *arguments], env=self.env, capture_output=True, text=True, check=False, start_new_session=True,
		                      **options)

	def on_terminal(self, arguments, answers):
		"""Answers questions in turn: (question, answer). Neither is shown, nor in the arguments or the environment."""
		t = Terminal([ASSENT, *arguments], self.env)
		asked = 0
		for question, answer in answers:
			end = time.monotonic() + 30
			while t.said[asked:].find(question.encode()) < 0:
				self.assertLess(time.monotonic(), end, f"no {question!r} in {t.said!r}")
				t.read()
			asked += t.said[asked:].find(question.encode()) + len(question.encode())
			t.wait_hidden("")
			for place in ("cmdline", "environ"):
				with open(f"/proc/{t.pid}/{place}", "rb") as f:
					self.assertNotIn(PHRASE.encode(), f.read())
			if isinstance(answer, signal.Signals):
				os.kill(t.pid, answer)
			else:
				t.type(answer if answer in ("\x03", "\x04") else answer + "\r")
		code = t.end(60)
		said = t.said.decode()
		self.assertTrue(t.echoes, "the terminal is left without echo")
		for _, answer in answers:
			if isinstance(answer, str) and len(answer) > 6:
				self.assertNotIn(answer, said)
		return code, said

	def nowhere(self, *needles):
		for path in glob.glob(self.root + "/**", recursive=True, include_hidden=True):
			if os.path.isfile(path):
				with open(path, "rb") as f:
					content = f.read()
				for needle in needles:
					for form in (needle.encode(), needle.encode("utf-16-le"), needle.encode("utf-32-le"), needle.encode().hex().encode()):
						self.assertNotIn(form, content, path)

	def content(self, path=None):
		with open(path or self.identity) as f:
			return f.read()


class Keygen(Case):
	def test_makes(self):
		result = self.run_assent("keygen", "--out", self.key)
		self.assertEqual(result.returncode, 0, result.stderr)
		public = re.search(r"^Public key: (assent-pub-[\w-]{47})$", result.stdout, re.M)[1]
		self.assertIn(f"recipient_key: {public}\n", result.stdout)
		self.assertIn("If it is lost", result.stdout)
		self.assertEqual(stat.S_IMODE(os.stat(self.key).st_mode), 0o600)
		secret = re.search(r"^assent-secret-[\w-]{47}$", self.content(self.key), re.M)[0]
		self.assertNotIn("assent-secret", result.stdout + result.stderr)
		self.assertIn(f"# public key: {public}\n", self.content(self.key))
		self.assertEqual(self.run_assent("keygen", "--public", self.key).stdout, public + "\n")
		row = json.loads(self.run_assent("keygen", "--public", self.key, "--json").stdout)
		self.assertEqual((row["public_key"], row["passphrase"], row["file"]), (public, False, self.key))
		self.assertRegex(row["id"], "^[0-9a-f]{16}$")
		# Not replaced, whatever it is.
		before = self.content(self.key)
		result = self.run_assent("keygen", "--out", self.key)
		self.assertEqual(result.returncode, 1)
		self.assertIn("is there already", result.stderr)
		self.assertEqual(self.content(self.key), before)
		self.assertIn(secret, before)
		os.symlink(self.root + "/nowhere", self.root + "/link")
		self.assertEqual(self.run_assent("keygen", "--out", self.root + "/link").returncode, 1)
		self.assertFalse(os.path.exists(self.root + "/nowhere"))
		self.assertEqual(self.run_assent("keygen", "--out", self.root + "/no/such/k").returncode, 1)

	def test_usual_place(self):
		self.assertEqual(self.run_assent("keygen").returncode, 0)
		self.assertEqual(stat.S_IMODE(os.stat(self.root + "/assent-recipient.key").st_mode), 0o600)
		row = json.loads(self.run_assent("keygen", "--json", "--out", 'with "marks".key').stdout)
		self.assertEqual(row["file"], 'with "marks".key')
		self.assertEqual(len(os.listdir(self.root)), 3)

	def test_usage(self):
		for arguments in (["x"], ["--passphrase", PHRASE], ["--public"], ["--out="], ["--public", "a", "--out", "b"],
				["--public", "a", "--passphrase"], ["--secret"]):
			result = self.run_assent("keygen", *arguments)
			self.assertEqual(result.returncode, 2, arguments)
			self.assertNotIn(PHRASE, result.stderr)
		self.assertEqual(os.listdir(self.root), ["data"])

	def test_passphrase(self):
		answers = [(NEW, PHRASE), (AGAIN, PHRASE)]
		code, said = self.on_terminal(["keygen", "--out", self.key, "--passphrase"], answers)
		self.assertEqual(code, 0, said)
		self.nowhere(PHRASE, "assent-secret-")
		self.assertIn("sealed: argon2id 3 262144 ", self.content(self.key))
		self.assertIn(self.run_assent("keygen", "--public", self.key).stdout.strip(), said)
		# The name is taken: it is said before anything is typed.
		self.assertIn("is there already", self.on_terminal(["keygen", "--out", self.key, "--passphrase"], [])[1])

	def test_refused(self):
		for answers, says in (([(NEW, "short")], "too short"), ([(NEW, "seven\u00e47")], "too short"), ([(NEW, "12345678\x1b[A")], "not text"),
				([(NEW, PHRASE), (AGAIN, OTHER)], "not the same"), ([(NEW, "\x03")], "stopped"), ([(NEW, PHRASE), (AGAIN, "\x03")], "stopped"),
				([(NEW, PHRASE), (AGAIN, "\x04")], "not the same"), ([(NEW, "x" * 2000)], "too short"), ([(NEW, signal.SIGTERM)], "stopped")):
			code, said = self.on_terminal(["keygen", "--out", self.key, "--passphrase"], answers)
			self.assertEqual(code, 1, said)
			self.assertIn(says, said)
			self.assertEqual(os.listdir(self.root), ["data"])

	def test_no_terminal(self):
		for given in ({"input": PHRASE + "\n" + PHRASE + "\n"}, {"stdin": subprocess.DEVNULL}):
			result = self.run_assent("keygen", "--out", self.key, "--passphrase", **given)
			self.assertEqual(result.returncode, 1)
			self.assertIn("no terminal", result.stderr)
			self.assertFalse(os.path.exists(self.key))

	def test_broken_files(self):
		self.assertEqual(self.run_assent("keygen", "--out", self.key).returncode, 0)
		good = self.content(self.key)
		for content, mode, says in ((good, 0o640, "chmod 600"), (good.replace("\n", "\r\n"), 0o600, "CRLF"), (good[:-1], 0o600, "damaged"),
				(good + "x\n", 0o600, "damaged"), ("", 0o600, "not a recipient's key"), (good * 20, 0o600, "too long")):
			with open(self.key, "w", newline="") as f:
				f.write(content)
			os.chmod(self.key, mode)
			result = self.run_assent("keygen", "--public", self.key)
			self.assertEqual(result.returncode, 1)
			self.assertEqual(result.stdout, "")
			self.assertIn(self.key + ": ", result.stderr)
			self.assertIn(says, result.stderr)
			self.assertNotIn("assent-secret", result.stderr)
		self.assertIn("No such file", self.run_assent("keygen", "--public", self.key + "x").stderr)


class Participant(Case):
	def setUp(self):
		super().setUp()
		self.arguments = ["passphrase", "--data", self.data]

	def make(self):
		subprocess.run([MAKE_IDENTITY, self.identity], check=True)
		return re.search(r"^secret: ([0-9a-f]{64})$", self.content(), re.M)[1]

	def set(self, phrase=PHRASE, before=()):
		return self.on_terminal(self.arguments, [*before, (NEW, phrase), (AGAIN, phrase)])


class Passphrase(Participant):
	def test_set_change_remove(self):
		secret = self.make()
		code, said = self.set()
		self.assertEqual(code, 0, said)
		self.assertIn("nobody on your side can read your recordings any more", " ".join(said.split()))
		self.assertIn("Pause, withdraw, erase", said)
		self.nowhere(PHRASE, secret)
		self.assertNotIn("secret:", self.content())
		self.assertEqual(os.listdir(self.data), ["identity"])
		self.assertEqual(stat.S_IMODE(os.stat(self.identity).st_mode), 0o600)
		first = self.content()
		# Changed; the second try is good.
		code, said = self.set(OTHER, [(OLD, "not this one"), ("not it. Once more.\r\n" + OLD, PHRASE)])
		self.assertEqual(code, 0, said)
		self.assertIn("changed", said)
		self.nowhere(PHRASE, OTHER, secret)
		self.assertNotEqual(self.content(), first)
		# The agent's half stays readable, and the same.
		self.assertEqual(re.findall("^(?:agent|public): .*", self.content(), re.M), re.findall("^(?:agent|public): .*", first, re.M))
		code, said = self.on_terminal([*self.arguments, "--remove"], [(OLD, OTHER)])
		self.assertEqual(code, 0, said)
		self.assertIn(f"\nsecret: {secret}\n", self.content())
		result = self.run_assent(*self.arguments, "--remove")
		self.assertEqual(result.returncode, 3)
		self.assertEqual(os.listdir(self.data), ["identity"])

	def test_wrong(self):
		self.make()
		self.assertEqual(self.set()[0], 0)
		before = self.content()
		for arguments in (self.arguments, [*self.arguments, "--remove"]):
			for wrong in (["wrong wrong", "", PHRASE + " "], ["\x03"], ["wrong wrong", "\x03"], ["\x04"] * 3, [signal.SIGHUP]):
				code, said = self.on_terminal(arguments, [(OLD, w) for w in wrong])
				self.assertEqual(code, 1, said)
				self.assertEqual(self.content(), before)
				if len(wrong) == 3:
					self.assertIn("without the passphrase nothing can be read", said)
		for answers in ([(NEW, "\x03")], [(NEW, OTHER), (AGAIN, "\x03")], [(NEW, OTHER), (AGAIN, PHRASE)], [(NEW, "x")]):
			code, said = self.on_terminal(self.arguments, [(OLD, PHRASE), *answers])
			self.assertEqual(code, 1, said)
			self.assertEqual(self.content(), before)
		self.assertEqual(os.listdir(self.data), ["identity"])

	def test_no_terminal(self):
		self.make()
		before = self.content()
		for given in ({"input": PHRASE + "\n" + PHRASE + "\n"}, {"stdin": subprocess.DEVNULL}):
			result = self.run_assent(*self.arguments, **given)
			self.assertEqual(result.returncode, 1)
			self.assertIn("no terminal", result.stderr)
		self.assertEqual(self.content(), before)
		self.assertEqual(self.set()[0], 0)
		for arguments in (self.arguments, [*self.arguments, "--remove"]):
			result = self.run_assent(*arguments, input=PHRASE + "\n")
			self.assertEqual(result.returncode, 1)
			self.assertIn("no terminal", result.stderr)
		result = self.run_assent("passphrase", PHRASE, "--data", self.data)
		self.assertEqual(result.returncode, 2)
		self.assertIn("history", result.stderr)
		self.assertNotIn(PHRASE, result.stderr)

	def test_nobody_yet(self):
		result = self.run_assent(*self.arguments)
		self.assertEqual(result.returncode, 3)
		self.assertIn("assent join", result.stderr)

	def test_broken(self):
		self.make()
		good = self.content()
		for content, mode, says in ((good, 0o604, "chmod 600"), (good.replace("\n", "\r\n"), 0o600, "CRLF"), (good + "\n", 0o600, "damaged"),
				(good.replace("agent: ", "agent: 0"), 0o600, "damaged"), (good.replace("version: 2", "version: 1"), 0o600, "another version")):
			with open(self.identity, "w", newline="") as f:
				f.write(content)
			os.chmod(self.identity, mode)
			result = self.run_assent(*self.arguments)
			self.assertEqual(result.returncode, 1)
			self.assertIn(self.identity + ": ", result.stderr)
			self.assertIn(says, result.stderr)
			self.assertEqual(self.content(), content.replace("\r\n", "\n"))

	def test_what_was_left_behind(self):
		"""A passphrase is worth nothing while a half of an interrupted command holds the secret: whoever asks for it next cleans up."""
		secret = self.make()
		for name in ("identity.old", "identity.aB3xYz"):
			shutil.copy(self.identity, os.path.join(self.data, name))
		self.assertEqual(self.set()[0], 0)
		self.nowhere(secret)
		with open(os.path.join(self.data, "identity.old"), "w") as f:
			f.write(secret)
		self.on_terminal([*self.arguments, "--remove"], [(OLD, "\x03")])
		self.nowhere(secret)
		self.assertEqual(os.listdir(self.data), ["identity"])

	def test_memory(self):
		"""What is typed is in locked memory alone, in a process that leaves no core file."""
		if os.geteuid() != 0 or SANITIZED:
			self.skipTest("needs root, and a program without sanitizers")
		secret = bytes.fromhex(self.make())
		self.assertEqual(self.set()[0], 0)
		t = Terminal([ASSENT, *self.arguments], self.env)
		t.wait_hidden(OLD)
		t.type(PHRASE + "\r")
		t.wait(NEW)
		t.wait_hidden(NEW)
		self.assertEqual(memory(t.pid, PHRASE.encode()), (0, 0), "the old one is no longer needed")
		found, unlocked = memory(t.pid, secret)
		self.assertGreater(found, 0)
		self.assertEqual(unlocked, 0)
		self.assertEqual(memory(t.pid, secret.hex().encode()), (0, 0))
		t.type(OTHER + "\r")
		t.wait_hidden(AGAIN)
		found, unlocked = memory(t.pid, OTHER.encode())
		# The other place is the environment: see setUp.
		self.assertEqual(found - unlocked, 1)
		self.assertLessEqual(unlocked, 1)
		with open(f"/proc/{t.pid}/limits") as f:
			self.assertRegex(f.read(), r"Max core file size +0 +0 ")
		t.type("\x03")
		self.assertEqual(t.end(), 1)

	def test_other_programs_of_the_user(self):
		"""Whoever runs as the same user cannot read the memory: it belongs to root as soon as a secret can be in it."""
		if os.geteuid() != 0:
			self.skipTest("needs root, to be another user")
		user = 65534
		self.make()
		os.chmod(self.root, 0o711)
		for path in (self.data, self.identity):
			os.chown(path, user, user)
		t = Terminal([ASSENT, *self.arguments], self.env, user)
		t.wait_hidden(NEW)
		self.assertEqual(os.stat(f"/proc/{t.pid}/mem").st_uid, 0)
		reader = subprocess.run(["/usr/bin/head", "-c", "1", f"/proc/{t.pid}/mem"], user=user, group=user, extra_groups=[], capture_output=True,
		                        text=True, check=False)
		self.assertIn("Permission denied", reader.stderr)
		t.type("\x03")
		self.assertEqual(t.end(), 1)


class Joining(Participant):
	def setUp(self):
		super().setUp()
		self.manifest = study(os.path.join(self.root, "study.yaml"))
		self.make()
		self.assertEqual(self.set()[0], 0)

	def join(self, answer, phrases=()):
		t = Terminal([ASSENT, "join", "--data", self.data, self.manifest], self.env)
		t.wait("later] ")
		time.sleep(0.1)
		t.type(answer + "\r")
		for n, phrase in enumerate(phrases, 1):
			end = time.monotonic() + 30
			while t.said.count(OLD.encode()) < n and time.monotonic() < end:
				t.read()
			t.wait_hidden(OLD)
			t.type(phrase if phrase == "\x03" else phrase + "\r")
		code = t.end(60)
		said = t.said.decode()
		self.assertTrue(t.echoes)
		self.assertNotIn(PHRASE, said)
		self.assertEqual(said.count(OLD), len(phrases), said)
		return code, said

	def last(self):
		with open(os.path.join(self.data, "ledger.jsonl")) as f:
			return json.loads(f.read().splitlines()[-1])


class Decisions(Joining):
	"""Only a yes, and reading, need the passphrase."""

	def test_yes(self):
		code, said = self.join("accept", ["not this one", PHRASE])
		self.assertEqual(code, 0, said)
		self.assertIn("participant_signature", self.last())
		self.nowhere(PHRASE)
		# What narrows and ends: without it, and without a terminal.
		for arguments, wanted in ((["pause", "10m"], 0), (["resume"], 0), (["status"], 3), (["expire"], (0, 3)), (["withdraw", "--erase"], (0, 3))):
			result = self.run_assent(*arguments, "--data", self.data, stdin=subprocess.DEVNULL)
			self.assertIn(result.returncode, wanted if isinstance(wanted, tuple) else (wanted,), (arguments, result.stderr))
		self.assertIn("withdrawn", json.dumps(self.last()))

	def test_no_and_neither(self):
		self.assertEqual(self.join("refuse")[0], 4)
		self.assertNotIn("participant_signature", self.last())

	def test_yes_without_it(self):
		"""Whoever cannot sign has not agreed."""
		for phrases in (["wrong wrong"] * 3, ["\x03"]):
			code, said = self.join("accept", phrases)
			self.assertEqual(code, 4, said)
			self.assertIn("deferred", json.dumps(self.last()))
			self.assertNotIn("participant_signature", self.last())


STORY = """\
window 1 exe=/usr/bin/gedit pid=10
object 11 pid=10 role=text
focus 1
field 11
+1s type ordinary
+6s screen 800 600
"""


class Recorded(Joining):
	"""The agent records without the passphrase; nobody reads without it."""

	def show(self, phrases):
		t = Terminal([ASSENT, "show", "--json", self.data], self.env)
		for n, phrase in enumerate(phrases, 1):
			end = time.monotonic() + 30
			while t.said.count(OLD.encode()) < n and time.monotonic() < end:
				t.read()
			t.wait_hidden(OLD)
			t.type(phrase + "\r")
		code = t.end(60)
		typed = [json.loads(line) for line in t.said.decode().splitlines() if line.startswith("{")]
		return code, "".join(row["text"] for row in typed if row["kind"] == "key_down"), t.said.decode()

	def test_recorded(self):
		study(self.manifest, keys="text")
		self.assertEqual(self.join("accept", [PHRASE])[0], 0)
		story = os.path.join(self.root, "story.t")
		with open(story, "w") as f:
			f.write(STORY)
		agent = subprocess.run([os.path.join(os.path.dirname(ASSENT), "assentd"), "--data", self.data, "--source", "replay:" + story], env=self.env,
		                       stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
		self.assertEqual(agent.returncode, 0, agent.stderr)
		os.unlink(story)
		self.assertEqual(len(glob.glob(self.data + "/spool/*/*.seg")), 1)
		result = self.run_assent("show", "--json", self.data, input=PHRASE + "\n")
		self.assertEqual((result.returncode, result.stdout), (1, ""))
		self.assertIn("no terminal", result.stderr)
		self.assertEqual(self.show(["wrong wrong"] * 3)[:2], (1, ""))
		code, typed, said = self.show([PHRASE])
		self.assertEqual((code, typed), (0, "ordinary"), said)
		# Another passphrase opens what was recorded under the one before; the one before opens nothing.
		self.assertEqual(self.set(OTHER, [(OLD, PHRASE)])[0], 0)
		self.assertEqual(self.show([PHRASE, OTHER])[:2], (0, "ordinary"))
		self.nowhere(PHRASE, OTHER, "ordinary")
		# Without the keys it is noise; with another's keys, too.
		os.rename(self.identity, self.identity + "-away")
		self.assertEqual(self.show([])[:2], (3, ""))
		self.make()
		code, typed, said = self.show([])
		self.assertEqual((code, typed), (1, ""), said)


if __name__ == "__main__":
	unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
