# SPDX-License-Identifier: Apache-2.0
"""Whom the broker serves, and when it stops: with a logind that the test makes."""

import os
import pathlib
import select
import socket
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]

from cases import check, note, run  # noqa: E402
from inputd import (CLASS, DEVICE, Broker, Client, Device, INACTIVE, KEY, KEY_A, KEY_B, LOCKED, LOST, OPEN, OTHER_USER,
	REFUSAL, REFUSED, SESSION, WELCOME, as_other, hello, now_us)  # noqa: E402


# ---- Who gets it ----


def refused():
	me = os.getuid()
	for state, why in (({}, "no_session"), ({me: "seat0 inactive"}, "inactive"), ({me: "- 5"}, "remote"), ({me: "- 6"}, "class"),
			({me: "- 7"}, "no_logind")):
		with Broker(seats=state) as broker:
			client = Client(broker)
			check(client.kind == REFUSAL and client.refusal == REFUSED[why], f"{state}: {client.kind} {client.refusal}")
			check(client.receive() == b"", "and no end")
			check(broker.open_devices() == 0, "devices are open")
			check("is refused" in broker.said(), "not logged")


def other_user():
	"""Another user than the one at the seat, with the same socket."""
	with Broker() as broker:
		def work():
			client = Client(broker)
			return (client.kind, client.refusal)
		answer = as_other(work)
		check(answer == str((REFUSAL, REFUSED["no_session"])), answer)


def by_policy():
	for policy, mode in (("capture: forbidden\n", 0o600), ("evdev_keys: code\n", 0o666), ("evdev_keys: text\n", 0o600), ("nonsense\n", 0o600),
			("evdev_keys: none\ncapture: {pointer: none, scroll: false}\n", 0o600)):
		with Broker(policy=policy, mode=mode) as broker:
			client = Client(broker)
			check(client.kind == REFUSAL and client.refusal == REFUSED["policy"], f"{policy}: {client.kind}")


def policy_changes():
	"""A policy that becomes stricter ends what it does not grant any more; one that does not concern it, nothing."""
	with Broker(policy="evdev_keys: code\n") as broker:
		def change(text):
			new = broker.place / "new-policy"
			new.write_text(text)
			new.chmod(0o600)
			new.rename(broker.policy)
		client = Client(broker)
		client.begin(2)
		change("evdev_keys: code\nretention: 3d\n")
		check(client.read(0.3) == [] and client.kind == WELCOME, "it ended")
		change("evdev_keys: class\n")
		client.read(2)
		check(client.kind == REFUSAL and client.refusal == REFUSED["policy"], f"{client.kind}")
		again = Client(broker)
		check(again.granted[0] == CLASS, f"{again.granted}")
		again.begin(2)
		broker.policy.unlink()
		check(again.read(0.3) == [] and again.kind == WELCOME, "it ended")
		change("capture: forbidden\n")
		again.read(2)
		check(again.kind == REFUSAL and again.refusal == REFUSED["policy"], f"{again.kind}")
		check(broker.open_devices() == 0, "devices are open")


def not_a_hello():
	for packet, why in ((hello(version=2), "version"), (b"x" * 24, "hello"), (b"x", "hello"), (hello(keys=3), "hello"),
			(hello() + b"x", "hello"), (b"x" * 60000, "hello")):
		with Broker() as broker:
			client = Client(broker, packet=packet)
			check(client.kind == REFUSAL and client.refusal == REFUSED[why], f"{packet[:30]}: {client.kind} {client.refusal}")
			# And then the next one.
			check(Client(broker).kind == WELCOME, "nobody is served any more")


def silent_and_talkative():
	with Broker() as broker:
		silent = Client(broker, packet=b"")
		check(Client(broker).refusal == REFUSED["busy"], "a second one, while the first has said nothing")
		silent.socket.settimeout(8)
		began = time.monotonic()
		silent.answer()
		check(silent.refusal == REFUSED["hello"] and 4 < time.monotonic() - began < 7, f"after {time.monotonic() - began:.1f} s")
		client = Client(broker)
		client.begin(2)
		client.socket.send(hello())
		client.read(5)
		check(client.kind is None, "it goes on")
		check(broker.open_devices() == 0, "devices are open")


def one_stream_each():
	with Broker(seats={os.getuid(): "seat0 open", OTHER_USER: "seat1 open"}, devices=("keyboard", "keyboard-seat1")) as broker:
		first = Client(broker)
		first.begin(1)
		second = Client(broker)
		check(second.refusal == REFUSED["busy"], f"{second.kind}")

		def work():
			other = Client(broker)
			other.begin(1)
			got = other.read(5, until=lambda r: r.kind == KEY and r.action == 0)
			return [r.us for r in got]
		reading, writing = os.pipe()
		helper = os.fork()
		if helper == 0:
			os.write(writing, as_other(work).encode())
			os._exit(0)
		time.sleep(0.5)
		mine, theirs = broker.devices[0].tap(KEY_A), broker.devices[1].tap(KEY_B)
		got = first.read(1)
		check([r.us for r in got] == list(mine), f"{got}, typed {mine}")
		answer = os.read(reading, 65536).decode()
		os.waitpid(helper, 0)
		check(answer == str(list(theirs)), f"the other seat got {answer}, typed {theirs}")
		first.close()
		time.sleep(0.1)
		check(Client(broker).kind == WELCOME, "after the first has ended")


# ---- Lock, switch, end ----


def locked():
	"""Nothing that is typed while it is locked comes; within 100 ms no device is open; the same devices return."""
	with Broker(policy="evdev_keys: code\n") as broker:
		me = os.getuid()
		client = Client(broker)
		of = client.begin(2)
		took = []
		for state, told in (("locked", LOCKED), ("inactive", INACTIVE)):
			broker.devices[0].key(KEY_A, 1)
			client.read(5, until=lambda r: r.kind == KEY)
			began = time.monotonic()
			broker.seats({me: f"seat0 {state}"})
			while broker.open_devices():
				check(time.monotonic() - began < 1, "the devices stay open")
			took.append(time.monotonic() - began)
			got = client.read(5, until=lambda r: r.kind == SESSION)
			check(got[-1].action == told and all(r.kind == SESSION for r in got), f"{got}")
			for _ in range(20):
				broker.devices[0].tap(KEY_B)
			check(client.read(0.2) == [], "typed into the locker")
			# What waits in a real device is the kernel's, and is gone with the descriptor; here it has to be taken out.
			while select.select([broker.devices[0].fd], [], [], 0)[0]:
				os.read(broker.devices[0].fd, 65536)
			broker.seats({me: "seat0 open"})
			client.read(5, until=lambda r: r.kind == SESSION and r.action == OPEN)
			broker.devices[0].tap(KEY_B)
			got = client.read(5, until=lambda r: r.kind == KEY and r.action == 0)
			check([(r.kind, r.device, r.code, r.action) for r in got] == [(KEY, of[0], KEY_B, 1), (KEY, of[0], KEY_B, 0)], f"{got}")
		note(f"devices are closed {max(took) * 1000:.1f} ms after the session is left")
		# A busy machine may be late once.
		check(min(took) < 0.1, f"{took}")


def begins_locked():
	with Broker(seats={os.getuid(): "seat0 locked"}) as broker:
		client = Client(broker)
		got = client.read(5, until=lambda r: r.kind == SESSION)
		check(client.kind == WELCOME and [(r.kind, r.action) for r in got] == [(SESSION, LOCKED)], f"{got}")
		check(broker.open_devices() == 0, "devices are open")
		broker.seats({os.getuid(): "seat0 open"})
		got = client.read(5, until=lambda r: r.kind == DEVICE)
		check((got[0].kind, got[0].action) == (SESSION, OPEN), f"{got}")


def young_is_kept_back():
	"""What was read but not sent when the session is locked stays where it is; a hole says so."""
	with Broker(policy="evdev_keys: code\n", devices=("keyboard",)) as broker:
		client = Client(broker)
		client.begin(1)
		tried, holes = 0, []
		for i in range(20):
			began = broker.devices[0].tap(KEY_B)[0]
			time.sleep(i % 4 * 0.002)
			broker.seats({os.getuid(): "seat0 locked"})
			soon = now_us() - began < 9000
			got = client.read(5, until=lambda r: r.kind == SESSION)
			# Records are held together for 10 ms: unless this test was slower than that, none was sent.
			check(not soon or not any(r.kind == KEY for r in got), f"{got}")
			holes += [r.x for r in got if r.kind == LOST]
			tried += soon
			broker.seats({os.getuid(): "seat0 open"})
			client.read(5, until=lambda r: r.kind == SESSION)
			client.read(0.02)
		# How many it were nobody is told.
		check(len(holes) >= tried // 2 and set(holes) <= {-1}, f"{holes}")
		note(f"{tried} of 20 were locked within 9 ms of the keys; {len(holes)} holes")


def session_ends():
	with Broker() as broker:
		client = Client(broker)
		client.begin(2)
		broker.seats({})
		client.read(1)
		check(client.kind == REFUSAL and client.refusal == REFUSED["ended"], f"{client.kind}")
		check(broker.open_devices() == 0, "devices are open")


def changes_while_closed():
	"""What was unplugged while the session was locked is told as gone, what came as new, the others not again."""
	with Broker(devices=("keyboard", "mouse", "wheel")) as broker:
		client = Client(broker)
		seen = [client.read(5, until=lambda r: True)]
		while sum(len(s) for s in seen) < 4:
			seen.append(client.read(5, until=lambda r: True))
		broker.seats({os.getuid(): "seat0 locked"})
		client.read(5, until=lambda r: r.kind == SESSION)
		broker.devices[1].path.unlink()
		Device(broker, 9, "touchpad")
		broker.seats({os.getuid(): "seat0 open"})
		got = client.read(1)
		check([(r.kind, r.action) for r in got[:1]] == [(SESSION, OPEN)], f"{got}")
		check(sorted((r.action, r.klass) for r in got[1:]) == [(0, 1), (1, 2)], f"{got}")


if __name__ == "__main__":
	sys.exit(run(refused, other_user, by_policy, policy_changes, not_a_hello, silent_and_talkative, one_stream_each,
		locked, begins_locked, young_is_kept_back, session_ends, changes_while_closed))
