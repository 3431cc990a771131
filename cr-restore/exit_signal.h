/* SPDX-License-Identifier: GPL-2.0-only */
/* The signal that a parent gets when a child ends: clone(2) sets it. */
#ifndef CRKIT_EXIT_SIGNAL_H
#define CRKIT_EXIT_SIGNAL_H

#include <signal.h>

#include "cr-restore/restore.h"

static inline int exit_signal_of(const struct rtask *t)
{
	return t->core && t->core->tc && t->core->tc->has_exit_signal ? (int)t->core->tc->exit_signal : SIGCHLD;
}

#endif
