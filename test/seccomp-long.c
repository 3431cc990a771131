// SPDX-License-Identifier: GPL-2.0-only
/* Filters of the greatest length, several on a thread and its process. */
#include "test/crtest-seccomp.h"

#define FILTERS 3

static struct task *child, *thread;

/* Whether the system call has this number as its first argument is looked at hundreds of times before it is refused. */
static void long_filter(unsigned int magic, unsigned int flags)
{
	static struct sock_filter insns[BPF_MAXINSNS];
	struct sock_fprog prog = { BPF_MAXINSNS, insns };

	for (int i = 0; i < BPF_MAXINSNS - 5; i++)
		insns[i] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_IMM, i ^ magic);
	insns[BPF_MAXINSNS - 5] =
		(struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args));
	insns[BPF_MAXINSNS - 4] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, magic, 0, 1);
	insns[BPF_MAXINSNS - 3] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ODD_ERRNO);
	insns[BPF_MAXINSNS - 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	insns[BPF_MAXINSNS - 1] = insns[BPF_MAXINSNS - 2];
	must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog));
}

static void same(unsigned int nr)
{
	for (unsigned int i = 0; i < FILTERS; i++) {
		errno = 0;
		syscall(SYS_close, 0x40000000 + i);
		check_eq(errno, i < nr ? ODD_ERRNO : EBADF);
	}
}

static void thread_arrange(void *arg)
{
	long_filter(0x40000000 + FILTERS - 1, 0);
}

static void thread_verify(void *arg)
{
	same(FILTERS);
}

static void child_arrange(void *arg)
{
	for (unsigned int i = 0; i < FILTERS - 1; i++)
		long_filter(0x40000000 + i, 0);
	thread = task_thread(thread_arrange, thread_verify, NULL);
}

static void child_verify(void *arg)
{
	same(FILTERS - 1);
	task_join(thread);
}

static void arrange(void)
{
	child = task_child(child_arrange, child_verify, NULL);
}

static void verify(void)
{
	task_join(child);
}

CRTEST(.about = "seccomp filters of the greatest length", .ids = "CR-8", .root = true, .arrange = arrange,
       .verify = verify)
