// SPDX-License-Identifier: GPL-2.0-only
/*
 * What belongs to a table that tasks share: POSIX locks, which any of them may have taken, and any of them may take away; also those
 * of one that has ended. Epoll instances and their targets; pipes, locked files and offsets beside the copy that another task has.
 */
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>

#include "test/crtest.h"

static int locked, copied, ep, event, ends[2];
static struct task *sharer, *stranger;
static pid_t *sharers_pid; /* the stranger is born before it */

static struct flock range(int type, long start, long len)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len };
}

static void lock_for_root(void *arg)
{
	struct flock l = range(F_WRLCK, 300, 10);

	must(fcntl(locked, F_SETLK, &l));
}

static void lock_as_sharer(void *arg)
{
	struct flock l = range(F_WRLCK, 200, 10);

	must(fcntl(locked, F_SETLK, &l));
	/* A child that shares, takes one, and ends: the table has it still. */
	task_join(task_clone(CLONE_FILES, lock_for_root, NULL, NULL));
}

static void unlock_as_sharer(void *arg)
{
	struct flock l = range(F_UNLCK, 100, 10);
	struct epoll_event ev;
	uint64_t one = 1;
	char byte;

	check_eq(fcntl(locked, F_SETLK, &l), 0);
	check_eq(write(event, &one, sizeof(one)), sizeof(one));
	check_eq(epoll_wait(ep, &ev, 1, 0), 1);
	check_eq(ev.data.u32, 77);
	check_eq(read(ends[0], &byte, 1), 1);
	check_eq(byte, 'p');
	check_eq(close(ends[1]), 0);
	check_eq(lseek(copied, 0, SEEK_CUR), 5);
}

/* Has a copy of the table: another owner of locks. */
static void look(void *arg)
{
	struct flock l = range(F_WRLCK, 0, 150);

	check_eq(fcntl(locked, F_GETLK, &l), 0);
	check_eq(l.l_type, F_UNLCK);
	l = range(F_WRLCK, 0, 250);
	check_eq(fcntl(locked, F_GETLK, &l), 0);
	check_eq(l.l_type, F_WRLCK);
	check_eq(l.l_start, 200);
	check_eq(l.l_len, 10);
	check_eq(l.l_pid, *sharers_pid);
	l = range(F_WRLCK, 250, 0);
	check_eq(fcntl(locked, F_GETLK, &l), 0);
	check_eq(l.l_start, 300);
	check_eq(l.l_len, 10);
	check_eq(lseek(copied, 7, SEEK_SET), 7); /* one offset for all */
	check_eq(fcntl(ends[1], F_GETFD), 0);
	close(ends[1]);
}

static void arrange(void)
{
	struct flock l = range(F_WRLCK, 100, 10);
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = 77 };

	locked = tmp_file("locked", 10, 1, O_RDWR);
	copied = tmp_file("copied", 10, 2, O_RDWR);
	must(lseek(copied, 5, SEEK_SET));
	must(flock(copied, LOCK_EX));
	must(pipe(ends));
	must(write(ends[1], "p", 1));
	event = must(eventfd(0, EFD_NONBLOCK));
	ep = must(epoll_create1(EPOLL_CLOEXEC));
	must(epoll_ctl(ep, EPOLL_CTL_ADD, event, &ev));
	must(fcntl(locked, F_SETLK, &l));
	sharers_pid = shared_alloc(sizeof(*sharers_pid));
	stranger = task_child(NULL, look, NULL);
	sharer = task_clone(CLONE_FILES, lock_as_sharer, unlock_as_sharer, NULL);
	*sharers_pid = task_pid(sharer);
}

static void verify(void)
{
	int again = must(open("copied", O_RDWR));
	siginfo_t info;
	char byte;

	check_fails(flock(again, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	check_eq(flock(copied, LOCK_EX | LOCK_NB), 0);
	task_wake(sharer);
	check_eq(waitid(P_PID, task_pid(sharer), &info, WEXITED | WNOWAIT),
		 0); /* its number is good until it is reaped */
	check_fails(fcntl(ends[1], F_GETFD), EBADF);
	task_join(stranger);
	task_join(sharer);
	check_eq(read(ends[0], &byte, 1), 0); /* nobody has the other end now */
	check_eq(lseek(copied, 0, SEEK_CUR), 7);
}

CRTEST(.about = "locks, epoll and pipes in shared tables", .ids = "FS-12 FL-1", .arrange = arrange, .verify = verify,
       .opts = "--file-locks")
