// SPDX-License-Identifier: GPL-2.0-only
/* A child leads a session on a terminal that it has closed: when its parent closes the master, it gets SIGHUP. */
#include "test/crtest-tty.h"

static int master;
static pid_t leader;

static void arrange(void)
{
	uint32_t *ready = shared_alloc(sizeof(*ready));

	master = tty_master();
	leader = must(fork());
	if (!leader) {
		int slave = tty_slave(master, 0);

		close(master);
		must(setsid());
		must(ioctl(slave, TIOCSCTTY, 0));
		close(slave);
		cell_set(ready, 1);
		for (;;)
			pause();
	}
	cell_wait(ready, 1);
}

static void verify(void)
{
	int status;

	check_eq(tcgetsid(master), leader);
	check_eq(waitpid(leader, &status, WNOHANG), 0);
	close(master);
	check_eq(waitpid(leader, &status, 0), leader);
	check(WIFSIGNALED(status));
	check_eq(WTERMSIG(status), SIGHUP);
}

CRTEST(.about = "SIGHUP for the leader of a session", .ids = "TTY-6", .arrange = arrange, .verify = verify)
