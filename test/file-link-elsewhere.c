// SPDX-License-Identifier: GPL-2.0-only
/* A file that is open by a name that is gone, while it has another one, is the same file afterwards (--link-remap). */
#include "test/crtest.h"

static int fds[3];

static void arrange(void)
{
	fds[0] = tmp_file("first", 1000, 1, O_RDWR);
	fds[1] = must(open("first", O_RDONLY));
	must(link("first", "second"));
	must(unlink("first"));
	must(mkdir("a", 0700));
	must(mkdir("a/b", 0700));
	fds[2] = tmp_file("a/b/file", 500, 2, O_RDONLY);
	must(link("a/b/file", "third"));
	must(unlink("a/b/file"));
	must(rmdir("a/b"));
	must(rmdir("a"));
}

static void check_same(int fd, const char *name, off_t size, int nlink)
{
	struct stat st, now;

	check_eq(fstat(fd, &st), 0);
	check_eq(stat(name, &now), 0);
	check_eq(st.st_dev, now.st_dev);
	check_eq(st.st_ino, now.st_ino);
	check_eq(st.st_size, size);
	check_eq(st.st_nlink, nlink);
}

static void verify(void)
{
	check_same(fds[0], "second", 1000, 1);
	check_same(fds[1], "second", 1000, 1);
	check_same(fds[2], "third", 500, 1);
	check_fails(access("first", F_OK), ENOENT);
	check_fails(access("a", F_OK), ENOENT);
	check_eq(pwrite(fds[0], "new", 3, 0), 3);
}

CRTEST(.about = "files with another name", .ids = "FS-17 FS-25 G-5", .opts = "--link-remap", .arrange = arrange,
       .verify = verify)
