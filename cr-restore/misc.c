// SPDX-License-Identifier: GPL-2.0-only
/* Small things a task has: umask, personality, subreaper, robust list, clear-tid, rseq, comm, membarrier, dumpable, death signal, oom score. */
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/syscall.h>

#include "cr-restore/state.h"

static int misc_task(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e)
{
	const TaskCoreEntry *tc = t->core->tc;

	if (tc->personality)
		PROG(p, SYS_personality, tc->personality);
	if (t->fs && t->fs->has_umask)
		PROG(p, SYS_umask, t->fs->umask);
	if (tc->has_child_subreaper && tc->child_subreaper)
		PROG(p, SYS_prctl, PR_SET_CHILD_SUBREAPER, 1);
	if (t->mm->has_thp_disabled && t->mm->thp_disabled)
		PROG(p, SYS_prctl, PR_SET_THP_DISABLE, 1);
	/* The registration commands are the even powers; GET_REGISTRATIONS gives back exactly the commands to repeat. */
	for (int bit = 0; tc->has_membarrier_registration_mask && bit < 31; bit++)
		if (tc->membarrier_registration_mask & 1u << bit)
			PROG(p, SYS_membarrier, 1u << bit, 0, 0);
	return 0;
}

static int misc_thread(struct restore_ctx *ctx, struct rtask *t, struct agent_thread *th, struct prog *p, struct err *e)
{
	const ThreadCoreEntry *c = th->core->thread_core;
	const char *comm = c->comm ? c->comm : t->core->tc->comm;

	PROG(p, SYS_prctl, PR_SET_NAME, prog_str(p, comm));
	PROG(p, SYS_set_tid_address, th->core->thread_info->clear_tid_addr);
	if (c->futex_rla)
		PROG(p, SYS_set_robust_list, c->futex_rla, c->futex_rla_len);
	if (c->rseq_entry && c->rseq_entry->rseq_abi_pointer)
		PROG(p, SYS_rseq, c->rseq_entry->rseq_abi_pointer, c->rseq_entry->rseq_abi_size, 0,
		     c->rseq_entry->signature);
	return 0;
}

/* A file of /proc/PID that holds one number: written only when it differs, so that no privilege is needed in vain. */
static int set_proc_number(pid_t pid, const char *name, long value, struct err *e)
{
	char path[64], buf[32] = "";
	int n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "cannot open %s", path);
	if (read(fd, buf, sizeof(buf) - 1) > 0 && atol(buf) == value)
		return 0;
	n = snprintf(buf, sizeof(buf), "%ld", value);
	if (pwrite(fd, buf, n, 0) != n)
		return err_set(e, errno, "cannot write %ld to %s", value, path);
	return 0;
}

static int misc_last(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e)
{
	const TaskCoreEntry *tc = t->core->tc;

	if (tc->has_oom_score_adj && set_proc_number(t->pid, "oom_score_adj", tc->oom_score_adj, e))
		return -1;
	if (tc->has_loginuid && set_proc_number(t->pid, "loginuid", tc->loginuid, e))
		return -1;
	/* 2 (SUID_DUMP_ROOT) cannot be asked for: it is what a change of credentials leaves, see suid_dumpable in proc(5). */
	if (t->mm->has_dumpable && t->mm->dumpable != 2)
		PROG(p, SYS_prctl, PR_SET_DUMPABLE, t->mm->dumpable);
	return 0;
}

const struct restore_state restore_misc = {
	.name = "misc",
	.task = misc_task,
	.thread = misc_thread,
	.last = misc_last,
};
