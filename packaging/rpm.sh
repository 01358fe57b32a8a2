#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the RPM packages from this tree, as it lies here, into DIR (build/rpm): an archive of the source, a spec file, rpmbuild.
#
#   rpm.sh [--out DIR] [--version VERSION] [--with apparmor] [--checked]
#
# --checked: rpmbuild is to look whether the packages that the build needs are installed as RPMs (on a distribution that has them; on
# Debian packaging/deps.sh has installed them). SOURCE_DATE_EPOCH: the time in the packages, else that of packaging/debian/changelog.
# The same tree gives the same bytes (same compiler and libraries).
set -eu
LC_ALL=C
export LC_ALL
umask 022
root=$(cd "$(dirname "$0")/.." && pwd)

usage() { echo "usage: rpm.sh [--out DIR] [--version VERSION] [--with apparmor] [--checked]" >&2; exit 2; }
out=$root/build/rpm
version=$(sed -n 's/^project(assent VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
with=
nodeps=--nodeps
while [ $# -gt 0 ]; do
	case $1 in
	--out) [ $# -ge 2 ] || usage; out=$2; shift 2 ;;
	--version) [ $# -ge 2 ] || usage; version=$2; shift 2 ;;
	--with) [ $# -ge 2 ] || usage; with="--with=$2"; shift 2 ;;
	--checked) nodeps=; shift ;;
	*) usage ;;
	esac
done
case $version in
'' | *[!0-9.]*) echo "rpm.sh: '$version' is no version of numbers and dots" >&2; exit 2 ;;
esac
if ! command -v rpmbuild >/dev/null; then
	echo "rpm.sh: rpmbuild is not installed (Debian: sh packaging/deps.sh package)" >&2
	exit 1
fi

# What git would keep, without it everything but what was built.
files() {
	if git -C "$root" rev-parse --git-dir >/dev/null 2>&1; then
		git -C "$root" ls-files -z --cached --others --exclude-standard
	else
		(cd "$root" && find . -path './build*' -prune -o -name __pycache__ -prune -o -type f -print0 | sed -z 's|^\./||')
	fi | (cd "$root" && xargs -0 sh -c 'for file; do [ ! -f "$file" ] || printf "%s\0" "$file"; done' sh) | sort -z
}
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
	SOURCE_DATE_EPOCH=$(date -d "$(sed -n 's/^ -- .*  //p' "$root/packaging/debian/changelog" | head -n 1)" +%s)
fi
export SOURCE_DATE_EPOCH

mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d "$out/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
name=assent-$version
mkdir -p "$work/BUILD" "$work/BUILDROOT" "$work/RPMS" "$work/SOURCES" "$work/SPECS" "$work/SRPMS" "$work/tmp" "$work/$name"
files | (cd "$root" && tar --null --no-recursion --files-from=- -cf -) | tar -C "$work/$name" -xf -
# A version of one's own (tests of an upgrade) must be the programs', too.
sed -i "s/^project(assent VERSION [0-9.]*/project(assent VERSION $version/" "$work/$name/CMakeLists.txt"
# Rights as they would be after a checkout with the usual umask, whatever they are here.
chmod -R u=rwX,go=rX "$work/$name"
tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -cf - "$name" | gzip -n >"$work/SOURCES/$name.tar.gz"
sed "s/@VERSION@/$version/" "$root/packaging/rpm/assent.spec.in" >"$work/SPECS/assent.spec"
# tmp: rpm's scripts, of which nothing may be left. Binary packages first, and alone: else they hold a checksum of the source package, and
# that names the folder it was made in, unless it is made by itself, in none.
build() {
	rpmbuild "$@" $nodeps $with --define "_topdir $work" --define "_tmppath $work/tmp" "$work/SPECS/assent.spec" >>"$work/log" 2>&1 </dev/null || {
		sed 's/^/  /' "$work/log" >&2
		echo "rpm.sh: rpmbuild failed" >&2
		exit 1
	}
}
build -bb
cd "$work/SOURCES"
build -bs --define "_sourcedir ." --define "_builddir ." --define "_buildrootdir ."
# What each was linked with, as it is shipped: beside it.
for package in "$work"/RPMS/*/*.rpm; do
	file=${package##*/}
	case $file in *-debuginfo-* | *-debugsource-*) continue ;; esac
	mkdir -p "$work/bill/$file.d"
	(cd "$work/bill" && cp "$package" . && rpm2archive "$file" 2>>"$work/log" && tar -C "$file.d" -xzf "$file.tgz")
	python3 "$root/packaging/sbom.py" --kind rpm --root "$work/bill/$file.d" --package "$(rpm -qp --qf '%{NAME}' "$package")" --version "$(rpm -qp --qf '%{VERSION}-%{RELEASE}' "$package")" \
		--architecture "$(rpm -qp --qf '%{ARCH}' "$package")" --out "$out/${file%.rpm}.spdx.json"
done
find "$work/RPMS" "$work/SRPMS" -name '*.rpm' -exec mv -t "$out" {} +
cp "$work/SPECS/assent.spec" "$out/"
for package in "$out"/*"-$version-"*.rpm; do
	echo "$package"
done
