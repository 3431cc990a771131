# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# For tests of the command line: victims, and what to expect of a command.

dump=$CR_BIN/cr-dump
restore=$CR_BIN/cr-restore
crit=$CR_BIN/crit
victim=$CR_BUILD/test/helpers/victim
export dump restore crit victim

fail() {
	echo "FAIL: $*"
	[ ! -s out ] || sed 's/^/  stdout: /' out
	[ ! -s err ] || sed 's/^/  stderr: /' err
	exit 1
}

# expect STATUS COMMAND...: runs it, output into the files out and err.
expect() {
	local want=$1 got=0
	shift
	timeout 30 "$@" >out 2>err </dev/null || got=$?
	[ "$got" = "$want" ] || fail "exit status $got, not $want: $*"
}

# refuses PATTERN COMMAND...: it must fail in an orderly way, with one line on stderr that matches.
refuses() {
	local pattern=$1 got=0
	shift
	timeout 30 "$@" >out 2>err </dev/null || got=$?
	case $got in 1 | 2) ;; *) fail "exit status $got, not an orderly failure: $*" ;; esac
	grep -qE -- "$pattern" err || fail "stderr has no \"$pattern\": $*"
}

alive() { # PID...
	local pid
	for pid; do
		grep -Eq '^State:.[SR]' "/proc/$pid/status" 2>/dev/null || fail "process $pid does not run"
		grep -q '^TracerPid:.0$' "/proc/$pid/status" || fail "process $pid is traced"
	done
}

gone() { # PID...: dead, if not yet waited for; a killed process may take a moment
	local pid state
	for pid; do
		for _ in $(seq 100); do
			state=$(sed -n 's/^State:.\(.\).*/\1/p' "/proc/$pid/status" 2>/dev/null || true)
			case $state in '' | Z | X) continue 2 ;; esac
			sleep 0.02
		done
		fail "process $pid is still there, in state $state"
	done
}

count_processes() {
	local n=0 p
	for p in /proc/[0-9]*; do
		! grep -q '^State:.Z' "$p/status" 2>/dev/null && n=$((n + 1))
	done
	echo "$n"
}
