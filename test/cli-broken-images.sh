#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Images that are missing, cut off, or changed: refused with the file's name, no process left, and the good ones still work.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

mkdir good
pid=$("$victim" 0 2)
expect 0 "$dump" -t "$pid" -D good
gone "$pid"
before=$(count_processes)

broken() { # NAME: the directory `bad` must be refused, with NAME in the message
	local got=0
	timeout 30 "$restore" -D bad -d >out 2>err </dev/null || got=$?
	case $got in 1 | 2) ;; *) fail "exit status $got with a broken $1" ;; esac
	grep -qF -- "$1" err || fail "the message does not name $1"
	[ "$(count_processes)" = "$before" ] || fail "processes were left behind after a broken $1"
}

for name in inventory.img pstree.img "core-$pid.img" "mm-$pid.img" "pagemap-$pid.img" files.img; do
	rm -rf bad && cp -a good bad && rm "bad/$name"
	broken "$name"
	rm -rf bad && cp -a good bad && truncate -s -3 "bad/$name"
	broken "$name"
	# The magic, and the length of the first record.
	for at in 1 9; do
		rm -rf bad && cp -a good bad
		printf '\377' | dd of="bad/$name" bs=1 seek=$at conv=notrunc status=none
		broken "$name"
	done
done
rm -rf bad && cp -a good bad && truncate -s -4096 bad/pages-1.img
broken pages-1.img

expect 0 "$restore" -D good -d
alive "$pid"
