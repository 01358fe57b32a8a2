# SPDX-License-Identifier: Apache-2.0
"""Sealed blocks, as FORMAT.md has them: read() gives the rows' shapes, the words, and columns by the ids of a block of the journal."""
import struct

from read_bytes import Bytes, Refused, devices, signed, unzigzag, words

KEY, POSITION, DELTA, SCROLL = 14, 16, 32, 64
# id: of rows with these bits, signed, the id in a block, the least and the greatest that is permitted (None: below the count of words)
PLAIN = {18: (0, True, 18, -1 << 63, (1 << 63) - 1), 23: (DELTA, False, 22, 0, (1 << 32) - 1), 24: (DELTA, False, 23, 0, (1 << 32) - 1),
         25: (SCROLL, True, 24, -1 << 15, (1 << 15) - 1), 26: (SCROLL, True, 25, -1 << 15, (1 << 15) - 1),
         27: (128, False, 26, 0, None), 28: (256, False, 27, 0, None), 29: (1024, True, 28, -1 << 63, (1 << 63) - 1),
         30: (2048, True, 29, -1 << 31, (1 << 31) - 1)}


def size(small):
    return next(i for i, first in reversed(list(enumerate((0, 1, 3, 5, 9, 15, 29, 36)))) if small >= first)


SIZES = [size(small) for small in range(256)]


def token_of(v, direct):
    if v < 1 << direct:
        return v
    e = v.bit_length() - 1
    return min((1 << direct) + 4 * (e - direct) + (v >> e - 2 & 3), 255)


def tokens(direct):
    """Of each token the least number, how many raw bits, and the small token."""
    out = []
    for t in range(255):
        past = t - (1 << direct)
        e = direct + past // 4
        out.append((t, 0, token_of(t, 5)) if past < 0 else (4 + past % 4 << e - 2, e - 2, token_of(4 + past % 4 << e - 2, 5)))
    return out + [(0, 64, 255)]


TOKENS = {direct: tokens(direct) for direct in (5, 6, 7)}


class Lane:
    def __init__(self, words, tables, table_of, known):
        assert len(words) >= 2
        self.words, self.tables, self.table_of, self.known = words, tables, table_of, known
        self.x, self.at = words[0] << 32 | words[1], 2
        assert 1 << 31 <= self.x < 1 << 63

    def refill(self):
        if self.x < 1 << 31:
            assert self.at < len(self.words)
            self.x = self.x << 32 | self.words[self.at]
            self.at += 1

    def get(self, context):
        """The next number, and its small token."""
        slots, frequency, start = self.tables[self.table_of[context]]
        k = self.x % 1024
        t = slots[k]
        self.x = frequency[t] * (self.x // 1024) + k - start[t]
        v, raw, small = self.known[t]
        if raw == 0:
            self.refill()
        done = 0
        while done < raw:
            bits = min(raw - done, 16)
            v += (self.x & (1 << bits) - 1) << done
            self.x >>= bits
            self.refill()
            done += bits
        return v, small

    def close(self):
        assert self.x == 1 << 31 and self.at == len(self.words)


class Lanes:
    """The lanes of a block, taken by its sections in turn."""

    def __init__(self, data):
        assert len(data) % 4 == 0
        self.words, self.at = [w for (w,) in struct.iter_unpack("<I", data)], 0

    def open(self, b, direct, contexts, n):
        """Pairs of a lane, and the range of numbers that are in it."""
        known = TOKENS[direct]
        count = b.u(1)
        assert 1 <= count <= 24
        table_of = []
        while len(table_of) < contexts:
            table, run = b.u(1), b.varint()
            assert table < count and 1 <= run <= contexts - len(table_of)
            table_of += [table] * run
        tables = []
        for _ in range(count):
            frequency = [b.varint() for _ in range(b.u(1) + 1)]
            assert sum(frequency) == 1024
            slots = [t for t, f in enumerate(frequency) for _ in range(f)]
            tables.append((slots, frequency, [sum(frequency[:t]) for t in range(len(frequency))]))
        lengths = [b.varint() for _ in range(4)]
        each = -(-n // 4)
        for i, length in enumerate(lengths):
            assert length <= len(self.words) - self.at
            lane = Lane(self.words[self.at:self.at + length], tables, table_of, known)
            self.at += length
            yield lane, range(min(i * each, n), min((i + 1) * each, n))
            lane.close()


def plain(b, lanes, n, runs=True):
    coding = b.u(1)
    if coding == 0:
        return [b.varint()] * n
    if coding == 1:
        return [b.varint() for _ in range(n)]
    if coding == 2:
        count = b.varint()
        assert runs and 1 <= count <= n
        lengths = plain(b, lanes, count, False)
        values = plain(b, lanes, count, False)
        assert sum(length + 1 for length in lengths) == n
        return [v for v, length in zip(values, lengths) for _ in range(length + 1)]
    out = []
    for lane, numbers in lanes.open(b, coding, 64, n):
        small = 0
        for _ in numbers:
            v, small = lane.get(min(small, 63))
            out.append(v)
    return out


def times(b, lanes, indices, grids):
    steps = []
    for lane, rows in lanes.open(b, b.u(1), 4096, len(indices)):
        last, size_before, size_last = 0, 0, 0
        for row in rows:
            step, small = lane.get((8 * min(indices[row], 7) + size_before) * 64 + min(last, 63))
            steps.append(step)
            last, size_before, size_last = small, size_last, SIZES[small]
    out, time, grid, q = [], 0, None, 0
    for index, step in zip(indices, steps):
        unit, phase = grids[index]
        if grid != (unit, phase):
            grid, q = (unit, phase), signed(time - phase) // unit
        q += step
        time = signed(q * unit + phase)
        out.append(time)
    return out


def fold(v, sign):
    return signed(v * sign)


def moves(b, lanes, n):
    out = []
    for lane, pairs in lanes.open(b, b.u(1), 320, n):
        a1 = a2 = b1 = b2 = 0
        sign_a = sign_b = 1
        for _ in pairs:
            z, small = lane.get(8 * a1 + a2)
            va, a2, a1 = fold(unzigzag(z), sign_a), a1, SIZES[small]
            z, small = lane.get(64 + 4 * (8 * b1 + a1) + min(b2, 3))
            vb, b2, b1 = fold(unzigzag(z), sign_b), b1, SIZES[small]
            sign_a = sign_a if va == 0 else 1 if va > 0 else -1
            sign_b = sign_b if vb == 0 else 1 if vb > 0 else -1
            out.append((va, vb))
    return out


def follow(b, lanes, deltas, shift):
    out = []
    for lane, pairs in lanes.open(b, b.u(1), 1024, len(deltas)):
        before = [[2, 2], [2, 2]]
        for i in pairs:
            pair = []
            for axis, d in enumerate(deltas[i]):
                g = (d + (1 << shift) // 2) >> shift
                z, _ = lane.get(512 * axis + 64 * SIZES[token_of(2 * g if g >= 0 else -2 * g - 1, 5)] + 8 * before[axis][1] + before[axis][0])
                pair.append(signed(g + fold(unzigzag(z), -1 if d < 0 else 1)))
                if d:
                    before[axis] = [max(min(unzigzag(z), 2), -2) + 2, before[axis][0]]
            out.append(tuple(pair))
    return out


def released(words):
    """Of each word by which it is released."""
    def parts(word):
        which = word[0]
        return which & 3, word[1:1 + (which & 1) + (which & 2)]
    first = {}
    for i, word in enumerate(words):
        if not word[0] & 4:
            first.setdefault(parts(word), i)
    return [first.get(parts(word)) if word[0] & 3 else None for word in words]


def keys(b, lanes, kinds, words):
    out, release = [], released(words)
    for lane, rows in lanes.open(b, b.u(1), 132, len(kinds)):
        held, last = [], 0
        for row in rows:
            up = kinds[row] in (1, 4)
            v, _ = lane.get(128 + min(len(held), 3) if up else last)
            if up and v < len(held):
                word = release[held.pop(v)]
                assert word is not None
            else:
                word = v - len(held) if up else v
                assert word < len(words)
            out.append(word)
            if not up:
                last = min(word, 127)
                if kinds[row] in (0, 3):
                    held = [word] + held[:15]
    return out


def sums(pairs):
    out, x, y = [], 0, 0
    for a, b in pairs:
        x, y = (x + a) & 0xffffffff, (y + b) & 0xffffffff
        out.append((x - (x >> 31 << 32), y - (y >> 31 << 32)))
    return out


def binary32(v, shift):
    return struct.unpack("<I", struct.pack("<f", v / 2 ** shift))[0]


class Reader:
    def __init__(self, data, known):
        self.lanes, self.known = Lanes(data), known
        self.word, self.column, self.grids, self.rest, self.shift, self.pairs = {}, {}, None, [], None, None
        self.indices = self.shapes = []

    def rows_with(self, bits):
        return [shape for shape in self.shapes if not bits or shape[1] & bits]

    def section(self, ident, s, rows):
        if ident == 1:
            devices(s, self.known)
        elif ident < 6:
            self.word[ident] = words(ident, s)
        elif ident == 6:
            self.grids = []
            for _ in self.word[2]:
                unit = s.varint()
                self.grids.append((unit, s.varint() if unit > 1 else 0))
                assert 1 <= unit <= 1 << 30 and self.grids[-1][1] < unit
        elif ident == 7:
            self.rest = [(s.varint(), s.varint()) for _ in range(s.varint())]
            assert self.rest and all(0 < more < 1 << 30 for _, more in self.rest)
        elif ident == 8:
            self.shift = s.u(1)
            assert self.shift <= 24 or self.shift == 255
        elif ident == 16:
            self.indices = plain(s, self.lanes, rows)
            self.shapes = [struct.unpack("<BHhBB", self.word[2][i]) for i in self.indices]
        elif ident == 17:
            assert self.shapes
            self.column[17] = times(s, self.lanes, self.indices, self.grids or [(1, 0)] * len(self.word[2]))
            row = -1
            for skip, more in self.rest:
                row += skip + 1
                self.column[17][row] = signed(self.column[17][row] + more)
        elif ident == 19:
            self.column[19] = keys(s, self.lanes, [shape[0] for shape in self.rows_with(KEY)], self.word[3])
            assert self.column[19]
        elif ident in (20, 21, 22):
            self.pointer(ident, s)
        elif ident in PLAIN:
            self.plain(ident, s)
        else:
            raise Refused("unsupported")

    def plain(self, ident, s):
        bits, is_signed, name, least, most = PLAIN[ident]
        assert ident not in (23, 24) or self.shift == 255
        n = len(self.rows_with(bits))
        assert n
        values = plain(s, self.lanes, n)
        values = [unzigzag(v) for v in values] if is_signed else values
        most = len(self.word[ident - 23]) - 1 if most is None else most
        assert all(least <= v <= most for v in values)
        assert ident not in (23, 24) or all(v >> 23 & 255 != 255 for v in values)
        self.column[name] = values

    def pointer(self, ident, s):
        n = len(self.rows_with(DELTA if ident == 20 else POSITION))
        assert n
        if ident == 20:
            assert self.shift is not None and self.shift <= 24
            self.pairs = moves(s, self.lanes, n)
            assert all(abs(v) <= 1 << 24 for pair in self.pairs for v in pair)
            self.column[22], self.column[23] = ([binary32(pair[axis], self.shift) for pair in self.pairs] for axis in (0, 1))
            return
        assert 20 not in self.column
        if ident == 21:
            positions = sums(moves(s, self.lanes, n))
        else:
            assert self.pairs
            deltas = iter(self.pairs)
            each = [next(deltas) if has & DELTA else (0, 0) for _, has, *_ in self.shapes if has & (DELTA | POSITION)]
            at = [has & POSITION for _, has, *_ in self.shapes if has & (DELTA | POSITION)]
            positions = sums(follow(s, self.lanes, [d for d, there in zip(each, at) if there], self.shift))
        self.column[20], self.column[21] = [x for x, _ in positions], [y for _, y in positions]


def read(content, lanes, known):
    b, r, last = Bytes(content), Reader(lanes, known), 0
    rows = b.varint()
    assert 1 <= rows <= 65536
    while b.left():
        ident = b.u(1)
        assert ident > last
        last = ident
        s = Bytes(b.get(b.varint()))
        if ident < 128:
            r.section(ident, s, rows)
        else:
            s.get(s.left())
        assert s.left() == 0
    needs = {17: 0, 18: 0, 19: KEY, 20: POSITION, 21: POSITION, 22: DELTA, 23: DELTA, 24: SCROLL, 25: SCROLL, 26: 128, 27: 256, 28: 1024, 29: 2048}
    assert set(r.column) == {i for i, bits in needs.items() if r.rows_with(bits)}
    assert (r.shift is not None) == bool(r.rows_with(DELTA)) and r.lanes.at == len(r.lanes.words)
    assert all(len(values) == len(r.rows_with(needs[i])) for i, values in r.column.items())
    return rows, r.shapes, r.word, r.column
