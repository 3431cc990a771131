#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A program that was deleted, with its directory, while it runs there; a file whose directory was renamed.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

here=$PWD
mkdir -p img app/bin data
cp "$(command -v sleep)" app/bin/program
echo "some data" >data/file
(cd app/bin && exec setsid ./program 1000 3<>"$here/data/file" </dev/null >/dev/null 2>&1) &
pid=$!
for _ in $(seq 100); do
	[ "$(readlink "/proc/$pid/exe")" = "$here/app/bin/program" ] && break
	sleep 0.05
done
rm -r app
mv data renamed
for _ in 1 2; do
	expect 0 "$dump" -t "$pid" -D img
	gone "$pid"
	wait "$pid" 2>/dev/null || true
	expect 0 "$restore" -D img -d
	alive "$pid"
	leads=$(readlink "/proc/$pid/exe" "/proc/$pid/cwd" "/proc/$pid/fd/3" | paste -sd' ')
	[ "$leads" = "$here/app/bin/program (deleted) $here/app/bin (deleted) $here/renamed/file" ] || fail "links: $leads"
	cmp "/proc/$pid/exe" "$(command -v sleep)" || fail "the program has changed"
	[ "$(echo ./*)" = "./err ./img ./out ./renamed" ] || fail "something was left behind: $(echo ./*)"
done
kill -KILL "$pid"
gone "$pid"
