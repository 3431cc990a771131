// SPDX-License-Identifier: GPL-2.0-only
/* PR_SET_THP_DISABLE with PR_THP_DISABLE_EXCEPT_ADVISED (Linux 6.18). */
#include "test/crtest.h"

#define EXCEPT_ADVISED 2

static void arrange(void)
{
	if (prctl(PR_SET_THP_DISABLE, 1, EXCEPT_ADVISED, 0, 0))
		skip("this kernel has no PR_THP_DISABLE_EXCEPT_ADVISED");
}

static void verify(void)
{
	check_eq(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 1 | EXCEPT_ADVISED);
}

CRTEST(.about = "transparent huge pages where advised only", .ids = "MEM-25", .arrange = arrange, .verify = verify)
