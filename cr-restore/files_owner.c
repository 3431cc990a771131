// SPDX-License-Identifier: GPL-2.0-only
/* What files of all kinds have in common: status flags, and who gets their signals (F_SETOWN, F_SETSIG, O_ASYNC). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "cr-restore/files.h"

/* What F_SETFL can change, but for O_ASYNC. */
#define STATUS_FLAGS (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

static const void *field(const FileEntry *f, const char *name)
{
	const ProtobufCMessage *m = file_message(f);
	const ProtobufCFieldDescriptor *d =
		m ? protobuf_c_message_descriptor_get_field_by_name(m->descriptor, name) : NULL;

	return d ? (const char *)m + d->offset : NULL;
}

static const FownEntry *owner(const FileEntry *f)
{
	FownEntry *const *o = field(f, "fown");

	return o ? *o : NULL;
}

uint32_t file_flags(const FileEntry *f)
{
	const uint32_t *flags = field(f, "flags");

	return flags ? *flags : 0;
}

bool file_signals(const FileEntry *f)
{
	const FownEntry *o = owner(f);

	return file_flags(f) & O_ASYNC || (o && (o->pid || o->signum));
}

/* The kernel checks a signal against the ids of whoever named the owner: become that one for the moment. */
static int name_owner(int fd, const FownEntry *o, struct err *e)
{
	struct f_owner_ex ex = { o->pid_type, o->pid };
	bool other = o->uid || o->euid;
	int ret, saved;

	if (other && syscall(SYS_setresuid, o->uid, o->euid, 0))
		return err_set(e, errno, "cannot become user %u to name the owner of a file", o->euid);
	ret = fcntl(fd, F_SETOWN_EX, &ex);
	saved = errno;
	if (other && syscall(SYS_setresuid, 0, 0, 0))
		return err_set(e, errno, "cannot become root again");
	if (!ret)
		return 0;
	if (saved != ESRCH)
		return err_set(e, saved, "cannot name process %u the owner of a file", o->pid);
	log_warn("process %u, which would get the signals of a file, does not exist here", o->pid);
	return 0;
}

int file_set_owner(const struct ofile *of, struct err *e)
{
	const FownEntry *o = owner(of->entry);

	if (!o)
		return 0;
	if (o->signum && fcntl(of->fd, F_SETSIG, o->signum))
		return err_set(e, errno, "cannot set the signal of file %u", of->id);
	return o->pid ? name_owner(of->fd, o, e) : 0;
}

int file_set_async(struct restore_ctx *ctx, struct rtask *t, const FdinfoEntry *fd, const FileEntry *f, struct prog *p,
		   struct err *e)
{
	if (!(file_flags(f) & O_ASYNC))
		return 0;
	if (files_room(ctx, t, p, 1, 0, e))
		return -1;
	PROG(p, SYS_fcntl, fd->fd, F_SETFL, file_flags(f) & (STATUS_FLAGS | O_ASYNC));
	return 0;
}

int file_set_flags(int fd, uint32_t flags, struct err *e)
{
	int now = fcntl(fd, F_GETFL);

	if (now < 0)
		return err_set(e, errno, "cannot read its flags");
	if ((now & STATUS_FLAGS) == (int)(flags & STATUS_FLAGS))
		return 0;
	if (fcntl(fd, F_SETFL, flags & STATUS_FLAGS))
		return err_set(e, errno, "cannot set its flags to %#o", flags & STATUS_FLAGS);
	return 0;
}

int file_reopen(int fd, uint32_t flags, int *fd_ret, struct err *e)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	*fd_ret = open(path, (flags & (O_ACCMODE | STATUS_FLAGS)) | O_CLOEXEC | O_NOCTTY);
	return *fd_ret < 0 ? err_set(e, errno, "cannot open it once more") : 0;
}
