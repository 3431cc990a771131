// SPDX-License-Identifier: GPL-2.0-only
/* Resource limits. */
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/have_cap.h"
#include "cr-restore/state.h"
#include "rlimit.pb-c.h"

static int limits_check(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	const TaskRlimitsEntry *l = t->core->tc->rlimits;
	struct rlimit own;

	for (size_t i = 0; l && i < l->n_rlimits; i++)
		if (!getrlimit(i, &own) && l->rlimits[i]->max > own.rlim_max && !have_cap(CAP_SYS_RESOURCE))
			problem(ctx, "give cr-restore CAP_SYS_RESOURCE, or a higher hard limit",
				"process %d: hard limit %zu is %lu, above that of cr-restore (%lu)", t->pid, i,
				l->rlimits[i]->max, own.rlim_max);
	return 0;
}

static int limits_task(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e)
{
	const TaskRlimitsEntry *l = t->core->tc->rlimits;

	for (size_t i = 0; l && i < l->n_rlimits; i++) {
		const uint64_t v[2] = { l->rlimits[i]->cur, l->rlimits[i]->max };

		PROG(p, SYS_prlimit64, 0, i, prog_bytes(p, v, sizeof(v)), 0);
	}
	return 0;
}

const struct restore_state restore_limits = {
	.name = "limits",
	.check = limits_check,
	.task = limits_task,
};
