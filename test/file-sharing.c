// SPDX-License-Identifier: GPL-2.0-only
/* Who shares an open file: duplicates and inherited descriptors share one offset, a second open has its own. */
#include "test/crtest.h"

static int fd, copy, other;
static struct task *child;

static void read_some(void *arg)
{
	char c[4];

	check_eq(lseek(fd, 0, SEEK_CUR), 10);
	check_eq(read(fd, c, 4), 4);
	check_eq(lseek(other, 0, SEEK_CUR), 3);
	check_eq(lseek(other, 100, SEEK_SET), 100);
	/* The copy was closed here before the dump. */
	check_fails(fcntl(copy, F_GETFD), EBADF);
}

static void close_copy(void *arg)
{
	close(copy);
}

static void arrange(void)
{
	fd = tmp_file("file", 1000, 1, O_RDWR);
	copy = must(fcntl(fd, F_DUPFD_CLOEXEC, 100));
	other = must(open("file", O_RDWR));
	must(lseek(other, 3, SEEK_SET));
	child = task_child(close_copy, read_some, NULL);
	must(lseek(copy, 10, SEEK_SET));
}

static void verify(void)
{
	check_eq(lseek(fd, 0, SEEK_CUR), 10);
	task_join(child);
	check_eq(lseek(fd, 0, SEEK_CUR), 14);
	check_eq(lseek(copy, 0, SEEK_CUR), 14);
	check_eq(lseek(other, 0, SEEK_CUR), 100);
	check_eq(fcntl(fd, F_GETFD), 0);
	check_eq(fcntl(copy, F_GETFD), FD_CLOEXEC);
	check_eq(fcntl(other, F_GETFD), 0);
	/* One open file: status flags are common, too. */
	check_eq(fcntl(copy, F_SETFL, O_APPEND), 0);
	check_eq(fcntl(fd, F_GETFL) & O_APPEND, O_APPEND);
	check_eq(fcntl(other, F_GETFL) & O_APPEND, 0);
}

CRTEST(.about = "shared and own offsets", .ids = "FS-3", .arrange = arrange, .verify = verify)
