// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is queued on a unix socket, read by MSG_PEEK, SO_PEEK_OFF moving it on from message to message; it is put back. Descriptors
 * under way arrive here as copies and become files of the dump like those in a table.
 *
 * An empty datagram that was looked at once is passed over by every later look with SO_PEEK_OFF: a second dump of a tree that
 * went on, without reading it, does not find it unless it is the first one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cr-dump/unix.h"

#define RIGHTS_MAX 253 /* the kernel's SCM_MAX_FD */
#ifndef SCM_SECURITY
#define SCM_SECURITY 3
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif

/* One look at the queue. */
struct peeked {
	ssize_t len;
	struct sockaddr_un from;
	socklen_t from_len;
	struct ucred cred;
	bool has_cred;
	int rights[RIGHTS_MAX];
	size_t nr_rights;
};

static void peeked_close(struct peeked *p)
{
	for (size_t i = 0; i < p->nr_rights; i++)
		if (p->rights[i] >= 0)
			close(p->rights[i]);
	p->nr_rights = 0;
}

static void take_control(struct msghdr *m, struct peeked *p)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t len = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_RIGHTS && len <= sizeof(p->rights)) {
			memcpy(p->rights, CMSG_DATA(c), len);
			p->nr_rights = len / sizeof(int);
		} else if (c->cmsg_type == SCM_CREDENTIALS && len == sizeof(p->cred)) {
			memcpy(&p->cred, CMSG_DATA(c), len);
			p->has_cred = true;
		} else if (c->cmsg_type == SCM_PIDFD && len == sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
			close_fdp(&fd);
		}
	}
}

/* The message at offset `at`. Returns -1 with e->errnum EAGAIN at the end of the queue. Whoever asks closes p->rights. */
static int peek(const struct queue_of *q, int at, void *buf, size_t size, struct peeked *p, struct err *e)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(RIGHTS_MAX * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred)) +
			   CMSG_SPACE(sizeof(int)) + CMSG_SPACE(4096)];
	} control;
	struct iovec iov = { buf, size };
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
		.msg_name = &p->from,
		.msg_namelen = sizeof(p->from),
	};

	p->nr_rights = 0;
	p->has_cred = false;
	if (setsockopt(q->fd, SOL_SOCKET, SO_PEEK_OFF, &at, sizeof(at)))
		return err_set(e, errno, "cannot set SO_PEEK_OFF");
	p->len = recvmsg(q->fd, &m, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);
	if (p->len < 0)
		return err_set(e, errno, "cannot look into its queue");
	p->from_len = m.msg_namelen;
	take_control(&m, p);
	if (m.msg_flags & MSG_CTRUNC) {
		peeked_close(p);
		err_set(e, 0, "cannot take copies of the descriptors in its queue");
		return err_hint(e, "the limit on open files (ulimit -n) of cr-dump may be too low");
	}
	return 0;
}

/*
 * A look at a stream shows the bytes of several messages, and the descriptors of the last. They come with the first byte of their own
 * message. To find it, look again with no room for the very last byte: the kernel then stops before the message that does not fit.
 */
static int bytes_before_rights(const struct queue_of *q, int at, size_t len, size_t *ret, struct err *e)
{
	size_t page = sysconf(_SC_PAGESIZE), size = (len + page - 1) / page * page;
	char *map = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct peeked p;
	int failed;

	if (map == MAP_FAILED || mprotect(map + size, page, PROT_NONE))
		return err_nomem(e, "the queue of a socket");
	failed = peek(q, at, map + size - (len - 1), len, &p, e);
	if (!failed)
		peeked_close(&p);
	munmap(map, size + page);
	if (failed && e->errnum != EFAULT)
		return -1;
	*ret = failed ? 0 : p.len;
	return 0;
}

static SkPacketEntry *add_packet(const struct queue_of *q, const void *bytes, size_t len, const struct peeked *p)
{
	struct pool *pool = &q->ctx->pool;
	struct packet *new = POOL_PUSH(pool, q->packets->list, q->packets->nr);
	SkPacketEntry *r = new->entry = POOL_MSG(pool, SkPacketEntry, sk_packet_entry);

	r->id_for = q->of->id;
	r->length = len;
	new->bytes = pool_copy(pool, bytes, len);
	if (q->type == SOCK_DGRAM && p->from_len > sizeof(sa_family_t)) {
		r->has_from = true;
		r->from.len = p->from_len - sizeof(sa_family_t);
		r->from.data = pool_copy(pool, p->from.sun_path, r->from.len);
	}
	/* Whoever had no part in this pid namespace is shown as 0. */
	if (p->has_cred) {
		r->has_cred_pid = r->has_cred_uid = r->has_cred_gid = true;
		r->cred_pid = p->cred.pid;
		r->cred_uid = p->cred.uid;
		r->cred_gid = p->cred.gid;
	}
	return r;
}

static int add_rights(const struct queue_of *q, struct peeked *p, SkPacketEntry *r, struct err *e)
{
	struct pool *pool = &q->ctx->pool;
	ScmEntry *scm = POOL_MSG(pool, ScmEntry, scm_entry);

	scm->type = SCM_RIGHTS;
	scm->rights = pool_alloc(pool, p->nr_rights * sizeof(*scm->rights));
	for (size_t i = 0; i < p->nr_rights; i++) {
		struct open_file *of;

		if (files_add_flying(q->ctx, &p->rights[i], &of, e))
			return err_in(e, "a descriptor in its queue");
		scm->rights[scm->n_rights++] = of->id;
	}
	*POOL_PUSH(pool, r->scm, r->n_scm) = scm;
	return 0;
}

static int add_message(const struct queue_of *q, int at, char *buf, struct peeked *p, struct err *e)
{
	size_t before = 0;

	if (q->type == SOCK_STREAM && p->nr_rights && bytes_before_rights(q, at, p->len, &before, e))
		return -1;
	if (before)
		add_packet(q, buf, before, p);
	SkPacketEntry *r = add_packet(q, buf + before, p->len - before, p);
	return p->nr_rights ? add_rights(q, p, r, e) : 0;
}

static int save_messages(const struct queue_of *q, struct err *e)
{
	_cleanup_free_ char *buf = NULL;
	size_t size = 65536;
	int at = 0;

	buf = malloc(size);
	while (buf) {
		struct peeked p;
		size_t wanted = q->bytes && q->bytes - at < size ? q->bytes - at : size;
		int failed;

		if (q->bytes && !wanted)
			return 0;
		if (peek(q, at, buf, wanted, &p, e))
			return e->errnum == EAGAIN ? 0 : -1;
		if ((size_t)p.len > size || (q->type == SOCK_STREAM && (size_t)p.len == size)) {
			size = p.len > (ssize_t)size ? (size_t)p.len : 2 * size;
			peeked_close(&p);
			free(buf);
			buf = malloc(size);
			continue;
		}
		/* An empty message only exists where messages do; elsewhere this is the end after a shutdown. */
		if (!p.len && (q->type == SOCK_STREAM || (q->type == SOCK_SEQPACKET && q->shut)))
			return 0;
		failed = add_message(q, at, buf, &p, e);
		peeked_close(&p);
		if (failed)
			return -1;
		at += p.len;
	}
	return err_nomem(e, "the queue of a socket");
}

int unix_queue_save(const struct queue_of *q, struct err *e)
{
	int before, ret;

	if (sockopt_int(q->fd, SOL_SOCKET, SO_PEEK_OFF, &before))
		return err_set(e, errno, "cannot read SO_PEEK_OFF");
	ret = save_messages(q, e);
	if (setsockopt(q->fd, SOL_SOCKET, SO_PEEK_OFF, &before, sizeof(before)) && !ret)
		return err_set(e, errno, "cannot put SO_PEEK_OFF back");
	return ret;
}
