// SPDX-License-Identifier: GPL-2.0-only
/* Scheduling policy, priority, nice value and CPUs, per thread. What is as the director's own needs no call and no privilege. */
#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cr-restore/state.h"

#define CPU_BYTES 1024

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
	uint8_t own[CPU_BYTES];
	long len = syscall(SYS_sched_getaffinity, 0, sizeof(own), own);

	if (c->has_cpu_affinity && (len < 0 || !same_cpus(&c->cpu_affinity, own, len)))
		PROG(p, SYS_sched_setaffinity, 0, c->cpu_affinity.len,
		     prog_bytes(p, c->cpu_affinity.data, c->cpu_affinity.len));
}

static int sched_thread(struct restore_ctx *ctx, struct rtask *t, struct agent_thread *th, struct prog *p,
			struct err *e)
{
	const ThreadCoreEntry *c = th->core->thread_core;
	int own_policy = sched_getscheduler(0), own_nice = getpriority(PRIO_PROCESS, 0);
	const struct sched_param param = { .sched_priority = c->has_sched_prio ? c->sched_prio : 0 };

	put_affinity(c, p);
	if (c->has_sched_nice && c->sched_nice != own_nice)
		PROG(p, SYS_setpriority, PRIO_PROCESS, 0, c->sched_nice);
	if (c->has_sched_policy && ((int)c->sched_policy != own_policy || param.sched_priority))
		PROG(p, SYS_sched_setscheduler, 0, c->sched_policy, prog_bytes(p, &param, sizeof(param)));
	return 0;
}

const struct restore_state restore_sched = {
	.name = "sched",
	.thread = sched_thread,
};
