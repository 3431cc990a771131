// SPDX-License-Identifier: GPL-2.0-only
/* /proc/self/exe and the name of the task stay the same. */
#include "test/crtest.h"

static char exe[PAGE], exe_after[PAGE];

static void arrange(void)
{
	must(readlink("/proc/self/exe", exe, sizeof(exe) - 1));
	must(prctl(PR_SET_NAME, "odd ) name (\n"));
}

static void verify(void)
{
	char name[16] = "";

	must(readlink("/proc/self/exe", exe_after, sizeof(exe_after) - 1));
	check_str(exe_after, exe);
	must(prctl(PR_GET_NAME, name));
	check_str(name, "odd ) name (\n");
}

CRTEST(.about = "exe link and command name", .ids = "PT-4", .arrange = arrange, .verify = verify)
