// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks asleep in a system call that was interrupted before, which the kernel then knows as restart_syscall(2) only. They made it
 * by syscall(2), which is given the number: it stands nowhere in the code. The calls are made anew all the same, and none sees an EINTR.
 */
#include <poll.h>

#include "test/crtest.h"

static const struct timespec some_time = { .tv_sec = 2 }, long_time = { .tv_sec = 100000 };
static int quiet[2];
static uint32_t *word, *look;

static long by_nanosleep(void)
{
	return syscall(SYS_nanosleep, &some_time, NULL);
}

static long by_clock_nanosleep(void)
{
	return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &some_time, NULL);
}

static long by_poll(void)
{
	return syscall(SYS_poll, &(struct pollfd){ .fd = quiet[0], .events = POLLIN }, 1, 1000000) - 1;
}

static long by_futex(void)
{
	return syscall(SYS_futex, word, FUTEX_WAIT, 0, &long_time, NULL, 0);
}

static long by_futex_bitset(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_MONOTONIC, &t));
	t.tv_sec += long_time.tv_sec;
	return syscall(SYS_futex, word, FUTEX_WAIT_BITSET, 0, &t, NULL, ~0u);
}

static const struct {
	const char *name;
	long (*call)(void);
} calls[] = {
	{ "nanosleep", by_nanosleep }, { "clock_nanosleep", by_clock_nanosleep }, { "poll", by_poll },
	{ "futex", by_futex },	       { "futex bitset", by_futex_bitset },
};

#define CALLS (sizeof(calls) / sizeof(*calls))

static struct task *tasks[CALLS];

static void wait_long(void *arg)
{
	long i = (long)arg, ret = calls[i].call();
	int errnum = errno;

	cell_wait(look, 1); /* what has slept enough is there until the runner has compared */
	if (ret)
		crtest_failed(__FILE__, __LINE__, "%s gave %ld (%s)", calls[i].name, ret, strerror(errnum));
}

static bool is_in_restart(pid_t pid)
{
	char path[64], text[128] = "";

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	read_file(path, text, sizeof(text) - 1);
	return atoi(text) == SYS_restart_syscall;
}

static void interrupt(pid_t pid)
{
	int status;

	task_wait_asleep(pid);
	must(kill(pid, SIGSTOP));
	must(waitpid(pid, &status, WUNTRACED));
	must(kill(pid, SIGCONT));
	for (int i = 0; i < 10000 && !is_in_restart(pid); i++)
		usleep(1000);
	must(is_in_restart(pid) ? 0 : -1);
}

static void arrange(void)
{
	word = shared_alloc(sizeof(*word));
	look = shared_alloc(sizeof(*look));
	must(pipe(quiet));
	for (long i = 0; i < (long)CALLS; i++) {
		tasks[i] = task_child(NULL, wait_long, (void *)i);
		task_wake(tasks[i]);
	}
	for (size_t i = 0; i < CALLS; i++)
		interrupt(task_pid(tasks[i]));
}

static void verify(void)
{
	must(write(quiet[1], "", 1));
	cell_set(word, 1);
	cell_set(look, 1);
	for (size_t i = 0; i < CALLS; i++)
		task_join(tasks[i]);
}

CRTEST(.about = "system calls that were interrupted before", .ids = "TM-6", .arrange = arrange, .verify = verify)
