// SPDX-License-Identifier: GPL-2.0-only
/* Fanotify groups that have events in the queue, or that others ask for permission, are refused; nothing is taken from them. */
#include <sys/fanotify.h>
#include <sys/utsname.h>

#include "test/crtest.h"

static int full, asked;

/* The kernel of Debian is tainted by marks that ask for permission. */
static bool is_debian(void)
{
	struct utsname u;

	must(uname(&u));
	return strstr(u.version, "Debian");
}

static void arrange(void)
{
	int fd = must(open("file", O_CREAT | O_WRONLY, 0600));

	full = fanotify_init(FAN_NONBLOCK, O_RDONLY);
	if (full < 0 && (errno == ENOSYS || errno == EPERM))
		skip("no fanotify here: %s", strerror(errno));
	must(fanotify_mark(full, FAN_MARK_ADD, FAN_MODIFY, AT_FDCWD, "file"));
	must(write(fd, "x", 1));
	close(fd);
	if (is_debian())
		return;
	asked = must(fanotify_init(FAN_NONBLOCK | FAN_CLASS_CONTENT, O_RDONLY));
	if (fanotify_mark(asked, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, "file"))
		skip("the kernel has no permission events");
}

static void verify(void)
{
	struct fanotify_event_metadata ev;

	check_eq(read(full, &ev, sizeof(ev)), sizeof(ev));
	check_eq(ev.mask, FAN_MODIFY);
	close(ev.fd);
	if (!is_debian())
		check_fails(read(asked, &ev, sizeof(ev)), EAGAIN);
	unlink("file");
}

CRTEST(.about = "fanotify groups that cannot be saved", .root = true, .arrange = arrange, .verify = verify,
       .refused = "is a fanotify group with 24 bytes of events")
