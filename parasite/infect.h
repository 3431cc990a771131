/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Infection: puts the runner into a stopped process, lets it run programs there, and takes it out without a trace.
 *
 * The runner and its areas live in one shared anonymous mapping that the victim makes by a borrowed system call instruction; we map
 * the same memory through /proc/PID/map_files. No descriptor, path or namespace of the victim is involved.
 *
 * What has to be undone is noted in memory that may outlive us (tracee.loan): should we be killed, a guardian does it (loan.h).
 */
#ifndef CRKIT_INFECT_H
#define CRKIT_INFECT_H

#include "parasite/prog.h"
#include "parasite/tracee.h"

struct infection {
	struct tracee *leader; /* the thread whose system calls were borrowed */
	struct cpu_site site;  /* where it makes them */
	uint64_t base;	       /* the mapping, in the victim; 0: none */
	char *local;	       /* and here */
	bool split;	       /* code and data are mappings of their own */
	size_t size;
	unsigned int nr_others;
	size_t first_size; /* of area 0, for the leader's program */
	size_t other_size; /* of the areas of the other threads */
};

/*
 * Infects the process of `leader`, whose threads must all be in a ptrace-stop, by system calls at a site (find_site). There is one area a thread: area 0 of first_size bytes, nr_others more of other_size (multiples of 16).
 *
 * In steps, so that many processes can be infected at once: begin all, enter all, end all. Each step that fails leaves
 * what infection_cure() undoes.
 */
int infect_begin(struct infection *inf, struct tracee *leader, const struct cpu_site *site, size_t first_size,
		 unsigned int nr_others, size_t other_size, struct err *e);
int infect_enter(struct infection *inf, struct err *e);
int infect_end(struct infection *inf, struct err *e);

/* The memory of program `index`. */
struct run_area infection_area(const struct infection *inf, unsigned int index);

/* Makes the thread execute the program (prog_ready); several threads may run at once, each with its own area. */
int infection_start(struct infection *inf, struct tracee *t, struct prog *p, struct err *e);

/*
 * Waits for its end and asks the thread to stop; the second step sees it stopped. Results are in the program; prog_check() is the
 * caller's business.
 */
int infection_await(struct tracee *t, struct prog *p, struct err *e);
int infection_settle(struct tracee *t, struct err *e);

/*
 * Unmaps everything and restores the leader's registers and mask. All other threads must have left by tracee_restore(), so that
 * none is in what goes if we are killed. Also in steps.
 */
int infection_cure(struct infection *inf, struct err *e);
int cure_begin(struct infection *inf, struct err *e);
int cure_enter(struct infection *inf, struct err *e);
int cure_end(struct infection *inf, struct err *e);

/* Completes the site by what the code of pid in this range has: both instructions, or the one that is still missing. */
void find_site(pid_t pid, uint64_t code, size_t size, struct cpu_site *site);

#endif
