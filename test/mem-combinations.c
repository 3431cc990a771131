// SPDX-License-Identifier: GPL-2.0-only
/* All combinations of private or shared, file or anonymous, and none, r, rw, rwx: content and what may be done. */
#include "test/crtest.h"

#define LEN (2 * PAGE)

static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE | PROT_EXEC };
static const int kinds[] = { MAP_PRIVATE, MAP_SHARED, MAP_PRIVATE | MAP_ANONYMOUS, MAP_SHARED | MAP_ANONYMOUS };
static char *maps[4][4];
/* mov $7, %eax; ret */
static const unsigned char code[] = { 0xb8, 7, 0, 0, 0, 0xc3 };

static int seed(int kind, int prot)
{
	return kind * 4 + prot + 1;
}

static char *make(int kind, int prot, int fd)
{
	int nr = kinds[kind] & MAP_ANONYMOUS ? -1 : fd;
	char *p = must(mmap(NULL, LEN, PROT_READ | PROT_WRITE, kinds[kind], nr, 0));

	fill_random(p, LEN, seed(kind, prot));
	memcpy(p + LEN - 16, code, sizeof(code));
	must(mprotect(p, LEN, prots[prot]));
	return p;
}

static void arrange(void)
{
	char name[32];

	for (int kind = 0; kind < 4; kind++)
		for (int prot = 0; prot < 4; prot++) {
			int fd;

			snprintf(name, sizeof(name), "file-%d-%d", kind, prot);
			fd = tmp_file(name, LEN, 99, O_RDWR);
			maps[kind][prot] = make(kind, prot, fd);
			close(fd);
		}
}

static void verify_one(int kind, int prot)
{
	char *p = maps[kind][prot];

	check_eq(can(p, PROT_READ), prots[prot] != PROT_NONE);
	check_eq(can(p + PAGE, PROT_WRITE), !!(prots[prot] & PROT_WRITE));
	check_eq(can(p + LEN - 16, PROT_EXEC), !!(prots[prot] & PROT_EXEC));
	/* The rights it does not have now it may still be given. */
	check_eq(mprotect(p, LEN, PROT_READ | PROT_WRITE), 0);
	check_random(p, LEN - 16, seed(kind, prot));
	check_mem(p + LEN - 16, code, sizeof(code));
}

static void verify_file(int kind, int prot)
{
	static char buf[LEN];
	char name[32];
	bool shared = kinds[kind] == MAP_SHARED;

	snprintf(name, sizeof(name), "file-%d-%d", kind, prot);
	check_eq(read_file(name, buf, LEN), LEN);
	check_random(buf, LEN - 16, shared ? seed(kind, prot) : 99);
	if (!shared)
		return;
	maps[kind][prot][5]++;
	check_eq(read_file(name, buf, LEN), LEN);
	check_mem(buf, maps[kind][prot], LEN);
}

static void verify(void)
{
	for (int kind = 0; kind < 4; kind++)
		for (int prot = 0; prot < 4; prot++) {
			verify_one(kind, prot);
			verify_file(kind, prot);
		}
}

CRTEST(.about = "kinds of mappings and their permissions", .ids = "MEM-1 MEM-13", .arrange = arrange, .verify = verify)
