// SPDX-License-Identifier: GPL-2.0-only
/* A memfd that a child opened again, read-only, through /proc/PID/fd: one file, two positions. */
#include "test/crtest.h"

static int fd, theirs;
static struct task *child;

static void open_it(void *arg)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getppid(), fd);
	theirs = must(open(path, O_RDONLY | O_NONBLOCK));
	must(close(fd));
	must(lseek(theirs, 2, SEEK_SET));
}

static void read_it(void *arg)
{
	char buf[16];

	check_eq(fcntl(theirs, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY | O_NONBLOCK);
	check_eq(read(theirs, buf, sizeof(buf)), 6);
	check_mem(buf, "llo Hi", 6);
	check_fails(write(theirs, buf, 1), EBADF);
}

static void arrange(void)
{
	fd = must(memfd_create("two", 0));
	must(write(fd, "hello", 5));
	child = task_child(open_it, read_it, NULL);
}

static void verify(void)
{
	check_eq(write(fd, " Hi", 3), 3);
	check_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	task_join(child);
	check_eq(lseek(fd, 0, SEEK_CUR), 8);
}

CRTEST(.about = "a memfd of two tasks", .ids = "MEM-19", .arrange = arrange, .verify = verify)
