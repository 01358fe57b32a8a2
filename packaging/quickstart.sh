#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is needed, builds, and does the main job.
#
# On a terminal with a display: shows the notice of the example study, asks, records your own input for 30 seconds (or
# until Ctrl-C) into a folder of its own, and shows what was kept and what was masked.
# Without a display or a terminal: a demonstration with a private display and a simulated participant.
#
#   sh packaging/quickstart.sh [--demo]      --demo: the demonstration, also where there is a display
set -eu
unset CDPATH
cd "$(dirname "$0")/.."
case ${1-} in
'' | --demo) ;;
*) echo "usage: sh packaging/quickstart.sh [--demo]" >&2; exit 2 ;;
esac

own=
if [ -t 0 ] && [ -t 1 ] && [ "${DISPLAY-}" ] && [ "${1-}" != --demo ]; then own=yes; fi

if [ "$own" ]; then sh packaging/deps.sh build; else sh packaging/deps.sh demo; fi
echo "Building ..."
tree=${ASSENT_QUICKSTART_BUILD-$PWD/build/quickstart}
mkdir -p "$tree"
testing=ON
[ "$own" ] && testing=OFF
if ! { cmake -S . -B "$tree" -G Ninja -DBUILD_TESTING=$testing && cmake --build "$tree" --target assent assentd; } >"$tree/build.log" 2>&1; then
	tail -n 40 "$tree/build.log" >&2
	echo "quickstart: the build failed, see $tree/build.log" >&2
	exit 1
fi

if [ ! "$own" ]; then
	if [ "${1-}" != --demo ]; then
		echo "There is no display or no terminal here, so this is a demonstration: a private display, a window"
		echo "manager, accessibility, real applications, and a simulated participant. Your own input is not read."
	fi
	exec env ASSENT_BUILD="$tree" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 packaging/demo.py
fi

assent=$tree/agent/assent
data=$(mktemp -d "${TMPDIR:-/tmp}/assent-quickstart.XXXXXX")
# A control socket of its own, so that an agent that is installed already is not touched.
XDG_RUNTIME_DIR=$data/run
export XDG_RUNTIME_DIR
mkdir -m 700 "$XDG_RUNTIME_DIR"
agent=
finish() {
	trap '' INT TERM
	if [ "$agent" ]; then
		kill "$agent" 2>/dev/null || :
		wait "$agent" 2>/dev/null || :
		agent=
	fi
}
trap finish EXIT

status=0
"$assent" join --data "$data" config/study.example.yaml || status=$?
if [ $status -ne 0 ]; then
	echo "Nothing was recorded, and nothing is left on this machine."
	rm -rf "$data"
	exit $status
fi
"$tree/agent/assentd" --data "$data" 2>"$data/assentd.log" &
agent=$!
tries=0
until "$assent" status --data "$data" >/dev/null 2>&1; do
	tries=$((tries + 1))
	if [ $tries -gt 50 ] || ! kill -0 "$agent" 2>/dev/null; then
		cat "$data/assentd.log" >&2
		echo "quickstart: the agent does not record, see above" >&2
		exit 1
	fi
	sleep 0.1
done

echo
echo "Recording your keyboard and pointer for 30 seconds; Ctrl-C ends it sooner. Type something, also into a"
echo "password field or at a sudo prompt if you like."
enough=
trap 'enough=yes' INT
left=30
while [ $left -gt 0 ] && [ ! "$enough" ]; do
	printf '\r%2d s ' $left
	sleep 1 || :
	left=$((left - 1))
done
printf '\r      \n'
trap - INT
finish

echo "What was kept and what was masked:"
echo
"$assent" show "$data" || :
echo
"$assent" verify "$data" || status=$?
echo
echo "It is all in $data and nowhere else. To delete it:  rm -r $data"
exit $status
