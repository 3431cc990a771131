// SPDX-License-Identifier: GPL-2.0-only
/* A session leader that is a zombie while its session goes on: it can be waited for, and the members live. */
#include "test/crtest.h"

enum { OURS, HALF_OURS, FAMILIES }; /* the zombie: a child of the root; of a task below it */
enum { LEADER, MEMBER, HEIR, OF_A_FAMILY };

/* The adopter of all members is the root. */
static struct family {
	pid_t pids[OF_A_FAMILY];
	pid_t zombies_parent;
	uint32_t complete;
} * families;
static struct task *middle;

static void heir(struct family *f)
{
	f->pids[HEIR] = getpid();
	cell_set(&f->complete, 1);
	for (;;)
		pause();
}

static void member(struct family *f)
{
	f->pids[MEMBER] = getpid();
	if (!must(fork()))
		heir(f);
	for (;;)
		pause();
}

/* The leader, whose child has one itself: both are members. */
static void lead_and_die(struct family *f)
{
	f->pids[LEADER] = must(setsid());
	f->zombies_parent = getppid();
	if (!must(fork()))
		member(f);
	cell_wait(&f->complete, 1);
	_exit(7);
}

static void make_family(void *arg)
{
	pid_t leader = must(fork());
	siginfo_t si;

	if (!leader)
		lead_and_die(arg);
	must(waitid(P_PID, leader, &si, WEXITED | WNOWAIT));
}

static char state_of(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return proc_field(path, "State")[0];
}

static pid_t parent_of(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return atoi(proc_field(path, "PPid"));
}

static void look_at_family(const struct family *f)
{
	for (int i = 0; i < OF_A_FAMILY; i++) {
		check_eq(getsid(f->pids[i]), f->pids[LEADER]);
		check_eq(getpgid(f->pids[i]), f->pids[LEADER]);
	}
	check_eq(state_of(f->pids[LEADER]), 'Z');
	check_eq(parent_of(f->pids[LEADER]), f->zombies_parent);
	check_eq(parent_of(f->pids[MEMBER]), getpid());
	check_eq(parent_of(f->pids[HEIR]), f->pids[MEMBER]);
}

static void reap_leader(void *arg)
{
	struct family *f = arg;
	int status = -1;

	check_eq(waitpid(f->pids[LEADER], &status, WNOHANG), f->pids[LEADER]);
	check_eq(status, W_EXITCODE(7, 0));
}

static void end_member(pid_t pid)
{
	int status = -1;

	check_eq(kill(pid, SIGKILL), 0);
	check_eq(waitpid(pid, &status, 0), pid);
	check_eq(status, SIGKILL);
}

static void arrange(void)
{
	families = shared_alloc(FAMILIES * sizeof(*families));
	must(prctl(PR_SET_CHILD_SUBREAPER, 1));
	make_family(&families[OURS]);
	middle = task_child(make_family, reap_leader, &families[HALF_OURS]);
	for (int i = 0; i < FAMILIES; i++)
		look_at_family(&families[i]);
}

static void verify(void)
{
	for (int i = 0; i < FAMILIES; i++)
		look_at_family(&families[i]);
	reap_leader(&families[OURS]);
	task_join(middle);
	for (int i = 0; i < FAMILIES; i++) {
		end_member(families[i].pids[MEMBER]);
		end_member(families[i].pids[HEIR]); /* came to us by that */
	}
}

CRTEST(.about = "zombies that lead sessions with living members", .ids = "PT-14", .arrange = arrange, .verify = verify)
