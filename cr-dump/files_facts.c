// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is to be known of an open file before its kind is asked. These are most of the system calls that a file costs, and need no
 * order: several threads make them when there are many files.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "cr-dump/files.h"
#include "cr-dump/team.h"

#define PROC_SUPER_MAGIC_ 0x9fa0
#ifndef F_GETOWNER_UIDS
#define F_GETOWNER_UIDS 17
#endif

#define MANY  48 /* files that are worth a thread */
#define BLOCK 64 /* that a thread takes at once */

/* The file system that was asked last: is it of processes? Most files of a tree are on the same few. */
struct last_dev {
	dev_t dev;
	bool known, procfs;
};

/* Who gets its SIGIO. All zero when nobody was ever named, as for nearly every file. */
static int look_owner(struct fd_facts *f, struct err *e)
{
	struct f_owner_ex owner = { 0 };
	uid_t uids[2] = { 0, 0 };
	int sig;

	fown_entry__init(&f->owner);
	if (f->flags & O_PATH)
		return 0;
	sig = fcntl(f->fd, F_GETSIG);
	if (sig < 0 || fcntl(f->fd, F_GETOWN_EX, &owner))
		return err_set(e, errno, "cannot tell who owns it");
	f->owner.signum = sig;
	if (!owner.pid)
		return 0;
	/* Absent without CONFIG_CHECKPOINT_RESTORE; then root is as good a guess as any. */
	if (!fcntl(f->fd, F_GETOWNER_UIDS, uids)) {
		f->owner.uid = uids[0];
		f->owner.euid = uids[1];
	}
	f->owner.pid_type = owner.type;
	f->owner.pid = owner.pid;
	return 0;
}

bool name_leads_to(const char *name, const struct stat *st)
{
	struct stat now;

	return !lstat(name, &now) && now.st_dev == st->st_dev && now.st_ino == st->st_ino;
}

static char *read_link(const struct files *fs, int fd, struct err *e)
{
	char number[16], link[PATH_MAX], *ret;
	ssize_t n;

	snprintf(number, sizeof(number), "%d", fd);
	n = readlinkat(fs->self_fds, number, link, sizeof(link));
	ret = n < 0 ? NULL : strndup(link, n);
	if (!ret)
		err_set(e, errno, "cannot read its name");
	return ret;
}

/* Asking for a name is the dearest step, so only where the mode does not tell all. */
static int look_link(const struct files *fs, struct fd_facts *f, struct err *e)
{
	f->link = "socket:";
	if (f->family >= 0)
		return 0;
	f->link = f->hint;
	f->found = f->hint && name_leads_to(f->hint, &f->st);
	if (f->found)
		return 0;
	f->link = f->own_link = read_link(fs, f->fd, e);
	if (!f->own_link)
		return -1;
	f->found = *f->own_link == '/' && name_leads_to(f->own_link, &f->st);
	return 0;
}

static bool is_procfs(const struct fd_facts *f, struct last_dev *last)
{
	struct statfs sfs;

	if (!S_ISREG(f->st.st_mode) && !S_ISDIR(f->st.st_mode))
		return false;
	if (!last->known || last->dev != f->st.st_dev) {
		last->procfs = !fstatfs(f->fd, &sfs) && sfs.f_type == PROC_SUPER_MAGIC_;
		last->dev = f->st.st_dev;
		last->known = true;
	}
	return last->procfs;
}

static int look(const struct files *fs, struct fd_facts *f, struct last_dev *last, struct err *e)
{
	socklen_t len = sizeof(f->family);

	f->fd = syscall(SYS_pidfd_getfd, f->task->pidfd, f->number, 0);
	if (f->fd < 0)
		return err_set(e, errno, "cannot get hold of it (pidfd_getfd)");
	if (fstat(f->fd, &f->st)) {
		if (errno !=
		    ENOENT) /* that is so with /proc/PID/fd of a process that has ended, which no kind claims then */
			return err_set(e, errno, "cannot stat it");
		f->st = (struct stat){ 0 };
	}
	if (S_ISSOCK(f->st.st_mode) && !(f->flags & O_PATH) &&
	    getsockopt(f->fd, SOL_SOCKET, SO_DOMAIN, &f->family, &len))
		return err_set(e, errno, "cannot tell the family of the socket");
	f->procfs = is_procfs(f, last);
	if (look_link(fs, f, e) || look_owner(f, e))
		return -1;
	f->kind = kind_for(f);
	if (f->kind && f->kind->by_name)
		close(take_fd(f->fd));
	return 0;
}

/* --- many files --------------------------------------------------------------------------------------------- */

struct looking {
	const struct files *files;
	struct fd_facts *facts;
	size_t nr;
};

static int look_block(void *arg, size_t i, char **scratch, struct err *e)
{
	const struct looking *l = arg;
	size_t end = (i + 1) * BLOCK < l->nr ? (i + 1) * BLOCK : l->nr;
	struct last_dev last = { 0 };

	for (size_t at = i * BLOCK; at < end; at++) {
		struct fd_facts *f = &l->facts[at];

		if (look(l->files, f, &last, e))
			return err_in(e, "pid %d: fd %d", f->task->pid, f->number);
	}
	return 0;
}

void facts_begin(struct fd_facts *f, const struct open_file *of)
{
	f->task = of->task;
	f->number = of->number;
	f->fd = -1;
	f->family = -1;
	f->flags = of->info->flags;
	f->pos = of->info->pos;
	f->ino = of->ino;
	f->mnt_id = of->mnt_id;
	f->hint = of->info->name;
	f->text = of->info->text ? of->info->text : "";
}

int facts_look(struct dump_ctx *ctx, struct fd_facts *facts, size_t nr, struct err *e)
{
	struct looking l = { files_of(ctx), facts, nr };

	if (parallel((nr + BLOCK - 1) / BLOCK, nr >= MANY, look_block, &l, e))
		return -1;
	for (size_t i = 0; i < nr; i++) {
		struct fd_facts *f = &facts[i];

		f->link = pool_str(&ctx->pool, f->link);
		f->fown = pool_copy(&ctx->pool, &f->owner, sizeof(f->owner));
	}
	return 0;
}

void facts_end(struct fd_facts *facts, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		close_fdp(&facts[i].fd);
		free(facts[i].own_link);
	}
}

const char *facts_link(struct dump_ctx *ctx, int fd, struct err *e)
{
	_cleanup_free_ char *link = read_link(files_of(ctx), fd, e);

	return link ? pool_str(&ctx->pool, link) : NULL;
}
