// SPDX-License-Identifier: GPL-2.0-only
/* Who gets the signal of a file: F_SETOWN, F_SETSIG and O_ASYNC on both ends of a pipe, named under another effective uid. */
#include "test/crtest.h"

#define F_GETOWNER_UIDS_ 17

static int ends[2];
static uid_t uids[2];
static volatile sig_atomic_t signals, signal_fd;

static void on_io(int sig, siginfo_t *info, void *context)
{
	signals++;
	signal_fd = info->si_fd;
}

static void arrange(void)
{
	struct sigaction act = { .sa_sigaction = on_io, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct f_owner_ex group = { F_OWNER_PGRP, getpgrp() };

	must(sigaction(SIGRTMIN + 5, &act, NULL));
	must(pipe(ends));
	must(setresuid(-1, 1, -1));
	must(fcntl(ends[0], F_SETOWN, getpid()));
	must(setresuid(-1, 0, -1));
	must(fcntl(ends[0], F_SETSIG, SIGRTMIN + 5));
	must(fcntl(ends[0], F_SETFL, O_ASYNC));
	must(fcntl(ends[0], F_GETOWNER_UIDS_, uids));
	must(fcntl(ends[1], F_SETOWN_EX, &group));
}

static void verify(void)
{
	struct f_owner_ex owner;
	uid_t now[2];

	check_eq(fcntl(ends[0], F_GETOWN), getpid());
	check_eq(fcntl(ends[0], F_GETSIG), SIGRTMIN + 5);
	check_eq(fcntl(ends[0], F_GETFL) & O_ASYNC, O_ASYNC);
	check_eq(fcntl(ends[0], F_GETOWNER_UIDS_, now), 0);
	check_eq(now[0], uids[0]);
	check_eq(now[1], uids[1]);
	check_eq(now[1], 1);
	check_eq(fcntl(ends[1], F_GETOWN_EX, &owner), 0);
	check_eq(owner.type, F_OWNER_PGRP);
	check_eq(owner.pid, getpgrp());
	check_eq(signals, 0);
	check_eq(write(ends[1], "x", 1), 1);
	check_eq(signals, 1);
	check_eq(signal_fd, ends[0]);
}

CRTEST(.about = "owners of files", .ids = "FS-13", .arrange = arrange, .verify = verify, .root = true)
