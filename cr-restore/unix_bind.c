// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of unix sockets. One in the file system is bound where its text leads to its file: from the working directory or root of
 * then. A deleted one, or that of a connection, is bound in a file system of its own, which goes with the socket:
 * the real one never shows it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cr-restore/names.h"
#include "cr-restore/unix.h"

socklen_t unix_address(const ProtobufCBinaryData *name, int file, struct sockaddr_un *a)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (file >= 0)
		return sizeof(sa_family_t) + snprintf(a->sun_path, sizeof(a->sun_path), "/proc/self/fd/%d", file) + 1;
	memcpy(a->sun_path, name->data, name->len < sizeof(a->sun_path) ? name->len : sizeof(a->sun_path));
	return sizeof(sa_family_t) + (name->len < sizeof(a->sun_path) ? name->len : sizeof(a->sun_path));
}

static const char *text_of(struct restore_ctx *ctx, const ProtobufCBinaryData *name)
{
	return pool_printf(&ctx->pool, "%.*s", (int)name->len, name->data);
}

static const char *bound_path(struct restore_ctx *ctx, const UnixSkEntry *r)
{
	const char *name = text_of(ctx, &r->name);

	if (*name == '/')
		return r->root ? pool_printf(&ctx->pool, "%s%s", r->root, name) : name;
	return pool_printf(&ctx->pool, "%s/%s", r->name_dir ? r->name_dir : ".", name);
}

const char *unix_path(struct restore_ctx *ctx, const UnixSkEntry *r)
{
	return r->moved_to ? r->moved_to : bound_path(ctx, r);
}

/* --- other places to be in ---------------------------------------------------------------------------------- */

struct place {
	int root, cwd; /* where we were; -1 */
};

static int enter(struct place *was, int root, const char *root_path, const char *dir, struct err *e)
{
	was->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	was->cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (was->root < 0 || was->cwd < 0)
		return err_set(e, errno, "cannot remember the working directory");
	if (root >= 0 && (fchdir(root) || chroot(".")))
		return err_set(e, errno, "cannot enter a file system of its own");
	if (root_path && (chroot(root_path) || chdir("/")))
		return err_set(e, errno, "cannot make %s the root directory", root_path);
	return dir && chdir(dir) ? err_set(e, errno, "cannot enter the directory %s", dir) : 0;
}

static void leave(struct place *was)
{
	if (was->root >= 0 && was->cwd >= 0 && (fchdir(was->root) || chroot(".") || fchdir(was->cwd)))
		log_warn("cannot go back to the working directory: %s", strerror(errno));
	close_fdp(&was->cwd);
	close_fdp(&was->root);
}
#define _cleanup_leave_ __attribute__((cleanup(leave)))

/* --- binding ------------------------------------------------------------------------------------------------ */

static int set_permissions(const char *name, const FilePermsEntry *perms, struct err *e)
{
	if (perms && (chmod(name, perms->mode & 07777) || lchown(name, perms->uid, perms->gid)))
		return err_set(e, errno, "cannot give the socket %s its owner and mode", name);
	return 0;
}

static int bind_here(int fd, const ProtobufCBinaryData *name, const FilePermsEntry *perms, const char *text,
		     int *file_ret, struct err *e)
{
	struct sockaddr_un a;
	socklen_t len = unix_address(name, -1, &a);

	if (bind(fd, (struct sockaddr *)&a, len))
		return err_set(e, errno, "cannot bind it to %s", text);
	*file_ret = open(text, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (*file_ret < 0)
		return err_set(e, errno, "cannot open the socket %s", text);
	return set_permissions(text, perms, e);
}

static int bind_abstract(int fd, const ProtobufCBinaryData *name, struct err *e)
{
	struct sockaddr_un a;
	socklen_t len = unix_address(name, -1, &a);

	if (!bind(fd, (struct sockaddr *)&a, len))
		return 0;
	err_set(e, errno, "cannot bind it to the abstract name @%.*s", (int)name->len - 1, name->data + 1);
	return errno == EADDRINUSE ? err_hint(e, "another program has that name; ss -xap shows which") : -1;
}

/* Its file was moved after it was bound. */
static int move_file(struct restore_ctx *ctx, const UnixSkEntry *r, int file, struct err *e)
{
	char number[32], from[PATH_MAX];
	ssize_t n;

	snprintf(number, sizeof(number), "/proc/self/fd/%d", file);
	n = readlink(number, from, sizeof(from) - 1);
	from[n < 0 ? 0 : n] = '\0';
	if (names_new(ctx->made, r->moved_to, e))
		return -1;
	if (n < 0 || rename(from, r->moved_to))
		return err_set(e, errno, "cannot move the socket %s to %s", from, r->moved_to);
	return 0;
}

static int bind_in_place(struct restore_ctx *ctx, struct usock *u, struct err *e)
{
	const UnixSkEntry *r = u->r;
	const char *text = text_of(ctx, &r->name);
	struct stat st;

	/* One that is left over was the same to everybody; ours may stay in its place. */
	if (names_new(ctx->made, bound_path(ctx, r), e))
		return -1;
	{
		_cleanup_leave_ struct place was = { -1, -1 };

		if (enter(&was, -1, r->root, *text == '/' ? NULL : r->name_dir, e))
			return -1;
		bool left_over = !lstat(text, &st);

		if (left_over && !S_ISSOCK(st.st_mode))
			return err_set(e, EEXIST, "%s is there and no socket", text);
		if (left_over && unlink(text))
			return err_set(e, errno, "cannot remove the socket %s that is left over", text);
		if (bind_here(u->fd, &r->name, r->file_perms, text, &u->file, e))
			return -1;
	}
	return r->moved_to ? move_file(ctx, r, u->file, e) : 0;
}

static int private_root(struct unixes *s, struct err *e)
{
	_cleanup_close_ int fs = -1;

	if (s->private_root >= 0)
		return 0;
	fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return err_set(e, errno, "cannot make a file system for names of deleted sockets");
	s->private_root = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	return s->private_root < 0 ? err_set(e, errno, "cannot mount a file system for names of deleted sockets") : 0;
}

static int make_parents(const char *name, struct err *e)
{
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];

	snprintf(dir, sizeof(dir), "%s", name);
	for (char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(dir, 0700) && errno != EEXIST)
			return err_set(e, errno, "cannot make the directory %s for a deleted socket", dir);
		*slash = '/';
	}
	return 0;
}

/* Deep down, so that "../" leads somewhere. */
#define DEEP "/1/2/3/4/5/6/7/8/9/"

int unix_bind_private(struct restore_ctx *ctx, int fd, const ProtobufCBinaryData *name, const FilePermsEntry *perms,
		      int *file_ret, struct err *e)
{
	struct unixes *s = ctx->files->kind[RESTORE_KIND_unix];
	_cleanup_leave_ struct place was = { -1, -1 };
	_cleanup_close_ int dir = -1;
	const char *text = text_of(ctx, name);
	char number[16];

	*file_ret = -1;
	if (!has_path(name))
		return bind_abstract(fd, name, e);
	if (private_root(s, e))
		return -1;
	snprintf(number, sizeof(number), "%u", s->nr_private++);
	if (mkdirat(s->private_root, number, 0700))
		return err_set(e, errno, "cannot make a directory for a deleted socket");
	dir = openat(s->private_root, number, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || enter(&was, dir, NULL, NULL, e))
		return dir < 0 ? err_set(e, errno, "cannot open a directory for a deleted socket") : -1;
	if (*text != '/' && (make_parents(DEEP, e) || chdir(DEEP)))
		return -1;
	if (make_parents(text, e) || bind_here(fd, name, perms, text, file_ret, e))
		return -1;
	return unlink(text) ? err_set(e, errno, "cannot delete the socket %s", text) : 0;
}

int unix_bind(struct restore_ctx *ctx, struct usock *u, struct err *e)
{
	const UnixSkEntry *r = u->r;

	if (!r->name.len)
		return 0;
	if (!has_path(&r->name) || (r->has_deleted && r->deleted))
		return unix_bind_private(ctx, u->fd, &r->name, r->file_perms, &u->file, e);
	return bind_in_place(ctx, u, e);
}

/* The accepted end of a connection has the name of a listening socket that may be closed since; its file is still there. */
void unix_leave_file(struct restore_ctx *ctx, const UnixSkEntry *r)
{
	const char *path = unix_path(ctx, r);
	struct stat st;
	struct err ignored;

	if (!has_path(&r->name) || (r->has_deleted && r->deleted) || !lstat(path, &st) || errno != ENOENT)
		return;
	if (names_new(ctx->made, path, &ignored) || mknod(path, S_IFSOCK | 0600, 0))
		return;
	set_permissions(path, r->file_perms, &ignored);
}
