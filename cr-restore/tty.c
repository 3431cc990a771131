// SPDX-License-Identifier: GPL-2.0-only
/*
 * Terminals: pseudo-terminals of the tree, consoles by their names, /dev/tty; and instead of one whose master somebody outside had,
 * the terminal of cr-restore (--shell-job) or a given descriptor (--inherit-fd).
 */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "cr-restore/tty.h"

#define PATIENCE_MS 2000

static int add_info(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	struct ttys *s = ttys_of(ctx);

	*POOL_PUSH(&ctx->pool, s->infos, s->nr) = (TtyInfoEntry *)msg;
	return 0;
}

static int add_data(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	struct ttys *s = ttys_of(ctx);

	*POOL_PUSH(&ctx->pool, s->data, s->nr_data) = (TtyDataEntry *)msg;
	return 0;
}

static int tty_load(struct restore_ctx *ctx, struct err *e)
{
	struct ttys *s = pool_alloc(&ctx->pool, sizeof(*s));
	struct termios t;

	ctx->files->kind[RESTORE_KIND_tty] = s;
	s->own = -1;
	s->patience_ms = PATIENCE_MS;
	for (int fd = 0; fd < 3 && s->own < 0; fd++)
		if (!ioctl(fd, TCGETS, &t))
			s->own = fd;
	if (files_each(ctx, IMG_TTY_INFO, add_info, e) || files_each(ctx, IMG_TTY_DATA, add_data, e))
		return -1;
	pty_collect(ctx);
	return 0;
}

/* --- what the entries mean ----------------------------------------------------------------------------------- */

const TtyInfoEntry *tty_find(struct restore_ctx *ctx, uint32_t id)
{
	const struct ttys *s = ttys_of(ctx);

	for (size_t i = 0; i < s->nr; i++)
		if (s->infos[i]->id == id)
			return s->infos[i];
	return NULL;
}

struct pty *tty_pty_of(struct restore_ctx *ctx, const TtyInfoEntry *info)
{
	struct ttys *s = ttys_of(ctx);

	for (size_t i = 0; i < s->nr_ptys; i++)
		if (s->ptys[i].master == info || s->ptys[i].slave == info)
			return &s->ptys[i];
	return NULL;
}

const struct ofile *tty_file(struct restore_ctx *ctx, const TtyInfoEntry *info)
{
	const struct files *fs = ctx->files;

	for (size_t i = 0; i < fs->nr; i++) {
		const TtyFileEntry *t = fs->list[i].entry->tty;

		if (t && t->tty_info_id == info->id && t->has_regf_id)
			return files_find(ctx, t->regf_id);
	}
	return NULL;
}

const char *tty_name(struct restore_ctx *ctx, const TtyInfoEntry *info)
{
	const struct ofile *of = tty_file(ctx, info);

	return of ? files_path(ctx, of->id) : NULL;
}

/* --inherit-fd fd[N]:tty[RDEV:DEV] */
static int inherited(struct restore_ctx *ctx, const TtyInfoEntry *info)
{
	char key[48];

	snprintf(key, sizeof(key), "tty[%x:%x]", info->rdev, info->dev);
	return inherit_fd(ctx, key);
}

/* A terminal that was found by its device can be so again, unless a session outside had it. */
static bool is_by_name(struct restore_ctx *ctx, const TtyInfoEntry *info)
{
	return (info->type == TTY_TYPE__VT || info->type == TTY_TYPE__CONSOLE || info->type == TTY_TYPE__SERIAL) &&
	       (!info->sid || tty_leader(ctx, info->sid) || !ctx->opts->shell_job);
}

static bool is_dev_tty_of_tree(struct restore_ctx *ctx, const TtyInfoEntry *info)
{
	return info->type == TTY_TYPE__CTTY && tty_leader(ctx, info->sid);
}

int tty_from_outside(struct restore_ctx *ctx, const TtyInfoEntry *info)
{
	int fd = inherited(ctx, info);

	if (fd >= 0 || info->type == TTY_TYPE__EXT_TTY)
		return fd;
	return tty_pty_of(ctx, info) || is_by_name(ctx, info) || is_dev_tty_of_tree(ctx, info) ? -1 : ttys_of(ctx)->own;
}

/* --- plan --------------------------------------------------------------------------------------------------- */

static void check_by_name(struct restore_ctx *ctx, const TtyInfoEntry *info, const FileEntry *f)
{
	const char *name = f->tty->has_regf_id ? files_path(ctx, f->tty->regf_id) : NULL;
	struct stat st;

	if (!name)
		problem(ctx, NULL, "file %u is a terminal whose name is not in files.img", f->id);
	else if (stat(name, &st))
		problem(ctx, NULL, "%s: %s", name, strerror(errno));
	else if (!S_ISCHR(st.st_mode) || st.st_rdev != info->rdev)
		problem(ctx, NULL, "%s is not the terminal that it was", name);
}

static void check_outside(struct restore_ctx *ctx, const TtyInfoEntry *info)
{
	struct termios t;
	int fd = inherited(ctx, info);

	if (fd >= 0 && ioctl(fd, TCGETS, &t))
		problem(ctx, NULL, "descriptor %d, given by --inherit-fd, is no terminal: %s", fd, strerror(errno));
	else if (fd < 0 && info->type == TTY_TYPE__EXT_TTY)
		problem(ctx, "give one with --inherit-fd", "no descriptor is given for tty[%x:%x]", info->rdev,
			info->dev);
	else if (fd < 0 && !ctx->opts->shell_job)
		problem(ctx, "--shell-job (-j) gives the tree the terminal of cr-restore",
			"the tree had a terminal that is not its own");
	else if (fd < 0 && ttys_of(ctx)->own < 0)
		problem(ctx, "start cr-restore on a terminal", "the tree needs a terminal, and cr-restore has none");
}

static int tty_check(struct restore_ctx *ctx, const FileEntry *f, struct err *e)
{
	const TtyInfoEntry *info = tty_find(ctx, f->tty->tty_info_id);
	struct pty *p = info ? tty_pty_of(ctx, info) : NULL;

	if (!info)
		problem(ctx, NULL, "terminal %u is not in tty-info.img", f->tty->tty_info_id);
	else if (p)
		pty_check(ctx, p);
	else if (is_by_name(ctx, info))
		check_by_name(ctx, info, f);
	else if (!is_dev_tty_of_tree(ctx, info))
		check_outside(ctx, info);
	return 0;
}

/* --- making ------------------------------------------------------------------------------------------------- */

void tty_set_termios(int fd, const TermiosEntry *r)
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

static int open_by_name(struct restore_ctx *ctx, const TtyInfoEntry *info, const FileEntry *f, int *fd_ret,
			struct err *e)
{
	const char *name = files_path(ctx, f->tty->regf_id);
	_cleanup_close_ int fd = open(name, (f->tty->flags & (O_ACCMODE | O_NONBLOCK)) | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return err_set(e, errno, "cannot open %s", name);
	if (!S_ISCHR(st.st_mode) || st.st_rdev != info->rdev)
		return err_set(e, 0, "%s is not the terminal that it was", name);
	if (info->exclusive && ioctl(fd, TIOCEXCL))
		return err_set(e, errno, "cannot make %s exclusive", name);
	if (file_set_flags(fd, f->tty->flags, e))
		return -1;
	*fd_ret = take_fd(fd);
	return 0;
}

/* A master cannot be opened again; then it is the given descriptor itself. */
static int open_outside(struct restore_ctx *ctx, const TtyInfoEntry *info, const FileEntry *f, int *fd_ret,
			struct err *e)
{
	int given = tty_from_outside(ctx, info);

	if (given < 0)
		return err_set(e, 0, "there is no terminal for it");
	if (given == ttys_of(ctx)->own)
		ttys_of(ctx)->used = info;
	if (!file_reopen(given, f->tty->flags, fd_ret, e))
		return 0;
	*fd_ret = fcntl(given, F_DUPFD_CLOEXEC, 0);
	return *fd_ret < 0 ? err_set(e, errno, "cannot duplicate descriptor %d", given) : 0;
}

/* There is one open file of a master. Slaves of a hung-up terminal were opened with it, before the hangup. */
static int open_pty(struct restore_ctx *ctx, struct pty *p, const TtyInfoEntry *info, const FileEntry *f, int *fd_ret,
		    struct err *e)
{
	if (pty_make(ctx, p, e))
		return -1;
	if (p->hung_up) {
		*fd_ret = files_find(ctx, f->id)->fd;
		return *fd_ret < 0 ? err_set(e, 0, "it cannot be opened any more") : 0;
	}
	if (info == p->slave)
		return pty_open_slave(ctx, p, f, fd_ret, e);
	*fd_ret = fcntl(p->master_fd, F_DUPFD_CLOEXEC, 0);
	if (*fd_ret < 0)
		return err_set(e, errno, "cannot duplicate the master");
	return file_set_flags(*fd_ret, f->tty->flags, e);
}

static int tty_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	const TtyInfoEntry *info = tty_find(ctx, f->tty->tty_info_id);
	struct pty *p = info ? tty_pty_of(ctx, info) : NULL;

	if (!info)
		return err_set(e, 0, "terminal %u is not in tty-info.img", f->tty->tty_info_id);
	if (p)
		return open_pty(ctx, p, info, f, fd_ret, e);
	if (is_by_name(ctx, info))
		return open_by_name(ctx, info, f, fd_ret, e);
	if (is_dev_tty_of_tree(ctx, info))
		return tty_open_dev_tty(ctx, f, fd_ret, e);
	return open_outside(ctx, info, f, fd_ret, e);
}

static int tty_settle(struct restore_ctx *ctx, struct err *e)
{
	struct ttys *s = ttys_of(ctx);

	if (tty_settle_sessions(ctx, e))
		return -1;
	for (size_t i = 0; i < s->nr_ptys; i++)
		if (pty_end(&s->ptys[i], e))
			return -1;
	return 0;
}

const struct restore_kind restore_tty = {
	.name = "terminal",
	.type = FD_TYPES__TTY,
	.load = tty_load,
	.check = tty_check,
	.make = tty_make,
	.settle = tty_settle,
};
