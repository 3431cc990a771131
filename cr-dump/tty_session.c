// SPDX-License-Identifier: GPL-2.0-only
/* Whose controlling terminals they are, who is in the foreground; and which terminals belong to somebody outside the tree. */
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "cr-dump/task.h"
#include "cr-dump/tty.h"

#define SHELL_JOB_HINT "with --shell-job (-j) on both commands the restored tree gets the terminal of cr-restore"

static bool is_alive(const struct task *t)
{
	return t->state != TASK_DEAD;
}

static struct task *leader_of(struct dump_ctx *ctx, uint32_t sid)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (sid && (uint32_t)ctx->tasks[i]->pid == sid && is_alive(ctx->tasks[i]))
			return ctx->tasks[i];
	return NULL;
}

/* Field 8 of /proc/PID/stat. */
static int foreground_of(struct dump_ctx *ctx, struct task *t, uint32_t *pgrp_ret, struct err *e)
{
	int pgrp = 0;
	char *text;
	size_t len;

	if (proc_read(ctx, t, "stat", &text, &len, e))
		return -1;
	text = strrchr(text, ')');
	if (!text || sscanf(text, ") %*c %*d %*d %*d %*d %d", &pgrp) != 1)
		return err_set(e, 0, "cannot understand /proc/%d/stat", t->tid);
	*pgrp_ret = pgrp > 0 ? pgrp : 0;
	return 0;
}

/* --- terminals by session ----------------------------------------------------------------------------------- */

static struct terminal *of_session(struct dump_ctx *ctx, uint32_t sid)
{
	struct ttys *s = ttys_of(ctx);

	for (size_t i = 0; i < s->nr; i++)
		if (s->list[i]->info->sid == sid && s->list[i]->info->type != TTY_TYPE__CTTY)
			return s->list[i];
	return NULL;
}

/* One that can be it, as far as the device number tells: the master would have said so if it were in the tree. */
static struct terminal *by_device(struct dump_ctx *ctx, dev_t rdev)
{
	struct ttys *s = ttys_of(ctx);

	for (size_t i = 0; i < s->nr; i++) {
		struct terminal *t = s->list[i];
		bool console = t->info->type == TTY_TYPE__CONSOLE && t->dev == rdev;

		if (!t->peer && !t->hung_up && !t->info->sid && (t->info->rdev == rdev || console))
			return t;
	}
	return NULL;
}

/* Each session of the tree that has a controlling terminal, by one of its tasks. */
static int look_task(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	struct terminal *tty;

	if (!t->tty || of_session(ctx, t->sid))
		return 0;
	tty = by_device(ctx, t->tty);
	if (!tty && t->sid != t->pid)
		return 0; /* inherited from a leader outside, and not even open */
	if (!tty && !ctx->opts->shell_job) {
		refuse(ctx, t, SHELL_JOB_HINT,
		       "its controlling terminal (device %u:%u) belongs to somebody outside the tree", major(t->tty),
		       minor(t->tty));
		return 0;
	}
	if (!tty)
		tty = tty_without_file(ctx, t->tty);
	tty->info->sid = t->sid;
	return foreground_of(ctx, t, &tty->info->pgrp, e);
}

/* A task that has not the terminal of its session, because it is older than that or gave it up. */
static void look_without(struct dump_ctx *ctx, struct task *t)
{
	TaskCoreEntry *tc = core_of(ctx, t, &t->threads[0])->tc;

	if (t->tty || !of_session(ctx, t->sid))
		return;
	tc->has_no_terminal = tc->no_terminal = true;
}

/* /dev/tty as it was opened by a member of some session. */
static void look_dev_tty(struct dump_ctx *ctx, struct terminal *t)
{
	struct ttys *s = ttys_of(ctx);

	for (size_t i = 0; i < s->nr; i++) {
		struct terminal *real = s->list[i];

		if (real->info->type == TTY_TYPE__CTTY || real->hung_up || real->master)
			continue;
		if (real->info->rdev != t->dev)
			continue;
		t->info->sid = real->peer ? real->peer->info->sid : real->info->sid;
		t->external = real->external;
		if (t->info->sid)
			return;
	}
}

/* --- refusals ----------------------------------------------------------------------------------------------- */

/* --external tty[RDEV:DEV], both in hexadecimal. */
static bool is_external(struct dump_ctx *ctx, const struct terminal *t)
{
	char key[48];

	snprintf(key, sizeof(key), "tty[%lx:%lx]", (long)t->info->rdev, (long)t->info->dev);
	for (size_t i = 0; i < ctx->opts->external.nr; i++)
		if (!strcmp(ctx->opts->external.items[i], key))
			return true;
	return false;
}

static const char *name_of(const struct terminal *t, char *buf, size_t size)
{
	if (t->info->pty)
		snprintf(buf, size, "pts/%u", t->info->pty->index);
	else
		snprintf(buf, size, "device %u:%u", major(t->info->rdev), minor(t->info->rdev));
	return buf;
}

/* A slave whose master is not in the tree; or the terminal of a session that is not. */
static void judge(struct dump_ctx *ctx, struct terminal *t)
{
	const TtyInfoEntry *r = t->info;
	bool foreign = r->sid && !leader_of(ctx, r->sid);
	char name[32];

	if (!t->file || t->peer) {
		if (t->master && foreign)
			refuse_file(
				ctx, t->file, "dump the session's leader, too",
				"is the master of the pseudo-terminal %s, which controls session %u outside the tree",
				name_of(t, name, sizeof(name)), r->sid);
		return;
	}
	if (is_external(ctx, t)) {
		t->info->type = TTY_TYPE__EXT_TTY;
		return;
	}
	if (t->hung_up && !r->pty)
		refuse_file(ctx, t->file, NULL, "is the terminal %s, which was hung up",
			    name_of(t, name, sizeof(name)));
	else if (r->type == TTY_TYPE__CTTY && !r->sid && !t->external && !ctx->opts->shell_job)
		refuse_file(ctx, t->file, SHELL_JOB_HINT, "is /dev/tty of a session that is outside the tree, or gone");
	else if ((r->type == TTY_TYPE__PTY && !t->hung_up) || (!r->pty && foreign))
		t->external = true;
	if (t->external && !ctx->opts->shell_job)
		refuse_file(ctx, t->file, SHELL_JOB_HINT,
			    "is the terminal %s, which belongs to somebody outside the tree",
			    name_of(t, name, sizeof(name)));
}

int tty_look_sessions(struct dump_ctx *ctx, struct err *e)
{
	struct ttys *s = ttys_of(ctx);
	size_t nr;

	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (is_alive(ctx->tasks[i]) && look_task(ctx, ctx->tasks[i], e))
			return err_in(e, "pid %d", ctx->tasks[i]->pid);
	nr = s->nr;
	for (size_t i = 0; i < nr; i++)
		if (s->list[i]->info->type != TTY_TYPE__CTTY)
			judge(ctx, s->list[i]);
	for (size_t i = 0; i < nr; i++)
		if (s->list[i]->info->type == TTY_TYPE__CTTY) {
			look_dev_tty(ctx, s->list[i]);
			judge(ctx, s->list[i]);
		}
	for (size_t i = 0; nr && i < ctx->nr_tasks; i++)
		if (is_alive(ctx->tasks[i]))
			look_without(ctx, ctx->tasks[i]);
	return 0;
}
