#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# --remap-path OLD=NEW: program, working directory, open and deleted files are found elsewhere, by the longest prefix.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

here=$PWD
mkdir -p img old/app/logs
cp "$(command -v sleep)" old/app/program
echo "some data" >old/app/data
(cd old/app && exec setsid ./program 1000 3>>logs/log 4<data 5<"$here/old/app" 6<>gone </dev/null >/dev/null 2>&1) &
pid=$!
for _ in $(seq 100); do
	[ "$(readlink "/proc/$pid/exe")" = "$here/old/app/program" ] && break
	sleep 0.05
done
rm old/app/gone
expect 0 "$dump" -t "$pid" -D img
gone "$pid"
wait "$pid" || true

mv old/app new
mv new/logs elsewhere
refuses "$here/old/app/program" "$restore" -D img -d
refuses "--remap-path wants OLD=NEW" "$restore" -D img -d --remap-path "$here/old"
expect 0 "$restore" -D img -d --remap-path "$here/old/app/=$here/new" --remap-path "$here/old/app/logs=$here/elsewhere" \
	--remap-path "$here/ol=/nowhere"
alive "$pid"

leads() { # LINK WHERE
	[ "$(readlink "/proc/$pid/$1")" = "$2" ] || fail "$1 leads to $(readlink "/proc/$pid/$1"), not to $2"
}
leads exe "$here/new/program"
leads cwd "$here/new"
leads fd/3 "$here/elsewhere/log"
leads fd/4 "$here/new/data"
leads fd/5 "$here/new"
leads fd/6 "$here/new/gone (deleted)"
leads fd/0 /dev/null
grep -q "$here/new/program" "/proc/$pid/maps" || fail "the program is not mapped"
[ -z "$(ls -A old)" ] || fail "something was made under the old name"
kill -KILL "$pid"
gone "$pid"
