// SPDX-License-Identifier: GPL-2.0-only
/* x86-64: interrupted system calls in the registers. See arch/cpu.h. */
#include <string.h>
#include <sys/syscall.h>

#include "cr-dump/arch/cpu.h"
#include "cr-dump/task.h"

#define SYSCALL_INSN_SIZE 2	  /* 0f 05 */
#define NO_SYSCALL	  (-1ULL) /* orig_rax of a thread that is in none */

/*
 * After an earlier interruption the kernel goes on by restart_syscall(2), and the number of the call is gone. Where nobody has seen
 * in which call it sleeps: it was loaded by the instruction in front of the system call, often, by "mov $nr, %eax".
 */
static long number_before(const struct thread *th)
{
	unsigned char code[7];
	uint32_t nr;

	if (!peek(th->tr.tid, th->tr.regs.gp.rip - sizeof(code), code, sizeof(code)) || code[0] != 0xb8)
		return -1;
	memcpy(&nr, code + 1, sizeof(nr));
	switch (nr) {
	case SYS_poll:
	case SYS_futex:
	case SYS_nanosleep:
	case SYS_clock_nanosleep:
		return nr; /* the calls that the kernel restarts in this way */
	default:
		return -1;
	}
}

bool cpu_in_call(const struct thread *th, struct cpu_call *ret)
{
	const struct user_regs_struct *r = &th->tr.regs.gp;

	if ((long)r->orig_rax < 0)
		return false;
	*ret = (struct cpu_call){
		.raw_nr = r->orig_rax,
		.nr = r->orig_rax,
		.result = r->rax,
		.arg = { r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9 },
	};
	if (ret->raw_nr == SYS_restart_syscall)
		ret->nr = th->restarted_nr >= 0 ? th->restarted_nr : number_before(th);
	return true;
}

void cpu_set_result(struct thread *th, long result)
{
	th->tr.regs.gp.rax = result;
	th->tr.touched = true;
}

void cpu_set_arg(struct thread *th, unsigned int arg, uint64_t value)
{
	struct user_regs_struct *r = &th->tr.regs.gp;
	unsigned long long *const args[] = { &r->rdi, &r->rsi, &r->rdx, &r->r10, &r->r8, &r->r9 };

	*args[arg] = value;
	th->tr.touched = true;
}

uint64_t cpu_ip(const struct thread *th)
{
	return th->tr.regs.gp.rip;
}

void cpu_set_ip(struct thread *th, uint64_t ip)
{
	th->tr.regs.gp.rip = ip;
	th->tr.touched = true;
}

void cpu_image_again(struct thread *th, long nr)
{
	UserX86RegsEntry *r = th->core->thread_info->gpregs;

	r->ip -= SYSCALL_INSN_SIZE;
	r->ax = nr;
	r->orig_ax = nr;
}

void cpu_image_arg(struct thread *th, unsigned int arg, uint64_t value)
{
	UserX86RegsEntry *r = th->core->thread_info->gpregs;
	uint64_t *const args[] = { &r->di, &r->si, &r->dx, &r->r10, &r->r8, &r->r9 };

	*args[arg] = value;
}

void cpu_image_result(struct thread *th, long result)
{
	th->core->thread_info->gpregs->ax = result;
}

void cpu_image_exit(CoreEntry *core, const CoreEntry *like, uint64_t insn, int status)
{
	ThreadInfoX86 *ti = core->thread_info;
	UserX86RegsEntry *r = ti->gpregs;

	*r = *like->thread_info->gpregs;
	r->ip = insn;
	r->ax = SYS_exit;
	r->di = status;
	r->orig_ax = NO_SYSCALL;
	ti->fpregs = like->thread_info->fpregs;
	ti->tls = like->thread_info->tls;
	ti->n_tls = like->thread_info->n_tls;
}
