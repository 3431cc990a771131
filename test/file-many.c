// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors at all powers of two below the limit, in the root and in children with tables of their own. */
#include <sys/resource.h>

#include "test/crtest.h"

static struct task *children[3];
static int highest;

static void all_there(void *arg)
{
	struct stat st;

	for (int fd = 32; fd < highest; fd *= 2) {
		check_eq(fstat(fd, &st), 0);
		check_eq(fcntl(fd + 1, F_GETFD), -1);
	}
}

static void arrange(void)
{
	struct rlimit l;
	int fd = must(open("/dev/null", O_RDWR));

	must(getrlimit(RLIMIT_NOFILE, &l));
	l.rlim_cur = l.rlim_max;
	must(setrlimit(RLIMIT_NOFILE, &l));
	highest = l.rlim_max / 2;
	for (int at = 32; at < highest; at *= 2)
		must(dup2(fd, at));
	for (int i = 0; i < 3; i++)
		children[i] = task_child(NULL, all_there, NULL);
}

static void verify(void)
{
	all_there(NULL);
	for (int i = 0; i < 3; i++)
		task_join(children[i]);
}

CRTEST(.about = "descriptors up to the limit", .ids = "FS-11", .root = true, .arrange = arrange, .verify = verify)
