// SPDX-License-Identifier: GPL-2.0-only
/* Interval timers and POSIX timers: made with their old ids, started at the very end. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "cr-restore/leader.h"
#include "cr-restore/state.h"

#ifndef PR_TIMER_CREATE_RESTORE_IDS /* Linux 6.15 */
#define PR_TIMER_CREATE_RESTORE_IDS	77
#define PR_TIMER_CREATE_RESTORE_IDS_OFF 0
#define PR_TIMER_CREATE_RESTORE_IDS_ON	1
#define PR_TIMER_CREATE_RESTORE_IDS_GET 2
#endif

/* Numbers that are counted up to, some hundred thousand in a second. */
#define MOST_COUNTED 5000000

struct kernel_sigevent {
	uint64_t value;
	int32_t signo, notify, tid;
	int32_t pad[11];
};
_Static_assert(sizeof(struct kernel_sigevent) == 64, "SIGEV_MAX_SIZE");

static bool can_choose_ids(void)
{
	return prctl(PR_TIMER_CREATE_RESTORE_IDS, PR_TIMER_CREATE_RESTORE_IDS_GET, 0, 0, 0) >= 0;
}

static uint64_t put_sigevent(struct prog *p, const PosixTimerEntry *x)
{
	const struct kernel_sigevent ev = { x->sival_ptr, x->si_signo, x->it_sigev_notify, x->notify_thread_id, { 0 } };

	return prog_bytes(p, &ev, sizeof(ev));
}

static void create(struct prog *p, const PosixTimerEntry *x)
{
	int32_t id = x->it_id;

	PROG(p, SYS_timer_create, x->clock_id, put_sigevent(p, x), prog_bytes(p, &id, sizeof(id)));
}

static int timers_check(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	const TaskTimersEntry *timers = t->core->tc->timers;

	for (size_t i = 0; timers && i < timers->n_posix; i++)
		if (timers->posix[i]->it_id > MOST_COUNTED && !can_choose_ids()) {
			problem(ctx, "it takes Linux 6.15", "pid %d: the number %u of a POSIX timer cannot be reached",
				t->pid, timers->posix[i]->it_id);
			break;
		}
	return 0;
}

static int by_id(const void *a, const void *b)
{
	uint32_t x = (*(PosixTimerEntry *const *)a)->it_id, y = (*(PosixTimerEntry *const *)b)->it_id;

	return (x > y) - (x < y);
}

/* Without the prctl: ids are given out in ascending order, so timers are made and deleted until the right one comes. */
static int timers_before(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	const TaskTimersEntry *timers = t->core->tc->timers;
	uint32_t next = 0;
	struct prog p;

	/* (For a leader that is to end this is called twice.) */
	if (!timers || !timers->n_posix || can_choose_ids() || (leader_ends(t) && t->nr_threads == 1))
		return 0;
	qsort(timers->posix, timers->n_posix, sizeof(*timers->posix),
	      by_id); /* kernels list them in different orders */
	agent_begin(t, &p);
	for (size_t i = 0; i < timers->n_posix;) {
		PosixTimerEntry other = { .clock_id = CLOCK_MONOTONIC, .it_sigev_notify = SIGEV_NONE, .it_id = next };

		if (timers->posix[i]->it_id < next)
			return err_set(e, 0, "two POSIX timers have the number %u", timers->posix[i]->it_id);
		if (next == timers->posix[i]->it_id) {
			create(&p, timers->posix[i++]);
		} else {
			create(&p, &other);
			PROG(&p, SYS_timer_delete, next);
		}
		if (++next % 256)
			continue;
		if (agent_run(ctx, t, &p, e))
			return err_in(e, "POSIX timers");
		agent_begin(t, &p);
	}
	return agent_run(ctx, t, &p, e) ? err_in(e, "POSIX timers") : 0;
}

static int timers_task(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e)
{
	const TaskTimersEntry *timers = t->core->tc->timers;

	if (!timers || !timers->n_posix || !can_choose_ids())
		return 0;
	PROG(p, SYS_prctl, PR_TIMER_CREATE_RESTORE_IDS, PR_TIMER_CREATE_RESTORE_IDS_ON);
	for (size_t i = 0; i < timers->n_posix; i++)
		create(p, timers->posix[i]);
	PROG(p, SYS_prctl, PR_TIMER_CREATE_RESTORE_IDS, PR_TIMER_CREATE_RESTORE_IDS_OFF);
	return 0;
}

static void start_interval(struct prog *p, int which, const ItimerEntry *i)
{
	struct itimerval v = { { i->isec, i->iusec }, { i->vsec, i->vusec } };

	/* Expired, and its SIGALRM is pending: the kernel starts it again when that is delivered, and calls it stopped until then. */
	if (which == ITIMER_REAL && !i->vsec && !i->vusec)
		v.it_value = v.it_interval;
	if (v.it_value.tv_sec || v.it_value.tv_usec)
		PROG(p, SYS_setitimer, which, prog_bytes(p, &v, sizeof(v)), 0);
}

static int timers_last(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e)
{
	const TaskTimersEntry *timers = t->core->tc->timers;

	if (!timers)
		return 0;
	start_interval(p, ITIMER_REAL, timers->real);
	start_interval(p, ITIMER_VIRTUAL, timers->virt);
	start_interval(p, ITIMER_PROF, timers->prof);
	for (size_t i = 0; i < timers->n_posix; i++) {
		const PosixTimerEntry *x = timers->posix[i];
		const struct itimerspec its = { { x->isec, x->insec }, { x->vsec, x->vnsec } };

		if (x->vsec || x->vnsec || x->isec || x->insec)
			PROG(p, SYS_timer_settime, x->it_id, 0, prog_bytes(p, &its, sizeof(its)), 0);
	}
	return 0;
}

const struct restore_state restore_timers = {
	.name = "timers",
	.check = timers_check,
	.before = timers_before,
	.task = timers_task,
	.last = timers_last,
};
