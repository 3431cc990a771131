// SPDX-License-Identifier: GPL-2.0-only
/* A child in a time namespace of its own, and a task whose children would be born in another one: refused, and both go on. */
#include <sched.h>

#include "test/crtest.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

#define DAY 86400

static struct task *parent;
static pid_t *nested;
static long long *parent_s, *nested_s;

static long long monotonic_s(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_MONOTONIC, &t));
	return t.tv_sec;
}

static void live_in_it(void)
{
	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
	*nested_s = monotonic_s();
	for (;;)
		pause();
}

/* Its child is in the new namespace; itself, which has made it, is not. */
static void make_namespace(void *arg)
{
	static const char later[] = "monotonic 864000 0";
	pid_t pid;
	int fd;

	if (unshare(CLONE_NEWTIME))
		skip("no time namespaces: %s", strerror(errno));
	fd = must(open("/proc/self/timens_offsets", O_WRONLY));
	if (write(fd, later, strlen(later)) < 0) /* relative to the initial one */
		must(write(fd, "monotonic 19008000 0", 20));
	close(fd);
	*parent_s = monotonic_s();
	pid = must(fork());
	if (!pid)
		live_in_it();
	*nested = pid;
	while (!*nested_s)
		usleep(1000);
}

static void end_it(void *arg)
{
	int status;

	check_eq(kill(*nested, SIGKILL), 0);
	check_eq(waitpid(*nested, &status, 0), *nested);
	check_eq(status, SIGKILL);
}

static void arrange(void)
{
	nested = shared_alloc(sizeof(*nested));
	parent_s = shared_alloc(sizeof(*parent_s));
	nested_s = shared_alloc(sizeof(*nested_s));
	parent = task_child(make_namespace, end_it, NULL);
	check(llabs(*nested_s - *parent_s) > DAY);
}

static void verify(void)
{
	task_join(parent);
}

CRTEST(.about = "time namespaces in the tree", .ids = "TM-9", .root = true,
       .refused = "it has another time namespace (|time namespace for its children", .arrange = arrange,
       .verify = verify)
