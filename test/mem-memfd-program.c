// SPDX-License-Identifier: GPL-2.0-only
/* A program that was started from a memfd: /proc/PID/exe and its mappings. */
#include "test/crtest.h"

static pid_t pid;
static int fd;

static void copy(const char *from)
{
	int in = must(open(from, O_RDONLY | O_CLOEXEC));
	char buf[4096];
	ssize_t n;

	while ((n = must(read(in, buf, sizeof(buf)))))
		must(write(fd, buf, n));
	must(close(in));
}

static void exe_of(char *link, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = must(readlink(path, link, size - 1));
	link[n] = '\0';
}

static void arrange(void)
{
	char *const args[] = { "sleep", "1000", NULL };
	char link[128] = "";

	fd = must(memfd_create("program", MFD_CLOEXEC));
	copy("/bin/sleep");
	pid = must(fork());
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fexecve(fd, args, environ);
		_exit(1);
	}
	while (strcmp(link, "/memfd:program (deleted)")) {
		exe_of(link, sizeof(link));
		usleep(1000);
	}
	task_wait_asleep(pid);
}

static void verify(void)
{
	char link[128];
	int status;

	exe_of(link, sizeof(link));
	check_str(link, "/memfd:program (deleted)");
	check_eq(kill(pid, 0), 0);
	check_eq(waitpid(pid, &status, WNOHANG), 0);
	must(kill(pid, SIGTERM));
	must(waitpid(pid, &status, 0));
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

CRTEST(.about = "a program in a memfd", .ids = "MEM-22", .arrange = arrange, .verify = verify)
