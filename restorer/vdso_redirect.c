// SPDX-License-Identifier: GPL-2.0-only
/*
 * A task with the vDSO of another kernel: its libraries hold addresses into that, so it stays where it is, as ordinary memory, and
 * each of its functions begins with a jump to the function of the same name in this kernel's vDSO, which goes to a free place. A function that
 * this kernel has not is left as it is: without the old kernel's data, of which there are only zeroes, it makes a system call.
 *
 * A vDSO that was kept like that before is known by a mark. When the task moves on, that one gets new jumps, and what was this
 * kernel's then is replaced: nothing piles up.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cr-restore/leader.h"
#include "restorer/arch/regs.h"
#include "restorer/vdso.h"

#define ROOM	  (1ULL << 20) /* around the new place: what is beside it may grow a little */
#define MARK_AT	  9	       /* in e_ident, where the ABI has padding */
#define MARK	  "crkvdso"
#define MARK_SIZE 7
#define PATCH_AT  (EI_NIDENT - CPU_JUMP_SIZE)
_Static_assert(MARK_AT + MARK_SIZE == EI_NIDENT, "the mark fills the rest");

static const char other_kernel[] = "dump again, or restore on the kernel on which it was dumped";

/* The exported functions of a vDSO's image, which may be anything. */
struct symbols {
	const char *image;
	size_t size;
	const char *syms, *names; /* Elf64_Sym[], text */
	size_t nr, names_size;
};

static bool get_section(const struct symbols *s, const Elf64_Ehdr *eh, size_t i, Elf64_Shdr *ret)
{
	if (i >= eh->e_shnum || eh->e_shoff > s->size || (i + 1) * sizeof(*ret) > s->size - eh->e_shoff)
		return false;
	memcpy(ret, s->image + eh->e_shoff + i * sizeof(*ret), sizeof(*ret));
	return ret->sh_offset <= s->size && ret->sh_size <= s->size - ret->sh_offset;
}

static bool find_symbols(const char *image, size_t size, struct symbols *ret)
{
	struct symbols s = { .image = image, .size = size };
	Elf64_Shdr table, names;
	Elf64_Ehdr eh;

	if (size < sizeof(eh))
		return false;
	memcpy(&eh, image, sizeof(eh));
	if (memcmp(eh.e_ident, ELFMAG, SELFMAG) || eh.e_shentsize != sizeof(table))
		return false;
	for (size_t i = 0; get_section(&s, &eh, i, &table); i++) {
		if (table.sh_type != SHT_DYNSYM || !get_section(&s, &eh, table.sh_link, &names))
			continue;
		s.syms = image + table.sh_offset;
		s.nr = table.sh_size / sizeof(Elf64_Sym);
		s.names = image + names.sh_offset;
		s.names_size = names.sh_size;
		*ret = s;
		return true;
	}
	return false;
}

/* Symbol i: its name, NULL when it is no function that can be called. */
static const char *get_function(const struct symbols *s, size_t i, Elf64_Sym *ret)
{
	memcpy(ret, s->syms + i * sizeof(*ret), sizeof(*ret));
	if (ELF64_ST_TYPE(ret->st_info) != STT_FUNC || ret->st_shndx == SHN_UNDEF || ret->st_value >= s->size ||
	    ret->st_name >= s->names_size || !memchr(s->names + ret->st_name, '\0', s->names_size - ret->st_name))
		return NULL;
	return s->names + ret->st_name;
}

/* Offset of a function of this name; 0: there is none. */
static uint64_t find_function(const struct symbols *s, const char *name)
{
	Elf64_Sym sym;

	for (size_t i = 0; i < s->nr; i++) {
		const char *its = get_function(s, i, &sym);

		if (its && !strcmp(its, name))
			return sym.st_value;
	}
	return 0;
}

/* --- what is in the task ------------------------------------------------------------------------------------ */

static bool is_marked(struct restore_ctx *ctx, const struct rtask *t, const VmaEntry *v, bool *ret, struct err *e)
{
	unsigned char ident[EI_NIDENT] = { 0 };

	*ret = false;
	if (!(v->status & VMA_ANON_PRIVATE) || v->status & VMA_KERNEL || !(v->prot & PROT_EXEC) ||
	    !page_map_touches(&t->memory->pages, v->start, v->start + IMG_PAGE_SIZE))
		return true;
	if (vdso_read(ctx, &t->memory->pages, v->start, ident, sizeof(ident), e))
		return false;
	*ret = !memcmp(ident, ELFMAG, SELFMAG) && !memcmp(ident + MARK_AT, MARK, MARK_SIZE);
	return true;
}

/* Makes the old vDSO and the data in front of it ordinary memory. */
static void keep_as_memory(struct rtask *t)
{
	for (size_t i = 0; i < t->mm->n_vmas; i++) {
		VmaEntry *v = t->mm->vmas[i];

		if (!(v->status & (VMA_VDSO | VMA_VVAR)))
			continue;
		v->status = VMA_REGULAR | VMA_ANON_PRIVATE;
		v->flags = MAP_PRIVATE | MAP_ANONYMOUS;
	}
}

/* The highest gap below the old vDSO: as if the kernel had mapped its own there later. */
static bool find_place(const struct rtask *t, uint64_t below, uint64_t size, uint64_t *ret)
{
	const MmEntry *mm = t->mm;

	for (size_t i = mm->n_vmas; i-- > 0;) {
		uint64_t end = mm->vmas[i]->start, start = i ? mm->vmas[i - 1]->end : 1ULL << 32;

		if (end > below || end < start || end - start < size + 2 * ROOM)
			continue;
		*ret = ALIGN_DOWN(end - ROOM - size, IMG_PAGE_SIZE);
		return true;
	}
	return false;
}

/* A thread within the bytes that change could not go on. */
static void check_threads(struct restore_ctx *ctx, const struct rtask *t, uint64_t start, uint64_t end)
{
	for (unsigned int i = leader_ends(t); i < t->nr_threads; i++) {
		uint64_t ip = regs_ip(t->threads[i].core);

		if (ip >= start && ip < end)
			problem(ctx, other_kernel, "thread %d is at %#lx, within the vDSO of another kernel",
				t->threads[i].tid, ip);
	}
}

/* --- redirection -------------------------------------------------------------------------------------------- */

struct redirection {
	struct restore_ctx *ctx;
	struct rtask *t;
	struct symbols ours;
	uint64_t to; /* where this kernel's vDSO will be */
};

static struct vdso_patch *add_patch(struct redirection *r, uint64_t addr)
{
	struct memory *m = r->t->memory;
	struct vdso_patch *x = POOL_PUSH(&r->ctx->pool, m->patches, m->nr_patches);

	x->addr = addr;
	return x;
}

static void redirect_functions(struct redirection *r, const struct symbols *old, uint64_t at)
{
	for (size_t i = 0; i < old->nr; i++) {
		Elf64_Sym sym;
		const char *name = get_function(old, i, &sym);
		uint64_t here = name ? find_function(&r->ours, name) : 0;

		if (!here || sym.st_size < CPU_JUMP_SIZE || sym.st_value > old->size - CPU_JUMP_SIZE)
			continue;
		check_threads(r->ctx, r->t, at + sym.st_value + 1, at + sym.st_value + CPU_JUMP_SIZE);
		cpu_make_jump(add_patch(r, at + sym.st_value)->bytes, r->to + here);
	}
}

/* The vDSO at [at, at + size), which stays. */
static int redirect(struct redirection *r, uint64_t at, uint64_t size, struct err *e)
{
	_cleanup_free_ char *image = calloc(1, size);
	struct vdso_patch *mark;
	struct symbols old;

	if (!image)
		return err_nomem(e, "the vDSO");
	if (vdso_read(r->ctx, &r->t->memory->pages, at, image, size, e))
		return -1;
	if (!find_symbols(image, size, &old)) {
		problem(r->ctx, other_kernel,
			"process %d has the vDSO of another kernel, and the images do not hold its functions",
			r->t->pid);
		return 0;
	}
	redirect_functions(r, &old, at);
	mark = add_patch(r, at + PATCH_AT);
	memcpy(mark->bytes, image + PATCH_AT, sizeof(mark->bytes));
	memcpy(mark->bytes + (MARK_AT - PATCH_AT), MARK, MARK_SIZE);
	return 0;
}

/* Those that were kept before. Returns how many, or -1. */
static int redirect_marked(struct redirection *r, struct err *e)
{
	int nr = 0;

	for (size_t i = 0; i < r->t->mm->n_vmas; i++) {
		const VmaEntry *v = r->t->mm->vmas[i];
		bool marked;

		if (!is_marked(r->ctx, r->t, v, &marked, e))
			return -1;
		if (marked && redirect(r, v->start, v->end - v->start, e))
			return -1;
		nr += marked;
	}
	return nr;
}

int vdso_redirect(struct restore_ctx *ctx, struct rtask *t, const struct vdso_extent *theirs,
		  const struct vdso_extent *ours, bool same, struct err *e)
{
	struct memory *m = t->memory;
	struct redirection r = { .ctx = ctx, .t = t };
	bool fits = theirs->vdso_size == ours->vdso_size && theirs->vvar_size == ours->vvar_size;
	uint64_t below = theirs->vvar_size && theirs->vvar < theirs->vdso ? theirs->vvar : theirs->vdso;
	uint64_t place;
	int marked;

	if (!find_symbols((const char *)ours->vdso, ours->vdso_size, &r.ours))
		return err_set(e, 0, "cannot find the functions of this kernel's vDSO");
	if (!find_place(t, below, m->vdso_size, &place)) {
		problem(ctx, other_kernel, "process %d has no room for another vDSO", t->pid);
		return 0;
	}
	r.to = fits ? theirs->vdso : place + ours->vvar_size;
	marked = redirect_marked(&r, e);
	if (marked < 0)
		return -1;
	if (marked) { /* what the kernel mapped at the last move gives way to its successor */
		if (!same)
			check_threads(ctx, t, theirs->vdso, theirs->vdso + theirs->vdso_size);
		m->vdso_at = r.to - ours->vvar_size;
		return 0;
	}
	r.to = place + ours->vvar_size;
	m->vdso_at = place;
	keep_as_memory(t);
	log_debug("process %d keeps its vDSO at %#lx, redirected to %#lx", t->pid, theirs->vdso, r.to);
	return redirect(&r, theirs->vdso, theirs->vdso_size, e);
}
