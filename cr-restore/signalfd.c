// SPDX-License-Identifier: GPL-2.0-only
/* Signalfds: mask and flags. */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "cr-restore/files.h"

static int signalfd_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	const SignalfdEntry *r = f->sgfd;
	/* The kernel's mask has 64 bits, that of the C library more. */
	_cleanup_close_ int fd = syscall(SYS_signalfd4, -1, &r->sigmask, sizeof(r->sigmask), O_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno, "cannot create a signalfd");
	if (file_set_flags(fd, r->flags, e))
		return -1;
	*fd_ret = take_fd(fd);
	return 0;
}

const struct restore_kind restore_signalfd = {
	.name = "signalfd",
	.type = FD_TYPES__SIGNALFD,
	.make = signalfd_make,
};
