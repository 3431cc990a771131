// SPDX-License-Identifier: GPL-2.0-only
/* A script in a memfd can be executed before and after: no open file is left that counts as a writer's. */
#include "test/crtest.h"

#ifndef MAPPED
#define MAPPED 0
#endif

static const char script[] = "#!/bin/sh\nexit 7\n";
static int fd;
static char *private, *shared;

static int run_script(void)
{
	pid_t pid = must(fork());
	int status;

	if (!pid) {
		char *const none[] = { "script", NULL };

		execveat(fd, "", none, none, AT_EMPTY_PATH);
		_exit(errno);
	}
	must(waitpid(pid, &status, 0));
	return WEXITSTATUS(status);
}

static void arrange(void)
{
	fd = must(memfd_create("script", 0));
	must(write(fd, script, sizeof(script) - 1));
	must(fchmod(fd, 0755));
	if (MAPPED) {
		char path[64];
		int ro;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		ro = must(open(path, O_RDONLY));
		private = must(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ro, 0));
		shared = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
		must(close(ro));
	}
	if (run_script() != 7)
		crtest_broken(__FILE__, __LINE__, "the script does not run");
}

static void verify(void)
{
	check_eq(fcntl(fd, F_GETFD), 0);
	check_eq(run_script(), 7);
	if (!MAPPED)
		return;
	check_mem(private, script, sizeof(script) - 1);
	memcpy(strchr(shared, '7'), "8", 1);
	check_eq(run_script(), 8);
	check(strchr(private, '8'));
}

CRTEST(.about = "a script in a memfd", .ids = "MEM-22", .arrange = arrange, .verify = verify)
