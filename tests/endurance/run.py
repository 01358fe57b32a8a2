# SPDX-License-Identifier: Apache-2.0
"""run.py [--minutes N] [--seed S] [--out DIR] [--speed N] [--calm N] : an agent under real input, fifty times as fast as it was, while at random all happens to it
that can.

Beginning after beginning of rough minutes, in which its processes are killed, paused, ended, their X server, bus and disk taken away, there are --calm minutes in
which they live on: through clocks that are set, suspends, stops, a full disk and private mode; what grows in those would grow for ever. At the end each event
that was played has to be accounted for (truth.py), and `assent verify` has to pass. The same seed disturbs in the same order; a machine's times are its own.

In DIR (default: a new folder under $TMPDIR, which is removed when all is well): events.log (what was done, when), figures.log (a line a process and look), assentd.log, result.json.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
sys.path.insert(0, str(HERE))
import disturb  # noqa: E402
import figures  # noqa: E402
import truth  # noqa: E402
from cases import check, note  # noqa: E402
from desk import DeskError  # noqa: E402
from world import World, mono_us  # noqa: E402

# Of its own. A stopped capture gets all at once what has piled up; a writer whose disk is full holds 8 MiB of messages, and one that seals has the journal in its hands.
MOST_KIB = {"supervisor": 4096, "capture": 16384, "writer": 24576}


def own_mounts():
	"""Begins anew in a mount namespace, where it can be, so that the disk can be filled."""
	if os.environ.get("ASSENT_ENDURANCE_MOUNTS") or os.getuid() or not shutil.which("unshare"):
		return
	if subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
		os.environ["ASSENT_ENDURANCE_MOUNTS"] = "1"
		os.execvp("unshare", ["unshare", "-m", "--propagation", "private", sys.executable, "-B", *sys.argv])


def remove(out):
	"""All of it, with the disk that is filled."""
	subprocess.run(["umount", out / "home/.local/share/assent/spool"], stderr=subprocess.DEVNULL, check=False)
	shutil.rmtree(out, ignore_errors=True)


class Run:
	least = 0.3                      # of what is played has to be kept, or it shows nothing

	def __init__(self, out, seed, speed=50):
		self.out, self.seed, self.speed = pathlib.Path(out), seed, speed
		self.chance = random.Random(seed)
		self.done = collections.Counter()
		self.flushed = {}
		self.bad = []

	# -- what was on the disk already --

	def remember(self, w):
		"""The rows of the last minute that can be read now: whatever happens next, they stay."""
		said = w.command("show", "--json", "--since", "1m", seconds=120)
		for line in said.stdout.splitlines():
			row = json.loads(line)
			if row["kind"] in truth.KINDS:
				self.flushed[(row["mono_us"], truth.row_identity(row))] = row["t_us"]

	def still_there(self, w, rows):
		there = {(rows.mono[i], rows.what[i]) for i in range(len(rows.mono))}
		lost = [(mono, what, t) for (mono, what), t in self.flushed.items() if (mono, what) not in there]
		return [one for one in lost if not any(begin - 2000000 <= one[2] <= end + 2000000 for begin, end in w.forgotten)]

	# -- the disturbances --

	def disturb(self, w, what):
		names = list(what)
		one = self.chance.choices(names, [what[name] for name in names])[0]
		if one in (disturb.kill_capture, disturb.kill_writer, disturb.kill_supervisor, disturb.kill_all) and self.chance.random() < 0.4:
			self.remember(w)
		began, before = time.monotonic(), w.clock.utc_us
		try:
			one(w, self.chance)
		except (AssertionError, DeskError) as why:
			# Told at the end, with all the rest.
			self.bad.append(f"{one.__name__}: {why}")
			w.note("NOT OK", one.__name__, " ".join(str(why).split()))
			w.mend(before)
		w.note("done", one.__name__, f"{time.monotonic() - began:.1f}s")
		self.done[one.__name__] += 1

	def live(self, w, seconds, what, rest):
		end = time.monotonic() + seconds
		while time.monotonic() < end:
			time.sleep(min(max(0.0, end - time.monotonic()), self.chance.expovariate(1 / rest)))
			if time.monotonic() < end:
				self.disturb(w, what)

	def days(self, w, end, calm):
		# A calm stretch at its end, too: who begins after all of that, and lives on.
		while time.monotonic() < end:
			left = end - time.monotonic()
			if left > 1.2 * calm:
				w.note("rough")
				self.live(w, min(300, left - calm), {**disturb.ROUGH, **disturb.CALM}, 2.0)
			w.note("calm")
			self.live(w, min(calm, end - time.monotonic()), disturb.CALM, 4.0)

	def run(self, seconds, calm):
		began = time.monotonic()
		with World(self.out, self.seed, self.speed) as w:
			sampler = figures.Sampler(w.pids, self.out / "figures.log")
			sampler.start()
			try:
				self.days(w, began + seconds, calm)
			finally:
				sampler.stop()
			note(f"{(time.monotonic() - began) / 60:.1f} minutes, {sum(self.done.values())} disturbances: "
				+ ", ".join(f"{name} {n}" for name, n in sorted(self.done.items())))
			return self.judge(w, sampler)

	# -- the end --

	def judge(self, w, sampler):
		w.tell("rest")
		w.ballast(False)
		w.note("end")
		time.sleep(6)
		counters = w.status().get("agent", {}).get("counters", {})
		check(w.agent.process.stop(10) == 0, "the agent did not end well")
		w.tell("quit")
		played = truth.Played(sorted(self.out.glob("played-*")))
		shown = subprocess.Popen([w.agent.assent, "show", "--data", w.agent.data, "--json"], env={**w.desk.env, **w.clock.env}, stdout=subprocess.PIPE)
		rows = truth.Rows(shown.stdout)
		check(shown.wait() == 0, "assent show failed")
		found = truth.judge(played, rows)
		wrong = truth.inside(rows, w.forbidden)
		clocks = truth.clocks(rows, w.clock.offsets)
		secrets = {truth.identity(kind, code) for kind in (truth.KEY_DOWN, truth.KEY_UP) for code in self.codes(w)}
		leaked = [i for i in range(len(rows.what)) if rows.what[i] in secrets]
		gone = self.still_there(w, rows)
		verified = w.command("verify", seconds=300)
		(self.out / "verify.log").write_text(verified.stdout + verified.stderr)
		reasons = collections.Counter((row["kind"], row["reason"]) for row in rows.others if row["reason"])
		size = sum(path.stat().st_size for path in w.agent.data.rglob("*") if path.is_file())
		result = {"seed": self.seed, "played": len(played), "kept": found.matched, "covered": found.covered, "released": found.released, "unsure": found.unsure,
			"missing": len(found.missing), "extra": len(found.extra), "forbidden": len(wrong), "clocks": len(clocks), "leaked": len(leaked),
			"flushed": len(self.flushed), "flushed_gone": len(gone), "segments": len(rows.segments), "starts": w.starts, "bytes": size, "kinds": rows.kinds,
			"reasons": {f"{kind} {reason}": n for (kind, reason), n in sorted(reasons.items())}, "verify": verified.returncode, "counters": counters,
			"done": dict(self.done), "peaks": figures.peaks(sampler.samples), "lives": figures.lives(sampler.samples)}
		(self.out / "result.json").write_text(json.dumps(result, indent=1))
		self.explain(w, played, rows, found, wrong, clocks, gone)
		note(f"played {len(played)}, kept {found.matched} ({found.matched / max(1, len(played)):.1%}), in spans, gaps and between recordings {found.covered}, releases of "
			f"those {found.released}, perhaps played {found.unsure}; missing {len(found.missing)}, never played {len(found.extra)}")
		note(f"{len(rows.segments)} segments of {w.starts} starts, {size / max(1, sum(rows.kinds.values())):.2f} bytes a row; "
			+ ", ".join(f"{name} {n}" for name, n in result["reasons"].items()))
		note("most: " + "; ".join(f"{name} ({p['processes']}) RSS {p['rss']} PSS {p['pss']} KiB, {p['fds']} descriptors" for name, p in result["peaks"].items()))
		for life in result["lives"]:
			note(f"{life['name']} lived {life['seconds']} s: PSS {life['pss']} KiB (first, most, last), own {life['own']}, {life['own_a_minute']:+} KiB a minute; descriptors "
				f"{life['fds']}, {life['fds_a_minute']:+} a minute")
		return self.verdict(result, verified)

	def codes(self, w):
		from desk import Hands
		hands = Hands(w.desk.display)
		found = [hands.code(c) for c in disturb.SECRETS]
		hands.close()
		return found

	def verdict(self, result, verified):
		bad = self.bad
		for name, why in (("missing", "events that were played are neither rows nor told as lost"), ("extra", "rows that nobody played"),
				("forbidden", "rows where nothing may be recorded"), ("clocks", "rows whose two clocks do not belong together"),
				("leaked", "keys of a password"), ("flushed_gone", "rows that were on the disk are gone")):
			if result[name]:
				bad.append(f"{result[name]} {why}")
		if result["verify"]:
			bad.append("verify: " + " ".join(line for line in (verified.stdout + verified.stderr).splitlines() if not line.endswith(" ok"))[:600])
		if result["kept"] < self.least * result["played"]:
			bad.append(f"only {result['kept']} of {result['played']} events were kept: this shows nothing")
		for name, peak in result["peaks"].items():
			if peak["own"] > MOST_KIB[name] or peak["fds"] > 32:
				bad.append(f"{name} takes {peak['own']} KiB of its own, and {peak['fds']} descriptors")
		for life in result["lives"]:
			# At a thousand events a second: 200 KiB a minute are three bytes an event.
			if life["seconds"] >= 240 and (life["own_a_minute"] > 200 or life["fds_a_minute"] > 0.2):
				bad.append(f"{life['name']} grows: {life['own_a_minute']} KiB and {life['fds_a_minute']} descriptors a minute over {life['seconds']} s")
		return bad

	def explain(self, w, played, rows, found, wrong, clocks, gone):
		"""What is not as it has to be, for who looks into it."""
		with open(self.out / "found.log", "w", encoding="utf-8") as f:
			for i in found.missing[:2000]:
				f.write(f"missing {played.began[i]}..{played.ended[i]} {truth.NAMES[played.what[i] >> 48]} {played.what[i] & 0xffffffff:x}\n")
			for i in found.extra[:2000]:
				f.write(f"extra {rows.mono[i]} {rows.what[i] >> 48} {rows.what[i] & 0xffffffff:x}\n")
			for i, why in wrong[:500]:
				f.write(f"forbidden {rows.mono[i]} {why} {rows.what[i] >> 48}\n")
			for i in clocks[:500]:
				f.write(f"clocks {rows.mono[i]} {rows.t[i] - rows.mono[i]}\n")
			for one in gone[:500]:
				f.write(f"gone {one}\n")
			for row in rows.others:
				f.write(f"row {row['mono_us']} {row['kind']} {row['reason'] or ''} {(row['end_us'] - row['t_us']) if row['end_us'] else ''} {row['lost'] or ''} {row['t_us'] - row['mono_us']} {row['segment']}\n")
			for mono, value in w.clock.offsets:
				f.write(f"offset {mono} {value}\n")


def main():
	parser = argparse.ArgumentParser(description="an agent's endurance; see the top of this file")
	parser.add_argument("--minutes", type=float, default=2)
	parser.add_argument("--seed", type=int, default=1)
	parser.add_argument("--speed", type=float, default=50)
	parser.add_argument("--calm", type=float, default=10, help="minutes of each calm stretch")
	parser.add_argument("--out")
	o = parser.parse_args()
	own_mounts()
	out = pathlib.Path(o.out or tempfile.mkdtemp(prefix="assent-endurance-"))
	out.mkdir(parents=True, exist_ok=True)
	note(f"seed {o.seed}, {o.minutes} minutes at {o.speed:g} times the speed, in {out}")
	try:
		bad = Run(out, o.seed, o.speed).run(o.minutes * 60, min(o.calm * 60, o.minutes * 60 / 3))
	except (AssertionError, DeskError) as why:
		bad = [f"it ended before its time: {why}"]
	for one in bad:
		print("not ok endurance: " + " ".join(one.split()), flush=True)
	if not bad:
		print("ok endurance", flush=True)
		if not o.out:
			remove(out)
	return 1 if bad else 0


if __name__ == "__main__":
	sys.exit(main())
