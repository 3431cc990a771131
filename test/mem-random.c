// SPDX-License-Identifier: GPL-2.0-only
/* 512 MiB of random data with 512 random pages set to PROT_NONE. */
#include "test/crtest.h"

#define LEN (512ul << 20)

static char *data;

static void arrange(void)
{
	uint64_t where[512];

	data = map_anon(LEN, PROT_READ | PROT_WRITE, 0);
	fill_random(data, LEN, 5);
	fill_random(where, sizeof(where), 6);
	for (int i = 0; i < 512; i++)
		must(mprotect(data + where[i] % (LEN / PAGE) * PAGE, PAGE, PROT_NONE));
}

static void verify(void)
{
	check_eq(mprotect(data, LEN, PROT_READ), 0);
	check_random(data, LEN, 5);
}

CRTEST(.about = "512 MiB of random data with holes in its protection", .ids = "MEM-5",
       .flavours = "plain leave-running", .arrange = arrange, .verify = verify)
