/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arena: the runner and the areas of all agents, in one piece of shared memory that lies at the same address in the
 * director and in every newborn task: in the hole, an address range that no task of the tree uses.
 */
#ifndef CRKIT_ARENA_H
#define CRKIT_ARENA_H

#include "cr-restore/restore.h"

struct arena {
	uint64_t base; /* of the hole; the runner's code is its first page, which nobody can write */
	size_t size;
	uint64_t insn; /* address of a system call instruction in the runner */
};

#define ARENA_CODE 4096

/* Sizes of an agent's area: large for the task's leader, which maps memory; small for other threads. */
#define ARENA_LEADER (256 * 1024)
#define ARENA_THREAD (8 * 1024)

/* The highest address that user space may map. */
#define TASK_END 0x7ffffffff000ULL

/* Finds the hole, maps the arena there and hands out an area to every thread of every task. */
int arena_create(struct restore_ctx *ctx, struct err *e);
void arena_destroy(struct restore_ctx *ctx);

#endif
