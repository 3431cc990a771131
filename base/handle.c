// SPDX-License-Identifier: GPL-2.0-only
/* Files by their handle. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/handle.h"
#include "base/log.h"

/* open_by_handle_at(2) wants the mount as a descriptor that is really open, or the working directory. */
int handle_open(const char *mount, int type, const void *handle, size_t len)
{
	struct {
		struct file_handle head;
		unsigned char bytes[MAX_HANDLE_SZ];
	} h = { .head = { .handle_bytes = len, .handle_type = type } };
	_cleanup_close_ int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int there = open(mount, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd, saved;

	if (before < 0 || there < 0 || fchdir(there))
		return -1;
	memcpy(h.head.f_handle, handle, len);
	fd = open_by_handle_at(AT_FDCWD, &h.head, O_PATH | O_CLOEXEC);
	saved = errno;
	if (fchdir(before))
		log_warn("the working directory that we had is gone: %s", strerror(errno));
	errno = saved;
	return fd;
}
