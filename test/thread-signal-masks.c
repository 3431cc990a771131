// SPDX-License-Identifier: GPL-2.0-only
/* Each thread keeps its own signal mask, thread-local data, name and pthread identity. */
#include <pthread.h>

#include "test/crtest.h"

static _Thread_local int number;
static struct task *threads[2];
static pthread_t selves[2];

static void mask_of(long i, sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, i ? SIGFPE : SIGWINCH);
	if (!i)
		sigaddset(set, SIGALRM);
}

static void prepare(void *arg)
{
	char name[32];
	sigset_t set;

	mask_of((long)arg, &set);
	must_zero(pthread_sigmask(SIG_SETMASK, &set, NULL));
	number = (long)arg + 41;
	selves[(long)arg] = pthread_self();
	snprintf(name, sizeof(name), "thread-%ld", (long)arg);
	must(prctl(PR_SET_NAME, name));
}

static void same(void *arg)
{
	char name[16], want[32];
	sigset_t set, now;

	mask_of((long)arg, &set);
	must_zero(pthread_sigmask(SIG_SETMASK, NULL, &now));
	for (int sig = 1; sig < NSIG; sig++)
		check_eq(sigismember(&now, sig), sigismember(&set, sig));
	check_eq(number, (long)arg + 41);
	check(pthread_equal(selves[(long)arg], pthread_self()));
	snprintf(want, sizeof(want), "thread-%ld", (long)arg);
	must(prctl(PR_GET_NAME, name));
	check_str(name, want);
}

static void arrange(void)
{
	for (long i = 0; i < 2; i++)
		threads[i] = task_thread(prepare, same, (void *)i);
}

static void verify(void)
{
	sigset_t now;

	must_zero(pthread_sigmask(SIG_SETMASK, NULL, &now));
	check_eq(sigismember(&now, SIGFPE), 0);
	for (int i = 0; i < 2; i++)
		task_join(threads[i]);
}

CRTEST(.about = "signal masks and names of threads", .ids = "TH-2", .arrange = arrange, .verify = verify)
