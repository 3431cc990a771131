// SPDX-License-Identifier: GPL-2.0-only
/* A terminal with another line discipline, and /dev/tty of a session that is gone, are refused, each by its name. */
#include "test/crtest-tty.h"
#include "test/crtest-unix.h"

#ifndef N_NULL
#define N_NULL 27
#endif

enum { OTHER = 50, GONE };

static int master;

/* By a leader of a session that ends then. */
static void open_dev_tty(int over)
{
	int slave, fd;

	must(setsid());
	slave = tty_slave(tty_master(), 0);
	must(ioctl(slave, TIOCSCTTY, 0));
	fd = must(open("/dev/tty", O_RDWR));
	unix_give(over, "tty", fd);
}

static void arrange(void)
{
	int pair[2], discipline = N_NULL, fd;
	pid_t pid;

	master = tty_master();
	fd = tty_slave(master, 0);
	must(dup2(fd, OTHER));
	close(fd);
	must(ioctl(OTHER, TIOCSETD, &discipline));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = must(fork());
	if (!pid) {
		open_dev_tty(pair[1]);
		_exit(0);
	}
	must(waitpid(pid, NULL, 0));
	fd = unix_take(pair[0], "tty");
	must(dup2(fd, GONE));
	close(fd);
}

static void verify(void)
{
	int discipline = 0;
	char b;

	must(ioctl(OTHER, TIOCGETD, &discipline));
	check_eq(discipline, N_NULL);
	check_eq(read(GONE, &b, 1), 0); /* hung up */
}

CRTEST(.about = "terminals that are refused", .ids = "TTY-1", .arrange = arrange, .verify = verify,
       .refused =
	       "fd 50 is the terminal /dev/pts/0 with line discipline 27|fd 51 is the terminal device 5:0, which was hung up")
