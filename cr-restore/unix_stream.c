// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections of stream and seqpacket sockets. Two ends with the same peer ids may have been a pair; they are made as one, since
 * nothing tells. Others are made as they were: by listening, connecting and accepting, each by whoever did it then.
 */
#include <errno.h>
#include <string.h>

#include "cr-restore/unix.h"

/* What a shutdown of one end means for the other. */
static uint32_t mirrored(uint32_t how)
{
	return (how & 1 ? 2 : 0) | (how & 2 ? 1 : 0);
}

/* What a socket was shut down for before it connected: the other end does not know of it. */
static uint32_t shut_before(const struct usock *client, const struct usock *server)
{
	return server ? client->r->shutdown & ~mirrored(server->r->shutdown) & 3 : 0;
}

static bool same_creator(const UnixSkEntry *a, const UnixSkEntry *b)
{
	return !a->has_peer_pid || !b->has_peer_pid ||
	       (a->peer_pid == b->peer_pid && a->peer_uid == b->peer_uid && a->peer_gid == b->peer_gid);
}

/* NULL: not known, or none. */
static const char *label_of_peer(const struct usock *u)
{
	return u->peer ? u->peer->of->label : u->r->peer_label;
}

/* The ends of a pair have the same. */
static bool same_label(const struct usock *u)
{
	const char *peers = label_of_peer(u);

	return !u->of->label || !peers || !strcmp(u->of->label, peers);
}

static bool is_abstract(const ProtobufCBinaryData *name)
{
	return name->len && !name->data[0];
}

/* The name is that of the socket that accepted it, or of nobody. */
static bool borrowed(const ProtobufCBinaryData *name, const UnixSkEntry *r)
{
	return is_abstract(name) && !(r && r->owns_name);
}

int unix_listen(struct restore_ctx *ctx, struct usock *u, struct err *e)
{
	struct unix_deed d = { .what = UNIX_LISTEN, .fd = u->fd, .backlog = u->r->backlog };

	u->listens_not = false;
	return unix_do(ctx, u->r, &d, e);
}

static int connect_as(struct restore_ctx *ctx, const UnixSkEntry *server, int fd, const ProtobufCBinaryData *name,
		      int file, struct err *e)
{
	struct unix_deed d = { .what = UNIX_CONNECT, .fd = fd, .file = file };

	if (!has_path(name))
		d.to_len = unix_address(name, -1, &d.to);
	return unix_do(ctx, server, &d, e);
}

/* --- a pair ------------------------------------------------------------------------------------------------- */

static int name_end(struct restore_ctx *ctx, struct usock *u, struct err *e)
{
	if (!u->r->name.len)
		return 0;
	if (unix_bind_private(ctx, u->fd, &u->r->name, u->r->file_perms, &u->file, e))
		return -1;
	unix_leave_file(ctx, u->r);
	return 0;
}

static int make_pair(struct restore_ctx *ctx, struct usock *u, struct err *e)
{
	struct unix_deed d = { .what = UNIX_PAIR, .type = u->r->type, .label = u->of->label };
	int file;

	if (unix_do(ctx, u->r, &d, e))
		return -1;
	unix_made(ctx, u, d.pair[0]);
	if (u->peer)
		unix_made(ctx, u->peer, d.pair[1]);
	else
		u->phantom = d.pair[1];
	if (name_end(ctx, u, e) || (u->peer && name_end(ctx, u->peer, e)))
		return -1;
	if (u->peer || !u->r->has_peer_name || !u->r->peer_name.len)
		return 0;
	if (unix_bind_private(ctx, u->phantom, &u->r->peer_name, NULL, &file, e))
		return -1;
	close_fdp(&file);
	return 0;
}

/* --- a connection ------------------------------------------------------------------------------------------- */

static struct usock *find_listener(struct unixes *s, uint32_t type, const ProtobufCBinaryData *name)
{
	for (size_t i = 0; i < s->nr_socks; i++) {
		const UnixSkEntry *r = s->socks[i].r;

		if (r->state == STATE_LISTEN && r->type == type && same_name(&r->name, name))
			return &s->socks[i];
	}
	return NULL;
}

struct ends {
	const UnixSkEntry *client, *server; /* one may be NULL: closed */
	const ProtobufCBinaryData *client_name, *server_name;
	const char *client_label, *server_label; /* of SELinux, or NULL */
	uint32_t shut;
};

/* A socket with the server's name listens, as whoever the client saw listening. */
static int carry(struct restore_ctx *ctx, const struct ends *x, struct usock *listener, int fd, struct err *e)
{
	struct unix_deed d = { .what = UNIX_LISTEN, .fd = fd, .backlog = 1 };

	if (listener && !listener->listens_not && (!x->client || same_creator(x->client, listener->r)))
		return 0;
	if (listener)
		listener->listens_not = true;
	return unix_do(ctx, x->client ? x->client : x->server, &d, e);
}

/* The client's end: its own name, and what it shut down before. */
static int prepare_client(struct restore_ctx *ctx, const ProtobufCBinaryData *name, uint32_t shut, int fd,
			  struct err *e)
{
	static const int how[] = { -1, SHUT_RD, SHUT_WR, SHUT_RDWR };
	int file = -1;

	if (shut && shutdown(fd, how[shut]))
		return err_set(e, errno, "cannot shut it down");
	if (name->len && unix_bind_private(ctx, fd, name, NULL, &file, e))
		return -1;
	close_fdp(&file);
	return 0;
}

/* Either end tells its peer's ids; of an end that is closed nothing is known, and nothing matters. */
static int make_ends(struct restore_ctx *ctx, struct unixes *s, const struct ends *x, int *client_ret, int *server_ret,
		     struct err *e)
{
	const UnixSkEntry *any = x->client ? x->client : x->server;
	struct usock *listener = find_listener(s, any->type, x->server_name);
	_cleanup_close_ int client = -1, own = -1, own_file = -1;
	int through = listener ? listener->fd : -1, file = listener ? listener->file : -1;

	if (unix_socket(any->type, x->client_label, &client, e) ||
	    prepare_client(ctx, x->client_name, x->shut, client, e))
		return -1;
	if (!listener) {
		if (unix_socket(any->type, x->server_label, &own, e) ||
		    unix_bind_private(ctx, own, x->server_name, x->server ? x->server->file_perms : NULL, &own_file, e))
			return -1;
		through = own;
		file = own_file;
	}
	if (carry(ctx, x, listener, through, e) ||
	    connect_as(ctx, x->server ? x->server : x->client, client, x->server_name, file, e))
		return -1;
	*server_ret = accept4(through, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (*server_ret < 0)
		return err_set(e, errno, "cannot accept a connection to the tree's own socket");
	*client_ret = take_fd(client);
	return 0;
}

/* Which end connected, and which was accepted? The latter has a name, that of the listening socket. */
static bool is_server(struct unixes *s, const struct usock *u)
{
	const struct usock *o = u->peer;
	const ProtobufCBinaryData *others = o ? &o->r->name : &u->r->peer_name;

	if (o && shut_before(o, u))
		return true;
	if (o && shut_before(u, o))
		return false;
	if (find_listener(s, u->r->type, others))
		return false;
	if (find_listener(s, u->r->type, &u->r->name) || !others->len)
		return true;
	return borrowed(&u->r->name, u->r) ||
	       (u->r->name.len && !u->r->owns_name && !borrowed(others, o ? o->r : NULL));
}

static int make_connection(struct restore_ctx *ctx, struct unixes *s, struct usock *u, struct err *e)
{
	const ProtobufCBinaryData *others = u->peer ? &u->peer->r->name : &u->r->peer_name;
	const UnixSkEntry *other = u->peer ? u->peer->r : NULL;
	bool server = is_server(s, u);
	struct ends x = { .client = server ? other : u->r,
			  .server = server ? u->r : other,
			  .client_name = server ? others : &u->r->name,
			  .server_name = server ? &u->r->name : others,
			  .client_label = server ? label_of_peer(u) : u->of->label,
			  .server_label = server ? u->of->label : label_of_peer(u) };
	int ends[2];

	if (u->peer)
		x.shut = server ? shut_before(u->peer, u) : shut_before(u, u->peer);
	if (make_ends(ctx, s, &x, &ends[0], &ends[1], e))
		return -1;
	unix_made(ctx, u, ends[server]);
	if (u->peer)
		unix_made(ctx, u->peer, ends[!server]);
	else
		u->phantom = ends[!server];
	unix_leave_file(ctx, u->r);
	if (other)
		unix_leave_file(ctx, other);
	return 0;
}

int unix_connection(struct restore_ctx *ctx, struct unixes *s, struct usock *u, struct err *e)
{
	const struct usock *o = u->peer;
	const ProtobufCBinaryData *others = o ? &o->r->name : &u->r->peer_name;
	bool named = u->r->name.len || others->len;

	if (named && (!same_label(u) || (o && (!same_creator(u->r, o->r) || shut_before(u, o) || shut_before(o, u))) ||
		      borrowed(&u->r->name, u->r) || borrowed(others, o ? o->r : NULL)))
		return make_connection(ctx, s, u, e);
	return make_pair(ctx, u, e);
}

/* --- connections that wait ---------------------------------------------------------------------------------- */

/* Whoever accepts it sees who connected: the task that has it. */
static UnixSkEntry connector_of(struct restore_ctx *ctx, const struct usock *client)
{
	UnixSkEntry who = UNIX_SK_ENTRY__INIT;

	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		const struct rtask *t = ctx->tasks[i];

		for (size_t j = 0; j < t->nr_fds; j++) {
			if (t->fds[j]->id != client->of->id)
				continue;
			who.has_peer_pid = who.has_peer_uid = who.has_peer_gid = true;
			who.peer_pid = t->pid;
			who.peer_uid = t->core->thread_core->creds->euid;
			who.peer_gid = t->core->thread_core->creds->egid;
			return who;
		}
	}
	return who;
}

static int connect_pending(struct restore_ctx *ctx, struct usock *listener, struct usock *client, struct err *e)
{
	UnixSkEntry who = connector_of(ctx, client);
	int fd;

	if (client->fd >= 0)
		return err_set(e, 0, "socket %u waits to be accepted twice", client->r->ino);
	if (unix_socket(client->r->type, client->of->label, &fd, e))
		return -1;
	unix_made(ctx, client, fd);
	if (prepare_client(ctx, &client->r->name, client->r->shutdown & 3, fd, e))
		return -1;
	return connect_as(ctx, &who, fd, &listener->r->name, listener->file, e);
}

int unix_pending(struct restore_ctx *ctx, struct unixes *s, struct usock *u, struct err *e)
{
	for (size_t i = 0; i < u->r->n_pending; i++) {
		struct usock *client = unix_by_ino(s, u->r->pending[i]);

		if (client && connect_pending(ctx, u, client, e))
			return -1;
	}
	/* Images of CRIU do not tell the order. */
	for (size_t i = 0; i < s->nr_socks; i++) {
		struct usock *client = &s->socks[i];

		if (client->fd < 0 && client->r->peer == u->r->ino && client->r->type != SOCK_DGRAM &&
		    connect_pending(ctx, u, client, e))
			return -1;
	}
	return u->listens_not ? unix_listen(ctx, u, e) : 0;
}
