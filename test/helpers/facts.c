// SPDX-License-Identifier: GPL-2.0-only
/*
 * What this kernel and CPU have in the way of state, for test/completeness.sh: a line each, "list<TAB>name". fdinfo keys of descriptors of every
 * sort that can be had here, flags of mappings of every sort, xstate components, prctl numbers that are answered, files of /proc/PID.
 */
#include <cpuid.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE	  4096
#define LAST_LEAF 62

/* Lines "key: value", or words of a line, of a file. */
static void print_keys(const char *list, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[8192];

	while (f && fgets(line, sizeof(line), f)) {
		size_t n = strcspn(line, ":\t\n");

		if (line[n] == ':')
			printf("%s\t%.*s\n", list, (int)n, line);
	}
	if (f)
		fclose(f);
}

static void print_names(const char *list, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (d->d_name[0] != '.')
			printf("%s\t%s\n", list, d->d_name);
	if (dir)
		closedir(dir);
}

/* The fields of /proc/PID/stat have numbers only. */
static void print_fields(void)
{
	FILE *f = fopen("/proc/self/stat", "re");
	char line[4096] = "", *p = f && fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;

	for (int nr = 3; p && (p = strchr(p + 1, ' ')); nr++)
		printf("stat\t%d\n", nr);
	if (f)
		fclose(f);
}

/* --- descriptors -------------------------------------------------------------------------------------------- */

static void keys_of(int fd)
{
	char path[64];

	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	print_keys("fdinfo", path);
	close(fd);
}

static int with_lock(void)
{
	int fd = open("completeness.file", O_RDWR | O_CREAT, 0600);

	if (fd >= 0)
		flock(fd, LOCK_EX);
	unlink("completeness.file");
	return fd;
}

static int epoll_of_eventfd(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int e = epoll_create1(0);

	epoll_ctl(e, EPOLL_CTL_ADD, eventfd(0, 0), &ev);
	return e;
}

static int watching(void)
{
	int fd = inotify_init1(0);

	inotify_add_watch(fd, ".", IN_CREATE);
	return fd;
}

static int notified(void)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);

	fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, ".");
	fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_OPEN, AT_FDCWD, ".");
	return fd;
}

static int running_timer(void)
{
	struct itimerspec v = { .it_value.tv_sec = 100 };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);

	timerfd_settime(fd, 0, &v, NULL);
	return fd;
}

static int signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return signalfd(-1, &set, 0);
}

static int tty(void)
{
	int master, slave;

	return openpty(&master, &slave, NULL, NULL, NULL) ? -1 : dup(master);
}

static void descriptors(void)
{
	struct io_uring_params ring = { 0 };
	struct perf_event_attr perf = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(perf) };
	union bpf_attr map = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1 };
	const struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };
	union bpf_attr prog = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
				.insns = (uintptr_t)insns,
				.insn_cnt = 2,
				.license = (uintptr_t) "GPL" };
	int ends[2];

	keys_of(open("/dev/null", O_RDWR));
	keys_of(open(".", O_RDONLY | O_DIRECTORY));
	keys_of(open(".", O_PATH));
	keys_of(with_lock());
	keys_of(eventfd(1, 0));
	keys_of(epoll_of_eventfd());
	keys_of(watching());
	keys_of(notified());
	keys_of(running_timer());
	keys_of(signals());
	keys_of(tty());
	keys_of(syscall(SYS_pidfd_open, getpid(), 0));
	keys_of(memfd_create("m", MFD_ALLOW_SEALING));
	keys_of(syscall(SYS_memfd_secret, 0));
	keys_of(syscall(SYS_io_uring_setup, 4, &ring));
	keys_of(syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY));
	keys_of(syscall(SYS_perf_event_open, &perf, 0, -1, -1, 0));
	keys_of(syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map)));
	keys_of(syscall(SYS_bpf, BPF_PROG_LOAD, &prog, sizeof(prog)));
	keys_of(open("/proc/self/ns/net", O_RDONLY));
	keys_of(socket(AF_UNIX, SOCK_STREAM, 0));
	keys_of(socket(AF_INET, SOCK_STREAM, 0));
	keys_of(socket(AF_NETLINK, SOCK_RAW, 0));
	keys_of(socket(AF_PACKET, SOCK_DGRAM, 0));
	if (!pipe(ends))
		keys_of(ends[0]);
}

/* --- mappings ----------------------------------------------------------------------------------------------- */

static char *area(int flags, int fd)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void print_flags(void)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "VmFlags:", 8))
			continue;
		for (char *w = strtok(line + 8, " \n"); w; w = strtok(NULL, " \n"))
			printf("vmflags\t%s\n", w);
	}
	if (f)
		fclose(f);
}

static void mappings(void)
{
	const int private = MAP_PRIVATE | MAP_ANONYMOUS;

	for (int advice = 0; advice < 128; advice++) {
		char *p = area(private, -1);

		/* 100 and 101 make memory errors. */
		if (p && (advice < 100 || advice > 101))
			madvise(p, 4 * PAGE, advice);
	}
	area(private | MAP_NORESERVE, -1);
	area(private | MAP_GROWSDOWN, -1);
	area(private | MAP_LOCKED, -1);
	mlock2(area(private, -1), PAGE, MLOCK_ONFAULT);
	area(MAP_SHARED | MAP_ANONYMOUS, -1);
	area(8 /* MAP_DROPPABLE */ | MAP_ANONYMOUS, -1);
	mmap(NULL, 2 << 20, PROT_READ, private | MAP_HUGETLB | MAP_NORESERVE, -1, 0);
	syscall(462 /* mseal */, area(private, -1), PAGE, 0);
	area(MAP_SHARED, memfd_create("m", 0));
	print_flags();
}

/* --- prctl, CPU --------------------------------------------------------------------------------------------- */

/* In a process of its own, since some of them would change or end this one. */
static void ask_prctl(int nr)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		char out[256] = { 0 };
		int answered = 0;

		for (int arg = 0; arg < 3; arg++)
			answered |= prctl(nr, (long)arg, 0, 0, 0) >= 0 || errno != EINVAL;
		answered |= prctl(nr, out, 0, 0, 0) >= 0 || errno != EINVAL;
		_exit(answered);
	}
	if (waitpid(pid, &status, 0) == pid && status)
		printf("prctl-number\t%d\n", nr);
}

static void xstate(void)
{
	unsigned int a, b, c, d;
	uint64_t all;

	if (!__get_cpuid_count(0xd, 0, &a, &b, &c, &d))
		return;
	all = a | (uint64_t)d << 32;
	if (__get_cpuid_count(0xd, 1, &a, &b, &c, &d))
		all |= c | (uint64_t)d << 32; /* those of the kernel */
	for (int i = 0; i <= LAST_LEAF; i++)
		if (all >> i & 1)
			printf("xstate\t%d\n", i);
}

int main(void)
{
	print_keys("status", "/proc/self/status");
	print_fields();
	print_names("proc", "/proc/self");
	print_names("ns", "/proc/self/ns");
	descriptors();
	mappings();
	for (int nr = 1; nr <= 200; nr++)
		ask_prctl(nr);
	xstate();
	return 0;
}
