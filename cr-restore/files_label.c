// SPDX-License-Identifier: GPL-2.0-only
/*
 * Labels of SELinux that open files had from the process that made them. The kernel has two for a socket, one of which can be chosen only
 * when it is made (/proc/thread-self/attr/sockcreate); other files can be labelled at any time.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "base/open_socket.h"
#include "base/security.h"
#include "cr-restore/files.h"
#include "cr-restore/label.h"

#define SOCKCREATE "/proc/thread-self/attr/sockcreate"
#define NONE	   "\n"

/* --- plan --------------------------------------------------------------------------------------------------- */

/* --lsm-profile: what the processes of the tree made gets their new label. */
static const char *label_now(const struct restore_ctx *ctx, const char *label)
{
	for (size_t i = 0; ctx->opts->lsm_profile && i < ctx->nr_tasks; i++) {
		const struct rtask *t = ctx->tasks[i];
		const CredsEntry *c = t->core && t->core->thread_core ? t->core->thread_core->creds : NULL;

		if (c && c->lsm_profile && !strcmp(c->lsm_profile, label))
			return label_given(ctx->opts);
	}
	return label;
}

void files_load_labels(struct restore_ctx *ctx)
{
	struct files *fs = ctx->files;

	for (size_t i = 0; i < fs->nr; i++)
		fs->list[i].label = fs->list[i].entry->label;
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		for (size_t j = 0; j < ctx->tasks[i]->nr_fds; j++) {
			const FdinfoEntry *fd = ctx->tasks[i]->fds[j];
			struct ofile *of = fd->xattr_security_selinux ? files_find(ctx, fd->id) : NULL;

			if (of)
				of->label = fd->xattr_security_selinux;
		}
	for (size_t i = 0; i < fs->nr; i++)
		if (fs->list[i].label)
			fs->list[i].label =
				inherit_wants(ctx, fs->list[i].entry) ? NULL : label_now(ctx, fs->list[i].label);
}

/* --- making ------------------------------------------------------------------------------------------------- */

const char *file_label(const struct restore_ctx *ctx, uint32_t id)
{
	const struct ofile *of = files_find((struct restore_ctx *)ctx, id);

	return of ? of->label : NULL;
}

static int write_sockcreate(const char *label)
{
	_cleanup_close_ int fd = open(SOCKCREATE, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, label, strlen(label)) == (ssize_t)strlen(label) ? 0 : -1;
}

/* They get our own label anyway. */
static bool is_own(const char *label)
{
	static char own[LABEL_MAX];

	if (!own[0])
		security_read(AT_FDCWD, "/proc/self/attr/current", own);
	return !strcmp(label, own);
}

int sockets_get(const char *label)
{
	return label && !is_own(label) ? write_sockcreate(label) : 0;
}

void sockets_get_own(const char *label)
{
	int saved = errno;

	if (label && !is_own(label))
		write_sockcreate(NONE);
	errno = saved;
}

int socket_labelled(const char *label, int family, int type, int protocol)
{
	int fd = sockets_get(label) ? -1 : open_socket(family, type, protocol);

	sockets_get_own(label);
	return fd;
}

static void add_write(struct prog *p, const char *label)
{
	uint32_t fd = PROG(p, SYS_openat, AT_FDCWD, prog_str(p, SOCKCREATE), O_WRONLY | O_CLOEXEC);

	PROG(p, SYS_write, 0, prog_str(p, label), strlen(label));
	prog_ref(p, 0, fd);
	prog_exact(p, strlen(label));
	PROG(p, SYS_close, 0);
	prog_ref(p, 0, fd);
}

void prog_sockets_get(struct prog *p, const char *label)
{
	if (label)
		add_write(p, label);
}

void prog_sockets_get_own(struct prog *p, const char *label)
{
	if (label)
		add_write(p, NONE);
}

int file_set_label(const struct ofile *of, struct err *e)
{
	char now[LABEL_MAX];

	if (security_of_fd(of->fd, now) && !strcmp(now, of->label))
		return 0;
	if (of->kind->type == FD_TYPES__PIPE || of->kind->type == FD_TYPES__MEMFD)
		return fsetxattr(of->fd, "security.selinux", of->label, strlen(of->label), 0) ?
			       err_set(e, errno, "cannot give it the SELinux label %s", of->label) :
			       0;
	return err_set(e, 0, "its SELinux label is %s, not %s", now, of->label);
}
