#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the clone of a public data set into a table for bench_format (data/README.md says which, and where they are).

usage: format_data.py dlrv|aalto|evlag GIT_DIR > OUT.csv
"""
import datetime
import os
import subprocess
import sys

MOVE, BUTTON, SCROLL, KEY, RELATIVE = range(5)
EV_SYN, EV_KEY, EV_REL, REL_X, REL_Y, REL_HWHEEL, REL_WHEEL = 0, 1, 2, 0, 1, 6, 8
BTN_MOUSE = range(0x110, 0x120)


def git(folder, *arguments):
    return subprocess.run(["git", "--git-dir", folder, *arguments], stdout=subprocess.PIPE, check=True).stdout


def files(folder, under):
    """Names and contents of all files of the newest commit that are there."""
    names = [name for name in git(folder, "ls-tree", "-r", "-z", "--name-only", "HEAD", under).decode().split("\0") if name]
    with subprocess.Popen(["git", "--git-dir", folder, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
        for name in names:
            p.stdin.write(f"HEAD:{name}\n".encode())
            p.stdin.flush()
            head = p.stdout.readline().split()
            if len(head) == 3:
                text = p.stdout.read(int(head[2])).decode("latin1")
                p.stdout.read(1)
                yield name, text
        p.stdin.close()


def dlrv(folder):
    """One row a line: when, and [x, y]. Some are there twice."""
    sessions, rows = {}, set()
    for under, kind, place, value in (("DLRV_Dataset/move", MOVE, 4, 0), ("DLRV_Dataset/click", BUTTON, 5, 1)):
        for name, text in files(folder, under):
            session = sessions.setdefault(os.path.basename(name).rsplit("_", 1)[0], len(sessions))
            for line in text.split("\n")[1:]:
                parts = line.split(";")
                try:
                    x, y = parts[place].strip("[]\r ").split(",")
                    when = datetime.datetime.fromisoformat(parts[1].replace("Z", "+00:00"))
                    rows.add((session, round(when.timestamp() * 1000) * 1000, kind, 0, int(float(x)), int(float(y)), value))
                except (ValueError, IndexError):
                    pass
    return sorted(rows)


def aalto(folder):
    """One line a keystroke: its number, press and release in ms, code."""
    session = 0
    for name, text in files(folder, "data/keystroke-samples"):
        if not name.endswith("_keystrokes.txt"):
            continue
        rows, seen = [], set()
        for line in text.split("\n")[1:]:
            parts = line.rstrip("\r").split("\t")
            if len(parts) < 9 or parts[4] in seen:
                continue
            seen.add(parts[4])
            try:
                down, up, code = int(float(parts[5])) * 1000, int(float(parts[6])) * 1000, int(parts[8]) & 0xffff
            except ValueError:
                continue
            rows += [(session, down, KEY, code, 0, 0, 1), (session, up, KEY, code, 0, 0, 0)]
        yield from sorted(rows, key=lambda row: (row[1], row[6]))
        session += 1


def evlag(folder):
    """evdev's events, one a line: ms, type, code, value."""
    moved, pressed = {}, []
    for line in git(folder, "show", "HEAD:logs/nt-mouse.log").decode().split("\n")[1:]:
        parts = [part.strip() for part in line.split(",")]
        if len(parts) < 4:
            continue
        t_us = 1600000000000000 + int(float(parts[0])) * 1000
        kind, code, value = (int(part) for part in parts[1:4])
        if kind == EV_REL:
            moved[code] = moved.get(code, 0) + value
        elif kind == EV_KEY:
            pressed.append((0, t_us, BUTTON if code in BTN_MOUSE else KEY, code, 0, 0, value))
        elif kind == EV_SYN:
            if moved.get(REL_X) or moved.get(REL_Y):
                yield 0, t_us, RELATIVE, 0, moved.get(REL_X, 0), moved.get(REL_Y, 0), 0
            for wheel in (REL_WHEEL, REL_HWHEEL):
                if moved.get(wheel):
                    yield 0, t_us, SCROLL, wheel, 0, 0, moved[wheel]
            yield from pressed
            moved, pressed = {}, []


def main():
    sets = {"dlrv": dlrv, "aalto": aalto, "evlag": evlag}
    if len(sys.argv) != 3 or sys.argv[1] not in sets:
        sys.exit(__doc__)
    print("session,t_us,kind,code,x,y,value")
    for row in sets[sys.argv[1]](sys.argv[2]):
        print(*row, sep=",")


if __name__ == "__main__":
    main()
