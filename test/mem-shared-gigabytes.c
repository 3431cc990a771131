// SPDX-License-Identifier: GPL-2.0-only
/* As mem-shared-anon with a GiB, and a page of it mapped once more through /proc/self/map_files, which takes root. */
#define SHARED_GIGABYTES
#define LEN (1ul << 30)
#include "test/mem-shared-anon.c"

#define AT (40 * PART + 3 * PAGE)

static char *view;

static void arrange_view(void)
{
	char path[96];
	int fd;

	/* By the second half of it: the first has a hole. */
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (long)one + 21 * PART, (long)one + LEN);
	fd = must(open(path, O_RDWR));
	view = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, AT));
	must(close(fd));
	strcpy(one + AT, "before");
}

static void arrange_gigabytes(void)
{
	arrange();
	strcpy(one + LEN - PAGE, "the last");
	strcpy(two + LEN - PAGE, "page");
	arrange_view();
}

static void verify_gigabytes(void)
{
	check_str(view, "before");
	strcpy(view, "after");
	check_str(one + AT, "after");
	check_str(one + LEN - PAGE, "the last");
	check_str(two + LEN - PAGE, "page");
	check_eq(view[8], 0);
	verify();
}

CRTEST(.about = "gigabytes of anonymous shared memory", .ids = "MEM-2", .root = true, .arrange = arrange_gigabytes,
       .verify = verify_gigabytes)
