// SPDX-License-Identifier: GPL-2.0-only
/* Mappings of deleted files: alone, by two hard links, with the file open and written to afterwards, and of a deleted program. */
#include "test/crtest.h"

static char *closed[2], *linked[2], *seen, *shared;
static int fd;

static char *map(const char *name, int prot, int flags, off_t at)
{
	int open_fd = must(open(name, O_RDWR));
	char *p = mmap(NULL, PAGE, prot, flags, open_fd, at);

	if (p == MAP_FAILED)
		crtest_broken(__FILE__, __LINE__, "mmap");
	close(open_fd);
	return p;
}

static void arrange(void)
{
	close(tmp_file("closed", 2 * PAGE, 1, O_RDWR));
	closed[0] = map("closed", PROT_READ, MAP_PRIVATE, 0);
	closed[1] = map("closed", PROT_READ | PROT_WRITE, MAP_PRIVATE, PAGE);
	closed[1][5] = 'x';
	must(unlink("closed"));
	close(tmp_file("one", 2 * PAGE, 2, O_RDWR));
	must(link("one", "two"));
	linked[0] = map("one", PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	linked[1] = map("two", PROT_READ, MAP_SHARED, 0);
	must(unlink("one"));
	must(unlink("two"));
	fd = tmp_file("open", 2 * PAGE, 3, O_RDWR);
	seen = map("open", PROT_READ, MAP_PRIVATE, PAGE);
	shared = map("open", PROT_READ | PROT_WRITE, MAP_SHARED, PAGE);
	must(unlink("open"));
	shared[9] = 's';
}

static void verify(void)
{
	static char want[2 * PAGE];

	fill_random(want, sizeof(want), 1);
	check_mem(closed[0], want, PAGE);
	want[PAGE + 5] = 'x';
	check_mem(closed[1], want + PAGE, PAGE);
	check(!can(closed[0], PROT_WRITE));
	linked[0][7] = 'y';
	check_eq(linked[1][7], 'y');
	fill_random(want, sizeof(want), 3);
	check_eq(seen[9], 's');
	check_eq(pwrite(fd, "z", 1, PAGE + 100), 1);
	check_eq(seen[100], 'z');
	check_eq(shared[100], 'z');
	check_mem(seen + 101, want + PAGE + 101, PAGE - 101);
	check_fails(access("open", F_OK), ENOENT);
}

CRTEST(.about = "mappings of deleted files", .ids = "FS-18", .arrange = arrange, .verify = verify)
