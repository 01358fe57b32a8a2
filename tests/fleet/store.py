#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A real S3 store on the loopback: OpenStack Swift with its S3 API, out of Debian's python3-swift, in a folder of its own. No service, no root, one copy of all.

	with Store() as store:
		pathlib.Path("rclone.conf").write_text(store.config("lab"))
		store.stop(); store.start()

Run as a program it is one of its four servers: store.py FOLDER account|container|object|proxy
"""

import os
import pathlib
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
import time

PYTHON = "/usr/bin/python3"
PARTS = ("account", "container", "object", "proxy")
# Two users with keys of their own. Both may all: that one may put and not delete is nothing that Swift's tempauth can say.
USERS = {"fleet": "fleet-secret", "lab": "lab-secret"}

SERVER = """\
[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
workers = 0
log_statsd_host =
log_level = ERROR
fallocate_reserve = 0
eventlet_debug = false

[pipeline:main]
pipeline = {pipeline}

[app:{name}-server]
use = egg:swift#{name}
{more}
"""

PROXY = """\
account_autocreate = true

[filter:catch_errors]
use = egg:swift#catch_errors

[filter:gatekeeper]
use = egg:swift#gatekeeper

# Its tempauth wants to know a memcached. None answers here, and all goes on without one.
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
memcache_max_connections = 1

[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
force_swift_request_proxy_log = false

[filter:tempauth]
use = egg:swift#tempauth
{users}

[filter:slo]
use = egg:swift#slo

[filter:copy]
use = egg:swift#copy

[filter:listing_formats]
use = egg:swift#listing_formats
"""


def installed():
	return subprocess.run([PYTHON, "-c", "import swift.common.wsgi"], capture_output=True, check=False).returncode == 0


def free_ports(count):
	held = [socket.socket() for _ in range(count)]
	for one in held:
		one.bind(("127.0.0.1", 0))
	ports = [one.getsockname()[1] for one in held]
	for one in held:
		one.close()
	return ports


class Store:
	def __init__(self):
		# Swift keeps what it knows of an object in extended attributes: not every tmpfs has them.
		self.folder = pathlib.Path(tempfile.mkdtemp(prefix="assent-store-", dir=os.environ.get("ASSENT_STORE_DIR", "/var/tmp")))
		self.ports = dict(zip(PARTS, free_ports(len(PARTS))))
		self.servers = []
		self.configure()

	def configure(self):
		(self.folder / "devices/disk").mkdir(parents=True)
		(self.folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = assent\n[storage-policy:0]\nname = one\ndefault = yes\n")
		users = "\n".join(f"user_store_{name} = {secret} .admin" for name, secret in USERS.items())
		for name in PARTS:
			pipeline = f"{name}-server" if name != "proxy" else \
				"catch_errors gatekeeper cache listing_formats s3api tempauth copy slo proxy-server"
			more = PROXY.format(users=users) if name == "proxy" else ""
			(self.folder / f"{name}.conf").write_text(SERVER.format(folder=self.folder, port=self.ports[name],
				user=pwd.getpwuid(os.geteuid()).pw_name, pipeline=pipeline, name=name, more=more))
		subprocess.run([PYTHON, "-B", __file__, str(self.folder), "rings", *(str(self.ports[name]) for name in PARTS[:3])], check=True, timeout=60)

	def start(self):
		for name in PARTS:
			with open(self.folder / f"{name}.log", "ab") as log:
				self.servers.append(subprocess.Popen([PYTHON, "-B", __file__, str(self.folder), name], stdin=subprocess.DEVNULL, stdout=log,
					stderr=log))
		for name in PARTS:
			self.wait(name)

	def wait(self, name, seconds=60):
		end = time.monotonic() + seconds
		while time.monotonic() < end:
			with socket.socket() as s:
				if s.connect_ex(("127.0.0.1", self.ports[name])) == 0:
					return
			if any(server.poll() is not None for server in self.servers):
				break
			time.sleep(0.05)
		raise AssertionError(f"the store's {name} server does not answer: " + (self.folder / f"{name}.log").read_text()[-500:])

	def stop(self):
		for server in self.servers:
			server.send_signal(signal.SIGKILL)
		for server in self.servers:
			server.wait()
		self.servers = []

	def __enter__(self):
		self.start()
		return self

	def __exit__(self, *_):
		self.stop()
		subprocess.run(["rm", "-rf", "--", str(self.folder)], check=False)

	def config(self, user, name="store"):
		"""What stands in rclone.conf."""
		return (f"[{name}]\ntype = s3\nprovider = Other\nendpoint = http://127.0.0.1:{self.ports['proxy']}\nregion = us-east-1\n"
			f"access_key_id = store:{user}\nsecret_access_key = {USERS[user]}\nforce_path_style = true\nno_check_bucket = true\n")


def rings(folder, ports):
	from swift.common.ring import RingBuilder
	for name, port in zip(PARTS, ports):
		builder = RingBuilder(4, 1, 0)
		builder.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "disk", "weight": 1.0,
			"replication_ip": "127.0.0.1", "replication_port": int(port), "meta": ""})
		builder.rebalance()
		builder.get_ring().save(os.path.join(folder, name + ".ring.gz"))


def main(folder, part, *more):
	from swift.common import utils
	utils.SWIFT_CONF_FILE = os.path.join(folder, "swift.conf")
	if part == "rings":
		return rings(folder, more)
	from swift.common.wsgi import run_wsgi
	return run_wsgi(os.path.join(folder, part + ".conf"), part + "-server", verbose=True)


if __name__ == "__main__":
	sys.exit(main(*sys.argv[1:]))
