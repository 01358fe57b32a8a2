# SPDX-License-Identifier: Apache-2.0
"""What was played, and whether what was recorded is true to it.

Each event that was played has to be a row, or its time has to lie in a span or a gap, or between a stop and the next start. Each row has to have been played, at its
time. Nothing is recorded where nothing may be. And both clocks of a row have to belong together.
"""

import array
import bisect
import json
import struct

MOTION, KEY_DOWN, KEY_UP, BUTTON_DOWN, BUTTON_UP, SCROLL, ANY_MOTION = range(1, 8)
NAMES = {MOTION: "motion", KEY_DOWN: "key_down", KEY_UP: "key_up", BUTTON_DOWN: "button_down", BUTTON_UP: "button_up", SCROLL: "scroll",
	ANY_MOTION: "motion"}
KINDS = {"motion": MOTION, "key_down": KEY_DOWN, "key_up": KEY_UP, "button_down": BUTTON_DOWN, "button_up": BUTTON_UP, "scroll": SCROLL}

# Reasons of gaps in whose time events are missing.
LOSSES = ("overflow", "device-lost", "disk-full", "forgotten", "crash", "inactive")
# X11 tells milliseconds, rounded down.
EARLY_US, LATE_US = 2000, 2000
RECORD = struct.Struct("<qq")
PERHAPS, PLAYED = 1, 2

X_BUTTON = {1: 272, 2: 274, 3: 273}


def identity(kind, code=0, dx=0, dy=0):
	"""An event as a number: what a row has to tell of it."""
	if kind == MOTION:
		return kind << 48 | (dx & 0xffff) << 16 | (dy & 0xffff)
	if kind in (KEY_DOWN, KEY_UP):
		return kind << 48 | code
	if kind in (BUTTON_DOWN, BUTTON_UP):
		return kind << 48 | X_BUTTON[code]
	if kind == SCROLL:
		return kind << 48 | (1 if code > 0 else 2)
	return kind << 48


def row_identity(row):
	"""The same of a row, or None: it is no input."""
	kind = KINDS.get(row["kind"])
	if kind is None:
		return 99 << 48 if row["kind"].startswith(("key", "touch")) else None
	if kind == MOTION and row["dx"] is None:
		# Of an injected one it is not always known whether it was absolute.
		return ANY_MOTION << 48
	if kind == MOTION:
		return kind << 48 | (int(row["dx"] or 0) & 0xffff) << 16 | (int(row["dy"] or 0) & 0xffff)
	if kind in (KEY_DOWN, KEY_UP):
		return kind << 48 | row["code"] + 8
	if kind in (BUTTON_DOWN, BUTTON_UP):
		return kind << 48 | row["code"]
	return kind << 48 | (1 if row["scroll_y"] < 0 else 2)


class Notes:
	"""The player's side: one file, written before and after each batch."""

	def __init__(self, path):
		self.file = open(path, "ab", buffering=0)

	def perhaps(self, began_us, identities):
		self.file.write(b"".join([RECORD.pack(PERHAPS, began_us), RECORD.pack(len(identities), 0), *(RECORD.pack(i, 0) for i in identities)]))

	def played(self, ended_us):
		self.file.write(RECORD.pack(PLAYED, ended_us))


class Played:
	"""All files of the players: .began, .ended (µs), .what, .sure; in order."""

	def __init__(self, paths):
		self.began, self.ended, self.what, self.sure = array.array("q"), array.array("q"), array.array("q"), bytearray()
		batches = []
		for path in paths:
			data = path.read_bytes()
			data = data[:len(data) // RECORD.size * RECORD.size]
			records, at = list(RECORD.iter_unpack(data)), 0
			while at < len(records):
				kind, t = records[at]
				if kind == PERHAPS and at + 1 < len(records):
					count = records[at + 1][0]
					batches.append([t, 0, [what for what, _ in records[at + 2:at + 2 + count]]])
					at += 2 + count
				else:
					if kind == PLAYED and batches:
						batches[-1][1] = t
					at += 1
		batches.sort(key=lambda b: b[0])
		for began, ended, whats in batches:
			for what in whats:
				self.began.append(began)
				# The server died over it: it may have been played, soon.
				self.ended.append(ended or began + 2000000)
				self.what.append(what)
				self.sure.append(bool(ended))

	def __len__(self):
		return len(self.what)


class Rows:
	"""What `assent show --json` gives, segments in the order of their monotonic time: .t, .mono, .what of input; .others as they are."""

	def __init__(self, lines):
		segments, self.kinds, self.bytes = {}, {}, 0
		for line in lines:
			row = json.loads(line)
			self.kinds[row["kind"]] = self.kinds.get(row["kind"], 0) + 1
			segment = segments.get(row["segment"])
			if segment is None:
				segment = segments[row["segment"]] = {"mono": array.array("q"), "t": array.array("q"), "what": array.array("q"), "others": [],
					"first": row["mono_us"], "place": []}
			what = row_identity(row)
			if what is None:
				segment["others"].append({name: row[name] for name in ("kind", "mono_us", "t_us", "reason", "end_us", "lost", "segment")})
				segment["place"].append(len(segment["mono"]))
			else:
				segment["mono"].append(row["mono_us"])
				segment["t"].append(row["t_us"])
				segment["what"].append(what)
		self.mono, self.t, self.what, self.others, self.disorder = array.array("q"), array.array("q"), array.array("q"), [], 0
		self.segments = sorted(segments, key=lambda name: segments[name]["first"])
		for name in self.segments:
			segment = segments[name]
			for one in ("mono", "t", "what"):
				getattr(self, one).extend(segment[one])
			self.others += segment["others"]

	def covers(self):
		"""[(from, to, why)] mono: where events may be missing, in order."""
		found, begun, last = [], [row["mono_us"] for row in self.others if row["kind"] == "start"], 1 << 62
		if begun:
			found.append((0, begun[0], "before"))
		starts, before = 0, None
		for row in self.others:
			mono = row["mono_us"]
			if row["kind"] == "start":
				# What ended the recording before it was forgotten, too.
				if before and before["reason"] == "forgotten":
					found.append((before["mono_us"], mono, "forgotten"))
				starts += 1
			before = row
			if row["kind"] == "span" or (row["kind"] == "gap" and row["reason"] in LOSSES):
				found.append((mono, mono + row["end_us"] - row["t_us"], row["reason"]))
			# Until recording begins anew nobody claims anything. (A stop stands behind the coarse end of a span, which can be later than that.)
			if row["kind"] == "stop" or (row["kind"] == "gap" and row["reason"] == "crash"):
				found.append((mono, begun[starts] if starts < len(begun) else last, "stopped" if row["kind"] == "stop" else "crash"))
		found.sort()
		return found


class Cover:
	"""Is a moment in one of many intervals?"""

	def __init__(self, intervals):
		self.begin, self.end = [], []
		for begin, end, *_ in sorted(intervals):
			if self.end and begin <= self.end[-1]:
				self.end[-1] = max(self.end[-1], end)
			else:
				self.begin.append(begin)
				self.end.append(end)

	def has(self, begin, end):
		"""Does it touch begin..end?"""
		at = bisect.bisect_right(self.begin, end) - 1
		return at >= 0 and self.end[at] >= begin


class Judged:
	def __init__(self):
		self.matched = self.covered = self.unsure = self.released = 0
		self.missing, self.extra = [], []
		self.delay = []


def judge(played, rows):
	"""Every event that was played is a row, or nobody says that it would be one."""
	cover, found = Cover(rows.covers()), Judged()
	at, n = 0, len(rows.mono)
	mono, what, out = rows.mono, rows.what, set()
	for i in range(len(played)):
		began, ended, wanted = played.began[i] - EARLY_US, played.ended[i] + LATE_US, played.what[i]
		while at < n and mono[at] < began:
			found.extra.append(at)
			at += 1
		kind = wanted >> 48
		if at < n and mono[at] <= ended and (what[at] == wanted or (kind == ANY_MOTION and what[at] >> 48 == MOTION) or
				(kind == MOTION and what[at] >> 48 == ANY_MOTION)):
			found.matched += 1
			at += 1
			if kind in (KEY_DOWN, BUTTON_DOWN):
				out.discard(wanted)
			continue
		if kind in (KEY_DOWN, BUTTON_DOWN):
			out.add(wanted)
		if cover.has(began, ended):
			found.covered += 1
		elif not played.sure[i]:
			found.unsure += 1
		elif kind in (KEY_UP, BUTTON_UP) and wanted - (1 << 48) in out:
			# Its press is masked or lost: alone it would mean nothing.
			found.released += 1
		else:
			found.missing.append(i)
	found.extra += range(at, n)
	return found


def inside(rows, intervals):
	"""Rows of input where nothing may be recorded: [(row, why)]. intervals: (from, to, why)."""
	found = []
	for begin, end, why in intervals:
		at = bisect.bisect_left(rows.mono, begin)
		while at < len(rows.mono) and rows.mono[at] < end:
			found.append((at, why))
			at += 1
	return found


def clocks(rows, offsets, slack_us=150000):
	"""Rows whose two clocks do not belong together: offsets is [(mono, UTC less mono)], in order, as the clock was set."""
	since, values, wrong = [mono for mono, _ in offsets], [value for _, value in offsets], []
	for i in range(len(rows.mono)):
		mono, offset = rows.mono[i], rows.t[i] - rows.mono[i]
		first = max(0, bisect.bisect_right(since, mono - slack_us) - 1)
		last = max(0, bisect.bisect_right(since, mono + slack_us) - 1)
		if not any(abs(offset - values[k]) < 5000 for k in range(first, last + 1)):
			wrong.append(i)
	return wrong
