// SPDX-License-Identifier: GPL-2.0-only
/* Page maps as the restore needs them: what is in the pages image, and that image. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "restorer/memory.h"

#define READ_MAX (64ul << 20) /* bytes a system call: a kill should not wait long */

static int keep_present(struct img_pagemap *m, struct err *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->nr_runs; i++) {
		if (m->runs[i].flags & IMG_PARENT) {
			err_set(e, 0, "pages at %#lx are in the images of an earlier dump", m->runs[i].addr);
			return err_hint(e, "incremental checkpoints are not supported by this version");
		}
		if (m->runs[i].flags & IMG_PRESENT)
			m->runs[kept++] = m->runs[i];
	}
	m->nr_runs = kept;
	return 0;
}

int page_map_load(struct restore_ctx *ctx, enum img_id id, unsigned long key, struct img_pagemap *ret, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;

	*ret = (struct img_pagemap){ 0 };
	if (img_open(ctx->images_fd, id, key, &r, e) || img_get_pagemap(r, ret, e))
		return -1;
	return keep_present(ret, e) ? img_complain(r, e) : 0;
}

bool page_map_touches(const struct img_pagemap *m, uint64_t start, uint64_t end)
{
	size_t i = img_pagemap_find(m, start);

	return i < m->nr_runs && m->runs[i].addr < end;
}

int page_map_open(struct restore_ctx *ctx, const struct img_pagemap *m, int *fd_ret, struct err *e)
{
	struct stat st;
	char name[64];

	img_name(IMG_PAGES, m->pages_id, name, sizeof(name));
	_cleanup_close_ int fd = openat(ctx->images_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return err_set(e, errno, "cannot open %s", name);
	if ((uint64_t)st.st_size < m->size)
		return err_set(e, 0, "%s is truncated: it has %lu bytes, its page map needs %lu", name, st.st_size,
			       m->size);
	*fd_ret = take_fd(fd);
	return 0;
}

int page_map_read(struct restore_ctx *ctx, const struct img_pagemap *m, int fd, void *buf, uint64_t size, uint64_t off,
		  struct err *e)
{
	bool short_reads = ctx->opts->fault == FAULT_SHORT_READS;

	for (uint64_t done = 0; done < size;) {
		uint64_t left = size - done, max = left < READ_MAX ? left : READ_MAX;
		ssize_t n = pread(fd, (char *)buf + done, short_reads ? (max + 1) / 2 : max, off + done);

		if (n <= 0)
			return err_set(e, n ? errno : 0, "cannot read pages-%u.img at %lu", m->pages_id, off + done);
		done += n;
	}
	return 0;
}
