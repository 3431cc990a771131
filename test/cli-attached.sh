#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Without --restore-detached cr-restore waits for the tree and ends as its root does; --plan does not start anything.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

mkdir img
pid=$("$victim" 42 3)
expect 0 "$dump" -t "$pid" -D img -o dump.log -v4
gone "$pid"

before=$(count_processes)
expect 0 "$restore" -D img --plan
grep -q "$pid" out || fail "--plan does not name pid $pid"
[ "$(count_processes)" = "$before" ] || fail "--plan started something"

"$restore" -D img -o restore.log -v4 &
tool=$!
for _ in $(seq 200); do
	[ -d "/proc/$pid" ] && break
	sleep 0.02
done
sleep 0.3
alive "$pid" "$tool"
[ "$(awk '/^PPid/ { print $2 }' "/proc/$pid/status")" = "$tool" ] || fail "the root is no child of cr-restore"
kill -TERM "$pid"
status=0
wait "$tool" || status=$?
[ "$status" = 42 ] || fail "cr-restore ended with $status, its root with 42"
