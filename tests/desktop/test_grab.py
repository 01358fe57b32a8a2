# SPDX-License-Identifier: Apache-2.0
"""Keys typed while another client holds the keyboard for a moment only: between two looks of the grab probe, or just before and after
one. And what menus and Alt-Tab, which hold it too, cost in ordinary keys.

	test_grab.py               a few moments of each length
	test_grab.py --rounds 40   more; the figures are printed
"""

import os
import pathlib
import random
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import cases  # noqa: E402
from agent import CODES, ORDINARY, SECRET, judged, leaks, spans  # noqa: E402
from cases import check, note  # noqa: E402
from desk import Desk  # noqa: E402
from eyes import Eyes  # noqa: E402
from scene import Scene, word  # noqa: E402

ROUNDS = 4
SWALLOWED = 2.5            # a span's end lies on a coarse grid; what comes before that is in it


def held(desk, eyes, secret, seconds):
	"""Types the secret while the keyboard is held, from its first moment to its last."""
	holder = threading.Thread(target=eyes.hold, args=(seconds,))
	watch = Eyes(desk.display)
	holder.start()
	while not watch.grabbed():
		time.sleep(0.0002)
	end = time.monotonic() + seconds * 0.7
	typed = ""
	for c in secret:
		desk.hands.type(c)
		typed += c
		time.sleep(seconds * 0.7 / len(secret))
		if time.monotonic() > end:
			break
	holder.join()
	return typed


def moments(desk, scene, place, seconds):
	"""(leaked secrets, ordinary keys kept, typed). The moment comes at any time after ordinary keys, which keep the agent looking."""
	eyes, secrets = Eyes(desk.display), []
	scene.agent.flushed()
	before = scene.downs()
	typed = 0
	for _ in range(ROUNDS):
		place()
		time.sleep(SWALLOWED)
		text = word(ORDINARY, 8)
		scene.typed += text
		typed += len(text)
		desk.type(text, every=0.03)
		time.sleep(random.uniform(0, 0.25))
		secrets.append(held(desk, eyes, word(SECRET, 5), seconds))
	judged()
	scene.agent.flushed()
	codes = {CODES[c] for c in SECRET}
	rows = scene.agent.rows()
	leaked = [row for row in rows if row["kind"] == "key_down" and row["code"] in codes]
	return len(leaked), scene.downs() - before, typed, secrets


def moment(seconds, terminal):
	with Desk() as desk:
		scene = Scene(desk)
		if terminal:
			window = desk.xterm(["cat"], geometry="60x10+500+400")
			x, y, width, height = desk.geometry(window.window)
			place = lambda: desk.click(x + width // 2, y + height // 2)  # noqa: E731
		else:
			place = lambda: desk.click(*scene.editor.at(0))  # noqa: E731
		leaked, kept, typed, secrets = moments(desk, scene, place, seconds)
		note(f"held {seconds * 1000:g} ms over {'a terminal' if terminal else 'a text field'}, {ROUNDS} times: "
			f"{leaked} keys of {sum(len(secret) for secret in secrets)} leaked, {kept} of {typed} ordinary keys kept; "
			f"spans: {sorted({why for why, _ in spans(scene.agent.rows())})}")
		check(not leaked, f"{leaked} keys typed under the grab were recorded")
		found = leaks(scene.agent, [secret for secret in secrets if len(secret) > 2], scene.typed)
		check(not found, lambda: "; ".join(found))


def field_40_ms():
	moment(0.04, False)


def field_200_ms():
	moment(0.2, False)


def terminal_40_ms():
	moment(0.04, True)


def terminal_200_ms():
	moment(0.2, True)


def a_click_held_back():
	"""A window manager that stands still holds the click on the password field back, while the first keys pass it by into the field before."""
	with Desk() as desk:
		scene, secrets = Scene(desk), []
		for seconds in (0.1, 0.3, 0.5, 0.6):
			desk.click(*scene.editor.at(0))
			time.sleep(SWALLOWED)
			text = word(ORDINARY, 8)
			scene.typed += text
			desk.type(text, every=0.03)
			secret = word(SECRET, 8)
			secrets.append(secret)
			os.kill(desk.manager.pid, signal.SIGSTOP)
			desk.click(*scene.editor.at(1), settle=0)
			desk.type(secret[:3], every=0.002)
			time.sleep(seconds)
			os.kill(desk.manager.pid, signal.SIGCONT)
			time.sleep(0.05)
			desk.type(secret[3:], every=0.01)
			time.sleep(0.6)
		judged()
		scene.agent.flushed()
		found = leaks(scene.agent, secrets, scene.typed)
		check(not found, lambda: "; ".join(found))


def borrowed(name, borrow):
	"""Ordinary words around something that holds the keyboard and gives it back, as menus and Alt-Tab do."""
	with Desk() as desk:
		scene = Scene(desk)
		desk.gtk("Other", ["text"], geometry="300x120+700+300")
		window = desk.xterm(["cat"], geometry="60x10+500+500")
		desk.click(*scene.editor.at(0))
		time.sleep(1.3)
		scene.agent.flushed()
		before, typed, other = scene.downs(), 0, 0
		for _ in range(ROUNDS):
			text = word(ORDINARY, 8)
			scene.typed += text
			typed += len(text)
			desk.type(text, every=0.03)
			other += borrow(desk, scene, window)
			desk.click(*scene.editor.at(0))
			time.sleep(SWALLOWED)
		judged()
		scene.agent.flushed()
		codes = {CODES[c] for c in ORDINARY}
		kept = sum(row["kind"] == "key_down" and row["code"] in codes for row in scene.agent.rows()) - before
		note(f"{name}, {ROUNDS} times right behind a word: {kept} of {typed} ordinary keys kept")
		check(kept >= 0.5 * typed, f"{name} costs too many keys: only {kept} of {typed} kept")


def alt_tab():
	def switch(desk, _scene, _window):
		time.sleep(0.3)
		desk.hands.key("Alt_L", True)
		for _ in range(2):
			desk.hands.key("Tab")
			time.sleep(0.15)
		desk.hands.key("Alt_L", False)
		return 2
	borrowed("Alt-Tab", switch)


def popup_menu():
	def menu(desk, scene, _window):
		time.sleep(0.3)
		desk.click(*scene.editor.at(0), button=3)
		time.sleep(0.4)
		desk.hands.key("Escape")
		return 0
	borrowed("a context menu", menu)


if __name__ == "__main__":
	if "--rounds" in sys.argv:
		at = sys.argv.index("--rounds")
		ROUNDS = int(sys.argv[at + 1])
		del sys.argv[at:at + 2]
	sys.exit(cases.run(field_40_ms, field_200_ms, terminal_40_ms, terminal_200_ms, a_click_held_back, alt_tab, popup_menu))
