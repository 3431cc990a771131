// SPDX-License-Identifier: GPL-2.0-only
/* A variable put into the environment at run time is still there. */
#include "test/crtest.h"

static void arrange(void)
{
	must(setenv("CRTEST_VARIABLE", "a value with = and spaces", 1));
}

static void verify(void)
{
	check(getenv("CRTEST_VARIABLE"));
	check_str(getenv("CRTEST_VARIABLE"), "a value with = and spaces");
}

CRTEST(.about = "environment changed at run time", .ids = "PT-1", .arrange = arrange, .verify = verify)
