// SPDX-License-Identifier: GPL-2.0-only
/*
 * Datagram sockets: pairs, receivers with a name and whoever is connected to them. A connection forbids all others to send, so it
 * is made when the queues are full.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "cr-restore/unix.h"

#ifndef SIOCUNIXFILE
#define SIOCUNIXFILE (SIOCPROTOPRIVATE + 0)
#endif

static bool has_follower(const struct usock *u)
{
	for (const struct usock *x = u->followers; x; x = x->next_follower)
		if (u->peer != x)
			return true;
	return false;
}

/*
 * Were u and its peer made by socketpair(2)? Who has no name can only be somebody's peer by that; but it may have been connected
 * elsewhere since, or have been given a name. Those of pairs know each other's ids.
 */
static bool is_pair(const struct usock *u)
{
	const struct usock *o = u->peer;
	bool ids = u->r->has_peer_pid;

	if (!o || o == u || o->fd >= 0 || o->elsewhere || o->r->uflags & IS_EXTERNAL)
		return false;
	if (!o->r->name.len)
		return true;
	if (o->peer == u)
		return ids || !u->r->name.len;
	return !u->r->name.len && ids && o->r->has_peer_pid && !has_follower(u);
}

/* The other end of a pair is closed. CRIU notes no name of it. */
static bool is_half_pair(const struct usock *u)
{
	if (u->r->has_peer_name)
		return !u->r->peer_name.len || (!u->r->name.len && u->r->has_peer_pid);
	return !u->r->peer && u->r->state == STATE_CONNECTED && !u->r->name.len;
}

/* One of the two may have gone on to another peer. */
static struct usock *partner_of(struct usock *u)
{
	if (is_pair(u))
		return u->peer;
	for (struct usock *x = u->followers; x; x = x->next_follower)
		if (x->fd < 0 && !x->elsewhere && x->r->type == SOCK_DGRAM && is_pair(x))
			return x;
	return NULL;
}

static int make_pair(struct restore_ctx *ctx, struct usock *u, struct usock *other, struct err *e)
{
	struct unix_deed d = { .what = UNIX_PAIR, .type = SOCK_DGRAM, .label = u->of->label };

	if (unix_do(ctx, u->r, &d, e))
		return -1;
	unix_made(ctx, u, d.pair[0]);
	u->connected = !other || u->peer == other;
	if (!other) {
		u->phantom = d.pair[1];
		if (u->r->peer_name.len &&
		    unix_bind_private(ctx, u->phantom, &u->r->peer_name, NULL, &u->phantom_file, e))
			return -1;
		return unix_bind(ctx, u, e);
	}
	unix_made(ctx, other, d.pair[1]);
	other->connected = other->peer == u;
	u->left = u->connected ? NULL : other;
	other->left = other->connected ? NULL : u;
	return unix_bind(ctx, u, e) || unix_bind(ctx, other, e) ? -1 : 0;
}

/* A socket that is closed in the end, with this name; -1: there is none yet. */
static int closed_socket(const struct unixes *s, const ProtobufCBinaryData *name)
{
	for (size_t i = 0; i < s->nr_socks; i++)
		if (s->socks[i].phantom >= 0 && s->socks[i].r->type == SOCK_DGRAM &&
		    same_name(name, &s->socks[i].r->peer_name))
			return s->socks[i].phantom;
	return -1;
}

/* The peer of u is closed. Others may have been connected to it, too; what has a file can be had again and again. */
static int make_phantom(struct restore_ctx *ctx, struct usock *u, struct err *e)
{
	const ProtobufCBinaryData *name = &u->r->peer_name;
	struct unixes *s = ctx->files->kind[RESTORE_KIND_unix];
	int same = -1;

	if (!u->r->has_peer_name || u->connected)
		return 0;
	for (size_t i = 0; i < s->nr_socks; i++)
		if (s->socks[i].r->type == SOCK_DGRAM && same_name(name, &s->socks[i].r->peer_name) &&
		    is_half_pair(&s->socks[i]) && unix_dgram_open(ctx, &s->socks[i], e))
			return -1;
	if (!has_path(name))
		same = closed_socket(s, name);
	if (same >= 0) {
		u->phantom = fcntl(same, F_DUPFD_CLOEXEC, 0);
		return u->phantom < 0 ? err_set(e, errno, "cannot duplicate a socket") : 0;
	}
	return unix_socket(SOCK_DGRAM, NULL, &u->phantom, e) ||
			       unix_bind_private(ctx, u->phantom, name, NULL, &u->phantom_file, e) ?
		       -1 :
		       0;
}

int unix_dgram_open(struct restore_ctx *ctx, struct usock *u, struct err *e)
{
	struct usock *partner = u->fd < 0 ? partner_of(u) : NULL;
	int fd;

	if (u->fd >= 0)
		return 0;
	if (partner || is_half_pair(u))
		return make_pair(ctx, u, partner, e) || make_phantom(ctx, u, e) ||
				       (partner && make_phantom(ctx, partner, e)) ?
			       -1 :
			       0;
	if (unix_socket(SOCK_DGRAM, u->of->label, &fd, e))
		return -1;
	unix_made(ctx, u, fd);
	if (unix_bind(ctx, u, e))
		return -1;
	return make_phantom(ctx, u, e);
}

/* --- outside the tree --------------------------------------------------------------------------------------- */

static int file_of_socket(int proc, const char *pid, const char *number)
{
	_cleanup_close_ int pidfd = syscall(SYS_pidfd_open, atoi(pid), 0);
	_cleanup_close_ int fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, atoi(number), 0);

	return fd < 0 ? -1 : ioctl(fd, SIOCUNIXFILE);
}

/* Who has it? The file of its name may be deleted, but the socket has it still. */
static int search_process(int proc, const char *pid, const char *wanted)
{
	char path[300], link[64];
	struct dirent *d;
	int file = -1;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	while (dir && file < 0 && (d = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), d->d_name, link, sizeof(link) - 1);

		link[n < 0 ? 0 : n] = '\0';
		if (!strcmp(link, wanted))
			file = file_of_socket(proc, pid, d->d_name);
	}
	if (dir)
		closedir(dir);
	return file;
}

static int search(uint32_t ino)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	char wanted[32];
	int file = -1;

	snprintf(wanted, sizeof(wanted), "socket:[%u]", ino);
	while (proc && file < 0 && (d = readdir(proc)))
		if (*d->d_name >= '1' && *d->d_name <= '9')
			file = search_process(dirfd(proc), d->d_name, wanted);
	if (proc)
		closedir(proc);
	return file;
}

int unix_find_external(const UnixSkEntry *r, int *file_ret, struct err *e)
{
	char path[PATH_MAX];
	struct stat st;

	*file_ret = -1;
	if (!has_path(&r->name))
		return r->name.len ? 0 : err_set(e, 0, "the socket %u outside the tree has no name", r->ino);
	*file_ret = search(r->ino);
	if (*file_ret >= 0)
		return 0;
	snprintf(path, sizeof(path), "%.*s", (int)r->name.len, r->name.data);
	*file_ret = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (*file_ret >= 0 && !fstat(*file_ret, &st) && S_ISSOCK(st.st_mode))
		return 0;
	close_fdp(file_ret);
	err_set(e, ENOENT, "there is no socket %s, to which the tree sends", path);
	return err_hint(e, "start the program that has it, then restore");
}

/* --- connecting --------------------------------------------------------------------------------------------- */

static int connect_to(int fd, const ProtobufCBinaryData *name, int file, struct err *e)
{
	struct sockaddr_un a;
	socklen_t len = unix_address(name, file, &a);

	if (connect(fd, (struct sockaddr *)&a, len))
		return err_set(e, errno, "cannot connect it to %.*s again", (int)name->len, name->data);
	return 0;
}

int unix_dgram_connect(struct restore_ctx *ctx, struct usock *u, struct err *e)
{
	_cleanup_close_ int file = -1;

	if (u->connected)
		return 0;
	u->connected = true;
	/* When it is connected elsewhere, nobody else can be connected to it any more. */
	for (struct usock *x = u->followers; x; x = x->next_follower)
		if (u->peer != x && x->r->type == SOCK_DGRAM && !x->elsewhere && unix_dgram_connect(ctx, x, e))
			return -1;
	if (u->phantom >= 0)
		return connect_to(u->fd, &u->r->peer_name, u->phantom_file, e);
	if (!u->peer)
		return 0;
	if (!(u->peer->r->uflags & IS_EXTERNAL))
		return connect_to(u->fd, &u->peer->r->name, u->peer->file, e);
	return unix_find_external(u->peer->r, &file, e) || connect_to(u->fd, &u->peer->r->name, file, e) ? -1 : 0;
}

/* --- senders ------------------------------------------------------------------------------------------------ */

static const struct usock *unnamed_peer(const struct unixes *s, const struct usock *u)
{
	for (size_t i = 0; i < s->nr_socks; i++)
		if (s->socks[i].peer == u && s->socks[i].fd >= 0 && !s->socks[i].r->name.len)
			return &s->socks[i];
	return NULL;
}

static const struct usock *named_sender(const struct unixes *s, const ProtobufCBinaryData *from)
{
	for (size_t i = 0; i < s->nr_socks; i++)
		if (s->socks[i].r->type == SOCK_DGRAM && s->socks[i].fd >= 0 && same_name(&s->socks[i].r->name, from))
			return &s->socks[i];
	return NULL;
}

int unix_sender(struct restore_ctx *ctx, struct unixes *s, struct usock *u, const ProtobufCBinaryData *from,
		int *fd_ret, struct err *e)
{
	const struct usock *known = from->len ? named_sender(s, from) : unnamed_peer(s, u);
	int file;

	if (known || (!from->len && u->phantom >= 0 && !u->r->peer_name.len)) {
		*fd_ret = known ? known->fd : u->phantom;
		return 0;
	}
	*fd_ret = closed_socket(s, from);
	if (*fd_ret >= 0)
		return 0;
	for (size_t i = 0; i < s->nr_senders; i++)
		if (s->senders[i].name->len == from->len && !memcmp(s->senders[i].name->data, from->data, from->len)) {
			*fd_ret = s->senders[i].fd;
			return 0;
		}
	if (unix_socket(SOCK_DGRAM, NULL, fd_ret, e))
		return -1;
	*POOL_PUSH(&ctx->pool, s->senders, s->nr_senders) = (struct sender){ from, *fd_ret };
	if (from->len && unix_bind_private(ctx, *fd_ret, from, NULL, &file, e))
		return -1;
	if (from->len)
		close_fdp(&file);
	return 0;
}
