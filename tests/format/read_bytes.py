# SPDX-License-Identifier: Apache-2.0
"""Bytes and numbers as FORMAT.md has them: for read_format.py and read_sealed.py."""
import struct

M = (1 << 64) - 1


class Refused(Exception):
    pass


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


def clean(text, most):
    """UTF-8 without control characters, of at most so many bytes."""
    return len(text) <= most and not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in text.decode())


def check_shape(word):
    kind, has, device, synthetic, reason = struct.unpack("<BHhBB", word)
    assert kind < 19 and has < 8192 and synthetic < 2 and reason < 16
    assert (has & 1 or device == 0) and (has & 4096 or synthetic == 0) and (has & 512 or reason == 0)


def check_key(word):
    k = Bytes(word)
    which = k.u(1)
    assert 1 <= which <= 7
    assert not which & 1 or k.u(1) < 10
    k.get(which & 2)
    assert clean(k.get(k.left()), 31 if which & 4 else 0)


def words(ident, b):
    """The words of a section."""
    count = b.varint()
    assert count <= 65536
    out = [b.get(b.varint()) for _ in range(count)]
    for word in out:
        if ident == 2:
            check_shape(word)
        elif ident == 3:
            check_key(word)
        else:
            assert clean(word, 127 if ident == 4 else 255)
    return out


def devices(b, known):
    count = b.varint()
    assert count <= 256
    for _ in range(count):
        device, known_as = b.i16(), b.u(1)
        assert known_as < 6
        known[device] = known_as
