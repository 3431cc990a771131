// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process for tests of the command line: victim STATUS [CHILDREN]. Goes into the background as a session leader, prints
 * its pid, and ends with STATUS at SIGTERM; its children end with it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static int status;

static void on_term(int sig)
{
	_exit(status);
}

int main(int argc, char **argv)
{
	int null = open("/dev/null", O_RDWR);
	pid_t pid = fork();

	if (pid) {
		printf("%d\n", pid);
		return 0;
	}
	setsid();
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	status = argc > 1 ? atoi(argv[1]) : 0;
	signal(SIGTERM, on_term);
	for (int i = 0; argc > 2 && i < atoi(argv[2]); i++) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		break;
	}
	for (;;)
		pause();
}
