// SPDX-License-Identifier: GPL-2.0-only
/* Shared memory without a name: objects that several mappings, of one or many tasks, show parts of. Saved once, as a whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cr-dump/pages.h"

void shmem_note(struct dump_ctx *ctx, struct task *t, const struct vma *v)
{
	struct shmems *s = shmems_of(ctx);

	for (size_t i = s->nr; i-- > 0;)
		if (s->objs[i].id == v->ino)
			return;
	*POOL_PUSH(&ctx->pool, s->objs, s->nr) =
		(struct shmem){ .id = v->ino, .task = t, .start = v->start, .end = v->end, .fd = -1 };
}

/* Also what is mapped nowhere any more: a mapping can grow over it by mremap(2). */
int shmem_scan(struct pages_job *job, struct err *e)
{
	struct shmem *s = job->shmem;
	char link[64];
	off_t data, hole = 0;

	snprintf(link, sizeof(link), "map_files/%lx-%lx", s->start, s->end);
	s->fd = openat(s->task->procfd, link, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return err_set(e, errno, "cannot open shared memory by /proc/%d/%s", s->task->pid, link);
	while ((data = lseek(s->fd, hole, SEEK_DATA)) >= 0) {
		hole = lseek(s->fd, data, SEEK_HOLE);
		if (hole < 0)
			break;
		if (pages_add(job, data, (hole - data + PAGE - 1) / PAGE, PE_PRESENT, e))
			return -1;
	}
	if (errno != ENXIO) /* no more data */
		return err_set(e, errno, "cannot find the data of shared memory object %lu", s->id);
	return 0;
}
