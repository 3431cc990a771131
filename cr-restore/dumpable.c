// SPDX-License-Identifier: GPL-2.0-only
/* The attribute "dumpable" during a restore and after it: see dumpable.h. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "cr-restore/dumpable.h"
#include "cr-restore/state.h"

enum { ONLY_ROOT = 2 }; /* SUID_DUMP_ROOT of the kernel */

void dumpable_put_off(struct prog *p)
{
	PROG(p, SYS_prctl, PR_SET_DUMPABLE, 0);
}

/* It takes CAP_SYS_PTRACE, and the right to open root's files. */
int dumpable_check_reach(struct restore_ctx *ctx, struct rtask *root, struct err *e)
{
	char path[32];
	struct prog p;

	snprintf(path, sizeof(path), "/proc/%d/mem", root->pid);
	_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		return 0;
	log_debug("the new tasks are open to all processes of their user: only so are they to us");
	agent_begin(root, &p);
	PROG(&p, SYS_prctl, PR_SET_DUMPABLE, 1);
	return agent_run(ctx, root, &p, e);
}

/* 2 cannot be asked for: it is what a change of credentials leaves, see suid_dumpable in proc(5). */
int dumpable_of(const struct rtask *t)
{
	if (!t->mm->has_dumpable)
		return 1;
	return t->mm->dumpable == ONLY_ROOT ? -1 : t->mm->dumpable;
}

bool dumpable_comes_late(struct restore_ctx *ctx, const struct rtask *t)
{
	return dumpable_of(t) > 0 && !creds_are_ours(ctx, t);
}
