// SPDX-License-Identifier: GPL-2.0-only
/* Labels of SELinux: see crtest-selinux.h. */
#include <sys/socket.h>
#include <sys/xattr.h>

#include "test/crtest-selinux.h"

#define LOAD                                                                    \
	"/usr/bin/checkpolicy -U allow -o policy /mnt/src/test/selinux.conf &&" \
	"cat policy >/sys/fs/selinux/load && rm policy && echo 1 >/sys/fs/selinux/enforce"

static int open_attr(const char *name, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/thread-self/attr/%s", name);
	return open(path, flags);
}

static void read_attr(const char *name, char *label, size_t size)
{
	int fd = must(open_attr(name, O_RDONLY));

	memset(label, 0, size);
	must(read(fd, label, size - 1));
	close(fd);
}

void selinux_need(void)
{
	char label[256] = "", c;
	int fd = open_attr("sockcreate", O_RDONLY);

	if (fd < 0 || read(fd, &c, 1) < 0)
		skip("no SELinux");
	close(fd);
	read_attr("current", label, sizeof(label));
	if (!strcmp(label, "kernel")) {
		if (access("/usr/bin/checkpolicy", X_OK))
			skip("no checkpolicy");
		if (system(LOAD))
			crtest_broken(__FILE__, __LINE__, "cannot load test/selinux.conf");
		read_attr("current", label, sizeof(label));
	}
	if (strcmp(label, OURS))
		skip("a policy of SELinux that is not the tests'");
}

void check_attr(const char *name, const char *label)
{
	char now[256];

	read_attr(name, now, sizeof(now));
	check_str(now, label);
}

void set_attr(const char *name, const char *label)
{
	int fd = must(open_attr(name, O_WRONLY));

	must(write(fd, label, strlen(label)));
	close(fd);
	check_attr(name, strcmp(label, "\n") ? label : "");
}

void check_label(int fd, const char *label)
{
	char now[256] = "";

	must(fgetxattr(fd, "security.selinux", now, sizeof(now) - 1));
	check_str(now, label);
}

void check_peer_label(int fd, const char *label)
{
	char now[256] = "";
	socklen_t len = sizeof(now) - 1;

	must(getsockopt(fd, SOL_SOCKET, SO_PEERSEC, now, &len));
	check_str(now, label);
}
