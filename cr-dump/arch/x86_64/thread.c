// SPDX-License-Identifier: GPL-2.0-only
/*
 * x86-64: the registers of a thread as a thread_info_x86 message. Extended registers come from the XSAVE image that ptrace gives in the
 * standard format, in which CPUID tells where each component lies.
 */
#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "cr-dump/ahead.h"
#include "cr-dump/arch/cpu.h"
#include "cr-dump/task.h"
#include "parasite/arch/cpu.h"

#ifndef PR_GET_TID_ADDRESS
#define PR_GET_TID_ADDRESS 40
#endif
#define GET_THREAD_AREA 25    /* ptrace request */
#define NT_IOPERM	0x201 /* NT_386_IOPERM: the bitmap of ports */
#define FIRST_TLS	12    /* GDT entries for set_thread_area(2) */
#define NR_TLS		3
#define XSTATE_ENABLED	464 /* offset of the features that the kernel knows, in the software-reserved bytes */
#define XSTATE_BV	512
#define LEGACY_SIZE	576
#define LDT_PROBE	16
#define X87_AND_SSE	3 /* components 0 and 1 */

enum xfeature {
	X_YMM = 2,
	X_BNDREGS = 3, /* MPX, of CPUs of 2015 to 2020 */
	X_BNDCSR = 4,
	X_OPMASK = 5,
	X_ZMM_HI256 = 6,
	X_HI16_ZMM = 7,
	X_PKRU = 9,
	X_TILE_CFG = 17,
	X_TILE_DATA = 18,
	X_MAX
};

/* CPUID is slow in virtual machines, and there may be many threads. Filled at the first use; the CPU does not change. */
static uint32_t feature_offset[X_MAX];

static uint32_t offset_of(enum xfeature f)
{
	unsigned int size, offset, c, d;

	if (!feature_offset[f] && __get_cpuid_count(0xd, f, &size, &offset, &c, &d))
		feature_offset[f] = offset;
	return feature_offset[f];
}

void cpu_core_begin(struct dump_ctx *ctx, CoreEntry *core)
{
	ThreadInfoX86 *ti = POOL_MSG(&ctx->pool, ThreadInfoX86, thread_info_x86);

	ti->gpregs = POOL_MSG(&ctx->pool, UserX86RegsEntry, user_x86_regs_entry);
	ti->fpregs = POOL_MSG(&ctx->pool, UserX86FpregsEntry, user_x86_fpregs_entry);
	core->mtype = CORE_ENTRY__MARCH__X86_64;
	core->thread_info = ti;
}

void cpu_ask(struct dump_ctx *ctx, struct task *t, struct prog *p)
{
	PROG(p, SYS_modify_ldt, 0, prog_room(p, LDT_PROBE, NULL), LDT_PROBE);
	prog_any(p);
}

/* LAM (ARCH_ENABLE_TAGGED_ADDR) masks a part of addresses. Whether a kernel has the line depends on its configuration. */
int cpu_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	const char *line;
	char *status;

	if (ahead_get(ctx, t, 0, AHEAD_STATUS, &status, NULL, e))
		return -1;
	line = strstr(status, "\nuntag_mask:");
	if (line && strtoull(line + strlen("\nuntag_mask:"), NULL, 16) != UINT64_MAX)
		refuse(ctx, t, NULL, "it has tags in its addresses (ARCH_ENABLE_TAGGED_ADDR)");
	return 0;
}

int cpu_save(struct dump_ctx *ctx, struct task *t, uint32_t at, struct err *e)
{
	if (prog_result(&t->threads[0].prog, at) > 0)
		refuse(ctx, t, NULL,
		       "it has a local descriptor table (modify_ldt), as programs that run 16-bit code do");
	return 0;
}

void cpu_ask_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, struct prog *p)
{
	PROG(p, SYS_prctl, PR_GET_TID_ADDRESS, prog_room(p, sizeof(uint64_t), NULL));
}

static void save_general(UserX86RegsEntry *to, const struct user_regs_struct *r)
{
	to->r15 = r->r15;
	to->r14 = r->r14;
	to->r13 = r->r13;
	to->r12 = r->r12;
	to->bp = r->rbp;
	to->bx = r->rbx;
	to->r11 = r->r11;
	to->r10 = r->r10;
	to->r9 = r->r9;
	to->r8 = r->r8;
	to->ax = r->rax;
	to->cx = r->rcx;
	to->dx = r->rdx;
	to->si = r->rsi;
	to->di = r->rdi;
	to->orig_ax = r->orig_rax;
	to->ip = r->rip;
	to->cs = r->cs;
	to->flags = r->eflags;
	to->sp = r->rsp;
	to->ss = r->ss;
	to->fs_base = r->fs_base;
	to->gs_base = r->gs_base;
	to->ds = r->ds;
	to->es = r->es;
	to->fs = r->fs;
	to->gs = r->gs;
	PB_SET(to, mode, USER_X86_REGS_MODE__NATIVE);
}

/* The 512 bytes of FXSAVE, see "FXSAVE Area" in the processor manuals. */
static void save_legacy(struct pool *pool, UserX86FpregsEntry *to, const uint8_t *x)
{
	uint16_t word[4];
	uint64_t ptr[2];
	uint32_t csr[2];

	memcpy(word, x, sizeof(word));
	memcpy(ptr, x + 8, sizeof(ptr));
	memcpy(csr, x + 24, sizeof(csr));
	to->cwd = word[0];
	to->swd = word[1];
	to->twd = word[2];
	to->fop = word[3];
	to->rip = ptr[0];
	to->rdp = ptr[1];
	to->mxcsr = csr[0];
	to->mxcsr_mask = csr[1];
	to->n_st_space = 32;
	to->st_space = pool_copy(pool, x + 32, 128);
	to->n_xmm_space = 64;
	to->xmm_space = pool_copy(pool, x + 160, 256);
}

/* A component as elements of `elem` bytes; their number, 0 when the CPU or the kernel has it not. */
static size_t component(struct pool *pool, const uint8_t *x, size_t len, enum xfeature f, size_t size, size_t elem,
			void *ret)
{
	uint64_t enabled;
	uint32_t offset;

	memcpy(&enabled, x + XSTATE_ENABLED, sizeof(enabled));
	if (!(enabled >> f & 1))
		return 0;
	offset = offset_of(f);
	if (!offset || offset + size > len)
		return 0;
	*(void **)ret = pool_copy(pool, x + offset, size);
	return size / elem;
}

static void save_extended(struct pool *pool, UserX86FpregsEntry *to, const uint8_t *x, size_t len)
{
	UserX86XsaveEntry *s = POOL_MSG(pool, UserX86XsaveEntry, user_x86_xsave_entry);

	memcpy(&s->xstate_bv, x + XSTATE_BV, sizeof(s->xstate_bv));
	s->n_ymmh_space = component(pool, x, len, X_YMM, 256, 4, &s->ymmh_space);
	s->n_bndreg_state = component(pool, x, len, X_BNDREGS, 64, 8, &s->bndreg_state);
	s->n_bndcsr_state = component(pool, x, len, X_BNDCSR, 64, 8, &s->bndcsr_state);
	s->n_opmask_reg = component(pool, x, len, X_OPMASK, 64, 8, &s->opmask_reg);
	s->n_zmm_upper = component(pool, x, len, X_ZMM_HI256, 512, 8, &s->zmm_upper);
	s->n_hi16_zmm = component(pool, x, len, X_HI16_ZMM, 1024, 8, &s->hi16_zmm);
	s->n_pkru = component(pool, x, len, X_PKRU, 8, 4, &s->pkru);
	s->cet = POOL_MSG(pool, UserX86CetEntry,
			  user_x86_cet_entry); /* zeros: no shadow stack; a task with one is refused by its mapping */
	to->xsave = s;
}

static int save_tls(struct pool *pool, ThreadInfoX86 *ti, pid_t tid, struct err *e)
{
	/* struct user_desc, whose flags are bit fields */
	struct {
		uint32_t entry_number, base_addr, limit, flags;
	} d;

	ti->tls = pool_alloc(pool, NR_TLS * sizeof(*ti->tls));
	for (; ti->n_tls < NR_TLS; ti->n_tls++) {
		UserDescT *u = POOL_MSG(pool, UserDescT, user_desc_t);

		if (ptrace(GET_THREAD_AREA, tid, FIRST_TLS + ti->n_tls, &d))
			return err_set(e, errno, "cannot read TLS entry %zu of thread %d", FIRST_TLS + ti->n_tls, tid);
		u->entry_number = d.entry_number;
		u->base_addr = d.base_addr;
		u->limit = d.limit;
		u->seg_32bit = d.flags & 1;
		u->contents_l = d.flags >> 1 & 1;
		u->contents_h = d.flags >> 2 & 1;
		u->read_exec_only = d.flags >> 3 & 1;
		u->limit_in_pages = d.flags >> 4 & 1;
		u->seg_not_present = d.flags >> 5 & 1;
		u->usable = d.flags >> 6 & 1;
		ti->tls[ti->n_tls] = u;
	}
	return 0;
}

/* There is a bitmap from the first ioperm(2) on. */
static void refuse_ports(struct dump_ctx *ctx, struct task *t, pid_t tid)
{
	uint8_t first_ports[8];
	struct iovec v = { first_ports, sizeof(first_ports) };

	if (!ptrace(PTRACE_GETREGSET, tid, NT_IOPERM, &v))
		refuse(ctx, t, NULL, "thread %d may use I/O ports (ioperm)", tid);
}

static void refuse_unknown(struct dump_ctx *ctx, struct task *t, pid_t tid, uint64_t in_use)
{
	const uint64_t saved = X87_AND_SSE | 1 << X_YMM | 1 << X_BNDREGS | 1 << X_BNDCSR | 1 << X_OPMASK |
			       1 << X_ZMM_HI256 | 1 << X_HI16_ZMM | 1 << X_PKRU,
		       amx = 1 << X_TILE_CFG | 1 << X_TILE_DATA;

	if (in_use & amx)
		refuse(ctx, t, NULL, "thread %d uses AMX tile registers, for which images have no place", tid);
	if (in_use & ~saved & ~amx)
		refuse(ctx, t, NULL,
		       "thread %d uses extended registers for which images have no place (components %#lx)", tid,
		       in_use & ~saved & ~amx);
}

int cpu_save_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, uint32_t at, struct err *e)
{
	ThreadInfoX86 *ti = core_of(ctx, t, th)->thread_info;
	const uint64_t *clear_tid = answer(&th->prog, at, 1);
	uint8_t x[CPU_XSTATE_MAX];
	size_t len = sizeof(x);

	ti->clear_tid_addr = *clear_tid;
	save_general(ti->gpregs, &th->tr.regs.gp);
	if (cpu_get_xstate(th->tr.tid, x, &len, e))
		return -1;
	if (len < LEGACY_SIZE)
		return err_set(e, 0, "this CPU has no XSAVE, which is needed");
	save_legacy(&ctx->pool, ti->fpregs, x);
	save_extended(&ctx->pool, ti->fpregs, x, len);
	refuse_unknown(ctx, t, th->tr.tid, ti->fpregs->xsave->xstate_bv);
	refuse_ports(ctx, t, th->tr.tid);
	return save_tls(&ctx->pool, ti, th->tr.tid, e);
}
