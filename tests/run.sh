#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what it needs, builds (gcc, clang, clang with sanitizers) and runs every test.
#
#   sh tests/run.sh            everything that decides whether a change is good
#   sh tests/run.sh --quick    gcc and the tests of ctest
#   sh tests/run.sh --full     + coverage, clang's analyzer, 20 s of each fuzzer, twelve minutes of endurance, hundreds of
#                              workstations, and every delay and speed of the secrets typed into each application (hours)
#
# The last line is "N passed, N failed", with ", N skipped" where there are any. Exit 0 only when nothing failed.
# In build/: gcc clang asan (trees), results (a line per case), *.log.
set -u
LC_ALL=C.UTF-8
export LC_ALL
unset CDPATH
cd "$(dirname "$0")/.." || exit 1

mode=normal beside=
for argument; do
	case $argument in
	--quick) mode=quick ;;
	--full) mode=full ;;
	--beside=machines | --beside=packages) beside=${argument#--beside=} ;; # of this script's own
	*) echo "usage: sh tests/run.sh [--quick|--full]" >&2; exit 2 ;;
	esac
done

out=$PWD/build
jobs=$(nproc 2>/dev/null || echo 2)
mkdir -p "$out" || exit 1
results=$out/results${beside:+-$beside}
: >"$results" || exit 1
started=${ASSENT_STARTED:-$(date +%s)}

say() { printf '\n== %s (%s s)\n' "$1" $(($(date +%s) - started)); }

# Nothing that was started here may outlive this script.
children=
end_children() {
	for child in $children; do
		kill "$child" 2>/dev/null
	done
}
trap end_children EXIT
trap 'exit 1' HUP INT TERM

# step NAME COMMAND...: one case; its output is shown only when it fails.
step() {
	name=$1
	shift
	log=$out/$(printf '%s' "$name" | tr '/ ' '--').log
	if "$@" >"$log" 2>&1 </dev/null; then
		echo "ok $name" >>"$results"
		echo "ok $name"
	else
		status=$?
		# Of a build, errors are what is wanted; of anything else, the end.
		grep -nE 'error:|FAILED:|CMake Error' "$log" | head -n 40
		tail -n 40 "$log"
		echo "not ok $name: exit status $status, see $log" | tee -a "$results"
		return 1
	fi
}

tree() {
	directory=$out/$1
	shift
	cmake -S . -B "$directory" -G Ninja -DASSENT_WERROR=ON "$@" && cmake --build "$directory" -j "$jobs"
}

# Counts each cmocka test, and each other ctest test, in the output of `ctest -V`.
count_ctest() {
	awk -v tree="$1" '
	function result(kind, name, why) { print kind " " tree "/" name (why == "" ? "" : ": " why) }
	/^test [0-9]+$/ { next }
	# "7: text" is a line of the output of test number 7.
	match($0, /^[0-9]+: /) {
		n = substr($0, 1, RLENGTH - 2)
		line = substr($0, RLENGTH + 1)
		if (line ~ /^\[ RUN      \] /) {
			running[n] = substr(line, 14); last[n] = ""
		} else if (running[n] != "" && line == "[       OK ] " running[n]) {
			good[n] = good[n] running[n] "\n"; running[n] = ""
		} else if (running[n] != "" && line == "[  SKIPPED ] " running[n]) {
			skipped[n] = skipped[n] running[n] ": " (last[n] == "" ? "no reason given" : last[n]) "\n"; running[n] = ""
		} else if (running[n] != "" && line == "[  FAILED  ] " running[n]) {
			bad[n] = bad[n] running[n] "\n"; running[n] = ""
		} else {
			last[n] = line
		}
		next
	}
	# " 3/12 Test  #7: area/name .......   Passed    0.01 sec"
	match($0, /^ *[0-9]+\/[0-9]+ Test +#[0-9]+: [^ ]+ /) {
		n = $0; sub(/^[^#]*#/, "", n); sub(/:.*/, "", n)
		name = $0; sub(/^[^#]*#[0-9]+: /, "", name); sub(/ .*/, "", name)
		count = split(good[n], part, "\n"); for (i = 1; i < count; i++) result("ok", name "/" part[i], "")
		count = split(skipped[n], part, "\n"); for (i = 1; i < count; i++) result("skip", name "/" part[i], "")
		count = split(bad[n], part, "\n"); for (i = 1; i < count; i++) result("not ok", name "/" part[i], "failed")
		inner = good[n] != "" || skipped[n] != ""
		if ($0 ~ / Passed +[0-9.]+ sec/) {
			if (!inner) result("ok", name, "")
		} else if ($0 ~ /\*\*\*Skipped/) {
			result("skip", name, last[n])
		} else if (bad[n] == "") {
			why = $0; sub(/^.*\*\*\*/, "", why); sub(/ +[0-9.]+ sec.*/, "", why)
			result("not ok", name (running[n] == "" ? "" : "/" running[n]), why)
		}
		seen[n] = 1
	}'
}

run_ctest() {
	name=$1
	shift
	log=$out/ctest-$name.log
	# No display or bus of the person who calls this. Many wait more than they compute.
	env -u DISPLAY -u WAYLAND_DISPLAY -u DBUS_SESSION_BUS_ADDRESS \
		ctest --test-dir "$out/$name" --verbose --parallel $((jobs + 1)) --timeout 300 --no-tests=error "$@" >"$log" 2>&1 </dev/null
	status=$?
	before=$(grep -c '^not ok ' "$results")
	count_ctest "$name" <"$log" >"$results.counted"
	grep -vE '^ok ' "$results.counted"
	cat "$results.counted" >>"$results"
	echo "$(grep -cE '^ok ' "$results.counted") of $(wc -l <"$results.counted") passed ($name)"
	if [ $status -ne 0 ]; then
		# Of failed tests, what they said.
		failed=$(sed -n 's/^ *[0-9]*\/[0-9]* Test *#\([0-9]*\): .*\*\*\*.*/\1/p' "$log")
		for number in $failed; do
			grep "^$number: " "$log" | tail -n 60
		done
		# ctest failed although no test did: it could not run them.
		if [ "$(grep -c '^not ok ' "$results")" -eq "$before" ]; then
			tail -n 20 "$log"
			echo "not ok $name/ctest: exit status $status, see $log" | tee -a "$results"
		fi
	fi
}

# What a script of tests/ROOM told: it prints "ok NAME", "not ok NAME: why", "skip NAME: reason".
count_cases() {
	base=$(basename "$2" .py)
	log=$out/$1-$base.log
	grep -E '^(ok|not ok|skip) ' "$log" | sed -E "s|^(ok\|not ok\|skip) |\\1 $1/$base/|" >"$results.counted"
	if [ "$3" -eq 124 ]; then
		echo "not ok $1/$base: not finished in time" >>"$results.counted"
	elif [ "$3" -eq 77 ] && grep -q '^skip ' "$results.counted"; then
		: # all of it
	elif [ "$3" -ne 0 ] && ! grep -q '^not ok ' "$results.counted"; then
		echo "not ok $1/$base: exit status $3" >>"$results.counted"
	elif [ ! -s "$results.counted" ]; then
		echo "not ok $1/$base: said nothing" >>"$results.counted"
	fi
	cat "$results.counted"
	cat "$results.counted" >>"$results"
	if grep -q '^not ok ' "$results.counted"; then
		tail -n 60 "$log" | sed 's/^/    /'
	fi
}

# script ROOM SCRIPT SECONDS [ARGUMENT...]: one script of tests/, and what it told.
script() {
	room=$1 file=$2 limit=$3
	shift 3
	ASSENT_BUILD=$out/gcc PYTHONDONTWRITEBYTECODE=1 timeout --kill-after=60 "$limit" \
		/usr/bin/python3 "$file" "$@" >"$out/$room-$(basename "$file" .py).log" 2>&1 </dev/null &
	# What ends this ends the one that runs.
	others=$children
	children="$children $!"
	wait $!
	count_cases "$room" "$file" $?
	children=$others
}

# What takes a processor for long, one after the other, beside what comes next, in a process of its own: this from the beginning,
run_machines() {
	say "static analysis (beside)"
	step analysis/cppcheck run_cppcheck
	step analysis/clang-tidy run_tidy
	step analysis/gcc-fanalyzer run_fanalyzer
	say "virtual machines with a real kernel (beside)"
	for machine in tests/device/vm/test_*.py; do
		script machine "$machine" 600
	done
}

# and this while the desktop's tests wait for each other.
run_packages() {
	say "packages (beside)"
	script package tests/package/test_deb.py 1200
	script package tests/package/test_rpm.py 900
	script package tests/package/test_vm.py 900
	say "fleet (beside)"
	script fleet tests/fleet/test_fleet.py 2400
	say "does a test notice when a rule of the policy is gone (beside)"
	step policy/mutants nice /usr/bin/python3 -B tests/policy/mutants.py
	say "endurance (beside)"
	script endurance tests/endurance/test_endurance.py 1800
}

begin_beside() {
	beside_room=$1
	set -- "--beside=$1"
	[ $mode != full ] || set -- --full "$@"
	ASSENT_STARTED=$started sh tests/run.sh "$@" >"$out/$beside_room.log" 2>&1 </dev/null &
	beside_children="$beside_children $beside_room:$!"
	children="$children $!"
}

count_beside() {
	for child in $beside_children; do
		wait "${child#*:}"
		status=$?
		cat "$out/${child%:*}.log"
		cat "$out/results-${child%:*}" >>"$results"
		[ $status -eq 0 ] || echo "not ok ${child%:*}: exit status $status, see $out/${child%:*}.log" | tee -a "$results"
	done
	children=
}

# Runs, of the scripts that it is given, those that no other worker has taken, and leaves their exit status in DIR/NAME/status.
work_on() {
	taken=$1
	shift
	trap 'kill "$running" 2>/dev/null; exit 1' HUP INT TERM
	for script; do
		name=$(basename "$script" .py)
		mkdir "$taken/$name" 2>/dev/null || continue
		ASSENT_BUILD=$out/gcc PYTHONDONTWRITEBYTECODE=1 timeout --kill-after=30 900 \
			/usr/bin/python3 "$script" >"$out/desktop-$name.log" 2>&1 </dev/null &
		running=$!
		wait "$running"
		echo $? >"$taken/$name/status"
		echo "done: $script"
	done
}

run_desktop() {
	set --
	for script in tests/desktop/test_*.py tests/security/test_attack.py tests/security/test_control.py tests/security/test_core.py; do
		[ "$script" = tests/desktop/test_apps.py ] || set -- "$@" "$script"
	done
	rm -rf "$out/desktop"
	mkdir "$out/desktop" || exit 1
	# They wait more than they compute: two more at a time than there are processors.
	workers=
	while [ "$(echo "$workers" | wc -w)" -lt $((jobs + 2)) ]; do
		work_on "$out/desktop" "$@" &
		workers="$workers $!"
		children="$children $!"
	done
	for worker in $workers; do
		wait "$worker"
	done
	for script; do
		count_cases desktop "$script" "$(cat "$out/desktop/$(basename "$script" .py)/status" || echo 1)"
	done
}

# Alone: it runs some applications side by side by itself, and measures what is kept.
run_applications() {
	set --
	limit=1500
	[ $mode != full ] || { set -- --full; limit=18000; }
	script desktop tests/desktop/test_apps.py "$limit" "$@"
	sed -n 's/^# |/    |/p' "$out/desktop-test_apps.log"
}

run_tidy() {
	# Those that gcc has just compiled, with the options that it had. Clang's analyzer is 20 times as slow as all else, and gcc's has looked already.
	checks=
	[ $mode = full ] || checks='-clang-analyzer-*'
	sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' "$out/gcc/compile_commands.json" | grep "^$PWD/agent/" | sort -u |
		nice -n 10 xargs -n 8 clang-tidy --quiet -p "$out/gcc" --checks="$checks" --warnings-as-errors='*' 2>/dev/null
}

run_fanalyzer() {
	cmake -S . -B "$out/analyzer" -G Ninja -DASSENT_WERROR=ON -DCMAKE_C_COMPILER=gcc -DBUILD_TESTING=OFF \
		'-DCMAKE_C_FLAGS=-fanalyzer -Wno-analyzer-malloc-leak' && # leaks are for LeakSanitizer: it does not guess
		nice -n 10 cmake --build "$out/analyzer" -j 1
}

run_cppcheck() {
	nice -n 10 cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --enable=warning,performance,portability \
		--suppress=missingIncludeSystem --suppress=shiftTooManyBitsSigned --suppress=arrayIndexThenCheck -D_GNU_SOURCE -DASSENT_VERSION='"0"' \
		agent
}

run_fuzzers() {
	for program in "$out"/fuzz/tests/fuzz/fuzz_*; do
		name=$(basename "$program" | sed 's/^fuzz_//')
		case $name in replay_* | *.*) continue ;; esac
		[ -x "$program" ] || continue
		# New inputs go into build/, not into the corpus.
		mkdir -p "$out/fuzz/new/$name" "$out/fuzz/crash"
		step "fuzz/$name" "$program" -max_total_time=20 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
			-artifact_prefix="$out/fuzz/crash/$name-" "$out/fuzz/new/$name" "tests/fuzz/corpus/$name"
	done
}

# ---- The run ---------------------------------------------------------------------------------

case $beside in
machines | packages) run_$beside; exit 0 ;;
esac

say "what is needed"
deps='test'
if [ $mode = full ]; then
	deps=full
	export ASSENT_FULL=1
fi
[ $mode = quick ] && deps=demo
sh packaging/deps.sh $deps || { echo "0 passed, 1 failed"; exit 1; }
# Where there is no such package, tests/device/vm says that it skips, and why.
sh packaging/deps.sh vm || echo "NO VIRTUAL MACHINE: nothing will be tried on a real kernel"
[ $mode = quick ] || sh packaging/deps.sh package || echo "NO PACKAGES: none will be built"

say "gcc"
beside_children=
if step build/gcc tree gcc -DCMAKE_C_COMPILER=gcc -DCMAKE_EXPORT_COMPILE_COMMANDS=ON; then
	if [ $mode != quick ]; then
		begin_beside machines
	fi
	run_ctest gcc --label-exclude machine
fi
if [ $mode != quick ]; then
	say "clang"
	step build/clang tree clang -DCMAKE_C_COMPILER=clang -DBUILD_TESTING=OFF # the tests: with sanitizers
	say "clang, AddressSanitizer and UndefinedBehaviorSanitizer"
	export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1
	export UBSAN_OPTIONS=print_stacktrace=1
	if step build/asan tree asan -DCMAKE_C_COMPILER=clang -DASSENT_SANITIZE=address,undefined; then
		# Times and memory mean nothing here, and a desktop is too slow, as are the long ones.
		run_ctest asan --label-exclude 'desktop|timing|killed|long'
	fi
	if [ -x "$out/gcc/agent/assent" ]; then
		begin_beside packages
	fi
	say "desktop"
	run_desktop
	say "what ran beside"
	count_beside
	say "applications"
	run_applications
fi
if [ $mode = full ]; then
	say "coverage"
	step coverage/lines sh tests/coverage.sh "$out/coverage" && sed -n 's/^|/    |/p' "$out/coverage/rooms.md"
	say "fuzzing, 20 s each"
	step build/fuzz tree fuzz -DCMAKE_C_COMPILER=clang -DASSENT_FUZZ=ON \
		-DASSENT_SANITIZE=address,undefined,fuzzer-no-link && run_fuzzers
fi

say "result"
grep '^not ok ' "$results"
grep '^skip ' "$results"
passed=$(grep -c '^ok ' "$results")
failed=$(grep -c '^not ok ' "$results")
skipped=$(grep -c '^skip ' "$results")
line="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || line="$line, $skipped skipped"
echo "$line"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
