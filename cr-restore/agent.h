/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs for single threads of a newborn task; restore.h has the ones for its leader. */
#ifndef CRKIT_AGENT_H
#define CRKIT_AGENT_H

#include "cr-restore/restore.h"

/* Has a signal come that means to end us, or has the command died whose worker we are? */
bool given_up(void);

void thread_begin(struct agent_thread *th, struct prog *p);
int thread_start(struct rtask *t, struct prog *p, struct err *e);
int thread_finish(struct rtask *t, struct agent_thread *th, struct prog *p, struct err *e);

#endif
