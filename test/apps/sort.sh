# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# sort of a large file with little memory: dumped while it reads and writes temporary files, and while it merges them.
needs() { echo "sort seq awk"; }
moments() { echo 20 60; }

prepare() {
	seq 1 9000000 | awk '{ printf "%010d line %d\n", ($1 * 7919) % 9000011, $1 }' >lines
	undisturbed sorted
}

start() {
	mkdir -p temporary
	launch env LC_ALL=C sort -S 16M --parallel=2 --batch-size=8 -T temporary -o sorted lines
}

# Half of the work is reading, which ends with the last byte; then the result is written.
progress() {
	local read
	read=$(position sort lines)
	[ "$(size sorted)" = 0 ] || read=100
	echo $((read / 2 + $(size sorted) * 50 / $(size lines)))
}

outside() {
	[ "$(find temporary -type f | wc -l)" -gt 1 ] || fail "sort has no temporary files: it does not what it shall"
}

result() {
	same sorted stdout stderr
	[ -z "$(ls -A temporary)" ] || fail "temporary files are left: $(ls temporary)"
}
