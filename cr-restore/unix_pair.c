// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pair of sockets remembers who made it (SO_PEERCRED). When that was a task of the tree, it makes the pair again, under the ids
 * it had then, and the director takes the ends over; otherwise the director makes it, and only the ids are right.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cr-restore/birth.h"
#include "cr-restore/unix_pair.h"

static struct rtask *born_task(struct restore_ctx *ctx, pid_t pid)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i]->pid == pid && ctx->tasks[i]->born && ctx->tasks[i]->born->exists)
			return ctx->tasks[i];
	return NULL;
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

static int pair_in_task(struct restore_ctx *ctx, struct rtask *t, const UnixSkEntry *r, int pair[2], struct err *e)
{
	const uint64_t same = (uint64_t)-1;
	struct prog p;
	int *theirs, numbers[2];
	uint64_t there;

	agent_begin(t, &p);
	there = prog_room(&p, 2 * sizeof(*theirs), &theirs);
	if (!there)
		return err_set(e, 0, "the area of process %d is too small", t->pid);
	PROG(&p, SYS_setresgid, same, r->peer_gid, same);
	PROG(&p, SYS_setresuid, same, r->peer_uid, same);
	PROG(&p, SYS_socketpair, AF_UNIX, r->type | SOCK_CLOEXEC, 0, there);
	PROG(&p, SYS_setresuid, same, 0, same);
	PROG(&p, SYS_setresgid, same, 0, same);
	if (agent_run(ctx, t, &p, e))
		return -1;
	numbers[0] = theirs[0];
	numbers[1] = theirs[1];
	if (take_over(t->pid, numbers, pair, e))
		return -1;
	agent_begin(t, &p);
	PROG(&p, SYS_close, numbers[0]);
	PROG(&p, SYS_close, numbers[1]);
	return agent_run(ctx, t, &p, e);
}

/* By system calls, not by the library's functions: only this thread changes. */
static int pair_here(const UnixSkEntry *r, int pair[2], struct err *e)
{
	bool other = r->has_peer_uid && r->has_peer_gid && (r->peer_uid || r->peer_gid);
	int ret, saved;

	if (other && (syscall(SYS_setresgid, -1, r->peer_gid, -1) || syscall(SYS_setresuid, -1, r->peer_uid, -1)))
		return err_set(e, errno, "cannot become user %u for a pair of sockets", r->peer_uid);
	ret = socketpair(AF_UNIX, r->type | SOCK_CLOEXEC, 0, pair);
	saved = errno;
	if (other && (syscall(SYS_setresuid, -1, 0, -1) || syscall(SYS_setresgid, -1, 0, -1)))
		return err_set(e, errno, "cannot become root again");
	return ret ? err_set(e, saved, "cannot create a pair of sockets") : 0;
}

int unix_pair(struct restore_ctx *ctx, const UnixSkEntry *r, int pair[2], struct err *e)
{
	struct rtask *t = r->has_peer_pid && r->has_peer_uid && r->has_peer_gid ? born_task(ctx, r->peer_pid) : NULL;

	return t ? pair_in_task(ctx, t, r, pair, e) : pair_here(r, pair, e);
}
