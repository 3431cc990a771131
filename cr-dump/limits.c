// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resource limits and the OOM score. Limits are asked inside: to read those of another user's process from outside takes a
 * privilege that nothing else here needs.
 */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "cr-dump/ahead.h"
#include "cr-dump/task.h"

static int limits_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	TaskCoreEntry *tc = core_of(ctx, t, &t->threads[0])->tc;
	char *score;

	if (ahead_get(ctx, t, 0, AHEAD_OOM, &score, NULL, e))
		return -1;
	PB_SET(tc, oom_score_adj, strtol(score, NULL, 10));
	return 0;
}

static void limits_ask(struct dump_ctx *ctx, struct task *t, struct prog *p)
{
	for (int i = 0; i < RLIM_NLIMITS; i++)
		PROG(p, SYS_prlimit64, 0, i, 0, prog_room(p, sizeof(struct rlimit64), NULL));
}

static int limits_save(struct dump_ctx *ctx, struct task *t, uint32_t at, struct err *e)
{
	TaskRlimitsEntry *limits = POOL_MSG(&ctx->pool, TaskRlimitsEntry, task_rlimits_entry);

	limits->rlimits = pool_alloc(&ctx->pool, RLIM_NLIMITS * sizeof(*limits->rlimits));
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		const struct rlimit64 *r = answer(&t->threads[0].prog, at + i, 3);
		RlimitEntry *l = POOL_MSG(&ctx->pool, RlimitEntry, rlimit_entry);

		l->cur = r->rlim_cur;
		l->max = r->rlim_max;
		limits->rlimits[limits->n_rlimits++] = l;
	}
	t->threads[0].core->tc->rlimits = limits;
	return 0;
}

const struct dump_part dump_limits = {
	.name = "limits",
	.look = limits_look,
	.ask = limits_ask,
	.save = limits_save,
};
