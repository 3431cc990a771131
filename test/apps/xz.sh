# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# xz -T2 compressing a file of 240 MB: threads that pass blocks to each other.
needs() { echo "xz awk"; }

# Text of few words, numbers, and every now and then something that cannot be compressed.
prepare() {
	local part
	for part in {100..115}; do
		seq "${part}000000" "${part}600000"
		find /usr -printf '%m %s %t %p\n' 2>/dev/null | head -c 8000000
		head -c 1000000 /dev/urandom
	done >large
	[ "$(size large)" -ge 200000000 ] || fail "the input is too small: $(size large) bytes"
	undisturbed large.xz
}

start() {
	launch xz -T2 -1 -k large
}

outside() {
	threads xz 3
}

progress() {
	position xz large
}

result() {
	same large.xz stdout stderr
	xz -dc large.xz | cmp - large || fail "large.xz cannot be unpacked to what it was"
}
