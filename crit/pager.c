// SPDX-License-Identifier: GPL-2.0-only
/* The pager: a child that standard output goes to. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crit/colour.h"
#include "crit/crit.h"
#include "crit/pager.h"

/* Exit codes of sh for a command that is not there. */
#define NOT_EXECUTABLE 126

/* The pager has been left: nobody wants the rest. */
static void on_pipe(int sig)
{
	int status = 0;

	(void)sig;
	while (wait(&status) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) && WEXITSTATUS(status) >= NOT_EXECUTABLE ? CRIT_FAILED : CRIT_OK);
}

/* The pager takes the interrupt as it likes; the terminal must stay its own until it ends. */
static void on_interrupt(int sig)
{
	close(STDOUT_FILENO);
	while (wait(NULL) < 0 && errno == EINTR)
		;
	_exit(128 + sig);
}

static const char *choose(void)
{
	const char *pager = getenv("CRIT_PAGER");

	if (!pager)
		pager = getenv("PAGER");
	if (!pager)
		pager = "command -v less >/dev/null || exec cat; exec less";
	return *pager && strcmp(pager, "cat") ? pager : NULL;
}

static void be_pager(const char *command, int from)
{
	dup2(from, STDIN_FILENO);
	/* Colours as they are, no alternate screen, none at all for what fits on the screen. */
	setenv("LESS", "FRX", 0);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(NOT_EXECUTABLE + 1);
}

int pager_begin(int *child_ret, struct err *e)
{
	const char *command = choose(), *term = getenv("TERM");
	int ends[2];
	pid_t pid;

	*child_ret = 0;
	if (!command || !isatty(STDOUT_FILENO) || !term || !strcmp(term, "dumb"))
		return 0;
	if (setenv(PAGER_IN_USE, "1", 1) || pipe2(ends, O_CLOEXEC))
		return err_set(e, errno, "cannot make a pipe to the pager");
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		be_pager(command, ends[0]);
	if (pid > 0) {
		signal(SIGPIPE, on_pipe);
		signal(SIGINT, on_interrupt);
	}
	if (pid < 0 || dup2(ends[1], STDOUT_FILENO) < 0)
		err_set(e, errno, "cannot start the pager");
	else
		*child_ret = pid;
	close(ends[0]);
	close(ends[1]);
	return *child_ret ? 0 : -1;
}

int pager_end(int child, struct err *e)
{
	int status = 0;

	fflush(stdout);
	close(STDOUT_FILENO);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) >= NOT_EXECUTABLE)
		return err_set(e, 0, "the pager \"%s\" cannot be run", choose());
	return 0;
}
