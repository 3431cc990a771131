// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pidfds. Tasks of the tree are all born when files are made. For a process that is gone another one is made to end in the same
 * way; all pidfds of that one are opened before it is reaped.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/kernel.h"
#include "cr-restore/files.h"

static int pidfd_check(struct restore_ctx *ctx, const FileEntry *f, struct err *e)
{
	pid_t pid = f->pidfd->nspid;

	if (pid == -1)
		return 0;
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i]->pid == pid && !ctx->tasks[i]->helper)
			return 0;
	problem(ctx, NULL, "file %u is a pidfd of process %d, which the images do not have", f->id, pid);
	return 0;
}

static int open_pidfd(pid_t pid, uint32_t flags, int *fd_ret, struct err *e)
{
	*fd_ret = syscall(SYS_pidfd_open, pid, flags & (O_NONBLOCK | KERNEL_PIDFD_THREAD));
	return *fd_ret < 0 ? err_set(e, errno, "cannot open a pidfd of process %d", pid) : 0;
}

/* In the child: ends as the process did. No core file, whatever the signal. */
static _Noreturn void end_as(uint32_t code)
{
	int sig = WTERMSIG(code);
	sigset_t set;

	if (WIFSIGNALED(code)) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		signal(sig, SIG_DFL);
		sigemptyset(&set);
		sigaddset(&set, sig);
		raise(sig);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
	}
	_exit(WEXITSTATUS(code));
}

/* All that mean the same process. */
static int open_all(struct restore_ctx *ctx, const PidfdEntry *r, pid_t pid, int *fd_ret, struct err *e)
{
	struct files *fs = ctx->files;
	int fd;

	for (size_t i = 0; i < fs->nr; i++) {
		const PidfdEntry *other = fs->list[i].entry->pidfd;

		if (!other || other->nspid != -1 || other->ino != r->ino || !fs->list[i].users)
			continue;
		if (open_pidfd(pid, other->flags, &fd, e))
			return -1;
		if (other == r)
			*fd_ret = fd;
		else
			files_put(ctx, fs->list[i].id, fd);
	}
	return 0;
}

/* It is reaped before anything else is born: its number may be wanted. Nobody is told of its death by a signal. */
static int make_dead(struct restore_ctx *ctx, const PidfdEntry *r, int *fd_ret, struct err *e)
{
	pid_t pid = syscall(SYS_clone, 0, 0, 0, 0, 0);
	siginfo_t info;
	int ret;

	if (!pid)
		end_as(r->exit_code);
	if (pid < 0)
		return err_set(e, errno, "cannot create a process in place of one that is gone");
	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT | __WALL))
		return err_set(e, errno, "cannot wait for a process");
	*fd_ret = -1;
	ret = open_all(ctx, r, pid, fd_ret, e);
	waitpid(pid, NULL, __WALL);
	return ret;
}

static int pidfd_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	_cleanup_close_ int fd = -1;

	if (f->pidfd->nspid == -1 ? make_dead(ctx, f->pidfd, &fd, e) :
				    open_pidfd(f->pidfd->nspid, f->pidfd->flags, &fd, e))
		return -1;
	*fd_ret = take_fd(fd);
	return 0;
}

const struct restore_kind restore_pidfd = {
	.name = "pidfd",
	.type = FD_TYPES__PIDFD,
	.check = pidfd_check,
	.make = pidfd_make,
};
