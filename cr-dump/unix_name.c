// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of unix sockets. A name in the file system is a text that was given to bind(2), and a file that it led to then: by
 * the directory that the text began at (working directory or root), the same text leads there again. The file may have been deleted
 * or moved since.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cr-dump/unix.h"

#ifndef SIOCUNIXFILE
#define SIOCUNIXFILE (SIOCPROTOPRIVATE + 0)
#endif

static bool leads_to(const char *dir, const char *name, const struct stat *want)
{
	char path[2 * PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return !lstat(path, &st) && st.st_dev == want->st_dev && st.st_ino == want->st_ino;
}

/* Of /proc/PID: "cwd" or "root". */
static bool directory_of(const struct task *t, const char *what, char *buf, size_t size)
{
	ssize_t n = readlinkat(t->procfd, what, buf, size - 1);

	buf[n < 0 ? 0 : n] = '\0';
	return n > 0;
}

/* What comes before the name in the path of its file, or "". */
static void prefix(const char *path, const char *name, char *buf, size_t size)
{
	size_t len = strlen(path), tail = strlen(name);

	*buf = '\0';
	if (len > tail && !strcmp(path + len - tail, name) && (*name == '/' || path[len - tail - 1] == '/'))
		snprintf(buf, size, "%.*s", (int)(len - tail - (*name != '/')), path);
}

/* From where the name leads to the file: "/" and so on for one that is absolute, else a directory. */
static bool find_start(const struct task *t, const char *path, const char *name, const struct stat *st, char *dir,
		       size_t size)
{
	prefix(path, name, dir, size);
	if (*dir && leads_to(dir, name, st))
		return true;
	if (*name == '/' && leads_to("", name, st)) {
		*dir = '\0';
		return true;
	}
	return directory_of(t, *name == '/' ? "root" : "cwd", dir, size) && leads_to(dir, name, st);
}

static void save_permissions(struct dump_ctx *ctx, UnixSkEntry *r, const struct stat *st)
{
	r->file_perms = POOL_MSG(&ctx->pool, FilePermsEntry, file_perms_entry);
	r->file_perms->mode = st->st_mode;
	r->file_perms->uid = st->st_uid;
	r->file_perms->gid = st->st_gid;
}

static void save_start(struct dump_ctx *ctx, UnixSkEntry *r, const char *name, const char *dir)
{
	if (*name != '/')
		r->name_dir = pool_str(&ctx->pool, *dir ? dir : "/");
	else if (*dir && strcmp(dir, "/"))
		r->root = pool_str(&ctx->pool, dir);
}

/*
 * A deleted one begins nowhere that matters, but for messages and other readers: where it would have been.
 */
static int save_file(struct dump_ctx *ctx, struct open_file *of, int file, UnixSkEntry *r, struct err *e)
{
	char path[PATH_MAX], number[32], dir[PATH_MAX],
		*name = pool_printf(&ctx->pool, "%.*s", (int)r->name.len, r->name.data);
	struct stat st, now;
	ssize_t n;

	snprintf(number, sizeof(number), "/proc/self/fd/%d", file);
	n = readlink(number, path, sizeof(path) - 1);
	if (n < 0 || fstat(file, &st))
		return err_set(e, errno, "cannot find out where its file is");
	path[n] = '\0';
	save_permissions(ctx, r, &st);
	if (st.st_nlink && find_start(of->task, path, name, &st, dir, sizeof(dir))) {
		save_start(ctx, r, name, dir);
		return 0;
	}
	if (n > 10 && !strcmp(path + n - 10, " (deleted)"))
		path[n - 10] = '\0';
	prefix(path, name, dir, sizeof(dir));
	save_start(ctx, r, name, dir);
	if (st.st_nlink && !lstat(path, &now) && now.st_ino == st.st_ino && now.st_dev == st.st_dev) {
		r->moved_to = pool_str(&ctx->pool, path);
		if (*name != '/' && !*dir && directory_of(of->task, "cwd", dir, sizeof(dir)))
			save_start(ctx, r, name, dir);
		return 0;
	}
	r->has_deleted = r->deleted = true;
	return 0;
}

bool unix_name_taken(int type, const uint8_t *name, size_t len)
{
	_cleanup_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (fd < 0 || len > sizeof(a.sun_path))
		return false;
	memcpy(a.sun_path, name, len);
	return bind(fd, (struct sockaddr *)&a, sizeof(sa_family_t) + len) && errno == EADDRINUSE;
}

/*
 * Of a connected socket with an abstract name: did it bind it itself, so that nobody else can have it, or is it the name of the
 * socket that accepted it? If that is closed, and nobody else has the name, only trying tells.
 */
static bool owns_name(const struct unix_list *all, const struct unix_facts *u)
{
	size_t same = 0;

	for (size_t i = 0; i < all->nr; i++)
		same += all->facts[i].type == u->type && all->facts[i].name_len == u->name_len &&
			!memcmp(all->facts[i].name, u->name, u->name_len);
	return same == 1 && unix_name_taken(u->type, u->name, u->name_len);
}

int unix_name_save(struct dump_ctx *ctx, struct open_file *of, int fd, const struct unix_facts *u, UnixSkEntry *r,
		   struct err *e)
{
	_cleanup_close_ int file = -1;

	r->name.len = u->name_len;
	r->name.data = (uint8_t *)u->name;
	if (u->name_len && !u->name[0] && u->type != SOCK_DGRAM && u->state == STATE_CONNECTED) {
		const struct unixes *s = files_of(ctx)->kind[DUMP_KIND_unix];

		r->has_owns_name = r->owns_name = owns_name(&s->all, u);
	}
	if (!u->name_len || !u->name[0])
		return 0;
	/* Since Linux 4.13. */
	file = ioctl(fd, SIOCUNIXFILE);
	if (file < 0)
		return err_set(e, errno, "cannot get hold of the file of its name %.*s", (int)u->name_len, u->name);
	return save_file(ctx, of, file, r, e);
}
