# SPDX-License-Identifier: Apache-2.0
"""The sets that formats.py measures on, as tables like those of `assent export --format csv`: out of tables of real input (data/README.md), as they are or derived
from them. What is derived is so by rules that are written here, and by a generator of chance with a fixed seed: the same input gives the same bytes.

Each session begins ten seconds after the one before it, as one machine would have recorded them, one after the other; within one, a pause of more than ten minutes
(a page left open for weeks) is cut to ten minutes. Nothing else is changed unless it is said.
"""

import csv
import io
import math
import random
import subprocess

HEADER = ("t_us,mono_us,kind,device,class,code,text,x,y,dx,dy,scroll_x,scroll_y,app,title,reason,end_us,lost,synthetic,"
	"study,epoch,participant,segment\n")
PLACE = ",,,,,bench,00112233445566778899aabbccddeeff,0123456789abcdef0123456789abcdef,20260105T080000Z-0f3a9c11\n"
START, MONO, PAUSE, LONG = 1767600000000000, 5000000000, 10000000, 600000000
WIDTH, HEIGHT = 3840, 2160    # as wide again as those of the pages: acceleration makes the ways longer
MOVE, BUTTON, SCROLL, KEY, RELATIVE, PUT = range(6)
KEYS = {0: "key_up", 1: "key_down", 2: "key_repeat"}

# name: (file, how, what it is)
SETS = {
	"dlrv": ("dlrv.csv", "plain", "pointers in browsers (DLRV), places, 1 ms"),
	"aalto": ("aalto.csv", "plain", "typing (Aalto), class and code, 1 ms"),
	"aalto-20ms": ("aalto.csv", "grid", "the same, times on a grid of 20 ms"),
	"evlag": ("evlag.csv", "plain", "a mouse at 1 kHz in play (EvLag), movements, 1 ms"),
	"evlag-x11": ("evlag.csv", "screen", "derived: the same with the places of an accelerated pointer"),
	"dlrv-x11": ("dlrv.csv", "counts", "derived: DLRV's steps as a mouse's counts, with the places of an accelerated pointer"),
	"mixed": ("dlrv.csv aalto.csv", "mixed", "derived: the former and Aalto (class, code, text) by turns, with changes of the focus"),
	"jrcalgo": ("jrcalgo_mouse.csv", "plain", "a mouse in tasks of clicking, places, 0.1 ms"),
	"evemu": ("evemu_rel.csv", "plain", "mice at the kernel (evemu), movements, µs"),
}


def open_table(path):
	if path.suffix != ".zst":
		return open(path, encoding="ascii")
	return io.StringIO(subprocess.run(["zstd", "-dcq", path], stdout=subprocess.PIPE, check=True).stdout.decode("ascii"))


def find(folders, name):
	"""The table, packed or not; None."""
	for folder in folders:
		for path in (folder / name, folder / f"{name}.zst"):
			if path.exists():
				return path
	return None


def read(path, grid=1):
	"""Rows of real input: session, t_us, kind, code, x, y, value; times on one clock."""
	session = shift = None
	end = START - PAUSE
	with open_table(path) as table:
		for r in csv.reader(table):
			if not r[0].isdigit():
				continue
			now, t, kind, code, x, y, value = map(int, r)
			if now != session:
				session, shift = now, end - end % 1000 + PAUSE - (t - t % 1000)
			elif t + shift - end > LONG:
				shift -= (t + shift - end - LONG) // 1000000 * 1000000
			t += shift
			end = max(end, t)
			yield session, t - t % grid, kind, code, x, y, value


def klass(code):
	"""Of a browser's key code."""
	if 65 <= code <= 90:
		return "letter"
	if 48 <= code <= 57:
		return "digit"
	names = {32: "space", 13: "enter", 8: "erase", 46: "erase", 16: "modifier", 17: "modifier", 18: "modifier"}
	return names.get(code) or ("navigation" if 33 <= code <= 40 else "punctuation")


def text(code):
	return f'"{chr(code)}"' if 48 <= code <= 57 or 65 <= code <= 90 else '" "' if code == 32 else '"-"'


# A row is (t_us, the columns from kind to app as CSV).

def row(kind, code, x, y, value, texts=False):
	"""As it is; None: there is no such kind."""
	if kind == MOVE:
		return f"motion,0,,,,{x},{y},,,,,"
	if kind == RELATIVE:
		return f"motion,0,,,,,,{x}.0,{y}.0,,,"
	if kind == SCROLL:
		return f"scroll,0,,,,,,,,{value * 120},0," if code == 6 else f"scroll,0,,,,,,,,0,{value * 120},"
	if kind == BUTTON and value in (0, 1):
		return f"button_{'down' if value else 'up'},0,,{code or 272},,,,,,,,"
	if kind == KEY and value in KEYS:
		return f"{KEYS[value]},1,{klass(code)},{code},{text(code) if texts and value else ''},,,,,,,"
	return None


def plain(path, grid=1):
	for _, t, *r in read(path, grid):
		made = row(*r)
		if made:
			yield t, made


class Pointer:
	"""Where a desktop would draw it: the speed of the last movements (up to a tenth of a second) sets a factor of 0.3 to 2, as libinput's usual profile does for a
	mouse of 1,000 dpi; clamped to the screen, and cut to pixels."""

	def __init__(self):
		self.x, self.y, self.last = WIDTH / 2, HEIGHT / 2, []

	def move(self, t, dx, dy):
		self.last = [m for m in self.last[-7:] if t - m[0] < 100000]
		ms = max(1.0, (t - self.last[0][0]) / 1000 if self.last else 8.0)
		speed = math.hypot(sum(m[1] for m in self.last) + dx, sum(m[2] for m in self.last) + dy) / ms
		factor = 10 * speed + 0.3 if speed < 0.07 else 1.0 if speed < 0.4 else min(2.0, 1 + 1.1 * (speed - 0.4))
		self.last.append((t, dx, dy))
		self.x = min(max(self.x + dx * factor, 0.0), WIDTH - 0.001)
		self.y = min(max(self.y + dy * factor, 0.0), HEIGHT - 0.001)

	def row(self, kind, dx, dy, value):
		if kind == RELATIVE:
			return f"motion,0,,,,{int(self.x)},{int(self.y)},{dx}.0,{dy}.0,,,"
		return f"button_{'down' if value else 'up'},0,,272,,{int(self.x)},{int(self.y)},,,,,"


def counts(path):
	"""Steps of places as counts of a mouse. A jump of more than 300 px, which is another page, is left out; the pointer is put there, as it is where a session begins,
	or when it did not move for two seconds (the web's hand knew where its pointer was, which derived places would soon forget)."""
	before, moved = None, 0
	for session, t, kind, code, x, y, value in read(path):
		if kind in (MOVE, BUTTON):
			was, before = before, (session, x, y)
			if kind == MOVE:
				dx, dy = (x - was[1], y - was[2]) if was and was[0] == session else (WIDTH, 0)
				if abs(dx) > 300 or abs(dy) > 300 or t - moved > 2000000:
					yield session, t, PUT, 0, x - dx if abs(dx) <= 300 else x, y - dy if abs(dy) <= 300 else y, 0
				if (dx or dy) and abs(dx) <= 300 and abs(dy) <= 300:
					yield session, t, RELATIVE, 0, dx, dy, 0
				moved = t
				continue
		yield session, t, kind, code, x, y, value


def on_screen(rows):
	"""Rows of counts with places."""
	pointer = Pointer()
	for session, t, kind, code, x, y, value in rows:
		if kind == RELATIVE:
			pointer.move(t, x, y)
		elif kind == PUT:
			pointer.x, pointer.y = min(max(2 * x, 0), WIDTH - 1), min(max(2 * y, 0), HEIGHT - 1)
		made = pointer.row(kind, x, y, value) if kind in (RELATIVE, BUTTON) else row(kind, code, x, y, value)
		if made:
			yield session, t, made


def turns(rows, chance):
	"""Cut where a session ends, where nothing comes for ten seconds, and else after some seconds to minutes."""
	turn, session, first, until = [], None, 0, 0
	for s, t, made in rows:
		if turn and (s != session or t - turn[-1][0] > 10000000 or t < turn[-1][0] or t - first > until):
			yield turn
			turn = []
		if not turn:
			session, first, until = s, t, 2e7 * math.exp(chance.gauss(0, 1))
		turn.append((t, made))


def mixed(pointer, keys):
	"""Turns of both on one clock, as chance has it; a change of the focus before each, among twelve applications."""
	chance = random.Random(5)
	typed = ((s, t, row(*r, texts=True)) for s, t, *r in read(keys))
	sources = [turns(on_screen(counts(pointer)), chance), turns(((s, t, made) for s, t, made in typed if made), chance)]
	now = START
	while True:
		turn = next(sources[chance.random() < 0.5], None)
		if turn is None:
			return
		now += 1000 + int(chance.random() * 400) * 1000
		yield now, f"focus,,,,,,,,,,,app{int(chance.random() * chance.random() * 12)}"
		now += 1000
		for t, made in turn:
			yield now + t - turn[0][0], made
		now += turn[-1][0] - turn[0][0]


def rows_of(name, folders):
	"""None: one of its tables is not there."""
	files, how, _ = SETS[name]
	paths = [find(folders, one) for one in files.split()]
	if None in paths:
		return None
	if how == "mixed":
		return mixed(*paths)
	if how in ("screen", "counts"):
		return ((t, made) for _, t, made in on_screen(read(*paths) if how == "screen" else counts(*paths)))
	return plain(*paths, 20000 if how == "grid" else 1)


def write(name, folders, path, most):
	"""The first rows of the set to path; how many. 0: its tables are not there."""
	rows, n = rows_of(name, folders), 0
	if rows is None:
		return 0
	with open(path, "w", encoding="ascii") as out:
		out.write(HEADER)
		for t, made in rows:
			if n == most:
				break
			out.write(f"{t},{t - START + MONO},{made},{PLACE}")
			n += 1
	return n
