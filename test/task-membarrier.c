// SPDX-License-Identifier: GPL-2.0-only
/* membarrier registrations stay in force. */
#include <linux/membarrier.h>

#include "test/crtest.h"

#define GET_REGISTRATIONS (1 << 9) /* MEMBARRIER_CMD_GET_REGISTRATIONS, Linux 6.3 */

static const int commands[][2] = {
	{ MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, MEMBARRIER_CMD_GLOBAL_EXPEDITED },
	{ MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, MEMBARRIER_CMD_PRIVATE_EXPEDITED },
	{ MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE },
	{ MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ },
};
static bool registered[4];
static long mask;

static long membarrier(int cmd)
{
	return syscall(SYS_membarrier, cmd, 0, 0);
}

static void arrange(void)
{
	long has = must(membarrier(MEMBARRIER_CMD_QUERY));

	for (int i = 0; i < 4; i++) {
		registered[i] = has & commands[i][0];
		if (registered[i])
			must(membarrier(commands[i][0]));
	}
	mask = membarrier(GET_REGISTRATIONS);
}

static void verify(void)
{
	for (int i = 0; i < 4; i++)
		if (registered[i])
			check_eq(membarrier(commands[i][1]), 0);
	check_eq(membarrier(GET_REGISTRATIONS), mask);
}

CRTEST(.about = "membarrier registrations", .ids = "CPU-16", .arrange = arrange, .verify = verify)
