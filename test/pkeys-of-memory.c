// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory with protection keys: mappings of several sorts, keys that are allocated and unused, freed and still in use, or the kernel's own (memory
 * that may only be executed), threads with different rights, a child that has a key more.
 */
#include <setjmp.h>

#include "test/crtest-cpu.h"

#define DENIED 3
#define ALL    0

enum { FREED = 1, OWN, FIRST, SECOND, UNUSED, CHILDS }; /* a kernel gives out the lowest that is free */

static char *freed, *code, *first, *second, *file, *shared, *inherited;
static struct task *reader, *stranger, *child;
static sigjmp_buf back;
static volatile int fault_code, fault_key;

static uint32_t rdpkru(void)
{
	uint32_t a, d;

	__asm__ volatile("rdpkru" : "=a"(a), "=d"(d) : "c"(0));
	return a;
}

static void wrpkru(uint32_t v)
{
	__asm__ volatile("wrpkru" : : "a"(v), "c"(0), "d"(0) : "memory");
}

static void set_rights(int key, uint32_t rights)
{
	wrpkru((rdpkru() & ~(3u << 2 * key)) | rights << 2 * key);
}

static int key_of(const void *addr)
{
	FILE *f = must(fopen("/proc/self/smaps", "re"));
	char line[512];
	unsigned long start, end;
	int key = -1;
	bool here = false;

	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = start == (unsigned long)addr;
		if (here && sscanf(line, "ProtectionKey: %d", &key) == 1)
			break;
	}
	fclose(f);
	return key;
}

static void on_fault(int sig, siginfo_t *si, void *context)
{
	fault_code = si->si_code;
	fault_key = si->si_pkey;
	siglongjmp(back, 1);
}

/* The key by which reading, or writing, is denied; 0: none. A handler begins with the rights of a new thread, so they are put back. */
static int denied(volatile char *addr, bool write)
{
	const struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	volatile uint32_t rights = rdpkru();
	struct sigaction old;
	volatile int key = 0;

	must(sigaction(SIGSEGV, &sa, &old));
	if (!sigsetjmp(back, 1)) {
		if (write)
			*addr = 'w';
		else
			(void)*addr;
	} else {
		wrpkru(rights);
		check_eq(fault_code, SEGV_PKUERR);
		key = fault_key;
	}
	must(sigaction(SIGSEGV, &old, NULL));
	return key;
}

static void become_reader(void *arg)
{
	set_rights(FIRST, PKEY_DISABLE_WRITE);
	set_rights(SECOND, ALL);
}

static void check_reader(void *arg)
{
	check_eq(denied(first, false), 0);
	check_eq(denied(first, true), FIRST);
	check_eq(denied(second, true), 0);
	check_eq(denied(code, false), OWN);
}

static void become_stranger(void *arg)
{
	set_rights(FIRST, DENIED);
	set_rights(SECOND, PKEY_DISABLE_ACCESS);
}

static void check_stranger(void *arg)
{
	check_eq(denied(first, false), FIRST);
	check_eq(denied(first, true), FIRST);
	check_eq(denied(second, false), SECOND);
	check_eq(denied(shared, false), SECOND);
	check_eq(denied(file, false), FIRST);
}

static void become_child(void *arg)
{
	check_eq(must(pkey_alloc(0, PKEY_DISABLE_WRITE)), CHILDS);
	must(pkey_mprotect(inherited, PAGE, PROT_READ | PROT_WRITE, CHILDS));
}

static void check_child(void *arg)
{
	check_eq(key_of(first), FIRST);
	check_eq(key_of(inherited), CHILDS);
	check_eq(inherited[0], 'i');
	check_eq(denied(inherited, true), CHILDS);
	check_eq(pkey_free(CHILDS), 0);
}

static char *keyed(int flags, int fd, int key)
{
	char *p = must(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0));

	p[0] = 'k';
	must(pkey_mprotect(p, PAGE, PROT_READ | PROT_WRITE, key)); /* the second page has none */
	return p;
}

static void arrange(void)
{
	static const unsigned char ret_42[] = { 0xb8, 42, 0, 0, 0, 0xc3 };

	if (!cpu_saves(XCR0_PKRU))
		skip("this CPU has no protection keys");
	for (int key = 1; key <= UNUSED; key++)
		check_eq(must(pkey_alloc(0, 0)), key);
	freed = keyed(MAP_PRIVATE | MAP_ANONYMOUS, -1, FREED);
	first = keyed(MAP_PRIVATE | MAP_ANONYMOUS, -1, FIRST);
	second = keyed(MAP_PRIVATE | MAP_ANONYMOUS, -1, SECOND);
	shared = keyed(MAP_SHARED | MAP_ANONYMOUS, -1, SECOND);
	file = keyed(MAP_PRIVATE, tmp_file("file", 2 * PAGE, 1, O_RDWR), FIRST);
	inherited = map_anon(PAGE, PROT_READ | PROT_WRITE, 0);
	inherited[0] = 'i';
	must(pkey_free(OWN));
	code = map_anon(PAGE, PROT_READ | PROT_WRITE, 0);
	memcpy(code, ret_42, sizeof(ret_42));
	must(mprotect(code, PAGE, PROT_EXEC));
	check_eq(key_of(code), OWN);
	child = task_child(become_child, check_child, NULL);
	must(pkey_free(FREED));
	reader = task_thread(become_reader, check_reader, NULL);
	stranger = task_thread(become_stranger, check_stranger, NULL);
	set_rights(SECOND, PKEY_DISABLE_WRITE);
}

static void verify(void)
{
	check_eq(((int (*)(void))code)(), 42);
	check_eq(denied(code, false), OWN);
	check_eq(denied(first, true), 0);
	check_eq(denied(second, false), 0);
	check_eq(denied(second, true), SECOND);
	check_eq(denied(shared, true), SECOND);
	check_eq(denied(second + PAGE, true), 0);
	set_rights(SECOND, ALL);
	check_eq(second[0] + shared[0] + file[0] + freed[0], 4 * 'k');
	check_eq(key_of(freed), FREED);
	check_eq(key_of(first), FIRST);
	check_eq(key_of(file), FIRST);
	check_eq(key_of(second), SECOND);
	check_eq(key_of(shared), SECOND);
	check_eq(key_of(second + PAGE), 0);
	check_fails(pkey_free(OWN), EINVAL);
	check_eq(pkey_alloc(0, 0), FREED);
	check_eq(pkey_alloc(0, 0), CHILDS);
	check_eq(pkey_free(UNUSED), 0);
	task_join(reader);
	task_join(stranger);
	task_join(child);
}

CRTEST(.about = "memory with protection keys", .arrange = arrange, .verify = verify)
