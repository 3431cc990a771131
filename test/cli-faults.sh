#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# G-31, G-33, G-34: CRIU_FAULT chooses what goes wrong; unknown numbers are refused; 136 makes of a failure an abort().
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

mkdir img
pid=$("$victim" 0)

for wrong in 7 126 139 -1 1x '1 2' 4294967297; do
	CRIU_FAULT=$wrong refuses "CRIU_FAULT is \"$wrong\"" "$dump" -t "$pid" -D img
	CRIU_FAULT=$wrong refuses "CRIU_FAULT is \"$wrong\"" "$restore" -D img -d
done
alive "$pid"

# What this program does not do anyway, and faults of the other command: a dump succeeds.
for number in '' 2 4 6 129 130 137 138; do
	CRIU_FAULT=$number expect 0 "$dump" -t "$pid" -D img -R
	alive "$pid"
done
CRIU_FAULT=3 refuses 'CRIU_FAULT=3: memory' "$dump" -t "$pid" -D img -R
CRIU_FAULT=5 refuses 'CRIU_FAULT=5: the code' "$dump" -t "$pid" -D img -R
alive "$pid"
[ -z "$(ls img/*.img 2>/dev/null)" ] || fail "a dump that failed has left images"

# Bash tells of a program that was killed; 134 is 128 + SIGABRT.
{
	CRIU_FAULT=136 expect 0 "$dump" -t "$pid" -D img -R
	exec 6<>locked
	flock 6
	locker=$("$victim" 0)
	exec 6>&-
	CRIU_FAULT=136 expect 134 "$dump" -t "$locker" -D img
} 2>shell
grep -q -- '--file-locks' err || fail "a refusal that became an abort is not told"
alive "$pid" "$locker"
[ -z "$(find . -name 'core*' -not -path './img/*')" ] || fail "there is a core file"

expect 0 "$dump" -t "$pid" -D img
gone "$pid"
for number in 1 3 5 129 130 137 138; do
	CRIU_FAULT=$number expect 0 "$restore" -D img -d
	alive "$pid"
	kill -KILL "$pid"
	gone "$pid"
done
CRIU_FAULT=6 refuses 'CRIU_FAULT=6: the restore' "$restore" -D img -d --pidfile pidfile
[ ! -e "/proc/$pid" ] || fail "a restore that failed has left process $pid"
[ ! -e img/pidfile ] || fail "a restore that failed has left a pidfile"
kill -KILL "$locker"
gone "$locker"
