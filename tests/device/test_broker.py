# SPDX-License-Identifier: Apache-2.0
"""What the broker tells of devices that the test makes, how it stands what is too much, and the program itself."""

import concurrent.futures
import os
import pathlib
import select
import signal
import socket
import struct
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]

from cases import Skip, check, note, run  # noqa: E402
from inputd import (BROKER, CLASS, CODE, DEVICE, Broker, Client, Device, Dump, EV_KEY, EV_REL, EV_SYN, EVENT, KEY,
	KEY_A, KEY_B, KEY_LEFTSHIFT, LETTER, LOCKED, LOST, MOTION, NONE, OTHER_USER, REAL, REFUSAL, REFUSED, REL_X, RESYNC, SESSION,
	SYNCED, SYNTHETIC, SYN_DROPPED, SYN_REPORT, WELCOME, as_other, hello, now_us)  # noqa: E402


# ---- What it tells ----


def classes_only():
	"""Without a policy: classes of keys, and no code whatever was asked for; the kernel's times to the microsecond."""
	with Broker(devices=("keyboard", "mouse-virtual")) as broker:
		before = now_us()
		client = Client(broker, keys=CODE)
		check(client.kind == WELCOME and client.granted == (CLASS, 2, 1), f"granted {client.granted}")
		check(before <= client.clock <= now_us(), "the clock")
		of = client.begin(2)
		check(set(of) == {0, 1}, f"devices {of}")
		keyboard, mouse = broker.devices
		times = [keyboard.key(KEY_A, 1), keyboard.key(KEY_B, 1), keyboard.key(KEY_A, 0), keyboard.key(KEY_B, 0)]
		got = client.read(5, until=lambda r: r.kind == KEY and r.action == 0 and r.x == 2)
		check([(r.us, r.action, r.klass, r.code, r.x, r.flags, r.device) for r in got] ==
			[(t, action, LETTER, 0, place, 0, of[0]) for t, action, place in zip(times, (1, 1, 0, 0), (1, 2, 1, 2))], f"{got}")
		at = mouse.write((EV_REL, REL_X, 5), at=now_us() - 3)
		got = client.read(5, until=lambda r: r.kind == MOTION)
		check([(r.us, r.x, r.y, r.flags, r.device) for r in got] == [(at, 5 * 256, 0, SYNTHETIC, of[1])], f"{got}")
		client.close()


def codes_by_policy():
	for policy, granted in (("evdev_keys: code\n", (CODE, 2, 1)), ("evdev_keys: none\n", (NONE, 2, 1)), ("evdev_keys: class\n", (CLASS, 2, 1)),
			("evdev_keys: code\ncapture: {keys: class, pointer: buttons, scroll: false}\n", (CLASS, 1, 0)),
			("evdev_keys: code\ncapture: {keys: text}\n", (CODE, 2, 1)), ("capture: {keys: none}\n", (NONE, 2, 1))):
		with Broker(policy=policy) as broker:
			client = Client(broker)
			check(client.granted == granted, f"{policy}: {client.granted}")
			# A keyboard that nobody may hear is not even open.
			of = client.begin(2 if granted[0] else 1)
			if granted[0]:
				broker.devices[0].tap(KEY_A)
				got = client.read(5, until=lambda r: r.kind == KEY and r.action == 0)
				code = KEY_A if granted[0] == CODE else 0
				check([(r.code, r.klass) for r in got] == [(code, LETTER)] * 2, f"{policy}: {got}")
			else:
				check(broker.open_devices() == 1, f"{broker.open_devices()} are open")
			check(of, "no device")


def asked_for_less():
	"""Never more than was asked for."""
	with Broker(policy="evdev_keys: code\n") as broker:
		client = Client(broker, keys=CLASS, pointer=0, scroll=0)
		check(client.granted == (CLASS, 0, 0), f"{client.granted}")
		client.begin(1)
		broker.devices[1].write((EV_REL, REL_X, 5), (EV_KEY, 0x110, 1))
		broker.devices[0].tap(KEY_A)
		got = client.read(5, until=lambda r: r.action == 0)
		check([r.kind for r in got] == [KEY, KEY], f"{got}")


def in_order():
	"""Devices that are read one after the other: their records come in the order of the kernel's times."""
	with Broker(policy="evdev_keys: code\n") as broker:
		client = Client(broker)
		client.begin(2)
		keyboard, mouse = broker.devices
		start = now_us() - 50000
		# All of it is there when it looks.
		broker.process.send_signal(signal.SIGSTOP)
		for i in range(100):
			mouse.write((EV_REL, REL_X, 1), at=start + 400 * i)
		for i in range(0, 100, 2):
			keyboard.key(KEY_A, 1 - i // 2 % 2, at=start + 400 * i + 200)
		broker.process.send_signal(signal.SIGCONT)
		got = []
		while len(got) < 150:
			got += client.read(5, until=lambda r: True)
		check([r.us for r in got] == sorted([start + 400 * i for i in range(100)] + [start + 400 * i + 200 for i in range(0, 100, 2)]),
			f"{got[:20]}")


def hotplug():
	"""A device comes, later may be opened, goes; another one in its place is another device."""
	with Broker(policy="evdev_keys: code\n", devices=("keyboard",)) as broker:
		client = Client(broker)
		first = client.begin(1)[0]
		second = Device(broker, 7, "keyboard")
		came = client.read(5, until=lambda r: r.kind == DEVICE)[-1]
		check(came.action == 1 and came.device != first, f"{came}")
		second.key(KEY_LEFTSHIFT, 1)
		client.read(5, until=lambda r: r.kind == KEY and r.device == came.device)
		second.unplug()
		gone = client.read(5, until=lambda r: r.kind == DEVICE)[-1]
		check((gone.action, gone.device) == (0, came.device), f"{gone}")
		# udev has not finished with it at first.
		third = Device(broker, 7, "keyboard-closed")
		check(client.read(0.3) == [], "a device that may not be opened")
		(broker.place / "open-event7").touch()
		again = client.read(5, until=lambda r: r.kind == DEVICE)[-1]
		check(again.action == 1 and again.device not in (first, came.device), f"{again}")
		# What the one that is gone held is held no more.
		third.key(KEY_B, 1)
		check(client.read(5, until=lambda r: r.kind == KEY)[-1].flags == 0, "flags")
		# One that has nothing to tell, and one of another seat.
		Device(broker, 8, "game")
		Device(broker, 9, "keyboard-seat1")
		check(client.read(0.3) == [], "a gamepad, or another seat's keyboard")
		third.unplug()


def other_seat():
	"""A device that udev gives to another seat is closed, although udev says so only after it has touched the node."""
	with Broker(policy="evdev_keys: code\n", devices=("keyboard", "mouse")) as broker:
		client = Client(broker)
		ordinal = client.begin(2)[0]
		(broker.data / "b8:0").touch()
		check(client.read(0.3) == [], "a disk")
		broker.devices[0].to_other_seat(broker.data)
		gone = client.read(5, until=lambda r: r.kind == DEVICE)[-1]
		check((gone.action, gone.device) == (0, ordinal), f"{gone}")
		broker.devices[0].tap(KEY_A)
		check(client.read(0.3) == [], "a key of another seat")


def dropped():
	"""The kernel's SYN_DROPPED: a hole of unknown size, then what changed."""
	with Broker(policy="evdev_keys: code\n", devices=("keyboard",)) as broker:
		client = Client(broker)
		client.begin(1)
		broker.devices[0].key(KEY_A, 1)
		broker.devices[0].write((EV_SYN, SYN_DROPPED, 0), (EV_KEY, KEY_A, 0), (EV_KEY, KEY_B, 1))
		got = client.read(5, until=lambda r: r.code == KEY_B)
		check([(r.kind, r.code, r.action, r.flags) for r in got] ==
			[(KEY, KEY_A, 1, 0), (LOST, 0, 0, 0), (KEY, KEY_A, 0, RESYNC), (KEY, KEY_B, 1, RESYNC)], f"{got}")
		check(got[1].x == -1, f"lost {got[1].x}")


# ---- Asked for all there is ----


def moves(mouse, count):
	at = now_us()
	event = EVENT.pack(at // 1000000, at % 1000000, EV_REL, REL_X, 1) + EVENT.pack(at // 1000000, at % 1000000, EV_SYN, SYN_REPORT, 0)
	end = time.monotonic() + 10
	while count:
		try:
			# So few that a pipe takes all of them or none.
			count -= os.write(mouse.fd, event * min(count, 80)) // len(event)
		except BlockingIOError:
			check(time.monotonic() < end, "the broker does not read")
			time.sleep(0.001)


def sync():
	"""All that was told before the question comes before the answer, and sooner than it would."""
	with Broker(policy="evdev_keys: code\n") as broker:
		client = Client(broker)
		client.begin(2)
		keyboard, mouse = broker.devices
		took = []
		for i in range(200):
			# As much as a device's buffer holds, and more than is read of one at once.
			count = 1200 if i % 50 == 49 else i % 7
			if count:
				moves(mouse, count)
			keyboard.key(KEY_A, 1 - i % 2)
			began = now_us()
			got = client.sync()
			took.append(now_us() - began)
			check(sum(r.kind == MOTION for r in got) == count and sum(r.kind == KEY for r in got) == 1, f"{count} and a key: {got}")
		took.sort()
		note(f"a question is answered in {took[100]} µs, at most {took[-1]}")
		check(took[100] < 8000, f"{took[100]} µs")
		check([r.kind for r in client.sync()] == [SYNCED], "nothing new")


def sync_locked():
	"""Locked, and in the moment when it is: an answer, and nothing that was typed."""
	with Broker(policy="evdev_keys: code\n", devices=("keyboard",)) as broker:
		client = Client(broker)
		client.begin(1)
		broker.seats({os.getuid(): "seat0 locked"})
		client.read(5, until=lambda r: r.kind == SESSION and r.action == LOCKED)
		broker.devices[0].tap(KEY_A)
		for _ in range(3):
			check([r.kind for r in client.sync()] == [SYNCED], "something is told")
		# Of a lock and a key that are there at the same time, the lock comes first.
		os.read(broker.devices[0].fd, 65536)
		broker.seats({os.getuid(): "seat0 open"})
		client.read(5, until=lambda r: r.kind == SESSION)
		client.sync()
		broker.process.send_signal(signal.SIGSTOP)
		broker.seats({os.getuid(): "seat0 locked"})
		broker.devices[0].tap(KEY_B)
		client.ask()
		broker.process.send_signal(signal.SIGCONT)
		got = client.read(5, until=lambda r: r.kind == SYNCED)
		check(not [r for r in got if r.kind == KEY] and got[-1].kind == SYNCED, f"{got}")


def sync_slow():
	"""Who asks and does not read: the answer comes behind all that is kept, the hole, and what changed in it."""
	with Broker(policy="evdev_keys: code\n", devices=("mouse", "keyboard")) as broker:
		client = Client(broker)
		client.begin(2)
		mouse, keyboard = broker.devices
		keyboard.key(KEY_LEFTSHIFT, 1)
		client.sync()
		moves(mouse, 30000)
		keyboard.key(KEY_LEFTSHIFT, 0)
		client.ask()
		time.sleep(0.2)
		got = client.read(5, until=lambda r: r.kind == SYNCED)
		while got[-1].kind != SYNCED:
			got = got[:-1]
		holes = [i for i, r in enumerate(got) if r.kind == LOST]
		check(len(holes) == 1 and got[holes[0]].x > 0, f"{[got[i] for i in holes]}")
		check(sum(r.kind == MOTION for r in got) + got[holes[0]].x == 30001, f"{len(got)}, {got[holes[0]]}")
		check([(r.kind, r.code, r.action, r.flags) for r in got[holes[0] + 1:-1]] == [(KEY, KEY_LEFTSHIFT, 0, RESYNC)], f"{got[holes[0]:]}")
		check([r.kind for r in client.sync()] == [SYNCED], "again")


def sync_only():
	"""Anything else, and more than one question at a time, ends the stream."""
	head = struct.pack("<IBB", 0x6e497341, 1, 5)
	for packet in (hello(), b"x", head, head + bytes(3), head + bytes(18), head + b"\1\0", head[:4] + b"\2\5\0\0"):
		with Broker() as broker:
			client = Client(broker)
			client.begin(2)
			client.socket.send(packet)
			client.read(1)
			check(client.kind is None, f"{packet}: it goes on")
	with Broker() as broker:
		client = Client(broker)
		client.begin(2)
		broker.process.send_signal(signal.SIGSTOP)
		client.ask()
		client.ask()
		broker.process.send_signal(signal.SIGCONT)
		client.read(1)
		check(client.kind is None, "two at once: it goes on")


def sync_flood():
	"""One that asks all the time, as fast as it is answered: another user's records come as before."""
	with Broker(seats={os.getuid(): "seat0 open", OTHER_USER: "seat1 open"}, policy="evdev_keys: code\n",
			devices=("mouse", "keyboard-seat1")) as broker:
		client = Client(broker)
		client.begin(1)
		def listen():
			other = Client(broker)
			other.begin(1)
			delays = []
			for _ in range(50):
				got = other.read(5, until=lambda r: r.kind == KEY)
				delays.append(now_us() - got[-1].us)
			return sorted(delays)[25]
		with concurrent.futures.ThreadPoolExecutor(1) as pool:
			told = pool.submit(as_other, listen)
			count, value, began = 0, 0, time.monotonic()
			while not told.done() and time.monotonic() < began + 20:
				typed, value = time.monotonic(), 1 - value
				broker.devices[1].key(KEY_A, value)
				while time.monotonic() < typed + 0.02:
					client.sync()
					count += 1
			told, took = told.result(20), time.monotonic() - began
		check(told.isdigit() and int(told) < 100000, f"{told} µs")
		note(f"{count / took:.0f} questions a second; the other one's keys {told} µs after they were typed")


# ---- Too much ----


def slow_client():
	"""A client that does not read: nothing waits for it, what it gets and what it lost is all there was, and it knows what is held."""
	with Broker(seats={os.getuid(): "seat0 open", OTHER_USER: "seat1 open"}, policy="evdev_keys: code\n", devices=("mouse", "keyboard", "mouse-seat1")) as broker:
		client = Client(broker)
		client.begin(2)
		mouse, keyboard = broker.devices[:2]
		keyboard.key(KEY_LEFTSHIFT, 1)
		client.read(5, until=lambda r: r.kind == KEY)
		total = 30000
		def flood(count):
			for _ in range(count // 50):
				at = now_us()
				data = b"".join(EVENT.pack(at // 1000000, at % 1000000, EV_REL, REL_X, 1) + EVENT.pack(at // 1000000, at % 1000000, EV_SYN, SYN_REPORT, 0)
					for _ in range(50))
				end = time.monotonic() + 10
				while data:
					try:
						data = data[os.write(mouse.fd, data):]
					except BlockingIOError:
						check(time.monotonic() < end, "the broker waits for its client")
						time.sleep(0.001)
		flood(total)
		keyboard.key(KEY_LEFTSHIFT, 0)
		keyboard.key(KEY_B, 1)
		time.sleep(0.3)
		got = client.read(5, until=lambda r: r.kind == KEY and r.code == KEY_B)
		lost = [r for r in got if r.kind == LOST]
		moved = sum(r.kind == MOTION for r in got)
		check(len(lost) == 1 and lost[0].x > 0 and lost[0].device == -1, f"{lost}")
		# Two of what was lost were the keys.
		check(moved + lost[0].x == total + 2, f"{moved} and {lost[0].x} lost of {total + 2}")
		after = [r for r in got[got.index(lost[0]) + 1:] if r.kind == KEY]
		check([(r.code, r.action, r.flags) for r in after] == [(KEY_LEFTSHIFT, 0, RESYNC), (KEY_B, 1, RESYNC)], f"{after}")
		note(f"{moved} came, {lost[0].x} were lost, and counted")
		# And it goes on as if nothing had been.
		keyboard.key(KEY_B, 0)
		check(client.read(5, until=lambda r: r.kind == KEY)[-1].flags == 0, "flags")


def flood():
	"""A client that reads gets everything, in order."""
	with Broker(devices=("mouse",)) as broker:
		client = Client(broker)
		client.begin(1)
		got, total, start = [], 20000, now_us()
		for i in range(0, total, 40):
			data = b""
			for k in range(i, i + 40):
				at = start + k
				data += EVENT.pack(at // 1000000, at % 1000000, EV_REL, REL_X, 1) + EVENT.pack(at // 1000000, at % 1000000, EV_SYN, SYN_REPORT, 0)
			while data:
				try:
					data = data[os.write(broker.devices[0].fd, data):]
				except BlockingIOError:
					time.sleep(0.001)
				got += client.read(0)
		end = time.monotonic() + 10
		while len(got) < total and time.monotonic() < end:
			got += client.read(0.1)
		check([r.us for r in got] == [start + i for i in range(total)], f"{len(got)} of {total}: {[r for r in got if r.kind != MOTION]}")


def many_connections():
	"""Hundreds that come and go: nothing piles up, and the one that is served does not notice."""
	with Broker() as broker:
		client = Client(broker)
		client.begin(2)
		fds = len(os.listdir(f"/proc/{broker.process.pid}/fd"))
		for i in range(300):
			other = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
			other.connect(broker.address)
			try:
				if i % 3:
					other.send(b"x" * i)
			except BrokenPipeError:
				pass
			other.close()
		broker.devices[0].tap(KEY_A)
		client.read(5, until=lambda r: r.kind == KEY and r.action == 0)
		check(len(os.listdir(f"/proc/{broker.process.pid}/fd")) <= fds + 1, "descriptors pile up")
		check(broker.said().count("is refused") <= 20, "the journal is filled")


# ---- The agent's side of it ----


def agent_side():
	"""Codes with a layout: classes by it, times by the kernel; locked, unlocked, unplugged, ended."""
	with Broker(policy="evdev_keys: code\n") as broker:
		keyboard, mouse = broker.devices
		keyboard.key(KEY_LEFTSHIFT, 1)
		dump = Dump(broker, CODE, 2, 1, "de")
		dump.says("granted 2 2 1", "layout German", "unlocked")
		came = {dump.line()[1], dump.line()[1]}
		check({line.split()[2] for line in came} == {"keyboard", "mouse"}, f"{came}")
		ordinal = {line.split()[2]: line.split()[1] for line in came}
		k, m = ordinal["keyboard"], ordinal["mouse"]
		dump.says(f"key {k} 42 1 modifier")
		at = keyboard.key(39, 1)
		check(dump.line() == (at, f"key {k} 39 1 letter"), "the layout's letter, at the kernel's time")
		keyboard.key(39, 0)
		dump.says(f"key {k} 39 0 letter")
		mouse.write((EV_REL, REL_X, -7), (EV_REL, 8, 1), (EV_KEY, 0x110, 1))
		dump.says(f"button {m} 272 1", f"motion {m} -7 0", f"scroll {m} 0 -120")
		broker.seats({os.getuid(): "seat0 locked"})
		got = dump.line()[1]
		check(got in ("locked", "lost -1"), got)
		if got != "locked":
			dump.says("locked")
		keyboard.tap(KEY_A)
		time.sleep(0.1)
		while select.select([keyboard.fd], [], [], 0)[0]:
			os.read(keyboard.fd, 65536)
		broker.seats({os.getuid(): "seat0 open"})
		# Shift was let go where nobody saw it.
		keyboard.key(2, 1)
		dump.says("unlocked", f"key {k} 2 1 digit")
		mouse.unplug()
		dump.says(f"gone {m} mouse")
		broker.process.terminate()
		dump.says("end: the other end went away: assent-inputd had to end")
		check(dump.end() == 0, "status")


def agent_classes():
	with Broker() as broker:
		dump = Dump(broker, CODE, 0, 0)
		dump.says("granted 1 0 0", "unlocked", "came 0 keyboard")
		broker.devices[0].key(KEY_A, 1)
		broker.devices[0].key(KEY_B, 1)
		broker.devices[0].key(KEY_A, 0)
		dump.says("key 0 744 1 letter", "key 0 745 1 letter", "key 0 744 0 letter")
		dump.process.terminate()
		dump.end()
	with Broker(seats={}) as broker:
		dump = Dump(broker, CODE, 0, 0)
		got = dump.line()[1]
		check(got.startswith("no stream: refused: this user has no session") and "loginctl" in got, got)
		check(dump.end() == 1, "status")


# ---- The program ----


def ends():
	"""SIGTERM: clients are told, exit status 0."""
	with Broker() as broker:
		client = Client(broker)
		client.begin(2)
		broker.process.send_signal(signal.SIGTERM)
		client.read(1)
		check(client.kind == REFUSAL and client.refusal == REFUSED["failed"], f"{client.kind}")
		check(broker.process.wait(5) == 0, "exit status")


def options():
	def of(*words, **more):
		r = subprocess.run([REAL, *words], capture_output=True, text=True, timeout=10, **more)
		return r.returncode, r.stdout, r.stderr
	code, out, _ = of("--help")
	check(code == 0 and out.startswith("Usage: assent-inputd") and "Exit status" in out, "--help")
	code, out, _ = of("--version")
	check(code == 0 and out.startswith("assent-inputd "), "--version")
	for words in ((), ("--nonsense",), ("--socket", "/tmp/x", "more")):
		code, out, err = of(*words)
		check(code == 2 and "--help" in err and not out, f"{words}: {code} {err}")
	code, _, err = of("--socket", "/nonexistent/socket")
	check(code == 1 and "/nonexistent/socket" in err, f"{code} {err}")
	# What comes from systemd is not for tests.
	listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
	listener.bind("")
	listener.listen(4)
	code, err = activated(listener, REAL, "--without-logind")
	check(code == 2 and "--without-logind" in err, f"{code} {err}")
	other = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
	other.bind("")
	other.listen(4)
	code, err = activated(other, REAL)
	check(code == 1 and "SEQPACKET" in err, f"{code} {err}")


def activated(listener, *words, wait=15, env=None):
	script = 'exec 3<&"$0"; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
	r = subprocess.run(["bash", "-c", script, str(listener.fileno()), *map(str, words)], pass_fds=[listener.fileno()], capture_output=True,
		text=True, timeout=wait, env=env)
	return r.returncode, r.stderr


def exposure():
	"""systemd's own measure of the unit: 1.0 at most."""
	unit = HERE.parents[1] / "packaging" / "systemd" / "assent-inputd.service"
	try:
		r = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=10", unit], capture_output=True,
			text=True, timeout=20)
	except FileNotFoundError:
		raise Skip("there is no systemd-analyze")
	check(r.returncode == 0, f"{r.returncode} {r.stderr}")
	note(r.stdout.strip().splitlines()[-1].encode("ascii", "ignore").decode())


def ends_unused():
	"""As systemd starts it: it ends by itself 10 s after its last client."""
	with Broker() as broker:
		listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		listener.bind(str(broker.place / "activated"))
		listener.listen(4)
		began = time.monotonic()
		code, err = activated(listener, BROKER, "--policy", broker.policy, env=broker.environment())
		took = time.monotonic() - began
		check(code == 0 and 9.5 < took < 14, f"{code} after {took:.1f} s: {err}")


if __name__ == "__main__":
	sys.exit(run(classes_only, codes_by_policy, asked_for_less, in_order, hotplug, other_seat, dropped, sync, sync_locked, sync_slow, sync_only,
		sync_flood, slow_client, flood, many_connections, agent_side, agent_classes, ends, options, exposure, ends_unused))
