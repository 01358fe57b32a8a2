# SPDX-License-Identifier: Apache-2.0
"""Data folders as older versions left them (golden/, made by make.py), and the programs of this build at a clock that stands still behind them."""

import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import BUILD  # noqa: E402
from cases import Skip, check  # noqa: E402
from participant import environment  # noqa: E402

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"
BEGUN, DAY = 1705312800, 86400   # 2024-01-15T10:00:00Z, when they were made
STUDY = "golden-study"

MORE = """\
window 1 exe=/usr/bin/gedit pid=10
object 11 pid=10 role=text
focus 1
field 11
+1s type headache
+6s screen 800 600
"""


class Old:
	"""A copy of golden/NAME.tar.gz, and this build's programs at it. days: after it was made."""

	def __init__(self, name, days=14):
		self.shim = BUILD / "tests/tools/frozen_clock.so"
		if not self.shim.exists():
			raise Skip(f"{self.shim} is not built")
		self.home = pathlib.Path(tempfile.mkdtemp(prefix="assent-upgrade-"))
		with tarfile.open(GOLDEN / f"{name}.tar.gz") as tar:
			tar.extractall(self.home, filter="data") if hasattr(tarfile, "data_filter") else tar.extractall(self.home)
		# What was unpacked by root is whoever runs the tests': else it is another's.
		for path in self.home.rglob("*"):
			path.chmod(0o700 if path.is_dir() else 0o600)
		self.data, self.key = self.home / "data", self.home / "recipient.key"
		self.expected = json.loads((self.home / "expected.json").read_text())
		self.env = environment(self.home)
		# A library before that of a sanitizer.
		self.env["ASAN_OPTIONS"] = self.env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
		self.at(days)

	def __enter__(self):
		return self

	def __exit__(self, *_):
		shutil.rmtree(self.home)

	def at(self, days):
		self.env.update(LD_PRELOAD=str(self.shim), FROZEN_UTC_US=str(int((BEGUN + days * DAY) * 1000000)), FROZEN_MONO_US="70000000000")

	def plain(self, *argv, program="assent", stdin=None, seconds=60):
		return subprocess.run([str(BUILD / "agent" / program), *map(str, argv)], env=self.env, input=stdin or "", capture_output=True, text=True,
			timeout=seconds, start_new_session=True)

	def command(self, name, *argv, code=0):
		said = self.plain(name, "--data", self.data, *argv)
		check(code is None or said.returncode == code, lambda: f"{name} {argv}: exit {said.returncode}: {said.stdout}{said.stderr}")
		return said

	def rows(self, *argv):
		said = self.plain("show", "--json", *argv) if argv else self.command("show", "--json")
		check(said.returncode == 0, lambda: f"show: exit {said.returncode}: {said.stderr}")
		return [json.loads(line) for line in said.stdout.splitlines()]

	def record(self):
		story = self.home / "story.t"
		story.write_text(MORE)
		return self.plain("--data", self.data, "--source", f"replay:{story}", program="assentd")

	def live(self, **options):
		"""The agent as a session begins it, with its keeper; there is no display to record from."""
		return subprocess.Popen([str(BUILD / "agent/assentd"), "--data", str(self.data)], env=self.env, stdin=subprocess.DEVNULL,
			stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options)

	def spool(self, suffix):
		return sorted((self.data / "spool" / STUDY).glob("*" + suffix))

	def tree(self):
		"""Every file, and what is in it. Locks are made by whoever looks."""
		return {str(path.relative_to(self.home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in self.home.rglob("*")
			if path.is_file() and path.name not in (".keep", ".lock", "story.t")}


def names():
	return sorted(path.name.removesuffix(".tar.gz") for path in GOLDEN.glob("*.tar.gz"))


# ---- versions ----

def siphash(data, key=b"assent segment 1"):
	"""SipHash-2-4 of 64 bits."""
	mask = (1 << 64) - 1
	k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
	v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]

	def turn(x, n):
		return (x << n | x >> (64 - n)) & mask

	def rounds(n):
		for _ in range(n):
			v[0] = (v[0] + v[1]) & mask; v[1] = turn(v[1], 13) ^ v[0]; v[0] = turn(v[0], 32)
			v[2] = (v[2] + v[3]) & mask; v[3] = turn(v[3], 16) ^ v[2]
			v[0] = (v[0] + v[3]) & mask; v[3] = turn(v[3], 21) ^ v[0]
			v[2] = (v[2] + v[1]) & mask; v[1] = turn(v[1], 17) ^ v[2]; v[2] = turn(v[2], 32)

	data = data + bytes(7 - len(data) % 8) + bytes([len(data) & 255])
	for i in range(0, len(data), 8):
		m = int.from_bytes(data[i:i + 8], "little")
		v[3] ^= m
		rounds(2)
		v[0] ^= m
	v[2] ^= 0xff
	rounds(4)
	return (v[0] ^ v[1] ^ v[2] ^ v[3]).to_bytes(8, "little")


def raise_segment(path, version=None, flags=None):
	data = bytearray(path.read_bytes())
	check(siphash(bytes(data[:16])) == bytes(data[16:24]), f"{path}: its prelude has another check")
	if version:
		data[8:12] = version.to_bytes(4, "little")
	if flags:
		data[14:16] = flags.to_bytes(2, "little")
	data[16:24] = siphash(bytes(data[:16]))
	path.write_bytes(data)


def replace(path, old, new):
	text = path.read_text()
	check(old in text, f"{path}: has no {old}")
	path.write_text(text.replace(old, new))
