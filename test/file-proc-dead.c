// SPDX-License-Identifier: GPL-2.0-only
/* Files of /proc/PID of processes that have ended and were waited for, and one as working directory; files of threads. */
#include "test/crtest.h"

static const char *const names[] = { "", "/mountinfo", "/maps", "/task", "/net/tcp", "/attr/current", "/ns" };
#define NAMES (sizeof(names) / sizeof(*names))

static int fds[NAMES], own_task, threads, childs_thread, leaders;
static char links[NAMES][64];
static pid_t dead, dead_cwd;
static struct task *thread, *child;
static pid_t *childs_tid;

static void nothing(void *arg)
{
}

static void with_thread(void *arg)
{
	*childs_tid = task_pid(task_thread(nothing, NULL, NULL));
}

static pid_t start_doomed(void)
{
	pid_t pid = must(fork());

	if (!pid)
		for (;;)
			pause();
	return pid;
}

static void end(pid_t pid)
{
	must(kill(pid, SIGKILL));
	check_eq(must(waitpid(pid, NULL, 0)), pid);
}

static int open_proc(pid_t pid, const char *rest)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/%d%s", pid, rest);
	return must(open(path, O_RDONLY));
}

static void read_link(int fd, char *buf, size_t size)
{
	char path[32];

	memset(buf, 0, size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	check_in(readlink(path, buf, size - 1), 1, size - 1);
}

/* A process whose working directory is /proc/PID of a dead one. */
static void go_there(void *arg)
{
	char path[64];

	dead_cwd = start_doomed();
	snprintf(path, sizeof(path), "/proc/%d", dead_cwd);
	must(chdir(path));
	end(dead_cwd);
	check_fails(syscall(SYS_getcwd, path, sizeof(path)), ENOENT);
}

static void still_nowhere(void *arg)
{
	char path[64], link[64] = "";

	check_fails(syscall(SYS_getcwd, path, sizeof(path)), ENOENT);
	snprintf(path, sizeof(path), "/proc/%d (deleted)", dead_cwd);
	check_in(readlink("/proc/self/cwd", link, sizeof(link) - 1), 1, sizeof(link) - 1);
	check_str(link, path);
	check_fails(kill(dead_cwd, 0), ESRCH);
}

static struct task *lost;

static void arrange(void)
{
	char path[64];

	childs_tid = shared_alloc(sizeof(*childs_tid));
	thread = task_thread(nothing, nothing, NULL);
	child = task_child(with_thread, nothing, NULL);
	lost = task_child(go_there, still_nowhere, NULL);
	dead = start_doomed();
	for (size_t i = 0; i < NAMES; i++)
		fds[i] = open_proc(dead, names[i]);
	end(dead);
	for (size_t i = 0; i < NAMES; i++)
		read_link(fds[i], links[i], sizeof(links[i]));
	snprintf(path, sizeof(path), "/task/%d/stat", task_pid(thread));
	own_task = open_proc(getpid(), path);
	threads = open_proc(task_pid(thread), "/stat");
	snprintf(path, sizeof(path), "/task/%d/stat", *childs_tid);
	childs_thread = open_proc(task_pid(child), path);
	leaders = must(open("/proc/thread-self/comm", O_RDONLY));
}

static void check_stat(int fd, pid_t tid)
{
	char buf[512], want[32];

	snprintf(want, sizeof(want), "%d (", tid);
	check_in(pread(fd, buf, sizeof(buf), 0), 10, sizeof(buf));
	check_mem(buf, want, strlen(want));
}

static void verify(void)
{
	char link[64], buf[64];
	struct stat st;

	for (size_t i = 0; i < NAMES; i++) {
		read_link(fds[i], link, sizeof(link));
		check_str(link, links[i]);
		check_eq(fstat(fds[i], &st), 0);
		check_eq(S_ISDIR(st.st_mode), !names[i][0] || !strcmp(names[i], "/task") || !strcmp(names[i], "/ns"));
	}
	check(openat(fds[0], "stat", O_RDONLY) < 0);
	check_in(pread(fds[1], buf, sizeof(buf), 0), sizeof(buf), sizeof(buf));
	for (size_t i = 0; i < NAMES; i++)
		check_eq(close(fds[i]), 0);
	check_fails(kill(dead, 0), ESRCH);
	check_stat(own_task, task_pid(thread));
	check_stat(threads, task_pid(thread));
	check_stat(childs_thread, *childs_tid);
	check_in(pread(leaders, buf, sizeof(buf), 0), 2, sizeof(buf));
	task_join(thread);
	task_join(lost);
}

CRTEST(.about = "files of /proc of dead processes", .ids = "FS-32 FS-33", .opts = "--link-remap", .arrange = arrange,
       .verify = verify)
