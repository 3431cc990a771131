// SPDX-License-Identifier: GPL-2.0-only
/* POSIX, flock and OFD locks of a parent and a child are held by the same tasks and files as before. */
#include <sys/file.h>

#include "test/crtest.h"

static int posix, whole, ofd, childs;
static struct task *child;

static struct flock range(int type, long start, long len)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len };
}

/* The child has descriptors of all files; it locks one of them by itself. */
static void lock_own(void *arg)
{
	struct flock l = range(F_RDLCK, 1000, 1);

	must(fcntl(childs, F_SETLK, &l));
}

static void probe(void *arg)
{
	int again = open("whole", O_RDWR);
	struct flock l = range(F_WRLCK, 0, 0);

	check_eq(fcntl(posix, F_GETLK, &l), 0);
	check_eq(l.l_type, F_WRLCK);
	check_eq(l.l_start, 100);
	check_eq(l.l_len, 10);
	check_eq(l.l_pid, getppid());
	l = range(F_WRLCK, 200, 10);
	check_eq(fcntl(posix, F_GETLK, &l), 0);
	check_eq(l.l_type, F_RDLCK);
	check_fails(flock(again, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	check_eq(flock(whole, LOCK_EX | LOCK_NB), 0); /* shared with the parent */
	close(again);
	again = open("ofd", O_RDWR);
	l = range(F_WRLCK, 0, 0);
	check_eq(fcntl(again, F_OFD_GETLK, &l), 0);
	check_eq(l.l_type, F_RDLCK);
	check_eq(l.l_start, 5);
	check_eq(l.l_len, 20);
	check_eq(l.l_pid, -1);
	close(again);
}

static void arrange(void)
{
	struct flock l;

	posix = tmp_file("posix", 10, 1, O_RDWR);
	whole = tmp_file("whole", 10, 2, O_RDWR);
	ofd = tmp_file("ofd", 10, 3, O_RDWR);
	childs = tmp_file("childs", 10, 4, O_RDWR);
	l = range(F_WRLCK, 100, 10);
	must(fcntl(posix, F_SETLK, &l));
	l = range(F_RDLCK, 200, 10);
	must(fcntl(posix, F_SETLK, &l));
	must(flock(whole, LOCK_EX));
	l = range(F_RDLCK, 5, 20);
	must(fcntl(ofd, F_OFD_SETLK, &l));
	child = task_child(lock_own, probe, NULL);
}

static void verify(void)
{
	struct flock l = range(F_WRLCK, 0, 0);

	check_eq(fcntl(childs, F_GETLK, &l), 0);
	check_eq(l.l_type, F_RDLCK);
	check_eq(l.l_start, 1000);
	check_eq(l.l_pid, task_pid(child));
	task_join(child);
}

CRTEST(.about = "file locks", .ids = "FL-1 FL-4 FL-8", .arrange = arrange, .verify = verify, .opts = "--file-locks")
