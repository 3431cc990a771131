# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# stress-ng's computations and memory patterns, which check their own results, one method after the other.
needs() { echo "stress-ng"; }

prepare() {
	# shellcheck disable=SC2016 # for the shell inside
	echo '
		set -e
		for method in ackermann bitops callfunc collatz correlate crc16 decimal128 dither double euler explog factorial fft \
			fibonacci float float80 gamma gcd gray hamming hanoi hyperbolic idct int128 int64 jenkin matrixprod murmurhash \
			nsqrt omega pi prime psi queens rand rgb sieve trig union zeta; do
			echo "cpu $method"
			stress-ng --cpu 2 --cpu-method "$method" --cpu-ops 40 --timeout 60 --verify --oomable 2>&1 | grep -E "fail|error" && exit 1
		done
		for method in flip gray grayflip incdec inc-nybble modulo-x move-inv prime-0 prime-incdec rand-set ror walk-0d walk-1d \
			walk-0a walk-flush wrrd128 zero-one; do
			echo "vm $method"
			stress-ng --vm 2 --vm-bytes 16M --vm-method "$method" --vm-keep --vm-ops 20000 --timeout 2 --verify --oomable 2>&1 |
				grep -E "fail|error" && exit 1
		done
		echo done
	' >script
	undisturbed
	[ "$(tail -n 1 undisturbed/stdout)" = "done" ] || fail "the undisturbed run ended early: $(tail -n 3 undisturbed/stdout)"
}

start() {
	launch bash ./script
}

# The script has many methods, of which stress-ng runs one.
progress() {
	echo $(($(wc -l <stdout) * 100 / $(wc -l <undisturbed/stdout)))
}

look() {
	held
}

result() {
	same stdout stderr
}
