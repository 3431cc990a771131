// SPDX-License-Identifier: GPL-2.0-only
/*
 * terminal KEYS SCREEN COMMAND...: runs a command in a pseudo-terminal, types into it whatever the file KEYS grows by, and writes what it
 * shows to the file SCREEN. Ends with the command, and with its exit status.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void give_up(const char *what)
{
	perror(what);
	exit(99);
}

static void copy(const char *buf, ssize_t n, int to)
{
	while (n > 0) {
		ssize_t done = write(to, buf, n);

		if (done < 0)
			give_up("write");
		buf += done;
		n -= done;
	}
}

int main(int argc, char **argv)
{
	const struct winsize size = { 24, 80, 0, 0 };
	int keys, screen, master, status;
	struct pollfd p;
	char buf[4096];
	ssize_t n;
	pid_t pid;

	if (argc < 4)
		return 2;
	keys = open(argv[1], O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	screen = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (keys < 0 || screen < 0)
		give_up("open");
	pid = forkpty(&master, NULL, NULL, &size);
	if (pid < 0)
		give_up("forkpty");
	if (!pid) {
		/* A shell without job control has them ignored for what it starts in the background. */
		signal(SIGINT, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
		execvp(argv[3], argv + 3);
		give_up(argv[3]);
	}
	p = (struct pollfd){ .fd = master, .events = POLLIN };
	for (;;) {
		n = read(keys, buf, sizeof(buf));
		if (n > 0)
			copy(buf, n, master);
		if (poll(&p, 1, 20) <= 0)
			continue;
		n = read(master, buf, sizeof(buf));
		if (n <= 0)
			break; /* EIO: nobody has it open any more */
		copy(buf, n, screen);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			give_up("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
