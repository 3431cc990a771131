// SPDX-License-Identifier: GPL-2.0-only
/* Packet mode: the master is told of each thing that happened at the slave, alone or together with others, before any data, and once. */
#include <asm/termbits.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "test/crtest.h"

enum { FLUSHED_READ, FLUSHED_WRITE, STOPPED, BY_CHARACTER, STARTED, NO_STOP, DO_STOP, IOCTL, MANY, NOTHING, NR };

static const int told[NR] = {
	TIOCPKT_FLUSHREAD,
	TIOCPKT_FLUSHWRITE,
	TIOCPKT_STOP,
	TIOCPKT_STOP,
	TIOCPKT_START,
	TIOCPKT_NOSTOP,
	TIOCPKT_DOSTOP,
	TIOCPKT_IOCTL,
	TIOCPKT_NOSTOP | TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE,
	0,
};

static int master[NR], slave[NR];

static void change(int fd, tcflag_t iflag, tcflag_t lflag)
{
	struct termios2 t;

	must(ioctl(fd, TCGETS2, &t));
	t.c_iflag ^= iflag;
	t.c_lflag ^= lflag;
	must(ioctl(fd, TCSETS2, &t));
}

static void happen(int i)
{
	char b;

	switch (i) {
	case FLUSHED_READ:
		must(ioctl(slave[i], TCFLSH, TCIFLUSH));
		break;
	case FLUSHED_WRITE:
		must(ioctl(slave[i], TCFLSH, TCOFLUSH));
		break;
	case STOPPED:
		must(ioctl(slave[i], TCXONC, TCOOFF));
		break;
	case BY_CHARACTER:
		must(write(master[i], "\023", 1));
		poll(&(struct pollfd){ master[i], POLLPRI, 0 }, 1, 10000);
		break;
	case STARTED:
		must(ioctl(slave[i], TCXONC, TCOOFF));
		must(read(master[i], &b, 1));
		must(ioctl(slave[i], TCXONC, TCOON));
		break;
	case DO_STOP:
		change(slave[i], IXON, 0);
		must(read(master[i], &b, 1));
		change(slave[i], IXON, 0);
		break;
	case IOCTL:
		change(slave[i], 0, EXTPROC);
		break;
	case MANY:
		must(ioctl(slave[i], TCFLSH, TCIOFLUSH));
		/* fall through */
	case NO_STOP:
		change(slave[i], IXON, 0);
		break;
	}
}

static void arrange(void)
{
	for (int i = 0; i < NR; i++) {
		master[i] = must(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK));
		must(ioctl(master[i], TIOCSPTLCK, &(int){ 0 }));
		slave[i] = must(ioctl(master[i], TIOCGPTPEER, O_RDWR | O_NOCTTY));
		must(ioctl(master[i], TIOCPKT, &(int){ 1 }));
		happen(i);
		if (i != STOPPED && i != BY_CHARACTER)
			check_eq(write(slave[i], "data", 4), 4);
	}
}

static void verify(void)
{
	char b[16];

	for (int i = 0; i < NR; i++) {
		struct pollfd p = { master[i], POLLPRI, 0 };

		if (poll(&p, 1, 0) != (i != NOTHING))
			crtest_failed(__FILE__, __LINE__, "%#x is not told", told[i]);
		if (i != NOTHING) {
			check_eq(read(master[i], b, sizeof(b)), 1);
			check_eq((uint8_t)b[0], told[i]);
		}
		if (i != STOPPED && i != BY_CHARACTER) {
			check_eq(read(master[i], b, sizeof(b)), 5);
			check_mem(b, "\0data", 5);
		}
		check_fails(read(master[i], b, sizeof(b)), EAGAIN);
	}
}

CRTEST(.about = "what a terminal tells in packet mode", .ids = "TTY-1", .arrange = arrange, .verify = verify)
