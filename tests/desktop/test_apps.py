# SPDX-License-Identifier: Apache-2.0
"""The canary matrix: every application of tests/desktop/apps, with secrets typed right behind what leads to them.

	test_apps.py                  two delays each, chosen by a seed; idle all, with four busy loops a few
	test_apps.py --full           all delays and speeds, idle and busy, then also keys: text and class
	test_apps.py NAME...          these applications (or all of a file: gtk); --busy or --idle: only so
	test_apps.py --list

--seed N repeats a choice, --jobs N runs so many side by side (idle ones only). The table is printed, and written to
build/apps.md when all applications ran.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
import canary  # noqa: E402
from agent import BUILD, ROOT  # noqa: E402
from cases import Skip, note  # noqa: E402
from desk import PYTHON, DeskError  # noqa: E402

RESULT = "RESULT "
SECONDS = {False: 150, True: 500}      # that a worker may take: ordinary, full


def load_file(path):
	spec = importlib.util.spec_from_file_location("apps_" + path.stem, path)
	module = importlib.util.module_from_spec(spec)
	spec.loader.exec_module(module)
	return module.APPS


def applications():
	"""([(file, class)], [what went wrong]) of every file."""
	found, wrong, names = [], [], set()
	listed = set(subprocess.run(["sh", str(ROOT / "packaging/deps.sh"), "--list", "test"], text=True,
		stdout=subprocess.PIPE, check=True).stdout.split())
	for path in sorted((HERE / "apps").glob("*.py")):
		try:
			kinds = load_file(path)
		except Exception as error:  # noqa: BLE001  one broken file must not hide the others
			wrong.append(f"not ok {path.stem}: cannot be loaded: {type(error).__name__}: {error}")
			continue
		for kind in kinds:
			if not kind.name or not kind.oracle or kind.name in names:
				wrong.append(f"not ok {path.stem}: {kind.__name__} has no name of its own, or no oracle")
			unlisted = sorted(set(kind.packages) - listed)
			if unlisted:
				wrong.append(f"not ok {path.stem}: packaging/deps.sh does not install {' '.join(unlisted)} for {kind.name}")
			names.add(kind.name)
			found.append((path, kind))
	return found, wrong


# -- one application, in a process of its own --

def work(arguments):
	kind = next(kind for _, kind in applications()[0] if kind.name == arguments.worker)
	try:
		result = canary.run(kind, arguments.load, arguments.seed, arguments.full, arguments.keys, note)
	except Skip as reason:
		result = {"skip": str(reason)}
	except (AssertionError, DeskError) as why:
		result = {"error": str(why)}
	except Exception as error:  # noqa: BLE001
		for line in traceback.format_exc().splitlines():
			note(line)
		result = {"error": f"{type(error).__name__}: {error}"}
	print(RESULT + json.dumps(result), flush=True)
	return 0


class Job:
	def __init__(self, kind, load, keys="code", full=False):
		self.kind, self.load, self.keys, self.full = kind, load, keys, full
		self.name = "-".join((kind.name, load) + (() if keys == "code" else (keys,)))
		self.result = {}

	def run(self, seed, running):
		argv = [PYTHON, str(HERE / "test_apps.py"), "--worker", self.kind.name, "--load", self.load, "--keys", self.keys,
			"--seed", str(seed)] + (["--full"] if self.full else [])
		worker = subprocess.Popen(argv, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
			stderr=subprocess.STDOUT, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
		running.add(worker)
		try:
			said, _ = worker.communicate(timeout=SECONDS[self.full])
		except subprocess.TimeoutExpired:
			worker.terminate()  # it closes its desk
			try:
				said, _ = worker.communicate(timeout=20)
			except subprocess.TimeoutExpired:
				worker.kill()
				said, _ = worker.communicate()
			said += f"\n{RESULT}" + json.dumps({"error": f"not finished after {SECONDS[self.full]} s"})
		finally:
			running.discard(worker)
		lines = said.splitlines()
		results = [line[len(RESULT):] for line in lines if line.startswith(RESULT)]
		self.result = json.loads(results[-1]) if results else {"error": f"exit status {worker.returncode}"}
		self.lines = [line for line in lines if line and not line.startswith(RESULT)]

	def kept_too_little(self):
		"""And nothing else: nothing leaked, nothing is wrong in what was kept."""
		r = self.result
		return "keys" in r and not r["leaked"] and not r["found"] and not r["wrong"] and r["kept"] < canary.LEAST[self.load] * r["keys"]

	def verdict(self):
		"""The lines for people and for tests/run.sh."""
		r = self.result
		yield from (line if line.startswith("# ") else "# " + line for line in self.lines)
		if "skip" in r:
			yield f"skip {self.name}: {r['skip']}"
			return
		if "error" in r:
			yield f"not ok {self.name}: " + " ".join(r["error"].split())
			return
		share = r["kept"] / r["keys"]
		airlock = f", airlock p50/p99 {milliseconds(r['airlock'])} ms" if r["airlock"] else ""
		yield (f"# {self.name}: {r['leaked']} of {r['secrets']} secrets leaked, {share:.1%} of {r['keys']} ordinary keys kept"
			f"{airlock}; spans: {', '.join(r['spans'])}; {r['seconds']} s")
		why = r["found"] + r["wrong"]
		if canary.LEAST[self.load] <= share < canary.AIM[self.load]:
			yield f"# {self.name}: below the aim of {canary.AIM[self.load]:.0%}"
		if share < canary.LEAST[self.load]:
			why.append(f"only {share:.1%} of the ordinary keys were kept")
		yield f"not ok {self.name}: " + "; ".join(why[:6]) if why else f"ok {self.name}"


def milliseconds(airlock):
	# Of fewer than 100 keys nothing is told.
	return "–" if airlock["p50"] is None else "/".join(f"{airlock[name]:.0f}" for name in ("p50", "p99"))


def run_all(jobs, seed, side_by_side):
	"""Runs them, the busy ones alone; prints each verdict. True when all are well."""
	lock, running, good, late = threading.Lock(), set(), [True], []

	def ended(*_):
		for worker in list(running):
			worker.terminate()
		for worker in list(running):
			worker.wait()
		sys.exit(143)
	signal.signal(signal.SIGTERM, ended)
	signal.signal(signal.SIGINT, ended)

	def take(queue):
		while True:
			with lock:
				if not queue:
					return
				job = queue.pop(0)
			job.run(seed, running)
			if job.kept_too_little() and job not in late:
				late.append(job)
				continue
			with lock:
				for line in job.verdict():
					good[0] = good[0] and not line.startswith("not ok ")
					print(line, flush=True)

	for load, number in (("idle", side_by_side), ("busy", 1)):
		queue = [job for job in jobs if job.load == load]
		hands = [threading.Thread(target=take, args=(queue,), daemon=True) for _ in range(number)]
		for hand in hands:
			hand.start()
		for hand in hands:
			while hand.is_alive():  # with a timeout, so that a signal is heard
				hand.join(1)
	# What is not confirmed in time is masked, as it must be: beside others on a busy machine that says little of the application.
	for job in late:
		print(f"# {job.name}: {job.result['kept'] / job.result['keys']:.1%} of {job.result['keys']} ordinary keys kept beside others; once more, alone", flush=True)
		take([job])
	return good[0]


# -- the table --

def row(kind, jobs):
	done = [job for job in jobs if job.kind is kind and "keys" in job.result]
	if not done:
		skipped = next((job.result["skip"] for job in jobs if job.kind is kind and "skip" in job.result), None)
		return f"| {kind.name} | {kind.oracle} | {'not run: ' + skipped if skipped else 'failed'} | | | |"

	def share(load):
		of = [job.result for job in done if job.load == load]
		keys = sum(r["keys"] for r in of)
		return f"{100 * sum(r['kept'] for r in of) / keys:.1f}" if keys else "–"
	secrets, leaked = (sum(job.result[name] for job in done) for name in ("secrets", "leaked"))
	airlock = next((milliseconds(job.result["airlock"]) for job in done if job.result["airlock"] and job.result["airlock"]["p50"] is not None), "–")
	beside = "" if kind.ordinary_keys else " *"
	return f"| {kind.name}{beside} | {kind.oracle} | {secrets} / {leaked} | {share('idle')} | {share('busy')} | {airlock} |"


def table(kinds, jobs):
	lines = ["| application | oracle | secrets typed / leaked | ordinary keys kept, idle, % | with 4 busy loops, % | airlock p50/p99, ms |",
		"|---|---|---|---|---|---|"]
	lines += [row(kind, jobs) for kind in kinds]
	if not all(kind.ordinary_keys for kind in kinds):
		lines += ["", "\\* masked altogether; the ordinary keys went to a GTK editor beside it."]
	return "\n".join(lines) + "\n"


def main():
	parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
	parser.add_argument("--full", action="store_true")
	parser.add_argument("--busy", action="store_true")
	parser.add_argument("--idle", action="store_true")
	parser.add_argument("--list", action="store_true")
	parser.add_argument("--seed", type=int)
	parser.add_argument("--jobs", type=int)
	parser.add_argument("--keys", choices=("code", "text", "class"), default="code")
	parser.add_argument("--worker", help=argparse.SUPPRESS)
	parser.add_argument("--load", help=argparse.SUPPRESS)
	parser.add_argument("names", nargs="*")
	arguments = parser.parse_args()
	if arguments.worker:
		return work(arguments)

	found, wrong = applications()
	known = {kind.name for _, kind in found} | {path.stem for path, _ in found}
	wrong += [f"not ok {name}: there is no such application" for name in arguments.names if name not in known]
	kinds = [kind for path, kind in found
		if not arguments.names or kind.name in arguments.names or path.stem in arguments.names]
	if arguments.list:
		for kind in kinds:
			print(f"{kind.name:32} {kind.oracle}")
		return 0
	seed = arguments.seed if arguments.seed is not None else random.randrange(10000)
	pairs = ", ".join(f"{delay * 1000:g} ms then a key each {rate * 1000:g} ms" for delay, rate in canary.rounds(seed, arguments.full))
	note(f"seed {seed}; secrets follow after {pairs}")
	jobs = []
	for kind in kinds:
		if not arguments.busy:
			jobs.append(Job(kind, "idle", arguments.keys, arguments.full))
		if not arguments.idle and (arguments.full or arguments.busy or arguments.names or kind.busy):
			jobs.append(Job(kind, "busy", arguments.keys, arguments.full))
		if arguments.full:
			jobs += [Job(kind, "idle", keys) for keys in ("text", "class")]
	for line in wrong:
		print(line, flush=True)
	began = time.monotonic()
	# A full run makes the figures of docs/APPLICATIONS.md: then nothing else of ours runs beside.
	good = run_all(jobs, seed, arguments.jobs or (1 if arguments.full else 3)) and not wrong
	shown = table(kinds, jobs)
	for line in shown.splitlines():
		note(line)
	if not arguments.names:
		BUILD.parent.mkdir(parents=True, exist_ok=True)
		(BUILD.parent / "apps.md").write_text(shown)
	note(f"{len(jobs)} runs in {time.monotonic() - began:.0f} s")
	return 0 if good else 1


if __name__ == "__main__":
	sys.exit(main())
