// SPDX-License-Identifier: GPL-2.0-only
/* Talking to newborn tasks: running programs in them, and handing them descriptors over the one channel. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/futex.h"
#include "base/procstate.h"
#include "cr-restore/agent.h"

void thread_begin(struct agent_thread *th, struct prog *p)
{
	prog_begin(p, &th->area);
}

void agent_begin(struct rtask *t, struct prog *p)
{
	thread_begin(&t->threads[0], p);
}

/* A zombie counts as gone. Cheap enough for the rare case that an answer takes long. */
static bool is_gone(pid_t pid, pid_t tid)
{
	char state = proc_state(pid, tid);

	return state == 'Z' || state == 'X';
}

int thread_finish(struct rtask *t, struct agent_thread *th, struct prog *p, struct err *e)
{
	while (!run_done(p)) {
		futex_wait(&p->slot->state, RUN_GO, 100);
		if (run_done(p))
			break;
		if (is_gone(t->pid, th->tid)) {
			err_set(e, 0, "the newborn task died");
			return err_in(e, "pid %d", t->pid);
		}
	}
	if (prog_check(p, e))
		return err_in(e, th->tid == t->pid ? "pid %d" : "pid %d: thread %d", t->pid, th->tid);
	return 0;
}

/* Signals wait while we work; one that means to end us is looked for before each program. */
bool given_up(void)
{
	sigset_t pending;

	return !sigpending(&pending) &&
	       (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) || sigismember(&pending, SIGHUP));
}

int thread_start(struct rtask *t, struct prog *p, struct err *e)
{
	if (given_up())
		return err_set(e, 0, "given up: cr-restore was told to end by a signal");
	if (prog_ready(p, e))
		return err_in(e, "pid %d", t->pid);
	run_go(p);
	return 0;
}

int agent_start(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e)
{
	return thread_start(t, p, e);
}

int agent_finish(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e)
{
	return thread_finish(t, &t->threads[0], p, e);
}

int agent_run(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e)
{
	return agent_start(ctx, t, p, e) ? -1 : agent_finish(ctx, t, p, e);
}

/* --- descriptors -------------------------------------------------------------------------------------------- */

static int send_fds(struct restore_ctx *ctx, const int *fds, size_t n, struct err *e)
{
	char control[CMSG_SPACE(CHAN_MAX * sizeof(int))] = { 0 }, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(n * sizeof(int))
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	if (sendmsg(ctx->chan, &m, MSG_NOSIGNAL) != 1)
		return err_set(e, errno, "cannot send %zu descriptors to a task", n);
	return 0;
}

int agent_send_fds(struct restore_ctx *ctx, struct rtask *t, const int *fds, size_t n, int *numbers, struct err *e)
{
	struct {
		struct msghdr m;
		struct iovec iov;
		char byte[16];
		char control[CMSG_SPACE(CHAN_MAX * sizeof(int))];
	} * here;
	struct prog p;
	uint64_t there;

	if (!n)
		return 0;
	agent_begin(t, &p);
	there = prog_room(&p, sizeof(*here), &here);
	if (!there)
		return err_set(e, 0, "the area of process %d is too small for a message", t->pid);
	here->iov = (struct iovec){ (void *)(there + offsetof(__typeof__(*here), byte)), 1 };
	here->m = (struct msghdr){ .msg_iov = (void *)(there + offsetof(__typeof__(*here), iov)), .msg_iovlen = 1 };
	here->m.msg_control = (void *)(there + offsetof(__typeof__(*here), control));
	here->m.msg_controllen = CMSG_SPACE(n * sizeof(int));
	PROG(&p, SYS_recvmsg, ctx->chan_task, there, 0);
	prog_exact(&p, 1);
	if (send_fds(ctx, fds, n, e) || agent_run(ctx, t, &p, e))
		return err_in(e, "pid %d", t->pid);
	if (here->m.msg_controllen < CMSG_LEN(n * sizeof(int)) || here->m.msg_flags & MSG_CTRUNC) {
		err_set(e, 0, "process %d could not receive %zu descriptors", t->pid, n);
		return err_hint(e, "the limit on open files (ulimit -n) of cr-restore may be too low");
	}
	memcpy(numbers, here->control + CMSG_LEN(0), n * sizeof(int));
	return 0;
}
