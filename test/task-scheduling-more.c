// SPDX-License-Identifier: GPL-2.0-only
/* I/O priorities, SCHED_DEADLINE, the length of slices and utilization clamps, of threads and children. */
#include <sched.h>
#include <sys/resource.h>

#include "test/crtest.h"

#define DEADLINE	6
#define RESET_ON_FORK	1
#define CLAMPS		0x78 /* both, and keep all else */
#define IOPRIO(c, data) ((c) << 13 | (data))

/* Of linux/sched/types.h, which glibc's sched.h does not go with. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

struct state {
	struct attr attr;
	long ioprio;
};

#define NR 6
static struct task *tasks[NR];
static struct state *states;

static void get(struct state *s)
{
	s->ioprio = must(syscall(SYS_ioprio_get, 1, 0));
	must(syscall(SYS_sched_getattr, 0, &s->attr, sizeof(s->attr), 0));
}

static void set(void *arg)
{
	struct attr a = { .size = sizeof(a) };

	switch ((long)arg) {
	case 0: /* may be refused for want of bandwidth */
		a.policy = DEADLINE;
		a.flags = RESET_ON_FORK;
		a.runtime = 10000000;
		a.deadline = 50000000;
		a.period = 100000000;
		must(setpriority(PRIO_PROCESS, 0, 3));
		syscall(SYS_sched_setattr, 0, &a, 0);
		break;
	case 1:
		must(syscall(SYS_ioprio_set, 1, 0, IOPRIO(2, 6)));
		break;
	case 2:
		must(syscall(SYS_ioprio_set, 1, 0, IOPRIO(3, 0)));
		break;
	case 3: /* since Linux 6.12; ignored before */
		a.policy = SCHED_BATCH;
		a.runtime = 5000000;
		must(syscall(SYS_sched_setattr, 0, &a, 0));
		break;
	case 4:
		a.flags = CLAMPS;
		a.util_min = 100;
		a.util_max = 500;
		syscall(SYS_sched_setattr, 0, &a, 0);
		break;
	}
	get(&states[(long)arg]);
}

static void same(void *arg)
{
	const struct state *want = &states[(long)arg];
	struct state now = { 0 };

	get(&now);
	check_eq(now.ioprio, want->ioprio);
	check_eq(now.attr.policy, want->attr.policy);
	check_eq(now.attr.flags, want->attr.flags);
	check_eq(now.attr.runtime, want->attr.runtime);
	check_eq(now.attr.deadline, want->attr.deadline);
	check_eq(now.attr.period, want->attr.period);
	check_eq(now.attr.util_min, want->attr.util_min);
	check_eq(now.attr.util_max, want->attr.util_max);
	if (!(long)arg)
		check_eq(getpriority(PRIO_PROCESS, 0), 3);
}

static void arrange(void)
{
	states = shared_alloc(NR * sizeof(*states));
	for (long i = 0; i < NR; i++)
		tasks[i] = i == 2 ? task_thread(set, same, (void *)i) : task_child(set, same, (void *)i);
}

static void verify(void)
{
	for (int i = 0; i < NR; i++)
		task_join(tasks[i]);
}

CRTEST(.about = "I/O priority, deadlines, slices, clamps", .root = true, .arrange = arrange, .verify = verify)
