// SPDX-License-Identifier: LGPL-2.1-only
/* x86-64: registers by ptrace. See arch/cpu.h. */
#include <cpuid.h>
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "parasite/arch/cpu.h"

int cpu_get_regs(pid_t tid, struct cpu_regs *ret, struct err *e)
{
	struct iovec v = { &ret->gp, sizeof(ret->gp) };

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &v))
		return err_set(e, errno, "cannot read the registers of thread %d", tid);
	if (v.iov_len != sizeof(ret->gp))
		return err_set(e, 0, "thread %d runs 32-bit code, which is not supported", tid);
	return 0;
}

int cpu_set_regs(pid_t tid, const struct cpu_regs *regs, struct err *e)
{
	struct iovec v = { (void *)&regs->gp, sizeof(regs->gp) };

	if (ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &v))
		return err_set(e, errno, "cannot set the registers of thread %d", tid);
	return 0;
}

int cpu_get_xstate(pid_t tid, void *buf, size_t *len, struct err *e)
{
	struct iovec v = { buf, *len };

	if (ptrace(PTRACE_GETREGSET, tid, NT_X86_XSTATE, &v))
		return err_set(e, errno, "cannot read the extended state of thread %d", tid);
	*len = v.iov_len;
	return 0;
}

int cpu_set_xstate(pid_t tid, const void *buf, size_t len, struct err *e)
{
	struct iovec v = { (void *)buf, len };

	if (ptrace(PTRACE_SETREGSET, tid, NT_X86_XSTATE, &v))
		return err_set(e, errno, "cannot set the extended state of thread %d", tid);
	return 0;
}

uint64_t cpu_vector_size(void)
{
	return __builtin_cpu_supports("avx512f") ? 64 : __builtin_cpu_supports("avx") ? 32 : 16;
}

/* --- protection keys ---------------------------------------------------------------------------------------- */

#define XSTATE_BV    512 /* offset of the mask of components that are not in their initial state */
#define PKRU	     9
#define PKRU_OF_KEY0 3

/* Where XSAVE has the register; 0: nowhere. */
static uint32_t pkru_offset(size_t len)
{
	unsigned int size, offset, c, d;

	if (!__get_cpuid_count(0xd, PKRU, &size, &offset, &c, &d) || !size || offset + sizeof(uint32_t) > len)
		return 0;
	return offset;
}

bool cpu_lacks_rights(const void *xstate, size_t len)
{
	uint32_t at = pkru_offset(len);
	const uint8_t *x = xstate;

	return at && x[XSTATE_BV + PKRU / 8] & 1u << PKRU % 8 && x[at] & PKRU_OF_KEY0;
}

int cpu_all_rights(pid_t tid, const void *xstate, size_t len, struct err *e)
{
	uint8_t x[CPU_XSTATE_MAX];

	memcpy(x, xstate, len);
	memset(x + pkru_offset(len), 0, sizeof(uint32_t));
	return cpu_set_xstate(tid, x, len, e);
}

/* --- running our code --------------------------------------------------------------------------------------- */

void cpu_prepare_syscall(struct cpu_regs *regs, uint64_t insn, long nr, const uint64_t arg[6])
{
	regs->gp.rip = insn;
	regs->gp.rax = nr;
	regs->gp.orig_rax = -1; /* no system call is being restarted */
	regs->gp.rdi = arg[0];
	regs->gp.rsi = arg[1];
	regs->gp.rdx = arg[2];
	regs->gp.r10 = arg[3];
	regs->gp.r8 = arg[4];
	regs->gp.r9 = arg[5];
}

int64_t cpu_syscall_result(const struct cpu_regs *regs)
{
	return regs->gp.rax;
}

/* --- waiting without a tracer ------------------------------------------------------------------------------- */

#define WAIT_MARK 0x7469617774697263ULL /* an argument of pause(2), which takes none: it is ours */

#define CF 0x001ULL
#define PF 0x004ULL
#define ZF 0x040ULL
#define SF 0x080ULL
#define TF 0x100ULL
#define DF 0x400ULL
#define OF 0x800ULL
#define JL 0x7c /* jumps when SF and OF differ */

/*
 * Jumps of two bytes, the second of which, -2, leads back to the first: jmp, and a jump for each of 16 conditions. They need not be meant so,
 * in the middle of other instructions they do as well: nearly every piece of code has some.
 */
long cpu_find_park(const void *code, size_t len)
{
	const uint8_t *c = code, *hit = code;
	size_t left = len;

	while ((hit = memchr(hit, 0xfe, left))) {
		if (hit > c && (hit[-1] == 0xeb || (hit[-1] & 0xf0) == 0x70))
			return hit - 1 - c;
		hit++;
		left = c + len - hit;
	}
	return -1;
}

/* The conditions with an odd number are the negated ones. */
static uint64_t park_flags(uint8_t code)
{
	if (code & 1)
		return 0;
	return CF | PF | ZF | SF | (code == JL ? 0 : OF);
}

void cpu_prepare_wait(struct cpu_regs *regs, const struct cpu_site *site)
{
	const uint64_t arg[6] = { WAIT_MARK };

	cpu_prepare_syscall(regs, site->insn, SYS_pause, arg);
}

void cpu_exchange_call(struct cpu_regs *regs, const struct cpu_site *site, long nr, const uint64_t arg[6])
{
	cpu_prepare_syscall(regs, site->park, -ENOSYS, arg);
	regs->gp.orig_rax = nr;
	regs->gp.eflags &= ~(CF | PF | ZF | SF | TF | DF | OF);
	regs->gp.eflags |= park_flags(site->park_code);
}

bool cpu_waits(const struct cpu_regs *regs, const struct cpu_site *site)
{
	return regs->gp.rip - site->insn <= CPU_SYSCALL_INSN_SIZE && regs->gp.rdi == WAIT_MARK;
}

bool cpu_is_parked(const struct cpu_regs *regs, const struct cpu_site *site)
{
	return site->park && regs->gp.rip == site->park;
}

uint64_t cpu_pc(const struct cpu_regs *regs)
{
	return regs->gp.rip;
}

/* --- the rest ------------------------------------------------------------------------------------------------ */

void cpu_prepare_call(struct cpu_regs *regs, uint64_t entry, uint64_t stack, uint64_t arg)
{
	regs->gp.rip = entry;
	regs->gp.rsp = stack;
	regs->gp.rdi = arg;
	regs->gp.orig_rax = -1;
	regs->gp.eflags &= ~0x10500ULL; /* TF, DF and RF are the victim's business */
}

long cpu_at_syscall(pid_t tid)
{
	struct cpu_regs regs;
	struct err ignored;
	long word;

	if (cpu_get_regs(tid, &regs, &ignored) || (long)regs.gp.orig_rax < 0 || regs.gp.rax != regs.gp.orig_rax)
		return -1;
	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, tid, regs.gp.rip, 0);
	return !errno && (word & 0xffff) == 0x050f ? (long)regs.gp.orig_rax : -1;
}

long cpu_find_syscall(const void *code, size_t len)
{
	static const unsigned char insn[CPU_SYSCALL_INSN_SIZE] = { 0x0f, 0x05 };
	const char *hit = memmem(code, len, insn, sizeof(insn));

	return hit ? hit - (const char *)code : -1;
}

void cpu_make_jump(uint8_t code[CPU_JUMP_SIZE], uint64_t to)
{
	static const uint8_t movabs_rax[] = { 0x48, 0xb8 }, jmp_rax[] = { 0xff, 0xe0 };

	memcpy(code, movabs_rax, sizeof(movabs_rax));
	memcpy(code + 2, &to, sizeof(to));
	memcpy(code + 10, jmp_rax, sizeof(jmp_rax));
}
