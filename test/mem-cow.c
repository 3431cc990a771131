// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory shared copy-on-write after a fork: all combinations of reads and writes by parent and child before and after
 * it. Contents are right on both sides, and pages that nobody wrote since are the same physical page.
 */
#include "test/crtest.h"

#define COMBINATIONS 64
#define CHILD_WROTE  'c'
#define PARENT_WROTE 'p'
#define BEFORE	     'b'

/* Bits of a combination; that of a page is its number. */
enum { READ_BEFORE = 1, WRITE_BEFORE = 2, PARENT_READS = 4, PARENT_WRITES = 8, CHILD_READS = 16, CHILD_WRITES = 32 };

struct area {
	char *at;
	char untouched; /* content of a page never written */
};

#ifndef AREAS
#define AREAS 3
#endif
#define MOVED 3

static struct area areas[AREAS]; /* a fourth one lies elsewhere in the child */
static struct task *child;
static uint64_t *child_frames; /* [area][page] */

static void touch(int reads, int writes, char what)
{
	for (int a = 0; a < AREAS; a++)
		for (int i = 0; i < COMBINATIONS; i++) {
			volatile char *p = areas[a].at + i * PAGE;

			if (i & reads)
				(void)*p;
			if (i & writes)
				*p = what;
		}
}

static void right_content(int writes, char what)
{
	for (int a = 0; a < AREAS; a++)
		for (int i = 0; i < COMBINATIONS; i++) {
			char want = i & writes ? what : i & WRITE_BEFORE ? BEFORE : areas[a].untouched;

			check_eq(areas[a].at[i * PAGE], want);
		}
}

/* Page frame numbers, or swap entries: the low 55 bits, present or swapped. */
static void get_frames(uint64_t *frames)
{
	int fd = must(open("/proc/self/pagemap", O_RDONLY));

	for (int a = 0; a < AREAS; a++)
		check_eq(pread(fd, frames + a * COMBINATIONS, COMBINATIONS * 8, (uint64_t)areas[a].at / PAGE * 8),
			 COMBINATIONS * 8);
	close(fd);
}

static void move(char **at)
{
	char *room = map_anon(COMBINATIONS * PAGE, PROT_NONE, 0);

	*at = must(mremap(*at, COMBINATIONS * PAGE, COMBINATIONS * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room));
}

static void child_part(void *arg)
{
	if (MOVED < AREAS)
		move(&areas[MOVED].at);
	touch(CHILD_READS, CHILD_WRITES, CHILD_WROTE);
}

static void child_looks(void *arg)
{
	get_frames(child_frames);
	right_content(CHILD_WRITES, CHILD_WROTE);
}

static void arrange(void)
{
	int fd = tmp_file("file", COMBINATIONS * PAGE, 9, O_RDONLY);

	child_frames = map_anon(2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	areas[0] = (struct area){ map_anon(COMBINATIONS * PAGE, PROT_READ | PROT_WRITE, 0), 0 };
	areas[1] = (struct area){ map_anon(COMBINATIONS * PAGE, PROT_READ | PROT_WRITE, MAP_GROWSDOWN), 0 };
	if (MOVED < AREAS)
		areas[MOVED].at = map_anon(COMBINATIONS * PAGE, PROT_READ | PROT_WRITE, 0);
	areas[2].at = must(mmap(NULL, COMBINATIONS * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	close(fd);
	touch(READ_BEFORE, 0, 0);
	for (int i = 0; i < COMBINATIONS; i++)
		areas[2].at[i * PAGE] = 'f'; /* all pages modified: the file plays no part in sharing */
	areas[2].untouched = 'f';
	touch(READ_BEFORE, WRITE_BEFORE, BEFORE);
	child = task_child(child_part, child_looks, NULL);
	touch(PARENT_READS, PARENT_WRITES, PARENT_WROTE);
}

static void verify(void)
{
	static uint64_t frames[AREAS * COMBINATIONS];

	get_frames(frames);
	task_join(child);
	right_content(PARENT_WRITES, PARENT_WROTE);
	for (int a = 0; a < AREAS; a++)
		for (int i = 0; i < COMBINATIONS; i++) {
			uint64_t mine = frames[a * COMBINATIONS + i], its = child_frames[a * COMBINATIONS + i];
			bool written = i & WRITE_BEFORE || a == 2;

			if (!written || a == MOVED || i & (PARENT_WRITES | CHILD_WRITES) || !(mine << 9))
				continue;
			if (mine << 9 != its << 9)
				crtest_failed(__FILE__, __LINE__, "area %d page %d is no longer shared: %llx, %llx", a,
					      i, (unsigned long long)mine, (unsigned long long)its);
		}
}

CRTEST(.about = "copy-on-write sharing after fork", .ids = "MEM-17", .root = true, .arrange = arrange, .verify = verify)
