// SPDX-License-Identifier: GPL-2.0-only
/* Data that circulate without pause through four tasks, once over pipes and once over socket pairs: no byte lost. */
#include <sys/socket.h>

#include "test/crtest.h"

#define TASKS 4
#define BLOCK 5000

static int links[2][TASKS][2]; /* [kind][from][0: read, 1: write] */
static struct task *relays[2 * TASKS];
static uint32_t *stop;

static void move_block(int fd, char *block, bool reading)
{
	for (size_t n = 0; n < BLOCK;) {
		ssize_t got = reading ? read(fd, block + n, BLOCK - n) : write(fd, block + n, BLOCK - n);

		check_in(got, 1, BLOCK);
		n += got;
	}
}

/* The last byte of a block tells its number; 0 means the end and is passed on. */
static void relay(void *arg)
{
	int kind = (long)arg / TASKS, me = (long)arg % TASKS;
	char block[BLOCK];

	do {
		move_block(links[kind][me][0], block, true);
		check_random(block, BLOCK - 8, (unsigned char)block[BLOCK - 1]);
		move_block(links[kind][(me + 1) % TASKS][1], block, false);
	} while (block[BLOCK - 1]);
}

/* The first of the ring also makes the blocks, and looks at what comes round. */
static void make_blocks(void *arg)
{
	int kind = (long)arg / TASKS;
	char block[BLOCK] = { 0 };

	for (unsigned int nr = 1;; nr = nr % 200 + 1) {
		bool last = __atomic_load_n(stop, __ATOMIC_RELAXED);

		block[BLOCK - 1] = last ? 0 : nr;
		fill_random(block, BLOCK - 8, (unsigned char)block[BLOCK - 1]);
		move_block(links[kind][1][1], block, false);
		memset(block, 0, BLOCK);
		move_block(links[kind][0][0], block, true);
		check_random(block, BLOCK - 8, last ? 0 : nr);
		if (last)
			return;
		usleep(200); /* leave the processor to others: some kernels starve them */
	}
}

static void arrange(void)
{
	stop = shared_alloc(4);
	for (int i = 0; i < TASKS; i++) {
		must(pipe(links[0][i]));
		must(socketpair(AF_UNIX, SOCK_STREAM, 0, links[1][i]));
	}
	for (long i = 0; i < 2 * TASKS; i++) {
		relays[i] = task_child(NULL, i % TASKS ? relay : make_blocks, (void *)i);
		task_wake(relays[i]);
	}
	usleep(50000);
}

static void verify(void)
{
	usleep(50000);
	cell_set(stop, 1);
	for (int i = 0; i < 2 * TASKS; i++)
		task_join(relays[i]);
}

CRTEST(.about = "data circulating through pipes and sockets", .ids = "TR-12", .busy = true, .arrange = arrange,
       .verify = verify)
