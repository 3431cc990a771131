// SPDX-License-Identifier: GPL-2.0-only
/* The worker: see worker.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/worker.h"

/* The two variables that signal handlers share with the program. */
static volatile sig_atomic_t cancelled;
static volatile sig_atomic_t committed;
static volatile pid_t worker;

static const int passed_on[] = { SIGINT, SIGTERM, SIGHUP };

static void on_cancel(int sig)
{
	cancelled = 1;
}

static void on_front_signal(int sig)
{
	if (worker > 0)
		kill(worker, SIGTERM);
}

static void handle(void (*handler)(int))
{
	struct sigaction sa = { .sa_handler = handler };

	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
		sigaction(passed_on[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool worker_cancelled(void)
{
	return cancelled && !committed;
}

int worker_check(struct err *e)
{
	if (!worker_cancelled())
		return 0;
	return err_set(e, 0, "given up: the command was ended by a signal");
}

void worker_commit(void)
{
	committed = 1;
}

static void block(int how, sigset_t *old)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
		sigaddset(&set, passed_on[i]);
	sigprocmask(how, &set, old);
}

static void work(const char *name, bool keep_session, pid_t front, int (*fn)(void *), void *ctx)
{
	if (!keep_session)
		setsid();
	prctl(PR_SET_NAME, name);
	handle(on_cancel);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != front)
		cancelled = 1;
	block(SIG_UNBLOCK, NULL);
	exit(fn(ctx));
}

int worker_run(const char *name, bool keep_session, int (*fn)(void *), void *ctx)
{
	pid_t front = getpid();
	int status;

	block(SIG_BLOCK, NULL);
	worker = fork();
	if (worker < 0) {
		fprintf(stderr, "%s: cannot fork the worker process: %m\n", name);
		return 1;
	}
	if (!worker)
		work(name, keep_session, front, fn, ctx);
	handle(on_front_signal);
	block(SIG_UNBLOCK, NULL);
	while (waitpid(worker, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	worker = 0; /* a signal now is for nobody */
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	fprintf(stderr, "%s: the worker process was killed by signal %d\n", name, WTERMSIG(status));
	return 1;
}
