// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pidfds of processes of the tree, and of processes that are gone: of those the inode tells which descriptors mean the same one,
 * and the kernel how they ended (since Linux 6.15). Processes outside the tree are refused, and single threads.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cr-dump/files.h"

/* <linux/pidfd.h> of Linux 6.15. */
struct pidfd_info_ {
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid, ids[8];
	int32_t exit_code;
};
#define PIDFD_GET_INFO_	 _IOWR(0xff, 11, struct pidfd_info_)
#define PIDFD_INFO_EXIT_ (1u << 3)

static bool pidfd_claims(const struct fd_facts *f)
{
	return !strcmp(f->link, "anon_inode:[pidfd]") || !strncmp(f->link, "pidfd:", 6);
}

/* The number is the first of those that the nested namespaces give, here the only one. */
static int pidfd_key(void *rec, const char *key, const char *val, struct err *e)
{
	PidfdEntry *r = rec;

	if (!strcmp(key, "Pid") && sscanf(val, "%d", &r->nspid) != 1)
		return err_set(e, 0, "fdinfo has \"Pid: %s\", not a number", val);
	return 0;
}

static const struct task *find_task(const struct dump_ctx *ctx, pid_t pid, bool *thread_ret)
{
	*thread_ret = false;
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		const struct task *t = ctx->tasks[i];

		if (t->pid == pid)
			return t;
		for (unsigned int j = 0; j < t->nr_threads; j++)
			if (t->threads[j].tr.tid == pid) {
				*thread_ret = true;
				return t;
			}
	}
	return NULL;
}

static void look_at_dead(int fd, PidfdEntry *r)
{
	struct pidfd_info_ info = { .mask = PIDFD_INFO_EXIT_ };

	r->has_exit_code = !ioctl(fd, PIDFD_GET_INFO_, &info) && info.mask & PIDFD_INFO_EXIT_;
	r->exit_code = r->has_exit_code ? info.exit_code : 0;
}

static int pidfd_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	PidfdEntry *r = POOL_MSG(&ctx->pool, PidfdEntry, pidfd_entry);
	const struct task *t;
	bool thread;

	r->id = of->id;
	r->ino = f->ino;
	r->flags = f->flags & ~O_ACCMODE;
	r->fown = f->fown;
	if (fdinfo_each(f->text, pidfd_key, r, e))
		return -1;
	if (r->nspid == -1) {
		look_at_dead(f->fd, r);
		of->entry->pidfd = r;
		return 0;
	}
	t = find_task(ctx, r->nspid, &thread);
	if (thread)
		refuse_file(ctx, of, NULL, "is a pidfd of thread %d of process %d: not supported by this version",
			    r->nspid, t->pid);
	else if (!t)
		refuse_file(ctx, of, "dump both in one tree", "is a pidfd of process %d, which is outside the tree",
			    r->nspid);
	else
		of->entry->pidfd = r;
	return 0;
}

const struct dump_kind dump_pidfd = {
	.name = "pidfd",
	.type = FD_TYPES__PIDFD,
	.claims = pidfd_claims,
	.save = pidfd_save,
};
