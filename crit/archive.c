// SPDX-License-Identifier: GPL-2.0-only
/* The members of an archive: where their bytes are. What is stored as it is is read in place, the rest is expanded first. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "crit/archive.h"
#include "crit/library.h"

#define SONAME "libarchive.so.13"

#define FUNCTIONS(F)                       \
	F(archive_read_new)                \
	F(archive_read_support_filter_all) \
	F(archive_read_support_format_tar) \
	F(archive_read_open_fd)            \
	F(archive_read_next_header)        \
	F(archive_read_data_block)         \
	F(archive_read_free)               \
	F(archive_filter_code)             \
	F(archive_filter_bytes)            \
	F(archive_error_string)            \
	F(archive_entry_pathname)          \
	F(archive_entry_filetype)          \
	F(archive_entry_hardlink)          \
	F(archive_entry_size)              \
	F(archive_entry_sparse_count)

LIBRARY(FUNCTIONS);

static int load(struct library *l, struct err *e)
{
	return library_load(SONAME, "reads archives",
			    "install libarchive (Debian: libarchive13), or unpack the archive", library_names,
			    ARRAY_SIZE(library_names), (void **)l, e);
}

/* Something under way: the archive as the library reads it, and what was found. */
struct listing {
	struct library lib;
	struct archive *a;
	const char *path;
	struct members *m;
	size_t room;
	uint64_t expanded; /* bytes in m->expanded */
};

static int library_error(struct listing *l, const char *what, struct err *e)
{
	const char *why = l->lib.archive_error_string(l->a);

	return err_set(e, 0, "%s %s: %s", what, l->path, why ? why : "no reason given");
}

/* An unnamed file on disk: what it holds can be larger than memory. */
static int open_unnamed(struct err *e)
{
	const char *dir = getenv("TMPDIR");
	int fd;

	if (!dir || !*dir)
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return fd < 0 ? err_set(e, errno, "cannot create an unnamed file in %s", dir) : fd;
}

static int write_at(struct listing *l, const void *buf, size_t len, uint64_t at, struct err *e)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(l->m->expanded, (const char *)buf + done, len - done, (off_t)(at + done));

		if (n < 0 && errno != EINTR) {
			err_set(e, errno, "cannot expand %s into an unnamed file", l->path);
			return err_hint(e, "TMPDIR says in which directory it is made");
		}
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Copies a member's bytes behind what was expanded so far; holes stay holes. */
static int expand(struct listing *l, struct part *p, struct err *e)
{
	const void *buf;
	size_t len;
	int64_t at;
	int rc;

	if (l->m->expanded < 0)
		l->m->expanded = open_unnamed(e);
	if (l->m->expanded < 0)
		return -1;
	while ((rc = l->lib.archive_read_data_block(l->a, &buf, &len, &at)) == ARCHIVE_OK) {
		if (at < 0 || (uint64_t)at > p->size || len > p->size - (uint64_t)at)
			return err_set(e, 0, "%s: a member has more bytes than it says", l->path);
		if (write_at(l, buf, len, l->expanded + (uint64_t)at, e))
			return -1;
	}
	if (rc != ARCHIVE_EOF)
		return library_error(l, "cannot read", e);
	p->fd = l->m->expanded;
	p->at = l->expanded;
	l->expanded += p->size;
	if (ftruncate(l->m->expanded, (off_t)l->expanded))
		return err_set(e, errno, "cannot expand %s", l->path);
	return 0;
}

/* The member's bytes as they lie in the archive, if they do so in one piece. */
static bool in_place(struct listing *l, struct archive_entry *entry, struct part *p)
{
	struct stat st;

	if (l->lib.archive_filter_code(l->a, 0) != ARCHIVE_FILTER_NONE || l->lib.archive_entry_sparse_count(entry))
		return false;
	p->fd = l->m->fd;
	p->at = (uint64_t)l->lib.archive_filter_bytes(l->a, 0);
	/* A pipe has no places; a member of a cut archive is not all there. */
	return !fstat(p->fd, &st) && S_ISREG(st.st_mode) && p->at <= (uint64_t)st.st_size &&
	       p->size <= (uint64_t)st.st_size - p->at;
}

static int add(struct listing *l, struct archive_entry *entry, struct err *e)
{
	const char *name = l->lib.archive_entry_pathname(entry);
	struct member m = { .part.size = (uint64_t)l->lib.archive_entry_size(entry) };

	if (!name || l->lib.archive_entry_filetype(entry) != AE_IFREG || l->lib.archive_entry_hardlink(entry))
		return 0;
	if (!in_place(l, entry, &m.part) && expand(l, &m.part, e))
		return -1;
	if (l->m->nr == l->room) {
		size_t more = l->room ? 2 * l->room : 64;
		struct member *bigger = reallocarray(l->m->list, more, sizeof(*bigger));

		if (!bigger)
			return err_nomem(e, l->path);
		l->m->list = bigger;
		l->room = more;
	}
	m.name = strdup(strncmp(name, "./", 2) ? name : name + 2);
	if (!m.name)
		return err_nomem(e, l->path);
	l->m->list[l->m->nr++] = m;
	return 0;
}

static int walk(struct listing *l, struct err *e)
{
	struct archive_entry *entry;
	int rc;

	l->lib.archive_read_support_filter_all(l->a);
	l->lib.archive_read_support_format_tar(l->a);
	if (l->lib.archive_read_open_fd(l->a, l->m->fd, 1 << 16))
		return library_error(l, "cannot read", e);
	while ((rc = l->lib.archive_read_next_header(l->a, &entry)) == ARCHIVE_OK) {
		if (add(l, entry, e))
			return -1;
	}
	return rc == ARCHIVE_EOF ? 0 : library_error(l, "cannot read the archive", e);
}

int members_list(int fd, const char *path, struct members *ret, struct err *e)
{
	struct listing l = { .path = path, .m = ret };
	int failed;

	*ret = (struct members){ .fd = fd, .expanded = -1 };
	failed = load(&l.lib, e);
	if (!failed) {
		l.a = l.lib.archive_read_new();
		failed = l.a ? walk(&l, e) : err_nomem(e, path);
		l.lib.archive_read_free(l.a);
	}
	if (failed)
		members_free(ret);
	return failed;
}

void members_free(struct members *m)
{
	for (size_t i = 0; i < m->nr; i++)
		free(m->list[i].name);
	free(m->list);
	if (m->fd >= 0)
		close(m->fd);
	if (m->expanded >= 0)
		close(m->expanded);
	*m = (struct members){ .fd = -1, .expanded = -1 };
}
