// SPDX-License-Identifier: LGPL-2.1-only
/*
 * The runner: executes programs (runner.h) inside a task that is not ours. Freestanding, position-independent, no writable
 * data, no vector registers (but in RUN_SPOIL): the task's own are still in them. scripts/check-blob proves what can be proven.
 */
#include <linux/futex.h>
#include <linux/unistd.h>
#include <stddef.h>
#include <stdint.h>

#include "parasite/blob/arch/blob.h"
#include "parasite/runner.h"

#define PAGE_WORDS 512

static int64_t merge_pages(uint64_t *dst, const uint64_t *src, uint64_t nr)
{
	int64_t copied = 0;

	for (; nr; nr--, dst += PAGE_WORDS, src += PAGE_WORDS) {
		size_t i = 0;

		while (i < PAGE_WORDS && dst[i] == src[i])
			i++;
		if (i == PAGE_WORDS)
			continue;
		blob_copy(dst, src, sizeof(*dst) * PAGE_WORDS);
		copied++;
	}
	return copied;
}

/* A switch, not a table of functions: pointers in data would need relocating. */
static int64_t execute(int32_t nr, const uint64_t a[6])
{
	switch (nr) {
	case RUN_CLONE:
		return blob_clone((void *)a[0], a[1], (struct run_slot *)a[2]);
	case RUN_MERGE:
		return merge_pages((uint64_t *)a[0], (const uint64_t *)a[1], a[2]);
	case RUN_COPY:
		blob_copy((void *)a[0], (const void *)a[1], a[2]);
		return 0;
	case RUN_SPOIL:
		blob_spoil(a[0]);
		return 0;
	default:
		return blob_syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	}
}

static int succeeded(const struct run_op *op)
{
	if (op->expect == RUN_ANY)
		return 1;
	if (op->expect == RUN_EXACT)
		return op->ret == op->exact;
	return op->ret >= 0 || op->ret < -4095;
}

static uint32_t run_program(struct run_op *ops, uint32_t first, uint32_t nr_ops)
{
	uint32_t i, j;

	for (i = first; i < nr_ops; i++) {
		struct run_op *op = &ops[i];
		uint64_t arg[6];

		for (j = 0; j < 6; j++)
			arg[j] = op->refs & (1u << j) ? (uint64_t)ops[op->arg[j]].ret : op->arg[j];
		op->ret = execute(op->nr, arg);
		if (succeeded(op) || op->failure == RUN_GO_ON)
			continue;
		if (op->failure == RUN_EXIT)
			blob_syscall(__NR_exit_group, 1, 0, 0, 0, 0, 0);
		break;
	}
	return i;
}

static void futex_wake(uint32_t *word)
{
	blob_syscall(__NR_futex, (uint64_t)word, FUTEX_WAKE, 1, 0, 0, 0);
}

void runner_main(struct run_slot *s)
{
	for (;;) {
		uint32_t state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);

		if (state != RUN_GO) {
			blob_syscall(__NR_futex, (uint64_t)&s->state, FUTEX_WAIT, state, 0, 0, 0);
			continue;
		}
		s->failed = run_program((struct run_op *)s->ops, s->first, s->nr_ops);
		__atomic_store_n(&s->state, RUN_DONE, __ATOMIC_RELEASE);
		futex_wake(&s->state);
		if (s->bell) {
			__atomic_fetch_add((uint32_t *)s->bell, 1, __ATOMIC_ACQ_REL);
			futex_wake((uint32_t *)s->bell);
		}
	}
}
