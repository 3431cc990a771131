// SPDX-License-Identifier: GPL-2.0-only
/*
 * Terminals whose masters are outside the tree: named by --external at the dump, replaced by --inherit-fd at the restore;
 * the first is the controlling terminal, and closing its new master hangs up. Without either option there is a refusal that names them.
 */
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "test/crtest-outside.h"

#define NR 10

static int master[NR], slave[NR];

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

int main(void)
{
	char key[NR][40], options[2048] = "";
	pid_t pid;

	setvbuf(stdout, NULL, _IOLBF, 0);
	open_all();
	pid = start();
	talk();
	task_wait_asleep(pid);
	keys(key);
	must(mkdir("img", 0700));
	if (!dump(pid, ""))
		fail("the dump did not refuse terminals of somebody else");
	if (lines_of("refused", ", which belongs to somebody outside") != NR)
		fail("the refusal does not name all ten terminals");
	talk();
	task_wait_asleep(pid);
	for (int i = 0; i < NR; i++)
		append(options, sizeof(options), " --external '%s'", key[i]);
	if (dump(pid, options))
		fail("the dump failed");
	ends_by(pid, SIGKILL, 0);

	if (!restore("") || lines_of("refused", "no descriptor is given for tty[") != NR)
		fail("the restore did not ask for all ten terminals");
	for (int i = 0; i < NR; i++) {
		close(master[i]);
		close(slave[i]);
	}
	open_all();
	*options = '\0';
	for (int i = 0; i < NR; i++)
		append(options, sizeof(options), " --inherit-fd 'fd[%d]:%s'", slave[i], key[i]);
	if (restore(options))
		fail("the restore failed");
	for (int i = 0; i < NR; i++)
		close(slave[i]);
	talk();
	if (kill(pid, 0))
		fail("the process has not its pid");
	close(master[0]);
	ends_by(pid, SIGHUP, 0);
	return 0;
}
