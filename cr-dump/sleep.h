/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For how long has a thread been asleep in which system call? Must be asked before it is seized: seizing wakes it. The
 * kernel tells nobody how much of a timeout is left, but it tells when a sleeper last ran (/proc/TID/sched).
 */
#ifndef CRKIT_SLEEP_H
#define CRKIT_SLEEP_H

#include <stdbool.h>
#include <sys/types.h>

struct thread;

/* Fills th->blocked_nr, th->restarted_nr and th->asleep_ns; leaves them alone when the thread is running or nothing can be known. */
void sleep_note(pid_t pid, pid_t tid, struct thread *th);

/* When it stands: what was noted is nothing when it has been awake since. */
void sleep_confirm(pid_t pid, pid_t tid, struct thread *th);

/* Does the thread wait for a vfork child? */
bool sleeps_in_vfork(pid_t pid, pid_t tid);

#endif
