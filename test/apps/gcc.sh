# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# gcc compiling a large file: gcc waits for cc1, which writes through a pipe to as. -Q says which function cc1 is at.
needs() { echo "gcc awk"; }
functions=1100

prepare() {
	awk -v functions=$functions 'BEGIN {
		for (i = 0; i < functions; i++) {
			printf "unsigned f%d(unsigned a, unsigned b, const unsigned char *p)\n{\n\tunsigned s = %d + a;\n\n", i, i
			printf "\tfor (unsigned j = 0; j < b %% %d; j++) {\n\t\ts = s * %du + p[j];\n", i + 3, 2 * i + 1
			printf "\t\tif (s & %d)\n\t\t\ts ^= a >> j %% 13;\n\t\telse\n\t\t\ts += b << j %% 7;\n", 2 ^ (i % 20)
			printf "\t\tswitch (s %% 7) {\n\t\tcase 0: s += %d; break;\n\t\tcase 1: s ^= b; break;\n", i
			printf "\t\tcase 3: s -= a * %du; break;\n\t\tdefault: s = ~s;\n\t\t}\n\t}\n\treturn s;\n}\n\n", i + 7
		}
	}' >large.c
	undisturbed large.o
}

start() {
	launch gcc -O1 -Q -pipe -c large.c -o large.o
}

outside() {
	find_in_tree cc1 >cc1.pid || fail "there is no cc1"
	find_in_tree as >as.pid || fail "there is no as"
}

progress() {
	awk -v functions=$functions '/Assembling functions:/ { on = 1; next } on { n += gsub(/ f[0-9]+/, "") }
		END { print int(n * 100 / functions) }' stderr
}

result() {
	same large.o stdout
	nm large.o | awk '$2 == "T" { n++ } END { exit n != '$functions' }' || fail "large.o lacks functions"
}
