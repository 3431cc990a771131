// SPDX-License-Identifier: GPL-2.0-only
/* Labels of security modules: see security.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/security.h"

#define SELF "/proc/self/"

/* SELinux alone lets processes choose the labels of their sockets. */
static bool has_sockcreate(void)
{
	_cleanup_close_ int fd = open(SELF "attr/sockcreate", O_RDONLY | O_CLOEXEC);
	char c;

	return fd >= 0 && read(fd, &c, 1) >= 0;
}

static enum security_module look(void)
{
	char label[LABEL_MAX];

	if (security_read(AT_FDCWD, SELF "attr/apparmor/current", label))
		return SECURITY_APPARMOR;
	if (!security_read(AT_FDCWD, SELF "attr/current", label))
		return SECURITY_NONE;
	return has_sockcreate() ? SECURITY_SELINUX : SECURITY_OTHER;
}

enum security_module security_module(void)
{
	static int known = -1;

	if (known < 0)
		known = look();
	return known;
}

const char *security_file(enum security_attr attr)
{
	static const char *const selinux[ATTR_COUNT] = { "attr/current", "attr/exec", "attr/fscreate", "attr/keycreate",
							 "attr/sockcreate" };

	switch (security_module()) {
	case SECURITY_SELINUX:
		return selinux[attr];
	case SECURITY_APPARMOR:
		return attr == ATTR_CURRENT ? "attr/apparmor/current" : NULL;
	case SECURITY_OTHER:
		return attr == ATTR_CURRENT ? "attr/current" : NULL;
	case SECURITY_NONE:
		break;
	}
	return NULL;
}

/* Some modules end a label with a line feed, some with a zero. */
static bool end_label(char *buf, ssize_t n)
{
	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return buf[0];
}

bool security_read(int dirfd, const char *path, char *buf)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);

	return end_label(buf, fd < 0 ? -1 : read(fd, buf, LABEL_MAX - 1));
}

bool security_of_fd(int fd, char *buf)
{
	return end_label(buf, fgetxattr(fd, "security.selinux", buf, LABEL_MAX - 1));
}
