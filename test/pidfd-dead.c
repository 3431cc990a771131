// SPDX-License-Identifier: GPL-2.0-only
/* Pidfds of processes that are gone: which mean the same process, and how it ended. */
#include <poll.h>
#include <sys/ioctl.h>

#include "test/crtest.h"

/* <linux/pidfd.h> of Linux 6.15. */
struct info {
	uint64_t mask, cgroupid;
	uint32_t ids[11];
	int32_t exit_code;
};
#define GET_INFO  _IOWR(0xff, 11, struct info)
#define INFO_EXIT (1u << 3)

static int fds[2][2];
static bool has_info;

static void gone(int *fd, int code, int sig)
{
	pid_t pid = must(fork());

	if (!pid) {
		if (sig)
			raise(sig);
		_exit(code);
	}
	fd[0] = must(syscall(SYS_pidfd_open, pid, 0));
	fd[1] = must(syscall(SYS_pidfd_open, pid, O_NONBLOCK));
	must(waitpid(pid, NULL, 0));
}

static uint64_t inode(int fd)
{
	struct stat st;

	must(fstat(fd, &st));
	return st.st_ino;
}

static int exit_code(int fd)
{
	struct info info = { .mask = INFO_EXIT };

	return !ioctl(fd, GET_INFO, &info) && info.mask & INFO_EXIT ? info.exit_code : -1;
}

static void kid_verify(void *arg)
{
	uint64_t *seen = arg;

	seen[0] = inode(fds[0][0]);
	seen[1] = inode(fds[1][1]);
}

static struct task *kid;
static uint64_t *seen;

static void arrange(void)
{
	gone(fds[0], 42, 0);
	gone(fds[1], 0, SIGKILL);
	if (inode(fds[0][0]) == inode(fds[1][0]))
		skip("the kernel has no file system of pidfds");
	has_info = exit_code(fds[0][0]) >= 0;
	seen = shared_alloc(2 * sizeof(*seen));
	kid = task_child(NULL, kid_verify, seen);
}

static void verify(void)
{
	for (int i = 0; i < 2; i++) {
		struct pollfd pfd = { fds[i][0], POLLIN, 0 };

		check_eq(inode(fds[i][0]), inode(fds[i][1]));
		check_fails(syscall(SYS_pidfd_send_signal, fds[i][0], 0, NULL, 0), ESRCH);
		check_eq(poll(&pfd, 1, 0), 1);
		check_eq(fcntl(fds[i][0], F_GETFL) & O_NONBLOCK, 0);
		check_eq(fcntl(fds[i][1], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	}
	check(inode(fds[0][0]) != inode(fds[1][0]));
	if (has_info) {
		check_eq(exit_code(fds[0][0]), 42 << 8);
		check_eq(exit_code(fds[1][1]), SIGKILL);
	}
	task_join(kid);
	check_eq(seen[0], inode(fds[0][1]));
	check_eq(seen[1], inode(fds[1][0]));
}

CRTEST(.about = "pidfds of processes that are gone", .ids = "EV-13", .arrange = arrange, .verify = verify)
