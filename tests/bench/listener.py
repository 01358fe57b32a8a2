# SPDX-License-Identifier: Apache-2.0
"""listener.py FILE: a recorder as one writes it with pynput: a line per event."""

import os
import signal
import sys
import time

from pynput import keyboard, mouse

out = open(sys.argv[1], "w", buffering=65536)


def line(kind, *columns):
	out.write(",".join(map(str, (kind, time.time(), *columns))) + "\n")


def main():
	listeners = [
		keyboard.Listener(on_press=lambda key: line("press", key), on_release=lambda key: line("release", key)),
		mouse.Listener(on_move=lambda x, y: line("move", x, y),
			on_click=lambda x, y, button, pressed: line("click", x, y, button, pressed),
			on_scroll=lambda x, y, dx, dy: line("scroll", x, y, dx, dy))]
	for listener in listeners:
		listener.start()
		listener.wait()
	signal.sigwait([signal.SIGTERM])
	# Not listener.stop(): it waits for an event that may never come.
	out.flush()
	os._exit(0)


signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
main()
