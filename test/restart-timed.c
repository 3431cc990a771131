// SPDX-License-Identifier: GPL-2.0-only
/* Tasks asleep in a system call with a time limit: the wait goes on for what is left of it, not for all of it again. */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>

#include "test/crtest.h"

#define LIMIT_S 3.0
#define HEAD_S	1.2 /* slept before the dump: a wait begun anew ends that much too late */
#define SLACK_S 1.0

static const struct timespec limit = { .tv_sec = 3 };
static int silent[2];
static uint32_t word;

/* By then all are back: whose time was over before that is late by no fault of its own. */
static struct {
	double since;
	uint32_t known;
} * back;

static long by_nanosleep(void)
{
	return nanosleep(&limit, NULL);
}

static long by_clock_nanosleep(void)
{
	return -clock_nanosleep(CLOCK_MONOTONIC, 0, &limit, NULL);
}

static long by_absolute_nanosleep(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_MONOTONIC, &t));
	t.tv_sec += limit.tv_sec;
	return -clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static long by_poll(void)
{
	return poll(&(struct pollfd){ .fd = silent[0], .events = POLLIN }, 1, LIMIT_S * 1000);
}

static long by_futex(void)
{
	errno = 0;
	return futex(&word, FUTEX_WAIT, 0, &limit) == -1 && errno == ETIMEDOUT ? 0 : -errno;
}

static long by_futex_bitset(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_MONOTONIC, &t));
	t.tv_sec += limit.tv_sec;
	errno = 0;
	return syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, &t, NULL, ~0u) == -1 && errno == ETIMEDOUT ? 0 : -errno;
}

static long by_ppoll(void)
{
	return ppoll(&(struct pollfd){ .fd = silent[0], .events = POLLIN }, 1, &limit, NULL);
}

static long by_select(void)
{
	struct timeval t = { .tv_sec = limit.tv_sec };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(silent[0], &set);
	return select(silent[0] + 1, &set, NULL, NULL, &t);
}

static const struct {
	const char *name;
	long (*call)(void);
} calls[] = {
	{ "nanosleep", by_nanosleep },
	{ "clock_nanosleep", by_clock_nanosleep },
	{ "clock_nanosleep, absolute", by_absolute_nanosleep },
	{ "poll", by_poll },
	{ "ppoll", by_ppoll },
	{ "select", by_select },
	{ "futex", by_futex },
	{ "futex bitset", by_futex_bitset },
};

#define CALLS (sizeof(calls) / sizeof(*calls))

static struct task *tasks[CALLS];

/* With HANDLER the tasks get a signal before they run again; the wait then may end early, but not later. */
#ifndef HANDLER
#define HANDLER 0
#endif

static void on_cont(int sig)
{
}

static void wait_and_measure(void *arg)
{
	long i = (long)arg, ret;
	double start = now_s(), took, late;

	if (HANDLER)
		must(sigaction(SIGCONT, &(struct sigaction){ .sa_handler = on_cont }, NULL));
	ret = calls[i].call();
	took = now_s() - start;
	cell_wait(&back->known, 1);
	late = back->since - start > LIMIT_S ? back->since - start - LIMIT_S : 0;
	if (ret && !HANDLER)
		crtest_failed(__FILE__, __LINE__, "%s gave %ld (%s)", calls[i].name, ret, strerror(errno));
	if ((took < LIMIT_S - 0.001 && !ret) || took > LIMIT_S + late + SLACK_S)
		crtest_failed(__FILE__, __LINE__, "%s took %.3f s, not %.3f s", calls[i].name, took, LIMIT_S + late);
}

static void arrange(void)
{
	back = shared_alloc(sizeof(*back));
	must(pipe(silent));
	for (long i = 0; i < (long)CALLS; i++) {
		tasks[i] = task_child(NULL, wait_and_measure, (void *)i);
		task_wake(tasks[i]);
	}
	usleep(HEAD_S * 1e6);
}

static void verify(void)
{
	back->since = now_s();
	cell_set(&back->known, 1);
	for (size_t i = 0; i < CALLS; i++)
		task_join(tasks[i]);
}

#if HANDLER
#define FLAVOURS "stopped" /* in which the runner sends SIGCONT */
#else
#define FLAVOURS "plain leave-running cycles sibling ns-tool"
#endif

CRTEST(.about = "system calls with a time limit", .ids = "TM-6", .flavours = FLAVOURS, .arrange = arrange,
       .verify = verify)
