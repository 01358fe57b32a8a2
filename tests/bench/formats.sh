#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is needed, builds Release into build/bench, and measures: segments and tables beside what else could hold the same rows (formats.py).
#
#   sh tests/bench/formats.sh                          with the two small sets that lie here: some minutes
#   sh tests/bench/formats.sh --data DIR               with the larger ones (data/README.md says how to get them): about half an hour; the machine should
#                                                      have nothing else to do
#   sh tests/bench/formats.sh --help                   more
#
# Prints Markdown on stdout, progress on stderr. A figure never makes it fail.
set -eu
LC_ALL=C.UTF-8
export LC_ALL

case ${1-} in
-h | --help) exec /usr/bin/python3 -B "$(dirname "$0")/formats.py" --help ;;
esac
here=$(cd "$(dirname "$0")/../.." && pwd)
sh "$here/packaging/deps.sh" bench >&2
cmake -S "$here" -B "$here/build/bench" -G Ninja -DCMAKE_BUILD_TYPE=Release >&2
cmake --build "$here/build/bench" --target assent outbox_forge bench_format bench_libassent bench_table >&2
exec env ASSENT_BUILD="$here/build/bench" /usr/bin/python3 -B "$here/tests/bench/formats.py" "$@"
