// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pseudo-terminals of the tree: both ends are made at once, under the number that they had, with settings, modes and what is in them.
 * Of a hung-up one only slaves are left: it gets a master that goes again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/ptyqueue.h"
#include "cr-restore/tty.h"

#define MASTER_NAME "/dev/ptmx"
#define NUMBER_MAX  (1 << 20)
#define DATA_MAX    (1 << 20)
#define LARGE_FILE  0100000 /* the kernel's O_LARGEFILE, which is 0 here */

/* --- which there are ---------------------------------------------------------------------------------------- */

static const TtyDataEntry *data_of(const struct ttys *s, uint32_t id)
{
	for (size_t i = 0; i < s->nr_data; i++)
		if (s->data[i]->tty_id == id)
			return s->data[i];
	return NULL;
}

/* In older images ids are not made of numbers; the number is what both ends have in common. */
static struct pty *by_number(struct ttys *s, const TtyInfoEntry *info, bool master)
{
	for (size_t i = 0; i < s->nr_ptys; i++) {
		const TtyInfoEntry *other = master ? s->ptys[i].slave : s->ptys[i].master;

		if (other && !(master ? s->ptys[i].master : s->ptys[i].slave) &&
		    other->pty->index == info->pty->index && other->id >> 24 == info->id >> 24)
			return &s->ptys[i];
	}
	return NULL;
}

static bool is_master(const TtyInfoEntry *info)
{
	return info->rdev == 0x502;
}

/* A slave alone is the tree's only if it was hung up; that one has no settings. */
static void add(struct restore_ctx *ctx, const TtyInfoEntry *info)
{
	struct ttys *s = ttys_of(ctx);
	bool master = is_master(info);
	struct pty *p = by_number(s, info, master);

	if (!p) {
		if (!master && info->termios)
			return;
		p = POOL_PUSH(&ctx->pool, s->ptys, s->nr_ptys);
		*p = (struct pty){ .master_fd = -1, .slave_fd = -1, .hung_up = !master };
	}
	*(master ? &p->master : &p->slave) = info;
	*(master ? &p->output : &p->input) = data_of(s, info->id);
}

void pty_collect(struct restore_ctx *ctx)
{
	const struct ttys *s = ttys_of(ctx);

	for (int masters = 1; masters >= 0; masters--)
		for (size_t i = 0; i < s->nr; i++) {
			const TtyInfoEntry *info = s->infos[i];

			if (info->type == TTY_TYPE__PTY && info->pty && is_master(info) == masters)
				add(ctx, info);
		}
}

static uint32_t number_of(const struct pty *p)
{
	return (p->master ? p->master : p->slave)->pty->index;
}

static const char *master_name(struct restore_ctx *ctx, const struct pty *p)
{
	const char *name = p->master ? tty_name(ctx, p->master) : NULL;

	return name ? name : MASTER_NAME;
}

/* --- plan --------------------------------------------------------------------------------------------------- */

/* The names of slaves are beside the master's, or in pts/ beside it. */
static bool is_taken(const char *master, uint32_t number)
{
	char path[PATH_MAX];
	int dir = strrchr(master, '/') - master;

	snprintf(path, sizeof(path), "%.*s/%u", dir, master, number);
	if (!access(path, F_OK))
		return true;
	snprintf(path, sizeof(path), "%.*s/pts/%u", dir, master, number);
	return !access(path, F_OK);
}

static bool data_fits(const TtyDataEntry *d)
{
	uint64_t sum = 0;

	for (size_t i = 0; d && i < d->n_lines; i++)
		sum += d->lines[i];
	return !d || (d->data.len <= DATA_MAX && sum <= d->data.len && d->unprocessed <= d->data.len);
}

/* Tasks that a dump has just killed hold their terminals for a moment. */
void pty_check(struct restore_ctx *ctx, struct pty *p)
{
	struct ttys *s = ttys_of(ctx);
	const char *name = master_name(ctx, p);
	struct stat st;

	if (p->checked)
		return;
	p->checked = true;
	if (!strchr(name, '/') || stat(name, &st) || !S_ISCHR(st.st_mode) || st.st_rdev != 0x502) {
		problem(ctx, NULL, "%s does not make pseudo-terminals", name);
		return;
	}
	if (number_of(p) >= NUMBER_MAX) {
		problem(ctx, NULL, "no pseudo-terminal has the number %u", number_of(p));
		return;
	}
	if (!data_fits(p->output) || !data_fits(p->input))
		problem(ctx, NULL, "tty-data.img: what waits in pts/%u does not fit its lengths", number_of(p));
	for (; is_taken(name, number_of(p)) && s->patience_ms; s->patience_ms -= 10)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	if (is_taken(name, number_of(p)))
		problem(ctx, "end what uses it, or restore with a devpts of its own", "the terminal pts/%u is taken",
			number_of(p));
}

/* --- making ------------------------------------------------------------------------------------------------- */

/* The kernel gives the lowest free number: those below are held until it comes. */
static int open_numbered(struct restore_ctx *ctx, const struct pty *p, const char *name, int *fd_ret, struct err *e)
{
	int *held = NULL, fd = -1;
	uint32_t number = 0;
	size_t nr = 0;

	for (;;) {
		fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (fd < 0 || ioctl(fd, TIOCGPTN, &number)) {
			err_set(e, errno, "cannot open %s for pts/%u", name, number_of(p));
			break;
		}
		if (number == number_of(p))
			break;
		*POOL_PUSH(&ctx->pool, held, nr) = fd;
		fd = -1;
		if (number > number_of(p)) {
			err_set(e, 0, "the terminal pts/%u is taken", number_of(p));
			break;
		}
	}
	while (nr)
		close(held[--nr]);
	*fd_ret = fd;
	return fd < 0 ? -1 : 0;
}

/* CRIU has the mode with the file only. */
static uint32_t mode_of(struct restore_ctx *ctx, const TtyInfoEntry *slave, uint32_t now)
{
	const struct ofile *of = tty_file(ctx, slave);

	if (slave->has_mode)
		return slave->mode;
	return of && of->entry->reg && of->entry->reg->has_mode ? of->entry->reg->mode & 07777 : now;
}

static int own_slave(struct restore_ctx *ctx, const struct pty *p, int fd, struct err *e)
{
	const TtyInfoEntry *r = p->slave;
	struct stat st;
	uint32_t mode;

	if (!r || !r->has_uid)
		return 0;
	if (fstat(fd, &st))
		return err_set(e, errno, "cannot stat the slave");
	if ((st.st_uid != r->uid || st.st_gid != r->gid) && fchown(fd, r->uid, r->gid))
		return err_set(e, errno, "cannot give the slave to user %u, group %u", r->uid, r->gid);
	mode = mode_of(ctx, r, st.st_mode & 07777);
	if ((st.st_mode & 07777) != mode && fchmod(fd, mode))
		return err_set(e, errno, "cannot set the mode of the slave");
	return 0;
}

static void put_termios(struct termios2 *t, const TermiosEntry *r)
{
	t->c_iflag = r->c_iflag;
	t->c_oflag = r->c_oflag;
	t->c_cflag = r->c_cflag;
	t->c_lflag = r->c_lflag;
	if (r->n_c_cc * sizeof(*r->c_cc) >= sizeof(t->c_cc))
		memcpy(t->c_cc, r->c_cc, sizeof(t->c_cc));
	/* CRIU does not save it. */
	if ((r->c_cflag & CBAUD) == BOTHER && r->c_ospeed) {
		t->c_ispeed = r->c_ispeed;
		t->c_ospeed = r->c_ospeed;
	}
}

/* Images of CRIU have text only: lines end where they say so. */
static void find_lines(struct restore_ctx *ctx, const TtyDataEntry *d, const struct termios2 *t, struct pty_state *s)
{
	uint32_t *lines = NULL, start = 0;

	if (d->n_lines || !pty_is_canonical(t)) {
		s->lines = d->lines;
		s->nr_lines = d->n_lines;
		return;
	}
	for (uint32_t i = 0; i < d->data.len - d->unprocessed; i++)
		if (d->data.data[i] == '\n') {
			*POOL_PUSH(&ctx->pool, lines, s->nr_lines) = i + 1 - start;
			start = i + 1;
		}
	s->lines = lines;
}

static int put_state(struct restore_ctx *ctx, const struct pty *p, int slave, struct err *e)
{
	struct pty_ends ends = { p->master_fd, slave };
	const TtyInfoEntry *r = p->master;
	struct pty_state s = { .packets = r->packet_mode, .packet_status = r->packet_status };

	if (!data_fits(p->output) || !data_fits(p->input))
		return err_set(e, 0, "what waits in it does not fit its lengths");
	if (ioctl(slave, TCGETS2, &s.settings))
		return err_set(e, errno, "cannot read the settings of a new terminal");
	if (r->termios)
		put_termios(&s.settings, r->termios);
	if (p->slave && p->slave->has_flow)
		s.flow = (enum pty_flow)p->slave->flow;
	if (p->output) {
		s.output = p->output->data.data;
		s.nr_output = p->output->data.len;
	}
	if (p->input) {
		s.input = p->input->data.data;
		s.nr_input = p->input->data.len;
		s.unprocessed = p->input->unprocessed;
		find_lines(ctx, p->input, &s.settings, &s);
	}
	return pty_put(&ends, &s, e);
}

static int put_modes(const struct pty *p, int slave, struct err *e)
{
	const TtyInfoEntry *r = p->master;
	struct termios2 locked = { 0 }, none = { 0 };
	struct winsize size = { 0 };

	if (r->winsize) {
		size = (struct winsize){ r->winsize->ws_row, r->winsize->ws_col, r->winsize->ws_xpixel,
					 r->winsize->ws_ypixel };
		if (ioctl(slave, TIOCSWINSZ, &size))
			return err_set(e, errno, "cannot set the size of a terminal");
	}
	if (r->termios_locked)
		put_termios(&locked, r->termios_locked);
	if (memcmp(&locked, &none, offsetof(struct termios2, c_ispeed)) && ioctl(slave, TIOCSLCKTRMIOS, &locked))
		return err_set(e, errno, "cannot lock the settings of a terminal");
	if ((r->exclusive && ioctl(p->master_fd, TIOCEXCL)) ||
	    (p->slave && p->slave->exclusive && ioctl(slave, TIOCEXCL)))
		return err_set(e, errno, "cannot make a terminal exclusive");
	return 0;
}

/* All slaves are opened before the hangup: after it nobody can. */
static int open_hung_up(struct restore_ctx *ctx, struct pty *p, struct err *e)
{
	struct files *fs = ctx->files;
	int fd;

	for (size_t i = 0; i < fs->nr; i++) {
		const FileEntry *f = fs->list[i].entry;

		if (!f->tty || f->tty->tty_info_id != p->slave->id || !fs->list[i].held)
			continue;
		if (pty_open_slave(ctx, p, f, &fd, e))
			return -1;
		files_put(ctx, f->id, fd);
	}
	close_fdp(&p->master_fd);
	p->master_fd = -1;
	return 0;
}

/* Nobody controls it yet, so nothing that is done here sends a signal. */
static int fill(struct restore_ctx *ctx, struct pty *p, struct err *e)
{
	if (ioctl(p->master_fd, TIOCSPTLCK, &(int){ 0 }))
		return err_set(e, errno, "cannot unlock a new terminal");
	p->slave_fd = ioctl(p->master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (p->slave_fd < 0)
		return err_set(e, errno, "cannot open the slave of a new terminal");
	if (own_slave(ctx, p, p->slave_fd, e))
		return -1;
	if (!p->hung_up)
		return put_state(ctx, p, p->slave_fd, e) || put_modes(p, p->slave_fd, e) ? -1 : 0;
	close_fdp(&p->slave_fd);
	p->slave_fd = -1;
	return open_hung_up(ctx, p, e);
}

int pty_make(struct restore_ctx *ctx, struct pty *p, struct err *e)
{
	if (p->made)
		return 0;
	p->made = true;
	if (open_numbered(ctx, p, master_name(ctx, p), &p->master_fd, e) || fill(ctx, p, e))
		return err_in(e, "pts/%u", number_of(p));
	return 0;
}

/*
 * By its name, which may be one that somebody gave it; else by what the master says, which is also the only way to get an open file
 * without O_LARGEFILE.
 */
int pty_open_slave(struct restore_ctx *ctx, const struct pty *p, const FileEntry *f, int *fd_ret, struct err *e)
{
	const char *name = f->tty->has_regf_id ? files_path(ctx, f->tty->regf_id) : NULL;
	_cleanup_close_ int path = ioctl(p->master_fd, TIOCGPTPEER, O_PATH | O_CLOEXEC), fd = -1;
	uint32_t flags = f->tty->flags & (O_ACCMODE | O_NONBLOCK);
	struct stat by_name, wanted;

	if (path < 0 || fstat(path, &wanted))
		return err_set(e, errno, "cannot find the slave of a new terminal");
	if (f->tty->flags & LARGE_FILE && name && !stat(name, &by_name) && by_name.st_dev == wanted.st_dev &&
	    by_name.st_ino == wanted.st_ino)
		fd = open(name, flags | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		fd = ioctl(p->master_fd, TIOCGPTPEER, flags | O_NOCTTY); /* O_CLOEXEC would stay in its flags */
	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC))
		return err_set(e, errno, "cannot open the slave of a new terminal");
	if (file_set_flags(fd, f->tty->flags, e))
		return -1;
	*fd_ret = take_fd(fd);
	return 0;
}

/* --- the end ------------------------------------------------------------------------------------------------ */

int pty_end(struct pty *p, struct err *e)
{
	struct pty_ends ends = { p->master_fd, p->slave_fd };
	int locked = p->master && p->master->locked, ret = 0;

	if (p->master_fd < 0)
		return 0;
	if (p->master->slave_closed)
		close_fdp(&ends.slave);
	else
		ret = pty_close_unseen(&ends, e);
	if (!ret && ioctl(p->master_fd, TIOCSPTLCK, &locked))
		ret = err_set(e, errno, "cannot lock a terminal as it was");
	close_fdp(&p->master_fd);
	p->master_fd = p->slave_fd = -1;
	return ret;
}
