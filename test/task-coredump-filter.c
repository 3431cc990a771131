// SPDX-License-Identifier: GPL-2.0-only
/* Which memory goes into a core dump, and the nice value of a session's scheduling group. */
#include "test/crtest.h"

static struct task *child, *leader;
static bool *grouped;

static void write_file(const char *path, const char *text)
{
	int fd = must(open(path, O_WRONLY));

	must(write(fd, text, strlen(text)));
	close(fd);
}

static void check_file(const char *path, const char *end)
{
	char text[64] = "";
	size_t n = read_file(path, text, sizeof(text) - 1);

	check(n >= strlen(end));
	check_str(text + n - strlen(end), end);
}

static void set_filter(void *arg)
{
	write_file("/proc/self/coredump_filter", "0x7f");
}

static void same_filter(void *arg)
{
	check_file("/proc/self/coredump_filter", "0000007f\n");
}

static void set_group(void *arg)
{
	must(setsid());
	if (access("/proc/self/autogroup", W_OK))
		return;
	write_file("/proc/self/autogroup", "7");
	*grouped = true;
}

static void same_group(void *arg)
{
	if (*grouped)
		check_file("/proc/self/autogroup", "nice 7\n");
}

static void arrange(void)
{
	grouped = shared_alloc(sizeof(*grouped));
	write_file("/proc/self/coredump_filter", "0x11");
	child = task_child(set_filter, same_filter, NULL);
	leader = task_child(set_group, same_group, NULL);
}

static void verify(void)
{
	check_file("/proc/self/coredump_filter", "00000011\n");
	if (*grouped)
		check_file("/proc/self/autogroup", "nice 0\n");
	task_join(child);
	task_join(leader);
}

CRTEST(.about = "coredump_filter, autogroup", .root = true, .arrange = arrange, .verify = verify)
