// SPDX-License-Identifier: GPL-2.0-only
/* Guard pages (MADV_GUARD_INSTALL) go on to fault, in anonymous and in file memory; pages beside them keep their content. */
#include <sys/wait.h>

#include "test/crtest.h"

#define PAGES	      16
#define GUARD_INSTALL 102

/* Pages first..last of an area are guards. */
static const struct pattern {
	int first, last;
} patterns[] = { { 0, 0 }, { 0, 3 }, { 5, 9 }, { 15, 15 }, { 12, 15 }, { 0, 15 } };

#define NR (sizeof(patterns) / sizeof(*patterns))

static char *anon[NR], *file[NR];

static bool is_guard(const struct pattern *p, int page)
{
	return page >= p->first && page <= p->last;
}

static char *guarded(char *area, const struct pattern *p)
{
	for (int i = 0; i < PAGES; i++)
		if (i % 3) /* some are never touched */
			fill_random(area + i * PAGE, PAGE, i);
	if (madvise(area + p->first * PAGE, (p->last - p->first + 1) * PAGE, GUARD_INSTALL))
		skip("this kernel has no guard pages");
	return area;
}

/* Alone between inaccessible pages: the kernel may put neighbours together, with and without guards, at its whim. */
static char *room(int fd)
{
	char *p = map_anon((PAGES + 2) * PAGE, PROT_NONE, 0);

	return must(mmap(p + PAGE, PAGES * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_FIXED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0));
}

static void arrange(void)
{
	int fd = tmp_file("backing", PAGES * PAGE, 7, O_RDWR);

	for (size_t i = 0; i < NR; i++) {
		anon[i] = guarded(room(-1), &patterns[i]);
		file[i] = guarded(room(fd), &patterns[i]);
	}
	must(close(fd));
}

static void check_area(char *area, const struct pattern *p)
{
	for (int i = 0; i < PAGES; i++) {
		check_eq(can(area + i * PAGE, PROT_READ), !is_guard(p, i));
		check_eq(can(area + i * PAGE, PROT_WRITE), !is_guard(p, i));
		if (!is_guard(p, i) && i % 3)
			check_random(area + i * PAGE, PAGE, i);
	}
}

static void check_all(void)
{
	for (size_t i = 0; i < NR; i++) {
		check_area(anon[i], &patterns[i]);
		check_area(file[i], &patterns[i]);
	}
}

static void verify(void)
{
	int status;
	pid_t pid;

	check_all();
	pid = must(fork());
	if (!pid) {
		check_all();
		_exit(0);
	}
	must(waitpid(pid, &status, 0));
	check_eq(status, 0);
}

CRTEST(.about = "guard pages", .ids = "MEM-11", .arrange = arrange, .verify = verify)
