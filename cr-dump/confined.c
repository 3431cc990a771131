// SPDX-License-Identifier: GPL-2.0-only
/*
 * What confines a thread, or gives it rights, and cannot be given to a new one by any interface: Landlock domains, keyrings of its own. All of
 * it is refused. Labels of security modules are in label.c.
 *
 * A Landlock domain is shown nowhere. But who is in one may not look into processes outside of it, so threads are made to try: to compare
 * themselves with this process, or, without the capability for that, with one that has their own ids. A profile can forbid the same; but
 * ptrace(2) tells who did: AppArmor and SELinux, which are asked after Landlock, have another error than Landlock has.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/kcmp.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cr-dump/confined.h"
#include "cr-dump/label.h"
#include "cr-dump/task.h"

#define KEYS_MAX 16 /* of a session keyring that are looked at */

/* A process that has ended at once, with the ids of some threads and no capabilities. Nobody can trace it, only try. */
struct mirror {
	uid_t uid;
	gid_t gid;
	pid_t pid; /* 0: could not be made */
};

struct confined {
	bool has_landlock;
	long session; /* our own session keyring, if it is an anonymous one */
	struct mirror *mirrors;
	size_t nr_mirrors;
};

static struct confined *confined_of(struct dump_ctx *ctx)
{
	struct confined *c = ctx->confined;

	if (c)
		return c;
	c = ctx->confined = pool_alloc(&ctx->pool, sizeof(*c));
	c->has_landlock = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
	c->session = syscall(SYS_request_key, "keyring", "_ses", NULL, 0);
	return c;
}

/* --- Landlock ----------------------------------------------------------------------------------------------- */

static void be_mirror(const struct mirror *m)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = { 0 };

	if (syscall(SYS_setresgid, m->gid, m->gid, m->gid) || syscall(SYS_setresuid, m->uid, m->uid, m->uid) ||
	    syscall(SYS_capset, &head, none) || prctl(PR_SET_DUMPABLE, 1))
		_exit(1);
	_exit(0);
}

static pid_t make_mirror(const struct mirror *m)
{
	pid_t pid = fork();
	siginfo_t si;

	if (!pid)
		be_mirror(m);
	if (pid > 0 && !waitid(P_PID, pid, &si, WEXITED | WNOWAIT) && si.si_code == CLD_EXITED && !si.si_status)
		return pid;
	return 0;
}

static pid_t mirror_of(struct dump_ctx *ctx, const CredsEntry *creds)
{
	struct confined *c = confined_of(ctx);
	struct mirror *m;

	for (size_t i = 0; i < c->nr_mirrors; i++)
		if (c->mirrors[i].uid == creds->uid && c->mirrors[i].gid == creds->gid)
			return c->mirrors[i].pid;
	m = POOL_PUSH(&ctx->pool, c->mirrors, c->nr_mirrors);
	*m = (struct mirror){ .uid = creds->uid, .gid = creds->gid };
	m->pid = make_mirror(m);
	if (!m->pid)
		log_warn("cannot tell whether tasks of user %u are confined by Landlock", m->uid);
	return m->pid;
}

/* Whom the thread could look into if nothing confined it. 0: nobody. */
static pid_t counterpart(struct dump_ctx *ctx, const struct thread *th)
{
	const CredsEntry *creds = th->core->thread_core->creds;

	if (!confined_of(ctx)->has_landlock)
		return 0;
	return creds->cap_eff[0] & 1u << CAP_SYS_PTRACE && !label_is_other(ctx, th) ? getpid() : mirror_of(ctx, creds);
}

void confined_end(struct dump_ctx *ctx)
{
	struct confined *c = ctx->confined;

	for (size_t i = 0; c && i < c->nr_mirrors; i++)
		if (c->mirrors[i].pid) {
			waitpid(c->mirrors[i].pid, NULL, 0);
			c->mirrors[i].pid = 0;
		}
}

/* --- keyrings ----------------------------------------------------------------------------------------------- */

/* What login sessions and services have in their session keyring anyway. */
static bool is_usual_key(const char *description)
{
	const char *name = strrchr(description, ';'); /* type;uid;gid;permissions;name */

	return name && (!strncmp(name, ";_uid.", 6) || !strcmp(name, ";invocation_id"));
}

/* Most keys can be described by their owner only. */
static bool is_usual(int32_t key, uid_t uid)
{
	char description[256] = "";
	uid_t own = setfsuid(uid);
	long n = syscall(SYS_keyctl, KEYCTL_DESCRIBE, key, description, sizeof(description) - 1, 0);

	setfsuid(own);
	return n > 0 && is_usual_key(description);
}

static void check_session(struct dump_ctx *ctx, struct task *t, const struct thread *th, const int32_t *keys,
			  int64_t size)
{
	for (int i = 0; i < KEYS_MAX && (i + 1) * (int64_t)sizeof(*keys) <= size; i++) {
		if (is_usual(keys[i], th->core->thread_core->creds->fsuid))
			continue;
		refuse(ctx, t, NULL, "thread %d has keys in a session keyring (see keyrings(7))", th->tr.tid);
		return;
	}
}

/* --- inside ------------------------------------------------------------------------------------------------- */

enum { ASK_THREAD_KEYRING, ASK_PROCESS_KEYRING, ASK_SESSION, ASK_SESSION_KEYS, ASK_COMPARE, ASK_TRACE };

/* Nothing here makes a keyring; to ask for the id of the session's would, so an anonymous one is searched by its name. */
static void confined_ask_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, struct prog *p)
{
	uint32_t session;

	PROG(p, SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_THREAD_KEYRING, 0);
	prog_any(p);
	PROG(p, SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 0);
	prog_any(p);
	session = PROG(p, SYS_request_key, prog_str(p, "keyring"), prog_str(p, "_ses"), 0, 0);
	prog_any(p);
	PROG(p, SYS_keyctl, KEYCTL_READ, 0, prog_room(p, KEYS_MAX * sizeof(int32_t), NULL), KEYS_MAX * sizeof(int32_t));
	prog_ref(p, 1, session);
	prog_any(p);
	PROG(p, SYS_kcmp, th->tr.tid, counterpart(ctx, th), KCMP_VM, 0, 0);
	prog_any(p);
	if (!label_is_other(ctx, th))
		return;
	PROG(p, SYS_ptrace, PTRACE_SEIZE, counterpart(ctx, th), 0, 0);
	prog_any(p);
}

static bool is_in_landlock(struct dump_ctx *ctx, const struct thread *th, uint32_t at)
{
	if (!confined_of(ctx)->has_landlock || prog_result(&th->prog, at + ASK_COMPARE) != -EPERM)
		return false;
	return !label_is_other(ctx, th) || prog_result(&th->prog, at + ASK_TRACE) != -EACCES;
}

static int confined_save_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, uint32_t at, struct err *e)
{
	const struct prog *p = &th->prog;
	int64_t session = prog_result(p, at + ASK_SESSION);

	if (prog_result(p, at + ASK_THREAD_KEYRING) > 0)
		refuse(ctx, t, NULL, "thread %d has a keyring of its own (see thread-keyring(7))", th->tr.tid);
	if (prog_result(p, at + ASK_PROCESS_KEYRING) > 0 && th == &t->threads[0])
		refuse(ctx, t, NULL, "it has a keyring of its own (see process-keyring(7))");
	if (session > 0 && session != confined_of(ctx)->session)
		check_session(ctx, t, th, answer(p, at + ASK_SESSION_KEYS, 2), prog_result(p, at + ASK_SESSION_KEYS));
	if (is_in_landlock(ctx, th, at))
		refuse(ctx, t, NULL, "thread %d may not look at other processes: it is confined by Landlock",
		       th->tr.tid);
	return 0;
}

const struct dump_part dump_confined = {
	.name = "confinement",
	.ask_thread = confined_ask_thread,
	.save_thread = confined_save_thread,
};
