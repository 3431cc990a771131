// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases on one of several open files, and leases that somebody is breaking, also of an open file that only a child has still. No
 * signal comes a second time.
 */
#include "test/crtest.h"

static int reading, writing, three[3], broken[3], shared, copy, childs;
static struct task *child, *heir;
static volatile sig_atomic_t signals, last_fd;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	signals++;
	last_fd = info->si_fd;
}

static int lease(const char *name, int flags, int type)
{
	int fd = tmp_file(name, 10, 1, flags);

	must(fcntl(fd, F_SETSIG, SIGIO));
	must(fcntl(fd, F_SETLEASE, type));
	return fd;
}

static void breaker(const char *name, int flags)
{
	if (open(name, flags | O_NONBLOCK) != -1 || errno != EWOULDBLOCK)
		crtest_broken(__FILE__, __LINE__, name);
}

static void look(void *arg)
{
	check_eq(fcntl(*(int *)arg, F_GETLEASE), F_UNLCK);
}

static void arrange(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };

	must(sigaction(SIGIO, &sa, NULL));
	reading = lease("reading", O_RDONLY, F_RDLCK);
	writing = lease("writing", O_WRONLY, F_WRLCK);
	three[0] = lease("three", O_RDONLY, F_RDLCK);
	three[1] = must(open("three", O_RDONLY));
	three[2] = must(open("three", O_RDONLY));
	must(fcntl(three[2], F_SETLEASE, F_RDLCK));
	broken[0] = lease("read-write", O_RDONLY, F_RDLCK);
	broken[1] = lease("write-write", O_WRONLY, F_WRLCK);
	broken[2] = lease("write-read", O_WRONLY, F_WRLCK);
	breaker("read-write", O_WRONLY);
	breaker("write-write", O_WRONLY);
	breaker("write-read", O_RDONLY);
	shared = lease("shared", O_RDONLY, F_RDLCK);
	copy = must(dup(shared));
	child = task_child(NULL, look, &shared);
	breaker("shared", O_RDWR);
	childs = lease("childs", O_RDONLY, F_RDLCK);
	heir = task_child(NULL, look, &childs);
	breaker("childs", O_RDWR);
	must(close(childs));
	if (signals != 5)
		crtest_broken(__FILE__, __LINE__, "signals");
}

static void verify(void)
{
	check_eq(signals, 5);
	check_eq(fcntl(reading, F_GETLEASE), F_RDLCK);
	check_eq(fcntl(writing, F_GETLEASE), F_WRLCK);
	check_eq(fcntl(three[0], F_GETLEASE), F_RDLCK);
	check_eq(fcntl(three[1], F_GETLEASE), F_UNLCK);
	check_eq(fcntl(three[2], F_GETLEASE), F_RDLCK);
	check_eq(fcntl(broken[0], F_GETLEASE), F_UNLCK);
	check_eq(fcntl(broken[1], F_GETLEASE), F_UNLCK);
	check_eq(fcntl(broken[2], F_GETLEASE), F_RDLCK);
	check_eq(fcntl(shared, F_GETLEASE), F_UNLCK);
	check_eq(fcntl(copy, F_GETLEASE), F_UNLCK);
	task_join(child);
	task_join(heir);
	check_eq(fcntl(reading, F_GETSIG), SIGIO);
	check_eq(fcntl(reading, F_GETOWN), getpid());
	breaker("reading", O_RDWR);
	check_eq(signals, 6);
	check_eq(last_fd, reading);
	check_eq(fcntl(reading, F_SETLEASE, F_UNLCK), 0);
	check_eq(fcntl(broken[2], F_SETLEASE, F_RDLCK), -1); /* it is open for writing, as before */
	check_eq(fcntl(broken[0], F_SETLEASE, F_UNLCK), 0);
	close(must(open("read-write", O_RDWR | O_NONBLOCK)));
}

CRTEST(.about = "leases", .ids = "FL-9 FL-10 FL-11 FL-12", .solo = true, .opts = "--file-locks", .arrange = arrange,
       .verify = verify)
