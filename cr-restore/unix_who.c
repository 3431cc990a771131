// SPDX-License-Identifier: GPL-2.0-only
/*
 * A connection remembers who connected and who listened, a pair who made it (SO_PEERCRED). When that was a task of the tree, it
 * does it again, under the ids it had then. A process that is gone is there again for the moment, under its number, as a
 * child of the director that shares its descriptors. If that number is taken by now, only the ids are right.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cr-restore/birth.h"
#include "cr-restore/unix.h"

#define SAME ((uint64_t)-1)

static const char *const deed_names[] = {
	[UNIX_PAIR] = "create a pair of sockets", [UNIX_LISTEN] = "listen", [UNIX_CONNECT] = "connect it"
};

static struct rtask *born_task(struct restore_ctx *ctx, pid_t pid)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i]->pid == pid && ctx->tasks[i]->born && ctx->tasks[i]->born->exists)
			return ctx->tasks[i];
	return NULL;
}

/* Through the descriptor: the name may be deleted, hidden, or of another directory. */
static socklen_t address_of(const struct unix_deed *d, int file, struct sockaddr_un *a)
{
	if (d->to_len) {
		*a = d->to;
		return d->to_len;
	}
	return unix_address(NULL, file, a);
}

/* --- in a task ---------------------------------------------------------------------------------------------- */

/* fsuid 0: a socket's file may have got other permissions since. */
static void become(struct prog *p, const UnixSkEntry *r)
{
	PROG(p, SYS_setresgid, SAME, r->peer_gid, SAME);
	PROG(p, SYS_setresuid, SAME, r->peer_uid, SAME);
	PROG(p, SYS_setfsuid, 0);
	prog_any(p);
}

static void become_root(struct prog *p)
{
	PROG(p, SYS_setresuid, SAME, 0, SAME);
	PROG(p, SYS_setresgid, SAME, 0, SAME);
}

static int take_over(pid_t pid, const int theirs[2], int pair[2], struct err *e)
{
	_cleanup_close_ int pidfd = syscall(SYS_pidfd_open, pid, 0);
	_cleanup_close_ int first = -1;

	if (pidfd < 0)
		return err_set(e, errno, "cannot open a pidfd of process %d", pid);
	first = syscall(SYS_pidfd_getfd, pidfd, theirs[0], 0);
	pair[1] = first < 0 ? -1 : syscall(SYS_pidfd_getfd, pidfd, theirs[1], 0);
	if (pair[1] < 0)
		return err_set(e, errno, "cannot take a pair of sockets over from process %d", pid);
	pair[0] = take_fd(first);
	return 0;
}

static int close_there(struct restore_ctx *ctx, struct rtask *t, const int *numbers, size_t n, struct err *e)
{
	struct prog p;

	agent_begin(t, &p);
	for (size_t i = 0; i < n; i++)
		PROG(&p, SYS_close, numbers[i]);
	return agent_run(ctx, t, &p, e);
}

static int pair_in_task(struct restore_ctx *ctx, struct rtask *t, const UnixSkEntry *r, struct unix_deed *d,
			struct err *e)
{
	struct prog p;
	int *theirs, numbers[2];
	uint64_t there;

	agent_begin(t, &p);
	prog_sockets_get(&p, d->label);
	there = prog_room(&p, 2 * sizeof(*theirs), &theirs);
	if (!there)
		return err_set(e, 0, "the area of process %d is too small", t->pid);
	become(&p, r);
	PROG(&p, SYS_socketpair, AF_UNIX, d->type | SOCK_CLOEXEC, 0, there);
	become_root(&p);
	prog_sockets_get_own(&p, d->label);
	if (agent_run(ctx, t, &p, e))
		return -1;
	numbers[0] = theirs[0];
	numbers[1] = theirs[1];
	return take_over(t->pid, numbers, d->pair, e) || close_there(ctx, t, numbers, 2, e) ? -1 : 0;
}

static int call_in_task(struct restore_ctx *ctx, struct rtask *t, const UnixSkEntry *r, const struct unix_deed *d,
			struct err *e)
{
	int ours[2] = { d->fd, d->file }, there[2];
	size_t n = d->what == UNIX_CONNECT && !d->to_len ? 2 : 1;
	struct sockaddr_un a;
	struct prog p;

	if (agent_send_fds(ctx, t, ours, n, there, e))
		return -1;
	agent_begin(t, &p);
	become(&p, r);
	if (d->what == UNIX_LISTEN) {
		PROG(&p, SYS_listen, there[0], d->backlog);
	} else {
		socklen_t len = address_of(d, there[n - 1], &a);

		PROG(&p, SYS_connect, there[0], prog_bytes(&p, &a, sizeof(a)), len);
	}
	become_root(&p);
	for (size_t i = 0; i < n; i++)
		PROG(&p, SYS_close, there[i]);
	return agent_run(ctx, t, &p, e);
}

/* --- by the director, or in its child ----------------------------------------------------------------------- */

/* By system calls, not by the library's functions: only this thread changes. 0 or an error number. */
static int do_as(const UnixSkEntry *r, struct unix_deed *d)
{
	bool other = r->has_peer_uid && r->has_peer_gid && (r->peer_uid || r->peer_gid);
	struct sockaddr_un a;
	socklen_t len;
	int ret = 0, saved;

	if (d->what == UNIX_PAIR && sockets_get(d->label))
		return errno;
	if (other && (syscall(SYS_setresgid, -1, r->peer_gid, -1) || syscall(SYS_setresuid, -1, r->peer_uid, -1)))
		return errno;
	if (other)
		syscall(SYS_setfsuid, 0);
	switch (d->what) {
	case UNIX_PAIR:
		ret = syscall(SYS_socketpair, AF_UNIX, d->type | SOCK_CLOEXEC, 0, d->pair);
		break;
	case UNIX_LISTEN:
		ret = syscall(SYS_listen, d->fd, d->backlog);
		break;
	case UNIX_CONNECT:
		len = address_of(d, d->file, &a);
		ret = syscall(SYS_connect, d->fd, &a, len);
		break;
	}
	saved = errno;
	if (other && (syscall(SYS_setresuid, -1, 0, -1) || syscall(SYS_setresgid, -1, 0, -1)))
		return errno;
	if (d->what == UNIX_PAIR)
		sockets_get_own(d->label);
	return ret ? saved : 0;
}

/* What it leaves in memory that it shares with us. */
struct outcome {
	int errnum;
	int pair[2];
};

/* Returns 0 or an error number; EEXIST and EPERM: it could not be there. */
static int do_as_gone(const UnixSkEntry *r, struct unix_deed *d)
{
	struct outcome *o = mmap(NULL, sizeof(*o), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = r->peer_pid;
	struct clone_args a = {
		.flags = CLONE_FILES, .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&pid, .set_tid_size = 1
	};
	struct unix_deed copy = *d;
	int ret, status;
	long child;

	if (o == MAP_FAILED)
		return errno;
	child = syscall(SYS_clone3, &a, sizeof(a));
	if (!child) {
		o->errnum = do_as(r, &copy);
		memcpy(o->pair, copy.pair, sizeof(o->pair));
		syscall(SYS_exit_group, 0);
	}
	ret = child < 0 ? errno : 0;
	if (child > 0) {
		while (waitpid(child, &status, __WALL) < 0 && errno == EINTR)
			;
		ret = o->errnum == EEXIST || o->errnum == EPERM ? EIO : o->errnum;
		memcpy(d->pair, o->pair, sizeof(o->pair));
	}
	munmap(o, sizeof(*o));
	return ret;
}

int unix_do(struct restore_ctx *ctx, const UnixSkEntry *r, struct unix_deed *d, struct err *e)
{
	bool known = r->has_peer_pid && r->has_peer_uid && r->has_peer_gid;
	struct rtask *t = known ? born_task(ctx, r->peer_pid) : NULL;
	int errnum = EEXIST;

	if (t)
		return d->what == UNIX_PAIR ? pair_in_task(ctx, t, r, d, e) : call_in_task(ctx, t, r, d, e);
	if (known)
		errnum = do_as_gone(r, d);
	if (errnum == EEXIST || errnum == EPERM || errnum == EINVAL) {
		if (known)
			log_warn("process %u, whose ids a unix socket shows, is gone, and its number is taken",
				 r->peer_pid);
		errnum = do_as(r, d);
	}
	return errnum ? err_set(e, errnum, "cannot %s as user %u", deed_names[d->what], r->peer_uid) : 0;
}
