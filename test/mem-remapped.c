// SPDX-License-Identifier: GPL-2.0-only
/* What a program does to its restored areas, and a child to its own: read, give up, grow, exchange. */
#include "test/crtest.h"

#define LEN   (1ul << 20)
#define AREAS 5

static char *areas[AREAS];

static void arrange(void)
{
	for (int i = 0; i < AREAS; i++) {
		areas[i] = map_anon(LEN, PROT_READ | PROT_WRITE, 0);
		fill_random(areas[i], LEN, i);
	}
}

static bool all_zero(const char *p, size_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

static void use(void)
{
	char *grown, *room;

	must(madvise(areas[1], LEN, MADV_DONTNEED));
	check(all_zero(areas[1], LEN));
	grown = must(mremap(areas[2], LEN, 2 * LEN, MREMAP_MAYMOVE));
	check_random(grown, LEN, 2);
	check(all_zero(grown + LEN, LEN));
	room = map_anon(LEN, PROT_NONE, 0);
	must(mremap(areas[3], LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, room));
	must(mremap(areas[4], LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, areas[3]));
	must(mremap(room, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, areas[4]));
	check_random(areas[3], LEN, 4);
	check_random(areas[4], LEN, 3);
}

static void verify(void)
{
	int status;
	pid_t pid;

	check_random(areas[0], LEN, 0);
	pid = must(fork());
	use();
	if (!pid)
		_exit(0);
	must(waitpid(pid, &status, 0));
	check_eq(status, 0);
}

CRTEST(.about = "areas that are changed after a restore", .ids = "MEM-26", .arrange = arrange, .verify = verify)
