#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is needed, builds Release into build/bench, and measures in a virtual machine: the broker and the agent's source beside evtest and
# libinput record, on the movements of one mouse of 1,000 and of 8,000 Hz (evdev.py).
#
#   sh tests/bench/evdev.sh              about twenty minutes; the machine should have nothing else to do
#   sh tests/bench/evdev.sh --quick      a look, two minutes
#   sh tests/bench/evdev.sh --help       more
#
# Prints Markdown on stdout, progress on stderr. A figure never makes it fail.
set -eu
LC_ALL=C.UTF-8
export LC_ALL

case ${1-} in
-h | --help) exec /usr/bin/python3 -B "$(dirname "$0")/evdev.py" --help ;;
esac
here=$(cd "$(dirname "$0")/../.." && pwd)
sh "$here/packaging/deps.sh" vm >&2
sh "$here/packaging/deps.sh" bench >&2
cmake -S "$here" -B "$here/build/bench" -G Ninja -DCMAKE_BUILD_TYPE=Release >&2
cmake --build "$here/build/bench" --target assent-inputd guest evdev_count >&2
exec env ASSENT_BUILD="$here/build/bench" /usr/bin/python3 -B "$here/tests/bench/evdev.py" "$@"
