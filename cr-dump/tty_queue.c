// SPDX-License-Identifier: GPL-2.0-only
/*
 * What waits in pseudo-terminals. It can only be read, so it is read and put back at once, while the tree stands still, by a process
 * that ends only when that is done: neither the command's nor the worker's death leaves a terminal half empty. When it is killed itself,
 * the worker has another one go on.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/have_cap.h"
#include "base/ptyqueue.h"
#include "cr-dump/tty.h"

#define QUEUE_MAX (64 * 1024) /* the kernel holds less than half of it */
#define LINES_MAX 8192

#define MOST_TRIES 10 /* of a process that somebody kills again and again */

/* How far that process has come with a terminal. */
enum stage { UNTOUCHED, TAKING_STATUS, TAKING_OUTPUT, TAKING_LINES, TAKING_REST, PUTTING, DONE };

/* Shared with that process. */
struct taken {
	struct pty_state state;
	enum stage stage;
	bool more;   /* there was more than whole lines */
	size_t open; /* bytes of a line whose end is yet to come */
	size_t all;  /* bytes that were taken, when it was put back */
	int locked;
	bool closed; /* no slave is open, but one was */
	struct err err;
	int ret;
	uint8_t output[QUEUE_MAX], input[QUEUE_MAX];
	uint32_t lines[LINES_MAX];
};

/* --- taking ------------------------------------------------------------------------------------------------- */

static bool readable(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	return poll(&pfd, 1, 0) > 0 && pfd.revents & events;
}

/* The master's line discipline passes everything as it is. In packet mode each read begins with a byte of its own. */
static int take_output(const struct pty_ends *p, struct taken *t, struct err *e)
{
	int packets = 0;

	if (ioctl(p->master, TIOCGPKT, &packets))
		return err_set(e, errno, "cannot tell whether it is in packet mode");
	t->state.packets |= packets;
	if (packets && readable(p->master, POLLPRI) && read(p->master, &t->state.packet_status, 1) != 1)
		return err_set(e, errno, "cannot read its status");
	if (packets && ioctl(p->master, TIOCPKT, &(int){ 0 }))
		return err_set(e, errno, "cannot leave packet mode");
	t->stage = TAKING_OUTPUT;
	while (readable(p->master, POLLIN)) {
		size_t room = sizeof(t->output) - t->state.nr_output;
		ssize_t n = read(p->master, t->output + t->state.nr_output, room);

		if (n < 0)
			return err_set(e, errno, "cannot read what waits at the master");
		if (!n)
			break;
		t->state.nr_output += n;
	}
	return 0;
}

/* Its output is drained, so what keeps the slave from being writable is that it was stopped; TCOON undoes only TCOOFF. */
static int look_flow(const struct pty_ends *p, struct taken *t, struct err *e)
{
	if (t->state.flow == PTY_FLOWS && readable(p->slave, POLLOUT))
		return 0;
	t->state.flow = PTY_STOPPED_BY_CHARACTER;
	if (ioctl(p->slave, TCXONC, TCOON))
		return err_set(e, errno, "cannot tell how its output was stopped");
	if (!readable(p->slave, POLLOUT))
		return 0;
	t->state.flow = PTY_STOPPED_BY_CALL;
	return ioctl(p->slave, TCXONC, TCOOFF) ? err_set(e, errno, "cannot stop its output again") : 0;
}

static int set(int fd, const struct termios2 *t, struct err *e)
{
	return ioctl(fd, TCSETS2, t) ? err_set(e, errno, "cannot set the terminal") : 0;
}

static int take_some(const struct pty_ends *p, struct taken *t, size_t most, ssize_t *n_ret, struct err *e)
{
	size_t room = QUEUE_MAX - t->state.nr_input;

	*n_ret = read(p->slave, t->input + t->state.nr_input, most < room ? most : room);
	if (*n_ret < 0)
		return err_set(e, errno, "cannot read what waits at the slave");
	t->state.nr_input += *n_ret;
	return 0;
}

static void add_line(struct taken *t, uint32_t length)
{
	if (t->state.nr_lines < LINES_MAX)
		t->lines[t->state.nr_lines++] = length;
}

/* The last but one character of all may be in the middle of a line. */
static void took_line(struct taken *t, size_t n, int left)
{
	if (!left && !pty_ends_line(&t->state.settings, t->input[t->state.nr_input - 1]))
		t->open = n;
	else
		add_line(t, n);
}

/*
 * A read gives a line, or nothing for an end of file that was typed. The last character of all is left: as long as a line waits, the line
 * discipline throws nothing away of what follows it.
 */
static int take_lines(const struct pty_ends *p, struct taken *t, struct err *e)
{
	int left = 0;
	ssize_t n;

	while (readable(p->slave, POLLIN) && !ioctl(p->slave, TIOCINQ, &left) && !left) {
		if (take_some(p, t, 1, &n, e))
			return -1;
		add_line(t, 0);
	}
	for (left--; left > 0; left -= n) {
		if (take_some(p, t, left, &n, e))
			return -1;
		took_line(t, n, left - n);
	}
	return left < 0 ? 1 : 0;
}

/* What is left, or all of it in other modes: a line that is not ended can only be read when lines do not count. */
static int take_rest(const struct pty_ends *p, struct taken *t, struct err *e)
{
	ssize_t n = 1;

	while (n && readable(p->slave, POLLIN))
		if (take_some(p, t, QUEUE_MAX, &n, e))
			return -1;
	return 0;
}

static void drop_byte(struct taken *t, size_t at)
{
	memmove(t->input + at, t->input + at + 1, t->state.nr_input - at - 1);
	t->state.nr_input--;
}

/* The line that was left ends with its last character; an end of file that was typed is a zero then. */
static void end_last_line(struct taken *t, size_t open)
{
	size_t at = open;

	for (size_t i = 0; i < t->state.nr_lines; i++)
		at += t->lines[i];
	if (at >= t->state.nr_input)
		return;
	add_line(t, open + 1);
	if (!pty_ends_line(&t->state.settings, t->input[at]) && at + 1 < t->state.nr_input && !t->input[at + 1])
		drop_byte(t, at + 1);
	while (at + 1 < t->state.nr_input && !t->input[at + 1]) {
		drop_byte(t, at + 1);
		add_line(t, 0);
	}
}

static size_t unprocessed(const struct taken *t)
{
	size_t marks = 0, at = 0;

	for (size_t i = 0; i < t->state.nr_lines; i++) {
		at += t->lines[i];
		marks += !t->lines[i] || !pty_ends_line(&t->state.settings, t->input[at - 1]);
	}
	return t->state.nr_input + marks -
	       pty_processed(t->state.nr_input + marks, t->state.nr_lines ? t->lines[0] : 0);
}

static int take_input(const struct pty_ends *p, struct taken *t, struct err *e)
{
	struct termios2 lines = pty_transparent(&t->state.settings, true);
	struct termios2 raw = pty_transparent(&t->state.settings, false);

	if (t->stage <= TAKING_LINES && pty_is_canonical(&t->state.settings)) {
		int ret;

		t->stage = TAKING_LINES;
		ret = set(p->slave, &lines, e) ? -1 : take_lines(p, t, e);
		if (ret < 0)
			return -1;
		t->more = !ret;
	}
	t->stage = TAKING_REST;
	return set(p->slave, &raw, e) || take_rest(p, t, e) ? -1 : 0;
}

/* All is taken. */
static void conclude(struct taken *t)
{
	t->all = t->state.nr_output + t->state.nr_input;
	t->stage = PUTTING;
	if (t->more)
		end_last_line(t, t->open);
	t->state.unprocessed = unprocessed(t);
}

static int take(const struct pty_ends *p, struct taken *t, struct err *e)
{
	if (t->stage == UNTOUCHED && ioctl(p->slave, TCGETS2, &t->state.settings))
		return err_set(e, errno, "cannot read the settings of the terminal");
	if (t->stage <= TAKING_OUTPUT) {
		t->stage = TAKING_STATUS;
		if (take_output(p, t, e) || look_flow(p, t, e))
			return -1;
	}
	return take_input(p, t, e);
}

/* --- going on where another one was killed ------------------------------------------------------------------- */

static size_t in_lines(const struct taken *t)
{
	size_t n = t->open;

	for (size_t i = 0; i < t->state.nr_lines; i++)
		n += t->lines[i];
	return n;
}

/* What it had read last, and not lived to count: `lost` bytes. They are in the memory that we share. */
static void recover_read(struct taken *t, size_t lost)
{
	if (t->stage == TAKING_OUTPUT)
		t->state.nr_output += lost;
	else if (t->stage == TAKING_LINES || t->stage == TAKING_REST)
		t->state.nr_input += lost;
}

/* Some is put back already: away with it, it comes again. A quote may wait for its character, so it gets one. */
static int empty_again(const struct pty_ends *p, const struct taken *t, struct err *e)
{
	struct termios2 quiet = pty_transparent(&t->state.settings, true);
	uint8_t start = t->state.settings.c_cc[VSTART], any = 'x';

	if (ioctl(p->master, TIOCPKT, &(int){ 0 }) || ioctl(p->slave, TCXONC, TCOON) ||
	    (t->state.flow == PTY_STOPPED_BY_CHARACTER && ioctl(p->slave, TIOCSTI, &start)) ||
	    ioctl(p->slave, TCSETS2, &quiet) || ioctl(p->slave, TIOCSTI, &any) || ioctl(p->slave, TCFLSH, TCIOFLUSH) ||
	    ioctl(p->master, TCFLSH, TCIFLUSH))
		return err_set(e, errno, "cannot empty a terminal to fill it again");
	return 0;
}

static int go_on(const struct pty_ends *p, struct taken *t, struct err *e)
{
	int left = 0;

	if (t->stage == PUTTING)
		return empty_again(p, t, e);
	if (t->stage == TAKING_LINES && in_lines(t) < t->state.nr_input) {
		if (ioctl(p->slave, TIOCINQ, &left))
			return err_set(e, errno, "cannot tell what waits at the slave");
		took_line(t, t->state.nr_input - in_lines(t), left - 1);
	}
	return 0;
}

/* --- opening, in the process that does it ------------------------------------------------------------------- */

static int open_slave(struct pty_ends *p, struct taken *t, struct err *e)
{
	int locked = 0;

	if (ioctl(p->master, TIOCGPTLCK, &locked))
		return err_set(e, errno, "cannot tell whether it is locked");
	t->locked |= locked;
	if (locked && ioctl(p->master, TIOCSPTLCK, &(int){ 0 }))
		return err_set(e, errno, "cannot unlock it");
	p->slave = ioctl(p->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (p->slave < 0)
		err_set(e, errno, "cannot open its slave");
	if (t->locked)
		ioctl(p->master, TIOCSPTLCK, &t->locked);
	return p->slave < 0 ? -1 : 0;
}

static int exchange(int master, bool held, struct taken *t)
{
	struct pty_ends p = { master, -1 };
	struct err later;
	int ret;

	if (t->stage == UNTOUCHED)
		t->closed = readable(master, POLLHUP);
	if (open_slave(&p, t, &t->err))
		return -1;
	t->state.output = t->output;
	t->state.input = t->input;
	t->state.lines = t->lines;
	ret = go_on(&p, t, &t->err);
	if (!ret && t->stage != PUTTING)
		ret = take(&p, t, &t->err);
	if (t->stage != PUTTING)
		conclude(t);
	if (pty_put(&p, &t->state, ret ? &later : &t->err))
		ret = -1;
	if (held || t->closed)
		close(p.slave);
	else if (pty_close_unseen(&p, ret ? &later : &t->err))
		ret = -1;
	t->stage = DONE;
	return ret;
}

static void run(struct dump_ctx *ctx, const int *masters)
{
	struct ttys *s = ttys_of(ctx);
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "cr-dump-ttys");
	for (size_t i = 0; i < s->nr; i++)
		if (s->list[i]->taken && s->list[i]->taken->stage != DONE)
			s->list[i]->taken->ret = exchange(masters[i], s->list[i]->peer->file, s->list[i]->taken);
	_exit(0);
}

/* --- images ------------------------------------------------------------------------------------------------- */

static bool has_end(const struct taken *t, bool master)
{
	return master ? t->state.nr_output : t->state.nr_input || t->state.nr_lines;
}

static int put_data(struct img_writer *w, const struct terminal *t, const struct taken *k, struct err *e)
{
	TtyDataEntry r = TTY_DATA_ENTRY__INIT;

	if (!has_end(k, t->master))
		return 0;
	r.tty_id = t->info->id;
	r.data.data = (uint8_t *)(t->master ? k->output : k->input);
	r.data.len = t->master ? k->state.nr_output : k->state.nr_input;
	if (!t->master) {
		r.n_lines = k->state.nr_lines;
		r.lines = (uint32_t *)k->lines;
		r.has_unprocessed = k->state.unprocessed;
		r.unprocessed = k->state.unprocessed;
	}
	return img_put(w, &r.base, e);
}

static void put_modes(struct terminal *t)
{
	struct taken *k = t->taken;

	t->info->has_packet_status = k->state.packet_status;
	t->info->packet_status = k->state.packet_status;
	t->info->has_slave_closed = t->info->slave_closed = k->closed;
	t->peer->info->has_flow = k->state.flow;
	t->peer->info->flow = (TtyFlow)k->state.flow;
}

static int write_image(struct dump_ctx *ctx, struct err *e)
{
	_cleanup_img_writer_ struct img_writer *w = NULL;
	struct ttys *s = ttys_of(ctx);

	for (size_t i = 0; i < s->nr; i++) {
		struct terminal *t = s->list[i];

		if (!t->taken)
			continue;
		put_modes(t);
		if (!has_end(t->taken, true) && !has_end(t->taken, false))
			continue;
		if (!w && img_create(ctx->images_fd, IMG_TTY_DATA, 0, &w, e))
			return -1;
		if (put_data(w, t, t->taken, e) || put_data(w, t->peer, t->taken, e))
			return -1;
	}
	return w ? img_finish(&w, e) : 0;
}

/* --- all of them -------------------------------------------------------------------------------------------- */

/* Bytes that are known to have been taken, by whomever. */
static size_t counted(const struct ttys *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nr; i++) {
		const struct taken *t = s->list[i]->taken;

		if (!t)
			continue;
		n += t->stage >= PUTTING ? t->all : t->state.nr_output + t->state.nr_input;
		n += t->stage > TAKING_STATUS && t->state.packet_status;
	}
	return n;
}

/* The kernel has counted what a process has read, and tells until somebody has waited for it. */
static size_t bytes_read_by(pid_t pid)
{
	char path[32];
	size_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/io", pid);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	return f && fscanf(f, "rchar: %zu", &n) == 1 ? n : 0;
}

static void recover(struct ttys *s, size_t before, pid_t dead)
{
	size_t all = bytes_read_by(dead), known = counted(s) - before;

	for (size_t i = 0; i < s->nr; i++) {
		struct taken *t = s->list[i]->taken;

		if (t && t->stage != UNTOUCHED && t->stage != DONE && all > known)
			recover_read(t, all - known);
	}
}

/* Returns 1 when it was killed: another one is to go on. */
static int exchange_by_process(struct dump_ctx *ctx, const int *masters, struct err *e)
{
	struct ttys *s = ttys_of(ctx);
	size_t before = counted(s);
	siginfo_t end = { 0 };
	pid_t pid = fork();

	if (pid < 0)
		return err_set(e, errno, "cannot fork the process that looks into terminals");
	if (!pid)
		run(ctx, masters);
	while (waitid(P_PID, pid, &end, WEXITED | WNOWAIT) < 0)
		if (errno != EINTR)
			return err_set(e, errno, "cannot wait for the process that looks into terminals");
	if (end.si_code != CLD_EXITED)
		recover(s, before, pid);
	waitpid(pid, NULL, 0);
	return end.si_code != CLD_EXITED;
}

static int exchange_all(struct dump_ctx *ctx, const int *masters, struct err *e)
{
	struct ttys *s = ttys_of(ctx);
	int ret = 1;

	for (int tries = 0; ret > 0 && tries < MOST_TRIES; tries++)
		ret = exchange_by_process(ctx, masters, e);
	if (ret < 0)
		return -1;
	for (size_t i = 0; i < s->nr; i++)
		if (s->list[i]->taken && s->list[i]->taken->ret) {
			*e = s->list[i]->taken->err;
			return err_in(e, "terminal pts/%u", s->list[i]->info->pty->index);
		}
	return 0;
}

/* Zeroed, and shared with the process that fills it in. */
static int share(struct terminal *t, struct err *e)
{
	t->taken = mmap(NULL, sizeof(*t->taken), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t->taken == MAP_FAILED) {
		t->taken = NULL;
		return err_set(e, errno, "cannot map memory for what waits in a terminal");
	}
	t->taken->ret = -1;
	err_set(&t->taken->err, 0, "the process that looks into terminals was killed");
	return 0;
}

static int get_masters(struct dump_ctx *ctx, int *masters, size_t *nr_ret, struct err *e)
{
	struct ttys *s = ttys_of(ctx);

	for (size_t i = 0; i < s->nr; i++) {
		const struct terminal *t = s->list[i];

		if (!t->master)
			continue;
		++*nr_ret;
		masters[i] = syscall(SYS_pidfd_getfd, t->file->task->pidfd, t->file->number, 0);
		if (masters[i] < 0)
			return err_set(e, errno, "cannot get hold of the master of pts/%u", t->info->pty->index);
		if (share(s->list[i], e))
			return -1;
	}
	return 0;
}

/* Without the privilege to put it back, nothing is taken; nobody can tell then whether there was something at the slave. */
static bool may(struct dump_ctx *ctx, const struct terminal *t, int master)
{
	if (have_cap(CAP_SYS_ADMIN))
		return true;
	refuse_file(ctx, t->file, "give cr-dump CAP_SYS_ADMIN",
		    "is the master of pts/%u, and what waits in it cannot be put back after a look%s",
		    t->info->pty->index, readable(master, POLLIN) ? ": there is output" : "");
	return false;
}

static void end_all(struct ttys *s, int *masters)
{
	for (size_t i = 0; i < s->nr; i++) {
		close_fdp(&masters[i]);
		if (s->list[i]->taken)
			munmap(s->list[i]->taken, sizeof(*s->list[i]->taken));
		s->list[i]->taken = NULL;
	}
}

int tty_write_data(struct dump_ctx *ctx, struct err *e)
{
	struct ttys *s = ttys_of(ctx);
	int *masters = pool_alloc(&ctx->pool, (s->nr + 1) * sizeof(*masters));
	bool all = true;
	size_t nr = 0;
	int ret;

	for (size_t i = 0; i < s->nr; i++)
		masters[i] = -1;
	ret = get_masters(ctx, masters, &nr, e);
	for (size_t i = 0; !ret && i < s->nr; i++)
		all &= masters[i] < 0 || may(ctx, s->list[i], masters[i]);
	if (!ret && nr && all)
		ret = exchange_all(ctx, masters, e) || write_image(ctx, e) ? -1 : 0;
	end_all(s, masters);
	return ret;
}
