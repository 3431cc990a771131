// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pseudo-terminal with the slave's number below the master's, being the controlling terminal, with /dev/tty open: ten lines wait and
 * are read at both. Nobody is hung up before all is closed, and then once.
 */
#include <sys/ioctl.h>
#include <termios.h>

#include "test/crtest.h"

#define MASTER 101
#define SLAVE  100
#define LINES  10

static int dev_tty;
static volatile sig_atomic_t hangups;

static void on_hangup(int sig)
{
	hangups++;
}

static void arrange(void)
{
	struct sigaction sa = { .sa_handler = on_hangup };
	struct termios t;
	int master, slave;

	must(sigaction(SIGHUP, &sa, NULL));
	master = must(posix_openpt(O_RDWR | O_NOCTTY));
	must(unlockpt(master));
	slave = must(open(ptsname(master), O_RDWR | O_NOCTTY));
	must(dup2(master, MASTER));
	must(dup2(slave, SLAVE));
	close(master);
	close(slave);
	if (getsid(0) != getpid())
		must(setsid());
	must(ioctl(SLAVE, TIOCSCTTY, 0));
	must(tcgetattr(SLAVE, &t));
	t.c_lflag &= ~ECHO;
	must(tcsetattr(SLAVE, TCSANOW, &t));
	dev_tty = must(open("/dev/tty", O_RDWR));
	for (int i = 0; i < LINES; i++)
		check_eq(write(MASTER, "a line\n", 7), 7);
}

static void verify(void)
{
	char buf[100];
	struct stat st;

	check_eq(hangups, 0);
	check_eq(getsid(0), getpid());
	check_eq(tcgetpgrp(SLAVE), getpgrp());
	must(fstat(dev_tty, &st));
	check_eq(st.st_rdev, 0x500);
	for (int i = 0; i < LINES; i++) {
		check_eq(read(i % 2 ? SLAVE : dev_tty, buf, sizeof(buf)), 7);
		check_mem(buf, "a line\n", 7);
	}
	check_eq(write(dev_tty, "b", 1), 1);
	check_eq(read(MASTER, buf, sizeof(buf)), 1);
	check_eq(buf[0], 'b');
	close(SLAVE);
	close(dev_tty);
	check_eq(hangups, 0);
	close(MASTER);
	check_eq(hangups, 1);
}

CRTEST(.about = "a pseudo-terminal that controls, and /dev/tty", .ids = "TTY-1", .arrange = arrange, .verify = verify)
