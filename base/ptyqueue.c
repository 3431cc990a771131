// SPDX-License-Identifier: GPL-2.0-only
/* What waits in a pseudo-terminal is put there: see ptyqueue.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/ptyqueue.h"

/* A line of the greatest length that ends: one more than otherwise. */
#define LONGEST_LINE (PTY_DISCIPLINE_MAX + 1)

bool pty_is_canonical(const struct termios2 *t)
{
	return t->c_lflag & ICANON && !(t->c_lflag & EXTPROC);
}

size_t pty_processed(size_t length, size_t first)
{
	size_t most = first >= LONGEST_LINE ? LONGEST_LINE : PTY_DISCIPLINE_MAX;

	return length < most ? length : most;
}

/* A character that quotes the next one: any that does not end a line. */
static cc_t quote_of(const struct termios2 *t)
{
	static const cc_t candidates[] = { 0x16, 0x17, 0x18, 0x19 };

	for (size_t i = 0; i < ARRAY_SIZE(candidates); i++)
		if (candidates[i] != t->c_cc[VEOF] && candidates[i] != t->c_cc[VEOL] &&
		    candidates[i] != t->c_cc[VEOL2] && candidates[i] != t->c_cc[VSTOP] &&
		    candidates[i] != t->c_cc[VSTART])
			return candidates[i];
	return 0x16;
}

/*
 * ICANON, EXTPROC and IXON stay: to change the first two empties the table of lines, to clear the last one sets off output that a
 * character had stopped.
 */
struct termios2 pty_transparent(const struct termios2 *settings, bool canonical)
{
	struct termios2 t = *settings;

	t.c_iflag &= IXON | IUTF8 | INPCK | IGNPAR;
	t.c_oflag &= ~OPOST;
	t.c_lflag &= ICANON | EXTPROC;
	t.c_lflag |= IEXTEN;
	if (!canonical)
		t.c_lflag &= ~ICANON;
	if (!t.c_cc[VEOF])
		t.c_cc[VEOF] = 4;
	t.c_cc[VLNEXT] = quote_of(&t);
	t.c_cc[VERASE] = t.c_cc[VKILL] = t.c_cc[VWERASE] = t.c_cc[VREPRINT] = 0;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	return t;
}

static int set(int fd, const struct termios2 *t, struct err *e)
{
	return ioctl(fd, TCSETS2, t) ? err_set(e, errno, "cannot set the terminal") : 0;
}

static int push(int fd, uint8_t c, struct err *e)
{
	if (!ioctl(fd, TIOCSTI, &c))
		return 0;
	err_set(e, errno, "cannot put what waited in a terminal there (TIOCSTI)");
	return errno == EPERM || errno == EIO ? err_hint(e, "that needs CAP_SYS_ADMIN") : -1;
}

/* --- bytes that the line discipline holds -------------------------------------------------------------------- */

static int push_raw(int fd, const uint8_t *bytes, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (push(fd, bytes[i], e))
			return -1;
	return 0;
}

static int push_quoted(int fd, const struct termios2 *t, const uint8_t *bytes, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (push(fd, t->c_cc[VLNEXT], e) || push(fd, bytes[i], e))
			return -1;
	return 0;
}

bool pty_ends_line(const struct termios2 *t, uint8_t c)
{
	return c == '\n' || (c && (c == t->c_cc[VEOL] || c == t->c_cc[VEOL2]));
}

/* A line ends with its delimiter, or was ended by VEOF, which no reader sees. */
static int push_line(int fd, const struct termios2 *t, const uint8_t *bytes, size_t n, struct err *e)
{
	bool delimited = n && pty_ends_line(t, bytes[n - 1]);

	if (push_quoted(fd, t, bytes, delimited ? n - 1 : n, e))
		return -1;
	return push(fd, delimited ? bytes[n - 1] : t->c_cc[VEOF], e);
}

static int push_input(const struct pty_ends *p, const struct pty_state *s, const struct termios2 *t, struct err *e)
{
	size_t n = s->nr_input - s->unprocessed, at = 0;

	if (!pty_is_canonical(&s->settings))
		return push_raw(p->slave, s->input, n, e);
	for (size_t i = 0; i < s->nr_lines; i++) {
		size_t line = s->lines[i] < n - at ? s->lines[i] : n - at;

		if (push_line(p->slave, t, s->input + at, line, e))
			return -1;
		at += line;
	}
	return push_quoted(p->slave, t, s->input + at, n - at, e);
}

/* --- bytes that it has not seen yet -------------------------------------------------------------------------- */

#define WRITE_PATIENCE_MS 2000

/* The kernel takes more than poll(2) says, so the room is found by trying. What it moves on makes room, which takes it a moment. */
static int write_all(int fd, const uint8_t *bytes, size_t n, struct err *e)
{
	for (int patience = WRITE_PATIENCE_MS; n;) {
		ssize_t done = write(fd, bytes, n < 512 ? n : 512);

		if (done < 0 && errno != EAGAIN)
			return err_set(e, errno, "cannot write to a terminal");
		if (done <= 0 && !patience--)
			return err_set(e, 0, "no room in a terminal for all that was in it: %zu bytes are left", n);
		if (done <= 0)
			usleep(1000);
		bytes += done > 0 ? done : 0;
		n -= done > 0 ? done : 0;
	}
	return 0;
}

static int write_rest(int fd, const uint8_t *bytes, size_t n, struct err *e)
{
	int flags = fcntl(fd, F_GETFL), ret;

	if (!n)
		return 0;
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		return err_set(e, errno, "cannot set the flags of a terminal");
	ret = write_all(fd, bytes, n, e);
	if (fcntl(fd, F_SETFL, flags) && !ret)
		ret = err_set(e, errno, "cannot set the flags of a terminal");
	return ret;
}

/* What goes to the master beyond its line discipline is written at the slave, whose output must not be stopped then. */
static int put_output(const struct pty_ends *p, const struct pty_state *s, struct err *e)
{
	size_t n = s->nr_output < PTY_DISCIPLINE_MAX ? s->nr_output : PTY_DISCIPLINE_MAX;

	if (push_raw(p->master, s->output, n, e))
		return -1;
	return write_rest(p->slave, s->output + n, s->nr_output - n, e);
}

/* --- flow, packets ------------------------------------------------------------------------------------------ */

static int stop(const struct pty_ends *p, const struct pty_state *s, struct err *e)
{
	if (s->flow == PTY_STOPPED_BY_CHARACTER)
		return push(p->slave, s->settings.c_cc[VSTOP], e);
	if (s->flow == PTY_STOPPED_BY_CALL && ioctl(p->slave, TCXONC, TCOOFF))
		return err_set(e, errno, "cannot stop the output of a terminal");
	return 0;
}

/* Who is stopped already could not be stopped once more, which would be told. */
static int start(const struct pty_ends *p, const struct pty_state *s, struct err *e)
{
	if (s->flow == PTY_STOPPED_BY_CHARACTER)
		return push(p->slave, s->settings.c_cc[VSTART], e);
	if (s->flow == PTY_STOPPED_BY_CALL && ioctl(p->slave, TCXONC, TCOON))
		return err_set(e, errno, "cannot start the output of a terminal");
	return 0;
}

/* No call sets these bits: each is caused by what it tells of. TIOCPKT_STOP by stop(), which comes later then. */
static int cause_status(const struct pty_ends *p, const struct pty_state *s, struct err *e)
{
	struct termios2 other = s->settings;
	bool bad = false;

	if (s->packet_status & TIOCPKT_FLUSHREAD)
		bad |= ioctl(p->slave, TCFLSH, TCIFLUSH);
	if (s->packet_status & TIOCPKT_FLUSHWRITE)
		bad |= ioctl(p->slave, TCFLSH, TCOFLUSH);
	if (s->packet_status & TIOCPKT_START)
		bad |= ioctl(p->slave, TCXONC, TCOOFF) || ioctl(p->slave, TCXONC, TCOON);
	if (s->packet_status & (TIOCPKT_NOSTOP | TIOCPKT_DOSTOP)) {
		other.c_iflag ^= IXON;
		bad |= ioctl(p->slave, TCSETS2, &other) || ioctl(p->slave, TCSETS2, &s->settings);
	}
	other = s->settings;
	if (s->packet_status & TIOCPKT_IOCTL) {
		other.c_lflag ^= EXTPROC;
		bad |= ioctl(p->slave, TCSETS2, &other) || ioctl(p->slave, TCSETS2, &s->settings);
	}
	return bad ? err_set(e, errno, "cannot make the status of a terminal in packet mode") : 0;
}

static int put_packets(const struct pty_ends *p, const struct pty_state *s, struct err *e)
{
	if (!s->packets)
		return 0;
	if (ioctl(p->master, TIOCPKT, &(int){ 1 }))
		return err_set(e, errno, "cannot set packet mode");
	return s->packet_status ? cause_status(p, s, e) : 0;
}

/* --- all of it ---------------------------------------------------------------------------------------------- */

int pty_put(const struct pty_ends *p, const struct pty_state *s, struct err *e)
{
	struct termios2 t = pty_transparent(&s->settings, true);
	/* What is written at the slave must flow; and whoever is yet to be told of the stop is told by it. */
	bool late = s->nr_output > PTY_DISCIPLINE_MAX || s->packet_status & TIOCPKT_STOP;

	if (set(p->slave, &s->settings, e) || (late ? start(p, s, e) : stop(p, s, e)) || put_packets(p, s, e) ||
	    set(p->slave, &t, e) || put_output(p, s, e))
		return -1;
	/* Before the input: where that fills all the room, there is none for the character that stops. */
	if ((late && stop(p, s, e)) || push_input(p, s, &t, e) || set(p->slave, &s->settings, e))
		return -1;
	return write_rest(p->master, s->input + s->nr_input - s->unprocessed, s->unprocessed, e);
}

int pty_close_unseen(struct pty_ends *p, struct err *e)
{
	struct pollfd pfd = { .fd = p->master };
	int locked = 0, yes = 1, slave;

	if (ioctl(p->master, TIOCGPTLCK, &locked))
		return err_set(e, errno, "cannot tell whether a terminal is locked");
	close_fdp(&p->slave);
	p->slave = -1;
	if (poll(&pfd, 1, 0) < 0 || !(pfd.revents & POLLHUP))
		return 0; /* somebody else has it open */
	/* An open that fails marks the slave as broken; the close of a broken one is not told to the master. */
	if (ioctl(p->master, TIOCSPTLCK, &(int){ 0 }))
		return err_set(e, errno, "cannot unlock a terminal");
	p->slave = ioctl(p->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	ioctl(p->master, TIOCSPTLCK, &yes);
	slave = ioctl(p->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave >= 0)
		close(slave);
	close_fdp(&p->slave);
	p->slave = -1;
	if (ioctl(p->master, TIOCSPTLCK, &locked))
		return err_set(e, errno, "cannot lock a terminal as it was");
	return 0;
}
