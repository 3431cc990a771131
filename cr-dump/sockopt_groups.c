// SPDX-License-Identifier: GPL-2.0-only
/*
 * Multicast groups. No interface lists those of a socket, but /proc/net lists all that anybody has joined, and a socket tells of
 * each whether it is a member, and with which sources (MCAST_MSFILTER).
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cr-dump/files.h"

#define SOURCES_MAX 64

struct group {
	int family;
	struct group_req req;
};

struct groups {
	struct group *list;
	size_t nr;
};

/* What the kernel joins by itself on every device has one user then. */
static bool is_kernels(const struct in6_addr *a, unsigned int users)
{
	return users == 1 && (a->s6_addr[1] == 1 || a->s6_addr[1] == 2) && a->s6_addr[15] == 1 &&
	       !memcmp(a->s6_addr + 2, "\0\0\0\0\0\0\0\0\0\0\0\0", 13);
}

static void add(struct dump_ctx *ctx, struct groups *g, int family, unsigned int device, const void *addr)
{
	struct group *new = POOL_PUSH(&ctx->pool, g->list, g->nr);

	*new = (struct group){ .family = family, .req.gr_interface = device };
	if (family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)&new->req.gr_group;

		in->sin_family = AF_INET;
		memcpy(&in->sin_addr, addr, sizeof(in->sin_addr));
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&new->req.gr_group;

		in6->sin6_family = AF_INET6;
		memcpy(&in6->sin6_addr, addr, sizeof(in6->sin6_addr));
	}
}

/* "1\tlo        :     1      V3", and below it "\t\t\t\t010000E0     1 0:00000000\t\t0". */
static void read_igmp(struct dump_ctx *ctx, struct groups *g)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/net/igmp", "re");
	unsigned int device = 0, addr, users;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (*line >= '0' && *line <= '9')
			device = strtoul(line, NULL, 10);
		else if (sscanf(line, " %8x %u", &addr, &users) == 2 && (addr != htonl(0xe0000001) || users > 1))
			add(ctx, g, AF_INET, device, &addr);
	}
}

/* "4    eth0            ff020000000000000000000000000001     1 0000000C 0". */
static void read_igmp6(struct dump_ctx *ctx, struct groups *g)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/net/igmp6", "re");
	unsigned int device, users;
	struct in6_addr addr;
	char line[256], hex[33];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%u %*s %32s %u", &device, hex, &users) != 3 || strlen(hex) != 32)
			continue;
		for (int i = 0; i < 16; i++) {
			unsigned int byte = 0;

			sscanf(hex + 2 * i, "%2x", &byte);
			addr.s6_addr[i] = byte;
		}
		if (!is_kernels(&addr, users))
			add(ctx, g, AF_INET6, device, &addr);
	}
}

static const struct groups *all_groups(struct dump_ctx *ctx)
{
	struct files *fs = files_of(ctx);

	if (!fs->groups) {
		fs->groups = pool_alloc(&ctx->pool, sizeof(*fs->groups));
		read_igmp(ctx, fs->groups);
		read_igmp6(ctx, fs->groups);
	}
	return fs->groups;
}

static int save_group(struct dump_ctx *ctx, int fd, const struct group *g, SkOptsEntry *o, struct err *e)
{
	int level = g->family == AF_INET ? SOL_IP : SOL_IPV6;
	_Alignas(struct group_filter) char buf[GROUP_FILTER_SIZE(SOURCES_MAX)] = { 0 };
	struct group_filter *filter = (struct group_filter *)buf;
	socklen_t len = sizeof(buf);

	filter->gf_interface = g->req.gr_interface;
	filter->gf_group = g->req.gr_group;
	filter->gf_numsrc = SOURCES_MAX;
	if (getsockopt(fd, level, MCAST_MSFILTER, filter, &len))
		return errno == EADDRNOTAVAIL || errno == EINVAL || errno == ENOPROTOOPT ?
			       0 :
			       err_set(e, errno, "cannot tell which multicast groups it is in");
	if (filter->gf_numsrc > SOURCES_MAX)
		return err_set(e, 0, "it is in a multicast group with %u sources", filter->gf_numsrc);
	sockopt_add(ctx, o, level, MCAST_JOIN_GROUP, &g->req, sizeof(g->req));
	if (filter->gf_numsrc || filter->gf_fmode != MCAST_EXCLUDE)
		sockopt_add(ctx, o, level, MCAST_MSFILTER, filter, GROUP_FILTER_SIZE(filter->gf_numsrc));
	return 0;
}

int sockopt_save_groups(struct dump_ctx *ctx, int fd, int family, SkOptsEntry *o, struct err *e)
{
	const struct groups *all = all_groups(ctx);

	/* A socket of IPv6 can be in groups of IPv4 as well. */
	for (size_t i = 0; i < all->nr; i++)
		if ((all->list[i].family == family || family == AF_INET6) && save_group(ctx, fd, &all->list[i], o, e))
			return -1;
	return 0;
}
