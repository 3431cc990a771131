// SPDX-License-Identifier: GPL-2.0-only
/* The surroundings that the runner promises are there, and the tree is still in them after the restore. */
#include <ifaddrs.h>
#include <net/if.h>

#include "test/crtest.h"

static const char *const kinds[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "time_for_children", "user", "uts" };

#define KINDS (sizeof(kinds) / sizeof(*kinds))

static char before[KINDS][64], offsets[256];

static void look(char ns[KINDS][64])
{
	char path[64];
	ssize_t n;

	for (size_t i = 0; i < KINDS; i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		n = readlink(path, ns[i], sizeof(ns[i]) - 1);
		ns[i][n > 0 ? n : 0] = '\0'; /* some kernels lack some */
	}
}

static void look_at_clocks(char *text, size_t size)
{
	text[read_file("/proc/self/timens_offsets", text, size - 1)] = '\0';
}

static bool loopback_is_up(void)
{
	struct ifaddrs *list, *i;
	bool up = false;

	must(getifaddrs(&list));
	for (i = list; i; i = i->ifa_next)
		up |= !strcmp(i->ifa_name, "lo") && i->ifa_flags & IFF_UP;
	freeifaddrs(list);
	return up;
}

static int mounts_like(const char *what)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[1024];
	int n = 0;

	if (!f)
		crtest_broken(__FILE__, __LINE__, "/proc/self/mountinfo");
	while (fgets(line, sizeof(line), f))
		n += strstr(line, what) != NULL;
	fclose(f);
	return n;
}

static void arrange(void)
{
	int monotonic = 0, boottime = 0;

	look(before);
	look_at_clocks(offsets, sizeof(offsets));
	must(sscanf(offsets, "monotonic %d 0 boottime %d 0", &monotonic, &boottime));
	if (monotonic || boottime) { /* the flavour ns-tool */
		check_eq(monotonic, 110 * 24 * 3600);
		check_eq(boottime, 40 * 24 * 3600);
	}
	check_in(getpid(), 2, 20);
	check(loopback_is_up());
	check(mounts_like(" / /proc "));
	check(mounts_like(" / /dev/pts "));
	check_eq(mounts_like(" shared:"), 0);
}

static void verify(void)
{
	char now[KINDS][64] = { 0 }, text[256];

	look(now);
	for (size_t i = 0; i < KINDS; i++)
		check_str(now[i], before[i]);
	look_at_clocks(text, sizeof(text));
	check_str(text, offsets);
	check(loopback_is_up());
}

CRTEST(.about = "namespaces of the tools", .ids = "G-8 G-9", .arrange = arrange, .verify = verify)
