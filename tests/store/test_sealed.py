# SPDX-License-Identifier: Apache-2.0
"""Recordings by the real agent, sealed in the end: row for row what the journal said, to every command that reads them.

The clocks stand still (tests/tools/frozen_clock.c), so that a story told twice is the same twice; the second time sealing is refused
(tests/tools/no_sealing.c), and what is left is the journal.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import BUILD, FOOTER, HEADER, JOURNAL, SEALED, on_pty, records, study  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from desk import wait_for  # noqa: E402

ASSENT, ASSENTD = BUILD / "agent/assent", BUILD / "agent/assentd"

WORLD = """\
window 1 exe=/usr/bin/gedit pid=10 title=letter
window 2 exe=/usr/bin/zenity pid=20
object 11 pid=10 role=text
object 21 pid=20 role=password
screen 1920 1080
layout de
focus 1
field 11
"""
TURN = """\
+1s type the quick brown fox
+1s focus 2
field 21
+1s type secret{n}
+2s focus 1
field 11
+3s type jumps over
+7s screen 1920 {n}
"""


def story(turns):
	return WORLD + "".join(TURN.format(n=1080 + n) for n in range(turns))


class Participant:
	def __init__(self):
		self.home = pathlib.Path(tempfile.mkdtemp(prefix="assent-sealed-"))
		self.env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"}
		self.shims = [BUILD / f"tests/tools/{name}.so" for name in ("frozen_clock", "no_sealing")]
		for shim in self.shims:
			if not shim.exists():
				raise Skip(f"{shim} is not built")
		self.joined = self.home / "joined"
		code, shown = on_pty([ASSENT, "join", "--data", self.joined, study(self.home / "study.yaml", keys="text", apps="title")], self.env,
			["yes"])
		check(code == 0, shown[-300:])
		self.utc = time.time_ns() // 1000000000 * 1000000 + 60412345

	def __enter__(self):
		return self

	def __exit__(self, *_):
		shutil.rmtree(self.home, ignore_errors=True)

	def run(self, *argv, **env):
		return subprocess.run([str(part) for part in argv], env=dict(self.env, **env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
			stderr=subprocess.PIPE, text=True, timeout=60)

	def record(self, data, text, sealing=True, times=1):
		"""Each time a segment, half an hour after the one before; the agent's log."""
		path, log = self.home / "story.t", ""
		path.write_text(text)
		if not data.exists():
			shutil.copytree(self.joined, data)
		for n in range(times):
			done = self.run(ASSENTD, "--source", f"replay:{path}", "--data", data,
				LD_PRELOAD=" ".join(str(shim) for shim in self.shims[:1 if sealing else 2]),
				FROZEN_UTC_US=str(self.utc + n * 1800000000), FROZEN_MONO_US=str(7000123456 + n * 1800000000))
			check(done.returncode == 0, lambda: done.stderr)
			log += done.stderr
		return log

	def rows(self, data, *options):
		said = self.run(ASSENT, "show", "--json", "--data", data, *options)
		check(said.returncode == 0, lambda: said.stderr)
		return [{name: value for name, value in json.loads(line).items() if name != "segment"} for line in said.stdout.splitlines()]

	def exported(self, data, name):
		out = self.home / name
		said = self.run(ASSENT, "export", "--format", "csv", "--out", out, data)
		check(said.returncode == 0, lambda: said.stderr)
		table = next(path for path in sorted(out.rglob("*.csv")) if path.stat().st_size)
		lines = table.read_text().splitlines()
		at = lines[0].split(",").index("segment")
		return [line.split(",")[:at] + line.split(",")[at + 1:] for line in lines]


def sealed_is_the_journal_row_for_row():
	with Participant() as p:
		sealed, journal = p.home / "sealed", p.home / "journal"
		said = p.record(sealed, story(12), times=3)
		check("journal" not in said, said)
		said = p.record(journal, story(12), sealing=False, times=3)
		check(said.count("stays a journal") == 3, said)
		sizes = []
		for data, kind in ((sealed, SEALED), (journal, JOURNAL)):
			files = sorted(data.rglob("*.seg"))
			check(len(files) == 3 and not list(data.rglob("*.part")) and not list(data.rglob("*.tmp")), lambda: f"{sorted(data.rglob('*'))}")
			for path in files:
				kinds = records(path)
				check(kinds[0] == HEADER and kinds[-1] == FOOTER and set(kinds[1:-1]) == {kind}, f"{path}: records {kinds}")
			sizes.append(sum(path.stat().st_size for path in files))
			check(p.run(ASSENT, "verify", "--data", data).returncode in (0, 2), "verify")
			check(p.run(ASSENT, "verify", data).returncode == 0, lambda: p.run(ASSENT, "verify", data).stdout)
		a, b = p.rows(sealed), p.rows(journal)
		check(len(a) > 1000 and a == b, lambda: f"{len(a)} and {len(b)} rows: {[pair for pair in zip(a, b) if pair[0] != pair[1]][:2]}")
		check({row["kind"] for row in a} >= {"key_down", "key_up", "focus", "span", "screen", "layout", "start", "stop"}, "kinds")
		# A stretch of time: found in the block.
		middle = (a[0]["t_us"] + 1800000000) // 1000000
		when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(middle))
		check(p.rows(sealed, "--since", when) == p.rows(journal, "--since", when), "show --since")
		check(p.exported(sealed, "a") == p.exported(journal, "b"), "export")
		# A block that is not full is padded to 4 KiB, whatever little is in it.
		check(sizes[0] <= sizes[1] + 3 * 4096, f"sealed {sizes[0]} bytes, journals {sizes[1]}")
		note(f"{len(a)} rows: {sizes[1]} bytes as journals, {sizes[0]} sealed")


def forgetting_works_on_either():
	with Participant() as p:
		left = []
		for name, sealing in (("sealed", True), ("journal", False)):
			data = p.home / name
			p.record(data, story(4), sealing)
			said = p.run(ASSENT, "forget", "--data", data, "--app", "gedit", "--yes")
			check(said.returncode == 0, lambda: said.stdout + said.stderr)
			rows = p.rows(data)
			check(not [row for row in rows if row["kind"].startswith("key")], "keys are left")
			check([row for row in rows if row["reason"] == "forgotten"], "no gap")
			(path,) = data.rglob("*.seg")
			check(set(records(path)) == {HEADER, SEALED, FOOTER}, f"what is left is not sealed: {records(path)}")
			check(p.run(ASSENT, "verify", data).returncode == 0, "verify")
			left.append(rows)
		check(left[0] == left[1], "other rows are left")


def a_killed_writer_leaves_a_journal():
	"""Nobody has its key: the next start completes it, and it stays as it is."""
	with Participant() as p:
		data, path = p.home / "killed", p.home / "story.t"
		shutil.copytree(p.joined, data)
		path.write_text(story(2))
		agent = subprocess.Popen([str(ASSENTD), "--data", str(data), "--source", f"replay:{path}"], env=p.env, stdin=subprocess.DEVNULL,
			stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
		wait_for(lambda: list(data.rglob("*.part")) or agent.poll() is not None, 10, every=0.001, name="a segment")
		killed = False
		for process in pathlib.Path("/proc").glob("[0-9]*"):
			try:
				if int((process / "stat").read_text().rsplit(")", 1)[1].split()[1]) == agent.pid and "[writer" in (process / "stat").read_text():
					os.kill(int(process.name), signal.SIGKILL)
					killed = True
			except (OSError, IndexError, ValueError):
				continue
		agent.wait(30)
		if not killed or not list(data.rglob("*.part")):
			raise Skip("it was over before it could be killed")
		path.write_text(story(1))
		check(p.run(ASSENTD, "--data", data, "--source", f"replay:{path}").returncode == 0, "the next start")
		kinds = [records(found) for found in sorted(data.rglob("*.seg"))]
		# Unless the sealed one had its place already, and only the name was missing: then it is whole.
		check(SEALED in kinds[-1] and all(SEALED not in found or found == [HEADER, SEALED, FOOTER] for found in kinds[:-1]), f"{kinds}")
		check(not list(data.rglob("*.tmp")), "something is left of sealing")
		check(p.run(ASSENT, "verify", data).returncode == 0, lambda: p.run(ASSENT, "verify", data).stdout)


if __name__ == "__main__":
	sys.exit(run(sealed_is_the_journal_row_for_row, forgetting_works_on_either, a_killed_writer_leaves_a_journal))
