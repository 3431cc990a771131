// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first thread of a process that has ended while others live: a zombie, of which /proc tells name, credentials, scheduling and how it
 * ended. Its image is that of a thread about to call exit(2), so a reader who does not know better restores it right, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cr-dump/arch/cpu.h"
#include "cr-dump/task.h"

static uint64_t blocked_signals(const char *status)
{
	static const char key[] = "\nSigBlk:\t";
	const char *line = strstr(status, key);

	return line ? strtoull(line + strlen(key), NULL, 16) : 0;
}

static int leader_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	char path[32], *status;
	ThreadCoreEntry *core;
	size_t len;

	if (!t->ended)
		return 0;
	snprintf(path, sizeof(path), "task/%d/status", t->pid);
	if (proc_read(ctx, t, path, &status, &len, e))
		return -1;
	core = core_of(ctx, t, t->ended)->thread_core;
	if (leader_comm(ctx, t, &core->comm, e))
		return -1;
	core->signals_p = POOL_MSG(&ctx->pool, SignalQueueEntry, signal_queue_entry);
	PB_SET(core, blk_sigset, blocked_signals(status));
	creds_parse(ctx, t, t->ended, status);
	return sched_look_thread(ctx, t, t->ended, e);
}

/* What is of the task goes from the image of the thread that stood for it to that of the leader. */
static void take_place(struct task *t)
{
	CoreEntry *core = t->ended->core, *first = t->threads[0].core;

	core->tc = first->tc;
	first->tc = NULL;
	core->tc->comm = core->thread_core->comm;
	core->tc->blk_sigset = core->thread_core->blk_sigset;
	core->tc->exit_code = t->exit_code;
	PB_SET(core->tc, leader_ended, true);
	cpu_image_exit(core, first, t->inf.site.insn, WEXITSTATUS(t->exit_code));
}

static int leader_finish(struct dump_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i]->ended)
			take_place(ctx->tasks[i]);
	return 0;
}

const struct dump_part dump_leader = {
	.name = "leader",
	.look = leader_look,
	.finish = leader_finish,
};
