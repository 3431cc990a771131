// SPDX-License-Identifier: GPL-2.0-only
/*
 * Job control: a shell with jobs of four processes each, stopped in the background because they read (SIGTTIN), write (SIGTTOU) or
 * for no reason, and one that is in the foreground. Each is brought to the foreground; its pending read or write finishes.
 */
#include "test/crtest-tty.h"

#define JOBS	  8
#define PROCESSES 4

static int master, slave;
static pid_t shell, jobs[JOBS][PROCESSES];

enum what { READS, WRITES, STOPS };

static void work(int job, int process)
{
	char line[16];

	signal(SIGTTOU, SIG_DFL);
	switch (job % 3) {
	case READS:
		while (read(slave, line, 2) != 2)
			;
		_exit(line[0] == 'r' ? 10 + process : 1);
	case WRITES:
		while (write(slave, "w", 1) != 1)
			;
		_exit(10 + process);
	case STOPS:
		raise(SIGTSTP);
		_exit(tcgetpgrp(slave) == getpgrp() ? 10 + process : 2);
	}
}

static void start_job(int job)
{
	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = must(fork());

		if (!pid) {
			setpgid(0, i ? jobs[job][0] : 0);
			work(job, i);
		}
		jobs[job][i] = pid;
		must(setpgid(pid, jobs[job][0]));
	}
	for (int i = 0; i < PROCESSES; i++) {
		siginfo_t si;

		must(waitid(P_PID, jobs[job][i], &si, WSTOPPED | WNOWAIT));
	}
}

static void shell_arrange(void *arg)
{
	must(setsid());
	must(ioctl(slave, TIOCSCTTY, 0));
	close(master);
	signal(SIGTTOU, SIG_IGN);
	tty_local(slave, ECHO, TOSTOP);
	for (int i = 0; i < JOBS; i++)
		start_job(i);
	must(tcsetpgrp(slave, jobs[2][0]));
}

static void shell_verify(void *arg)
{
	check_eq(tcgetpgrp(slave), jobs[2][0]);
	for (int j = 0; j < JOBS; j++) {
		siginfo_t si;

		for (int i = 0; i < PROCESSES; i++) {
			static const int by[] = { SIGTTIN, SIGTTOU, SIGTSTP };

			check_eq(waitid(P_PID, jobs[j][i], &si, WSTOPPED | WNOWAIT), 0);
			check_eq(si.si_status, by[j % 3]);
			check_eq(getpgid(jobs[j][i]), jobs[j][0]);
			check_eq(getsid(jobs[j][i]), getpid());
		}
		must(tcsetpgrp(slave, jobs[j][0]));
		must(kill(-jobs[j][0], SIGCONT));
		for (int i = 0; i < PROCESSES; i++) {
			int status;

			check_eq(waitpid(jobs[j][i], &status, 0), jobs[j][i]);
			check(WIFEXITED(status));
			check_eq(WEXITSTATUS(status), 10 + i);
		}
	}
}

static struct task *the_shell;

static void arrange(void)
{
	master = tty_master();
	slave = tty_slave(master, 0);
	the_shell = task_child(shell_arrange, shell_verify, NULL);
	shell = task_pid(the_shell);
}

static void verify(void)
{
	for (int i = 0; i < PROCESSES * ((JOBS + 2) / 3); i++)
		check_eq(write(master, "r\n", 2), 2);
	task_join(the_shell);
	check_eq(write(slave, "!", 1), 1);
	check_comes(master, "wwwwwwwwwwww!");
}

CRTEST(.about = "job control", .ids = "PT-25", .flavours = "plain leave-running cycles sibling ns-tool",
       .arrange = arrange, .verify = verify)
