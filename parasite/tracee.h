/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * A thread under our ptrace: seized, stopped, its registers and signal mask saved, and given back as it was. Nothing here uses
 * SIGTRAP or single steps: those would change the signal actions of the victim.
 */
#ifndef CRKIT_TRACEE_H
#define CRKIT_TRACEE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "parasite/loan.h"

struct tracee {
	pid_t pid; /* thread group */
	pid_t tid;
	unsigned long options;			 /* PTRACE_O_* */
	struct cpu_regs regs;			 /* as they were when it was stopped */
	uint64_t sigmask;			 /* likewise */
	struct kernel_syscall_dispatch dispatch; /* the syscall user dispatch that it has; mode 0: none, or unknown */
	uint8_t stop_signo;			 /* the signal of the group-stop it was in; 0: it was running */
	bool blocked;				 /* its signal mask is changed to block everything */
	bool undispatched;			 /* its syscall user dispatch is switched off */
	bool touched;				 /* its registers are changed */
	void *xstate;				 /* its extended registers as they were; NULL: nobody changes them */
	size_t xstate_len;
	bool impatient;	   /* waiting for it may end with EINTR when a signal arrives */
	struct loan *loan; /* where to note what it was; NULL: nowhere, it does not outlive us */
	long call_nr;	   /* the system call that it is to make for us */
	uint64_t call_arg[6];
};

/* Seizes and asks to stop; does not wait. options: PTRACE_O_*. errnum ESRCH: it is gone. */
int tracee_seize(struct tracee *t, pid_t pid, pid_t tid, unsigned long options, struct err *e);

/* Other options from now on. */
int tracee_set_options(struct tracee *t, unsigned long options, struct err *e);

/* Waits until it stands still and saves registers and mask. Signals met on the way are delivered to it. errnum ESRCH: it died. */
int tracee_stop(struct tracee *t, struct err *e);

/* The same without saving anything: for a thread that runs our code. */
int tracee_settle(struct tracee *t, struct err *e);

/* Waits for the next ptrace-stop of a running tracee. *status_ret as from waitpid. */
int tracee_wait(const struct tracee *t, int *status_ret, struct err *e);

/*
 * Executes one system call in the stopped thread at the site, and leaves it in the park if there is one. *ret is the call's result
 * (-errno on failure). The steps let several threads do it at once: begin all, enter all, end all.
 */
int tracee_syscall_begin(struct tracee *t, const struct cpu_site *site, long nr, const uint64_t arg[6], struct err *e);
int tracee_syscall_enter(struct tracee *t, const struct cpu_site *site, struct err *e);
int tracee_syscall_end(struct tracee *t, int64_t *ret, struct err *e);
int tracee_syscall(struct tracee *t, const struct cpu_site *site, long nr, const uint64_t arg[6], int64_t *ret,
		   struct err *e);

/*
 * For a thread that is about to execute a system call instruction (cpu_at_syscall), with all signals blocked: takes it to the entry of the
 * call. What is pending then interrupts the call as it should, instead of being handled before it.
 */
int tracee_reenter_begin(const struct tracee *t, struct err *e);
int tracee_reenter_end(const struct tracee *t, struct err *e);

/*
 * Of a thread that runs our code with all signals blocked: it was stopped by SIGSTOP, or by a request of ours that came when it stood
 * already (status as from waitpid), and runs on. What the group-stop asks for it does when we have left.
 */
int tracee_run_on(const struct tracee *t, int status, struct err *e);

/* Notes what it was, and lets nothing interfere while it runs our code: no signal, no syscall user dispatch. Not twice. */
int tracee_borrow(struct tracee *t, struct err *e);

/* Keeps its extended registers in buf (CPU_XSTATE_MAX bytes) until they are put back: what it will run changes them. */
int tracee_keep_xstate(struct tracee *t, void *buf, struct err *e);
int tracee_restore_xstate(struct tracee *t, struct err *e);

/* Registers, mask and dispatch as they were. */
int tracee_restore(struct tracee *t, struct err *e);

/* Lets it go. A task that was stopped by a signal stays stopped. sig is delivered to it if not 0. */
int tracee_detach(struct tracee *t, struct err *e);

#endif
