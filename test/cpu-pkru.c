// SPDX-License-Identifier: GPL-2.0-only
/* Memory protection keys: allocated keys, keys of areas, and the access rights register of each thread. */
#include "test/crtest-cpu.h"

static struct task *thread;
static char *area;
static int key;

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

static void note(void *arg)
{
	wrpkru(rdpkru() | 2u << 2 * key); /* no writing */
}

static void same(void *arg)
{
	check_eq(rdpkru() >> 2 * key & 3, 2);
	check_eq(can(area, PROT_READ), true);
	check_eq(can(area, PROT_WRITE), false);
}

static void arrange(void)
{
	if (!cpu_saves(XCR0_PKRU))
		skip("this CPU has no protection keys");
	key = must(pkey_alloc(0, 0));
	area = map_anon(PAGE, PROT_READ | PROT_WRITE, 0);
	must(pkey_mprotect(area, PAGE, PROT_READ | PROT_WRITE, key));
	*area = 7;
	thread = task_thread(note, same, NULL);
	wrpkru(rdpkru() & ~(3u << 2 * key));
}

static void verify(void)
{
	*area = 8;
	check_eq(rdpkru() >> 2 * key & 3, 0);
	check_eq(pkey_free(key), 0);
	task_join(thread);
}

CRTEST(.about = "protection keys", .arrange = arrange, .verify = verify)
