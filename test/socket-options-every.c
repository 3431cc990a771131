// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every option of IP and unix sockets that the kernel lets one set to something else and read back, whatever it means: it is the same
 * afterwards. They are found by trying all numbers, each on a socket of its own.
 */
#include <netinet/in.h>
#include <sys/socket.h>

#include "test/crtest.h"

#define NUMBERS 128
#define BYTES	64
#define MAX	1600

static const struct {
	int family, type, proto;
} sorts[] = {
	{ AF_INET, SOCK_STREAM, 0 }, { AF_INET6, SOCK_STREAM, 0 }, { AF_INET, SOCK_DGRAM, 0 },
	{ AF_INET6, SOCK_DGRAM, 0 }, { AF_INET, SOCK_DGRAM, 136 }, { AF_INET6, SOCK_DGRAM, 136 }, /* UDP-Lite */
	{ AF_INET, SOCK_RAW, 200 },  { AF_INET6, SOCK_RAW, 200 },  { AF_INET, SOCK_RAW, 255 },
	{ AF_INET6, SOCK_RAW, 255 }, { AF_INET, SOCK_RAW, 1 },	   { AF_INET6, SOCK_RAW, 58 }, /* ICMP */
	{ AF_INET, SOCK_DGRAM, 1 },  { AF_INET6, SOCK_DGRAM, 58 },			       /* ping */
	{ AF_UNIX, SOCK_STREAM, 0 }, { AF_UNIX, SOCK_DGRAM, 0 },   { AF_UNIX, SOCK_SEQPACKET, 0 },
};

static const int levels[] = { SOL_SOCKET, 0, 41, 6, 17, 136, 255, 58 };

#define SORTS  (sizeof(sorts) / sizeof(*sorts))
#define LEVELS (sizeof(levels) / sizeof(*levels))

struct value {
	socklen_t len;
	char bytes[BYTES];
};

static struct option {
	size_t sort;
	int level, name, fd;
	struct value value;
} options[MAX];

static size_t nr;

static bool read_it(int fd, int level, int name, struct value *v)
{
	*v = (struct value){ .len = BYTES };
	return !getsockopt(fd, level, name, v->bytes, &v->len);
}

static bool same(const struct value *a, const struct value *b)
{
	return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

/* What a program in the middle of a checkpoint of its own would set (TCP_REPAIR and the like) is not meant. */
static bool is_for_repair(int level, int name)
{
	return level == 6 && (name == 19 || name == 20 || name == 21 || name == 22 || name == 29);
}

/* A new socket with the option as it is not by itself; -1 when nothing that is tried does that. */
static int changed(size_t sort, int level, int name, struct value *v)
{
	static const int tries[] = { 1, 0, 2, 3, 5, 50, 8192, 1000000, -1 };
	int fd = must(socket(sorts[sort].family, sorts[sort].type, sorts[sort].proto));
	struct value first;

	must(read_it(fd, level, name, &first) ? 0 : -1);
	for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++)
		if (!setsockopt(fd, level, name, &tries[i], sizeof(int)) && read_it(fd, level, name, v) &&
		    !same(v, &first))
			return fd;
	close(fd);
	return -1;
}

static void find_options(size_t sort, int level, int probe)
{
	for (int name = 1; name < NUMBERS; name++) {
		struct option *o = &options[nr];
		struct value v;

		if (is_for_repair(level, name) || !read_it(probe, level, name, &v))
			continue;
		*o = (struct option){ .sort = sort, .level = level, .name = name };
		o->fd = changed(sort, level, name, &o->value);
		if (o->fd >= 0 && ++nr == MAX)
			crtest_broken(__FILE__, __LINE__, "too many options");
	}
}

static void arrange(void)
{
	int range = must(open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY));

	must(write(range, "0 2147483647", 12));
	close(range);
	for (size_t i = 0; i < SORTS; i++) {
		int probe = socket(sorts[i].family, sorts[i].type, sorts[i].proto);

		if (probe < 0)
			continue;
		for (size_t j = 0; j < LEVELS; j++)
			find_options(i, levels[j], probe);
		close(probe);
	}
	if (nr < 500)
		crtest_broken(__FILE__, __LINE__, "few options are found");
}

static void verify(void)
{
	size_t lost = 0;

	for (size_t i = 0; i < nr; i++) {
		const struct option *o = &options[i];
		struct value v;

		if (read_it(o->fd, o->level, o->name, &v) && same(&v, &o->value))
			continue;
		printf("family %d type %d protocol %d: option %d of level %d is lost: %d, not %d\n",
		       sorts[o->sort].family, sorts[o->sort].type, sorts[o->sort].proto, o->name, o->level,
		       *(int *)v.bytes, *(const int *)o->value.bytes);
		lost++;
	}
	fflush(stdout);
	check_eq(lost, 0);
}

CRTEST(.about = "every option of sockets", .ids = "SO-1 SO-2 SO-3 SO-4 SO-5 SO-7 IN-28", .arrange = arrange,
       .verify = verify, .root = true)
