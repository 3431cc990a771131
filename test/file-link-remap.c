// SPDX-License-Identifier: GPL-2.0-only
/* With --link-remap, files of several names keep them, and the tools' own links are gone after the restore (the runner looks). */
#include "test/crtest.h"

static int fds[2];

static void arrange(void)
{
	fds[0] = tmp_file("first", 100, 1, O_RDWR);
	must(link("first", "second"));
	fds[1] = must(open("second", O_RDONLY));
}

static void verify(void)
{
	char data[PAGE];
	struct stat st;

	check_eq(read_file("second", data, sizeof(data)), 100);
	check_random(data, 96, 1);
	for (int i = 0; i < 2; i++) {
		check_eq(fstat(fds[i], &st), 0);
		check_eq(st.st_nlink, 2);
	}
}

CRTEST(.about = "hard links", .ids = "G-5", .opts = "--link-remap", .arrange = arrange, .verify = verify)
