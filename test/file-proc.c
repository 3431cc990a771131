// SPDX-License-Identifier: GPL-2.0-only
/* Files of /proc: of the system, of process 1, of the task itself, its child and its parent. */
#include "test/crtest.h"

static int system_fd, init_fd, own, childs, dir, parents;
static struct task *child;

static void check_stat(int fd, pid_t pid)
{
	char buf[512], want[32];

	snprintf(want, sizeof(want), "%d (", pid);
	check_in(pread(fd, buf, sizeof(buf), 0), 10, sizeof(buf));
	check_mem(buf, want, strlen(want));
}

static void open_parents(void *arg)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", getppid());
	parents = must(open(path, O_RDONLY));
}

static void look_at_parent(void *arg)
{
	check_stat(parents, getppid());
}

static void arrange(void)
{
	char path[64];

	system_fd = must(open("/proc/sys/kernel/ostype", O_RDONLY));
	init_fd = must(open("/proc/1/status", O_RDONLY));
	own = must(open("/proc/self/stat", O_RDONLY));
	child = task_child(open_parents, look_at_parent, NULL);
	snprintf(path, sizeof(path), "/proc/%d/stat", task_pid(child));
	childs = must(open(path, O_RDONLY));
	snprintf(path, sizeof(path), "/proc/%d", task_pid(child));
	dir = must(open(path, O_RDONLY | O_DIRECTORY));
}

static void verify(void)
{
	struct stat st, now;
	char buf[32];
	int fd;

	check_eq(pread(system_fd, buf, sizeof(buf), 0), 6);
	check_eq(fstat(init_fd, &st), 0);
	check_eq(stat("/proc/1/status", &now), 0);
	check_eq(st.st_ino, now.st_ino);
	check_stat(own, getpid());
	check_stat(childs, task_pid(child));
	fd = openat(dir, "stat", O_RDONLY);
	check_stat(fd, task_pid(child));
	close(fd);
	task_join(child);
}

CRTEST(.about = "files of /proc", .ids = "FS-31", .arrange = arrange, .verify = verify)
