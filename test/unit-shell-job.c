// SPDX-License-Identifier: GPL-2.0-only
/*
 * A job on a terminal that is not part of the tree: dumped with --shell-job, restored on another terminal, it goes on
 * reading and writing there, and the attached restore ends with its exit status. Once as a job of an interactive shell
 * (a process group of its own in the foreground), once in its shell's own group, once as a session that takes the terminal.
 */
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "test/crtest.h"

/* The framework's subject is not used: this test has a main of its own. */
static void fail(const char *what)
{
	printf("FAIL: %s\n", what);
	exit(1);
}

struct terminal {
	int master, slave;
	char seen[4096];
	size_t len;
};

static void terminal_open(struct terminal *t)
{
	struct termios raw;

	memset(t, 0, sizeof(*t));
	must(openpty(&t->master, &t->slave, NULL, NULL, NULL));
	must(tcgetattr(t->slave, &raw));
	raw.c_lflag &= ~ECHO;
	must(tcsetattr(t->slave, TCSANOW, &raw));
	must(fcntl(t->master, F_SETFD, FD_CLOEXEC));
	must(fcntl(t->master, F_SETFL, O_NONBLOCK));
}

static void terminal_close(struct terminal *t)
{
	close(t->master);
	close(t->slave);
}

static void expect_text(struct terminal *t, const char *text)
{
	double end = now_s() + 20;

	while (!memmem(t->seen, t->len, text, strlen(text))) {
		ssize_t n = read(t->master, t->seen + t->len, sizeof(t->seen) - t->len);

		if (n > 0)
			t->len += n;
		else if (now_s() > end) {
			printf("the terminal shows \"%.*s\", not \"%s\"\n", (int)t->len, t->seen, text);
			fail("the job does not answer");
		} else
			usleep(5000);
	}
	t->len = 0;
}

static void type(struct terminal *t, const char *text)
{
	check_eq(write(t->master, text, strlen(text)), strlen(text));
}

/* Leads a session on the terminal's slave, then runs the command in the foreground; the leader's status is its. */
static pid_t shell(struct terminal *t, bool own_group, void (*job)(void *), void *arg, pid_t *job_pid)
{
	pid_t *told = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	pid_t pid = must(fork()), child;
	int status;

	if (!pid) {
		must(setsid());
		must(ioctl(t->slave, TIOCSCTTY, 0));
		for (int fd = 0; fd < 3; fd++)
			must(dup2(t->slave, fd));
		terminal_close(t);
		signal(SIGTTOU, SIG_IGN);
		child = must(fork());
		if (!child) {
			if (own_group) {
				must(setpgid(0, 0));
				must(tcsetpgrp(0, getpid()));
			}
			signal(SIGTTOU, SIG_DFL);
			*told = getpid();
			must(munmap(told, PAGE));
			job(arg);
			_exit(99);
		}
		waitpid(child, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 98);
	}
	while (job_pid && !(*job_pid = *(volatile pid_t *)told))
		usleep(1000);
	munmap(told, PAGE);
	return pid;
}

static void answer(void *arg)
{
	char line[100], counted[120];

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 0; fgets(line, sizeof(line), stdin); i++) {
		if (!strcmp(line, "quit\n"))
			_exit(7);
		snprintf(counted, sizeof(counted), "answer %d: %s", i, line);
		fputs(counted, stdout);
	}
	_exit(6);
}

/* The same as a session of its own, with a member that asks /dev/tty for the answers. */
static void answer_by_child(void *arg)
{
	pid_t child;
	int status;

	must(setsid());
	must(ioctl(0, TIOCSCTTY, 1));
	child = must(fork());
	if (!child) {
		int fd = must(open("/dev/tty", O_RDWR));

		for (int i = 0; i < 3; i++)
			must(dup2(fd, i));
		answer(NULL);
	}
	must(waitpid(child, &status, 0));
	_exit(WEXITSTATUS(status));
}

static void run_restore(void *arg)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/cr-restore", getenv("CR_BIN"));
	execl(path, path, "-D", arg, "--shell-job", "-v4", "-o", "restore.log", NULL);
}

/* As a session without other members. */
static void answer_alone(void *arg)
{
	must(setsid());
	must(ioctl(0, TIOCSCTTY, 1));
	answer(NULL);
}

/* A restore that fails when the new processes have been born leaves the terminal to the session that it was started in. */
static void fail_to_restore(void *arg)
{
	char cmd[700];
	int status;

	snprintf(cmd, sizeof(cmd), "CRIU_FAULT=2 exec %s/cr-restore -D %s -j -o failed.log 2>err", getenv("CR_BIN"),
		 (char *)arg);
	status = system(cmd);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 1)
		_exit(20);
	_exit(tcgetsid(0) == getsid(0) ? 0 : 21);
}

static void run_dump(pid_t pid, const char *img)
{
	char cmd[700];

	must(mkdir(img, 0700));
	snprintf(cmd, sizeof(cmd), "%s/cr-dump -t %d -D %s -v4 -o dump.log --shell-job", getenv("CR_BIN"), pid, img);
	if (system(cmd))
		fail(cmd);
}

static void one_round(bool own_group, void (*job_is)(void *), char *img)
{
	struct terminal t;
	pid_t job = 0, leader;
	int status;

	terminal_open(&t);
	leader = shell(&t, own_group, job_is, NULL, &job);
	type(&t, "one\n");
	expect_text(&t, "answer 0: one");
	task_wait_asleep(job);
	run_dump(job, img);
	must(waitpid(leader, &status, 0));
	terminal_close(&t);

	if (job_is == answer_alone) {
		terminal_open(&t);
		leader = shell(&t, true, fail_to_restore, img, NULL);
		must(waitpid(leader, &status, 0));
		if (status)
			fail("a restore that failed has taken the terminal");
		terminal_close(&t);
	}
	terminal_open(&t);
	leader = shell(&t, true, run_restore, img, NULL);
	type(&t, "two\n");
	expect_text(&t, "answer 1: two");
	type(&t, "quit\n");
	must(waitpid(leader, &status, 0));
	if (status != W_EXITCODE(7, 0))
		fail("cr-restore does not end with the job's exit status");
	terminal_close(&t);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	one_round(true, answer, "img-own-group");
	one_round(false, answer, "img-shell-group");
	one_round(false, answer_by_child, "img-session");
	one_round(false, answer_alone, "img-alone");
	return 0;
}
