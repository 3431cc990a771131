// SPDX-License-Identifier: GPL-2.0-only
/* O_PATH descriptors of a file and of a directory keep that flag and still work as anchors. */
#include "test/crtest.h"

static int file, dir;

static void arrange(void)
{
	close(tmp_file("file", 10, 1, O_RDONLY));
	file = must(open("file", O_PATH));
	dir = must(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

static void verify(void)
{
	char c;
	int fd;

	check_eq(fcntl(file, F_GETFL) & O_PATH, O_PATH);
	check_eq(fcntl(dir, F_GETFL) & O_PATH, O_PATH);
	check_fails(read(file, &c, 1), EBADF);
	fd = openat(dir, "file", O_RDONLY);
	check(fd >= 0);
	check_eq(read(fd, &c, 1), 1);
}

CRTEST(.about = "O_PATH", .ids = "FS-8", .arrange = arrange, .verify = verify)
