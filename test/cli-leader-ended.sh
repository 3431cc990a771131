#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A checkpoint of a process whose first thread has exited (TH-3): what crit says of it; and to a reader who does not know the mark of
# that thread its image is of one that is about to exit, so it ends all the same.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

mkdir img
chmod 777 . # the program is an ordinary user
"$CR_BUILD/test/thread-leader-ended" start
pid=$(cat pid)
expect 0 "$dump" -t "$pid" -D img
left=1 # a killed thread may take a moment
for _ in $(seq 200); do
	left=$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 ! -name "$pid" 2>/dev/null | wc -l)
	[ "$left" = 0 ] && break
	sleep 0.02
done
[ "$left" = 0 ] || fail "there are $left threads left"

expect 0 "$crit" verify img
expect 0 "$crit" x img ps --json
grep -q '"first_thread_ended": *true' out || fail "crit x ps does not tell that the first thread has ended"
expect 0 "$crit" x img threads
grep -q "^	 *$pid .* ended, exit status 33" out || fail "crit x threads does not tell how the first thread has ended"
expect 0 "$crit" core -o core img "$pid"
if command -v readelf >/dev/null; then
	[ "$(readelf -n core | grep -c NT_PRSTATUS)" = 4 ] || fail "the core file does not have the four threads that live"
fi
expect 0 "$crit" x img signals
expect 0 "$crit" report -o report.html img

ended() {
	[ "$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$pid/status")" = Z ]
}

"$crit" set --delete '.entries[0].tc.leader_ended' img "core-$pid.img" >/dev/null
expect 0 "$restore" -D img -d
for _ in $(seq 200); do
	ended && break
	sleep 0.05
done
ended || fail "the first thread goes on"
kill -TERM "$pid"
for _ in $(seq 200); do
	[ -e log ] && grep -qx PASS log && exit 0
	sleep 0.05
done
fail "the program found something wrong: $(cat log*)"
