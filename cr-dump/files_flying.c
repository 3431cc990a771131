// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open files that were found in the queue of a socket (SCM_RIGHTS). We hold a copy of the descriptor, so we are the task that has
 * it: the kinds see no difference. Some are in the tables of tasks as well, which are all known by then: kcmp(2) tells.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "cr-dump/files.h"

static struct task *self_task(struct dump_ctx *ctx, struct err *e)
{
	struct files *fs = files_of(ctx);
	struct task *t;

	if (fs->self)
		return fs->self;
	t = pool_alloc(&ctx->pool, sizeof(*t));
	t->pid = t->tid = getpid();
	t->procfd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	t->pidfd = syscall(SYS_pidfd_open, t->pid, 0);
	if (t->procfd < 0 || t->pidfd < 0) {
		err_set(e, errno, "cannot open our own /proc directory and pidfd");
		return NULL;
	}
	return fs->self = t;
}

static int read_fdinfo(struct dump_ctx *ctx, int fd, char **ret, struct err *e)
{
	char name[32];
	size_t len;

	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	return proc_read(ctx, ctx->files->self, name, ret, &len, e);
}

int files_add_flying(struct dump_ctx *ctx, int *fd, struct open_file **ret, struct err *e)
{
	struct task *self = self_task(ctx, e);
	struct fdinfo info = { .number = *fd };
	bool more, new;

	if (!self || read_fdinfo(ctx, *fd, &info.text, e) || fdinfo_parse(info.text, &info, &more, e) ||
	    same_file(ctx, self, &info, ret, &new, e))
		return -1;
	if (!new)
		return 0;
	(*ret)->flying = true;
	*fd = -1;
	if (files_look_new(ctx, ret, 1, e))
		return -1;
	(*ret)->flying_locks = (*ret)->entry && strstr(info.text, "\nlock:");
	(*ret)->flying_async = (*ret)->entry && info.flags & O_ASYNC;
	return 0;
}

void files_settle_flying(struct dump_ctx *ctx)
{
	struct files *fs = files_of(ctx);

	for (size_t i = 0; i < fs->nr_list; i++) {
		const struct open_file *of = fs->list[i];

		if (of->flying && of->entry)
			of->entry->label = (char *)of->label;
		if (!of->flying || (!of->flying_locks && !of->flying_async))
			continue;
		refuse_file(ctx, of, NULL,
			    of->flying_locks ? "has a file lock, and no task has it open" :
					       "has O_ASYNC set, and no task has it open");
	}
}

/* Who refers to them (kcmp) has done so. */
void files_end_flying(struct dump_ctx *ctx)
{
	struct files *fs = files_of(ctx);

	if (!fs->self)
		return;
	for (size_t i = 0; i < fs->nr_list; i++)
		if (fs->list[i]->flying)
			close_fdp(&fs->list[i]->number);
	close_fdp(&fs->self->procfd);
	close_fdp(&fs->self->pidfd);
	fs->self = NULL;
}
