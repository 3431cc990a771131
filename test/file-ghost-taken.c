// SPDX-License-Identifier: GPL-2.0-only
/*
 * A deleted file whose name another file has got since, which is open too; one that has its name again, though not through the
 * directory entry that was opened. /proc shows them in another way afterwards.
 */
#include "test/crtest.h"

static int deleted, other, again;

static void arrange(void)
{
	deleted = tmp_file("taken", 500, 3, O_RDWR);
	must(unlink("taken"));
	other = tmp_file("taken", 300, 4, O_RDONLY);
	again = tmp_file("again", 300, 5, O_RDWR);
	must(link("again", "second"));
	must(unlink("again"));
	must(link("second", "again"));
}

static void verify(void)
{
	char data[PAGE];
	struct stat a, b;

	check_eq(fstat(deleted, &a), 0);
	check_eq(a.st_nlink, 0);
	check_eq(pread(deleted, data, sizeof(data), 0), 500);
	check_random(data, 496, 3);
	check_eq(stat("taken", &a), 0);
	check_eq(fstat(other, &b), 0);
	check_eq(a.st_ino, b.st_ino);
	check_eq(pread(other, data, sizeof(data), 0), 300);
	check_random(data, 296, 4);
	check_eq(stat("second", &a), 0);
	check_eq(fstat(again, &b), 0);
	check_eq(a.st_ino, b.st_ino);
	check_eq(b.st_nlink, 2);
}

CRTEST(.about = "a deleted file whose name is taken", .ids = "FS-16", .busy = true, .arrange = arrange,
       .verify = verify)
