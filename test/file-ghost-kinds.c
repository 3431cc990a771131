// SPDX-License-Identifier: GPL-2.0-only
/* Deleted directories, links and devices that are open; a deleted working directory; names that are gone with their directory. */
#include <sys/sysmacros.h>

#include "test/crtest.h"

static int dir, cwd, link_fd, named_link, device, inner, odd;

static void arrange(void)
{
	must(mkdir("parent", 0700));
	must(mkdir("parent/dir", 0750));
	dir = must(open("parent/dir", O_RDONLY | O_DIRECTORY));
	inner = tmp_file("parent/dir/file", 100, 1, O_RDWR);
	must(unlink("parent/dir/file"));
	must(rmdir("parent/dir"));
	must(rmdir("parent"));
	must(symlink("nowhere/at all", "link"));
	named_link = must(open("link", O_PATH | O_NOFOLLOW));
	must(symlink("target", "gone-link"));
	link_fd = must(open("gone-link", O_PATH | O_NOFOLLOW));
	must(unlink("gone-link"));
	must(mknod("null", S_IFCHR | 0700, makedev(1, 3)));
	device = must(open("null", O_RDWR));
	must(unlink("null"));
	must(mkdir("odd", 0700));
	odd = tmp_file("odd/\\ \"'\n%s (deleted)", 10, 2, O_RDWR);
	must(unlink("odd/\\ \"'\n%s (deleted)"));
	must(chmod("odd", 0500));
	must(mkdir("cwd", 0700));
	must(chdir("cwd"));
	cwd = must(open(".", O_RDONLY));
	must(rmdir("../cwd"));
}

static void verify(void)
{
	struct stat st, now;
	char buf[PAGE];

	check_eq(fstat(dir, &st), 0);
	check_eq(st.st_mode, S_IFDIR | 0750);
	check_eq(st.st_nlink, 0);
	check_eq(pread(inner, buf, sizeof(buf), 0), 100);
	check_random(buf, 96, 1);
	check_eq(readlinkat(named_link, "", buf, sizeof(buf)), 14);
	check_mem(buf, "nowhere/at all", 14);
	check_eq(readlinkat(link_fd, "", buf, sizeof(buf)), 6);
	check_mem(buf, "target", 6);
	check_eq(fstat(device, &st), 0);
	check_eq(st.st_mode, S_IFCHR | 0700);
	check_eq(st.st_rdev, makedev(1, 3));
	check_eq(write(device, buf, 6), 6);
	check_eq(pread(odd, buf, 10, 0), 10);
	check_eq(stat(".", &now), 0);
	check_eq(fstat(cwd, &st), 0);
	check_eq(st.st_ino, now.st_ino);
	check_eq(st.st_nlink, 0);
	check_fails(open("x", O_CREAT | O_WRONLY, 0600), ENOENT);
	check(!getcwd(buf, sizeof(buf)) && errno == ENOENT);
	check_eq(chdir(".."), 0);
	check_fails(access("parent", F_OK), ENOENT);
	check_fails(access("gone-link", F_OK), ENOENT);
	check_fails(access("null", F_OK), ENOENT);
	check_fails(access("cwd", F_OK), ENOENT);
	check_eq(rmdir("odd"), 0);
}

CRTEST(.about = "deleted directories, links, devices", .ids = "FS-9 FS-15 FS-26 FS-27 FS-34", .root = true,
       .arrange = arrange, .verify = verify)
