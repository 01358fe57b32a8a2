#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A fleet as docs/FLEET.md has it: many workstations, one real S3 store, a recipient. Collected, fetched, interrupted, attacked, called back.

usage: test_fleet.py [CASE...]      ASSENT_FULL=1: more workstations
"""

import io
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from fleet import COLLECTOR, EXAMPLE, PURPOSE, STUDY, Fleet, Workstation, as_user  # noqa: E402  (sets the path of tests/lib)
from agent import BUILD  # noqa: E402
from cases import Skip, check, full, note, run  # noqa: E402
from desk import wait_for  # noqa: E402

COUNT = 20
# Of the first, what each does; the rest take part.
NEVER, REFUSES, WITHDRAWS, HOSTILE = 0, 1, 2, 3
PLACE = r"^%s/[0-9a-f]{32}/[0-9a-f]{32}/([0-9A-Za-z-]+\.(seg|key)|[0-9a-f]{32}\.tombstone|receipts\.jsonl|study-[0-9a-f]{16}\.yaml)$" % STUDY

the_fleet = None


def fleet():
	"""One for all cases: they tell one story, and each can be run without those before it."""
	global the_fleet
	if the_fleet is None:
		made = Fleet(COUNT)
		the_fleet = made
		made.at_once(begin, made.machines)
	return the_fleet


def begin(m):
	if m.number == NEVER:
		return
	m.join("no" if m.number == REFUSES else "yes")
	if m.number == WITHDRAWS:
		check(m.plain("assent", "withdraw").returncode == 0, "withdraw")
	elif m.number != REFUSES:
		m.record()
		m.release()


def takers():
	return [m for m in fleet().machines if m.number > HOSTILE]


def pseudonym(m):
	return next((m.outbox / STUDY).iterdir()).name


def everything_is_collected():
	f = fleet()
	before = {m.number: m.waiting() for m in takers()}
	check(all(len(names) == 2 for names in before.values()), before)
	began = time.monotonic()
	said = f.at_once(lambda m: m.collect(), f.machines)
	note(f"{len(f.machines)} workstations in {time.monotonic() - began:.1f} s, {len(f.stored())} objects")
	there = f.stored()
	# Whether anything was there to be collected is no matter for the journal. (The one line that may come is the HTTP library's.)
	check(not [one for one in said if one.stdout or re.sub(r".*Unsolicited response.*\n", "", one.stderr)], said)
	check(all(re.match(PLACE, line) for line in there), there)
	for m in takers():
		check(not m.waiting(), m.waiting())
		held = m.status()["segments"]
		check((held["released"], held["collected"]) == (1, 1), held)
		mine = [line.rsplit("/", 1)[1] for line in there if f"/{pseudonym(m)}/" in line]
		check(set(before[m.number]) <= set(mine) and "receipts.jsonl" in mine, mine)
	check(len({line.split("/")[1] for line in there}) == len(takers()) + 1, "as many sources as participants")
	for m in (f.machines[NEVER], f.machines[REFUSES]):
		check(not m.outbox.exists() or not any(m.outbox.iterdir()), "who said no has an outbox")
	# Nothing of where it came from.
	check(not [line for line in there if f.root.name in line or "someone" in line], there)
	# What comes later comes later, and what is there is not sent again.
	one = takers()[0]
	one.record()
	one.release()
	f.at_once(lambda m: m.collect(), f.machines)
	check(len(f.stored()) == len(there) + 2, "the second time")


def it_becomes_a_dataset():
	f = fleet()
	f.at_once(lambda m: m.collect(), f.machines)
	f.in_lab("assent notice study.yaml")
	f.fetch()
	rows = f.rows()
	check(set(rows) >= {pseudonym(m) for m in takers()}, lambda: f"{rows}")
	made = f.dataset()
	check(not [left for left in made["left_out"]], made["left_out"])
	note(f"{len(rows)} participants, {made['rows']} rows")
	# The same again changes nothing.
	version = made["version"]
	f.fetch()
	check(f.dataset()["version"] == version, "a version without a change")


def inventory_does_not_tell_who_refused():
	f = fleet()
	seen, agents = {}, []
	some = [f.machines[i] for i in (NEVER, REFUSES, WITHDRAWS, HOSTILE + 1)]
	try:
		for m in some:
			agents.append(subprocess.Popen(m.inside(*as_user(m.uid), "assentd"), env=m.env,
				stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
		for m in some:
			wait_for(lambda m=m: json.loads(m.plain(*f.page("assent status --inventory").split()).stdout)["agent"]["answers"], 20, every=0.2, name="an agent")
			own = m.plain("assent", "status", "--inventory")
			said = m.root_runs(f.page("inventory.sh"), {**m.env, "PATH": f"{EXAMPLE}:{m.env['PATH']}", "ASSENT_HOMES": f"{m.root}/home/*"})
			check(said.returncode == 0 and own.returncode == 0 and said.stdout.count("\n") == 1, lambda: f"{said} {own}")
			check(json.loads(said.stdout)["assent"] == json.loads(own.stdout), said.stdout)
			seen[m.number] = (own.stdout, own.stderr, said.stdout.replace(str(m.uid), "UID"), said.stderr)
	finally:
		for agent in agents:
			agent.terminate()
		for agent in agents:
			agent.wait(20)
	check(len(set(seen.values())) == 1, lambda: f"{seen}")
	note(next(iter(seen.values()))[2].strip()[:200])
	told = json.loads(seen[REFUSES][0])
	check(told["policy"]["present"] and told["policy"]["studies"] == [STUDY], told)
	# And nothing of who takes part lies open beside it.
	other = f.machines[REFUSES].plain("ls", f.machines[HOSTILE + 1].data)
	check(other.returncode != 0, "another user lists it")


def what_somebody_plants_leads_nowhere():
	f = fleet()
	m, victim = f.machines[HOSTILE], takers()[-1]
	victim.record()
	victim.release()
	name = victim.waiting(".seg")[0]
	mine = m.outbox / STUDY / pseudonym(m)
	secret = f.root / "secret"
	secret.write_text("root's own")
	secret.chmod(0o600)
	fake = "20260101T000000Z-0000000"
	theirs = m.outbox / STUDY / pseudonym(victim)
	theirs.mkdir()
	(mine / f"{fake}1.seg").symlink_to(secret)
	(mine / f"{fake}2.seg").symlink_to("/etc/passwd")
	(mine / f"{fake}3.seg").symlink_to(victim.outbox / STUDY / pseudonym(victim) / name)
	os.mkfifo(mine / f"{fake}4.seg")
	(mine / "what is this.seg").write_text("no outbox has that")
	(mine / f".{fake}5.seg").write_text("on its way")
	(mine / f"{fake}6.seg").write_text("no segment")
	(m.outbox / "elsewhere").symlink_to(victim.outbox / STUDY)
	(m.outbox / "..seg").write_text("no")
	# In the name of another: an old list of receipts, and a tombstone of one's own making.
	(theirs / "receipts.jsonl").write_bytes((mine / "receipts.jsonl").read_bytes())
	(theirs / name).write_text("not what it was")
	forge = BUILD / "tests/tools/outbox_forge"
	subprocess.run([forge, "decide", f.root / "forger", STUDY, "given", str(int(time.time() * 1e6)), PURPOSE], check=True, capture_output=True)
	forged = subprocess.run([forge, "tombstone", f.root / "forger", STUDY, theirs, "withdrawn", pseudonym(victim),
		f"{name[:-4]}={'0' * 64}"], capture_output=True, text=True, check=False)
	check(forged.returncode == 0, forged.stderr)
	subprocess.run(["chown", "-Rh", f"{m.uid}:{m.uid}", m.outbox], check=True)
	mark = time.monotonic()
	m.collect()
	check(time.monotonic() - mark < 60, "it waited for a pipe")
	victim.collect()
	there = f.stored()
	check(all(re.match(PLACE, line) for line in there), [line for line in there if not re.match(PLACE, line)])
	planted = [line for line in there if fake in line]
	check(len(planted) == 1 and planted[0].endswith(f"{fake}6.seg"), planted)
	check(secret.read_text() == "root's own" and (mine / f"{fake}1.seg").is_symlink() and (mine / "what is this.seg").exists(), "what is none of ours was touched")
	# Into one's own part of the store alone.
	sources = {line.split("/")[1] for line in there if f"/{pseudonym(victim)}/" in line}
	check(len(sources) == 2, sources)
	# The recipient is told, leaves it out, and deletes nothing of the victim.
	said = f.fetch(code=1)
	check("not signed by the participant that it names" in said.stderr, said.stderr)
	check(len([line for line in f.stored() if line.endswith(f"{pseudonym(victim)}/{name}")]) == 2 and pseudonym(victim) in f.rows(), "the victim's is gone")
	check({left["kind"] for left in f.dataset()["left_out"]} <= {"incomplete", "damaged", "consent"}, f.dataset()["left_out"])
	# A whole outbox that is a link to another's.
	shutil.rmtree(m.outbox)
	m.outbox.symlink_to(victim.outbox)
	before = f.stored()
	m.collect()
	check(f.stored() == before, "through a link")
	m.outbox.unlink()
	m.outbox.mkdir(mode=0o700)
	os.chown(m.outbox, m.uid, m.uid)
	f.rclone("delete", f"{f.remote}/{STUDY}/{planted[0].split('/')[1]}")
	shutil.rmtree(f.lab / STUDY / "collected" / planted[0].split("/")[1])
	f.fetch()


# In place of tar: for the participant's process, which they could trace and replace, something else.
LIAR = """#!/bin/sh
[ "$(id -u)" != {collector} ] || exec {tar} "$@"
mode=$(cat {root}/mode)
[ "$mode" != slow ] || exec sleep 1000
env >{home}/seen; cat /proc/self/status >>{home}/seen; ls -l /proc/self/fd >>{home}/seen
cat {root}/$mode.tar
"""


def hostile_archive(path, state, loud):
	"""What no honest tar would make. loud: with members that tar refuses."""
	def add(name, kind, data=b"", link="", mode=0o644):
		entry = tarfile.TarInfo(name)
		entry.type, entry.size, entry.linkname, entry.mode, entry.uid = kind, len(data), link, mode, 0
		archive.addfile(entry, io.BytesIO(data))

	mine = f"./{STUDY}/{'a' * 32}"
	with tarfile.open(path, "w") as archive:
		add(f"{mine}/20260101T000000Z-00000000.seg", tarfile.REGTYPE, b"a file")
		add(f"./another-study/{'a' * 32}/20260101T000000Z-00000000.seg", tarfile.REGTYPE, b"a file")
		add(f"{mine}/20260101T000000Z-00000010.seg", tarfile.SYMTYPE, link=f"{state}/secret")
		add(f"{mine}/20260101T000000Z-00000011.seg", tarfile.SYMTYPE, link="../../../../secret")
		add(f"{mine}/20260101T000000Z-00000012.seg", tarfile.SYMTYPE, link="/etc/passwd")
		add(f"{mine}/20260101T000000Z-00000013.seg", tarfile.LNKTYPE, link=f"{mine}/20260101T000000Z-00000000.seg")
		add(f"{mine}/20260101T000000Z-00000030.seg", tarfile.FIFOTYPE)
		add(f"{mine}/20260101T000000Z-00000040.seg", tarfile.REGTYPE, b"root's", mode=0o6755)
		add(f"./{STUDY}/{'b' * 32}", tarfile.DIRTYPE, mode=0)
		add(f"./{STUDY}/new\nline", tarfile.DIRTYPE)
		add(f"./{STUDY}/{'c' * 32}/new\nline.seg", tarfile.REGTYPE, b"x")
		add("./-rf", tarfile.REGTYPE, b"x")
		if loud:
			add(f"{mine}/20260101T000000Z-00000021.seg", tarfile.LNKTYPE, link=f"{state}/secret")
			add(f"{mine}/20260101T000000Z-00000022.seg", tarfile.LNKTYPE, link="../../../../secret")
			add("./leads", tarfile.SYMTYPE, link=str(state))
			add("./leads/secret", tarfile.REGTYPE, b"known to somebody")
			add(f"{state}/secret", tarfile.REGTYPE, b"known to somebody")
			add("../../secret", tarfile.REGTYPE, b"known to somebody")
			add("../out/there", tarfile.REGTYPE, b"beside")
			add("../owners", tarfile.REGTYPE, b"root root 0 0 /")
			add(f"./{STUDY}/../../x.seg", tarfile.REGTYPE, b"up")


def a_stream_that_lies_writes_into_its_own_part_alone():
	f = fleet()
	m = f.machines[WITHDRAWS]
	m.collect()
	secret, before = (m.state / "secret").read_text(), f.stored()
	real = m.root / "tar"
	shutil.copy("/usr/bin/tar", real)
	(m.root / "liar").write_text(LIAR.format(collector=COLLECTOR, tar=real, home=m.home, root=m.root))
	(m.root / "liar").chmod(0o755)
	# Somebody honest on the same machine.
	honest, uid = m.root / "home/zz", m.uid + 5000
	pseudonym_ = "d" * 32
	place = honest / f".local/share/assent/outbox/{STUDY}/{pseudonym_}"
	place.mkdir(parents=True)
	(place / "20260101T000000Z-00000000.seg").write_text("honest")
	subprocess.run(["chown", "-R", f"{uid}:{uid}", honest], check=True)
	hostile_archive(m.root / "loud.tar", m.state, True)
	hostile_archive(m.root / "quiet.tar", m.state, False)

	def collect(mode):
		# The honest one's tar is the same liar's.
		(m.root / "mode").write_text(mode)
		began = time.monotonic()
		said = subprocess.run(["unshare", "-m", "sh", "-c", 'mount --bind "$0" /usr/bin/tar && exec "$@"', str(m.root / "liar"), *m.collector()],
			env=m.collect_env(ASSENT_SECONDS="2"), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100, check=False)
		check((m.state / "secret").read_text() == secret, f"{mode}: the secret is another one")
		check(sorted(path.name for path in m.state.iterdir()) == ["lock", "secret"], lambda: f"{mode}: {list(m.state.iterdir())}")
		return said, time.monotonic() - began, [line for line in f.stored() if line not in before]

	said, _, new = collect("loud")
	check(said.returncode == 1 and not new, lambda: f"{said} {new}")
	said, _, new = collect("quiet")
	check(said.returncode == 1 and "files that no outbox has were left out" in said.stderr, lambda: f"{said}")
	check(all(re.match(PLACE.replace(STUDY, f"({STUDY}|another-study)"), line) for line in new), new)
	# For two users and two studies: no source is the same.
	check(len(new) == 6 and len({line.rsplit("/", 2)[0] for line in new}) == len({line.split("/")[1] for line in new}) == 4, new)
	check({f.rclone("cat", f"{f.remote}/{line}").stdout for line in new} <= {"a file", "root's"}, new)
	# What it was given to see.
	seen = (m.home / "seen").read_text()
	check("RCLONE" not in seen and "ASSENT" not in seen and "store" not in seen, seen)
	for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
		check(re.search(rf"^{name}:\s*0+$", seen, re.M), seen)
	check(re.search(r"^NoNewPrivs:\s*1$", seen, re.M) and re.search(r"^Groups:\s*$", seen, re.M), seen)
	check(not re.search(r"-> (?!pipe:|/dev/null|/proc/|%s)" % re.escape(str(m.home)), seen), seen)
	said, seconds, _ = collect("slow")
	check(said.returncode == 1 and seconds < 30, lambda: f"{seconds}: {said}")
	check(not [pid for pid in os.listdir("/proc") if pid.isdigit() and is_sleep(pid, m.uid)], "left behind")
	# And when nobody lies.
	m.collect()
	check(not (place / "20260101T000000Z-00000000.seg").exists() and any(f"/{pseudonym_}/" in line for line in f.stored()), "who was honest")
	for line in [*new, *f.stored(pseudonym_)]:
		f.rclone("deletefile", f"{f.remote}/{line}")


def is_sleep(pid, uid):
	try:
		return os.stat(f"/proc/{pid}").st_uid == uid and pathlib.Path(f"/proc/{pid}/comm").read_text() == "sleep\n"
	except OSError:
		return False


def interrupted_it_goes_on():
	f = fleet()
	m = takers()[1]
	for _ in range(3):
		m.record()
	m.release()
	waiting, there = m.waiting(), f.stored()
	check(len(waiting) == 6, waiting)
	# rclone dies in the middle; then the whole collector, at moments of its own.
	slow = {"RCLONE_BWLIMIT": "2k", "RCLONE_TRANSFERS": "1"}
	for round_, whole in enumerate((False, True, True, True)):
		process = subprocess.Popen(m.collector(), env=m.collect_env(**slow), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
			start_new_session=True)
		if whole:
			time.sleep(0.15 + 0.35 * round_)
			if process.poll() is None:
				os.killpg(process.pid, signal.SIGKILL)
		else:
			try:
				wait_for(lambda: kill_later(descendant(process.pid, "rclone")), 20, name="rclone that copies")
			except BaseException:
				os.killpg(process.pid, signal.SIGKILL)
				raise
		process.wait(60)
		left = {name for name in m.waiting()}
		stored = {line.rsplit("/", 1)[1] for line in f.stored()}
		check(all(name in left or name in stored for name in waiting), f"lost: {set(waiting) - left - stored}")
	# The store is away for a while.
	f.store.stop()
	m.collect(code=1)
	check(m.waiting() == sorted(left), "removed without a receipt")
	version = f.dataset()["version"] if (f.lab / STUDY / "dataset").exists() else None
	f.fetch(code=None)
	check(version is None or f.dataset()["version"] == version, "a version of nothing")
	f.store.start()
	m.collect()
	check(not m.waiting() and len(f.stored()) == len(there) + 6, lambda: f"{m.waiting()}")
	# The recipient's end is killed as well.
	for delay in (0.1, 0.4, 0.8):
		process = subprocess.Popen([EXAMPLE / "fetch.sh", STUDY, PURPOSE], cwd=f.lab, env={**f.lab_env, "ASSENT_REMOTE": f.remote, "ASSENT_KEY": f"{STUDY}.key",
			"ASSENT_FOLDER": "."}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
		time.sleep(delay)
		os.killpg(process.pid, signal.SIGKILL)
		process.wait()
	f.fetch()
	check(f.dataset()["rows"] > 0 and not f.dataset()["left_out"], f.dataset()["left_out"])


def kill_later(pid):
	"""True if that process was there for half a second: one that lists is through before, one that copies is in the middle."""
	if not pid:
		return False
	time.sleep(0.5)
	try:
		os.kill(pid, signal.SIGKILL)
	except ProcessLookupError:
		return False
	return True


def descendant(pid, name):
	"""The process of that name below pid, or None."""
	below = [pid]
	for parent in below:
		found = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(parent)], capture_output=True, text=True, check=False).stdout.split()
		for child, comm in zip(found[::2], found[1::2]):
			if comm == name:
				return int(child)
			below.append(int(child))
	return None


def called_back_it_goes_everywhere():
	f = fleet()
	f.at_once(lambda m: m.collect(), f.machines)
	f.fetch()
	leaving, late, staying = takers()[2:6], takers()[6], takers()[7:]
	gone = {pseudonym(m) for m in leaving}
	kept = {name: count for name, count in f.rows().items() if name not in gone and name != pseudonym(late)}
	# One who released and was not collected since, too.
	late.record()
	late.release()
	check(len(late.waiting()) == 2, late.waiting())
	for m in (*leaving, late):
		said = m.plain(*f.page("assent withdraw --erase").split())
		check(said.returncode == 0 and "tombstone" in said.stdout, lambda: f"{said}")
	check(late.waiting() == [name for name in late.waiting() if name.endswith(".tombstone")], late.waiting())
	gone.add(pseudonym(late))
	f.at_once(lambda m: m.collect(), f.machines)
	check(all(not m.waiting() for m in (*leaving, late)), "tombstones stayed behind")
	held = leaving[0].status()["segments"]
	check((held["tombstones"], held["tombstones_collected"]) == (1, 1), held)
	copy = f.lab / STUDY / "collected"
	check(any(path.suffix == ".seg" and path.parent.name in gone for path in copy.rglob("*")), "nothing to be deleted: no test")
	# Killed while it deletes, it goes on where it was.
	process = subprocess.Popen(["fetch.sh", STUDY, PURPOSE], cwd=f.lab, executable=EXAMPLE / "fetch.sh", env={**f.lab_env, "ASSENT_REMOTE": f.remote,
		"ASSENT_KEY": f"{STUDY}.key", "ASSENT_FOLDER": ".", "RCLONE_TPSLIMIT": "20"}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
		stderr=subprocess.DEVNULL, start_new_session=True)
	wait_for(lambda: process.poll() is not None or deleting(process.pid), 60, every=0.005, name="a deletion")
	killed = process.poll() is None
	if killed:
		os.killpg(process.pid, signal.SIGKILL)
	process.wait()
	note("killed while it deleted" if killed else "it was faster")
	f.fetch()
	for line in f.stored(r"\.(seg|key)$"):
		check(line.split("/")[2] not in gone, f"still in the store: {line}")
	left = [str(path) for path in copy.rglob("*") if path.suffix in (".seg", ".key") and path.parent.name in gone]
	check(not left, lambda: f"still in the copy: {left}")
	rows = f.rows()
	check(not set(rows) & gone, "rows of who withdrew")
	check(rows == kept and len(kept) >= len(staying), lambda: f"others: {kept} {rows}")
	check(len(f.stored(r"\.tombstone$")) >= len(gone), "tombstones stay, for other copies")
	version = f.dataset()["version"]
	f.fetch()
	check(f.dataset()["version"] == version, "done twice")


def deleting(pid):
	child = descendant(pid, "rclone")
	if not child:
		return False
	try:
		return b"\0delete\0" in pathlib.Path(f"/proc/{child}/cmdline").read_bytes()
	except OSError:
		return False


def what_is_past_its_retention_goes_without_a_tombstone():
	"""Of a workstation that never came back."""
	f = fleet()
	forge = BUILD / "tests/tools/outbox_forge"
	public = re.search(r"assent-pub-[A-Za-z0-9_-]{47}", (f.lab / "study.yaml").read_text()).group(0)
	m = f.machines[NEVER]
	me, now = f.root / "gone", int(time.time() * 1e6)
	made = subprocess.run([forge, "decide", me, STUDY, "given", str(now - 86400000000), PURPOSE], capture_output=True, text=True, check=True).stdout.split()
	outbox = m.outbox / STUDY / made[0]
	outbox.mkdir(parents=True)
	shutil.copy(me / "ledger.jsonl", outbox / "receipts.jsonl")
	until = now + 1000000
	for end in (until, now + 86400000000):
		subprocess.run([forge, "segment", me, STUDY, outbox, f"recipient={public}", f"receipt={made[1]}", f"begun={now - 3600000000}", "events=50",
			f"expires={end}"], capture_output=True, text=True, check=True)
	subprocess.run(["chown", "-R", f"{m.uid}:{m.uid}", m.home], check=True)
	m.collect()
	check(len(f.stored(made[0] + r"/.*\.(seg|key)$")) == 4, f.stored(made[0]))
	time.sleep(max(0, until / 1e6 + 0.2 - time.time()))
	f.fetch()
	check(f.rows().get(made[0]) == 50, lambda: f"{f.rows()}")
	check(len(f.stored(made[0] + r"/.*\.(seg|key)$")) == 2, f.stored(made[0]))
	version = f.dataset()["version"]
	f.fetch()
	check(f.dataset()["version"] == version, "done twice")


def a_participant_collects_their_own():
	f = fleet()
	m = takers()[-1]
	m.record()
	m.release()
	names = m.waiting()
	own = m.home / "collector"
	own.mkdir()
	shutil.copy(f.folder_for_collector / "rclone.conf", own)
	subprocess.run(["chown", "-R", f"{m.uid}:{m.uid}", own], check=True)
	said = subprocess.run([*as_user(m.uid), "collect.sh"], env=m.collect_env(STATE_DIRECTORY=str(own), RCLONE_CONFIG=str(own / "rclone.conf")), stdin=subprocess.DEVNULL,
		capture_output=True, text=True, timeout=100, check=False)
	check(said.returncode == 0 and not m.waiting() and len(names) == 2, lambda: f"{said}")
	stored = f.stored()
	check(all(any(line.endswith(f"{pseudonym(m)}/{name}") for line in stored) for name in names), stored)
	f.fetch()
	check(not f.dataset()["left_out"], f.dataset()["left_out"])


def the_unit_is_a_good_one():
	if not shutil.which("systemd-analyze"):
		raise Skip("there is no systemd-analyze")
	said = subprocess.run(["systemd-analyze", "security", "--offline=yes", EXAMPLE / "assent-collect.service"], capture_output=True, text=True, check=False).stdout
	level = re.search(r"exposure level for \S+: ([0-9.]+)", said)
	check(level and float(level.group(1)) <= 2.5, said[-500:])
	note(f"systemd-analyze security: {level.group(1)}")
	said = subprocess.run(["systemd-analyze", "verify", EXAMPLE / "assent-collect.service", EXAMPLE / "assent-collect.timer"], capture_output=True, text=True, check=False)
	wrong = [line for line in said.stderr.splitlines() if "assent-collect" in line and "is not executable" not in line]
	check(not wrong, wrong)
	rights = re.search(r"^AmbientCapabilities=(.*)$", (EXAMPLE / "assent-collect.service").read_text(), re.M).group(1)
	check(rights == "CAP_SETUID CAP_SETGID CAP_KILL", "it is tried with other rights than the unit gives")


def the_page_is_what_was_run():
	f = fleet()
	m = f.machines[NEVER]
	said = m.root_runs(f.page("assentd --check-config"), m.env)
	check(said.returncode == 0, said)
	if len(sys.argv) > 1:
		raise Skip("only with all cases")
	check(f.lines == f.run_lines, lambda: f"docs/FLEET.md names what was not run: {f.lines - f.run_lines}")


@full
def many():
	"""Forged outboxes: what is looked at is collecting, the store and the dataset."""
	f = fleet()
	forge = BUILD / "tests/tools/outbox_forge"
	public = re.search(r"assent-pub-[A-Za-z0-9_-]{47}", (f.lab / "study.yaml").read_text()).group(0)
	now, count = int(time.time() * 1e6), 300
	more = [Workstation(f, 1000 + i) for i in range(count)]

	def fill(m):
		me = m.root / "forge"
		pseudonym_, receipt = subprocess.run([forge, "decide", me, STUDY, "given", str(now - 86400000000), PURPOSE], capture_output=True, text=True,
			check=True).stdout.split()
		outbox = m.outbox / STUDY / pseudonym_
		outbox.mkdir(parents=True)
		shutil.copy(me / "ledger.jsonl", outbox / "receipts.jsonl")
		for _ in range(4):
			m.last = subprocess.run([forge, "segment", me, STUDY, outbox, f"recipient={public}", f"receipt={receipt}", f"begun={now - 3600000000}",
				"events=20000"], capture_output=True, text=True, check=True).stdout.split()
		subprocess.run(["chown", "-R", f"{m.uid}:{m.uid}", m.home], check=True)

	f.at_once(fill, more)
	began = time.monotonic()
	f.at_once(lambda m: m.collect(), more)
	collected = time.monotonic()
	check(not any(m.waiting() for m in more), "left behind")
	f.fetch()
	fetched = time.monotonic()
	for m in more[::3]:
		subprocess.run([forge, "tombstone", m.root / "forge", STUDY, next((m.outbox / STUDY).iterdir()), "forgotten", pseudonym(m), "=".join(m.last)],
			check=True, capture_output=True)
		subprocess.run(["chown", "-R", f"{m.uid}:{m.uid}", m.outbox], check=True)
	f.at_once(lambda m: m.collect(), more[::3])
	called = time.monotonic()
	f.fetch()
	note(f"{count} workstations with 4 segments of 20,000 events: collected in {collected - began:.0f} s, fetched and exported in {fetched - collected:.0f} s; "
		f"{len(more[::3])} tombstones collected in {called - fetched:.0f} s, honoured in {time.monotonic() - called:.0f} s; {f.dataset()['rows']} rows")
	rows = f.rows()
	check(all(rows[pseudonym(m)] == (60000 if i % 3 == 0 else 80000) for i, m in enumerate(more)), "rows")


if __name__ == "__main__":
	try:
		code = run(everything_is_collected, it_becomes_a_dataset, inventory_does_not_tell_who_refused, what_somebody_plants_leads_nowhere,
			a_stream_that_lies_writes_into_its_own_part_alone,
			interrupted_it_goes_on, called_back_it_goes_everywhere, what_is_past_its_retention_goes_without_a_tombstone,
			a_participant_collects_their_own, the_unit_is_a_good_one,
			many, the_page_is_what_was_run, all_skipped=77)
	finally:
		if the_fleet:
			the_fleet.close()
	sys.exit(code)
