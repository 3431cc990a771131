// SPDX-License-Identifier: GPL-2.0-only
/* A file made by O_TMPFILE can still be given a name afterwards, also one that is open a second time. */
#include "test/crtest.h"

static int fd, again;

static void name_it(const char *name)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	check_eq(linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW), 0);
}

static void arrange(void)
{
	char path[32], data[PAGE];

	fd = must(open(".", O_TMPFILE | O_RDWR, 0600));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = must(open(path, O_RDONLY));
	fill_random(data, sizeof(data), 1);
	must(write(fd, data, sizeof(data)));
	must(fchmod(fd, 0644));
}

static void verify(void)
{
	char data[PAGE];
	struct stat st;

	name_it("named");
	check_eq(read(again, data, sizeof(data)), sizeof(data));
	check_random(data, sizeof(data), 1);
	check_eq(lseek(fd, 0, SEEK_CUR), PAGE);
	check_eq(stat("named", &st), 0);
	check_eq(st.st_mode, S_IFREG | 0644);
	check_eq(st.st_size, PAGE);
	check_eq(unlink("named"), 0);
}

/* The name that /proc shows is the inode number. */
CRTEST(.about = "O_TMPFILE", .ids = "FS-15", .arrange = arrange, .verify = verify, .busy = true)
