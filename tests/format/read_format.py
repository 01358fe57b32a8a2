#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second reader of segments, with read_sealed.py, written from include/assent/FORMAT.md alone, to keep that page true. zstd and libsodium by ctypes.

usage: read_format.py FORMAT_DUMP GOLDEN_FOLDER [--random FORMAT_RANDOM COUNT] [SEGMENT...]

Reads every segment of the folder, those named besides, and COUNT random ones, and compares itself with format_dump, event by event; and both with golden.txt,
which says of each of the folder what a reader must say. All are under the key of the bytes 0 to 31.
"""
import ctypes
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

import read_sealed
from read_bytes import M, Bytes, Refused, devices, signed, unzigzag, words

zstd = ctypes.CDLL("libzstd.so.1")
zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
zstd.ZSTD_getFrameContentSize.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
zstd.ZSTD_decompress.restype = ctypes.c_size_t
zstd.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
sodium = ctypes.CDLL("libsodium.so.23")
assert sodium.sodium_init() >= 0
STREAM = "crypto_secretstream_xchacha20poly1305_"
KEY = bytes(range(32))


class Stream:
    """libsodium's secretstream, for reading."""

    def __init__(self, header):
        self.state = ctypes.create_string_buffer(getattr(sodium, STREAM + "statebytes")())
        assert getattr(sodium, STREAM + "init_pull")(self.state, header, KEY) == 0

    def pull(self, message, besides):
        if len(message) < 17:
            raise Refused("damaged")
        plain, tag = ctypes.create_string_buffer(max(len(message) - 17, 1)), ctypes.c_ubyte()
        if getattr(sodium, STREAM + "pull")(self.state, plain, None, ctypes.byref(tag), message, ctypes.c_ulonglong(len(message)),
                                            besides, ctypes.c_ulonglong(len(besides))):
            raise Refused("denied")
        return tag.value, plain.raw[:len(message) - 17]


def siphash(data, key=b"assent segment 1"):
    def rotl(x, b):
        return (x << b | x >> (64 - b)) & M
    k0, k1 = struct.unpack("<QQ", key)
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]

    def rounds(n):
        for _ in range(n):
            v[0] = (v[0] + v[1]) & M; v[1] = rotl(v[1], 13) ^ v[0]; v[0] = rotl(v[0], 32)
            v[2] = (v[2] + v[3]) & M; v[3] = rotl(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & M; v[3] = rotl(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & M; v[1] = rotl(v[1], 17) ^ v[2]; v[2] = rotl(v[2], 32)
    full = len(data) // 8 * 8
    words = [w for (w,) in struct.iter_unpack("<Q", data[:full])]
    words.append(int.from_bytes(data[full:], "little") | (len(data) & 255) << 56)
    for w in words:
        v[3] ^= w; rounds(2); v[0] ^= w
    v[2] ^= 255; rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def stream(b, m):
    packing = b.u(1)
    if packing == 0:
        return [b.varint()] * m
    low = b.get(m) if packing > 16 else None
    large = [i for i in range(m) if low[i] == 255] if low is not None else range(m)
    values = [0] * len(large)
    for p in range(packing % 16):
        for i, byte in enumerate(b.get(len(large))):
            values[i] |= byte << 8 * p
    if low is None:
        return values
    out = list(low)
    for i, v in zip(large, values):
        out[i] = v + 255
    return out


def numbers(b, n):
    flags = b.u(1)
    order = flags & 3
    lead = [unzigzag(b.varint()) for _ in range(order)]
    unit = b.varint() if flags & 32 else 1
    q = stream(b, n - order)
    if flags & 16:
        q = [unzigzag(v) for v in q]
    if flags & 32:
        q = [v * unit + r for v, r in zip(q, stream(b, n - order))]
    if order == 2:
        step = lead[1]
        for i, v in enumerate(q):
            step += v
            q[i] = step
    out = lead[:1] + lead[1:] + q if order else q
    for i in range(1, n if order else 0):
        out[i] += out[i - 1]
    return [signed(v) for v in out]


def floats(b, n):
    shift = b.u(1)
    if shift == 255:
        return numbers(b, n)
    return [struct.unpack("<I", struct.pack("<f", v / 2 ** shift))[0] for v in numbers(b, n)]


NEEDS = {16: 0, 17: 0, 18: 0, 19: 14, 20: 16, 21: 16, 22: 32, 23: 32, 24: 64, 25: 64, 26: 128, 27: 256, 28: 1024, 29: 2048}


def block(content, mono0, t0, known, lines):
    b = Bytes(content)
    rows = b.varint()
    word, column, shapes, last = {}, {}, None, 0
    while b.left():
        ident = b.u(1)
        assert ident > last
        last = ident
        s = Bytes(b.get(b.varint()))
        if ident == 1:
            devices(s, known)
        elif ident < 6:
            word[ident] = words(ident, s)
        elif ident >= 128:
            s.get(s.left())
        elif ident not in NEEDS:
            raise Refused("unsupported")
        elif ident == 16:
            shapes = [struct.unpack("<BHhBB", word[2][i]) for i in numbers(s, rows)]
        else:
            n = sum(not NEEDS[ident] or bool(shape[1] & NEEDS[ident]) for shape in shapes)
            column[ident] = iter(floats(s, n) if ident in (22, 23) else numbers(s, n))
        assert s.left() == 0
    put_rows(shapes, word, column, mono0, t0, lines)
    return rows


def sealed_block(content, lanes, mono0, t0, known, lines):
    rows, shapes, word, column = read_sealed.read(content, lanes, known)
    put_rows(shapes, word, {i: iter(values) for i, values in column.items()}, mono0, t0, lines)
    return rows


def put_rows(shapes, word, column, mono0, t0, lines):
    for kind, has, device, synthetic, reason in shapes:
        v = {i: next(column[i]) if i > 16 and (not need or has & need) else 0 for i, need in NEEDS.items()}
        mono = signed(v[17] + mono0)
        t = signed(v[18] + v[17] + t0)
        klass, code, text = 0, 0, ""
        if has & 14:
            k = Bytes(word[3][v[19]])
            which = k.u(1)
            assert which == (has & 14) // 2
            klass = k.u(1) if which & 1 else 0
            code = k.i16() if which & 2 else 0
            text = k.get(k.left()).decode() if which & 4 else ""
        app = word[4][v[26]].decode() if has & 128 else ""
        title = word[5][v[27]].decode() if has & 256 else ""
        end = signed(v[28] + t) if has & 1024 else 0
        lines.append(f"{mono} {t} {kind} {has} {device} {klass} {code} [{text}] {v[20]} {v[21]} {v[22]:08x} {v[23]:08x} "
                     f"{v[24]} {v[25]} [{app}] [{title}] {reason} {end} {v[29]} {synthetic}")


def unpack(plain, sealed=False):
    """The content behind what stands in front of it; and lanes, of what is sealed."""
    b = Bytes(plain)
    length, lanes = b.u(4), b.u(4) if sealed else 0
    frame, lanes = b.get(length), b.get(lanes)
    assert b.left() < (4096 if sealed else 512) and not any(b.get(b.left()))
    assert frame[:4] == bytes.fromhex("28b52ffd") and frame[4] & 0x1f == 4
    size = zstd.ZSTD_getFrameContentSize(frame, length)
    assert size <= min(16 << 20, 5242880 + 1024 * length)
    content = ctypes.create_string_buffer(max(size, 1))
    assert zstd.ZSTD_decompress(content, size, frame, length) == size
    return (content.raw[:size], lanes) if sealed else content.raw[:size]


def record(b, n):
    if b.left() < 32:
        raise Refused("truncated")
    check, name = b.u(8), b.get(24)
    length, kind, _, number = struct.unpack("<IIqQ", name)
    if (32 + length) % 512 or length > 17 << 20 or kind > 255 or number != n:
        raise Refused("corrupt")
    if b.left() < length:
        raise Refused("truncated")
    payload = b.get(length)
    if check != siphash(name + payload):
        raise Refused("corrupt")
    return kind, name, payload


def prelude(b):
    whole = b.data[:24]
    if whole[:8] != bytes.fromhex("8941534e540d0a1a")[:len(whole)]:
        raise Refused("corrupt")
    if len(whole) < 24:
        raise Refused("truncated")
    b.get(8)
    version, _, incompatible, check = b.u(4), b.u(2), b.u(2), b.u(8)
    if check != siphash(whole[:16]):
        raise Refused("corrupt")
    if version != 3 or incompatible:
        raise Refused("unsupported")
    return whole


class Segment:
    def __init__(self, data):
        self.lines, self.known, self.blocks, self.events, self.n, self.cut = [], {}, 0, 0, 0, False
        self.in_ = Bytes(data)
        try:
            self.header()
        except Refused as why:
            self.lines = [f"open {why}"]
            return
        try:
            while self.next():
                self.n += 1
            end = "whole"
        except Refused as why:
            end = "corrupt" if str(why) == "denied" else str(why)
        except (AssertionError, IndexError, KeyError, StopIteration, UnicodeDecodeError, struct.error):
            end = "corrupt"
        self.lines += [f"device 0 {self.known.get(0, 5)}", f"end {end}" + (" cut" if self.cut else "")]

    def header(self):
        whole = prelude(self.in_)
        if self.in_.left() < 24:
            raise Refused("truncated")
        stream = self.in_.get(24)
        kind, name, payload = record(self.in_, 0)
        if kind != 1:
            raise Refused("corrupt")
        self.stream = Stream(stream)
        tag, plain = self.stream.pull(payload, name + whole)
        try:
            assert tag == 0
            h = Bytes(unpack(plain))
            study, _, _, name = (h.text() for _ in range(4))
            h.get(32 + 32 + 16)
            self.t0, self.mono0 = signed(h.u(8)), signed(h.u(8))
        except AssertionError:
            raise Refused("corrupt") from None
        self.lines, self.n, self.newest = [f"{study} {name}"], 1, None

    def next(self):
        kind, name, payload = record(self.in_, self.n)
        if kind == 4:
            return self.end_of_torn(payload)
        tag, plain = self.stream.pull(payload, name)
        assert tag == (3 if kind == 3 else 0) and kind != 1
        if kind in (2, 5):
            self.block(plain, kind == 5)
        elif kind == 3:
            f = Bytes(unpack(plain))
            assert f.varint() == self.blocks and f.varint() == self.events
            devices(f, self.known)
            assert self.in_.left() == 0
        elif kind < 128:
            raise Refused("unsupported")
        return kind != 3

    def block(self, plain, sealed):
        lines, known = [], dict(self.known)
        if sealed:
            rows = sealed_block(*unpack(plain[28:], True), self.mono0, self.t0, known, lines)
        else:
            rows = block(unpack(plain[20:]), self.mono0, self.t0, known, lines)
        times = [tuple(map(int, line.split(" ", 2)[:2])) for line in lines]
        newest = max(mono for mono, _ in times), max(t for _, t in times)
        assert struct.unpack("<Iqq", plain[:20]) == (rows, min(t for _, t in times), newest[1])
        assert not sealed or struct.unpack("<q", plain[20:28])[0] == newest[0]
        self.newest = newest if self.newest is None else tuple(map(max, self.newest, newest))
        self.lines += lines
        self.known = known
        self.blocks += 1
        self.events += rows

    def end_of_torn(self, payload):
        begin, end = struct.unpack("<qq", payload[:16])
        assert len(payload) == 480 and not any(payload[16:]) and begin <= end and self.in_.left() == 0
        mono, t = self.newest or (self.mono0, self.t0)
        self.lines.append(f"{mono} {t} 12 1536 0 0 0 [] 0 0 {0:08x} {0:08x} 0 0 [] [] 12 {max(end, t)} 0 0")
        self.cut = True
        return False


def says(lines):
    """As golden.txt has it: opens or not, how it ends, how many events."""
    return lines[0] if lines[0].startswith("open ") else f"{lines[-1][4:]} {len(lines) - 3}"


def agree(dump, path):
    """What each of the two readers says; where they do not say the same, that."""
    mine = Segment(path.read_bytes()).lines
    theirs = subprocess.run([dump, KEY.hex(), path], stdout=subprocess.PIPE, check=True).stdout.decode().split("\n")[:-1]
    if mine != theirs:
        print(f"{path}: FORMAT.md and the reader disagree")
        for a, b in zip(mine, theirs):
            if a != b:
                print(f"  {a}\n  {b}")
                break
    return mine, theirs


def random_ones(dump, program, count):
    """Seeds on which they do not agree: of whole segments, and of damaged ones, which they may both refuse."""
    bad, read = set(), 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "random.seg"
        for seed in range(count):
            for damaged in ((), ("damaged",)):
                subprocess.run([program, str(seed), path, *damaged], check=True)
                mine, theirs = agree(dump, path)
                is_whole = says(mine).startswith("whole")
                read += bool(damaged and is_whole)
                if mine != theirs or not (damaged or is_whole):
                    bad.add(" ".join((str(seed), *damaged)))
    print(f"{count} random segments, and {count} damaged ones, {read} of which could be read: they disagree on {sorted(bad)}")
    return bad


def example():
    """The example of FORMAT.md says what it says that it says."""
    text = (pathlib.Path(__file__).parents[2] / "include/assent/FORMAT.md").read_text().split("\n### Example\n")[1].split("\n### ")[0]
    content, lanes = [], []
    for line in text.splitlines():
        if re.match(r"    +([0-9a-f]{2} )+ ", line):
            content += re.match(r" +(([0-9a-f]{2} )+)", line)[1].split()
        elif re.fullmatch(r"    ([0-9a-f]{8} *)+", line):
            lanes += line.split()
    lines = []
    sealed_block(bytes.fromhex("".join(content)), b"".join(bytes.fromhex(word)[::-1] for word in lanes), 0, 0, {}, lines)
    rows = [tuple(map(int, line.split(" ")[:6])) for line in lines]
    ms, late = (40, 120, 200, 300, 360, 420, 480, 520), (0, 0, 0, 0, 0, 0, 5, 5)
    assert rows == [(t * 1000, t * 1000 + more, i % 2, 3, 0, 0 if i < 4 else 3) for i, (t, more) in enumerate(zip(ms, late))], rows


def main():
    example()
    dump, folder, besides = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    random = besides[1:3] if besides[:1] == ["--random"] else None
    besides = besides[3:] if random else besides
    expected = dict(line.split(maxsplit=1) for line in (folder / "golden.txt").read_text().splitlines() if line and line[0] != "#")
    paths = sorted(folder.glob("*.seg"))
    bad = set(expected) ^ {path.stem for path in paths}
    if bad:
        print("only in one of golden.txt and its folder:", *sorted(bad))
    for path in paths + [pathlib.Path(argument) for argument in besides]:
        mine, theirs = agree(dump, path)
        want = expected.get(path.stem, says(mine)) if path in paths else says(mine)
        if mine != theirs:
            print(f"{path}: FORMAT.md and the reader disagree")
            for a, b in zip(mine, theirs):
                if a != b:
                    print(f"  {a}\n  {b}")
                    break
        if want not in (says(mine),) or mine != theirs:
            print(f"{path}: must say {want!r}; says {says(mine)!r} and {says(theirs)!r}")
            bad.add(path)
        else:
            print(f"{path.name}: {want}, by both")
    if random:
        bad |= random_ones(dump, random[0], int(random[1]))
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
