# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# python3: two threads compute digits of pi, each half of Euler's arctan(1/2) + arctan(1/3); both print how far they are.
python=/usr/bin/python3
[ -x $python ] || python=python3
needs() { echo $python; }

prepare() {
	cat >pi.py <<-'EOF'
		import sys, threading

		DIGITS = 50000
		ONE = 10 ** (DIGITS + 10)
		parts = {}
		progress = open("progress", "w", buffering=1)

		def arctan(x, terms):
		    power = total = ONE // x
		    for n in range(1, terms):
		        power //= x * x
		        total += (-1) ** n * (power // (2 * n + 1))
		        if n % (terms // 100) == 0:
		            progress.write(f"arctan(1/{x}) {n // (terms // 100)} %\n")
		    if power > x * x:
		        sys.exit("too few terms")
		    parts[x] = total

		threads = [threading.Thread(target=arctan, args=a) for a in ((2, 84000), (3, 53000))]
		for t in threads:
		    t.start()
		for t in threads:
		    t.join()
		if hasattr(sys, "set_int_max_str_digits"):
		    sys.set_int_max_str_digits(0)
		print(4 * (parts[2] + parts[3]) // 10 ** 10)
	EOF
	undisturbed progress
	grep -q '^31415926535897932384' undisturbed/stdout || fail "these are not the digits of pi"
}

start() {
	launch $python pi.py
}

# Of the thread that is behind.
progress() {
	[ -e progress ] || { echo 0; return; }
	awk '$1 == "arctan(1/2)" { a = $2 } $1 == "arctan(1/3)" { b = $2 } END { print (a < b ? a : b) + 0 }' progress
}

# In which order the threads get to print is nobody's promise.
result() {
	same stdout stderr
	cmp <(sort progress) <(sort undisturbed/progress) || fail "the threads made other steps than undisturbed"
}
