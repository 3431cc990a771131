// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interval timers (asked inside) and POSIX timers: what they are is in /proc/PID/timers, how much is left is asked inside.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "cr-dump/ahead.h"
#include "cr-dump/task.h"

#define NR_ITIMERS 3	/* real, virtual, profiling: in this order in the image */
#define NR_POSIX   1000 /* what fits into the programs of a restore */

/* The notification's name, from the kernel's own table; the other flag is a thread instead of the process. */
static int notify_number(const char *name)
{
	if (!strcmp(name, "signal"))
		return SIGEV_SIGNAL;
	return !strcmp(name, "none") ? SIGEV_NONE : SIGEV_THREAD;
}

/* Four lines a timer: ID, signal, notify, ClockID. Returns how many bytes they are, 0 at the end, -1 when they are odd. */
static int parse_timer(const char *text, PosixTimerEntry *ret)
{
	int id, clock, target, signo, used = 0;
	char notify[16], kind[8];
	unsigned long value;

	if (sscanf(text, "ID: %d signal: %d/%lx notify: %15[a-z]/%7[a-z].%d ClockID: %d%n", &id, &signo, &value, notify,
		   kind, &target, &clock, &used) != 7)
		return *text ? -1 : 0;
	ret->it_id = id;
	ret->clock_id = clock;
	ret->si_signo = signo;
	ret->sival_ptr = value;
	ret->it_sigev_notify = notify_number(notify);
	if (!strcmp(kind, "tid")) {
		ret->it_sigev_notify |= SIGEV_THREAD_ID;
		PB_SET(ret, notify_thread_id, target);
	}
	return used + strspn(text + used, "\n");
}

static int timers_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	TaskTimersEntry *timers = POOL_MSG(&ctx->pool, TaskTimersEntry, task_timers_entry);
	char *text;
	int used;

	core_of(ctx, t, &t->threads[0])->tc->timers = timers;
	if (ahead_get(ctx, t, 0, AHEAD_TIMERS, &text, NULL, e))
		return -1;
	for (;; text += used) {
		PosixTimerEntry *pt = POOL_MSG(&ctx->pool, PosixTimerEntry, posix_timer_entry);

		used = parse_timer(text, pt);
		if (used < 0)
			return err_set(e, 0, "cannot make sense of /proc/%d/timers at \"%.40s\"", t->tid, text);
		if (!used)
			break;
		*POOL_PUSH(&ctx->pool, timers->posix, timers->n_posix) = pt;
	}
	t->ask_room += timers->n_posix * ALIGN_UP(2 * sizeof(struct run_op) + sizeof(struct itimerspec), 16);
	if (timers->n_posix > NR_POSIX)
		refuse(ctx, t, NULL, "it has %zu POSIX timers; %d can be dumped", timers->n_posix, NR_POSIX);
	return 0;
}

static void timers_ask(struct dump_ctx *ctx, struct task *t, struct prog *p)
{
	const TaskTimersEntry *timers = t->threads[0].core->tc->timers;

	for (int which = 0; which < NR_ITIMERS; which++)
		PROG(p, SYS_getitimer, which, prog_room(p, sizeof(struct itimerval), NULL));
	for (size_t i = 0; i < timers->n_posix; i++) {
		PROG(p, SYS_timer_gettime, timers->posix[i]->it_id, prog_room(p, sizeof(struct itimerspec), NULL));
		PROG(p, SYS_timer_getoverrun, timers->posix[i]->it_id);
	}
}

static ItimerEntry *save_itimer(struct dump_ctx *ctx, const struct itimerval *v)
{
	ItimerEntry *it = POOL_MSG(&ctx->pool, ItimerEntry, itimer_entry);

	it->isec = v->it_interval.tv_sec;
	it->iusec = v->it_interval.tv_usec;
	it->vsec = v->it_value.tv_sec;
	it->vusec = v->it_value.tv_usec;
	return it;
}

static int timers_save(struct dump_ctx *ctx, struct task *t, uint32_t at, struct err *e)
{
	TaskTimersEntry *timers = t->threads[0].core->tc->timers;
	const struct prog *p = &t->threads[0].prog;

	timers->real = save_itimer(ctx, answer(p, at++, 1));
	timers->virt = save_itimer(ctx, answer(p, at++, 1));
	timers->prof = save_itimer(ctx, answer(p, at++, 1));
	for (size_t i = 0; i < timers->n_posix; i++) {
		PosixTimerEntry *pt = timers->posix[i];
		const struct itimerspec *v = answer(p, at++, 1);

		pt->isec = v->it_interval.tv_sec;
		pt->insec = v->it_interval.tv_nsec;
		pt->vsec = v->it_value.tv_sec;
		pt->vnsec = v->it_value.tv_nsec;
		pt->overrun = prog_result(p, at++);
	}
	return 0;
}

const struct dump_part dump_timers = {
	.name = "timers",
	.look = timers_look,
	.ask = timers_ask,
	.save = timers_save,
};
