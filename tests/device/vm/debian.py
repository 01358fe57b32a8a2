# SPDX-License-Identifier: Apache-2.0
"""A Debian with systemd as process 1, D-Bus, udev and logind: its packages taken apart, none of their scripts run, in one
archive that is kept. What a script would have made and is needed is made here; units that are of no use are masked."""

import pathlib
import tempfile

import archive
import kernel
from packages import Apt, made, members

PACKAGES = ("systemd", "systemd-sysv", "libnss-systemd", "libpam-systemd", "dbus", "udev", "kmod", "util-linux", "coreutils", "dash",
	"busybox", "mount", "libevdev2", "libseccomp2", "libyaml-0-2", "libsodium23", "libzstd1")

# Large, and of no use here.
WITHOUT = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/zoneinfo", "usr/share/bash-completion",
	"usr/share/lintian", "usr/share/perl", "usr/share/debconf", "usr/lib/udev/hwdb.d", "usr/lib/x86_64-linux-gnu/perl",
	"usr/lib/x86_64-linux-gnu/gconv", "usr/share/i18n", "usr/share/zsh", "usr/share/polkit-1", "usr/share/gcc", "usr/bin/perl", "usr/share/pam",
	"usr/lib/systemd/catalog", "usr/lib/systemd/systemd-networkd", "usr/lib/x86_64-linux-gnu/libperl", "usr/lib/x86_64-linux-gnu/libmvec",
	"usr/share/dpkg", "usr/share/keyrings", "var/lib", "var/run") # the last is a link

# Users 1001 and 1002 sit at the machine; nobody else does.
USERS = """root:x:0:0::/root:/bin/sh
messagebus:x:101:101::/nonexistent:/usr/sbin/nologin
systemd-network:x:102:102::/nonexistent:/usr/sbin/nologin
systemd-resolve:x:103:103::/nonexistent:/usr/sbin/nologin
systemd-timesync:x:104:104::/nonexistent:/usr/sbin/nologin
user1:x:1001:1001::/tmp:/bin/sh
user2:x:1002:1002::/tmp:/bin/sh
user3:x:1003:1003::/tmp:/bin/sh
nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin
"""
GROUPS = {"root": 0, "adm": 4, "tty": 5, "disk": 6, "lp": 7, "man": 12, "kmem": 15, "dialout": 20, "cdrom": 24, "tape": 26, "audio": 29,
	"utmp": 43, "video": 44, "users": 100, "messagebus": 101, "systemd-network": 102, "systemd-resolve": 103, "systemd-timesync": 104,
	"input": 105, "render": 106, "kvm": 107, "sgx": 108, "systemd-journal": 109, "user1": 1001, "user2": 1002, "user3": 1003,
	"nogroup": 65534}

# Nothing changes between starts, nobody logs in by a prompt, there is no network and no time but the machine's. The manager
# of a user's own services would take PAM, and seconds.
MASKED = (
	"systemd-sysusers.service", "ldconfig.service", "systemd-firstboot.service", "systemd-hwdb-update.service",
	"systemd-update-done.service", "systemd-journal-catalog-update.service", "systemd-machine-id-commit.service",
	"systemd-timesyncd.service", "systemd-update-utmp.service", "systemd-update-utmp-runlevel.service", "systemd-random-seed.service",
	"systemd-pstore.service", "systemd-boot-system-token.service", "systemd-journal-flush.service", "systemd-remount-fs.service",
	"e2scrub_reap.service", "fstrim.timer", "systemd-tmpfiles-clean.timer", "getty.target", "getty@.service", "autovt@.service",
	"serial-getty@ttyS0.service", "user@.service", "sys-kernel-debug.mount", "sys-kernel-tracing.mount", "sys-kernel-config.mount",
	"dev-hugepages.mount", "dev-mqueue.mount", "modprobe@loop.service", "modprobe@dm_mod.service", "sys-fs-fuse-connections.mount",
	"kmod-static-nodes.service", "systemd-binfmt.service", "proc-sys-fs-binfmt_misc.automount", "systemd-user-sessions.service",
	"modprobe@drm.service", "modprobe@configfs.service", "modprobe@fuse.service", "modprobe@efi_pstore.service",
	"systemd-fsck-root.service", "systemd-ask-password-console.path", "systemd-ask-password-wall.path", "systemd-initctl.socket")

GUEST = """[Unit]
After=multi-user.target systemd-logind.service systemd-udev-trigger.service
[Service]
ExecStart=/usr/bin/guest serve /dev/ttyS1
KillMode=process
"""


def base():
	"""The file of the archive with Debian in it."""
	apt = Apt()
	key = " ".join((*sorted(apt.files(*PACKAGES)), kernel.get().version, *_recipe()))
	return made("debian", key, lambda folder: _make(apt, folder)) / "archive"


def layer(name, packages, unwanted=(), without=WITHOUT):
	"""The file of an archive with more packages and what they depend on, to come after base(). unwanted: packages that are left out though
	others depend on them; without: beginnings of names of files."""
	apt = Apt()
	there = {file.split("_")[0] for file in apt.files(*PACKAGES)}
	files = sorted(file for file in apt.files(*PACKAGES, *packages) if file.split("_")[0] not in there.union(unwanted))
	return made(name, " ".join((*files, *without, *_recipe())), lambda folder: _make_layer(apt, files, without, folder)) / "archive"


def _recipe():
	here = pathlib.Path(__file__).parent
	return [(here / f"{name}.py").read_text() for name in ("debian", "archive")]


def _make_layer(apt, files, without, folder):
	more = archive.Archive(folder / "archive")
	with tempfile.TemporaryDirectory(dir=folder.parent) as place:
		for package in apt.download_only(place, *(file.split("_")[0] for file in files)):
			with members(package) as tar:
				more.package(tar, without)
	more.save()


def _make(apt, folder):
	root = archive.Archive(folder / "archive")
	for name in ("proc", "sys", "dev", "run", "root", "home", "var/log", "var/lib", "var/tmp"):
		root.folder("/" + name)
	root.folder("/tmp", 0o1777)
	root.node("/dev/console", 0o600, (5, 1))
	root.tree(kernel.get().folder / "lib", "/lib")
	root.add("/etc/passwd", USERS)
	root.add("/etc/shadow", "".join(line.partition(":")[0] + ":*:19000::::::\n" for line in USERS.splitlines()), 0o640)
	root.add("/etc/group", "".join(f"{name}:x:{number}:\n" for name, number in GROUPS.items()))
	root.add("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
	root.add("/etc/hostname", "guest\n")
	root.add("/etc/nsswitch.conf", "passwd: files systemd\ngroup: files systemd\nshadow: files\nhosts: files\n")
	root.add("/etc/hosts", "127.0.0.1 localhost guest\n")
	root.add("/etc/fstab", "")
	root.add("/etc/systemd/logind.conf.d/guest.conf", "[Login]\nNAutoVTs=0\nReserveVT=0\n")
	root.add("/etc/systemd/journald.conf.d/guest.conf", "[Journal]\nStorage=volatile\nForwardToConsole=no\n")
	root.add("/etc/modules-load.d/guest.conf", "evdev\nuinput\nvirtio_pci\nvirtio_input\n")
	root.add("/etc/systemd/system/guest.service", GUEST)
	root.link("/etc/systemd/system/default.target.wants/guest.service", "../guest.service")
	root.link("/etc/systemd/system/default.target", "/lib/systemd/system/multi-user.target")
	for unit in MASKED:
		root.link(f"/etc/systemd/system/{unit}", "/dev/null")
	root.link("/init", "/lib/systemd/systemd")
	root.link("/var/run", "/run")
	for package in apt.download(*PACKAGES):
		with members(package) as tar:
			root.package(tar, WITHOUT)
	root.link("/bin/sh", "dash")
	root.save()
	apt.clean()
