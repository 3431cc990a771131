/* SPDX-License-Identifier: LGPL-2.1-only */
/* The runner's bytes, as data of the thinker. BLOB names the file. */
	.section .rodata
	.globl	runner_blob
	.globl	runner_blob_end
	.balign	16
runner_blob:
	.incbin	BLOB
runner_blob_end:
	.section .note.GNU-stack, "", @progbits
