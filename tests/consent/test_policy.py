#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""IT's policy through the real programs: what it forbids, lowers and requires, who is told, and whose file it must be.

Its place is fixed (/etc/assent/policy.yaml), so each program runs in a mount namespace with an /etc of its own: needs root.

usage: test_policy.py ASSENT
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
ASSENT = pathlib.Path(sys.argv.pop(1)).resolve()
os.environ.setdefault("ASSENT_BUILD", str(ASSENT.parent.parent))
from agent import QUESTION, Agent, on_pty  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from desk import Desk, DeskError, wait_for  # noqa: E402
from participant import TWO_APPS  # noqa: E402

STUDY = """\
assent: 1
study: policy-test
title: {{en: Test of the policy}}
controller: {{name: Test, address: Nowhere, contact: test@example.org}}
purposes:
  - {{id: hci-research, category: hci-research, text: {{en: A test.}}}}
capture: {{keys: text, key_time: exact, pointer: full, scroll: true, apps: id}}
retention: 90d
consent_valid: 180d
review: 0s
recipient_key: {key}
{references}
notice: {{en: A test.}}
"""


class Machine:
	"""A machine with an /etc of its own, and a participant on it."""

	def __init__(self, references="references: {ethics: 2026-1}"):
		self.root = pathlib.Path(tempfile.mkdtemp(prefix="assent-policy-"))
		self.root.chmod(0o755)
		self.etc, self.data = self.root / "etc", self.root / "home/.local/share/assent"
		(self.etc / "assent").mkdir(parents=True)
		for name in ("passwd", "group", "ld.so.cache", "nsswitch.conf"):
			if os.path.exists("/etc/" + name):
				shutil.copy("/etc/" + name, self.etc)
		for folder in (self.etc, self.etc / "assent"):
			folder.chmod(0o755)
		self.policy = self.etc / "assent/policy.yaml"
		self.env = {"PATH": os.environ["PATH"], "HOME": str(self.root / "home"), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
		for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH"):
			if name in os.environ:
				self.env[name] = os.environ[name]
		(self.root / "home").mkdir()
		probe = self.run("true")
		if probe.returncode:
			shutil.rmtree(self.root)
			raise Skip("needs the right to mount: " + probe.stderr.strip())
		made = self.assent("keygen", "--out", self.root / "lab.key")
		check(made.returncode == 0, made.stderr)
		key = next(w for w in (made.stdout + made.stderr).split() if w.startswith("assent-pub-")).strip('"')
		self.study, self.story = self.root / "study.yaml", self.root / "story.t"
		self.study.write_text(STUDY.format(references=references, key=key))
		self.story.write_text(TWO_APPS.format("open", "other"))

	def __enter__(self):
		return self

	def __exit__(self, *_):
		shutil.rmtree(self.root, ignore_errors=True)

	def inside(self, *argv):
		return ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', str(self.etc), *[str(part) for part in argv]]

	def run(self, *argv):
		return subprocess.run(self.inside(*argv), env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
			text=True, timeout=60, check=False)

	def assent(self, *argv):
		return self.run(ASSENT, *argv)

	def says(self, text, mode=0o644, owner=0):
		if self.policy.is_symlink() or self.policy.exists():
			self.policy.unlink()
		if text is not None:
			self.policy.write_text(text)
			self.policy.chmod(mode)
			os.chown(self.policy, owner, owner)

	def join(self, answers=("yes",)):
		return on_pty(self.inside(ASSENT, "join", self.study), self.env, answers)

	def record(self):
		"""One replay. (exit code, what it said, rows)."""
		done = self.run(ASSENT.parent / "assentd", "--source", f"replay:{self.story}")
		shown = self.assent("show", "--json")
		return done.returncode, done.stderr, [json.loads(line) for line in shown.stdout.splitlines()]

	def status(self):
		return json.loads(self.assent("status", "--json").stdout)


def typed(rows):
	return "".join(row["text"] or "?" for row in rows if row["kind"] == "key_down")


def forbids_before_and_after():
	"""What may not be joined is not asked; what was joined before the policy is no longer recorded, and again when it is gone."""
	cases = (("capture: forbidden\n", "capture: forbidden"), ("studies: [another]\n", "studies"), ("studies: []\n", "studies"),
		("require: {references: [ethics, works_agreement]}\n", "works agreement"),
		("require: {references: [impact_assessment]}\n", "impact assessment"))
	with Machine() as m:
		for policy, says in cases:
			m.says(policy)
			code, shown = m.join()
			check(code == 4 and says in shown and QUESTION not in shown, f"{policy}: {code} {shown}")
			check(not m.data.exists(), f"{policy}: somebody was asked")
		m.says(None)
		check(m.join()[0] == 0, "joins")
		for policy, says in cases:
			m.says(policy)
			code, said, rows = m.record()
			check(code == 4 and says in said and not rows, f"{policy}: {code} {said} {rows[:2]}")
			state = m.status()
			check(state["state"] == "forbidden" and says in state["why"] and not state["recording"], state)
		m.says("require: {references: [ethics]}\nstudies: [another, policy-test]\n")
		code, said, rows = m.record()
		check(code == 0 and typed(rows) == "openother", f"{code} {said} {typed(rows)}")


def lowers_and_excludes():
	with Machine() as m:
		m.says("capture: {keys: class, pointer: buttons}\nexclude_apps: [kate]\nretention: 30d\nreview: 7d\n")
		code, shown = m.join()
		check(code == 0, shown[-300:])
		code, said, rows = m.record()
		check(code == 0, said)
		downs = [row for row in rows if row["kind"] == "key_down"]
		check(len(downs) == 4 and all(row["class"] == "letter" and row["text"] is None and row["code"] is None for row in downs), downs[:2])
		check([row["reason"] for row in rows if row["kind"] == "span"] == ["excluded-app"], rows)
		state = m.status()
		limits = state["limits"]
		for name, value in (("keys", "class"), ("pointer", "buttons"), ("retention", "30 days"), ("review", "7 days")):
			check(limits[name] == {"value": value, "from": "policy"}, f"{name}: {limits[name]}")
		check(limits["apps"] == {"value": "id", "from": "study"}, limits)
		check(limits["exclude_apps"] == {"value": ["kate"], "from": ["policy"]}, limits)
		check(state["references"]["ethics"] == "2026-1" and state["references"]["works_agreement"] is None, state["references"])
		check(state["policy"]["path"] == "/etc/assent/policy.yaml" and state["policy"]["present"] and state["policy"]["problem"] is None, state["policy"])
		text = m.assent("status").stdout
		check("policy: /etc/assent/policy.yaml" in text and "2026-1" in text, text)
		# What the key file says holds what the policy said while it was recorded.
		key = next(m.data.rglob("*.key")).read_text().splitlines()
		at = {line.split()[0]: line.split()[1] for line in key[1:]}

		def days(name):
			begun, then = (time.mktime(time.strptime(at[k][:19], "%Y-%m-%dT%H:%M:%S")) for k in ("begun", name))
			return (then - begun) / 86400
		check(round(days("expires")) == 30 and round(days("release")) == 7, at)


def cannot_raise():
	"""A policy that asks for more changes nothing."""
	with Machine() as m:
		text = m.study.read_text().replace("keys: text", "keys: class").replace("review: 0s", "review: 72h")
		m.study.write_text(text)
		m.says("capture: {keys: text, key_time: exact, pointer: full, apps: title}\nretention: 3650d\nreview: 0s\n")
		check(m.join()[0] == 0, "joins")
		_, _, rows = m.record()
		check(all(row["text"] is None and row["title"] is None for row in rows) and any(row["kind"] == "key_down" for row in rows), rows[:3])
		limits = m.status()["limits"]
		check(all(limits[name]["from"] == "study" for name in ("keys", "apps", "retention", "review")), limits)
		for more in ("join: policy-test\n", "hidden: true\n", "consent: given\n", "silent: yes\n"):
			m.says(more)
			code, said, _ = m.record()
			check(code != 0 and "unknown key" in said, f"{more}: {code} {said}")
		m.says("retentoin: 3d\n")
		said = m.assent("status").stdout
		check('did you mean "retention"?' in said and "/etc/assent/policy.yaml:1" in said, said)


def damaged_stops():
	"""What others could have written, or what cannot be read, is refused, and nothing is recorded under it."""
	with Machine() as m:
		check(m.join()[0] == 0, "joins")

		def refused(says):
			code, said, rows = m.record()
			check(code != 0 and says in said and not rows, f"{says}: {code} {said} {rows[:1]}")
			state = m.status()
			check(not state["recording"] and state["state"] == "invalid" and says in state["why"], state["why"])
			check(state["policy"]["present"] and says in state["policy"]["problem"], state["policy"])
			code, shown = on_pty(m.inside(ASSENT, "join", m.study, "--data", m.root / "other"), m.env, ("yes",))
			check(code == 1 and says in shown and QUESTION not in shown, shown)
		harmless = "retention: 30d\n"
		m.says(harmless, owner=65534)
		refused("must be root's")
		for mode in (0o664, 0o646, 0o666):
			m.says(harmless, mode=mode)
			refused("must be root's")
		m.says(harmless)
		for mode, owner in ((0o777, 0), (0o775, 0), (0o755, 65534)):
			m.policy.parent.chmod(mode)
			os.chown(m.policy.parent, owner, 0)
			refused("folder must be root's")
		m.policy.parent.chmod(0o755)
		os.chown(m.policy.parent, 0, 0)
		m.says(None)
		m.policy.symlink_to("/nonexistent/policy.yaml")
		refused("link to a file that is not there")
		m.policy.unlink()
		m.policy.mkdir()
		refused("not a regular file")
		m.policy.rmdir()
		m.says("retention: [")
		refused("/etc/assent/policy.yaml:")
		# A link that root made to a file of root's is as good as the file.
		m.says(None)
		kept = m.etc / "policies"
		kept.mkdir()
		(kept / "all.yaml").write_text("capture: {keys: none}\n")
		m.policy.symlink_to("/etc/policies/all.yaml")
		code, said, rows = m.record()
		check(code == 0 and not typed(rows) and m.status()["limits"]["keys"]["value"] == "none", said)


def keys_of_devices():
	"""With the source evdev keys are what the policy lets the devices' broker tell, at most codes, and status says whose word that is; a replay is no device."""
	with Machine() as m:
		config = m.root / "home/.config/assent/assent.yaml"
		config.parent.mkdir(parents=True)
		config.write_text("source: evdev\n")
		check(m.join()[0] == 0, "joins")
		for policy, value, origin, words in ((None, "class", "evdev_keys", "policy.yaml names no evdev_keys"), ("evdev_keys: code\n", "code", "source", "source evdev"),
				("evdev_keys: class\n", "class", "evdev_keys", "policy: /etc/assent/policy.yaml, evdev_keys"),
				("evdev_keys: none\n", "none", "evdev_keys", "policy: /etc/assent/policy.yaml, evdev_keys"),
				("evdev_keys: code\ncapture: {keys: class}\n", "class", "policy", "policy: /etc/assent/policy.yaml)")):
			m.says(policy)
			limits = m.status()["limits"]
			check(limits["keys"] == {"value": value, "from": origin}, f"{policy}: {limits['keys']}")
			text = m.assent("status").stdout
			check(words in text, f"{policy}: {text}")
		m.says(None)
		code, said, rows = m.record()
		check(code == 0 and typed(rows) == "openother", f"{code} {said} {typed(rows)}")
		for source in ("x11", "x11+evdev"):
			config.write_text(f"source: {source}\n")
			check(m.status()["limits"]["keys"] == {"value": "text", "from": "study"}, source)


def damaged_at_the_start():
	"""The agent of a session waits until the policy is mended; who mends it has no session to end."""
	with Machine() as m:
		check(m.join()[0] == 0, "joins")
		m.says("capture: {keys: all}\n")
		check(m.run(ASSENT.parent / "assentd", "--check-config").returncode == 1, "--check-config finds it good")
		agent = subprocess.Popen(m.inside(ASSENT.parent / "assentd", "--source", "x11"), env=m.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
			stderr=subprocess.PIPE, text=True)
		try:
			def waits(says):
				for _ in range(100):
					state = m.status()
					if state.get("agent") and says in (state.get("why") or ""):
						return True
					time.sleep(0.1)
				return False
			check(waits("capture.keys") and agent.poll() is None, lambda: f"{agent.poll()} {m.status()}")
			m.says(None)
			# There is no display here: that it looks for one says that nothing else is in the way.
			check(waits("X server"), lambda: f"mended: {m.status()}")
		finally:
			agent.terminate()
			said = agent.communicate(timeout=20)[1]
		check("policy.yaml" in said and not list(m.data.rglob("*.seg")), said)


def release_forbidden():
	"""Nothing leaves, by time or by hand; without the policy it does."""
	with Machine() as m:
		m.says("release: forbidden\n")
		check(m.join()[0] == 0, "joins")
		code, said, _ = m.record()
		check(code == 0, said)
		state = m.status()
		check(state["limits"]["release"] == {"value": "forbidden", "from": "policy"} and state["policy"]["release_forbidden"], state["limits"])

		def release():
			return on_pty(m.inside(ASSENT, "release"), m.env, ("yes",), prompt="[yes/no]")
		code, shown = release()
		check(code in (3, 4) and "forbid" in shown and not list((m.data / "outbox").rglob("*.seg")), f"{code} {shown}")
		# What was recorded while it was forbidden says so for good; what is recorded now may go; unless it is forbidden again.
		m.says(None)
		code, said, _ = m.record()
		check(code == 0, said)
		m.says("release: forbidden\n")
		code, shown = release()
		check(code in (3, 4) and "forbid" in shown and not list((m.data / "outbox").rglob("*.seg")), f"{code} {shown}")
		m.says(None)
		code, shown = release()
		check(code == 0 and len(list((m.data / "outbox").rglob("*.seg"))) == 1, f"{code} {shown}")


def arrives_while_recording():
	"""A running recording ends within two seconds of a policy that forbids it, or that cannot be trusted, also when its folder comes with it."""
	try:
		desk = Desk()
		desk.__enter__()
	except DeskError as why:
		raise Skip(str(why)) from why
	try:
		with Machine() as m:
			for name in ("machine-id",):
				if os.path.exists("/etc/" + name):
					shutil.copy("/etc/" + name, m.etc)
			(m.etc / "assent").rmdir()
			agent = Agent(desk, build=ASSENT.parent.parent)
			check(agent.join(m.study)[0] == 0, "joins")
			agent.start(wrap=m.inside())

			def state(recording):
				began = time.monotonic()
				wait_for(lambda: agent.told()["recording"] == recording, 8, every=0.05, name=f"recording: {recording}")
				return time.monotonic() - began, agent.told()["why"]
			state(True)
			# As a package would put it there.
			(m.etc / "assent").mkdir(mode=0o755)
			m.says("capture: forbidden\n")
			took, why = state(False)
			check("capture: forbidden" in why, f"{took} s: {why}")
			note(f"ended {took:.2f} s after the policy came")
			m.says("retention: 30d\n")
			state(True)
			m.policy.chmod(0o666)
			took, why = state(False)
			check("must be root's" in why, f"{took} s: {why}")
			m.policy.chmod(0o644)
			state(True)
			m.says("require: {references: [works_agreement]}\n")
			took, why = state(False)
			check("works agreement" in why, f"{took} s: {why}")
			m.says(None)
			state(True)
			# The study on offer: the same terms, then others, then none that can be read, then the same again. join alone notes it.
			offer = m.etc / "assent/studies.d/policy-test.yaml"
			offer.parent.mkdir(mode=0o755)
			agreed = m.study.read_text()
			held = "nothing is recorded until you have decided"
			for text, says in ((agreed.replace("Nowhere", "Somewhere"), None), (agreed.replace("90d", "300d"), held), (agreed, None),
					("assent: 1\n", "cannot be used"), (agreed, None)):
				(m.etc / "new").write_text(text)
				(m.etc / "new").rename(offer)
				if says is None:
					time.sleep(1)
					state(True)
				else:
					took, why = state(False)
					check(says in why and "policy-test.yaml" in why, f"{took} s: {why}")
			states = [json.loads(line)["events"][0]["event_state"] for line in (agent.data / "ledger.jsonl").read_text().splitlines()]
			check(states == ["requested", "given"], states)
			agent.stop()
	finally:
		desk.__exit__(None, None, None)


def what_others_see():
	"""The same processes, command lines and modes for who refused and who was never asked; the journal does not tell them apart either."""
	def agent_of(m, seconds=4):
		agent = subprocess.Popen(m.inside(ASSENT.parent / "assentd", "--source", "x11"), env=m.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
			stderr=subprocess.PIPE, text=True)
		time.sleep(seconds)
		tree = subprocess.run(["ps", "-o", "args=,nlwp=", "--pid", str(agent.pid), "--ppid", str(agent.pid)], stdout=subprocess.PIPE, text=True,
			check=False).stdout.splitlines()
		agent.terminate()
		log = agent.communicate(timeout=20)[1]
		return [line.replace(str(m.root), "ROOT") for line in tree], log.replace(str(m.root), "ROOT")
	seen, roots = {}, {}
	for who, answers in (("never asked", None), ("refused", ("no",)), ("withdrew", ("yes",))):
		with Machine() as m:
			if answers:
				m.join(answers)
			if who == "withdrew":
				on_pty(m.inside(ASSENT, "withdraw"), m.env, ("no",), prompt="[yes/no]")
			seen[who] = agent_of(m)
			hidden = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "ls", str(m.data)], capture_output=True, text=True,
				check=False)
			check(hidden.returncode != 0, f"{who}: another user can list {hidden.stdout}")
			roots[who] = sorted(str(p.relative_to(m.data)) for p in m.data.rglob("*"))
	check(seen["refused"] == seen["never asked"], seen)
	# Time stamps aside, who joined once and left is as who never did.
	check(seen["withdrew"] == seen["never asked"], seen)
	check("refus" not in seen["refused"][1] and "withdr" not in seen["withdrew"][1], seen)
	for who, files in roots.items():
		note(f"root sees of who {who}: " + (" ".join(files) or "nothing"))


if __name__ == "__main__":
	if os.geteuid() != 0:
		print("skip policy: needs root", flush=True)
		sys.exit(0)
	sys.exit(run(forbids_before_and_after, keys_of_devices, lowers_and_excludes, cannot_raise, damaged_stops, damaged_at_the_start, release_forbidden, what_others_see, arrives_while_recording))
