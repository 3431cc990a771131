// SPDX-License-Identifier: GPL-2.0-only
/* Tasks that fork and exit without pause, handing tokens around: no child is lost, all end with 0. */
#include "test/crtest.h"

#define TOKENS 11

static int tokens[2];
static uint32_t *stop, *failures, *loops;
static pid_t starter;

/* One generation: takes a token, lives for a moment, gives the token back. Its parent reaps it. */
static void live(void)
{
	char c;

	if (read(tokens[0], &c, 1) != 1 || write(tokens[1], &c, 1) != 1)
		_exit(1);
	_exit(0);
}

static void keep_forking(void)
{
	int status;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		pid_t pid = fork();

		if (!pid)
			live();
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			__atomic_fetch_add(failures, 1, __ATOMIC_SEQ_CST);
		usleep(2000); /* leave the processor to others: some kernels starve them */
	}
	__atomic_fetch_sub(loops, 1, __ATOMIC_SEQ_CST);
	_exit(0);
}

static void arrange(void)
{
	stop = shared_alloc(4);
	failures = shared_alloc(4);
	loops = shared_alloc(4);
	*loops = TOKENS;
	must(pipe(tokens));
	check_eq(write(tokens[1], "0123456789a", TOKENS), TOKENS);
	starter = must(fork());
	if (!starter) {
		must(prctl(PR_SET_PDEATHSIG, SIGKILL));
		for (int i = 1; i < TOKENS; i++)
			if (!must(fork()))
				break;
		keep_forking();
	}
	usleep(100000);
}

static void verify(void)
{
	char left[TOKENS + 1];
	int status;

	usleep(100000);
	cell_set(stop, 1);
	check_eq(waitpid(starter, &status, 0), starter);
	check_eq(status, 0);
	check_eq(*failures, 0);
	/* The others are no longer our children, and cannot be waited for. */
	for (int i = 0; __atomic_load_n(loops, __ATOMIC_SEQ_CST) && i < 10000; i++)
		usleep(1000);
	check_eq(*loops, 0);
	for (size_t n = 0; n < TOKENS;)
		n += must(read(tokens[0], left, TOKENS - n));
}

CRTEST(.about = "fork and exit without pause", .ids = "TR-1", .busy = true, .arrange = arrange, .verify = verify)
