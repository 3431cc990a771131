# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# vim in tmux, a file being edited: afterwards somebody attaches to the session, and vim has its text, its swap file and all of its
# undo history.
needs() { echo vim tmux; }

prepare() {
	echo 'the first line' >file
	: >steps
}

mux() { tmux -S "$PWD/socket" "$@"; }

start() {
	TERM=xterm serve tmux -S "$PWD/socket" -f /dev/null -D
	local until=$((SECONDS + 20))
	# Without a server, a client would become one.
	until [ -S socket ]; do
		[ $SECONDS -lt $until ] || fail "tmux does not start"
		sleep 0.05
	done
	until mux new-session -d -s edit -x 80 -y 24 "vim -u NONE -N -c 'set directory=. undolevels=1000' file" 2>/dev/null; do
		[ $SECONDS -lt $until ] || fail "tmux does not start a session"
		sleep 0.1
	done
	shows 'the first line'
}

# What the pane shows, asked of the server.
shows() { # TEXT
	local until=$((SECONDS + 20))
	while ! mux capture-pane -p -t edit | grep -qF -e "$1"; do
		[ $SECONDS -lt $until ] || fail "vim does not show \"$1\": $(mux capture-pane -p -t edit)"
		sleep 0.05
	done
}

# One change a step.
work() {
	local n=$(($(progress) + 1))
	mux send-keys -t edit "Goline $n" Escape
	shows "line $n"
	echo >>steps
}

progress() { wc -l <steps; }

outside() {
	[ -e .file.swp ] || fail "there is no swap file"
}

type() { # TEXT: as somebody who is attached
	printf '%b' "$1" >>keys
}

on_screen() { # TEXT
	local until=$((SECONDS + 20))
	while ! grep -aqF -e "$1" screen 2>/dev/null; do
		[ $SECONDS -lt $until ] || fail "who is attached does not see \"$1\": $(tail -c 500 screen)"
		sleep 0.05
	done
}

finish() {
	local n until=$((SECONDS + 20))
	n=$(progress)
	TERM=xterm "$CR_BUILD/test/helpers/terminal" keys screen tmux -S "$PWD/socket" attach &
	on_screen "line $n"
	type ':w edited\r'
	shows '"edited"'
	type "${n}u"
	shows "; before #1"
	type ':w undone\r'
	shows '"undone"'
	type "${n}\\022"
	shows "; after #$n"
	type ':w redone\r'
	shows '"redone"'
	type ':q!\r'
	while mux has-session -t edit 2>/dev/null; do
		[ $SECONDS -lt $until ] || fail "the session does not end with its only program"
		sleep 0.05
	done
	mux kill-server
	while alive; do
		[ $SECONDS -lt $until ] || fail "tmux does not end"
		sleep 0.05
	done
	wait
}

result() {
	cmp edited <(echo 'the first line'; seq -f 'line %g' "$(progress)") || fail "the text is not what was typed"
	cmp undone file || fail "not everything was undone"
	cmp edited redone || fail "not everything was done again"
	[ ! -e .file.swp ] || fail "the swap file was left behind"
}
