#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Options in short and long form and any order; those of one tool are accepted by the other (G-2).
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

mkdir one two three work

# Short names; work directory for log and statistics; images still valid after --leave-running.
pid=$("$victim" 3 2)
expect 0 "$dump" -t "$pid" -D one -W work -o short.log -v4 -R
[ -s work/short.log ] || fail "-W and -o: no log in the work directory"
[ -e one/inventory.img ] || fail "no inventory"
alive "$pid"

# Long names, the other tool's options, "=" and blanks.
expect 0 "$dump" --verbosity=4 --restore-detached --log-file=long.log --leave-running --root / --no-default-config \
	--images-dir two --pidfile "$PWD/dump.pid" --restore-sibling --tree="$pid" --timeout 10 --work-dir=work
[ -s work/long.log ] || fail "--log-file and --work-dir: no log"
alive "$pid"

# -v0 writes less than -v4.
expect 0 "$dump" -v0 -o quiet.log -t "$pid" -D three
[ "$(stat -c %s three/quiet.log)" -lt "$(stat -c %s work/long.log)" ] || fail "-v0 is not quieter than -v4"
gone "$pid"

expect 0 "$restore" --leave-running --pidfile "$PWD/restore.pid" -D one --tree "$pid" -d -W work -o restore.log -v4
[ "$(cat restore.pid)" = "$pid" ] || fail "--pidfile says $(cat restore.pid), not $pid"
[ -s work/restore.log ] || fail "no restore log in the work directory"
alive "$pid"

# While it lives, its pids are taken: said before anything is done.
refuses "$pid" "$restore" -D two -d
alive "$pid"

kill -KILL "$pid"
sleep 0.1
expect 0 "$restore" -D two -d --display-stats
grep -qi 'restore' out || fail "--display-stats prints nothing"
[ -s two/stats-restore ] || fail "no stats-restore"
alive "$pid"
