// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that are dumped within restartable sequences: each one is either aborted or completed with the kernel still knowing of it, and what
 * it computes is right.
 */
#include <linux/rseq.h>
#include <sys/rseq.h>

#include "test/crtest.h"

#define ROUNDS 200000 /* of the sequence: most of a millisecond */

struct count {
	uint32_t completed, aborted;
};

static struct count *counts;
static uint32_t *stop;
static struct task *tasks[3];

static struct rseq *area(void)
{
	return (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

/* Adds 1.5 and takes 0.5 away, ROUNDS times, without a system call. false: aborted. */
static bool sequence(struct rseq *rs, double *sum_ret)
{
	const double add = 1.5, sub = 0.5;
	double sum = 0;
	long done = 0, left = ROUNDS;
	void *cs;

	/* Both ways lead to the end: past the commit, or through the abort handler. */
	__asm__ volatile(
		".pushsection .data.rel\n	.balign 32\n"
		"3:	.long 0, 0\n	.quad 1f, 2f - 1f, 4f\n	.popsection\n"
		"	leaq 3b(%%rip), %[cs]\n	movq %[cs], %[ptr]\n"
		"1:	addsd %[add], %[sum]\n	subsd %[sub], %[sum]\n"
		"	decq %[left]\n	jnz 1b\n	movq $1, %[done]\n"
		"2:\n"
		"	.pushsection .text.unlikely, \"ax\"\n	.byte 0x0f, 0xb9, 0x3d\n	.long %c[sig]\n"
		"4:	jmp 2b\n	.popsection\n"
		: [sum] "+x"(sum), [left] "+r"(left), [done] "+r"(done), [cs] "=&r"(cs), [ptr] "=m"(rs->rseq_cs)
		: [add] "x"(add), [sub] "x"(sub), [sig] "i"(RSEQ_SIG)
		: "memory", "cc");
	*sum_ret = sum;
	if (done && (uint64_t)rs->rseq_cs != (uint64_t)cs)
		crtest_failed(__FILE__, __LINE__, "a sequence was completed that the kernel knew nothing of");
	return done;
}

static void spin(void *arg)
{
	struct count *c = arg;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		double sum;

		if (sequence(area(), &sum)) {
			check(sum == ROUNDS);
			__atomic_fetch_add(&c->completed, 1, __ATOMIC_RELAXED);
		} else {
			__atomic_fetch_add(&c->aborted, 1, __ATOMIC_RELAXED);
		}
	}
}

static void spin_twice(void *arg)
{
	tasks[2] = task_thread(NULL, spin, &counts[2]);
	task_wake(tasks[2]);
}

static void spin_and_join(void *arg)
{
	spin(arg);
	task_join(tasks[2]);
}

static void await_more(uint32_t more)
{
	for (int i = 0; i < 3; i++) {
		uint32_t from = counts[i].completed;

		while (__atomic_load_n(&counts[i].completed, __ATOMIC_RELAXED) - from < more)
			usleep(1000);
	}
}

static void arrange(void)
{
	if (__rseq_size == 0)
		skip("the C library registers no rseq area here");
	counts = shared_alloc(3 * sizeof(*counts));
	stop = shared_alloc(sizeof(*stop));
	tasks[0] = task_thread(NULL, spin, &counts[0]);
	tasks[1] = task_child(spin_twice, spin_and_join, &counts[1]);
	for (int i = 0; i < 2; i++)
		task_wake(tasks[i]);
	await_more(2);
}

static void verify(void)
{
	await_more(2);
	cell_set(stop, 1);
	for (int i = 0; i < 2; i++)
		task_join(tasks[i]);
}

CRTEST(.about = "restartable sequences in the middle", .ids = "TR-18", .arrange = arrange, .verify = verify)
