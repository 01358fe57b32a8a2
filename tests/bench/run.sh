#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is needed, builds Release into build/bench, and measures: the agent beside other recorders (run.py).
#
#   sh tests/bench/run.sh                about an hour; the machine should have nothing else to do
#   sh tests/bench/run.sh --quick        a look, some minutes
#   sh tests/bench/run.sh --help         more
#
# Prints Markdown on stdout, progress on stderr. A figure never makes it fail.
set -eu
LC_ALL=C.UTF-8
export LC_ALL
unset CDPATH
cd "$(dirname "$0")/../.."

case ${1-} in
-h | --help) exec /usr/bin/python3 tests/bench/run.py --help ;;
esac
sh packaging/deps.sh bench >&2
cmake -S . -B build/bench -G Ninja -DCMAKE_BUILD_TYPE=Release >&2
cmake --build build/bench --target assent assentd inject floor probe >&2
env -u DISPLAY -u WAYLAND_DISPLAY -u DBUS_SESSION_BUS_ADDRESS ASSENT_BUILD="$PWD/build/bench" PYTHONDONTWRITEBYTECODE=1 \
	/usr/bin/python3 tests/bench/run.py "$@"
