// SPDX-License-Identifier: GPL-2.0-only
/*
 * When a System V segment cannot be attached again: without --external shm[ID], when it is gone or another has its key at the restore,
 * when it would go with the tree, when a part of it is unmapped. One that is removed, but that somebody outside has, can.
 */
#include <sys/ipc.h>
#include <sys/shm.h>

#include "test/crtest-outside.h"

#define KEY  0x6372b001
#define SIZE (4 * PAGE)

static char option[64];

/* It attaches the segment, except for so many bytes at its end; when it has got SIGCONT it ends with 42, or 1. */
static pid_t start(int id, size_t missing)
{
	pid_t pid = must(fork());
	char *mem;

	if (pid) {
		must(waitpid(pid, NULL, WUNTRACED));
		sprintf(option, " --external 'shm[%d]'", id);
		return pid;
	}
	must(setsid());
	for (int fd = 0; fd < 3; fd++)
		must(dup2(must(open("/dev/null", O_RDWR | O_CLOEXEC)), fd));
	mem = must(shmat(id, NULL, 0));
	strcpy(mem, "segment");
	if (missing)
		must(munmap(mem + SIZE - missing, missing));
	raise(SIGSTOP);
	_exit(!strcmp(mem, "segment") ? 42 : 1);
}

static void refuses_dump(pid_t pid, const char *options, const char *why)
{
	if (!dump(pid, options) || !lines_of("refused", why))
		fail(why);
}

static void refuses_restore(const char *why)
{
	if (!restore("") || !lines_of("refused", why))
		fail(why);
}

static void check_unharmed(pid_t pid)
{
	must(kill(pid, SIGCONT));
	ends_by(pid, 0, 42);
}

static void test_gone(void)
{
	int id = must(shmget(KEY, SIZE, 0600 | IPC_CREAT)), other;
	pid_t pid = start(id, 0);

	refuses_dump(pid, "", "(key 0x6372b001), of an IPC namespace");
	if (!lines_of("refused", "--external shm["))
		fail("the refusal does not say what can be done");
	if (dump(pid, option))
		fail("the dump failed");
	ends_by(pid, SIGKILL, 0);
	must(shmctl(id, IPC_RMID, NULL));
	refuses_restore("which the tree had attached: ");
	other = must(shmget(KEY, SIZE, 0600 | IPC_CREAT));
	if (other == id)
		fail("the kernel gives the same number again");
	refuses_restore("which the tree had attached: ");
	must(shmctl(other, IPC_RMID, NULL));
}

/* The number can be the same when somebody asked for it. */
static void test_other(size_t size, int key)
{
	int id = must(shmget(KEY, SIZE, 0600 | IPC_CREAT)), other;
	pid_t pid = start(id, 0);
	FILE *f;

	if (dump(pid, option))
		fail("the dump failed");
	ends_by(pid, SIGKILL, 0);
	must(shmctl(id, IPC_RMID, NULL));
	f = fopen("/proc/sys/kernel/shm_next_id", "we");
	if (!f)
		return;
	fprintf(f, "%d\n", id);
	fclose(f);
	other = must(shmget(key, size, 0600 | IPC_CREAT));
	if (other == id)
		refuses_restore("the tree's had 0x6372b001 and 16384");
	must(shmctl(other, IPC_RMID, NULL));
}

static void test_removed(void)
{
	int id = must(shmget(IPC_PRIVATE, SIZE, 0600 | IPC_CREAT));
	pid_t pid = start(id, 0);
	char *mem;

	must(shmctl(id, IPC_RMID, NULL));
	refuses_dump(pid, option, "it would be gone with the tree");
	mem = must(shmat(id, NULL, 0));
	if (dump(pid, option))
		fail("the dump failed, though somebody else keeps the segment");
	ends_by(pid, SIGKILL, 0);
	if (restore(""))
		fail("the restore failed");
	check_unharmed(pid);
	must(shmdt(mem));
}

static void test_part(void)
{
	int id = must(shmget(IPC_PRIVATE, SIZE, 0600 | IPC_CREAT));
	pid_t pid = start(id, PAGE);

	refuses_dump(pid, option, "can only be attached as a whole");
	check_unharmed(pid);
	must(shmctl(id, IPC_RMID, NULL));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	must(mkdir("img", 0700));
	test_gone();
	test_other(SIZE, KEY + 1);
	test_other(SIZE / 2, KEY);
	test_removed();
	test_part();
	return 0;
}
