// SPDX-License-Identifier: GPL-2.0-only
/*
 * Terminals of a shell job (--shell-job): whatever terminal the tree had, it now gets the one that cr-restore was started on. A
 * session leader in the tree makes it its controlling terminal, and the job that was in the foreground is put there again.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "cr-restore/files.h"

struct ttys {
	TtyInfoEntry **infos;
	size_t nr;
	bool told;		  /* that there are masters */
	int own;		  /* the terminal of cr-restore; -1: none */
	const TtyInfoEntry *used; /* the last one that was replaced */
	struct rtask *leader;	  /* the session leader that took it over, if any */
	int leader_fd;
};

static int add_info(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	struct ttys *s = ctx->files->kind[RESTORE_KIND_tty];

	*POOL_PUSH(&ctx->pool, s->infos, s->nr) = (TtyInfoEntry *)msg;
	return 0;
}

static int tty_load(struct restore_ctx *ctx, struct err *e)
{
	struct ttys *s = pool_alloc(&ctx->pool, sizeof(*s));
	struct termios t;

	ctx->files->kind[RESTORE_KIND_tty] = s;
	s->own = -1;
	for (int fd = 0; fd < 3 && s->own < 0; fd++)
		if (!ioctl(fd, TCGETS, &t))
			s->own = fd;
	return files_each(ctx, IMG_TTY_INFO, add_info, e);
}

static const TtyInfoEntry *find(const struct ttys *s, uint32_t id)
{
	for (size_t i = 0; i < s->nr; i++)
		if (s->infos[i]->id == id)
			return s->infos[i];
	return NULL;
}

/* The master of a pseudo-terminal has a device number of its own; then the slaves are the tree's, too. */
static bool has_masters(const struct ttys *s)
{
	for (size_t i = 0; i < s->nr; i++)
		if (s->infos[i]->type == TTY_TYPE__PTY && s->infos[i]->rdev == 0x502)
			return true;
	return false;
}

static int tty_check(struct restore_ctx *ctx, const FileEntry *f, struct err *e)
{
	struct ttys *s = ctx->files->kind[RESTORE_KIND_tty];

	if (!find(s, f->tty->tty_info_id)) {
		problem(ctx, NULL, "terminal %u is not in tty-info.img", f->tty->tty_info_id);
	} else if (has_masters(s)) {
		if (!s->told)
			problem(ctx, NULL,
				"the tree has pseudo-terminals of its own, which this version cannot restore");
		s->told = true;
	} else if (!ctx->opts->shell_job) {
		problem(ctx, "--shell-job (-j) gives the tree the terminal of cr-restore",
			"the tree had a terminal that is not its own");
	} else if (s->own < 0) {
		problem(ctx, "start cr-restore on a terminal", "the tree needs a terminal, and cr-restore has none");
	}
	return 0;
}

static int tty_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	struct ttys *s = ctx->files->kind[RESTORE_KIND_tty];
	const TtyInfoEntry *info = find(s, f->tty->tty_info_id);

	if (!info || s->own < 0)
		return err_set(e, 0, "there is no terminal for it");
	s->used = info;
	return file_reopen(s->own, f->tty->flags, fd_ret, e);
}

/* A session leader of the tree whose terminal it was. It may belong to the shell's session now: the leader takes it, as asked for. */
static int tty_finish(struct restore_ctx *ctx, struct rtask *t, const FdinfoEntry *fd, const FileEntry *f,
		      struct prog *p, struct err *e)
{
	struct ttys *s = ctx->files->kind[RESTORE_KIND_tty];
	const TtyInfoEntry *info = find(s, f->tty->tty_info_id);

	if (!info->sid || t->sid != t->pid || (uint32_t)t->sid != info->sid || s->leader)
		return 0;
	if (files_room(ctx, t, p, 1, 0, e))
		return -1;
	PROG(p, SYS_ioctl, fd->fd, TIOCSCTTY, 1);
	s->leader = t;
	s->leader_fd = fd->fd;
	return 0;
}

/* --- when all tasks are there ------------------------------------------------------------------------------- */

static bool is_group_of_tree(const struct restore_ctx *ctx, uint32_t pgrp)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (pgrp && !ctx->tasks[i]->helper && (uint32_t)ctx->tasks[i]->pgid == pgrp)
			return true;
	return false;
}

static void set_settings(int fd, const TermiosEntry *r)
{
	struct termios t;

	if (ioctl(fd, TCGETS, &t))
		return;
	t.c_iflag = r->c_iflag;
	t.c_oflag = r->c_oflag;
	t.c_cflag = r->c_cflag;
	t.c_lflag = r->c_lflag;
	t.c_line = r->c_line;
	if (r->n_c_cc * sizeof(*r->c_cc) >= sizeof(t.c_cc))
		memcpy(t.c_cc, r->c_cc, sizeof(t.c_cc));
	if (ioctl(fd, TCSETS, &t))
		log_warn("cannot set the terminal as it was at the dump: %s", strerror(errno));
}

static int set_foreground(struct restore_ctx *ctx, struct ttys *s, struct err *e)
{
	pid_t pgrp = s->used->pgrp;
	struct prog p;

	if (!s->leader) {
		/* We are in the session of the terminal, perhaps in the background: SIGTTOU is blocked. */
		if (ioctl(s->own, TIOCSPGRP, &pgrp))
			log_warn("cannot put process group %d into the foreground: %s", pgrp, strerror(errno));
		return 0;
	}
	agent_begin(s->leader, &p);
	PROG(&p, SYS_ioctl, s->leader_fd, TIOCSPGRP, prog_bytes(&p, &pgrp, sizeof(pgrp)));
	return agent_run(ctx, s->leader, &p, e);
}

static int tty_settle(struct restore_ctx *ctx, struct err *e)
{
	struct ttys *s = ctx->files->kind[RESTORE_KIND_tty];

	if (!s->used || !is_group_of_tree(ctx, s->used->pgrp))
		return 0;
	if (s->used->termios)
		set_settings(s->own, s->used->termios);
	return set_foreground(ctx, s, e);
}

const struct restore_kind restore_tty = {
	.name = "terminal",
	.type = FD_TYPES__TTY,
	.load = tty_load,
	.check = tty_check,
	.make = tty_make,
	.finish = tty_finish,
	.settle = tty_settle,
};
