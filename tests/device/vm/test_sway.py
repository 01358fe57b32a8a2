# SPDX-License-Identifier: Apache-2.0
"""Source evdev as it is installed, in a virtual machine: sway on a real screen with real input devices, and a text console.

Secrets are typed on a keyboard of uinput's into a password field, at a terminal's prompts, into a launcher and a locker, which are layers, and at a
console's prompts. Each recorded key has the kernel's own time, to the microsecond: so it is known of each row which key that was.
"""

import base64
import collections
import contextlib
import io
import json
import pathlib
import random
import sys
import tarfile
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "lib")]

import archive
import debian
from agent import CODES, on_pty, searches, study
from broker import BUILD, EV_KEY, REPEAT, SERVICE, Truth, install
from cases import check, note, run
from machine import Gone, Machine, started
from participant import environment

PACKAGES = ("sway", "foot", "bemenu", "swaylock", "python3-gi", "gir1.2-gtk-3.0", "at-spi2-core", "fonts-dejavu-core", "polkitd", "libglib2.0-bin", # the desktop
	"bash", "login", "sudo", "libpam-modules", "ncurses-base", "libc-bin", # the terminal
	"libxi6", "libxres1", "libxkbcommon-x11-0", "libx11-xcb1", "libjson-c5") # of the agent
UNWANTED = ("libllvm15", "libz3-4", "libgl1-mesa-dri", "libegl-mesa0", # what draws by a graphics card
	"adwaita-icon-theme", "gtk-update-icon-cache", "shared-mime-info", "swaybg", "libicu72", "vim-tiny")
USER = 1001
SESSION = """export HOME=/home/user1 PATH=/usr/bin:/usr/sbin LANG=C.UTF-8 XDG_RUNTIME_DIR=/run/user/1001 NO_AT_BRIDGE=0
export DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1001/bus
case $1 in
sway)
	export XDG_SESSION_TYPE=wayland XDG_SEAT=seat0 XDG_VTNR=1 WAYLAND_DISPLAY=wayland-1 GDK_BACKEND=wayland WLR_RENDERER=pixman
	export SWAYSOCK=/run/user/1001/sway.sock ;;
esac
shift
cd
"""
AS_USER = """#!/bin/sh
# as-user sway|console COMMAND...
exec setpriv --reuid=1001 --regid=1001 --clear-groups env -i /bin/sh -c '. /etc/session; exec "$@"' sh "$@"
"""
# Where there is no polkit rule nobody may switch the console, and libseat does not start.
CHVT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE policyconfig PUBLIC "-//freedesktop//DTD PolicyKit Policy Configuration 1.0//EN" "http://www.freedesktop.org/standards/PolicyKit/1/policyconfig.dtd">
<policyconfig><action id="org.freedesktop.login1.chvt"><description>-</description><message>-</message><defaults>
<allow_any>no</allow_any><allow_inactive>no</allow_inactive><allow_active>yes</allow_active></defaults></action></policyconfig>
"""
# Small: an emulated processor draws all of it.
SWAY = "output * mode 640x480\nfor_window [app_id=\".*\"] floating enable\ndefault_floating_border none\nfocus_follows_mouse no\n"
# As getty@.service has it, but that it asks for no name.
GETTY = """[Service]
ExecStart=-/sbin/agetty -o '-p -f -- \\\\u' --autologin user1 --noclear tty%i linux
StandardInput=tty
StandardOutput=tty
TTYPath=/dev/tty%i
TTYReset=yes
TTYVHangup=yes
IgnoreSIGPIPE=no
"""
PAM = {"login": "auth required pam_unix.so\naccount sufficient pam_permit.so\nsession required pam_systemd.so\n",
	"sudo": "auth required pam_unix.so\naccount sufficient pam_permit.so\n", "swaylock": "auth required pam_unix.so\n",
	"other": "auth required pam_deny.so\n"}
KEYS = {**CODES, " ": 57, "\n": 28, "\t": 15, "-": 12, "\x1b": 1}
SHIFT, CTRL = 42, 29
SECRET = "abcdefghijklmnopqrstuvwxyz0123456789"
SPAN_EDGE = 2.5      # after a change of the focus a span may reach that far
UNCONFIRMED = 4      # a layer's keys are waited for 3 s, as if the window had them; when no caret comes the window is masked for a moment
SETTLED = 1.5        # until keys are out of the airlock: what closes or opens earlier masks them
JUDGED = 6           # until the last word has its verdict
LEAST = 0.85         # of the ordinary keys, as on X11
SLOW_US = 100000
LEAST_SLOW = 0.5     # where a machine beside which others work strikes a key every 100 ms or more: most are confirmed too late

machine = hands = None

Typed = collections.namedtuple("Typed", "code part secret")


class Hands:
	"""A keyboard. All that was typed, in its order: what the kernel told of it gives the times."""

	def __init__(self):
		self.command, self.typed = machine.start("guest inject"), []
		self.command.ask("came keyboard keys")

	def key(self, c, part, secret=False, every=0.04, held=None):
		began = time.monotonic()
		if held:
			self.typed.append(Typed(held, part, secret))
			self.command.ask(f"e {EV_KEY} {held} 1")
			self.command.ask("s")
		self.typed.append(Typed(KEYS[c], part, secret))
		self.command.ask(f"hold {KEYS[c]} 12")
		if held:
			self.command.ask(f"e {EV_KEY} {held} 0")
			self.command.ask("s")
		time.sleep(max(0, every - (time.monotonic() - began)))

	def type(self, text, part, secret=False, every=0.04):
		for c in text:
			self.key(c, part, secret, every)


def word(length=14):
	return "".join(random.choice("abcdefghijklm") for _ in range(length))


class Story:
	"""One recording from join to export, and what was typed meanwhile."""

	count = 0

	def __init__(self, place, keys, session):
		Story.count += 1
		self.keys, self.session, self.secrets, self.parts = keys, session, {}, []
		self.data = f"/home/user1/{place}"
		self.truth, self.from_key = None, len(hands.typed)

	def __enter__(self):
		machine.run(f"printf 'evdev_keys: {self.keys}\\n' >/etc/assent/policy.yaml; systemctl stop {SERVICE}")
		# A busy machine is late with what is started on demand, and nobody waits for it long.
		machine.run(f"systemctl start {SERVICE}")
		if self.session == "sway":
			machine.until("as-user sway busctl --user call org.a11y.Bus /org/a11y/bus org.a11y.Bus GetAddress >/dev/null", 40)
		self.truth = Truth(machine)
		self.agent = machine.start(f"as-user {self.session} assentd --source evdev --data {self.data} --verbose")
		deadline = time.monotonic() + 60
		while not self.status().get("recording"):
			check(self.agent.status is None and time.monotonic() < deadline, lambda: f"not recording: {self.agent.output()[-1500:]} {self.status()}")
			time.sleep(0.3)
		return self

	def __exit__(self, *_):
		self.agent.stop()
		self.truth.__exit__()

	def status(self):
		try:
			return json.loads(machine.run(f"as-user {self.session} assent status --json --data {self.data}", status=None))
		except ValueError:
			return {}

	def doctor(self):
		"""assent doctor, while this records: it must see the same place, and leave the broker alone."""
		said = machine.start(f"as-user {self.session} assent doctor --source evdev --json --data {self.data}")
		check(said.wait(60) in (0, 3), lambda: f"doctor: {said.status}: {said.output()[-1000:]}")
		told = json.loads(next(line for line in said.output().splitlines() if line.startswith("{")))
		bad = [f for f in told["findings"] if f["problem"] and f["id"] in ("broker", "session", "seat", "policy")]
		check(told["context"] == self.session and not bad, lambda: f"doctor: {told['context']}, {bad}")
		check(self.session != "sway" or any(w["focused"] for w in told["windows"]), lambda: f"doctor: {told['windows']}")

	def ordinary(self, part, text=None, wait=SPAN_EDGE):
		time.sleep(wait)
		self.parts.append(part)
		hands.type(text or word(), part)
		time.sleep(SETTLED)

	def secret(self, part, every=0.03):
		self.secrets[part] = "".join(random.choice(SECRET) for _ in range(12))
		hands.type(self.secrets[part], part, True, every)

	def end(self):
		"""Stops it, and reads what it kept."""
		time.sleep(JUDGED)
		self.before_end = self.status()
		self.agent.stop()
		said = machine.start(f"as-user {self.session} assent show --json --data {self.data}")
		check(said.wait(60) in (0, 3), said.output()[-500:])
		self.rows = [json.loads(line) for line in said.output().splitlines() if line.startswith("{")]
		tar = machine.run(f"busybox tar -C / -cf - {self.data[1:]} run/user/1001/assent 2>/dev/null | busybox base64", status=None)
		with tarfile.open(fileobj=io.BytesIO(base64.b64decode(tar))) as files:
			self.files = {member.name: files.extractfile(member).read() for member in files if member.isfile()}
		check(len(self.files) > 4, f"files: {list(self.files)}")
		self.files["what assentd said"] = self.agent.all
		heard = [(e.us, e.value, e.code) for e in self.truth.events() if e.type == EV_KEY]
		told = [event for event in heard if event[1] != REPEAT]
		typed = hands.typed[self.from_key:]
		check([code for _, value, code in told if value] == [t.code for t in typed], "the kernel did not tell what was typed")
		# Each press and release with what it belongs to.
		waiting, self.moments = {}, {}
		presses = iter(typed)
		for us, value, code in told:
			of = waiting[code] = next(presses) if value else waiting[code]
			self.moments[us, "key_down" if value else "key_up"] = of
		# On a slow machine a key is held for so long that the kernel repeats it.
		typed_at = sorted((us, of) for (us, kind), of in self.moments.items() if kind == "key_down")
		self.repeats = {us: next(of for at, of in reversed(typed_at) if at <= us and of.code == code) for us, value, code in heard if value == REPEAT}

	def judge(self, least=LEAST):
		"""A list of what is wrong; figures are said."""
		wrong = []
		kept = collections.Counter()
		for row in self.rows:
			if not row["kind"].startswith("key"):
				continue
			if row["kind"] == "key_repeat":
				of = self.repeats.get(row["mono_us"])
			else:
				of = self.moments.get((row["mono_us"], row["kind"]))
			if of is None:
				wrong.append(f"a key that nobody struck at {row['mono_us']} us: {row['kind']}")
			elif of.secret:
				wrong.append(f"a key of a secret: {of.part}, {row['kind']}, {row['class']}, {row['code']}")
			elif row["code"] is not None and row["code"] != of.code or (row["code"] is None) != (self.keys == "class") or row["text"] is not None:
				wrong.append(f"another key, or in another detail: {row} and not {of}")
			elif row["kind"] == "key_down":
				kept[of.part] += 1
		for part, secret in self.secrets.items():
			for form, needle in searches(secret).items():
				wrong += [f"{name} holds the secret of {part} as {form}" for name, data in self.files.items() if needle in data]
				if needle in json.dumps(self.rows, ensure_ascii=False).encode():
					wrong.append(f"a row holds the secret of {part} as {form}")
		struck = collections.Counter(t.part for t in hands.typed[self.from_key:] if not t.secret)
		for part in self.parts:
			marks = "".join("+" if any(row["mono_us"] == us and row["kind"] == kind for row in self.rows) else "-"
				for (us, kind), of in sorted(self.moments.items()) if of.part == part and kind == "key_down")
			if "-" in marks:
				note(f"{part}: kept {marks}")
		share = sum(kept[part] for part in self.parts) / sum(struck[part] for part in self.parts)
		note(f"{self.session}, {self.keys}: of ordinary keys kept {share:.1%}: " + ", ".join(f"{part} {kept[part]}/{struck[part]}" for part in struck))
		for part in {**self.secrets, **struck}:
			if part in self.secrets or kept[part] < struck[part]:
				note(f"{part}: masked as {', '.join(sorted(self.masked(part))) or 'nothing'}")
		at = sorted(us for (us, kind), of in self.moments.items() if kind == "key_down" and not of.secret)
		between = sorted(b - a for a, b in zip(at, at[1:]))
		if between and between[len(between) // 2] >= SLOW_US:
			least = min(least, LEAST_SLOW)
			note(f"a key each {between[len(between) // 2] // 1000} ms, not 40: the machine is slow, {least:.0%} must be kept")
		if share < least:
			wrong.append(f"too few of the ordinary keys: {share:.1%}")
		return wrong

	def masked(self, part):
		"""The reasons of the spans and gaps that lie over a secret."""
		anchor = next(row for row in self.rows if row["mono_us"] is not None and row["t_us"] is not None)
		shift = anchor["t_us"] - anchor["mono_us"]
		times = [us + shift for (us, _), of in self.moments.items() if of.part == part]
		return {row["reason"] for row in self.rows if row["kind"] in ("span", "gap") and row["t_us"] <= max(times) and row["end_us"] >= min(times)}


class Window:
	"""A window of two fields: 0 for text, 1 for a password."""

	def __enter__(self):
		self.command = machine.start("as-user sway python3 -u /usr/lib/assent-test/gtk_window.py Form 300x200+0+0 text password")
		self.command.until("{", 60)
		machine.until("as-user sway swaymsg -t get_tree -r | grep -q gtk-window")
		return self

	def __exit__(self, *_):
		self.command.say("quit")
		self.command.wait()

	def has_keyboard(self, has, seconds=40):
		"""Until it has it, or something else that sway's IPC does not tell of."""
		deadline = time.monotonic() + seconds
		self.command.say("has")
		while json.loads(self.command.line()) != has:
			check(time.monotonic() < deadline, f"the window {'does not get' if has else 'keeps'} the keyboard; typed last: {hands.typed[-1].part}")
			time.sleep(0.1)
			self.command.say("has")

	def takes(self, field, text, seconds=40):
		"""Until the field holds this."""
		deadline = time.monotonic() + seconds
		while (has := self.text(field)) != text:
			check(time.monotonic() < deadline, f"field {field} has {has!r} and not {text!r}")
			time.sleep(0.2)

	def text(self, field):
		self.command.say(f"text {field}")
		return json.loads(self.command.line())


@contextlib.contextmanager
def terminal():
	"""foot with bash in it."""
	command = machine.start("as-user sway foot -W 50x8 bash --norc")
	machine.until("as-user sway swaymsg -t get_tree -r | grep -q '\"app_id\": *\"foot\"'")
	machine.until("busybox pidof bash >/dev/null")
	try:
		yield
	finally:
		command.stop()
		command.wait()


def sudo(story, part):
	"""A real prompt, and a wrong password."""
	hands.type("sudo -k true\n", part)
	machine.until("busybox pidof sudo >/dev/null")
	time.sleep(1)
	story.secret(part)
	hands.key("\n", part, True)
	time.sleep(0.5)
	hands.key("c", part, held=CTRL)
	machine.until("! busybox pidof sudo >/dev/null")
	hands.key("\n", part) # the terminal is looked at when keys come


def read_silently(story, part):
	hands.type("read -s x\n", part)
	time.sleep(1)
	story.secret(part)
	hands.key("\n", part, True)


def desktop(keys, whole):
	"""The story under sway."""
	with Story(f"sway-{keys}", keys, "sway") as story:
		with Window() as window:
			story.ordinary("the text field")
			story.doctor()
			hands.key("\t", "to the password field")
			story.secret("the password field")
			window.takes(1, story.secrets["the password field"])
			hands.key("\t", "back", held=SHIFT)
			story.ordinary("the text field again")
			if whole:
				launcher(story, window)
				story.ordinary("after the launcher", wait=UNCONFIRMED)
				locker(story, window)
				story.ordinary("after the locker", wait=UNCONFIRMED)
			with terminal():
				story.ordinary("the terminal", word() + "\n", SPAN_EDGE + 1)
				read_silently(story, "read -s")
				story.ordinary("the terminal after read", word() + "\n")
				if whole:
					sudo(story, "sudo")
					story.ordinary("the terminal after sudo", word() + "\n")
			window.has_keyboard(True)
			story.ordinary("the text field in the end")
		story.end()
	return story


def launcher(story, window):
	command = machine.start("echo one | as-user sway bemenu --password hide")
	window.has_keyboard(False)
	story.secret("the launcher")
	hands.key("\n", "the launcher", True)
	command.wait()
	# It may miss some, on a busy machine; a secret that it never took proves nothing.
	took, rest = command.output().strip(), iter(story.secrets["the launcher"])
	check(took and all(c in rest for c in took), lambda: f"the launcher took {took!r} of {story.secrets['the launcher']!r}")
	window.has_keyboard(True)


def locker(story, window):
	command = machine.start("as-user sway swaylock -c 202020")
	window.has_keyboard(False)
	story.secret("the locker")
	time.sleep(0.5)
	command.signal(9)
	command.wait()
	window.has_keyboard(True)


def none_wrong(wrong, story):
	check(not wrong, lambda: f"{len(wrong)}: {'; '.join(sorted(set(wrong))[:6])}")
	return story


def sway_codes():
	story = desktop("code", True)
	none_wrong(story.judge(), story)
	for part, reason in (("the password field", "password"), ("read -s", "terminal-echo-off"), ("sudo", "terminal-echo-off")):
		check(reason in story.masked(part), f"{part}: masked as {story.masked(part)}")


def sway_classes():
	story = desktop("class", False)
	none_wrong(story.judge(), story)


def console_classes():
	"""A login on a virtual terminal. Sway's session goes on behind it: whether that one is locked or active does not matter here."""
	machine.run("systemctl start console@2; busybox chvt 2")
	machine.until("loginctl --no-legend list-sessions | grep -q tty2", 30)
	time.sleep(1)
	with Story("console-class", "class", "console") as story:
		story.ordinary("the console", word() + "\n")
		story.doctor()
		read_silently(story, "read -s")
		story.ordinary("the console after read", word() + "\n")
		sudo(story, "sudo")
		story.ordinary("the console after sudo", word() + "\n")
		story.end()
	none_wrong(story.judge(), story)
	for part in ("read -s", "sudo"):
		check("terminal-echo-off" in story.masked(part), f"{part}: masked as {story.masked(part)}")


def joined(over, place, name, **options):
	"""A data directory with a yes to a study in it, as the guest's user has it."""
	home = place / name
	home.mkdir()
	data = home / "data"
	code, shown = on_pty([BUILD / "agent" / "assent", "join", "--data", data, study(home / "study.yaml", **options)], environment(home), ["yes"])
	check(code == 0, f"join: {shown[-500:]}")
	owner = (USER, USER)
	over.folder(f"/home/user1/{name}", data.stat().st_mode & 0o777, owner)
	for path in sorted(data.rglob("*")):
		to, mode = f"/home/user1/{name}/{path.relative_to(data)}", path.stat().st_mode & 0o777
		over.folder(to, mode, owner) if path.is_dir() else over.add(to, path.read_bytes(), mode, owner)


def make(file, place):
	over = archive.Archive(file)
	over.program("/usr/bin/guest", BUILD / "tests" / "device" / "vm" / "guest", libraries=False)
	for name in ("assentd", "assent"):
		over.program(f"/usr/bin/{name}", BUILD / "agent" / name, libraries=False)
	install(over)
	over.link("/usr/bin/grep", "busybox")
	over.add("/usr/lib/assent-test/gtk_window.py", (HERE.parents[1] / "lib" / "gtk_window.py").read_bytes())
	over.add("/usr/bin/as-user", AS_USER, 0o755)
	over.add("/etc/session", SESSION)
	over.add("/etc/sway/config", SWAY)
	over.add("/etc/modules-load.d/screen.conf", "virtio_gpu\n") # before logind, which may then give it away
	over.add("/usr/share/polkit-1/actions/chvt.policy", CHVT)
	for name in ("/usr/share/polkit-1/rules.d", "/etc/polkit-1/rules.d"):
		over.folder(name)
	over.add("/etc/passwd", debian.USERS.replace("user1:x:1001:1001::/tmp:/bin/sh", "user1:x:1001:1001::/home/user1:/bin/bash") +
		"polkitd:x:110:110::/nonexistent:/usr/sbin/nologin\n")
	over.add("/etc/group", "".join(f"{name}:x:{number}:\n" for name, number in {**debian.GROUPS, "polkitd": 110}.items()))
	over.add("/etc/sudoers", "ALL ALL=(ALL) ALL\n", 0o440)
	for name, text in PAM.items():
		over.add(f"/etc/pam.d/{name}", text)
	over.add("/etc/systemd/system/console@.service", GETTY)
	over.folder("/etc/assent")
	over.folder("/home/user1", 0o700, (USER, USER))
	joined(over, place, "sway-code", keys="code")
	joined(over, place, "sway-class", keys="class")
	joined(over, place, "console-class", keys="code")
	over.save()
	return file


def start_sway(stack):
	"""A login of the user's on the first console, and in it sway; returns when both are there."""
	global hands
	machine.run("systemd-sysusers assent-inputd.conf; glib-compile-schemas /usr/share/glib-2.0/schemas; "
		"systemctl start polkit") # a busy machine is late with it, and D-Bus does not wait
	hands = Hands()
	session = machine.start("guest session 1001 seat0 1 user 0 sh -c 'set -- sway; . /etc/session; "
		"dbus-daemon --session --address=$DBUS_SESSION_BUS_ADDRESS --fork --nopidfile; "
		"until test -e /tmp/go; do busybox sleep 0.05; done; exec env -u WAYLAND_DISPLAY sway >/tmp/sway.log 2>&1'")
	stack.callback(session.stop)
	machine.run(f"guest switch {session.until('in ', 30).split()[1]}; touch /tmp/go")
	try:
		machine.until("test -S /run/user/1001/wayland-1")
		machine.until("as-user sway swaymsg -t get_outputs -r | grep -q Virtual-1")
	except AssertionError as why:
		told()
		raise Gone(f"sway did not start: {session.output()}; {why}") from None


def told():
	"""What those said that this stands on."""
	said = f"tail -n 20 /tmp/sway.log; journalctl -b --no-pager -o cat -u {SERVICE} -u systemd-logind -u polkit | tail -n 40; loginctl"
	for line in machine.run(said, status=None).splitlines():
		note(line)


def main():
	global machine
	with contextlib.ExitStack() as stack:
		place = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assent-vm-")))
		machine = started("sway", stack, lambda: Machine([debian.base(), debian.layer("sway", PACKAGES, UNWANTED), make(place / "over", place)], memory=1280,
			devices=["-device", "virtio-gpu-pci"]))
		try:
			start_sway(stack)
		except (AssertionError, Gone) as why:
			print("not ok sway: " + " ".join(str(why).split()), flush=True)
			return 1
		failed = run(sway_codes, sway_classes, console_classes)
		if failed:
			told()
		return failed


if __name__ == "__main__":
	sys.exit(main())
