// SPDX-License-Identifier: GPL-2.0-only
/* A signalfd keeps its mask and its flags, and gives the signals that were pending; two descriptors of one stay one. */
#include <sys/signalfd.h>

#include "test/crtest.h"

static int user, many, again;

static void block(sigset_t *set, const int *signals)
{
	sigemptyset(set);
	while (*signals)
		sigaddset(set, *signals++);
	must(sigprocmask(SIG_BLOCK, set, NULL));
}

static void arrange(void)
{
	sigset_t set;

	block(&set, (int[]){ SIGUSR2, 0 });
	block(&set, (int[]){ SIGUSR1, 0 });
	user = must(signalfd(-1, &set, SFD_NONBLOCK));
	again = must(fcntl(user, F_DUPFD_CLOEXEC, 100));
	block(&set, (int[]){ SIGHUP, SIGWINCH, SIGRTMIN + 3, 64, 0 });
	many = must(signalfd(-1, &set, SFD_CLOEXEC));
	must(sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = 77 }));
}

static void verify(void)
{
	struct signalfd_siginfo si;
	sigset_t set;

	check_fails(read(user, &si, sizeof(si)), EAGAIN);
	must(kill(getpid(), SIGUSR2));
	check_fails(read(user, &si, sizeof(si)), EAGAIN);
	must(kill(getpid(), SIGUSR1));
	check_eq(read(user, &si, sizeof(si)), sizeof(si));
	check_eq(si.ssi_signo, SIGUSR1);
	check_eq(si.ssi_pid, getpid());
	check_eq(fcntl(many, F_GETFL) & O_NONBLOCK, 0);
	check_eq(fcntl(many, F_GETFD), FD_CLOEXEC);
	check_eq(read(many, &si, sizeof(si)), sizeof(si));
	check_eq(si.ssi_signo, SIGRTMIN + 3);
	check_eq(si.ssi_int, 77);
	must(kill(getpid(), 64));
	check_eq(read(many, &si, sizeof(si)), sizeof(si));
	check_eq(si.ssi_signo, 64);
	/* Another mask through one descriptor is seen through the other. */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	must(signalfd(again, &set, 0));
	check_eq(read(user, &si, sizeof(si)), sizeof(si));
	check_eq(si.ssi_signo, SIGUSR2);
	check_eq(fcntl(again, F_GETFD), FD_CLOEXEC);
}

CRTEST(.about = "signalfd mask, flags and pending signals", .ids = "EV-4", .arrange = arrange, .verify = verify)
