// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was queued on unix sockets is sent again: by the other end, or for datagrams by a socket with the sender's name; with the
 * descriptors and credentials that were in it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cr-restore/unix.h"

#define AMPLE	   (64 << 20) /* send buffer while queues are filled: what once fit must fit */
#define RIGHTS_MAX 253	      /* the kernel's SCM_MAX_FD */

/* --- plan --------------------------------------------------------------------------------------------------- */

static int check_rights(struct restore_ctx *ctx, const ScmEntry *scm, struct err *e)
{
	if (scm->type != SCM_RIGHTS || scm->n_rights > RIGHTS_MAX) {
		problem(ctx, NULL, "a message in the queue of a unix socket has control data of type %u with %zu items",
			scm->type, scm->n_rights);
		return 0;
	}
	for (size_t i = 0; i < scm->n_rights; i++) {
		struct ofile *of = files_find(ctx, scm->rights[i]);

		if (!of || !of->kind) {
			problem(ctx, NULL,
				"file %u, on its way through a unix socket, cannot be restored by this version",
				scm->rights[i]);
			continue;
		}
		if (files_check_one(ctx, of, e))
			return -1;
	}
	return 0;
}

/* There is no image when no queue held anything, so that is noted with the socket as well. */
int unix_check_queue(struct restore_ctx *ctx, const UnixSkEntry *r, struct err *e)
{
	size_t nr;
	const struct packet *p = sk_packets(ctx, r->id, &nr);

	if (r->queued > nr)
		problem(ctx, "the directory must have all images of the dump",
			"sk-queues.img: %zu packets of unix socket %u are missing", r->queued - nr, r->ino);
	for (size_t i = 0; i < nr; i++) {
		if (r->type == SOCK_DGRAM && p[i].entry->has_from &&
		    p[i].entry->from.len > sizeof(((struct sockaddr_un *)0)->sun_path))
			problem(ctx, NULL, "sk-queues.img: the name of a sender to unix socket %u is too long", r->ino);
		for (size_t j = 0; j < p[i].entry->n_scm; j++)
			if (check_rights(ctx, p[i].entry->scm[j], e))
				return -1;
	}
	return 0;
}

/* --- filling ------------------------------------------------------------------------------------------------ */

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(RIGHTS_MAX * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
};

static void *append(struct msghdr *m, int type, size_t len)
{
	struct cmsghdr *c = (struct cmsghdr *)((char *)m->msg_control + m->msg_controllen);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	m->msg_controllen += CMSG_SPACE(len);
	return CMSG_DATA(c);
}

static int put_rights(struct restore_ctx *ctx, struct msghdr *m, const SkPacketEntry *p, struct err *e)
{
	int fds[RIGHTS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < p->n_scm; i++)
		for (size_t j = 0; j < p->scm[i]->n_rights; j++) {
			if (n == RIGHTS_MAX)
				return err_set(e, 0, "more than %d descriptors in one message", RIGHTS_MAX);
			if (files_get(ctx, p->scm[i]->rights[j], &fds[n++], e))
				return err_in(e, "a descriptor in its queue");
		}
	if (n)
		memcpy(append(m, SCM_RIGHTS, n * sizeof(int)), fds, n * sizeof(int));
	return 0;
}

static void put_credentials(struct msghdr *m, const SkPacketEntry *p)
{
	struct ucred cred = { p->cred_pid, p->cred_uid, p->cred_gid };

	if (p->has_cred_pid && p->cred_pid)
		memcpy(append(m, SCM_CREDENTIALS, sizeof(cred)), &cred, sizeof(cred));
}

/* A sender that is gone cannot be named any more. */
static ssize_t send_message(int fd, struct msghdr *m, const SkPacketEntry *p)
{
	size_t without = m->msg_controllen;
	ssize_t n;

	put_credentials(m, p);
	n = sendmsg(fd, m, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n >= 0 || errno != ESRCH)
		return n;
	log_warn("process %u, who sent what waits in a unix socket, is gone", p->cred_pid);
	m->msg_controllen = without;
	return sendmsg(fd, m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int send_packet(struct restore_ctx *ctx, struct usock *u, int from, const struct packet *p, bool to_name,
		       struct err *e)
{
	struct iovec iov = { p->bytes, p->entry->length };
	union control control = { 0 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control };
	struct sockaddr_un to;
	int ample = AMPLE;
	ssize_t n;

	setsockopt(from, SOL_SOCKET, SO_SNDBUFFORCE, &ample, sizeof(ample));
	if (put_rights(ctx, &m, p->entry, e))
		return -1;
	if (to_name) {
		m.msg_namelen = unix_address(&u->r->name, u->file, &to);
		m.msg_name = &to;
	}
	n = send_message(from, &m, p->entry);
	if (n < 0 && errno == EAGAIN && u->peer) {
		/* Its own peer may put more into a queue than others. */
		if (unix_dgram_connect(ctx, u, e))
			return -1;
		n = send_message(from, &m, p->entry);
	}
	return n == p->entry->length ? 0 : err_set(e, errno, "cannot fill its queue again");
}

static int leave(struct usock *u, struct err *e)
{
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	return connect(u->fd, &nobody, sizeof(nobody)) ? err_set(e, errno, "cannot disconnect it") : 0;
}

int unix_fill_queue(struct restore_ctx *ctx, struct unixes *s, struct usock *u, struct err *e)
{
	static const ProtobufCBinaryData nobody = { 0, NULL };
	size_t nr;
	const struct packet *p = sk_packets(ctx, u->r->id, &nr);
	bool paired = u->connected || u->r->type != SOCK_DGRAM;
	int from = u->peer ? u->peer->fd : u->phantom;

	if (u->queue_filled)
		return 0;
	u->queue_filled = true;
	/* What it sent to the one it left must be there before; to leave it later would empty its own queue. */
	if (u->left && (unix_fill_queue(ctx, s, u->left, e) || leave(u, e)))
		return -1;
	for (size_t i = 0; i < nr; i++) {
		if (!paired && unix_sender(ctx, s, u, p[i].entry->has_from ? &p[i].entry->from : &nobody, &from, e))
			return -1;
		if (from < 0)
			return err_set(e, 0, "nobody could have filled its queue");
		if (send_packet(ctx, u, from, &p[i], !paired, e))
			return -1;
	}
	return 0;
}
