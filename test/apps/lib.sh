# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What the app tests share: an app is dumped twice in the middle of its work, once left running, once killed and restored.
#
# An app script says
#	needs	prints the programs it takes
#	prepare	makes the input and the result of an undisturbed run
#	start	starts the app by launch or serve
#	progress	prints how much of the work is done, in per cent
#	result	the app is at its end: is all as in the undisturbed run?
# and may replace, where it differs
#	moments	how much is done, in per cent, at the two dumps
#	options	more options for both tools
#	work	what this side does while it waits for progress
#	outside	what others see of the app, before and after each dump and after the restore
#	look	what a dump with --leave-running must not change: held, if processes come and go all the time
#	refused	a pattern: when the first dump is refused for nothing but such lines, and the app ends as if there had been none,
#		then this version cannot do more
#	passing	a pattern: a dump that is refused for nothing but such lines is tried again a moment later
#	finish	waits for the end of the work after the restore

moments() { echo 20 50; }
options() { :; }
work() { sleep 0.05; }
outside() { :; }
refused() { :; }
# What a client has sent before the server has even accepted its connection, nobody can look at.
passing() { echo "a connection waits that has sent data already"; }
patience=${APP_PATIENCE:-300}
root=
facts=

fail() {
	echo "FAIL: $*"
	exit 1
}

skip() {
	echo "$*"
	exit 77
}

# launch COMMAND...: in a session of its own, below a shell that writes down how it ended.
launch() {
	# shellcheck disable=SC2016 # for the shell inside
	setsid sh -c '"$@"; echo $? >exit-status' sh "$@" </dev/null >stdout 2>stderr &
	root=$!
}

# serve COMMAND...: in a session of its own; it does not end by itself.
serve() {
	setsid "$@" </dev/null >stdout 2>stderr &
	root=$!
}

# Runs the same once without us. Its files are kept in the directory "undisturbed".
undisturbed() { # FILE...
	local begin=$EPOCHREALTIME
	start
	wait "$root"
	took "undisturbed" "$begin"
	mkdir -p undisturbed
	mv "$@" stdout stderr exit-status undisturbed/ || fail "the undisturbed run left no $*"
	[ "$(cat undisturbed/exit-status)" = 0 ] || fail "the undisturbed run failed: $(tail -n 3 undisturbed/stderr)"
}

same() { # FILE...: as in the undisturbed run?
	local f
	for f; do
		cmp "$f" "undisturbed/$f" || fail "$f is not what an undisturbed run makes"
	done
}

took() { # NAME BEGIN: notes the milliseconds since then
	local us=$((${EPOCHREALTIME/./} - ${2/./}))
	facts="$facts, $1 $((us / 1000000)).$(printf %02d $((us / 10000 % 100))) s"
}

tree() { # [PID]: all processes below it, and itself
	local pid=${1:-$root} child
	echo "$pid"
	# shellcheck disable=SC2013 # words they are
	for child in $(cat "/proc/$pid/task/"*/children 2>/dev/null); do
		tree "$child"
	done
}

find_in_tree() { # COMM: the first process of that name
	local pid
	for pid in $(tree); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] && echo "$pid" && return
	done
	return 1
}

threads() { # COMM COUNT: has that process so many?
	local pid
	pid=$(find_in_tree "$1") || fail "there is no $1"
	[ "$(find "/proc/$pid/task" -maxdepth 1 -name '[0-9]*' | wc -l)" = "$2" ] ||
		fail "$1 has these threads, not $2: $(ls "/proc/$pid/task")"
}

position() { # COMM FILE: how far that process is in that file, in per cent of its size
	local pid fd pos=0
	[ ! -e exit-status ] || { echo 100; return; }
	pid=$(find_in_tree "$1") || { echo 0; return; }
	for fd in "/proc/$pid/fd/"*; do
		[ "$fd" -ef "$2" ] || continue
		pos=$(awk '$1 == "pos:" { print $2 }' "/proc/$pid/fdinfo/${fd##*/}" 2>/dev/null)
	done
	echo $((${pos:-0} * 100 / $(stat -c %s "$2")))
}

size() { # FILE...: bytes in all, 0 if there is none
	local sum=0 n
	for n in $(stat -c %s "$@" 2>/dev/null); do
		sum=$((sum + n))
	done
	echo $sum
}

free_port() {
	local port
	for port in {28000..28999}; do
		grep -qi ":$(printf %04X "$port") " /proc/net/tcp /proc/net/tcp6 2>/dev/null || { echo "$port"; return; }
	done
}

# Connections do not survive: no client may be connected at a dump (only "listening" and "time wait" are left then).
no_client() { # PORT
	local until=$((SECONDS + 20))
	while awk -v port=":$(printf %04X "$1")" '(substr($2, length($2) - 4) == port || substr($3, length($3) - 4) == port) &&
		$4 != "0A" && $4 != "06" { found = 1 } END { exit !found }' /proc/net/tcp; do
		[ $SECONDS -lt $until ] || fail "there is a client at port $1 that does not go away"
		sleep 0.05
	done
}

# What two moments in a tree must have in common: its processes, and that nobody traces or stops them.
look() {
	local pid
	for pid in $(tree); do
		awk -v pid="$pid" '/^(Name|PPid|TracerPid):/ { printf "%s ", $0 } $1 == "State:" && $2 ~ /[tTXZ]/ { printf "%s ", $0 }
			END { print pid }' "/proc/$pid/status" 2>/dev/null
	done
}

# Of a tree whose processes come and go: whom does somebody trace or stop?
held() {
	local pid
	for pid in $(tree); do
		awk -v pid="$pid" '($1 == "TracerPid:" && $2) || ($1 == "State:" && $2 ~ /[tT]/) { print pid, $0 }' "/proc/$pid/status" 2>/dev/null
	done
}

alive() { # the root of the tree
	[ -d "/proc/$root" ] && ! grep -q '^State:.Z' "/proc/$root/status" 2>/dev/null
}

await() { # PERCENT: of the work done; nothing can be told yet when the app has only just begun
	local now=0 until=$((SECONDS + patience))
	while now=$(progress 2>/dev/null) || now=0; [ "${now:-0}" -lt "$1" ]; do
		alive || fail "the app ended at $now %: $(tail -n 3 stderr)"
		[ $SECONDS -lt $until ] || fail "after $patience s it is still at $now %, not at $1 %"
		work
	done
	alive || fail "the app ended before $1 %: $(tail -n 3 stderr)"
}

tool() { # NAME OPTION...: runs cr-dump or cr-restore; its messages are ours
	local name=$1 begin=$EPOCHREALTIME
	shift
	# shellcheck disable=SC2046 # options are words
	timeout 120 "$CR_BUILD/bin/$name" -v4 -o "$name.log" --display-stats $(options) "$@" >"$name.out" 2>&1 </dev/null || {
		local status=$?
		if [ "$name" = cr-dump ]; then
			accept_refusal
			only_refused "$(passing)" && sleep 0.02 && tool "$name" "$@" && return
		fi
		cat "$name.out"
		fail "$name $*: exit status $status"
	}
	took "$name" "$begin"
	! grep -q 'Frozen time' "$name.out" ||
		facts="$facts (frozen $(awk '/Frozen time/ { printf "%.0f", $3 / 1000 }' "$name.out") ms)"
}

only_refused() { # PATTERN
	[ -n "$1" ] && grep -q 'nothing was changed' cr-dump.out && ! grep -vE "$1|nothing was changed|: hint: " cr-dump.out
}

# Nothing but what this version is known to refuse? Then the app has to go on to its end, and is skipped.
accept_refusal() {
	local pattern
	pattern=$(refused)
	[ ! -e img2 ] || return
	only_refused "$pattern" || return
	finish
	result
	leftovers
	skip "unharmed, but refused: $(grep -oEm 1 "$pattern" cr-dump.out)"
}

dump_and_leave() { # PERCENT of the work that must be done
	local before at
	mkdir img1
	before=$(look)
	at=$(progress)
	[ "$at" -ge "$1" ] || fail "the app is at $at % only: this shows nothing"
	tool cr-dump -t "$root" -D img1 -W img1 --leave-running
	[ "$(look)" = "$before" ] || fail "the dump with --leave-running changed the tree: $before; now: $(look)"
	facts="$facts at $at %"
}

dump_and_kill() { # PERCENT of the work that must be done
	local at pids pid until
	mkdir img2
	at=$(progress)
	[ "$at" -ge "$1" ] || fail "the app is at $at % only: this shows nothing"
	pids=$(tree)
	tool cr-dump -t "$root" -D img2 -W img2
	facts="$facts at $at %"
	until=$((SECONDS + 10))
	for pid in $pids; do
		while [ -d "/proc/$pid" ]; do # a child of it is ours to reap now
			[ $SECONDS -lt $until ] || fail "process $pid is still there after the dump"
			sleep 0.01
		done
	done
}

restore() {
	tool cr-restore -D img2 -W img2 -d
	alive || fail "cr-restore went well, but process $root is not there: $(tail -n 3 stderr)"
	[ "$(progress)" -lt 100 ] || fail "the work was done before the dump: nothing was shown"
}

# More of the same, as long as there is work to do.
more_cycles() {
	local n=1 kept=$facts
	while [ $n -lt "${APP_CYCLES:-1}" ] && [ "$(progress)" -lt 90 ] && alive; do
		sleep "0.$((RANDOM % 5))"
		rm -rf img2
		dump_and_kill 0
		restore
		n=$((n + 1))
	done
	facts=$kept
	[ "$n" = 1 ] || facts="$facts, $n cycles"
}

# A detached tree is no child that this shell can wait for.
finish() {
	local until=$((SECONDS + patience))
	while alive; do
		[ $SECONDS -lt $until ] || fail "the restored app is not done after $patience s: at $(progress) %"
		sleep 0.1
	done
	[ -e exit-status ] || fail "the restored app ended, but the shell above it did not go on: $(tail -n 3 stderr)"
	[ "$(cat exit-status)" = 0 ] || fail "the restored app failed: exit status $(cat exit-status), $(tail -n 3 stderr)"
}

leftovers() {
	local p until=$((SECONDS + 5))
	for p in /proc/[0-9]*; do
		while [ "$p" != "/proc/$$" ] && [ -e "$p/exe" ]; do
			[ $SECONDS -lt $until ] || fail "process ${p#/proc/} is left: $(tr '\0' ' ' <"$p/cmdline")"
			sleep 0.05
		done
	done
}

app_test() {
	local program first second
	read -r first second <<<"$(moments)"
	for program in $(needs); do
		command -v "$program" >/dev/null || skip "there is no $program here"
	done
	prepare
	start
	disown "$root" # its end is looked at, not reported by this shell
	await "$first"
	outside
	dump_and_leave "$first"
	outside
	await "$second"
	dump_and_kill "$second"
	restore
	outside
	more_cycles
	finish
	result
	leftovers
	echo "${facts#, }"
}
