// SPDX-License-Identifier: GPL-2.0-only
/* The records of terminals: settings, size, owner, modes. Several open files may have one terminal. */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "cr-dump/tty.h"

/* What is no pseudo-terminal CRIU numbers as if it were one; a higher number than those is told from them. */
#define FIRST_OTHER  1000
#define ABOVE_OTHERS (1u << 22)
#define HUNG_UP_SET  32 /* sets of the hung-up ones: an index may be in use again */

struct ttys *ttys_of(struct dump_ctx *ctx)
{
	void **state = &files_of(ctx)->kind[DUMP_KIND_tty];

	if (!*state)
		*state = pool_alloc(&ctx->pool, sizeof(struct ttys));
	return *state;
}

static bool is_pty_slave(dev_t rdev)
{
	return major(rdev) >= 136 && major(rdev) <= 143;
}

static uint32_t pty_index(dev_t rdev)
{
	return (major(rdev) - 136) * 256 + minor(rdev);
}

static TtyType type_of(dev_t rdev)
{
	if (is_pty_slave(rdev) || rdev == makedev(5, 2))
		return TTY_TYPE__PTY;
	if (major(rdev) == 4)
		return minor(rdev) < 64 ? TTY_TYPE__VT : TTY_TYPE__SERIAL;
	return minor(rdev) ? TTY_TYPE__CONSOLE : TTY_TYPE__CTTY;
}

/* As CRIU numbers both ends of pseudo-terminals; those of further instances of devpts follow. */
static uint32_t pty_id(struct dump_ctx *ctx, dev_t dev, uint32_t index, bool master, bool hung_up)
{
	struct ttys *s = ttys_of(ctx);
	size_t set = 0;

	while (set < s->nr_sets && s->sets[set] != dev)
		set++;
	if (set == s->nr_sets)
		*POOL_PUSH(&ctx->pool, s->sets, s->nr_sets) = dev;
	if (index >= FIRST_OTHER)
		index |= ABOVE_OTHERS;
	return (uint32_t)(set + (hung_up ? HUNG_UP_SET : 0)) << 24 | index << 1 | master;
}

/* --- records ------------------------------------------------------------------------------------------------ */

/* c_cc lies in the 32-bit elements as it lies in memory: four characters in each. */
static TermiosEntry *termios_entry(struct dump_ctx *ctx, const struct termios2 *t)
{
	TermiosEntry *r = POOL_MSG(&ctx->pool, TermiosEntry, termios_entry);

	r->c_iflag = t->c_iflag;
	r->c_oflag = t->c_oflag;
	r->c_cflag = t->c_cflag;
	r->c_lflag = t->c_lflag;
	r->c_line = t->c_line;
	r->c_ispeed = t->c_ispeed;
	r->c_ospeed = t->c_ospeed;
	r->n_c_cc = NCCS;
	r->c_cc = pool_alloc(&ctx->pool, NCCS * sizeof(*r->c_cc));
	memcpy(r->c_cc, t->c_cc, NCCS);
	return r;
}

/* Both ends of a pseudo-terminal have the slave's. A hung-up terminal has none, which is how readers know it. */
static int look_settings(struct dump_ctx *ctx, struct terminal *t, int fd, struct err *e)
{
	struct termios2 now = { 0 }, locked = { 0 };
	struct winsize size = { 0 };
	TtyInfoEntry *r = t->info;

	if (ioctl(fd, TCGETS2, &now)) {
		t->hung_up = errno == EIO;
		return t->hung_up ? 0 : err_set(e, errno, "cannot read the settings of the terminal");
	}
	if (ioctl(fd, TIOCGLCKTRMIOS, &locked) || ioctl(fd, TIOCGWINSZ, &size))
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

static void put_owner(TtyInfoEntry *r, const struct stat *st)
{
	r->has_dev = r->has_uid = r->has_gid = r->has_mode = true;
	r->dev = st->st_dev;
	r->uid = st->st_uid;
	r->gid = st->st_gid;
	r->mode = st->st_mode & 07777;
}

static struct terminal *new_terminal(struct dump_ctx *ctx, uint32_t id, dev_t rdev)
{
	struct ttys *s = ttys_of(ctx);
	struct terminal *t = pool_alloc(&ctx->pool, sizeof(*t));

	t->info = POOL_MSG(&ctx->pool, TtyInfoEntry, tty_info_entry);
	t->info->id = id;
	t->info->type = type_of(rdev);
	t->info->rdev = rdev;
	*POOL_PUSH(&ctx->pool, s->list, s->nr) = t;
	return t;
}

static struct terminal *find_terminal(struct dump_ctx *ctx, uint32_t id)
{
	struct ttys *s = ttys_of(ctx);

	for (size_t i = 0; i < s->nr; i++)
		if (s->list[i]->info->id == id)
			return s->list[i];
	return NULL;
}

static void put_index(struct dump_ctx *ctx, TtyInfoEntry *r, uint32_t index)
{
	r->pty = POOL_MSG(&ctx->pool, TtyPtyEntry, tty_pty_entry);
	r->pty->index = index;
}

/* --- pseudo-terminals --------------------------------------------------------------------------------------- */

static struct terminal *slave_of(struct dump_ctx *ctx, const struct stat *st, bool hung_up)
{
	uint32_t index = pty_index(st->st_rdev);
	uint32_t id = pty_id(ctx, st->st_dev, index, false, hung_up);
	struct terminal *t = find_terminal(ctx, id);

	if (t)
		return t;
	t = new_terminal(ctx, id, st->st_rdev);
	t->dev = st->st_dev;
	put_owner(t->info, st);
	put_index(ctx, t->info, index);
	return t;
}

/* The session of the slave, which only the master can ask for when it is not one's own. None: ENOTTY. */
static void look_session(struct terminal *t, int fd)
{
	pid_t sid = 0, pgrp = 0;

	if (ioctl(fd, TIOCGSID, &sid) || sid <= 0)
		return;
	t->info->sid = sid;
	if (!ioctl(fd, TIOCGPGRP, &pgrp) && pgrp > 0)
		t->info->pgrp = pgrp;
}

static int look_master(struct dump_ctx *ctx, struct terminal *t, const struct fd_facts *f, int slave_path,
		       struct err *e)
{
	int locked = 0, packets = 0, exclusive = 0;

	if (ioctl(f->fd, TIOCGPTLCK, &locked) || ioctl(f->fd, TIOCGPKT, &packets) ||
	    ioctl(f->fd, TIOCGEXCL, &exclusive))
		return err_set(e, errno, "cannot read the modes of the master of a pseudo-terminal");
	t->info->locked = locked;
	t->info->packet_mode = packets;
	t->info->exclusive = exclusive;
	put_owner(t->info, &f->st);
	t->info->has_mode = false; /* /dev/ptmx is everybody's */
	look_session(t, f->fd);
	return look_settings(ctx, t, f->fd, e);
}

/* The name of the slave can be had without opening it, which would be noticed. */
static int look_ptmx(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct terminal **ret,
		     struct err *e)
{
	_cleanup_close_ int path = ioctl(f->fd, TIOCGPTPEER, O_PATH | O_CLOEXEC);
	struct terminal *t, *slave;
	struct stat st;

	if (path < 0 || fstat(path, &st))
		return err_set(e, errno, "cannot find the slave of a pseudo-terminal (TIOCGPTPEER)");
	slave = slave_of(ctx, &st, false);
	t = new_terminal(ctx, slave->info->id | 1, f->st.st_rdev);
	t->master = true;
	t->dev = st.st_dev;
	t->file = of;
	t->peer = slave;
	slave->peer = t;
	put_index(ctx, t->info, slave->info->pty->index);
	*ret = t;
	return look_master(ctx, t, f, path, e);
}

static int look_slave(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct terminal **ret,
		      struct err *e)
{
	struct termios2 t2;
	bool hung_up = ioctl(f->fd, TCGETS2, &t2) && errno == EIO;
	struct terminal *t = slave_of(ctx, &f->st, hung_up);
	int exclusive = 0;

	*ret = t;
	if (t->file)
		return 0;
	t->file = of;
	t->hung_up = hung_up;
	if (hung_up)
		return 0;
	ioctl(f->fd, TIOCGEXCL, &exclusive);
	t->info->exclusive = exclusive;
	return look_settings(ctx, t, f->fd, e);
}

/* --- others ------------------------------------------------------------------------------------------------- */

/*
 * CRIU has one number for each type; the second one of a type, which it does not know, gets another. /dev/tty is whatever was its
 * opener's controlling terminal: which, the kernel says.
 */
static uint32_t other_id(struct dump_ctx *ctx, const struct fd_facts *f, unsigned int real)
{
	static const uint32_t first[] = {
		[TTY_TYPE__CONSOLE] = 1002 << 1,
		[TTY_TYPE__VT] = 1004 << 1,
		[TTY_TYPE__CTTY] = 1006 << 1,
		[TTY_TYPE__SERIAL] = 1010 << 1,
	};
	uint32_t id = first[type_of(f->st.st_rdev)];
	const struct terminal *t = find_terminal(ctx, id);

	if (!t || (t->info->rdev == f->st.st_rdev && t->dev == real))
		return id;
	id = 0x40000000u | minor(f->st.st_rdev) << 8 | major(f->st.st_rdev);
	return f->st.st_rdev == makedev(5, 0) ? 0x80000000u | real << 8 | 5 : id;
}

static int look_other(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct terminal **ret,
		      struct err *e)
{
	unsigned int real = 0;
	struct terminal *t;
	int exclusive = 0;
	uint32_t id;

	ioctl(f->fd, TIOCGDEV, &real);
	id = other_id(ctx, f, real);
	*ret = t = find_terminal(ctx, id);
	if (t)
		return 0;
	*ret = t = new_terminal(ctx, id, f->st.st_rdev);
	t->file = of;
	t->dev = real;
	put_owner(t->info, &f->st);
	ioctl(f->fd, TIOCGEXCL, &exclusive);
	t->info->exclusive = exclusive;
	return look_settings(ctx, t, f->fd, e);
}

int tty_look(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct terminal **ret, struct err *e)
{
	int discipline = 0;

	if (!ioctl(f->fd, TIOCGETD, &discipline) && discipline != N_TTY) {
		refuse_file(ctx, of, NULL, "is the terminal %s with line discipline %d: not supported by this version",
			    f->link, discipline);
		return 0;
	}
	if (f->st.st_rdev == makedev(5, 2))
		return look_ptmx(ctx, of, f, ret, e);
	return is_pty_slave(f->st.st_rdev) ? look_slave(ctx, of, f, ret, e) : look_other(ctx, of, f, ret, e);
}

struct terminal *tty_without_file(struct dump_ctx *ctx, dev_t rdev)
{
	struct stat st = { .st_rdev = rdev };

	return is_pty_slave(rdev) ? slave_of(ctx, &st, false) : new_terminal(ctx, 0x40000000u | (uint32_t)rdev, rdev);
}
