/* SPDX-License-Identifier: LGPL-2.1-only */
/* The runner's x86-64 part. Entry: rdi = slot, rsp = top of the slot's stack. */
#include <asm/unistd.h>

	.section .start, "ax"
	.globl	_start
_start:
	xorl	%ebp, %ebp
	call	runner_main
	hlt

	.text
	.globl	blob_syscall
blob_syscall:
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %r10
	movq	%r9, %r8
	movq	8(%rsp), %r9
	syscall
	ret

	.globl	blob_clone
blob_clone:				/* rdx (the slot) survives the system call in parent and child */
	movl	$__NR_clone3, %eax
	syscall
	testq	%rax, %rax
	jz	1f
	ret
1:	xorl	%ebp, %ebp
	movq	%rdx, %rdi
	call	runner_main
	hlt

	.globl	blob_copy
blob_copy:
	movq	%rdx, %rcx
	rep movsb
	ret

	.section .note.GNU-stack, "", @progbits
