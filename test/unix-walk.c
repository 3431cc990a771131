// SPDX-License-Identifier: GPL-2.0-only
/* Unix sockets in many different states, found by random walks, each made once. See crtest-walk.h. */
#include "test/crtest-walk.h"

static struct state states[STATE_MAX];
static struct group groups[STATE_MAX];
static size_t nr;

static void arrange(void)
{
	nr = walk_count(60);
	find_states(states, nr, 0);
	for (size_t i = 0; i < nr; i++)
		group_replay(&groups[i], &states[i], i, 'a');
}

static void verify(void)
{
	for (size_t i = 0; i < nr; i++)
		group_compare(&states[i], &groups[i]);
}

CRTEST(.about = "random states of unix sockets", .ids = "UX-28", .arrange = arrange, .verify = verify)
