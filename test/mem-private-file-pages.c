// SPDX-License-Identifier: GPL-2.0-only
/* Ten thousand pairs of a modified private page of a file and an anonymous page beside it. */
#include "test/crtest.h"

#define PAIRS 10240

static char *base;

static void arrange(void)
{
	int fd = tmp_file("file", PAGE, 3, O_RDWR);

	base = map_anon(2 * PAIRS * PAGE, PROT_READ | PROT_WRITE, 0);
	for (long i = 0; i < PAIRS; i++) {
		char *p = base + 2 * i * PAGE;

		must(mmap(p, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 0));
		*(long *)p = i;
		*(long *)(p + PAGE) = -i;
	}
	close(fd);
}

static void verify(void)
{
	char file[PAGE];

	check_eq(read_file("file", file, PAGE), PAGE);
	check_random(file, PAGE, 3);
	for (long i = 0; i < PAIRS; i++) {
		char *p = base + 2 * i * PAGE;

		check_eq(*(long *)p, i);
		check_mem(p + 8, file + 8, PAGE - 8);
		check_eq(*(long *)(p + PAGE), -i);
	}
}

CRTEST(.about = "modified private pages of a file", .ids = "MEM-7", .flavours = "plain leave-running stopped ns-tool",
       .arrange = arrange, .verify = verify)
