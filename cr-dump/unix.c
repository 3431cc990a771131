// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unix sockets without a name: socket pairs with what is queued in them, and unconnected ones. Queues are read by MSG_PEEK,
 * SO_PEEK_OFF moving it on from message to message; it is put back.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cr-dump/files.h"
#include "cr-dump/unix_diag.h"
#include "sk-packet.pb-c.h"

#define STATE_CONNECTED 1
#define STATE_LISTEN	10

struct packet {
	SkPacketEntry *entry;
	uint8_t *bytes;
};

struct unixes {
	struct unix_list all;	  /* of the network namespace */
	struct open_file **socks; /* of the tree, the refused ones as well */
	size_t nr_socks;
	struct packet *packets;
	size_t nr_packets;
};

static bool unix_claims(const struct fd_facts *f)
{
	return f->family == AF_UNIX;
}

static int state_of(struct dump_ctx *ctx, struct unixes **ret, struct err *e)
{
	void **state = &files_of(ctx)->kind[DUMP_KIND_unix];

	if (!*state) {
		*state = pool_alloc(&ctx->pool, sizeof(struct unixes));
		if (unix_list(ctx, &((struct unixes *)*state)->all, e))
			return -1;
	}
	*ret = *state;
	return 0;
}

/* What a socket must not be; NULL when it can be saved. */
static const char *obstacle(int fd, const struct unix_facts *u, short revents)
{
	struct sockaddr_un a;
	socklen_t len = sizeof(a);

	if (!u)
		return "is a unix socket of another network namespace";
	if (u->state == STATE_LISTEN)
		return "is a listening unix socket";
	if (getsockname(fd, (struct sockaddr *)&a, &len) || len > sizeof(sa_family_t))
		return "is a unix socket with a name (bound)";
	len = sizeof(a);
	if (!getpeername(fd, (struct sockaddr *)&a, &len) && len > sizeof(sa_family_t))
		return "is a unix socket connected to one with a name";
	if (revents & POLLERR)
		return "is a unix socket with a pending error";
	if (revents & POLLPRI)
		return "is a unix socket with urgent data";
	return NULL;
}

/* --- queues ------------------------------------------------------------------------------------------------- */

/*
 * Peeks the message at offset `at` of the queue into buf. Returns its length, -1 with e->errnum EAGAIN at the end of the queue. Data
 * of control messages are not asked for: peeking would install the descriptors in flight here.
 */
static ssize_t peek(int fd, int at, void *buf, size_t size, int *flags_ret, struct err *e)
{
	struct iovec iov = { buf, size };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &at, sizeof(at)))
		return err_set(e, errno, "cannot set SO_PEEK_OFF");
	n = recvmsg(fd, &m, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0)
		return err_set(e, errno, "cannot look into its queue");
	*flags_ret = m.msg_flags;
	return n;
}

static void add_packet(struct dump_ctx *ctx, struct unixes *s, uint32_t id, const void *bytes, size_t len)
{
	struct packet *p = POOL_PUSH(&ctx->pool, s->packets, s->nr_packets);

	p->entry = POOL_MSG(&ctx->pool, SkPacketEntry, sk_packet_entry);
	p->entry->id_for = id;
	p->entry->length = len;
	p->bytes = pool_copy(&ctx->pool, bytes, len);
}

/* Returns 1 when something in the queue cannot be saved; it is refused then. */
static int save_messages(struct dump_ctx *ctx, struct unixes *s, struct open_file *of, int fd, int type, struct err *e)
{
	_cleanup_free_ char *buf = NULL;
	size_t size = 65536;
	int at = 0, flags = 0;

	buf = malloc(size);
	while (buf) {
		ssize_t n = peek(fd, at, buf, size, &flags, e);

		if (n < 0)
			return e->errnum == EAGAIN ? 0 : -1;
		if (flags & MSG_CTRUNC)
			return refuse_file(ctx, of, NULL,
					   "is a unix socket with descriptors or credentials in its queue"),
			       1;
		if ((size_t)n > size) {
			size = n;
			free(buf);
			buf = malloc(size);
			continue;
		}
		/* An empty message only exists where messages do; elsewhere this is the end after a shutdown. */
		if (!n && type != SOCK_DGRAM)
			return 0;
		add_packet(ctx, s, of->id, buf, n);
		at += n;
	}
	return err_nomem(e, "the queue of a socket");
}

static int save_queue(struct dump_ctx *ctx, struct unixes *s, struct open_file *of, int fd, int type, struct err *e)
{
	int before, ret;

	if (sockopt_int(fd, SOL_SOCKET, SO_PEEK_OFF, &before))
		return err_set(e, errno, "cannot read SO_PEEK_OFF");
	ret = save_messages(ctx, s, of, fd, type, e);
	if (setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &before, sizeof(before)) && ret >= 0)
		return err_set(e, errno, "cannot put SO_PEEK_OFF back");
	return ret;
}

/* --- a socket ----------------------------------------------------------------------------------------------- */

static UnixSkEntry *new_entry(struct dump_ctx *ctx, const struct open_file *of, const struct fd_facts *f,
			      const struct unix_facts *u)
{
	UnixSkEntry *r = POOL_MSG(&ctx->pool, UnixSkEntry, unix_sk_entry);

	r->id = of->id;
	r->ino = f->ino;
	r->state = u->state;
	r->flags = f->flags;
	r->backlog = u->unsent;
	r->peer = u->peer;
	r->fown = f->fown;
	r->has_shutdown = u->shutdown;
	r->shutdown = u->shutdown;
	r->has_ns_id = true;
	r->ns_id = NET_NS_ID;
	return r;
}

/* SO_PEERCRED: who made the pair. */
static void save_creator(int fd, UnixSkEntry *r)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) || cred.pid <= 0)
		return;
	r->has_peer_pid = r->has_peer_uid = r->has_peer_gid = true;
	r->peer_pid = cred.pid;
	r->peer_uid = cred.uid;
	r->peer_gid = cred.gid;
}

static int unix_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	struct pollfd pfd = { f->fd, POLLIN | POLLPRI, 0 };
	const struct unix_facts *u;
	struct unixes *s;
	UnixSkEntry *r;
	const char *why;
	size_t queued;
	int type, ret = 0;

	if (state_of(ctx, &s, e))
		return -1;
	*POOL_PUSH(&ctx->pool, s->socks, s->nr_socks) = of;
	u = unix_find(&s->all, f->ino);
	poll(&pfd, 1, 0);
	why = obstacle(f->fd, u, pfd.revents);
	if (why) {
		refuse_file(ctx, of, NULL, "%s: not supported by this version", why);
		return 0;
	}
	if (sockopt_int(f->fd, SOL_SOCKET, SO_TYPE, &type))
		return err_set(e, errno, "cannot read its type");
	queued = s->nr_packets;
	if (pfd.revents & POLLIN)
		ret = save_queue(ctx, s, of, f->fd, type, e);
	if (ret)
		return ret < 0 ? -1 : 0;
	r = new_entry(ctx, of, f, u);
	r->type = type;
	r->queued = s->nr_packets - queued;
	r->has_queued = r->queued;
	save_creator(f->fd, r);
	if (sockopt_save(ctx, of, f->fd, AF_UNIX, &r->opts, e))
		return -1;
	of->entry->usk = r;
	return 0;
}

/* --- the whole tree ----------------------------------------------------------------------------------------- */

static int by_ino(const void *a, const void *b)
{
	const struct open_file *x = *(struct open_file **)a, *y = *(struct open_file **)b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static const struct open_file *sock_by_ino(const struct unixes *s, uint32_t ino)
{
	size_t low = 0, high = s->nr_socks;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->socks[mid]->ino == ino)
			return s->socks[mid];
		if (s->socks[mid]->ino < ino)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static int unix_looked(struct dump_ctx *ctx, struct err *e)
{
	struct unixes *s = files_of(ctx)->kind[DUMP_KIND_unix];

	if (!s || !s->nr_socks)
		return 0;
	qsort(s->socks, s->nr_socks, sizeof(*s->socks), by_ino);
	for (size_t i = 0; i < s->nr_socks; i++) {
		const UnixSkEntry *r = s->socks[i]->entry->usk;
		const struct open_file *other;

		if (!r || r->state != STATE_CONNECTED || !r->peer)
			continue;
		other = sock_by_ino(s, r->peer);
		if (!other)
			refuse_file(ctx, s->socks[i], NULL,
				    "is a unix socket whose other end (socket:[%u]) is not in the tree", r->peer);
		else if (other->entry->usk && other->entry->usk->peer != r->ino)
			refuse_file(ctx, s->socks[i], NULL, "is a unix socket whose other end is connected elsewhere");
	}
	return 0;
}

static int unix_write(struct dump_ctx *ctx, struct err *e)
{
	struct unixes *s = files_of(ctx)->kind[DUMP_KIND_unix];
	_cleanup_img_writer_ struct img_writer *w = NULL;

	if (!s || !s->nr_packets)
		return 0;
	if (img_create(ctx->images_fd, IMG_SK_QUEUES, 0, &w, e))
		return -1;
	for (size_t i = 0; i < s->nr_packets; i++) {
		const struct packet *p = &s->packets[i];

		if (img_put(w, &p->entry->base, e) || img_put_bytes(w, p->bytes, p->entry->length, e))
			return -1;
	}
	return img_finish(&w, e);
}

const struct dump_kind dump_unix = {
	.name = "unix socket",
	.type = FD_TYPES__UNIXSK,
	.claims = unix_claims,
	.save = unix_save,
	.looked = unix_looked,
	.write = unix_write,
};
