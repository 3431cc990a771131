// SPDX-License-Identifier: GPL-2.0-only
/* mlockall(2) for future mappings, also on fault, and neither after munlockall(2). */
#include "test/crtest.h"

#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif

static struct task *on_fault, *current_only, *neither;

/* "lo" of VmFlags; with_page: was it there at once? */
static void check_new(bool locked, bool with_page)
{
	char *p = map_anon(3 * PAGE, PROT_READ | PROT_WRITE, MAP_NORESERVE);
	unsigned char core = 0;

	must(mprotect(p, PAGE, PROT_NONE)); /* apart from its neighbours */
	must(mprotect(p + 2 * PAGE, PAGE, PROT_NONE));
	check_eq(!!strstr(vm_flags(p + PAGE), " lo"), locked);
	must(mincore(p + PAGE, PAGE, &core));
	check_eq(core & 1, with_page);
}

static void lock(long flags)
{
	must(mlockall(flags));
}

static void check_on_fault(void *arg)
{
	check_new(true, false);
	check(!strstr(vm_flags(arg), " lo"));
}

static void check_current(void *arg)
{
	check_new(false, false);
	check(strstr(vm_flags(arg), " lo"));
}

static void unlock(void *arg)
{
	must(mlockall(MCL_FUTURE | MCL_CURRENT));
	must(munlockall());
}

static void check_neither(void *arg)
{
	check_new(false, false);
}

static void lock_on_fault(void *arg)
{
	lock(MCL_FUTURE | MCL_ONFAULT);
}

static void lock_current(void *arg)
{
	lock(MCL_CURRENT);
}

static void arrange(void)
{
	char *room = map_anon(4 * PAGE, PROT_NONE, 0), *area = room + PAGE;

	must(mprotect(area, PAGE, PROT_READ | PROT_WRITE));
	on_fault = task_child(lock_on_fault, check_on_fault, area);
	current_only = task_child(lock_current, check_current, area);
	neither = task_child(unlock, check_neither, NULL);
	must(mlockall(MCL_FUTURE));
}

static void verify(void)
{
	check_new(true, true);
	task_join(on_fault);
	task_join(current_only);
	task_join(neither);
	must(munlockall());
	check_new(false, false);
}

CRTEST(.about = "locking of future mappings", .ids = "MEM-16", .root = true, .arrange = arrange, .verify = verify)
