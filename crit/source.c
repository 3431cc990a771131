// SPDX-License-Identifier: GPL-2.0-only
/* Where a checkpoint lies: a directory or an archive. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "crit/archive.h"
#include "crit/source.h"

#define TREE "pstree.img"

struct source {
	char *path;
	int dirfd;		/* -1: an archive */
	struct members members; /* of an archive: those in the checkpoint's folder, by name, without the folder */
	char **names;
	size_t nr_names;
	bool listed;
	const char *replaced; /* the name of a file that has the content of `replacement`; NULL: none */
	struct part replacement;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

/* The only pstree.img in the archive: the checkpoint is where that is. */
static const char *find_tree(const struct source *s, struct err *e)
{
	const char *hit = NULL;

	for (size_t i = 0; i < s->members.nr; i++) {
		const char *name = s->members.list[i].name;
		const char *slash = strrchr(name, '/');

		if (strcmp(slash ? slash + 1 : name, TREE))
			continue;
		if (hit) {
			err_set(e, 0, "%s holds several checkpoints: one has %s, another %s", s->path, hit, name);
			err_hint(e, "unpack the one that you want to see");
			return NULL;
		}
		hit = name;
	}
	if (!hit)
		err_set(e, 0, "%s holds no checkpoint: there is no " TREE " in it", s->path);
	return hit;
}

/* Keeps the members that are in the checkpoint's folder, and sorts them. */
static int keep_folder(struct source *s, struct err *e)
{
	const char *tree = find_tree(s, e);
	_cleanup_free_ char *folder = NULL;
	struct members *m = &s->members;
	size_t len, kept = 0;

	if (!tree)
		return -1;
	len = strlen(tree) - strlen(TREE);
	folder = strndup(tree, len);
	if (!folder)
		return err_nomem(e, s->path);
	for (size_t i = 0; i < m->nr; i++) {
		char *name = m->list[i].name;

		if (strncmp(name, folder, len) || strchr(name + len, '/')) {
			free(name);
			continue;
		}
		memmove(name, name + len, strlen(name + len) + 1);
		m->list[kept++] = m->list[i];
	}
	m->nr = kept;
	qsort(m->list, m->nr, sizeof(*m->list), by_name);
	return 0;
}

static int open_archive(struct source *s, int fd, struct err *e)
{
	return members_list(fd, s->path, &s->members, e) || keep_folder(s, e) ? -1 : 0;
}

int source_open(struct source **ret, const char *path, struct err *e)
{
	_cleanup_source_ struct source *s = calloc(1, sizeof(*s));
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (s) {
		s->dirfd = s->members.fd = s->members.expanded = -1;
		s->path = strdup(path);
	}
	if (!s || !s->path)
		return err_nomem(e, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return err_set(e, errno, "cannot open %s", path);
	if (S_ISDIR(st.st_mode))
		s->dirfd = take_fd(fd);
	else if (open_archive(s, take_fd(fd), e))
		return -1;
	*ret = take_ptr(s);
	return 0;
}

void source_close(struct source **sp)
{
	struct source *s = *sp;

	if (!s)
		return;
	members_free(&s->members);
	for (size_t i = 0; s->dirfd >= 0 && i < s->nr_names; i++)
		free(s->names[i]);
	free(s->names);
	close_fdp(&s->dirfd);
	free(s->path);
	free(s);
	*sp = NULL;
}

const char *source_path(const struct source *s)
{
	return s->path;
}

int source_dirfd(const struct source *s)
{
	return s->dirfd;
}

static int only_files(const struct dirent *d)
{
	return d->d_type == DT_REG || d->d_type == DT_UNKNOWN;
}

static int by_dirent(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int list_directory(struct source *s, struct err *e)
{
	struct dirent **list;
	int n = scandirat(s->dirfd, ".", &list, only_files, by_dirent);
	bool whole = true;

	if (n < 0)
		return err_set(e, errno, "cannot list the directory %s", s->path);
	s->names = calloc((size_t)n + 1, sizeof(*s->names));
	for (int i = 0; i < n; i++) {
		char *name = s->names ? strdup(list[i]->d_name) : NULL;

		if (name)
			s->names[s->nr_names++] = name;
		else
			whole = false;
		free(list[i]);
	}
	free(list);
	return whole && s->names ? 0 : err_nomem(e, s->path);
}

/* The names are those of the members. */
static int list_archive(struct source *s, struct err *e)
{
	s->names = calloc(s->members.nr + 1, sizeof(*s->names));
	if (!s->names)
		return err_nomem(e, s->path);
	for (; s->nr_names < s->members.nr; s->nr_names++)
		s->names[s->nr_names] = s->members.list[s->nr_names].name;
	return 0;
}

int source_names(struct source *s, const char *const **ret, size_t *nr_ret, struct err *e)
{
	if (!s->listed && (s->dirfd >= 0 ? list_directory(s, e) : list_archive(s, e)))
		return -1;
	s->listed = true;
	*ret = (const char *const *)s->names;
	*nr_ret = s->nr_names;
	return 0;
}

static int file_of_archive(struct source *s, const char *name, struct part *ret, struct err *e)
{
	struct member key = { .name = (char *)name };
	const struct member *hit = bsearch(&key, s->members.list, s->members.nr, sizeof(key), by_name);

	if (!hit)
		return err_set(e, ENOENT, "cannot open image %s", name);
	*ret = hit->part;
	return 0;
}

static int file_of_directory(struct source *s, const char *name, struct part *ret, struct err *e)
{
	_cleanup_close_ int fd = openat(s->dirfd, name, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return err_set(e, errno, "cannot open image %s", name);
	*ret = (struct part){ .fd = take_fd(fd), .owned = true, .size = (uint64_t)st.st_size };
	return 0;
}

void source_replace(struct source *s, const char *name, struct part with)
{
	s->replaced = name;
	s->replacement = with;
	s->replacement.owned = false;
}

static bool is_replaced(const struct source *s, const char *name)
{
	return s->replaced && !strcmp(s->replaced, name);
}

int source_file(struct source *s, const char *name, struct part *ret, struct err *e)
{
	if (is_replaced(s, name)) {
		*ret = s->replacement;
		return 0;
	}
	return s->dirfd < 0 ? file_of_archive(s, name, ret, e) : file_of_directory(s, name, ret, e);
}

int source_image(struct source *s, enum img_id id, unsigned long key, struct img_reader **ret, struct err *e)
{
	struct part p;
	char name[64];

	img_name(id, key, name, sizeof(name));
	if (s->dirfd >= 0 && !is_replaced(s, name))
		return img_open(s->dirfd, id, key, ret, e);
	if (source_file(s, name, &p, e)) /* its descriptor is shared: it is not to be closed */
		return -1;
	return img_open_part(p.fd, p.at, p.size, name, img_type(id), ret, e);
}

int source_one(struct source *s, enum img_id id, unsigned long key, ProtobufCMessage **ret, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;

	return source_image(s, id, key, &r, e) || img_get_only(r, ret, e) ? -1 : 0;
}

int source_optional(struct source *s, enum img_id id, unsigned long key, ProtobufCMessage **ret, struct err *e)
{
	*ret = NULL;
	if (!source_one(s, id, key, ret, e))
		return 0;
	return e->errnum == ENOENT ? 0 : -1;
}

int source_parent(const struct source *s, struct source **ret, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	struct stat st;

	*ret = NULL;
	if (s->dirfd < 0)
		return 0;
	if (fstatat(s->dirfd, "parent", &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : err_set(e, errno, "cannot look for the link \"parent\" in %s", s->path);
	if (asprintf(&path, "%s/parent", s->path) < 0) {
		path = NULL;
		return err_nomem(e, s->path);
	}
	return source_open(ret, path, e);
}

void part_close(struct part *p)
{
	if (p->owned)
		close_fdp(&p->fd);
	*p = PART_NONE;
}

int part_read(const struct part *p, uint64_t at, void *buf, size_t len, struct err *e)
{
	size_t done = 0;

	if (at > p->size || len > p->size - at)
		return err_set(e, 0, "%zu bytes at offset %llu are wanted, but there are only %llu in all", len,
			       (unsigned long long)at, (unsigned long long)p->size);
	while (done < len) {
		ssize_t n = pread(p->fd, (char *)buf + done, len - done, (off_t)(p->at + at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, n ? errno : 0, "cannot read at offset %llu", (unsigned long long)(at + done));
		done += (size_t)n;
	}
	return 0;
}
