// SPDX-License-Identifier: GPL-2.0-only
/* What looks like a file and has no name anywhere is refused by what it is: POSIX message queues, files of a file system that is mounted nowhere. */
#include <linux/mount.h>
#include <mqueue.h>

#include "test/crtest.h"

static int queue, deleted, top, file;

static int open_queue(const char *name)
{
	struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 16 };

	return must(mq_open(name, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attr));
}

static void arrange(void)
{
	int fs = must(syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC));

	must(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	top = must(syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0));
	close(fs);
	file = must(openat(top, "inside", O_CREAT | O_RDWR, 0600));
	must(write(file, "kept", 4));
	queue = open_queue("/crkit-named");
	deleted = open_queue("/crkit-deleted");
	must(mq_unlink("/crkit-deleted"));
	must(mq_send(deleted, "first", 5, 1));
}

static void verify(void)
{
	char buf[16];

	check_eq(mq_receive(deleted, buf, sizeof(buf), NULL), 5);
	check_mem(buf, "first", 5);
	check_eq(mq_send(queue, "x", 1, 0), 0);
	check_eq(mq_unlink("/crkit-named"), 0);
	check_eq(pread(file, buf, sizeof(buf), 0), 4);
	close(top);
}

CRTEST(.about = "files without any name", .root = true, .arrange = arrange, .verify = verify,
       .refused =
	       "(/crkit-named) is a POSIX message queue|(/crkit-deleted (deleted)) is a POSIX message queue|(/inside) is no longer found")
