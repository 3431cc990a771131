// SPDX-License-Identifier: GPL-2.0-only
/* /dev/null, zero, full, random and urandom, also through a device node of another name. */
#include <sys/sysmacros.h>

#include "test/crtest.h"

static const char *const names[] = { "null", "zero", "full", "random", "urandom" };
static const int minors[] = { 3, 5, 7, 8, 9 };
static int fds[5], own;

static void arrange(void)
{
	char path[32];

	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "/dev/%s", names[i]);
		fds[i] = must(open(path, O_RDWR));
	}
	must(mknod("own-null", S_IFCHR | 0600, makedev(1, 3)));
	own = must(open("own-null", O_WRONLY | O_APPEND));
}

static void verify(void)
{
	struct stat st;
	char buf[8];

	for (int i = 0; i < 5; i++) {
		check_eq(fstat(fds[i], &st), 0);
		check(S_ISCHR(st.st_mode));
		check_eq(st.st_rdev, makedev(1, minors[i]));
	}
	check_eq(read(fds[0], buf, 8), 0);
	check_eq(read(fds[1], buf, 8), 8);
	check_mem(buf, "\0\0\0\0\0\0\0\0", 8);
	check_fails(write(fds[2], buf, 8), ENOSPC);
	check_eq(read(fds[3], buf, 8), 8);
	check_eq(read(fds[4], buf, 8), 8);
	check_eq(write(own, buf, 8), 8);
	check_eq(fcntl(own, F_GETFL) & (O_ACCMODE | O_APPEND), O_WRONLY | O_APPEND);
}

CRTEST(.about = "memory devices", .root = true, .arrange = arrange, .verify = verify)
