// SPDX-License-Identifier: GPL-2.0-only
/* Registers: see arch/cpu.h for what is in them, restart.c for what becomes of an interrupted system call. */
#include "cr-dump/arch/cpu.h"
#include "cr-dump/task.h"

const struct dump_part dump_regs = {
	.name = "registers",
	.look = cpu_look,
	.ask = cpu_ask,
	.ask_thread = cpu_ask_thread,
	.save = cpu_save,
	.save_thread = cpu_save_thread,
};
