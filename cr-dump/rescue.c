// SPDX-License-Identifier: GPL-2.0-only
/* What the command does when its worker was killed: see rescue.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/procstate.h"
#include "cr-dump/commit.h"
#include "cr-dump/rescue.h"
#include "cr-dump/task.h"

#define DEATH_MS 10000 /* a killed process is gone long before, unless it is in uninterruptible sleep */

struct rescue *rescue_create(struct err *e)
{
	struct rescue *r =
		mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (r != MAP_FAILED)
		return r;
	err_set(e, errno, "cannot map memory to share with the worker");
	return NULL;
}

struct loan *rescue_loan(struct dump_ctx *ctx)
{
	struct rescue *r = ctx->rescue;

	return r->nr_loans < RESCUE_MAX ? &r->loans[r->nr_loans++] : NULL;
}

void rescue_note_task(struct dump_ctx *ctx, const struct task *t, uint64_t start)
{
	struct rescue *r = ctx->rescue;

	if (r->nr_tasks < RESCUE_MAX)
		r->tasks[r->nr_tasks++] = (struct rescue_task){ t->pid, start };
}

static bool is_same(const struct rescue_task *t)
{
	char path[32], text[1024];
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", t->pid);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	text[n] = '\0';
	return n && stat_field(text, STAT_START_FIELD) == t->start;
}

/* The pidfd is opened first: what is found to be the process then, is the one that gets the signal. */
static void end_task(const struct rescue_task *t, int sig, bool wait)
{
	_cleanup_close_ int pidfd = syscall(SYS_pidfd_open, t->pid, 0);
	struct pollfd gone = { .fd = pidfd, .events = POLLIN };

	if (pidfd < 0 || !is_same(t))
		return;
	if (!wait)
		syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
	else if (sig == SIGKILL)
		poll(&gone, 1, DEATH_MS);
	else
		proc_await_stop(t->pid);
}

/* The worker's end has let the tree go; a complete dump may have other plans for it. */
static void end_tree(struct dump_ctx *ctx)
{
	const struct rescue *r = ctx->rescue;
	int sig = ctx->opts->leave_stopped ? SIGSTOP : SIGKILL;

	for (uint32_t i = 0; !ctx->opts->leave_running && i < 2 * r->nr_tasks; i++)
		end_task(&r->tasks[i % r->nr_tasks], sig, i >= r->nr_tasks);
}

int rescue_finish(struct dump_ctx *ctx)
{
	struct rescue *r = ctx->rescue;
	struct err e;
	int n = loans_return(r->loans, r->nr_loans, &e);

	if (n < 0)
		log_err(&e);
	else if (n)
		log_warn("%d threads were given back", n);
	if (r->committed) {
		end_tree(ctx);
		return 0;
	}
	if (r->begun)
		commit_undo(ctx);
	return 1;
}
