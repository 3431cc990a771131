#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# crit mem, search and core on broken checkpoints, built with sanitizers: never a crash, always exit status 0, or 1 with a message.
# Needs: make SAN=1 B=build/san build/san/bin/crit
set -u
top=${CR_TOP:-.}
crit=${CR_BUILD:-$top/${BUILD:-build}}/san/bin/crit
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
[ -x "$crit" ] || { echo "no sanitized build: make SAN=1 B=build/san build/san/bin/crit"; exit 77; }
failed=0
runs=0

try() { # WHAT COMMAND...
	local what=$1 status
	shift
	timeout 60 "$crit" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	runs=$((runs + 1))
	[ $status = 0 ] && return
	[ $status = 1 ] && [ "$(head -c 6 "$work/err")" = 'crit: ' ] && return
	echo "exit status $status, $what: crit $*"
	head -n 8 "$work/err"
	failed=1
}

all() { # WHAT PID
	try "$1" mem "$work/dir" "$2" '[stack]' 256k
	try "$1" mem --json "$work/dir" "$2" zoo+0xbf000 64k
	try "$1" search "$work/dir" glibc.
	try "$1" search --json -r "$work/dir" '[a-z]+\.[a-z]+'
	try "$1" core -o "$work/core" "$work/dir" "$2"
}

for family in mem task; do
	images=$top/test/data/criu-images/$family/img
	pid=$(find "$images" -name 'mm-*.img' | sed 's/.*mm-//; s/.img//' | sort -n | head -n 1)
	cp -r "$images" "$work/dir"
	all "nothing is broken in $family" "$pid"
	for image in "$work"/dir/{pstree,files,mm-$pid,pagemap-$pid,core-$pid,pages-1}.img; do
		cp "$image" "$work/whole"
		size=$(stat -c %s "$image")
		rm "$image"
		all "${image##*/} is missing in $family" "$pid"
		head -c $((size - 3)) "$work/whole" >"$image"
		all "${image##*/} is cut in $family" "$pid"
		for _ in {1..5}; do
			cp "$work/whole" "$image"
			at=$((8 + RANDOM * 32768 % (size - 8) + RANDOM % (size > 4096 ? 4096 : size - 8)))
			# shellcheck disable=SC2059 # the byte is an escape
			printf "\\x$(printf %02x $((RANDOM % 256)))" | dd of="$image" bs=1 seek=$((at % size)) conv=notrunc status=none
			all "${image##*/} has another byte at $((at % size)) in $family" "$pid"
		done
		cp "$work/whole" "$image"
	done
	rm -r "$work/dir"
done
echo "$runs runs"
exit $failed
