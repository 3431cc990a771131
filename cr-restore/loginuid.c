// SPDX-License-Identifier: GPL-2.0-only
/* The user who logged in, as the audit system knows it. Only a thread itself may write it, so each gets a descriptor of its own file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "cr-restore/agent.h"
#include "cr-restore/state.h"

static int set_thread(struct restore_ctx *ctx, struct rtask *t, struct agent_thread *th, const char *text,
		      struct err *e)
{
	struct prog p;
	char path[64];
	int number;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/loginuid", t->pid, th->tid);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "cannot open %s", path);
	if (agent_send_fds(ctx, t, &fd, 1, &number, e))
		return -1;
	thread_begin(th, &p);
	PROG(&p, SYS_write, number, prog_str(&p, text), strlen(text));
	PROG(&p, SYS_close, number);
	if (!thread_start(t, &p, e) && !thread_finish(t, th, &p, e))
		return 0;
	err_in(e, "%s", path);
	return err_hint(e, "to change it takes CAP_AUDIT_CONTROL");
}

static int loginuid_before(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	const TaskCoreEntry *tc = t->core->tc;
	char own[16] = "", text[16];
	_cleanup_close_ int fd = tc->has_loginuid ? open("/proc/self/loginuid", O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 || read(fd, own, sizeof(own) - 1) <= 0 || strtoul(own, NULL, 10) == tc->loginuid)
		return 0; /* unknown, a kernel without it, or what all were born with */
	snprintf(text, sizeof(text), "%u", tc->loginuid);
	for (size_t i = 0; i < t->nr_threads; i++)
		if (set_thread(ctx, t, &t->threads[i], text, e))
			return -1;
	return 0;
}

const struct restore_state restore_loginuid = {
	.name = "loginuid",
	.before = loginuid_before,
};
