// SPDX-License-Identifier: GPL-2.0-only
/* Eventfds: counter, flags and mode. */
#include <errno.h>
#include <sys/eventfd.h>

#include "cr-restore/files.h"

static int eventfd_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	const EventfdFileEntry *r = f->efd;
	_cleanup_close_ int fd = eventfd(0, EFD_CLOEXEC | (r->has_semaphore && r->semaphore ? EFD_SEMAPHORE : 0));

	if (fd < 0)
		return err_set(e, errno, "cannot create an eventfd");
	/* eventfd(2) takes a 32-bit initval, the counter has 64: write it. */
	if (r->counter && write(fd, &r->counter, sizeof(r->counter)) < 0)
		return err_set(e, errno, "cannot set the counter to %lu", r->counter);
	if (file_set_flags(fd, r->flags, e))
		return -1;
	*fd_ret = take_fd(fd);
	return 0;
}

const struct restore_kind restore_eventfd = {
	.name = "eventfd",
	.type = FD_TYPES__EVENTFD,
	.make = eventfd_make,
};
