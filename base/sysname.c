// SPDX-License-Identifier: LGPL-2.1-only
/* Names of system calls: see sysname.h. */
#include <stdio.h>
#include <sys/syscall.h>

#include "base/guard.h"
#include "base/sysname.h"

#define NAME(n)             \
	{                   \
		SYS_##n, #n \
	}

static const struct {
	int nr;
	const char *name;
} names[] = {
	{ -1, "clone3" },
	{ -2, "merge of pages" },
	{ -3, "copy of bytes" },
	NAME(read),
	NAME(write),
	NAME(open),
	NAME(openat),
	NAME(close),
	NAME(close_range),
	NAME(mmap),
	NAME(mprotect),
	NAME(munmap),
	NAME(mremap),
	NAME(madvise),
	NAME(mlock),
	NAME(mlock2),
	NAME(brk),
	NAME(rt_sigaction),
	NAME(rt_sigprocmask),
	NAME(pread64),
	NAME(preadv),
	NAME(dup3),
	NAME(dup2),
	NAME(fcntl),
	NAME(recvmsg),
	NAME(sendmsg),
	NAME(socketpair),
	NAME(getitimer),
	NAME(setitimer),
	NAME(timer_create),
	NAME(timer_settime),
	NAME(timer_gettime),
	NAME(timer_getoverrun),
	NAME(timer_delete),
	NAME(prctl),
	NAME(arch_prctl),
	NAME(sigaltstack),
	NAME(set_robust_list),
	NAME(set_tid_address),
	NAME(rseq),
	NAME(setsid),
	NAME(setpgid),
	NAME(getpgid),
	NAME(setgroups),
	NAME(setresuid),
	NAME(setresgid),
	NAME(setfsuid),
	NAME(setfsgid),
	NAME(capset),
	NAME(setpriority),
	NAME(sched_setscheduler),
	NAME(sched_setattr),
	NAME(prlimit64),
	NAME(personality),
	NAME(umask),
	NAME(chdir),
	NAME(fchdir),
	NAME(chroot),
	NAME(epoll_ctl),
	NAME(rt_sigqueueinfo),
	NAME(rt_tgsigqueueinfo),
	NAME(kill),
	NAME(tgkill),
	NAME(wait4),
	NAME(exit_group),
	NAME(exit),
	NAME(membarrier),
	NAME(ioctl),
	NAME(futex),
	NAME(clone3),
	NAME(seccomp),
	NAME(getpid),
	NAME(gettid),
	NAME(set_mempolicy),
	NAME(ioprio_set),
	NAME(sched_setaffinity),
	NAME(unshare),
	NAME(setns),
	NAME(modify_ldt),
	NAME(set_thread_area),
};

const char *sysname(int nr, char *buf, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].nr != nr)
			continue;
		snprintf(buf, size, "%s", names[i].name);
		return buf;
	}
	snprintf(buf, size, "system call %d", nr);
	return buf;
}
