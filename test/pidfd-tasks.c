// SPDX-License-Identifier: GPL-2.0-only
/* Pidfds of the process itself, of a child, a grandchild, a zombie; an fd taken over from the child. */
#include <poll.h>
#include <sys/pidfd.h>

#include "test/crtest.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

static int self, leader, child, grand, zombie, taken, doomed_fd;
static struct task *kid;
static pid_t doomed, dead;
static pid_t *grand_pid;
static int *ends;

static int pidfd(pid_t pid, unsigned int flags)
{
	return must(syscall(SYS_pidfd_open, pid, flags));
}

static void kid_arrange(void *arg)
{
	int value = 4711;
	pid_t pid;

	must(pipe(ends));
	must(write(ends[1], &value, sizeof(value)));
	pid = must(fork());
	while (!pid)
		pause();
	*grand_pid = pid;
}

static void arrange(void)
{
	self = pidfd(getpid(), PIDFD_NONBLOCK);
	leader = syscall(SYS_pidfd_open, getpid(), PIDFD_THREAD);
	must(fcntl(self, F_SETFD, 0));
	ends = shared_alloc(2 * sizeof(int));
	grand_pid = shared_alloc(sizeof(pid_t));
	kid = task_child(kid_arrange, NULL, NULL);
	child = pidfd(task_pid(kid), 0);
	grand = pidfd(*grand_pid, 0);
	taken = must(syscall(SYS_pidfd_getfd, child, ends[0], 0));
	doomed = must(fork());
	while (!doomed) {
		signal(SIGTERM, SIG_DFL);
		pause();
	}
	doomed_fd = pidfd(doomed, 0);
	dead = must(fork());
	if (!dead)
		_exit(3);
	zombie = pidfd(dead, 0);
	must(waitid(P_PIDFD, zombie, NULL, WEXITED | WNOWAIT));
}

static int pid_of(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	return atoi(proc_field(path, "Pid"));
}

static int send(int fd, int sig)
{
	return syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0);
}

static void verify(void)
{
	struct pollfd pfd = { zombie, POLLIN, 0 };
	siginfo_t info;
	int value = 0;

	check_eq(pid_of(self), getpid());
	check_eq(send(self, 0), 0);
	check_eq(fcntl(self, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	check_eq(fcntl(self, F_GETFD), 0);
	check_eq(fcntl(child, F_GETFL) & O_NONBLOCK, 0);
	check_eq(fcntl(child, F_GETFD), FD_CLOEXEC);
	if (leader >= 0)
		check_eq(fcntl(leader, F_GETFL) & PIDFD_THREAD, PIDFD_THREAD);
	check_eq(read(taken, &value, sizeof(value)), sizeof(value));
	check_eq(value, 4711);
	check_eq(pid_of(grand), *grand_pid);
	check_eq(send(grand, 0), 0);
	check_eq(pid_of(child), task_pid(kid));
	check_eq(send(child, 0), 0);
	check_eq(send(doomed_fd, SIGTERM), 0);
	check_eq(waitid(P_PIDFD, doomed_fd, &info, WEXITED), 0);
	check_eq(info.si_pid, doomed);
	check_eq(info.si_status, SIGTERM);
	check_eq(poll(&pfd, 1, 0), 1);
	check_eq(waitid(P_PIDFD, zombie, &info, WEXITED), 0);
	check_eq(info.si_pid, dead);
	check_eq(info.si_status, 3);
	check_eq(send(grand, SIGKILL), 0);
	pfd.fd = grand;
	check_eq(poll(&pfd, 1, 5000), 1);
	check_eq(send(child, SIGKILL), 0);
	check_eq(waitid(P_PIDFD, child, &info, WEXITED), 0);
	check_eq(info.si_pid, task_pid(kid));
	check_eq(info.si_status, SIGKILL);
}

CRTEST(.about = "pidfds of living tasks and zombies", .ids = "EV-12 EV-15", .arrange = arrange, .verify = verify)
