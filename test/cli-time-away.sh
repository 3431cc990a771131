#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# TM-6: a call with a time limit returns when that is over by the clock, also when the tree was away for a part of it; and at once when it was
# away for longer. In images without the time of the dump nothing but what was left counts.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

seconds() {
	date +%s.%N
}

# away WAIT AWAY: a tree that waits in two ways is dumped, restored after so many seconds, and awaited. Sets $took.
away() {
	local start pid
	rm -rf img
	mkdir img
	start=$(seconds)
	# shellcheck disable=SC2016
	setsid sh -c 'sleep '"$1"' & perl -e "exit(select(undef, undef, undef, '"$1"'))" & wait' </dev/null >/dev/null 2>&1 &
	pid=$!
	sleep 0.5
	expect 0 "$dump" -t "$pid" -D img
	wait "$pid" 2>/dev/null || true
	sleep "$2"
	[ $# -lt 3 ] || "$3"
	expect 0 "$restore" -D img -d
	while [ -d "/proc/$pid" ]; do
		sleep 0.05
	done
	took=$(awk "BEGIN { print $(seconds) - $start }")
}

took_between() {
	awk "BEGIN { exit !($took >= $1 && $took < $2) }" || fail "it took $took s, not between $1 and $2"
}

forget_time() {
	"$crit" decode <img/inventory.img | sed 's|, "dump_time": [0-9]*||' | "$crit" encode >inventory
	mv inventory img/inventory.img
}

away 4 2
took_between 4 5.9
away 1 2
took_between 2 3.9
away 2 1.5 forget_time
took_between 3.3 6
