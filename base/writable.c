// SPDX-License-Identifier: GPL-2.0-only
/* Where a filesystem that is mounted read-only in one place can be written to: see writable.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/writable.h"

struct mount {
	unsigned int major, minor;
	char root[PATH_MAX], point[PATH_MAX];
	bool readonly;
};

/* "\040" is a space. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		unsigned int c;

		if (*s == '\\' && sscanf(s, "\\%3o", &c) == 1) {
			*to++ = c;
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /root /mnt ro,noatime ..." */
static bool parse(const char *line, struct mount *m)
{
	char options[256];

	if (sscanf(line, "%*d %*d %u:%u %4095s %4095s %255s", &m->major, &m->minor, m->root, m->point, options) != 5)
		return false;
	unescape(m->root);
	unescape(m->point);
	m->readonly = !strncmp(options, "ro", 2) && (!options[2] || options[2] == ',');
	return true;
}

/* What comes after the prefix, in whole components; NULL when it is none. */
static const char *after(const char *path, const char *prefix)
{
	size_t len = strcmp(prefix, "/") ? strlen(prefix) : 0;

	if (strncmp(path, prefix, len) || (path[len] && path[len] != '/'))
		return NULL;
	return path + len;
}

/* The mount that a path is on: the last of those with the longest mount point. */
static bool mount_of(FILE *f, const char *path, struct mount *ret)
{
	struct mount m;
	char line[2 * PATH_MAX + 1024];
	size_t best = 0;

	rewind(f);
	while (fgets(line, sizeof(line), f))
		if (parse(line, &m) && after(path, m.point) && strlen(m.point) >= best) {
			best = strlen(m.point);
			*ret = m;
		}
	return best;
}

static bool is_same_directory(const char *path, const struct stat *want)
{
	struct stat st;

	return !stat(path, &st) && st.st_dev == want->st_dev && st.st_ino == want->st_ino;
}

/* The directory `dir`, through another mount of its filesystem. */
static bool other_way(FILE *f, const char *dir, char buf[PATH_MAX])
{
	char line[2 * PATH_MAX + 1024], inside[PATH_MAX];
	struct mount its, m;
	struct stat st;
	const char *rest;

	if (stat(dir, &st) || !mount_of(f, dir, &its) ||
	    snprintf(inside, sizeof(inside), "%s%s", strcmp(its.root, "/") ? its.root : "", after(dir, its.point)) >=
		    (int)sizeof(inside))
		return false;
	rewind(f);
	while (fgets(line, sizeof(line), f)) {
		if (!parse(line, &m) || m.readonly || m.major != its.major || m.minor != its.minor)
			continue;
		rest = after(inside, m.root);
		if (rest && snprintf(buf, PATH_MAX, "%s%s", strcmp(m.point, "/") ? m.point : "", rest) < PATH_MAX &&
		    is_same_directory(*buf ? buf : "/", &st))
			return true;
	}
	return false;
}

const char *writable_path(const char *path, char buf[PATH_MAX])
{
	const char *name = strrchr(path, '/');
	_cleanup_free_ char *dir = strndup(path, name - path);
	_cleanup_fclose_ FILE *f = NULL;

	if (dir && *dir && access(dir, W_OK) && errno == EROFS)
		f = fopen("/proc/self/mountinfo", "re");
	if (!f || !other_way(f, dir, buf) || strlen(buf) + strlen(name) >= PATH_MAX)
		snprintf(buf, PATH_MAX, "%s", path);
	else
		strcat(buf, name);
	return buf;
}
