// SPDX-License-Identifier: GPL-2.0-only
/* A child asleep in read() on a FIFO, and another in open(), get what the parent writes, also when the FIFO is deleted. */
#include "test/crtest.h"

static int out, in, out_deleted, in_deleted;
static struct task *reader, *second, *opener;

static void read_line(void *arg)
{
	char buf[16];

	check_eq(read(*(int *)arg, buf, sizeof(buf)), 5);
	check_mem(buf, "hello", 5);
}

static void open_it(void *arg)
{
	char buf[4];
	int fd = open("late", O_RDONLY);

	check(fd >= 0);
	check_eq(read(fd, buf, sizeof(buf)), 4);
}

static void arrange(void)
{
	must(mkfifo("fifo", 0600));
	must(mkfifo("deleted", 0600));
	must(mkfifo("late", 0600));
	in = must(open("fifo", O_RDONLY | O_NONBLOCK));
	out = must(open("fifo", O_WRONLY));
	in_deleted = must(open("deleted", O_RDONLY | O_NONBLOCK));
	out_deleted = must(open("deleted", O_WRONLY));
	must(fcntl(in, F_SETFL, 0));
	must(fcntl(in_deleted, F_SETFL, 0));
	must(unlink("deleted"));
	reader = task_child(NULL, read_line, &in);
	second = task_child(NULL, read_line, &in_deleted);
	opener = task_child(NULL, open_it, NULL);
	task_wake(reader);
	task_wake(second);
	task_wake(opener);
	task_wait_asleep(task_pid(reader));
	task_wait_asleep(task_pid(second));
	task_wait_asleep(task_pid(opener));
}

static void verify(void)
{
	int fd = open("late", O_WRONLY);

	check_eq(write(out, "hello", 5), 5);
	check_eq(write(out_deleted, "hello", 5), 5);
	check_eq(write(fd, "late", 4), 4);
	task_join(reader);
	task_join(second);
	task_join(opener);
}

CRTEST(.about = "readers of FIFOs", .ids = "PF-6 PF-8", .arrange = arrange, .verify = verify)
