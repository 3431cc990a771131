// SPDX-License-Identifier: GPL-2.0-only
/* How a thread is scheduled: policy, priority, nice, CPUs. */
#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "cr-dump/task.h"

#define POLICY_DEADLINE	     6
#define FLAG_RESET_ON_FORK   1
#define POLICY_RESET_ON_FORK 0x40000000

/* struct sched_attr: of linux/sched/types.h, which glibc's sched.h does not go with. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

/* sched_getattr tells it of ordinary threads only; one with a real-time policy keeps it for later. */
static int nice_of(const struct attr *a, pid_t tid)
{
	return a->priority ? getpriority(PRIO_PROCESS, tid) : a->nice;
}

#define CPU_BYTES 1024 /* for as many CPUs as any kernel has */

static int look_affinity(struct dump_ctx *ctx, ThreadCoreEntry *core, pid_t tid, struct err *e)
{
	uint8_t cpus[CPU_BYTES];
	long len = syscall(SYS_sched_getaffinity, tid, sizeof(cpus), cpus);

	if (len < 0)
		return err_set(e, errno, "cannot read which CPUs thread %d may use", tid);
	core->has_cpu_affinity = true;
	core->cpu_affinity.len = len;
	core->cpu_affinity.data = pool_copy(&ctx->pool, cpus, len);
	return 0;
}

static int look_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, struct err *e)
{
	ThreadCoreEntry *core = core_of(ctx, t, th)->thread_core;
	struct attr a;

	if (syscall(SYS_sched_getattr, th->tr.tid, &a, sizeof(a), 0))
		return err_set(e, errno, "cannot read how thread %d is scheduled", th->tr.tid);
	if (a.policy == POLICY_DEADLINE)
		refuse(ctx, t, "give it another policy with chrt(1)",
		       "thread %d has policy SCHED_DEADLINE, for which images have no place", th->tr.tid);
	PB_SET(core, sched_nice, nice_of(&a, th->tr.tid));
	PB_SET(core, sched_policy, a.policy | (a.flags & FLAG_RESET_ON_FORK ? POLICY_RESET_ON_FORK : 0));
	if (a.priority)
		PB_SET(core, sched_prio, a.priority);
	return look_affinity(ctx, core, th->tr.tid, e);
}

static int sched_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	for (unsigned int i = 0; i < t->nr_threads; i++)
		if (look_thread(ctx, t, &t->threads[i], e))
			return -1;
	return 0;
}

const struct dump_part dump_sched = {
	.name = "scheduling",
	.look = sched_look,
};
