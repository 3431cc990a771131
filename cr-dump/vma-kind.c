// SPDX-License-Identifier: GPL-2.0-only
/* What a mapping is: the vma_entry that goes into the image; mappings that cannot be saved are refused by name. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/kernel.h"
#include "cr-dump/task.h"
#include "cr-dump/vma.h"

#define AIO_EVENT  32 /* bytes, as the head of the ring has */
#define NEIGHBOURS 2  /* mappings of one file have at most so many others between them */

static const struct special {
	const char *path;
	uint32_t status;
} specials[] = {
	{ "[heap]", VMA_REGULAR | VMA_HEAP },	     { "[stack]", VMA_REGULAR },
	{ "[vdso]", VMA_REGULAR | VMA_VDSO },	     { "[vvar]", VMA_REGULAR | VMA_VVAR },
	{ "[vvar_vclock]", VMA_REGULAR | VMA_VVAR }, { "[vsyscall]", VMA_VSYSCALL },
};

/* Names that the kernel gives to what it maps itself, and why we cannot. Compared from the beginning. */
static const struct refused {
	const char *prefix, *what;
} refused_names[] = {
	{ "/secretmem", "secret memory (memfd_secret), which nobody else can read" },
	{ "/drm", "graphics memory" },
	{ "anon_inode:", "a kernel object" },
	{ "socket:", "a packet socket's ring" },
	{ "[uprobes]", "uprobes set on the program" },
};

static bool starts_with(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

static bool is_shared(const struct vma *v)
{
	return v->perms[3] == 's';
}

static uint32_t protection(const struct vma *v)
{
	return (v->perms[0] == 'r' ? PROT_READ : 0) | (v->perms[1] == 'w' ? PROT_WRITE : 0) |
	       (v->perms[2] == 'x' ? PROT_EXEC : 0);
}

/* Why a mapping cannot be saved; NULL: it can. */
static const char *why_not(const struct vma *v, const struct vma_flags *f, uint32_t special)
{
	if (special & VMA_KERNEL)
		return f->pkey > 0 ? "the kernel's own, with a protection key (pkey_mprotect)" : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(refused_names); i++)
		if (starts_with(v->path, refused_names[i].prefix))
			return refused_names[i].what;
	if (f->synchronous)
		return "memory of a file on a persistent memory device (MAP_SYNC)";
	if (f->device)
		return "memory of a device";
	if (f->userfault)
		return "memory watched by userfaultfd(2)";
	if (f->shadow_stack)
		return "a shadow stack";
	return NULL;
}

static uint32_t special_status(const struct vma *v)
{
	if (v->path[0] != '[')
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(specials); i++)
		if (!strcmp(v->path, specials[i].path))
			return specials[i].status;
	return 0;
}

/* Shared memory without a name is a deleted file of the kernel's own shmem, a memfd too; private memory is no file at all. */
static bool is_memfd(const struct vma *v)
{
	return v->ino && (starts_with(v->path, "/memfd:") || !strcmp(v->path, "/dev/zero (deleted)") ||
			  starts_with(v->path, "[anon_shmem:"));
}

/* "/SYSV0052e2c1 (deleted)" */
static bool is_sysv(const struct vma *v)
{
	return starts_with(v->path, "/SYSV") && strspn(v->path + 5, "0123456789abcdef") == 8 &&
	       !strcmp(v->path + 13, " (deleted)");
}

static bool is_anonymous_huge(const struct vma *v, const struct vma_flags *f)
{
	return f->huge_page && !strcmp(v->path, "/anon_hugepage (deleted)");
}

/* Of a private mapping only the permissions of its link in map_files tell how the file was open. */
static uint32_t access_of_link(const struct task *t, const struct vma *v)
{
	char link[64];
	struct stat st;

	snprintf(link, sizeof(link), "map_files/%lx-%lx", v->start, v->end);
	return !fstatat(t->procfd, link, &st, AT_SYMLINK_NOFOLLOW) && st.st_mode & S_IWUSR ? O_RDWR : O_RDONLY;
}

/*
 * How the file was open when it was mapped. A shared mapping that may be made writable later needs a file open for writing, even
 * when it is read-only now. The links are slow to look at, so that the parts of a program or library are taken to be alike.
 */
static uint32_t access_of(const struct task *t, const struct vma *v, const struct vma_flags *f)
{
	if (is_shared(v))
		return f->may_write ? O_RDWR : O_RDONLY;
	for (size_t i = t->nr_vmas; i-- > 0 && i + NEIGHBOURS >= t->nr_vmas;) {
		const struct vma *near = &t->vmas[i];

		if (near->entry->status & VMA_FILE_PRIVATE && near->ino == v->ino && near->dev == v->dev &&
		    !strcmp(near->path, v->path))
			return near->entry->fdflags;
	}
	return access_of_link(t, v);
}

/* Under F_SEAL_WRITE no mapping may become writable, however its file was open. */
static int classify_memfd(struct dump_ctx *ctx, struct task *t, const struct vma *v, const struct vma_flags *f,
			  struct err *e)
{
	char link[64];
	bool write_sealed;
	uint32_t id;

	snprintf(link, sizeof(link), "map_files/%lx-%lx", v->start, v->end);
	if (!memfd_known(ctx, v, &id, &write_sealed) && memfd_file(ctx, t, link, &id, &write_sealed, e))
		return -1;
	v->entry->status |= VMA_MEMFD | (is_shared(v) ? VMA_FILE_SHARED : VMA_FILE_PRIVATE);
	v->entry->shmid = id;
	if (f->huge_page)
		v->entry->flags |= MAP_HUGETLB | huge_page_flags(f->huge_page);
	PB_SET(v->entry, fdflags, is_shared(v) && write_sealed ? access_of_link(t, v) : access_of(t, v, f));
	return 0;
}

static void classify_huge(struct dump_ctx *ctx, struct task *t, const struct vma *v, const struct vma_flags *f)
{
	char link[64];

	v->entry->flags |= MAP_ANONYMOUS | MAP_HUGETLB | huge_page_flags(f->huge_page);
	v->entry->status |= is_shared(v) ? VMA_ANON_SHARED : VMA_ANON_PRIVATE;
	if (!is_shared(v)) {
		v->entry->pgoff = 0;
		return;
	}
	snprintf(link, sizeof(link), "map_files/%lx-%lx", v->start, v->end);
	v->entry->shmid = shmem_note(ctx, t, v->dev, v->ino, true, link, UINT64_MAX);
}

/* The ring of an I/O context (io_setup). It is saved like private memory; its size is what can be told of the number of requests. */
static void classify_aio(struct dump_ctx *ctx, struct task *t, const struct vma *v)
{
	AioRingEntry *r = POOL_MSG(&ctx->pool, AioRingEntry, aio_ring_entry);

	v->entry->flags = (v->entry->flags & ~(uint32_t)MAP_SHARED) | MAP_PRIVATE | MAP_ANONYMOUS;
	v->entry->status |= VMA_ANON_PRIVATE | VMA_AIORING;
	r->id = v->start;
	r->ring_len = v->end - v->start;
	r->nr_req = (r->ring_len / AIO_EVENT - 1 - 2) / 2;
	*POOL_PUSH(&ctx->pool, t->mm->aios, t->mm->n_aios) = r;
}

static int classify_file(struct dump_ctx *ctx, struct task *t, const struct vma *v, const struct vma_flags *f,
			 struct err *e)
{
	uint32_t access = access_of(t, v, f);

	v->entry->status |= is_shared(v) ? VMA_FILE_SHARED : VMA_FILE_PRIVATE;
	PB_SET(v->entry, fdflags, access);
	return vma_file(ctx, t, v, access, &v->entry->shmid, e);
}

/* PR_SET_VMA_ANON_NAME: "[anon:name]", "[anon_shmem:name]". */
static char *anonymous_name(struct pool *pool, const struct vma *v)
{
	const char *colon = strchr(v->path, ':');
	char *name;

	if (!colon || !(starts_with(v->path, "[anon:") || starts_with(v->path, "[anon_shmem:")))
		return NULL;
	name = pool_str(pool, colon + 1);
	name[strcspn(name, "]")] = '\0';
	return name;
}

int vma_classify(struct dump_ctx *ctx, struct task *t, struct vma *v, const struct vma_flags *f, struct err *e)
{
	uint32_t special = special_status(v);
	const char *why = why_not(v, f, special);
	VmaEntry *entry = POOL_MSG(&ctx->pool, VmaEntry, vma_entry);

	v->entry = entry;
	v->may_guard = f->may_guard;
	entry->start = v->start;
	entry->end = v->end;
	entry->pgoff = v->pgoff;
	entry->fd = -1;
	entry->prot = protection(v);
	entry->status = special ? special : VMA_REGULAR;
	entry->flags = f->map | (is_shared(v) ? MAP_SHARED : f->droppable ? KERNEL_MAP_DROPPABLE : MAP_PRIVATE);
	if (f->locked_on_fault)
		PB_SET(entry, locked_on_fault, true);
	if (f->madv)
		PB_SET(entry, madv, f->madv);
	if (f->pkey > 0)
		PB_SET(entry, pkey, f->pkey);
	if (f->sealed && !special)
		PB_SET(entry, sealed, true);
	entry->anon_name = anonymous_name(&ctx->pool, v);
	if (why) {
		refuse(ctx, t, NULL, "mapping %lx-%lx %s is %s", v->start, v->end, v->path, why);
		return 0;
	}
	if (is_memfd(v))
		return classify_memfd(ctx, t, v, f, e);
	if (starts_with(v->path, "/[aio]")) {
		classify_aio(ctx, t, v);
		return 0;
	}
	if (is_sysv(v))
		return sysv_classify(ctx, t, v, f, e);
	if (is_anonymous_huge(v, f)) {
		classify_huge(ctx, t, v, f);
		return 0;
	}
	if (v->ino || v->path[0] == '/')
		return classify_file(ctx, t, v, f, e);
	entry->status |= VMA_ANON_PRIVATE;
	entry->flags |= MAP_ANONYMOUS;
	entry->pgoff = 0;
	return 0;
}
