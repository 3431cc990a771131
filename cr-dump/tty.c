// SPDX-License-Identifier: GPL-2.0-only
/*
 * Terminals that belong to somebody outside the tree (--shell-job): restore replaces them by its own. Their settings are saved
 * when the tree is in the foreground, for then they are the tree's. Pseudo-terminals whose master is in the tree are refused.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "cr-dump/files.h"

#define SHELL_JOB_HINT "with --shell-job (-j) on both commands the restored tree gets the terminal of cr-restore"

struct ttys {
	TtyInfoEntry **list;
	size_t nr;
};

static bool is_pty_slave(dev_t rdev)
{
	return major(rdev) >= 136 && major(rdev) <= 143;
}

/* 4: virtual consoles and serial lines; 5: /dev/tty, /dev/console, /dev/ptmx. */
static bool tty_claims(const struct fd_facts *f)
{
	unsigned int m = major(f->st.st_rdev);

	return S_ISCHR(f->st.st_mode) && !(f->flags & O_PATH) && (m == 4 || m == 5 || is_pty_slave(f->st.st_rdev));
}

static TtyType type_of(dev_t rdev)
{
	if (is_pty_slave(rdev))
		return TTY_TYPE__PTY;
	if (major(rdev) == 4)
		return minor(rdev) < 64 ? TTY_TYPE__VT : TTY_TYPE__SERIAL;
	return minor(rdev) ? TTY_TYPE__CONSOLE : TTY_TYPE__CTTY;
}

static uint32_t pty_index(dev_t rdev)
{
	return (major(rdev) - 136) * 256 + minor(rdev);
}

/* Fields 5 to 8 of /proc/PID/stat: group, session, terminal, and the terminal's foreground group. */
static int read_stat(struct dump_ctx *ctx, struct task *t, int *session, int *tty, int *foreground, struct err *e)
{
	char *text;
	size_t len;

	if (proc_read(ctx, t, "stat", &text, &len, e))
		return -1;
	text = strrchr(text, ')');
	if (!text || sscanf(text, ") %*c %*d %*d %d %d %d", session, tty, foreground) != 3)
		return err_set(e, 0, "cannot understand /proc/%d/stat", t->pid);
	return 0;
}

/* Is it the terminal of a task's session? Then whose, and who is in the foreground. */
static int look_session(struct dump_ctx *ctx, TtyInfoEntry *r, dev_t rdev, struct err *e)
{
	int session, tty, foreground;

	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		if (ctx->tasks[i]->state == TASK_DEAD)
			continue;
		if (read_stat(ctx, ctx->tasks[i], &session, &tty, &foreground, e))
			return -1;
		if ((dev_t)tty != rdev && (!tty || r->type != TTY_TYPE__CTTY))
			continue;
		r->sid = session;
		r->pgrp = foreground > 0 ? foreground : 0;
		return 0;
	}
	return 0;
}

static bool is_foreground(const struct dump_ctx *ctx, uint32_t pgrp)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (pgrp && (uint32_t)ctx->tasks[i]->pgid == pgrp)
			return true;
	return false;
}

/* c_cc lies in the 32-bit elements as it lies in memory: four characters in each. */
static TermiosEntry *termios_entry(struct dump_ctx *ctx, const struct termios *t)
{
	TermiosEntry *r = POOL_MSG(&ctx->pool, TermiosEntry, termios_entry);

	r->c_iflag = t->c_iflag;
	r->c_oflag = t->c_oflag;
	r->c_cflag = t->c_cflag;
	r->c_lflag = t->c_lflag;
	r->c_line = t->c_line;
	r->n_c_cc = NCCS;
	r->c_cc = pool_alloc(&ctx->pool, NCCS * sizeof(*r->c_cc));
	memcpy(r->c_cc, t->c_cc, NCCS);
	return r;
}

static int look_settings(struct dump_ctx *ctx, TtyInfoEntry *r, int fd, struct err *e)
{
	struct termios now = { 0 }, locked = { 0 };
	struct winsize size;

	if (ioctl(fd, TCGETS, &now) || ioctl(fd, TIOCGLCKTRMIOS, &locked) || ioctl(fd, TIOCGWINSZ, &size))
		return err_set(e, errno, "cannot read the settings of the terminal");
	r->termios = termios_entry(ctx, &now);
	r->termios_locked = termios_entry(ctx, &locked);
	r->winsize = POOL_MSG(&ctx->pool, WinsizeEntry, winsize_entry);
	r->winsize->ws_row = size.ws_row;
	r->winsize->ws_col = size.ws_col;
	r->winsize->ws_xpixel = size.ws_xpixel;
	r->winsize->ws_ypixel = size.ws_ypixel;
	return 0;
}

/* The terminal behind an open file, once. */
static int info_of(struct dump_ctx *ctx, const struct fd_facts *f, uint32_t *id_ret, struct err *e)
{
	void **state = &files_of(ctx)->kind[DUMP_KIND_tty];
	TtyType type = type_of(f->st.st_rdev);
	/* As CRIU numbers the slaves of pseudo-terminals; the others follow. */
	uint32_t id = type == TTY_TYPE__PTY ? pty_index(f->st.st_rdev) << 1 :
					      0x40000000u | minor(f->st.st_rdev) << 8 | major(f->st.st_rdev);
	struct ttys *ttys;
	TtyInfoEntry *r;

	if (!*state)
		*state = pool_alloc(&ctx->pool, sizeof(*ttys));
	ttys = *state;
	*id_ret = id;
	for (size_t i = 0; i < ttys->nr; i++)
		if (ttys->list[i]->id == id)
			return 0;
	r = POOL_MSG(&ctx->pool, TtyInfoEntry, tty_info_entry);
	*POOL_PUSH(&ctx->pool, ttys->list, ttys->nr) = r;
	r->id = id;
	r->type = type;
	r->rdev = f->st.st_rdev;
	r->has_dev = r->has_uid = r->has_gid = true;
	r->dev = f->st.st_dev;
	r->uid = f->st.st_uid;
	r->gid = f->st.st_gid;
	ioctl(f->fd, TIOCGEXCL, &r->exclusive);
	if (type == TTY_TYPE__PTY) {
		r->pty = POOL_MSG(&ctx->pool, TtyPtyEntry, tty_pty_entry);
		r->pty->index = pty_index(f->st.st_rdev);
	}
	if (look_session(ctx, r, f->st.st_rdev, e))
		return -1;
	return is_foreground(ctx, r->pgrp) ? look_settings(ctx, r, f->fd, e) : 0;
}

static int tty_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	const char *why = reg_unreachable(f->link, &f->st);
	FileEntry *path;
	TtyFileEntry *r;

	if (f->st.st_rdev == makedev(5, 2)) {
		refuse_file(ctx, of, NULL, "is the master of a pseudo-terminal: not supported by this version");
		return 0;
	}
	if (!ctx->opts->shell_job) {
		refuse_file(ctx, of, SHELL_JOB_HINT, "is the terminal %s, which belongs to somebody outside the tree",
			    f->link);
		return 0;
	}
	r = POOL_MSG(&ctx->pool, TtyFileEntry, tty_file_entry);
	if (info_of(ctx, f, &r->tty_info_id, e))
		return -1;
	r->id = of->id;
	r->flags = f->flags;
	r->fown = f->fown;
	of->entry->tty = r;
	/* The name is for whoever reads the images: it may be another one's, in another devpts, when this is restored. */
	if (!why) {
		path = files_add_entry(ctx, FD_TYPES__REG);
		reg_fill(ctx, path, &f->st, f->link, f->flags, 0, f->fown);
		r->has_regf_id = true;
		r->regf_id = path->id;
	}
	return 0;
}

static int tty_write(struct dump_ctx *ctx, struct err *e)
{
	struct ttys *ttys = files_of(ctx)->kind[DUMP_KIND_tty];
	_cleanup_img_writer_ struct img_writer *w = NULL;

	if (!ttys)
		return 0;
	if (img_create(ctx->images_fd, IMG_TTY_INFO, 0, &w, e))
		return -1;
	for (size_t i = 0; i < ttys->nr; i++)
		if (img_put(w, &ttys->list[i]->base, e))
			return -1;
	return img_finish(&w, e);
}

const struct dump_kind dump_tty = {
	.name = "terminal",
	.type = FD_TYPES__TTY,
	.claims = tty_claims,
	.save = tty_save,
	.write = tty_write,
};
