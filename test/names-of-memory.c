// SPDX-License-Identifier: GPL-2.0-only
/* Names of anonymous memory (PR_SET_VMA_ANON_NAME), private and shared. */
#include "test/crtest.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA	     0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

static char *maps[2];

static void arrange(void)
{
	for (int i = 0; i < 2; i++) {
		char *room = map_anon(4 * PAGE, PROT_NONE, 0);

		maps[i] = must(mmap(room + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
				    MAP_FIXED | MAP_ANONYMOUS | (i ? MAP_SHARED : MAP_PRIVATE), -1, 0));
		maps[i][0] = 'x';
	}
	if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, maps[0], 2 * PAGE, "named"))
		skip("this kernel has no names of memory: %s", strerror(errno));
	for (int i = 0; i < 2; i++) /* shared memory has them since Linux 6.2 */
		prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, maps[i], 2 * PAGE, i ? "shared" : "private");
}

static void verify(void)
{
	static char text[1 << 16];
	char line[128];

	text[read_file("/proc/self/maps", text, sizeof(text) - 1)] = '\0';
	snprintf(line, sizeof(line), "%lx-", (long)maps[0]);
	check(strstr(text, line));
	check(strstr(strstr(text, line), "[anon:private]"));
	check_eq(maps[0][0], 'x');
	check_eq(maps[1][0], 'x');
}

/* The runner compares maps before and after, with the names. */
CRTEST(.about = "names of memory", .arrange = arrange, .verify = verify)
