// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors of /proc/self/ns lead to the namespaces that the task is in. */
#include "test/crtest.h"

static const char *const names[] = { "net", "mnt", "ipc", "uts", "user", "cgroup", "pid", "time" };
#define NR (int)(sizeof(names) / sizeof(*names))

static int fds[NR];

static void read_link(const char *path, char buf[64])
{
	buf[must(readlink(path, buf, 63))] = '\0';
}

static void arrange(void)
{
	char path[64];

	for (int i = 0; i < NR; i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		fds[i] = must(open(path, O_RDONLY));
	}
}

static void verify(void)
{
	char path[64], open_link[64], link[64];

	for (int i = 0; i < NR; i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		read_link(path, link);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[i]);
		read_link(path, open_link);
		check_str(open_link, link);
	}
}

CRTEST(.about = "descriptors of namespaces", .ids = "FS-30", .arrange = arrange, .verify = verify)
