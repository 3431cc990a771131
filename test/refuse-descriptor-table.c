// SPDX-License-Identifier: GPL-2.0-only
/* A local descriptor table, as programs with 16-bit code have it, is refused, and the segment is still there. */
#include <asm/ldt.h>

#include "test/crtest.h"

static char table[2][16];

static long get(char *buf)
{
	return syscall(SYS_modify_ldt, 0, buf, sizeof(table[0]));
}

static void arrange(void)
{
	struct user_desc d = { .entry_number = 1, .base_addr = 0x1000, .limit = 15, .seg_32bit = 1 };

	if (syscall(SYS_modify_ldt, 1, &d, sizeof(d)))
		skip("no modify_ldt(2): %s", strerror(errno));
	check_eq(get(table[0]), sizeof(table[0]));
}

static void verify(void)
{
	check_eq(get(table[1]), sizeof(table[1]));
	check_mem(table[1], table[0], sizeof(table[0]));
}

CRTEST(.about = "a local descriptor table", .ids = "G-6", .refused = "local descriptor table", .arrange = arrange,
       .verify = verify)
