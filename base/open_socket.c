// SPDX-License-Identifier: LGPL-2.1-only
/* Sockets that not everybody may make: see open_socket.h. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/open_socket.h"

/* The first group that may make ping sockets in this network namespace; -1 when none may. */
static long ping_group(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/sys/net/ipv4/ping_group_range", "re");
	unsigned int low, high;

	return f && fscanf(f, "%u %u", &low, &high) == 2 && low <= high ? (long)low : -1;
}

/* By system calls, not by the library's functions: only this thread changes. A change of ids resets two attributes, too. */
static int open_as_group(int family, int type, int proto, long group)
{
	gid_t own = getegid();
	int fd, saved, dies_by = 0, dumpable = prctl(PR_GET_DUMPABLE);

	prctl(PR_GET_PDEATHSIG, &dies_by);
	if (syscall(SYS_setresgid, -1, group, -1))
		return -1;
	fd = socket(family, type | SOCK_CLOEXEC, proto);
	saved = errno;
	syscall(SYS_setresgid, -1, own, -1);
	prctl(PR_SET_PDEATHSIG, dies_by);
	if (dumpable == 1)
		prctl(PR_SET_DUMPABLE, 1);
	errno = saved;
	return fd;
}

int open_socket(int family, int type, int proto)
{
	int fd = socket(family, type | SOCK_CLOEXEC, proto);
	long group;

	if (fd >= 0 || errno != EACCES || (proto != IPPROTO_ICMP && proto != IPPROTO_ICMPV6))
		return fd;
	group = ping_group();
	if (group >= 0)
		fd = open_as_group(family, type, proto, group);
	if (fd < 0)
		errno = EACCES;
	return fd;
}
