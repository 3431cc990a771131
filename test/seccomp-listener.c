// SPDX-License-Identifier: GPL-2.0-only
/* A filter that asks a listener, and the listener: both are refused by name, and go on to work. */
#include <sys/ioctl.h>

#include "test/crtest-seccomp.h"

static int listener = -1;
static struct task *thread;

static void thread_arrange(void *arg)
{
	listener = must(forbid(SYS_mincore, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER));
}

static void thread_verify(void *arg)
{
	check_fails(syscall(SYS_mincore, 0, 0, 0), ODD_ERRNO);
}

static void arrange(void)
{
	thread = task_thread(thread_arrange, thread_verify, NULL);
}

static void verify(void)
{
	struct seccomp_notif n = { 0 };
	struct seccomp_notif_resp r = { .error = -ODD_ERRNO };

	task_wake(thread);
	check_eq(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n), 0);
	check_eq(n.data.nr, SYS_mincore);
	r.id = n.id;
	check_eq(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &r), 0);
	task_join(thread);
}

CRTEST(.about = "seccomp listeners are refused", .ids = "G-6", .root = true, .refused = "seccomp listener|USER_NOTIF",
       .arrange = arrange, .verify = verify)
