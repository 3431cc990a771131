// SPDX-License-Identifier: GPL-2.0-only
/* Restartable sequences: the C library's registration, and one that the program made itself, are still there. */
#include <linux/rseq.h>
#include <sys/rseq.h>

#include "test/crtest.h"

static struct rseq own __attribute__((aligned(32)));
static struct task *thread;

static void *libc_area(void)
{
	return (char *)__builtin_thread_pointer() + __rseq_offset;
}

static long rseq_call(void *area, int flags)
{
	return syscall(SYS_rseq, area, 32, flags, RSEQ_SIG);
}

static void note(void *arg)
{
}

/* Registering the same area again gives EBUSY, another one EINVAL. */
static void has_libc_area(void *arg)
{
	check_fails(rseq_call(libc_area(), 0), EBUSY);
}

static void arrange(void)
{
	if (__rseq_size == 0)
		skip("the C library registers no rseq area here");
	thread = task_thread(note, has_libc_area, NULL);
	must(rseq_call(libc_area(), RSEQ_FLAG_UNREGISTER));
	own.cpu_id = RSEQ_CPU_ID_UNINITIALIZED;
	must(rseq_call(&own, 0));
}

static void verify(void)
{
	check_fails(rseq_call(&own, 0), EBUSY);
	check_in(own.cpu_id, 0, 4096);
	check_eq(rseq_call(&own, RSEQ_FLAG_UNREGISTER), 0);
	task_join(thread);
}

CRTEST(.about = "rseq registrations", .ids = "CPU-15", .arrange = arrange, .verify = verify)
