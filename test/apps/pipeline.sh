# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# A bash pipeline of four processes: pipes with data in them, a shell that waits for all four.
needs() { echo "bash seq factor tr gzip"; }

prepare() {
	undisturbed numbers.gz statuses
}

start() {
	# shellcheck disable=SC2016 # for the shell inside
	launch bash -c 'seq 7000000000 7006000000 | factor | tr " " "+" | gzip -1 -n >numbers.gz; echo "${PIPESTATUS[@]}" >statuses'
}

progress() {
	echo $(($(size numbers.gz) * 100 / $(size undisturbed/numbers.gz)))
}

result() {
	same numbers.gz statuses stderr
	[ "$(cat statuses)" = "0 0 0 0" ] || fail "exit statuses of the pipeline: $(cat statuses)"
}
