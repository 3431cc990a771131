// SPDX-License-Identifier: GPL-2.0-only
/*
 * Terminals in all combinations of: canonical or raw, output that flows or is stopped in either way, nothing, little or much to be read at
 * the master, nothing, lines, half a line or too much typed; every second one in packet mode. Each is read as one that was just made the
 * same way.
 */
#include "test/crtest-tty.h"

enum { RAW = 2, FLOWS = 3, OUT = 3, IN = 4, NR = RAW * FLOWS * OUT * IN };

struct pty {
	int master, slave;
};

static struct pty ptys[NR];

static bool has_packets(int i)
{
	return (i + i / RAW + i / RAW / FLOWS + i / RAW / FLOWS / OUT) % 2;
}

static void settle(const struct pty *p)
{
	for (int i = 0; i < 3; i++) {
		(void)tty_events(p->slave);
		(void)tty_events(p->master);
		usleep(2000);
	}
}

static void write_many(int fd, char c, size_t n)
{
	char b[64];

	memset(b, c, sizeof(b));
	b[63] = '\n';
	for (size_t done = 0; done < n; done += sizeof(b))
		must(write(fd, b, sizeof(b)));
}

static void type(const struct pty *p, int in)
{
	if (in == 1)
		must(write(p->master, "one\ntwo\n", 8));
	else if (in == 2)
		must(write(p->master, "half", 4));
	else if (in == 3)
		write_many(p->master, 'i', 6400);
}

static void stop(const struct pty *p, int flow)
{
	if (flow == 1) {
		must(write(p->master, "\023", 1));
		while (tty_events(p->slave) & POLLOUT)
			usleep(1000);
	} else if (flow == 2) {
		must(tcflow(p->slave, TCOOFF));
	}
}

static struct pty make(int i)
{
	struct pty p;
	struct termios t;
	int raw = i % RAW, flow = i / RAW % FLOWS, out = i / RAW / FLOWS % OUT, in = i / RAW / FLOWS / OUT;

	p.master = tty_master();
	must(fcntl(p.master, F_SETFL, O_RDWR | O_NONBLOCK));
	p.slave = tty_slave(p.master, O_NONBLOCK);
	must(tcgetattr(p.slave, &t));
	t.c_lflag &= ~ECHO;
	if (raw) {
		cfmakeraw(&t);
		t.c_iflag |= IXON;
	}
	must(tcsetattr(p.slave, TCSANOW, &t));
	if (has_packets(i))
		must(ioctl(p.master, TIOCPKT, &(int){ 1 }));
	if (out)
		write_many(p.slave, 'o', out == 1 ? 64 : 6400);
	/* Of much that is typed the line discipline takes no stop character any more. */
	stop(&p, flow);
	type(&p, in);
	settle(&p);
	return p;
}

static void arrange(void)
{
	for (int i = 0; i < NR; i++)
		ptys[i] = make(i);
}

/* One read after the other, until nothing more comes; how each of them ended is part of it. */
static size_t drain(int fd, char *text, bool bounds)
{
	size_t n = 0;

	for (int quiet = 0; quiet < 3;) {
		ssize_t got = read(fd, text + n, 8192);

		if (got <= 0) {
			usleep(2000);
			quiet++;
			continue;
		}
		quiet = 0;
		n += got;
		if (bounds)
			text[n++] = '|';
	}
	return n;
}

static void compare(int i, const struct pty *a, const struct pty *b)
{
	static char x[65536], y[65536];
	bool packets = has_packets(i);
	size_t nx, ny;

	if ((tty_events(a->slave) & POLLOUT) != (tty_events(b->slave) & POLLOUT))
		crtest_failed(__FILE__, __LINE__, "terminal %d: its output is stopped, or is not", i);
	nx = drain(a->slave, x, !(i % RAW));
	ny = drain(b->slave, y, !(i % RAW));
	if (nx != ny || memcmp(x, y, nx))
		crtest_failed(__FILE__, __LINE__, "terminal %d: %zu bytes at the slave, not %zu", i, nx, ny);
	nx = drain(a->master, x, false);
	ny = drain(b->master, y, false);
	/* In packet mode there is a byte before what each read gives, and how much that is depends on when it was written. */
	if (!packets && (nx != ny || memcmp(x, y, nx)))
		crtest_failed(__FILE__, __LINE__, "terminal %d: %zu bytes at the master, not %zu", i, nx, ny);
	if (packets && (!nx != !ny || (nx && x[0] != y[0]) || nx + 200 < ny))
		crtest_failed(__FILE__, __LINE__, "terminal %d: %zu bytes in packets, not %zu", i, nx, ny);
}

static void verify(void)
{
	for (int i = 0; i < NR; i++) {
		struct pty p = make(i);

		compare(i, &ptys[i], &p);
		close(p.slave);
		close(p.master);
	}
}

CRTEST(.about = "terminals in all sorts of states", .ids = "TTY-1", .flavours = "plain leave-running",
       .arrange = arrange, .verify = verify)
