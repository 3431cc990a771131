// SPDX-License-Identifier: GPL-2.0-only
/* Anonymous mappings of huge pages, shared and private, and what fork makes of them. */
#include "test/crtest.h"

#define HUGE (2ul << 20)
#define LEN  (2 * HUGE)

static char *private, *rewritten, *shared, *hole;
static char before[4][64];
static struct task *child;

/* Device number and permissions of the mapping that begins at addr. */
static void facts_of(const void *addr, char *buf, size_t size)
{
	char line[512], start[32], perms[8], dev[16];
	FILE *f = must(fopen("/proc/self/maps", "r") ?: (FILE *)-1);

	snprintf(start, sizeof(start), "%lx-", (unsigned long)addr);
	buf[0] = '\0';
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, start, strlen(start)) && sscanf(line, "%*s %7s %*s %15s", perms, dev) == 2)
			snprintf(buf, size, "%s %s", perms, dev);
	fclose(f);
	if (!*buf)
		crtest_broken(__FILE__, __LINE__, "no such mapping");
}

static void rewrite(void *arg)
{
	rewritten[0] = 'c';
	shared[1] = 's';
}

static void look(void *arg)
{
	check_eq(private[0], 'p');
	check_eq(private[LEN - 1], 'P');
	check_eq(rewritten[0], 'c');
	check_eq(rewritten[1], 'r');
	shared[2] = 't';
}

static char *huge(int flags)
{
	char *p = mmap(NULL, LEN, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS | MAP_HUGETLB | 21 << 26, -1, 0);

	if (p == MAP_FAILED)
		skip("no huge pages: %s", strerror(errno));
	return p;
}

static void arrange(void)
{
	private = huge(MAP_PRIVATE);
	rewritten = huge(MAP_PRIVATE);
	shared = huge(MAP_SHARED);
	hole = huge(MAP_PRIVATE | MAP_NORESERVE);
	private[0] = 'p';
	private[LEN - 1] = 'P';
	rewritten[1] = 'r';
	shared[0] = shared[LEN - 1] = 'S';
	child = task_child(rewrite, look, NULL);
	facts_of(private, before[0], sizeof(before[0]));
	facts_of(rewritten, before[1], sizeof(before[1]));
	facts_of(shared, before[2], sizeof(before[2]));
	facts_of(hole, before[3], sizeof(before[3]));
}

static void verify(void)
{
	char *const maps[] = { private, rewritten, shared, hole };
	char now[64];

	for (int i = 0; i < 4; i++) {
		facts_of(maps[i], now, sizeof(now));
		check_str(now, before[i]);
		check(strstr(vm_flags(maps[i]), " ht"));
	}
	check(strstr(vm_flags(hole), " nr"));
	check_eq(private[0], 'p');
	check_eq(private[LEN - 1], 'P');
	check_eq(rewritten[0], 0);
	check_eq(rewritten[1], 'r');
	check_eq(shared[0], 'S');
	check_eq(shared[1], 's');
	check_eq(shared[LEN - 1], 'S');
	task_join(child);
	check_eq(shared[2], 't');
}

CRTEST(.about = "huge pages", .ids = "MEM-8 MEM-9", .solo = true, .arrange = arrange, .verify = verify)
