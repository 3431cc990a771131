// SPDX-License-Identifier: GPL-2.0-only
/* Capability sets incl. the bounding and ambient ones, and securebits, of children. */
#include "test/crtest-caps.h"

static struct task *tasks[3];
static struct caps *sets;

static void reduced(void *arg)
{
	struct caps c;

	must(prctl(PR_CAPBSET_DROP, CAP_SETPCAP));
	caps_get(&c);
	c.effective &= ~(CAP(CAP_CHOWN) | CAP(CAP_DAC_OVERRIDE));
	c.permitted &= ~CAP(CAP_DAC_OVERRIDE);
	caps_set(&c);
	caps_get(&sets[0]);
}

static void ambient(void *arg)
{
	struct caps c;

	caps_get(&c);
	c.inheritable = c.permitted;
	caps_set(&c);
	for (int i = 0; i < 64; i++)
		if (c.permitted & 1ull << i && i != CAP_DAC_OVERRIDE)
			must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0));
	caps_get(&sets[1]);
}

#define BITS (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_KEEP_CAPS)

/* Not root, and with capabilities all the same. */
static void secured(void *arg)
{
	struct caps c;

	must(prctl(PR_SET_SECUREBITS, BITS));
	must(setresuid(18943, 18943, 18943));
	must(prctl(PR_SET_DUMPABLE, 1));
	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
	caps_get(&c);
	c.effective = CAP(CAP_NET_ADMIN);
	c.inheritable = CAP(CAP_NET_RAW);
	caps_set(&c);
	caps_get(&sets[2]);
}

static void same(void *arg)
{
	caps_same(&sets[(long)arg]);
	check_eq(prctl(PR_GET_SECUREBITS), (long)arg == 2 ? BITS : 0);
}

static void arrange(void)
{
	sets = shared_alloc(3 * sizeof(*sets));
	tasks[0] = task_child(reduced, same, (void *)0);
	tasks[1] = task_child(ambient, same, (void *)1);
	tasks[2] = task_child(secured, same, (void *)2);
}

static void verify(void)
{
	for (int i = 0; i < 3; i++)
		task_join(tasks[i]);
}

CRTEST(.about = "capabilities and securebits", .ids = "CR-3 CR-4", .root = true, .arrange = arrange, .verify = verify)
