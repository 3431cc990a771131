#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A program of the same size but another build id is noticed at the restore, unless only sizes are to be compared.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

mkdir img sizes
cp "$(command -v sleep)" program
setsid ./program 1000 </dev/null >/dev/null 2>&1 &
pid=$!
for _ in $(seq 100); do
	[ "$(readlink "/proc/$pid/exe")" = "$PWD/program" ] && break
	sleep 0.05
done
expect 0 "$dump" -t "$pid" -D sizes --leave-running --file-validation filesize
expect 0 "$dump" -t "$pid" -D img
gone "$pid"
wait "$pid" || true

"$crit" decode -i img/files.img >files.json
grep -q '"build_id"' files.json || fail "the images have no build id"
! "$crit" decode -i sizes/files.img | grep -q '"build_id"' || fail "the images have a build id in spite of the option"
sed -E 's/("build_id": \[)[0-9]+/\112345/' files.json >changed.json
"$crit" encode -i changed.json -o img/files.img
refuses 'program: it is another program' "$restore" -D img -d
refuses '--file-validation is filesize or buildid' "$restore" -D img -d --file-validation size
expect 0 "$restore" -D img -d --file-validation filesize
alive "$pid"
kill -KILL "$pid"
gone "$pid"
