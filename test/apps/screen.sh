# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# screen with two windows: one counts, one has a shell in which commands are typed. Afterwards somebody attaches to the session and
# sees both, types on, and closes them.
needs() { echo screen; }

prepare() {
	: >steps
	: >screen
	mkdir -m 700 sockets
	printf 'startup_message off\nhardstatus off\nshell /bin/sh\ndefscrollback 500\n' >rc
}

mux() { SCREENDIR=$PWD/sockets screen -S crtest "$@"; }

start() {
	local until=$((SECONDS + 20))
	# shellcheck disable=SC2016 # for the shell inside
	SCREENDIR=$PWD/sockets TERM=xterm serve screen -D -m -c rc -S crtest -t count \
		sh -c 'n=0; while [ ! -e enough ]; do n=$((n + 1)); echo "count $n"; echo $n >counted; sleep 0.02; done'
	until mux -X screen -t typing 1 sh >/dev/null 2>&1; do
		[ $SECONDS -lt $until ] || fail "screen does not start"
		sleep 0.1
	done
	enter 's=1'
	says 1
}

# Typed into the second window. What means something to screen itself does not.
enter() { # LINE
	mux -p 1 -X stuff "${1//\$/\\\$}"$'\r'
}

# What the shell there has counted to.
says() { # NUMBER
	local until=$((SECONDS + 20))
	enter 'echo $s | tee new; mv new answer'
	until [ -e answer ]; do
		[ $SECONDS -lt $until ] || fail "the shell in the window does nothing"
		sleep 0.02
	done
	[ "$(cat answer)" = "$1" ] || fail "the shell says $(cat answer), not $1"
	rm answer
}

work() {
	local n=$(($(progress) + 1))
	enter "s=\$((s * 7 % 1000003 + $n))"
	echo >>steps
	says "$(sum "$n")"
}

sum() { # N: what the shell has after so many steps
	local s=1 i
	for ((i = 1; i <= $1; i++)); do
		s=$((s * 7 % 1000003 + i))
	done
	echo $s
}

progress() { wc -l <steps; }

outside() {
	local before until=$((SECONDS + 20))
	before=$(cat counted)
	while [ "$(cat counted)" = "$before" ]; do
		[ $SECONDS -lt $until ] || fail "the first window does not count"
		sleep 0.02
	done
}

# tee and sleep come and go.
look() {
	held
}

type() { # TEXT: as somebody who is attached
	printf '%b' "$1" >>keys
}

on_screen() { # TEXT
	local until=$((SECONDS + 20))
	while ! grep -aqF -e "$1" screen; do
		[ $SECONDS -lt $until ] || fail "who is attached does not see \"$1\": $(tail -c 500 screen)"
		sleep 0.05
	done
}

finish() {
	local until=$((SECONDS + 20))
	: >keys
	SCREENDIR=$PWD/sockets TERM=xterm "$CR_BUILD/test/helpers/terminal" keys screen screen -x crtest &
	type '\00011' # the command key and the window
	type 'echo "the $((40 + 2)) $s"\r'
	on_screen "the 42 $(sum "$(progress)")"
	: >screen
	type '\00010'
	on_screen "count "
	: >enough
	type '\00011'
	type 'exit\r'
	while alive; do
		[ $SECONDS -lt $until ] || fail "screen does not end with its last window"
		sleep 0.05
	done
	wait
}

result() {
	[ "$(cat counted)" -gt 100 ] || fail "the first window has only counted to $(cat counted)"
	! mux -ls | grep -q 'crtest' || fail "screen left its socket behind"
}
