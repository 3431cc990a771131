// SPDX-License-Identifier: GPL-2.0-only
/* NUMA policies: of threads, of mappings (many of them, so that one program cannot ask for all), of children, and their absence. */
#include <linux/mempolicy.h>

#include "test/crtest.h"

#define MANY 1200

static char *bound, *file, *shared, *areas;
static struct task *thread, *child;

static long set(int mode, unsigned long nodes)
{
	return syscall(SYS_set_mempolicy, mode, nodes ? &nodes : NULL, nodes ? 64 : 0);
}

static void bind_to(void *p, int mode, unsigned long nodes)
{
	must(syscall(SYS_mbind, p, PAGE, mode, nodes ? &nodes : NULL, nodes ? 64 : 0, 0));
}

/* Mode, and the nodes in the upper half. */
static long policy_of(void *p)
{
	unsigned long nodes[16] = { 0 };
	int mode = -1;

	must(syscall(SYS_get_mempolicy, &mode, nodes, 1024, p, p ? MPOL_F_ADDR : 0));
	return mode | nodes[0] << 32;
}

static void set_own(void *arg)
{
	must(set(MPOL_INTERLEAVE | MPOL_F_STATIC_NODES, 1));
}

static void check_own(void *arg)
{
	check_eq(policy_of(NULL), MPOL_INTERLEAVE | MPOL_F_STATIC_NODES | 1ul << 32);
}

static void arrange_child(void *arg)
{
	must(set(MPOL_DEFAULT, 0));
	bind_to(bound, MPOL_DEFAULT, 0);
}

static void check_child(void *arg)
{
	check_eq(policy_of(NULL), MPOL_DEFAULT);
	check_eq(policy_of(bound), MPOL_DEFAULT);
	check_eq(bound[0], 'b');
}

static void arrange(void)
{
	int fd = tmp_file("file", PAGE, 1, O_RDWR);

	if (set(MPOL_PREFERRED, 1))
		skip("no NUMA policies: %s", strerror(errno));
	bound = map_anon(2 * PAGE, PROT_READ | PROT_WRITE, 0);
	bound[0] = 'b';
	bind_to(bound, MPOL_BIND, 1);
	file = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	bind_to(file, MPOL_LOCAL, 0);
	shared = map_anon(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	bind_to(shared, MPOL_INTERLEAVE, 1);
	areas = map_anon(2 * MANY * PAGE, PROT_READ, 0);
	for (size_t i = 0; i < MANY; i++)
		must(mprotect(areas + 2 * i * PAGE, PAGE, PROT_NONE));
	bind_to(areas + 2 * (MANY - 7) * PAGE, MPOL_BIND, 1);
	thread = task_thread(set_own, check_own, NULL);
	child = task_child(arrange_child, check_child, NULL);
}

static void verify(void)
{
	check_eq(policy_of(NULL), MPOL_PREFERRED | 1ul << 32);
	check_eq(policy_of(bound), MPOL_BIND | 1ul << 32);
	check_eq(policy_of(bound + PAGE), MPOL_DEFAULT);
	check_eq(policy_of(file), MPOL_LOCAL);
	check_eq(policy_of(shared), MPOL_INTERLEAVE | 1ul << 32);
	for (size_t i = 0; i < MANY; i++)
		check_eq(policy_of(areas + 2 * i * PAGE), i == MANY - 7 ? MPOL_BIND | 1ul << 32 : 0);
	task_join(thread);
	task_join(child);
}

CRTEST(.about = "NUMA policies", .ids = "MEM-3", .arrange = arrange, .verify = verify)
