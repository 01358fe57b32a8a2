# SPDX-License-Identifier: Apache-2.0
"""Test cases as functions: each prints "ok NAME", "not ok NAME: why" or "skip NAME: reason" (see tests/run.sh)."""

import os
import sys
import time
import traceback

from desk import DeskError


# sh tests/run.sh --full
FULL = os.environ.get("ASSENT_FULL") == "1"


class Skip(Exception):
	pass


def full(function):
	"""A case that takes so long, or is told so well by others, that it is run with ASSENT_FULL=1 only, or by its name."""
	function.full = True
	return function


def note(text):
	"""A line for people: figures, and what was found on the way."""
	print("# " + text, flush=True)


def check(holds, why):
	if not holds:
		raise AssertionError(why() if callable(why) else why)


def run(*functions, all_skipped=0):
	"""Runs the functions, or those named on the command line; the exit status: all_skipped if there was nothing but skips. A case is its function's name."""
	wanted, failed, done = set(sys.argv[1:]), False, 0
	unknown = wanted - {function.__name__.replace("_", "-") for function in functions}
	if unknown:
		print(f"no such case: {', '.join(sorted(unknown))}", file=sys.stderr)
		return 2
	for function in functions:
		name = function.__name__.replace("_", "-")
		if name not in wanted if wanted else getattr(function, "full", False) and not FULL:
			continue
		began = time.monotonic()
		done += 1
		try:
			function()
		except Skip as reason:
			print(f"skip {name}: {reason}", flush=True)
			done -= 1
			continue
		except (AssertionError, DeskError) as why:
			failed = True
			print(f"not ok {name}: " + " ".join(str(why).split()), flush=True)
			continue
		except Exception as error:  # noqa: BLE001  a broken case must not hide the others
			failed = True
			for line in traceback.format_exc().splitlines():
				note(line)
			print(f"not ok {name}: {type(error).__name__}: " + " ".join(str(error).split()), flush=True)
			continue
		print(f"ok {name}", flush=True)
		note(f"{name}: {time.monotonic() - began:.1f} s")
	return 1 if failed else 0 if done else all_skipped
