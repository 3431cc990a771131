// SPDX-License-Identifier: GPL-2.0-only
/* The notes of a core file of x86-64, as Linux writes them: registers of all threads, the process, its files. */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/core.h"
#include "libimg/task.h"

/* The kernel's struct elf_prstatus and struct elf_prpsinfo; sys/procfs.h has only those of the machine we are built for. */
struct prstatus {
	int32_t signo, code, errnum;
	int16_t cursig, pad;
	uint64_t pending, blocked;
	int32_t pid, ppid, pgrp, sid;
	uint64_t times[8];
	uint64_t regs[27];
	int32_t fpvalid, pad2;
};
_Static_assert(sizeof(struct prstatus) == 336, "as the kernel has it");

struct prpsinfo {
	char state, sname, zombie, nice;
	uint32_t pad;
	uint64_t flag;
	uint32_t uid, gid;
	int32_t pid, ppid, pgrp, sid;
	char fname[16], args[80];
};
_Static_assert(sizeof(struct prpsinfo) == 136, "as the kernel has it");

/* The area that FXSAVE writes, and what XSAVE puts behind it, where Intel's processors have it. */
struct fxsave {
	uint16_t cwd, swd, twd, fop;
	uint64_t rip, rdp;
	uint32_t mxcsr, mxcsr_mask;
	uint8_t st[128], xmm[256], pad[48];
	uint64_t xcr0; /* where the kernel tells which states are there */
	uint8_t pad2[40];
};
_Static_assert(sizeof(struct fxsave) == 512, "as the processor has it");

struct xsave {
	struct fxsave legacy;
	uint64_t states; /* those that are not as after a reset */
	uint8_t header[56];
	uint8_t ymm[256], pad[128];
	uint8_t bndregs[64], bndcsr[64];
	uint8_t opmask[64], zmm[512], hi16_zmm[1024], pkru[8];
};
_Static_assert(sizeof(struct xsave) == 2696, "as the processor has it");

#define XCR0_LEGACY 0x3u
#define XCR0_YMM    0x4u
#define XCR0_BND    0x18u
#define XCR0_ZMM    0xe0u
#define XCR0_PKRU   0x200u

struct notes {
	const struct corpse *p;
	FILE *out; /* into memory */
};

static void put(struct notes *n, const char *name, uint32_t type, const void *desc, size_t size)
{
	static const char zeroes[4];
	const Elf64_Nhdr head = { (uint32_t)strlen(name) + 1, (uint32_t)size, type };

	fwrite(&head, sizeof(head), 1, n->out);
	fwrite(name, 1, head.n_namesz, n->out);
	fwrite(zeroes, 1, -head.n_namesz & 3, n->out);
	fwrite(desc, 1, size, n->out);
	fwrite(zeroes, 1, -size & 3, n->out);
}

/* --- threads ---------------------------------------------------------------------------------------------------- */

static uint64_t signals_of(const SignalQueueEntry *q)
{
	uint64_t set = 0;

	for (size_t i = 0; q && i < q->n_signals; i++) {
		int32_t signo = 0;

		if (q->signals[i]->siginfo.len >= sizeof(signo))
			memcpy(&signo, q->signals[i]->siginfo.data, sizeof(signo));
		if (signo >= 1 && signo <= 64)
			set |= 1ull << (signo - 1);
	}
	return set;
}

static void put_prstatus(struct notes *n, const CoreEntry *core, uint32_t tid)
{
	const UserX86RegsEntry *r = core->thread_info->gpregs;
	const ThreadCoreEntry *t = core->thread_core;
	struct prstatus s = {
		.pid = (int32_t)tid,
		.ppid = (int32_t)n->p->task->ppid,
		.pgrp = (int32_t)n->p->task->pgid,
		.sid = (int32_t)n->p->task->sid,
		.regs = { r->r15,   r->r14, r->r13, r->r12,	r->bp,	    r->bx, r->r11,     r->r10, r->r9,
			  r->r8,    r->ax,  r->cx,  r->dx,	r->si,	    r->di, r->orig_ax, r->ip,  r->cs,
			  r->flags, r->sp,  r->ss,  r->fs_base, r->gs_base, r->ds, r->es,      r->fs,  r->gs },
		.fpvalid = 1,
	};

	s.pending = t ? signals_of(t->signals_p) : 0;
	s.blocked = t && t->has_blk_sigset ? t->blk_sigset : core->tc ? core->tc->blk_sigset : 0;
	put(n, "CORE", NT_PRSTATUS, &s, sizeof(s));
}

/* Values of an image, as many as there are and fit. */
static void fill(void *to, size_t size, const void *from, size_t nr, size_t each)
{
	size_t len = nr < size / each ? nr * each : size;

	if (len)
		memcpy(to, from, len);
}

static void fill_legacy(struct fxsave *to, const UserX86FpregsEntry *f)
{
	*to = (struct fxsave){
		.cwd = (uint16_t)f->cwd,
		.swd = (uint16_t)f->swd,
		.twd = (uint16_t)f->twd,
		.fop = (uint16_t)f->fop,
		.rip = f->rip,
		.rdp = f->rdp,
		.mxcsr = f->mxcsr,
		.mxcsr_mask = f->mxcsr_mask,
	};
	fill(to->st, sizeof(to->st), f->st_space, f->n_st_space, sizeof(*f->st_space));
	fill(to->xmm, sizeof(to->xmm), f->xmm_space, f->n_xmm_space, sizeof(*f->xmm_space));
}

static void put_fpregs(struct notes *n, const UserX86FpregsEntry *f)
{
	const UserX86XsaveEntry *s = f->xsave;
	struct xsave x = { 0 };
	size_t size;

	fill_legacy(&x.legacy, f);
	put(n, "CORE", NT_PRFPREG, &x.legacy, sizeof(x.legacy));
	if (!s)
		return;
	fill(x.ymm, sizeof(x.ymm), s->ymmh_space, s->n_ymmh_space, sizeof(*s->ymmh_space));
	fill(x.bndregs, sizeof(x.bndregs), s->bndreg_state, s->n_bndreg_state, sizeof(*s->bndreg_state));
	fill(x.bndcsr, sizeof(x.bndcsr), s->bndcsr_state, s->n_bndcsr_state, sizeof(*s->bndcsr_state));
	fill(x.opmask, sizeof(x.opmask), s->opmask_reg, s->n_opmask_reg, sizeof(*s->opmask_reg));
	fill(x.zmm, sizeof(x.zmm), s->zmm_upper, s->n_zmm_upper, sizeof(*s->zmm_upper));
	fill(x.hi16_zmm, sizeof(x.hi16_zmm), s->hi16_zmm, s->n_hi16_zmm, sizeof(*s->hi16_zmm));
	fill(x.pkru, sizeof(x.pkru), s->pkru, s->n_pkru, sizeof(*s->pkru));
	x.legacy.xcr0 = XCR0_LEGACY | (s->n_ymmh_space ? XCR0_YMM : 0) | (s->n_bndreg_state ? XCR0_BND : 0) |
			(s->n_zmm_upper ? XCR0_ZMM : 0) | (s->n_pkru ? XCR0_PKRU : 0);
	x.states = s->xstate_bv & x.legacy.xcr0;
	/* Debuggers conclude the layout from the size. */
	size = x.legacy.xcr0 & XCR0_PKRU ? sizeof(x) :
	       x.legacy.xcr0 & XCR0_ZMM	 ? offsetof(struct xsave, pkru) :
	       x.legacy.xcr0 & XCR0_BND	 ? offsetof(struct xsave, opmask) :
	       x.legacy.xcr0 & XCR0_YMM	 ? offsetof(struct xsave, pad) :
					   offsetof(struct xsave, ymm);
	put(n, "LINUX", NT_X86_XSTATE, &x, size);
}

/* --- the process ------------------------------------------------------------------------------------------------ */

/* The arguments, as ps shows them; "" when the checkpoint does not have them. */
static void read_args(const struct corpse *p, char *args, size_t size)
{
	const MmEntry *mm = memory_mm(p->m);
	uint64_t len = mm->mm_arg_end > mm->mm_arg_start ? mm->mm_arg_end - mm->mm_arg_start : 0;
	struct err ignored;

	if (len > size - 1)
		len = size - 1;
	if (memory_read(p->m, mm->mm_arg_start, args, len, &ignored))
		len = 0;
	args[len] = '\0';
	for (uint64_t i = 0; i < len; i++)
		args[i] = args[i] ? args[i] : ' ';
}

static void put_prpsinfo(struct notes *n)
{
	const PstreeEntry *task = n->p->task;
	const CoreEntry *core = n->p->leader;
	const CredsEntry *creds = core->thread_core ? core->thread_core->creds : NULL;
	bool stopped = core->tc && core->tc->task_state == TASK_STOPPED;
	struct prpsinfo s = {
		.state = stopped ? 3 : 0,
		.sname = stopped ? 'T' : 'R',
		.nice = (char)(core->thread_core ? core->thread_core->sched_nice : 0),
		.uid = creds ? creds->uid : 0,
		.gid = creds ? creds->gid : 0,
		.pid = (int32_t)task->pid,
		.ppid = (int32_t)task->ppid,
		.pgrp = (int32_t)task->pgid,
		.sid = (int32_t)task->sid,
	};

	if (core->tc)
		snprintf(s.fname, sizeof(s.fname), "%s", core->tc->comm);
	read_args(n->p, s.args, sizeof(s.args));
	put(n, "CORE", NT_PRPSINFO, &s, sizeof(s));
}

/* Numbers, then names: the mappings of files. */
static int put_files(struct notes *n, struct err *e)
{
	size_t nr, size, count = 0;
	VmaEntry *const *vmas = memory_vmas(n->p->m, &nr);
	_cleanup_free_ char *desc = NULL;
	FILE *f = open_memstream(&desc, &size);
	uint64_t head[2] = { 0, IMG_PAGE_SIZE };
	bool failed;

	if (!f)
		return err_nomem(e, "the notes");
	fwrite(head, sizeof(head), 1, f);
	for (size_t i = 0; i < nr; i++) {
		const uint64_t row[] = { vmas[i]->start, vmas[i]->end, vmas[i]->pgoff / IMG_PAGE_SIZE };

		if (target_file(&n->p->c, vmas[i]) && ++count)
			fwrite(row, sizeof(row), 1, f);
	}
	for (size_t i = 0; i < nr; i++) {
		const RegFileEntry *file = target_file(&n->p->c, vmas[i]);

		if (file)
			fwrite(file->name, 1, strlen(file->name) + 1, f);
	}
	failed = ferror(f);
	if (fclose(f) || failed)
		return err_nomem(e, "the notes");
	head[0] = count;
	memcpy(desc, head, sizeof(head));
	put(n, "CORE", NT_FILE, desc, size);
	return 0;
}

static int put_process(struct notes *n, struct err *e)
{
	const MmEntry *mm = memory_mm(n->p->m);

	put_prpsinfo(n);
	if (mm->n_mm_saved_auxv)
		put(n, "CORE", NT_AUXV, mm->mm_saved_auxv, mm->n_mm_saved_auxv * sizeof(*mm->mm_saved_auxv));
	return put_files(n, e);
}

int core_notes(const struct corpse *p, char **ret, size_t *size_ret, struct err *e)
{
	struct notes n = { .p = p };
	int failed = 0;

	*ret = NULL;
	n.out = open_memstream(ret, size_ret);
	if (!n.out)
		return err_nomem(e, "the notes");
	for (size_t i = 0; i < p->nr_threads; i++) {
		put_prstatus(&n, p->threads[i], p->tids[i]);
		if (i == 0)
			failed = put_process(&n, e);
		if (p->threads[i]->thread_info->fpregs)
			put_fpregs(&n, p->threads[i]->thread_info->fpregs);
	}
	if (ferror(n.out) && !failed)
		failed = err_nomem(e, "the notes");
	if (fclose(n.out) && !failed)
		failed = err_nomem(e, "the notes");
	if (*size_ret > UINT32_MAX && !failed)
		failed = err_set(e, 0, "the notes do not fit into a core file");
	return failed;
}
