// SPDX-License-Identifier: GPL-2.0-only
/* A root that shares its descriptor table, its working directory or its memory with its parent, which is outside: refused. */
#include <sched.h>

#include "test/crtest.h"

static char stack[16 * PAGE] __attribute__((aligned(16)));
static uint32_t *go;

static int child(void *unused)
{
	must(setsid());
	cell_wait(go, 1);
	_exit(7);
}

static void refuses(const char *img, pid_t pid, const char *what)
{
	char cmd[800], text[4096] = "";

	must(mkdir(img, 0700));
	snprintf(cmd, sizeof(cmd), "%s/cr-dump -t %d -D %s -o dump.log --shell-job 2>err", getenv("CR_BIN"), pid, img);
	check(system(cmd) != 0);
	read_file("err", text, sizeof(text) - 1);
	if (!strstr(text, what) || !strstr(text, "outside of the tree"))
		crtest_failed(__FILE__, __LINE__, "cr-dump says \"%s\", not a word of \"%s\"", text, what);
}

static void look(const char *img, int flags, const char *what)
{
	pid_t pid;
	int status;

	*go = 0;
	pid = must(clone(child, stack + sizeof(stack), flags | SIGCHLD, NULL));
	task_wait_asleep(pid);
	refuses(img, pid, what);
	cell_set(go, 1);
	check_eq(waitpid(pid, &status, 0), pid);
	check_eq(status, W_EXITCODE(7, 0));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	go = map_anon(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	look("img-files", CLONE_FILES, "table of open files");
	look("img-fs", CLONE_FS, "working directory");
	look("img-memory", CLONE_VM, "memory");
	return 0;
}
