// SPDX-License-Identifier: GPL-2.0-only
/* The world of one test: own pid, mount, net, ipc (and time) namespaces with their own /proc, devpts, /tmp and lo. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/runner/run.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static void die(const char *what)
{
	printf("BROKEN: cannot set the test's namespaces up: %s: %s\n", what, strerror(errno));
	if (errno == EPERM)
		printf("hint: the tests need root\n");
	fflush(stdout);
	_exit(BROKEN);
}

static void set_clocks(void)
{
	/* G-8: as if the machine were that much older. */
	static const char offsets[] = "monotonic 9504000 0\nboottime 3456000 0\n";
	int fd;

	if (unshare(CLONE_NEWTIME))
		die("unshare(CLONE_NEWTIME)");
	fd = open("/proc/self/timens_offsets", O_WRONLY);
	if (fd < 0 || write(fd, offsets, strlen(offsets)) < 0)
		die("/proc/self/timens_offsets");
	close(fd);
}

static void loopback_up(void)
{
	struct ifreq req = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &req))
		die("loopback");
	close(fd);
}

static void mount_all(const char *top)
{
	char source[64];
	int fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		die(top);
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL))
		die("making mounts slaves");
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		die("mounting /proc");
	if (mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=666,mode=620"))
		die("mounting /dev/pts");
	/* Not every kernel has it, or lets us. */
	if (mount("binfmt_misc", "/proc/sys/fs/binfmt_misc", "binfmt_misc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		printf("no binfmt_misc here: %s\n", strerror(errno));
	/* /tmp and /dev/shm of our own show what a tool leaves behind there. */
	if (mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777") || mount("tmpfs", "/mnt", "tmpfs", 0, "mode=755"))
		die("mounting a tmpfs");
	if (mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777") && errno != ENOENT)
		die("mounting /dev/shm");
	/* The subject is an ordinary user, and the source tree may be in somebody's home directory. */
	snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
	if (mkdir("/mnt/src", 0755) || mount(source, "/mnt/src", NULL, MS_BIND | MS_REC, NULL))
		die("binding the source tree to /mnt/src");
	close(fd);
}

void env_enter(const char *top, bool timens)
{
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC))
		die("unshare");
	if (timens)
		set_clocks();
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid) {
		if (waitpid(pid, &status, 0) != pid)
			_exit(BROKEN);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : BROKEN);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	mount_all(top);
	loopback_up();
}
