# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# python3: two threads compute digits of pi by Euler's arctan(1/2) + arctan(1/3), one the terms to add, one those to
# subtract, and print how far they are.
python=/usr/bin/python3
[ -x $python ] || python=python3
needs() { echo $python; }

prepare() {
	cat >pi.py <<-'EOF'
		import sys, threading

		DIGITS = 50000
		ONE = 10 ** (DIGITS + 10)
		TERMS = {2: 84000, 3: 53000}
		parts = {}
		progress = open("progress", "w", buffering=1)

		def terms(first):
		    total = done = 0
		    for x, count in TERMS.items():
		        power = ONE // x ** (2 * first + 1)
		        for n in range(first, count, 2):
		            total += power // (2 * n + 1)
		            power //= x ** 4
		            done += 2
		            if done % (sum(TERMS.values()) // 100) == 0:
		                progress.write(f"thread {first}: {done * 100 // sum(TERMS.values())} %\n")
		        if power:
		            sys.exit("too few terms")
		    parts[first] = total

		threads = [threading.Thread(target=terms, args=(first,)) for first in (0, 1)]
		for t in threads:
		    t.start()
		for t in threads:
		    t.join()
		if hasattr(sys, "set_int_max_str_digits"):
		    sys.set_int_max_str_digits(0)
		print(4 * (parts[0] - parts[1]) // 10 ** 10)
	EOF
	undisturbed progress
	grep -q '^31415926535897932384' undisturbed/stdout || fail "these are not the digits of pi"
}

start() {
	launch $python pi.py
}

outside() {
	threads "${python##*/}" 3
}

# Of the thread that is behind.
progress() {
	[ -e progress ] || { echo 0; return; }
	awk '$2 == "0:" { a = $3 } $2 == "1:" { b = $3 } END { print (a < b ? a : b) + 0 }' progress
}

# In which order the threads get to print is nobody's promise.
result() {
	same stdout stderr
	cmp <(sort progress) <(sort undisturbed/progress) || fail "the threads made other steps than undisturbed"
}
