#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Which lines the tests run: builds with gcc --coverage, runs the tests without a desktop, prints a table per room, and fails where
# policy/, format/ or store/ have less than 95 % of their lines run.
#
#   sh tests/coverage.sh [FOLDER]     build/coverage by default; in it: html (line by line), rooms.md, ctest.log
#
# Not counted: what a process does in a sandbox that forbids it to write down what it ran (capture, writer), and what one does that is killed.
# The desktop's tests, which run agent/source, are left out: see docs/FIGURES.md.
set -eu
LC_ALL=C.UTF-8
export LC_ALL
cd "$(dirname "$0")/.."
out=${1:-$PWD/build/coverage}
jobs=$(nproc 2>/dev/null || echo 2)
command -v gcovr >/dev/null || { echo "coverage.sh: gcovr is missing: sh packaging/deps.sh full" >&2; exit 1; }
mkdir -p "$out"

gcc -O1 -c -o "$out/exit.o" tests/tools/coverage_exit.c
cmake -S . -B "$out" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=gcc '-DCMAKE_C_FLAGS=--coverage -O0 -fprofile-update=atomic' \
	-DCMAKE_EXPORT_COMPILE_COMMANDS=OFF "-DCMAKE_EXE_LINKER_FLAGS=-Wl,--wrap=_exit $out/exit.o" >"$out/cmake.log"
cmake --build "$out" -j "$jobs" >"$out/build.log" 2>&1 || { tail -n 40 "$out/build.log"; exit 1; }
find "$out" -name '*.gcda' -delete

# A process that cannot write its counters must not say so on a terminal that a test reads. Whether tests pass is judged by tests/run.sh: here what they ran counts.
env -u DISPLAY -u WAYLAND_DISPLAY -u DBUS_SESSION_BUS_ADDRESS GCOV_ERROR_FILE=/dev/null \
	ctest --test-dir "$out" --parallel "$jobs" --timeout 300 --label-exclude 'machine|desktop|long' >"$out/ctest.log" 2>&1 </dev/null || {
	sed -n '/tests failed/,$s/^/# /p' "$out/ctest.log"
}
gcovr --root . --object-directory "$out" --filter agent/ --exclude-unreachable-branches --gcov-ignore-parse-errors --json-summary "$out/lines.json" \
	--html-details "$out/index.html" "$out" >"$out/gcovr.log" 2>&1 || { tail -n 20 "$out/gcovr.log"; exit 1; }
/usr/bin/python3 -B tests/tools/coverage_rooms.py "$out/lines.json"
