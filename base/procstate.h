/* SPDX-License-Identifier: LGPL-2.1-only */
/* The state letter of a thread, from /proc. */
#ifndef CRKIT_PROCSTATE_H
#define CRKIT_PROCSTATE_H

#include <stdbool.h>
#include <sys/types.h>

/* 'R', 'S', 'T', 'Z' ... as in proc(5); 'X' when there is no such thread. */
char proc_state(pid_t pid, pid_t tid);

/* Is the whole process dead? The first thread of one that lives on without it is a zombie, too. */
bool proc_is_zombie(pid_t pid);

/* Waits until every thread of a process that was told to stop stands still, or is dead; at most a second. */
void proc_await_stop(pid_t pid);

/* Waits until a process that was killed is dead, whoever has to wait for it; at most a second. */
void proc_await_end(pid_t pid);

#endif
