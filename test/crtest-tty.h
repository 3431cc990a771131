/* SPDX-License-Identifier: GPL-2.0-only */
/* Pseudo-terminals for tests. */
#ifndef CRTEST_TTY_H
#define CRTEST_TTY_H

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "test/crtest.h"

static inline int tty_master(void)
{
	int fd = must(posix_openpt(O_RDWR | O_NOCTTY));

	must(unlockpt(fd));
	return fd;
}

static inline int tty_slave(int master, int flags)
{
	return must(open(ptsname(master), O_RDWR | O_NOCTTY | flags));
}

/* Clears flags of the local mode, or sets them. */
static inline void tty_local(int fd, tcflag_t off, tcflag_t on)
{
	struct termios t;

	must(tcgetattr(fd, &t));
	t.c_lflag = (t.c_lflag & ~off) | on;
	must(tcsetattr(fd, TCSANOW, &t));
}

static inline void tty_raw(int fd)
{
	struct termios t;

	must(tcgetattr(fd, &t));
	cfmakeraw(&t);
	must(tcsetattr(fd, TCSANOW, &t));
}

static inline short tty_events(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLPRI, 0 };

	must(poll(&p, 1, 0));
	return p.revents;
}

/* The whole of one read. */
#define check_reads(fd, text)                                  \
	({                                                     \
		char buf_[8192] = { 0 };                       \
		ssize_t n_ = read(fd, buf_, sizeof(buf_) - 1); \
		check_eq(n_, sizeof(text) - 1);                \
		check(!memcmp(buf_, text, sizeof(text) - 1));  \
	})

/* In however many reads. */
#define check_comes(fd, text)                                                        \
	({                                                                           \
		char buf_[sizeof(text)] = { 0 };                                     \
		for (size_t got_ = 0; got_ < sizeof(text) - 1;) {                    \
			ssize_t n_ = read(fd, buf_ + got_, sizeof(text) - 1 - got_); \
                                                                                     \
			check(n_ > 0);                                               \
			got_ += n_;                                                  \
		}                                                                    \
		check_str(buf_, text);                                               \
	})

#endif
