// SPDX-License-Identifier: GPL-2.0-only
/* Events that were not read yet cannot be seen without taking them away: of a tree that is to go on they are refused, and still there. */
#include <sys/inotify.h>

#include "test/crtest.h"

static int in, wd;

static void arrange(void)
{
	must(mkdir("d", 0700));
	in = must(inotify_init1(IN_NONBLOCK));
	wd = must(inotify_add_watch(in, "d", IN_CREATE | IN_DELETE));
	close(must(open("d/new", O_CREAT | O_WRONLY, 0600)));
	must(unlink("d/new"));
}

static void verify(void)
{
	char buf[256] __attribute__((aligned(8)));
	struct inotify_event *ev = (void *)buf;

	check_eq(read(in, buf, sizeof(buf)), 64);
	check_eq(ev->wd, wd);
	check_eq(ev->mask, IN_CREATE);
	check_str(ev->name, "new");
	ev = (void *)(buf + 32);
	check_eq(ev->mask, IN_DELETE);
	check_str(ev->name, "new");
	rmdir("d");
}

CRTEST(.about = "inotify events in the queue", .ids = "EV-10", .dump_opts = "--leave-running",
       .refused = "is an inotify instance with 64 bytes of events", .arrange = arrange, .verify = verify)
