// SPDX-License-Identifier: GPL-2.0-only
/*
 * Controlling terminals. A session gets its terminal when its leader has founded it and before it has a second member, since members
 * inherit it and there is no other way to it; when it has none, later. Later come the foreground groups and the tasks that had given it up.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "cr-restore/tty.h"

struct rtask *tty_leader(struct restore_ctx *ctx, uint32_t sid)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];

		if (sid && (uint32_t)t->pid == sid && t->sid == t->pid && !t->helper && t->state != TASK_DEAD)
			return t;
	}
	return NULL;
}

static const TtyInfoEntry *of_session(struct restore_ctx *ctx, pid_t sid)
{
	const struct ttys *s = ttys_of(ctx);

	for (size_t i = 0; i < s->nr; i++)
		if (s->infos[i]->sid == (uint32_t)sid && s->infos[i]->type != TTY_TYPE__CTTY)
			return s->infos[i];
	return NULL;
}

/* A descriptor of the terminal; *opened_ret: it is to be closed. */
static int get_terminal(struct restore_ctx *ctx, const TtyInfoEntry *info, int *opened_ret, struct err *e)
{
	struct pty *p = tty_pty_of(ctx, info);
	int fd = tty_from_outside(ctx, info);
	const char *name;

	*opened_ret = -1;
	if (p && pty_make(ctx, p, e))
		return -1;
	if (p)
		return p->slave_fd >= 0 ? p->slave_fd :
					  err_set(e, 0, "a terminal that was hung up controls no session");
	if (fd >= 0)
		return fd;
	name = tty_name(ctx, info);
	if (name)
		fd = *opened_ret = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "there is no terminal for session %u", info->sid) : fd;
}

/* --- the leader --------------------------------------------------------------------------------------------- */

/* One of a program's results is a descriptor of the task: the director gets its own. */
static int fetch(const struct rtask *t, int number, int *fd_ret, struct err *e)
{
	_cleanup_close_ int pidfd = syscall(SYS_pidfd_open, t->pid, 0);

	if (pidfd >= 0)
		*fd_ret = syscall(SYS_pidfd_getfd, pidfd, number, 0);
	return pidfd < 0 || *fd_ret < 0 ? err_set(e, errno, "cannot get hold of /dev/tty of process %d", t->pid) : 0;
}

static int open_in(struct restore_ctx *ctx, struct rtask *t, const FileEntry *f, int *fd_ret, struct err *e)
{
	uint32_t flags = f->tty->flags & (O_ACCMODE | O_NONBLOCK);
	int number, ret;
	struct prog p;

	agent_begin(t, &p);
	PROG(&p, SYS_openat, AT_FDCWD, prog_str(&p, "/dev/tty"), flags | O_CLOEXEC);
	if (agent_run(ctx, t, &p, e))
		return -1;
	number = prog_result(&p, 0);
	ret = fetch(t, number, fd_ret, e);
	agent_begin(t, &p);
	PROG(&p, SYS_close, number);
	return agent_run(ctx, t, &p, e) || ret ? -1 : 0;
}

/* Made when the session gets its terminal, see open_dev_ttys(). */
int tty_open_dev_tty(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	const TtyInfoEntry *info = tty_find(ctx, f->tty->tty_info_id);
	struct rtask *leader = tty_leader(ctx, info->sid);

	if (!leader || !of_session(ctx, info->sid))
		return err_set(e, 0, "session %u has no terminal", info->sid);
	return open_in(ctx, leader, f, fd_ret, e) ? -1 : file_set_flags(*fd_ret, f->tty->flags, e);
}

/*
 * In the task: a system call on the terminal, which is there only for that. TIOCSCTTY with 1 takes a terminal from another session:
 * the one in which cr-restore was started, which was asked for by --shell-job.
 */
static int call(struct restore_ctx *ctx, struct rtask *t, const TtyInfoEntry *info, unsigned int request, pid_t pgrp,
		struct err *e)
{
	int opened, number, ret, fd = get_terminal(ctx, info, &opened, e);
	struct prog p;

	if (fd < 0)
		return -1;
	ret = agent_send_fds(ctx, t, &fd, 1, &number, e);
	close_fdp(&opened);
	if (ret)
		return -1;
	agent_begin(t, &p);
	PROG(&p, SYS_ioctl, number, request,
	     request == TIOCSPGRP ? prog_bytes(&p, &pgrp, sizeof(pgrp)) : request == TIOCSCTTY);
	if (request == TIOCSPGRP)
		prog_any(&p);
	PROG(&p, SYS_close, number);
	return agent_run(ctx, t, &p, e);
}

/* The terminal of the session that the task leads; NULL: there is none. */
static const TtyInfoEntry *to_lead(struct restore_ctx *ctx, const struct rtask *t)
{
	const TtyInfoEntry *info = of_session(ctx, t->sid);

	return info && tty_leader(ctx, info->sid) == t ? info : NULL;
}

/* Nobody inherits the terminal, or is to open it as /dev/tty. */
static bool is_needed_by_leader_only(struct restore_ctx *ctx, const struct rtask *leader)
{
	const struct ttys *s = ttys_of(ctx);

	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i] != leader && ctx->tasks[i]->sid == leader->pid)
			return false;
	for (size_t i = 0; i < s->nr; i++)
		if (s->infos[i]->type == TTY_TYPE__CTTY && s->infos[i]->sid == (uint32_t)leader->pid)
			return false;
	return true;
}

/* A terminal from outside may be that of the session in which cr-restore was started. To take it cannot be undone, so it comes as late as it can. */
static bool comes_late(struct restore_ctx *ctx, const struct rtask *leader, const TtyInfoEntry *info)
{
	return tty_from_outside(ctx, info) >= 0 && is_needed_by_leader_only(ctx, leader);
}

static int take(struct restore_ctx *ctx, struct rtask *t, const TtyInfoEntry *info, struct err *e)
{
	if (ttys_of(ctx)->own >= 0 && tty_from_outside(ctx, info) == ttys_of(ctx)->own)
		ttys_of(ctx)->used = info;
	log_debug("session %d gets its terminal", t->sid);
	return call(ctx, t, info, TIOCSCTTY, 0, e) ? err_in(e, "the controlling terminal of session %d", t->sid) : 0;
}

int tty_lead(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	const TtyInfoEntry *info = to_lead(ctx, t);

	return info && !comes_late(ctx, t, info) ? take(ctx, t, info, e) : 0;
}

static int take_late(struct restore_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		const TtyInfoEntry *info = to_lead(ctx, ctx->tasks[i]);

		if (info && comes_late(ctx, ctx->tasks[i], info) && take(ctx, ctx->tasks[i], info, e))
			return -1;
	}
	return 0;
}

/* --- when all tasks and groups are there --------------------------------------------------------------------- */

static bool is_group_of_tree(const struct restore_ctx *ctx, uint32_t pgrp)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (pgrp && !ctx->tasks[i]->helper && (uint32_t)ctx->tasks[i]->pgid == pgrp)
			return true;
	return false;
}

static int set_foreground(struct restore_ctx *ctx, const TtyInfoEntry *info, struct err *e)
{
	struct rtask *leader = tty_leader(ctx, info->sid);

	if (!leader || !info->pgrp || info->pgrp == (uint32_t)leader->pid)
		return 0;
	if (!is_group_of_tree(ctx, info->pgrp)) {
		log_warn("process group %u, in the foreground of a terminal, has no process: session %u is instead",
			 info->pgrp, info->sid);
		return 0;
	}
	return call(ctx, leader, info, TIOCSPGRP, info->pgrp, e);
}

/* The terminal of cr-restore has the settings of the job that is in its foreground. */
static void take_over(struct restore_ctx *ctx)
{
	const struct ttys *s = ttys_of(ctx);
	pid_t pgrp;

	if (!s->used || !is_group_of_tree(ctx, s->used->pgrp))
		return;
	pgrp = s->used->pgrp;
	if (s->used->termios)
		tty_set_termios(s->own, s->used->termios);
	/* We are in the session of the terminal, perhaps in the background: SIGTTOU is blocked. */
	if (!tty_leader(ctx, s->used->sid) && ioctl(s->own, TIOCSPGRP, &pgrp))
		log_warn("cannot put process group %d into the foreground: %s", pgrp, strerror(errno));
}

int tty_settle_sessions(struct restore_ctx *ctx, struct err *e)
{
	const struct ttys *s = ttys_of(ctx);

	if (take_late(ctx, e))
		return -1;
	for (size_t i = 0; i < s->nr; i++)
		if (s->infos[i]->sid && s->infos[i]->type != TTY_TYPE__CTTY && set_foreground(ctx, s->infos[i], e))
			return -1;
	take_over(ctx);
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];
		const TtyInfoEntry *info = of_session(ctx, t->sid);

		if (t->helper || t->state == TASK_DEAD || !t->core->tc->no_terminal || !info)
			continue;
		if (tty_leader(ctx, info->sid) != t && call(ctx, t, info, TIOCNOTTY, 0, e))
			return err_in(e, "pid %d", t->pid);
	}
	return 0;
}
