// SPDX-License-Identifier: GPL-2.0-only
/* crit core: a process as an ELF core file, for debuggers. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/progress.h"
#include "crit/core.h"
#include "crit/crit.h"

#define CHUNK (1u << 20)

/* --- the process ------------------------------------------------------------------------------------------------ */

static int check_thread(const CoreEntry *core, uint32_t tid, struct err *e)
{
	const ProtobufCEnumValue *name;

	if (core->mtype != CORE_ENTRY__MARCH__X86_64) {
		name = protobuf_c_enum_descriptor_get_value(&core_entry__march__descriptor, (int)core->mtype);
		err_set(e, 0, "thread %u is of a processor of the kind %s: core files are made for X86_64 only", tid,
			name ? name->name : "unknown");
		return -1;
	}
	if (core->thread_info && core->thread_info->gpregs->has_mode &&
	    core->thread_info->gpregs->mode == USER_X86_REGS_MODE__COMPAT)
		return err_set(e, 0, "thread %u is a 32-bit one: core files are made for 64 bits only", tid);
	return 0;
}

static int read_threads(struct corpse *p, struct err *e)
{
	p->threads = calloc(p->task->n_threads + 1, sizeof(*p->threads));
	p->tids = calloc(p->task->n_threads + 1, sizeof(*p->tids));
	if (!p->threads || !p->tids)
		return err_nomem(e, "threads");
	for (size_t i = 0; i < p->task->n_threads; i++) {
		uint32_t tid = p->task->threads[i];
		CoreEntry *core;

		if (checkpoint_core(&p->c, tid, tid == p->task->pid, &core, e))
			return -1;
		if (!core)
			return err_set(e, 0, "there is no core-%u.img for thread %u", tid, tid);
		if (tid == p->task->pid)
			p->leader = core;
		p->threads[p->nr_threads] = core;
		p->tids[p->nr_threads++] = tid;
		if (check_thread(core, tid, e))
			return -1;
		if (core == p->leader && (!core->thread_info || (core->tc && core->tc->leader_ended)))
			p->nr_threads--;
	}
	return p->nr_threads ? 0 : err_set(e, 0, "it has no living thread");
}

static void corpse_free(struct corpse *p)
{
	for (size_t i = 0; i < p->nr_threads; i++)
		if (p->threads[i] != p->leader)
			img_free(p->threads[i]);
	img_free(p->leader);
	free(p->threads);
	free(p->tids);
	memory_close(&p->m);
	checkpoint_close(&p->c);
}

/* --- the file --------------------------------------------------------------------------------------------------- */

struct file {
	int fd;
	const char *name;
	bool holes; /* what is skipped need not be written */
	uint64_t at;
	struct progress progress;
};

static int put(struct file *f, const void *buf, size_t len, struct err *e)
{
	while (len) {
		ssize_t n = write(f->fd, buf, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, errno, "cannot write %s", f->name);
		buf = (const char *)buf + n;
		len -= (size_t)n;
		f->at += (uint64_t)n;
	}
	return 0;
}

/* Zeroes up to an offset. */
static int skip_to(struct file *f, uint64_t at, struct err *e)
{
	static const char zeroes[65536];

	if (f->holes && at > f->at) {
		if (at > INT64_MAX || lseek(f->fd, (off_t)at, SEEK_SET) < 0)
			return err_set(e, at > INT64_MAX ? EFBIG : errno, "cannot write %s", f->name);
		f->at = at;
	}
	while (f->at < at) {
		uint64_t n = at - f->at;

		if (put(f, zeroes, n < sizeof(zeroes) ? n : sizeof(zeroes), e))
			return -1;
	}
	return 0;
}

/* What comes before the memory. */
struct head {
	Elf64_Ehdr elf;
	Elf64_Phdr *programs;
	Elf64_Shdr section; /* takes the number of program headers when that is too large for the header */
	char *notes;
	size_t notes_size;
	uint64_t end;
};

static void set_elf(struct head *h, size_t programs)
{
	h->elf = (Elf64_Ehdr){
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)programs,
	};
	if (programs < PN_XNUM)
		return;
	h->elf.e_phnum = PN_XNUM;
	h->elf.e_shoff = sizeof(Elf64_Ehdr) + programs * sizeof(Elf64_Phdr);
	h->elf.e_shentsize = sizeof(Elf64_Shdr);
	h->elf.e_shnum = 1;
	h->section = (Elf64_Shdr){ .sh_size = 1, .sh_info = (Elf64_Word)programs };
}

/* Gives everything its place. */
static int set_places(struct head *h, struct segments *s, struct err *e)
{
	uint64_t at = sizeof(h->elf) + (s->nr + 1) * sizeof(*h->programs) + sizeof(h->section);
	uint64_t zeroes;

	h->programs = calloc(s->nr + 1, sizeof(*h->programs));
	if (!h->programs)
		return err_nomem(e, "the mappings of a core file");
	set_elf(h, s->nr + 1);
	h->programs[0] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = at, .p_filesz = h->notes_size, .p_align = 4 };
	at = ALIGN_UP(at + h->notes_size, (uint64_t)IMG_PAGE_SIZE);
	for (size_t i = 0; i < s->nr; i++) {
		s->list[i].at = at;
		at += s->list[i].kind == SEGMENT_BYTES ? s->list[i].size : 0;
	}
	zeroes = at;
	h->end = at + s->zeroes;
	for (size_t i = 0; i < s->nr; i++) {
		struct segment *seg = &s->list[i];

		if (seg->kind == SEGMENT_ZERO)
			seg->at = zeroes;
		h->programs[i + 1] = (Elf64_Phdr){
			.p_type = PT_LOAD,
			.p_flags = (seg->prot & PROT_READ ? PF_R : 0) | (seg->prot & PROT_WRITE ? PF_W : 0) |
				   (seg->prot & PROT_EXEC ? PF_X : 0),
			.p_offset = seg->at,
			.p_vaddr = seg->addr,
			.p_filesz = seg->kind == SEGMENT_ABSENT ? 0 : seg->size,
			.p_memsz = seg->size,
			.p_align = IMG_PAGE_SIZE,
		};
	}
	return 0;
}

static int write_head(struct file *f, const struct head *h, size_t segments, struct err *e)
{
	return put(f, &h->elf, sizeof(h->elf), e) || put(f, h->programs, (segments + 1) * sizeof(*h->programs), e) ||
			       put(f, &h->section, sizeof(h->section), e) || put(f, h->notes, h->notes_size, e) ?
		       -1 :
		       0;
}

static int write_extent(struct file *f, const struct segment *s, const struct extent *x, struct err *e)
{
	_cleanup_free_ char *buf = malloc(CHUNK);

	if (!buf)
		return err_nomem(e, "a buffer");
	if (skip_to(f, s->at + (x->addr - s->addr), e))
		return -1;
	for (uint64_t done = 0; done < x->size;) {
		size_t n = x->size - done < CHUNK ? (size_t)(x->size - done) : CHUNK;

		if (part_read(x->pages, x->at + done, buf, n, e) || put(f, buf, n, e))
			return -1;
		progress_add(&f->progress, n);
		done += n;
	}
	return 0;
}

static int write_segment(struct file *f, const struct corpse *p, const struct segment *s, struct err *e)
{
	struct extent x;

	for (uint64_t at = s->addr; at - s->addr < s->size; at = x.addr + x.size) {
		if (memory_extent(p->m, at, &x, e) < 0)
			return -1;
		if (x.kind == EXTENT_IMAGE && write_extent(f, s, &x, e))
			return -1;
	}
	return 0;
}

static int write_core(struct file *f, const struct corpse *p, struct head *h, struct segments *s, struct err *e)
{
	int failed;

	if (core_notes(p, &h->notes, &h->notes_size, e) || core_segments(p, s, e) || set_places(h, s, e))
		return -1;
	progress_begin(&f->progress, "writing memory", h->end);
	failed = write_head(f, h, s->nr, e);
	for (size_t i = 0; !failed && i < s->nr; i++) {
		if (s->list[i].kind == SEGMENT_BYTES)
			failed = write_segment(f, p, &s->list[i], e);
	}
	progress_end(&f->progress);
	if (failed || skip_to(f, h->end, e))
		return -1;
	if (f->holes && ftruncate(f->fd, (off_t)h->end))
		return err_set(e, errno, "cannot write %s", f->name);
	return 0;
}

/* --- the command line ------------------------------------------------------------------------------------------- */

static int save(struct corpse *p, const char *path, struct err *e)
{
	_cleanup_output_ struct output o = { .fd = -1 };
	struct file f = { .name = path };
	struct segments s = { 0 };
	struct head h = { 0 };
	struct stat st;
	int failed;

	if (output_open(&o, path, e))
		return -1;
	f.fd = o.fd;
	f.holes = !fstat(o.fd, &st) && S_ISREG(st.st_mode);
	failed = write_core(&f, p, &h, &s, e);
	free(h.notes);
	free(h.programs);
	free(s.list);
	return failed ? -1 : output_commit(&o, e);
}

static int run(struct corpse *p, const char *dir, const char *pid, const char *path, struct err *e)
{
	char name[32];

	if (checkpoint_open(&p->c, dir, e) || checkpoint_files(&p->c, e) ||
	    target_memory(&p->c, pid, &p->task, &p->m, e))
		return -1;
	snprintf(name, sizeof(name), "core.%u", p->task->pid);
	if (read_threads(p, e) || save(p, path ? path : name, e))
		return err_in(e, "%s: process %u", dir, p->task->pid);
	return 0;
}

static int core_run(const struct crit_verb *self, int argc, char **argv, struct err *e)
{
	struct corpse p = { 0 };
	const char *path = NULL;
	int c, status;

	while ((c = crit_option(self, argc, argv, &status, e)) > 0)
		path = optarg;
	if (c < 0)
		return status;
	if (argc - optind != 2)
		return crit_usage(e, "core: give a checkpoint and a process id");
	status = run(&p, argv[optind], argv[optind + 1], path, e);
	corpse_free(&p);
	return status ? CRIT_FAILED : CRIT_OK;
}

static const struct option options[] = {
	{ "out", required_argument, NULL, 'o' },
	{ 0 },
};

const struct crit_verb verb_core = {
	.name = "core",
	.summary = "a process as a core file for a debugger",
	.usage =
		"core [-o FILE] DIR PID\n"
		"Writes a process of the checkpoint DIR (a directory or an archive) as an ELF core file, to be opened by\n"
		"\"gdb PROGRAM FILE\". x86-64 only.\n\n"
		"  -o, --out FILE  the core file (default: core.PID)\n"
		"  -h, --help      this text\n",
	.options = options,
	.letters = "o:",
	.run = core_run,
};
