/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random walks through the states of unix sockets. A group is a few sockets of one type; a walk is a series of operations on it. What a
 * state must be like is not written down anywhere: the same walk is done once more with new sockets, and from there on both are
 * asked the same. CR_SEED=n for other walks, CR_STATES=n for more of them.
 */
#ifndef CRTEST_WALK_H
#define CRTEST_WALK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "test/crtest-unix.h"

#define SLOTS	  6
#define NAMES	  3 /* the last one is abstract */
#define STEPS	  16
#define MORE	  40 /* steps after the restore */
#define STATE_MAX 4000

enum op { SOCKET, PAIR, BIND, UNLINK, LISTEN, CONNECT, ACCEPT, SEND, SENDTO, RECV, SHUT, CLOSE, OPS };

struct step {
	uint8_t op, a, b;
};

struct group {
	int type, number;
	char prefix; /* in its names: two groups that are to be the same have different ones */
	int fds[SLOTS], owner[NAMES], said;
	bool unnamed[SLOTS]; /* it has sent something without a name */
	struct {
		int listener, client;
		bool bad; /* it cannot be saved: closed, or has sent something */
	} pending[SLOTS];
	int nr_pending;
};

struct state {
	int type, nr;
	struct step steps[STEPS];
};

static inline uint32_t walk_random(uint32_t limit)
{
	return random_below(limit, 28);
}

static inline size_t walk_count(size_t usual)
{
	const char *n = getenv("CR_STATES");
	size_t nr = n ? strtoul(n, NULL, 10) : usual;
	struct rlimit r;

	must(getrlimit(RLIMIT_NOFILE, &r));
	r.rlim_cur = r.rlim_max;
	must(setrlimit(RLIMIT_NOFILE, &r));
	return nr < STATE_MAX ? nr : STATE_MAX;
}

static inline void group_init(struct group *g, int type, int number, char prefix)
{
	*g = (struct group){ .type = type, .number = number, .prefix = prefix };
	memset(g->fds, -1, sizeof(g->fds));
	memset(g->owner, -1, sizeof(g->owner));
}

static inline const char *group_name(const struct group *g, int name)
{
	static char text[32];

	snprintf(text, sizeof(text), "%s%cwalk.%d.%d", name == NAMES - 1 ? "@" : "", g->prefix, g->number, name);
	return text;
}

static inline void group_end(struct group *g)
{
	for (int i = 0; i < SLOTS; i++)
		if (g->fds[i] >= 0)
			close(g->fds[i]);
	for (int i = 0; i < NAMES - 1; i++)
		unlink(group_name(g, i));
}

/* --- bookkeeping: which states are refused ------------------------------------------------------------------- */

static inline void forget_pending(struct group *g, int i)
{
	memmove(&g->pending[i], &g->pending[i + 1], (--g->nr_pending - i) * sizeof(*g->pending));
}

static inline void note_closed(struct group *g, int slot)
{
	for (int i = 0; i < g->nr_pending; i++)
		if (g->pending[i].client == slot) {
			g->pending[i].client = -1;
			g->pending[i].bad = true;
		} else if (g->pending[i].listener == slot) {
			forget_pending(g, i--);
		}
	for (int i = 0; i < NAMES; i++)
		if (g->owner[i] == slot)
			g->owner[i] = -1;
}

static inline void note_accepted(struct group *g, int listener)
{
	for (int i = 0; i < g->nr_pending; i++)
		if (g->pending[i].listener == listener) {
			forget_pending(g, i);
			return;
		}
}

static inline bool is_listening(int fd)
{
	int listens = 0;
	socklen_t len = sizeof(listens);

	must(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len));
	return listens;
}

/* A closed socket that had the abstract name: no socket that is there is connected to it by its inode number. */
static inline bool peer_is_closed(const struct group *g, int fd)
{
	struct sockaddr_un a;
	socklen_t len = sizeof(a);
	struct stat st;
	struct {
		struct nlmsghdr h;
		struct unix_diag_req req;
	} m = { { sizeof(m), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 1, 0 },
		{ .sdiag_family = AF_UNIX, .udiag_states = ~0u } };
	char b[1024];
	struct nlmsghdr *h = (void *)b;
	struct rtattr *at = (void *)(b + NLMSG_SPACE(sizeof(struct unix_diag_msg)));
	bool closed = false;
	int diag, left;

	if (getpeername(fd, (void *)&a, &len) || len == sizeof(sa_family_t) || a.sun_path[0])
		return false;
	must(fstat(fd, &st));
	m.req.udiag_ino = st.st_ino;
	m.req.udiag_show = UDIAG_SHOW_PEER;
	m.req.udiag_cookie[0] = m.req.udiag_cookie[1] = ~0u;
	diag = must(socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG));
	must(send(diag, &m, sizeof(m), 0));
	must(recv(diag, b, sizeof(b), 0));
	for (left = NLMSG_PAYLOAD(h, sizeof(struct unix_diag_msg)); RTA_OK(at, left); at = RTA_NEXT(at, left))
		if (at->rta_type == UNIX_DIAG_PEER)
			closed = !*(uint32_t *)RTA_DATA(at);
	close(diag);
	return closed;
}

/* How many reasons there are to refuse it. */
static inline int group_refusals(const struct group *g)
{
	int nr = 0;

	for (int i = 0; i < g->nr_pending; i++)
		nr += g->pending[i].bad;
	/* An error that cannot be told without taking it away, or that hides what came before it. */
	for (int i = 0; i < SLOTS && g->type != SOCK_STREAM; i++) {
		struct pollfd p = { g->fds[i], 0, 0 };
		int unread = 0;

		if (p.fd < 0 || poll(&p, 1, 0) != 1 || !(p.revents & POLLERR))
			continue;
		must(ioctl(p.fd, FIONREAD, &unread));
		nr += g->type == SOCK_DGRAM || unread;
	}
	for (int i = 0, at = g->owner[NAMES - 1]; i < SLOTS && at >= 0; i++)
		nr += g->fds[i] >= 0 && !is_listening(g->fds[at]) && peer_is_closed(g, g->fds[i]);
	return nr;
}

/* --- operations ---------------------------------------------------------------------------------------------- */

struct outcome {
	long ret;
	int errnum;
	char text[128]; /* what was received, and from whom */
};

static inline int free_slot(const struct group *g)
{
	for (int i = 0; i < SLOTS; i++)
		if (g->fds[i] < 0)
			return i;
	return -1;
}

static inline long do_connection(struct group *g, struct step s)
{
	struct sockaddr_un a;
	socklen_t len = unix_name(group_name(g, s.b), &a);
	long ret = connect(g->fds[s.a], (void *)&a, len);

	if (!ret && g->type != SOCK_DGRAM) {
		g->pending[g->nr_pending].listener = g->owner[s.b];
		g->pending[g->nr_pending].client = s.a;
		g->pending[g->nr_pending++].bad = false;
	}
	return ret;
}

static inline long do_accept(struct group *g, int slot)
{
	int to = free_slot(g), fd;

	if (to < 0)
		return -2;
	fd = accept4(g->fds[slot], NULL, NULL, SOCK_NONBLOCK);
	if (fd < 0)
		return -1;
	g->fds[to] = fd;
	note_accepted(g, slot);
	return 0;
}

static inline long do_send(struct group *g, struct step s)
{
	struct sockaddr_un a;
	socklen_t len = unix_name(group_name(g, s.b), &a);
	char text[16];
	int n = snprintf(text, sizeof(text), "m%d.", ++g->said);
	long ret;

	struct sockaddr_un own;
	socklen_t own_len = sizeof(own);

	if (!getsockname(g->fds[s.a], (void *)&own, &own_len) && own_len == sizeof(sa_family_t))
		g->unnamed[s.a] = true;
	if (s.op == SENDTO)
		return sendto(g->fds[s.a], text, n, MSG_NOSIGNAL, (void *)&a, len);
	ret = send(g->fds[s.a], text, n, MSG_NOSIGNAL);
	for (int i = 0; ret > 0 && i < g->nr_pending; i++)
		if (g->pending[i].client == s.a)
			g->pending[i].bad = true;
	return ret;
}

/* The letter by which names of two groups differ is left out. */
static inline void without_prefix(const struct group *g, char *text)
{
	char mark[8], *at;

	snprintf(mark, sizeof(mark), "%cwalk", g->prefix);
	at = strstr(text, mark);
	if (at)
		*at = '_';
}

static inline long do_recv(struct group *g, int slot, char *text)
{
	struct sockaddr_un a;
	socklen_t len = sizeof(a);
	char b[64];
	long n = recvfrom(g->fds[slot], b, sizeof(b), 0, (void *)&a, &len);

	if (n >= 0)
		snprintf(text, 128, "%.*s from \"%s\"", (int)n, b,
			 g->type == SOCK_DGRAM && len > sizeof(sa_family_t) ? unix_text(&a, len) : "");
	without_prefix(g, text);
	return n;
}

static inline long do_make(struct group *g, struct step s)
{
	int slot = free_slot(g), pair[2];
	struct sockaddr_un a;
	socklen_t len;

	switch (s.op) {
	case SOCKET:
		if (slot < 0)
			return -2;
		g->fds[slot] = must(socket(AF_UNIX, g->type | SOCK_NONBLOCK, 0));
		return slot;
	case PAIR:
		if (slot < 0 || socketpair(AF_UNIX, g->type | SOCK_NONBLOCK, 0, pair))
			return -2;
		g->fds[slot] = pair[0];
		if (free_slot(g) >= 0) {
			g->fds[free_slot(g)] = pair[1];
			return slot;
		}
		g->fds[slot] = -1;
		close(pair[0]);
		close(pair[1]);
		return -2;
	default:
		/* The name that a sender has when its message is read counts, and nobody can tell who sent a nameless one. */
		if (g->type == SOCK_DGRAM && g->unnamed[s.a])
			return -2;
		len = unix_name(group_name(g, s.b), &a);
		/* Many names to one socket file would be another test. */
		if (s.b < NAMES - 1)
			len = sizeof(sa_family_t) + strlen(a.sun_path) + 1;
		if (bind(g->fds[s.a], (void *)&a, len))
			return -1;
		g->owner[s.b] = s.a;
		return 0;
	}
}

static inline long do_end(struct group *g, struct step s)
{
	long ret;

	switch (s.op) {
	case UNLINK:
		ret = unlink(group_name(g, s.b));
		if (!ret)
			g->owner[s.b] = -1;
		return ret;
	case SHUT:
		return shutdown(g->fds[s.a], s.b % 3);
	default:
		ret = close(g->fds[s.a]);
		g->fds[s.a] = -1;
		g->unnamed[s.a] = false;
		note_closed(g, s.a);
		return ret;
	}
}

static inline struct outcome group_do(struct group *g, struct step s)
{
	struct outcome o = { .ret = -3 };

	errno = 0;
	if (s.op != SOCKET && s.op != PAIR && s.op != UNLINK && g->fds[s.a] < 0)
		return o;
	switch (s.op) {
	case SOCKET:
	case PAIR:
	case BIND:
		o.ret = do_make(g, s);
		break;
	case LISTEN:
		o.ret = listen(g->fds[s.a], 2);
		break;
	case CONNECT:
		o.ret = do_connection(g, s);
		break;
	case ACCEPT:
		o.ret = do_accept(g, s.a);
		break;
	case SEND:
	case SENDTO:
		o.ret = do_send(g, s);
		break;
	case RECV:
		o.ret = do_recv(g, s.a, o.text);
		break;
	default:
		o.ret = do_end(g, s);
	}
	o.errnum = o.ret == -1 ? errno : 0;
	return o;
}

static inline struct step random_step(int type)
{
	static const uint8_t stream[] = { SOCKET, SOCKET, SOCKET,  PAIR,    BIND,    BIND,   BIND,
					  LISTEN, LISTEN, CONNECT, CONNECT, CONNECT, ACCEPT, ACCEPT,
					  SEND,	  SEND,	  SEND,	   RECV,    SHUT,    CLOSE,  UNLINK };
	static const uint8_t dgram[] = { SOCKET, SOCKET, SOCKET, PAIR,	 BIND,	 BIND, BIND, CONNECT, CONNECT, SEND,
					 SEND,	 SEND,	 SEND,	 SENDTO, SENDTO, RECV, SHUT, CLOSE,   UNLINK };
	struct step s = { .a = walk_random(SLOTS), .b = walk_random(NAMES) };

	s.op = type == SOCK_DGRAM ? dgram[walk_random(sizeof(dgram))] : stream[walk_random(sizeof(stream))];
	if (s.op == UNLINK)
		s.b %= NAMES - 1;
	return s;
}

/* --- states -------------------------------------------------------------------------------------------------- */

/* What can be seen of a group without changing it. */
static inline void group_look(const struct group *g, char *text, size_t size)
{
	size_t at = 0;

	for (int i = 0; i < SLOTS; i++) {
		struct pollfd p = { g->fds[i], POLLIN | POLLOUT | POLLRDHUP, 0 };
		struct sockaddr_un a;
		socklen_t len = sizeof(a);
		int listens, queued = 0, failed;
		char own[128] = "", peer[128] = "";

		if (p.fd < 0) {
			at += snprintf(text + at, size - at, "%d: none\n", i);
			continue;
		}
		poll(&p, 1, 0);
		listens = is_listening(p.fd);
		if (!listens)
			ioctl(p.fd, FIONREAD, &queued);
		must(getsockname(p.fd, (void *)&a, &len));
		snprintf(own, sizeof(own), "%s", unix_text(&a, len));
		len = sizeof(a);
		failed = getpeername(p.fd, (void *)&a, &len) ? errno : 0;
		snprintf(peer, sizeof(peer), "%s", failed ? strerrorname_np(failed) : unix_text(&a, len));
		without_prefix(g, own);
		without_prefix(g, peer);
		at += snprintf(text + at, size - at, "%d: poll %x%s, %d bytes, \"%s\" to \"%s\"\n", i, p.revents,
			       listens ? ", listens" : "", queued, own, peer);
	}
	for (int i = 0; i < g->nr_pending; i++)
		at += snprintf(text + at, size - at, "%d waits at %d\n", g->pending[i].client, g->pending[i].listener);
}

static inline uint64_t hash_of(const char *text, int type)
{
	uint64_t h = 14695981039346656037ull + type;

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 1099511628211ull;
	return h;
}

/* Was it there before? */
static inline bool seen_before(const char *text, int type)
{
	static uint64_t seen[1 << 20];
	static size_t nr;
	uint64_t h = hash_of(text, type) | 1;
	size_t i = h >> 44;

	for (; seen[i]; i = (i + 1) % (sizeof(seen) / sizeof(*seen)))
		if (seen[i] == h)
			return true;
	seen[i] = h;
	if (++nr > sizeof(seen) / sizeof(*seen) / 2)
		crtest_broken(__FILE__, __LINE__, "find that many states");
	return false;
}

/* Walks until `count` different states are found of those with so many reasons to be refused. */
static inline void find_states(struct state *states, size_t count, int refusals)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	size_t nr = 0;
	char text[4096];

	for (size_t walk = 0; nr < count; walk++) {
		struct state now = { .type = types[walk % 3] };
		struct group g;

		group_init(&g, now.type, 0, 'c');
		while (now.nr < STEPS && nr < count) {
			struct outcome o;

			now.steps[now.nr] = random_step(now.type);
			o = group_do(&g, now.steps[now.nr]);
			/* Other failures change nothing. */
			if (o.ret < 0 && o.errnum != ECONNREFUSED && o.errnum != ECONNRESET)
				continue;
			now.nr++;
			group_look(&g, text, sizeof(text));
			if (seen_before(text, now.type))
				continue;
			/* The simple ones are few; of the others, one in some. */
			if (group_refusals(&g) == refusals && (now.nr < 5 || !walk_random(4)))
				states[nr++] = now;
		}
		group_end(&g);
	}
}

static inline void group_replay(struct group *g, const struct state *s, int number, char prefix)
{
	group_init(g, s->type, number, prefix);
	for (int i = 0; i < s->nr; i++)
		group_do(g, s->steps[i]);
}

static const char *const op_names[] = { "socket", "pair", "bind",   "unlink", "listen",	  "connect",
					"accept", "send", "sendto", "recv",   "shutdown", "close" };

static inline const char *step_text(struct step s, struct outcome o)
{
	static char text[512];

	snprintf(text, sizeof(text), "%s %d %d = %ld (%s)%s%s", op_names[s.op], s.a, s.b, o.ret,
		 o.errnum ? strerrorname_np(o.errnum) : "", *o.text ? ": " : "", o.text);
	return text;
}

static inline void group_fail(const struct state *s, const struct group *g, const char *what, const char *got,
			      const char *want)
{
	char steps[2048];
	size_t at = 0;

	for (int i = 0; i < s->nr; i++)
		at += snprintf(steps + at, sizeof(steps) - at, "%s %d %d; ", op_names[s->steps[i].op], s->steps[i].a,
			       s->steps[i].b);
	crtest_failed(__FILE__, __LINE__, "type %d, number %d, %s\n%s\nrestored:\n%s\nnew:\n%s", s->type, g->number,
		      what, steps, got, want);
}

/* Both are asked the same from now on. */
static inline void group_compare(const struct state *s, struct group *g)
{
	char got[4096], want[4096], last[600] = "at once";
	struct group twin;

	group_replay(&twin, s, g->number, 'b');
	for (int i = 0; i <= MORE; i++) {
		struct step step = random_step(s->type);
		struct outcome a, b;

		group_look(g, got, sizeof(got));
		group_look(&twin, want, sizeof(want));
		if (strcmp(got, want))
			group_fail(s, g, last, got, want);
		a = group_do(g, step);
		b = group_do(&twin, step);
		snprintf(last, sizeof(last), "after %s", step_text(step, b));
		if (a.ret != b.ret || a.errnum != b.errnum || strcmp(a.text, b.text)) {
			snprintf(got, sizeof(got), "%s", step_text(step, a));
			snprintf(want, sizeof(want), "%s", step_text(step, b));
			group_fail(s, g, "an operation", got, want);
		}
	}
	group_end(g);
	group_end(&twin);
}

#endif
