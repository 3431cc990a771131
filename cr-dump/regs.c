// SPDX-License-Identifier: GPL-2.0-only
/* Registers: see arch/cpu.h for what is in them, restart.c for what becomes of an interrupted system call. */
#include "cr-dump/arch/cpu.h"
#include "cr-dump/task.h"

static int regs_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	for (unsigned int i = 0; i < t->nr_threads; i++)
		if (restart_correct(&t->threads[i], e))
			return -1;
	return 0;
}

const struct dump_part dump_regs = {
	.name = "registers",
	.look = regs_look,
	.ask = cpu_ask,
	.ask_thread = cpu_ask_thread,
	.save = cpu_save,
	.save_thread = cpu_save_thread,
};
