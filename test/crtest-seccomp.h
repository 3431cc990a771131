/* SPDX-License-Identifier: GPL-2.0-only */
/* Small seccomp filters for the tests. */
#ifndef CRTEST_SECCOMP_H
#define CRTEST_SECCOMP_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

#include "test/crtest.h"

#define ODD_ERRNO 1234

/* Allows every system call but `nr`, for which the answer is `action`. */
static inline long forbid(unsigned int nr, unsigned int action, unsigned int flags)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(insns) / sizeof(*insns), insns };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

/* What the status file says of a thread. */
static inline long status_number(pid_t tid, const char *key)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	return strtol(proc_field(path, key), NULL, 10);
}

#endif
