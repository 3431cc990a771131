// SPDX-License-Identifier: GPL-2.0-only
/* Every resource limit, soft and hard. */
#include <sys/resource.h>

#include "test/crtest.h"

static struct rlimit limits[RLIM_NLIMITS];

static void arrange(void)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		must(getrlimit(i, &limits[i]));
		if (limits[i].rlim_cur == RLIM_INFINITY)
			limits[i].rlim_cur = 1ull << 30; /* seconds that overflow as nanoseconds would end us at once */
		else if (limits[i].rlim_cur > 0)
			limits[i].rlim_cur--;
		/* The hard limit of one, too. */
		if (i == RLIMIT_NICE && limits[i].rlim_max)
			limits[i].rlim_max = limits[i].rlim_cur;
		must(setrlimit(i, &limits[i]));
	}
}

static void verify(void)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit now;

		check_eq(getrlimit(i, &now), 0);
		check_eq(now.rlim_cur, limits[i].rlim_cur);
		check_eq(now.rlim_max, limits[i].rlim_max);
	}
}

CRTEST(.about = "resource limits", .ids = "CR-16", .arrange = arrange, .verify = verify)
