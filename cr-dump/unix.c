// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unix sockets of all types: names, connections (also those that wait to be accepted), what is queued (unix_queue.c), who the peer
 * was. Both ends must be in the tree, unless --ext-unix-sk says that a datagram socket may be sent to from a copy as well, or --external
 * that the restore will be given another socket.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/security.h"
#include "cr-dump/unix.h"

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
static const char *obstacle(const struct unix_facts *u, int type, short revents)
{
	if (!u)
		return "is a unix socket of another network namespace";
	/* The one error that can be told without taking it away: of a stream that was closed at the other end with data unread. */
	if (revents & POLLERR && (type == SOCK_DGRAM || !u->has_peer || u->peer))
		return "is a unix socket with a pending error";
	if (revents & POLLPRI)
		return "is a unix socket with urgent data";
	return NULL;
}

/* --- a socket ----------------------------------------------------------------------------------------------- */

static UnixSkEntry *new_entry(struct dump_ctx *ctx, const struct open_file *of, const struct fd_facts *f,
			      const struct unix_facts *u, int type)
{
	UnixSkEntry *r = POOL_MSG(&ctx->pool, UnixSkEntry, unix_sk_entry);

	r->id = of->id;
	r->ino = f->ino;
	r->type = type;
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

/* SO_PEERCRED: who made the pair, or the other end of the connection, or listens. */
static void save_peer_cred(int fd, UnixSkEntry *r)
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

/* A peer without an inode number is closed, or waits to be accepted (which unix_looked finds out). */
static int save_peer_name(struct dump_ctx *ctx, int fd, UnixSkEntry *r, struct err *e)
{
	struct sockaddr_un a;
	socklen_t len = sizeof(a);

	if (getpeername(fd, (struct sockaddr *)&a, &len))
		return err_set(e, errno, "cannot read the name of its peer");
	r->has_peer_name = true;
	r->peer_name.len = len - sizeof(sa_family_t);
	r->peer_name.data = pool_copy(&ctx->pool, a.sun_path, r->peer_name.len);
	return 0;
}

/* The peer is closed. Who has its abstract name by now? A listening socket can give it once more. */
static bool name_is_taken(const struct unixes *s, const UnixSkEntry *r)
{
	const ProtobufCBinaryData *name = &r->peer_name;
	bool taken = false;

	for (size_t i = 0; name->len && !name->data[0] && i < s->all.nr; i++) {
		const struct unix_facts *u = &s->all.facts[i];

		if (u->type != r->type || u->name_len != name->len || memcmp(u->name, name->data, name->len))
			continue;
		if (u->state == STATE_LISTEN)
			return false;
		taken = true;
	}
	return taken && unix_name_taken(r->type, name->data, name->len);
}

/* SO_PEERSEC. A peer that is there has its own. */
static void save_peer_label(struct dump_ctx *ctx, const struct open_file *of, int fd, UnixSkEntry *r)
{
	char label[LABEL_MAX];
	socklen_t len = sizeof(label) - 1;

	if (!of->label || getsockopt(fd, SOL_SOCKET, SO_PEERSEC, label, &len))
		return;
	label[len] = '\0';
	r->peer_label = pool_str(&ctx->pool, label);
}

static int save_more(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, const struct unix_facts *u,
		     short revents, UnixSkEntry *r, struct err *e)
{
	save_peer_cred(f->fd, r);
	if (u->has_peer && !u->peer) {
		save_peer_label(ctx, of, f->fd, r);
		if (save_peer_name(ctx, f->fd, r, e))
			return -1;
	}
	if (name_is_taken(files_of(ctx)->kind[DUMP_KIND_unix], r))
		refuse_file(ctx, of, "it gets an error when it sends; let it connect again",
			    "is a unix socket whose peer is closed, and whose name @%.*s is another's by now",
			    (int)r->peer_name.len - 1, r->peer_name.data + 1);
	r->has_reset = r->reset = revents & POLLERR;
	return unix_name_save(ctx, of, f->fd, u, r, e) || sockopt_save(ctx, of, f->fd, AF_UNIX, &r->opts, e) ? -1 : 0;
}

/* The queue may hold descriptors of other sockets, and of this one: it is known by now. */
static int save_queue(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, const struct unix_facts *u,
		      UnixSkEntry *r, struct err *e)
{
	struct packets own = { 0 };
	struct queue_of q = { ctx, of, f->fd, r->type, u->shutdown & 1, 0, &own };
	int unread, ret;

	if (r->reset) {
		if (ioctl(f->fd, SIOCINQ, &unread))
			return err_set(e, errno, "cannot tell what is in its queue");
		if (unread && r->type != SOCK_STREAM)
			refuse_file(ctx, of, NULL,
				    "is a unix socket with a pending error and messages that are not read yet");
		if (!unread || r->type != SOCK_STREAM)
			return 0;
		q.bytes = unread;
	}
	ret = unix_queue_save(&q, e);
	r->queued = own.nr;
	r->has_queued = own.nr;
	for (size_t i = 0; i < own.nr; i++)
		files_add_packet(ctx, own.list[i].entry, own.list[i].bytes);
	return ret;
}

static int unix_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	struct pollfd pfd = { f->fd, POLLIN | POLLPRI, 0 };
	const struct unix_facts *u;
	struct unixes *s;
	UnixSkEntry *r;
	const char *why;
	int type;

	if (state_of(ctx, &s, e))
		return -1;
	*POOL_PUSH(&ctx->pool, s->socks, s->nr_socks) = of;
	if (sockopt_int(f->fd, SOL_SOCKET, SO_TYPE, &type))
		return err_set(e, errno, "cannot read its type");
	u = unix_find(&s->all, f->ino);
	poll(&pfd, 1, 0);
	why = obstacle(u, type, pfd.revents);
	if (why) {
		refuse_file(ctx, of, NULL, "%s: not supported by this version", why);
		return 0;
	}
	r = new_entry(ctx, of, f, u, type);
	if (save_more(ctx, of, f, u, pfd.revents, r, e))
		return -1;
	of->entry->usk = r;
	if (pfd.revents & POLLIN && (type == SOCK_DGRAM || u->state == STATE_CONNECTED))
		return save_queue(ctx, of, f, u, r, e);
	return 0;
}

const struct dump_kind dump_unix = {
	.name = "unix socket",
	.type = FD_TYPES__UNIXSK,
	.claims = unix_claims,
	.save = unix_save,
	.looked = unix_looked,
};
