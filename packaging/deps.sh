#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what Assent needs on Debian 12 or later (and its relatives), and says what and why.
#
#   deps.sh build    the programs and the library
#   deps.sh demo     + a private desktop with applications: packaging/quickstart.sh
#   deps.sh test     + the second compiler and tools: tests/run.sh
#   deps.sh full     + coverage: tests/run.sh --full
#   deps.sh vm       build + a virtual machine with a real kernel in it: tests/device/vm
#   deps.sh package  build + Debian packages and RPMs, and roots to install them into: tests/package
#   deps.sh fleet    build + a store, and what goes to it and comes from it: tests/fleet
#   deps.sh bench    + what Assent is compared with: tests/bench
#
# Only what is missing is installed, with sudo when this is not root. --list prints the packages and does nothing.
set -eu
LC_ALL=C
export LC_ALL

build='
gcc                     C compiler
libc6-dev               C library, headers
cmake                   build
ninja-build             build
pkg-config              build: finds the libraries
libx11-dev              X11: connection to the display
libx11-xcb-dev          X11: for the keyboard layout
libxi-dev               X11: input events
libxres-dev             X11: which process owns a window
libxkbcommon-dev        what a key means in the layout
libxkbcommon-x11-dev    what a key means in the layout
libwayland-dev          the keyboard layout on Wayland
libsystemd-dev          D-Bus: which field has the focus
libzstd-dev             compression
libyaml-dev             studies and configuration
libsodium-dev           checksums, pseudonyms
libseccomp-dev          sandbox
libevdev-dev            evdev: what input devices tell (the broker)
libjson-c-dev           evdev: what sway tells
'
demo='
libcmocka-dev           unit tests
libxtst-dev             simulated input
xvfb                    a display that nobody sees
openbox                 its window manager
xterm                   an application: terminal
zenity                  an application: password dialog
python3                 drives the desktop
python3-gi              an application: text fields
gir1.2-gtk-3.0          an application: text fields
dbus                    a session bus of its own
at-spi2-core            accessibility: what the focused field is
x11-utils               looks at windows
xdotool                 looks at windows
fonts-dejavu-core       letters on that display
sudo                    a real password prompt
'
test='
g++                     the header of libassent, its example as C++
clang                   second compiler, sanitizers, fuzzing
libclang-rt-dev         sanitizers, fuzzing
llvm                    names in the sanitizers'\'' reports
i3lock                  an application: screen locker
strace                  shows that nothing is opened before consent
xtrlock                 an application: screen locker
xsecurelock             an application: screen locker
xscreensaver            an application: screen locker
light-locker            an application: screen locker
libpam-wrapper          lets a locker be unlocked, and says by which password
libnss-wrapper          the same for a locker without PAM
pinentry-gtk2           an application: prompt
pinentry-gnome3         an application: prompt
gcr                     its window
pinentry-qt             an application: prompt
ssh-askpass             an application: prompt
ssh-askpass-gnome       an application: prompt
keepassxc               an application: password manager
lxpolkit                an application: polkit agent
polkitd                 its helper
python3-dbus            tells a logind what to say
python3-dbusmock        a logind, where there is no systemd
firefox-esr             an application: web browser
chromium                an application: web browser
gir1.2-gtk-4.0          an application: text fields of GTK 4
python3-pyqt5           an application: text fields of Qt
xinput                  input devices come and go
x11-xserver-utils       the screen changes its size (xrandr)
x11-xkb-utils           the keyboard layout changes (setxkbmap)
xfce4-terminal          an application: terminal (VTE, tabs)
gnome-terminal          an application: terminal (a server for all windows)
alacritty               an application: terminal
kitty                   an application: terminal
wtype                   a keyboard for sway: its layout is read
sway                    a Wayland compositor, whose word is taken
foot                    an application: terminal on Wayland
fuzzel                  an application: launcher on Wayland
swaylock                an application: screen locker on Wayland
umockdev                input devices that are not there
xwayland                X11 programs on Wayland
suckless-tools          an application: a menu that X11 alone knows of (dmenu)
tmux                    an application: terminals in a terminal
screen                  an application: terminals in a terminal
pinentry-curses         an application: password prompt in a terminal
dialog                  an application: password prompt in a terminal
openssh-client          an application: remote shell, its password prompt
dropbear-bin            a server for that, without a service
busybox                 an application: many programs in one file
nodejs                  runs DuckDB, Polars and others, which read what is exported
npm                     fetches them, once (tests/dataset/package.json)
clang-tidy              static analysis
cppcheck                static analysis
gdb                     forces core files, to look what is in them
scdoc                   the manual
mandoc                  reads the manual: is it well formed
man-db                  the same, as people do
zsh                     completes what is typed
fish                    completes what is typed
bash-completion         finds the completion of bash
'
vm='
qemu-system-x86         a machine with input devices, emulated
kmod                    modules of its kernel (depmod)
busybox                 its shell
zstd                    a later Debian has its kernel in it
'
full='
gcovr                   coverage: tests/coverage.sh
'
package='
build-essential         Debian packages: what every build has
debhelper               Debian packages
dh-apparmor             Debian packages: profiles
dpkg-dev                Debian packages
lintian                 Debian packages: what is wrong with them
scdoc                   the manual
python3                 the list of what was linked (SBOM), the tests
libcmocka-dev           unit tests
mmdebstrap              a clean root to install into
apparmor                reads the profiles
systemd                 reads the units
rpm                     RPM packages
elfutils                RPM packages: debugging symbols (eu-strip)
'
fleet='
python3                 many workstations
python3-swift           a store with an S3 interface (OpenStack Swift), without a service
rclone                  collects and fetches
jq                      reads the account of a dataset
'
bench='
xinput                  compared with
cnee                    compared with
python3-pynput          compared with
evtest                  compared with
libinput-tools          compared with
zpaq                    compared with
zstd                    compared with
nodejs                  runs DuckDB, compared with
npm                     fetches it, once (tests/dataset/package.json)
'

list=
case ${1-} in
--list) list=yes; shift ;;
esac
case ${1-} in
build) wanted=$build ;;
demo) wanted=$build$demo ;;
vm) wanted=$build$vm ;;
package) wanted=$build$package ;;
fleet) wanted=$build$fleet ;;
test) wanted=$build$demo$test$fleet ;;
full) wanted=$build$demo$test$fleet$full ;;
bench) wanted=$build$demo$bench ;;
*) echo "usage: deps.sh [--list] build|demo|vm|test|full|package|fleet|bench" >&2; exit 2 ;;
esac
packages=$(printf '%s' "$wanted" | awk 'NF { print $1 }')
if [ "$list" ]; then
	printf '%s\n' "$packages"
	exit 0
fi

if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
	echo "deps.sh: this is not a Debian system; needed (Debian's names):" >&2
	printf '%s' "$wanted" | sed '/^$/d; s/^/  /' >&2
	exit 1
fi

is_installed() {
	# It may come with another package (pkg-config with pkgconf, npm with other builds of nodejs).
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] && return 0
	case $1 in
	pkg-config | npm) command -v "$1" >/dev/null 2>&1 ;;
	*) return 1 ;;
	esac
}

missing=
for package in $packages; do
	is_installed "$package" || missing="$missing $package"
done
[ "$missing" ] || exit 0

echo "Needed and missing; apt-get installs it (nothing else is changed; the first time this takes some minutes):"
printf '%s' "$wanted" | awk -v missing="$missing " 'NF && index(missing, " " $1 " ") { print "  " $0 }'

refuse() {
	echo "deps.sh: $1; as root run:" >&2
	echo "  apt-get update && apt-get install --no-install-recommends$missing" >&2
	exit 1
}
sudo=
if [ "$(id -u)" != 0 ]; then
	sudo=sudo
	command -v sudo >/dev/null 2>&1 || refuse "this needs root, and there is no sudo"
	if ! sudo -n true 2>/dev/null; then
		# Its question must not come in the middle of apt's silence.
		{ [ -t 0 ] && sudo -v; } || refuse "this needs root, and sudo does not permit it"
	fi
fi
as_root() { $sudo env DEBIAN_FRONTEND=noninteractive "$@"; }

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 1' HUP INT TERM

# apt's messages matter only when it fails.
install() {
	# shellcheck disable=SC2086 # a list
	as_root apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 install --yes --no-install-recommends $missing \
		>"$log" 2>&1 </dev/null
}
known() {
	# shellcheck disable=SC2086
	apt-get -qq --simulate install --no-install-recommends $missing >"$log" 2>&1
}

fresh=
update() {
	echo "Updating apt's lists (apt-get update) ..."
	# Another repository of this machine may be out of order: what counts is whether the packages are there then.
	as_root apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 update >"$log" 2>&1 </dev/null ||
		sed 's/^/  /' "$log" >&2
	fresh=yes
}

known || update
if ! install; then
	# Lists that are too old name versions that the mirror no longer has.
	[ "$fresh" ] || { update; install; } || {
		sed 's/^/  /' "$log" >&2
		echo "deps.sh: apt-get could not install:$missing" >&2
		exit 1
	}
fi
for package in $missing; do
	is_installed "$package" || {
		sed 's/^/  /' "$log" >&2
		echo "deps.sh: $package is still missing" >&2
		exit 1
	}
done
echo "Installed."
