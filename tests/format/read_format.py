#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second reader of segments, written from include/assent/FORMAT.md alone, to keep that page true.

usage: read_format.py FORMAT_DUMP SEGMENT...     compares itself with format_dump on each segment
"""
import ctypes
import hashlib
import struct
import subprocess
import sys

M = (1 << 64) - 1
zstd = ctypes.CDLL("libzstd.so.1")
zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
zstd.ZSTD_getFrameContentSize.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
zstd.ZSTD_decompress.restype = ctypes.c_size_t
zstd.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]


def siphash(key, data):
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


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def get(self, n):
        assert self.at + n <= len(self.data)
        self.at += n
        return self.data[self.at - n:self.at]

    def u(self, n):
        return int.from_bytes(self.get(n), "little")

    def i16(self):
        return int.from_bytes(self.get(2), "little", signed=True)

    def varint(self):
        v = shift = 0
        while True:
            b = self.u(1)
            v |= (b & 127) << shift
            shift += 7
            if b < 128:
                assert v <= M
                return v

    def text(self):
        return self.get(self.u(1)).decode()

    def left(self):
        return len(self.data) - self.at


def signed(v):
    v &= M
    return v - (1 << 64) if v >> 63 else v


def unzigzag(v):
    return v >> 1 ^ -(v & 1)


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


def words(b):
    return [b.get(b.varint()) for _ in range(b.varint())]


def devices(b, known):
    for _ in range(b.varint()):
        device = b.i16()
        known[device] = b.u(1)


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
            word[ident] = words(s)
        elif ident == 16:
            shapes = [struct.unpack("<BHhBB", word[2][i]) for i in numbers(s, rows)]
        else:
            n = sum(not NEEDS[ident] or bool(shape[1] & NEEDS[ident]) for shape in shapes)
            column[ident] = iter(floats(s, n) if ident in (22, 23) else numbers(s, n))
        assert s.left() == 0
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
    return rows


def record(b, key, n):
    head = b.get(8)
    length, kind = struct.unpack("<II", head)
    assert b.u(8) == siphash(key, head + struct.pack("<Q", n))
    padded = Bytes(b.get(length))
    length = padded.u(4)
    payload = padded.get(length)
    assert padded.left() < 512 and not any(padded.get(padded.left())) and padded.at % 512 == 0
    assert payload[4] & 0x1f == 4
    size = zstd.ZSTD_getFrameContentSize(payload, length)
    assert size <= min(16 << 20, 5242880 + 1024 * length)
    content = ctypes.create_string_buffer(max(size, 1))
    assert zstd.ZSTD_decompress(content, size, payload, length) == size
    return kind, content.raw[:size]


def segment(data):
    b = Bytes(data)
    key = b"assent segment 1"
    assert b.get(8) == bytes.fromhex("8941534e540d0a1a")
    assert b.u(4) == 2 and b.u(2) == 0 and b.u(2) == 0
    assert b.u(8) == siphash(key, data[:16])
    kind, content = record(b, key, 0)
    assert kind == 1
    key = hashlib.blake2b(content, digest_size=16).digest()
    h = Bytes(content)
    study, epoch, participant, name = (h.text() for _ in range(4))
    h.get(32 + 32 + 16)
    t0, mono0 = signed(h.u(8)), signed(h.u(8))
    lines, known, n, events = [f"{study} {name}"], {}, 1, 0
    while True:
        begin = b.at
        kind, content = record(b, key, n)
        n += 1
        if kind == 3:
            break
        assert kind == 2
        events += block(content, mono0, t0, known, lines)
    f = Bytes(content)
    assert f.varint() == n - 2 and f.varint() == events
    devices(f, known)
    index = Bytes(f.get(f.varint()))
    total = 0
    while index.left():
        index.varint(); total += index.varint(); index.varint(); index.varint()
    assert total == events
    assert b.u(8) == begin and b.get(8) == b"ASNTend\n" and b.left() == 0
    return lines + [f"device 0 {known.get(0, 5)}", "end 0"]


def main():
    for path in sys.argv[2:]:
        with open(path, "rb") as f:
            mine = segment(f.read())
        theirs = subprocess.run([sys.argv[1], path], stdout=subprocess.PIPE, check=True).stdout.decode().split("\n")[:-1]
        if mine != theirs:
            print(f"{path}: FORMAT.md and the reader disagree")
            for a, b in zip(mine, theirs):
                if a != b:
                    print(f"  {a}\n  {b}")
                    break
            sys.exit(1)
        print(f"{path}: {len(mine) - 3} events, the same")


if __name__ == "__main__":
    main()
