// SPDX-License-Identifier: GPL-2.0-only
/*
 * Terminals whose masters are outside the tree: named by --external at the dump, replaced by --inherit-fd at the restore;
 * the first is the controlling terminal, and closing its new master hangs up. Without either option there is a refusal that names them.
 */
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "test/crtest.h"

#define NR 10

static int master[NR], slave[NR];

/* The framework's subject is not used: this test has a main of its own. */
static void fail(const char *what)
{
	printf("FAIL: %s\n", what);
	exit(1);
}

static void open_all(void)
{
	for (int i = 0; i < NR; i++) {
		struct termios t;

		must(openpty(&master[i], &slave[i], NULL, NULL, NULL));
		must(tcgetattr(slave[i], &t));
		cfmakeraw(&t);
		must(tcsetattr(slave[i], TCSANOW, &t));
		must(fcntl(master[i], F_SETFD, FD_CLOEXEC));
	}
}

/* Answers each byte with the next one. */
static void answer(void)
{
	struct pollfd p[NR];

	for (int i = 0; i < NR; i++)
		p[i] = (struct pollfd){ .fd = slave[i], .events = POLLIN };
	for (;;) {
		poll(p, NR, -1);
		for (int i = 0; i < NR; i++) {
			char c;

			if (p[i].revents & POLLIN && read(slave[i], &c, 1) == 1) {
				c++;
				must(write(slave[i], &c, 1));
			}
		}
	}
}

static pid_t start(void)
{
	pid_t pid = must(fork());

	if (pid)
		return pid;
	must(setsid());
	must(ioctl(slave[0], TIOCSCTTY, 0));
	for (int i = 0; i < NR; i++)
		close(master[i]);
	for (int fd = 0; fd < 3; fd++)
		must(dup2(open("/dev/null", O_RDWR), fd));
	answer();
	_exit(1);
}

static void talk(void)
{
	for (int i = 0; i < NR; i++) {
		char c = 'a' + i;
		struct pollfd p = { .fd = master[i], .events = POLLIN };

		must(write(master[i], &c, 1));
		if (poll(&p, 1, 5000) != 1 || read(master[i], &c, 1) != 1 || c != 'b' + i)
			fail("no answer over a terminal");
	}
}

static void keys(char (*key)[40])
{
	for (int i = 0; i < NR; i++) {
		struct stat st;

		must(fstat(slave[i], &st));
		snprintf(key[i], sizeof(key[i]), "tty[%lx:%lx]", (long)st.st_rdev, (long)st.st_dev);
	}
}

static char *command(const char *rest)
{
	static char text[4096];

	snprintf(text, sizeof(text), "%s/%s", getenv("CR_BIN"), rest);
	return text;
}

static void end_of(pid_t pid, int sig)
{
	int status;

	must(waitpid(pid, &status, 0));
	if (!WIFSIGNALED(status) || WTERMSIG(status) != sig)
		fail("the process did not end by the signal that it should have got");
}

/* exec: with --restore-sibling the restored process is to be ours, not the shell's. */
static void restore(const char *options)
{
	char text[4096];
	int status;
	pid_t pid;

	snprintf(text, sizeof(text), "exec %s/cr-restore -D img -d -S -v4 -o restore.log%s", getenv("CR_BIN"), options);
	pid = must(fork());
	if (!pid) {
		execl("/bin/sh", "sh", "-c", text, NULL);
		_exit(127);
	}
	must(waitpid(pid, &status, 0));
	if (status)
		fail("the restore failed");
}

int main(void)
{
	char key[NR][40], options[2048] = "", rest[4000];
	pid_t pid;

	setvbuf(stdout, NULL, _IOLBF, 0);
	open_all();
	pid = start();
	talk();
	task_wait_asleep(pid);
	keys(key);
	must(mkdir("img", 0700));
	snprintf(rest, sizeof(rest), "cr-dump -t %d -D img 2>refused", pid);
	if (!system(command(rest)))
		fail("the dump did not refuse terminals of somebody else");
	if (system("[ $(grep -c 'pts/[0-9]*, which belongs to somebody outside' refused) = 10 ]"))
		fail("the refusal does not name all ten terminals");
	talk();
	task_wait_asleep(pid);
	for (int i = 0; i < NR; i++)
		sprintf(options + strlen(options), " --external '%s'", key[i]);
	snprintf(rest, sizeof(rest), "cr-dump -t %d -D img -v4 -o dump.log%s", pid, options);
	if (system(command(rest)))
		fail("the dump failed");
	end_of(pid, SIGKILL);

	if (!system(command("cr-restore -D img -d 2>refused")) || system("grep -q 'inherit-fd' refused"))
		fail("the restore did not ask for terminals");
	for (int i = 0; i < NR; i++) {
		close(master[i]);
		close(slave[i]);
	}
	open_all();
	*options = '\0';
	for (int i = 0; i < NR; i++)
		sprintf(options + strlen(options), " --inherit-fd 'fd[%d]:%s'", slave[i], key[i]);
	restore(options);
	for (int i = 0; i < NR; i++)
		close(slave[i]);
	talk();
	if (kill(pid, 0))
		fail("the process has not its pid");
	close(master[0]);
	end_of(pid, SIGHUP);
	return 0;
}
