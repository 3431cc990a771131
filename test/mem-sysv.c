// SPDX-License-Identifier: GPL-2.0-only
/*
 * System V segments that stay where they are (--external shm[KEY]): attached for reading and writing, for reading only, for executing,
 * in pieces with other protections, by a child as well; of huge pages, if there are any. Content and count of attachments are right,
 * and they can be detached.
 */
#include <sys/ipc.h>
#include <sys/shm.h>

#include "test/crtest.h"

#define KEY	  0x6372a001
#define HUGE_KEY  0x6372a002
#define HUGE_SIZE (2ul << 20)
#define PAGES	  5

static int id, huge_id;
static char *mem, *readonly, *executable, *pieces, *huge;
static pid_t child;

static void child_writes(int sig)
{
	mem[3] = 'c';
	_exit(mem[0] == 'm' && pieces[PAGE] == 'p' && !shmdt(mem) && !shmdt(pieces) ? 0 : 1);
}

static int attached(int which)
{
	struct shmid_ds ds;

	must(shmctl(which, IPC_STAT, &ds));
	return ds.shm_nattch;
}

static void arrange(void)
{
	id = must(shmget(KEY, PAGES * PAGE - 100, 0700 | IPC_CREAT));
	mem = must(shmat(id, NULL, 0));
	readonly = must(shmat(id, NULL, SHM_RDONLY));
	executable = must(shmat(id, NULL, SHM_RDONLY | SHM_EXEC));
	pieces = must(shmat(id, NULL, 0));
	mem[0] = 'm';
	mem[2] = '\xc3'; /* ret */
	mem[PAGE] = 'p';
	must(mprotect(pieces + PAGE, PAGE, PROT_READ));
	must(mprotect(pieces + 3 * PAGE, PAGE, PROT_NONE));
	huge_id = shmget(HUGE_KEY, HUGE_SIZE, 0600 | IPC_CREAT | SHM_HUGETLB);
	if (huge_id >= 0) {
		huge = must(shmat(huge_id, NULL, 0));
		huge[HUGE_SIZE - 1] = 'h';
	}
	child = must(fork());
	if (!child) {
		signal(SIGUSR1, child_writes);
		pause();
		_exit(2);
	}
	task_wait_asleep(child);
}

static void check_pieces(void)
{
	check_eq(pieces[PAGE], 'p');
	pieces[2 * PAGE] = 'q';
	check_eq(mem[2 * PAGE], 'q');
	check_fails(write(-1, pieces + PAGE, 1), EBADF);
	check_fails(open(pieces + 3 * PAGE, O_RDONLY), EFAULT);
	must(mprotect(pieces + 3 * PAGE, PAGE, PROT_READ));
	check_eq(pieces[3 * PAGE], 0);
	check_eq(shmdt(pieces), 0);
}

static void verify(void)
{
	int status;

	/* Four attachments of two processes, one of them in five pieces. */
	check_eq(attached(id), 16);
	check_eq(mem[0], 'm');
	check_eq(readonly[0], 'm');
	check_fails(mprotect(readonly, PAGE, PROT_READ | PROT_WRITE), EACCES);
	((void (*)(void))(executable + 2))();
	check_eq(shmdt(executable), 0);
	check_pieces();
	must(kill(child, SIGUSR1));
	must(waitpid(child, &status, 0));
	check_eq(status, 0);
	check_eq(readonly[3], 'c');
	check_eq(shmdt(readonly), 0);
	check_eq(shmdt(mem), 0);
	check_eq(attached(id), 0);
	must(shmctl(id, IPC_RMID, NULL));
	if (huge_id < 0)
		return;
	check_eq(huge[HUGE_SIZE - 1], 'h');
	check_eq(attached(huge_id), 1);
	check_eq(shmdt(huge), 0);
	must(shmctl(huge_id, IPC_RMID, NULL));
}

CRTEST(.about = "System V segments that are not of the tree",
       .dump_opts = "--external shm[0x6372a001] --external shm[0x6372a002]", .arrange = arrange, .verify = verify)
