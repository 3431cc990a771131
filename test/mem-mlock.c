// SPDX-License-Identifier: GPL-2.0-only
/* An area locked by root stays locked after the task became an ordinary user whose limit it exceeds. */
#include <sys/resource.h>

#include "test/crtest.h"

#define LEN 69632

static char *area, *on_fault;

static void arrange(void)
{
	char *room = map_anon(LEN + 2 * PAGE, PROT_NONE, 0);

	area = must(mmap(room + PAGE, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	fill_random(area, LEN, 1);
	must(mlock(area, LEN));
	on_fault = map_anon(1ul << 30, PROT_READ | PROT_WRITE, MAP_NORESERVE);
	must(mlock2(on_fault, 1ul << 30, MLOCK_ONFAULT));
	on_fault[12345] = 1;
	must(setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ 4096, 4096 }));
	must(chmod(".", 0777));
	must(setresuid(18943, 18943, 18943));
	must(prctl(PR_SET_DUMPABLE, 1));
}

static void verify(void)
{
	check(strstr(vm_flags(area), " lo"));
	check_random(area, LEN, 1);
	check(strstr(vm_flags(on_fault), " lf") ||
	      strstr(vm_flags(on_fault), " ??")); /* Linux 6.1 has no name for it */
	check_eq(on_fault[12345], 1);
	/* Still as if never touched, not a GiB of locked zeroes. */
	check_in(atol(proc_field("/proc/self/status", "VmRSS")), 0, 200000);
}

CRTEST(.about = "locked memory", .ids = "MEM-16", .root = true, .arrange = arrange, .verify = verify)
