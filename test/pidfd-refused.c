// SPDX-License-Identifier: GPL-2.0-only
/* A pidfd of a thread, and one of a process outside the tree, are refused by name. */
#include "test/crtest.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

static int thread, outside;
static struct task *other;

static void arrange(void)
{
	other = task_thread(NULL, NULL, NULL);
	thread = syscall(SYS_pidfd_open, task_pid(other), PIDFD_THREAD);
	if (thread < 0)
		skip("the kernel has no PIDFD_THREAD");
	outside = must(syscall(SYS_pidfd_open, 1, 0));
}

static void verify(void)
{
	check_eq(syscall(SYS_pidfd_send_signal, thread, 0, NULL, 0), 0);
	check_fails(syscall(SYS_pidfd_send_signal, outside, 0, NULL, 0), EPERM);
	task_join(other);
}

CRTEST(.about = "pidfds that cannot be restored", .ids = "EV-14", .arrange = arrange, .verify = verify,
       .refused = "is a pidfd of thread |is a pidfd of process 1, which is outside")
