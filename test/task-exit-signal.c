// SPDX-License-Identifier: GPL-2.0-only
/*
 * Children that end with another signal than SIGCHLD, or with none: so the parent gets it, and only a wait that asks for such children finds
 * them. Living ones and zombies.
 */
#include <linux/sched.h>

#include "test/crtest.h"

#ifndef __WCLONE
#define __WCLONE 0x80000000
#endif
#define NR 3

static const int signals[NR] = { 0, SIGUSR1, SIGCHLD };
static pid_t living[NR], zombies[NR];
static int go[2];
static volatile sig_atomic_t got[NSIG];

static void on_signal(int sig)
{
	got[sig]++;
}

static pid_t make(int sig, int status, bool dies)
{
	pid_t pid = must(syscall(SYS_clone, (long)sig, 0L, 0L, 0L, 0L));
	char c;

	if (pid)
		return pid;
	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
	close(go[1]);
	if (!dies)
		must(read(go[0], &c, 1));
	_exit(status);
}

static void arrange(void)
{
	siginfo_t si;

	must(pipe(go));
	must(sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = on_signal, .sa_flags = SA_RESTART }, NULL));
	must(sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = on_signal, .sa_flags = SA_RESTART }, NULL));
	for (int i = 0; i < NR; i++) {
		living[i] = make(signals[i], 10 + i, false);
		zombies[i] = make(signals[i], 20 + i, true);
		must(waitid(P_PID, zombies[i], &si, WEXITED | WNOWAIT | __WALL));
		task_wait_asleep(living[i]);
	}
	got[SIGUSR1] = got[SIGCHLD] = 0;
}

static void collect(pid_t pid, int sig, int status)
{
	int got_status = -1;

	/* Without a flag a wait sees only those that end with SIGCHLD. */
	if (sig != SIGCHLD) {
		check_fails(waitpid(pid, &got_status, 0), ECHILD);
		check_eq(waitpid(pid, &got_status, __WCLONE), pid);
	} else {
		check_eq(waitpid(pid, &got_status, 0), pid);
	}
	check_eq(got_status, status << 8);
}

static void verify(void)
{
	check_eq(got[SIGUSR1], 0);
	for (int i = 0; i < NR; i++)
		collect(zombies[i], signals[i], 20 + i);
	close(go[1]);
	for (int i = 0; i < NR; i++)
		collect(living[i], signals[i], 10 + i);
	check_eq(got[SIGUSR1], 1);
}

CRTEST(.about = "exit signals", .ids = "PT-12", .arrange = arrange, .verify = verify)
