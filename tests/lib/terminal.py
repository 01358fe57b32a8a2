# SPDX-License-Identifier: Apache-2.0
"""A program on a pseudo-terminal, with somebody who types what is not shown."""

import os
import pty
import select
import signal
import termios
import time


class Terminal:
	"""A shell's terminal with `assent` in it."""

	def __init__(self, arguments, env, user=None):
		self.said = b""
		# The terminal's own end stays open: what its last user leaves behind is to be looked at.
		self.fd, self.slave = pty.openpty()
		self.pid = os.fork()
		if self.pid == 0:
			try:
				os.login_tty(self.slave)
				if user is not None:
					os.setgroups([])
					os.setgid(user)
					os.setuid(user)
				os.execvpe(arguments[0], arguments, env)
			finally:
				os._exit(127)

	def read(self, seconds=0.2):
		if not select.select([self.fd], [], [], seconds)[0]:
			return False
		try:
			self.said += os.read(self.fd, 65536)
		except OSError:
			return False
		return True

	def wait(self, text, seconds=20):
		end = time.monotonic() + seconds
		while text.encode() not in self.said:
			if time.monotonic() > end:
				raise AssertionError(f"no {text!r} in {self.said!r}")
			self.read()

	def wait_hidden(self, text):
		self.wait(text)
		end = time.monotonic() + 20
		while self.echo() and time.monotonic() < end:
			time.sleep(0.02)
		assert not self.echo()

	def echo(self):
		return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

	def type(self, text):
		os.write(self.fd, text if isinstance(text, bytes) else text.encode())

	def end(self, seconds=20):
		limit = time.monotonic() + seconds
		while True:
			self.read()
			pid, status = os.waitpid(self.pid, os.WNOHANG)
			if pid:
				break
			if time.monotonic() > limit:
				os.kill(self.pid, signal.SIGKILL)
				raise AssertionError(f"does not end: {self.said!r}")
		while self.read(0):
			pass
		self.echoes = self.echo()
		os.close(self.slave)
		os.close(self.fd)
		return os.waitstatus_to_exitcode(status)
