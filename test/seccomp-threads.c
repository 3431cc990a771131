// SPDX-License-Identifier: GPL-2.0-only
/* Three threads with a filter each, the main thread has none. */
#include "test/crtest-seccomp.h"

#define THREADS 3

static const long calls[THREADS] = { SYS_ptrace, SYS_prctl, SYS_mincore };
static struct task *threads[THREADS];

static void confine(void *arg)
{
	must(forbid(*(const long *)arg, SECCOMP_RET_ERRNO | ODD_ERRNO, 0));
}

static void same(void *arg)
{
	for (int i = 0; i < THREADS; i++) {
		errno = 0;
		syscall(calls[i], -1L, -1L, -1L, -1L, -1L);
		check_eq(errno == ODD_ERRNO, &calls[i] == arg);
	}
	check_eq(status_number(gettid(), "Seccomp"), SECCOMP_MODE_FILTER);
}

static void arrange(void)
{
	for (int i = 0; i < THREADS; i++)
		threads[i] = task_thread(confine, same, (void *)&calls[i]);
}

static void verify(void)
{
	check_eq(status_number(getpid(), "Seccomp"), SECCOMP_MODE_DISABLED);
	check_eq(prctl(PR_GET_SECCOMP), SECCOMP_MODE_DISABLED);
	for (int i = 0; i < THREADS; i++)
		task_join(threads[i]);
}

CRTEST(.about = "seccomp filters of single threads", .ids = "CR-10", .root = true, .arrange = arrange, .verify = verify)
