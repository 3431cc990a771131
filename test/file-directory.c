// SPDX-License-Identifier: GPL-2.0-only
/* A directory half read: the rest of its entries comes, none twice. */
#include <dirent.h>

#include "test/crtest.h"

#define FILES 2000

static int dir;
static char seen[FILES];

/* One call's worth of entries; the number of entries found. */
static int read_some(void)
{
	char buf[8192];
	long n = must(syscall(SYS_getdents64, dir, buf, sizeof(buf)));
	int found = 0;

	for (long at = 0; at < n;) {
		struct dirent64 *e = (void *)(buf + at);

		if (e->d_name[0] == 'f')
			seen[atoi(e->d_name + 1)]++;
		found++;
		at += e->d_reclen;
	}
	return found;
}

static void arrange(void)
{
	char name[32];

	must(mkdir("dir", 0700));
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "dir/f%d", i);
		close(must(open(name, O_WRONLY | O_CREAT, 0600)));
	}
	dir = must(open("dir", O_RDONLY | O_DIRECTORY));
	check_in(read_some(), 1, FILES - 1);
}

static void verify(void)
{
	while (read_some() > 0)
		continue;
	for (int i = 0; i < FILES; i++)
		check_eq(seen[i], 1);
}

CRTEST(.about = "position in a directory", .arrange = arrange, .verify = verify)
