/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers from the core image, and system calls that were interrupted with a timeout running. In arch/<cpu>/regs.c. */
#ifndef CRKIT_RESTORER_REGS_H
#define CRKIT_RESTORER_REGS_H

#include "core.pb-c.h"
#include "parasite/arch/cpu.h"

#define REGS_PARTS 16

/* A few bytes to be put into memory before the thread goes on: a timeout that its system call will read. */
struct regs_scratch {
	uint64_t addr; /* 0: none */
	uint64_t words[2];
};

/* What this CPU has. Asked once: in a virtual machine the CPUID instruction takes as long as many system calls. */
struct regs_layout {
	uint64_t features; /* XSAVE components */
	struct {
		uint32_t off, size; /* in the standard format; size 0: not there */
	} part[REGS_PARTS];
};
void regs_ask_layout(struct regs_layout *ret);

/* Can the registers of this image be loaded here? Otherwise says why not in why[]. */
bool regs_loadable(const struct regs_layout *l, const CoreEntry *core, char *why, size_t size);

/* Where the thread of this image goes on. */
uint64_t regs_ip(const CoreEntry *core);

/* Sets the registers of a stopped thread, for which away_ns of the timeout that was left have passed since the dump. */
int regs_load(const struct regs_layout *l, pid_t tid, const CoreEntry *core, uint64_t away_ns,
	      struct regs_scratch *scratch, struct err *e);

#endif
