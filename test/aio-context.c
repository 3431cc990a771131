// SPDX-License-Identifier: GPL-2.0-only
/* I/O contexts: an unused one; one whose ring has been gone round and holds events; a small and a large one. */
#include <linux/aio_abi.h>

#include "test/crtest.h"

struct ring {
	unsigned int id, nr, head, tail, magic;
};

static aio_context_t unused, busy, large;
static unsigned int head, tail, nr;
static int file;

static long submit(aio_context_t ctx, uint64_t tag, size_t bytes)
{
	static char buf[64];
	struct iocb cb = {
		.aio_data = tag,
		.aio_lio_opcode = IOCB_CMD_PREAD,
		.aio_fildes = file,
		.aio_buf = (uintptr_t)buf,
		.aio_nbytes = bytes,
	};
	struct iocb *list[] = { &cb };

	return syscall(SYS_io_submit, ctx, 1L, list);
}

static long take(aio_context_t ctx, long min, long max, struct io_event *events)
{
	return syscall(SYS_io_getevents, ctx, min, max, events, NULL);
}

static void arrange(void)
{
	struct io_event events[8];
	const struct ring *ring;

	if (syscall(SYS_io_setup, 1L, &unused))
		skip("no io_setup(2): %s", strerror(errno));
	must(syscall(SYS_io_setup, 64L, &busy));
	must(syscall(SYS_io_setup, 3000L, &large));
	file = tmp_file("file", 64, 1, O_RDONLY);
	ring = (struct ring *)busy;
	for (unsigned int i = 0; i < ring->nr + 10; i++) { /* round once */
		must(submit(busy, i, i % 64));
		must(take(busy, 1, 1, events));
	}
	for (int i = 0; i < 5; i++)
		must(submit(busy, 100 + i, i));
	for (int i = 0; i < 1000; i++) {
		must(submit(large, i, 1));
		if (i >= 300)
			must(take(large, 1, 1, events));
	}
	head = ring->head;
	tail = ring->tail;
	nr = ring->nr;
}

static void verify(void)
{
	const struct ring *ring = (struct ring *)busy;
	struct io_event events[400];

	check_eq(take(unused, 0, 1, events), 0);
	check_eq(submit(unused, 7, 3), 1);
	check_eq(take(unused, 1, 2, events), 1);
	check_eq(events[0].data, 7);
	check_eq(events[0].res, 3);

	check_eq(ring->head, head);
	check_eq(ring->tail, tail);
	check_eq(ring->nr, nr);
	check_eq(submit(busy, 200, 64), 1);
	check_eq(ring->tail, (tail + 1) % nr);
	check_eq(take(busy, 6, 10, events), 6);
	for (int i = 0; i < 5; i++) {
		check_eq(events[i].data, 100 + i);
		check_eq(events[i].res, i);
	}
	check_eq(events[5].data, 200);
	check_eq(events[5].res, 64);

	check_eq(take(large, 300, 400, events), 300);
	check_eq(events[0].data, 700);
	check_eq(events[299].data, 999);
	must(syscall(SYS_io_destroy, busy));
	must(syscall(SYS_io_destroy, large));
	must(syscall(SYS_io_destroy, unused));
}

CRTEST(.about = "I/O contexts", .ids = "AIO-1 AIO-2", .arrange = arrange, .verify = verify)
