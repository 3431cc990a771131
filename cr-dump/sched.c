// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a thread is scheduled: policy with its parameters, nice, CPUs, I/O priority, utilization clamps. All of it can be asked from outside.
 * What is usual is not written: then it is as with any new thread.
 */
#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/kernel.h"
#include "cr-dump/task.h"

#define POLICY_DEADLINE 6

#define UTIL_MAX	  1024 /* of a thread that is not clamped */
#define IO_NO_CLASS(prio) ((prio) >> 13 == 0)

/* sched_getattr tells it of ordinary threads only; one with a real-time policy keeps it for later. */
static int nice_of(const struct kernel_sched_attr *a, pid_t tid)
{
	return a->priority || a->policy == POLICY_DEADLINE ? getpriority(PRIO_PROCESS, tid) : a->nice;
}

static int look_affinity(struct dump_ctx *ctx, ThreadCoreEntry *core, pid_t tid, struct err *e)
{
	uint8_t cpus[KERNEL_CPU_MASK_SIZE];
	long len = syscall(SYS_sched_getaffinity, tid, sizeof(cpus), cpus);

	if (len < 0)
		return err_set(e, errno, "cannot read which CPUs thread %d may use", tid);
	core->has_cpu_affinity = true;
	core->cpu_affinity.len = len;
	core->cpu_affinity.data = pool_copy(&ctx->pool, cpus, len);
	return 0;
}

/* Ours is the usual length of a slice: nothing else tells it. */
static uint64_t usual_slice(void)
{
	static uint64_t slice;
	struct kernel_sched_attr a;

	if (!slice && !syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0))
		slice = a.runtime;
	return slice;
}

static void look_attr(ThreadCoreEntry *core, const struct kernel_sched_attr *a)
{
	if (a->policy == POLICY_DEADLINE) {
		PB_SET(core, sched_runtime, a->runtime);
		PB_SET(core, sched_deadline, a->deadline);
		PB_SET(core, sched_period, a->period);
		PB_SET(core, sched_flags, a->flags & ~KERNEL_SCHED_FLAG_RESET_ON_FORK);
	} else if (!a->priority && a->runtime != usual_slice()) {
		PB_SET(core, sched_runtime, a->runtime);
	}
	/* A kernel that has no clamps leaves both 0. */
	if (a->util_max && (a->util_min || a->util_max != UTIL_MAX)) {
		PB_SET(core, sched_util_min, a->util_min);
		PB_SET(core, sched_util_max, a->util_max);
	}
}

/* Without a class, older kernels tell what follows from nice. */
static int look_ioprio(ThreadCoreEntry *core, pid_t tid, struct err *e)
{
	long prio = syscall(SYS_ioprio_get, KERNEL_IOPRIO_WHO_PROCESS, tid);

	if (prio < 0 && errno != ENOSYS)
		return err_set(e, errno, "cannot read the I/O priority of thread %d", tid);
	PB_SET(core, ioprio, prio < 0 || IO_NO_CLASS(prio) ? 0 : prio);
	return 0;
}

/* A cookie can be made and shared, but not chosen. Kernels without core scheduling refuse the question. */
static void look_cookie(struct dump_ctx *ctx, struct task *t, pid_t tid)
{
	static bool unknown;
	uint64_t cookie = 0;

	if (unknown)
		return;
	if (prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, tid, PR_SCHED_CORE_SCOPE_THREAD, &cookie))
		unknown = true;
	else if (cookie)
		refuse(ctx, t, NULL, "thread %d has a cookie for core scheduling (PR_SCHED_CORE)", tid);
}

int sched_look_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, struct err *e)
{
	ThreadCoreEntry *core = core_of(ctx, t, th)->thread_core;
	struct kernel_sched_attr a = { 0 };

	if (syscall(SYS_sched_getattr, th->tr.tid, &a, sizeof(a), 0))
		return err_set(e, errno, "cannot read how thread %d is scheduled", th->tr.tid);
	look_attr(core, &a);
	if (look_ioprio(core, th->tr.tid, e))
		return -1;
	PB_SET(core, sched_nice, nice_of(&a, th->tr.tid));
	PB_SET(core, sched_policy, a.policy | (a.flags & KERNEL_SCHED_FLAG_RESET_ON_FORK ? SCHED_RESET_ON_FORK : 0));
	if (a.priority)
		PB_SET(core, sched_prio, a.priority);
	return look_affinity(ctx, core, th->tr.tid, e);
}

static int sched_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	for (unsigned int i = 0; i < t->nr_threads; i++) {
		look_cookie(ctx, t, t->threads[i].tr.tid);
		if (sched_look_thread(ctx, t, &t->threads[i], e))
			return -1;
	}
	return 0;
}

const struct dump_part dump_sched = {
	.name = "scheduling",
	.look = sched_look,
};
