/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the unix socket kind share. All unix sockets are made together, at the first use of any: in the end they
 * hang together by connections and by what is under way in their queues.
 */
#ifndef CRKIT_RESTORE_UNIX_H
#define CRKIT_RESTORE_UNIX_H

#include <sys/socket.h>
#include <sys/un.h>

#include "cr-restore/files.h"

#define STATE_CONNECTED 1
#define STATE_LISTEN	10
#define IS_EXTERNAL	1 /* of unix_sk_entry.uflags: of a process outside the tree */

/* A socket while all are made. */
struct usock {
	struct ofile *of;
	const UnixSkEntry *r;
	struct usock *peer;			 /* NULL: none, or closed */
	struct usock *followers, *next_follower; /* whose peer this one is */
	struct usock *left;			 /* made as a pair with that one, which it is no more connected to */
	int fd;					 /* the ofile's */
	int file;				 /* O_PATH of the file of its name, or -1 */
	int phantom;				 /* the other end that is closed in the end, or -1 */
	int phantom_file;			 /* O_PATH of the file of that one's name, or -1 */
	bool elsewhere;				 /* it is not made: of a process outside, or given by --inherit-fd */
	bool queue_filled;
	bool connected;	  /* as a datagram socket, to its peer */
	bool listens_not; /* as it should: others had to do it meanwhile */
};

/* A sender of datagrams that is not in the tree any more. */
struct sender {
	const ProtobufCBinaryData *name;
	int fd;
};

struct unixes {
	struct usock *socks; /* by inode number */
	size_t nr_socks;
	bool made;
	int private_root; /* unix_bind.c; -1: none yet */
	unsigned int nr_private;
	struct sender *senders;
	size_t nr_senders;
};

/* --- unix.c ------------------------------------------------------------------------------------------------- */

struct usock *unix_by_ino(const struct unixes *s, uint32_t ino);
static inline bool has_path(const ProtobufCBinaryData *name)
{
	return name->len && name->data[0];
}
static inline bool same_name(const ProtobufCBinaryData *a, const ProtobufCBinaryData *b)
{
	return a->len == b->len && a->len && !memcmp(a->data, b->data, a->len);
}
/* The socket is there: it is what the file's descriptor leads to. */
void unix_made(struct restore_ctx *ctx, struct usock *u, int fd);
/* With a label of SELinux, or NULL. */
int unix_socket(uint32_t type, const char *label, int *fd_ret, struct err *e);

/* --- unix_bind.c -------------------------------------------------------------------------------------------- */

/* The address of a name that is not in the file system, or of the file `file`. */
socklen_t unix_address(const ProtobufCBinaryData *name, int file, struct sockaddr_un *a);
/* Where the file of a name is, as a path here. */
const char *unix_path(struct restore_ctx *ctx, const UnixSkEntry *r);
/* Gives the socket its name, with a file in its place unless it was deleted. */
int unix_bind(struct restore_ctx *ctx, struct usock *u, struct err *e);
/*
 * The same for a name that nobody can connect to: its file is in a file system that only this socket knows. *file_ret is an
 * O_PATH descriptor of it, -1 for a name that has none.
 */
int unix_bind_private(struct restore_ctx *ctx, int fd, const ProtobufCBinaryData *name, const FilePermsEntry *perms,
		      int *file_ret, struct err *e);
/* The file of a name that no socket has any more is there, too. */
void unix_leave_file(struct restore_ctx *ctx, const UnixSkEntry *r);

/* --- unix_who.c --------------------------------------------------------------------------------------------- */

enum unix_what { UNIX_PAIR, UNIX_LISTEN, UNIX_CONNECT };

struct unix_deed {
	enum unix_what what;
	int type;	       /* PAIR */
	const char *label;     /* PAIR: of SELinux, or NULL */
	int pair[2];	       /* PAIR: the result */
	int fd;		       /* LISTEN, CONNECT */
	int backlog;	       /* LISTEN */
	struct sockaddr_un to; /* CONNECT */
	socklen_t to_len;      /* 0: to the socket of this file */
	int file;
};

/* Does it as whoever the peer of r was (SO_PEERCRED): a task of the tree, or a process that is gone. */
int unix_do(struct restore_ctx *ctx, const UnixSkEntry *r, struct unix_deed *d, struct err *e);

/* --- unix_stream.c ------------------------------------------------------------------------------------------ */

int unix_listen(struct restore_ctx *ctx, struct usock *u, struct err *e);
/* u and its peer, if that is not closed. */
int unix_connection(struct restore_ctx *ctx, struct unixes *s, struct usock *u, struct err *e);
/* The connections that wait at u. */
int unix_pending(struct restore_ctx *ctx, struct unixes *s, struct usock *u, struct err *e);

/* --- unix_dgram.c ------------------------------------------------------------------------------------------- */

int unix_dgram_open(struct restore_ctx *ctx, struct usock *u, struct err *e);
int unix_dgram_connect(struct restore_ctx *ctx, struct usock *u, struct err *e);
/* The file of a socket outside the tree, -1 when its name is abstract. */
int unix_find_external(const UnixSkEntry *r, int *file_ret, struct err *e);
/* The socket that sends to u what came from that name, and the address of u (none: it is the peer). */
int unix_sender(struct restore_ctx *ctx, struct unixes *s, struct usock *u, const ProtobufCBinaryData *from,
		int *fd_ret, struct err *e);

/* --- unix_queue.c ------------------------------------------------------------------------------------------- */

int unix_check_queue(struct restore_ctx *ctx, const UnixSkEntry *r, struct err *e);
int unix_fill_queue(struct restore_ctx *ctx, struct unixes *s, struct usock *u, struct err *e);

#endif
