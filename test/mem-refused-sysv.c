// SPDX-License-Identifier: GPL-2.0-only
/* A System V shared memory segment belongs to the IPC namespace, which is not saved with the tree: refused. */
#include <sys/ipc.h>
#include <sys/shm.h>

#include "test/crtest.h"

static int id;
static char *mem;

static void arrange(void)
{
	id = must(shmget(IPC_PRIVATE, 5 * PAGE, 0600 | IPC_CREAT));
	mem = must(shmat(id, NULL, 0));
	must(shmctl(id, IPC_RMID, NULL));
	mem[0] = 's';
}

static void verify(void)
{
	check_eq(mem[0], 's');
}

CRTEST(.about = "a System V segment", .ids = "IPC-1", .refused = "mapping|System V shared memory segment",
       .arrange = arrange, .verify = verify)
