// SPDX-License-Identifier: GPL-2.0-only
/* Of the states that random walks lead to, those that cannot be saved are refused, each of them, and none is changed by that. */
#include "test/crtest-walk.h"

#define COUNT 8 /* as .refused says */

static struct state states[COUNT];
static struct group groups[COUNT];

static void arrange(void)
{
	walk_count(0);
	find_states(states, COUNT, 1);
	for (size_t i = 0; i < COUNT; i++)
		group_replay(&groups[i], &states[i], i, 'a');
}

static void verify(void)
{
	for (size_t i = 0; i < COUNT; i++)
		group_compare(&states[i], &groups[i]);
}

CRTEST(.about = "random states of unix sockets that cannot be saved", .ids = "UX-28 UX-17", .arrange = arrange,
       .verify = verify, .refused = "8 objects of the tree cannot be dumped")
