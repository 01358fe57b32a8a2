#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian packages in a system that runs: systemd is process 1, people log in on consoles and type on the machine's keyboard.

dpkg installs, upgrades and removes them there, with their own scripts; user 1 joins a study at the terminal and is recorded through the broker. All
digits are typed where nothing may be recorded, so one of class digit in the rows is a leak.
"""

import contextlib
import json
import pathlib
import random
import re
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "device" / "vm"), str(HERE.parent / "lib")]

import archive
import debian
import debs
import system
import test_deb
from agent import BUILD, study
from cases import check, note, run
from machine import Machine, started
from system import until

OURS = ("assent", "assent-inputd", "assent-tools")
LEFT = r"busybox find / -xdev \( -path /proc -o -path /sys -o -path /home -o -path /media -o -path /tmp -o -path /var/lib/dpkg -o -path /var/log \) -prune -o -iname '*assent*' -print"
SPAN_EDGE, JUDGED = 2.5, 6  # after a lock a span may reach that far; until the last word has its verdict and is written
SPOOL = "/home/user1/.local/share/assent"

machine = one = two = None
old = new = None
typed = []
known = {}


# ---- What is asked again and again ----

def processes(name):
	return machine.run(f"busybox pidof {name} || true").split()


def status():
	try:
		return json.loads(one.run("assent status --json", None))
	except ValueError:
		return {}


def recording(wanted=True, seconds=60):
	return until(lambda: (now := status()) and bool(now.get("recording")) == wanted and now, lambda: f"{'' if wanted else 'un'}recording: {status()}", seconds)


def word(letters="abcdefghijklm", length=12):
	typed.append("".join(random.choice(letters) for _ in range(length)))
	return typed[-1]


def ordinary():
	"""Something to be kept is typed, after which some time passes."""
	time.sleep(SPAN_EDGE)
	one.type(f"echo {word()}\n")
	time.sleep(JUDGED)


def secret():
	typed.append("".join(random.choice("0123456789") for _ in range(12)))
	one.type(typed[-1])


def rows():
	return [json.loads(line) for line in one.run("assent show --json", None).splitlines() if line.startswith("{")]


def letters():
	return sum(row["kind"] == "key_down" and row["class"] == "letter" for row in rows())


def more_letters(than, name):
	"""What was typed since was kept, most of it."""
	return until(lambda: (n := letters()) >= than + 10 and n, lambda: f"recorded ({name}): {letters()} letters, {than} before: {status()}", 30)


def kept():
	"""What of the participant's is there: names and contents of all files."""
	return machine.run(f"cd {SPOOL} && busybox find . -type f | sort | busybox xargs sha256sum; ls -lnR .")


def receipts():
	return one.run("assent receipts --json")


def dpkg(*argv):
	began = time.monotonic()
	said = machine.run(f"DEBIAN_FRONTEND=noninteractive dpkg {' '.join(argv)} 2>&1", 120)
	note(f"dpkg {argv[0]}: {time.monotonic() - began:.1f} s")
	return said


def install(packages):
	return dpkg("-i", *(f"/media/{packages[name].name}" for name in OURS))


# ---- The cases: one story ----

def installs():
	"""It starts nothing: no agent, no broker, and its socket is not enabled."""
	one.log_in()
	install(old)
	check(not processes("assentd") and not processes("assent-inputd"), "something runs")
	check(machine.run("systemctl is-enabled assent-inputd.socket", status=None).strip() == "disabled", "the broker's socket is enabled")
	check(machine.run("systemctl is-active assent-inputd.socket", status=None).strip() != "active", "the broker's socket is open")
	check(machine.run("systemctl --global is-enabled assentd.service", status=None).strip() == "enabled", "the agent's unit is not enabled")
	# The same again is an upgrade, to the scripts: it does not start what IT left off.
	dpkg("-i", f"/media/{old['assent-inputd'].name}")
	check(machine.run("systemctl is-active assent-inputd.socket assent-inputd.service", status=None).split() == ["inactive"] * 2, "the upgrade started the broker")
	check(machine.run("getent passwd assent-inputd || grep assent-inputd /etc/passwd", status=None), "the broker's user is missing")


def idle_before_a_decision():
	"""With the desktop it starts, waits as one process and has nothing open; what is typed is not there afterwards."""
	machine.run("systemctl enable --now assent-inputd.socket 2>&1")
	one.run("systemctl --user daemon-reload; exit 0", None)
	one.run("systemctl --user start desktop.target")
	until(lambda: one.unit()["SubState"] == "running", lambda: f"running: {one.unit()}")
	known["first"] = one.unit()["MainPID"]
	one.type(f"echo {word()}\n")
	secret()
	one.type("\n")
	time.sleep(3)
	now = processes("assentd")
	check(now == [known["first"]], f"processes {now}, the unit's {known['first']}")
	opened = machine.run(f"ls -l /proc/{known['first']}/fd")
	check(not re.search(r"/dev/input|/dev/tty|/dev/hidraw|uinput", opened), opened)
	check(not processes("assent-inputd"), "somebody asked the broker")
	check(machine.run(f"busybox find {SPOOL} -name '*.seg'", status=None).strip() == "", "a segment")
	told = status()
	check(told and not told["recording"], f"{told}")
	note("idle: " + " ".join(machine.run(f"grep VmRSS /proc/{known['first']}/status").split()))


def joins_at_the_terminal():
	"""The question is read from the keyboard, and the agent that waited begins."""
	one.type("assent join study.yaml\n")
	turned = one.turn("-- Enter", "accept/refuse/later")
	note(f"{turned} screens before the question")
	check(not status()["recording"] and not processes("assent-inputd"), "before the answer")
	one.type("accept\n")
	told = recording()
	check('"given"' in receipts(), f"{receipts()}")
	check(one.unit()["MainPID"] == known["first"], "another process")
	check(processes("assent-inputd"), "no broker")
	note(f"recording: source {told['agent'].get('source', '?')}, {len(processes('assentd'))} processes")
	ordinary()
	more_letters(0, "after joining")


def locked():
	one.lock(True)
	time.sleep(0.5)
	secret()
	time.sleep(0.5)
	check(machine.run("ls -l /proc/$(busybox pidof assent-inputd)/fd | grep -c /dev/input/ || true").strip() == "0", "the broker has devices open")
	one.lock(False)
	one.type("\n")
	before = letters()
	ordinary()
	more_letters(before, "after the lock")
	check("locked" in {row["reason"] for row in rows() if row["kind"] in ("span", "gap")}, f"{[row for row in rows() if row['kind'] in ('span', 'gap')]}")


def switched():
	"""Another user at the same keyboard; whose agent has no decision."""
	two.log_in()
	secret()
	one.type("\n")
	check(machine.run("ls -l /proc/$(busybox pidof assent-inputd)/fd | grep -c /dev/input/ || true").strip() == "0", "the broker has devices open")
	two.run("systemctl --user start desktop.target")
	until(lambda: two.unit()["SubState"] == "running", lambda: f"running: {two.unit()}")
	secret()
	time.sleep(2)
	check(two.run("assent status --json", None).find('"recording":true') < 0 and two.run("busybox find .local -name '*.seg'", None).strip() == "", "the other user is recorded")
	two.run("systemctl --user stop desktop.target graphical-session.target")
	until(lambda: two.unit()["ActiveState"] == "inactive", lambda: f"ended with the desktop: {two.unit()}")
	one.come()
	recording()
	before = letters()
	ordinary()
	more_letters(before, "after the switch")


def killed():
	"""What fails is started again, and goes on."""
	before, count = letters(), int(one.unit()["NRestarts"])
	machine.run(f"busybox kill -9 {one.unit()['MainPID']}")
	secret()
	one.type("\n")
	until(lambda: int(one.unit()["NRestarts"]) == count + 1 and one.unit()["SubState"] == "running", lambda: f"restarted: {one.unit()}", 60)
	recording()
	ordinary()
	more_letters(before, "after the restart")
	one.run("assent verify")


def confined():
	"""Each of the programs, and all its processes, in its AppArmor profile, which so far has forbidden nothing that is needed."""
	for name in ("assentd", "assent-inputd"):
		labels = {machine.run(f"cat /proc/{pid}/attr/current").strip() for pid in processes(name)}
		check(labels == {f"{name} (enforce)"}, lambda: f"{name}: {labels}")
	denied = machine.run("journalctl -b --no-pager -q | grep 'apparmor=.DENIED' | grep -o 'operation=.*' | sed 's/ pid=[0-9]*//' | sort -u", status=None)
	check(not denied.strip(), denied)


def upgraded():
	"""While it records: the agent goes on, and after its restart it is the new one, with everything that was."""
	before, decided, agent = letters(), receipts(), one.unit()["MainPID"]
	said = install(new)
	check(not re.search(r"\berror:", said), said)
	check(one.unit()["MainPID"] == agent, "the upgrade ended the agent")
	check("restart" in one.run("assent status", None), "the status does not say that the old program still runs")
	check(machine.run("systemctl is-enabled assent-inputd.socket", status=None).strip() == "enabled", "what IT enabled is not enabled any more")
	check(machine.run("systemctl is-active assent-inputd.socket", status=None).strip() == "active", "what IT started was stopped by the upgrade")
	one.run("systemctl --user daemon-reload")
	one.run("systemctl --user restart assentd.service")
	recording()
	check(one.run("assentd --version").split()[1] == debs.newer(), "not the new one")
	check(receipts() == decided, f"{receipts()}, before {decided}")
	check(letters() >= before, f"{letters()} letters, {before} before")
	ordinary()
	more_letters(before, "after the upgrade")
	one.run("assent verify")


def nothing_was_told():
	"""Not the journal, nor a row, has what was typed."""
	journal = machine.run("journalctl -b --no-pager -o cat -q")
	ours = machine.run("journalctl -b --no-pager -o cat -q _COMM=assentd + _COMM=assent-inputd")
	note(f"the journal has {len(ours.splitlines())} lines of ours")
	for text in typed:
		check(text not in journal, f"the journal has what was typed: {[line for line in journal.splitlines() if text in line][:2]}")
	digits = [row for row in rows() if row["class"] == "digit"]
	check(not digits, f"{len(digits)} digits, which were typed in secrets only: {digits[:2]}")
	check(all(row["code"] is None and row["text"] is None for row in rows() if row["kind"].startswith("key")), "more than the study's detail")


def removed():
	"""What runs is ended in order, and what was recorded stays; also when the packages are purged."""
	one.type(f"echo {word()}\n")
	time.sleep(JUDGED)
	before, decided = letters(), receipts()
	said = dpkg("-r", *OURS)
	check("assent withdraw --erase" in said, f"it does not say where the data are: {said}")
	until(lambda: not processes("assentd") and not processes("assent-inputd"), lambda: f"ended: {machine.run('busybox ps')}", 20)
	check(machine.run("test -e /run/assent/inputd.sock && echo open || true").strip() == "", "the broker's socket is open")
	data = kept()
	check(data.count(".seg") > 0, data)
	dpkg("-P", *OURS)
	check(kept() == data, "the purge changed the participant's data")
	left = machine.run(LEFT, status=None).split()
	check(not left, f"left behind: {left}")
	known.update(data=data, letters=before, receipts=decided)


def comes_back():
	"""Installed again, the version of the beginning: all of it is readable, and the decision stands."""
	install(old)
	check(not processes("assentd"), "it was started")
	one.run("assent verify")
	check(letters() >= known["letters"], f"{letters()} letters, {known['letters']} before")
	check(receipts() == known["receipts"], f"{receipts()}, before {known['receipts']}")
	# As assent-inputd(8) says.
	machine.run("systemctl enable --now assent-inputd.socket 2>&1")
	check(machine.run("systemctl is-active assent-inputd.socket", status=None).strip() == "active", "the socket is not open")
	machine.run("systemctl disable --now assent-inputd.socket assent-inputd.service 2>&1")
	check(machine.run("systemctl is-active assent-inputd.socket", status=None).strip() == "inactive", "the socket is open")


def told(case):
	"""Each goes on where the one before it ended."""
	def after():
		check(not known.get("failed"), lambda: f"not tried, since {known['failed']} failed")
		known["failed"] = case.__name__.replace("_", "-")
		case()
		known["failed"] = None
	after.__name__ = case.__name__
	return after


# ---- The machine ----

def make(file, place):
	over = archive.Archive(file)
	over.program("/usr/bin/guest", BUILD / "tests" / "device" / "vm" / "guest", libraries=False)
	for packages in (old, new):
		for name in OURS:
			over.add(f"/media/{packages[name].name}", packages[name].read_bytes())
	over.folder("/home/user1", 0o700, (1001, 1001))
	manifest = pathlib.Path(study(place / "study.yaml", keys="class", id="console-study"))
	over.add("/home/user1/study.yaml", manifest.read_bytes(), owner=(1001, 1001))
	over.folder("/home/user1/.config", 0o700, (1001, 1001))
	over.folder("/home/user1/.config/assent", 0o700, (1001, 1001))
	over.add("/home/user1/.config/assent/assent.yaml", "source: evdev\n", 0o600, (1001, 1001))
	over.save()
	return file


def main():
	global machine, one, two, old, new
	with contextlib.ExitStack() as stack:
		place = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assent-vm-")))

		def built():
			global old, new
			old, new = debs.built(), debs.built(debs.newer())
			return Machine([debian.base(), system.layer(test_deb.needs()), make(place / "over", place)], memory=1024,
				devices=["-device", "virtio-keyboard-pci"])
		machine = started("package", stack, built)
		one, two = system.Person(machine, 1), system.Person(machine, 2)
		failed = run(*map(told, (installs, idle_before_a_decision, joins_at_the_terminal, locked, switched, killed, confined, upgraded, nothing_was_told, removed, comes_back)))
		if failed:
			for line in machine.run("journalctl -b --no-pager -o short-monotonic -q | tail -n 80; loginctl; busybox ps -o pid,user,tty,comm,args | grep -v '\\[.*\\]$'; "
					"for i in 1 2; do busybox fold -w 80 /dev/vcs$i | sed 's/ *$//' | grep .; done", status=None).splitlines():
				note(line)
		return failed


if __name__ == "__main__":
	sys.exit(main())
