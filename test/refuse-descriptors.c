// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors of the kernel's other objects are refused by their names, as many as this kernel has. */
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/landlock.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

#include "test/crtest.h"

static int fds[5];

static void arrange(void)
{
	struct perf_event_attr perf = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof(perf),
					.config = PERF_COUNT_SW_TASK_CLOCK };
	struct landlock_ruleset_attr rules = { .handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE };
	struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };
	union bpf_attr prog = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
				.insns = (uintptr_t)insns,
				.insn_cnt = 2,
				.license = (uintptr_t) "GPL" };
	struct io_uring_params ring = { 0 };

	fds[0] = syscall(SYS_perf_event_open, &perf, 0, -1, -1, 0);
	fds[1] = syscall(SYS_bpf, BPF_PROG_LOAD, &prog, sizeof(prog));
	fds[2] = syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
	fds[3] = syscall(SYS_io_uring_setup, 4, &ring);
	fds[4] = syscall(SYS_userfaultfd, O_CLOEXEC);
	for (int i = 0; i < 5; i++)
		if (fds[i] < 0)
			skip("this kernel does not have all of them (%d: %s)", i, strerror(errno));
}

static void verify(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	uint64_t value;

	check_eq(read(fds[0], &value, sizeof(value)), sizeof(value));
	check_eq(ioctl(fds[4], UFFDIO_API, &api), 0);
}

CRTEST(.about = "descriptors of other objects", .root = true, .arrange = arrange, .verify = verify,
       .refused = "a perf event|a BPF program|a Landlock rule set|an io_uring instance|a userfaultfd")
