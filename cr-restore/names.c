// SPDX-License-Identifier: GPL-2.0-only
/* Names that are needed for a moment: see names.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cr-restore/names.h"

enum sort {
	TEMPORARY = 't', /* whatever is there, we have made it */
	NAME = 'n',	 /* the file's, if it is that inode */
	DIRECTORY = 'd', /* was not there before */
};

struct names *names_create(struct err *e)
{
	struct names *n =
		mmap(NULL, sizeof(*n), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (n != MAP_FAILED)
		return n;
	err_set(e, errno, "cannot map memory to share with the worker");
	return NULL;
}

/* The length is written last: what is noted is whole. */
static int note(struct names *n, enum sort sort, const char *path, struct err *e)
{
	size_t len = strlen(path) + 1;

	if (n->used + 1 + len > sizeof(n->text))
		return err_set(e, ENAMETOOLONG, "too many names at once: %s", path);
	n->text[n->used] = sort;
	memcpy(n->text + n->used + 1, path, len);
	__atomic_store_n(&n->used, n->used + 1 + len, __ATOMIC_RELEASE);
	return 0;
}

static void undo(const struct names *n, const char *entry)
{
	const char *path = entry + 1;
	struct stat st;

	switch (*entry) {
	case DIRECTORY:
		rmdir(path);
		return;
	case NAME:
		if (lstat(path, &st) || st.st_dev != n->dev || st.st_ino != n->ino)
			return;
		break;
	}
	if (unlink(path) && errno == EISDIR)
		rmdir(path);
}

void names_undo(struct names *n)
{
	size_t end = __atomic_load_n(&n->used, __ATOMIC_ACQUIRE);

	while (end) {
		size_t start = end - 1;

		while (start && n->text[start - 1])
			start--;
		undo(n, n->text + start);
		end = start;
	}
	__atomic_store_n(&n->used, 0, __ATOMIC_RELEASE);
}

int names_parents(struct names *n, const char *path, struct err *e)
{
	char dir[PATH_MAX];

	if (snprintf(dir, sizeof(dir), "%s", path) >= (int)sizeof(dir))
		return err_set(e, ENAMETOOLONG, "%s", path);
	for (char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (access(dir, F_OK) && errno == ENOENT) {
			if (note(n, DIRECTORY, dir, e))
				return -1;
			if (mkdir(dir, 0700))
				return err_set(e, errno, "cannot make the directory %s again", dir);
		}
		*slash = '/';
	}
	return 0;
}

int names_new(struct names *n, const char *path, struct err *e)
{
	struct stat st;

	return lstat(path, &st) && errno == ENOENT ? note(n, TEMPORARY, path, e) : 0;
}

int names_temporary(struct names *n, const char *path, char *buf, size_t size, struct err *e)
{
	int dir = strrchr(path, '/') - path;

	if (snprintf(buf, size, "%.*s/.cr-restore.%d.%u", dir, path, getpid(), n->count++) >= (int)size)
		return err_set(e, ENAMETOOLONG, "%s", path);
	return note(n, TEMPORARY, buf, e);
}

int names_add(struct names *n, const char *from, bool temporary, const char *path, struct err *e)
{
	struct stat st, taken;
	size_t used = n->used;
	int ret;

	if (lstat(from, &st))
		return err_set(e, errno, "cannot stat %s", from);
	n->dev = st.st_dev;
	n->ino = st.st_ino;
	if (!lstat(path, &taken))
		return 1; /* perhaps by the same file */
	if (note(n, NAME, path, e))
		return -1;
	ret = temporary ? renameat2(AT_FDCWD, from, AT_FDCWD, path, RENAME_NOREPLACE) : link(from, path);
	if (!ret)
		return 0;
	if (errno != EEXIST)
		return err_set(e, errno, "cannot make it under its name %s", path);
	n->used = used;
	return 1;
}
