// SPDX-License-Identifier: GPL-2.0-only
/* x86-64: general registers and the XSAVE image from core_entry.thread_info. See arch/regs.h. */
#include <cpuid.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/guard.h"
#include "core-x86.pb-c.h"
#include "restorer/arch/regs.h"

#define XSAVE_HEADER 512 /* offset; xstate_bv is its first word */
#define XSTATE_MAX   (16 * 1024)
#define RED_ZONE     128

enum {
	XFEATURE_YMM = 2,
	XFEATURE_BNDREGS,
	XFEATURE_BNDCSR,
	XFEATURE_OPMASK,
	XFEATURE_ZMM_HI256,
	XFEATURE_HI16_ZMM,
	XFEATURE_PKRU = 9
};

void regs_ask_layout(struct regs_layout *ret)
{
	uint32_t eax, ebx, ecx, edx;

	*ret = (struct regs_layout){ 0 };
	__cpuid_count(0xd, 0, eax, ebx, ecx, edx);
	ret->features = eax | (uint64_t)edx << 32;
	for (int i = XFEATURE_YMM; i < REGS_PARTS; i++) {
		if (!(ret->features & 1ULL << i))
			continue;
		__cpuid_count(0xd, i, eax, ebx, ecx, edx);
		ret->part[i].off = ebx;
		ret->part[i].size = eax;
	}
}

/* The whole image and where in it the components go. */
struct image {
	const struct regs_layout *l;
	char *bytes;
	size_t len;
};

static void put(const struct image *im, int nr, const void *bytes, size_t n)
{
	uint32_t off = im->l->part[nr].off, size = im->l->part[nr].size;

	if (n && size && off + size <= im->len)
		memcpy(im->bytes + off, bytes, n < size ? n : size);
}

bool regs_loadable(const struct regs_layout *l, const CoreEntry *core, char *why, size_t size)
{
	const ThreadInfoX86 *ti = core->thread_info;
	const UserX86XsaveEntry *xs = ti->fpregs->xsave;

	if (ti->gpregs->has_mode && ti->gpregs->mode != USER_X86_REGS_MODE__NATIVE) {
		snprintf(why, size, "it runs 32-bit code, which is not supported");
		return false;
	}
	if (xs && xs->xstate_bv & ~l->features) {
		snprintf(why, size, "it uses CPU state that this CPU has not (XSAVE features %#lx)",
			 xs->xstate_bv & ~l->features);
		return false;
	}
	return true;
}

uint64_t regs_ip(const CoreEntry *core)
{
	return core->thread_info->gpregs->ip;
}

/* The layout of FXSAVE, the first 512 bytes of the image. */
struct fxsave {
	uint16_t cwd, swd, twd, fop;
	uint64_t rip, rdp;
	uint32_t mxcsr, mxcsr_mask;
	uint32_t st[32], xmm[64];
	uint32_t rest[24];
};
_Static_assert(sizeof(struct fxsave) == 512, "FXSAVE");

static void fill_xstate(const struct image *im, const UserX86FpregsEntry *f)
{
	struct fxsave *fx = (struct fxsave *)im->bytes;
	const UserX86XsaveEntry *xs = f->xsave;
	uint64_t bv = xs ? xs->xstate_bv : 3;

	memset(im->bytes, 0, im->len);
	fx->cwd = f->cwd;
	fx->swd = f->swd;
	fx->twd = f->twd;
	fx->fop = f->fop;
	fx->rip = f->rip;
	fx->rdp = f->rdp;
	fx->mxcsr = f->mxcsr;
	memcpy(fx->st, f->st_space, ARRAY_SIZE(fx->st) < f->n_st_space ? sizeof(fx->st) : f->n_st_space * 4);
	memcpy(fx->xmm, f->xmm_space, ARRAY_SIZE(fx->xmm) < f->n_xmm_space ? sizeof(fx->xmm) : f->n_xmm_space * 4);
	memcpy(im->bytes + XSAVE_HEADER, &bv, sizeof(bv));
	if (!xs)
		return;
	put(im, XFEATURE_YMM, xs->ymmh_space, xs->n_ymmh_space * 4);
	put(im, XFEATURE_BNDREGS, xs->bndreg_state, xs->n_bndreg_state * 8);
	put(im, XFEATURE_BNDCSR, xs->bndcsr_state, xs->n_bndcsr_state * 8);
	put(im, XFEATURE_OPMASK, xs->opmask_reg, xs->n_opmask_reg * 8);
	put(im, XFEATURE_ZMM_HI256, xs->zmm_upper, xs->n_zmm_upper * 8);
	put(im, XFEATURE_HI16_ZMM, xs->hi16_zmm, xs->n_hi16_zmm * 8);
	put(im, XFEATURE_PKRU, xs->pkru, xs->n_pkru * 4);
}

static int load_xstate(const struct regs_layout *l, pid_t tid, const UserX86FpregsEntry *f, struct err *e)
{
	_cleanup_free_ char *image = calloc(1, XSTATE_MAX);
	size_t len = XSTATE_MAX;

	if (!image)
		return err_nomem(e, "the extended registers");
	if (cpu_get_xstate(tid, image, &len, e)) /* for its size */
		return -1;
	fill_xstate(&(struct image){ l, image, len }, f);
	return cpu_set_xstate(tid, image, len, e);
}

static struct cpu_regs general(const UserX86RegsEntry *r)
{
	return (struct cpu_regs){ .gp = {
					  .r15 = r->r15,
					  .r14 = r->r14,
					  .r13 = r->r13,
					  .r12 = r->r12,
					  .rbp = r->bp,
					  .rbx = r->bx,
					  .r11 = r->r11,
					  .r10 = r->r10,
					  .r9 = r->r9,
					  .r8 = r->r8,
					  .rax = r->ax,
					  .rcx = r->cx,
					  .rdx = r->dx,
					  .rsi = r->si,
					  .rdi = r->di,
					  .orig_rax = r->orig_ax,
					  .rip = r->ip,
					  .cs = r->cs,
					  .eflags = r->flags,
					  .rsp = r->sp,
					  .ss = r->ss,
					  .fs_base = r->fs_base,
					  .gs_base = r->gs_base,
					  .ds = r->ds,
					  .es = r->es,
					  .fs = r->fs,
					  .gs = r->gs,
				  } };
}

/* The next whole millisecond: a restarted wait must not end early. */
static uint64_t to_ms(uint64_t ns)
{
	return (ns + 999999) / 1000000;
}

/* A timeout in memory goes below the red zone, where the kernel puts its signal frames too. */
static uint64_t in_scratch(struct regs_scratch *s, uint64_t sp, uint64_t a, uint64_t b)
{
	*s = (struct regs_scratch){ ALIGN_DOWN(sp - RED_ZONE - sizeof(s->words), 16ul), { a, b } };
	return s->addr;
}

/* Where the kernel has written what was left, and the program may look for it. */
static void in_place(struct regs_scratch *s, uint64_t at, uint64_t a, uint64_t b)
{
	*s = (struct regs_scratch){ at, { a, b } };
}

/* The call is made anew; its timeout is what was left. Registers as in the system call ABI: rdi, rsi, rdx, r10, r8, r9. */
static void apply_timeout(struct user_regs_struct *r, uint32_t nr, uint64_t ns, struct regs_scratch *s)
{
	uint64_t sec = ns / 1000000000, rest = ns % 1000000000;

	switch (nr) {
	case SYS_poll:
		r->rdx = to_ms(ns);
		return;
	case SYS_epoll_wait:
	case SYS_epoll_pwait:
		r->r10 = to_ms(ns);
		return;
	case SYS_nanosleep:
		r->rdi = in_scratch(s, r->rsp, sec, rest);
		return;
	case SYS_clock_nanosleep:
	case SYS_rt_sigtimedwait:
		r->rdx = in_scratch(s, r->rsp, sec, rest);
		return;
	case SYS_futex:
	case SYS_semtimedop:
	case SYS_epoll_pwait2:
		r->r10 = in_scratch(s, r->rsp, sec, rest);
		return;
	case SYS_ppoll:
		in_place(s, r->rdx, sec, rest);
		return;
	case SYS_select:
		in_place(s, r->r8, sec, rest / 1000);
		return;
	case SYS_pselect6:
		in_place(s, r->r8, sec, rest);
		return;
	case SYS_io_getevents:
	case SYS_recvmmsg:
		r->r8 = in_scratch(s, r->rsp, sec, rest);
		return;
	}
}

int regs_load(const struct regs_layout *l, pid_t tid, const CoreEntry *core, uint64_t away_ns,
	      struct regs_scratch *scratch, struct err *e)
{
	struct cpu_regs regs = general(core->thread_info->gpregs);
	const ThreadCoreEntry *c = core->thread_core;
	uint64_t left = c->restart_left_ns > away_ns ? c->restart_left_ns - away_ns : 0;

	*scratch = (struct regs_scratch){ 0 };
	if (c->has_restart_nr && c->has_restart_left_ns && regs.gp.rax == c->restart_nr)
		apply_timeout(&regs.gp, c->restart_nr, left, scratch);
	return load_xstate(l, tid, core->thread_info->fpregs, e) || cpu_set_regs(tid, &regs, e) ? -1 : 0;
}
