# SPDX-License-Identifier: Apache-2.0
"""Long random histories of the real programs: recording, forgetting, releasing, collecting, expiring, withdrawing, erasing, joining again, alone and two
at once, and every other time killed at a random instant. After each step a model says which words must be readable, which must not, for whom.

test_history.py                    a short one, of a new seed each time
test_history.py SEED [STEPS]       that one again, or longer
"""

import fcntl
import json
import os
import pathlib
import pty
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import BUILD, on_pty  # noqa: E402
from participant import TWO_APPS, environment, manifest  # noqa: E402

STEPS = 50
LETTERS = "abcdefghijklm"

APPS = ("gedit", "kate")


class Wrong(Exception):
	pass


def check(holds, why):
	if not holds:
		raise Wrong(why() if callable(why) else why)


class Word:
	"""What was typed into one application in one recording."""

	def __init__(self, text, app):
		self.text, self.app = text, app
		self.whole = False           # it was recorded to its end
		self.kept = None             # what could be read of it last; "": nothing, and nothing ever again
		self.doubt = None            # who was killed while deleting it: all of them or none
		self.called_back = False     # recipients were told
		self.gap = None              # when it was typed, if somebody forgot it: a gap says so


class History:
	def __init__(self, seed):
		self.random = random.Random(seed)
		self.took = {}               # how long a command takes, so that it is killed within
		self.home = pathlib.Path(tempfile.mkdtemp(prefix="assent-history-"))
		self.env = environment(self.home)
		self.assent, self.assentd = BUILD / "agent/assent", BUILD / "agent/assentd"
		self.data, self.collected = self.home / "data", self.home / "collected"
		self.collected.mkdir()
		self.review = self.random.choice(("72h", "manual"))
		self.manifest = manifest(self.home / "study.yaml", self.run("keygen", "--out", self.home / "recipient.key", own=False), id="history-test",
			review=self.review)
		self.words, self.joined, self.log = [], False, []

	def close(self):
		shutil.rmtree(self.home, ignore_errors=True)

	# ---- running things ----

	def argv(self, command, *argv, own=True):
		return [str(part) for part in (self.assent, command, *(("--data", self.data) if own else ()), *argv)]

	def start(self, argv):
		return subprocess.Popen(argv, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
			start_new_session=True)

	def run(self, command, *argv, own=True, kill=False):
		return self.finish(command, self.start(self.argv(command, *argv, own=own)), kill)

	def finish(self, command, process, kill=False):
		began = time.monotonic()
		killed = False
		if kill:
			try:
				process.wait(self.random.uniform(0, 1.1 * self.took.get(command, 0.03)))
			except subprocess.TimeoutExpired:
				process.kill()
				killed = True
		out, err = process.communicate(timeout=60)
		if not kill:
			self.took[command] = time.monotonic() - began
		check(killed or process.returncode >= 0, lambda: f"{command} died: {process.returncode} {err}")
		check("Sanitizer" not in err and "runtime error" not in err, err)
		return subprocess.CompletedProcess(process.args, process.returncode, out, err)

	def person(self, command, *argv, answer, prompt, kill=False):
		"""On a terminal; killed, if so, after the answer. The exit code, and what was said."""
		if not kill:
			began = time.monotonic()
			result = on_pty(self.argv(command, *argv), self.env, [answer], prompt=prompt, pause=0)
			self.took[command] = time.monotonic() - began
			return result
		pid, fd = pty.fork()
		if pid == 0:
			try:
				os.execve(self.assent, self.argv(command, *argv), self.env)
			finally:
				os._exit(127)
		shown, end = b"", time.monotonic() + 20
		while prompt.encode() not in shown and time.monotonic() < end:
			if select.select([fd], [], [], 0.2)[0]:
				try:
					shown += os.read(fd, 65536)
				except OSError:
					break
		else:
			os.write(fd, answer.encode() + b"\r")
			time.sleep(self.random.uniform(0, 0.04))
			os.kill(pid, signal.SIGKILL)
		code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
		os.close(fd)
		return code, shown.decode()

	# ---- what is there ----

	def live(self):
		return [w for w in self.words if w.kept]

	@staticmethod
	def typed(text):
		"""{(segment, application): what was typed} of rows."""
		found = {}
		for line in text.splitlines():
			row = json.loads(line)
			if row["kind"] == "key_down" and row["text"]:
				at = (row["segment"], row["app"])
				found[at] = found.get(at, "") + row["text"]
		return found

	def of(self, text, app):
		"""The word that this is, or is the beginning of."""
		found = [w for w in self.words if w.text.startswith(text) and app.endswith(w.app)]
		check(len(text) < 4 or len(found) == 1, f"{text!r} in {app} is of no one word: a part of one, or a mixture")
		return found[0] if len(found) == 1 else None

	def look(self):
		said = self.run("show", "--json")
		check(said.returncode in (0, 3), lambda: f"show: {said.returncode} {said.stderr}")
		seen = {}
		for (_, app), text in self.typed(said.stdout).items():
			w = self.of(text, app)
			if w:
				check(w not in seen, lambda: f"{text} is there twice")
				seen[w] = text
		fates = {}
		for w in self.words:
			text = seen.get(w, "")
			if w.kept is None:
				check(text == w.text or not w.whole, lambda: f"{w.text} was recorded, and {text!r} is there")
			elif w.doubt and not text:
				fates.setdefault(w.doubt, set()).add("gone")
			else:
				check(text == w.kept, lambda: f"of {w.text} {text!r} is there, and not {w.kept!r}")
				if w.doubt and w.kept:
					fates.setdefault(w.doubt, set()).add("there")
			w.kept = text
		for who, fate in fates.items():
			check(len(fate) == 1 or who.startswith("expire") or who.startswith("erase"), lambda: f"{who} was done by half")
		for w in self.words:
			w.doubt = None

	def settle(self):
		"""Whatever was interrupted is finished by the next command that changes something; then nothing may be left of it."""
		said = self.run("expire")
		check(said.returncode in (0, 3), lambda: f"expire: {said.returncode} {said.stderr}")
		spool = self.data / "spool"
		names = {path.name for path in spool.rglob("*") if path.is_file()} if spool.exists() else set()
		bad = {n for n in names if n.startswith(".forget") or n.endswith((".new", ".tmp", ".part"))}
		bad |= {n for n in names if n.endswith(".key") and n[:-4] + ".seg" not in names and n[:-4] + ".damaged" not in names}
		bad |= {n for n in names if n.endswith(".seg") and n[:-4] + ".key" not in names}
		check(not bad, lambda: f"left in the spool: {sorted(bad)}")
		outbox = self.data / "outbox"
		names = {path.name for path in outbox.rglob("*") if path.is_file()} if outbox.exists() else set()
		lone = {n for n in names if n.endswith(".key") and n[:-4] + ".seg" not in names}
		check(not lone or self.partly, lambda: f"keys without their segments in the outbox: {sorted(lone)}")
		if (self.data / "outbox.tmp").exists():
			lines = (self.data / "released.jsonl").read_text().splitlines() if (self.data / "released.jsonl").exists() else []
			out = {json.loads(line)["segment"] for line in lines} - {json.loads(line)["segment"] for line in lines if '"gone"' in line}
			ready = [n for n in os.listdir(self.data / "outbox.tmp") if n.endswith((".seg", ".key")) and n.split(".")[2] not in out]
			check(not ready, lambda: f"made ready for the outbox, and not released: {ready}")
		# A story's time is its own, and runs some seconds ahead: of a withdrawal, too. And who collects in the middle leaves halves.
		said = self.run("verify")
		problems = [line for line in said.stdout.splitlines() if "PROBLEM" in line]
		bad = [line for line in problems if not re.search("after consent was withdrawn|no receipts.jsonl of|key file is not there", line)]
		check(said.returncode in (0, 3) or (problems and not bad), lambda: f"verify: {bad} {said.stdout[-300:]} {said.stderr}")

	def gaps(self):
		"""Of what was deleted by somebody, and whose segment is still there, a gap says so."""
		rows = [json.loads(line) for line in self.run("show", "--json").stdout.splitlines()]
		told = [(r["t_us"], r["end_us"]) for r in rows if r["kind"] == "gap" and r["reason"] == "forgotten"]
		for w in self.words:
			if w.gap and not w.kept:
				check(any(a <= w.gap[0] and w.gap[1] <= b for a, b in told), lambda: f"no gap tells of {w.text}")

	# ---- what may happen ----

	def join(self, kill):
		code, shown = self.person("join", self.manifest, answer="accept", prompt="[accept/refuse/later] ", kill=kill)
		self.joined = self.standing()
		check(kill or code in (0, 3), lambda: f"join: {code} {shown}")
		check(kill or self.joined, "joined, and not")

	def standing(self):
		lines = (self.data / "ledger.jsonl").read_text().splitlines(True) if (self.data / "ledger.jsonl").exists() else []
		state = [json.loads(line)["events"][0]["event_state"] for line in lines if line.endswith("\n")]
		return bool(state) and state[-1] in ("given", "renewed")

	def left_alone(self):
		"""Its children end with it; one that seals takes a second."""
		time.sleep(0.2)
		for lock in self.data.rglob(".lock"):
			with open(lock, "rb") as f:
				end = time.monotonic() + 20
				while time.monotonic() < end:
					try:
						fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
						break
					except BlockingIOError:
						time.sleep(0.05)

	def record(self, kill):
		words = ["".join(self.random.choices(LETTERS, k=10)) for _ in APPS]
		story = self.home / "story.t"
		story.write_text(TWO_APPS.format(*words))
		process = self.start([str(self.assentd), "--data", str(self.data), "--source", f"replay:{story}"])
		mine = [Word(text, app) for text, app in zip(words, APPS)]
		said = self.finish("record", process, kill)
		if kill:
			self.left_alone()
		check(kill or said.returncode == (0 if self.joined else 4), lambda: f"assentd: {said.returncode} {said.stderr}")
		for w in mine:
			w.whole = said.returncode == 0
			if not self.joined:
				w.kept = ""
		self.words += mine

	def forget(self, kill, other=None):
		how = self.random.choice(("segment", "app", "time", "all"))
		rows = [json.loads(line) for line in self.run("show", "--json").stdout.splitlines()]
		by_word = {}
		for r in rows:
			if r["kind"] == "key_down" and r["text"]:
				by_word.setdefault((r["segment"], r["app"]), []).append(r)
		at = {self.of("".join(r["text"] for r in rs), rs[0]["app"]): rs for rs in by_word.values()}
		at.pop(None, None)
		if not at:
			return
		one = self.random.choice(list(at.values()))
		if how == "segment":
			argv, meant = ["--segment", one[0]["segment"]], lambda rs: rs[0]["segment"] == one[0]["segment"]
		elif how == "app":
			argv, meant = ["--app", one[0]["app"].rsplit("/")[-1]], lambda rs: rs[0]["app"] == one[0]["app"]
		elif how == "all":
			argv, meant = ["--since", "2020-01-01"], lambda rs: True
		else:
			a, b = one[0]["t_us"] // 1000000, one[-1]["t_us"] // 1000000 + 1
			clock = lambda s: time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(s))  # noqa: E731
			argv = ["--since", clock(a), "--until", clock(b)]
			# Only whole words can be told of here.
			for rs in at.values():
				inside = [a * 1000000 <= r["t_us"] <= b * 1000000 for r in rs]
				if any(inside) and not all(inside):
					return
			meant = lambda rs: a * 1000000 <= rs[0]["t_us"] <= b * 1000000  # noqa: E731
		hit = [w for w, rs in at.items() if meant(rs)]
		self.log[-1] += f" {how} {[w.text for w in hit]}"
		process = self.start(self.argv("forget", *argv, "--yes"))
		if other:
			other(False)
		said = self.finish("forget", process, kill)
		check(kill or said.returncode == 0, lambda: f"forget {argv}: {said.returncode} {said.stderr}")
		for w in hit:
			w.gap = (at[w][0]["t_us"], at[w][-1]["t_us"])
			if said.returncode == 0:
				w.kept = ""
				w.called_back = True
			else:
				w.doubt = f"forget {len(self.log)}"

	def dated(self, line):
		"""Makes a segment due: its key file says so."""
		keys = sorted((self.data / "spool").rglob("*.key"))
		if not keys:
			return None
		path = self.random.choice(keys)
		text = path.read_text()
		begun = re.search(r"^begun (.*)$", text, re.M).group(1)
		if line == "release" and "\nrelease manual" in text:
			return None
		new = path.with_name("." + path.name)
		new.write_text(re.sub(rf"^{line} .*$", f"{line} {begun}", text, flags=re.M))
		new.rename(path)
		return path.stem

	def expire(self, kill):
		shown = self.run("show", "--json").stdout
		before = self.typed(shown)
		name = self.dated("expires")
		# With a segment go its gaps.
		for row in map(json.loads, shown.splitlines()):
			for w in self.words:
				if row["kind"] == "gap" and row["segment"] == name and w.gap and row["t_us"] <= w.gap[0] <= row["end_us"]:
					w.gap = None
		said = self.run("expire", kill=kill)
		for (segment, app), text in before.items():
			w = self.of(text, app)
			if segment == name and w:
				w.gap = None
				w.called_back = said.returncode == 0
				if said.returncode == 0:
					w.kept = ""
				else:
					w.doubt = f"expire {len(self.log)}"

	def agent(self, kill, date=True):
		"""One that finds no display: only its keeper works."""
		if date:
			self.dated("release")
		process = self.start([str(self.assentd), "--data", str(self.data)])
		time.sleep(self.random.uniform(0.05, 0.6))
		process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
		process.communicate(timeout=20)
		self.left_alone()

	def release(self, kill):
		code, shown = self.person("release", answer="yes", prompt="[yes/no] ", kill=kill)
		check(kill or code in (0, 3), lambda: f"release: {code} {shown}")
		check(self.joined or "Released: " not in shown or kill, "released without consent")

	def collect(self, kill):
		"""By moving, as rclone does, all or some."""
		self.partly = kill
		outbox = self.data / "outbox"
		files = [p for p in outbox.rglob("*") if p.is_file() and not p.name.startswith(".")] if outbox.exists() else []
		self.random.shuffle(files)
		for path in files[:len(files) // 2 if kill else len(files)]:
			to = self.collected / path.relative_to(outbox)
			to.parent.mkdir(parents=True, exist_ok=True)
			shutil.move(path, to)

	def exported(self):
		out = self.home / "dataset"
		said = self.run("export", "--key", self.home / "recipient.key", "--purpose", "hci-research", "--format", "jsonl", "--out", out, "--force",
			"--tombstones", self.collected, self.collected, own=False)
		nothing = not any(self.collected.rglob("receipts.jsonl"))
		check(said.returncode in (0, 3) or nothing, lambda: f"export: {said.returncode} {said.stderr}")
		found = set()
		if said.returncode == 0:
			for path in out.rglob("*.jsonl"):
				for (_, app), text in self.typed(path.read_text()).items():
					w = self.of(text, app)
					if w:
						found.add(w)
		return found

	def recipient(self, kill):
		"""Has all that was collected, and all tombstones: what was deleted, and told of, is in no dataset."""
		self.settle()
		self.look()
		self.agent(False)
		self.collect(False)
		for w in self.exported():
			check(not w.called_back, lambda: f"{w.text} was deleted, its recipients told, and they still export it")

	def withdraw(self, kill):
		erase = self.random.random() < 0.4
		said = self.run("withdraw", *(["--erase"] if erase else []), kill=kill)
		check(kill or said.returncode in (0, 3), lambda: f"withdraw: {said.returncode} {said.stderr}{said.stdout}")
		self.joined = self.standing()
		check(said.returncode != 0 or not self.joined, "withdrawn, and not")
		if said.returncode == 0:
			left = [p.name for p in (self.data / "outbox").rglob("*") if p.suffix in (".seg", ".key")] if (self.data / "outbox").exists() else []
			check(not left, lambda: f"withdrawn, and in the outbox: {left}")
		if erase:
			for w in self.words:
				w.gap = None
				if said.returncode == 0:
					w.kept = ""
					w.called_back = True
				else:
					w.doubt = f"erase {len(self.log)}"

	def both(self, kill):
		"""Two at once."""
		others = (self.release, lambda _: self.agent(_, False), lambda _: self.run("expire"), lambda _: self.run("verify"), lambda _: self.collect(True),
			lambda _: self.run("export", "--format", "csv", "--out", self.home / "mine", "--force"))
		other = self.random.choice(others)
		self.dated("release")
		self.forget(kill, other)

	def step(self, number):
		deeds = {self.record: 5, self.forget: 4, self.expire: 2, self.release: 4, self.collect: 2, self.agent: 2, self.recipient: 2, self.withdraw: 1,
			self.both: 4} if self.joined else {self.join: 6, self.record: 1, self.withdraw: 2, self.release: 1, self.recipient: 1, self.agent: 1,
			self.forget: 1}
		deed = self.random.choices(list(deeds), deeds.values())[0]
		kill = self.random.random() < 0.4
		self.log.append(f"{number} {deed.__name__}{' killed' if kill else ''}")
		deed(kill)
		self.settle()
		self.look()
		self.gaps()

	partly = False


def main():
	seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(1 << 32)
	steps = int(sys.argv[2]) if len(sys.argv) > 2 else STEPS
	h = History(seed)
	began = time.monotonic()
	try:
		h.join(False)
		for number in range(steps):
			h.step(number)
	except Wrong as why:
		print(f"# {'; '.join(h.log[-12:])}")
		print(f"not ok a-random-history: seed {seed}, step {len(h.log) - 1}: " + " ".join(str(why).split()), flush=True)
		if os.environ.get("KEEP"):
			print("# " + str(h.home))
		else:
			h.close()
		return 1
	h.close()
	print("ok a-random-history", flush=True)
	print(f"# seed {seed}: {steps} steps, {len(h.words)} words, {time.monotonic() - began:.1f} s", flush=True)
	return 0


if __name__ == "__main__":
	sys.exit(main())
