/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The default timer slack of a thread can only be inherited: it is the current slack of whoever makes it. Everyone who bears a task or a
 * thread therefore has that one for the moment; the current slacks are set later (prctl.c).
 */
#ifndef CRKIT_SLACK_H
#define CRKIT_SLACK_H

#include <sys/prctl.h>
#include <sys/syscall.h>

#include "cr-restore/restore.h"

/* 0: unknown; it will be that of its maker. */
static inline uint64_t slack_to_inherit(const struct agent_thread *th)
{
	const CoreEntry *core = th->core;

	return core && core->thread_core && core->thread_core->has_default_timer_slack_ns ?
		       core->thread_core->default_timer_slack_ns :
		       0;
}

/* One op before that of the birth. */
static inline void put_slack_to_inherit(const struct agent_thread *th, struct prog *p)
{
	if (slack_to_inherit(th))
		PROG(p, SYS_prctl, PR_SET_TIMERSLACK, slack_to_inherit(th));
}

#endif
