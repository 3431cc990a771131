// SPDX-License-Identifier: LGPL-2.1-only
/* Giving threads back for a tracer that was killed: see loan.h. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/procstate.h"
#include "parasite/infect.h"
#include "parasite/loan.h"

/* The kernel's own two are never blocked. */
#define ALL_BLOCKED (~(1ULL << (SIGKILL - 1) | 1ULL << (SIGSTOP - 1)))

/* A thread that we have got hold of. */
struct held {
	struct loan *loan;
	struct tracee tr;    /* as it was */
	struct cpu_regs now; /* as it is */
	bool stands, astray; /* astray: it still waits where its tracer has left it */
};

static bool is_leader(const struct loan *l)
{
	return l->site.insn;
}

/* Where does it stand? Just before it was changed, and just after it was put back, its tracer may have left it in its own code. */
static bool is_astray(const struct held *h)
{
	const struct loan *l = h->loan;

	if (l->base && cpu_pc(&h->now) - l->base < l->size)
		return true;
	return is_leader(l) && (cpu_is_parked(&h->now, &l->site) || cpu_waits(&h->now, &l->site));
}

/* Its registers and mask as they were found by the first tracer, not as we found them. */
static int take(struct held *h, struct err *e)
{
	const struct loan *l = h->loan;
	uint64_t mask;

	if (tracee_seize(&h->tr, l->pid, l->tid, l->options, e) || tracee_stop(&h->tr, e))
		return -1;
	h->stands = true;
	h->now = h->tr.regs;
	mask = h->tr.sigmask;
	h->astray = is_astray(h);
	h->tr.touched = h->astray;
	h->tr.regs = l->regs;
	/* In its own code again it may have set another mask by itself. */
	h->tr.blocked = h->astray || mask == ALL_BLOCKED;
	h->tr.sigmask = l->sigmask;
	h->tr.dispatch = l->dispatch;
	h->tr.undispatched = l->dispatch.mode;
	return 0;
}

/* What the mapping's maker was told by the kernel, its tracer did not live to hear. */
static void complete(struct held *h)
{
	struct loan *l = h->loan;
	int64_t result = cpu_syscall_result(&h->now);

	if (!cpu_is_parked(&h->now, &l->site))
		return;
	if (l->phase == LOAN_MAPPING && !l->base && (result >= 0 || result < -4095))
		l->base = result;
	if (l->phase == LOAN_UNMAPPING && !result)
		l->base = 0;
}

static int give_leader_back(struct held *h, struct err *e)
{
	struct infection inf = { .leader = &h->tr, .site = h->loan->site };

	complete(h);
	inf.base = h->loan->base;
	inf.size = h->loan->size;
	return infection_cure(&inf, e);
}

static int give_back(struct held *h, struct err *e)
{
	if (h->astray && is_leader(h->loan))
		return give_leader_back(h, e);
	return tracee_restore(&h->tr, e);
}

/* One thread's failure is told, if it is the first, and does not keep the others. */
static void note(const struct err *one, int *ret, struct err *e)
{
	if (one->errnum == ESRCH)
		return;
	if (*ret >= 0)
		*e = *one;
	*ret = -1;
}

/* The threads that stand in our mapping leave it before it goes. */
static void give_all_back(struct held *held, size_t n, bool leaders, int *ret, struct err *e)
{
	struct err one;

	for (size_t i = 0; i < n; i++)
		if (held[i].stands && is_leader(held[i].loan) == leaders && give_back(&held[i], &one))
			note(&one, ret, e);
}

static void let_all_go(struct held *held, size_t n, int *ret, struct err *e)
{
	struct err one;

	for (size_t i = 0; i < n; i++) {
		if (!held[i].stands)
			continue;
		if (tracee_detach(&held[i].tr, &one))
			note(&one, ret, e);
		held[i].loan->out = 0;
		*ret += *ret >= 0;
	}
}

static bool any_runs(const struct loan *loans, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (__atomic_load_n(&loans[i].out, __ATOMIC_ACQUIRE) && proc_state(loans[i].pid, loans[i].tid) == 'R')
			return true;
	return false;
}

/*
 * A program that has begun goes on without its tracer, and takes away in the end what it has made for itself. Then it sleeps, soon; a
 * thread at the instruction that jumps to itself never does.
 */
static void await_programs(const struct loan *loans, size_t nr)
{
	for (int i = 0; i < 100 && any_runs(loans, nr); i++)
		usleep(200);
}

int loans_return(struct loan *loans, size_t nr, struct err *e)
{
	_cleanup_free_ struct held *held = calloc(nr + 1, sizeof(*held));
	struct err one;
	size_t n = 0;
	int ret = 0;

	if (!held)
		return err_nomem(e, "the threads to give back");
	await_programs(loans, nr);
	for (size_t i = 0; i < nr; i++) {
		if (!__atomic_load_n(&loans[i].out, __ATOMIC_ACQUIRE))
			continue;
		held[n].loan = &loans[i];
		if (take(&held[n++], &one))
			note(&one, &ret, e);
	}
	give_all_back(held, n, false, &ret, e);
	give_all_back(held, n, true, &ret, e);
	let_all_go(held, n, &ret, e);
	return ret;
}
