// SPDX-License-Identifier: GPL-2.0-only
/*
 * Small things a task has: umask, personality, subreaper, robust list, clear-tid, rseq, comm, membarrier, dumpable, oom score, filter for core
 * dumps, nice value of the session.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/syscall.h>

#include "cr-restore/dumpable.h"
#include "cr-restore/state.h"

static int misc_task(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e)
{
	const TaskCoreEntry *tc = t->core->tc;

	if (t->fs && t->fs->has_umask)
		PROG(p, SYS_umask, t->fs->umask);
	if (tc->has_child_subreaper && tc->child_subreaper)
		PROG(p, SYS_prctl, PR_SET_CHILD_SUBREAPER, 1);
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
	/* CRIU writes the digits of /proc as a decimal number, and does not use it. */
	if (t->core->tc->personality && !is_of_criu(t))
		PROG(p, SYS_personality, t->core->tc->personality);
	PROG(p, SYS_set_tid_address, th->core->thread_info->clear_tid_addr);
	if (c->futex_rla)
		PROG(p, SYS_set_robust_list, c->futex_rla, c->futex_rla_len);
	if (c->rseq_entry && c->rseq_entry->rseq_abi_pointer)
		PROG(p, SYS_rseq, c->rseq_entry->rseq_abi_pointer, c->rseq_entry->rseq_abi_size, 0,
		     c->rseq_entry->signature);
	return 0;
}

static int read_proc(const char *path, int flags, int *fd_ret, char *buf, size_t size, struct err *e)
{
	_cleanup_close_ int fd = open(path, flags | O_CLOEXEC);
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return 1; /* the kernel has no such thing */
	if (fd < 0)
		return err_set(e, errno, "cannot open %s", path);
	n = read(fd, buf, size - 1);
	buf[n > 0 ? n : 0] = '\0';
	*fd_ret = take_fd(fd);
	return 0;
}

/* A file of /proc/TID that holds one number: written only when it differs, so that no privilege is needed in vain. */
static int set_proc_number(const struct rtask *t, const char *name, long value, int base, struct err *e)
{
	_cleanup_close_ int fd = -1;
	char path[64], buf[32];
	int n, ret;

	snprintf(path, sizeof(path), "/proc/%d/%s", t->threads[0].tid, name);
	ret = read_proc(path, O_RDWR, &fd, buf, sizeof(buf), e);
	if (ret)
		return ret < 0 ? -1 : 0;
	if (strtol(buf, NULL, base) == value)
		return 0;
	n = snprintf(buf, sizeof(buf), "%ld", value);
	if (pwrite(fd, buf, n, 0) != n)
		return err_set(e, errno, "cannot write %ld to %s", value, path);
	return 0;
}

/* The group of a session that is not of the tree is not ours to change. */
static int set_autogroup(const struct rtask *t, struct err *e)
{
	const TaskCoreEntry *tc = t->core->tc;
	_cleanup_close_ int fd = -1;
	char path[64], buf[64];
	int n, ret, nice;

	if (!tc->has_autogroup_nice || (!t->parent && t->sid != t->pid))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/autogroup", t->threads[0].tid);
	ret = read_proc(path, O_RDWR, &fd, buf, sizeof(buf), e);
	if (ret)
		return ret < 0 ? -1 : 0;
	if (sscanf(buf, "/autogroup-%*d nice %d", &nice) != 1 || nice == tc->autogroup_nice)
		return 0; /* switched off, or as it was */
	n = snprintf(buf, sizeof(buf), "%d", tc->autogroup_nice);
	if (write(fd, buf, n) != n)
		return err_set(e, errno, "cannot write %s to %s", buf, path);
	return 0;
}

static int misc_last(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e)
{
	const TaskCoreEntry *tc = t->core->tc;

	if (tc->has_oom_score_adj && set_proc_number(t, "oom_score_adj", tc->oom_score_adj, 10, e))
		return -1;
	if (tc->has_coredump_filter && set_proc_number(t, "coredump_filter", tc->coredump_filter, 16, e))
		return -1;
	if (set_autogroup(t, e))
		return -1;
	if (dumpable_of(t) >= 0 && !dumpable_comes_late(ctx, t))
		PROG(p, SYS_prctl, PR_SET_DUMPABLE, dumpable_of(t));
	return 0;
}

const struct restore_state restore_misc = {
	.name = "misc",
	.task = misc_task,
	.thread = misc_thread,
	.last = misc_last,
};
