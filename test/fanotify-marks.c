// SPDX-License-Identifier: GPL-2.0-only
/* Fanotify groups with marks on an inode, a mount and a file system, with what they ignore. */
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "test/crtest.h"

#ifndef FAN_MARK_IGNORE
#define FAN_MARK_IGNORE 0x400
#endif
#ifndef FAN_MARK_EVICTABLE
#define FAN_MARK_EVICTABLE 0x200
#endif

#define DIR_PATH  "d"
#define FILE_PATH "m/file"
#define MNT	  "m"

static int group, other, plain;
static char before[3][1024];

/* What fdinfo says of the marks, without handles, and without the number of a mount. */
static void describe(int fd, char *to)
{
	char path[64], text[8192], *line, *save = NULL;
	size_t n;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	n = read_file(path, text, sizeof(text) - 1);
	text[n] = '\0';
	*to = '\0';
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, "fanotify", 8) || !strncmp(line, "flags", 5))
			strcat(strcat(to, line), "\n");
}

static void arrange(void)
{
	must(mkdir(DIR_PATH, 0700));
	must(mkdir(MNT, 0700));
	must(mount("test", MNT, "tmpfs", 0, NULL));
	close(must(open(FILE_PATH, O_CREAT | O_WRONLY, 0600)));
	group = fanotify_init(FAN_NONBLOCK | FAN_CLASS_NOTIF | FAN_UNLIMITED_QUEUE, O_RDONLY | O_CLOEXEC);
	if (group < 0 && (errno == ENOSYS || errno == EPERM))
		skip("no fanotify here: %s", strerror(errno));
	must(group);
	must(fanotify_mark(group, FAN_MARK_ADD, FAN_MODIFY | FAN_ACCESS | FAN_CLOSE, AT_FDCWD, FILE_PATH));
	must(fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_ONDIR | FAN_OPEN | FAN_CLOSE, AT_FDCWD, MNT));
	must(fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_MOUNT | FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY,
			   FAN_MODIFY | FAN_ACCESS, AT_FDCWD, MNT));
	other = must(fanotify_init(FAN_NONBLOCK | FAN_REPORT_DFID_NAME | FAN_CLOEXEC, 0));
	must(fanotify_mark(other, FAN_MARK_ADD, FAN_CREATE | FAN_DELETE | FAN_EVENT_ON_CHILD | FAN_ONDIR | FAN_ATTRIB,
			   AT_FDCWD, DIR_PATH));
	if (fanotify_mark(other, FAN_MARK_ADD | FAN_MARK_IGNORE | FAN_MARK_IGNORED_SURV_MODIFY,
			  FAN_ATTRIB | FAN_ONDIR | FAN_EVENT_ON_CHILD, AT_FDCWD, DIR_PATH))
		must(errno == EINVAL ? 0 : -1);
	plain = must(fanotify_init(FAN_NONBLOCK | FAN_CLASS_CONTENT | FAN_UNLIMITED_MARKS, O_WRONLY | O_LARGEFILE));
	must(fanotify_mark(plain, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_MODIFY, AT_FDCWD, MNT));
	describe(group, before[0]);
	describe(other, before[1]);
	describe(plain, before[2]);
}

static int queued(int fd)
{
	int bytes = -1;

	must(ioctl(fd, FIONREAD, &bytes));
	return bytes;
}

/* The next event of the group that is of a file: its mask, and the file is what it should be. */
static void expect(uint64_t mask, const char *path)
{
	struct fanotify_event_metadata ev;
	struct stat is, named;

	check_eq(read(group, &ev, sizeof(ev)), sizeof(ev));
	check_eq(ev.mask, mask);
	check_eq(ev.pid, getpid());
	check_eq(fstat(ev.fd, &is), 0);
	check_eq(fcntl(ev.fd, F_GETFD), FD_CLOEXEC);
	check_eq(stat(path, &named), 0);
	check_eq(is.st_ino, named.st_ino);
	close(ev.fd);
}

static void verify(void)
{
	char now[1024], buf[256];
	int fd;

	check_eq(queued(other), 0);
	describe(group, now);
	check_str(now, before[0]);
	describe(other, now);
	check_str(now, before[1]);
	describe(plain, now);
	check_str(now, before[2]);

	check_eq(queued(group), 0);
	check_eq(queued(plain), 0);
	fd = open(FILE_PATH, O_WRONLY);
	check(fd >= 0);
	expect(FAN_OPEN, FILE_PATH);
	check_eq(write(fd, "x", 1), 1); /* ignored */
	close(fd);
	expect(FAN_CLOSE_WRITE, FILE_PATH);
	fd = open(MNT, O_RDONLY | O_DIRECTORY);
	expect(FAN_OPEN, MNT);
	close(fd);
	expect(FAN_CLOSE_NOWRITE, MNT);
	check_eq(fanotify_mark(group, FAN_MARK_REMOVE | FAN_MARK_MOUNT, FAN_ONDIR | FAN_OPEN | FAN_CLOSE, AT_FDCWD,
			       MNT),
		 0);

	check_eq(queued(other), 0);
	check_eq(mkdir("d/new", 0700), 0);
	check(read(other, buf, sizeof(buf)) > 0);
	check_eq(((struct fanotify_event_metadata *)buf)->mask, FAN_CREATE | FAN_ONDIR);
	check_eq(chmod("d/new", 0750), 0);
	check_eq(queued(other), 0); /* ignored */
	unlink(FILE_PATH);
	rmdir("d/new");
	check_eq(rmdir(DIR_PATH), 0);
	/* Events that were not read hold the mount. */
	close(group);
	close(plain);
	check_eq(umount(MNT), 0);
	check_eq(rmdir(MNT), 0);
}

CRTEST(.about = "fanotify groups and marks", .ids = "EV-11", .root = true, .solo = true, .arrange = arrange,
       .verify = verify)
