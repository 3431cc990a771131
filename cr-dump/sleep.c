// SPDX-License-Identifier: GPL-2.0-only
/* How long a thread has slept: see sleep.h. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "cr-dump/dump.h"
#include "cr-dump/sleep.h"

#define FIRST_ADDRESS 4096 /* below there is nothing that a program maps by chance */

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

/*
 * Offset of the scheduler's clock from CLOCK_MONOTONIC_RAW; 0 while unknown. Each CPU has its own: time that a hypervisor or
 * an interrupt took is left out. Set once, when it is needed first.
 */
static int64_t clock_offsets[CPU_SETSIZE];

/*
 * Calls whose time-out counts from when they were entered, and where it is: a number of milliseconds, or the address of a timespec. Not
 * here: calls that tell what is left themselves (select), and those whose time-out is an option of a socket.
 */
static const struct timed {
	int nr;
	unsigned int arg;
	bool in_ms;
} with_timeout[] = {
	{ SYS_poll, 2, true },		{ SYS_epoll_wait, 3, true },	   { SYS_epoll_pwait, 3, true },
	{ SYS_nanosleep, 0, false },	{ SYS_clock_nanosleep, 2, false }, { SYS_futex, 3, false },
	{ SYS_epoll_pwait2, 3, false }, { SYS_semtimedop, 3, false },	   { SYS_rt_sigtimedwait, 2, false },
	{ SYS_io_getevents, 4, false },
};

static bool may_time_out(int nr, const uint64_t arg[6])
{
	for (size_t i = 0; i < ARRAY_SIZE(with_timeout); i++)
		if (with_timeout[i].nr == nr)
			return with_timeout[i].in_ms ? (int)arg[with_timeout[i].arg] > 0 :
						       arg[with_timeout[i].arg] != 0;
	return nr == SYS_restart_syscall;
}

static int64_t raw_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static int read_text(const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (n <= 0)
		return -1;
	buf[n] = '\0';
	return 0;
}

/* Behind "KEY :" in a text with a line for each key. NULL: not there. */
static const char *value_of(const char *text, const char *key)
{
	const char *p = strstr(text, key);

	p = p ? strchr(p, ':') : NULL;
	return p ? p + 1 : NULL;
}

/* When it last ran: "se.exec_start : 556543.601313", milliseconds with six decimals, 0 when not there; and how often it has slept. */
static int64_t last_ran_ns(const char *path, uint64_t *switches_ret)
{
	const char *ran, *switches;
	long long ms, ns;
	char buf[1024];

	if (read_text(path, buf, sizeof(buf)))
		return 0;
	ran = value_of(buf, "se.exec_start");
	switches = value_of(buf, "nr_voluntary_switches");
	if (!ran || !switches || sscanf(ran, "%lld.%lld", &ms, &ns) != 2)
		return 0;
	*switches_ret = strtoull(switches, NULL, 10);
	return ms * 1000000 + ns;
}

/* Goes to the CPU to read its clock. One that we may not use is not known. */
static int64_t clock_offset(unsigned int cpu)
{
	cpu_set_t before, there;
	uint64_t switches;
	int64_t mine;

	if (cpu >= CPU_SETSIZE || clock_offsets[cpu])
		return cpu < CPU_SETSIZE ? clock_offsets[cpu] : 0;
	CPU_ZERO(&there);
	CPU_SET(cpu, &there);
	if (sched_getaffinity(0, sizeof(before), &before) || sched_setaffinity(0, sizeof(there), &there))
		return 0;
	sched_yield(); /* brings our own figure up to date */
	mine = last_ran_ns("/proc/thread-self/sched", &switches);
	clock_offsets[cpu] = mine ? mine - raw_ns() : 0;
	sched_setaffinity(0, sizeof(before), &before);
	return clock_offsets[cpu];
}

/* The CPU that the thread ran on last: field 39, the 37th after the name, which may hold anything. */
static unsigned int last_cpu(pid_t pid, pid_t tid)
{
	char path[64], buf[512], *p;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	p = read_text(path, buf, sizeof(buf)) ? NULL : strrchr(buf, ')');
	for (int i = 0; p && i < 37; i++)
		p = strchr(p + 1, ' ');
	return p ? strtoul(p, NULL, 10) : CPU_SETSIZE;
}

/* An int in a register, small or negative (the clock of a process); or an address? */
static bool is_clock(uint64_t arg)
{
	return (int64_t)arg < FIRST_ADDRESS || (arg <= UINT32_MAX && (int32_t)arg < 0);
}

/*
 * The kernel lets only a few calls go on by restart_syscall(2); where in it the thread sleeps tells which: the name is that of the innermost
 * function that has not to do with scheduling, and only the two sleeps share it. Of them, one has the address of a
 * timespec where the other has the number of a clock.
 */
static int restarted_call(pid_t pid, pid_t tid, uint64_t first_arg)
{
	char path[64], where[128];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/wchan", pid, tid);
	if (read_text(path, where, sizeof(where)))
		return -1;
	if (strstr(where, "futex"))
		return SYS_futex;
	if (strstr(where, "poll"))
		return SYS_poll;
	if (strstr(where, "sleep") || strstr(where, "syscall"))
		return is_clock(first_arg) ? SYS_clock_nanosleep : SYS_nanosleep;
	return -1;
}

void sleep_note(pid_t pid, pid_t tid, struct thread *th)
{
	char path[64], buf[256];
	uint64_t arg[6] = { 0 };
	int64_t ran, offset;
	int nr;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	if (read_text(path, buf, sizeof(buf)) ||
	    sscanf(buf, "%d %lx %lx %lx %lx %lx %lx", &nr, &arg[0], &arg[1], &arg[2], &arg[3], &arg[4], &arg[5]) != 7 ||
	    nr < 0)
		return;
	th->blocked_nr = nr;
	th->restarted_nr = nr == SYS_restart_syscall ? restarted_call(pid, tid, arg[0]) : -1;
	if (!may_time_out(nr, arg))
		return;
	offset = clock_offset(last_cpu(pid, tid));
	snprintf(path, sizeof(path), "/proc/%d/task/%d/sched", pid, tid);
	ran = last_ran_ns(path, &th->switches);
	if (offset && ran && raw_ns() + offset > ran)
		th->asleep_ns = raw_ns() + offset - ran;
}

void sleep_confirm(pid_t pid, pid_t tid, struct thread *th)
{
	uint64_t switches = 0;
	char path[64];

	if (!th->asleep_ns)
		return;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/sched", pid, tid);
	/* To stand still for us was one more time. A second one is a call that it entered since, perhaps the same again. */
	if (!last_ran_ns(path, &switches) || switches != th->switches + 1)
		th->asleep_ns = 0;
}

/* In clone it may be a vfork or not, but nobody sleeps there for long otherwise. */
bool sleeps_in_vfork(pid_t pid, pid_t tid)
{
	char path[64], buf[256];
	int nr;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	return !read_text(path, buf, sizeof(buf)) && sscanf(buf, "%d ", &nr) == 1 &&
	       (nr == SYS_vfork || nr == SYS_clone || nr == SYS_clone3);
}
