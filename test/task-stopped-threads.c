// SPDX-License-Identifier: GPL-2.0-only
/* A stopped child with several threads: each of them is stopped afterwards, and goes on when the child is told to. */
#include <dirent.h>
#include <pthread.h>

#include "test/crtest.h"

#define OTHERS 3

static pid_t child;
static uint32_t *go, *counts;

static void *count(void *arg)
{
	uint32_t *mine = arg;

	for (;;) {
		cell_wait(go, 1);
		cell_set(mine, *mine + 1);
		usleep(1000);
	}
	return arg;
}

static void begin(void)
{
	pthread_t t;

	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
	for (int i = 1; i <= OTHERS; i++)
		must_zero(pthread_create(&t, NULL, count, &counts[i]));
	count(&counts[0]);
}

/* How many threads of the child are in this state. */
static int in_state(char state)
{
	char path[300];
	struct dirent *d;
	DIR *dir;
	int nr = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", child);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status", child, d->d_name);
		nr += *d->d_name != '.' && *proc_field(path, "State") == state;
	}
	if (dir)
		closedir(dir);
	return nr;
}

static void arrange(void)
{
	siginfo_t si;

	go = shared_alloc(sizeof(*go));
	counts = shared_alloc((1 + OTHERS) * sizeof(*counts));
	child = must(fork());
	if (!child)
		begin();
	while (in_state('S') < 1 + OTHERS)
		usleep(1000);
	must(kill(child, SIGSTOP));
	must(waitid(P_PID, child, &si, WSTOPPED | WNOWAIT));
}

static void verify(void)
{
	int status = -1;

	check_eq(waitpid(child, &status, WUNTRACED | WCONTINUED), child);
	check(WIFSTOPPED(status));
	check_eq(in_state('T'), 1 + OTHERS);
	cell_set(go, 1);
	check_eq(waitpid(child, &status, WNOHANG), 0);
	check_eq(in_state('T'), 1 + OTHERS);
	for (int i = 0; i <= OTHERS; i++)
		check_eq(counts[i], 0);
	check_eq(kill(child, SIGCONT), 0);
	for (int i = 0; i <= OTHERS; i++)
		cell_wait(&counts[i], 1);
	check_eq(kill(child, SIGKILL), 0);
	check_eq(waitpid(child, &status, 0), child);
	check_eq(status, SIGKILL);
}

/* In the flavour `stopped` the runner itself sends SIGCONT to all. */
CRTEST(.about = "stopped child with several threads", .ids = "PT-20",
       .flavours = "plain leave-running cycles sibling ns-tool", .arrange = arrange, .verify = verify)
