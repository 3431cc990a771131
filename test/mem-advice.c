// SPDX-License-Identifier: GPL-2.0-only
/* Attributes that VmFlags of smaps shows: madvise, mlock, MAP_NORESERVE. */
#include "test/crtest.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif

#define LEN (4 * PAGE)

static const struct {
	int flags;
	int advice[2]; /* 0: none (MADV_NORMAL is 0, too) */
} kinds[] = {
	{ 0, { MADV_DONTFORK } },
	{ MAP_LOCKED, { MADV_SEQUENTIAL } },
	{ MAP_NORESERVE, { MADV_DONTDUMP } },
	{ 0, { MADV_HUGEPAGE } },
	{ 0, { MADV_NOHUGEPAGE } },
	{ 0, { MADV_MERGEABLE } },
	{ 0, { MADV_WIPEONFORK } },
	{ 0, { MADV_RANDOM, MADV_DONTFORK } },
	{ MAP_SHARED, { MADV_DONTFORK, MADV_DONTDUMP } },
	{ MAP_DROPPABLE, { 0 } },
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

static char *maps[KINDS];
static char flags[KINDS][256];

static void arrange(void)
{
	for (size_t i = 0; i < KINDS; i++) {
		/* Guard pages between them keep the kernel from merging neighbours. */
		char *room = map_anon(LEN + 2 * PAGE, PROT_NONE, 0);
		int sharing = kinds[i].flags & (MAP_SHARED | MAP_DROPPABLE) ? 0 : MAP_PRIVATE;

		maps[i] = mmap(room + PAGE, LEN, PROT_READ | PROT_WRITE,
			       kinds[i].flags | sharing | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		if (maps[i] == MAP_FAILED) {
			maps[i] = NULL; /* MAP_DROPPABLE: Linux 6.11 */
			continue;
		}
		for (int a = 0; a < 2; a++)
			if (kinds[i].advice[a] && madvise(maps[i], LEN, kinds[i].advice[a]))
				check_eq(errno, EINVAL); /* this kernel lacks it */
		if (!(kinds[i].flags & MAP_DROPPABLE))
			fill_random(maps[i], LEN, i + 1);
		snprintf(flags[i], sizeof(flags[i]), "%s", vm_flags(maps[i]));
	}
}

/* "sd" (soft-dirty) comes and goes. */
static void same_flags(const char *now, const char *then)
{
	char a[256], b[256], *p;

	snprintf(a, sizeof(a), "%s", now);
	snprintf(b, sizeof(b), "%s", then);
	if ((p = strstr(a, " sd")))
		memmove(p, p + 3, strlen(p + 3) + 1);
	if ((p = strstr(b, " sd")))
		memmove(p, p + 3, strlen(p + 3) + 1);
	check_str(a, b);
}

static void verify(void)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (!maps[i])
			continue;
		same_flags(vm_flags(maps[i]), flags[i]);
		if (!(kinds[i].flags & MAP_DROPPABLE))
			check_random(maps[i], LEN, i + 1);
	}
}

CRTEST(.about = "advice and locks on memory", .ids = "MEM-3", .arrange = arrange, .verify = verify)
