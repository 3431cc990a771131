# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# sort of a large file with little memory: dumped while it reads and writes temporary files, and while it merges them.
needs() { echo "sort seq awk"; }
moments() { echo 20 55; }

prepare() {
	seq 1 20000000 | awk '{ printf "%010d line %d\n", ($1 * 7919) % 20000003, $1 }' >lines
	undisturbed sorted
}

start() {
	mkdir -p temporary
	launch env LC_ALL=C sort -S 16M --parallel=2 --batch-size=8 -T temporary -o sorted lines
}

# Half of the work is reading the input, which is closed then; the other half is writing the result.
progress() {
	local begun read
	begun=$(ls -A temporary)
	read=$(position sort lines)
	[ "$read" != 0 ] || [ -z "$begun" ] || read=100
	echo $((read / 2 + $(size sorted) * 50 / $(size lines)))
}

outside() {
	[ "$(find temporary -type f | wc -l)" -gt 1 ] || fail "sort has no temporary files: it does not what it shall"
}

result() {
	same sorted stdout stderr
	[ -z "$(ls -A temporary)" ] || fail "temporary files are left: $(ls temporary)"
}
