// SPDX-License-Identifier: GPL-2.0-only
/* A parent can signal its restored child and collect it. */
#include "test/crtest.h"

static pid_t child;

static void on_usr1(int sig)
{
	_exit(0);
}

static void arrange(void)
{
	int ready[2];
	char c;

	must(pipe(ready));
	child = must(fork());
	if (!child) {
		must(prctl(PR_SET_PDEATHSIG, SIGKILL));
		must(sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = on_usr1 }, NULL));
		must(write(ready[1], "", 1));
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	must(read(ready[0], &c, 1));
}

static void verify(void)
{
	int status = -1;

	check_eq(waitpid(child, &status, WNOHANG), 0);
	check_eq(kill(child, SIGUSR1), 0);
	check_eq(wait(&status), child);
	check_eq(status, 0);
	check_fails(wait(&status), ECHILD);
}

CRTEST(.about = "signal and wait for a restored child", .ids = "PT-7", .arrange = arrange, .verify = verify)
