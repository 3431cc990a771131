// SPDX-License-Identifier: GPL-2.0-only
/* A blocked, pending SIGTRAP: the dump refuses, and the signal and its handler are still there. */
#include <sys/signalfd.h>

#include "test/crtest.h"

static void on_trap(int sig)
{
}

static void trap_only(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTRAP);
}

static void arrange(void)
{
	sigset_t set;

	must(sigaction(SIGTRAP, &(struct sigaction){ .sa_handler = on_trap }, NULL));
	trap_only(&set);
	must(sigprocmask(SIG_BLOCK, &set, NULL));
	must(raise(SIGTRAP));
}

static void verify(void)
{
	struct signalfd_siginfo si;
	struct sigaction act;
	sigset_t set;
	int fd;

	trap_only(&set);
	fd = must(signalfd(-1, &set, SFD_NONBLOCK));
	check_eq(read(fd, &si, sizeof(si)), sizeof(si));
	check_eq(si.ssi_signo, SIGTRAP);
	check_eq(sigaction(SIGTRAP, NULL, &act), 0);
	check(act.sa_handler == on_trap);
}

CRTEST(.about = "pending SIGTRAP", .ids = "SG-4", .refused = "SIGTRAP", .arrange = arrange, .verify = verify)
