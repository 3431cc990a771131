// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zombies in the sessions of leaders that are dead and gone. Their adopter, the root, does not reap them; they are still
 * there, with the same ids, and can then be reaped.
 */
#include "test/crtest.h"

enum { ALONE, WITH_BROTHER, OWN_GROUP, KINDS }; /* a living brother in the session; the zombie leads a group */

static struct orphan {
	pid_t leader, pid, brother;
	int kind;
	uint32_t go;
} * orphans;

static void live_and_die(struct orphan *o)
{
	o->pid = getpid();
	if (o->kind == OWN_GROUP)
		must(setpgid(0, 0));
	cell_wait(&o->go, 1);
	_exit(10 + o->kind);
}

static void brother(struct orphan *o)
{
	o->brother = getpid();
	for (;;)
		pause();
}

static void lead(struct orphan *o)
{
	o->leader = must(setsid());
	if (!must(fork()))
		live_and_die(o);
	if (o->kind == WITH_BROTHER && !must(fork()))
		brother(o);
	while (!__atomic_load_n(&o->pid, __ATOMIC_SEQ_CST) ||
	       (o->kind == WITH_BROTHER && !__atomic_load_n(&o->brother, __ATOMIC_SEQ_CST)))
		usleep(100);
	_exit(0);
}

static void make_orphan(struct orphan *o, int kind)
{
	siginfo_t si;
	int status;
	pid_t pid;

	o->kind = kind;
	pid = must(fork());
	if (!pid)
		lead(o);
	must(waitpid(pid, &status, 0));
	cell_set(&o->go, 1);
	must(waitid(P_PID, o->pid, &si, WEXITED | WNOWAIT));
}

/* Of whom a zombie is does not show in an image: it may be root's now. */
static bool exists(pid_t pid)
{
	return kill(pid, 0) == 0 || errno == EPERM;
}

static void look(const struct orphan *o)
{
	check_fails(kill(o->leader, 0), ESRCH);
	check(exists(o->pid));
	check_eq(getsid(o->pid), o->leader);
	check_eq(getpgid(o->pid), o->kind == OWN_GROUP ? o->pid : o->leader);
	if (o->brother)
		check_eq(getsid(o->brother), o->leader);
}

static void arrange(void)
{
	orphans = shared_alloc(KINDS * sizeof(*orphans));
	must(prctl(PR_SET_CHILD_SUBREAPER, 1));
	for (int i = 0; i < KINDS; i++) {
		make_orphan(&orphans[i], i);
		look(&orphans[i]);
	}
}

static void verify(void)
{
	int status;

	for (int i = 0; i < KINDS; i++) {
		look(&orphans[i]);
		check_eq(waitpid(orphans[i].pid, &status, WNOHANG), orphans[i].pid);
		check_eq(status, W_EXITCODE(10 + i, 0));
	}
	check_eq(kill(orphans[WITH_BROTHER].brother, SIGKILL), 0);
	check_eq(waitpid(orphans[WITH_BROTHER].brother, &status, 0), orphans[WITH_BROTHER].brother);
}

CRTEST(.about = "zombies in sessions of dead leaders", .ids = "PT-15", .arrange = arrange, .verify = verify)
