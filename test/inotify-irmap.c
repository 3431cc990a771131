// SPDX-License-Identifier: GPL-2.0-only
/* Watched files are found by a scan of a directory, not by their handles. */
#include <sys/inotify.h>

#include "test/crtest.h"

static int in, wd[2];

static void arrange(void)
{
	in = must(inotify_init1(IN_NONBLOCK));
	must(mkdir("tree", 0755));
	must(mkdir("tree/sub", 0755));
	close(must(open("tree/sub/one", O_CREAT | O_WRONLY, 0600)));
	close(must(open("tree/two", O_CREAT | O_WRONLY, 0600)));
	wd[0] = must(inotify_add_watch(in, "tree/sub/one", IN_OPEN));
	wd[1] = must(inotify_add_watch(in, "tree/two", IN_OPEN));
}

static void verify(void)
{
	static const char *const names[2] = { "tree/sub/one", "tree/two" };
	struct inotify_event ev;

	for (int i = 0; i < 2; i++) {
		int fd = open(names[i], O_RDONLY);

		check(fd >= 0);
		close(fd);
		check_eq(read(in, &ev, sizeof(ev)), sizeof(ev));
		check_eq(ev.wd, wd[i]);
		check_eq(ev.mask, IN_OPEN);
	}
	check_fails(read(in, &ev, sizeof(ev)), EAGAIN);
	unlink(names[0]);
	unlink(names[1]);
	rmdir("tree/sub");
	check_eq(rmdir("tree"), 0);
}

CRTEST(.about = "watches found by a scan", .ids = "EV-9", .arrange = arrange, .verify = verify,
       .opts = "--force-irmap --irmap-scan-path /usr/share/doc --irmap-scan-path .")
