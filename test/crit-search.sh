#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# crit search and crit mem: what a program had put into its memory is found where it was, across pages, mappings and processes.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

# Texts are written backwards: in the program itself, and in its registers, they are not to be found.
cat >program.c <<'END'
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

static int list;

static void put(char *at, const char *backwards)
{
	size_t n = strlen(backwards);

	for (size_t i = 0; i < n; i++)
		at[i] = backwards[n - 1 - i];
	/* Not through a buffer, where it would be found as well. */
	if (write(list, at, n) == (ssize_t)n)
		dprintf(list, " 0x%lx\n", (unsigned long)at);
}

static char *map(size_t size, int how)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS, -1, 0);
}

int main(void)
{
	char *private = map(4 * PAGE, MAP_PRIVATE), *sparse = map(64 << 20, MAP_PRIVATE);
	char *shared = map(2 * PAGE, MAP_SHARED), *big = map(8 << 20, MAP_PRIVATE), *moved;
	int null = open("/dev/null", O_RDWR), ready[2];
	char c;

	if (pipe(ready))
		return 1;
	if (fork())
		return read(ready[0], &c, 1) != 1;
	setsid();
	list = open("list", O_WRONLY | O_CREAT, 0600);
	put(private + PAGE - 5, "EGAP-A-SESSORC");
	put(private + 2 * PAGE - 6, "SGNIPPAM-SESSORC");
	put(sparse + PAGE - 11, "EGDE-EHT-TA");
	put(sparse + (32 << 20) - 3, "DELOH-OWT-NEEWTEB");
	put(sparse + (48 << 20), "DNE-EHT");
	memset(big, 'x', 8 << 20);
	for (int i = 1; i < 8; i++) {
		put(big + (i << 20) - 50000, "NIGEBGNOL");
		put(big + (i << 20) + 50000, "DNEGNOL");
	}
	put(shared + 100, "MEHT-FO-HTOB-YB-DERAHS");
	/* Stays readable, but is another mapping. */
	mprotect(private + 2 * PAGE, PAGE, PROT_READ);
	close(list);
	if (!fork()) {
		moved = map(2 * PAGE, MAP_PRIVATE);
		shared = mremap(shared, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, moved);
		list = open("child.place", O_WRONLY | O_CREAT, 0600);
		dprintf(list, "%d 0x%lx\n", getpid(), (unsigned long)shared + 100);
		close(list);
		if (write(ready[1], "x", 1) != 1)
			return 1;
	}
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close(ready[0]);
	close(ready[1]);
	if (null > 2)
		close(null);
	for (;;)
		pause();
}
END
gcc -O1 -o program program.c
./program
pid=$(pgrep -ox program)
read -r child child_shared <child.place
sleep 0.1
mkdir images
expect 0 "$dump" -t "$pid" -D images
gone "$pid"
tar czf images.tgz -C images .

# where TEXT: the address that the program says it has put it at
where() {
	awk -v text="$1" '$1 == text { print $2; exit }' list
}

# found PID ADDRESS: in out
found() {
	grep -Eq "^$1 +$(printf '%016x' "$2") " out || fail "not found at $2 of process $1"
}

for text in CROSSES-A-PAGE CROSSES-MAPPINGS AT-THE-EDGE BETWEEN-TWO-HOLED THE-END; do
	for from in images images.tgz; do
		expect 0 "$crit" search "$from" "$text"
		# In both processes: a forked child has it, too.
		found "$pid" "$(where "$text")"
		found "$child" "$(where "$text")"
		[ "$(wc -l <out)" = 2 ] || fail "$text is not found twice"
	done
	expect 0 "$crit" search -r images "${text:0:3}[A-Z-]{$((${#text} - 6))}${text: -3}"
	found "$pid" "$(where "$text")"
	expect 0 "$crit" search --hex --pid "$child" images "$(printf %s "$text" | od -An -tx1)"
	found "$child" "$(where "$text")"
	[ "$(wc -l <out)" = 1 ] || fail "--pid shows other processes"
	expect 0 "$crit" mem --raw images "$pid" "$(where "$text")" ${#text}
	[ "$(cat out)" = "$text" ] || fail "crit mem has not $text at $(where "$text")"
done

# Zeroes of pages that were never touched belong to memory.
expect 0 "$crit" search --hex images "$(printf AT-THE-EDGE | od -An -tx1) 00 00 00"
found "$pid" "$(where AT-THE-EDGE)"
expect 0 "$crit" search -r images '\x00\x00BETWEEN-TWO-HOLED\x00'
found "$pid" "$(printf '0x%x' $(($(where BETWEEN-TWO-HOLED) - 2)))"

# Shared memory, at different addresses: searched once, told for both.
expect 0 "$crit" search images SHARED-BY-BOTH-OF-THEM
found "$pid" "$(where SHARED-BY-BOTH-OF-THEM)"
found "$child" "$child_shared"
[ "$(grep -c SHARED-BY out)" = 2 ] || fail "shared memory is not found twice"
expect 0 "$crit" search --json --pid "$child" images SHARED-BY-BOTH-OF-THEM
python3 - "$child_shared" <<'END' || fail "the JSON is wrong"
import json, sys
row, = json.load(open("out"))
assert row["shared"] and row["address"] == sys.argv[1] and row["mapping"] == "[shared]", row
assert row["match"] == "SHARED-BY-BOTH-OF-THEM" and row["length"] == 22, row
assert row["before"] == 16 * r"\x00" and row["after"] == 32 * r"\x00", row
END

# A memory file, which both processes of this checkpoint have.
corpus=$CR_TOP/test/data/criu-images/mem/img
expect 0 "$crit" search "$corpus" 'memfd data'
found 15290 0x7fb983753000
found 15292 0x7fb983753000
[ "$(grep -c ' memfd:zoo-memfd ' out)" = 2 ] || fail "the memory file is not found twice, by its name"
expect 0 "$crit" mem --raw "$corpus" 15290 memfd:zoo-memfd+0x1000 10
[ "$(cat out)" = 'memfd data' ] || fail "crit mem has not the content of the memory file"

# Long matches, wherever the search cuts memory.
expect 0 "$crit" search --pid "$pid" -r images 'LONGBEGINx+LONGEND'
[ "$(wc -l <out)" = 7 ] || fail "not seven long matches"
expect 0 "$crit" search --pid "$pid" -r images '(?<=x{3})LONGBEGIN(?=x{60000}x{30000})'
[ "$(wc -l <out)" = 7 ] || fail "not seven long matches that look around"

# What is not there, and what is wrong.
expect 1 "$crit" search images "no such thing"
grep -q 'no match in .* MiB' err || fail "silent about finding nothing"
expect 1 "$crit" search --json images "no such thing"
[ "$(tr -d '\n' <out)" = '[]' ] || fail "the JSON of nothing is not []"
refuses 'the pattern, at offset 2: ' "$crit" search -r images '(a'
refuses 'no sequence of bytes' "$crit" search --hex images '4x'
refuses 'the pattern is empty' "$crit" search images ''
refuses 'exclude each other' "$crit" search -r --hex images 'ab'
refuses 'has no process' "$crit" search --pid 1234567 images ab

# crit mem.
at=$(where AT-THE-EDGE)
expect 0 "$crit" mem images "$pid" "$at" 16
[ "$(cat out)" = "$(printf '%016x  41 54 2d 54 48 45 2d 45  44 47 45                 |AT-THE-EDGE|\n%016x  -- 5 bytes: zeroes, never touched\n%016x' \
	"$at" $((at + 11)) $((at + 16)))" ] || fail "the dump looks different"
expect 0 "$crit" mem --json images "$pid" "$at" 16
[ "$(python3 -c 'import json; print([(r["state"], r["size"], r.get("hex")) for r in json.load(open("out"))])')" = \
	"[('present', 11, '41542d5448452d45444745'), ('zero', 5, None)]" ] || fail "the JSON is wrong"
expect 0 "$crit" mem --raw images.tgz "$pid" "$at" 1M
[ "$(tail -c +12 out | tr -d '\0' | wc -c) $(stat -c %s out)" = '0 1048576' ] || fail "--raw is wrong"
expect 0 "$crit" mem images "$pid" '[stack]' 10M
grep -q 'never touched' out || fail "all of the stack was touched"
grep -q 'not mapped' out || fail "there is no end of the stack"
expect 0 "$crit" mem images "$pid" 'libc.so.6' 16M
grep -Eq 'bytes: unchanged pages of a file, not in the checkpoint: /.*/libc.so.6 at 0x' out || fail "no word of files"
refuses 'unchanged page of a mapped file' "$crit" mem --raw images "$pid" 'libc.so.6+0x10'
refuses 'nothing is mapped at 0x10' "$crit" mem images "$pid" 0x10
refuses 'neither an address nor the name of a mapping' "$crit" mem images "$pid" frob+1
refuses 'no number of bytes' "$crit" mem images "$pid" 0x10 1x
refuses 'beyond the end of the address space' "$crit" mem images "$pid" 0xfffffffffffffff0 1M
refuses 'exclude each other' "$crit" mem --raw --json images "$pid" 0x10

truncate -s -4096 images/pages-*.img
refuses 'pages-[0-9]+.img is truncated' "$crit" search images frob
