// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors at all powers of two below half of the highest number that may be had, in a process, in children with a copy of the
 * table, and in children that share it.
 */
#include <sched.h>
#include <sys/resource.h>

#include "test/crtest.h"

#define CHILDREN 4

static struct task *children[CHILDREN];
static struct stat null;
static int limit;

static void look(void *arg)
{
	struct stat st;

	for (int fd = 4; fd < limit; fd++) {
		bool power = !(fd & (fd - 1));

		if (!power) {
			check_eq(fcntl(fd, F_GETFD), -1);
			continue;
		}
		check_eq(fcntl(fd, F_GETFD), fd & 0x555 ? FD_CLOEXEC : 0);
		check_eq(fstat(fd, &st), 0);
		check_eq(st.st_rdev, null.st_rdev);
	}
}

static void arrange(void)
{
	struct rlimit r;
	char text[32] = "";

	must(getrlimit(RLIMIT_NOFILE, &r));
	must(read_file("/proc/sys/fs/nr_open", text, sizeof(text) - 1));
	if (r.rlim_max > strtoul(text, NULL, 10))
		r.rlim_max = strtoul(text, NULL, 10);
	r.rlim_cur = r.rlim_max;
	must(setrlimit(RLIMIT_NOFILE, &r));
	limit = r.rlim_max / 2;
	for (int fd = 4; fd < limit; fd++)
		close(fd);
	for (int fd = 4; fd < limit; fd *= 2)
		must(dup3(0, fd, fd & 0x555 ? O_CLOEXEC : 0));
	must(fstat(0, &null));
	for (int i = 0; i < CHILDREN; i++)
		children[i] = task_clone(i % 2 ? CLONE_FILES : 0, NULL, look, NULL);
}

static void verify(void)
{
	look(NULL);
	for (int i = 0; i < CHILDREN; i++)
		task_join(children[i]);
}

CRTEST(.about = "high descriptor numbers", .ids = "FS-11", .arrange = arrange, .verify = verify)
