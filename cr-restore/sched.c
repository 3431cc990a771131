// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scheduling, per thread: policy with its parameters, nice value, CPUs, I/O priority, clamps. What is as the director's own needs no call
 * and no privilege.
 */
#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/kernel.h"
#include "cr-restore/state.h"

#define FLAGS_CLAMPS_ONLY 0x78 /* KEEP_POLICY, KEEP_PARAMS, UTIL_CLAMP_MIN, UTIL_CLAMP_MAX */

/* Trailing CPUs that are not there do not matter: kernels differ in how many they could have. */
static bool same_cpus(const ProtobufCBinaryData *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < a->len || i < len; i++)
		if ((i < a->len ? a->data[i] : 0) != (i < len ? b[i] : 0))
			return false;
	return true;
}

static void put_affinity(const ThreadCoreEntry *c, struct prog *p)
{
	uint8_t own[KERNEL_CPU_MASK_SIZE];
	long len = syscall(SYS_sched_getaffinity, 0, sizeof(own), own);

	if (c->has_cpu_affinity && (len < 0 || !same_cpus(&c->cpu_affinity, own, len)))
		PROG(p, SYS_sched_setaffinity, 0, c->cpu_affinity.len,
		     prog_bytes(p, c->cpu_affinity.data, c->cpu_affinity.len));
}

static void put_ioprio(const ThreadCoreEntry *c, struct prog *p)
{
	long own = syscall(SYS_ioprio_get, KERNEL_IOPRIO_WHO_PROCESS, 0);

	if (c->has_ioprio && own >= 0 && c->ioprio != (own >> 13 ? own : 0))
		PROG(p, SYS_ioprio_set, KERNEL_IOPRIO_WHO_PROCESS, 0, c->ioprio);
}

static void put_clamps(const ThreadCoreEntry *c, struct prog *p)
{
	const struct kernel_sched_attr a = {
		.size = sizeof(a),
		.flags = FLAGS_CLAMPS_ONLY,
		.util_min = c->sched_util_min,
		.util_max = c->sched_util_max,
	};

	if (c->has_sched_util_max)
		PROG(p, SYS_sched_setattr, 0, prog_bytes(p, &a, sizeof(a)), 0);
}

static void put_policy(const ThreadCoreEntry *c, struct prog *p)
{
	const struct kernel_sched_attr a = {
		.size = sizeof(a),
		.policy = c->sched_policy & ~SCHED_RESET_ON_FORK,
		.flags = c->sched_flags | (c->sched_policy & SCHED_RESET_ON_FORK ? KERNEL_SCHED_FLAG_RESET_ON_FORK : 0),
		.nice = c->sched_nice,
		.priority = c->sched_prio,
		.runtime = c->sched_runtime,
		.deadline = c->sched_deadline,
		.period = c->sched_period,
	};

	/* Of a real-time thread this is what it has for later; the call below does not set it. */
	if (c->has_sched_nice && c->sched_nice != getpriority(PRIO_PROCESS, 0))
		PROG(p, SYS_setpriority, PRIO_PROCESS, 0, c->sched_nice);
	if (!c->has_sched_policy)
		return;
	if ((int)c->sched_policy != sched_getscheduler(0) || a.priority || a.runtime)
		PROG(p, SYS_sched_setattr, 0, prog_bytes(p, &a, sizeof(a)), 0);
}

/* CRIU's images lack them for some threads (SCHED_DEADLINE, SCHED_RESET_ON_FORK). */
static bool lacks_parameters(const ThreadCoreEntry *c)
{
	uint32_t policy = c->sched_policy & ~SCHED_RESET_ON_FORK;

	return (policy == SCHED_DEADLINE && !c->sched_runtime) ||
	       ((policy == SCHED_FIFO || policy == SCHED_RR) && !c->sched_prio);
}

static int sched_check(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	for (size_t i = 0; i < t->nr_threads; i++) {
		const ThreadCoreEntry *c = t->threads[i].core->thread_core;

		if (lacks_parameters(c))
			problem(ctx, "\"crit set\" can give sched_prio or another sched_policy",
				"thread %d of process %d has scheduling policy %u without its parameters",
				t->threads[i].tid, t->pid, c->sched_policy & ~SCHED_RESET_ON_FORK);
	}
	return 0;
}

static int sched_thread(struct restore_ctx *ctx, struct rtask *t, struct agent_thread *th, struct prog *p,
			struct err *e)
{
	const ThreadCoreEntry *c = th->core->thread_core;

	put_affinity(c, p);
	put_ioprio(c, p);
	put_policy(c, p);
	put_clamps(c, p);
	return 0;
}

const struct restore_state restore_sched = {
	.name = "sched",
	.check = sched_check,
	.thread = sched_thread,
};
