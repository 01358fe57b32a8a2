#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian packages from this tree, as it lies here, into DIR (build/deb): a copy of the source with debian/ in it, and
# dpkg-buildpackage -us -uc -b.
#
#   deb.sh [--maintainer "NAME <MAIL>"] [--version VERSION] [--out DIR] [--check] [--lintian]
#
# --maintainer   who answers for these packages: who deploys them
# --version      another version than CMakeLists.txt's, of packages and programs (tests of an upgrade)
# --check        run the tests that need no desktop, too
# --lintian      lintian on the result: any error or warning fails
#
# The same tree gives the same bytes, wherever, whenever and by whom it is built (same compiler and libraries).
set -eu
# The build itself runs as it was called; it must not matter.
caller_umask=$(umask)
caller_locale=${LC_ALL:-${LANG:-C}}
LC_ALL=C
export LC_ALL
umask 022
root=$(cd "$(dirname "$0")/.." && pwd)

usage() { echo "usage: deb.sh [--maintainer 'NAME <MAIL>'] [--version VERSION] [--out DIR] [--check] [--lintian]" >&2; exit 2; }
maintainer='Assent maintainers <maintainers@example.org>'
version=$(sed -n 's/^project(assent VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
out=$root/build/deb
options=nocheck
lintian=
while [ $# -gt 0 ]; do
	case $1 in
	--maintainer) [ $# -ge 2 ] || usage; maintainer=$2; shift 2 ;;
	--version) [ $# -ge 2 ] || usage; version=$2; shift 2 ;;
	--out) [ $# -ge 2 ] || usage; out=$2; shift 2 ;;
	--check) options=; shift ;;
	--lintian) lintian=yes; shift ;;
	*) usage ;;
	esac
done
case $version in
'' | *[!0-9.]*) echo "deb.sh: '$version' is no version of numbers and dots" >&2; exit 2 ;;
esac
case $maintainer in
*['|&\']*) echo "deb.sh: --maintainer: use no | & or \\" >&2; exit 2 ;;
?*' <'?*@?*'>') ;;
*) echo "deb.sh: --maintainer '$maintainer' is not of the form NAME <MAIL>" >&2; exit 2 ;;
esac
for tool in dpkg-buildpackage dh dh_apparmor scdoc ${lintian:+lintian}; do
	command -v "$tool" >/dev/null || { echo "deb.sh: $tool is not installed (sh packaging/deps.sh package)" >&2; exit 1; }
done

# What git would keep, without it everything but what was built.
files() {
	if git -C "$root" rev-parse --git-dir >/dev/null 2>&1; then
		git -C "$root" ls-files -z --cached --others --exclude-standard
	else
		(cd "$root" && find . -path './build*' -prune -o -name __pycache__ -prune -o -type f -print0 | sed -z 's|^\./||')
	fi | (cd "$root" && xargs -0 sh -c 'for file; do [ ! -f "$file" ] || printf "%s\0" "$file"; done' sh) | sort -z
}

mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/assent-deb.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
tree=$work/assent-$version
mkdir "$tree"
files | (cd "$root" && tar --null --no-recursion --files-from=- -cf -) | tar -C "$tree" -xf - --no-same-owner
cp -r "$tree/packaging/debian" "$tree/debian"
sed -i "s|@MAINTAINER@|$maintainer|; s|@VERSION@|$version|" "$tree/debian/control" "$tree/debian/changelog"
# A version of one's own must be the programs', too.
sed -i "s/^project(assent VERSION [0-9.]*/project(assent VERSION $version/" "$tree/CMakeLists.txt"
# Rights and times as if checked out by anybody at any time.
chmod -R u=rwX,go=rX "$tree"
find "$tree" -exec touch -h -d "$(sed -n 's/^ -- .*>  //p' "$tree/debian/changelog" | head -n 1)" {} +

# Of the caller's environment nothing that a compiler listens to.
jobs=$(nproc 2>/dev/null || echo 2)
(cd "$tree" && umask "$caller_umask" && env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$work" LC_ALL="$caller_locale" TZ="${TZ:-UTC}" DEB_BUILD_OPTIONS="$options parallel=$jobs" \
	dpkg-buildpackage -us -uc -b) >"$work/log" 2>&1 </dev/null || {
	tail -n 60 "$work/log" | sed 's/^/  /' >&2
	echo "deb.sh: dpkg-buildpackage failed" >&2
	exit 1
}
if [ "$lintian" ]; then
	# As root it asks not to be; what it reads here is ours. Packages of one's own close no bug of Debian's.
	lintian --allow-root --info --suppress-tags initial-upload-closes-no-bugs --fail-on error,warning "$work"/*.changes || { echo "deb.sh: lintian objects, see above" >&2; exit 1; }
fi
cp "$work/log" "$out/build.log"
find "$work" -maxdepth 1 \( -name '*.deb' -o -name '*.changes' -o -name '*.buildinfo' \) -exec mv -t "$out" {} +
for package in "$out"/*_"$version"-1_*.deb; do
	echo "$package"
done
