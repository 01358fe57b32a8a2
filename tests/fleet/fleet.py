# SPDX-License-Identifier: Apache-2.0
"""Workstations with participants, IT's collector and a recipient, on one machine: each workstation has an /etc and a /run/user of its own (a mount
namespace), homes of users of their own (numbers without names), and the collector's user with the rights that its unit gives it. Needs root."""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
EXAMPLE = ROOT / "examples/fleet"
sys.path.insert(0, str(HERE.parent / "lib"))
from agent import BUILD, on_pty  # noqa: E402
from cases import Skip, check  # noqa: E402
from participant import STORY, word  # noqa: E402
from store import Store, installed  # noqa: E402

STUDY, PURPOSE = "typing-fleet", "hci-research"
COLLECTOR, FIRST = 60999, 61000
# What assent-collect.service gives: these, and no other.
RIGHTS = "+setuid,+setgid,+kill"
QUICK = {"RCLONE_RETRIES": "1", "RCLONE_LOW_LEVEL_RETRIES": "2"}


def as_user(uid, *more):
	return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *more, "--"]


class Workstation:
	"""One machine with one user."""

	def __init__(self, fleet, number):
		self.fleet, self.number, self.uid = fleet, number, FIRST + number
		self.root = fleet.root / f"ws{number:04}"
		self.etc, self.run_user, self.state = self.root / "etc", self.root / "run", self.root / "state"
		self.home = self.root / "home/someone"
		for folder in (self.etc, self.run_user / str(self.uid), self.state, self.home):
			folder.mkdir(parents=True)
		for name in ("passwd", "group", "ld.so.cache", "nsswitch.conf"):
			if os.path.exists("/etc/" + name):
				shutil.copy("/etc/" + name, self.etc)
		for folder in (self.home, self.run_user / str(self.uid)):
			os.chown(folder, self.uid, self.uid)
			folder.chmod(0o700)
		os.chown(self.state, COLLECTOR, COLLECTOR)
		self.state.chmod(0o700)
		self.data = self.home / ".local/share/assent"
		self.outbox = self.data / "outbox"
		self.env = {"PATH": f"{fleet.bin}:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(self.home), "LANG": "C.UTF-8", "TZ": "UTC",
			"XDG_RUNTIME_DIR": f"/run/user/{self.uid}", **fleet.more}

	def inside(self, *argv):
		return ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc && mount --bind "$1" /run/user 2>/dev/null; shift; exec "$@"',
			str(self.etc), str(self.run_user), *map(str, argv)]

	def root_runs(self, command, env=None):
		"""A line of the page, as IT runs it."""
		return subprocess.run(self.inside("sh", "-c", command), cwd=EXAMPLE if env is None else None, env=env or {**self.env, **self.fleet.places}, stdin=subprocess.DEVNULL,
			capture_output=True, text=True, timeout=120, check=False)

	def plain(self, *argv):
		return subprocess.run(self.inside(*as_user(self.uid), *argv), env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
			timeout=120, check=False, start_new_session=True)

	def person(self, line, answer, prompt="[yes/no] "):
		"""A line of the page, as the participant types it."""
		return on_pty(self.inside(*as_user(self.uid), *line.split()), self.env, [answer], **({} if answer in ("yes", "no") and " join " in line else {"prompt": prompt}))

	def join(self, answer="yes"):
		code, shown = self.person(self.fleet.page(f"assent join /etc/assent/studies.d/{STUDY}.yaml"), answer)
		check(code == (0 if answer == "yes" else 4), lambda: f"join: exit {code}: {shown[-500:]}")

	def record(self):
		story = self.root / "story.t"
		story.write_text(STORY.format(word=word()))
		said = self.plain("assentd", "--source", f"replay:{story}")
		check(said.returncode == 0, lambda: f"assentd: {said}")

	def release(self):
		code, shown = self.person(self.fleet.page("assent release"), "yes")
		check(code == 0, lambda: f"release: exit {code}: {shown[-500:]}")

	def status(self):
		return json.loads(self.plain("assent", "status", "--json").stdout)

	def waiting(self, *suffixes):
		"""Names of segments, keys and tombstones in the outbox."""
		return sorted(path.name for path in self.outbox.rglob("*") if path.suffix in (suffixes or (".seg", ".key", ".tombstone"))) if self.outbox.exists() else []

	def collector(self, command="collect.sh"):
		"""As the unit runs it."""
		return as_user(COLLECTOR, "--inh-caps=-all," + RIGHTS, "--ambient-caps=-all," + RIGHTS, "--bounding-set=-all," + RIGHTS, "--no-new-privs") + [command]

	def collect_env(self, **more):
		return {"PATH": f"{EXAMPLE}:/usr/bin:/bin", "HOME": "/nonexistent", "ASSENT_REMOTE": self.fleet.remote, "ASSENT_HOMES": f"{self.root}/home/*",
			"STATE_DIRECTORY": str(self.state), "RCLONE_CONFIG": str(self.fleet.folder_for_collector / "rclone.conf"), **QUICK, **more}

	def collect(self, code=0, **more):
		said = subprocess.run(self.collector(self.fleet.page("collect.sh")), env=self.collect_env(**more), stdin=subprocess.DEVNULL, capture_output=True,
			text=True, timeout=200, check=False)
		check(code is None or said.returncode == code, lambda: f"collect.sh on {self.root.name}: exit {said.returncode}: {said.stdout}{said.stderr}")
		return said


class Fleet:
	def __init__(self, count):
		if os.geteuid() != 0:
			raise Skip("users of their own need root")
		if not installed() or not shutil.which("rclone") or not shutil.which("jq"):
			raise Skip("packaging/deps.sh fleet was not run: there is no store (python3-swift), rclone or jq")
		self.root = pathlib.Path(tempfile.mkdtemp(prefix="assent-fleet-", dir="/var/tmp"))
		self.root.chmod(0o755)
		self.more = {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH") if name in os.environ}
		# Everybody can run them, wherever the build lies.
		self.bin = self.root / "bin"
		self.bin.mkdir()
		for name in ("assent", "assentd"):
			shutil.copy(BUILD / "agent" / name, self.bin)
		self.places = {"ASSENT_FIRST_UID": "1000"}
		self.remote = "store:assent-fleet/collected"
		self.lines = {line.strip() for line in (ROOT / "docs/FLEET.md").read_text().splitlines() if line.startswith("    ")}
		self.run_lines = set()
		self.lab = self.root / "lab"
		self.lab.mkdir(mode=0o700)
		self.lab_env = {"PATH": f"{EXAMPLE}:{self.bin}:/usr/bin:/bin", "HOME": str(self.lab), "TZ": "UTC", "RCLONE_CONFIG": str(self.lab / "rclone.conf"), **QUICK, **self.more}
		self.store = Store()
		try:
			self.store.start()
			self.folder_for_collector = self.root / "collector"
			self.folder_for_collector.mkdir(mode=0o700)
			for folder, user in ((self.folder_for_collector, "fleet"), (self.lab, "lab")):
				(folder / "rclone.conf").write_text(self.store.config(user))
				(folder / "rclone.conf").chmod(0o600)
			for path in (self.folder_for_collector, self.folder_for_collector / "rclone.conf"):
				os.chown(path, COLLECTOR, COLLECTOR)
			made = self.rclone("mkdir", "store:assent-fleet", "--s3-no-check-bucket=false")
			check(made.returncode == 0, made.stderr)
			shutil.copy(EXAMPLE / "study.yaml", self.lab)
			self.in_lab(f"assent keygen --out {STUDY}.key | grep -o 'recipient_key: .*' >>study.yaml")
			self.machines = [Workstation(self, number) for number in range(count)]
			if self.machines[0].root_runs("true", {}).returncode:
				raise Skip("needs the right to mount")
			for m in self.machines:
				self.install(m)
		except BaseException:
			self.close()
			raise

	def close(self):
		self.store.__exit__()
		subprocess.run(["rm", "-rf", "--", str(self.root)], check=False)

	def page(self, line):
		"""It stands in docs/FLEET.md."""
		check(line in self.lines, f"docs/FLEET.md does not say: {line}")
		self.run_lines.add(line)
		return line

	def install(self, m):
		shutil.copy(self.lab / "study.yaml", m.root)
		for line in ("install -D -m 644 policy.yaml /etc/assent/policy.yaml", f"install -D -m 644 study.yaml /etc/assent/studies.d/{STUDY}.yaml"):
			said = subprocess.run(m.inside("sh", "-c", self.page(line)), cwd=EXAMPLE if "policy" in line else m.root, capture_output=True, text=True, check=False)
			check(said.returncode == 0, said)

	def at_once(self, function, machines):
		"""Several at a time, as a fleet does."""
		with concurrent.futures.ThreadPoolExecutor(4) as pool:
			return list(pool.map(function, machines))

	def in_lab(self, line, code=0):
		said = subprocess.run(["sh", "-c", self.page(line)], cwd=self.lab, env=self.lab_env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200,
			check=False)
		check(code is None or said.returncode == code, lambda: f"{line}: exit {said.returncode}: {said.stdout}{said.stderr}")
		return said

	def fetch(self, code=0):
		return self.in_lab(f"ASSENT_REMOTE=store:assent-fleet/collected ASSENT_KEY={STUDY}.key ASSENT_FOLDER=. fetch.sh {STUDY} {PURPOSE}", code)

	def rclone(self, *argv):
		return subprocess.run(["rclone", *argv], env=self.lab_env, capture_output=True, text=True, timeout=120, check=False)

	def stored(self, pattern="."):
		said = self.rclone("lsf", "-R", "--files-only", self.remote)
		check(said.returncode == 0, said.stderr)
		return sorted(line for line in said.stdout.splitlines() if re.search(pattern, line))

	def dataset(self):
		return json.loads((self.lab / STUDY / "dataset/dataset.json").read_text())

	def rows(self):
		"""How many rows of each participant the dataset has, by its own account and files."""
		made, found = self.dataset(), {}
		for person in made["participants"]:
			folder = self.lab / STUDY / f"dataset/events/study={STUDY}"
			files = list(folder.glob(f"*/participant={person['participant']}/*.parquet")) if folder.exists() else []
			check(bool(files) == bool(person.get("rows")), f"{person}: {files}")
			if files:
				found[person["participant"]] = person["rows"]
		return found
