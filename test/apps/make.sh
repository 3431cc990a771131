# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# make -j4 with two makes below it, all of which take from one pipe how many programs may run.
needs() { echo "make gcc awk ld"; }

prepare() {
	local d i
	for d in a b; do
		mkdir -p $d
		for i in {1..25}; do
			awk -v name="$d$i" 'BEGIN { for (f = 0; f < 25; f++)
				printf "unsigned %s_%d(unsigned a, unsigned b)\n{\n\tfor (unsigned i = 0; i < b; i++)\n\t\ta = a * %du ^ (a >> %d) + i / (b | 1);\n\treturn a;\n}\n\n", name, f, 2 * f + 1, f % 31 + 1
			}' >"$d/$i.c"
		done
		# shellcheck disable=SC2016 # for make
		{
			echo 'all: $(addsuffix .o,'"$(echo {1..25})"')'
			printf '\tld -r -o all.o $^\n'
			echo '%.o: %.c'
			printf '\t@gcc -O1 -c $< -o $@\n\t@echo %s/$@ >>../progress\n' $d
		} >$d/Makefile
	done
	# shellcheck disable=SC2016 # for make
	{
		echo 'all: a b'
		printf '\tld -r -o all.o a/all.o b/all.o\n'
		echo 'a b:'
		printf '\t$(MAKE) --no-print-directory -C $@\n'
		echo '.PHONY: all a b'
	} >Makefile
	undisturbed progress all.o
	rm a/*.o b/*.o
}

start() {
	launch make -j4
}

look() {
	held
}

outside() {
	[ "$(tree | wc -l)" -ge 8 ] || fail "fewer than four programs run: $(tree | wc -l) processes"
}

progress() {
	echo $(($(wc -l <progress) * 2))
}

# Which of two is done first is not the same each time.
result() {
	same all.o stderr
	cmp <(sort progress) <(sort undisturbed/progress) || fail "make did other things than undisturbed"
	cmp <(sort stdout) <(sort undisturbed/stdout) || fail "make told other things than undisturbed"
}
