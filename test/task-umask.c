// SPDX-License-Identifier: GPL-2.0-only
/* The file mode creation mask stays in force. */
#include "test/crtest.h"

static void arrange(void)
{
	umask(0345);
}

static void verify(void)
{
	check_eq(umask(0), 0345);
}

CRTEST(.about = "umask", .ids = "PT-3", .arrange = arrange, .verify = verify)
