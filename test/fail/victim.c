// SPDX-License-Identifier: GPL-2.0-only
/*
 * The victim of the failure tests: victim [TASKS]. A tree of processes, many with threads, that keep checking themselves: memory,
 * registers, file positions, pipes, eventfds, timers, and that no sleep is cut short and no system call interrupted without a signal.
 * What they find stands on the board, a file in the working directory. SIGTERM to the root: everybody verifies for the last time;
 * the root prints "ok" or "failed" and ends with 0 or 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test/fail/victim.h"

#define MAX_TASKS   64
#define MAX_THREADS 5
#define MEM_PAGES   64
#define FILE_BLOCK  512
#define FILE_BLOCKS 128
#define KEPT	    1000 /* bytes that lie in a pipe all the time */

static struct board *board;
static int nr_tasks = 20;
static int ring[MAX_TASKS][2];
static pid_t shadow;

/* This process. */
static int self;
static struct slot *main_slot;
static int file_fd, gone_fd, kept_pipe[2], counter_fd, epoll_fd, quiet_fd;
static timer_t timer;
static pthread_t threads[MAX_THREADS];
static int nr_threads;
static pid_t children[MAX_TASKS];
static int nr_children;
static volatile sig_atomic_t handled, ending;

static void complain(struct slot *s, const char *fmt, ...)
{
	va_list ap;

	if (s->errors++)
		return;
	va_start(ap, fmt);
	vsnprintf(s->text, sizeof(s->text), fmt, ap);
	va_end(ap);
}

static bool stopping(void)
{
	return __atomic_load_n(&board->stop, __ATOMIC_ACQUIRE);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static struct slot *take_slot(const char *what, bool idle)
{
	unsigned int nr = __atomic_fetch_add(&board->nr_slots, 1, __ATOMIC_RELAXED);

	if (nr >= MAX_SLOTS)
		abort();
	board->slots[nr] = (struct slot){ .pid = getpid(), .tid = gettid(), .idle = idle };
	strncpy(board->slots[nr].what, what, sizeof(board->slots[nr].what) - 1);
	return &board->slots[nr];
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* --- what threads do, for the nr-th time ------------------------------------------------------------------------- */

static uint64_t memory[MEM_PAGES][512] __attribute__((aligned(4096)));
static uint64_t generation[MEM_PAGES];

static void write_page(int page)
{
	for (int i = 0; i < 512; i++)
		memory[page][i] = mix(((uint64_t)self << 40) + generation[page] * 65536 + page * 512 + i);
}

static void check_memory(struct slot *s)
{
	for (int p = 0; p < MEM_PAGES; p++)
		for (int i = 0; i < 512; i++)
			if (memory[p][i] != mix(((uint64_t)self << 40) + generation[p] * 65536 + p * 512 + i))
				return complain(s, "page %d, word %d has changed", p, i);
}

static void do_memory(struct slot *s, uint64_t nr)
{
	int page = nr % MEM_PAGES;

	check_memory(s);
	generation[page]++;
	write_page(page);
	usleep(5000);
}

struct registers {
	uint64_t vec[16][4];
	uint64_t gen[8];
};

#define LOADS(op, r, n)                                                                                          \
	op " 0(%1), %%" r "0\n\t" op " " n "(%1), %%" r "1\n\t" op " 2*" n "(%1), %%" r "2\n\t" op " 3*" n       \
	   "(%1), %%" r "3\n\t" op " 4*" n "(%1), %%" r "4\n\t" op " 5*" n "(%1), %%" r "5\n\t" op " 6*" n       \
	   "(%1), %%" r "6\n\t" op " 7*" n "(%1), %%" r "7\n\t" op " 8*" n "(%1), %%" r "8\n\t" op " 9*" n       \
	   "(%1), %%" r "9\n\t" op " 10*" n "(%1), %%" r "10\n\t" op " 11*" n "(%1), %%" r "11\n\t" op " 12*" n  \
	   "(%1), %%" r "12\n\t" op " 13*" n "(%1), %%" r "13\n\t" op " 14*" n "(%1), %%" r "14\n\t" op " 15*" n \
	   "(%1), %%" r "15\n\t"
#define STORES(op, r, n)                                                                                             \
	op " %%" r "0, 0(%2)\n\t" op " %%" r "1, " n "(%2)\n\t" op " %%" r "2, 2*" n "(%2)\n\t" op " %%" r "3, 3*" n \
	   "(%2)\n\t" op " %%" r "4, 4*" n "(%2)\n\t" op " %%" r "5, 5*" n "(%2)\n\t" op " %%" r "6, 6*" n           \
	   "(%2)\n\t" op " %%" r "7, 7*" n "(%2)\n\t" op " %%" r "8, 8*" n "(%2)\n\t" op " %%" r "9, 9*" n           \
	   "(%2)\n\t" op " %%" r "10, 10*" n "(%2)\n\t" op " %%" r "11, 11*" n "(%2)\n\t" op " %%" r "12, 12*" n     \
	   "(%2)\n\t" op " %%" r "13, 13*" n "(%2)\n\t" op " %%" r "14, 14*" n "(%2)\n\t" op " %%" r "15, 15*" n     \
	   "(%2)\n\t"
#define GENERAL_IN                                                                               \
	"mov 512(%1), %%r8\n\tmov 520(%1), %%r9\n\tmov 528(%1), %%r10\n\tmov 536(%1), %%r11\n\t" \
	"mov 544(%1), %%r12\n\tmov 552(%1), %%r13\n\tmov 560(%1), %%r14\n\tmov 568(%1), %%r15\n\t"
#define SPIN "1: dec %0\n\tjnz 1b\n\t"
#define GENERAL_OUT                                                                              \
	"mov %%r8, 512(%2)\n\tmov %%r9, 520(%2)\n\tmov %%r10, 528(%2)\n\tmov %%r11, 536(%2)\n\t" \
	"mov %%r12, 544(%2)\n\tmov %%r13, 552(%2)\n\tmov %%r14, 560(%2)\n\tmov %%r15, 568(%2)\n\t"
#define CLOBBERS                                                                                                      \
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", \
		"xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc", "memory"

static void hold_avx(const struct registers *in, struct registers *out, uint64_t spins)
{
	asm volatile(LOADS("vmovdqu", "ymm", "32")
			     GENERAL_IN SPIN GENERAL_OUT STORES("vmovdqu", "ymm", "32") "vzeroupper\n\t"
		     : "+c"(spins)
		     : "a"(in), "d"(out)
		     : CLOBBERS);
}

static void hold_sse(const struct registers *in, struct registers *out, uint64_t spins)
{
	asm volatile(LOADS("movdqu", "xmm", "16") GENERAL_IN SPIN GENERAL_OUT STORES("movdqu", "xmm", "16")
		     : "+c"(spins)
		     : "a"(in), "d"(out)
		     : CLOBBERS);
}

static void do_registers(struct slot *s, uint64_t nr)
{
	struct registers in = { 0 }, out = { 0 };
	uint64_t *words = (uint64_t *)&in;
	bool avx = __builtin_cpu_supports("avx");

	for (size_t i = 0; i < sizeof(in) / sizeof(*words); i++)
		words[i] = mix(nr * 1000 + i);
	if (!avx)
		memset(&in.vec[8], 0, sizeof(in.vec) / 2); /* what movdqu does not reach */
	(avx ? hold_avx : hold_sse)(&in, &out, 1500000);
	for (int i = 0; i < 16; i++)
		if (memcmp(in.vec[i], out.vec[i], sizeof(in.vec[i])))
			return complain(s, "vector register %d has changed", i);
	for (int i = 0; i < 8; i++)
		if (in.gen[i] != out.gen[i])
			return complain(s, "r%d is %#lx, not %#lx", i + 8, out.gen[i], in.gen[i]);
	usleep(10000);
}

/* A sleep of so many milliseconds that must end by itself. */
static void check_sleep(struct slot *s, const char *call, double started, int ms, int ret, int want, int errnum)
{
	double slept = now() - started;

	if (ret != want)
		complain(s, "%s returned %d, errno %d, not %d, after %.1f ms", call, ret, ret < 0 ? errnum : 0, want,
			 slept * 1e3);
	else if (slept < ms * 1e-3 - 1e-4)
		complain(s, "%s of %d ms took %.3f ms", call, ms, slept * 1e3);
}

static void do_nanosleep(struct slot *s, uint64_t nr)
{
	struct timespec ts = { 0, 50000000 };
	double started = now();
	int ret = nanosleep(&ts, NULL);

	check_sleep(s, "nanosleep", started, 50, ret, 0, errno);
}

static void do_poll(struct slot *s, uint64_t nr)
{
	struct pollfd p = { quiet_fd, POLLIN, 0 };
	double started = now();
	int ret = poll(&p, 1, 40);

	check_sleep(s, "poll", started, 40, ret, 0, errno);
}

static void do_epoll(struct slot *s, uint64_t nr)
{
	struct epoll_event ev;
	double started = now();
	int ret = epoll_wait(epoll_fd, &ev, 1, 45);

	check_sleep(s, "epoll_wait", started, 45, ret, 0, errno);
}

static void do_futex(struct slot *s, uint64_t nr)
{
	struct timespec ts = { 0, 30000000 };
	double started = now();
	uint32_t word = 7;
	long ret = syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 7, &ts, NULL, 0);

	check_sleep(s, "futex", started, 30, ret < 0 ? errno : 0, ETIMEDOUT, 0);
}

static void do_file(struct slot *s, uint64_t nr)
{
	off_t at = nr % FILE_BLOCKS * FILE_BLOCK;
	uint64_t block[FILE_BLOCK / 8];

	if (lseek(file_fd, 0, SEEK_CUR) != at)
		return complain(s, "the file is at %ld, not at %ld", lseek(file_fd, 0, SEEK_CUR), at);
	if (read(file_fd, block, FILE_BLOCK) != FILE_BLOCK)
		return complain(s, "a read at %ld fails: %s", at, strerror(errno));
	for (int i = 0; i < FILE_BLOCK / 8; i++)
		if (block[i] != mix(at + i))
			return complain(s, "the file has changed at %ld", at);
	/* The same again: what is in the file never changes, so that an old checkpoint stays good. */
	if (pwrite(file_fd, block, FILE_BLOCK, at) != FILE_BLOCK)
		return complain(s, "a write at %ld fails: %s", at, strerror(errno));
	if (at + FILE_BLOCK == FILE_BLOCKS * FILE_BLOCK)
		lseek(file_fd, 0, SEEK_SET);
	usleep(8000);
}

static void do_counter(struct slot *s, uint64_t nr)
{
	uint64_t want = nr % 1000 + 5, got = 0;

	if (read(counter_fd, &got, sizeof(got)) != sizeof(got) || got != want)
		return complain(s, "the eventfd counts %lu, not %lu", got, want);
	want = (nr + 1) % 1000 + 5;
	if (write(counter_fd, &want, sizeof(want)) != sizeof(want))
		return complain(s, "the eventfd cannot be written: %s", strerror(errno));
	usleep(7000);
}

/* A token goes round through all processes; the hop that it is on says where it must be. */
static void do_ring(struct slot *s, uint64_t nr)
{
	static uint64_t last;
	uint64_t token;

	if (read(ring[self][0], &token, sizeof(token)) != sizeof(token))
		return complain(s, "reading the token fails: %s", strerror(errno));
	if (stopping())
		return;
	if (token % nr_tasks != (unsigned int)self || (last && token != last + nr_tasks))
		return complain(s, "the token is %lu after %lu", token, last);
	last = token++;
	usleep(500);
	if (write(ring[(self + 1) % nr_tasks][1], &token, sizeof(token)) != sizeof(token) && !stopping())
		complain(s, "passing the token on fails: %s", strerror(errno));
}

/* How long did nothing happen here? That can be told to a fraction of a millisecond on a quiet machine. */
static void do_clock(struct slot *s, uint64_t nr)
{
	double last = now(), stood = 0;

	for (int i = 0; i < 20; i++) {
		double t;

		usleep(100);
		t = now();
		if (t < last)
			return complain(s, "the clock goes back: from %.9f to %.9f", last, t);
		if (t - last > stood)
			stood = t - last;
		last = t;
	}
	if (stood * 1e9 > s->gap)
		__atomic_store_n(&s->gap, (uint64_t)(stood * 1e9), __ATOMIC_RELAXED);
}

static const struct job {
	const char *name;
	void (*fn)(struct slot *s, uint64_t nr);
} jobs[] = {
	{ "ring", do_ring }, /* everybody's first */
	{ "memory", do_memory }, { "registers", do_registers }, { "nanosleep", do_nanosleep },
	{ "poll", do_poll },	 { "file", do_file },		{ "epoll", do_epoll },
	{ "futex", do_futex },	 { "eventfd", do_counter },	{ "clock", do_clock },
};

static void *thread(void *arg)
{
	const struct job *j = arg;
	struct slot *s = take_slot(j->name, false);

	/* nr is in our memory, as all else that is checked; the board is a file, and knows of loops that a checkpoint does not. */
	for (uint64_t nr = 0; !stopping() && !s->errors; nr++) {
		j->fn(s, nr);
		__atomic_store_n(&s->count, s->count + 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* --- the main thread of a process --------------------------------------------------------------------------- */

static void on_signal(int sig)
{
	handled++;
	if (sig == SIGTERM)
		ending = 1;
	if (sig != SIGTERM && main_slot && !main_slot->idle)
		main_slot->count++;
}

static bool has_interval(void)
{
	return self % 4 == 1;
}

static bool has_timer(void)
{
	return self % 4 == 3;
}

static void start_timers(void)
{
	struct itimerval it = { { 0, 20000 }, { 0, 20000 } };
	struct itimerspec its = { { 0, 30000000 }, { 0, 30000000 } };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1 };

	if (has_interval())
		setitimer(ITIMER_REAL, &it, NULL);
	if (has_timer() && (timer_create(CLOCK_MONOTONIC, &ev, &timer) || timer_settime(timer, 0, &its, NULL)))
		abort();
}

/* Sleeps in one of the calls until a signal comes. An interruption that no signal explains is an error. */
static void sleep_once(void)
{
	int before = handled, ret = 0;
	struct timespec long_time = { 100000, 0 };
	struct epoll_event ev;
	uint32_t word = 7;
	char c;

	errno = 0;
	switch (self % 5) {
	case 0:
		ret = nanosleep(&long_time, NULL);
		break;
	case 1:
		ret = epoll_wait(epoll_fd, &ev, 1, -1);
		break;
	case 2:
		ret = read(quiet_fd, &c, 1);
		break;
	case 3:
		ret = syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 7, NULL, NULL, 0);
		break;
	case 4:
		ret = pause();
		break;
	}
	if (handled == before && !stopping())
		complain(main_slot, "system call of kind %d returned %d: %s, and no signal had come", self % 5, ret,
			 strerror(errno));
}

static void sleep_as_parent(void)
{
	siginfo_t info = { 0 };
	int before = handled, ret = waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);

	if (handled == before && !stopping())
		complain(main_slot, "waitid returned %d: %s, child %d", ret, strerror(errno), info.si_pid);
}

static void verify_end(void)
{
	struct slot *s = main_slot;
	struct itimerval it = { 0 };
	struct itimerspec its = { 0 };
	struct sigaction sa;
	sigset_t set;
	char buf[2 * KEPT];

	check_memory(s);
	if (sigaction(SIGTERM, NULL, &sa) || sa.sa_handler != on_signal)
		complain(s, "the handler of SIGTERM has changed");
	if (sigprocmask(SIG_BLOCK, NULL, &set) || sigismember(&set, SIGUSR2) != 1 || sigismember(&set, SIGALRM) ||
	    sigismember(&set, SIGTERM))
		complain(s, "the signal mask has changed");
	if (read(kept_pipe[0], buf, sizeof(buf)) != KEPT)
		complain(s, "the pipe does not hold %d bytes", KEPT);
	for (int i = 0; i < KEPT; i++)
		if (buf[i] != (char)(self + i))
			return complain(s, "the pipe's byte %d has changed", i);
	if (pread(gone_fd, buf, sizeof(buf), 0) != KEPT || buf[0] != (char)self ||
	    buf[KEPT - 1] != (char)(self + KEPT - 1))
		return complain(s, "the deleted file does not hold %d bytes", KEPT);
	if (has_interval() && (getitimer(ITIMER_REAL, &it) || it.it_interval.tv_usec != 20000))
		complain(s, "the interval timer has changed");
	if (has_timer() && (timer_gettime(timer, &its) || its.it_interval.tv_nsec != 30000000))
		complain(s, "the timer has changed");
}

/* A signal that comes just before the call in which a child wants to sleep is lost on it, so there is another one later. */
static void end_children(void)
{
	int status;

	for (int i = 0; i < nr_children; i++) {
		kill(children[i], SIGTERM);
		while (waitpid(children[i], &status, WNOHANG) != children[i]) {
			usleep(1000);
			kill(children[i], SIGTERM);
		}
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			complain(main_slot, "child %d ended with status %#x", children[i], status);
	}
}

static void wake_all(void)
{
	uint64_t one = 0;

	/* Everybody sleeps in a read of the ring, but the one who has the token. */
	for (int i = 0; i < nr_tasks; i++)
		if (write(ring[i][1], &one, sizeof(one)) != sizeof(one))
			perror("ring");
}

static void end_shadow(void)
{
	if (!shadow)
		return;
	if (syscall(SYS_kcmp, getpid(), shadow, KCMP_FILES, 0, 0) || syscall(SYS_kcmp, getpid(), shadow, KCMP_FS, 0, 0))
		complain(main_slot, "process %d does not share what it shared", shadow);
	kill(shadow, SIGKILL);
	waitpid(shadow, NULL, __WALL);
}

static int finish(void)
{
	main_slot->idle = 1; /* signals no longer count */
	if (!self) {
		__atomic_store_n(&board->stop, 1, __ATOMIC_RELEASE);
		wake_all();
	}
	for (int i = 0; i < nr_threads; i++)
		pthread_join(threads[i], NULL);
	end_children();
	end_shadow();
	verify_end();
	return main_slot->errors ? 1 : 0;
}

/* --- setting up --------------------------------------------------------------------------------------------- */

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(99);
}

/* Sockets have names in the file system. */
static int bind_name(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), SOCKET_NAME "%d", self);
	unlink(a.sun_path);
	return fd < 0 ? -1 : bind(fd, (struct sockaddr *)&a, sizeof(a));
}

static void open_files(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	uint64_t five = 5;
	char name[32], kept[KEPT];
	int quiet[2];

	snprintf(name, sizeof(name), "file-%d", self);
	file_fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	for (off_t at = 0; at < FILE_BLOCKS * FILE_BLOCK; at += FILE_BLOCK) {
		uint64_t block[FILE_BLOCK / 8];

		for (int i = 0; i < FILE_BLOCK / 8; i++)
			block[i] = mix(at + i);
		must(pwrite(file_fd, block, FILE_BLOCK, at) == FILE_BLOCK, name);
	}
	must(!pipe(kept_pipe) && !pipe2(quiet, O_CLOEXEC), "pipe");
	quiet_fd = quiet[0];
	for (int i = 0; i < KEPT; i++)
		kept[i] = self + i;
	must(write(kept_pipe[1], kept, KEPT) == KEPT, "pipe");
	snprintf(name, sizeof(name), "gone-%d", self);
	gone_fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(write(gone_fd, kept, KEPT) == KEPT && !unlink(name), name);
	must(!bind_name(), "bind");
	counter_fd = eventfd(0, EFD_NONBLOCK);
	must(write(counter_fd, &five, sizeof(five)) == sizeof(five), "eventfd");
	epoll_fd = epoll_create1(0);
	ev.data.fd = quiet_fd;
	must(!epoll_ctl(epoll_fd, EPOLL_CTL_ADD, quiet_fd, &ev), "epoll");
	for (int i = 0; self && i < nr_tasks; i++) {
		if (i != self)
			close(ring[i][0]);
		if (i != (self + 1) % nr_tasks)
			close(ring[i][1]);
	}
}

/* Has the same descriptors and directories as its maker. No wait for all children is to see it. */
static void start_shadow(void)
{
	pid_t maker = getpid();

	if (self % 4 != 1)
		return;
	shadow = syscall(SYS_clone, CLONE_FILES | CLONE_FS, NULL, NULL, NULL, 0);
	must(shadow >= 0, "clone");
	if (shadow)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == maker)
		pause();
	_exit(0);
}

static void start_thread(const struct job *j)
{
	sigset_t all, old;
	pthread_attr_t attr;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 128 * 1024);
	must(!pthread_create(&threads[nr_threads++], &attr, thread, (void *)j), "pthread_create");
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* The ring and one more thread for everybody; every third process has four in all, and the root a clock too. */
static void start_threads(void)
{
	int others = sizeof(jobs) / sizeof(*jobs) - 2, more = self % 3 ? self % 2 : 3;

	start_thread(&jobs[0]);
	for (int i = 0; i < more; i++)
		start_thread(&jobs[1 + (self + i * (self % 2 ? 2 : 3)) % others]);
	if (!self)
		start_thread(&jobs[1 + others]);
}

static void handlers(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = self % 2 ? SA_RESTART : 0 };
	sigset_t set;

	sigaction(SIGALRM, &sa, NULL);
	sigaction(SIGRTMIN + 1, &sa, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	sa.sa_flags = 0;
	sigaction(SIGTERM, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* The root has five children, and these share all others among them. */
static int parent_of(int task)
{
	return task <= 5 ? 0 : 1 + (task - 6) % 5;
}

static void become(int task)
{
	self = task;
	nr_children = 0;
	if (task % 7 == 3)
		setsid();
	else if (task % 7 == 5)
		setpgid(0, 0);
}

static void fork_children(void)
{
	int me = self;

	for (int i = me + 1; i < nr_tasks; i++) {
		pid_t pid;

		if (parent_of(i) != me)
			continue;
		pid = fork();
		must(pid >= 0, "fork");
		if (!pid) {
			become(i);
			fork_children();
			return;
		}
		children[nr_children++] = pid;
	}
}

static void make_board(void)
{
	int fd = open("board", O_RDWR | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && !ftruncate(fd, sizeof(*board)), "board");
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(board != MAP_FAILED, "board");
	close(fd);
}

static int live(void)
{
	uint64_t first = nr_tasks;

	handlers();
	open_files();
	start_shadow();
	for (int p = 0; p < MEM_PAGES; p++)
		write_page(p);
	main_slot = take_slot("main", !has_interval() && !has_timer());
	start_threads();
	start_timers();
	if (!self)
		must(write(ring[0][1], &first, sizeof(first)) == sizeof(first), "ring");
	if (__atomic_add_fetch(&board->nr_tasks, 1, __ATOMIC_ACQ_REL) == (unsigned int)nr_tasks)
		board->complete = 1;
	while (!ending) {
		if (nr_children)
			sleep_as_parent();
		else
			sleep_once();
	}
	return finish();
}

static void *live_on(void *arg)
{
	exit(live());
	return arg;
}

/* The first thread exits and leaves it to another one. */
static int live_without_first(void)
{
	pthread_t other;

	must(!pthread_create(&other, NULL, live_on, NULL), "pthread_create");
	return syscall(SYS_exit, 0);
}

int main(int argc, char **argv)
{
	int bad;

	nr_tasks = argc > 1 ? atoi(argv[1]) : nr_tasks;
	must(nr_tasks > 0 && nr_tasks <= MAX_TASKS, "number of tasks");
	setsid();
	make_board();
	for (int i = 0; i < nr_tasks; i++)
		must(!pipe(ring[i]), "pipe");
	become(0);
	fork_children();
	bad = self % 7 == 4 ? live_without_first() : live();
	if (self)
		return bad;
	for (unsigned int i = 0; i < board->nr_slots; i++) {
		const struct slot *s = &board->slots[i];

		if (s->errors)
			printf("process %d thread %d (%s): %s\n", s->pid, s->tid, s->what, s->text);
		bad |= s->errors;
	}
	printf("%s\n", bad ? "failed" : "ok");
	return bad ? 1 : 0;
}
