/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A test: arrange() builds some state, the runner dumps and restores the process, verify() looks whether the state is
 * still there. The test knows nothing of the tools; see README.md in this directory.
 *
 * must() failing means that the test is broken (exit status 99), check_*() failing that the product is (1);
 * skip() gives a reason (77).
 */
#ifndef CRTEST_H
#define CRTEST_H

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul

struct crtest {
	const char *about; /* what must survive */
	const char *ids;   /* behaviours that this covers: "MEM-4 MEM-5" */
	void (*arrange)(void);
	void (*verify)(void);
	const char *opts;	  /* for both tools */
	const char *dump_opts;	  /* for cr-dump only */
	const char *restore_opts; /* for cr-restore only */
	const char *between;	  /* a shell command to run between dump and restore */
	const char *flavours;	  /* the only ones that make sense; NULL: all */
	const char *refused;	  /* cr-dump must refuse, its message naming each of these ('|' between them) */
	int fault;		  /* CRIU_FAULT for the tools: below 127 the first dump or restore has to fail */
	bool root;		  /* stay uid 0 */
	bool busy;		  /* state seen from outside changes all the time: do not compare it */
	bool solo;		  /* not in parallel with other tests */
	bool leader_ends; /* all is done by a second thread, while the first one has exited (status LEADER_STATUS) */
};

/* A file that includes another test can make it one with a fault. */
#ifndef CRTEST_FAULT
#define CRTEST_FAULT 0
#endif

#define LEADER_STATUS 33

extern const struct crtest crtest;
#define CRTEST(...) const struct crtest crtest = { .fault = CRTEST_FAULT, __VA_ARGS__ };

/* For crtest-main.c: makes the shared page and gives the word in it that the subject sleeps on. */
uint32_t *crtest_shared_init(void);

/* --- verdicts ---------------------------------------------------------------------------------------------- */

void crtest_broken(const char *file, int line, const char *what) __attribute__((noreturn));
void crtest_failed(const char *file, int line, const char *fmt, ...) __attribute__((noreturn, format(printf, 3, 4)));

/* The call must succeed: anything but -1. Gives its result. */
#define must(e)                                                \
	({                                                     \
		__auto_type v_ = (e);                          \
		if ((long)v_ == -1)                            \
			crtest_broken(__FILE__, __LINE__, #e); \
		v_;                                            \
	})

/* For functions that return an error number (pthread). */
#define must_zero(e)                                           \
	({                                                     \
		errno = (e);                                   \
		if (errno)                                     \
			crtest_broken(__FILE__, __LINE__, #e); \
	})

#define check(e)                                                                                                \
	({                                                                                                      \
		errno = 0;                                                                                      \
		if (!(e))                                                                                       \
			crtest_failed(__FILE__, __LINE__, "%s does not hold (errno: %s)", #e, strerror(errno)); \
	})

#define check_eq(a, b)                                                                                              \
	({                                                                                                          \
		long long a_ = (long long)(a), b_ = (long long)(b);                                                 \
		if (a_ != b_)                                                                                       \
			crtest_failed(__FILE__, __LINE__, "%s is %lld (0x%llx), not %lld (0x%llx)", #a, a_, a_, b_, \
				      b_);                                                                          \
	})

#define check_in(v, low, high)                                                                              \
	({                                                                                                  \
		long long v_ = (long long)(v), l_ = (long long)(low), h_ = (long long)(high);               \
		if (v_ < l_ || v_ > h_)                                                                     \
			crtest_failed(__FILE__, __LINE__, "%s is %lld, not in %lld..%lld", #v, v_, l_, h_); \
	})

#define check_str(a, b)                                                                            \
	({                                                                                         \
		const char *a_ = (a), *b_ = (b);                                                   \
		if (strcmp(a_, b_))                                                                \
			crtest_failed(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #a, a_, b_); \
	})

#define check_mem(a, b, n)                                                               \
	({                                                                               \
		if (memcmp(a, b, n))                                                     \
			crtest_failed(__FILE__, __LINE__, "%s differs from %s", #a, #b); \
	})

/* The call must fail with this errno. */
#define check_fails(e, errnum)                                                                             \
	({                                                                                                 \
		long r_ = (long)(e);                                                                       \
		if (r_ != -1)                                                                              \
			crtest_failed(__FILE__, __LINE__, "%s succeeded (%ld)", #e, r_);                   \
		if (errno != (errnum))                                                                     \
			crtest_failed(__FILE__, __LINE__, "%s: %s, not %s", #e, strerror(errno), #errnum); \
	})

void skip(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* --- other tasks of the tree -------------------------------------------------------------------------------- */

/*
 * A child or a thread with its own arrange and verify (either may be NULL). task_start() returns when its arrange is done; it
 * then sleeps until task_join() (or task_wake()) sends it into its verify. Children that task_join() was not called for
 * die with the main task.
 */
struct task;

struct task *task_child(void (*arrange)(void *arg), void (*verify)(void *arg), void *arg);
struct task *task_thread(void (*arrange)(void *arg), void (*verify)(void *arg), void *arg);

/* A child made by clone(2) with these flags (which carry no exit signal). */
struct task *task_clone(unsigned long flags, void (*arrange)(void *arg), void (*verify)(void *arg), void *arg);

pid_t task_pid(const struct task *t); /* of a thread: its thread id */
void task_wake(struct task *t);
void task_join(struct task *t); /* wake, wait for, and check that it ended well */

/*
 * A task that blocks in its verify before the dump already: task_child() etc. with .arrange NULL and this as first thing. Returns
 * when that task is asleep in the kernel (its /proc state is S), 10 s at most.
 */
void task_wait_asleep(pid_t tid);

/* Memory shared by all tasks of the test, zeroed; from the page that G-1 asks for. 8-byte aligned. */
void *shared_alloc(size_t size);

/* --- small things ------------------------------------------------------------------------------------------ */

long futex(uint32_t *word, int op, uint32_t val, const struct timespec *timeout);
void cell_set(uint32_t *cell, uint32_t v);  /* store and wake waiters */
void cell_wait(uint32_t *cell, uint32_t v); /* until *cell >= v; sleeps without timeout */
double now_s(void);			    /* CLOCK_MONOTONIC, seconds */
void fill_random(void *buf, size_t len, uint64_t seed);
void check_random(const void *buf, size_t len, uint64_t seed);
/* A number from 0 to limit - 1, always the same ones for a test; CR_SEED=N makes it others. */
uint32_t random_below(uint32_t limit, uint64_t usual_seed);
void *map_anon(size_t len, int prot, int extra_flags);
int tmp_file(const char *name, size_t size, uint64_t seed, int flags); /* makes it, mode 0600, opened with flags */
bool can(const void *addr, int prot); /* try PROT_READ or PROT_WRITE for real, by the fault it gives */

/* The value of "key:" in a /proc file, in a static buffer; "" when absent. */
const char *proc_field(const char *path, const char *key);
/* The line `VmFlags` of the area that begins at addr, in a static buffer; "" when there is no such area. */
const char *vm_flags(const void *addr);
size_t read_file(const char *path, void *buf, size_t size);

#endif
