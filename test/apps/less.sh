# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# less in a terminal, on a file: it is scrolled all the time, and at the end it still knows its marks and searches.
needs() { echo less; }

eval "$(declare -f finish | sed '1s/finish/finish_as_usual/')"

prepare() {
	seq -f 'line %g of the text' 100000 >text
	: >scrolled
}

# shellcheck disable=SC2059 # it is given as a format
keys() { printf "$@" >>keys; }

shows() { # TEXT
	local until=$((SECONDS + 20))
	while ! tail -c 4000 screen 2>/dev/null | grep -aqF -e "$1"; do
		[ $SECONDS -lt $until ] || fail "the screen does not show \"$1\": $(tail -c 500 screen)"
		sleep 0.05
	done
}

start() {
	LESSHISTFILE=- LESS=-G TERM=xterm launch "$CR_BUILD/test/helpers/terminal" keys screen less text
	shows 'line 23 of the text'
	keys '500gma'
	shows 'line 522 of the text'
	keys '/line 7.77 of\n'
	shows 'line 7077 of the text'
}

work() {
	keys '10j'
	echo >>scrolled
	sleep 0.05
}

progress() {
	wc -l <scrolled
}

finish() {
	local at=$((7077 + 10 * $(wc -l <scrolled)))
	keys '\014'
	shows "line $at of the text"
	keys 'n'
	shows '77 of the text'
	keys "'a"
	shows 'line 522 of the text'
	keys '99990g'
	shows 'line 99999 of the text'
	keys 'q'
	finish_as_usual
}

result() {
	! grep -aqi 'no such\|cannot\|error' stderr || fail "$(cat stderr)"
}
