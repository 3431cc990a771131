// SPDX-License-Identifier: LGPL-2.1-only
/* Infection: see infect.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "base/futex.h"
#include "base/guard.h"
#include "parasite/infect.h"

extern const char runner_blob[], runner_blob_end[];

#define PAGE	    4096ul
#define SEARCH_STEP (64 * 1024)
#define OVERLAP	    (CPU_SYSCALL_INSN_SIZE > CPU_PARK_SIZE ? CPU_SYSCALL_INSN_SIZE : CPU_PARK_SIZE)

/* How long to wait for a program before looking at the thread; those of a stopped process stop once more as they set out. */
#define FIRST_LOOK_MS	2
#define LONGEST_LOOK_MS 200

static void search(const char *buf, size_t len, uint64_t code, struct cpu_site *site)
{
	long insn = site->insn ? -1 : cpu_find_syscall(buf, len);
	long park = site->park ? -1 : cpu_find_park(buf, len);

	if (insn >= 0)
		site->insn = code + insn;
	if (park < 0)
		return;
	site->park = code + park;
	site->park_code = buf[park];
}

void find_site(pid_t pid, uint64_t code, size_t size, struct cpu_site *site)
{
	_cleanup_free_ char *buf = malloc(SEARCH_STEP);

	for (size_t off = 0; buf && off < size; off += SEARCH_STEP - OVERLAP) {
		size_t n = size - off < SEARCH_STEP ? size - off : SEARCH_STEP;
		struct iovec here = { buf, n }, there = { (void *)(code + off), n };
		ssize_t got = process_vm_readv(pid, &here, 1, &there, 1, 0);

		if (got > 0)
			search(buf, got, code + off, site);
		if (got < (ssize_t)n || (site->insn && site->park))
			break;
	}
}

/* Maps the mapping of the task that reaches from `from` to `to` in our memory, too: at `at`, or anywhere. */
static void *map_part(const struct infection *inf, char *at, uint64_t from, uint64_t to, off_t off, struct err *e)
{
	char path[96];
	void *p;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", inf->leader->tid, from, to);
	_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		err_set(e, errno, "cannot open %s", path);
		err_hint(e, "opening map_files needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN");
		return NULL;
	}
	p = mmap(at, to - from, PROT_READ | PROT_WRITE, MAP_SHARED | (at ? MAP_FIXED : 0), fd, off);
	if (p != MAP_FAILED)
		return p;
	err_set(e, errno, "cannot map %s", path);
	return NULL;
}

static int map_here(struct infection *inf, struct err *e)
{
	uint64_t end = inf->base + inf->size;

	if (!inf->split) {
		inf->local = map_part(inf, NULL, inf->base, end, 0, e);
		return inf->local ? 0 : -1;
	}
	inf->local = mmap(NULL, inf->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (inf->local == MAP_FAILED) {
		inf->local = NULL;
		return err_set(e, errno, "cannot map %zu bytes", inf->size);
	}
	if (!map_part(inf, inf->local, inf->base, inf->base + PAGE, 0, e))
		return -1;
	return map_part(inf, inf->local + PAGE, inf->base + PAGE, end, PAGE, e) ? 0 : -1;
}

/* For a guardian, see loan.h. */
static void note_phase(const struct infection *inf, enum loan_phase phase)
{
	struct loan *l = inf->leader->loan;

	if (!l)
		return;
	l->site = inf->site;
	l->base = inf->base;
	l->size = inf->size;
	l->phase = phase;
}

static void note_base(const struct infection *inf)
{
	if (inf->leader->loan)
		inf->leader->loan->base = inf->base;
}

/* A task under PR_SET_MDWE may have nothing that is writable and executable: the code gets a mapping of its own. */
static int map_split(struct infection *inf, int64_t *ret, struct err *e)
{
	uint64_t data[6] = { 0, inf->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1ULL, 0 };
	uint64_t code[6] = { 0, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1ULL, 0 };

	inf->split = true;
	if (tracee_syscall(inf->leader, &inf->site, SYS_mmap, data, ret, e))
		return -1;
	if (*ret < 0 && *ret > -4096)
		return 0;
	inf->base = code[0] = *ret;
	note_base(inf);
	return tracee_syscall(inf->leader, &inf->site, SYS_mmap, code, ret, e);
}

int infect_begin(struct infection *inf, struct tracee *leader, const struct cpu_site *site, size_t first_size,
		 unsigned int nr_others, size_t other_size, struct err *e)
{
	*inf = (struct infection){
		.leader = leader,
		.site = *site,
		.size = PAGE + ALIGN_UP(first_size + nr_others * other_size, PAGE),
		.nr_others = nr_others,
		.first_size = first_size,
		.other_size = other_size,
	};
	const uint64_t arg[6] = {
		0, inf->size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1ULL, 0
	};

	note_phase(inf, LOAN_MAPPING);
	return tracee_syscall_begin(leader, site, SYS_mmap, arg, e);
}

int infect_enter(struct infection *inf, struct err *e)
{
	return tracee_syscall_enter(inf->leader, &inf->site, e);
}

int infect_end(struct infection *inf, struct err *e)
{
	int64_t ret;

	if (tracee_syscall_end(inf->leader, &ret, e) || (ret == -EACCES && map_split(inf, &ret, e)))
		return -1;
	if (ret < 0 && ret > -4096)
		return err_set(e, -ret, "cannot map %zu bytes into process %d", inf->size, inf->leader->pid);
	inf->base = ret;
	note_base(inf);
	if (map_here(inf, e))
		return -1;
	memcpy(inf->local, runner_blob, runner_blob_end - runner_blob);
	for (unsigned int i = 0; i <= inf->nr_others; i++) {
		struct run_area a = infection_area(inf, i);

		run_area_init(&a, 0);
	}
	return 0;
}

int cure_begin(struct infection *inf, struct err *e)
{
	const uint64_t arg[6] = { inf->base, inf->size };

	if (inf->local)
		munmap(inf->local, inf->size);
	inf->local = NULL;
	note_phase(inf, LOAN_UNMAPPING);
	return inf->base ? tracee_syscall_begin(inf->leader, &inf->site, SYS_munmap, arg, e) : 0;
}

int cure_enter(struct infection *inf, struct err *e)
{
	return inf->base ? tracee_syscall_enter(inf->leader, &inf->site, e) : 0;
}

int cure_end(struct infection *inf, struct err *e)
{
	int64_t ret = 0;

	if (inf->base && tracee_syscall_end(inf->leader, &ret, e))
		return -1;
	if (ret)
		return err_set(e, -ret, "cannot unmap our memory from process %d", inf->leader->pid);
	inf->base = 0;
	note_base(inf);
	return tracee_restore(inf->leader, e);
}

int infection_cure(struct infection *inf, struct err *e)
{
	return cure_begin(inf, e) || cure_enter(inf, e) || cure_end(inf, e) ? -1 : 0;
}

struct run_area infection_area(const struct infection *inf, unsigned int index)
{
	size_t at = PAGE + (index ? inf->first_size + (index - 1) * inf->other_size : 0);

	return (struct run_area){ inf->local + at, inf->base + at, index ? inf->other_size : inf->first_size };
}

int infection_start(struct infection *inf, struct tracee *t, struct prog *p, struct err *e)
{
	struct cpu_regs regs = t->regs;
	uint64_t stack = p->area.remote + offsetof(struct run_slot, stack) + RUN_STACK_SIZE;

	if (t->loan) {
		t->loan->base = inf->base;
		t->loan->size = inf->size;
	}
	if (tracee_borrow(t, e))
		return -1;
	cpu_prepare_call(&regs, inf->base, stack, p->area.remote);
	t->touched = true;
	if (cpu_set_regs(t->tid, &regs, e))
		return -1;
	run_go(p);
	if (ptrace(PTRACE_CONT, t->tid, 0, 0))
		return err_set(e, errno, "cannot start our program in thread %d", t->tid);
	return 0;
}

int infection_await(struct tracee *t, struct prog *p, struct err *e)
{
	int status, look_ms = FIRST_LOOK_MS;

	for (; !run_done(p); look_ms = look_ms < LONGEST_LOOK_MS ? look_ms * 2 : look_ms) {
		futex_wait(&p->slot->state, RUN_GO, look_ms);
		if (run_done(p))
			break;
		if (waitpid(t->tid, &status, __WALL | WNOHANG) != t->tid)
			continue;
		if (!WIFSTOPPED(status))
			return err_set(e, ESRCH, "thread %d died while it ran our program", t->tid);
		if (tracee_run_on(t, status, e))
			return -1;
	}
	if (ptrace(PTRACE_INTERRUPT, t->tid, 0, 0))
		return err_set(e, errno, "cannot interrupt thread %d", t->tid);
	return 0;
}

int infection_settle(struct tracee *t, struct err *e)
{
	return tracee_settle(t, e);
}
