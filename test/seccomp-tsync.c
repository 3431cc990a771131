// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filters that threads share are shared again: one more that is installed for all of them (TSYNC) is accepted, which takes that the
 * others' chains are the very same objects. A thread with a further filter of its own stands in the way of that, as before.
 */
#include "test/crtest-seccomp.h"

static struct task *child, *other, *thread, *further;

static bool is_forbidden(long nr)
{
	errno = 0;
	syscall(nr, -1L, -1L, -1L, -1L, -1L);
	return errno == ODD_ERRNO;
}

static void thread_verify(void *arg)
{
	check(is_forbidden(SYS_ptrace));
	check(is_forbidden(SYS_getpriority));
	check(is_forbidden(SYS_mincore));
	check_eq(status_number(gettid(), "Seccomp_filters"), 3);
}

static void child_arrange(void *arg)
{
	must(forbid(SYS_ptrace, SECCOMP_RET_ERRNO | ODD_ERRNO, 0));
	thread = task_thread(NULL, thread_verify, NULL);
	must(forbid(SYS_getpriority, SECCOMP_RET_ERRNO | ODD_ERRNO,
		    SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG));
}

static void child_verify(void *arg)
{
	check(!is_forbidden(SYS_mincore));
	check_eq(forbid(SYS_mincore, SECCOMP_RET_ERRNO | ODD_ERRNO, SECCOMP_FILTER_FLAG_TSYNC), 0);
	check(is_forbidden(SYS_mincore));
	task_join(thread);
}

static void further_arrange(void *arg)
{
	must(forbid(SYS_mincore, SECCOMP_RET_ERRNO | ODD_ERRNO, 0));
}

static void further_verify(void *arg)
{
	check(is_forbidden(SYS_ptrace));
	check(is_forbidden(SYS_mincore));
}

static void other_arrange(void *arg)
{
	must(forbid(SYS_ptrace, SECCOMP_RET_ERRNO | ODD_ERRNO, 0));
	further = task_thread(further_arrange, further_verify, NULL);
}

static void other_verify(void *arg)
{
	check_eq(forbid(SYS_setpriority, SECCOMP_RET_ERRNO | ODD_ERRNO, SECCOMP_FILTER_FLAG_TSYNC), task_pid(further));
	check(!is_forbidden(SYS_setpriority));
	check(!is_forbidden(SYS_mincore));
	task_join(further);
}

static void arrange(void)
{
	child = task_child(child_arrange, child_verify, NULL);
	other = task_child(other_arrange, other_verify, NULL);
}

static void verify(void)
{
	task_join(child);
	task_join(other);
}

CRTEST(.about = "seccomp filters shared by threads", .ids = "CR-11", .root = true, .arrange = arrange, .verify = verify)
