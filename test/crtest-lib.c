// SPDX-License-Identifier: GPL-2.0-only
/* Small helpers that many tests share: data with a seed, /proc readers, fault probes. */
#include <setjmp.h>

#include "test/crtest.h"

double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* `len` is a multiple of 8 or the rest of the last word is left out. */
void fill_random(void *buf, size_t len, uint64_t seed)
{
	uint64_t *p = buf, state = seed * 0x9e3779b97f4a7c15ull + 1;

	for (size_t i = 0; i < len / 8; i++)
		p[i] = next_random(&state);
}

void check_random(const void *buf, size_t len, uint64_t seed)
{
	const uint64_t *p = buf;
	uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;

	for (size_t i = 0; i < len / 8; i++)
		if (p[i] != next_random(&state))
			crtest_failed(__FILE__, __LINE__, "data of seed %llu differ at byte %zu of %zu",
				      (unsigned long long)seed, i * 8, len);
}

uint32_t random_below(uint32_t limit, uint64_t usual_seed)
{
	static uint64_t state;
	const char *seed = getenv("CR_SEED");

	if (!state)
		state = (seed ? strtoull(seed, NULL, 10) : usual_seed) * 0x9e3779b97f4a7c15ull + 1;
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (state >> 33) % limit;
}

void *map_anon(size_t len, int prot, int extra_flags)
{
	int sharing = extra_flags & MAP_SHARED ? 0 : MAP_PRIVATE;

	return must(mmap(NULL, len, prot, sharing | MAP_ANONYMOUS | extra_flags, -1, 0));
}

int tmp_file(const char *name, size_t size, uint64_t seed, int flags)
{
	int fd = must(open(name, O_RDWR | O_CREAT | O_TRUNC, 0600));
	char *data = map_anon(size + PAGE, PROT_READ | PROT_WRITE, 0);

	fill_random(data, size, seed);
	if (size && must(write(fd, data, size)) != (ssize_t)size)
		crtest_broken(__FILE__, __LINE__, "short write");
	must(munmap(data, size + PAGE));
	close(fd);
	return must(open(name, flags));
}

static sigjmp_buf probe_out;

static void on_fault(int sig)
{
	siglongjmp(probe_out, 1);
}

bool can(const void *addr, int prot)
{
	struct sigaction act = { .sa_handler = on_fault, .sa_flags = SA_NODEFER }, segv, bus;
	volatile unsigned char *p = (volatile unsigned char *)addr;
	volatile bool ok = false; /* lives across the jump */

	must(sigaction(SIGSEGV, &act, &segv));
	must(sigaction(SIGBUS, &act, &bus));
	if (!sigsetjmp(probe_out, 1)) {
		if (prot == PROT_READ)
			(void)*p;
		else if (prot == PROT_WRITE)
			__asm__ volatile("orb $0, %0" : "+m"(*p) : : "memory");
		else
			((void (*)(void))addr)();
		ok = true;
	}
	must(sigaction(SIGSEGV, &segv, NULL));
	must(sigaction(SIGBUS, &bus, NULL));
	return ok;
}

size_t read_file(const char *path, void *buf, size_t size)
{
	int fd = must(open(path, O_RDONLY | O_CLOEXEC));
	size_t len = 0;
	ssize_t n;

	while (len < size && (n = must(read(fd, (char *)buf + len, size - len))) > 0)
		len += n;
	close(fd);
	return len;
}

const char *proc_field(const char *path, const char *key)
{
	static char line[1024];
	size_t n = strlen(key);
	FILE *f = fopen(path, "re");

	if (!f)
		crtest_broken(__FILE__, __LINE__, path);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, n) || line[n] != ':')
			continue;
		fclose(f);
		line[strcspn(line, "\n")] = '\0';
		return line + n + 1 + strspn(line + n + 1, " \t");
	}
	fclose(f);
	return "";
}

const char *vm_flags(const void *addr)
{
	static char line[1024];
	unsigned long start, end;
	bool inside = false;
	FILE *f = fopen("/proc/self/smaps", "re");

	if (!f)
		crtest_broken(__FILE__, __LINE__, "/proc/self/smaps");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start == (unsigned long)addr;
		if (!inside || strncmp(line, "VmFlags:", 8))
			continue;
		fclose(f);
		line[strcspn(line, "\n")] = '\0';
		return line + 8;
	}
	fclose(f);
	return "";
}

void task_wait_asleep(pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	for (int i = 0; i < 1000; i++) {
		if (proc_field(path, "State")[0] == 'S')
			return;
		usleep(10000);
	}
	crtest_broken(__FILE__, __LINE__, "the task does not fall asleep");
}
