// SPDX-License-Identifier: GPL-2.0-only
/*
 * cr-dump is killed at any moment, and its worker while it looks into terminals: what waits in a terminal of the tree is still there,
 * by the same lines, and so are the settings.
 */
#include <dirent.h>

#include "test/crtest-tty.h"

#define ROUNDS 60
#define LINES  60

/* The framework's subject is not used: this test has a main of its own. */
static void fail(const char *what)
{
	printf("FAIL: %s\n", what);
	exit(1);
}

static int master, slave;

/* In the victim: 0 if all is as it was. */
static int verify(void)
{
	char buf[8192], line[32];
	struct termios t;

	if (tcgetattr(slave, &t) || !(t.c_lflag & ICANON) || !(t.c_lflag & ECHO) || !(t.c_lflag & ISIG))
		return 1;
	for (int i = 0; i < LINES; i++) {
		int n = snprintf(line, sizeof(line), "line %d\n", i);

		if (read(slave, buf, sizeof(buf)) != n || memcmp(buf, line, n))
			return 2;
	}
	if (read(slave, buf, sizeof(buf)) != -1 || errno != EAGAIN)
		return 3;
	if (write(master, "\n", 1) != 1)
		return 4;
	while (!(tty_events(slave) & POLLIN))
		;
	return read(slave, buf, sizeof(buf)) == 6 && !memcmp(buf, "begun\n", 6) ? 0 : 5;
}

static void on_term(int sig)
{
	_exit(verify());
}

static pid_t start(void)
{
	pid_t pid = must(fork());

	if (pid)
		return pid;
	must(setsid());
	for (int fd = 0; fd < 3; fd++)
		must(dup2(open("/dev/null", O_RDWR), fd));
	master = tty_master();
	slave = tty_slave(master, O_NONBLOCK);
	for (int i = 0; i < LINES; i++)
		dprintf(master, "line %d\n", i);
	must(write(master, "begun", 5));
	usleep(20000);
	signal(SIGTERM, on_term);
	for (;;)
		pause();
}

static bool is_named(pid_t pid, const char *name)
{
	char path[32], comm[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, comm, sizeof(comm) - 1) < 0)
		*comm = '\0'; /* gone already */
	close(fd);
	return !strncmp(comm, name, strlen(name));
}

/* In a pid namespace of our own: whoever has such a name belongs to the dump. */
static pid_t find(const char *name)
{
	DIR *dir = must(opendir("/proc") ?: (DIR *)-1);
	struct dirent *d;
	pid_t found = 0;

	while (!found && (d = readdir(dir)))
		if (atoi(d->d_name) > 0 && is_named(atoi(d->d_name), name))
			found = atoi(d->d_name);
	closedir(dir);
	return found;
}

static void await_end(void)
{
	double end = now_s() + 20;

	while (find("cr-dump")) {
		if (now_s() > end)
			fail("a process of the dump does not end");
		usleep(1000);
	}
}

static pid_t dump(pid_t victim)
{
	char tree[16], path[600];
	pid_t pid = must(fork());

	if (pid)
		return pid;
	snprintf(tree, sizeof(tree), "%d", victim);
	snprintf(path, sizeof(path), "%s/cr-dump", getenv("CR_BIN"));
	execl(path, path, "-t", tree, "-D", "img", "-R", "-o", "dump.log", NULL);
	_exit(127);
}

/* The command; or, when the process that looks into terminals is there, that one or the worker above it. */
static bool one_round(pid_t victim, int round)
{
	pid_t pid = dump(victim), worker = 0;
	double end = now_s() + 2;
	siginfo_t si = { 0 };

	if (round % 2) {
		while (!find("cr-dump-ttys") && now_s() < end && !si.si_pid)
			waitid(P_PID, pid, &si, WEXITED | WNOHANG | WNOWAIT);
		worker = find("cr-dump-ttys");
		if (worker && round % 4 == 1)
			worker = find("cr-dump-worker");
		else if (worker)
			usleep(rand() % 1500);
	} else {
		usleep(rand() % 25000);
	}
	if (kill(worker ?: pid, SIGKILL) && errno != ESRCH)
		fail("kill");
	must(waitpid(pid, NULL, 0));
	await_end();
	return worker;
}

int main(void)
{
	pid_t victim;
	int status, caught = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	must(mkdir("img", 0700));
	victim = start();
	usleep(200000);
	for (int i = 0; i < ROUNDS; i++)
		caught += one_round(victim, i);
	must(kill(victim, SIGTERM));
	must(waitpid(victim, &status, 0));
	printf("%d workers, or processes that look into terminals, killed just then; the victim ended with status %#x\n",
	       caught, status);
	if (status)
		fail("what waited in the terminal is not as it was");
	return 0;
}
