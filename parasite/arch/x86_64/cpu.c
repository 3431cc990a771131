// SPDX-License-Identifier: LGPL-2.1-only
/* x86-64: registers by ptrace. See arch/cpu.h. */
#include <cpuid.h>
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
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
