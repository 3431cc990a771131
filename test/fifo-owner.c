// SPDX-License-Identifier: GPL-2.0-only
/* A FIFO keeps its owner, signal and O_ASYNC: what is written after the restore sends the signal. */
#include "test/crtest.h"

static int in, out;
static volatile sig_atomic_t signals, last_fd;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	signals++;
	last_fd = info->si_fd;
}

static void arrange(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };

	must(sigaction(SIGUSR2, &sa, NULL));
	must(mkfifo("fifo", 0600));
	in = must(open("fifo", O_RDONLY | O_NONBLOCK));
	out = must(open("fifo", O_WRONLY | O_APPEND));
	must(fcntl(in, F_SETOWN, getpid()));
	must(fcntl(in, F_SETSIG, SIGUSR2));
	must(fcntl(in, F_SETFL, O_ASYNC));
}

static void verify(void)
{
	check_eq(fcntl(in, F_GETOWN), getpid());
	check_eq(fcntl(in, F_GETSIG), SIGUSR2);
	check_eq(fcntl(in, F_GETFL) & (O_ASYNC | O_NONBLOCK), O_ASYNC);
	check_eq(fcntl(out, F_GETFL) & (O_ACCMODE | O_APPEND), O_WRONLY | O_APPEND);
	check_eq(signals, 0);
	check_eq(write(out, "x", 1), 1);
	check_eq(signals, 1);
	check_eq(last_fd, in);
}

CRTEST(.about = "owner of a FIFO", .ids = "FS-13", .arrange = arrange, .verify = verify)
