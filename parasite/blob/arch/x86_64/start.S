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

	.globl	blob_spoil
blob_spoil:
	cmpq	$32, %rdi
	ja	3f
	je	2f
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	pcmpeqd	%xmm\n, %xmm\n
	.endr
	ret
2:	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vcmptrueps %ymm\n, %ymm\n, %ymm\n
	.endr
	ret
3:	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vpternlogd $0xff, %zmm\n, %zmm\n, %zmm\n
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	vpternlogd $0xff, %zmm\n, %zmm\n, %zmm\n
	.endr
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	kxnorw	%k\n, %k\n, %k\n
	.endr
	ret

	.section .note.GNU-stack, "", @progbits
